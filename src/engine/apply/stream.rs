//! Writing neighbouring rows as a stream: an empty target, or a long run of differing rows.
//!
//! While a unit is written the next one is gathered. Progress names the first key of the next unit, so that a restart
//! neither skips nor counts a row twice.

use super::super::context::Context;
use super::super::interrupt::{Flow, Interrupt};
use super::super::table::TableWork;
use super::super::tally::Work;
use super::batch::BatchBuilder;
use super::unit::{Item, OnRefusal, apply_beside};
use crate::base::limits::PROOF_RANGES_MAX;
use crate::model::block::RowBlock;
use crate::model::digest::Digest;
use crate::model::event::{Progress as Shown, Side};
use crate::model::key::Key;
use crate::model::range::KeyRange;
use crate::state::{FindProgress, Finding, FindingKind, StateChange};
use crate::store::RowStream;

/// Where it is written down how far a stream has come.
#[derive(Debug, Clone)]
pub enum Progress {
    /// With the search of a copied table.
    Copy(FindProgress),
    /// With the finding that the run came from.
    Run {
        /// The finding.
        id: u64,
        /// Its kind.
        kind: FindingKind,
    },
}

impl Progress {
    /// What to remember when everything below `rest` is written; none means everything.
    fn changes(&self, table: &str, rest: Option<KeyRange>) -> Vec<StateChange> {
        let table = table.to_owned();
        match (self, rest) {
            (Self::Copy(progress), rest) => {
                let done = rest.is_none();
                let remaining: Vec<KeyRange> = rest.into_iter().collect();
                let progress = FindProgress { remaining, done, ..progress.clone() };
                vec![StateChange::FindAdvanced { table, progress }]
            }
            (Self::Run { id, .. }, None) => vec![StateChange::FindingsRemoved { table, ids: vec![*id] }],
            (Self::Run { id, kind }, Some(range)) => {
                let finding = Finding::Run { kind: *kind, range, rows: 1 };
                vec![StateChange::FindingShrunk { table, id: *id, finding }]
            }
        }
    }
}

/// Writes every source row of `range`; starts again where it was after a lost connection.
pub async fn write_stream(
    context: &Context,
    table: &mut TableWork,
    kind: FindingKind,
    range: KeyRange,
    progress: Progress,
    on_refusal: OnRefusal,
) -> Flow<()> {
    let mut rest = Some(range);
    let mut failures = 0;
    while let Some(range) = rest.clone() {
        match stream_once(context, table, kind, range, &progress, &mut rest, on_refusal).await {
            Ok(()) => rest = None,
            Err(Interrupt::Lost(side, error)) => {
                failures += 1;
                table.found.one_instant = false;
                context.lost(side, &error, failures).await?;
            }
            Err(Interrupt::Aged) => {
                table.found.one_instant = false;
                context.release_source().await;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

/// The reader's side: blocks as they come, and the position in the one at hand.
struct Feed {
    stream: RowStream,
    block: RowBlock,
    next: usize,
}

impl Feed {
    /// Makes sure that a row is at hand, unless the stream has ended.
    async fn fill(&mut self, context: &Context) -> Flow<bool> {
        while self.next >= self.block.len() {
            let block = context.timed(Work::Read, context.sides.next(Side::Source, &mut self.stream)).await?;
            let Some(block) = block else { return Ok(false) };
            self.block = block;
            self.next = 0;
        }
        Ok(true)
    }

    fn key(&self) -> Key {
        self.block.key_owned(self.next)
    }
}

/// Rows of one unit, and the key of the row behind them; none at the end of the stream.
struct Gathered {
    batch: BatchBuilder,
    next: Option<Key>,
}

/// Takes the next unit's rows from the stream; none when there are no more.
async fn gather(
    context: &Context,
    table: &mut TableWork,
    kind: FindingKind,
    feed: &mut Feed,
) -> Flow<Option<Gathered>> {
    let mut more = feed.fill(context).await?;
    if !more {
        return Ok(None);
    }
    let mut batch = BatchBuilder::new(table, kind);
    while more && !batch.is_full(table) {
        batch.add(context, table, &feed.block, feed.next, None)?;
        feed.next += 1;
        more = feed.fill(context).await?;
    }
    Ok(Some(Gathered { batch, next: more.then(|| feed.key()) }))
}

async fn stream_once(
    context: &Context,
    table: &mut TableWork,
    kind: FindingKind,
    range: KeyRange,
    progress: &Progress,
    rest: &mut Option<KeyRange>,
    on_refusal: OnRefusal,
) -> Flow<()> {
    let source = context.source().await?;
    table.found.one_instant &= source.consistent();
    let view = table.paired().source_view.clone();
    let KeyRange { mut lower, upper } = range.clone();
    let stream =
        context.sides.call(Side::Source, "reading rows to write", source.read(&view, &range)).await?;
    let mut feed = Feed { stream, block: RowBlock::default(), next: 0 };
    let mut unit = gather(context, table, kind, &mut feed).await?;
    while let Some(Gathered { mut batch, next }) = unit {
        if let Progress::Copy(_) = progress {
            let done = KeyRange::new(lower, next.clone().or_else(|| upper.clone()));
            note(context, table, done, &batch);
        }
        let left = next.clone().map(|next| KeyRange::new(Some(next), upper.clone()));
        let load = batch.take(progress.changes(&table.name, left.clone()));
        let following = async |table: &mut TableWork| gather(context, table, kind, &mut feed).await;
        let (settled, following) = apply_beside(context, table, load, on_refusal, following).await?;
        list_again(context, table, settled.missed)?;
        rest.clone_from(&left);
        show(context, table);
        lower = next;
        unit = following?;
        if unit.is_some() {
            context.cap_source_age(table.paired().settings().snapshot_age_max).await?;
        }
    }
    context.remember(&progress.changes(&table.name, None))
}

/// Rows that hit none inside the scope become single findings, which the next sweep looks into.
fn list_again(context: &Context, table: &TableWork, missed: Vec<Item>) -> Flow<()> {
    if missed.is_empty() {
        return Ok(());
    }
    let findings =
        missed.into_iter().map(|item| Finding::Row { kind: FindingKind::Missing, key: item.key }).collect();
    context.remember(&[StateChange::FindingsAdded { table: table.name.clone(), findings }])
}

/// Keeps the digest of what was read for the proof; of a run, the search that found it has kept it.
fn note(context: &Context, table: &mut TableWork, range: KeyRange, batch: &BatchBuilder) {
    if table.proofs.len() < PROOF_RANGES_MAX {
        let header = table.paired().header.clone();
        let at = context.job.clock.now();
        table.proofs.push(crate::state::ProofRange { range, digest: batch.digest(), header, at });
    } else if let Some(last) = table.proofs.last_mut() {
        last.range.upper = range.upper;
        last.digest = last.digest.combine(batch.digest());
    }
    let whole = table.found.source_digest.get_or_insert(Digest::EMPTY);
    *whole = whole.combine(batch.digest());
}

fn show(context: &Context, table: &TableWork) {
    let rows = table.rows.written();
    context.hub.report(Shown {
        table: table.name.clone(),
        phase: "apply",
        rows_done: rows,
        rows_total: table.counts.0.unwrap_or(rows),
        rows_read: rows,
        rows_written: rows,
        bytes_read: 0,
    });
}
