//! Inserts and updates of listed rows: fetched at the source, transformed, written, read back.

use std::collections::BTreeMap;

use super::super::context::Context;
use super::super::interrupt::Flow;
use super::super::table::TableWork;
use super::super::tally::Work;
use super::super::verify::read_back;
use super::batch::{BatchBuilder, Pick};
use super::quarantine::{find, refuse_out_of_scope};
use super::stream::{Progress, write_stream};
use super::unit::{Item, OnRefusal, apply};
use crate::model::block::RowBlock;
use crate::model::event::Side;
use crate::model::key::Key;
use crate::state::{Finding, FindingKind, StateChange, StoredFinding};

/// Writes the rows of one page of findings.
pub async fn write_page(
    context: &Context,
    table: &mut TableWork,
    kind: FindingKind,
    page: &[StoredFinding],
    on_refusal: OnRefusal,
) -> Flow<()> {
    let mut listed = BTreeMap::new();
    for stored in page {
        match &stored.finding {
            Finding::Row { key, .. } => {
                listed.insert(key.clone(), stored.id);
            }
            Finding::Run { range, .. } => {
                let progress = Progress::Run { id: stored.id, kind };
                write_stream(context, table, kind, range.clone(), progress, on_refusal).await?;
            }
        }
    }
    if !listed.is_empty() {
        write_listed(context, table, kind, listed, on_refusal).await?;
    }
    Ok(())
}

async fn write_listed(
    context: &Context,
    table: &mut TableWork,
    kind: FindingKind,
    listed: BTreeMap<Key, u64>,
    on_refusal: OnRefusal,
) -> Flow<()> {
    let keys: Vec<Key> = listed.keys().cloned().collect();
    let rows = context.persist(async || fetch(context, table, &keys).await).await?;
    let mut done = Vec::new();
    let mut batch = BatchBuilder::new(table, kind);
    for (key, id) in listed {
        // A source row that went away since the search needs no write; if the target has it, it is extra now.
        let Some(index) = find(&rows, &key) else {
            done.push(id);
            continue;
        };
        match batch.add(context, table, &rows, index, Some(id))? {
            Pick::Taken | Pick::Refused => {}
            Pick::LeftAlone => done.push(id),
        }
        if batch.is_full(table) {
            write_batch(context, table, &rows, &mut batch, on_refusal).await?;
        }
    }
    write_batch(context, table, &rows, &mut batch, on_refusal).await?;
    if done.is_empty() {
        return Ok(());
    }
    context.remember(&[StateChange::FindingsRemoved { table: table.name.clone(), ids: done }])
}

async fn write_batch(
    context: &Context,
    table: &mut TableWork,
    source_rows: &RowBlock,
    batch: &mut BatchBuilder,
    on_refusal: OnRefusal,
) -> Flow<()> {
    let kind = batch.kind();
    let settled = apply(context, table, batch.take(Vec::new()), on_refusal).await?;
    if kind == FindingKind::Changed && !settled.missed.is_empty() {
        // The row to be updated is gone from the target's scope: it is missing there.
        let findings = settled
            .missed
            .iter()
            .map(|item| Finding::Row { kind: FindingKind::Missing, key: item.key.clone() });
        let findings = findings.collect();
        context.remember(&[StateChange::FindingsAdded { table: table.name.clone(), findings }])?;
    } else if !settled.missed.is_empty() {
        adopt(context, table, source_rows, settled.missed, on_refusal).await?;
    }
    if table.reads_back {
        read_back(context, table, &settled.written).await?;
    }
    Ok(())
}

/// Rows that are new here but exist at the target outside this record type: when another pair of the job owns that
/// scope, the row has moved, and it is updated where it stands; else it is refused.
pub async fn adopt(
    context: &Context,
    table: &mut TableWork,
    source_rows: &RowBlock,
    missed: Vec<Item>,
    on_refusal: OnRefusal,
) -> Flow<()> {
    let mut left = missed;
    for sibling in table.siblings.clone() {
        let mut batch = BatchBuilder::new(table, FindingKind::Changed);
        for item in &left {
            if let Some(index) = find(source_rows, &item.key) {
                batch.add(context, table, source_rows, index, None)?;
            }
        }
        let mut load = batch.take(Vec::new());
        load.adopt_from = Some(sibling);
        let settled = apply(context, table, load, on_refusal).await?;
        if table.reads_back {
            read_back(context, table, &settled.written).await?;
        }
        left = settled.missed;
    }
    refuse_out_of_scope(context, table, source_rows, &left)
}

async fn fetch(context: &Context, table: &TableWork, keys: &[Key]) -> Flow<RowBlock> {
    let source = context.source().await?;
    let view = &table.paired().source_view;
    context
        .timed(
            Work::Read,
            context.sides.call(Side::Source, "reading rows to write", source.fetch(view, keys)),
        )
        .await
}
