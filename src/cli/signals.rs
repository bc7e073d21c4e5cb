//! Signals that ask the process to end, and the one that does not.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::model::outcome::Exit;

/// The signals that a command takes into its own hands.
pub struct Signals(Option<Taken>);

struct Taken {
    interrupt: Signal,
    terminate: Signal,
    /// Taken and dropped: the terminal may go away, the work goes on as under nohup.
    hangup: Signal,
}

impl Signals {
    /// Takes SIGINT, SIGTERM and SIGHUP from now on, for the rest of the process.
    pub fn take() -> io::Result<Self> {
        Ok(Self(Some(Taken {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })))
    }

    /// Leaves signals to the system, which ends the process at once: for commands that have nothing to drain.
    pub fn leave() -> Self {
        Self(None)
    }

    /// How the process ends for the next signal that asks it to. Cancel-safe.
    pub async fn next(&mut self) -> Exit {
        let Some(taken) = &mut self.0 else { return std::future::pending().await };
        loop {
            tokio::select! {
                Some(()) = taken.interrupt.recv() => return Exit::Interrupted,
                Some(()) = taken.terminate.recv() => return Exit::Terminated,
                Some(()) = taken.hangup.recv() => tracing::info!("the terminal went away; the run goes on"),
                else => std::future::pending().await,
            }
        }
    }
}
