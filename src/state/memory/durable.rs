//! The data itself: what every change means and how every query is answered.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::base::limits::{HISTORY_PASSES_MAX, HOLDS_PER_TABLE_MAX, STATE_PAGE_ROWS_MAX};
use crate::model::digest::DigestSeed;
use crate::model::key::Key;
use crate::state::{
    FindProgress, Finding, FindingKind, Hold, HoldState, InterruptedPass, PassRecord, ProofRange,
    QuarantineFilter, QuarantinedRow, StateChange, StoredFinding, TableMemory, TableTotals, Unit,
};

#[derive(Debug)]
pub(super) struct Durable {
    seed: DigestSeed,
    next_unit: u64,
    next_finding: u64,
    pass: Option<InterruptedPass>,
    finished: BTreeSet<String>,
    memories: BTreeMap<String, TableMemory>,
    progress: BTreeMap<String, FindProgress>,
    findings: BTreeMap<(String, FindingKind), BTreeMap<u64, Finding>>,
    units: BTreeMap<u64, Unit>,
    totals: BTreeMap<String, TableTotals>,
    quarantine: BTreeMap<(String, Key), QuarantinedRow>,
    proofs: BTreeMap<String, Vec<ProofRange>>,
    /// Oldest first.
    holds: Vec<Hold>,
    hold_keys: BTreeMap<String, BTreeSet<Key>>,
    history: BTreeMap<u64, PassRecord>,
}

/// Queries.
impl Durable {
    pub(super) fn new(seed: DigestSeed) -> Self {
        Self {
            seed,
            next_unit: 1,
            next_finding: 1,
            pass: None,
            finished: BTreeSet::new(),
            memories: BTreeMap::new(),
            progress: BTreeMap::new(),
            findings: BTreeMap::new(),
            units: BTreeMap::new(),
            totals: BTreeMap::new(),
            quarantine: BTreeMap::new(),
            proofs: BTreeMap::new(),
            holds: Vec::new(),
            hold_keys: BTreeMap::new(),
            history: BTreeMap::new(),
        }
    }

    pub(super) fn seed(&self) -> DigestSeed {
        self.seed
    }

    pub(super) fn interrupted_pass(&self) -> Option<InterruptedPass> {
        let mut pass = self.pass.clone()?;
        pass.finished_tables = self.finished.iter().cloned().collect();
        Some(pass)
    }

    pub(super) fn table_memory(&self, table: &str) -> Option<TableMemory> {
        self.memories.get(table).cloned()
    }

    pub(super) fn find_progress(&self, table: &str) -> Option<FindProgress> {
        self.progress.get(table).cloned()
    }

    fn of_kind(&self, table: &str, kind: FindingKind) -> impl Iterator<Item = (u64, &Finding)> {
        let found = self.findings.get(&(table.to_owned(), kind));
        found.into_iter().flatten().map(|(id, finding)| (*id, finding))
    }

    pub(super) fn findings(
        &self,
        table: &str,
        kind: FindingKind,
        after_id: u64,
        limit: usize,
    ) -> Vec<StoredFinding> {
        let Some(found) = self.findings.get(&(table.to_owned(), kind)) else { return Vec::new() };
        found
            .range((Bound::Excluded(after_id), Bound::Unbounded))
            .take(limit)
            .map(|(id, finding)| StoredFinding { id: *id, finding: finding.clone() })
            .collect()
    }

    pub(super) fn finding_rows(&self, table: &str, kind: FindingKind) -> u64 {
        self.of_kind(table, kind).map(|(_, finding)| finding.rows()).sum()
    }

    pub(super) fn open_units(&self, table: &str) -> Vec<Unit> {
        self.units.values().filter(|unit| unit.table == table).cloned().collect()
    }

    pub(super) fn next_unit(&self) -> u64 {
        self.next_unit
    }

    pub(super) fn totals(&self, table: &str) -> TableTotals {
        self.totals.get(table).copied().unwrap_or_default()
    }

    pub(super) fn quarantine(&self, filter: &QuarantineFilter) -> Vec<QuarantinedRow> {
        let start = filter.after.clone().map_or(Bound::Unbounded, Bound::Excluded);
        let limit = if filter.limit == 0 { STATE_PAGE_ROWS_MAX } else { filter.limit };
        self.quarantine
            .range((start, Bound::Unbounded))
            .map(|(_, row)| row)
            .filter(|row| filter.table.as_ref().is_none_or(|table| *table == row.table))
            .take(limit)
            .cloned()
            .collect()
    }

    pub(super) fn quarantine_count(&self, table: &str) -> u64 {
        self.quarantine.keys().filter(|(name, _)| name == table).count() as u64
    }

    pub(super) fn proofs(&self, table: &str) -> Vec<ProofRange> {
        self.proofs.get(table).cloned().unwrap_or_default()
    }

    pub(super) fn holds(&self) -> Vec<Hold> {
        self.holds.iter().rev().cloned().collect()
    }

    pub(super) fn has_hold(&self, id: &str) -> bool {
        self.holds.iter().any(|hold| hold.id == id)
    }

    pub(super) fn hold_keys(&self, id: &str, after: Option<&Key>, limit: usize) -> Vec<Key> {
        let Some(keys) = self.hold_keys.get(id) else { return Vec::new() };
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        keys.range::<Key, _>((start, Bound::Unbounded)).take(limit).cloned().collect()
    }

    pub(super) fn deletes_beyond_hold(&self, table: &str, id: &str) -> u64 {
        let is_of_table = self.holds.iter().any(|hold| hold.id == id && hold.table == table);
        let held = self.hold_keys.get(id).filter(|_| is_of_table);
        self.of_kind(table, FindingKind::Extra)
            .filter(|(_, finding)| match finding {
                Finding::Row { key, .. } => held.is_none_or(|held| !held.contains(key)),
                Finding::Run { .. } => true,
            })
            .count() as u64
    }

    pub(super) fn history(&self, limit: usize) -> Vec<PassRecord> {
        self.history.values().rev().take(limit).cloned().collect()
    }
}

/// Changes.
impl Durable {
    pub(super) fn apply(&mut self, change: &StateChange) {
        use StateChange as C;
        match change.clone() {
            C::PassStarted { pass, at, fingerprint } => {
                self.forget_pass();
                self.pass =
                    Some(InterruptedPass { pass, started_at: at, fingerprint, finished_tables: Vec::new() });
            }
            C::TableFinished { table } => {
                if self.pass.is_some() {
                    self.finished.insert(table);
                }
            }
            C::PassFinished { record } => self.finish_pass(record),
            C::TableRemembered { table, memory } => {
                self.memories.insert(table, memory);
            }
            C::FindAdvanced { table, progress } => {
                self.progress.insert(table, progress);
            }
            C::FindingsAdded { table, findings } => self.add_findings(&table, findings),
            C::FindingsCleared { table } => {
                self.progress.remove(&table);
                self.findings.retain(|(name, _), _| *name != table);
                self.units.retain(|_, unit| unit.table != table);
            }
            C::FindingShrunk { table, id, finding } => self.shrink_finding(table, id, finding),
            C::FindingsRemoved { table, ids } => self.remove_findings(&table, &ids),
            C::UnitStarted { unit } => {
                self.next_unit = self.next_unit.max(unit.id + 1);
                self.units.insert(unit.id, unit);
            }
            C::UnitFinished { unit } => {
                self.units.remove(&unit);
            }
            C::TotalsAdded { table, totals } => {
                let sum = self.totals.entry(table).or_default();
                *sum = sum.plus(totals);
            }
            C::RowQuarantined { row } => self.quarantine_row(row),
            C::QuarantineDropped { table, key } => {
                self.quarantine.remove(&(table, key));
            }
            C::QuarantineRetryAsked { table, key } => self.ask_retry(table.as_deref(), key.as_ref()),
            C::ProofsReplaced { table, proofs } => {
                self.proofs.insert(table, crate::state::bounds::bounded_proofs(proofs));
            }
            C::HoldRecorded { hold, keys } => self.record_hold(hold, keys),
            C::HoldKeysTaken { id, table } => self.take_hold_keys(id, &table),
            C::HoldMoved { id, state } => {
                self.holds.iter_mut().filter(|hold| hold.id == id).for_each(|hold| hold.state = state);
            }
        }
    }

    fn finish_pass(&mut self, record: PassRecord) {
        self.forget_pass();
        self.history.insert(record.summary.pass, record);
        while self.history.len() as u64 > HISTORY_PASSES_MAX {
            self.history.pop_first();
        }
    }

    fn shrink_finding(&mut self, table: String, id: u64, finding: Finding) {
        let found = self.findings.get_mut(&(table, finding.kind()));
        if let Some(stored) = found.and_then(|found| found.get_mut(&id)) {
            *stored = finding;
        }
    }

    fn remove_findings(&mut self, table: &str, ids: &[u64]) {
        for (_, found) in self.findings.iter_mut().filter(|((name, _), _)| name == table) {
            for id in ids {
                found.remove(id);
            }
        }
    }

    fn quarantine_row(&mut self, mut row: QuarantinedRow) {
        let place = (row.table.clone(), row.key.clone());
        if let Some(earlier) = self.quarantine.get(&place) {
            row.first_at = earlier.first_at;
        }
        self.quarantine.insert(place, row);
    }

    fn ask_retry(&mut self, table: Option<&str>, key: Option<&Key>) {
        for row in self.quarantine.values_mut() {
            let is_meant =
                table.is_none_or(|table| table == row.table) && key.is_none_or(|key| *key == row.key);
            row.retry_asked |= is_meant;
        }
    }

    fn take_hold_keys(&mut self, id: String, table: &str) {
        let keys: Vec<Key> = self
            .of_kind(table, FindingKind::Extra)
            .filter_map(|(_, finding)| match finding {
                Finding::Row { key, .. } => Some(key.clone()),
                Finding::Run { .. } => None,
            })
            .collect();
        if self.has_hold(&id) {
            self.hold_keys.entry(id).or_default().extend(keys);
        }
    }

    fn forget_pass(&mut self) {
        let in_use = self.holds.iter_mut().filter(|hold| hold.state == HoldState::InUse);
        in_use.for_each(|hold| hold.state = HoldState::Used);
        self.pass = None;
        self.finished.clear();
        self.progress.clear();
        self.findings.clear();
        self.units.clear();
        self.totals.clear();
    }

    fn add_findings(&mut self, table: &str, findings: Vec<Finding>) {
        for finding in findings {
            let found = self.findings.entry((table.to_owned(), finding.kind())).or_default();
            found.insert(self.next_finding, finding);
            self.next_finding += 1;
        }
    }

    fn record_hold(&mut self, hold: Hold, keys: Vec<Key>) {
        self.hold_keys.entry(hold.id.clone()).or_default().extend(keys);
        self.holds.retain(|earlier| earlier.id != hold.id);
        let table = hold.table.clone();
        self.holds.push(hold);
        let of_table = self.holds.iter().filter(|hold| hold.table == table).count();
        for _ in HOLDS_PER_TABLE_MAX..of_table {
            let newest = self.holds.len() - 1;
            let others = || (0..newest).filter(|&index| self.holds[index].table == table);
            let spared =
                |index: &usize| matches!(self.holds[*index].state, HoldState::Approved | HoldState::InUse);
            let oldest = others().find(|index| !spared(index)).or_else(|| others().next());
            let Some(oldest) = oldest else { return };
            let forgotten = self.holds.remove(oldest);
            self.hold_keys.remove(&forgotten.id);
        }
    }
}
