//! A batch as SQL text for `psql`.
//!
//! It does to the rows what [`super::apply`] does, without knowing the table: an upsert is an UPDATE and an INSERT of
//! what is missing, which needs no constraint to name. Literals have no type, so they take their column's.

use std::fmt::Write as _;

use super::apply::operation;
use super::sql::{literal, parenthesised, quote, table};
use crate::model::block::RowBlock;
use crate::model::key::Key;
use crate::model::pair::WriteTarget;
use crate::model::value::ValueRef;
use crate::store::{Batch, Change, ErrorClass, RefusalKind, Result, SideEffects, StoreError};

/// What makes one transaction of statements.
pub(super) fn frame(side_effects: SideEffects) -> (String, String) {
    let mut begin = "\\set ON_ERROR_STOP on\nBEGIN;\nSET LOCAL standard_conforming_strings = on;\nSET LOCAL TimeZone = 'UTC';\n".to_owned();
    if !side_effects.foreign_keys {
        begin.push_str("SET LOCAL session_replication_role = replica;\n");
    }
    begin.push_str("SET CONSTRAINTS ALL DEFERRED;\n");
    (begin, "COMMIT;\n".to_owned())
}

/// The statements, each ended by `;` and a newline.
pub(super) fn script(batch: &Batch) -> Result<String> {
    let operation = operation(batch);
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
    fn key(&self, key: &Key, position: usize) -> Result<Vec<String>> {
        key.values().iter().map(|value| self.value(value.as_ref(), position)).collect()
    }

    fn row(&self, rows: &RowBlock, position: usize) -> Result<Vec<String>> {
        rows.fields(position).map(|value| self.value(value, position)).collect()
    }

    fn value(&self, value: ValueRef<'_>, position: usize) -> Result<String> {
        literal(value).ok_or_else(|| {
            StoreError::new(ErrorClass::Data, self.operation, format!("PostgreSQL cannot hold {value}"))
                .with_refusal(RefusalKind::Value, Some(position))
        })
    }

    fn matches(&self, key: &[String]) -> String {
        let columns = &self.target.columns[..self.target.key_length];
        let matches = columns.iter().zip(key).map(|(column, value)| format!("{} = {value}", quote(column)));
        matches.collect::<Vec<_>>().join(" AND ")
    }

    fn in_scope(&self) -> String {
        self.target.filter.as_ref().map_or(String::new(), |f| format!(" AND {}", parenthesised(f)))
    }

    fn delete(&self, key: &[String], out: &mut String) {
        let (table, key) = (table(&self.target.table), self.matches(key));
        let _ = writeln!(out, "DELETE FROM {table} WHERE {key}{};", self.in_scope());
    }

    fn update(&self, row: &[String], out: &mut String) {
        let key_length = self.target.key_length;
        if row.len() == key_length {
            return;
        }
        let set = self.target.columns.iter().zip(row).skip(key_length);
        let set: Vec<String> = set.map(|(column, value)| format!("{} = {value}", quote(column))).collect();
        let (table, key) = (table(&self.target.table), self.matches(&row[..key_length]));
        let _ = writeln!(out, "UPDATE {table} SET {} WHERE {key}{};", set.join(", "), self.in_scope());
    }

    fn insert(&self, row: &[String], out: &mut String) {
        let key = &row[..self.target.key_length];
        if self.target.key_unique {
            self.update(row, out);
        } else {
            self.delete(key, out);
        }
        let names: Vec<String> = self.target.columns.iter().map(|column| quote(column)).collect();
        let (table, matches) = (table(&self.target.table), self.matches(key));
        let (names, values) = (names.join(", "), row.join(", "));
        let missing = format!("NOT EXISTS (SELECT 1 FROM {table} WHERE {matches})");
        let _ = writeln!(
            out,
            "INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {values} WHERE {missing};"
        );
    }
}
