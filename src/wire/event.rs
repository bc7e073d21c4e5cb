//! The form of events: the lines of `--mode json`, of a recording, and of what an attached console hears.

use serde::{Deserialize, Serialize};

use super::command::CommandForm;
use super::facts::{
    ColumnForm, LevelForm, PhaseForm, PlanForm, RangeForm, RangeVerdictForm, RowsForm, RunStateForm,
    SampleForm, SideForm,
};
use super::form::{Form, Instant, Seconds, unknown};
use super::summary::{ErrorForm, SummaryForm, TableForm};
use super::{WireError, json};
use crate::model::event::{Event, EventBody};

/// Declares the form of events: for each kind its name, and its fields with their forms.
macro_rules! events {
    ($($variant:ident = $name:literal { $($field:ident: $type:ty),* $(,)? },)+) => {
        /// An event.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "type")]
        #[expect(missing_docs, reason = "the same variants and fields as EventBody, each with seq and at")]
        pub enum EventForm {
            $(#[serde(rename = $name)] $variant { seq: u64, at: Instant, $($field: $type),* },)+
        }

        impl EventForm {
            /// The names of all kinds.
            pub const KINDS: &'static [&'static str] = &[$($name),+];
        }

        impl Form<Event> for EventForm {
            fn of(model: &Event) -> Self {
                let (seq, at) = (model.seq, Instant::of(&model.at));
                match &model.body {
                    $(EventBody::$variant { $($field),* } => {
                        Self::$variant { seq, at, $($field: Form::of($field)),* }
                    })+
                }
            }

            fn into_model(self) -> Result<Event, WireError> {
                match self {
                    $(Self::$variant { seq, at, $($field),* } => {
                        let body = EventBody::$variant { $($field: $field.into_model()?),* };
                        Ok(Event { seq, at: at.into_model()?, body })
                    })+
                }
            }
        }
    };
}

events! {
    RunStateChanged = "run-state-changed" { state: RunStateForm },
    PassStarted = "pass-started" {
        job: String,
        pass: u64,
        source: String,
        target: String,
        resumed: bool,
        tables: Vec<String>,
    },
    PhaseStarted = "phase-started" { phase: PhaseForm },
    TablePaired = "table-paired" { table: String, columns: Vec<ColumnForm>, inexact: Vec<String> },
    TablePlanned = "table-planned" { table: String, plan: Box<PlanForm> },
    FindStarted = "find-started" { table: String, strategy: String, reason: String },
    RangeSplit = "range-split" { table: String, range: RangeForm, pieces: u64 },
    RangeCompared = "range-compared" { table: String, range: RangeForm, verdict: RangeVerdictForm },
    SearchAdvanced = "search-advanced" {
        table: String,
        trail: String,
        depth: u64,
        splits: u64,
        queries: u64,
        found: u64,
        expected: u64,
    },
    DifferencesFound = "differences-found" {
        table: String,
        missing: u64,
        changed: u64,
        extra: u64,
        samples: Vec<SampleForm>,
    },
    TableHeld = "table-held" { table: String, hold: Option<String>, reason: String, deletes: u64 },
    UnitApplied = "unit-applied" { table: String, rows: RowsForm, cascaded: u64, seconds: Seconds },
    RowsParked = "rows-parked" { table: String, rows: u64, reason: String },
    RowQuarantined = "row-quarantined" { table: String, key: String, reason: String },
    FallbackStarted = "fallback-started" { table: String, reason: String },
    TableFinished = "table-finished" { outcome: Box<TableForm> },
    ErrorOccurred = "error-occurred" { error: ErrorForm },
    ConnectionLost = "connection-lost" { side: SideForm, attempt: u64, retry_in_seconds: Seconds },
    ConnectionRestored = "connection-restored" { side: SideForm },
    SleepStarted = "sleep-started" { until: Instant, reason: String },
    SleepAdvanced = "sleep-advanced" { remaining_seconds: Seconds },
    SleepEnded = "sleep-ended" { reason: String },
    CommandAccepted = "command-accepted" { command: CommandForm },
    CommandRejected = "command-rejected" { command: CommandForm, reason: String },
    MessageLogged = "message-logged" { level: LevelForm, table: Option<String>, text: String },
    PassFinished = "pass-finished" { summary: Box<SummaryForm> },
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    name: String,
}

pub(super) fn read(text: &str) -> Result<Event, WireError> {
    const WHAT: &str = "an event";
    let Kind { name } = json::read(WHAT, text)?;
    if !EventForm::KINDS.contains(&name.as_str()) {
        return Err(unknown(WHAT, &name));
    }
    json::read::<EventForm>(WHAT, text)?.into_model()
}
