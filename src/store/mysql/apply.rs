//! A batch in one transaction: all or nothing, durable when it returns.

use super::connect::Session;
use super::error::store_error;
use super::marks;
use super::write::Writing;
use super::writer::Writer;
use crate::store::{Applied, Batch, Change, ErrorClass, Result, Role, StoreError};

/// Applies a batch.
pub(super) async fn apply(session: &mut Session, batch: &Batch) -> Result<Applied> {
    let operation = operation(batch);
    writable(session, &operation)?;
    if batch.mark.is_some() {
        // Making a table would commit the transaction.
        marks::prepare(session).await.map_err(|error| store_error(&operation, &error))?;
    }
    begin(session, batch.side_effects.foreign_keys, &operation).await?;
    let result = in_transaction(session, batch, &operation).await;
    end(session, batch.side_effects.foreign_keys, result, &operation).await
}

async fn in_transaction(session: &mut Session, batch: &Batch, operation: &str) -> Result<Applied> {
    let writing = Writing::plan(session, &batch.target, batch.side_effects, operation).await?;
    let mut writer = Writer {
        writing,
        operation: operation.to_owned(),
        foreign_keys: batch.side_effects.foreign_keys,
        queries: 0,
        cascaded: 0,
    };
    let done = writer
        .write(session, &batch.change)
        .await
        .map_err(|(position, obstacle)| obstacle.refused(operation, position))?;
    let mut applied =
        Applied { rows: done.rows, missed: done.missed, cascaded: writer.cascaded, queries: writer.queries };
    applied.missed.sort_unstable();
    if let Some(mark) = &batch.mark {
        applied.queries += marks::set(session, mark).await.map_err(|error| store_error(operation, &error))?;
    }
    session.wanted.check(operation)?;
    Ok(applied)
}

/// Refuses to write a source.
pub(super) fn writable(session: &Session, operation: &str) -> Result<()> {
    match session.role {
        Role::Target => Ok(()),
        Role::Source => {
            let cause = "it is a source, and a source is only read";
            Err(StoreError::new(ErrorClass::Logic, operation, cause))
        }
    }
}

/// Begins a transaction.
pub(super) async fn begin(session: &mut Session, foreign_keys: bool, operation: &str) -> Result<()> {
    let failed = |error| store_error(operation, &error);
    if !foreign_keys {
        session.plain("SET SESSION foreign_key_checks = 0").await.map_err(failed)?;
    }
    session.plain("START TRANSACTION").await.map_err(failed)
}

/// Commits what succeeded and rolls back what did not.
pub(super) async fn end<T>(
    session: &mut Session,
    foreign_keys: bool,
    result: Result<T>,
    operation: &str,
) -> Result<T> {
    if session.is_broken() {
        return result;
    }
    let result = match result {
        Ok(done) => {
            session.plain("COMMIT").await.map(|()| done).map_err(|error| store_error(operation, &error))
        }
        Err(error) => Err(error),
    };
    // Neither changes the outcome. A connection that cannot even do this is not used again.
    let mut tidied = if result.is_err() { session.plain("ROLLBACK").await } else { Ok(()) };
    if !foreign_keys && tidied.is_ok() {
        tidied = session.plain("SET SESSION foreign_key_checks = 1").await;
    }
    if tidied.is_err() {
        session.give_up();
    }
    result
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
