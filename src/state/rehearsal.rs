//! A job's memory for a rehearsal: it knows what the real one knows, and what happens to it is forgotten.
//!
//! Invariant: the real state is only read.

use std::sync::Arc;

use super::memory::{MemoryDisk, MemoryState};
use super::{
    FindProgress, FindingKind, Hold, InterruptedPass, PassRecord, ProofRange, QuarantineFilter,
    QuarantinedRow, Result, State, StateChange, StoredFinding, TableMemory, TableTotals, Unit,
};
use crate::base::limits::STATE_PAGE_ROWS_MAX;
use crate::model::digest::DigestSeed;
use crate::model::key::Key;

/// The memory of a pass that leaves no trace.
pub struct RehearsalState {
    memory: MemoryState,
    /// Asked for what is known by a table's name, since nobody can list the names before the tables are discovered.
    real: Option<Arc<dyn State>>,
}

impl RehearsalState {
    /// A memory that begins with the seed, the last pass, the holds and the quarantine of `real`; a pass that was
    /// interrupted there is left to the next real one.
    pub fn of(real: Arc<dyn State>) -> Result<Self> {
        let memory = MemoryDisk::new(real.seed()?).open()?;
        for record in real.history(1)? {
            memory.commit(&[StateChange::PassFinished { record }])?;
        }
        for hold in real.holds()?.into_iter().rev() {
            copy_hold(&*real, &memory, &hold)?;
        }
        let mut filter = QuarantineFilter { limit: STATE_PAGE_ROWS_MAX, ..QuarantineFilter::default() };
        loop {
            let page = real.quarantine(&filter)?;
            let Some(last) = page.last() else { break };
            filter.after = Some((last.table.clone(), last.key.clone()));
            let changes: Vec<_> = page.into_iter().map(|row| StateChange::RowQuarantined { row }).collect();
            memory.commit(&changes)?;
        }
        Ok(Self { memory, real: Some(real) })
    }

    /// The memory of a job of which nothing is known yet.
    pub fn of_new_job(seed: DigestSeed) -> Result<Self> {
        Ok(Self { memory: MemoryDisk::new(seed).open()?, real: None })
    }
}

fn copy_hold(real: &dyn State, memory: &MemoryState, hold: &Hold) -> Result<()> {
    let id = hold.id.clone();
    let mut keys = real.hold_keys(&id, None, STATE_PAGE_ROWS_MAX)?;
    loop {
        let last = keys.last().cloned();
        memory.commit(&[StateChange::HoldRecorded { hold: hold.clone(), keys }])?;
        let Some(last) = last else { return Ok(()) };
        keys = real.hold_keys(&id, Some(&last), STATE_PAGE_ROWS_MAX)?;
        if keys.is_empty() {
            return Ok(());
        }
    }
}

impl State for RehearsalState {
    fn seed(&self) -> Result<DigestSeed> {
        self.memory.seed()
    }

    fn interrupted_pass(&self) -> Result<Option<InterruptedPass>> {
        self.memory.interrupted_pass()
    }

    fn table_memory(&self, table: &str) -> Result<Option<TableMemory>> {
        match (self.memory.table_memory(table)?, &self.real) {
            (None, Some(real)) => real.table_memory(table),
            (known, _) => Ok(known),
        }
    }

    fn find_progress(&self, table: &str) -> Result<Option<FindProgress>> {
        self.memory.find_progress(table)
    }

    fn findings(
        &self,
        table: &str,
        kind: FindingKind,
        after_id: u64,
        limit: usize,
    ) -> Result<Vec<StoredFinding>> {
        self.memory.findings(table, kind, after_id, limit)
    }

    fn finding_rows(&self, table: &str, kind: FindingKind) -> Result<u64> {
        self.memory.finding_rows(table, kind)
    }

    fn open_units(&self, table: &str) -> Result<Vec<Unit>> {
        self.memory.open_units(table)
    }

    fn next_unit(&self) -> Result<u64> {
        self.memory.next_unit()
    }

    fn totals(&self, table: &str) -> Result<TableTotals> {
        self.memory.totals(table)
    }

    fn quarantine(&self, filter: &QuarantineFilter) -> Result<Vec<QuarantinedRow>> {
        self.memory.quarantine(filter)
    }

    fn quarantine_count(&self, table: &str) -> Result<u64> {
        self.memory.quarantine_count(table)
    }

    fn proofs(&self, table: &str) -> Result<Vec<ProofRange>> {
        let proofs = self.memory.proofs(table)?;
        match &self.real {
            Some(real) if proofs.is_empty() => real.proofs(table),
            _ => Ok(proofs),
        }
    }

    fn holds(&self) -> Result<Vec<Hold>> {
        self.memory.holds()
    }

    fn hold_keys(&self, id: &str, after: Option<&Key>, limit: usize) -> Result<Vec<Key>> {
        self.memory.hold_keys(id, after, limit)
    }

    fn deletes_beyond_hold(&self, table: &str, id: &str) -> Result<u64> {
        self.memory.deletes_beyond_hold(table, id)
    }

    fn history(&self, limit: usize) -> Result<Vec<PassRecord>> {
        self.memory.history(limit)
    }

    fn commit(&self, changes: &[StateChange]) -> Result<()> {
        self.memory.commit(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::model::digest::Digest;
    use crate::model::value::Value;
    use crate::state::{Finding, HoldState};

    fn key(n: i64) -> Key {
        Key::from_values(&[Value::Integer(n.into())])
    }

    fn refused(n: i64) -> QuarantinedRow {
        QuarantinedRow {
            table: "t".to_owned(),
            key: key(n),
            kind: FindingKind::Missing,
            class: "data".to_owned(),
            reason: "no".to_owned(),
            hint: None,
            statement: String::new(),
            source_image: None,
            target_image: None,
            source_digest: Digest::EMPTY,
            fingerprint: String::new(),
            attempts: 1,
            first_at: Timestamp(0),
            last_at: Timestamp(0),
            retry_asked: false,
        }
    }

    #[test]
    fn a_rehearsal_knows_what_the_job_knows_and_teaches_it_nothing() {
        let disk = MemoryDisk::new(DigestSeed(7));
        let real = disk.open().unwrap();
        let hold = Hold {
            id: "h".to_owned(),
            table: "t".to_owned(),
            guard: "source-empty".to_owned(),
            reason: "source is empty".to_owned(),
            deletes: 2,
            at: Timestamp(0),
            pass: 1,
            state: HoldState::Waiting,
        };
        let memory = TableMemory { schema: "s".to_owned(), ..TableMemory::default() };
        real.commit(&[
            StateChange::TableRemembered { table: "t".to_owned(), memory: memory.clone() },
            StateChange::HoldRecorded { hold, keys: vec![key(1), key(2)] },
            StateChange::RowQuarantined { row: refused(5) },
        ])
        .unwrap();
        let commits = disk.commits();

        let rehearsal = RehearsalState::of(Arc::new(real)).unwrap();
        assert_eq!(rehearsal.seed(), Ok(DigestSeed(7)));
        assert_eq!(rehearsal.table_memory("t"), Ok(Some(memory)));
        assert_eq!(rehearsal.hold_keys("h", None, 10), Ok(vec![key(1), key(2)]));
        assert_eq!(rehearsal.quarantine_count("t"), Ok(1));

        let extra = Finding::Row { kind: FindingKind::Extra, key: key(2) };
        rehearsal
            .commit(&[
                StateChange::TableRemembered { table: "t".to_owned(), memory: TableMemory::default() },
                StateChange::FindingsAdded { table: "t".to_owned(), findings: vec![extra] },
                StateChange::HoldMoved { id: "h".to_owned(), state: HoldState::Used },
                StateChange::QuarantineDropped { table: "t".to_owned(), key: key(5) },
            ])
            .unwrap();
        assert_eq!(rehearsal.deletes_beyond_hold("t", "h"), Ok(0));
        assert_eq!(rehearsal.table_memory("t"), Ok(Some(TableMemory::default())));
        assert_eq!((rehearsal.quarantine_count("t"), disk.commits()), (Ok(0), commits));
    }
}
