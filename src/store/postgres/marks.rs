//! The target's own bookkeeping: which units were committed. The table is made with the first mark and not before.

use sqlx::{PgConnection, Row as _};

use crate::base::limits::UNIT_MARKS_KEPT;
use crate::store::UnitMark;

/// Its name, in the schema of the session.
pub(super) const TABLE: &str = "syncline_unit";

/// Remembers a unit, inside the transaction that is open; the number of statements.
pub(super) async fn set(connection: &mut PgConnection, mark: &UnitMark) -> sqlx::Result<u64> {
    if !exists(connection).await? {
        sqlx::query(
            "CREATE TABLE IF NOT EXISTS syncline_unit (
                job text NOT NULL, unit int8 NOT NULL, \"table\" text NOT NULL, PRIMARY KEY (job, unit))",
        )
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query(
        "INSERT INTO syncline_unit (job, unit, \"table\") VALUES ($1, $2, $3)
        ON CONFLICT (job, unit) DO UPDATE SET \"table\" = excluded.\"table\"",
    )
    .bind(&mark.job)
    .bind(number(mark.unit))
    .bind(&mark.table)
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM syncline_unit WHERE job = $1 AND unit < $2")
        .bind(&mark.job)
        .bind(number(mark.unit).saturating_sub(UNIT_MARKS_KEPT))
        .execute(connection)
        .await?;
    Ok(3)
}

/// Whether a unit was remembered.
pub(super) async fn is_set(connection: &mut PgConnection, mark: &UnitMark) -> sqlx::Result<bool> {
    if !exists(connection).await? {
        return Ok(false);
    }
    let found = sqlx::query("SELECT 1 FROM syncline_unit WHERE job = $1 AND unit = $2 AND \"table\" = $3")
        .bind(&mark.job)
        .bind(number(mark.unit))
        .bind(&mark.table)
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

async fn exists(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let text = "SELECT to_regclass(quote_ident(current_schema()) || '.' || $1) IS NOT NULL";
    sqlx::query(text).bind(TABLE).fetch_one(connection).await?.try_get(0)
}

fn number(unit: u64) -> i64 {
    i64::try_from(unit).unwrap_or(i64::MAX)
}
