//! Rows of a statement as blocks: for streams, and for those who only look at them.

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use sqlx::postgres::PgRow;

use super::error::read_error;
use super::facts::ColumnFacts;
use super::query::{Param, View, prepared};
use super::session::Lease;
use super::value;
use crate::base::limits::{BLOCK_BYTES_MAX, BLOCK_ROWS_MAX};
use crate::model::block::{BlockBuilder, RowBlock};
use crate::model::digest::DigestSeed;
use crate::model::key::Key;
use crate::store::{Result, RowSender};
use std::collections::BTreeSet;

/// A statement that reads a view's columns, with its values.
pub(super) struct Reading {
    pub(super) text: String,
    pub(super) params: Vec<Param>,
    pub(super) view: View,
    /// Only rows of these hash buckets.
    pub(super) wanted: Option<(usize, BTreeSet<usize>, DigestSeed)>,
    pub(super) operation: String,
}

/// Appends one row of outputs to a builder.
pub(super) fn push(row: &PgRow, view: &View, builder: &mut BlockBuilder) -> sqlx::Result<()> {
    for (position, column) in view.columns.iter().enumerate() {
        value::read(row, position, column.class, view.is_key(position), |value| builder.push(value))?;
    }
    builder.end_row();
    Ok(())
}

/// The key in outputs that start at `first`.
pub(super) fn key(row: &PgRow, columns: &[ColumnFacts], first: usize) -> sqlx::Result<Key> {
    let mut values = Vec::with_capacity(columns.len());
    for (position, column) in columns.iter().enumerate() {
        values.push(value::read(row, first + position, column.class, true, value::owned)?);
    }
    Ok(Key::from_values(&values))
}

/// Reads rows until a block is full; true when there are no more.
async fn fill(
    rows: &mut BoxStream<'_, sqlx::Result<PgRow>>,
    reading: &Reading,
    builder: &mut BlockBuilder,
) -> Result<bool> {
    let failed = |error: sqlx::Error| read_error(&reading.operation, &error);
    while builder.len() < BLOCK_ROWS_MAX && builder.size_bytes() <= BLOCK_BYTES_MAX {
        let Some(row) = rows.next().await else { return Ok(true) };
        push(&row.map_err(failed)?, &reading.view, builder).map_err(failed)?;
    }
    Ok(false)
}

impl Reading {
    fn only_wanted(&self, block: RowBlock) -> RowBlock {
        let Some((buckets, wanted, seed)) = &self.wanted else { return block };
        let mut kept = RowBlock::default();
        for index in 0..block.len() {
            if wanted.contains(&seed.bucket_of(block.key(index), *buckets)) {
                kept.push_row_of(&block, index);
            }
        }
        kept
    }

    /// Hands over every block of rows, then gives the connection back.
    pub(super) async fn each(
        &self,
        lease: &mut Lease,
        mut visit: impl FnMut(&RowBlock) + Send,
    ) -> Result<()> {
        let (home, life) = (lease.home(), lease.life());
        let mut builder = BlockBuilder::new(self.view.shape.clone());
        let mut rows = prepared(&self.text, &self.params).fetch(&mut **lease);
        loop {
            let ended = home.within(life, &self.operation, fill(&mut rows, self, &mut builder)).await?;
            visit(builder.block());
            builder.clear();
            if ended {
                return Ok(());
            }
        }
    }

    /// Sends every row to a consumer, and how it ended; true when the connection may be used again.
    pub(super) async fn send(&self, lease: &mut Lease, sender: RowSender) -> bool {
        let (home, life) = (lease.home(), lease.life());
        let mut builder = BlockBuilder::new(self.view.shape.clone());
        let mut rows = prepared(&self.text, &self.params).fetch(&mut **lease);
        let mut sent = 0;
        loop {
            let filled = home.within(life, &self.operation, fill(&mut rows, self, &mut builder)).await;
            let ended = match filled {
                Ok(ended) => ended,
                Err(error) => {
                    sender.fail(error).await;
                    return false;
                }
            };
            loop {
                let block = builder.take_within(BLOCK_BYTES_MAX);
                if block.is_empty() {
                    break;
                }
                let block = self.only_wanted(block);
                sent += block.len() as u64;
                if !block.is_empty() && sender.send(block).await.is_err() {
                    return false;
                }
                if !ended {
                    break;
                }
            }
            if ended {
                drop(rows);
                sender.end(sent).await;
                return true;
            }
        }
    }
}
