//! Rows handed to a consumer block by block, with room for other work while the consumer is behind.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::reader::{Reader, View};
use super::scan::{Flow, Scan, encode_outputs};
use super::selection::Selection;
use super::value::from_sql;
use crate::base::limits::{BLOCK_BYTES_MAX, BLOCK_ROWS_MAX};
use crate::model::block::{BlockBuilder, RowBlock};
use crate::model::digest::DigestSeed;
use crate::store::{Offered, Result, RowSender, StoreError};

/// A read under way.
pub(super) struct OpenStream {
    source: Source,
    sender: RowSender,
    /// A block that the consumer had no room for.
    pending: Option<RowBlock>,
    /// How the read ended, when that has still to be said.
    end: Option<std::result::Result<u64, StoreError>>,
    sent: u64,
    ready: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

/// Where a stream's rows come from.
pub(super) enum Source {
    /// Rows in the order in which they are walked.
    Walk(Box<RowWalk>),
    /// Rows sorted on the way, in passes of bounded size.
    Selection(Box<Selection>),
}

/// A walk that builds blocks.
pub(super) struct RowWalk {
    scan: Scan,
    builder: BlockBuilder,
    width: usize,
    wanted: Option<WantedBuckets>,
}

/// Which rows of a walk are wanted, by the hash of their key.
pub(super) struct WantedBuckets {
    /// Where the key is among the outputs.
    pub(super) key: Vec<usize>,
    pub(super) buckets: usize,
    pub(super) wanted: BTreeSet<usize>,
    pub(super) seed: DigestSeed,
}

impl RowWalk {
    /// A walk whose first outputs are the view's columns.
    pub(super) fn new(scan: Scan, view: &View, wanted: Option<WantedBuckets>) -> Self {
        let builder = BlockBuilder::new(view.shape.clone());
        Self { scan, builder, width: view.columns.len(), wanted }
    }

    /// Walks on; true at the end. The last, partly filled block is handed over too.
    fn run(&mut self, reader: &Reader, emit: &mut dyn FnMut(RowBlock) -> Flow) -> Result<bool> {
        let Self { scan, builder, width, wanted } = self;
        let mut key = Vec::new();
        let mut stopped = false;
        let ended = scan.run(reader, |row| {
            if let Some(wanted) = wanted {
                key.clear();
                encode_outputs(row, &wanted.key, &mut key);
                if !wanted.wanted.contains(&wanted.seed.bucket_of(&key, wanted.buckets)) {
                    return Ok(Flow::More);
                }
            }
            for column in 0..*width {
                builder.push(from_sql(row.get_ref_unwrap(column)));
            }
            builder.end_row();
            if builder.len() < BLOCK_ROWS_MAX && builder.size_bytes() < BLOCK_BYTES_MAX {
                return Ok(Flow::More);
            }
            let flow = emit(builder.take_within(BLOCK_BYTES_MAX));
            stopped = flow == Flow::Stop;
            Ok(flow)
        })?;
        if ended && !stopped && !builder.is_empty() {
            emit(builder.take());
        }
        Ok(ended)
    }
}

impl OpenStream {
    /// A read that has not begun.
    pub(super) fn new(source: Source, sender: RowSender) -> Self {
        Self { source, sender, pending: None, end: None, sent: 0, ready: None }
    }

    /// The consumer's side, to ask whether it is still there.
    pub(super) fn sender(&self) -> RowSender {
        self.sender.clone()
    }

    /// Goes on until the consumer is behind; true when nothing is left to be done.
    pub(super) fn go_on(&mut self, reader: &Reader) -> bool {
        self.ready = None;
        if !self.deliver_pending() {
            return self.sender.is_closed() || self.wait();
        }
        if self.end.is_none() {
            let Self { source, sender, pending, sent, .. } = self;
            let mut emit = |block: RowBlock| {
                let rows = block.len() as u64;
                match sender.offer(block) {
                    Offered::Taken => {
                        *sent += rows;
                        Flow::More
                    }
                    Offered::Full(block) => {
                        *pending = Some(block);
                        Flow::Pause
                    }
                    Offered::ConsumerGone => Flow::Stop,
                }
            };
            let result = match source {
                Source::Walk(walk) => walk.run(reader, &mut emit),
                Source::Selection(selection) => selection.run(reader, &mut emit),
            };
            match result {
                _ if self.sender.is_closed() => return true,
                Ok(false) => return self.wait(),
                Ok(true) => self.end = Some(Ok(self.sent)),
                Err(error) => {
                    self.pending = None;
                    self.end = Some(Err(error));
                }
            }
        }
        if self.pending.is_some() { self.wait() } else { self.deliver_end() }
    }

    fn deliver_pending(&mut self) -> bool {
        let Some(block) = self.pending.take() else { return true };
        let rows = block.len() as u64;
        match self.sender.offer(block) {
            Offered::Taken => {
                self.sent += rows;
                if let Some(Ok(total)) = &mut self.end {
                    *total += rows;
                }
                true
            }
            Offered::Full(block) => {
                self.pending = Some(block);
                false
            }
            Offered::ConsumerGone => false,
        }
    }

    fn deliver_end(&mut self) -> bool {
        let Some(end) = self.end.clone() else { return true };
        self.sender.offer_end(end) || self.wait()
    }

    /// Waits for the consumer; never the end of the work.
    fn wait(&mut self) -> bool {
        let sender = self.sender.clone();
        self.ready = Some(Box::pin(async move { sender.ready().await }));
        false
    }

    /// Ready when the consumer has room or went away.
    pub(super) fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.ready.as_mut().map_or(Poll::Ready(()), |ready| ready.as_mut().poll(context))
    }
}
