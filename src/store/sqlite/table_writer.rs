//! Rows written one by one, each with what became of it.

use rusqlite::{CachedStatement, Connection};

use super::types::Affinity;
use super::value::{Bound, Raw};
use super::write::{Obstacle, Writing, bind_fields, bind_key, stored_key};
use crate::model::block::RowBlock;
use crate::model::key::Key;
use crate::model::value::{Value, ValueRef};
use crate::store::{Change, RefusalKind};

/// Writes rows of one table; statements are prepared when they are first needed.
pub(super) struct TableWriter<'c> {
    connection: &'c Connection,
    writing: Writing,
    affinities: Vec<Affinity>,
    main: Option<CachedStatement<'c>>,
    delete: Option<CachedStatement<'c>>,
    insert: Option<CachedStatement<'c>>,
    /// Statements run.
    pub(super) queries: u64,
    /// Rows that these statements changed themselves, without cascades and triggers.
    pub(super) direct: u64,
}

/// What became of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// So many rows were written or deleted.
    Written(u64),
    /// No row inside the scope was hit.
    Missed,
}

impl Outcome {
    fn of(changes: u64) -> Self {
        if changes == 0 { Self::Missed } else { Self::Written(changes) }
    }
}

type Tried<T> = std::result::Result<T, Obstacle>;

impl<'c> TableWriter<'c> {
    /// A writer of the rows of one change.
    pub(super) fn new(connection: &'c Connection, writing: Writing) -> Self {
        let affinities = writing.key_affinities();
        Self {
            connection,
            writing,
            affinities,
            main: None,
            delete: None,
            insert: None,
            queries: 0,
            direct: 0,
        }
    }

    /// Writes the row or deletes the key at a position of a change; always of the same change.
    pub(super) fn write(&mut self, change: &Change, position: usize) -> Tried<Outcome> {
        match change {
            Change::Delete(keys) => self.delete(&keys[position]),
            Change::Insert(rows) if self.writing.has_constraint() => self.upsert(rows, position),
            Change::Update(rows) if self.writing.has_constraint() => self.update(rows, position),
            Change::Insert(rows) => self.replace(rows, position, true),
            Change::Update(rows) => self.replace(rows, position, false),
        }
    }

    fn execute(&mut self, statement: &mut CachedStatement<'c>) -> Tried<u64> {
        self.queries += 1;
        statement.raw_execute()?;
        let changes = self.connection.changes();
        self.direct += changes;
        Ok(changes)
    }

    fn delete(&mut self, key: &Key) -> Tried<Outcome> {
        let Some(key) = stored_key(&key.values(), &self.affinities) else { return Ok(Outcome::Missed) };
        self.delete_rows(&key).map(Outcome::of)
    }

    fn delete_rows(&mut self, key: &[Raw]) -> Tried<u64> {
        let mut statement = match self.delete.take() {
            Some(statement) => statement,
            None => self.connection.prepare_cached(&self.writing.delete())?,
        };
        let changes = bind_key(&mut statement, key, 0)
            .map_err(Obstacle::from)
            .and_then(|()| self.execute(&mut statement));
        self.delete = Some(statement);
        changes
    }

    fn upsert(&mut self, rows: &RowBlock, position: usize) -> Tried<Outcome> {
        self.check_key(rows, position)?;
        let mut statement = match self.main.take() {
            Some(statement) => statement,
            None => self.connection.prepare_cached(&self.writing.upsert())?,
        };
        let changes =
            bind_fields(&mut statement, rows.fields(position)).and_then(|()| self.execute(&mut statement));
        self.main = Some(statement);
        match changes? {
            0 => self.unchanged(rows, position),
            changes => Ok(Outcome::Written(changes)),
        }
    }

    /// Why an upsert changed nothing: the row is there and has nothing but its key, it lies outside the scope, a
    /// trigger ignored it, or another key stands in its way.
    fn unchanged(&mut self, rows: &RowBlock, position: usize) -> Tried<Outcome> {
        let (in_scope, any) = self.count(rows, position)?;
        if any > 0 {
            let here = !self.writing.has_values() && in_scope > 0;
            return Ok(if here { Outcome::Written(1) } else { Outcome::Missed });
        }
        let mut collision = self.connection.prepare_cached(&self.writing.collision())?;
        // Only the constraint's columns are parameters of this one, under the row's own numbers.
        for (index, value) in rows.fields(position).enumerate().take(collision.parameter_count()) {
            collision.raw_bind_parameter(index + 1, Bound(value))?;
        }
        self.queries += 1;
        if collision.raw_query().next()?.is_some() {
            let cause = "another row has a key that the table's unique constraint takes for the same";
            return Err(Obstacle::Row(RefusalKind::Unique, cause.to_owned()));
        }
        Ok(Outcome::Missed)
    }

    fn update(&mut self, rows: &RowBlock, position: usize) -> Tried<Outcome> {
        if !self.writing.has_values() {
            let (in_scope, _) = self.count(rows, position)?;
            return Ok(Outcome::of(in_scope.min(1)));
        }
        let Some(key) = self.row_key(rows, position) else { return Ok(Outcome::Missed) };
        let mut statement = match self.main.take() {
            Some(statement) => statement,
            None => self.connection.prepare_cached(&self.writing.update())?,
        };
        let bound = bind_fields(&mut statement, rows.fields(position))
            .and_then(|()| bind_key(&mut statement, &key, self.writing.width()).map_err(Obstacle::from));
        let changes = bound.and_then(|()| self.execute(&mut statement));
        self.main = Some(statement);
        changes.map(Outcome::of)
    }

    /// Writes a row whose key no constraint keeps unique: one row in scope is changed in place, several become one.
    fn replace(&mut self, rows: &RowBlock, position: usize, insert_missing: bool) -> Tried<Outcome> {
        self.check_key(rows, position)?;
        match self.count(rows, position)? {
            (0, 0) if insert_missing => {}
            (0, _) => return Ok(Outcome::Missed),
            (1, _) => return self.update(rows, position),
            _ => {
                let key = self.row_key(rows, position).unwrap_or_default();
                self.delete_rows(&key)?;
            }
        }
        let mut statement = match self.insert.take() {
            Some(statement) => statement,
            None => self.connection.prepare_cached(&self.writing.insert())?,
        };
        let changes =
            bind_fields(&mut statement, rows.fields(position)).and_then(|()| self.execute(&mut statement));
        self.insert = Some(statement);
        changes.map(Outcome::of)
    }

    /// How many rows have this row's key: in scope, and at all.
    fn count(&mut self, rows: &RowBlock, position: usize) -> Tried<(u64, u64)> {
        let Some(key) = self.row_key(rows, position) else { return Ok((0, 0)) };
        let mut statement = self.connection.prepare_cached(&self.writing.count())?;
        bind_key(&mut statement, &key, 0)?;
        self.queries += 1;
        let mut found = statement.raw_query();
        let row = found.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, i64>(1)?.unsigned_abs()))
    }

    /// A row's key as the table would hold it; none when it cannot.
    fn row_key(&self, rows: &RowBlock, position: usize) -> Option<Vec<Raw>> {
        let key: Vec<Value> =
            rows.fields(position).take(self.affinities.len()).map(ValueRef::to_owned).collect();
        stored_key(&key, &self.affinities)
    }

    fn check_key(&self, rows: &RowBlock, position: usize) -> Tried<()> {
        if rows.fields(position).take(self.affinities.len()).any(ValueRef::is_null) {
            return Err(Obstacle::Row(RefusalKind::NotNull, "a column of its key is NULL".to_owned()));
        }
        Ok(())
    }

    /// Sets every column that a unique constraint other than the key's covers to a value that no row has, so that
    /// rows can exchange such values; the row gets its own again by the write that follows.
    pub(super) fn park(&mut self, rows: &RowBlock, position: usize, token: u64) -> Tried<bool> {
        let (Some(text), Some(key)) = (self.writing.park(), self.row_key(rows, position)) else {
            return Ok(false);
        };
        let mut statement = self.connection.prepare_cached(&text)?;
        bind_key(&mut statement, &key, 1)?;
        statement.raw_bind_parameter(1, token as i64)?;
        self.queries += 1;
        statement.raw_execute()?;
        Ok(self.connection.changes() > 0)
    }
}
