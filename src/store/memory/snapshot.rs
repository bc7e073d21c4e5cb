//! Reading views of a memory store.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use async_trait::async_trait;

use super::database::Database;
use super::fault::{Call, Fault, Moment};
use super::query::{Cursor, Query, Selection};
use super::session::Session;
use crate::base::clock::Timestamp;
use crate::base::limits::DIGEST_RANGES_MAX;
use crate::base::task;
use crate::model::block::RowBlock;
use crate::model::digest::{Digest, DigestSeed};
use crate::model::key::Key;
use crate::model::pair::TableView;
use crate::model::range::KeyRange;
use crate::model::stamp;
use crate::model::value::Value;
use crate::store::{ErrorClass, Result, RowSender, RowStream, Snapshot, Stamps, StoreError, row_channel};

/// A view of a memory store: of one instant, or of whatever is there at each read.
pub(super) struct MemorySnapshot {
    lease: Arc<Lease>,
}

/// What an open snapshot holds; its streams end with it.
struct Lease {
    session: Arc<Session>,
    generation: u64,
    /// The content of one instant, or none when each read sees the current one.
    pinned: Option<Database>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.session.state().snapshots_open -= 1;
    }
}

impl Lease {
    fn check_alive(&self, operation: &str) -> Result<()> {
        if self.session.generation() == self.generation {
            Ok(())
        } else {
            Err(self.session.failed(operation, "the snapshot ended with its connection"))
        }
    }

    /// Looks at the content through a view.
    fn query<T>(
        &self,
        view: &TableView,
        operation: &str,
        look: impl FnOnce(&Query<'_>) -> Result<T>,
    ) -> Result<T> {
        self.check_alive(operation)?;
        // A clone costs a pointer a table and keeps the lock short.
        let database = self.pinned.clone().unwrap_or_else(|| self.session.state().database.clone());
        look(&Query::new(&database, view, operation)?)
    }

    async fn next_block(
        &self,
        view: &TableView,
        selection: &Selection,
        after: Option<&Cursor>,
        operation: &str,
    ) -> Result<Next> {
        let fault = self.session.begin(Call::Block, operation)?;
        match fault {
            Some(Fault::Cut) => return Ok(Next::Cut),
            Some(Fault::Short) => return Ok(Next::Short),
            _ => self.session.strike(fault, Moment::Before, operation).await?,
        }
        let rows_max = self.session.options.block_rows;
        let block =
            self.query(view, operation, |query| query.next_block(selection, after, rows_max, operation))?;
        self.session.strike(fault, Moment::After, operation).await?;
        Ok(block.map_or(Next::End, |(block, cursor)| Next::Block(block, cursor)))
    }
}

enum Next {
    Block(RowBlock, Cursor),
    End,
    Cut,
    Short,
}

impl MemorySnapshot {
    /// Opens a view; the caller has counted it as open.
    pub(super) fn open(session: Arc<Session>, pinned: Option<Database>) -> Self {
        let generation = session.generation();
        Self { lease: Arc::new(Lease { session, generation, pinned }) }
    }

    async fn look<T: Send>(
        &self,
        call: Call,
        verb: &str,
        view: &TableView,
        look: impl FnOnce(&Query<'_>, &str) -> Result<T> + Send,
    ) -> Result<T> {
        let operation = self.operation(verb, view);
        let lease = &self.lease;
        let effect = || lease.query(view, &operation, |query| look(query, &operation));
        lease.session.operate(call, &operation, effect).await
    }

    fn operation(&self, verb: &str, view: &TableView) -> String {
        format!("{verb} `{}` at {}", view.table, self.lease.session.options.name)
    }

    async fn stream(
        &self,
        call: Call,
        verb: &str,
        view: &TableView,
        selection: Selection,
    ) -> Result<RowStream> {
        self.look(call, verb, view, |_, _| Ok(())).await?;
        let operation = self.operation(verb, view);
        let (sender, stream) = row_channel(operation.clone());
        let lease = Arc::downgrade(&self.lease);
        let view = view.clone();
        task::spawn(async move { send(&lease, &view, &selection, sender, &operation).await });
        Ok(stream)
    }

    fn check_ranges(&self, ranges: &[KeyRange], operation: &str) -> Result<()> {
        let misuse = |what: &str| Err(self.lease.session.misuse(operation, what));
        if ranges.len() > DIGEST_RANGES_MAX {
            return misuse("too many ranges in one request");
        }
        let ascending = |pair: &[KeyRange]| match (&pair[0].upper, &pair[1].lower) {
            (Some(upper), Some(lower)) => upper <= lower,
            _ => false,
        };
        if !ranges.windows(2).all(ascending) {
            return misuse("ranges are not disjoint and ascending");
        }
        Ok(())
    }
}

/// Sends the rows of a selection, block by block, as long as anybody listens and the snapshot is open.
async fn send(
    lease: &Weak<Lease>,
    view: &TableView,
    selection: &Selection,
    sender: RowSender,
    operation: &str,
) {
    let mut sent = 0;
    let mut after: Option<Cursor> = None;
    loop {
        tokio::task::yield_now().await;
        let Some(lease) = lease.upgrade() else {
            let cause = "the snapshot was dropped while its rows were read";
            return sender.fail(StoreError::new(ErrorClass::Logic, operation, cause)).await;
        };
        let next = lease.next_block(view, selection, after.as_ref(), operation).await;
        drop(lease);
        match next {
            Ok(Next::Block(block, cursor)) => {
                sent += block.len() as u64;
                after = Some(cursor);
                if sender.send(block).await.is_err() {
                    return;
                }
            }
            Ok(Next::End) => return sender.end(sent).await,
            Ok(Next::Short) => return sender.end(sent + 1).await,
            Ok(Next::Cut) => return,
            Err(error) => return sender.fail(error).await,
        }
    }
}

#[async_trait]
impl Snapshot for MemorySnapshot {
    fn consistent(&self) -> bool {
        self.lease.pinned.is_some()
    }

    async fn count(&self, view: &TableView, range: &KeyRange) -> Result<u64> {
        self.look(Call::Count, "counting rows of", view, |query, _| Ok(query.keys(range).len() as u64)).await
    }

    async fn digest(&self, view: &TableView, ranges: &[KeyRange], seed: DigestSeed) -> Result<Vec<Digest>> {
        self.check_ranges(ranges, &self.operation("digesting", view))?;
        let mut digests = Vec::with_capacity(ranges.len());
        if ranges.is_empty() {
            self.look(Call::Digest, "digesting", view, |_, _| Ok(())).await?;
        }
        // One statement a range: the content of a moving view may change in between, and any of them may fail.
        for range in ranges {
            let digest =
                self.look(Call::Digest, "digesting", view, |query, _| Ok(query.digest(range, seed))).await?;
            digests.push(digest);
        }
        Ok(digests)
    }

    async fn split(&self, view: &TableView, range: &KeyRange, pieces: usize) -> Result<Vec<Key>> {
        self.look(Call::Split, "splitting", view, |query, _| {
            let keys = query.keys(range);
            let mut bounds: Vec<Key> = Vec::new();
            for piece in 1..pieces {
                let Some(key) = keys.get(keys.len() * piece / pieces) else { continue };
                let above_first = keys.first().is_some_and(|first| first < key);
                if above_first && bounds.last().is_none_or(|last| last.as_bytes() < &**key) {
                    bounds.push(Key::from_encoded(key));
                }
            }
            Ok(bounds)
        })
        .await
    }

    async fn newest(&self, view: &TableView, range: &KeyRange, rows: u64) -> Result<Option<Key>> {
        self.look(Call::Newest, "finding the newest rows of", view, |query, _| {
            let keys = query.keys(range);
            let position = usize::try_from(rows).ok().filter(|&rows| rows > 0);
            let position = position.and_then(|rows| keys.len().checked_sub(rows));
            Ok(position.map(|position| Key::from_encoded(&keys[position])))
        })
        .await
    }

    async fn read(&self, view: &TableView, range: &KeyRange) -> Result<RowStream> {
        self.stream(Call::Read, "reading rows of", view, Selection::Range(range.clone())).await
    }

    async fn fetch(&self, view: &TableView, keys: &[Key]) -> Result<RowBlock> {
        let operation = self.operation("fetching rows of", view);
        if !keys.is_sorted_by(|left, right| left < right) {
            return Err(self.lease.session.misuse(&operation, "keys are not distinct and ascending"));
        }
        self.look(Call::Fetch, "fetching rows of", view, |query, _| {
            let mut builder = query.builder();
            for key in keys {
                let only = KeyRange::new(Some(key.clone()), None);
                query.for_each(&only, None, |found, _, row| {
                    if *found != *key.as_bytes() {
                        return std::ops::ControlFlow::Break(());
                    }
                    query.push(row, &mut builder);
                    std::ops::ControlFlow::Continue(())
                });
            }
            Ok(builder.take())
        })
        .await
    }

    async fn changed(
        &self,
        view: &TableView,
        since: Option<&Value>,
        until: Option<&Value>,
    ) -> Result<RowStream> {
        let selection = Selection::Changed { since: since.cloned(), until: until.cloned() };
        self.stream(Call::Changed, "reading changed rows of", view, selection).await
    }

    async fn stamps(&self, view: &TableView, since: Option<&Value>, now: Timestamp) -> Result<Stamps> {
        self.look(Call::Stamps, "reading stamps of", view, |query, operation| {
            let mut stamps = Stamps::default();
            let order = |value: &Value| Key::from_values(std::slice::from_ref(value));
            let since = since.map(order);
            for value in query.stamps(operation)? {
                if matches!(value, Value::Null) {
                    stamps.missing += 1;
                    continue;
                }
                let value_order = order(value);
                stamps.changed += u64::from(since.as_ref().is_none_or(|since| *since <= value_order));
                stamps.ties += u64::from(since.as_ref() == Some(&value_order));
                if stamp::is_after(value.as_ref(), now) {
                    stamps.future += 1;
                } else if stamps.largest.as_ref().is_none_or(|largest| order(largest) < order(value)) {
                    stamps.largest = Some(value.clone());
                }
            }
            Ok(stamps)
        })
        .await
    }

    async fn null_keys(&self, view: &TableView, seed: DigestSeed) -> Result<Digest> {
        self.look(Call::NullKeys, "digesting rows without a key of", view, |query, _| {
            Ok(query.null_keys(seed))
        })
        .await
    }

    async fn digest_buckets(
        &self,
        view: &TableView,
        buckets: usize,
        seed: DigestSeed,
    ) -> Result<Vec<Digest>> {
        self.look(Call::DigestBuckets, "digesting buckets of", view, |query, _| {
            Ok(query.digest_buckets(buckets, seed))
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
        let selection = Selection::Buckets { buckets, wanted: wanted.clone(), seed };
        self.stream(Call::ReadBuckets, "reading buckets of", view, selection).await
    }

    async fn largest(&self, view: &TableView) -> Result<Option<Key>> {
        self.look(Call::Largest, "finding the largest key of", view, |query, _| {
            Ok(query.keys(&KeyRange::all()).last().map(|key| Key::from_encoded(key)))
        })
        .await
    }
}
