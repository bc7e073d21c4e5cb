//! Batches as statements in words, and new tables from their description.

use std::fmt::Write;

use super::apply::rows_of;
use super::definition::TableDefinition;
use super::types::{literal, parse};
use crate::model::pair::WriteTarget;
use crate::model::value::Value;
use crate::store::{Batch, Change, NewTable};

/// The statements of a batch, each ended by `;` and a newline.
pub(super) fn script(batch: &Batch) -> String {
    let mut out = String::new();
    let target = &*batch.target;
    let table = quote(&target.table.name);
    match &batch.change {
        Change::Delete(keys) => {
            for key in keys {
                let _ = writeln!(out, "DELETE FROM {table} WHERE {};", condition(target, &key.values()));
            }
        }
        Change::Insert(rows) => {
            let columns: Vec<String> = target.columns.iter().map(|name| quote(name)).collect();
            for row in rows_of(rows) {
                let values: Vec<String> = row.iter().map(|value| literal(value.as_ref())).collect();
                let (columns, values) = (columns.join(", "), values.join(", "));
                let _ = writeln!(out, "INSERT INTO {table} ({columns}) VALUES ({values});");
            }
        }
        Change::Update(rows) => {
            for row in rows_of(rows) {
                let set: Vec<String> = target.columns[target.key_length..]
                    .iter()
                    .zip(&row[target.key_length..])
                    .map(|(name, value)| format!("{} = {}", quote(name), literal(value.as_ref())))
                    .collect();
                let wanted = condition(target, &row[..target.key_length]);
                let _ = writeln!(out, "UPDATE {table} SET {} WHERE {wanted};", set.join(", "));
            }
        }
    }
    out
}

fn condition(target: &WriteTarget, key: &[Value]) -> String {
    let columns = target.columns.iter().zip(key);
    let mut terms: Vec<String> =
        columns.map(|(name, value)| format!("{} = {}", quote(name), literal(value.as_ref()))).collect();
    terms.extend(target.filter.iter().map(|filter| format!("({filter})")));
    terms.join(" AND ")
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The declaration of a new table. Errors: what is wrong with it, in words.
pub(super) fn definition_of(new: &NewTable) -> Result<TableDefinition, String> {
    let mut definition = TableDefinition::new(&new.name.name);
    definition.table.name.schema.clone_from(&new.name.schema);
    for column in &new.columns {
        let logical = parse(&column.sql_type).ok_or_else(|| format!("no such type: {}", column.sql_type))?;
        definition = definition.column(&column.name, logical);
        if column.nullable {
            definition = definition.nullable();
        }
        if let Some(default) = &column.default {
            definition = definition.default(default);
        }
    }
    let key: Vec<&str> = new.primary_key.iter().map(String::as_str).collect();
    Ok(if key.is_empty() { definition } else { definition.primary_key(&key) })
}
