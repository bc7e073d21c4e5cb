//! A job's memory in this process's memory, with the crashes of a real one.
//!
//! [`MemoryDisk`] is what survives: a cheap handle, shared by all its clones. [`MemoryState`] is one process's view of
//! it; [`MemoryDisk::kill`] ends that process, after which every call of the dead view fails and the disk can be opened
//! again. A commit can be made to fail before or after it took effect ([`MemoryDisk::fail_commit`]).
//!
//! Does not belong here: anything that is not also true of the file.
//!
//! Invariant: answers every query exactly as the file does; `tests/it/state` holds both to it.

mod durable;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use durable::Durable;

use super::{
    FindProgress, FindingKind, Hold, InterruptedPass, PassRecord, ProofRange, QuarantineFilter,
    QuarantinedRow, Result, State, StateChange, StateError, StoredFinding, TableMemory, TableTotals, Unit,
};
use crate::model::digest::DigestSeed;
use crate::model::key::Key;

/// How a commit fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitFault {
    /// Nothing was stored.
    BeforeEffect,
    /// Everything was stored, but the caller is told that it failed.
    AfterEffect,
}

/// What survives a process.
#[derive(Debug, Clone)]
pub struct MemoryDisk {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    durable: Durable,
    /// The process that holds the lock.
    holder: Option<u64>,
    processes: u64,
    commits: u64,
    /// Number of the commit that fails, and how.
    faults: Vec<(u64, CommitFault)>,
}

impl MemoryDisk {
    /// An empty disk for a job with this digest seed.
    pub fn new(seed: DigestSeed) -> Self {
        let shared = Shared {
            durable: Durable::new(seed),
            holder: None,
            processes: 0,
            commits: 0,
            faults: Vec::new(),
        };
        Self { shared: Arc::new(Mutex::new(shared)) }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // A change is applied by code that does not panic; what a panicking reader left is whole.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The view of a new process; [`StateError::Locked`] while another one lives.
    pub fn open(&self) -> Result<MemoryState> {
        let mut shared = self.lock();
        if shared.holder.is_some() {
            return Err(StateError::Locked("process of the same memory".to_owned()));
        }
        shared.processes += 1;
        shared.holder = Some(shared.processes);
        Ok(MemoryState::new(self.clone(), shared.holder, &shared))
    }

    /// A view that takes no lock and refuses to commit.
    pub fn open_read_only(&self) -> MemoryState {
        MemoryState::new(self.clone(), None, &self.lock())
    }

    /// Ends the process that has the disk open, if one has.
    pub fn kill(&self) {
        self.lock().holder = None;
    }

    /// Makes a commit fail: the next one when `commits_before` is 0.
    pub fn fail_commit(&self, commits_before: u64, fault: CommitFault) {
        let mut shared = self.lock();
        let number = shared.commits + commits_before + 1;
        shared.faults.push((number, fault));
    }

    /// No commit fails any more, unless it is asked for again.
    pub fn forget_faults(&self) {
        self.lock().faults.clear();
    }

    /// Commits tried so far, failed ones included.
    pub fn commits(&self) -> u64 {
        self.lock().commits
    }
}

/// One process's view of a [`MemoryDisk`]; dropping it ends the process.
#[derive(Debug)]
pub struct MemoryState {
    disk: MemoryDisk,
    /// None for a view that only reads.
    process: Option<u64>,
    /// The next unit number that this process would hand out.
    next_unit: Mutex<u64>,
}

impl Drop for MemoryState {
    fn drop(&mut self) {
        let mut shared = self.disk.lock();
        if self.process.is_some() && shared.holder == self.process {
            shared.holder = None;
        }
    }
}

fn failed(operation: &str, cause: &str) -> StateError {
    StateError::Failed { operation: operation.to_owned(), cause: cause.to_owned() }
}

impl MemoryState {
    fn new(disk: MemoryDisk, process: Option<u64>, shared: &Shared) -> Self {
        Self { disk, process, next_unit: Mutex::new(shared.durable.next_unit()) }
    }

    fn living(&self, operation: &str) -> Result<MutexGuard<'_, Shared>> {
        let shared = self.disk.lock();
        if self.process.is_some() && shared.holder != self.process {
            return Err(failed(operation, "the process was killed"));
        }
        Ok(shared)
    }

    fn read<T>(&self, query: impl FnOnce(&Durable) -> T) -> Result<T> {
        Ok(query(&self.living("read the state")?.durable))
    }
}

impl State for MemoryState {
    fn seed(&self) -> Result<DigestSeed> {
        self.read(Durable::seed)
    }

    fn interrupted_pass(&self) -> Result<Option<InterruptedPass>> {
        self.read(Durable::interrupted_pass)
    }

    fn table_memory(&self, table: &str) -> Result<Option<TableMemory>> {
        self.read(|durable| durable.table_memory(table))
    }

    fn find_progress(&self, table: &str) -> Result<Option<FindProgress>> {
        self.read(|durable| durable.find_progress(table))
    }

    fn findings(
        &self,
        table: &str,
        kind: FindingKind,
        after_id: u64,
        limit: usize,
    ) -> Result<Vec<StoredFinding>> {
        self.read(|durable| durable.findings(table, kind, after_id, limit))
    }

    fn finding_rows(&self, table: &str, kind: FindingKind) -> Result<u64> {
        self.read(|durable| durable.finding_rows(table, kind))
    }

    fn open_units(&self, table: &str) -> Result<Vec<Unit>> {
        self.read(|durable| durable.open_units(table))
    }

    fn next_unit(&self) -> Result<u64> {
        let stored = self.read(Durable::next_unit)?;
        let mut next = self.next_unit.lock().unwrap_or_else(PoisonError::into_inner);
        let number = stored.max(*next);
        *next = number + 1;
        Ok(number)
    }

    fn totals(&self, table: &str) -> Result<TableTotals> {
        self.read(|durable| durable.totals(table))
    }

    fn quarantine(&self, filter: &QuarantineFilter) -> Result<Vec<QuarantinedRow>> {
        self.read(|durable| durable.quarantine(filter))
    }

    fn quarantine_count(&self, table: &str) -> Result<u64> {
        self.read(|durable| durable.quarantine_count(table))
    }

    fn proofs(&self, table: &str) -> Result<Vec<ProofRange>> {
        self.read(|durable| durable.proofs(table))
    }

    fn holds(&self) -> Result<Vec<Hold>> {
        self.read(Durable::holds)
    }

    fn hold_keys(&self, id: &str, after: Option<&Key>, limit: usize) -> Result<Vec<Key>> {
        self.read(|durable| durable.hold_keys(id, after, limit))
    }

    fn deletes_beyond_hold(&self, table: &str, id: &str) -> Result<u64> {
        self.read(|durable| durable.deletes_beyond_hold(table, id))
    }

    fn history(&self, limit: usize) -> Result<Vec<PassRecord>> {
        self.read(|durable| durable.history(limit))
    }

    fn commit(&self, changes: &[StateChange]) -> Result<()> {
        const OPERATION: &str = "save the state";
        let mut shared = self.living(OPERATION)?;
        if self.process.is_none() {
            return Err(failed(OPERATION, "it was opened for reading only"));
        }
        super::bounds::check(changes, |id| Ok(shared.durable.has_hold(id)))?;
        shared.commits += 1;
        let number = shared.commits;
        let fault = shared.faults.iter().find(|(at, _)| *at == number).map(|(_, fault)| *fault);
        if fault != Some(CommitFault::BeforeEffect) {
            for change in changes {
                shared.durable.apply(change);
            }
        }
        match fault {
            Some(_) => Err(failed(OPERATION, "the commit was made to fail")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::state::PassFingerprint;

    fn pass(number: u64) -> StateChange {
        let fingerprint =
            PassFingerprint { config: String::new(), source: String::new(), target: String::new() };
        StateChange::PassStarted { pass: number, at: Timestamp(0), fingerprint }
    }

    fn pass_under_way(state: &MemoryState) -> Option<u64> {
        state.interrupted_pass().unwrap().map(|pass| pass.pass)
    }

    #[test]
    fn what_was_committed_survives_the_process_and_the_dead_one_can_do_nothing() {
        let disk = MemoryDisk::new(DigestSeed(1));
        let first = disk.open().unwrap();
        assert!(matches!(disk.open(), Err(StateError::Locked(_))));
        first.commit(&[pass(1)]).unwrap();
        disk.kill();
        assert!(first.commit(&[pass(2)]).is_err() && first.history(1).is_err());
        let second = disk.open().unwrap();
        drop(first);
        assert!(matches!(disk.open(), Err(StateError::Locked(_))), "a dead view holds no lock to give back");
        assert_eq!(pass_under_way(&second), Some(1));
    }

    #[test]
    fn a_failed_commit_took_effect_or_not_as_asked() {
        let disk = MemoryDisk::new(DigestSeed(1));
        let state = disk.open().unwrap();
        disk.fail_commit(1, CommitFault::BeforeEffect);
        disk.fail_commit(2, CommitFault::AfterEffect);
        assert!(state.commit(&[pass(1)]).is_ok() && state.commit(&[pass(2)]).is_err());
        assert_eq!(pass_under_way(&state), Some(1));
        assert!(state.commit(&[pass(3)]).is_err());
        assert_eq!(pass_under_way(&state), Some(3));
        assert!(disk.open_read_only().commit(&[pass(4)]).is_err());
        assert_eq!(disk.commits(), 3);
    }

    #[test]
    fn unit_numbers_are_handed_out_once() {
        let state = MemoryDisk::new(DigestSeed(1)).open().unwrap();
        assert_ne!(state.next_unit().unwrap(), state.next_unit().unwrap());
    }
}
