//! Everything anybody can see of a running engine.
//!
//! Two lanes: life-cycle [`Event`]s, per unit or range and never per row, numbered and lossless; and [`Progress`],
//! of which only the latest value for each table matters.

use super::command::Command;
use super::outcome::{ErrorRecord, PassSummary, RowCounts, TableOutcome};
use crate::base::clock::Timestamp;

/// A life-cycle event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Position in the run, from 1, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub body: EventBody,
}

/// What happened. Names are noun and past verb.
#[derive(Debug, Clone, PartialEq)]
pub enum EventBody {
    /// The run's state word changed.
    RunStateChanged {
        /// The new one.
        state: RunState,
    },
    /// A pass began.
    PassStarted {
        /// The job.
        job: String,
        /// Its number.
        pass: u64,
        /// Where rows come from, without secrets.
        source: String,
        /// Where they go.
        target: String,
        /// Whether an interrupted pass goes on.
        resumed: bool,
        /// Table pairs in working order.
        tables: Vec<String>,
    },
    /// A phase of the pass began.
    PhaseStarted {
        /// Which.
        phase: Phase,
    },
    /// A table's columns were paired.
    TablePaired {
        /// The table.
        table: String,
        /// `source → target`, types and compatibility, a line a column.
        columns: Vec<ColumnFact>,
        /// What stands beside any verdict.
        inexact: Vec<String>,
    },
    /// A table's plan was made.
    TablePlanned {
        /// The table.
        table: String,
        /// The plan.
        plan: PlanFact,
    },
    /// The search for differences began.
    FindStarted {
        /// The table.
        table: String,
        /// The strategy.
        strategy: String,
        /// Why this one.
        reason: String,
    },
    /// A range was cut.
    RangeSplit {
        /// The table.
        table: String,
        /// The range.
        range: RangeFact,
        /// Into how many.
        pieces: u64,
    },
    /// A range was judged.
    RangeCompared {
        /// The table.
        table: String,
        /// The range.
        range: RangeFact,
        /// How it stands.
        verdict: RangeVerdict,
    },
    /// A search moved on; its trail in the form of S4-028.
    SearchAdvanced {
        /// The table.
        table: String,
        /// The trail so far.
        trail: String,
        /// Levels.
        depth: u64,
        /// Splits.
        splits: u64,
        /// Queries.
        queries: u64,
        /// Differences found.
        found: u64,
        /// Differences expected from the counts.
        expected: u64,
    },
    /// The search of a table ended.
    DifferencesFound {
        /// The table.
        table: String,
        /// Rows missing at the target.
        missing: u64,
        /// Rows that differ.
        changed: u64,
        /// Rows extra at the target.
        extra: u64,
        /// Some keys, at most [`crate::base::limits::EVENT_SAMPLES_MAX`].
        samples: Vec<SampleKey>,
    },
    /// A guard refused a plan.
    TableHeld {
        /// The table.
        table: String,
        /// The hold's id, for `--yes ID`; none when it only waits for another table.
        hold: Option<String>,
        /// Why.
        reason: String,
        /// Rows that would be deleted.
        deletes: u64,
    },
    /// A unit was applied and committed.
    UnitApplied {
        /// The table.
        table: String,
        /// Rows by kind.
        rows: RowCounts,
        /// Rows that foreign keys or triggers changed on top.
        cascaded: u64,
        /// How long it took, in seconds.
        seconds: f64,
    },
    /// Writes were refused by a constraint that another write may satisfy, and will be tried again.
    RowsParked {
        /// The table.
        table: String,
        /// How many.
        rows: u64,
        /// What the database said of the first.
        reason: String,
    },
    /// A row was refused for good.
    RowQuarantined {
        /// The table.
        table: String,
        /// Its key.
        key: String,
        /// Why.
        reason: String,
    },
    /// The full compare takes over from a failed search.
    FallbackStarted {
        /// The table.
        table: String,
        /// Why.
        reason: String,
    },
    /// A table ended.
    TableFinished {
        /// How.
        outcome: TableOutcome,
    },
    /// Something failed; also counted in the tallies.
    ErrorOccurred {
        /// The error.
        error: ErrorRecord,
    },
    /// A side was lost and the engine waits to reconnect.
    ConnectionLost {
        /// `source` or `target`.
        side: Side,
        /// Which attempt comes next.
        attempt: u64,
        /// In how many seconds.
        retry_in_seconds: f64,
    },
    /// A lost side is back.
    ConnectionRestored {
        /// `source` or `target`.
        side: Side,
    },
    /// The engine sleeps until the next pass.
    SleepStarted {
        /// When the next pass starts.
        until: Timestamp,
        /// Why then, as in S4-053.
        reason: String,
    },
    /// A chunk of the sleep passed.
    SleepAdvanced {
        /// What remains, in seconds.
        remaining_seconds: f64,
    },
    /// The sleep ended.
    SleepEnded {
        /// By what.
        reason: String,
    },
    /// A command will be carried out.
    CommandAccepted {
        /// Which.
        command: Command,
    },
    /// A command will not be carried out.
    CommandRejected {
        /// Which.
        command: Command,
        /// Why.
        reason: String,
    },
    /// Something worth a line.
    MessageLogged {
        /// How loud.
        level: Level,
        /// The table, when one is concerned.
        table: Option<String>,
        /// The line, already escaped.
        text: String,
    },
    /// A pass ended.
    PassFinished {
        /// How.
        summary: PassSummary,
    },
}

impl EventBody {
    /// The table that this is about, when it is about one.
    pub fn table(&self) -> Option<&str> {
        match self {
            Self::TablePaired { table, .. }
            | Self::TablePlanned { table, .. }
            | Self::FindStarted { table, .. }
            | Self::RangeSplit { table, .. }
            | Self::RangeCompared { table, .. }
            | Self::SearchAdvanced { table, .. }
            | Self::DifferencesFound { table, .. }
            | Self::TableHeld { table, .. }
            | Self::UnitApplied { table, .. }
            | Self::RowsParked { table, .. }
            | Self::RowQuarantined { table, .. }
            | Self::FallbackStarted { table, .. } => Some(table),
            Self::TableFinished { outcome } => Some(&outcome.name),
            Self::ErrorOccurred { error } => error.table.as_deref(),
            Self::MessageLogged { table, .. } => table.as_deref(),
            Self::RunStateChanged { .. }
            | Self::PassStarted { .. }
            | Self::PhaseStarted { .. }
            | Self::ConnectionLost { .. }
            | Self::ConnectionRestored { .. }
            | Self::SleepStarted { .. }
            | Self::SleepAdvanced { .. }
            | Self::SleepEnded { .. }
            | Self::CommandAccepted { .. }
            | Self::CommandRejected { .. }
            | Self::PassFinished { .. } => None,
        }
    }
}

/// How loud a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Level {
    Debug,
    Info,
    Warning,
}

/// Which side of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Side {
    Source,
    Target,
}

impl Side {
    /// `source` or `target`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}

/// The state word of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub enum RunState {
    #[default]
    Starting,
    Running,
    Pausing,
    Paused,
    Sleeping,
    Held,
    Stopping,
    Failed,
    Finished,
}

/// The phases of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Phase {
    Initialise,
    Discover,
    Plan,
    Find,
    Guard,
    Apply,
    Verify,
    Report,
}

impl Phase {
    /// The word on screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initialise => "initialise",
            Self::Discover => "discover",
            Self::Plan => "plan",
            Self::Find => "find",
            Self::Guard => "guard",
            Self::Apply => "apply",
            Self::Verify => "verify",
            Self::Report => "report",
        }
    }
}

/// One column pair as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnFact {
    /// Column at the source.
    pub source: String,
    /// Column at the target.
    pub target: String,
    /// Declared type at the source.
    pub source_type: String,
    /// Declared type at the target.
    pub target_type: String,
    /// `exact`, `widening`, `lossy`, `impossible`.
    pub compatibility: String,
    /// What is lost.
    pub detail: Option<String>,
    /// How it is compared.
    pub form: String,
    /// Whether it is part of the key.
    pub key: bool,
}

/// A plan as shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlanFact {
    /// `add`, `delete`, `incremental`, `changed`.
    pub steps: Vec<String>,
    /// Why these steps.
    pub reason: String,
    /// Row of the decision table, 1 to 10; 0 when no row was asked.
    pub row: u8,
    /// Rows in scope at the source.
    pub source_count: u64,
    /// Rows in scope at the target.
    pub target_count: u64,
    /// Source rows changed since the watermark, when known.
    pub changed: Option<u64>,
    /// Whether the watermark is trusted.
    pub trusted: bool,
    /// How differences will be found.
    pub strategy: String,
    /// Why so.
    pub strategy_reason: String,
    /// Rows that will be read, estimated.
    pub estimated_rows: u64,
    /// Bytes that will be read, estimated.
    pub estimated_bytes: u64,
    /// Seconds it will take, estimated from measured rates.
    pub estimated_seconds: f64,
    /// Why it would be held, when that is known before searching.
    pub held: Option<String>,
    /// Whether rows are known to need writing.
    pub writes: bool,
}

/// A range as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeFact {
    /// Lower bound, or none when open.
    pub lower: Option<String>,
    /// Upper bound, or none when open.
    pub upper: Option<String>,
    /// Level in the search, from 0.
    pub depth: u64,
    /// Rows at the source, when known.
    pub source_rows: Option<u64>,
    /// Rows at the target, when known.
    pub target_rows: Option<u64>,
}

/// How a range stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum RangeVerdict {
    Equal,
    Differs,
    LeafRead,
    Unreadable,
}

/// A key with what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleKey {
    /// `missing`, `extra` or `changed`.
    pub kind: &'static str,
    /// The key, escaped.
    pub key: String,
}

/// The latest on a table at work.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// The table.
    pub table: String,
    /// The phase's word.
    pub phase: &'static str,
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
