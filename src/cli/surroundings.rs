//! What the process was started with and where it stands: the one place that reads environment, home and terminals.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{CliError, Result};
use crate::base::clock::{Clock, SystemClock};
use crate::base::escape::visible;
use crate::config::Environment;
use crate::state::location::{self, UserFolders};

/// What the process was started with.
pub struct Surroundings {
    /// Variables whose names and values are UTF-8; others can name nothing of ours.
    pub environment: Environment,
    /// The working folder, absolute.
    pub folder: PathBuf,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The zone in which times are shown.
    pub zone: jiff::tz::TimeZone,
    /// Columns of the terminal, when the environment says so.
    pub columns: Option<usize>,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Result<Self> {
        let variables = std::env::vars_os();
        let environment =
            variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let folder = std::env::current_dir().map_err(|error| {
            CliError::usage(format!("the working folder cannot be used: {}", visible(&error.to_string())))
                .hint("change to a folder that exists")
        })?;
        let environment: Environment = environment.collect();
        let columns = environment.get("COLUMNS").and_then(|columns| columns.parse().ok());
        let zone = jiff::tz::TimeZone::system();
        Ok(Self { environment, folder, clock: Arc::new(SystemClock::new()), zone, columns })
    }

    fn path(&self, variable: &str) -> Option<&Path> {
        self.environment.get(variable).map(Path::new).filter(|path| path.is_absolute())
    }

    /// The folder for the user's configuration, `jobs/` among it.
    pub fn config_folder(&self) -> Option<PathBuf> {
        if let Some(folder) = self.path("XDG_CONFIG_HOME") {
            return Some(folder.join("syncline"));
        }
        let below = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".config" };
        Some(self.path("HOME")?.join(below).join("syncline"))
    }

    /// The folder under which every job of the user keeps its state, unless a flag names another.
    pub fn state_folder(&self) -> Option<PathBuf> {
        location::default_state_dir(UserFolders {
            home: self.path("HOME"),
            xdg_state_home: self.path("XDG_STATE_HOME"),
            macos: cfg!(target_os = "macos"),
        })
    }
}
