//! A batch as SQL text for the `mariadb` or `mysql` shell.
//!
//! It does to the rows what [`super::apply`] does, without knowing the table: an upsert is an UPDATE and an INSERT of
//! what is missing, which no other unique value can lead astray.

use std::fmt::Write as _;

use super::apply::operation;
use super::sql;
use super::value::{Param, param};
use crate::model::block::RowBlock;
use crate::model::key::Key;
use crate::model::pair::WriteTarget;
use crate::model::value::ValueRef;
use crate::store::{Batch, Change, ErrorClass, RefusalKind, Result, SideEffects, StoreError};

/// What makes one transaction of statements. References are checked at each statement: these servers know no other way.
pub(super) fn frame(side_effects: SideEffects) -> (String, String) {
    let checks = u8::from(side_effects.foreign_keys);
    let begin = format!(
        "SET NAMES utf8mb4;\nSET SESSION time_zone = '+00:00', foreign_key_checks = {checks}, \
        sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO';\nSTART TRANSACTION;\n"
    );
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
        key.values().iter().map(|value| self.literal(value.as_ref(), position)).collect()
    }

    fn row(&self, rows: &RowBlock, position: usize) -> Result<Vec<String>> {
        rows.fields(position).map(|value| self.literal(value, position)).collect()
    }

    fn literal(&self, value: ValueRef<'_>, position: usize) -> Result<String> {
        let param = param(value).map_err(|unfit| {
            StoreError::new(ErrorClass::Data, self.operation, unfit.0)
                .with_refusal(RefusalKind::Value, Some(position))
        })?;
        Ok(match (value, param) {
            (_, Param::Null) => "NULL".to_owned(),
            (_, Param::Signed(n)) => n.to_string(),
            (_, Param::Unsigned(n)) => n.to_string(),
            (_, Param::Real(x)) => format!("{x:e}"),
            (ValueRef::Decimal(_), Param::Text(digits)) => digits,
            (_, Param::Text(text)) => sql::text_literal(&text),
            (_, Param::Bytes(bytes)) => sql::bytes_literal(&bytes),
        })
    }

    fn table(&self) -> String {
        sql::table(&self.target.table)
    }

    fn matches(&self, key: &[String]) -> String {
        let columns = &self.target.columns[..self.target.key_length];
        let matches = columns.iter().zip(key).map(|(column, value)| {
            let name = sql::quote(column);
            // By bytes as well, whatever the column's collation.
            let exactly = if value.starts_with('\'') {
                format!(" AND CAST(CONVERT({name} USING utf8mb4) AS BINARY) = CAST({value} AS BINARY)")
            } else {
                String::new()
            };
            format!("{name} = {value}{exactly}")
        });
        matches.collect::<Vec<_>>().join(" AND ")
    }

    fn in_scope(&self) -> String {
        self.target.filter.as_ref().map_or(String::new(), |f| format!(" AND {}", sql::parenthesised(f)))
    }

    fn delete(&self, key: &[String], out: &mut String) {
        let (table, key) = (self.table(), self.matches(key));
        let _ = writeln!(out, "DELETE FROM {table} WHERE {key}{};", self.in_scope());
    }

    fn update(&self, row: &[String], out: &mut String) {
        let key_length = self.target.key_length;
        if row.len() == key_length {
            return;
        }
        let set = self.target.columns.iter().zip(row).skip(key_length);
        let set: Vec<String> =
            set.map(|(column, value)| format!("{} = {value}", sql::quote(column))).collect();
        let (table, key) = (self.table(), self.matches(&row[..key_length]));
        let _ = writeln!(out, "UPDATE {table} SET {} WHERE {key}{};", set.join(", "), self.in_scope());
    }

    fn insert(&self, row: &[String], out: &mut String) {
        let key = &row[..self.target.key_length];
        if self.target.key_unique {
            self.update(row, out);
        } else {
            self.delete(key, out);
        }
        let names = sql::list(self.target.columns.iter().map(String::as_str));
        let (table, matches, values) = (self.table(), self.matches(key), row.join(", "));
        let missing = format!("NOT EXISTS (SELECT 1 FROM {table} WHERE {matches})");
        let _ = writeln!(out, "INSERT INTO {table} ({names}) SELECT {values} FROM DUAL WHERE {missing};");
    }
}
