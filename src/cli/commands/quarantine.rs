//! `quarantine`: the rows that the target refused.

use std::collections::BTreeSet;

use super::run::run_pass;
use crate::base::escape::visible_short;
use crate::base::limits::{SHOWN_CHARS_MAX, STATE_PAGE_ROWS_MAX};
use crate::cli::args::{QuarantineDrop, QuarantineRows};
use crate::cli::error::{CliError, Result};
use crate::cli::output::{self, Format};
use crate::cli::settings::{Asked, Resolved, resolve};
use crate::cli::surroundings::Surroundings;
use crate::cli::wiring::{self, Access};
use crate::config::SecretPolicy;
use crate::engine::PassOptions;
use crate::model::outcome::Exit;
use crate::report::quarantine as report;
use crate::state::{QuarantineFilter, QuarantinedRow, State, StateChange};

/// Lists refused rows.
pub fn list(arguments: &QuarantineRows, around: &Surroundings) -> Result<Exit> {
    show_as(arguments, around, report::write_list)
}

/// Shows everything known of refused rows.
pub fn show(arguments: &QuarantineRows, around: &Surroundings) -> Result<Exit> {
    show_as(arguments, around, report::write_details)
}

type TextWriter =
    fn(&mut dyn std::io::Write, &[QuarantinedRow], &crate::report::TextOptions) -> std::io::Result<()>;

fn show_as(arguments: &QuarantineRows, around: &Surroundings, write_text: TextWriter) -> Result<Exit> {
    let resolved = resolve_rows(arguments, SecretPolicy::Leave, around)?;
    let rows = match wiring::look_at_state(&resolved, around)? {
        Some(state) => wanted(&state, &resolved, &arguments.keys)?,
        None => match arguments.keys.first() {
            Some(key) => return Err(not_there(key)),
            None => Vec::new(),
        },
    };
    let text = output::text_options(around, arguments.output.verbose, &resolved.run_command);
    let mut out = output::stdout();
    let written = match output::format(arguments.output.mode) {
        Format::Silent => Ok(()),
        Format::Json => report::write_json(&mut out, &rows),
        Format::Text => write_text(&mut out, &rows, &text),
    };
    output::written(written, "write the quarantine", Exit::Done)
}

/// Has the rows tried again: marks them, then runs a pass over their tables.
pub fn retry(arguments: &QuarantineRows, around: &Surroundings) -> Result<Exit> {
    let resolved = resolve_rows(arguments, SecretPolicy::Fetch, around)?;
    refuse_readonly(&resolved)?;
    let tables: BTreeSet<String> = {
        let state = wiring::lock_state(&resolved, around)?;
        let rows = wanted(&state, &resolved, &arguments.keys)?;
        commit(&state, &rows, |row| StateChange::QuarantineRetryAsked {
            table: Some(row.table.clone()),
            key: Some(row.key.clone()),
        })?;
        rows.into_iter().map(|row| row.table).collect()
    };
    if tables.is_empty() {
        output::tell("no row is in quarantine");
        return Ok(Exit::Done);
    }
    let options = PassOptions { tables: tables.into_iter().collect(), ..PassOptions::default() };
    Ok(run_pass(&resolved, Access::Write, &options, true, &arguments.output, None, around)?.0)
}

/// Forgets the rows; what is still wrong is found anew by the next pass.
pub fn drop(arguments: &QuarantineDrop, around: &Surroundings) -> Result<Exit> {
    let rows = &arguments.rows;
    if rows.keys.is_empty() && rows.job.table.is_empty() && !arguments.all {
        return Err(
            CliError::usage("no row is named").hint("name keys or a table, or forget all of them: --all")
        );
    }
    let resolved = resolve_rows(rows, SecretPolicy::Leave, around)?;
    refuse_readonly(&resolved)?;
    let state = wiring::lock_state(&resolved, around)?;
    let dropped = wanted(&state, &resolved, &rows.keys)?;
    commit(&state, &dropped, |row| StateChange::QuarantineDropped {
        table: row.table.clone(),
        key: row.key.clone(),
    })?;
    output::tell(&format!("{} rows are forgotten", dropped.len()));
    Ok(Exit::Done)
}

fn resolve_rows(
    arguments: &QuarantineRows,
    secrets: SecretPolicy,
    around: &Surroundings,
) -> Result<Resolved> {
    resolve(Asked { job: Some(&arguments.job), secrets, ..Asked::default() }, around)
}

fn refuse_readonly(resolved: &Resolved) -> Result<()> {
    if resolved.readonly {
        return Err(
            CliError::usage("--readonly leaves the quarantine as it is").hint("look at it: quarantine list")
        );
    }
    Ok(())
}

fn commit(
    state: &dyn State,
    rows: &[QuarantinedRow],
    change: impl Fn(&QuarantinedRow) -> StateChange,
) -> Result<()> {
    for page in rows.chunks(STATE_PAGE_ROWS_MAX) {
        state.commit(&page.iter().map(&change).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// The refused rows of the named tables with the named keys; each key must be there.
fn wanted(state: &dyn State, resolved: &Resolved, keys: &[String]) -> Result<Vec<QuarantinedRow>> {
    let mut filter = QuarantineFilter { limit: STATE_PAGE_ROWS_MAX, ..QuarantineFilter::default() };
    let mut rows = Vec::new();
    loop {
        let page = state.quarantine(&filter)?;
        let Some(last) = page.last() else { break };
        filter.after = Some((last.table.clone(), last.key.clone()));
        rows.extend(page.into_iter().filter(|row| {
            (resolved.tables.is_empty() || resolved.tables.contains(&row.table))
                && (keys.is_empty() || keys.contains(&row.key.to_string()))
        }));
    }
    let is_found = |key: &&String| rows.iter().any(|row| row.key.to_string() == **key);
    match keys.iter().find(|key| !is_found(key)) {
        None => Ok(rows),
        Some(key) => Err(not_there(key)),
    }
}

fn not_there(key: &str) -> CliError {
    let key = visible_short(key, SHOWN_CHARS_MAX);
    CliError::usage(format!("no row with the key {key} is in quarantine"))
        .hint("see: syncline quarantine list")
}
