//! Reading back what a unit wrote.

use super::super::apply::{Item, find};
use super::super::context::Context;
use super::super::interrupt::Flow;
use super::super::table::TableWork;
use super::super::tally::Work;
use crate::base::planted::{Bug, is_planted};
use crate::model::digest::Digest;
use crate::model::event::Side;
use crate::model::key::Key;

/// Reads the written rows at the target and counts those that are not as the source has them.
pub async fn read_back(context: &Context, table: &mut TableWork, written: &[Item]) -> Flow<()> {
    if written.is_empty() || is_planted(Bug::ReadBackSkipped) {
        return Ok(());
    }
    let mut items: Vec<&Item> = written.iter().collect();
    items.sort_by(|left, right| left.key.cmp(&right.key));
    let keys: Vec<Key> = items.iter().map(|item| item.key.clone()).collect();
    let rows = context
        .persist(async || {
            let target = context.sides.snapshot(Side::Target).await?;
            let fetched = target.fetch(&table.paired().target_view, &keys);
            context
                .timed(Work::Read, context.sides.call(Side::Target, "reading back what was written", fetched))
                .await
        })
        .await?;
    for item in items {
        let mut digest = Digest::EMPTY;
        if let Some(index) = find(&rows, &item.key) {
            digest.add_row(rows.compare_form(index), context.seed);
        }
        if digest != item.source_digest {
            table.unlike += 1;
        }
    }
    Ok(())
}
