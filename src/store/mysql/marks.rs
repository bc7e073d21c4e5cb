//! The target's own bookkeeping: which units were committed. The table is made with the first mark and not before.

use super::connect::Session;
use super::value::{Param, arguments};
use crate::base::limits::UNIT_MARKS_KEPT;
use crate::store::UnitMark;

/// The table, which is none of the user's.
pub(super) const MARKS_TABLE: &str = "syncline_unit";

/// `ER_NO_SUCH_TABLE`.
const NO_SUCH_TABLE: u16 = 1146;

/// Makes the table, outside any transaction.
pub(super) async fn prepare(session: &mut Session) -> Result<(), sqlx::Error> {
    if session.marks_ready {
        return Ok(());
    }
    let collation = session.flavor.byte_collation();
    session
        .plain(&format!(
            "CREATE TABLE IF NOT EXISTS {MARKS_TABLE} (
                job VARCHAR(255) NOT NULL, unit BIGINT UNSIGNED NOT NULL, `table` TEXT NOT NULL,
                PRIMARY KEY (job, unit)
            ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE {collation}"
        ))
        .await?;
    session.marks_ready = true;
    Ok(())
}

/// Remembers a unit, inside the transaction that is open; the number of statements.
pub(super) async fn set(session: &mut Session, mark: &UnitMark) -> Result<u64, sqlx::Error> {
    let job = Param::Text(mark.job.clone());
    let params = [job.clone(), Param::Unsigned(mark.unit), Param::Text(mark.table.clone())];
    let insert = format!(
        "INSERT INTO {MARKS_TABLE} (job, unit, `table`) VALUES (?, ?, ?) \
        ON DUPLICATE KEY UPDATE `table` = VALUES(`table`)"
    );
    session.execute(&insert, arguments(&params)).await?;
    let oldest = Param::Unsigned(mark.unit.saturating_sub(UNIT_MARKS_KEPT.unsigned_abs()));
    let delete = format!("DELETE FROM {MARKS_TABLE} WHERE job = ? AND unit < ?");
    session.execute(&delete, arguments(&[job, oldest])).await?;
    Ok(2)
}

/// Whether a unit was remembered.
pub(super) async fn is_set(session: &mut Session, mark: &UnitMark) -> Result<bool, sqlx::Error> {
    let params = [Param::Text(mark.job.clone()), Param::Unsigned(mark.unit), Param::Text(mark.table.clone())];
    let text = format!("SELECT 1 FROM {MARKS_TABLE} WHERE job = ? AND unit = ? AND `table` = ?");
    match session.row(&text, &params).await {
        Ok(row) => Ok(row.is_some()),
        Err(error) if super::error::number(&error) == Some(NO_SUCH_TABLE) => Ok(false),
        Err(error) => Err(error),
    }
}
