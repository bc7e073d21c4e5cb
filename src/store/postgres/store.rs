//! The store itself: which connection does what.

use std::sync::Arc;

use async_trait::async_trait;

use super::error::{read_error, store_error};
use super::session::Home;
use super::snapshot::PostgresSnapshot;
use super::{apply, create, describe, marks, probe, script, together, types};
use crate::model::schema::Catalog;
use crate::model::types::LogicalType;
use crate::store::{
    Applied, Batch, Capabilities, ErrorClass, NewTable, Probe, Result, Role, ServerAddress, SideEffects,
    Snapshot, Store, StoreError, UnitMark,
};

/// A PostgreSQL database as one side of a job.
pub struct PostgresStore {
    home: Arc<Home>,
}

impl PostgresStore {
    /// A store on a database; whether it can be reached shows at the first use.
    pub fn new(address: ServerAddress, role: Role) -> Self {
        Self { home: Home::new(address, role) }
    }
}

#[async_trait]
impl Store for PostgresStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            engine: "postgres",
            in_process: false,
            digests: true,
            snapshots: true,
            marks: self.home.role == Role::Target,
            // Each holds one connection besides those that read.
            readers_max: self.home.address.connections.max(1),
            snapshot_blocks_apply: false,
        }
    }

    async fn probe(&self) -> Result<Probe> {
        let operation = format!("looking at {}", self.home.address.place());
        let life = self.home.life();
        let mut lease = self.home.lend(life, &operation).await?;
        let work = probe::probe(&mut lease, &self.home.address, self.home.role, &operation);
        let probe = self.home.within(life, &operation, work).await?;
        lease.give_back();
        Ok(probe)
    }

    async fn describe(&self) -> Result<Catalog> {
        let operation = format!("reading the schema of {}", self.home.address.place());
        let life = self.home.life();
        let mut lease = self.home.lend(life, &operation).await?;
        let work = async {
            let failed = |error: sqlx::Error| read_error(&operation, &error);
            // One instant, so that no table changes between two looks at it.
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
            sqlx::raw_sql(begin).execute(&mut *lease).await.map_err(failed)?;
            let catalog = describe::catalog(&mut lease).await.map_err(failed)?;
            sqlx::raw_sql("COMMIT").execute(&mut *lease).await.map_err(failed)?;
            Ok(catalog)
        };
        let catalog = self.home.within(life, &operation, work).await?;
        lease.give_back();
        Ok(catalog)
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        Ok(Box::new(PostgresSnapshot::open(&self.home).await?))
    }

    async fn create(&self, table: &NewTable) -> Result<()> {
        let operation = format!("creating `{}` at the target", table.name);
        if self.home.role == Role::Source {
            return Err(StoreError::new(ErrorClass::Schema, operation, "a source is never written"));
        }
        let life = self.home.life();
        let mut lease = self.home.lend(life, &operation).await?;
        let work = create::create(&mut lease, table, &operation);
        self.home.within(life, &operation, work).await?;
        lease.give_back();
        Ok(())
    }

    async fn apply(&self, batch: &Batch) -> Result<Applied> {
        apply::apply(&self.home, batch).await
    }

    async fn apply_together(&self, batches: &[Batch]) -> Result<Vec<Applied>> {
        together::apply(&self.home, batches).await
    }

    async fn marked(&self, mark: &UnitMark) -> Result<bool> {
        let operation = format!("looking for unit {} in the target's bookkeeping", mark.unit);
        let life = self.home.life();
        let mut lease = self.home.lend(life, &operation).await?;
        let work =
            async { marks::is_set(&mut lease, mark).await.map_err(|error| store_error(&operation, &error)) };
        let marked = self.home.within(life, &operation, work).await?;
        lease.give_back();
        Ok(marked)
    }

    fn script(&self, batch: &Batch) -> Result<String> {
        script::script(batch)
    }

    fn script_frame(&self, side_effects: SideEffects) -> (String, String) {
        script::frame(side_effects)
    }

    fn column_type(&self, logical: &LogicalType, declared: &str, same_engine: bool) -> String {
        if same_engine { declared.to_owned() } else { types::column_type(logical) }
    }

    async fn disconnect(&self) {
        self.home.disconnect();
    }
}
