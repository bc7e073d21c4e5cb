//! Everything an operator can do to a running engine.

/// A request; the engine answers each with [`super::event::EventBody::CommandAccepted`] or `CommandRejected`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Stop at the next safe point and wait there; one table, or everything.
    Pause {
        /// The table, or none for all.
        table: Option<String>,
    },
    /// Go on after a pause.
    Resume {
        /// The table, or none for all.
        table: Option<String>,
    },
    /// Compare every row of the table, in this pass if it is not finished yet, else in the next.
    FullCompare {
        /// The table.
        table: String,
    },
    /// Prove a table again in the next pass even if its proof is fresh.
    VerifyNow {
        /// The table.
        table: String,
    },
    /// End the sleep and start the next pass.
    SyncNow,
    /// Leave the table alone for the rest of this pass.
    SkipTable {
        /// The table.
        table: String,
    },
    /// Let exactly this held plan through, once.
    ApproveHold {
        /// The hold's id.
        id: String,
    },
    /// Try the table's quarantined rows again in the next pass.
    RetryQuarantined {
        /// The table, or none for all.
        table: Option<String>,
    },
    /// Work on so many tables side by side.
    SetConcurrency {
        /// 1 to 64.
        tables: usize,
    },
    /// Write at most so many rows a second; 0 means no limit.
    SetRowsPerSecond {
        /// Rows a second.
        rows: u64,
    },
    /// Stop at the next safe point and end the run.
    Drain,
    /// Roll back what is open and end the run now.
    Abort,
}

impl Command {
    /// The name under which every surface knows it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::FullCompare { .. } => "full-compare",
            Self::VerifyNow { .. } => "verify-now",
            Self::SyncNow => "sync-now",
            Self::SkipTable { .. } => "skip",
            Self::ApproveHold { .. } => "approve",
            Self::RetryQuarantined { .. } => "retry",
            Self::SetConcurrency { .. } => "concurrency",
            Self::SetRowsPerSecond { .. } => "rows-per-second",
            Self::Drain => "drain",
            Self::Abort => "abort",
        }
    }
}
