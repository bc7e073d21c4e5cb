//! The settings of one table pair, from its entry, `[sync]` and `[limits]`.

use std::collections::BTreeMap;

use super::error::{Fault, Problems};
use super::key::Section;
use super::merge::Merged;
use super::origin::Origin;
use super::value::Value;
use super::view::View;
use crate::base::escape::visible_short;
use crate::model::pairing::names_column;
use crate::model::settings::{
    Bookkeeping, Deletes, ForeignKeys, MappedField, ModifyColumn, OnEmptySource, OnMissingTable, Strategy,
    TableSettings, Triggers, Verify, ZeroDates,
};

/// What holds for a table without an entry.
pub(crate) fn defaults(merged: &Merged) -> TableSettings {
    rules(&View::new(merged, Section::Sync), TableSettings::default())
}

/// What holds for the entry called `name`, which began at `origin`.
pub(crate) fn resolve(
    merged: &Merged,
    name: &str,
    origin: &Origin,
    problems: &mut Problems,
) -> TableSettings {
    let view = View::new(merged, Section::Table(name.to_owned()));
    let source = view.text("source").unwrap_or_else(|| name.to_owned());
    let where_source = view.text("where");
    let named = TableSettings {
        name: name.to_owned(),
        target: view.text("target").unwrap_or_else(|| source.clone()),
        where_target: view.text("target_where").or_else(|| where_source.clone()),
        source,
        where_source,
        ..TableSettings::default()
    };
    let table = rules(&view, named);
    for (key, fault) in contradictions(&table, view.text("target_where").is_some()) {
        let place = view.own(key).map_or(origin, |entry| &entry.origin);
        problems.push(place.to_string(), fault.at_key(&format!("tables[{}]", visible_short(name, 60))));
    }
    table
}

/// `named`, with everything that `[sync]` can say too.
fn rules(view: &View<'_>, named: TableSettings) -> TableSettings {
    TableSettings {
        key: Some(view.texts("key")).filter(|key| !key.is_empty()),
        modify_column: modify_column(view),
        field_mapping: field_mapping(view),
        exclude: view.texts("exclude"),
        defaults: match view.value("defaults") {
            Some(Value::Literals(pairs)) => pairs.clone(),
            _ => Vec::new(),
        },
        trust_modify_id: view.switch("trust_modify_id"),
        batch_size: view.size("batch_size"),
        batch_size_4d: view.size("batch_size_4d"),
        delete_batch_size: view.size("delete_batch_size"),
        delete_batch_size_4d: view.size("delete_batch_size_4d"),
        id_array_batch_size: view.size("id_array_batch_size"),
        binary_search_for_add: view.switch("binary_search_for_add"),
        binary_search_min_table_size: view.count("binary_search_min_table_size"),
        binary_search_read_batch: view.count("binary_search_read_batch"),
        binary_search_recent_first: view.count("binary_search_recent_first"),
        fallback_full_compare_on_mismatch: view.switch("fallback_full_compare_on_mismatch"),
        min_rows_to_sync: view.count("min_rows_to_sync"),
        check_all_tables: view.switch("check_all_tables"),
        verify: view.choice("verify", Verify::from_name),
        prove_every: view.duration("prove_every"),
        on_missing_table: view.choice("on_missing_table", OnMissingTable::from_name),
        strategy: view.choice("strategy", Strategy::from_name),
        overlap_window: view.duration("overlap_window"),
        second_look: view.duration("second_look"),
        snapshot_age_max: view.duration("snapshot_age_max"),
        bookkeeping: view.choice("bookkeeping", Bookkeeping::from_name),
        foreign_keys: view.choice("foreign_keys", ForeignKeys::from_name),
        triggers: view.choice("triggers", Triggers::from_name),
        deletes: view.choice("deletes", Deletes::from_name),
        on_empty_source: view.choice("on_empty_source", OnEmptySource::from_name),
        zero_dates: view.choice("zero_dates", ZeroDates::from_name),
        set_default_value: view.switch("set_default_value"),
        copy_all_json_keys: view.switch("copy_all_json_keys"),
        max_delete_ratio: view.ratio("max_delete_ratio"),
        max_delete_rows: view.count_if_set("max_delete_rows"),
        max_quarantine_rows: view.count("max_quarantine_rows"),
        ..named
    }
}

fn is_own_of_entry(view: &View<'_>, name: &str) -> bool {
    view.is_table() && view.own(name).is_some()
}

fn modify_column(view: &View<'_>) -> ModifyColumn {
    match view.text("modify_column") {
        None => ModifyColumn::None,
        Some(column) if is_own_of_entry(view, "modify_column") => ModifyColumn::Required(column),
        Some(column) => ModifyColumn::Inherited(column),
    }
}

fn field_mapping(view: &View<'_>) -> Vec<MappedField> {
    let required = is_own_of_entry(view, "field_mapping");
    let Some(Value::Mapping(pairs)) = view.value("field_mapping") else { return Vec::new() };
    let field = |(source, target): &(String, String)| MappedField {
        source: source.clone(),
        target: target.clone(),
        required,
    };
    pairs.iter().map(field).collect()
}

/// What cannot hold together in one entry, each with the key to blame.
fn contradictions(table: &TableSettings, has_target_where: bool) -> Vec<(&'static str, Fault)> {
    let mut faults = Vec::new();
    let shown = |name: &str| visible_short(name, 60);
    if let Some(column) = table.key.iter().flatten().find(|column| table.exclude.contains(column)) {
        let fault = Fault::new(format!("the key column \"{}\" is excluded", shown(column)));
        faults.push(("exclude", fault.hint("rows cannot be told apart without it")));
    }
    let filled = |target: &str| table.field_mapping.iter().any(|field| field.target == target);
    if let Some((column, _)) = table.defaults.iter().find(|(column, _)| filled(column)) {
        let fault =
            Fault::new(format!("the target column \"{}\" has a default and a source column", shown(column)));
        faults.push(("defaults", fault.hint("keep one of them")));
    }
    let condition = table.where_source.as_deref().filter(|_| !has_target_where).unwrap_or_default();
    if let Some(field) = table.field_mapping.iter().find(|field| names_column(condition, &field.source)) {
        let column = shown(&field.source);
        let fault =
            Fault::new(format!("where names the mapped column \"{column}\", so target_where is needed"));
        faults.push((
            "where",
            fault.hint(format!("write target_where with \"{}\" in its place", shown(&field.target))),
        ));
    }
    faults
}

/// Refuses two entries for one target table of which one covers all of it.
pub(crate) fn check_together(tables: &[TableSettings], places: &[(String, Origin)], problems: &mut Problems) {
    let mut by_target: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, table) in tables.iter().enumerate() {
        let Some(earlier) = by_target.insert(&table.target, i) else { continue };
        let Some(whole) = [&tables[earlier], table].into_iter().find(|table| table.where_target.is_none())
        else {
            continue;
        };
        let fault = Fault::new(format!(
            "the entries {} and {} write to the table {}, and {} has no where",
            visible_short(&tables[earlier].name, 60),
            visible_short(&table.name, 60),
            visible_short(&table.target, 60),
            visible_short(&whole.name, 60),
        ));
        problems.push(
            places[i].1.to_string(),
            fault.hint("give each of them a where, so that each row belongs to one"),
        );
    }
}
