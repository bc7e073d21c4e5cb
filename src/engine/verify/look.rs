//! Second looks: on a source that moves, a difference is only real when it stays.

use std::collections::BTreeMap;

use super::super::apply::find;
use super::super::context::Context;
use super::super::interrupt::Flow;
use super::super::table::TableWork;
use super::super::tally::Work;
use crate::model::block::RowBlock;
use crate::model::digest::{Digest, DigestSeed};
use crate::model::event::Side;
use crate::model::key::Key;
use crate::state::FindingKind;

/// A key under observation.
#[derive(Debug, Clone)]
pub struct Suspect {
    /// What is wrong with it now.
    pub kind: FindingKind,
    /// The source row as last seen; the empty digest when there is none.
    pub source: Digest,
    /// Whether the source row was another one at every look so far.
    pub keeps_changing: bool,
}

/// Keys under observation.
pub type Suspects = BTreeMap<Key, Suspect>;

/// Looks at the keys again on both sides, the source first; those that are equal by now are no longer suspect.
pub async fn look(context: &Context, table: &TableWork, suspects: &mut Suspects) -> Flow<()> {
    let keys: Vec<Key> = suspects.keys().cloned().collect();
    let mut still = Suspects::new();
    for page in keys.chunks(crate::base::limits::STATE_PAGE_ROWS_MAX) {
        let (source, target) = context.persist(async || fetch_both(context, table, page).await).await?;
        for key in page {
            let before = &suspects[key];
            let (at_source, at_target) =
                (digest_of(&source, key, context.seed), digest_of(&target, key, context.seed));
            if at_source == at_target {
                continue;
            }
            let kind = match (at_source.count, at_target.count) {
                (0, _) => FindingKind::Extra,
                (_, 0) => FindingKind::Missing,
                _ => FindingKind::Changed,
            };
            let keeps_changing = before.keeps_changing && before.source != at_source;
            still.insert(key.clone(), Suspect { kind, source: at_source, keeps_changing });
        }
    }
    *suspects = still;
    Ok(())
}

/// The first look: what the source has for keys that a search found to differ.
pub async fn first_look(
    context: &Context,
    table: &TableWork,
    keys: &BTreeMap<Key, FindingKind>,
) -> Flow<Suspects> {
    let mut suspects: Suspects = keys
        .iter()
        .map(|(key, &kind)| (key.clone(), Suspect { kind, source: Digest::EMPTY, keeps_changing: true }))
        .collect();
    look(context, table, &mut suspects).await?;
    for suspect in suspects.values_mut() {
        suspect.keeps_changing = true;
    }
    Ok(suspects)
}

async fn fetch_both(context: &Context, table: &TableWork, keys: &[Key]) -> Flow<(RowBlock, RowBlock)> {
    let paired = table.paired();
    let source = context.sides.snapshot(Side::Source).await?;
    let fetched = source.fetch(&paired.source_view, keys);
    let at_source =
        context.timed(Work::Read, context.sides.call(Side::Source, "looking again", fetched)).await?;
    drop(source);
    let target = context.sides.snapshot(Side::Target).await?;
    let fetched = target.fetch(&paired.target_view, keys);
    let at_target =
        context.timed(Work::Read, context.sides.call(Side::Target, "looking again", fetched)).await?;
    Ok((at_source, at_target))
}

fn digest_of(rows: &RowBlock, key: &Key, seed: DigestSeed) -> Digest {
    let mut digest = Digest::EMPTY;
    if let Some(index) = find(rows, key) {
        digest.add_row(rows.compare_form(index), seed);
    }
    digest
}
