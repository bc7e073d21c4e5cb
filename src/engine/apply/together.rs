//! The last resort for rows that wait for each other (cycles, swapped unique values): all in one transaction.

use super::super::context::Context;
use super::super::interrupt::{Flow, Interrupt};
use super::super::table::TableWork;
use super::batch::BatchBuilder;
use super::quarantine::find;
use super::unit::{Load, counts};
use crate::base::limits::{TOGETHER_ROWS_MAX, UNIT_BYTES_MAX};
use crate::model::event::{EventBody, Side};
use crate::model::key::Key;
use crate::state::{Finding, FindingKind, StateChange, TableTotals};
use crate::store::{Batch, Change, ErrorClass};

const KINDS: [FindingKind; 3] = [FindingKind::Extra, FindingKind::Missing, FindingKind::Changed];

/// Rows of open tables that are still parked.
pub fn parked_rows(context: &Context, tables: &[TableWork]) -> Flow<u64> {
    let mut rows = 0;
    for table in tables.iter().filter(|table| table.is_open()) {
        for kind in KINDS {
            rows += context.state().finding_rows(&table.name, kind)?;
        }
    }
    Ok(rows)
}

/// Says which tables have parked rows.
pub fn announce_parked(context: &Context, tables: &mut [TableWork]) -> Flow<()> {
    for table in tables.iter_mut().filter(|table| table.is_open()) {
        let mut rows = 0;
        for kind in KINDS {
            rows += context.state().finding_rows(&table.name, kind)?;
        }
        if let (Some(reason), true) = (table.parked_reason.take(), rows > 0) {
            context.hub.emit(EventBody::RowsParked { table: table.name.clone(), rows, reason });
        }
    }
    Ok(())
}

/// Writes all parked rows of all tables in one transaction; when that is refused, they stay parked.
///
/// More rows or bytes than one transaction may hold are left as they are.
pub async fn apply_together(context: &Context, tables: &mut [TableWork]) -> Flow<()> {
    let mut loads = Vec::new();
    let mut rows = 0;
    let mut bytes = 0;
    for (index, table) in tables.iter_mut().enumerate().filter(|(_, table)| table.is_open()) {
        for kind in KINDS {
            let Some(load) = load(context, table, kind).await? else { continue };
            rows += load.items.len();
            bytes += load.rows.size_bytes();
            loads.push((index, load));
        }
    }
    if loads.is_empty() || rows > TOGETHER_ROWS_MAX || bytes > UNIT_BYTES_MAX {
        return Ok(());
    }
    let batches: Vec<Batch> = loads.iter().map(|(index, load)| batch(&tables[*index], load)).collect();
    let result = context
        .persist(async || match context.sides.apply_together(&batches).await {
            Err(error) if error.class == ErrorClass::Connection => Err(Interrupt::Lost(Side::Target, error)),
            other => Ok(other),
        })
        .await?;
    let Ok(applied) = result else { return Ok(()) };
    for ((index, load), applied) in loads.iter().zip(applied) {
        let table = &mut tables[*index];
        let written = (load.items.len() - applied.missed.len()) as u64;
        let rows = counts(load.kind, written);
        let totals = TableTotals { rows, cascaded: applied.cascaded, ..TableTotals::default() };
        let mut changes = settled(&table.name, load, &applied.missed);
        changes.push(StateChange::TotalsAdded { table: table.name.clone(), totals });
        context.remember(&changes)?;
        table.rows = table.rows.plus(rows);
        table.cascaded += applied.cascaded;
        // What was written in one go with others is proven by the scan, not read back.
        table.reads_back = false;
    }
    Ok(())
}

/// What becomes of a load's findings: a row that hit none is no row written, and stays on the list as missing.
fn settled(table: &str, load: &Load, missed: &[usize]) -> Vec<StateChange> {
    let (mut ids, mut again) = (Vec::new(), Vec::new());
    for (position, item) in load.items.iter().enumerate() {
        let hit = !missed.contains(&position);
        if !hit && load.kind == FindingKind::Changed {
            again.push(Finding::Row { kind: FindingKind::Missing, key: item.key.clone() });
        }
        if hit || load.kind != FindingKind::Missing {
            ids.extend(item.finding);
        }
    }
    let mut changes = vec![StateChange::FindingsRemoved { table: table.to_owned(), ids }];
    if !again.is_empty() {
        changes.push(StateChange::FindingsAdded { table: table.to_owned(), findings: again });
    }
    changes
}

fn batch(table: &TableWork, load: &Load) -> Batch {
    let paired = table.paired();
    let change = match load.kind {
        FindingKind::Extra => Change::Delete(load.items.iter().map(|item| item.key.clone()).collect()),
        FindingKind::Missing => Change::Insert(load.rows.clone()),
        FindingKind::Changed => Change::Update(load.rows.clone()),
    };
    Batch { target: paired.write.clone(), change, mark: None, side_effects: paired.side_effects() }
}

/// The parked rows of one kind, as the source has them now.
async fn load(context: &Context, table: &mut TableWork, kind: FindingKind) -> Flow<Option<Load>> {
    let page = context.state().findings(&table.name, kind, 0, TOGETHER_ROWS_MAX)?;
    let listed: std::collections::BTreeMap<Key, u64> = page
        .into_iter()
        .filter_map(|stored| match stored.finding {
            Finding::Row { key, .. } => Some((key, stored.id)),
            Finding::Run { .. } => None,
        })
        .collect();
    if listed.is_empty() {
        return Ok(None);
    }
    let keys: Vec<Key> = listed.keys().cloned().collect();
    let rows = context
        .persist(async || {
            let source = context.source().await?;
            let fetched = source.fetch(&table.paired().source_view, &keys);
            context.sides.call(Side::Source, "reading parked rows", fetched).await
        })
        .await?;
    let mut batch = BatchBuilder::new(table, kind);
    for (key, id) in listed {
        match (kind, find(&rows, &key)) {
            (FindingKind::Extra, None) => batch.add_delete(key, id),
            (FindingKind::Missing | FindingKind::Changed, Some(index)) => {
                batch.add(context, table, &rows, index, Some(id))?;
            }
            // The source has changed its mind; the verification will see what that means.
            _ => {}
        }
    }
    let load = batch.take(Vec::new());
    Ok((!load.items.is_empty()).then_some(load))
}
