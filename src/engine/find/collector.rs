//! The sink that keeps findings in the state: single rows, or runs of neighbours of one kind.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;

use super::super::context::Context;
use super::super::interrupt::Flow;
use super::super::table::TableWork;
use super::{RowRef, Sink};
use crate::base::limits::{
    EVENT_SAMPLES_MAX, LISTED_ROWS_MAX, PROOF_RANGES_MAX, RUN_ROWS_MIN, STATE_PAGE_ROWS_MAX,
};
use crate::model::digest::{Digest, DigestHeader};
use crate::model::event::{Progress, SampleKey};
use crate::model::key::Key;
use crate::model::plan::Strategy;
use crate::model::range::KeyRange;
use crate::state::{FindProgress, Finding, FindingKind, ProofRange, State, StateChange};

/// Keeps findings, progress and the digests of what was covered.
pub struct Collector {
    table: String,
    rows_total: u64,
    progress: FindProgress,
    pending: Vec<Finding>,
    run: Option<Run>,
    header: DigestHeader,
    proofs: Vec<ProofRange>,
    digest: Digest,
    rows_seen: u64,
    /// Keys come in the order in which a range of them is read again; else each row is listed.
    keeps_runs: bool,
    /// How old the source view may become; none when a search cannot go on through another one.
    source_age_max: Option<Duration>,
    /// Changed rows, and runs of them, that the search before this one has listed.
    listed: (BTreeSet<Key>, Vec<KeyRange>),
}

/// Neighbours of one kind; as long as there are few, their keys.
struct Run {
    kind: FindingKind,
    first: Key,
    keys: Vec<Key>,
    rows: u64,
}

impl Collector {
    /// A collector that goes on from `progress`.
    pub fn new(table: &TableWork, progress: FindProgress) -> Self {
        let (source, target) = table.counts;
        let ordered = [Strategy::MergeCompare, Strategy::DigestSearch, Strategy::CountSearch];
        let keeps_runs = ordered.iter().any(|strategy| strategy.as_str() == progress.strategy);
        let source_age_max =
            super::goes_in_key_order(&progress.strategy).then(|| table.paired().settings().snapshot_age_max);
        Self {
            table: table.name.clone(),
            rows_total: source.unwrap_or(0).max(target.unwrap_or(0)),
            progress,
            pending: Vec::new(),
            run: None,
            header: table.paired().header.clone(),
            proofs: Vec::new(),
            digest: Digest::EMPTY,
            rows_seen: 0,
            keeps_runs,
            source_age_max,
            listed: Default::default(),
        }
    }

    /// Learns which changed rows are on the list, which are not listed again.
    pub fn learn_listed(&mut self, context: &Context) -> Flow<()> {
        let mut after = 0;
        while self.listed.0.len() + self.listed.1.len() < LISTED_ROWS_MAX {
            let page =
                context.state().findings(&self.table, FindingKind::Changed, after, STATE_PAGE_ROWS_MAX)?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for stored in page {
                match stored.finding {
                    Finding::Row { key, .. } => drop(self.listed.0.insert(key)),
                    Finding::Run { range, .. } => self.listed.1.push(range),
                }
            }
        }
        Ok(())
    }

    fn lists(&self, key: &[u8]) -> bool {
        let (rows, runs) = &self.listed;
        if rows.is_empty() && runs.is_empty() {
            return false;
        }
        let key = Key::from_encoded(key);
        rows.contains(&key) || runs.iter().any(|range| range.contains(key.as_bytes()))
    }

    /// Ends an open run before `next`, the first key that is not part of it.
    fn end_run(&mut self, next: Option<&[u8]>) {
        let Some(run) = self.run.take() else { return };
        if run.rows < RUN_ROWS_MIN {
            let kind = run.kind;
            self.pending.extend(run.keys.into_iter().map(|key| Finding::Row { kind, key }));
        } else {
            let range = KeyRange::new(Some(run.first), next.map(Key::from_encoded));
            self.pending.push(Finding::Run { kind: run.kind, range, rows: run.rows });
        }
    }

    fn changes(&mut self) -> Vec<StateChange> {
        let mut changes = Vec::new();
        if !self.pending.is_empty() {
            let findings = std::mem::take(&mut self.pending);
            changes.push(StateChange::FindingsAdded { table: self.table.clone(), findings });
        }
        let progress = self.progress.clone();
        changes.push(StateChange::FindAdvanced { table: self.table.clone(), progress });
        changes
    }

    /// Keeps what is left and says that the search is done.
    pub fn finish(&mut self, context: &Context) -> Flow<()> {
        self.end_run(None);
        self.progress.remaining.clear();
        self.progress.done = true;
        let changes = self.changes();
        context.remember(&changes)
    }

    /// Hands the digests of what was covered to the table, for its proof.
    pub fn hand_over(self, table: &mut TableWork) {
        table.proofs.extend(self.proofs);
        let whole = table.found.source_digest.get_or_insert(Digest::EMPTY);
        *whole = whole.combine(self.digest);
    }
}

#[async_trait]
impl Sink for Collector {
    fn differs(
        &mut self,
        kind: FindingKind,
        key: &[u8],
        _source: Option<RowRef<'_>>,
        _target: Option<RowRef<'_>>,
    ) {
        self.rows_seen += 1;
        if kind == FindingKind::Changed && self.lists(key) {
            return;
        }
        if kind == FindingKind::Extra || !self.keeps_runs {
            self.end_run(Some(key));
            self.pending.push(Finding::Row { kind, key: Key::from_encoded(key) });
            return;
        }
        if self.run.as_ref().is_some_and(|run| run.kind != kind) {
            self.end_run(Some(key));
        }
        let owned = Key::from_encoded(key);
        let run =
            self.run.get_or_insert_with(|| Run { kind, first: owned.clone(), keys: Vec::new(), rows: 0 });
        run.rows += 1;
        if run.rows < RUN_ROWS_MIN {
            run.keys.push(owned);
        }
    }

    fn equal(&mut self, key: &[u8]) {
        if self.run.is_some() {
            self.end_run(Some(key));
        }
        self.rows_seen += 1;
        self.progress.equal_rows += 1;
    }

    fn equal_rows(&mut self, rows: u64) {
        self.rows_seen += rows;
        self.progress.equal_rows += rows;
    }

    fn covered(&mut self, range: KeyRange, source: Digest) {
        // A run never crosses from one range to the next, since what follows it there is not known yet.
        let upper = range.upper.clone();
        self.end_run(upper.as_ref().map(Key::as_bytes));
        self.digest = self.digest.combine(source);
        self.progress.digest = self.progress.digest.combine(source);
        let at = crate::base::clock::Timestamp::default();
        if self.proofs.len() < PROOF_RANGES_MAX {
            self.proofs.push(ProofRange { range, digest: source, header: self.header.clone(), at });
        } else if let Some(last) = self.proofs.last_mut() {
            last.range.upper = range.upper;
            last.digest = last.digest.combine(source);
        }
    }

    async fn save(&mut self, context: &Context, remaining: &[KeyRange]) -> Flow<()> {
        self.progress.remaining = remaining.to_vec();
        let changes = self.changes();
        context.remember_soon(&changes)?;
        context.hub.report(Progress {
            table: self.table.clone(),
            phase: "find",
            rows_done: self.rows_seen,
            rows_total: self.rows_total,
            rows_read: self.rows_seen * 2,
            ..Progress::default()
        });
        context.control.safe_point(Some(&self.table)).await?;
        match self.source_age_max {
            Some(age_max) if !remaining.is_empty() => context.cap_source_age(age_max).await,
            _ => Ok(()),
        }
    }
}

/// Some keys of each kind, for an event.
pub fn samples(state: &dyn State, table: &str) -> Flow<Vec<SampleKey>> {
    let kinds = [FindingKind::Missing, FindingKind::Extra, FindingKind::Changed];
    let mut samples = Vec::new();
    for kind in kinds {
        for stored in state.findings(table, kind, 0, EVENT_SAMPLES_MAX / kinds.len())? {
            let key = match stored.finding {
                Finding::Row { key, .. } => key.to_string(),
                Finding::Run { range, rows, .. } => format!("{range} ({rows} rows)"),
            };
            samples.push(SampleKey { kind: kind.as_str(), key });
        }
    }
    Ok(samples)
}
