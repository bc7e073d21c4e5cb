//! The `syncline` binary: maps how a run ended to an exit code, and nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(syncline::cli::main().code())
}
