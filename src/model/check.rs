//! What `check` finds out about a job before anything is read or written.

/// One thing that an operator should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFinding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: `config`, `source`, `target`, a table, or `table.column`.
    pub subject: String,
    /// What was found.
    pub message: String,
    /// What may help.
    pub hint: Option<String>,
}

/// How bad a finding is, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// The job works, but not as well or as exactly as it could.
    Warning,
    /// The job, or a table of it, cannot work.
    Error,
}

impl Severity {
    /// `note`, `warning`, `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}
