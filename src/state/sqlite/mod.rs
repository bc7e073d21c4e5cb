//! A job's memory in one SQLite file of its own.
//!
//! The file lies in a folder for the job, beside the lock that keeps a second process out. It is in WAL mode with
//! `synchronous = FULL`: a commit costs one fsync, is on the disk when it returns, and readers never wait for it. A
//! commit of progress that may be made again goes to the log without an fsync ([`State::commit_soon`]); the
//! frames of the log carry checksums, so that a torn one ends the log instead of being believed. SQLite's own checks
//! find damage of the structure, a checksum in each row finds damage of its values. A file with either, of a newer
//! program or of another job is refused with what to do about it; it is never repaired by guessing.
//!
//! Does not belong here: what a change means for the engine; where the state folder is (see [`super::location`]).
//!
//! Invariants: answers every query as [`super::memory`] does; a row is read only after its checksum was verified; no
//! secret is ever written; nobody but the user can read the file.

mod change;
mod fault;
mod folder;
mod json;
mod open;
mod query;
mod schema;

pub use open::{OpenMode, OpenRequest};

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, TransactionBehavior};

use fault::{Outcome, failed};

use super::{
    FindProgress, FindingKind, Hold, InterruptedPass, PassRecord, ProofRange, QuarantineFilter,
    QuarantinedRow, Result, State, StateChange, StoredFinding, TableMemory, TableTotals, Unit,
};
use crate::base::limits::STATE_COMMITS_AT_RISK_MAX;
use crate::model::digest::DigestSeed;
use crate::model::key::Key;

/// The connection, and how many commits it made since the last one that is on the disk for sure.
#[derive(Debug)]
struct Writer {
    connection: Connection,
    at_risk: u32,
}

/// Unused pages that the file keeps for the next pass: 16 MiB.
const FREE_PAGES_KEPT_MAX: i64 = 4096;

/// The state of one job in its file; dropping it gives the lock back.
#[derive(Debug)]
pub struct SqliteState {
    connection: Mutex<Writer>,
    folder: PathBuf,
    mode: OpenMode,
    seed: DigestSeed,
    /// The next unit number that this process would hand out.
    next_unit: Mutex<u64>,
    /// Held as long as the connection, and therefore declared after it.
    _lock: Option<folder::Lock>,
}

impl SqliteState {
    /// Opens the state of a job, after examining all of it.
    ///
    /// # Errors
    /// [`Locked`](super::StateError::Locked) when another process runs the job;
    /// [`Absent`](super::StateError::Absent) when there is nothing to read;
    /// [`Unusable`](super::StateError::Unusable) when the file is damaged, newer than this program or another job's;
    /// [`Failed`](super::StateError::Failed) when the folder is not safe to use, or cannot be.
    pub fn open(request: &OpenRequest<'_>, mode: OpenMode) -> Result<Self> {
        let open::Opened { connection, folder, seed, lock } = open::open(request, mode)?;
        let state = Self {
            connection: Mutex::new(Writer { connection, at_risk: 0 }),
            folder,
            mode,
            seed,
            next_unit: Mutex::new(1),
            _lock: lock,
        };
        Ok(state)
    }

    /// Whether a process runs the job; nothing is made or changed.
    ///
    /// # Errors
    /// When the folder is not safe to use.
    pub fn is_locked(request: &OpenRequest<'_>) -> Result<bool> {
        open::is_locked(request)
    }

    /// The folder that holds the file, the lock and nothing else.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A panic in the middle of a commit rolled its transaction back.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self, changes: &[StateChange], synced: bool) -> Result<()> {
        const OPERATION: &str = "save the state";
        if self.mode == OpenMode::ReadOnly {
            return Err(failed(OPERATION, &self.folder, &"it was opened for reading only"));
        }
        let mut writer = self.writer();
        let Writer { connection, at_risk } = &mut *writer;
        let explain = |fault: fault::Fault| fault.explain(OPERATION, &self.folder);
        super::bounds::check(changes, |id| {
            Ok(query::table_of_hold(connection, id).map_err(explain)?.is_some())
        })?;
        let synced = synced || *at_risk >= STATE_COMMITS_AT_RISK_MAX;
        commit(connection, changes, synced).map_err(explain)?;
        *at_risk = if synced { 0 } else { *at_risk + 1 };
        Ok(())
    }

    fn read<T>(&self, query: impl FnOnce(&Connection) -> Outcome<T>) -> Result<T> {
        query(&self.writer().connection).map_err(|fault| fault.explain("read the state", &self.folder))
    }
}

/// Gives the space of an earlier, larger pass back to the file system, all but what the next one will want.
fn shrink(connection: &Connection) -> Outcome<()> {
    let surplus = schema::pragma(connection, "freelist_count")? - FREE_PAGES_KEPT_MAX;
    if surplus > 0 {
        // Frees one page a row.
        let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({surplus})"))?;
        let mut pages = statement.query([])?;
        while pages.next()?.is_some() {}
    }
    Ok(())
}

fn commit(connection: &mut Connection, changes: &[StateChange], synced: bool) -> Outcome<()> {
    // Takes effect at the next commit; that one's fsync is of the whole log.
    connection.pragma_update(None, "synchronous", if synced { "FULL" } else { "NORMAL" })?;
    if changes.iter().any(|change| matches!(change, StateChange::PassStarted { .. })) {
        shrink(connection)?;
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for change in changes {
        change::apply(&transaction, change)?;
    }
    Ok(transaction.commit()?)
}

impl State for SqliteState {
    fn seed(&self) -> Result<DigestSeed> {
        Ok(self.seed)
    }

    fn interrupted_pass(&self) -> Result<Option<InterruptedPass>> {
        self.read(query::interrupted_pass)
    }

    fn table_memory(&self, table: &str) -> Result<Option<TableMemory>> {
        self.read(|connection| query::table_memory(connection, table))
    }

    fn find_progress(&self, table: &str) -> Result<Option<FindProgress>> {
        self.read(|connection| query::find_progress(connection, table))
    }

    fn findings(
        &self,
        table: &str,
        kind: FindingKind,
        after_id: u64,
        limit: usize,
    ) -> Result<Vec<StoredFinding>> {
        self.read(|connection| query::findings(connection, table, kind, after_id, limit))
    }

    fn finding_rows(&self, table: &str, kind: FindingKind) -> Result<u64> {
        self.read(|connection| query::finding_rows(connection, table, kind))
    }

    fn open_units(&self, table: &str) -> Result<Vec<Unit>> {
        self.read(|connection| query::open_units(connection, table))
    }

    fn next_unit(&self) -> Result<u64> {
        let stored = self.read(|connection| query::counter(connection, "unit"))?;
        let mut next = self.next_unit.lock().unwrap_or_else(PoisonError::into_inner);
        let number = stored.max(*next);
        *next = number + 1;
        Ok(number)
    }

    fn totals(&self, table: &str) -> Result<TableTotals> {
        self.read(|connection| query::totals(connection, table))
    }

    fn quarantine(&self, filter: &QuarantineFilter) -> Result<Vec<QuarantinedRow>> {
        self.read(|connection| query::quarantine(connection, filter))
    }

    fn quarantine_count(&self, table: &str) -> Result<u64> {
        self.read(|connection| query::quarantine_count(connection, table))
    }

    fn proofs(&self, table: &str) -> Result<Vec<ProofRange>> {
        self.read(|connection| query::proofs(connection, table))
    }

    fn holds(&self) -> Result<Vec<Hold>> {
        self.read(query::holds)
    }

    fn hold_keys(&self, id: &str, after: Option<&Key>, limit: usize) -> Result<Vec<Key>> {
        self.read(|connection| query::hold_keys(connection, id, after, limit))
    }

    fn deletes_beyond_hold(&self, table: &str, id: &str) -> Result<u64> {
        self.read(|connection| query::deletes_beyond_hold(connection, table, id))
    }

    fn history(&self, limit: usize) -> Result<Vec<PassRecord>> {
        self.read(|connection| query::history(connection, limit))
    }

    fn commit(&self, changes: &[StateChange]) -> Result<()> {
        self.save(changes, true)
    }

    fn commit_soon(&self, changes: &[StateChange]) -> Result<()> {
        self.save(changes, false)
    }
}
