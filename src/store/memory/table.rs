//! The rows of one table, with ordered indexes; a value that is cheap to share and to copy on write.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use super::definition::TableDefinition;
use super::filter::Filter;
use super::transaction::Refused;
use super::types::{misfit, parse_literal};
use crate::model::key;
use crate::model::schema::{Index, Table};
use crate::model::value::Value;
use crate::store::RefusalKind;

/// One row, in the table's column order.
pub(super) type Row = Arc<[Value]>;

/// Names a row inside its table for as long as it lives.
pub(super) type RowId = u64;

/// An encoded key, shared between copies of a table.
pub(super) type KeyBytes = Arc<[u8]>;

/// A table and its rows at one instant.
#[derive(Debug, Clone)]
pub(super) struct TableData {
    shape: Arc<Shape>,
    rows: BTreeMap<RowId, Row>,
    indexes: Vec<Ordered>,
    next_id: RowId,
}

/// What a declaration means, worked out once.
#[derive(Debug)]
struct Shape {
    table: Table,
    checks: Vec<Filter>,
    defaults: Vec<Option<Value>>,
}

#[derive(Debug, Clone)]
struct Ordered {
    columns: Vec<usize>,
    unique: Option<String>,
    entries: BTreeSet<(KeyBytes, RowId)>,
}

impl TableData {
    /// An empty table. Errors: what is wrong with the declaration, in words.
    pub(super) fn new(definition: TableDefinition) -> Result<Self, String> {
        let TableDefinition { table, checks } = definition;
        let checks = checks.iter().map(|check| Filter::parse(check, &table)).collect::<Result<_, _>>()?;
        let default = |column: &crate::model::schema::Column| match &column.default {
            None => Ok(None),
            Some(text) => parse_literal(text, &column.logical_type)
                .map(Some)
                .ok_or_else(|| format!("the default of {} is no literal: {text}", column.name)),
        };
        let defaults = table.columns.iter().map(default).collect::<Result<_, _>>()?;
        let mut data = Self {
            shape: Arc::new(Shape { table, checks, defaults }),
            rows: BTreeMap::new(),
            indexes: Vec::new(),
            next_id: 1,
        };
        for index in data.shape.clone().table.indexes.iter().filter(|index| !index.partial) {
            data.add_index(index)?;
        }
        for foreign_key in &data.shape.clone().table.foreign_keys {
            let columns = data.positions(&foreign_key.columns)?;
            data.ensure_order(columns);
        }
        Ok(data)
    }

    fn add_index(&mut self, index: &Index) -> Result<(), String> {
        let names: Vec<String> = index.columns.iter().filter_map(|column| column.name.clone()).collect();
        let columns = self.positions(&names)?;
        let unique = index.unique.then(|| index.name.clone());
        self.indexes.push(Ordered { columns, unique, entries: BTreeSet::new() });
        Ok(())
    }

    fn ensure_order(&mut self, columns: Vec<usize>) {
        if self.ordered(&columns).is_none() {
            self.indexes.push(Ordered { columns, unique: None, entries: BTreeSet::new() });
        }
    }

    fn ordered(&self, columns: &[usize]) -> Option<&Ordered> {
        self.indexes.iter().find(|index| index.columns == columns)
    }

    /// The declaration.
    pub(super) fn table(&self) -> &Table {
        &self.shape.table
    }

    /// Positions of columns by name. Errors: which one is missing.
    pub(super) fn positions(&self, names: &[String]) -> Result<Vec<usize>, String> {
        let position = |name: &String| {
            let columns = &self.shape.table.columns;
            columns
                .iter()
                .position(|column| column.name == *name)
                .ok_or_else(|| format!("no such column: {name}"))
        };
        names.iter().map(position).collect()
    }

    /// A row of defaults, NULL where there is none.
    pub(super) fn default_row(&self) -> Vec<Value> {
        self.shape.defaults.iter().map(|default| default.clone().unwrap_or(Value::Null)).collect()
    }

    /// The default of a column.
    pub(super) fn default_of(&self, column: usize) -> Value {
        self.shape.defaults[column].clone().unwrap_or(Value::Null)
    }

    /// A row by its name.
    pub(super) fn row(&self, id: RowId) -> Option<&Row> {
        self.rows.get(&id)
    }

    /// All rows, oldest first.
    pub(super) fn rows(&self) -> impl Iterator<Item = (RowId, &Row)> {
        self.rows.iter().map(|(id, row)| (*id, row))
    }

    /// How many rows.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Rows at or after `from` in the order of these columns, each with its key.
    pub(super) fn in_order<'a>(
        &'a self,
        columns: &[usize],
        from: Bound<(KeyBytes, RowId)>,
    ) -> Box<dyn Iterator<Item = (KeyBytes, RowId, &'a Row)> + 'a> {
        if let Some(index) = self.ordered(columns) {
            let entries = index.entries.range((from, Bound::Unbounded));
            return Box::new(entries.map(|(key, id)| (key.clone(), *id, &self.rows[id])));
        }
        let keyed = self.rows.iter().map(|(id, row)| (key_of(row, columns), *id));
        let entries: BTreeSet<(KeyBytes, RowId)> = keyed.collect();
        let found: Vec<_> = entries.range((from, Bound::Unbounded)).cloned().collect();
        Box::new(found.into_iter().map(|(key, id)| {
            let row = &self.rows[&id];
            (key, id, row)
        }))
    }

    /// Names of the rows that have this key in these columns.
    pub(super) fn with_key(&self, columns: &[usize], key: &KeyBytes) -> Vec<RowId> {
        let from = Bound::Included((key.clone(), 0));
        self.in_order(columns, from).take_while(|(found, ..)| found == key).map(|(_, id, _)| id).collect()
    }

    /// Adds a row. Errors: the constraint of this table that it breaks.
    pub(super) fn insert(&mut self, row: Row) -> Result<RowId, Refused> {
        self.judge(&row, None)?;
        let id = self.next_id;
        self.next_id += 1;
        self.index(id, &row);
        self.rows.insert(id, row);
        Ok(id)
    }

    /// Replaces a row. Errors: the constraint of this table that the new one breaks.
    pub(super) fn replace(&mut self, id: RowId, row: Row) -> Result<(), Refused> {
        self.judge(&row, Some(id))?;
        self.remove(id);
        self.index(id, &row);
        self.rows.insert(id, row);
        Ok(())
    }

    /// Removes a row and returns it.
    pub(super) fn remove(&mut self, id: RowId) -> Option<Row> {
        let row = self.rows.remove(&id)?;
        for index in &mut self.indexes {
            index.entries.remove(&(key_of(&row, &index.columns), id));
        }
        Some(row)
    }

    fn index(&mut self, id: RowId, row: &Row) {
        for index in &mut self.indexes {
            index.entries.insert((key_of(row, &index.columns), id));
        }
    }

    fn judge(&self, row: &Row, own: Option<RowId>) -> Result<(), Refused> {
        let table = &self.shape.table;
        for (column, value) in table.columns.iter().zip(row.iter()) {
            if let Some(cause) = misfit(&column.logical_type, value) {
                return Err(Refused::new(RefusalKind::Value, format!("{}: {cause}", column.name)));
            }
            if !column.nullable && matches!(value, Value::Null) {
                return Err(Refused::new(RefusalKind::NotNull, format!("{} may not be NULL", column.name)));
            }
        }
        if self.shape.checks.iter().any(|check| check.evaluate(row) == Some(false)) {
            return Err(Refused::new(RefusalKind::Check, "a CHECK constraint is false".into()));
        }
        for index in &self.indexes {
            let Some(name) = &index.unique else { continue };
            if index.columns.iter().any(|&column| matches!(row[column], Value::Null)) {
                continue;
            }
            let others = self.with_key(&index.columns, &key_of(row, &index.columns));
            if others.into_iter().any(|id| Some(id) != own) {
                return Err(Refused::new(RefusalKind::Unique, format!("another row is alike in {name}")));
            }
        }
        Ok(())
    }
}

/// The encoded key of a row in these columns.
pub(super) fn key_of(row: &[Value], columns: &[usize]) -> KeyBytes {
    let mut bytes = Vec::with_capacity(columns.len() * 12);
    for &column in columns {
        key::encode(row[column].as_ref(), &mut bytes);
    }
    bytes.into()
}
