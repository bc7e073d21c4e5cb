//! Merge compare: one ordered read of both sides, in constant memory.

use super::super::context::Context;
use super::super::interrupt::{Flow, Interrupt};
use super::super::tally::Work;
use super::{RowRef, Sink, Views};
use crate::base::limits::{SEARCH_UNIT_ROWS_MAX, SEARCH_UNIT_TIME_MAX};
use crate::model::block::RowBlock;
use crate::model::digest::{Digest, DigestSeed};
use crate::model::event::Side;
use crate::model::key::Key;
use crate::model::merge::{MergeCompare, MergeSink, Need, RowAt, Standing};
use crate::model::range::KeyRange;
use crate::model::search::{Found, LeafAnswer};
use crate::state::FindingKind;
use crate::store::RowStream;

/// Compares every row of the ranges, one range after the other.
pub async fn merge_compare(
    context: &Context,
    views: &Views,
    ranges: &[KeyRange],
    sink: &mut dyn Sink,
) -> Flow<()> {
    for (position, range) in ranges.iter().enumerate() {
        let later = &ranges[position + 1..];
        merge_range(context, views, range, Some(later), sink).await?;
        sink.save(context, later).await?;
    }
    Ok(())
}

/// Compares every row of one range; saves on the way when told what comes `later`.
pub async fn merge_range(
    context: &Context,
    views: &Views,
    range: &KeyRange,
    later: Option<&[KeyRange]>,
    sink: &mut dyn Sink,
) -> Flow<LeafAnswer> {
    let source = views.source.read(&views.source_view, range);
    let target = views.target.read(&views.target_view, range);
    let mut source = context.sides.call(Side::Source, "reading rows to compare", source).await?;
    let mut target = context.sides.call(Side::Target, "reading rows to compare", target).await?;
    let mut merge = MergeCompare::new();
    let mut tell = Tell { sink, seed: context.seed, digest: Digest::EMPTY, found: Found::default() };
    let mut whole = Digest::EMPTY;
    let mut lower = range.lower.clone();
    let (mut rows_saved, mut saved_at) = (0, context.elapsed());
    loop {
        let start = context.elapsed();
        let need = merge.compare(SEARCH_UNIT_ROWS_MAX, &mut tell);
        context.tally.spent(Work::Compare, context.elapsed().saturating_sub(start));
        match need.map_err(|error| Interrupt::logic(error.to_string()))? {
            Some(Need::Done) => break,
            Some(Need::Block(Side::Source)) => feed(context, Side::Source, &mut source, &mut merge).await?,
            Some(Need::Block(Side::Target)) => feed(context, Side::Target, &mut target, &mut merge).await?,
            None => {}
        }
        let rows = merge.rows(Side::Source) + merge.rows(Side::Target);
        if let (Some(later), Some(next)) = (later, merge.next_key())
            && (rows - rows_saved >= SEARCH_UNIT_ROWS_MAX
                || start.saturating_sub(saved_at) >= SEARCH_UNIT_TIME_MAX)
        {
            (rows_saved, saved_at) = (rows, context.elapsed());
            let next = Key::from_encoded(next);
            let done = KeyRange::new(lower.replace(next.clone()), Some(next.clone()));
            let digest = std::mem::take(&mut tell.digest);
            whole = whole.combine(digest);
            tell.sink.covered(done, digest);
            let rest = KeyRange::new(Some(next), range.upper.clone());
            let remaining: Vec<KeyRange> = std::iter::once(rest).chain(later.iter().cloned()).collect();
            tell.sink.save(context, &remaining).await?;
        }
    }
    tell.sink.covered(KeyRange::new(lower, range.upper.clone()), tell.digest);
    Ok(LeafAnswer {
        source_rows: merge.rows(Side::Source),
        target_rows: merge.rows(Side::Target),
        found: tell.found,
        digest: Some(whole.combine(tell.digest)),
    })
}

async fn feed(
    context: &Context,
    side: Side,
    stream: &mut RowStream,
    merge: &mut MergeCompare<RowBlock>,
) -> Flow<()> {
    match context.timed(Work::Read, context.sides.next(side, stream)).await? {
        Some(block) => merge.feed(side, block).map_err(|error| Interrupt::logic(error.to_string())),
        None => {
            merge.end(side);
            Ok(())
        }
    }
}

/// Tells a sink what the merge sees, and digests the source on the way.
struct Tell<'a> {
    sink: &'a mut dyn Sink,
    seed: DigestSeed,
    digest: Digest,
    found: Found,
}

impl MergeSink<RowBlock> for Tell<'_> {
    fn row(
        &mut self,
        standing: Standing,
        source: Option<RowAt<'_, RowBlock>>,
        target: Option<RowAt<'_, RowBlock>>,
    ) {
        let source = source.map(|row| RowRef { block: row.block, index: row.index });
        let target = target.map(|row| RowRef { block: row.block, index: row.index });
        if let Some(row) = source {
            self.digest.add_row(row.block.compare_form(row.index), self.seed);
        }
        let Some(row) = source.or(target) else { return };
        let key = row.block.key(row.index);
        let kind = match standing {
            Standing::Equal => return self.sink.equal(key),
            Standing::Missing => FindingKind::Missing,
            Standing::Extra => FindingKind::Extra,
            Standing::Changed => FindingKind::Changed,
        };
        match kind {
            FindingKind::Missing => self.found.missing += 1,
            FindingKind::Extra => self.found.extra += 1,
            FindingKind::Changed => self.found.changed += 1,
        }
        self.sink.differs(kind, key, source, target);
    }
}
