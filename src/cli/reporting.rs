//! The consumers of a run's events: each on a thread of its own, so that a slow terminal or pipe holds up the engine
//! only through its bounded lane, at safe points.

use std::io;
use std::sync::mpsc;

use tokio::sync::oneshot;

use super::error::{CliError, Result};
use crate::base::task;
use crate::engine::hub::{Events, Hub};
use crate::report::{Reporter, RunEnd};

/// A consumer of events that can be handed to a thread.
pub type AnyReporter = Box<dyn Reporter + Send>;

/// Reporters at work.
pub struct Reporting {
    consumers: Vec<Consumer>,
}

struct Consumer {
    /// How the run ended; said once.
    end: mpsc::Sender<RunEnd>,
    /// How reporting ended.
    done: oneshot::Receiver<io::Result<()>>,
}

impl Reporting {
    /// Gives each reporter every event from now on.
    pub fn start(hub: &Hub, reporters: Vec<AnyReporter>) -> Result<Self> {
        let start = |reporter| {
            let events = hub.subscribe();
            let (end, ended) = mpsc::channel();
            let (tell_done, done) = oneshot::channel();
            let work = move || {
                // Nobody listens any more when the process ends in a hurry.
                let _ = tell_done.send(consume(events, reporter, &ended));
            };
            task::spawn_thread("report", work).map_err(|error| {
                CliError::stopped("output", format!("a report cannot be started: {error}"))
            })?;
            Ok(Consumer { end, done })
        };
        Ok(Self { consumers: reporters.into_iter().map(start).collect::<Result<_>>()? })
    }

    /// Lets every reporter say how the run ended, after all of its events, and waits for them; the hub is gone by then.
    ///
    /// # Errors
    /// The first that could not be written. A pipe that was closed is none.
    pub async fn finish(self, end: &RunEnd) -> Result<()> {
        let mut result = Ok(());
        for Consumer { end: tell, done } in self.consumers {
            // A reporter whose writer failed is gone already; its error is on its way.
            let _ = tell.send(end.clone());
            if let Ok(Err(error)) = done.await
                && error.kind() != io::ErrorKind::BrokenPipe
            {
                result = result.and(Err(CliError::output("write the report", &error)));
            }
        }
        result
    }
}

fn consume(mut events: Events, mut reporter: AnyReporter, ended: &mpsc::Receiver<RunEnd>) -> io::Result<()> {
    while let Some(event) = events.blocking_recv() {
        reporter.event(&event)?;
    }
    drop(events);
    match ended.recv() {
        Ok(end) => reporter.finish(&end),
        // The run ended without a word: by a panic, which has been told.
        Err(mpsc::RecvError) => Ok(()),
    }
}
