//! Running a job to its end: reporters, signals, a drain with a deadline, panics.

use std::future::Future;
use std::sync::Arc;

use super::error::{CliError, Result};
use super::panics;
use super::reporting::{AnyReporter, Reporting};
use super::signals::Signals;
use super::surroundings::Surroundings;
use crate::base::limits::{ABORT_TIME_MAX, DRAIN_TIME_MAX, REPORT_END_TIME_MAX};
use crate::engine::control::{Commands, Control};
use crate::engine::hub::Hub;
use crate::engine::{self, Job, PassOptions};
use crate::model::command::Command;
use crate::model::event::Level;
use crate::model::outcome::{Exit, PassSummary};
use crate::report::RunEnd;
use crate::tui::{Console, ConsoleSetup};

/// Runs a future to its end on a runtime of its own; threads that are still at work then are left behind.
#[cfg_attr(not(debug_assertions), expect(unused_variables, reason = "only a debug build panics on purpose"))]
pub fn block_on<T>(around: &Surroundings, future: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::stopped("process", format!("threads cannot be started: {error}")))?;
    let result = runtime.block_on(async {
        #[cfg(debug_assertions)]
        panic_on_purpose(around);
        future.await
    });
    runtime.shutdown_background();
    result
}

#[cfg(debug_assertions)]
fn panic_on_purpose(around: &Surroundings) {
    let environment = around.environment.clone();
    crate::base::task::spawn(async move { panics::on_purpose(&environment, "task") });
}

/// Runs a job and reports on it; returns how the process ends, and the last summary when there is one.
pub async fn drive(
    job: &Job,
    options: &PassOptions,
    once: bool,
    reporters: Vec<AnyReporter>,
    console: Option<ConsoleSetup>,
) -> Result<(Exit, Option<PassSummary>)> {
    let (mut reporting, mut screen) = (None, None);
    let work = async |hub: &Arc<Hub>, control: &Arc<Control>, commands: &Commands| {
        reporting = Some(Reporting::start(hub, reporters)?);
        if let Some(setup) = console {
            screen = Some(Console::open(setup, hub, commands.clone()).map_err(CliError::usage)?);
        }
        Ok::<_, CliError>(engine::run(job, options, once, hub, control).await)
    };
    let signals = Signals::take()
        .map_err(|error| CliError::stopped("process", format!("signals cannot be taken: {error}")))?;
    let Supervised { result, signal, mut signals } = supervise(job, signals, work).await;
    if let Some(screen) = screen {
        // Nobody is asked to leave a screen whose run a signal, a panic or a fault has ended.
        let stays = signal.is_none() && !panics::happened() && matches!(result, Some(Ok(_)));
        let closed = async { if stays { screen.closed().await } else { screen.close(&*job.clock).await } };
        tokio::select! {
            () = closed => {}
            _ = signals.next() => crate::tui::give_back(),
            () = panics::noticed() => {}
        }
    }
    let summary = result.transpose()?;
    let end = run_end(summary.as_ref(), signal);
    let mut exit = end.exit;
    if let Some(reporting) = reporting {
        let finished = tokio::select! {
            finished = reporting.finish(&end) => finished,
            () = end_in_a_hurry(job, &mut signals, signal) => Ok(()),
        };
        if let Err(error) = finished {
            super::output::tell_error(&error);
            exit = exit.worst(error.exit);
        }
    }
    Ok((exit, summary))
}

/// What became of supervised work.
pub struct Supervised<T> {
    /// Its result; none when it had to be cut off.
    pub result: Option<T>,
    /// The signal that ended it, as the exit that it means.
    pub signal: Option<Exit>,
    /// Further signals.
    pub signals: Signals,
}

/// Awaits work with an engine, obeying signals and ending it when a part of the program panics.
///
/// The first SIGINT or SIGTERM drains: the work stops at the next safe point. The second one, or
/// [`DRAIN_TIME_MAX`], aborts: what is open is rolled back. Both end with the code of the first signal.
pub async fn supervise<T>(
    job: &Job,
    mut signals: Signals,
    work: impl AsyncFnOnce(&Arc<Hub>, &Arc<Control>, &Commands) -> T,
) -> Supervised<T> {
    let hub = Arc::new(Hub::new(Arc::clone(&job.clock)));
    let (commands, control) = Control::new(Arc::clone(&hub));
    let control = Arc::new(control);
    let mut work = Box::pin(work(&hub, &control, &commands));
    let mut signal = None;
    loop {
        // Pending until a drain has begun.
        let deadline = async {
            match signal {
                Some(_) => job.clock.sleep(DRAIN_TIME_MAX).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            result = &mut work => return Supervised { result: Some(result), signal, signals },
            next = signals.next() => match signal {
                None => {
                    signal = Some(next);
                    let text = "stopping at the next safe point; a second signal stops at once";
                    hub.message(Level::Info, None, text);
                    // A full queue means that commands wait already; the deadline holds all the same.
                    let _ = commands.try_send(Command::Drain);
                }
                Some(_) => break,
            },
            () = deadline => break,
            () = panics::noticed() => break,
        }
    }
    let _ = commands.try_send(Command::Abort);
    let result = tokio::select! {
        result = &mut work => Some(result),
        () = job.clock.sleep(ABORT_TIME_MAX) => None,
    };
    Supervised { result, signal, signals }
}

fn run_end(summary: Option<&PassSummary>, signal: Option<Exit>) -> RunEnd {
    let mut exit = summary.map_or(Exit::Done, |summary| summary.exit);
    let mut error = None;
    if let Some(signal) = signal {
        // A drained run says of itself that it was interrupted; the signal knows by which of the two.
        exit = if exit == Exit::Interrupted { signal } else { exit.worst(signal) };
        if summary.is_none() {
            let text = "the run was cut off; what was open is rolled back";
            error = Some(CliError::stopped("process", text).record());
        }
    }
    if panics::happened() {
        exit = Exit::Bug;
        error = Some(CliError::stopped("bug", "a part of the program panicked; see the log").record());
    }
    RunEnd { exit, error }
}

/// Returns when the process should end even though a reader of its reports is stuck.
async fn end_in_a_hurry(job: &Job, signals: &mut Signals, signal: Option<Exit>) {
    if signal.is_none() && !panics::happened() {
        signals.next().await;
    }
    job.clock.sleep(REPORT_END_TIME_MAX).await;
}
