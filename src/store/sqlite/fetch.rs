//! Rows by their keys: one prepared statement, stepped through the keys.

use super::access;
use super::bound;
use super::error::store_error;
use super::reader::{Reader, View};
use super::sql;
use super::value::from_sql;
use crate::model::block::{BlockBuilder, RowBlock};
use crate::model::key::Key;
use crate::model::pair::TableView;
use crate::store::Result;

/// Keys between two looks at the clock while a slice of reading is open.
const KEYS_BETWEEN_LOOKS: usize = 16;

/// The rows with these keys that exist, in the order of the keys.
pub(super) fn rows(reader: &Reader, view: &TableView, keys: &[Key]) -> Result<RowBlock> {
    let operation = reader.operation("fetching rows of", &view.table);
    let view = reader.view(view, &operation)?;
    let mut builder = BlockBuilder::new(view.shape.clone());
    let text = statement(&view);
    let affinities: Vec<_> = view.key.iter().map(|&column| view.facts.columns[column].affinity).collect();
    let failed = |error| store_error(&operation, &error);
    for keys in keys.chunks(KEYS_BETWEEN_LOOKS) {
        if reader.slice_is_over() {
            reader.pause();
        }
        reader.begin_slice(&operation)?;
        let mut statement = reader.connection().prepare_cached(&text).map_err(failed)?;
        for key in keys {
            let Some(values) = bound::equal(&key.values(), &affinities) else { continue };
            for (index, value) in values.iter().enumerate() {
                statement.raw_bind_parameter(index + 1, value).map_err(failed)?;
            }
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next().map_err(failed)? {
                for column in 0..view.columns.len() {
                    builder.push(from_sql(row.get_ref_unwrap(column)));
                }
                builder.end_row();
            }
        }
    }
    reader.end_slice();
    Ok(builder.take())
}

/// The statement for one key.
pub(super) fn statement(view: &View) -> String {
    let facts = &view.facts;
    let columns: Vec<String> = view.columns.iter().map(|&column| facts.sql_column(column)).collect();
    let mut conditions: Vec<String> =
        view.key.iter().enumerate().map(|(i, &key)| sql::key_equals(&facts.columns[key], i + 1)).collect();
    conditions.extend(view.filter.as_deref().map(sql::parenthesised));
    let hint = access::by_key(facts, &view.key).map_or(String::new(), |access| access.hint);
    let (columns, conditions) = (columns.join(", "), conditions.join(" AND "));
    format!("SELECT {columns} FROM {}{hint} WHERE {conditions}", facts.sql_name())
}
