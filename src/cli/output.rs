//! Standard output and standard error: data to the one, everything else to the other.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use super::args::Mode;
use super::error::{CliError, Result};
use super::surroundings::Surroundings;
use crate::model::outcome::Exit;
use crate::report::{TextOptions, WIDTH_DEFAULT};

/// Standard output, buffered; the writer flushes at the end of what belongs together.
pub fn stdout() -> BufWriter<Stdout> {
    BufWriter::new(io::stdout())
}

/// Says a line to the person, on standard error.
pub fn tell(line: &str) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// What is written where no console is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For reading.
    Text,
    /// One JSON object a line.
    Json,
    /// Nothing but errors and the exit code.
    Silent,
}

/// The format that a mode stands for: text, unless another one is asked for.
pub fn format(mode: Mode) -> Format {
    match mode {
        Mode::Auto | Mode::Tui | Mode::Text => Format::Text,
        Mode::Json => Format::Json,
        Mode::Silent => Format::Silent,
    }
}

/// Whether a command that may open the console does so.
///
/// `auto` opens it where `preferred`, on a terminal that can move its cursor. Errors: `tui` without a terminal.
pub fn opens_console(mode: Mode, preferred: bool, around: &Surroundings) -> Result<bool> {
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let able = around.environment.get("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
    match mode {
        Mode::Tui if !terminal => {
            Err(CliError::usage("the console needs a terminal for standard input and output")
                .hint("without one, use --mode text or --mode json"))
        }
        Mode::Tui => Ok(true),
        Mode::Auto => Ok(preferred && terminal && able),
        Mode::Text | Mode::Json | Mode::Silent => Ok(false),
    }
}

/// How text reports of a job look.
pub fn text_options(around: &Surroundings, verbose: bool, run_command: &str) -> TextOptions {
    TextOptions {
        width: around.columns.unwrap_or(WIDTH_DEFAULT).max(WIDTH_DEFAULT),
        zone: around.zone.clone(),
        verbose,
        run_command: run_command.to_owned(),
        ..TextOptions::default()
    }
}

/// Says what ended a command, on standard error.
pub fn tell_error(error: &CliError) {
    // A closed standard error leaves nobody to tell.
    let _ = error.tell(&mut io::stderr().lock());
}

/// Says what is not wrong but should be known, on standard error.
pub fn warn(warnings: &[String]) {
    for warning in warnings {
        let (text, hint) =
            warning.split_once("\n    hint: ").map_or((&**warning, None), |(t, h)| (t, Some(h)));
        tell(&format!("warning: {text}"));
        if let Some(hint) = hint {
            tell(&format!("\nhint: {hint}"));
        }
    }
}

/// How a command ends whose output was written like this: a closed pipe is no failure, for whoever read had enough.
pub fn written(result: io::Result<()>, attempt: &str, exit: Exit) -> Result<Exit> {
    match result {
        Ok(()) => Ok(exit),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(exit),
        Err(error) => Err(CliError::output(attempt, &error)),
    }
}
