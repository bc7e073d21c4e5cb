//! The store itself: which connection does what.

use std::sync::OnceLock;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::connect::{Flavor, Place, Session};
use super::error::store_error;
use super::snapshot::MySqlSnapshot;
use super::worker::{Life, Worker, Working};
use super::{apply, create, describe, marks, probe, script, together, types};
use crate::base::limits::SERVER_READERS_MAX;
use crate::model::schema::Catalog;
use crate::model::types::LogicalType;
use crate::store::{
    Applied, Batch, Capabilities, NewTable, Probe, Result, Role, ServerAddress, SideEffects, Snapshot, Store,
    UnitMark,
};

/// A database of a MariaDB or MySQL server as one side of a job.
pub struct MySqlStore {
    place: Place,
    connected: Mutex<Connected>,
    /// Which server it is, once one was met.
    flavor: OnceLock<Flavor>,
}

/// Every connection since the last [`Store::disconnect`].
struct Connected {
    life: Life,
    /// The connection for everything that is not a view.
    control: Option<Worker>,
}

impl Connected {
    fn new() -> Self {
        Self { life: Life::new(), control: None }
    }
}

impl MySqlStore {
    /// A store; whether the server can be reached shows at the first use.
    pub fn new(address: ServerAddress, role: Role) -> Self {
        let place = Place { address, role };
        Self { place, connected: Mutex::new(Connected::new()), flavor: OnceLock::new() }
    }

    /// The control connection, made anew when it was lost.
    async fn worker(&self) -> Result<Worker> {
        let mut connected = self.connected.lock().await;
        if let Some(worker) = connected.control.as_ref().filter(|worker| !worker.is_closed()) {
            return Ok(worker.clone());
        }
        let session = self.place.connect().await?;
        let _ = self.flavor.set(session.flavor);
        let worker = Worker::start(session, &connected.life);
        connected.control = Some(worker.clone());
        Ok(worker)
    }

    async fn control<T: Send + 'static>(
        &self,
        operation: &str,
        work: impl for<'c> FnOnce(&'c mut Session) -> Working<'c, T> + Send + 'static,
    ) -> Result<T> {
        self.worker().await?.call(operation, work).await
    }
}

#[async_trait]
impl Store for MySqlStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            engine: "mysql",
            in_process: false,
            digests: false,
            snapshots: true,
            marks: self.place.role == Role::Target,
            readers_max: self.place.address.connections.clamp(1, SERVER_READERS_MAX),
            snapshot_blocks_apply: false,
        }
    }

    async fn probe(&self) -> Result<Probe> {
        let place = self.place.clone();
        let operation = format!("looking at {}", place.label());
        self.control(&operation, move |session| Box::pin(async move { probe::probe(session, &place).await }))
            .await
    }

    async fn describe(&self) -> Result<Catalog> {
        let operation = format!("reading the schema of {}", self.place.label());
        let failing = operation.clone();
        self.control(&operation, move |session| {
            Box::pin(
                async move { describe::catalog(session).await.map_err(|error| store_error(failing, &error)) },
            )
        })
        .await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        let connected = self.connected.lock().await;
        Ok(Box::new(MySqlSnapshot::open(&self.place, &connected.life).await?))
    }

    async fn create(&self, table: &NewTable) -> Result<()> {
        let table = table.clone();
        let operation = format!("creating `{}`", table.name);
        self.control(&operation, move |session| {
            Box::pin(async move { create::create(session, &table).await })
        })
        .await
    }

    async fn apply(&self, batch: &Batch) -> Result<Applied> {
        let batch = batch.clone();
        let operation = apply::operation(&batch);
        self.control(&operation, move |session| Box::pin(async move { apply::apply(session, &batch).await }))
            .await
    }

    async fn apply_together(&self, batches: &[Batch]) -> Result<Vec<Applied>> {
        let batches = batches.to_vec();
        self.control(together::OPERATION, move |session| {
            Box::pin(async move { together::apply(session, &batches).await })
        })
        .await
    }

    async fn marked(&self, mark: &UnitMark) -> Result<bool> {
        let mark = mark.clone();
        let operation = format!("looking for unit {} in the target's bookkeeping", mark.unit);
        let failing = operation.clone();
        self.control(&operation, move |session| {
            Box::pin(async move {
                marks::is_set(session, &mark).await.map_err(|error| store_error(failing, &error))
            })
        })
        .await
    }

    fn script(&self, batch: &Batch) -> Result<String> {
        script::script(batch)
    }

    fn script_frame(&self, side_effects: SideEffects) -> (String, String) {
        script::frame(side_effects)
    }

    fn column_type(&self, logical: &LogicalType, declared: &str, same_engine: bool) -> String {
        match logical {
            // MariaDB declares it as the text that it is kept in.
            LogicalType::Json => "json".to_owned(),
            _ if same_engine => declared.to_owned(),
            _ => types::column_type(logical, self.flavor.get().copied()),
        }
    }

    async fn disconnect(&self) {
        let ended = std::mem::replace(&mut *self.connected.lock().await, Connected::new());
        drop(ended.control);
        ended.life.end().await;
    }
}
