//! How a pass ended.

use serde::{Deserialize, Serialize};

use super::exact::Real;
use super::pass::RowCountsText;
use crate::model::outcome::{ErrorRecord, Exit, Metrics, PassSummary, TableOutcome, Verdict};

#[derive(Serialize, Deserialize)]
struct TableOutcomeText {
    name: String,
    plan: Vec<String>,
    strategy: String,
    reason: String,
    source_count: Option<u64>,
    target_count: Option<u64>,
    rows: RowCountsText,
    quarantined: u64,
    errors: u64,
    verdict: String,
    inexact: Vec<String>,
    message: Option<String>,
    seconds: Real,
}

impl From<&TableOutcome> for TableOutcomeText {
    fn from(outcome: &TableOutcome) -> Self {
        let outcome = outcome.clone();
        Self {
            name: outcome.name,
            plan: outcome.plan,
            strategy: outcome.strategy,
            reason: outcome.reason,
            source_count: outcome.source_count,
            target_count: outcome.target_count,
            rows: outcome.rows.into(),
            quarantined: outcome.quarantined,
            errors: outcome.errors,
            verdict: outcome.verdict.as_str().to_owned(),
            inexact: outcome.inexact,
            message: outcome.message,
            seconds: Real(outcome.seconds),
        }
    }
}

impl TryFrom<TableOutcomeText> for TableOutcome {
    type Error = String;

    fn try_from(text: TableOutcomeText) -> Result<Self, String> {
        Ok(Self {
            name: text.name,
            plan: text.plan,
            strategy: text.strategy,
            reason: text.reason,
            source_count: text.source_count,
            target_count: text.target_count,
            rows: text.rows.into(),
            quarantined: text.quarantined,
            errors: text.errors,
            verdict: Verdict::from_name(&text.verdict).ok_or("not a verdict")?,
            inexact: text.inexact,
            message: text.message,
            seconds: text.seconds.0,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct ErrorText {
    class: String,
    table: Option<String>,
    key: Option<String>,
    message: String,
    hint: Option<String>,
}

impl From<&ErrorRecord> for ErrorText {
    fn from(error: &ErrorRecord) -> Self {
        let ErrorRecord { class, table, key, message, hint } = error.clone();
        Self { class, table, key, message, hint }
    }
}

impl From<ErrorText> for ErrorRecord {
    fn from(text: ErrorText) -> Self {
        let ErrorText { class, table, key, message, hint } = text;
        Self { class, table, key, message, hint }
    }
}

#[derive(Serialize, Deserialize)]
struct MetricsText {
    read_time_all: Real,
    write_time_all: Real,
    delete_time_all: Real,
    data_compare_time_all: Real,
    binary_search_time_all: Real,
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

impl From<Metrics> for MetricsText {
    fn from(metrics: Metrics) -> Self {
        Self {
            read_time_all: Real(metrics.read_time_all),
            write_time_all: Real(metrics.write_time_all),
            delete_time_all: Real(metrics.delete_time_all),
            data_compare_time_all: Real(metrics.data_compare_time_all),
            binary_search_time_all: Real(metrics.binary_search_time_all),
            query_count_all: metrics.query_count_all,
            record_count_all_tables: metrics.record_count_all_tables,
            record_count_all_added: metrics.record_count_all_added,
            record_count_all_modified: metrics.record_count_all_modified,
            record_count_all_deleted: metrics.record_count_all_deleted,
            record_count_all_skipped: metrics.record_count_all_skipped,
            binary_search_count_all: metrics.binary_search_count_all,
            binary_search_iteration_count: metrics.binary_search_iteration_count,
            binary_search_query_count: metrics.binary_search_query_count,
            binary_search_max_depth_all: metrics.binary_search_max_depth_all,
        }
    }
}

impl From<MetricsText> for Metrics {
    fn from(text: MetricsText) -> Self {
        Self {
            read_time_all: text.read_time_all.0,
            write_time_all: text.write_time_all.0,
            delete_time_all: text.delete_time_all.0,
            data_compare_time_all: text.data_compare_time_all.0,
            binary_search_time_all: text.binary_search_time_all.0,
            query_count_all: text.query_count_all,
            record_count_all_tables: text.record_count_all_tables,
            record_count_all_added: text.record_count_all_added,
            record_count_all_modified: text.record_count_all_modified,
            record_count_all_deleted: text.record_count_all_deleted,
            record_count_all_skipped: text.record_count_all_skipped,
            binary_search_count_all: text.binary_search_count_all,
            binary_search_iteration_count: text.binary_search_iteration_count,
            binary_search_query_count: text.binary_search_query_count,
            binary_search_max_depth_all: text.binary_search_max_depth_all,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct SummaryText {
    job: String,
    pass: u64,
    exit_code: u8,
    seconds: Real,
    tables: Vec<TableOutcomeText>,
    errors: Vec<ErrorText>,
    error_count: u64,
    metrics: MetricsText,
    notes: Vec<String>,
}

/// How a pass ended.
pub(in crate::state::sqlite) mod summary {
    use super::{ErrorText, Exit, PassSummary, Real, SummaryText, TableOutcome, TableOutcomeText};
    use crate::state::sqlite::json;

    pub(in crate::state::sqlite) fn write(summary: &PassSummary) -> String {
        let PassSummary { job, pass, exit, seconds, tables, errors, error_count, metrics, notes } = summary;
        json::write(&SummaryText {
            job: job.clone(),
            pass: *pass,
            exit_code: exit.code(),
            seconds: Real(*seconds),
            tables: tables.iter().map(TableOutcomeText::from).collect(),
            errors: errors.iter().map(ErrorText::from).collect(),
            error_count: *error_count,
            metrics: (*metrics).into(),
            notes: notes.clone(),
        })
    }

    pub(in crate::state::sqlite) fn read(text: &str) -> Result<PassSummary, String> {
        let record: SummaryText = json::read(text)?;
        Ok(PassSummary {
            job: record.job,
            pass: record.pass,
            exit: Exit::from_code(record.exit_code).ok_or("not an exit code")?,
            seconds: record.seconds.0,
            tables: record.tables.into_iter().map(TableOutcome::try_from).collect::<Result<_, _>>()?,
            errors: record.errors.into_iter().map(Into::into).collect(),
            error_count: record.error_count,
            metrics: record.metrics.into(),
            notes: record.notes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_added_later_does_not_make_a_summary_unreadable() {
        let summary_then = PassSummary {
            job: "erp".to_owned(),
            pass: 3,
            exit: Exit::Remaining,
            seconds: 0.1 + 0.2,
            tables: Vec::new(),
            errors: vec![ErrorRecord {
                class: "data".to_owned(),
                table: None,
                key: None,
                message: "m".to_owned(),
                hint: None,
            }],
            error_count: 1,
            metrics: Metrics { read_time_all: f64::INFINITY, ..Metrics::default() },
            notes: Vec::new(),
        };
        let text = summary::write(&summary_then).replace('{', r#"{"added_later":[1],"#);
        assert!(text.matches("added_later").count() > 2);
        assert_eq!(summary::read(&text), Ok(summary_then));
    }

    #[test]
    fn words_and_numbers_of_no_meaning_are_refused() {
        let text = summary::write(&PassSummary {
            job: String::new(),
            pass: 1,
            exit: Exit::Done,
            seconds: 0.0,
            tables: Vec::new(),
            errors: Vec::new(),
            error_count: 0,
            metrics: Metrics::default(),
            notes: Vec::new(),
        });
        assert!(summary::read(&text.replace("\"exit_code\":0", "\"exit_code\":77")).is_err());
        assert!(summary::read(&text.replace("\"pass\":1", "\"pass\":-1")).is_err());
        assert!(summary::read(&text[1..]).is_err());
    }
}
