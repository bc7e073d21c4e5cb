//! Reading one table of one instant through a view.

use std::collections::BTreeSet;
use std::ops::{Bound, ControlFlow};

use super::database::Database;
use super::filter::Filter;
use super::table::{KeyBytes, Row, RowId, TableData};
use crate::base::limits::BLOCK_BYTES_MAX;
use crate::model::block::{BlockBuilder, RowBlock};
use crate::model::digest::{Digest, DigestSeed};
use crate::model::key::{self, Key};
use crate::model::pair::TableView;
use crate::model::range::KeyRange;
use crate::model::value::Value;
use crate::store::{ErrorClass, StoreError};

/// A view with its names resolved.
pub(super) struct Query<'a> {
    view: &'a TableView,
    data: &'a TableData,
    columns: Vec<usize>,
    key: Vec<usize>,
    filter: Option<Filter>,
    modify: Option<usize>,
}

/// Which rows a stream delivers, and in which order.
#[derive(Debug, Clone)]
pub(super) enum Selection {
    /// Those of a range, in key order.
    Range(KeyRange),
    /// Those with a stamp between two, in stamp and key order.
    Changed { since: Option<Value>, until: Option<Value> },
    /// Those of some hash buckets.
    Buckets { buckets: usize, wanted: BTreeSet<usize>, seed: DigestSeed },
}

/// The place of the last row that a stream delivered.
pub(super) type Cursor = (KeyBytes, RowId);

impl<'a> Query<'a> {
    /// Resolves a view. Errors: schema.
    pub(super) fn new(
        database: &'a Database,
        view: &'a TableView,
        operation: &str,
    ) -> Result<Self, StoreError> {
        let wrong = |cause: String| StoreError::new(ErrorClass::Schema, operation, cause);
        let data = database.tables.get(&view.table).ok_or_else(|| wrong("no such table".into()))?;
        let columns = data.positions(&view.columns).map_err(wrong)?;
        let key = view.shape.key.iter().map(|&position| columns[position]).collect();
        let filter = view.filter.as_ref().map(|text| Filter::parse(text, data.table()));
        let filter = filter.transpose().map_err(wrong)?;
        let modify = match &view.modify_column {
            Some(name) => Some(data.positions(std::slice::from_ref(name)).map_err(wrong)?[0]),
            None => None,
        };
        Ok(Self { view, data, columns, key, filter, modify })
    }

    /// Visits the rows of a range that have a whole key, in key order, starting behind `after`.
    pub(super) fn for_each(
        &self,
        range: &KeyRange,
        after: Option<&Cursor>,
        mut visit: impl FnMut(KeyBytes, RowId, &Row) -> ControlFlow<()>,
    ) {
        let from = match (after, &range.lower) {
            (Some(cursor), _) => Bound::Excluded(cursor.clone()),
            (None, Some(lower)) => Bound::Included((lower.as_bytes().into(), 0)),
            (None, None) => Bound::Unbounded,
        };
        for (key, id, row) in self.data.in_order(&self.key, from) {
            if range.upper.as_ref().is_some_and(|upper| upper.as_bytes() <= &*key) {
                break;
            }
            if range.contains(&key)
                && self.has_whole_key(row)
                && self.in_scope(row)
                && visit(key, id, row).is_break()
            {
                break;
            }
        }
    }

    fn in_scope(&self, row: &Row) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.holds(row))
    }

    fn has_whole_key(&self, row: &Row) -> bool {
        self.key.iter().all(|&column| !matches!(row[column], Value::Null))
    }

    /// The keys of the rows of a range, in order, repeated as the rows are.
    pub(super) fn keys(&self, range: &KeyRange) -> Vec<KeyBytes> {
        let mut keys = Vec::new();
        self.for_each(range, None, |key, _, _| {
            keys.push(key);
            ControlFlow::Continue(())
        });
        keys
    }

    /// The digest of the rows of a range.
    pub(super) fn digest(&self, range: &KeyRange, seed: DigestSeed) -> Digest {
        let mut digest = Digest::EMPTY;
        let mut builder = self.builder();
        self.for_each(range, None, |_, _, row| {
            self.fold(row, &mut builder, &mut digest, seed);
            ControlFlow::Continue(())
        });
        digest
    }

    /// One digest a bucket.
    pub(super) fn digest_buckets(&self, buckets: usize, seed: DigestSeed) -> Vec<Digest> {
        let mut digests = vec![Digest::EMPTY; buckets];
        let mut builder = self.builder();
        self.for_each(&KeyRange::all(), None, |key, _, row| {
            self.fold(row, &mut builder, &mut digests[seed.bucket_of(&key, buckets)], seed);
            ControlFlow::Continue(())
        });
        digests
    }

    /// The digest of the rows in scope whose key holds a NULL.
    pub(super) fn null_keys(&self, seed: DigestSeed) -> Digest {
        let mut digest = Digest::EMPTY;
        let mut builder = self.builder();
        for (_, row) in self.data.rows() {
            if self.in_scope(row) && !self.has_whole_key(row) {
                self.fold(row, &mut builder, &mut digest, seed);
            }
        }
        digest
    }

    fn fold(&self, row: &Row, builder: &mut BlockBuilder, digest: &mut Digest, seed: DigestSeed) {
        builder.clear();
        self.push(row, builder);
        digest.add_row(builder.block().compare_form(0), seed);
    }

    /// A builder for rows of this view.
    pub(super) fn builder(&self) -> BlockBuilder {
        BlockBuilder::new(self.view.shape.clone())
    }

    /// Appends a row to a block of this view.
    pub(super) fn push(&self, row: &Row, builder: &mut BlockBuilder) {
        for &column in &self.columns {
            builder.push(row[column].as_ref());
        }
        builder.end_row();
    }

    /// The stamps of the rows in scope with a whole key. Errors: the view has no modify column.
    pub(super) fn stamps(&self, operation: &str) -> Result<Vec<&'a Value>, StoreError> {
        let modify = self.modify_position(operation)?;
        let rows = self.data.rows().filter(|(_, row)| self.in_scope(row) && self.has_whole_key(row));
        Ok(rows.map(|(_, row)| &row[modify]).collect())
    }

    fn modify_position(&self, operation: &str) -> Result<usize, StoreError> {
        self.modify
            .ok_or_else(|| StoreError::new(ErrorClass::Logic, operation, "the view has no modify column"))
    }

    /// The next rows of a stream, and where it goes on; none when there are no more.
    pub(super) fn next_block(
        &self,
        selection: &Selection,
        after: Option<&Cursor>,
        rows_max: usize,
        operation: &str,
    ) -> Result<Option<(RowBlock, Cursor)>, StoreError> {
        let mut block = NextBlock { builder: self.builder(), last: None, rows_max };
        match selection {
            Selection::Range(range) => {
                self.for_each(range, after, |key, id, row| block.take(self, (key, id), row));
            }
            Selection::Buckets { buckets, wanted, seed } => {
                self.for_each(&KeyRange::all(), after, |key, id, row| {
                    if wanted.contains(&seed.bucket_of(&key, *buckets)) {
                        return block.take(self, (key, id), row);
                    }
                    ControlFlow::Continue(())
                });
            }
            Selection::Changed { since, until } => {
                let found = self.changed(since.as_ref(), until.as_ref(), operation)?;
                for (cursor, row) in found {
                    if after.is_none_or(|after| cursor > *after) && block.take(self, cursor, row).is_break() {
                        break;
                    }
                }
            }
        }
        let NextBlock { mut builder, last, .. } = block;
        Ok(last.map(|cursor| (builder.take(), cursor)))
    }

    /// Rows with a stamp between two, in stamp and key order.
    fn changed(
        &self,
        since: Option<&Value>,
        until: Option<&Value>,
        operation: &str,
    ) -> Result<Vec<(Cursor, &'a Row)>, StoreError> {
        let modify = self.modify_position(operation)?;
        let bound = |value: Option<&Value>| value.map(|value| Key::from_values(std::slice::from_ref(value)));
        let (since, until) = (bound(since), bound(until));
        let mut found = Vec::new();
        for (id, row) in self.data.rows() {
            if matches!(row[modify], Value::Null) || !self.in_scope(row) || !self.has_whole_key(row) {
                continue;
            }
            let mut order = Key::from_values(std::slice::from_ref(&row[modify])).as_bytes().to_vec();
            let inside = since.as_ref().is_none_or(|since| since.as_bytes() <= order.as_slice())
                && until.as_ref().is_none_or(|until| order.as_slice() <= until.as_bytes());
            if inside {
                for &column in &self.key {
                    key::encode(row[column].as_ref(), &mut order);
                }
                found.push(((order.into(), id), row));
            }
        }
        found.sort_by(|left, right| left.0.cmp(&right.0));
        Ok(found)
    }
}

/// The rows of a block that is being filled.
struct NextBlock {
    builder: BlockBuilder,
    last: Option<Cursor>,
    rows_max: usize,
}

impl NextBlock {
    fn take(&mut self, query: &Query<'_>, cursor: Cursor, row: &Row) -> ControlFlow<()> {
        if self.builder.len() >= self.rows_max || self.builder.size_bytes() >= BLOCK_BYTES_MAX {
            return ControlFlow::Break(());
        }
        query.push(row, &mut self.builder);
        self.last = Some(cursor);
        ControlFlow::Continue(())
    }
}
