//! Changes of several rows, all or nothing, with foreign keys.
//!
//! A foreign key is checked by value: for every value that a statement added to a child or took from a parent, rows that
//! refer to it need a row that holds it, after the statement or, when deferred, at commit.

use std::sync::Arc;

use super::database::{Database, Reference};
use super::table::{KeyBytes, Row, RowId, TableData, key_of};
use crate::model::schema::{ReferentialAction, TableName};
use crate::model::value::Value;
use crate::store::RefusalKind;

/// Why a change is not possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct Refused {
    /// The kind of constraint.
    pub kind: RefusalKind,
    /// The constraint, in words.
    pub cause: String,
}

impl Refused {
    pub(super) fn new(kind: RefusalKind, cause: String) -> Self {
        Self { kind, cause }
    }
}

/// A copy of the database with changes that are not yet committed; dropping it undoes them.
#[derive(Debug)]
pub struct Transaction {
    database: Database,
    foreign_keys: bool,
    /// Whether every foreign key waits for the commit, whatever it says itself.
    defer_all: bool,
    cascaded: u64,
    /// References by position with values to look at: after this statement, and at commit.
    touched: Vec<(usize, KeyBytes)>,
    deferred: Vec<(usize, KeyBytes)>,
}

impl Transaction {
    pub(super) fn begin(database: &Database, foreign_keys: bool) -> Self {
        Self {
            database: database.clone(),
            foreign_keys,
            defer_all: false,
            cascaded: 0,
            touched: Vec::new(),
            deferred: Vec::new(),
        }
    }

    /// As [`Transaction::begin`], with every foreign key checked at commit.
    pub(super) fn begin_deferred(database: &Database, foreign_keys: bool) -> Self {
        Self { defer_all: true, ..Self::begin(database, foreign_keys) }
    }

    /// The rows as they are now inside the transaction.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Rows that foreign keys changed on top.
    pub(super) fn cascaded(&self) -> u64 {
        self.cascaded
    }

    /// Adds a row given in the table's column order.
    pub fn insert(&mut self, table: &str, row: Vec<Value>) -> Result<(), Refused> {
        self.insert_row(&TableName::new(table), &row.into())
    }

    /// Changes the rows that `wanted` picks, and returns how many; `change` edits a row in place.
    pub fn update(
        &mut self,
        table: &str,
        mut wanted: impl FnMut(&[Value]) -> bool,
        mut change: impl FnMut(&mut [Value]),
    ) -> Result<usize, Refused> {
        let table = TableName::new(table);
        let found = self.pick(&table, &mut wanted);
        for id in &found {
            let Some(row) = self.database.tables.get(&table).and_then(|data| data.row(*id)) else { continue };
            let mut row = row.to_vec();
            change(&mut row);
            self.replace_row(&table, *id, &row.into())?;
        }
        Ok(found.len())
    }

    /// Deletes the rows that `wanted` picks, and returns how many; what cascades is not counted.
    pub fn delete(
        &mut self,
        table: &str,
        mut wanted: impl FnMut(&[Value]) -> bool,
    ) -> Result<usize, Refused> {
        let table = TableName::new(table);
        let found = self.pick(&table, &mut wanted);
        for id in &found {
            self.delete_row(&table, *id)?;
        }
        Ok(found.len())
    }

    fn pick(&self, table: &TableName, wanted: &mut impl FnMut(&[Value]) -> bool) -> Vec<RowId> {
        let data = self.database.tables.get(table);
        data.into_iter()
            .flat_map(|data| data.rows())
            .filter(|(_, row)| wanted(row))
            .map(|(id, _)| id)
            .collect()
    }

    pub(super) fn insert_row(&mut self, table: &TableName, row: &Row) -> Result<(), Refused> {
        self.data(table)?.insert(row.clone())?;
        self.touch_child(table, row, None);
        self.end_statement()
    }

    pub(super) fn replace_row(&mut self, table: &TableName, id: RowId, row: &Row) -> Result<(), Refused> {
        let data = self.data(table)?;
        let Some(old) = data.row(id).cloned() else { return Ok(()) };
        data.replace(id, row.clone())?;
        self.touch_child(table, row, Some(&old));
        for position in self.referring_to(table) {
            let columns = &self.database.references[position].parent_columns;
            let before = key_of(&old, columns);
            if before != key_of(row, columns) && is_whole(&old, columns) {
                self.touched.push((position, before));
            }
        }
        self.end_statement()
    }

    pub(super) fn delete_row(&mut self, table: &TableName, id: RowId) -> Result<(), Refused> {
        if self.remove_and_follow(table, id)? {
            self.end_statement()?;
        }
        Ok(())
    }

    /// Removes a row that is about to come back changed; nothing follows it, what refers to it is checked at commit.
    pub(super) fn take_out(&mut self, table: &TableName, id: RowId) -> Result<Option<Row>, Refused> {
        let Some(row) = self.data(table)?.remove(id) else { return Ok(None) };
        for position in self.referring_to(table) {
            let columns = &self.database.references[position].parent_columns;
            if is_whole(&row, columns) {
                self.touched.push((position, key_of(&row, columns)));
            }
        }
        self.end_statement()?;
        Ok(Some(row))
    }

    /// Ends the transaction. Errors: a deferred foreign key that does not hold.
    pub(super) fn commit(self) -> Result<Database, Refused> {
        for (position, value) in &self.deferred {
            self.check_reference(*position, value)?;
        }
        Ok(self.database)
    }

    pub(super) fn mark(&mut self, mark: &crate::store::UnitMark) {
        self.database.marks.insert((mark.job.clone(), mark.table.clone(), mark.unit));
    }

    fn data(&mut self, table: &TableName) -> Result<&mut TableData, Refused> {
        let data = self.database.tables.get_mut(table);
        let missing = || Refused::new(RefusalKind::Value, format!("no such table: {table}"));
        data.map(Arc::make_mut).ok_or_else(missing)
    }

    fn referring_to(&self, parent: &TableName) -> Vec<usize> {
        let references = self.database.references.iter().enumerate();
        references
            .filter(|(_, reference)| reference.parent == *parent)
            .map(|(position, _)| position)
            .collect()
    }

    /// Notes the values that a new or changed row refers to, except those that it referred to before.
    fn touch_child(&mut self, table: &TableName, row: &Row, before: Option<&Row>) {
        for (position, reference) in self.database.references.iter().enumerate() {
            let columns = &reference.child_columns;
            if reference.child != *table || !is_whole(row, columns) {
                continue;
            }
            let value = key_of(row, columns);
            if before.is_none_or(|before| key_of(before, columns) != value) {
                self.touched.push((position, value));
            }
        }
    }

    /// Removes a row and does what foreign keys do about it; false when it was gone already.
    fn remove_and_follow(&mut self, table: &TableName, id: RowId) -> Result<bool, Refused> {
        let mut gone = vec![(table.clone(), id)];
        let mut first = true;
        let mut removed_any = false;
        while let Some((table, id)) = gone.pop() {
            let Some(row) = self.data(&table)?.remove(id) else { continue };
            removed_any = true;
            self.cascaded += u64::from(!first);
            first = false;
            if !self.foreign_keys {
                continue;
            }
            for position in self.referring_to(&table) {
                self.follow(position, &row, &mut gone)?;
            }
        }
        Ok(removed_any)
    }

    fn follow(
        &mut self,
        position: usize,
        parent: &Row,
        gone: &mut Vec<(TableName, RowId)>,
    ) -> Result<(), Refused> {
        let Reference { child, child_columns, parent_columns, on_delete, .. } =
            self.database.references[position].clone();
        if !is_whole(parent, &parent_columns) {
            return Ok(());
        }
        let value = key_of(parent, &parent_columns);
        // Whatever is done about them, no row may refer to the value in the end; a default may be that very value.
        self.touched.push((position, value.clone()));
        if on_delete == ReferentialAction::Refuse {
            return Ok(());
        }
        for id in self.data(&child)?.with_key(&child_columns, &value) {
            if on_delete == ReferentialAction::Cascade {
                gone.push((child.clone(), id));
                continue;
            }
            let data = self.data(&child)?;
            let Some(old) = data.row(id).cloned() else { continue };
            let mut row = old.to_vec();
            for &column in &child_columns {
                let default = on_delete == ReferentialAction::SetDefault;
                row[column] = if default { data.default_of(column) } else { Value::Null };
            }
            let row: Row = row.into();
            data.replace(id, row.clone())?;
            self.cascaded += 1;
            self.touch_child(&child, &row, Some(&old));
        }
        Ok(())
    }

    fn end_statement(&mut self) -> Result<(), Refused> {
        let touched = std::mem::take(&mut self.touched);
        if !self.foreign_keys {
            return Ok(());
        }
        for (position, value) in touched {
            if self.defer_all || self.database.references[position].deferred {
                self.deferred.push((position, value));
            } else {
                self.check_reference(position, &value)?;
            }
        }
        Ok(())
    }

    fn check_reference(&self, position: usize, value: &KeyBytes) -> Result<(), Refused> {
        let reference = &self.database.references[position];
        let holders = |table: &TableName, columns: &[usize]| {
            self.database.tables.get(table).is_some_and(|data| !data.with_key(columns, value).is_empty())
        };
        if holders(&reference.child, &reference.child_columns)
            && !holders(&reference.parent, &reference.parent_columns)
        {
            let (child, parent) = (&reference.child, &reference.parent);
            return Err(Refused::new(
                RefusalKind::ForeignKey,
                format!("a row of {child} refers to a row of {parent} that is not there"),
            ));
        }
        Ok(())
    }
}

/// Whether none of these columns is NULL, so that the row refers, or can be referred to, by them.
fn is_whole(row: &Row, columns: &[usize]) -> bool {
    columns.iter().all(|&column| !matches!(row[column], Value::Null))
}
