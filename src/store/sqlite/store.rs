//! The store itself: which thread does what.

use std::path::Path;
use std::task::{Context, Poll};

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::sync::Mutex;

use super::connect::{Journal, Place, canonical, journal};
use super::error::store_error;
use super::identity;
use super::snapshot::SqliteSnapshot;
use super::worker::{Ending, Life, Session, Worker};
use super::{apply, create, describe, marks, probe, script, together, types};
use crate::base::limits::SQLITE_READERS_MAX;
use crate::model::schema::Catalog;
use crate::model::types::LogicalType;
use crate::store::{
    Applied, Batch, Capabilities, ErrorClass, NewTable, Probe, Result, Role, SideEffects, Snapshot, Store,
    StoreError, UnitMark,
};

/// A SQLite database file as one side of a job.
pub struct SqliteStore {
    place: Place,
    /// Whether an open view keeps a batch from being committed.
    snapshot_blocks_apply: bool,
    connected: Mutex<Connected>,
}

/// Every connection since the last [`Store::disconnect`].
struct Connected {
    life: Life,
    control: Option<Control>,
}

impl Connected {
    fn new() -> Self {
        Self { life: Life::new(), control: None }
    }
}

/// The connection for everything that is not a view.
struct Control {
    worker: Worker<ControlSession>,
    /// Of the file that it was opened on.
    identity: Option<String>,
}

struct ControlSession {
    connection: Connection,
    ending: Ending,
}

impl Session for ControlSession {
    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn expiry(&self) -> Box<dyn FnMut() -> bool + Send> {
        let ending = self.ending.clone();
        Box::new(move || ending.has_begun())
    }

    fn poll_idle(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    fn go_on(&mut self) {}

    fn is_busy(&self) -> bool {
        false
    }
}

impl SqliteStore {
    /// A store on an existing file; whether it is there and is a database shows at the first use.
    ///
    /// The file is looked at once to learn its journal mode, which takes a few milliseconds.
    pub fn open(path: impl AsRef<Path>, role: Role) -> Self {
        let place = Place { path: canonical(path.as_ref()), role };
        let mode = place.reader().ok().and_then(|connection| journal(&connection).ok());
        // When in doubt a view is taken to be in the way, which costs time and is never wrong.
        let held_in_rollback = !matches!(mode, Some(Journal::WriteAhead));
        Self { place, snapshot_blocks_apply: held_in_rollback, connected: Mutex::new(Connected::new()) }
    }

    /// Makes an empty database file, which must not exist. Errors: schema.
    pub fn create_file(path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let operation = || format!("creating `{}`", crate::base::escape::visible(&path.to_string_lossy()));
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map(drop)
            .map_err(|error| StoreError::new(ErrorClass::Schema, operation(), error.to_string()))
    }

    /// Runs SQL text of this program's own on a database file that no store has open; for schemas that
    /// [`Store::create`] cannot make. Errors: schema, and whatever the statements meet.
    pub fn run_script(path: impl AsRef<Path>, script: &str) -> Result<()> {
        let place = Place { path: canonical(path.as_ref()), role: Role::Target };
        let operation = format!("running a script on {}", place.label());
        let connection = place.writer()?;
        connection.execute_batch(script).map_err(|error| store_error(operation, &error))
    }

    async fn control<T: Send + 'static>(
        &self,
        operation: String,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let worker = self.control_worker().await?;
        worker.call(operation, move |session| work(&session.connection)).await
    }

    /// The control connection, opened again when another file took the place of the one that it is on.
    async fn control_worker(&self) -> Result<Worker<ControlSession>> {
        let mut connected = self.connected.lock().await;
        let identity = identity::identity(&self.place.path).ok();
        if let Some(control) = connected.control.as_ref().filter(|control| control.identity == identity) {
            return Ok(control.worker.clone());
        }
        let place = self.place.clone();
        let open = move |ending| {
            let connection = match place.role {
                Role::Source => place.reader()?,
                Role::Target => place.writer()?,
            };
            Ok(ControlSession { connection, ending })
        };
        let worker = Worker::start("sqlite", &connected.life, open).await?;
        connected.control = Some(Control { worker: worker.clone(), identity });
        Ok(worker)
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            engine: "sqlite",
            in_process: true,
            digests: true,
            snapshots: true,
            marks: self.place.role == Role::Target,
            readers_max: match self.place.role {
                Role::Source => 1,
                Role::Target => SQLITE_READERS_MAX,
            },
            snapshot_blocks_apply: self.snapshot_blocks_apply,
        }
    }

    async fn probe(&self) -> Result<Probe> {
        let place = self.place.clone();
        self.control(format!("opening {}", place.label()), move |connection| probe::probe(connection, &place))
            .await
    }

    async fn describe(&self) -> Result<Catalog> {
        let operation = format!("reading the schema of {}", self.place.label());
        let failing = operation.clone();
        let read = move |connection: &Connection| {
            // One transaction, so that no table changes between two looks at it.
            let transaction = connection.unchecked_transaction();
            let catalog = transaction.and_then(|transaction| {
                let catalog = describe::catalog(connection)?;
                transaction.finish()?;
                Ok(catalog)
            });
            catalog.map_err(|error| store_error(failing, &error))
        };
        self.control(operation, read).await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        let connected = self.connected.lock().await;
        Ok(Box::new(SqliteSnapshot::open(self.place.clone(), &connected.life).await?))
    }

    async fn create(&self, table: &NewTable) -> Result<()> {
        let table = table.clone();
        let operation = format!("creating `{}`", table.name);
        self.control(operation, move |connection| create::create(connection, &table)).await
    }

    async fn apply(&self, batch: &Batch) -> Result<Applied> {
        let batch = batch.clone();
        let operation = apply::operation(&batch);
        self.control(operation, move |connection| apply::apply(connection, &batch)).await
    }

    async fn apply_together(&self, batches: &[Batch]) -> Result<Vec<Applied>> {
        let batches = batches.to_vec();
        let work = move |connection: &Connection| together::apply(connection, &batches);
        self.control(together::OPERATION.to_owned(), work).await
    }

    async fn marked(&self, mark: &UnitMark) -> Result<bool> {
        let mark = mark.clone();
        let operation = format!("looking for unit {} in the target's bookkeeping", mark.unit);
        let failing = operation.clone();
        let look = move |connection: &Connection| {
            marks::is_set(connection, &mark).map_err(|error| store_error(failing, &error))
        };
        self.control(operation, look).await
    }

    fn script(&self, batch: &Batch) -> Result<String> {
        script::script(batch)
    }

    fn script_frame(&self, side_effects: SideEffects) -> (String, String) {
        script::frame(side_effects)
    }

    fn column_type(&self, logical: &LogicalType, declared: &str, same_engine: bool) -> String {
        if same_engine { declared.to_owned() } else { types::column_type(logical).to_owned() }
    }

    async fn disconnect(&self) {
        let ended = std::mem::replace(&mut *self.connected.lock().await, Connected::new());
        drop(ended.control);
        ended.life.end().await;
    }
}
