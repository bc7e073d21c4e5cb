//! Initialise and discover: who is there, which tables belong together, in which order they are worked on.

use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::context::Context;
use super::interrupt::{Failure, Flow, Interrupt};
use super::job::Purpose;
use super::table::{Paired, Stage, TableWork};
use crate::base::escape::visible;
use crate::base::nearest::nearest;
use crate::model::convert::RowTransform;
use crate::model::event::{ColumnFact, EventBody, Level, Phase, Side};
use crate::model::order::Dependent;
pub use crate::model::order::WorkingOrder;
use crate::model::outcome::Verdict;
use crate::model::pair::{TablePair, WriteTarget};
use crate::model::pairing::{self, Paired as Pairing};
use crate::model::schema::{Catalog, Table};
use crate::model::types::LogicalType;
use crate::state::PassFingerprint;
use crate::store::Probe;

/// What discovery found.
pub struct Discovered {
    /// The tables of the pass, failed ones included.
    pub tables: Vec<TableWork>,
    /// In which order they are worked on.
    pub order: WorkingOrder,
    /// What must be unchanged for an interrupted pass to go on.
    pub fingerprint: PassFingerprint,
}

/// Connects, reads both catalogues and pairs the tables.
pub async fn discover(context: &mut Context) -> Flow<Discovered> {
    context.hub.emit(EventBody::PhaseStarted { phase: Phase::Initialise });
    let (source, target) = probe(context).await?;
    context.source_clock = source.clock;
    context.identities = (source.identity.clone(), target.identity.clone());
    context.locations = (source.location.clone(), target.location.clone());
    context.hub.emit(EventBody::PhaseStarted { phase: Phase::Discover });
    let source_catalog = describe(context, Side::Source).await?;
    let mut target_catalog = describe(context, Side::Target).await?;
    let mut pairings = pair(context, &source_catalog, &target_catalog);
    if context.options.purpose == Purpose::Sync && create_missing(context, &pairings).await? {
        target_catalog = describe(context, Side::Target).await?;
        pairings = pair(context, &source_catalog, &target_catalog);
    }
    context.table_sets = table_sets(&source_catalog, &target_catalog);
    refuse_unknown_tables(context, &pairings)?;
    let mut tables = Vec::new();
    let mut targets: Vec<Option<&Table>> = Vec::new();
    for pairing in pairings.into_iter().filter(|pairing| is_wanted(context, pairing.name())) {
        let table = work_on(context, pairing, &source, &target)?;
        let target = table.paired.as_ref().and_then(|paired| target_catalog.find(&paired.pair.target.table));
        targets.push(target);
        tables.push(table);
    }
    for (table, target) in tables.iter_mut().zip(&targets) {
        table.has_triggers = target.is_some_and(|target| !target.triggers.is_empty());
    }
    introduce_siblings(&mut tables);
    context.control.know_tables(tables.iter().map(|table| table.name.as_str()));
    let order = order(&tables, &targets);
    let fingerprint =
        PassFingerprint { config: fingerprint_of(&tables), source: source.identity, target: target.identity };
    Ok(Discovered { tables, order, fingerprint })
}

async fn probe(context: &Context) -> Flow<(Probe, Probe)> {
    context
        .persist(async || {
            let source = context.sides.call(Side::Source, "connecting", context.sides.source.probe()).await?;
            let target = context.sides.call(Side::Target, "connecting", context.sides.target.probe()).await?;
            Ok((source, target))
        })
        .await
}

/// Reads the catalogue of a side.
pub async fn describe(context: &Context, side: Side) -> Flow<Catalog> {
    context
        .persist(async || {
            context.sides.call(side, "reading the catalogue", context.sides.store(side).describe()).await
        })
        .await
}

fn pair(context: &Context, source: &Catalog, target: &Catalog) -> Vec<Pairing> {
    let same_engine =
        context.sides.source.capabilities().engine == context.sides.target.capabilities().engine;
    let store = &context.sides.target;
    let column_type =
        |logical: &LogicalType, declared: &str, same: bool| store.column_type(logical, declared, same);
    pairing::pair_tables(&context.job.settings, source, target, same_engine, &column_type)
}

/// Creates tables that the target lacks and that the settings want created; returns whether there were any.
async fn create_missing(context: &Context, pairings: &[Pairing]) -> Flow<bool> {
    let mut created = false;
    for pairing in pairings {
        let Pairing::Missing { name, plan, .. } = pairing else { continue };
        if !is_wanted(context, name) {
            continue;
        }
        let store = &context.sides.target;
        context
            .persist(async || context.sides.call(Side::Target, "creating a table", store.create(plan)).await)
            .await?;
        context.hub.message(Level::Info, Some(name), format!("created table `{}` at the target", plan.name));
        created = true;
    }
    Ok(created)
}

fn is_wanted(context: &Context, name: &str) -> bool {
    context.options.tables.is_empty() || context.options.tables.iter().any(|table| table == name)
}

/// A paired table ready to be worked on, or one that failed at once.
fn work_on(context: &Context, pairing: Pairing, source: &Probe, target: &Probe) -> Flow<TableWork> {
    let mut table = TableWork::new(pairing.name().to_owned());
    let pair = match pairing {
        Pairing::Ready(ready) => ready.pair,
        Pairing::Missing { plan, .. } => {
            let message = format!("table `{}` would be created and copied", plan.name);
            table.would_be_created = true;
            table.stage = Stage::Judged { verdict: Verdict::Planned, message: Some(message) };
            return Ok(table);
        }
        Pairing::Skipped { reason, .. } => {
            context.hub.message(Level::Info, Some(&table.name), reason);
            table.stage = Stage::Skipped;
            return Ok(table);
        }
        Pairing::Failed { reason, hint, .. } => return fail(context, table, reason, hint),
    };
    if source.location == target.location && pair.source.table == pair.target.table {
        let reason = format!("source and target are the same table `{}` of one database", pair.source.table);
        return fail(context, table, reason, "check `source.url` and `target.url`".to_owned());
    }
    table.inexact.clone_from(&pair.inexact);
    context.hub.emit(EventBody::TablePaired {
        table: table.name.clone(),
        columns: column_facts(&pair),
        inexact: pair.inexact.clone(),
    });
    let header = pairing::digest_header(&pair, context.seed);
    table.paired = Some(Paired {
        source_view: Arc::new(pair.source_view()),
        target_view: Arc::new(pair.target_view()),
        write: Arc::new(pair.write_target()),
        transform: RowTransform::new(&pair),
        fingerprint: pairing::fingerprint(&pair),
        header,
        pair: Arc::new(pair),
    });
    Ok(table)
}

fn fail(context: &Context, mut table: TableWork, reason: String, hint: String) -> Flow<TableWork> {
    let failure = Failure { class: "schema", message: reason, hint: Some(hint) };
    table.errors = 1;
    context.tally.error(
        &context.hub,
        &context.job.settings.limits,
        crate::model::outcome::ErrorRecord {
            class: failure.class.to_owned(),
            table: Some(table.name.clone()),
            key: None,
            message: failure.message.clone(),
            hint: failure.hint.clone(),
        },
    )?;
    table.stage = Stage::Failed(failure);
    Ok(table)
}

/// Tells pairs on one target table (record types) of each other.
fn introduce_siblings(tables: &mut [TableWork]) {
    let writes: Vec<Option<Arc<WriteTarget>>> =
        tables.iter().map(|table| table.paired.as_ref().map(|paired| Arc::clone(&paired.write))).collect();
    for (index, table) in tables.iter_mut().enumerate() {
        let Some(own) = &writes[index] else { continue };
        let others = writes.iter().enumerate().filter(|(other, _)| *other != index);
        table.siblings = others
            .filter_map(|(_, write)| write.as_ref())
            .filter(|write| write.table == own.table)
            .map(|write| Arc::new(WriteTarget { filter: write.filter.clone(), ..WriteTarget::clone(own) }))
            .collect();
    }
}

/// A job that would do nothing, or not what was asked for, is no success.
fn refuse_unknown_tables(context: &Context, pairings: &[Pairing]) -> Flow<()> {
    let refuse = |message: String| Err(Interrupt::Stop(super::interrupt::Stop::Usage(message)));
    let wanted = &context.options.tables;
    if let Some(unknown) = wanted.iter().find(|wanted| !pairings.iter().any(|known| known.name() == **wanted))
    {
        let nearest = nearest(unknown, pairings.iter().map(Pairing::name));
        let nearest = nearest.map(|nearest| format!("; did you mean `{}`?", visible(nearest)));
        return refuse(format!(
            "this job has no table `{}`{}",
            visible(unknown),
            nearest.unwrap_or_default()
        ));
    }
    if pairings.is_empty() {
        return refuse("this job has no table: no table of the source is at the target too".to_owned());
    }
    Ok(())
}

/// The pair's columns as shown.
pub fn column_facts(pair: &TablePair) -> Vec<ColumnFact> {
    let fact = |(position, column): (usize, &crate::model::pair::ColumnPair)| ColumnFact {
        source: column.source.clone(),
        target: column.target.clone(),
        source_type: column.source_type.declared.clone(),
        target_type: column.target_type.declared.clone(),
        compatibility: column.compatibility.as_str().to_owned(),
        detail: column.compatibility.detail().map(str::to_owned),
        form: column.form.to_string(),
        key: position < pair.key_length,
    };
    pair.columns.iter().enumerate().map(fact).collect()
}

fn order(tables: &[TableWork], targets: &[Option<&Table>]) -> WorkingOrder {
    let names: Vec<crate::model::schema::TableName> = tables
        .iter()
        .map(|table| match &table.paired {
            Some(paired) => paired.pair.target.table.clone(),
            None => crate::model::schema::TableName::new(table.name.clone()),
        })
        .collect();
    let dependents: Vec<Dependent<'_>> = names
        .iter()
        .zip(targets)
        .map(|(table, target)| Dependent {
            table,
            foreign_keys: target.map_or(&[][..], |target| target.foreign_keys.as_slice()),
        })
        .collect();
    WorkingOrder::of(&dependents)
}

/// Which tables both sides have.
fn table_sets(source: &Catalog, target: &Catalog) -> String {
    let named = |side: &str, catalog: &Catalog| -> Vec<String> {
        catalog.tables.iter().map(|table| format!("{side}\u{0}{}", table.name)).collect()
    };
    hash_of([named("source", source), named("target", target)].concat())
}

/// Settings that change what findings mean are part of the pairs' fingerprints; the order of tables is not.
fn fingerprint_of(tables: &[TableWork]) -> String {
    let part = |table: &TableWork| {
        let paired = table.paired.as_ref().map_or("", |paired| paired.fingerprint.as_str());
        format!("{}\u{0}{paired}", table.name)
    };
    hash_of(tables.iter().map(part).collect())
}

fn hash_of(mut parts: Vec<String>) -> String {
    parts.sort();
    let mut hash = Xxh3::new();
    for part in &parts {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    format!("{:016x}", hash.digest())
}
