//! Rows written inside a transaction, each with what became of it.
//!
//! A statement that is refused is undone by itself and the transaction goes on; then its rows are written one by one,
//! to learn which one is at fault.

use std::collections::HashMap;

use sqlx::mysql::MySqlArguments;

use super::cascade;
use super::connect::Session;
use super::error::{refusal_kind, store_error};
use super::facts::{number, raw};
use super::fetch::{any_of, pieces};
use super::value::{add, add_value, owned};
use super::write::Writing;
use crate::model::block::RowBlock;
use crate::model::key::Key;
use crate::model::value::ValueRef;
use crate::store::{Change, ErrorClass, RefusalKind, StoreError};

/// Writes rows of one table.
pub(super) struct Writer {
    pub(super) writing: Writing,
    pub(super) operation: String,
    /// Whether foreign keys are enforced and cascade.
    pub(super) foreign_keys: bool,
    /// Statements run.
    pub(super) queries: u64,
    /// Rows that foreign keys changed on top.
    pub(super) cascaded: u64,
}

/// Why a row is not written.
#[derive(Debug)]
pub(super) enum Obstacle {
    /// The server refused a statement.
    Database(sqlx::Error),
    /// The row cannot be written, for this reason.
    Row(RefusalKind, String),
    /// Something else went wrong.
    Other(StoreError),
}

impl From<sqlx::Error> for Obstacle {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Obstacle {
    fn from(error: StoreError) -> Self {
        Self::Other(error)
    }
}

impl Obstacle {
    /// Why the row is refused, when it is.
    pub(super) fn kind(&self) -> Option<RefusalKind> {
        match self {
            Self::Database(error) => refusal_kind(error),
            Self::Row(kind, _) => Some(*kind),
            Self::Other(_) => None,
        }
    }

    /// The error of a row at a position.
    pub(super) fn refused(self, operation: &str, position: Option<usize>) -> StoreError {
        let kind = self.kind();
        let error = match self {
            Self::Database(error) => store_error(operation, &error),
            Self::Row(_, cause) => StoreError::new(ErrorClass::Data, operation, cause),
            Self::Other(error) => error,
        };
        match kind {
            Some(kind) => error.with_refusal(kind, position),
            None => error,
        }
    }
}

type Tried<T> = std::result::Result<T, Obstacle>;

/// An obstacle with its position.
pub(super) type Stopped = (Option<usize>, Obstacle);

/// What became of a change.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) rows: u64,
    pub(super) missed: Vec<usize>,
}

/// How many rows have a key.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    in_scope: u64,
    all: u64,
}

/// What is to be done with each row.
#[derive(Debug, Default)]
struct Sorted {
    insert: Vec<usize>,
    update: Vec<usize>,
    /// Several rows have the key: they become one.
    replace: Vec<usize>,
    missed: Vec<usize>,
}

impl Writer {
    /// Writes all rows of a change.
    pub(super) async fn write(&mut self, session: &mut Session, change: &Change) -> Result<Done, Stopped> {
        let positions: Vec<usize> = (0..change.len()).collect();
        self.write_some(session, change, &positions).await
    }

    /// Writes the rows at some positions of a change.
    pub(super) async fn write_some(
        &mut self,
        session: &mut Session,
        change: &Change,
        positions: &[usize],
    ) -> Result<Done, Stopped> {
        match change {
            Change::Delete(keys) => self.delete(session, keys, positions).await,
            Change::Insert(rows) => self.rows(session, rows, positions, true).await,
            Change::Update(rows) => self.rows(session, rows, positions, false).await,
        }
    }

    async fn rows(
        &mut self,
        session: &mut Session,
        rows: &RowBlock,
        positions: &[usize],
        insert_missing: bool,
    ) -> Result<Done, Stopped> {
        for &position in positions {
            if rows.fields(position).take(self.writing.key_length).any(ValueRef::is_null) {
                let cause = "a column of its key is NULL".to_owned();
                return Err((Some(position), Obstacle::Row(RefusalKind::NotNull, cause)));
            }
        }
        if insert_missing && self.writing.upserts && self.writing.filter.is_none() {
            self.insert(session, rows, positions, true).await?;
            return Ok(Done { rows: positions.len() as u64, missed: Vec::new() });
        }
        let sorted = self.sort(session, rows, positions, insert_missing).await.map_err(|o| (None, o))?;
        if self.writing.has_values() && self.writing.upserts_existing {
            self.insert(session, rows, &sorted.update, true).await?;
        } else if self.writing.has_values() {
            for &position in &sorted.update {
                self.update(session, rows, position).await.map_err(|o| (Some(position), o))?;
            }
        }
        for &position in &sorted.replace {
            self.replace(session, rows, position).await.map_err(|o| (Some(position), o))?;
        }
        self.insert(session, rows, &sorted.insert, false).await?;
        let written = positions.len() - sorted.missed.len();
        Ok(Done { rows: written as u64, missed: sorted.missed })
    }

    /// What is to be done with each row, by the rows that are there.
    async fn sort(
        &mut self,
        session: &mut Session,
        rows: &RowBlock,
        positions: &[usize],
        insert_missing: bool,
    ) -> Tried<Sorted> {
        let keys: Vec<Key> = positions.iter().map(|&position| self.key_of(rows, position)).collect();
        let found = self.look(session, &keys).await?;
        let mut sorted = Sorted::default();
        for (&position, key) in positions.iter().zip(&keys) {
            let list = match found.get(key).copied().unwrap_or_default() {
                Found { all: 0, .. } if insert_missing => &mut sorted.insert,
                Found { in_scope: 0, .. } => &mut sorted.missed,
                Found { in_scope: 1, .. } => &mut sorted.update,
                Found { .. } => &mut sorted.replace,
            };
            list.push(position);
        }
        Ok(sorted)
    }

    fn key_of(&self, rows: &RowBlock, position: usize) -> Key {
        let values: Vec<_> =
            rows.fields(position).take(self.writing.key_length).map(ValueRef::to_owned).collect();
        Key::from_values(&values)
    }

    /// Which of these keys exist; their rows are locked until the transaction ends.
    async fn look(&mut self, session: &mut Session, keys: &[Key]) -> Tried<HashMap<Key, Found>> {
        let mut found: HashMap<Key, Found> = HashMap::with_capacity(keys.len());
        for piece in pieces(keys) {
            session.wanted.check(&self.operation)?;
            let columns = self.writing.key();
            let Some(condition) = any_of(&piece.iter().collect::<Vec<_>>(), &columns) else { continue };
            let rows = session.rows(&self.writing.look(&condition.sql), &condition.params).await?;
            self.queries += 1;
            for row in &rows {
                let values: Result<Vec<_>, String> =
                    columns.iter().enumerate().map(|(i, column)| owned(column, raw(row, i))).collect();
                let values =
                    values.map_err(|cause| StoreError::new(ErrorClass::Logic, &*self.operation, cause))?;
                let entry = found.entry(Key::from_values(&values)).or_default();
                entry.all += 1;
                entry.in_scope += number(row, columns.len()).min(1);
            }
        }
        Ok(found)
    }

    /// Inserts rows, several in a statement; one by one when one of them is refused.
    async fn insert(
        &mut self,
        session: &mut Session,
        rows: &RowBlock,
        positions: &[usize],
        or_update: bool,
    ) -> Result<(), Stopped> {
        let sizes = self.writing.sizes();
        let mut rest = positions;
        while !rest.is_empty() {
            session.wanted.check(&self.operation).map_err(|error| (None, error.into()))?;
            let fits = |&&size: &&usize| {
                let bytes = rest.iter().take(size).map(|&p| self.row_bytes(rows, p)).sum::<usize>();
                size <= rest.len() && (bytes <= self.writing.bytes_max || size == 1)
            };
            let size = sizes.iter().find(fits).copied().unwrap_or(1);
            let (chunk, behind) = rest.split_at(size);
            match self.insert_chunk(session, rows, chunk, or_update).await {
                Err((None, obstacle)) if chunk.len() > 1 && obstacle.kind().is_some() => {
                    for position in chunk {
                        self.insert_chunk(session, rows, std::slice::from_ref(position), or_update).await?;
                    }
                }
                done => done?,
            }
            rest = behind;
        }
        Ok(())
    }

    fn row_bytes(&self, rows: &RowBlock, position: usize) -> usize {
        rows.row(position).len() + 9 * self.writing.width()
    }

    /// One statement.
    async fn insert_chunk(
        &mut self,
        session: &mut Session,
        rows: &RowBlock,
        chunk: &[usize],
        or_update: bool,
    ) -> Result<(), Stopped> {
        let single = if let [position] = chunk { Some(*position) } else { None };
        let mut arguments = MySqlArguments::default();
        for &position in chunk {
            self.add_row(rows, position, 0, &mut arguments).map_err(|o| (Some(position), o))?;
        }
        let text =
            if or_update { self.writing.upsert(chunk.len()) } else { self.writing.insert(chunk.len()) };
        self.queries += 1;
        session.execute(&text, arguments).await.map(drop).map_err(|error| (single, error.into()))
    }

    /// Adds the values of a row from one column on.
    fn add_row(
        &self,
        rows: &RowBlock,
        position: usize,
        from: usize,
        arguments: &mut MySqlArguments,
    ) -> Tried<()> {
        let bytes = self.row_bytes(rows, position);
        if bytes > self.writing.bytes_max {
            let cause = format!("the row has {bytes} bytes, more than fit max_allowed_packet of the server");
            return Err(Obstacle::Row(RefusalKind::Value, cause));
        }
        for value in rows.fields(position).skip(from) {
            add_value(arguments, value).map_err(|unfit| Obstacle::Row(RefusalKind::Value, unfit.0))?;
        }
        Ok(())
    }

    async fn update(&mut self, session: &mut Session, rows: &RowBlock, position: usize) -> Tried<()> {
        let Some((text, params)) = self.writing.update(&self.key_of(rows, position)) else { return Ok(()) };
        let mut arguments = MySqlArguments::default();
        self.add_row(rows, position, self.writing.key_length, &mut arguments)?;
        for param in &params {
            add(&mut arguments, param);
        }
        self.queries += 1;
        session.execute(&text, arguments).await?;
        Ok(())
    }

    /// Several rows with one key become one.
    async fn replace(&mut self, session: &mut Session, rows: &RowBlock, position: usize) -> Tried<()> {
        let key = self.key_of(rows, position);
        self.delete_keys(session, &[&key]).await?;
        self.insert_chunk(session, rows, &[position], false).await.map_err(|(_, obstacle)| obstacle)
    }

    async fn delete(
        &mut self,
        session: &mut Session,
        keys: &[Key],
        positions: &[usize],
    ) -> Result<Done, Stopped> {
        let wanted: Vec<Key> = positions.iter().map(|&position| keys[position].clone()).collect();
        let found = self.look(session, &wanted).await.map_err(|o| (None, o))?;
        let mut done = Done::default();
        let mut here = Vec::new();
        for &position in positions {
            match found.get(&keys[position]) {
                Some(found) if found.in_scope > 0 => here.push(position),
                _ => done.missed.push(position),
            }
        }
        for piece in pieces(&here) {
            session.wanted.check(&self.operation).map_err(|error| (None, error.into()))?;
            let together: Vec<&Key> = piece.iter().map(|&position| &keys[position]).collect();
            match self.delete_keys(session, &together).await {
                Ok(rows) => done.rows += rows,
                Err(obstacle) if obstacle.kind().is_some() => {
                    for &position in piece {
                        let rows = self.delete_keys(session, &[&keys[position]]).await;
                        done.rows += rows.map_err(|o| (Some(position), o))?;
                    }
                }
                Err(obstacle) => return Err((None, obstacle)),
            }
        }
        Ok(done)
    }

    async fn delete_keys(&mut self, session: &mut Session, keys: &[&Key]) -> Tried<u64> {
        let Some(condition) = any_of(keys, &self.writing.key()) else { return Ok(0) };
        let mut cascaded = 0;
        if self.foreign_keys {
            let scope = self.writing.filter.as_ref().map_or(String::new(), |filter| format!(" AND {filter}"));
            let sql = format!("{}{scope}", condition.sql);
            let (rows, queries) =
                cascade::count(session, &self.writing.facts, &sql, &condition.params).await?;
            cascaded = rows;
            self.queries += queries;
        }
        let arguments = super::value::arguments(&condition.params);
        self.queries += 1;
        let rows = session.execute(&self.writing.delete(&condition.sql), arguments).await?;
        self.cascaded += cascaded;
        Ok(rows)
    }

    /// Gives a row values in its unique columns that are in nobody's way; it gets its own by the write that follows.
    pub(super) async fn park(
        &mut self,
        session: &mut Session,
        rows: &RowBlock,
        position: usize,
        token: i64,
    ) -> Tried<()> {
        let Some((text, params)) = self.writing.park(&self.key_of(rows, position), token) else {
            return Ok(());
        };
        self.queries += 1;
        session.execute(&text, super::value::arguments(&params)).await?;
        Ok(())
    }
}
