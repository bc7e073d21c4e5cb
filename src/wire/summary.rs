//! The summary of a pass: the last line of `--mode json`.

use serde::{Deserialize, Serialize};

use super::form::{Form, Seconds, form, unknown, words};
use super::{SCHEMA, WireError, check_schema};
use crate::board::BoardSnapshot;
use crate::model::outcome::{ErrorRecord, Exit, Metrics, PassSummary, RowCounts, TableOutcome, Verdict};

/// How a pass ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SummaryForm {
    #[serde(rename = "type")]
    kind: Kind,
    schema: u32,
    job: String,
    pass: u64,
    exit_code: u8,
    seconds: Seconds,
    tables: Vec<TableForm>,
    error_count: u64,
    errors: Vec<ErrorForm>,
    holds: Vec<HoldForm>,
    metrics: MetricsForm,
    notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "summary")]
    Summary,
}

impl SummaryForm {
    /// With the holds that wait for a person, as folded from the pass's events.
    #[must_use]
    pub fn with_holds(mut self, facts: &BoardSnapshot) -> Self {
        self.holds = facts
            .waiting_holds()
            .filter_map(|table| {
                let hold = table.hold.as_ref()?;
                Some(HoldForm {
                    id: hold.id.clone()?,
                    table: table.name.clone(),
                    reason: hold.reason.clone(),
                    deletes: hold.deletes,
                })
            })
            .collect();
        self
    }
}

impl Form<PassSummary> for SummaryForm {
    fn of(model: &PassSummary) -> Self {
        Self {
            kind: Kind::Summary,
            schema: SCHEMA,
            job: model.job.clone(),
            pass: model.pass,
            exit_code: model.exit.code(),
            seconds: Form::of(&model.seconds),
            tables: Form::of(&model.tables),
            error_count: model.error_count,
            errors: Form::of(&model.errors),
            holds: Vec::new(),
            metrics: Form::of(&model.metrics),
            notes: model.notes.clone(),
        }
    }

    fn into_model(self) -> Result<PassSummary, WireError> {
        check_schema("a summary", self.schema)?;
        let known = Exit::from_code(self.exit_code);
        Ok(PassSummary {
            job: self.job,
            pass: self.pass,
            exit: known.ok_or_else(|| unknown("an exit code", &self.exit_code.to_string()))?,
            seconds: self.seconds.into_model()?,
            tables: self.tables.into_model()?,
            errors: self.errors.into_model()?,
            error_count: self.error_count,
            metrics: self.metrics.into_model()?,
            notes: self.notes,
        })
    }
}

words! {
    /// The last word on a table.
    VerdictForm of Verdict {
        Equal = "equal",
        Differs = "differs",
        Held = "held",
        Failed = "failed",
        NotCompared = "not-compared",
        Planned = "planned",
    }
}

/// How one table ended; the row counts stand beside the other fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableForm {
    name: String,
    plan: Vec<String>,
    strategy: String,
    reason: String,
    source_count: Option<u64>,
    target_count: Option<u64>,
    added: u64,
    modified: u64,
    deleted: u64,
    skipped: u64,
    quarantined: u64,
    errors: u64,
    verdict: VerdictForm,
    inexact: Vec<String>,
    message: Option<String>,
    seconds: Seconds,
}

impl Form<TableOutcome> for TableForm {
    fn of(model: &TableOutcome) -> Self {
        let RowCounts { added, modified, deleted, skipped } = model.rows;
        Self {
            name: model.name.clone(),
            plan: model.plan.clone(),
            strategy: model.strategy.clone(),
            reason: model.reason.clone(),
            source_count: model.source_count,
            target_count: model.target_count,
            added,
            modified,
            deleted,
            skipped,
            quarantined: model.quarantined,
            errors: model.errors,
            verdict: Form::of(&model.verdict),
            inexact: model.inexact.clone(),
            message: model.message.clone(),
            seconds: Form::of(&model.seconds),
        }
    }

    fn into_model(self) -> Result<TableOutcome, WireError> {
        let Self { added, modified, deleted, skipped, .. } = self;
        Ok(TableOutcome {
            name: self.name,
            plan: self.plan,
            strategy: self.strategy,
            reason: self.reason,
            source_count: self.source_count,
            target_count: self.target_count,
            rows: RowCounts { added, modified, deleted, skipped },
            quarantined: self.quarantined,
            errors: self.errors,
            verdict: self.verdict.into_model()?,
            inexact: self.inexact,
            message: self.message,
            seconds: self.seconds.into_model()?,
        })
    }
}

form! {
    /// One error.
    ErrorForm of ErrorRecord {
        class: String,
        table: Option<String>,
        key: Option<String>,
        message: String,
        hint: Option<String>,
    }
}

/// A plan that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct HoldForm {
    id: String,
    table: String,
    reason: String,
    deletes: u64,
}

form! {
    /// The measurements of a pass by the names of S4-080…082.
    #[serde(rename_all = "camelCase")]
    MetricsForm of Metrics {
        read_time_all: Seconds,
        write_time_all: Seconds,
        delete_time_all: Seconds,
        data_compare_time_all: Seconds,
        binary_search_time_all: Seconds,
        query_count_all: u64,
        record_count_all_tables: u64,
        record_count_all_added: u64,
        record_count_all_modified: u64,
        record_count_all_deleted: u64,
        record_count_all_skipped: u64,
        binary_search_count_all: u64,
        binary_search_iteration_count: u64,
        binary_search_query_count: u64,
        binary_search_max_depth_all: u64,
    }
}
