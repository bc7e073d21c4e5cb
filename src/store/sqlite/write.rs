//! The statements that write one table, and how one row goes through them.

use rusqlite::{Connection, Statement};

use super::access;
use super::bound;
use super::facts::TableFacts;
use super::reader::{check_filter, find_table, positions};
use super::sql;
use super::types::Affinity;
use super::value::{Bound, Raw};
use crate::model::pair::WriteTarget;
use crate::model::value::{Value, ValueRef};
use crate::store::{ErrorClass, Result, StoreError};

/// How a table is written.
pub(super) struct Writing {
    facts: TableFacts,
    columns: Vec<usize>,
    key_length: usize,
    filter: Option<String>,
    /// Columns of the unique constraint that an upsert names: some or all of the key's, or none without such a one.
    conflict: Option<Vec<usize>>,
}

/// Why a row is not written.
pub(super) enum Obstacle {
    /// SQLite refused a statement.
    Database(rusqlite::Error),
    /// The row cannot be written, for this reason.
    Row(crate::store::RefusalKind, String),
}

impl From<rusqlite::Error> for Obstacle {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl Writing {
    /// Checks a target against its table. Errors: schema.
    pub(super) fn plan(connection: &Connection, target: &WriteTarget, operation: &str) -> Result<Self> {
        let facts = find_table(connection, &target.table, operation)?;
        let columns = positions(&facts, &target.columns, operation)?;
        if let Some(&generated) = columns.iter().find(|&&column| facts.columns[column].generated) {
            let cause = format!("the column `{}` is generated", facts.columns[generated].name);
            return Err(StoreError::new(ErrorClass::Schema, operation, cause));
        }
        if target.key_length == 0 || target.key_length > columns.len() {
            return Err(StoreError::new(
                ErrorClass::Schema,
                operation,
                "rows are written by a key, and there is none",
            ));
        }
        if let Some(filter) = &target.filter {
            check_filter(connection, &facts, filter, operation)?;
        }
        let key = &columns[..target.key_length];
        let conflict = if !target.key_unique {
            None
        } else if let Some(rowid) = facts.rowid_column.filter(|rowid| key.contains(rowid)) {
            Some(vec![rowid])
        } else {
            access::unique_index(&facts, key)
                .map(|index| index.columns.iter().filter_map(|c| c.column).collect())
        };
        let filter = target.filter.as_deref().map(sql::parenthesised);
        Ok(Self { facts, columns, key_length: target.key_length, filter, conflict })
    }

    fn key(&self) -> &[usize] {
        &self.columns[..self.key_length]
    }

    /// The affinities of the key's columns.
    pub(super) fn key_affinities(&self) -> Vec<Affinity> {
        self.key().iter().map(|&column| self.facts.columns[column].affinity).collect()
    }

    /// Whether an upsert can name a constraint.
    pub(super) fn has_constraint(&self) -> bool {
        self.conflict.is_some()
    }

    /// Positions in a row of the columns that an update sets: those besides the key, and those of the key that can
    /// hold one key in two forms (1 and 1.0, 0 and -0).
    ///
    /// The others are left out, since setting a column that foreign keys refer to makes SQLite look for the rows that
    /// do, even when it stays the same.
    fn set(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.columns.iter().copied().enumerate().filter(|&(position, column)| {
            let has_forms = matches!(self.facts.columns[column].affinity, Affinity::Blob | Affinity::Real);
            position >= self.key_length || (has_forms && self.facts.rowid_column != Some(column))
        })
    }

    /// Whether an update has anything to set.
    pub(super) fn has_values(&self) -> bool {
        self.set().next().is_some()
    }

    /// How many columns a row has.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    fn name(&self, column: usize) -> String {
        self.facts.sql_column(column)
    }

    /// `key = ?1 …`, from this parameter on.
    fn key_matches(&self, first: usize) -> String {
        let matches = self.key().iter().enumerate();
        let matches = matches.map(|(i, &column)| sql::key_equals(&self.facts.columns[column], first + i));
        matches.collect::<Vec<_>>().join(" AND ")
    }

    fn in_scope(&self) -> String {
        self.filter.as_ref().map_or(String::new(), |filter| format!(" AND {filter}"))
    }

    /// `INSERT`, all columns as parameters.
    pub(super) fn insert(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|&column| self.name(column)).collect();
        let marks: Vec<String> = (1..=self.columns.len()).map(|n| format!("?{n}")).collect();
        format!("INSERT INTO {} ({}) VALUES ({})", self.facts.sql_name(), names.join(", "), marks.join(", "))
    }

    /// `INSERT … ON CONFLICT`, changing a row only when it has exactly this key and lies in scope.
    pub(super) fn upsert(&self) -> String {
        let conflict = self.conflict.as_deref().unwrap_or_default();
        let names: Vec<String> = conflict.iter().map(|&column| self.name(column)).collect();
        let head = format!("{} ON CONFLICT ({})", self.insert(), names.join(", "));
        if !self.has_values() {
            return format!("{head} DO NOTHING");
        }
        let set = self.set().map(|(_, column)| {
            let name = self.name(column);
            format!("{name} = excluded.{name}")
        });
        let set = set.collect::<Vec<_>>().join(", ");
        // The constraint may see fewer columns or fewer differences than the key has.
        let same_key = self.key().iter().filter(|&column| {
            let by_bytes = self.facts.columns[*column].collation.eq_ignore_ascii_case("BINARY");
            !by_bytes || !conflict.contains(column)
        });
        let table = sql::quote(&self.facts.name);
        let mut conditions: Vec<String> = same_key
            .map(|&column| {
                let name = self.name(column);
                format!("{table}.{name} = excluded.{name} COLLATE BINARY")
            })
            .collect();
        conditions.extend(self.filter.clone());
        let condition = if conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", conditions.join(" AND "))
        };
        format!("{head} DO UPDATE SET {set}{condition}")
    }

    /// `UPDATE` by key and in scope; the row's fields are the first parameters, the key to look for comes behind them.
    pub(super) fn update(&self) -> String {
        let set: Vec<String> =
            self.set().map(|(i, column)| format!("{} = ?{}", self.name(column), i + 1)).collect();
        let (table, key) = (self.facts.sql_name(), self.key_matches(self.width() + 1));
        format!("UPDATE {table} SET {} WHERE {key}{}", set.join(", "), self.in_scope())
    }

    /// `UPDATE` that gives a row values in its unique columns that no other row has; the first parameter makes them
    /// so. None when no unique constraint but the key's covers a column.
    pub(super) fn park(&self) -> Option<String> {
        let in_other = |column: &usize| {
            let mut others = self.facts.indexes.iter().filter(|index| {
                index.unique
                    && !index.columns.iter().all(|c| c.column.is_some_and(|c| self.key().contains(&c)))
            });
            others.any(|index| index.columns.iter().any(|c| c.column == Some(*column) || c.column.is_none()))
        };
        let parked = self.columns[self.key_length..].iter().filter(|column| in_other(column));
        let set: Vec<String> = parked
            .map(|&column| {
                let name = self.name(column);
                // NULL is in nobody's way. A column that takes none keeps its storage class, which STRICT may ask for.
                let value = if self.facts.columns[column].not_null {
                    format!(
                        "CASE typeof({name}) WHEN 'integer' THEN ?1 WHEN 'real' THEN CAST(?1 AS REAL) \
                    WHEN 'blob' THEN CAST('parked ' || ?1 AS BLOB) ELSE 'parked ' || ?1 END"
                    )
                } else {
                    "NULL".to_owned()
                };
                format!("{name} = {value}")
            })
            .collect();
        if set.is_empty() {
            return None;
        }
        let (table, key) = (self.facts.sql_name(), self.key_matches(2));
        Some(format!("UPDATE {table} SET {} WHERE {key}{}", set.join(", "), self.in_scope()))
    }

    /// `DELETE` by key and in scope.
    pub(super) fn delete(&self) -> String {
        format!("DELETE FROM {} WHERE {}{}", self.facts.sql_name(), self.key_matches(1), self.in_scope())
    }

    /// How many rows have the key, in scope and at all.
    pub(super) fn count(&self) -> String {
        let scope = self.filter.as_deref().unwrap_or("TRUE");
        let (table, key) = (self.facts.sql_name(), self.key_matches(1));
        format!("SELECT count(CASE WHEN {scope} THEN 1 END), count(*) FROM {table} WHERE {key}")
    }

    /// Whether a row stands in the way of the constraint, all columns of the row as parameters.
    pub(super) fn collision(&self) -> String {
        let conflict = self.conflict.as_deref().unwrap_or_default();
        let position = |column: &usize| self.columns.iter().position(|c| c == column).unwrap_or(0) + 1;
        let conditions: Vec<String> =
            conflict.iter().map(|column| format!("{} = ?{}", self.name(*column), position(column))).collect();
        format!("SELECT 1 FROM {} WHERE {} LIMIT 1", self.facts.sql_name(), conditions.join(" AND "))
    }
}

/// Binds a key's values, behind the first `skip` parameters.
pub(super) fn bind_key(statement: &mut Statement<'_>, key: &[Raw], skip: usize) -> rusqlite::Result<()> {
    for (index, value) in key.iter().enumerate() {
        statement.raw_bind_parameter(skip + index + 1, value)?;
    }
    Ok(())
}

/// Binds a row's fields, each to its own parameter.
pub(super) fn bind_fields<'a>(
    statement: &mut Statement<'_>,
    fields: impl Iterator<Item = ValueRef<'a>>,
) -> std::result::Result<(), Obstacle> {
    for (index, value) in fields.enumerate() {
        let value = Bound(value);
        value.check().map_err(|cause| Obstacle::Row(crate::store::RefusalKind::Value, cause.0.to_owned()))?;
        statement.raw_bind_parameter(index + 1, value)?;
    }
    Ok(())
}

/// A row's key as SQLite would hold it; none when no row of the table can have it.
pub(super) fn stored_key(key: &[Value], affinities: &[Affinity]) -> Option<Vec<Raw>> {
    bound::equal(key, affinities)
}
