//! Where a value came from.

use std::path::{Path, PathBuf};

use crate::base::escape;

/// Where a value came from; later kinds win over earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The program's own default.
    Builtin,
    /// The user's own file.
    UserFile {
        /// As it was named.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// A job file.
    JobFile {
        /// As it was named.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// The environment variable of this name.
    Environment(String),
    /// The command-line flag of this name.
    Flag(String),
}

impl Origin {
    /// The same file at another line; other origins are unchanged.
    #[must_use]
    pub(crate) fn at_line(&self, line: usize) -> Self {
        match self {
            Self::UserFile { path, .. } => Self::UserFile { path: path.clone(), line },
            Self::JobFile { path, .. } => Self::JobFile { path: path.clone(), line },
            other => other.clone(),
        }
    }
}

/// A path as a person may see it.
pub(crate) fn shown_path(path: &Path) -> String {
    escape::visible(&path.to_string_lossy())
}

impl std::fmt::Display for Origin {
    /// `syncline.toml:12`, `SYNCLINE_SOURCE_URL`, `--source`, `built-in`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Builtin => f.write_str("built-in"),
            Self::UserFile { path, line } | Self::JobFile { path, line } => {
                write!(f, "{}:{line}", shown_path(path))
            }
            Self::Environment(name) | Self::Flag(name) => f.write_str(&escape::visible(name)),
        }
    }
}
