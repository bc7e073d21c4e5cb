//! Rows on their way to a consumer, page by page.

use std::collections::BTreeSet;

use super::connect::Session;
use super::walk::{Flow, Row, View, Walk};
use super::worker::Worker;
use crate::base::limits::{BLOCK_BYTES_MAX, BLOCK_ROWS_MAX, SERVER_PAGE_ROWS_MAX};
use crate::base::task;
use crate::model::block::{BlockBuilder, RowBlock};
use crate::model::digest::DigestSeed;
use crate::store::{ErrorClass, Result, RowSender, StoreError};

/// Which buckets' rows are wanted.
pub(super) struct WantedBuckets {
    pub(super) buckets: usize,
    pub(super) wanted: BTreeSet<usize>,
    pub(super) seed: DigestSeed,
}

/// What a stream delivers.
pub(super) struct Source {
    pub(super) walk: Walk,
    filler: Filler,
}

impl Source {
    /// The rows of a walk whose first outputs are the view's columns.
    pub(super) fn new(walk: Walk, view: &View, buckets: Option<WantedBuckets>) -> Self {
        let filler = Filler {
            builder: BlockBuilder::new(view.shape.clone()),
            looked_at: BlockBuilder::new(view.shape.clone()),
            width: view.columns.len(),
            key: view.shape.key.clone(),
            buckets,
            ascending: false,
            last_key: Vec::new(),
        };
        Self { walk, filler }
    }

    /// The same, with the order of keys checked on the way.
    pub(super) fn ascending(mut self) -> Self {
        self.filler.ascending = !self.filler.key.is_empty();
        self
    }
}

/// Fills blocks.
struct Filler {
    builder: BlockBuilder,
    /// The row whose bucket is to be found.
    looked_at: BlockBuilder,
    width: usize,
    /// Positions of the key among the view's columns.
    key: Vec<usize>,
    buckets: Option<WantedBuckets>,
    ascending: bool,
    last_key: Vec<u8>,
}

impl Filler {
    /// Takes a row; a block when one is full.
    fn take(&mut self, row: &Row<'_>) -> Result<Option<RowBlock>> {
        if let Some(WantedBuckets { buckets, wanted, seed }) = &self.buckets {
            self.looked_at.clear();
            row.push(self.width, &self.key, &mut self.looked_at)?;
            if !wanted.contains(&seed.bucket_of(self.looked_at.block().key(0), *buckets)) {
                return Ok(None);
            }
            self.builder.copy_row(self.looked_at.block(), 0);
        } else {
            row.push(self.width, &self.key, &mut self.builder)?;
        }
        if self.ascending {
            let key = self.builder.block().key(self.builder.len() - 1);
            if key < self.last_key.as_slice() {
                let cause = "the server's order of keys is not the order that its catalogue promises";
                return Err(StoreError::new(ErrorClass::Logic, row.operation(), cause));
            }
            self.last_key.clear();
            self.last_key.extend_from_slice(key);
        }
        let large = self.builder.size_bytes() >= BLOCK_BYTES_MAX;
        Ok((large || self.builder.len() >= BLOCK_ROWS_MAX).then(|| self.builder.take()))
    }

    fn rest(&mut self) -> Option<RowBlock> {
        Some(self.builder.take()).filter(|block| !block.is_empty())
    }
}

/// Sends rows until there are no more or the consumer goes away.
pub(super) fn start(worker: Worker, source: Source, sender: RowSender, operation: String) {
    task::spawn(async move {
        let result = if source.walk.is_paged() {
            pages(&worker, source, &sender, &operation).await
        } else {
            whole(&worker, source, &sender, &operation).await
        };
        match result {
            Ok(Some(rows)) => sender.end(rows).await,
            Ok(None) => {}
            Err(error) => sender.fail(error).await,
        }
    });
}

/// Page by page; the rows sent, or none when the consumer went away.
async fn pages(
    worker: &Worker,
    mut source: Source,
    sender: &RowSender,
    operation: &str,
) -> Result<Option<u64>> {
    let mut rows = 0;
    loop {
        let (next, blocks, end) =
            worker.call(operation, move |session| Box::pin(page(session, source))).await?;
        source = next;
        for block in blocks {
            rows += block.len() as u64;
            if sender.send(block).await.is_err() {
                return Ok(None);
            }
        }
        if end {
            return Ok(Some(rows));
        }
        if sender.is_closed() {
            return Ok(None);
        }
    }
}

async fn page(session: &mut Session, mut source: Source) -> Result<(Source, Vec<RowBlock>, bool)> {
    let mut blocks = Vec::new();
    let Source { walk, filler } = &mut source;
    let end = walk
        .page(session, SERVER_PAGE_ROWS_MAX, |row| {
            blocks.extend(filler.take(row)?);
            Ok(Flow::More)
        })
        .await?;
    blocks.extend(filler.rest());
    Ok((source, blocks, end))
}

/// In one statement, which keeps the connection for as long as it takes.
async fn whole(worker: &Worker, source: Source, sender: &RowSender, operation: &str) -> Result<Option<u64>> {
    let (sender, doing) = (sender.clone(), operation.to_owned());
    worker.call(operation, move |session| Box::pin(read_whole(session, source, sender, doing))).await
}

async fn read_whole(
    session: &mut Session,
    mut source: Source,
    sender: RowSender,
    operation: String,
) -> Result<Option<u64>> {
    let statement = source.walk.statement(None, 0);
    let Source { walk, filler } = &mut source;
    let mut rows = 0;
    let sent = session
        .send(&statement.sql, &statement.params, &operation, &sender, |found| {
            let block = filler.take(&walk.row(found))?;
            rows += block.as_ref().map_or(0, RowBlock::len) as u64;
            Ok(block)
        })
        .await?;
    if !sent {
        return Ok(None);
    }
    if let Some(block) = filler.rest() {
        rows += block.len() as u64;
        if sender.send(block).await.is_err() {
            return Ok(None);
        }
    }
    Ok(Some(rows))
}
