//! Beginning a pass: a new one, or the one that an earlier process left; and what is still known of each table.

use super::apply;
use super::context::Context;
use super::guard;
use super::interrupt::Flow;
use super::job::Purpose;
use super::table::TableWork;
use crate::base::limits::RESUME_AGE_MAX;
use crate::model::event::{EventBody, Level, Side};
use crate::model::settings::Bookkeeping;
use crate::model::types::Compatibility;
use crate::state::{FindingKind, PassFingerprint, StateChange, TableMemory, TableTotals, Unit};
use crate::store::UnitMark;

/// Numbers the pass and decides whether it continues an interrupted one.
pub fn begin(context: &mut Context, tables: &[TableWork], fingerprint: PassFingerprint) -> Flow<()> {
    let now = context.job.clock.now();
    let state = &context.job.state;
    let earlier = state.interrupted_pass()?;
    let last = state.history(1)?.first().map_or(0, |record| record.summary.pass);
    let writes = matches!(context.options.purpose, Purpose::Sync | Purpose::Rehearse);
    let mut resumed = false;
    context.number = last.max(earlier.as_ref().map_or(0, |pass| pass.pass)) + 1;
    if writes {
        match earlier {
            Some(pass) if pass.fingerprint == fingerprint && now.since(pass.started_at) < RESUME_AGE_MAX => {
                context.number = pass.pass;
                resumed = true;
            }
            earlier => {
                if earlier.is_some() {
                    let text = "an interrupted pass is started anew: settings, schemas or databases changed, or it is old";
                    context.hub.message(Level::Warning, None, text);
                }
                let pass = context.number;
                context.remember(&[StateChange::PassStarted { pass, at: now, fingerprint }])?;
            }
        }
    }
    context.resumed = resumed;
    context.hub.emit(EventBody::PassStarted {
        job: context.job.settings.name.clone(),
        pass: context.number,
        source: context.locations.0.clone(),
        target: context.locations.1.clone(),
        resumed,
        tables: tables.iter().map(|table| table.name.clone()).collect(),
    });
    Ok(())
}

/// Recalls what earlier passes left of a table, drops what means nothing any more, and holds the table when what it was
/// compared with is not what it was.
pub async fn recall(context: &Context, table: &mut TableWork) -> Flow<()> {
    if context.resumed {
        settle_marked_units(context, table).await?;
        let totals = context.state().totals(&table.name)?;
        table.rows = totals.rows;
        table.errors = totals.errors;
        table.cascaded = totals.cascaded;
        table.found.one_instant = false;
    }
    let Some(memory) = context.state().table_memory(&table.name)? else {
        table.memory = fresh_memory(context, table);
        return Ok(());
    };
    if let Some(reason) = schema_guard(&memory, table) {
        guard::hold_plan(context, table, "schema-changed", reason)?;
    }
    let identities = (&memory.source_identity, &memory.target_identity);
    let now = (&context.identities.0, &context.identities.1);
    if identities != now && table.is_open() {
        // A file is replaced as a matter of course, by a backup or VACUUM INTO; one with other tables is another's.
        let is_file = context.sides.source.capabilities().in_process;
        let reason = match is_file && memory.table_sets == context.table_sets {
            true => None,
            false if is_file => Some("another file than last time, with other tables"),
            false => Some("another database than last time"),
        };
        if let Some(reason) = reason {
            guard::hold_plan(context, table, "identity-changed", reason.to_owned())?;
        }
    }
    let is_void = memory.schema != table.paired().fingerprint || identities != now;
    table.memory = if is_void {
        let text = "schema, mapping, scope or database changed: watermark and proofs are void";
        context.hub.message(Level::Info, Some(&table.name), text);
        fresh_memory(context, table)
    } else {
        TableMemory { table_sets: context.table_sets.clone(), ..memory }
    };
    Ok(())
}

/// With `bookkeeping = "target"` the target itself knows which units of an earlier process were committed.
async fn settle_marked_units(context: &Context, table: &TableWork) -> Flow<()> {
    if table.paired().settings().bookkeeping != Bookkeeping::Target {
        return Ok(());
    }
    let write = &table.paired().write;
    for unit in context.state().open_units(&table.name)? {
        // A mark does not say which rows hit none; where some may not have, the unit is done again and counts then.
        let surely_hit = match unit.kind {
            FindingKind::Extra => true,
            FindingKind::Missing => write.filter.is_none(),
            FindingKind::Changed => false,
        };
        if !surely_hit {
            continue;
        }
        let mark =
            UnitMark { job: context.job.settings.name.clone(), table: table.name.clone(), unit: unit.id };
        let committed = context
            .persist(async || {
                context
                    .sides
                    .call(Side::Target, "looking for a unit", context.sides.target.marked(&mark))
                    .await
            })
            .await?;
        if committed && !unit.findings.is_empty() {
            let rows = apply::counts(unit.kind, listed(context, &unit)?);
            let name = table.name.clone();
            context.remember(&[
                StateChange::UnitFinished { unit: unit.id },
                StateChange::FindingsRemoved { table: name.clone(), ids: unit.findings },
                StateChange::TotalsAdded {
                    table: name,
                    totals: TableTotals { rows, ..TableTotals::default() },
                },
            ])?;
        }
    }
    Ok(())
}

/// How many of a unit's findings are still on the list.
///
/// A unit whose answer got lost was tried again as another one: what that one settled has been counted with it.
fn listed(context: &Context, unit: &Unit) -> Flow<u64> {
    let mut rows = 0;
    for &id in &unit.findings {
        let next = context.state().findings(&unit.table, unit.kind, id.saturating_sub(1), 1)?;
        rows += u64::from(next.first().is_some_and(|stored| stored.id == id));
    }
    Ok(rows)
}

fn fresh_memory(context: &Context, table: &TableWork) -> TableMemory {
    TableMemory {
        schema: table.paired().fingerprint.clone(),
        source_identity: context.identities.0.clone(),
        target_identity: context.identities.1.clone(),
        table_sets: context.table_sets.clone(),
        source_columns: source_columns(table),
        ..TableMemory::default()
    }
}

/// The source's mapped columns with their types.
pub fn source_columns(table: &TableWork) -> Vec<(String, String)> {
    let columns = &table.paired().pair.columns;
    columns.iter().map(|column| (column.source.clone(), column.source_type.declared.clone())).collect()
}

/// Why the schema is no longer what the job was set up for.
fn schema_guard(memory: &TableMemory, table: &TableWork) -> Option<String> {
    let paired = table.paired();
    for (name, declared) in &memory.source_columns {
        if paired.settings().exclude.contains(name) {
            continue;
        }
        match paired.pair.columns.iter().find(|column| column.source == *name) {
            None => return Some(format!("the source column `{name}` was compared before and is gone")),
            Some(column) if column.source_type.declared != *declared => {
                if let Compatibility::Lossy(detail) | Compatibility::Impossible(detail) =
                    &column.compatibility
                {
                    return Some(format!(
                        "the source column `{name}` changed from {declared} to {}: {detail}",
                        column.source_type.declared
                    ));
                }
            }
            Some(_) => {}
        }
    }
    None
}
