//! A view for reading: one connection on one thread, which serves any number of reads in turn.

use std::collections::BTreeSet;
use std::task::{Context, Poll};

use async_trait::async_trait;
use rusqlite::Connection;

use super::access;
use super::changed::{self, Since};
use super::connect::Place;
use super::reader::Reader;
use super::scan::{Scan, Walk, key_conditions, not_null};
use super::selection::Selection;
use super::stream::{OpenStream, RowWalk, Source, WantedBuckets};
use super::worker::{self, Ending, Life, Session, Worker};
use super::{digest, fetch, positions};
use crate::base::clock::Timestamp;
use crate::model::block::RowBlock;
use crate::model::digest::{Digest, DigestSeed};
use crate::model::key::Key;
use crate::model::pair::TableView;
use crate::model::range::KeyRange;
use crate::model::value::Value;
use crate::store::{Result, RowStream, Snapshot, Stamps, row_channel};

/// A view of a SQLite database.
///
/// Reads are served in the order in which they are asked for. A stream whose consumer is behind lets others pass, so
/// that any number of streams and other reads may be under way at once; they share one thread. A stream that is still
/// open when the view is dropped can be read to its end.
pub(super) struct SqliteSnapshot {
    worker: Worker<ReadSession>,
    consistent: bool,
}

/// What lives on the thread.
struct ReadSession {
    reader: Reader,
    streams: Vec<OpenStream>,
    /// Which stream became ready.
    ready: Option<usize>,
    ending: Ending,
}

impl SqliteSnapshot {
    /// Opens a view.
    pub(super) async fn open(place: Place, life: &Life) -> Result<Self> {
        let open = move |ending| {
            Ok(ReadSession { reader: Reader::open(&place)?, streams: Vec::new(), ready: None, ending })
        };
        let worker = Worker::start("sqlite reader", life, open).await?;
        let consistent = worker
            .call("opening a view".to_owned(), |session: &mut ReadSession| Ok(session.reader.is_held()))
            .await?;
        Ok(Self { worker, consistent })
    }

    async fn read<T: Send + 'static>(
        &self,
        doing: &str,
        view: &TableView,
        work: impl FnOnce(&Reader, &TableView) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let owned = view.clone();
        let operation = format!("{doing} `{}`", view.table);
        self.worker.call(operation, move |session| session.one_shot(|reader| work(reader, &owned))).await
    }

    async fn stream(
        &self,
        doing: &str,
        view: &TableView,
        source: impl FnOnce(&Reader, &TableView) -> Result<Source> + Send + 'static,
    ) -> Result<RowStream> {
        let owned = view.clone();
        let operation = format!("{doing} `{}`", view.table);
        let (sender, stream) = row_channel(operation.clone());
        let start = move |session: &mut ReadSession| {
            let source = session.one_shot(|reader| source(reader, &owned))?;
            // The thread finds it ready and begins once the caller has its answer.
            session.streams.push(OpenStream::new(source, sender));
            Ok(())
        };
        self.worker.call(operation, start).await?;
        Ok(stream)
    }
}

impl ReadSession {
    /// Runs a read that is not a stream, and leaves no short transaction open.
    fn one_shot<T>(&mut self, work: impl FnOnce(&Reader) -> Result<T>) -> Result<T> {
        let result = work(&self.reader);
        self.reader.end_slice();
        result
    }
}

impl Session for ReadSession {
    fn connection(&self) -> &Connection {
        self.reader.connection()
    }

    fn expiry(&self) -> Box<dyn FnMut() -> bool + Send> {
        let (deadline, ending) = (self.reader.deadline(), self.ending.clone());
        Box::new(move || deadline.passed() || ending.has_begun())
    }

    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.ready = self.streams.iter_mut().position(|stream| stream.poll_ready(context).is_ready());
        if self.ready.is_some() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn go_on(&mut self) {
        let Some(index) = self.ready.take() else { return };
        // Taken out of the row, and put back at its end: every stream gets its turn.
        let mut stream = self.streams.remove(index);
        let consumer = stream.sender();
        let gone = move || consumer.is_closed();
        let done = worker::while_wanted(self, gone, |session| stream.go_on(&session.reader));
        if !done {
            self.streams.push(stream);
        }
    }

    fn is_busy(&self) -> bool {
        !self.streams.is_empty()
    }
}

fn read_range(reader: &Reader, view: &TableView, range: KeyRange) -> Result<Source> {
    let operation = reader.operation("reading rows of", &view.table);
    let found = reader.view(view, &operation)?;
    if found.key.is_empty() {
        let access = Reader::by_table(&found, &operation)?;
        let walk = Walk { view: &found, access, columns: &found.columns, conditions: Vec::new(), operation };
        return Ok(Source::Walk(Box::new(RowWalk::new(Scan::new(reader, walk), &found, None))));
    }
    if let Some(access) = access::by_key(&found.facts, &found.key) {
        let conditions = key_conditions(&found, &range).unwrap_or_else(super::scan::nothing);
        let walk = Walk { view: &found, access, columns: &found.columns, conditions, operation };
        return Ok(Source::Walk(Box::new(RowWalk::new(Scan::new(reader, walk), &found, None))));
    }
    let access = Reader::by_table(&found, &operation)?;
    let conditions = not_null(&found);
    let walk = Walk { view: &found, access, columns: &found.columns, conditions, operation };
    let start = Scan::new(reader, walk);
    let mut order = found.shape.key.clone();
    order.extend(start.term_outputs());
    // An order begins with its key, and a bound is a whole key: comparing the two compares the keys.
    let wanted = move |order: &[u8]| range.contains(order);
    Ok(Source::Selection(Box::new(Selection::new(start, &found, order, wanted))))
}

fn read_buckets(
    reader: &Reader,
    view: &TableView,
    buckets: usize,
    wanted: BTreeSet<usize>,
    seed: DigestSeed,
) -> Result<Source> {
    let operation = reader.operation("reading buckets of", &view.table);
    let found = reader.view(view, &operation)?;
    let access = Reader::by_table(&found, &operation)?;
    let conditions = not_null(&found);
    let walk = Walk { view: &found, access, columns: &found.columns, conditions, operation };
    let wanted = WantedBuckets { key: found.shape.key.clone(), buckets, wanted, seed };
    Ok(Source::Walk(Box::new(RowWalk::new(Scan::new(reader, walk), &found, Some(wanted)))))
}

#[async_trait]
impl Snapshot for SqliteSnapshot {
    fn consistent(&self) -> bool {
        self.consistent
    }

    async fn count(&self, view: &TableView, range: &KeyRange) -> Result<u64> {
        let range = range.clone();
        self.read("counting rows of", view, move |reader, view| positions::count(reader, view, &range)).await
    }

    async fn digest(&self, view: &TableView, ranges: &[KeyRange], seed: DigestSeed) -> Result<Vec<Digest>> {
        let ranges = ranges.to_vec();
        self.read("digesting rows of", view, move |reader, view| digest::ranges(reader, view, &ranges, seed))
            .await
    }

    async fn split(&self, view: &TableView, range: &KeyRange, pieces: usize) -> Result<Vec<Key>> {
        let range = range.clone();
        self.read("splitting a range of", view, move |reader, view| {
            positions::split(reader, view, &range, pieces)
        })
        .await
    }

    async fn newest(&self, view: &TableView, range: &KeyRange, rows: u64) -> Result<Option<Key>> {
        let range = range.clone();
        self.read("finding the newest rows of", view, move |reader, view| {
            positions::newest(reader, view, &range, rows)
        })
        .await
    }

    async fn read(&self, view: &TableView, range: &KeyRange) -> Result<RowStream> {
        let range = range.clone();
        self.stream("reading rows of", view, move |reader, view| read_range(reader, view, range)).await
    }

    async fn fetch(&self, view: &TableView, keys: &[Key]) -> Result<RowBlock> {
        let keys = keys.to_vec();
        self.read("fetching rows of", view, move |reader, view| fetch::rows(reader, view, &keys)).await
    }

    async fn changed(
        &self,
        view: &TableView,
        since: Option<&Value>,
        until: Option<&Value>,
    ) -> Result<RowStream> {
        let bounds = Since { since: since.cloned(), until: until.cloned() };
        self.stream("reading changed rows of", view, move |reader, view| changed::rows(reader, view, &bounds))
            .await
    }

    async fn stamps(&self, view: &TableView, since: Option<&Value>, now: Timestamp) -> Result<Stamps> {
        let since = since.cloned();
        self.read("looking at the modify stamps of", view, move |reader, view| {
            changed::stamps(reader, view, since.as_ref(), now)
        })
        .await
    }

    async fn null_keys(&self, view: &TableView, seed: DigestSeed) -> Result<Digest> {
        self.read("digesting rows without a key of", view, move |reader, view| {
            digest::null_keys(reader, view, seed)
        })
        .await
    }

    async fn digest_buckets(
        &self,
        view: &TableView,
        buckets: usize,
        seed: DigestSeed,
    ) -> Result<Vec<Digest>> {
        self.read("digesting buckets of", view, move |reader, view| {
            digest::buckets(reader, view, buckets, seed)
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
        let wanted = wanted.clone();
        self.stream("reading buckets of", view, move |reader, view| {
            read_buckets(reader, view, buckets, wanted, seed)
        })
        .await
    }

    async fn largest(&self, view: &TableView) -> Result<Option<Key>> {
        self.read("finding the largest key of", view, positions::largest).await
    }
}
