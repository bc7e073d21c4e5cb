//! `run` and `verify`: passes over the job, supervised and reported.

use std::io;

use crate::cli::args::{AdHocJob, Output, RunArguments};
use crate::cli::console::{self, AfterScreen};
use crate::cli::drive::{self, drive};
use crate::cli::error::{CliError, Result};
use crate::cli::log_reporter::LogReporter;
use crate::cli::output::{self, Format};
use crate::cli::reporting::AnyReporter;
use crate::cli::settings::{Asked, Resolved, resolve, shown};
use crate::cli::surroundings::Surroundings;
use crate::cli::wiring::{Access, open_job};
use crate::engine::{Approvals, PassOptions, Purpose};
use crate::model::outcome::{Exit, PassSummary};
use crate::model::settings::Repeat;
use crate::report::{JsonReporter, Reporter, RunEnd, SilentReporter, TextReporter};
use crate::tui::ConsoleSetup;

/// Makes the target equal: one pass, or passes for ever; on the console when that is asked for, or `preferred`.
pub fn run(arguments: &RunArguments, preferred: bool, around: &Surroundings) -> Result<Exit> {
    with_json_errors(&arguments.output, || {
        let asked = Asked { job: Some(&arguments.job), screen: Some(&arguments.screen), ..Asked::default() };
        let resolved = resolve(asked, around)?;
        let settings = &resolved.loaded.settings;
        let pass = &arguments.pass;
        let purpose = match (settings.only_sync_plan, pass.dry_run || resolved.readonly) {
            (true, _) => Purpose::Plan,
            (false, true) => Purpose::Rehearse,
            (false, false) => Purpose::Sync,
        };
        let once = pass.once || purpose != Purpose::Sync || settings.schedule.repeat == Repeat::Once;
        let options = PassOptions {
            purpose,
            tables: resolved.tables.clone(),
            full_compare: pass.full_compare,
            approvals: approvals(pass.yes.as_deref(), once)?,
        };
        let access = if purpose == Purpose::Sync { Access::Write } else { Access::Look };
        let console = console::setup(&resolved, &arguments.output, preferred, around)?;
        Ok(run_pass(&resolved, access, &options, once, &arguments.output, console, around)?.0)
    })
}

/// Proves equality and stores the proof.
pub fn verify(arguments: &AdHocJob, around: &Surroundings) -> Result<Exit> {
    with_json_errors(&arguments.output, || {
        let asked = Asked { job: Some(&arguments.job), urls: arguments.urls.both(), ..Asked::default() };
        let resolved = resolve(asked, around)?;
        let options = PassOptions {
            purpose: Purpose::Verify,
            tables: resolved.tables.clone(),
            ..PassOptions::default()
        };
        Ok(run_pass(&resolved, Access::Prove, &options, true, &arguments.output, None, around)?.0)
    })
}

/// What `--yes` lets through. Nobody is there to look at what a schedule would approve by itself.
fn approvals(yes: Option<&[String]>, once: bool) -> Result<Approvals> {
    match yes {
        None => Ok(Approvals::None),
        Some([]) if !once => {
            Err(CliError::usage("--yes without an ID would approve every hold of a schedule")
                .hint("name the hold: --yes ID, as the last pass and `syncline status` show it")
                .hint("or run one pass: --once --yes"))
        }
        Some([]) => Ok(Approvals::Recorded),
        Some(ids) => Ok(Approvals::Ids(ids.to_vec())),
    }
}

/// Opens the job, runs it and reports as the mode says; returns the last pass's summary, too, when there was one.
pub fn run_pass(
    resolved: &Resolved,
    access: Access,
    options: &PassOptions,
    once: bool,
    output: &Output,
    console: Option<ConsoleSetup>,
    around: &Surroundings,
) -> Result<(Exit, Option<PassSummary>)> {
    output::warn(&resolved.loaded.warnings);
    let mode = output::format(output.mode);
    let log_is_told = output.verbose && mode == Format::Text && console.is_none();
    let opened = open_job(resolved, access, log_is_told, around)?;
    let mut reporters: Vec<AnyReporter> = vec![match &console {
        Some(_) => Box::new(AfterScreen::new(text_options(resolved, output.verbose, around))),
        None => reporter(resolved, output, around),
    }];
    if opened.log.is_some() {
        reporters.push(Box::new(LogReporter::new(text_options(resolved, output.verbose, around))));
    }
    let (exit, summary) = drive::block_on(around, drive(&opened.job, options, once, reporters, console))?;
    if let (Some(log), Exit::Stopped | Exit::Bug) = (&opened.log, exit) {
        output::tell(&format!("log: {}", shown(log.path())));
    }
    Ok((exit, summary))
}

fn reporter(resolved: &Resolved, output: &Output, around: &Surroundings) -> AnyReporter {
    match output::format(output.mode) {
        Format::Json => Box::new(JsonReporter::new(output::stdout(), &resolved.loaded.settings.name)),
        Format::Silent => Box::new(SilentReporter),
        Format::Text => {
            Box::new(TextReporter::new(output::stdout(), text_options(resolved, output.verbose, around)))
        }
    }
}

fn text_options(resolved: &Resolved, verbose: bool, around: &Surroundings) -> crate::report::TextOptions {
    crate::report::TextOptions {
        error_count_max: resolved.loaded.settings.limits.max_error_count,
        ..output::text_options(around, verbose, &resolved.run_command)
    }
}

/// In JSON mode a script gets a header and a summary even when no pass could begin.
fn with_json_errors(output: &Output, command: impl FnOnce() -> Result<Exit>) -> Result<Exit> {
    let result = command();
    if let Err(error) = &result
        && output::format(output.mode) == Format::Json
    {
        let end = RunEnd { exit: error.exit, error: Some(error.record()) };
        let reported: io::Result<()> = JsonReporter::new(output::stdout(), "").finish(&end);
        // Standard error says the same in any case.
        drop(reported);
    }
    result
}
