//! Modified-since: rows whose stamp is at or after the watermark, compared with the target's rows of the same keys.

use super::super::context::Context;
use super::super::interrupt::{Flow, Interrupt};
use super::super::table::TableWork;
use super::super::tally::Work;
use super::{RowRef, Sink, Views};
use crate::base::limits::BLOCK_ROWS_MAX;
use crate::model::block::RowBlock;
use crate::model::event::Side;
use crate::model::key::Key;
use crate::state::FindingKind;

/// Which differences are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Missing and changed rows.
    All,
    /// Only changed ones, since another strategy has found the missing ones.
    ChangedOnly,
}

/// Reads the source's changed rows, inclusive of ties at the watermark, and compares each with the target.
///
/// Begins anew after an interruption: findings of an unfinished attempt are dropped first, since keys do not come in
/// an order in which one could go on.
pub async fn modified_since(
    context: &Context,
    views: &Views,
    table: &TableWork,
    sink: &mut dyn Sink,
    which: Rows,
) -> Flow<()> {
    let Some(watermark) = &table.memory.watermark else {
        return Err(Interrupt::logic("there is no watermark to read changes from"));
    };
    let since = Some(&watermark.stamp);
    let changed = views.source.changed(&views.source_view, since, None);
    let mut stream = context.sides.call(Side::Source, "reading changed rows", changed).await?;
    while let Some(block) = context.timed(Work::Read, context.sides.next(Side::Source, &mut stream)).await? {
        compare_block(context, views, &block, sink, which).await?;
    }
    sink.save(context, &[]).await
}

async fn compare_block(
    context: &Context,
    views: &Views,
    block: &RowBlock,
    sink: &mut dyn Sink,
    which: Rows,
) -> Flow<()> {
    let mut order: Vec<usize> = (0..block.len()).collect();
    order.sort_by(|&left, &right| block.key(left).cmp(block.key(right)));
    for page in order.chunks(BLOCK_ROWS_MAX) {
        let keys: Vec<Key> = page.iter().map(|&index| block.key_owned(index)).collect();
        let fetched = views.target.fetch(&views.target_view, &keys);
        let at_target = context
            .timed(Work::Read, context.sides.call(Side::Target, "reading rows to compare", fetched))
            .await?;
        let mut next = 0;
        for &index in page {
            let key = block.key(index);
            while next < at_target.len() && at_target.key(next) < key {
                next += 1;
            }
            let source = RowRef { block, index };
            if next >= at_target.len() || at_target.key(next) != key {
                if which == Rows::All {
                    sink.differs(FindingKind::Missing, key, Some(source), None);
                }
            } else if at_target.compare_form(next) == block.compare_form(index) {
                sink.equal(key);
            } else {
                let target = RowRef { block: &at_target, index: next };
                sink.differs(FindingKind::Changed, key, Some(source), Some(target));
            }
        }
    }
    Ok(())
}
