//! A batch as SQL text for the `sqlite3` shell.
//!
//! It does to the rows what [`super::apply`] does, without knowing the table: an upsert is an UPDATE and an INSERT of
//! what is missing, which needs no constraint to name.

use std::fmt::Write as _;

use super::apply::operation;
use super::sql;
use super::value::{Raw, raw};
use crate::model::block::RowBlock;
use crate::model::key::Key;
use crate::model::pair::WriteTarget;
use crate::model::value::ValueRef;
use crate::store::{Batch, Change, ErrorClass, Result, SideEffects, StoreError};

/// What makes one transaction of statements.
pub(super) fn frame(side_effects: SideEffects) -> (String, String) {
    let foreign_keys = if side_effects.foreign_keys { "ON" } else { "OFF" };
    let begin =
        format!("PRAGMA foreign_keys = {foreign_keys};\nBEGIN IMMEDIATE;\nPRAGMA defer_foreign_keys = ON;\n");
    (begin, "COMMIT;\n".to_owned())
}

/// The statements, each ended by `;` and a newline.
pub(super) fn script(batch: &Batch) -> Result<String> {
    let operation = operation(batch);
    if !batch.side_effects.triggers {
        let cause = "SQL text cannot keep triggers from firing";
        return Err(StoreError::new(ErrorClass::Schema, operation, cause)
            .with_hint("use `triggers = \"fire\"`, or run the sync instead of its script"));
    }
    let text = Script { target: &batch.target, operation: &operation };
    let mut out = String::new();
    match &batch.change {
        Change::Delete(keys) => {
            for (position, key) in keys.iter().enumerate() {
                text.delete(&text.key(key, position)?, &mut out);
            }
        }
        Change::Insert(rows) => {
            for position in 0..rows.len() {
                text.insert(&text.row(rows, position)?, &mut out);
            }
        }
        Change::Update(rows) => {
            for position in 0..rows.len() {
                text.update(&text.row(rows, position)?, &mut out);
            }
        }
    }
    Ok(out)
}

struct Script<'a> {
    target: &'a WriteTarget,
    operation: &'a str,
}

impl Script<'_> {
    fn key(&self, key: &Key, position: usize) -> Result<Vec<Raw>> {
        key.values().iter().map(|value| self.value(value.as_ref(), position)).collect()
    }

    fn row(&self, rows: &RowBlock, position: usize) -> Result<Vec<Raw>> {
        rows.fields(position).map(|value| self.value(value, position)).collect()
    }

    fn value(&self, value: ValueRef<'_>, position: usize) -> Result<Raw> {
        raw(value).ok_or_else(|| {
            StoreError::new(ErrorClass::Data, self.operation, format!("SQLite cannot hold {value}"))
                .with_refusal(crate::store::RefusalKind::Value, Some(position))
        })
    }

    fn table(&self) -> String {
        sql::quote(&self.target.table.name)
    }

    fn matches(&self, key: &[Raw]) -> String {
        let columns = &self.target.columns[..self.target.key_length];
        let matches = columns.iter().zip(key).map(|(column, value)| {
            // By bytes, whatever the column's collation.
            let collation = if matches!(value, Raw::Text(_)) { " COLLATE BINARY" } else { "" };
            format!("{} = {}{collation}", sql::quote(column), sql::literal(value))
        });
        matches.collect::<Vec<_>>().join(" AND ")
    }

    fn in_scope(&self) -> String {
        self.target.filter.as_ref().map_or(String::new(), |f| format!(" AND {}", sql::parenthesised(f)))
    }

    fn delete(&self, key: &[Raw], out: &mut String) {
        let (table, key) = (self.table(), self.matches(key));
        let _ = writeln!(out, "DELETE FROM {table} WHERE {key}{};", self.in_scope());
    }

    fn update(&self, row: &[Raw], out: &mut String) {
        let key_length = self.target.key_length;
        if row.len() == key_length {
            return;
        }
        let set = self.target.columns.iter().zip(row).skip(key_length);
        let set: Vec<String> =
            set.map(|(c, value)| format!("{} = {}", sql::quote(c), sql::literal(value))).collect();
        let (table, key) = (self.table(), self.matches(&row[..key_length]));
        let _ = writeln!(out, "UPDATE {table} SET {} WHERE {key}{};", set.join(", "), self.in_scope());
    }

    fn insert(&self, row: &[Raw], out: &mut String) {
        let key = &row[..self.target.key_length];
        if self.target.key_unique {
            self.update(row, out);
        } else {
            self.delete(key, out);
        }
        let names: Vec<String> = self.target.columns.iter().map(|column| sql::quote(column)).collect();
        let values: Vec<String> = row.iter().map(sql::literal).collect();
        let (table, matches) = (self.table(), self.matches(key));
        let (names, values) = (names.join(", "), values.join(", "));
        let missing = format!("NOT EXISTS (SELECT 1 FROM {table} WHERE {matches})");
        let _ = writeln!(out, "INSERT INTO {table} ({names}) SELECT {values} WHERE {missing};");
    }
}
