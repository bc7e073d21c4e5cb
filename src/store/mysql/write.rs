//! How one table is written: what stands in the way of the fast forms, and the statements.
//!
//! `ON DUPLICATE KEY UPDATE` changes whatever row any unique index finds first. It is used only where the key's own
//! index is the only one: otherwise a row could overwrite another row that holds one of its unique values.

use std::sync::Arc;

use super::bound;
use super::connect::Session;
use super::facts::{ColumnFacts, TableFacts};
use super::sql;
use super::value::Param;
use super::walk::{check_filter, positions};
use crate::base::limits::{SERVER_PARAMETERS_MAX, SERVER_STATEMENT_ROWS_MAX};
use crate::model::key::Key;
use crate::model::pair::WriteTarget;
use crate::store::{ErrorClass, Result, SideEffects, StoreError};

/// How a table is written.
pub(super) struct Writing {
    pub(super) facts: Arc<TableFacts>,
    columns: Vec<usize>,
    pub(super) key_length: usize,
    pub(super) filter: Option<String>,
    /// Whether `ON DUPLICATE KEY UPDATE` finds the row with the key, and no other.
    pub(super) upserts: bool,
    /// Whether an upsert can stand for an update: all that it does not name has a default.
    pub(super) upserts_existing: bool,
    /// Bytes that one statement may have.
    pub(super) bytes_max: usize,
}

impl Writing {
    /// Checks a target against its table. Errors: schema.
    pub(super) async fn plan(
        session: &mut Session,
        target: &WriteTarget,
        side_effects: SideEffects,
        operation: &str,
    ) -> Result<Self> {
        let facts = session.table(&target.table, operation).await?;
        let columns = positions(&facts, &target.columns, operation)?;
        let refused = |cause: String| Err(StoreError::new(ErrorClass::Schema, operation, cause));
        if let Some(&generated) = columns.iter().find(|&&column| facts.columns[column].generated) {
            return refused(format!("the column `{}` is generated", facts.columns[generated].name));
        }
        if target.key_length == 0 || target.key_length > columns.len() {
            return refused("rows are written by a key, and there is none".to_owned());
        }
        if !facts.is_transactional() {
            let cause = format!("its storage engine {} knows no transactions", facts.engine);
            return Err(StoreError::new(ErrorClass::Schema, operation, cause)
                .with_hint("ALTER TABLE … ENGINE = InnoDB"));
        }
        if !side_effects.triggers && !facts.triggers.is_empty() {
            let cause = format!(
                "it has triggers, and this server cannot keep them from firing: {}",
                facts.triggers.join(", ")
            );
            return Err(StoreError::new(ErrorClass::Schema, operation, cause)
                .with_hint("set `triggers = \"fire\"`, or drop them"));
        }
        check_filter(target.filter.as_deref(), operation)?;
        let key = &columns[..target.key_length];
        let upserts = target.key_unique && facts.triggers.is_empty() && is_only_unique_index(&facts, key);
        let needs_no_value = |column: &ColumnFacts| {
            column.nullable || column.default.is_some() || column.auto_increment || column.generated
        };
        let others = (0..facts.columns.len()).filter(|position| !columns.contains(position));
        let upserts_existing =
            upserts && others.clone().all(|position| needs_no_value(&facts.columns[position]));
        Ok(Self {
            columns,
            key_length: target.key_length,
            filter: target.filter.as_deref().map(sql::parenthesised),
            upserts,
            upserts_existing,
            // Parameters cost a few bytes each besides their values; the text of the statement went before.
            bytes_max: session.packet_bytes_max / 2,
            facts,
        })
    }

    /// The key's columns.
    pub(super) fn key(&self) -> Vec<&ColumnFacts> {
        self.columns[..self.key_length].iter().map(|&column| &self.facts.columns[column]).collect()
    }

    fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.columns.iter().map(|&column| self.facts.columns[column].sql_name())
    }

    /// How many columns a row has.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Whether an update has anything to set.
    pub(super) fn has_values(&self) -> bool {
        self.columns.len() > self.key_length
    }

    /// Rows that one statement can take, in few sizes, the largest first.
    pub(super) fn sizes(&self) -> Vec<usize> {
        let most = (SERVER_PARAMETERS_MAX / self.width()).clamp(1, SERVER_STATEMENT_ROWS_MAX);
        let mut sizes = vec![most];
        sizes.extend([100, 10, 1].into_iter().filter(|&size| size < most));
        sizes
    }

    /// `INSERT` of so many rows, all columns as parameters.
    pub(super) fn insert(&self, rows: usize) -> String {
        let names = self.names().collect::<Vec<_>>().join(", ");
        let row = format!("({})", sql::marks(self.width()));
        let rows = vec![row; rows].join(", ");
        format!("INSERT INTO {} ({names}) VALUES {rows}", self.facts.sql_name())
    }

    /// `INSERT … ON DUPLICATE KEY UPDATE` of so many rows.
    pub(super) fn upsert(&self, rows: usize) -> String {
        let set: Vec<String> = if self.has_values() {
            self.names().skip(self.key_length).map(|name| format!("{name} = VALUES({name})")).collect()
        } else {
            // Changes nothing.
            self.names().take(1).map(|name| format!("{name} = {name}")).collect()
        };
        format!("{} ON DUPLICATE KEY UPDATE {}", self.insert(rows), set.join(", "))
    }

    fn in_scope(&self) -> String {
        self.filter.as_ref().map_or(String::new(), |filter| format!(" AND {filter}"))
    }

    /// `UPDATE` of the row with a key, in scope; the row's values besides the key come first. None when no row can have
    /// the key.
    pub(super) fn update(&self, key: &Key) -> Option<(String, Vec<Param>)> {
        let set: Vec<String> = self.names().skip(self.key_length).map(|name| format!("{name} = ?")).collect();
        let matches = bound::equal(&key.values(), &self.key())?;
        let (table, set) = (self.facts.sql_name(), set.join(", "));
        Some((format!("UPDATE {table} SET {set} WHERE {}{}", matches.sql, self.in_scope()), matches.params))
    }

    /// `UPDATE` that gives a row values in its unique columns that no other row has; none when no unique index but the
    /// key's covers a written column, or no row can have the key.
    pub(super) fn park(&self, key: &Key, token: i64) -> Option<(String, Vec<Param>)> {
        let own: Vec<usize> = self.columns[..self.key_length].to_vec();
        let in_other = |column: &usize| {
            let mut others = self.facts.indexes.iter().filter(|index| {
                index.unique && !index.columns.iter().all(|c| c.column.is_some_and(|c| own.contains(&c)))
            });
            others.any(|index| index.columns.iter().any(|c| c.column == Some(*column)))
        };
        let mut params = Vec::new();
        let mut set = Vec::new();
        for &column in self.columns[self.key_length..].iter().filter(|column| in_other(column)) {
            let column = &self.facts.columns[column];
            let Some(value) = parked_value(column, token) else { continue };
            params.push(value);
            set.push(format!("{} = ?", column.sql_name()));
        }
        if set.is_empty() {
            return None;
        }
        let matches = bound::equal(&key.values(), &self.key())?;
        params.extend(matches.params);
        let (table, set) = (self.facts.sql_name(), set.join(", "));
        Some((format!("UPDATE {table} SET {set} WHERE {}{}", matches.sql, self.in_scope()), params))
    }

    /// `DELETE` of rows in scope that fulfil a condition.
    pub(super) fn delete(&self, condition: &str) -> String {
        format!("DELETE FROM {} WHERE {condition}{}", self.facts.sql_name(), self.in_scope())
    }

    /// The keys of the rows that fulfil a condition, and whether each lies in scope; the rows stay locked.
    pub(super) fn look(&self, condition: &str) -> String {
        let key: Vec<String> = self.key().iter().map(|column| column.sql_name()).collect();
        let scope = self.filter.as_deref().unwrap_or("TRUE");
        let table = self.facts.sql_name();
        format!("SELECT {}, IF({scope}, 1, 0) FROM {table} WHERE {condition} FOR UPDATE", key.join(", "))
    }
}

/// A value that is in nobody's way; none for types that have no such value at hand.
fn parked_value(column: &ColumnFacts, token: i64) -> Option<Param> {
    use super::types::Wire;
    if column.nullable {
        return Some(Param::Null);
    }
    match column.wire {
        Wire::Signed | Wire::Unsigned => {
            let crate::model::types::LogicalType::Integer { bits, .. } = column.logical else { return None };
            // Any number of the type that is most likely free; a collision is only a refused attempt.
            Some(Param::Signed(token & ((1i64 << (bits.min(63) - 1)) - 1)))
        }
        Wire::Float | Wire::Double => Some(Param::Real(token as f64)),
        Wire::Text if column.data_type != "enum" && column.data_type != "set" => {
            Some(Param::Text(format!("{token:x}")))
        }
        Wire::Blob => Some(Param::Bytes(token.to_be_bytes().to_vec())),
        _ => None,
    }
}

/// Whether exactly one unique index exists, on exactly the key's columns, which holds keys for the same only if they are.
fn is_only_unique_index(facts: &TableFacts, key: &[usize]) -> bool {
    let unique: Vec<_> = facts.indexes.iter().filter(|index| index.unique).collect();
    let [index] = unique.as_slice() else { return false };
    index.columns.len() == key.len()
        && index.columns.iter().all(|column| {
            !column.prefix
                && column.column.is_some_and(|c| key.contains(&c) && facts.columns[c].sorts_as_keys())
        })
}
