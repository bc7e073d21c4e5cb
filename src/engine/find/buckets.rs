//! Hash buckets: for keys whose order differs between the sides. One scan digests, a second reads what differs.

use std::collections::{BTreeMap, BTreeSet};

use super::super::context::Context;
use super::super::interrupt::{Flow, Interrupt};
use super::super::table::TableWork;
use super::super::tally::Work;
use super::{RowRef, Sink, Views};
use crate::base::limits::{BUCKET_ROWS, BUCKET_ROWS_AT_ONCE_MAX, DIGEST_RANGES_MAX};
use crate::model::block::RowBlock;
use crate::model::digest::Digest;
use crate::model::event::Side;
use crate::model::merge::MergeError;
use crate::model::range::KeyRange;
use crate::state::FindingKind;
use crate::store::Snapshot;

/// Compares everything by buckets of key hashes.
pub async fn hash_buckets(
    context: &Context,
    views: &Views,
    table: &TableWork,
    sink: &mut dyn Sink,
) -> Flow<()> {
    let rows = table.counts.0.unwrap_or(0).max(table.counts.1.unwrap_or(0));
    let buckets = usize::try_from(rows / BUCKET_ROWS + 1).unwrap_or(usize::MAX).min(DIGEST_RANGES_MAX);
    let source = views.source.digest_buckets(&views.source_view, buckets, context.seed);
    let target = views.target.digest_buckets(&views.target_view, buckets, context.seed);
    let (source, target) = context
        .timed(Work::Search, async {
            futures_util::future::join(
                context.sides.call(Side::Source, "digesting buckets", source),
                context.sides.call(Side::Target, "digesting buckets", target),
            )
            .await
        })
        .await;
    let (source, target) = (source?, target?);
    context.tally.searched(buckets as u64, 2, 1);
    let mut group = BTreeSet::new();
    let mut group_rows = 0;
    for bucket in 0..buckets {
        if source[bucket] == target[bucket] {
            sink.equal_rows(source[bucket].count);
            continue;
        }
        group.insert(bucket);
        group_rows += source[bucket].count.max(target[bucket].count);
        if group_rows >= BUCKET_ROWS_AT_ONCE_MAX {
            compare_group(context, views, buckets, &std::mem::take(&mut group), sink).await?;
            group_rows = 0;
        }
    }
    if !group.is_empty() {
        compare_group(context, views, buckets, &group, sink).await?;
    }
    let whole = source.iter().fold(Digest::EMPTY, |sum, digest| sum.combine(*digest));
    sink.covered(KeyRange::all(), whole);
    sink.save(context, &[]).await
}

/// Where a row of a group was read.
type Place = (usize, usize);

async fn compare_group(
    context: &Context,
    views: &Views,
    buckets: usize,
    wanted: &BTreeSet<usize>,
    sink: &mut dyn Sink,
) -> Flow<()> {
    let source = read_group(context, Side::Source, &*views.source, views, buckets, wanted).await?;
    let target = read_group(context, Side::Target, &*views.target, views, buckets, wanted).await?;
    let (source_rows, target_rows) = (index(Side::Source, &source)?, index(Side::Target, &target)?);
    for (key, place) in &source_rows {
        let row = row_at(&source, *place);
        match target_rows.get(key) {
            None => sink.differs(FindingKind::Missing, key, Some(row), None),
            Some(other) => {
                let other = row_at(&target, *other);
                if row.block.compare_form(row.index) == other.block.compare_form(other.index) {
                    sink.equal(key);
                } else {
                    sink.differs(FindingKind::Changed, key, Some(row), Some(other));
                }
            }
        }
    }
    for (key, place) in target_rows.iter().filter(|(key, _)| !source_rows.contains_key(*key)) {
        sink.differs(FindingKind::Extra, key, None, Some(row_at(&target, *place)));
    }
    sink.save(context, &[KeyRange::all()]).await
}

async fn read_group(
    context: &Context,
    side: Side,
    snapshot: &dyn Snapshot,
    views: &Views,
    buckets: usize,
    wanted: &BTreeSet<usize>,
) -> Flow<Vec<RowBlock>> {
    let view = if side == Side::Source { &views.source_view } else { &views.target_view };
    let read = snapshot.read_buckets(view, buckets, wanted, context.seed);
    let mut stream = context.sides.call(side, "reading buckets that differ", read).await?;
    let mut blocks = Vec::new();
    while let Some(block) = context.timed(Work::Read, context.sides.next(side, &mut stream)).await? {
        blocks.push(block);
    }
    Ok(blocks)
}

/// The rows by key; one that repeats identifies no row, and would hide the other ones that have it (trap 35).
fn index(side: Side, blocks: &[RowBlock]) -> Flow<BTreeMap<&[u8], Place>> {
    let mut rows = BTreeMap::new();
    for (number, block) in blocks.iter().enumerate() {
        for index in 0..block.len() {
            if rows.insert(block.key(index), (number, index)).is_some() {
                let error = MergeError::Duplicate { side, key: block.key_owned(index) };
                return Err(Interrupt::logic(error.to_string()));
            }
        }
    }
    Ok(rows)
}

fn row_at(blocks: &[RowBlock], place: Place) -> RowRef<'_> {
    RowRef { block: &blocks[place.0], index: place.1 }
}
