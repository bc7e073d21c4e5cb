//! The target's own bookkeeping: which units were committed. The table is made with the first mark and not before.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::base::limits::UNIT_MARKS_KEPT;
use crate::store::UnitMark;

/// Remembers a unit, inside the transaction that is open; the number of statements.
pub(super) fn set(connection: &Connection, mark: &UnitMark) -> rusqlite::Result<u64> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS main.syncline_unit (
            job TEXT NOT NULL, unit INTEGER NOT NULL, \"table\" TEXT NOT NULL, PRIMARY KEY (job, unit)
        ) WITHOUT ROWID",
    )?;
    let unit = number(mark.unit);
    connection
        .prepare_cached(
            "INSERT INTO main.syncline_unit (job, unit, \"table\") VALUES (?1, ?2, ?3)
            ON CONFLICT (job, unit) DO UPDATE SET \"table\" = excluded.\"table\"",
        )?
        .execute(params![mark.job, unit, mark.table])?;
    connection
        .prepare_cached("DELETE FROM main.syncline_unit WHERE job = ?1 AND unit < ?2")?
        .execute(params![mark.job, unit.saturating_sub(UNIT_MARKS_KEPT)])?;
    Ok(3)
}

/// Whether a unit was remembered.
pub(super) fn is_set(connection: &Connection, mark: &UnitMark) -> rusqlite::Result<bool> {
    if !connection.table_exists(Some("main"), "syncline_unit")? {
        return Ok(false);
    }
    let sql = "SELECT 1 FROM main.syncline_unit WHERE job = ?1 AND unit = ?2 AND \"table\" = ?3";
    let found = connection.query_row(sql, params![mark.job, number(mark.unit), mark.table], |_| Ok(()));
    found.optional().map(|found| found.is_some())
}

fn number(unit: u64) -> i64 {
    i64::try_from(unit).unwrap_or(i64::MAX)
}
