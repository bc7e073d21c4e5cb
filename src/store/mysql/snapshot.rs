//! A view for reading: one connection in one read-only transaction.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::connect::{Place, Session};
use super::error::store_error;
use super::stream::{self, Source, WantedBuckets};
use super::walk::{View, Walk};
use super::worker::{Life, Worker, Working};
use super::{changed, digest, fetch, positions};
use crate::base::clock::Timestamp;
use crate::model::block::RowBlock;
use crate::model::digest::{Digest, DigestSeed};
use crate::model::key::Key;
use crate::model::pair::TableView;
use crate::model::range::KeyRange;
use crate::model::value::Value;
use crate::store::{Result, Role, RowStream, Snapshot, Stamps, row_channel};

/// A view of a database, of the instant at which it was opened.
///
/// Tables of an engine without transactions (MyISAM, Aria) are read as they are at the moment of each statement.
///
/// Reads are served in the order in which they are asked for, and streams page by page between them; a stream that no
/// index serves is one statement, and others wait for its end. A stream that is still open when the view is dropped
/// can be read to its end.
pub(super) struct MySqlSnapshot {
    worker: Worker,
    role: Role,
}

impl MySqlSnapshot {
    /// Opens a view.
    pub(super) async fn open(place: &Place, life: &Life) -> Result<Self> {
        let mut session = place.connect().await?;
        let operation = format!("opening a view of {}", place.label());
        for statement in [
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        ] {
            session.plain(statement).await.map_err(|error| store_error(&operation, &error))?;
        }
        Ok(Self { worker: Worker::start(session, life), role: place.role })
    }

    fn operation(&self, doing: &str, view: &TableView) -> String {
        format!("{doing} `{}` at the {}", view.table, self.role)
    }

    async fn read<T: Send + 'static>(
        &self,
        operation: &str,
        view: &TableView,
        work: impl for<'c> FnOnce(&'c mut Session, View, String) -> Working<'c, T> + Send + 'static,
    ) -> Result<T> {
        let (owned, doing) = (view.clone(), operation.to_owned());
        self.worker
            .call(operation, move |session| {
                Box::pin(async move {
                    let view = View::resolve(session, &owned, &doing).await?;
                    work(session, view, doing).await
                })
            })
            .await
    }

    fn start(&self, source: Source, operation: String) -> RowStream {
        let (sender, stream) = row_channel(operation.clone());
        stream::start(self.worker.clone(), source, sender, operation);
        stream
    }
}

#[async_trait]
impl Snapshot for MySqlSnapshot {
    fn consistent(&self) -> bool {
        true
    }

    async fn count(&self, view: &TableView, range: &KeyRange) -> Result<u64> {
        let (operation, range) = (self.operation("counting rows of", view), range.clone());
        self.read(&operation, view, move |session, view, operation| {
            Box::pin(async move { positions::count(session, &view, &range, &operation).await })
        })
        .await
    }

    async fn digest(&self, view: &TableView, ranges: &[KeyRange], seed: DigestSeed) -> Result<Vec<Digest>> {
        let (operation, ranges) = (self.operation("digesting rows of", view), ranges.to_vec());
        self.read(&operation, view, move |session, view, operation| {
            Box::pin(async move { digest::ranges(session, &view, &ranges, seed, &operation).await })
        })
        .await
    }

    async fn split(&self, view: &TableView, range: &KeyRange, pieces: usize) -> Result<Vec<Key>> {
        let (operation, range) = (self.operation("splitting a range of", view), range.clone());
        self.read(&operation, view, move |session, view, operation| {
            Box::pin(async move { positions::split(session, &view, &range, pieces, &operation).await })
        })
        .await
    }

    async fn newest(&self, view: &TableView, range: &KeyRange, rows: u64) -> Result<Option<Key>> {
        let (operation, range) = (self.operation("finding the newest rows of", view), range.clone());
        self.read(&operation, view, move |session, view, operation| {
            Box::pin(async move { positions::newest(session, &view, &range, rows, &operation).await })
        })
        .await
    }

    async fn read(&self, view: &TableView, range: &KeyRange) -> Result<RowStream> {
        let (operation, range) = (self.operation("reading rows of", view), range.clone());
        let source = self
            .read(&operation, view, move |_, view, operation| {
                Box::pin(async move {
                    let conditions = view.in_range(&range);
                    let walk = if view.key.is_empty() {
                        Walk::by_table(&view, &view.columns, conditions, &operation)
                    } else {
                        Walk::by_key(&view, &view.columns, conditions, &operation)
                    };
                    Ok(Source::new(walk, &view, None).ascending())
                })
            })
            .await?;
        Ok(self.start(source, operation))
    }

    async fn fetch(&self, view: &TableView, keys: &[Key]) -> Result<RowBlock> {
        let (operation, keys) = (self.operation("fetching rows of", view), keys.to_vec());
        self.read(&operation, view, move |session, view, operation| {
            Box::pin(async move { fetch::rows(session, &view, &keys, &operation).await })
        })
        .await
    }

    async fn changed(
        &self,
        view: &TableView,
        since: Option<&Value>,
        until: Option<&Value>,
    ) -> Result<RowStream> {
        let operation = self.operation("reading changed rows of", view);
        let (view, since, until, doing) = (view.clone(), since.cloned(), until.cloned(), operation.clone());
        let source = self
            .worker
            .call(&operation, move |session| {
                Box::pin(async move {
                    changed::rows(session, &view, (since.as_ref(), until.as_ref()), &doing).await
                })
            })
            .await?;
        Ok(self.start(source, operation))
    }

    async fn stamps(&self, view: &TableView, since: Option<&Value>, now: Timestamp) -> Result<Stamps> {
        let operation = self.operation("looking at the modify stamps of", view);
        let (view, since, doing) = (view.clone(), since.cloned(), operation.clone());
        self.worker
            .call(&operation, move |session| {
                Box::pin(async move { changed::stamps(session, &view, since.as_ref(), now, &doing).await })
            })
            .await
    }

    async fn null_keys(&self, view: &TableView, seed: DigestSeed) -> Result<Digest> {
        let operation = self.operation("digesting rows without a key of", view);
        self.read(&operation, view, move |session, view, operation| {
            Box::pin(async move { digest::null_keys(session, &view, seed, &operation).await })
        })
        .await
    }

    async fn digest_buckets(
        &self,
        view: &TableView,
        buckets: usize,
        seed: DigestSeed,
    ) -> Result<Vec<Digest>> {
        let operation = self.operation("digesting buckets of", view);
        self.read(&operation, view, move |session, view, operation| {
            Box::pin(async move { digest::buckets(session, &view, buckets, seed, &operation).await })
        })
        .await
    }

    async fn read_buckets(
        &self,
        view: &TableView,
        buckets: usize,
        wanted: &BTreeSet<usize>,
        seed: DigestSeed,
    ) -> Result<RowStream> {
        let (operation, wanted) = (self.operation("reading buckets of", view), wanted.clone());
        let source = self
            .read(&operation, view, move |_, view, operation| {
                Box::pin(async move {
                    let walk = Walk::by_table(&view, &view.columns, view.scope(), &operation);
                    let wanted = WantedBuckets { buckets, wanted, seed };
                    Ok(Source::new(walk, &view, Some(wanted)))
                })
            })
            .await?;
        Ok(self.start(source, operation))
    }

    async fn largest(&self, view: &TableView) -> Result<Option<Key>> {
        let operation = self.operation("finding the largest key of", view);
        self.read(&operation, view, move |session, view, operation| {
            Box::pin(async move { positions::newest(session, &view, &KeyRange::all(), 1, &operation).await })
        })
        .await
    }
}
