//! What is known of a running job at one moment.

use std::sync::Arc;
use std::time::Duration;

use super::table::TableFacts;
use crate::base::clock::Timestamp;
use crate::base::limits::{BOARD_ERRORS_MAX, BOARD_MESSAGES_MAX};
use crate::base::ring::Ring;
use crate::model::event::{Level, Phase, RunState, Side};
use crate::model::outcome::{ErrorRecord, PassSummary, Verdict};

/// All facts after the event numbered [`Self::seq`].
///
/// Tables and records are shared, so that a copy costs a counter for each, not their content.
#[derive(Debug, Clone, PartialEq)]
pub struct BoardSnapshot {
    /// The last event taken in; 0 before the first.
    pub seq: u64,
    /// When that event happened.
    pub at: Timestamp,
    /// Events that never arrived.
    pub missed: u64,
    /// The job.
    pub job: String,
    /// Where rows come from, without secrets.
    pub source: String,
    /// Where they go.
    pub target: String,
    /// The state word.
    pub state: RunState,
    /// Since when.
    pub state_at: Timestamp,
    /// The pass under way or last ended.
    pub pass: Option<PassFacts>,
    /// The phase under way; the first ones come before the pass has its number.
    pub phase: Option<Phase>,
    /// When that phase began.
    pub phase_at: Timestamp,
    /// A pass has begun but has not said its number and its tables yet; what is heard meanwhile belongs to it.
    pub opening: bool,
    /// One row a table pair, in working order.
    pub tables: Vec<Arc<TableFacts>>,
    /// Events of tables beyond [`crate::base::limits::BOARD_TABLES_MAX`], which have no row.
    pub tables_dropped: u64,
    /// Errors.
    pub errors: ErrorFacts,
    /// The source, when it is lost.
    pub source_lost: Option<LostFacts>,
    /// The target, when it is lost.
    pub target_lost: Option<LostFacts>,
    /// The sleep, while there is one.
    pub sleep: Option<SleepFacts>,
    /// Tables side by side, when a command has changed it.
    pub concurrency: Option<usize>,
    /// Most rows written a second (0 = no limit), when a command has changed it.
    pub rows_per_second: Option<u64>,
    /// Log lines, the newest.
    pub messages: Ring<Arc<LoggedMessage>>,
    /// How the last finished pass ended.
    pub last_summary: Option<Arc<PassSummary>>,
}

impl BoardSnapshot {
    /// Nothing known yet; errors are counted against `error_count_max` a pass.
    pub(super) fn empty(error_count_max: u64) -> Self {
        Self {
            seq: 0,
            at: Timestamp::default(),
            missed: 0,
            job: String::new(),
            source: String::new(),
            target: String::new(),
            state: RunState::default(),
            state_at: Timestamp::default(),
            pass: None,
            phase: None,
            phase_at: Timestamp::default(),
            opening: false,
            tables: Vec::new(),
            tables_dropped: 0,
            errors: ErrorFacts {
                tallies: ErrorTallies::default(),
                error_count_max,
                records: Ring::new(BOARD_ERRORS_MAX),
            },
            source_lost: None,
            target_lost: None,
            sleep: None,
            concurrency: None,
            rows_per_second: None,
            messages: Ring::new(BOARD_MESSAGES_MAX),
            last_summary: None,
        }
    }

    /// The facts of a table.
    pub fn table(&self, name: &str) -> Option<&TableFacts> {
        self.tables.iter().map(Arc::as_ref).find(|table| table.name == name)
    }

    /// Holds of this pass that wait for a person, in working order.
    pub fn waiting_holds(&self) -> impl Iterator<Item = &TableFacts> {
        self.tables.iter().map(Arc::as_ref).filter(|table| {
            let waits = table.hold.as_ref().is_some_and(|hold| hold.id.is_some() && !hold.approved);
            let over = table.outcome.as_ref().is_some_and(|outcome| outcome.verdict != Verdict::Held);
            waits && !over
        })
    }

    /// What is known of a lost side; none while it is connected.
    pub fn lost(&self, side: Side) -> Option<&LostFacts> {
        match side {
            Side::Source => self.source_lost.as_ref(),
            Side::Target => self.target_lost.as_ref(),
        }
    }
}

/// A pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassFacts {
    /// Its number in the job's life.
    pub number: u64,
    /// Whether it continues an interrupted one.
    pub resumed: bool,
    /// When it began in this process.
    pub started_at: Timestamp,
    /// When the pass ended.
    pub finished_at: Option<Timestamp>,
}

/// Errors, counted for the pass under way and remembered across passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorFacts {
    /// Errors of this pass by class; those of a table are in its own row.
    pub tallies: ErrorTallies,
    /// Errors in a pass that stop the run.
    pub error_count_max: u64,
    /// The newest errors.
    pub records: Ring<Arc<LoggedError>>,
}

/// How many errors of each class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ErrorTallies {
    pub connection: u64,
    pub schema: u64,
    pub data: u64,
    pub logic: u64,
    pub guard: u64,
    pub other: u64,
}

impl ErrorTallies {
    /// Counts one error of this class in.
    pub fn add(&mut self, class: &str) {
        *match class {
            "connection" => &mut self.connection,
            "schema" => &mut self.schema,
            "data" => &mut self.data,
            "logic" => &mut self.logic,
            "guard" => &mut self.guard,
            _ => &mut self.other,
        } += 1;
    }

    /// Class words with their counts, in the order of the documentation.
    pub fn by_class(&self) -> [(&'static str, u64); 6] {
        [
            ("connection", self.connection),
            ("schema", self.schema),
            ("data", self.data),
            ("logic", self.logic),
            ("guard", self.guard),
            ("other", self.other),
        ]
    }

    /// Errors in all.
    pub fn total(&self) -> u64 {
        self.by_class().iter().map(|(_, count)| count).sum()
    }
}

/// An error with its place in the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedError {
    /// Number of its event.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The error.
    pub error: ErrorRecord,
}

/// A log line with its place in the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedMessage {
    /// Number of its event.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// How loud.
    pub level: Level,
    /// The table, when one is concerned.
    pub table: Option<String>,
    /// The line.
    pub text: String,
}

/// A side that was lost.
#[derive(Debug, Clone, PartialEq)]
pub struct LostFacts {
    /// When the last attempt failed.
    pub at: Timestamp,
    /// Which attempt comes next.
    pub attempt: u64,
    /// How many seconds after [`Self::at`] it comes.
    pub retry_in_seconds: f64,
}

/// A sleep between passes.
#[derive(Debug, Clone, PartialEq)]
pub struct SleepFacts {
    /// When it began.
    pub started_at: Timestamp,
    /// When the next pass starts.
    pub until: Timestamp,
    /// Why then.
    pub reason: String,
    /// What remained at the last look at the clock.
    pub remaining: Duration,
    /// When that look was.
    pub advanced_at: Timestamp,
}
