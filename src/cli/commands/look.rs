//! `history` and `status`: what the job remembers, read while another process may run it.

use std::collections::BTreeSet;
use std::io;

use crate::board::Board;
use crate::cli::args::{HistoryArguments, JobOnly};
use crate::cli::error::{CliError, Result};
use crate::cli::output::{self, Format};
use crate::cli::settings::{Asked, Resolved, resolve};
use crate::cli::surroundings::Surroundings;
use crate::cli::wiring;
use crate::config::SecretPolicy;
use crate::model::outcome::Exit;
use crate::report::history;
use crate::report::status::{self, JobStatus, TableStatus};
use crate::report::summary;
use crate::state::sqlite::SqliteState;
use crate::state::{PassRecord, QuarantineFilter, State};

/// Shows past passes, or the summary of one.
pub fn history(arguments: &HistoryArguments, around: &Surroundings) -> Result<Exit> {
    let asked = Asked { job: Some(&arguments.job), secrets: SecretPolicy::Leave, ..Asked::default() };
    let resolved = resolve(asked, around)?;
    let state = wiring::look_at_state(&resolved, around)?;
    let passes = match (&state, arguments.pass) {
        (None, None) => Vec::new(),
        (None, Some(number)) => return Err(not_kept(number, &[])),
        (Some(state), None) => state.history(arguments.limit as usize)?,
        (Some(state), Some(number)) => vec![one_pass(state, number)?],
    };
    let text = output::text_options(around, arguments.output.verbose, &resolved.run_command);
    let mut out = output::stdout();
    let written = match (output::format(arguments.output.mode), &passes[..]) {
        (Format::Silent, _) => Ok(()),
        (Format::Json, passes) => history::write_json(&mut out, passes),
        (Format::Text, [pass]) if arguments.pass.is_some() => {
            let facts = Board::new(text.error_count_max);
            summary::write(&mut out, &pass.summary, facts.facts(), &text)
        }
        (Format::Text, passes) => history::write_text(&mut out, passes, &text),
    };
    output::written(written, "write the history", Exit::Done)
}

fn one_pass(state: &SqliteState, number: u64) -> Result<PassRecord> {
    let mut passes = state.history(usize::MAX)?;
    match passes.iter().position(|pass| pass.summary.pass == number) {
        Some(position) => Ok(passes.swap_remove(position)),
        None => Err(not_kept(number, &passes)),
    }
}

fn not_kept(number: u64, newest_first: &[PassRecord]) -> CliError {
    let kept = match newest_first {
        [] => "no pass has ended yet".to_owned(),
        [newest, .., oldest] => format!("passes {} to {} are kept", oldest.summary.pass, newest.summary.pass),
        [only] => format!("only pass {} is kept", only.summary.pass),
    };
    CliError::usage(format!("pass {number} is not in the history")).hint(kept)
}

/// Shows where the job stands.
pub fn status(arguments: &JobOnly, around: &Surroundings) -> Result<Exit> {
    let asked = Asked { job: Some(&arguments.job), secrets: SecretPolicy::Leave, ..Asked::default() };
    let resolved = resolve(asked, around)?;
    let status = job_status(&resolved, around)?;
    let text = output::text_options(around, arguments.output.verbose, &resolved.run_command);
    let mut out = output::stdout();
    let written: io::Result<()> = match output::format(arguments.output.mode) {
        Format::Silent => Ok(()),
        Format::Json => status::write_json(&mut out, &status),
        Format::Text => status::write_text(&mut out, &status, &text),
    };
    output::written(written, "write the status", Exit::Done)
}

fn job_status(resolved: &Resolved, around: &Surroundings) -> Result<JobStatus> {
    let job = resolved.loaded.settings.name.clone();
    let running = wiring::is_running(resolved, around)?;
    let Some(state) = wiring::look_at_state(resolved, around)? else {
        let (unfinished, last, tables, holds) = (None, None, Vec::new(), Vec::new());
        return Ok(JobStatus { job, running, unfinished, last, tables, holds });
    };
    let last = state.history(1)?.into_iter().next();
    let mut tables = Vec::new();
    for name in table_names(resolved, last.as_ref(), &state)? {
        let memory = state.table_memory(&name)?;
        let quarantined = state.quarantine_count(&name)?;
        tables.push(TableStatus { name, memory, quarantined });
    }
    let unfinished = state.interrupted_pass()?;
    Ok(JobStatus { job, running, unfinished, last, tables, holds: state.holds()? })
}

/// The tables of the last pass in their order, then those that are configured, held or quarantined besides.
fn table_names(resolved: &Resolved, last: Option<&PassRecord>, state: &dyn State) -> Result<Vec<String>> {
    let mut names: Vec<String> =
        last.iter().flat_map(|last| &last.summary.tables).map(|table| table.name.clone()).collect();
    let mut others: BTreeSet<String> =
        resolved.loaded.settings.tables.iter().map(|table| table.name.clone()).collect();
    others.extend(state.holds()?.into_iter().map(|hold| hold.table));
    others.extend(state.interrupted_pass()?.into_iter().flat_map(|pass| pass.finished_tables));
    others.extend(state.quarantine(&QuarantineFilter::default())?.into_iter().map(|row| row.table));
    names.extend(others.into_iter().filter(|name| !names.contains(name)).collect::<Vec<_>>());
    if !resolved.tables.is_empty() {
        names.retain(|name| resolved.tables.contains(name));
    }
    Ok(names)
}
