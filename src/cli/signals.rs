//! Signals that ask the process to end, and the one that does not.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::model::outcome::Exit;

/// SIGINT, SIGTERM and SIGHUP, taken from the moment this is made.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// Taken and dropped: the terminal may go away, the work goes on as under nohup.
    hangup: Signal,
}

impl Signals {
    /// Takes the signals.
    pub fn take() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// How the process ends for the next signal that asks it to. Cancel-safe.
    pub async fn next(&mut self) -> Exit {
        loop {
            tokio::select! {
                Some(()) = self.interrupt.recv() => return Exit::Interrupted,
                Some(()) = self.terminate.recv() => return Exit::Terminated,
                Some(()) = self.hangup.recv() => tracing::info!("the terminal went away; the run goes on"),
                else => std::future::pending().await,
            }
        }
    }
}
