//! The words of the text log: the lines of one event.

use super::layout::counted;
use super::{TextOptions, summary, time};
use crate::base::clock::Timestamp;
use crate::base::escape::{visible, visible_short};
use crate::base::human;
use crate::base::limits::{LOG_REFUSALS_MAX, SHOWN_CHARS_MAX};
use crate::board::{BoardSnapshot, TableFacts};
use crate::model::command::Command;
use crate::model::event::{
    ColumnFact, Event, EventBody, Level, PlanFact, RangeFact, RangeVerdict, RunState, SampleKey,
};
use crate::model::outcome::{ErrorRecord, TableOutcome};

/// How S4-053 begins when the next run waits for a time of day.
const WAITING_UNTIL: &str = "Sync complete. Waiting until ";

/// What the log says of an event, escaped, a line each; nothing for what is only noise.
///
/// `facts` include the event; `state_before` is the run's state before it.
pub fn lines(
    event: &Event,
    facts: &BoardSnapshot,
    state_before: RunState,
    options: &TextOptions,
) -> Vec<String> {
    match &event.body {
        EventBody::RunStateChanged { state } => state_lines(*state, state_before, options),
        EventBody::PassStarted { job, pass, source, target, resumed, tables } => {
            let (job, source, target) = (visible(job), visible(source), visible(target));
            let resumed = if *resumed { " (continues an interrupted one)" } else { "" };
            let tables = counted(tables.len() as u64, "table", "tables");
            vec![format!("{job}: pass {pass}{resumed}, {tables}"), format!("{source} → {target}")]
        }
        EventBody::PhaseStarted { phase } => vec![format!("phase: {}", phase.as_str())],
        EventBody::ConnectionLost { side, attempt, retry_in_seconds } => vec![format!(
            "sync connection failed: {}, attempt {attempt} in {}",
            side.as_str(),
            summary::seconds(*retry_in_seconds)
        )],
        EventBody::ConnectionRestored { side } => vec![format!("{} is connected again", side.as_str())],
        EventBody::SleepStarted { reason, .. } | EventBody::SleepEnded { reason } => {
            reason.lines().map(visible).collect()
        }
        EventBody::SleepAdvanced { remaining_seconds } => {
            vec![sleep_line(facts, *remaining_seconds, event.at, options)]
        }
        EventBody::CommandAccepted { command } => vec![format!("{}: accepted", command_words(command))],
        EventBody::CommandRejected { command, reason } => {
            vec![format!("{}: rejected: {}", command_words(command), visible(reason))]
        }
        EventBody::MessageLogged { level, text, .. } => message_lines(*level, text, options),
        EventBody::ErrorOccurred { error } => error_lines(error, facts),
        EventBody::PassFinished { .. } => Vec::new(),
        of_a_table => table_lines(of_a_table, facts, options),
    }
}

fn table_lines(body: &EventBody, facts: &BoardSnapshot, options: &TextOptions) -> Vec<String> {
    let Some(table) = body.table().and_then(|name| facts.table(name)) else { return Vec::new() };
    match body {
        EventBody::TablePaired { columns, inexact, .. } => paired_lines(columns, inexact, options),
        EventBody::TablePlanned { plan, .. } => plan_lines(plan),
        EventBody::FindStarted { strategy, reason, .. } => {
            vec![format!("{}: {}", visible(strategy), visible(reason))]
        }
        EventBody::RangeSplit { range, pieces, .. } if options.verbose => {
            vec![format!("{} split into {pieces}", range_words(range))]
        }
        EventBody::RangeCompared { range, verdict, .. } if options.verbose => {
            vec![format!("{} {}", range_words(range), verdict_words(*verdict))]
        }
        EventBody::DifferencesFound { samples, .. } => found_lines(table, samples, options),
        EventBody::TableHeld { hold, reason, .. } => {
            let mut lines = vec![format!("HELD: {}", visible(reason))];
            if let Some(id) = hold {
                lines.push(format!(
                    "to let it through: {} --yes {}",
                    visible(&options.run_command),
                    visible(id)
                ));
            }
            lines
        }
        EventBody::UnitApplied { .. } => vec![progress_words(table)],
        // The first of a table tells the story; how many there were is in the outcome.
        EventBody::RowsParked { rows, reason, .. } if table.parked == *rows => {
            let rows = counted(*rows, "row", "rows");
            vec![format!("{rows} parked to be tried again: {}", visible(reason))]
        }
        EventBody::RowQuarantined { key, reason, .. } => refusal_lines(
            table.quarantined,
            vec![format!("quarantined: key {}: {}", shown(key), visible(reason))],
            "further quarantined rows are only counted",
        ),
        EventBody::FallbackStarted { reason, .. } => vec![fallback_words(reason)],
        EventBody::TableFinished { outcome } => outcome_lines(outcome, table),
        _ => Vec::new(),
    }
}

fn state_lines(state: RunState, before: RunState, options: &TextOptions) -> Vec<String> {
    let word = match state {
        RunState::Pausing => "pausing at the next safe point",
        RunState::Paused => "paused",
        RunState::Stopping => "stopping at the next safe point",
        RunState::Failed => "failed",
        RunState::Held => "held",
        RunState::Running if matches!(before, RunState::Paused | RunState::Pausing) => "running again",
        RunState::Starting if options.verbose => "starting",
        RunState::Running if options.verbose => "running",
        RunState::Sleeping if options.verbose => "sleeping",
        RunState::Finished if options.verbose => "finished",
        _ => return Vec::new(),
    };
    vec![word.to_owned()]
}

/// S4-053, in the form of the line that started the sleep.
fn sleep_line(facts: &BoardSnapshot, remaining_seconds: f64, at: Timestamp, options: &TextOptions) -> String {
    let hours = remaining_seconds / 3600.0;
    let sleep = facts.sleep.as_ref();
    match sleep.filter(|sleep| sleep.reason.starts_with(WAITING_UNTIL)) {
        Some(sleep) => {
            let [now, target] = [at, sleep.until].map(|at| time::minute_of_day(at, &options.zone));
            format!("Current time: {now}, target: {target} ({hours:.1} hours remaining)")
        }
        None => format!("Sleep progress: {remaining_seconds:.0} seconds remaining ({hours:.1} hours)"),
    }
}

fn message_lines(level: Level, text: &str, options: &TextOptions) -> Vec<String> {
    match level {
        Level::Debug if !options.verbose => Vec::new(),
        Level::Debug | Level::Info => vec![visible(text)],
        Level::Warning => vec![format!("warning: {}", visible(text))],
    }
}

fn paired_lines(columns: &[ColumnFact], inexact: &[String], options: &TextOptions) -> Vec<String> {
    let worth_a_line = |column: &&ColumnFact| {
        options.verbose || matches!(column.compatibility.as_str(), "lossy" | "impossible")
    };
    let column_words = |column: &ColumnFact| {
        let detail =
            column.detail.as_ref().map(|detail| format!(" ({})", visible(detail))).unwrap_or_default();
        format!(
            "{} {} → {} {}: {}{detail}",
            visible(&column.source),
            visible(&column.source_type),
            visible(&column.target),
            visible(&column.target_type),
            visible(&column.compatibility),
        )
    };
    let inexact = inexact.iter().map(|text| format!("not exact: {}", visible(text)));
    columns.iter().filter(worth_a_line).map(column_words).chain(inexact).collect()
}

/// The plan, the numbers that led to it, and what it is expected to cost.
pub fn plan_lines(plan: &PlanFact) -> Vec<String> {
    let steps = summary::plan_words(&plan.steps, &plan.strategy);
    let changed = plan.changed.map(|rows| format!(", {} changed", human::count(rows))).unwrap_or_default();
    let trusted = if plan.trusted { ", trusted" } else { "" };
    let mut lines = vec![
        format!("plan {steps}: {}", visible(&plan.reason)),
        format!(
            "source {}, target {}{changed}{trusted}",
            human::count(plan.source_count),
            human::count(plan.target_count),
        ),
    ];
    if !plan.steps.is_empty() {
        let (rows, bytes) = (counted(plan.estimated_rows, "row", "rows"), human::bytes(plan.estimated_bytes));
        let seconds = summary::seconds(plan.estimated_seconds);
        lines.push(format!("estimate: {rows} to read, {bytes}, {seconds}"));
    }
    if let Some(held) = &plan.held {
        lines.push(format!("would be held: {}", visible(held)));
    }
    lines
}

fn found_lines(table: &TableFacts, samples: &[SampleKey], options: &TextOptions) -> Vec<String> {
    let Some(found) = &table.found else { return Vec::new() };
    let mut lines = Vec::new();
    if let Some(search) = table.search.as_ref().filter(|search| search.depth > 0) {
        lines.extend(search.trail.lines().map(visible));
    }
    if found.total() == 0 {
        lines.push("no differences".to_owned());
        return lines;
    }
    let [missing, changed, extra] = [found.missing, found.changed, found.extra].map(human::count);
    lines.push(format!("{missing} missing, {changed} changed, {extra} extra"));
    lines.push(progress_words(table));
    if options.verbose {
        let words = |sample: &SampleKey| format!("{} {}", sample.kind, shown(&sample.key));
        lines.extend(samples.iter().map(words));
    }
    lines
}

/// S4-090.
fn progress_words(table: &TableFacts) -> String {
    let Some(to_sync) = table.rows_to_sync() else {
        return format!("records synced: {}", table.rows.written());
    };
    let all = table.source_count.max(table.target_count).unwrap_or(to_sync).max(to_sync);
    let synced = all - to_sync;
    format!("records to sync: {to_sync} / {all}, records synced: {synced} / {all}")
}

/// S4-065 and S4-091.
fn fallback_words(reason: &str) -> String {
    let reason = visible(reason);
    let known = ["falling back to full compare", "fallback full compare on mismatch"];
    if known.iter().any(|words| reason.contains(words)) {
        return reason;
    }
    let words = "Binary search failed, falling back to full compare";
    if reason.is_empty() { words.to_owned() } else { format!("{words}: {reason}") }
}

fn outcome_lines(outcome: &TableOutcome, table: &TableFacts) -> Vec<String> {
    let mut words = vec![format!("{}: {}", outcome.verdict.as_str(), summary::changes(outcome.rows))];
    if outcome.quarantined > 0 {
        words.push(format!("{} quarantined", human::count(outcome.quarantined)));
    }
    if outcome.errors > 0 {
        words.push(counted(outcome.errors, "error", "errors"));
    }
    words.push(summary::seconds(outcome.seconds));
    let mut lines = vec![words.join(", ")];
    lines.extend(outcome.inexact.iter().map(|text| format!("not exact: {}", visible(text))));
    // Why a table is held was said when it was held.
    lines.extend(outcome.message.iter().filter(|_| table.hold.is_none()).map(|text| visible(text)));
    lines
}

fn error_lines(error: &ErrorRecord, facts: &BoardSnapshot) -> Vec<String> {
    let key = error.key.as_ref().map(|key| format!(" key {}:", shown(key))).unwrap_or_default();
    let mut lines = vec![format!("error ({}):{key} {}", visible(&error.class), visible(&error.message))];
    lines.extend(error.hint.iter().map(|hint| format!("hint: {}", visible(hint))));
    let of_table = error.table.as_ref().and_then(|name| facts.table(name)).map(|table| table.errors);
    let count = of_table.unwrap_or_else(|| facts.errors.tallies.total());
    refusal_lines(count, lines, "further errors are only counted; the summary lists them")
}

/// `lines` for the first few, then once `further`, then nothing.
fn refusal_lines(count: u64, lines: Vec<String>, further: &str) -> Vec<String> {
    match count {
        0..=LOG_REFUSALS_MAX => lines,
        count if count == LOG_REFUSALS_MAX + 1 => vec![further.to_owned()],
        _ => Vec::new(),
    }
}

fn command_words(command: &Command) -> String {
    let name = command.name();
    let of = |table: &str| format!("{name} {}", visible(table));
    match command {
        Command::Pause { table } | Command::Resume { table } | Command::RetryQuarantined { table } => {
            table.as_deref().map_or_else(|| name.to_owned(), of)
        }
        Command::FullCompare { table } | Command::VerifyNow { table } | Command::SkipTable { table } => {
            of(table)
        }
        Command::ApproveHold { id } => of(id),
        Command::SetConcurrency { tables } => format!("{name} {tables}"),
        Command::SetRowsPerSecond { rows } => format!("{name} {rows}"),
        Command::SyncNow | Command::Drain | Command::Abort => name.to_owned(),
    }
}

fn range_words(range: &RangeFact) -> String {
    let bound = |bound: &Option<String>| bound.as_deref().map_or_else(|| "…".to_owned(), shown);
    let opens = if range.lower.is_some() { '[' } else { '(' };
    format!("range {opens}{}, {}) at depth {}", bound(&range.lower), bound(&range.upper), range.depth)
}

fn verdict_words(verdict: RangeVerdict) -> &'static str {
    match verdict {
        RangeVerdict::Equal => "is equal",
        RangeVerdict::Differs => "differs",
        RangeVerdict::LeafRead => "was read row by row",
        RangeVerdict::Unreadable => "could not be read",
    }
}

/// A key or another value in a line of its own width.
fn shown(text: &str) -> String {
    visible_short(text, SHOWN_CHARS_MAX)
}
