//! What a job remembers: watermarks, units, findings, proofs, quarantine, holds, history.
//!
//! [`State`] is a trait with two implementations: the job's own SQLite file, and an in-memory model whose crashes a
//! simulation controls. Reads are queries; every change goes through [`State::commit`], one atomic and durable
//! transaction of plain [`StateChange`]s, so that what belongs together cannot be torn apart.
//!
//! Does not belong here: deciding anything; a database side.
//!
//! Invariants: state moves after the target's commit; a damaged or newer file is refused, never guessed at; calls are
//! short local transactions (at most [`crate::base::limits::STATE_PAGE_ROWS_MAX`] rows), and therefore not async.

mod bounds;
pub mod location;
pub mod memory;
mod record;
pub mod rehearsal;
pub mod sqlite;

pub use record::{
    FindProgress, Finding, FindingKind, Hold, HoldState, InterruptedPass, PassFingerprint, PassRecord,
    ProofRange, QuarantineFilter, QuarantinedRow, Rates, StateChange, StoredFinding, TableMemory, TableProof,
    TableTotals, Unit, Watermark,
};

use crate::model::digest::DigestSeed;
use crate::model::key::Key;

/// The result of a state operation.
pub type Result<T> = std::result::Result<T, StateError>;

/// Why the state cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Another process runs this job.
    #[error("another process runs this job: {0}")]
    Locked(String),
    /// The file was written by a newer program, or is damaged; says exactly what to do.
    #[error("{0}")]
    Unusable(String),
    /// Nothing is remembered of this job yet, and it was opened for reading only.
    #[error("nothing is remembered of this job yet: there is no {0}")]
    Absent(String),
    /// The file system or SQLite failed.
    #[error("{operation}: {cause}")]
    Failed {
        /// What was attempted.
        operation: String,
        /// Why it failed.
        cause: String,
    },
}

/// A job's memory.
pub trait State: Send + Sync {
    /// The key of the row hash, drawn once for the job.
    fn seed(&self) -> Result<DigestSeed>;

    /// The pass that was under way when the last process ended, if one was.
    fn interrupted_pass(&self) -> Result<Option<InterruptedPass>>;

    /// What is known of a table from earlier passes.
    fn table_memory(&self, table: &str) -> Result<Option<TableMemory>>;

    /// How far the search of this pass has come.
    fn find_progress(&self, table: &str) -> Result<Option<FindProgress>>;

    /// Findings of this pass that are not applied yet, in id order, after `after_id`, at most `limit`.
    fn findings(
        &self,
        table: &str,
        kind: FindingKind,
        after_id: u64,
        limit: usize,
    ) -> Result<Vec<StoredFinding>>;

    /// Rows in the findings of this pass that are not applied yet, by kind; counted anew at each call.
    fn finding_rows(&self, table: &str, kind: FindingKind) -> Result<u64>;

    /// Units of this pass that were begun and not finished.
    fn open_units(&self, table: &str) -> Result<Vec<Unit>>;

    /// A unit number that no committed unit of this job ever had; each call gives another one.
    fn next_unit(&self) -> Result<u64>;

    /// What this pass has done to a table so far, in all its processes.
    fn totals(&self, table: &str) -> Result<TableTotals>;

    /// Quarantined rows in key order, after `after` (table, key), at most `limit`.
    fn quarantine(&self, filter: &QuarantineFilter) -> Result<Vec<QuarantinedRow>>;

    /// How many rows of a table are quarantined.
    fn quarantine_count(&self, table: &str) -> Result<u64>;

    /// Stored proofs of a table, in key order.
    fn proofs(&self, table: &str) -> Result<Vec<ProofRange>>;

    /// Recorded holds, last recorded first, at most [`crate::base::limits::HOLDS_PER_TABLE_MAX`] a table.
    fn holds(&self) -> Result<Vec<Hold>>;

    /// Keys that a hold would delete, ascending, after `after`, at most `limit`.
    fn hold_keys(&self, id: &str, after: Option<&Key>, limit: usize) -> Result<Vec<Key>>;

    /// How many delete findings of this pass are not among a hold's keys: all of them when there is no such hold or
    /// it is another table's.
    fn deletes_beyond_hold(&self, table: &str, id: &str) -> Result<u64>;

    /// Past passes, newest first, at most `limit`.
    fn history(&self, limit: usize) -> Result<Vec<PassRecord>>;

    /// Makes all changes or none, in their order, durably.
    ///
    /// After an error the changes may or may not have been made: read again before repeating them. Refused with nothing
    /// changed: an extra row in a [`Finding::Run`], an unknown hold moved or given keys.
    fn commit(&self, changes: &[StateChange]) -> Result<()>;

    /// As [`State::commit`], but a power failure may undo it, and then undoes what was committed later too.
    ///
    /// The death of the process undoes nothing. At most [`crate::base::limits::STATE_COMMITS_AT_RISK_MAX`] commits are
    /// at risk at any time; the next [`State::commit`] makes all of them durable.
    fn commit_soon(&self, changes: &[StateChange]) -> Result<()> {
        self.commit(changes)
    }
}
