//! A batch on a database: what is written, missed, refused.

use super::database::Database;
use super::filter::Filter;
use super::table::{KeyBytes, Row, RowId, TableData};
use super::transaction::{Refused, Transaction};
use crate::model::block::RowBlock;
use crate::model::key::Key;
use crate::model::pair::WriteTarget;
use crate::model::value::{Value, ValueRef};
use crate::store::{Applied, Batch, Change, ErrorClass, RefusalKind, StoreError};

/// Says whether the row with this key is to be refused though no constraint speaks against it.
pub(super) type Judge<'a> = dyn FnMut(&Key) -> Option<RefusalKind> + 'a;

/// Where a batch goes, resolved.
struct Place<'a> {
    target: &'a WriteTarget,
    /// Positions of the written columns, the key's first.
    columns: Vec<usize>,
    filter: Option<Filter>,
}

/// The database after a batch, and what the batch did. Errors: schema, data with the position of the refused row.
pub(super) fn apply(
    database: &Database,
    batch: &Batch,
    judge: &mut Judge<'_>,
) -> Result<(Database, Applied), StoreError> {
    let operation = describe(batch);
    let place = Place::resolve(database, &batch.target, &operation)?;
    let mut transaction = Transaction::begin(database, batch.side_effects.foreign_keys);
    let mut applied = Applied::default();
    let refused = |position: Option<usize>| {
        let operation = operation.clone();
        move |refused: Refused| {
            StoreError::new(ErrorClass::Data, operation, &refused.cause).with_refusal(refused.kind, position)
        }
    };
    for position in 0..batch.change.len() {
        let written =
            place.write(&mut transaction, &batch.change, position, judge).map_err(refused(Some(position)))?;
        applied.queries += 1;
        applied.rows += written;
        if written == 0 {
            applied.missed.push(position);
        }
    }
    applied.cascaded = transaction.cascaded();
    if let Some(mark) = &batch.mark {
        transaction.mark(mark);
        applied.queries += 1;
    }
    let after = transaction.commit().map_err(refused(None))?;
    Ok((after, applied))
}

/// The database after several batches in one transaction, with foreign keys checked at its end.
///
/// Rows to be updated are all taken out before any comes back, so that unique values may move among them.
pub(super) fn apply_together(
    database: &Database,
    batches: &[Batch],
) -> Result<(Database, Vec<Applied>), StoreError> {
    let operation = "writing rows that wait for each other";
    let refused = |refused: Refused| {
        StoreError::new(ErrorClass::Data, operation, &refused.cause).with_refusal(refused.kind, None)
    };
    let enforce = batches.iter().all(|batch| batch.side_effects.foreign_keys);
    let mut transaction = Transaction::begin_deferred(database, enforce);
    let mut places = Vec::new();
    for batch in batches {
        places.push(Place::resolve(database, &batch.target, operation)?);
    }
    let mut applied = vec![Applied::default(); batches.len()];
    let mut back = Vec::new();
    for (number, (batch, place)) in batches.iter().zip(&places).enumerate() {
        for position in 0..batch.change.len() {
            let rows = match &batch.change {
                Change::Delete(keys) => place.delete(&mut transaction, &keys[position]).map_err(refused)?,
                Change::Insert(rows) | Change::Update(rows) => {
                    let fields: Vec<Value> = rows.fields(position).map(ValueRef::to_owned).collect();
                    let insert = matches!(batch.change, Change::Insert(_));
                    let rows = place.take_out(&mut transaction, &fields, insert).map_err(refused)?;
                    let count = rows.len() as u64;
                    back.extend(rows.into_iter().map(|row| (number, row)));
                    count
                }
            };
            applied[number].rows += rows;
            applied[number].queries += 1;
            if rows == 0 {
                applied[number].missed.push(position);
            }
        }
    }
    for (number, row) in back {
        transaction.insert_row(&batches[number].target.table, &row).map_err(refused)?;
    }
    if let Some(first) = applied.first_mut() {
        first.cascaded = transaction.cascaded();
    }
    Ok((transaction.commit().map_err(refused)?, applied))
}

/// What a batch is about to do, for messages.
pub(super) fn describe(batch: &Batch) -> String {
    let (verb, noun) = match &batch.change {
        Change::Delete(_) => ("deleting", "of"),
        Change::Insert(_) => ("inserting", "into"),
        Change::Update(_) => ("updating", "in"),
    };
    format!("{verb} {} rows {noun} `{}`", batch.change.len(), batch.target.table)
}

impl<'a> Place<'a> {
    fn resolve(database: &Database, target: &'a WriteTarget, operation: &str) -> Result<Self, StoreError> {
        let wrong = |cause: String| StoreError::new(ErrorClass::Schema, operation, cause);
        let data = database.tables.get(&target.table).ok_or_else(|| wrong("no such table".into()))?;
        let columns = data.positions(&target.columns).map_err(wrong)?;
        let filter = target.filter.as_ref().map(|text| Filter::parse(text, data.table()));
        Ok(Self { target, columns, filter: filter.transpose().map_err(wrong)? })
    }

    fn write(
        &self,
        transaction: &mut Transaction,
        change: &Change,
        position: usize,
        judge: &mut Judge<'_>,
    ) -> Result<u64, Refused> {
        match change {
            Change::Delete(keys) => {
                object(judge, &keys[position])?;
                self.delete(transaction, &keys[position])
            }
            Change::Insert(rows) | Change::Update(rows) => {
                let fields: Vec<Value> = rows.fields(position).map(ValueRef::to_owned).collect();
                let key = Key::from_values(&fields[..self.target.key_length]);
                object(judge, &key)?;
                let insert = matches!(change, Change::Insert(_));
                self.upsert(transaction, &key, &fields, insert)
            }
        }
    }

    fn delete(&self, transaction: &mut Transaction, key: &Key) -> Result<u64, Refused> {
        let mut deleted = 0;
        for id in self.found(transaction.database(), key).1 {
            transaction.delete_row(&self.target.table, id)?;
            deleted += 1;
        }
        Ok(deleted)
    }

    fn upsert(
        &self,
        transaction: &mut Transaction,
        key: &Key,
        fields: &[Value],
        insert: bool,
    ) -> Result<u64, Refused> {
        let (any, inside) = self.found(transaction.database(), key);
        if !any && insert {
            let row = self.data(transaction.database()).default_row();
            transaction.insert_row(&self.target.table, &self.filled(row, fields))?;
            return Ok(1);
        }
        for id in &inside {
            let Some(row) = self.data(transaction.database()).row(*id).map(|row| row.to_vec()) else {
                continue;
            };
            transaction.replace_row(&self.target.table, *id, &self.filled(row, fields))?;
        }
        Ok(inside.len() as u64)
    }

    /// Takes the rows with the key of `fields` out, and returns them as they are to come back; a new one when there is
    /// none and it is to be inserted.
    fn take_out(
        &self,
        transaction: &mut Transaction,
        fields: &[Value],
        insert: bool,
    ) -> Result<Vec<Row>, Refused> {
        let key = Key::from_values(&fields[..self.target.key_length]);
        let (any, inside) = self.found(transaction.database(), &key);
        if !any && insert {
            let row = self.data(transaction.database()).default_row();
            return Ok(vec![self.filled(row, fields)]);
        }
        let mut rows = Vec::new();
        for id in inside {
            if let Some(row) = transaction.take_out(&self.target.table, id)? {
                rows.push(self.filled(row.to_vec(), fields));
            }
        }
        Ok(rows)
    }

    fn filled(&self, mut row: Vec<Value>, fields: &[Value]) -> Row {
        for (&column, value) in self.columns.iter().zip(fields) {
            row[column] = value.clone();
        }
        row.into()
    }

    fn data<'d>(&self, database: &'d Database) -> &'d TableData {
        database.tables.get(&self.target.table).expect("the table was found when the batch began")
    }

    /// Whether any row has the key, and which of them are in scope; a key with a NULL identifies no row.
    fn found(&self, database: &Database, key: &Key) -> (bool, Vec<RowId>) {
        if key.has_null() {
            return (false, Vec::new());
        }
        let data = self.data(database);
        let bytes: KeyBytes = key.as_bytes().into();
        let all = data.with_key(&self.columns[..self.target.key_length], &bytes);
        let any = !all.is_empty();
        let in_scope = |id: &RowId| match (&self.filter, data.row(*id)) {
            (Some(filter), Some(row)) => filter.holds(row),
            (None, _) => true,
            (_, None) => false,
        };
        (any, all.into_iter().filter(in_scope).collect())
    }
}

fn object(judge: &mut Judge<'_>, key: &Key) -> Result<(), Refused> {
    judge(key).map_or(Ok(()), |kind| Err(Refused::new(kind, "refused by the fault plan".into())))
}

/// The rows of a block as values, for statements in words.
pub(super) fn rows_of(block: &RowBlock) -> impl Iterator<Item = Vec<Value>> + '_ {
    (0..block.len()).map(|index| block.fields(index).map(ValueRef::to_owned).collect())
}
