//! `demo`: two databases with believable data, one of which drifted, and a pass that finds and repairs the drift.
//!
//! The source is a small ERP ([`erp`]), written through the store ([`fill`]); the target is a copy of it that lost
//! rows, kept others, and holds some in an older form ([`drift`]). Then the job in the folder is run exactly as
//! `syncline run` would, and what it found is held against what was made ([`tally`]).
//!
//! Does not belong here: anything that `run` does.
//!
//! Invariants: data follows from the seed alone; variables and files of the user that would change the job are not
//! read, so that a demo never touches another database; a folder that holds anything else is refused.

mod drift;
mod erp;
mod fill;
mod folder;
mod job;
mod schema;
mod tally;

use std::collections::BTreeMap;
use std::io::Write;

use super::args::{DemoArguments, JobArguments, Output};
use super::commands::run::run_pass;
use super::drive;
use super::error::{CliError, Result};
use super::output::{self, Format};
use super::settings::{Asked, Resolved, resolve, shown};
use super::surroundings::Surroundings;
use super::wiring::{self, Access};
use crate::base::human;
use crate::cli::console;
use crate::engine::{PassOptions, Purpose};
use crate::model::outcome::{Exit, PassSummary};
use drift::Differences;
use erp::Erp;
use folder::{Content, Folder};
use job::{Mark, Recipe};

/// The drift that was made, by table pair.
type Made = BTreeMap<String, Differences>;

/// Makes a demo, or takes the one that is there, and runs one pass over it.
pub fn demo(arguments: &DemoArguments, around: &Surroundings) -> Result<Exit> {
    let around = &undisturbed(around);
    let folder = Folder::open(arguments.dir.as_deref(), around)?;
    let asked = |default: Recipe| Recipe {
        rows: arguments.rows.unwrap_or(default.rows),
        seed: arguments.seed.unwrap_or(default.seed),
    };
    let recipe = match folder.content()? {
        Content::Nothing | Content::Demo(Mark::Unfinished) => Some(asked(Recipe::default())),
        Content::Demo(Mark::Finished(there)) if arguments.fresh => {
            if wiring::is_running(&resolved(&folder, around)?, around)? {
                return Err(CliError::locked(format!("a process runs the demo in {}", shown(folder.path()))));
            }
            Some(asked(there))
        }
        Content::Demo(Mark::Finished(there)) => {
            folder::check_recipe(there, asked(there), &folder)?;
            None
        }
    };
    let made = recipe.map(|recipe| make(&folder, recipe, &arguments.output, around)).transpose()?;
    let job = resolved(&folder, around)?;
    let options = PassOptions { purpose: Purpose::Sync, ..PassOptions::default() };
    let console = console::setup(&job, &arguments.output, true, around)?;
    let (exit, summary) = run_pass(&job, Access::Write, &options, true, &arguments.output, console, around)?;
    if let (Some(made), Some(summary)) = (&made, &summary) {
        compare(made, summary, &arguments.output)?;
    }
    say(&arguments.output, &format!("\nAgain, as a job of your own:\n  {}\n", job.run_command))?;
    Ok(exit)
}

/// Variables that tell of the terminal.
const TERMINAL: [&str; 8] =
    ["TERM", "COLORTERM", "NO_COLOR", "LANG", "LC_ALL", "LC_CTYPE", "SSH_CONNECTION", "COLUMNS"];

/// Without variables of ours and without the user's own configuration: they are meant for other jobs.
fn undisturbed(around: &Surroundings) -> Surroundings {
    let kept = |name: &str| name == "TMPDIR" || TERMINAL.contains(&name);
    let environment = around.environment.iter().filter(|(name, _)| kept(name));
    Surroundings {
        environment: environment.map(|(name, value)| (name.clone(), value.clone())).collect(),
        folder: around.folder.clone(),
        clock: around.clock.clone(),
        zone: around.zone.clone(),
        columns: around.columns,
    }
}

/// The demo's job, with its state in the same folder.
fn resolved(folder: &Folder, around: &Surroundings) -> Result<Resolved> {
    let job = JobArguments {
        config: vec![folder.configuration()],
        state_dir: Some(folder.state()),
        ..JobArguments::default()
    };
    resolve(Asked { job: Some(&job), ..Asked::default() }, around)
}

/// Makes both databases and the configuration.
fn make(folder: &Folder, recipe: Recipe, output: &Output, around: &Surroundings) -> Result<Made> {
    let started = around.clock.elapsed();
    say(output, &format!("A small ERP and a copy of it that drifted, in {}\n", shown(folder.path())))?;
    folder.clear()?;
    folder.configure(&job::unfinished())?;
    let erp = Erp::of_rows(recipe.rows, recipe.seed);
    let (rows, made) = drive::block_on(around, async {
        let (rows, drift) = fill::make_source(&folder.source(), &erp).await?;
        fill::make_target(&folder.source(), &folder.target(), &drift).await?;
        Ok((rows, drift.into_made()))
    })?;
    folder.configure(&job::finished(recipe))?;
    let all = tally::sum(&made);
    let [missing, changed, extra] = [all.missing, all.changed, all.extra].map(human::count);
    let (rows, took) = (human::count(rows), human::duration(around.clock.elapsed().saturating_sub(started)));
    say(
        output,
        &format!(
            "  source.db  {rows} rows in 8 tables (seed {})\n  target.db  lacks {missing} of them, has {changed} in \
             another form and {extra} that the source does not have\n  made in {took}\n\n",
            recipe.seed
        ),
    )?;
    Ok(made)
}

/// Shows what was made beside what was found; they agree, or something is wrong with one of them.
fn compare(made: &Made, summary: &PassSummary, output: &Output) -> Result<()> {
    say(
        output,
        &format!(
            "\nThe drift that was made, and what the pass found and repaired:\n\n{}",
            tally::table(made, summary)
        ),
    )?;
    // Where a pass ended early, its own report says why.
    if summary.exit != Exit::Done || tally::agrees(made, summary) {
        return Ok(());
    }
    Err(CliError::stopped("logic", "the pass did not find what was made; this is an error in syncline")
        .hint("please report the table above, with the flags of this demo"))
}

/// Says something of the demo itself: beside a report to read, and out of the way of data.
fn say(output: &Output, text: &str) -> Result<()> {
    let written = match super::output::format(output.mode) {
        Format::Silent => Ok(()),
        Format::Json => {
            output::tell(text.trim_end_matches('\n'));
            Ok(())
        }
        Format::Text => {
            let mut out = output::stdout();
            out.write_all(text.as_bytes()).and_then(|()| out.flush())
        }
    };
    output::written(written, "write to standard output", Exit::Done).map(drop)
}
