//! What is known of one table pair.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::limits::{BOARD_RANGES_MAX, EVENT_SAMPLES_MAX};
use crate::base::ring::Ring;
use crate::model::event::{ColumnFact, PlanFact, Progress, RangeFact, RangeVerdict, SampleKey};
use crate::model::outcome::{RowCounts, TableOutcome};

/// How far a table has come in the pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TableState {
    /// Nothing was heard of it yet.
    #[default]
    Waiting,
    /// Its plan is made.
    Planned,
    /// Its differences are searched for.
    Finding,
    /// Its differences are known.
    Found,
    /// A guard waits for a person.
    Held,
    /// Its differences are written.
    Applying,
    /// It ended; see [`TableFacts::outcome`].
    Finished,
}

impl TableState {
    /// The word in reports and on screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Planned => "planned",
            Self::Finding => "finding",
            Self::Found => "found",
            Self::Held => "held",
            Self::Applying => "applying",
            Self::Finished => "finished",
        }
    }
}

/// The row of a table pair.
#[derive(Debug, Clone, PartialEq)]
pub struct TableFacts {
    /// The pair's shown name.
    pub name: String,
    /// How far it has come.
    pub state: TableState,
    /// An operator asked it to wait.
    pub paused: bool,
    /// An operator asked to leave it alone in this pass.
    pub skipped: bool,
    /// Its columns, once paired.
    pub columns: Arc<[ColumnFact]>,
    /// What stands beside any verdict.
    pub inexact: Arc<[String]>,
    /// Its plan.
    pub plan: Option<Arc<PlanFact>>,
    /// Rows at the source, from the plan and then from the outcome.
    pub source_count: Option<u64>,
    /// Rows at the target, from the plan and then from the outcome.
    pub target_count: Option<u64>,
    /// The search for its differences.
    pub search: Option<SearchFacts>,
    /// The differences.
    pub found: Option<Arc<FoundFacts>>,
    /// The guard's refusal.
    pub hold: Option<HoldFacts>,
    /// Rows by what happened to them, in this pass.
    pub rows: RowCounts,
    /// Rows that foreign keys or triggers changed on top.
    pub cascaded: u64,
    /// Units committed.
    pub units: u64,
    /// Time spent in them, in whole microseconds.
    pub write_time: Duration,
    /// Rows that were parked to be tried again.
    pub parked: u64,
    /// Rows quarantined in this pass; in all, once the table ended.
    pub quarantined: u64,
    /// Errors in this pass.
    pub errors: u64,
    /// Why the full compare took over.
    pub fallback: Option<String>,
    /// The latest of the progress lane.
    pub progress: Option<ProgressFacts>,
    /// How it ended.
    pub outcome: Option<Arc<TableOutcome>>,
    /// When it was last found equal, in this or an earlier pass of this run.
    pub equal_at: Option<Timestamp>,
}

impl TableFacts {
    /// A table of which nothing is known but its name and when it was last equal.
    pub(super) fn waiting(name: &str, equal_at: Option<Timestamp>) -> Self {
        Self {
            name: name.to_owned(),
            state: TableState::Waiting,
            paused: false,
            skipped: false,
            columns: Arc::default(),
            inexact: Arc::default(),
            plan: None,
            source_count: None,
            target_count: None,
            search: None,
            found: None,
            hold: None,
            rows: RowCounts::default(),
            cascaded: 0,
            units: 0,
            write_time: Duration::ZERO,
            parked: 0,
            quarantined: 0,
            errors: 0,
            fallback: None,
            progress: None,
            outcome: None,
            equal_at,
        }
    }

    /// The one word that says how the table stands.
    pub fn word(&self) -> &str {
        if let Some(outcome) = &self.outcome {
            return outcome.verdict.as_str();
        }
        match (&self.progress, self.state) {
            _ if self.paused => "paused",
            (_, TableState::Held) => TableState::Held.as_str(),
            (Some(progress), _) if !progress.phase.is_empty() => &progress.phase,
            (_, state) => state.as_str(),
        }
    }

    /// Rows that are still to be written, as far as the differences are known.
    pub fn rows_to_sync(&self) -> Option<u64> {
        Some(self.found.as_ref()?.total().saturating_sub(self.rows.written()))
    }

    pub(super) fn search_mut(&mut self) -> &mut SearchFacts {
        self.search.get_or_insert_with(|| SearchFacts::new(String::new(), String::new()))
    }
}

/// A search for differences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchFacts {
    /// How differences are found.
    pub strategy: String,
    /// Why so.
    pub reason: String,
    /// The trail in the form of S4-028: a header line and a line of segments.
    pub trail: String,
    /// Levels.
    pub depth: u64,
    /// Splits.
    pub splits: u64,
    /// Queries.
    pub queries: u64,
    /// Differences found.
    pub found: u64,
    /// Differences expected from the counts.
    pub expected: u64,
    /// The ranges heard of last, each once.
    pub ranges: Ring<Arc<RangeRecord>>,
}

impl SearchFacts {
    pub(super) fn new(strategy: String, reason: String) -> Self {
        Self {
            strategy,
            reason,
            trail: String::new(),
            depth: 0,
            splits: 0,
            queries: 0,
            found: 0,
            expected: 0,
            ranges: Ring::new(BOARD_RANGES_MAX),
        }
    }

    /// The record of this range, new if it was not heard of yet.
    pub(super) fn range_mut(&mut self, range: &RangeFact) -> &mut RangeRecord {
        if !self.ranges.iter().any(|known| known.is_of(range)) {
            self.ranges.push(Arc::new(RangeRecord { range: range.clone(), pieces: None, verdict: None }));
        }
        let known = self.ranges.iter_mut().rev().find(|known| known.is_of(range));
        let record = Arc::make_mut(known.expect("it was there or has just been pushed"));
        record.range.clone_from(range);
        record
    }
}

/// A range of a search, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeRecord {
    /// The range.
    pub range: RangeFact,
    /// Into how many it was cut.
    pub pieces: Option<u64>,
    /// How it stands.
    pub verdict: Option<RangeVerdict>,
}

impl RangeRecord {
    fn is_of(&self, range: &RangeFact) -> bool {
        self.range.depth == range.depth && self.range.lower == range.lower && self.range.upper == range.upper
    }
}

/// The differences of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFacts {
    /// Rows missing at the target.
    pub missing: u64,
    /// Rows that differ.
    pub changed: u64,
    /// Rows extra at the target.
    pub extra: u64,
    /// Some keys, at most [`EVENT_SAMPLES_MAX`].
    pub samples: Vec<SampleKey>,
}

impl FoundFacts {
    pub(super) fn new(missing: u64, changed: u64, extra: u64, samples: &[SampleKey]) -> Self {
        let samples = samples.iter().take(EVENT_SAMPLES_MAX).cloned().collect();
        Self { missing, changed, extra, samples }
    }

    /// Differences in all.
    pub fn total(&self) -> u64 {
        self.missing.saturating_add(self.changed).saturating_add(self.extra)
    }
}

/// A guard's refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldFacts {
    /// The hold's id; none when the table only waits for another one.
    pub id: Option<String>,
    /// Why.
    pub reason: String,
    /// Rows that would be deleted.
    pub deletes: u64,
    /// An operator has let it through.
    pub approved: bool,
}

/// The latest on a table at work.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProgressFacts {
    /// The phase's word.
    pub phase: Cow<'static, str>,
    /// Rows done of the step at hand.
    pub rows_done: u64,
    /// Rows of the step at hand, as far as known.
    pub rows_total: u64,
    /// Rows read from both sides so far.
    pub rows_read: u64,
    /// Rows written so far.
    pub rows_written: u64,
    /// Bytes read from both sides so far.
    pub bytes_read: u64,
}

impl ProgressFacts {
    /// The facts of a progress report.
    pub fn of(progress: &Progress) -> Self {
        Self {
            phase: Cow::Borrowed(progress.phase),
            rows_done: progress.rows_done,
            rows_total: progress.rows_total,
            rows_read: progress.rows_read,
            rows_written: progress.rows_written,
            bytes_read: progress.bytes_read,
        }
    }

    /// Share of the step that is done, 0 to 1; none when its size is unknown.
    pub fn share(&self) -> Option<f64> {
        (self.rows_total > 0).then(|| (self.rows_done as f64 / self.rows_total as f64).min(1.0))
    }
}
