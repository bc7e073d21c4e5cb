//! How a pass ended, in text: the same for every mode.

use std::io::{self, Write};
use std::time::Duration;

use super::TextOptions;
use super::layout::{Grid, Page, Title, counted};
use crate::base::escape::visible;
use crate::base::human;
use crate::board::BoardSnapshot;
use crate::model::outcome::{Exit, Metrics, PassSummary, RowCounts, TableOutcome, Verdict};

/// Writes the summary of a pass; `facts` are those folded from its events, for the holds that wait for a person.
pub fn write(
    out: &mut dyn Write,
    summary: &PassSummary,
    facts: &BoardSnapshot,
    options: &TextOptions,
) -> io::Result<()> {
    let mut page = Page::new(options.width);
    page.line("");
    page.line(&format!("{}, pass {}", visible(&summary.job), summary.pass));
    if !summary.tables.is_empty() {
        page.line("");
        page.grid(&tables(&summary.tables, facts));
        page.line("");
    }
    totals(&mut page, summary);
    measurements(&mut page, &summary.metrics);
    for note in &summary.notes {
        page.wrapped(0, &format!("note: {}", visible(note)));
    }
    errors(&mut page, summary, options);
    holds(&mut page, facts, options);
    page.line("");
    page.line(&exit_line(summary.exit));
    page.write_to(out)
}

/// `exit 4: held: a safety guard refused and waits for a person`
pub fn exit_line(exit: Exit) -> String {
    let meaning = match exit {
        Exit::Done => "all equal or all done",
        Exit::Remaining => "finished, but differences, failed tables or quarantined rows remain",
        Exit::Held => "held: a safety guard refused and waits for a person",
        Exit::Stopped => "stopped by an error or by an error threshold",
        Exit::Usage => "usage or configuration, nothing touched",
        Exit::Locked => "another process runs this job",
        Exit::BadState => "the state file is damaged or newer than this program",
        Exit::Interrupted => "interrupted (SIGINT)",
        Exit::Terminated => "terminated (SIGTERM)",
        Exit::Bug => "a bug in syncline",
    };
    format!("exit {}: {meaning}", exit.code())
}

/// `+10 ~4 -0`
pub fn changes(rows: RowCounts) -> String {
    let [added, modified, deleted] = [rows.added, rows.modified, rows.deleted].map(human::count);
    format!("+{added} ~{modified} -{deleted}")
}

/// A number of seconds from an outcome, which may be anything.
pub fn seconds(seconds: f64) -> String {
    human::duration(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// `add, incremental by digest search`
pub fn plan_words(steps: &[String], strategy: &str) -> String {
    let steps: Vec<String> = steps.iter().map(|step| visible(step)).collect();
    let steps = if steps.is_empty() { "no steps".to_owned() } else { steps.join(", ") };
    if strategy.is_empty() { steps } else { format!("{steps} by {}", visible(strategy)) }
}

fn tables(outcomes: &[TableOutcome], facts: &BoardSnapshot) -> Grid {
    let mut grid = Grid::new(&[
        Title::Left("table"),
        Title::Left("verdict"),
        Title::Right("source"),
        Title::Right("target"),
        Title::Right("+added"),
        Title::Right("~mod"),
        Title::Right("-del"),
        Title::Right("quar"),
        Title::Right("err"),
        Title::Right("time"),
    ]);
    let known = |rows: Option<u64>| rows.map_or_else(|| "?".to_owned(), human::count);
    for outcome in outcomes {
        grid.row([
            visible(&outcome.name),
            outcome.verdict.as_str().to_owned(),
            known(outcome.source_count),
            known(outcome.target_count),
            human::count(outcome.rows.added),
            human::count(outcome.rows.modified),
            human::count(outcome.rows.deleted),
            human::count(outcome.quarantined),
            human::count(outcome.errors),
            seconds(outcome.seconds),
        ]);
        let reason = visible(&outcome.reason);
        let separator = if reason.is_empty() { "" } else { ": " };
        grid.below(format!("{}{separator}{reason}", plan_words(&outcome.plan, &outcome.strategy)));
        for inexact in &outcome.inexact {
            grid.below(format!("not exact: {}", visible(inexact)));
        }
        // A hold that waits for a person is told below, with the command that lets it through.
        if let Some(message) = &outcome.message
            && !facts.waiting_holds().any(|table| table.name == outcome.name)
        {
            grid.below(visible(message));
        }
    }
    grid
}

const VERDICTS: [Verdict; 6] = [
    Verdict::Equal,
    Verdict::Differs,
    Verdict::Held,
    Verdict::Failed,
    Verdict::NotCompared,
    Verdict::Planned,
];

fn totals(page: &mut Page, summary: &PassSummary) {
    let tables = &summary.tables;
    let verdicts: Vec<String> = VERDICTS
        .into_iter()
        .map(|verdict| (verdict, tables.iter().filter(|table| table.verdict == verdict).count()))
        .filter(|&(_, count)| count > 0)
        .map(|(verdict, count)| format!("{count} {}", verdict.as_str()))
        .collect();
    let rows = tables.iter().fold(RowCounts::default(), |rows, table| rows.plus(table.rows));
    let quarantined = tables.iter().fold(0_u64, |sum, table| sum.saturating_add(table.quarantined));
    let separator = if verdicts.is_empty() { "" } else { ": " };
    let count = counted(tables.len() as u64, "table", "tables");
    page.wrapped(0, &format!("{count}{separator}{}", verdicts.join(", ")));
    page.wrapped(
        0,
        &format!(
            "{}, {} the same, {} quarantined, {} in {}",
            changes(rows),
            human::count(rows.skipped),
            human::count(quarantined),
            counted(summary.error_count, "error", "errors"),
            seconds(summary.seconds),
        ),
    );
}

fn measurements(page: &mut Page, metrics: &Metrics) {
    page.wrapped(
        0,
        &format!(
            "read {}, write {}, delete {}, compare {}, search {}",
            seconds(metrics.read_time_all),
            seconds(metrics.write_time_all),
            seconds(metrics.delete_time_all),
            seconds(metrics.data_compare_time_all),
            seconds(metrics.binary_search_time_all),
        ),
    );
    page.wrapped(
        0,
        &format!(
            "{}; {} with {} and {}, depth {}",
            counted(metrics.query_count_all, "query", "queries"),
            counted(metrics.binary_search_count_all, "search", "searches"),
            counted(metrics.binary_search_iteration_count, "range", "ranges"),
            counted(metrics.binary_search_query_count, "query", "queries"),
            metrics.binary_search_max_depth_all,
        ),
    );
}

/// S4-069 and S4-092.
fn errors(page: &mut Page, summary: &PassSummary, options: &TextOptions) {
    let count = summary.error_count.max(summary.errors.len() as u64);
    if count == 0 {
        return;
    }
    page.line("");
    let maximum = format!("maximum error count {} was reached", options.error_count_max);
    let said = summary.notes.iter().any(|note| note.contains(&maximum))
        || summary.errors.iter().any(|error| error.message.contains(&maximum));
    if summary.exit == Exit::Stopped && count >= options.error_count_max && !said {
        page.line(&maximum);
    }
    page.line(&format!("Sync completed with {count} errors:"));
    for (number, error) in (1..).zip(&summary.errors) {
        page.hanging(2, 5, &format!("{number}. {}", visible(&error.to_string())));
        if let Some(hint) = &error.hint {
            page.hanging(5, 5, &format!("hint: {}", visible(hint)));
        }
    }
    let left_out = count - summary.errors.len() as u64;
    if left_out > 0 {
        page.line(&format!("  … and {} more", human::count(left_out)));
    }
}

fn holds(page: &mut Page, facts: &BoardSnapshot, options: &TextOptions) {
    let mut first = true;
    for table in facts.waiting_holds() {
        let Some((hold, id)) = table.hold.as_ref().and_then(|hold| Some((hold, hold.id.as_ref()?))) else {
            continue;
        };
        if std::mem::take(&mut first) {
            page.line("");
            page.line("held until a person lets exactly this through:");
        }
        page.wrapped(2, &format!("{}: {}", visible(&table.name), visible(&hold.reason)));
        page.line(&format!("    {} --yes {}", visible(&options.run_command), visible(id)));
    }
}
