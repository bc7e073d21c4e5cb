//! One file for each command, or for commands that do the same in different ways.
//!
//! Does not belong here: reading flags or files of the configuration (`settings`), opening databases (`wiring`).

mod check;
mod diff;
mod generate;
mod import;
mod look;
mod plan;
mod quarantine;
pub mod run;

use super::args::{Arguments, Command, QuarantineCommand};
use super::error::Result;
use super::settings::{Asked, resolve};
use super::surroundings::Surroundings;
use crate::cli::{demo, init};
use crate::config::SecretPolicy;
use crate::model::outcome::Exit;

/// Carries out a command line.
pub fn execute(arguments: &Arguments, around: &Surroundings) -> Result<Exit> {
    if arguments.print_config_template {
        return generate::template();
    }
    if arguments.print_actions {
        return generate::actions();
    }
    if arguments.print_theme_items {
        return generate::theme_items();
    }
    if arguments.print_config {
        return print_config(arguments, around);
    }
    match &arguments.command {
        None => run::run(&arguments.run, true, around),
        Some(Command::Demo(arguments)) => demo::demo(arguments, around),
        Some(Command::Init(arguments)) => init::init(arguments, around),
        Some(Command::Run(arguments)) => run::run(arguments, false, around),
        Some(Command::Verify(arguments)) => run::verify(arguments, around),
        Some(Command::Plan(arguments)) => plan::plan(arguments, around),
        Some(Command::Check(arguments)) => check::check(arguments, around),
        Some(Command::Diff(arguments)) => diff::diff(arguments, around),
        Some(Command::History(arguments)) => look::history(arguments, around),
        Some(Command::Status(arguments)) => look::status(arguments, around),
        Some(Command::Quarantine(arguments)) => match &arguments.command {
            QuarantineCommand::List(rows) => quarantine::list(rows, around),
            QuarantineCommand::Show(rows) => quarantine::show(rows, around),
            QuarantineCommand::Retry(rows) => quarantine::retry(rows, around),
            QuarantineCommand::Drop(rows) => quarantine::drop(rows, around),
        },
        Some(Command::Import(arguments)) => import::import(arguments),
        Some(Command::Completions { shell }) => generate::completions(*shell),
        Some(Command::Man) => generate::manual(),
    }
}

fn print_config(arguments: &Arguments, around: &Surroundings) -> Result<Exit> {
    let asked = Asked {
        job: Some(&arguments.run.job),
        screen: Some(&arguments.run.screen),
        secrets: SecretPolicy::Leave,
        ..Asked::default()
    };
    let resolved = resolve(asked, around)?;
    super::output::warn(&resolved.loaded.warnings);
    generate::print(resolved.loaded.print_config().as_bytes())
}
