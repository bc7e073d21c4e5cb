//! Databases: one small trait for a side, and its backends.
//!
//! A store translates between its driver and the [`RowBlock`], and nothing else does. Fast paths (bulk copy, digests
//! in the database) are [`Capabilities`] of a store, never special cases in the engine.
//!
//! Does not belong here: what to compare, what to write, when to retry; a store does what it is asked once and says
//! how that failed.
//!
//! Invariants: the source is never written; identifiers are quoted and values bound; a stream of rows ends with a
//! positive mark or it is an error; every method that reads honours [`TableView::filter`].

mod error;
pub mod memory;
pub mod mysql;
pub mod open;
pub mod postgres;
mod server;
pub mod sqlite;
mod stream;

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::base::clock::Timestamp;
use crate::model::block::RowBlock;
use crate::model::digest::{Digest, DigestSeed};
use crate::model::key::Key;
use crate::model::pair::{TableView, WriteTarget};
use crate::model::range::KeyRange;
use crate::model::schema::Catalog;

use crate::model::types::LogicalType;
use crate::model::value::Value;

pub use crate::model::schema::{NewColumn, NewTable};
pub use error::{ErrorClass, Refusal, RefusalKind, StoreError};
pub use open::Role;
pub use server::ServerAddress;
pub use stream::{ConsumerGone, Offered, ROWS_IN_FLIGHT, RowSender, RowStream, row_channel};

/// The result of a store's operation.
pub type Result<T> = std::result::Result<T, StoreError>;

/// One side of a job.
///
/// Every method may be cancelled by dropping its future; a cancelled [`Store::apply`] may or may not have committed,
/// as after any lost connection, and its batch is idempotent.
#[async_trait]
pub trait Store: Send + Sync {
    /// What this store can do; constant for its life.
    fn capabilities(&self) -> Capabilities;

    /// Connects if needed and tells who is there. Errors: connection.
    async fn probe(&self) -> Result<Probe>;

    /// All tables with keys, indexes, foreign keys and triggers; tables of our own bookkeeping are left out.
    async fn describe(&self) -> Result<Catalog>;

    /// Opens a view for reading; see [`Snapshot`]. Errors: connection.
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>>;

    /// Creates a table, without triggers and foreign keys. Errors: schema.
    async fn create(&self, table: &NewTable) -> Result<()>;

    /// Applies a batch in one transaction, all or nothing, and returns after the commit is durable.
    ///
    /// Idempotent: the same batch again leaves the same rows. When the database refuses a row, the whole batch is
    /// rolled back and the error carries a [`Refusal`], with the row's position when the database tells it.
    async fn apply(&self, batch: &Batch) -> Result<Applied>;

    /// Applies several batches in one transaction, all or nothing: for rows that wait for each other.
    ///
    /// Foreign keys are checked at the end, and unique values may move among the rows; rows that are updated keep what
    /// refers to them. A refusal says nothing of its position. Marks are ignored.
    async fn apply_together(&self, batches: &[Batch]) -> Result<Vec<Applied>>;

    /// Whether the unit with this mark was committed, for [`Batch::mark`]. Only with [`Capabilities::marks`].
    async fn marked(&self, mark: &UnitMark) -> Result<bool>;

    /// The statements that [`Store::apply`] would run for this batch, as SQL text ending in `;` and a newline each.
    fn script(&self, batch: &Batch) -> Result<String>;

    /// What stands before and after statements of [`Store::script`], so that a shell applies all of them or none, and
    /// checks foreign keys at the end.
    fn script_frame(&self, side_effects: SideEffects) -> (String, String);

    /// The type that a new column for values of `logical` gets here, as SQL.
    fn column_type(&self, logical: &LogicalType, declared: &str, same_engine: bool) -> String;

    /// Ends every connection; later calls may connect again.
    async fn disconnect(&self);
}

/// What a store can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each asked by name")]
pub struct Capabilities {
    /// Name of the engine, as in messages: `sqlite`, `postgres`, `memory`.
    pub engine: &'static str,
    /// Runs in this process, so that a read costs no round trip.
    pub in_process: bool,
    /// Digests ranges, by whatever means, without handing out the rows.
    pub digests: bool,
    /// [`Snapshot`]s see one instant, unless one says otherwise of itself.
    pub snapshots: bool,
    /// Keeps [`UnitMark`]s in the target transaction (`bookkeeping = "target"`).
    pub marks: bool,
    /// Snapshots that may be open side by side.
    pub readers_max: usize,
    /// Whether an open snapshot keeps [`Store::apply`] from committing.
    pub snapshot_blocks_apply: bool,
}

/// Who is there, and since when we know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Names this database and no other, and stays when its content changes; changes when the database is replaced.
    pub identity: String,
    /// Where it is, without secrets; equal for two URLs of one database.
    pub location: String,
    /// Name and version of the engine.
    pub version: String,
    /// Its clock, when it has one of its own.
    pub clock: Option<Timestamp>,
    /// Whether it can be written with the rights at hand.
    pub writable: bool,
    /// What an operator should know: journal mode, side files, privileges, …
    pub notes: Vec<String>,
}

/// A view of one side for reading.
///
/// When [`Snapshot::consistent`], everything read through it is of one instant. Dropping it ends it.
#[async_trait]
pub trait Snapshot: Send + Sync {
    /// Whether all reads see one instant.
    fn consistent(&self) -> bool;

    /// Rows in a range.
    async fn count(&self, view: &TableView, range: &KeyRange) -> Result<u64>;

    /// One digest a range, in the same order; ranges are disjoint and ascending, at most
    /// [`crate::base::limits::DIGEST_RANGES_MAX`].
    async fn digest(&self, view: &TableView, ranges: &[KeyRange], seed: DigestSeed) -> Result<Vec<Digest>>;

    /// Keys that cut a range into about `pieces` parts of as many rows each, ascending, from row positions; fewer when
    /// the range holds fewer rows. The keys exist on this side, the smallest of the range is not among them.
    async fn split(&self, view: &TableView, range: &KeyRange, pieces: usize) -> Result<Vec<Key>>;

    /// The key that has `rows` rows of the range at or above it: where the newest `rows` begin. None when there are
    /// fewer.
    async fn newest(&self, view: &TableView, range: &KeyRange, rows: u64) -> Result<Option<Key>>;

    /// Rows of a range in key order, as a stream with a positive end. Rows whose key holds a NULL are left out.
    async fn read(&self, view: &TableView, range: &KeyRange) -> Result<RowStream>;

    /// The rows with these keys that exist, in key order; keys are distinct and ascending.
    async fn fetch(&self, view: &TableView, keys: &[Key]) -> Result<RowBlock>;

    /// Rows with a modify stamp at or after `since` (all rows when none), in stamp and key order, up to and including
    /// `until`; rows with a NULL stamp are left out.
    async fn changed(
        &self,
        view: &TableView,
        since: Option<&Value>,
        until: Option<&Value>,
    ) -> Result<RowStream>;

    /// Facts about the modify column that a cursor has to know.
    async fn stamps(&self, view: &TableView, since: Option<&Value>, now: Timestamp) -> Result<Stamps>;

    /// The digest of the rows whose key holds a NULL, as a multiset; the empty digest for keys that cannot.
    async fn null_keys(&self, view: &TableView, seed: DigestSeed) -> Result<Digest>;

    /// One digest a bucket, rows falling into bucket `hash(key) mod buckets`, whatever the order of keys here.
    async fn digest_buckets(&self, view: &TableView, buckets: usize, seed: DigestSeed)
    -> Result<Vec<Digest>>;

    /// The rows of these buckets, in any order, as a stream with a positive end.
    async fn read_buckets(
        &self,
        view: &TableView,
        buckets: usize,
        wanted: &BTreeSet<usize>,
        seed: DigestSeed,
    ) -> Result<RowStream>;

    /// The largest key, to tell whether somebody else wrote.
    async fn largest(&self, view: &TableView) -> Result<Option<Key>>;
}

/// What is known of the stamps of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stamps {
    /// Rows at or after the asked stamp, or all with a stamp when none was asked.
    pub changed: u64,
    /// Rows stamped exactly as asked; 0 when no stamp was asked.
    pub ties: u64,
    /// Rows without a stamp; they are never found by it.
    pub missing: u64,
    /// Rows stamped later than now.
    pub future: u64,
    /// The largest stamp that is not in the future.
    pub largest: Option<Value>,
}

/// Rows to write, of one kind, in one transaction.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Where to.
    pub target: std::sync::Arc<WriteTarget>,
    /// What.
    pub change: Change,
    /// What to remember in the same transaction, with `bookkeeping = "target"`.
    pub mark: Option<UnitMark>,
    /// How foreign keys and triggers of the target are treated.
    pub side_effects: SideEffects,
}

/// One kind of change.
#[derive(Debug, Clone)]
pub enum Change {
    /// Deletes the rows with these keys inside the scope; a key without a row is missed.
    Delete(Vec<Key>),
    /// Writes whole rows, new or not (upsert); one that exists outside the scope is missed.
    Insert(RowBlock),
    /// Changes existing rows inside the scope; one that does not exist there is missed.
    Update(RowBlock),
}

impl Change {
    /// Rows or keys in the change.
    pub fn len(&self) -> usize {
        match self {
            Self::Delete(keys) => keys.len(),
            Self::Insert(rows) | Self::Update(rows) => rows.len(),
        }
    }

    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Whether the target's own reactions run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SideEffects {
    /// Foreign keys are enforced and cascade.
    pub foreign_keys: bool,
    /// Triggers fire.
    pub triggers: bool,
}

/// A unit's name in the target's own bookkeeping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitMark {
    /// The job.
    pub job: String,
    /// The table pair.
    pub table: String,
    /// The unit, unique in the job.
    pub unit: u64,
}

/// What a committed batch did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Rows written or deleted, without what cascades and triggers did.
    pub rows: u64,
    /// Positions that hit no row inside the scope.
    pub missed: Vec<usize>,
    /// Rows that foreign keys or triggers changed on top.
    pub cascaded: u64,
    /// Statements sent.
    pub queries: u64,
}
