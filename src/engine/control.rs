//! Commands in: what an operator asked for, and the safe points where the engine obeys.
//!
//! A safe point is a place where no transaction is open. Pausing is a conversation: the run is `Pausing` until it
//! stands at one, then `Paused`.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::mpsc;

use super::hub::Hub;
use super::interrupt::{Flow, Interrupt, Stop};
use crate::base::limits::COMMANDS_WAITING_MAX;
use crate::model::command::Command;
use crate::model::event::{EventBody, RunState};

/// The operator's end.
pub type Commands = mpsc::Sender<Command>;

/// What was asked and not done yet.
#[derive(Debug, Default)]
struct Wishes {
    paused_all: bool,
    paused: BTreeSet<String>,
    skipped: BTreeSet<String>,
    full_compare: BTreeSet<String>,
    verify: BTreeSet<String>,
    approved: BTreeSet<String>,
    retry: BTreeSet<Option<String>>,
    sync_now: bool,
    stopping: Option<Stop>,
    rows_per_second: Option<u64>,
    concurrency: Option<usize>,
}

/// The engine's end.
pub struct Control {
    receiver: tokio::sync::Mutex<mpsc::Receiver<Command>>,
    wishes: Mutex<Wishes>,
    hub: Arc<Hub>,
    known_tables: Mutex<Option<BTreeSet<String>>>,
}

impl Control {
    /// A pair of ends.
    pub fn new(hub: Arc<Hub>) -> (Commands, Self) {
        let (sender, receiver) = mpsc::channel(COMMANDS_WAITING_MAX);
        let control = Self {
            receiver: tokio::sync::Mutex::new(receiver),
            wishes: Mutex::default(),
            hub,
            known_tables: Mutex::default(),
        };
        (sender, control)
    }

    /// Names the tables that commands may speak of.
    pub fn know_tables<'a>(&self, names: impl Iterator<Item = &'a str>) {
        let known = names.map(str::to_owned).collect();
        *self.known_tables.lock().expect("no code panics while it holds the names") = Some(known);
    }

    /// Takes commands that wait, waits out a pause, lets slow consumers catch up; returns an interrupt when the run
    /// is to stop or the table was skipped.
    pub async fn safe_point(&self, table: Option<&str>) -> Flow<()> {
        self.hub.settle().await;
        self.take_waiting().await;
        let mut announced = false;
        while self.is_paused(table) {
            if let Some(stop) = self.wishes().stopping.clone() {
                return Err(Interrupt::Stop(stop));
            }
            if !announced {
                self.hub.emit(EventBody::RunStateChanged { state: RunState::Paused });
                announced = true;
            }
            self.hub.settle().await;
            let Some(command) = self.receiver.lock().await.recv().await else { break };
            self.obey(command);
        }
        if announced {
            self.hub.emit(EventBody::RunStateChanged { state: RunState::Running });
        }
        if let Some(stop) = self.wishes().stopping.clone() {
            return Err(Interrupt::Stop(stop));
        }
        match table {
            Some(table) if self.wishes().skipped.contains(table) => Err(Interrupt::Skipped),
            _ => Ok(()),
        }
    }

    /// Waits for the next command and obeys it; for sleeps. Pending for ever when nobody can command any more.
    pub async fn next(&self) {
        match self.receiver.lock().await.recv().await {
            Some(command) => self.obey(command),
            None => std::future::pending().await,
        }
    }

    /// Obeys every command that waits, without waiting.
    pub async fn take_waiting(&self) {
        let mut receiver = self.receiver.lock().await;
        while let Ok(command) = receiver.try_recv() {
            self.obey(command);
        }
    }

    fn obey(&self, command: Command) {
        match self.accept(&command) {
            Ok(()) => self.hub.emit(EventBody::CommandAccepted { command }),
            Err(reason) => self.hub.emit(EventBody::CommandRejected { command, reason }),
        }
    }

    fn accept(&self, command: &Command) -> Result<(), String> {
        if let Command::Pause { table: Some(table) }
        | Command::Resume { table: Some(table) }
        | Command::FullCompare { table }
        | Command::VerifyNow { table }
        | Command::SkipTable { table }
        | Command::RetryQuarantined { table: Some(table) } = command
        {
            self.check_table(table)?;
        }
        let mut wishes = self.wishes();
        if wishes.stopping.is_some() && !matches!(command, Command::Drain | Command::Abort) {
            return Err("the run is stopping".to_owned());
        }
        match command.clone() {
            Command::Pause { table: None } => {
                wishes.paused_all = true;
                self.hub.emit(EventBody::RunStateChanged { state: RunState::Pausing });
            }
            Command::Pause { table: Some(table) } => {
                wishes.paused.insert(table);
            }
            Command::Resume { table: None } => {
                wishes.paused_all = false;
                wishes.paused.clear();
            }
            Command::Resume { table: Some(table) } => {
                if !wishes.paused.remove(&table) {
                    return Err("the table is not paused".to_owned());
                }
            }
            Command::FullCompare { table } => drop(wishes.full_compare.insert(table)),
            Command::VerifyNow { table } => drop(wishes.verify.insert(table)),
            Command::SkipTable { table } => drop(wishes.skipped.insert(table)),
            Command::ApproveHold { id } => drop(wishes.approved.insert(id)),
            Command::RetryQuarantined { table } => drop(wishes.retry.insert(table)),
            Command::SyncNow => wishes.sync_now = true,
            Command::SetConcurrency { tables } if (1..=64).contains(&tables) => {
                wishes.concurrency = Some(tables);
            }
            Command::SetConcurrency { .. } => return Err("concurrency is 1 to 64".to_owned()),
            Command::SetRowsPerSecond { rows } => wishes.rows_per_second = Some(rows),
            Command::Drain => {
                wishes.stopping.get_or_insert(Stop::Drained);
            }
            Command::Abort => wishes.stopping = Some(Stop::Aborted),
        }
        Ok(())
    }

    fn check_table(&self, table: &str) -> Result<(), String> {
        let known = self.known_tables.lock().expect("no code panics while it holds the names");
        match &*known {
            Some(known) if !known.contains(table) => {
                Err(format!("this job has no table `{}`", crate::base::escape::visible(table)))
            }
            _ => Ok(()),
        }
    }

    /// Whether the table, or everything, is to wait.
    pub fn is_paused(&self, table: Option<&str>) -> bool {
        let wishes = self.wishes();
        wishes.paused_all || table.is_some_and(|table| wishes.paused.contains(table))
    }

    /// Whether a full compare of the table was asked for; asking is over with that.
    pub fn take_full_compare(&self, table: &str) -> bool {
        self.wishes().full_compare.remove(table)
    }

    /// Whether a new proof of the table was asked for; asking is over with that.
    pub fn take_verify(&self, table: &str) -> bool {
        self.wishes().verify.remove(table)
    }

    /// Holds approved since the last time.
    pub fn take_approved(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.wishes().approved)
    }

    /// Tables whose quarantined rows shall be tried again; none stands for all.
    pub fn take_retries(&self) -> Vec<Option<String>> {
        std::mem::take(&mut self.wishes().retry).into_iter().collect()
    }

    /// Whether the sleep shall end; asking is over with that.
    pub fn take_sync_now(&self) -> bool {
        std::mem::take(&mut self.wishes().sync_now)
    }

    /// Forgets which tables are left alone; a new pass begins.
    pub fn forget_skipped(&self) {
        self.wishes().skipped.clear();
    }

    /// Whether and how the run is to stop.
    pub fn stopping(&self) -> Option<Stop> {
        self.wishes().stopping.clone()
    }

    /// Rows a second as set while running.
    pub fn rows_per_second(&self) -> Option<u64> {
        self.wishes().rows_per_second
    }

    fn wishes(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().expect("no code panics while it holds the wishes")
    }
}
