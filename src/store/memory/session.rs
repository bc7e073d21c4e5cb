//! One connection to the content: how every operation begins and ends, what goes wrong in between.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::yield_now;

use super::database::Database;
use super::fault::{Call, Fault, FaultPlan, Moment};
use super::{Meanwhile, MemoryOptions};
use crate::base::clock::Clock;
use crate::store::{ErrorClass, Result, StoreError};

/// What a store and its snapshots share.
pub(super) struct Session {
    pub(super) options: MemoryOptions,
    pub(super) clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Counts disconnects; a snapshot lives in one generation.
    generation: watch::Sender<u64>,
}

pub(super) struct State {
    pub(super) database: Database,
    pub(super) plan: Option<Box<dyn FaultPlan>>,
    pub(super) meanwhile: Option<Box<Meanwhile>>,
    pub(super) connection: Connection,
    pub(super) snapshots_open: usize,
    pub(super) commits: u64,
    pub(super) rows_written: u64,
    pub(super) misuses: Vec<String>,
    calls: BTreeMap<Call, u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Connection {
    Up,
    /// Lost, and not yet given up by a disconnect.
    Lost {
        probes: u32,
    },
    /// Given up; so many probes fail yet.
    Down {
        probes: u32,
    },
}

impl Session {
    pub(super) fn new(options: MemoryOptions, clock: Arc<dyn Clock>, database: Database) -> Self {
        let state = State {
            database,
            plan: None,
            meanwhile: None,
            connection: Connection::Up,
            snapshots_open: 0,
            commits: 0,
            rows_written: 0,
            misuses: Vec::new(),
            calls: BTreeMap::new(),
        };
        Self { options, clock, state: Mutex::new(state), generation: watch::Sender::new(0) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn generation(&self) -> u64 {
        *self.generation.borrow()
    }

    /// Runs one operation: gives way, asks what goes wrong, takes effect, gives way again, answers.
    pub(super) async fn operate<T: Send>(
        &self,
        call: Call,
        operation: &str,
        effect: impl FnOnce() -> Result<T> + Send,
    ) -> Result<T> {
        yield_now().await;
        let fault = self.begin(call, operation)?;
        self.strike(fault, Moment::Before, operation).await?;
        let is_write = matches!(call, Call::Apply | Call::ApplyTogether);
        let forgets = is_write && fault == Some(Fault::Forget);
        let before = forgets.then(|| self.state().database.clone());
        let result = effect();
        if let Some(before) = before {
            self.state().database = before;
        }
        yield_now().await;
        self.strike(fault, Moment::After, operation).await?;
        result
    }

    /// Lets the world move on, checks the connection and draws the fault of an operation.
    pub(super) fn begin(&self, call: Call, operation: &str) -> Result<Option<Fault>> {
        let mut state = self.state();
        if let Some(mut meanwhile) = state.meanwhile.take() {
            meanwhile(&mut state.database, call);
            state.meanwhile = Some(meanwhile);
        }
        self.check_connection(&mut state, call, operation)?;
        let nth = state.calls.entry(call).or_default();
        *nth += 1;
        let nth = *nth - 1;
        Ok(state.plan.as_mut().and_then(|plan| plan.fault(call, nth)))
    }

    fn check_connection(&self, state: &mut State, call: Call, operation: &str) -> Result<()> {
        match state.connection {
            Connection::Up => Ok(()),
            Connection::Down { probes: 0 } if call == Call::Probe => {
                state.connection = Connection::Up;
                Ok(())
            }
            Connection::Down { probes } if call == Call::Probe => {
                state.connection = Connection::Down { probes: probes - 1 };
                Err(self.failed(operation, "connection refused"))
            }
            Connection::Lost { .. } | Connection::Down { .. } => Err(self.failed(operation, "not connected")),
        }
    }

    /// Does what a fault does at this moment of an operation.
    pub(super) async fn strike(&self, fault: Option<Fault>, now: Moment, operation: &str) -> Result<()> {
        match (fault, now) {
            (Some(Fault::Fail(moment)), _) if moment == now => {
                Err(self.failed(operation, "the statement failed"))
            }
            (Some(Fault::Lose { moment, probes }), _) if moment == now => {
                self.state().connection = Connection::Lost { probes };
                Err(self.failed(operation, "connection reset"))
            }
            (Some(Fault::Busy), Moment::Before) => Err(self.failed(operation, "the database is busy")),
            (Some(Fault::Cut | Fault::Short), Moment::Before) => {
                Err(self.failed(operation, "the statement was cut"))
            }
            (Some(Fault::Delay(duration)), Moment::Before) => {
                self.clock.sleep(duration).await;
                Ok(())
            }
            (Some(Fault::Hang(moment)), _) if moment == now => {
                let mut generation = self.generation.subscribe();
                // The sender lives as long as the session, so this ends only by a disconnect.
                let _ = generation.changed().await;
                Err(self.failed(operation, "the connection was ended"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn disconnect(&self) {
        let mut state = self.state();
        if let Connection::Lost { probes } = state.connection {
            state.connection = Connection::Down { probes };
        }
        drop(state);
        self.generation.send_modify(|generation| *generation += 1);
    }

    pub(super) fn end_process(&self) {
        self.state().connection = Connection::Up;
        self.generation.send_modify(|generation| *generation += 1);
    }

    /// Notes that the contract was broken, for tests to find, and returns the error of it.
    pub(super) fn misuse(&self, operation: &str, what: &str) -> StoreError {
        self.state().misuses.push(format!("{operation}: {what}"));
        StoreError::new(ErrorClass::Logic, operation, what)
    }

    /// An error of the connection.
    pub(super) fn failed(&self, operation: &str, cause: &str) -> StoreError {
        StoreError::new(ErrorClass::Connection, operation, format!("{cause} ({})", self.options.name))
    }
}
