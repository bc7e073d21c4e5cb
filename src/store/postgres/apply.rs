//! A batch in one transaction, all or nothing, durable when it returns.

use std::sync::Arc;

use sqlx::{PgConnection, Row as _};

use super::error::store_error;
use super::facts::TableFacts;
use super::marks;
use super::session::{Home, Lease};
use super::write::Writing;
use crate::store::{Applied, Batch, Change, ErrorClass, Result, Role, SideEffects, StoreError};

/// What a batch is about to do, for messages.
pub(super) fn operation(batch: &Batch) -> String {
    let verb = match &batch.change {
        Change::Delete(_) => "deleting from",
        Change::Insert(_) => "inserting into",
        Change::Update(_) => "updating",
    };
    format!("{verb} `{}` at the target", batch.target.table)
}

/// Applies a batch.
pub(super) async fn apply(home: &Arc<Home>, batch: &Batch) -> Result<Applied> {
    let operation = operation(batch);
    if batch.change.is_empty() && batch.mark.is_none() {
        return Ok(Applied::default());
    }
    let mut lease = writer(home, &operation).await?;
    let work = async {
        begin(&mut lease, &operation).await?;
        let applied = write(&mut lease, batch, &operation).await?;
        commit(&mut lease, &operation).await?;
        Ok(applied)
    };
    let result = home.within(home.life(), &operation, work).await;
    close(lease, &operation, &result).await;
    result
}

async fn write(connection: &mut PgConnection, batch: &Batch, operation: &str) -> Result<Applied> {
    let writing = Writing::plan(connection, &batch.target, operation).await?;
    let counted = suppress(connection, &[&writing.facts], batch.side_effects, operation).await?;
    let before = if counted { changes(connection, operation).await? } else { 0 };
    let positions: Vec<usize> = (0..batch.change.len()).collect();
    let written = writing.write(connection, &batch.change, &positions, operation).await?;
    let mut applied =
        Applied { rows: written.rows, missed: written.missed, cascaded: 0, queries: written.queries };
    if counted {
        let all = changes(connection, operation).await?.saturating_sub(before);
        applied.cascaded = all.saturating_sub(written.direct);
        applied.queries += 2;
    }
    if let Some(mark) = &batch.mark {
        applied.queries +=
            marks::set(connection, mark).await.map_err(|error| store_error(operation, &error))?;
    }
    Ok(applied)
}

/// Rows that this transaction inserted, updated and deleted so far, whatever made it do so; only differences count.
pub(super) async fn changes(connection: &mut PgConnection, operation: &str) -> Result<u64> {
    let text =
        "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::int8 FROM pg_stat_xact_user_tables";
    let count = sqlx::query(text).fetch_one(connection).await.and_then(|row| row.try_get::<i64, _>(0));
    count.map(i64::unsigned_abs).map_err(|error| store_error(operation, &error))
}

/// Keeps foreign keys and triggers from acting where that is asked for; whether any may act on top of what is written.
///
/// The server knows one switch for both, `session_replication_role`. Errors: schema, where only one is to act.
pub(super) async fn suppress(
    connection: &mut PgConnection,
    tables: &[&TableFacts],
    side_effects: SideEffects,
    operation: &str,
) -> Result<bool> {
    let has_triggers = tables.iter().any(|table| table.has_triggers);
    let refused =
        |cause: &str, hint: &str| Err(StoreError::new(ErrorClass::Schema, operation, cause).with_hint(hint));
    match (side_effects.foreign_keys, side_effects.triggers) {
        (true, true) => return Ok(has_triggers || tables.iter().any(|table| table.is_referred_to)),
        (true, false) if has_triggers => {
            return refused(
                "PostgreSQL suppresses triggers only together with foreign keys",
                "use `triggers = \"fire\"`, or leave foreign keys alone as well",
            );
        }
        (true, false) => return Ok(tables.iter().any(|table| table.is_referred_to)),
        (false, true) if has_triggers => {
            return refused(
                "PostgreSQL leaves foreign keys alone only together with triggers",
                "use `triggers = \"suppress\"`, or enforce foreign keys",
            );
        }
        (false, _) => {}
    }
    let set = sqlx::query("SET LOCAL session_replication_role = replica").execute(connection).await;
    set.map_err(|error| {
        store_error(operation, &error).with_hint(
            "the role needs GRANT SET ON PARAMETER session_replication_role (PostgreSQL 15) or superuser",
        )
    })?;
    Ok(false)
}

/// A connection that may write.
pub(super) async fn writer(home: &Arc<Home>, operation: &str) -> Result<Lease> {
    if home.role == Role::Source {
        return Err(StoreError::new(ErrorClass::Schema, operation, "a source is never written"));
    }
    home.lend(home.life(), operation).await
}

/// Begins a transaction. A future that is dropped inside it closes its connection, and with it the transaction.
pub(super) async fn begin(connection: &mut PgConnection, operation: &str) -> Result<()> {
    let begun = sqlx::raw_sql("BEGIN").execute(connection).await;
    begun.map(drop).map_err(|error| store_error(operation, &error))
}

/// Commits; constraints that waited for it may refuse.
pub(super) async fn commit(connection: &mut PgConnection, operation: &str) -> Result<()> {
    let committed = sqlx::raw_sql("COMMIT").execute(connection).await;
    committed.map(drop).map_err(|error| store_error(operation, &error))
}

/// Gives a writer's connection back, after undoing what was refused; or closes it, which undoes all.
pub(super) async fn close<T>(mut lease: Lease, operation: &str, result: &Result<T>) {
    match result {
        Ok(_) => lease.give_back(),
        // The server still answers: the connection serves the next batch.
        Err(error) if error.class == ErrorClass::Data => {
            let (home, life) = (lease.home(), lease.life());
            let undo = async {
                let undone = sqlx::raw_sql("ROLLBACK").execute(&mut *lease).await;
                undone.map(drop).map_err(|error| store_error(operation, &error))
            };
            if home.within(life, operation, undo).await.is_ok() {
                lease.give_back();
            }
        }
        Err(_) => {}
    }
}
