//! A batch in one transaction: prepared single-row statements, all or nothing, durable when it returns.

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::error::{code_of, refusal_kind, store_error};
use super::marks;
use super::table_writer::{Outcome, TableWriter};
use super::write::{Obstacle, Writing};
use crate::store::{Applied, Batch, Change, ErrorClass, Result, SideEffects, StoreError};

/// Applies a batch.
pub(super) fn apply(connection: &Connection, batch: &Batch) -> Result<Applied> {
    let operation = operation(batch);
    in_transaction(connection, batch.side_effects, &operation, || {
        let writing = Writing::plan(connection, &batch.target, &operation)?;
        let before = connection.total_changes();
        let mut writer = TableWriter::new(connection, writing);
        let mut applied = Applied::default();
        for position in 0..batch.change.len() {
            match writer.write(&batch.change, position) {
                Ok(Outcome::Written(rows)) => applied.rows += rows,
                Ok(Outcome::Missed) => applied.missed.push(position),
                Err(obstacle) => return Err(refused(&operation, obstacle, Some(position))),
            }
        }
        applied.queries = writer.queries;
        applied.cascaded = (connection.total_changes() - before).saturating_sub(writer.direct);
        if let Some(mark) = &batch.mark {
            applied.queries +=
                marks::set(connection, mark).map_err(|error| store_error(&operation, &error))?;
        }
        Ok(applied)
    })
}

/// What a batch is about to do, for messages.
pub(super) fn operation(batch: &Batch) -> String {
    let verb = match &batch.change {
        Change::Delete(_) => "deleting from",
        Change::Insert(_) => "inserting into",
        Change::Update(_) => "updating",
    };
    format!("{verb} `{}` at the target", batch.target.table)
}

/// Runs `work` in a transaction of the writer; commits when it succeeds, and rolls back when either fails.
pub(super) fn in_transaction<T>(
    connection: &Connection,
    side_effects: SideEffects,
    operation: &str,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let failed = |error| store_error(operation, &error);
    // Both are settings of the connection and have no effect inside a transaction.
    connection.pragma_update(None, "foreign_keys", side_effects.foreign_keys).map_err(failed)?;
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, side_effects.triggers)
        .map_err(failed)?;
    connection.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
    let result = work().and_then(|done| {
        connection.execute_batch("COMMIT").map_err(failed)?;
        Ok(done)
    });
    if result.is_err() && !connection.is_autocommit() {
        // The transaction is not committed whatever this says; the connection is left without one if it can be.
        let _ = connection.execute_batch("ROLLBACK");
    }
    result
}

/// The error of a row that could not be written.
pub(super) fn refused(operation: &str, obstacle: Obstacle, position: Option<usize>) -> StoreError {
    match obstacle {
        Obstacle::Row(kind, cause) => {
            StoreError::new(ErrorClass::Data, operation, cause).with_refusal(kind, position)
        }
        Obstacle::Database(error) => {
            let refused = store_error(operation, &error);
            match refusal_kind(code_of(&error)) {
                Some(kind) => refused.with_refusal(kind, position),
                None => refused,
            }
        }
    }
}
