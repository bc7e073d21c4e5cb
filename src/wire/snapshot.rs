//! The form of a board snapshot: what an attached console gets first.

use serde::{Deserialize, Serialize};

use super::facts::{
    ColumnForm, LevelForm, PhaseForm, PlanForm, RangeForm, RangeVerdictForm, RowsForm, RunStateForm,
    SampleForm,
};
use super::form::{Form, Instant, Newest, Seconds, Shared, form, words};
use super::summary::{ErrorForm, SummaryForm, TableForm};
use super::{SCHEMA, WireError, check_schema};
use crate::base::limits::{BOARD_ERRORS_MAX, BOARD_MESSAGES_MAX, BOARD_RANGES_MAX};
use crate::board::{
    BoardSnapshot, ErrorFacts, ErrorTallies, FoundFacts, HoldFacts, LoggedError, LoggedMessage, LostFacts,
    PassFacts, ProgressFacts, RangeRecord, SearchFacts, SleepFacts, TableFacts, TableState,
};

/// All facts after the event numbered `seq`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotForm {
    #[serde(rename = "type")]
    kind: Kind,
    schema: u32,
    #[serde(flatten)]
    facts: FactsForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "snapshot")]
    Snapshot,
}

impl Form<BoardSnapshot> for SnapshotForm {
    fn of(model: &BoardSnapshot) -> Self {
        Self { kind: Kind::Snapshot, schema: SCHEMA, facts: Form::of(model) }
    }

    fn into_model(self) -> Result<BoardSnapshot, WireError> {
        check_schema("a snapshot", self.schema)?;
        self.facts.into_model()
    }
}

form! {
    /// The facts of a run.
    FactsForm of BoardSnapshot {
        seq: u64,
        at: Instant,
        missed: u64,
        job: String,
        source: String,
        target: String,
        state: RunStateForm,
        state_at: Instant,
        pass: Option<PassForm>,
        phase: Option<PhaseForm>,
        phase_at: Instant,
        opening: bool,
        tables: Vec<Shared<TableFactsForm>>,
        tables_dropped: u64,
        errors: ErrorsForm,
        source_lost: Option<LostForm>,
        target_lost: Option<LostForm>,
        sleep: Option<SleepForm>,
        concurrency: Option<usize>,
        rows_per_second: Option<u64>,
        messages: Newest<Shared<MessageForm>, BOARD_MESSAGES_MAX>,
        last_summary: Option<Shared<SummaryForm>>,
    }
}

form! {
    /// A pass.
    PassForm of PassFacts {
        number: u64,
        resumed: bool,
        started_at: Instant,
        finished_at: Option<Instant>,
    }
}

form! {
    /// Errors.
    ErrorsForm of ErrorFacts {
        tallies: TalliesForm,
        error_count_max: u64,
        records: Newest<Shared<LoggedErrorForm>, BOARD_ERRORS_MAX>,
    }
}

form! {
    /// How many errors of each class.
    TalliesForm of ErrorTallies {
        connection: u64,
        schema: u64,
        data: u64,
        logic: u64,
        guard: u64,
        other: u64,
    }
}

form! {
    /// An error with its place in the run.
    LoggedErrorForm of LoggedError {
        seq: u64,
        at: Instant,
        error: ErrorForm,
    }
}

form! {
    /// A log line with its place in the run.
    MessageForm of LoggedMessage {
        seq: u64,
        at: Instant,
        level: LevelForm,
        table: Option<String>,
        text: String,
    }
}

form! {
    /// A side that was lost.
    LostForm of LostFacts {
        at: Instant,
        attempt: u64,
        retry_in_seconds: Seconds,
    }
}

form! {
    /// A sleep between passes.
    SleepForm of SleepFacts {
        started_at: Instant,
        until: Instant,
        reason: String,
        #[serde(rename = "remaining_seconds")]
        remaining: Seconds,
        advanced_at: Instant,
    }
}

words! {
    /// How far a table has come.
    TableStateForm of TableState {
        Waiting = "waiting",
        Planned = "planned",
        Finding = "finding",
        Found = "found",
        Held = "held",
        Applying = "applying",
        Finished = "finished",
    }
}

form! {
    /// The row of a table pair.
    TableFactsForm of TableFacts {
        name: String,
        state: TableStateForm,
        paused: bool,
        skipped: bool,
        columns: Vec<ColumnForm>,
        inexact: Vec<String>,
        plan: Option<Shared<PlanForm>>,
        source_count: Option<u64>,
        target_count: Option<u64>,
        search: Option<SearchForm>,
        found: Option<Shared<FoundForm>>,
        hold: Option<HoldForm>,
        rows: RowsForm,
        cascaded: u64,
        units: u64,
        #[serde(rename = "write_seconds")]
        write_time: Seconds,
        parked: u64,
        quarantined: u64,
        errors: u64,
        fallback: Option<String>,
        progress: Option<ProgressForm>,
        outcome: Option<Shared<TableForm>>,
        equal_at: Option<Instant>,
    }
}

form! {
    /// A search for differences.
    SearchForm of SearchFacts {
        strategy: String,
        reason: String,
        trail: String,
        depth: u64,
        splits: u64,
        queries: u64,
        found: u64,
        expected: u64,
        ranges: Newest<Shared<RangeRecordForm>, BOARD_RANGES_MAX>,
    }
}

form! {
    /// A range of a search, and what became of it.
    RangeRecordForm of RangeRecord {
        range: RangeForm,
        pieces: Option<u64>,
        verdict: Option<RangeVerdictForm>,
    }
}

form! {
    /// The differences of a table.
    FoundForm of FoundFacts {
        missing: u64,
        changed: u64,
        extra: u64,
        samples: Vec<SampleForm>,
    }
}

form! {
    /// A guard's refusal.
    HoldForm of HoldFacts {
        id: Option<String>,
        reason: String,
        deletes: u64,
        approved: bool,
    }
}

form! {
    /// The latest on a table at work.
    ProgressForm of ProgressFacts {
        phase: String,
        rows_done: u64,
        rows_total: u64,
        rows_read: u64,
        rows_written: u64,
        bytes_read: u64,
    }
}
