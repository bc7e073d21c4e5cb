//! The command line: flags to a resolved job, wiring, signals, logging, reports on standard output, exit codes.
//!
//! Does not belong here: deciding what to sync or how; words of reports (`report`).
//!
//! The way of a command: [`args`] (as typed) → [`settings`] (which files and layers, resolved) → [`wiring`] (stores,
//! state, log) → [`drive`] (the engine, supervised) → exit code.
//!
//! Invariants: [`surroundings`] alone reads the environment, the home folder and the working folder; data goes to
//! standard output, everything else to standard error or the log; the kind of an error decides the exit code; a closed
//! pipe ends a report and not the work.

pub mod args;
mod commands;
mod console;
mod demo;
mod drive;
mod error;
mod init;
mod log_reporter;
mod logging;
mod output;
mod panics;
mod reporting;
mod settings;
mod signals;
mod surroundings;
mod wiring;

use clap::Parser;

use crate::model::outcome::Exit;
use args::Arguments;
use error::CliError;
use surroundings::Surroundings;

/// Runs the program with the arguments, environment and streams of this process.
pub fn main() -> Exit {
    panics::guard(|| match Arguments::try_parse() {
        Ok(arguments) => start(&arguments).unwrap_or_else(|error| {
            output::tell_error(&error);
            error.exit
        }),
        Err(refusal) => {
            // Help and version are no errors; a closed stream leaves nobody to tell.
            let _ = refusal.print();
            if refusal.use_stderr() { Exit::Usage } else { Exit::Done }
        }
    })
}

fn start(arguments: &Arguments) -> Result<Exit, CliError> {
    let around = Surroundings::of_process()?;
    #[cfg(debug_assertions)]
    panics::on_purpose(&around.environment, "main");
    commands::execute(arguments, &around)
}
