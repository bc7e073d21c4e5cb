//! Deletes: extra rows go, unless the source has them again.

use std::collections::BTreeSet;

use super::super::context::Context;
use super::super::interrupt::Flow;
use super::super::table::TableWork;
use super::quarantine::find;
use super::unit::{Item, Load, OnRefusal, apply};
use crate::model::block::RowBlock;
use crate::model::digest::Digest;
use crate::model::event::Side;
use crate::model::key::Key;
use crate::model::outcome::RowCounts;
use crate::state::{Finding, FindingKind, StateChange, StoredFinding, TableTotals};

/// Deletes the rows of one page of findings.
///
/// `resumed` are findings of units that were under way when an earlier process ended: when such a row is gone, that
/// process deleted it, and it is counted now.
pub async fn delete_page(
    context: &Context,
    table: &mut TableWork,
    page: &[StoredFinding],
    resumed: &BTreeSet<u64>,
    on_refusal: OnRefusal,
) -> Flow<()> {
    let mut keys: Vec<(Key, u64)> = page
        .iter()
        .filter_map(|stored| match &stored.finding {
            Finding::Row { key, .. } => Some((key.clone(), stored.id)),
            Finding::Run { .. } => None,
        })
        .collect();
    keys.sort();
    let back = context.persist(async || still_at_source(context, table, &keys).await).await?;
    let mut again = Vec::new();
    let mut dropped = Vec::new();
    keys.retain(|(key, id)| {
        let is_back = find(&back, key).is_some();
        if is_back {
            dropped.push(*id);
            again.push(Finding::Row { kind: FindingKind::Changed, key: key.clone() });
        }
        !is_back
    });
    if !dropped.is_empty() {
        context.remember(&[
            StateChange::FindingsRemoved { table: table.name.clone(), ids: dropped },
            StateChange::FindingsAdded { table: table.name.clone(), findings: again },
        ])?;
    }
    let items: Vec<Item> = keys
        .into_iter()
        .filter(|(key, _)| !table.quarantine.leaves_alone(key, Digest::EMPTY))
        .map(|(key, id)| Item { finding: Some(id), key, source_digest: Digest::EMPTY })
        .collect();
    let load = Load {
        kind: FindingKind::Extra,
        items,
        rows: RowBlock::default(),
        adopt_from: None,
        progress: Vec::new(),
    };
    let settled = apply(context, table, load, on_refusal).await?;
    let before =
        settled.missed.iter().filter(|item| item.finding.is_some_and(|id| resumed.contains(&id))).count();
    if before > 0 {
        let rows = RowCounts { deleted: before as u64, ..RowCounts::default() };
        let totals = TableTotals { rows, ..TableTotals::default() };
        context.remember(&[StateChange::TotalsAdded { table: table.name.clone(), totals }])?;
        table.rows = table.rows.plus(rows);
    }
    Ok(())
}

/// Those of the keys that the source has now; a fresh view, since time has passed since the search.
async fn still_at_source(context: &Context, table: &TableWork, keys: &[(Key, u64)]) -> Flow<RowBlock> {
    let keys: Vec<Key> = keys.iter().map(|(key, _)| key.clone()).collect();
    let source = context.sides.snapshot(Side::Source).await?;
    let view = &table.paired().source_view;
    context.sides.call(Side::Source, "reading keys again before deleting", source.fetch(view, &keys)).await
}
