//! Which tables a job means, and which target table each source table goes with.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::schema::{Catalog, Table, TableName};
use super::super::settings::{JobSettings, OnMissingTable, TableSettings};
use super::{Failure, did_you_mean, quoted};

/// One table that the settings mean.
pub(super) enum Wanted<'a> {
    /// Both sides have it.
    Both { settings: Arc<TableSettings>, source: &'a Table, target: &'a Table },
    /// The target shall get it under this name.
    Create { settings: Arc<TableSettings>, source: &'a Table, target: TableName },
    /// It is left out.
    Skipped { name: String, reason: String },
    /// It cannot be found.
    Failed { name: String, failure: Failure },
}

/// The entries of the settings in their order, then, when all tables are meant, the others in the source's order.
pub(super) fn wanted<'a>(
    settings: &JobSettings,
    source: &'a Catalog,
    target: &'a Catalog,
) -> Vec<Wanted<'a>> {
    let mut wanted: Vec<Wanted<'a>> =
        settings.tables.iter().map(|entry| wanted_entry(entry, source, target)).collect();
    if !settings.sync_all {
        return wanted;
    }
    let named = |catalog: &'a Catalog, of: fn(&TableSettings) -> &str| -> BTreeSet<&'a TableName> {
        settings.tables.iter().filter_map(|entry| find(catalog, of(entry))).map(|table| &table.name).collect()
    };
    let (sources, targets) = (named(source, |entry| &entry.source), named(target, |entry| &entry.target));
    let others = source.tables.iter().filter(|table| !sources.contains(&table.name));
    wanted.extend(others.map(|table| wanted_other(settings, table, target, &targets)));
    wanted
}

fn wanted_entry<'a>(entry: &TableSettings, source: &'a Catalog, target: &'a Catalog) -> Wanted<'a> {
    let name = entry.name.clone();
    let Some(source) = find(source, &entry.source) else {
        let nearest = did_you_mean(&entry.source, source.tables.iter().map(|table| table.name.name.as_str()));
        let reason = format!("the source has no table {}{nearest}", quoted(&entry.source));
        let failure =
            Failure::new(reason, "correct `source` in its [[tables]] entry, or check the privileges");
        return Wanted::Failed { name, failure };
    };
    if let Some(target) = find(target, &entry.target) {
        return Wanted::Both { settings: Arc::new(entry.clone()), source, target };
    }
    match entry.on_missing_table {
        OnMissingTable::Create => {
            Wanted::Create { settings: Arc::new(entry.clone()), source, target: parse(&entry.target) }
        }
        OnMissingTable::Skip => {
            let reason = format!("the target has no table {}", quoted(&entry.target));
            Wanted::Skipped { name, reason }
        }
        OnMissingTable::Error => {
            let nearest =
                did_you_mean(&entry.target, target.tables.iter().map(|table| table.name.name.as_str()));
            let reason = format!("the target has no table {}{nearest}", quoted(&entry.target));
            let hint = "create it, correct `target`, or set `on_missing_table = \"create\"` (or \"skip\")";
            Wanted::Failed { name, failure: Failure::new(reason, hint) }
        }
    }
}

/// A table that no entry names; `claimed` are the target tables that entries name.
fn wanted_other<'a>(
    settings: &JobSettings,
    source: &'a Table,
    target: &'a Catalog,
    claimed: &BTreeSet<&TableName>,
) -> Wanted<'a> {
    let name = shown_name(&source.name);
    let mut own = settings.defaults.for_table(&name);
    match target.find(&source.name) {
        Some(target) if claimed.contains(&target.name) => {
            let reason = format!("another entry writes the target's table {}", quoted(&target.name.name));
            Wanted::Skipped { name, reason }
        }
        Some(target) => {
            own.target = shown_name(&target.name);
            Wanted::Both { settings: Arc::new(own), source, target }
        }
        // "All tables" are those that both sides have; to create the others has to be asked for.
        None if own.on_missing_table == OnMissingTable::Create => {
            Wanted::Create { settings: Arc::new(own), source, target: source.name.clone() }
        }
        None => Wanted::Skipped { name, reason: "only the source has it".to_owned() },
    }
}

/// `schema.name`, as it may be written in an entry.
fn shown_name(name: &TableName) -> String {
    match &name.schema {
        Some(schema) => format!("{schema}.{}", name.name),
        None => name.name.clone(),
    }
}

/// The table that an entry names: as a whole, as `schema.name`, or without its schema where that is unambiguous.
fn find<'a>(catalog: &'a Catalog, named: &str) -> Option<&'a Table> {
    catalog.find(&TableName::new(named)).or_else(|| catalog.find(&parse(named))).or_else(|| {
        let mut alike = catalog.tables.iter().filter(|table| table.name.name == named);
        alike.next().filter(|_| alike.next().is_none())
    })
}

fn parse(named: &str) -> TableName {
    match named.split_once('.') {
        Some((schema, name)) if !schema.is_empty() && !name.is_empty() => {
            TableName { schema: Some(schema.to_owned()), name: name.to_owned() }
        }
        _ => TableName::new(named),
    }
}
