//! A database in memory: deterministic, with constraints, and with faults on demand.
//!
//! It serves tests and the simulation, as an honest member of the trait: it passes the same contract suite as the real
//! backends. Given the same calls in the same order, the same faults and the same clock, it does the same.
//!
//! - Tables are declared with [`TableDefinition`]; scopes and CHECKs are written in a subset of SQL (`filter.rs`).
//! - A snapshot is of one instant, or, with [`MemoryOptions::consistent`] off, each read and each block of a stream sees
//!   what is there then.
//! - A [`FaultPlan`] is asked before every operation; a hook ([`MemoryStore::set_meanwhile`]) lets others change the
//!   content between operations.
//! - Every operation gives way before and after its effect, so that a caller can be dropped in between.
//! - What the trait forbids (unsorted ranges, too many snapshots, a write to a read-only side …) is an error, and is
//!   remembered in [`MemoryStore::misuses`].
//!
//! Does not belong here: drivers, files, what a test expects.
//!
//! Invariants: the lock on the content is never held across an await; a batch is applied whole or not at all; a
//! snapshot never sees half of one.

mod apply;
mod database;
mod definition;
mod fault;
mod filter;
mod query;
mod script;
mod session;
mod snapshot;
mod table;
mod transaction;
mod types;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::base::clock::Clock;
use crate::base::limits::BLOCK_ROWS_MAX;
use crate::model::schema::Catalog;
use crate::model::types::LogicalType;
use crate::store::{
    Applied, Batch, Capabilities, ErrorClass, NewTable, Probe, Result, Snapshot, Store, StoreError, UnitMark,
};
use session::Session;
use snapshot::MemorySnapshot;

pub use database::Database;
pub use definition::TableDefinition;
pub use fault::{Call, Fault, FaultDraw, FaultPlan, FaultProfile, FaultScript, Moment};
pub use transaction::{Refused, Transaction};

/// Changes made by somebody else between two operations; told which operation comes next.
pub type Meanwhile = dyn FnMut(&mut Database, Call) + Send;

/// How a memory store behaves.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each set by name")]
pub struct MemoryOptions {
    /// Names the store in messages.
    pub name: String,
    /// What [`Probe::identity`] says.
    pub identity: String,
    /// Whether snapshots are of one instant.
    pub consistent: bool,
    /// As [`Capabilities::in_process`].
    pub in_process: bool,
    /// As [`Capabilities::digests`].
    pub digests: bool,
    /// As [`Capabilities::marks`].
    pub marks: bool,
    /// As [`Capabilities::readers_max`].
    pub readers_max: usize,
    /// As [`Capabilities::snapshot_blocks_apply`].
    pub snapshot_blocks_apply: bool,
    /// Whether a refusal tells the position of its row.
    pub positions: bool,
    /// Whether it can be written.
    pub writable: bool,
    /// Rows in a block; at least 1.
    pub block_rows: usize,
    /// How far its own clock is ahead; it has none when none.
    pub clock_ahead: Option<Duration>,
}

impl MemoryOptions {
    /// A consistent, writable store of this name, without a clock of its own.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            identity: format!("memory:{name}"),
            consistent: true,
            in_process: true,
            digests: true,
            marks: true,
            readers_max: 8,
            snapshot_blocks_apply: false,
            positions: true,
            writable: true,
            block_rows: BLOCK_ROWS_MAX,
            clock_ahead: None,
        }
    }
}

/// A database in memory; a clone is another handle to the same one.
#[derive(Clone)]
pub struct MemoryStore {
    session: Arc<Session>,
}

impl MemoryStore {
    /// A store over this content.
    pub fn new(options: MemoryOptions, clock: Arc<dyn Clock>, database: Database) -> Self {
        Self { session: Arc::new(Session::new(options, clock, database)) }
    }

    /// How it behaves.
    pub fn options(&self) -> &MemoryOptions {
        &self.session.options
    }

    /// The content now.
    pub fn database(&self) -> Database {
        self.session.state().database.clone()
    }

    /// Replaces the content at once, as others would who use the database too; open snapshots keep what they see.
    pub fn set_database(&self, database: Database) {
        self.session.state().database = database;
    }

    /// Ends every connection and forgets that any was lost, as when the process that used it has ended.
    pub fn end_process(&self) {
        self.session.end_process();
    }

    /// Changes the content as the database's own application would; see [`Database::edit`].
    pub fn edit<T>(
        &self,
        change: impl FnOnce(&mut Transaction) -> std::result::Result<T, Refused>,
    ) -> std::result::Result<T, Refused> {
        self.session.state().database.edit(change)
    }

    /// Sets what goes wrong from now on; none for nothing. A connection that is lost stays lost.
    pub fn set_faults(&self, plan: Option<Box<dyn FaultPlan>>) {
        self.session.state().plan = plan;
    }

    /// Sets what others do between operations; none for nothing. It must not call this store.
    pub fn set_meanwhile(&self, meanwhile: Option<Box<Meanwhile>>) {
        self.session.state().meanwhile = meanwhile;
    }

    /// Batches and new tables committed through this store so far.
    pub fn commits(&self) -> u64 {
        self.session.state().commits
    }

    /// Rows that committed batches wrote or deleted so far, each as often as it was written.
    pub fn rows_written(&self) -> u64 {
        self.session.state().rows_written
    }

    /// Snapshots that are open now.
    pub fn snapshots_open(&self) -> usize {
        self.session.state().snapshots_open
    }

    /// Where callers broke the contract of the trait.
    pub fn misuses(&self) -> Vec<String> {
        self.session.state().misuses.clone()
    }

    fn refuse_write(&self, operation: &str) -> Result<()> {
        let options = &self.session.options;
        if !options.writable {
            return Err(self.session.misuse(operation, "this side is only read"));
        }
        let open = self.snapshots_open();
        if options.snapshot_blocks_apply && open > 0 {
            self.session.misuse(operation, &format!("{open} snapshots are open, which block it"));
            return Err(self.session.failed(operation, "the database is locked"));
        }
        Ok(())
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn capabilities(&self) -> Capabilities {
        let options = &self.session.options;
        Capabilities {
            engine: "memory",
            in_process: options.in_process,
            digests: options.digests,
            snapshots: options.consistent,
            marks: options.marks,
            readers_max: options.readers_max,
            snapshot_blocks_apply: options.snapshot_blocks_apply,
        }
    }

    async fn probe(&self) -> Result<Probe> {
        let options = &self.session.options;
        let operation = format!("connecting to {}", options.name);
        let probe = || {
            Ok(Probe {
                identity: options.identity.clone(),
                location: format!("memory:{}", options.name),
                version: "memory 1".to_owned(),
                clock: options.clock_ahead.map(|ahead| self.session.clock.now().plus(ahead)),
                writable: options.writable,
                notes: Vec::new(),
            })
        };
        self.session.operate(Call::Probe, &operation, probe).await
    }

    async fn describe(&self) -> Result<Catalog> {
        let operation = format!("reading the catalogue of {}", self.session.options.name);
        self.session.operate(Call::Describe, &operation, || Ok(self.session.state().database.catalog())).await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        let operation = format!("opening a view of {}", self.session.options.name);
        let options = &self.session.options;
        let open = || {
            let mut state = self.session.state();
            if state.snapshots_open >= options.readers_max {
                drop(state);
                return Err(self.session.misuse(&operation, "too many snapshots are open"));
            }
            state.snapshots_open += 1;
            let pinned = options.consistent.then(|| state.database.clone());
            drop(state);
            Ok(MemorySnapshot::open(self.session.clone(), pinned))
        };
        let snapshot = self.session.operate(Call::Snapshot, &operation, open).await?;
        Ok(Box::new(snapshot))
    }

    async fn create(&self, table: &NewTable) -> Result<()> {
        let operation = format!("creating `{}` at {}", table.name, self.session.options.name);
        let create = || {
            self.refuse_write(&operation)?;
            let wrong = |cause: String| StoreError::new(ErrorClass::Schema, &operation, cause);
            let definition = script::definition_of(table).map_err(wrong)?;
            let mut state = self.session.state();
            state.database.add(definition).map_err(wrong)?;
            state.commits += 1;
            Ok(())
        };
        self.session.operate(Call::Create, &operation, create).await
    }

    async fn apply(&self, batch: &Batch) -> Result<Applied> {
        let operation = apply::describe(batch);
        let apply = || {
            self.refuse_write(&operation)?;
            let mut state = self.session.state();
            let state = &mut *state;
            let mut judge = |key: &crate::model::key::Key| {
                state.plan.as_mut().and_then(|plan| plan.refusal(&batch.target.table, key))
            };
            let (after, applied) =
                apply::apply(&state.database, batch, &mut judge).map_err(|mut error| {
                    if let Some(refusal) = error.refusal.as_mut().filter(|_| !self.session.options.positions)
                    {
                        refusal.position = None;
                    }
                    error
                })?;
            state.database = after;
            state.commits += 1;
            state.rows_written += applied.rows;
            Ok(applied)
        };
        self.session.operate(Call::Apply, &operation, apply).await
    }

    async fn apply_together(&self, batches: &[Batch]) -> Result<Vec<Applied>> {
        let operation = "writing rows that wait for each other";
        let apply = || {
            self.refuse_write(operation)?;
            let mut state = self.session.state();
            let (after, applied) = apply::apply_together(&state.database, batches)?;
            state.database = after;
            state.commits += 1;
            state.rows_written += applied.iter().map(|applied| applied.rows).sum::<u64>();
            Ok(applied)
        };
        self.session.operate(Call::ApplyTogether, operation, apply).await
    }

    async fn marked(&self, mark: &UnitMark) -> Result<bool> {
        let operation = format!("looking for unit {} of `{}`", mark.unit, mark.table);
        let look = || {
            let wanted = (mark.job.clone(), mark.table.clone(), mark.unit);
            Ok(self.session.state().database.marks.contains(&wanted))
        };
        self.session.operate(Call::Marked, &operation, look).await
    }

    fn script(&self, batch: &Batch) -> Result<String> {
        Ok(script::script(batch))
    }

    fn script_frame(&self, _: crate::store::SideEffects) -> (String, String) {
        ("BEGIN;\n".to_owned(), "COMMIT;\n".to_owned())
    }

    fn column_type(&self, logical: &LogicalType, declared: &str, same_engine: bool) -> String {
        if same_engine { declared.to_owned() } else { types::declare(logical) }
    }

    async fn disconnect(&self) {
        tokio::task::yield_now().await;
        self.session.disconnect();
    }
}
