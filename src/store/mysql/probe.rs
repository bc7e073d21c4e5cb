//! Who is there: the server, its clock, and what an operator should know of it.

use super::connect::{Place, Session};
use super::error::store_error;
use super::facts::{number, text};
use crate::base::clock::Timestamp;
use crate::base::escape::visible;
use crate::store::{Probe, Result, Role};

/// Looks at the database.
pub(super) async fn probe(session: &mut Session, place: &Place) -> Result<Probe> {
    let operation = format!("looking at {}", place.label());
    let failed = |error| store_error(&operation, &error);
    let asked = "SELECT VERSION(), @@hostname, @@port, @@global.read_only, @@datadir, \
        CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)";
    let row = session.row(asked, &[]).await.map_err(failed)?;
    let field = |index| row.as_ref().and_then(|row| text(row, index)).unwrap_or_default();
    let value = |index| row.as_ref().map_or(0, |row| number(row, index));
    let (version, host, port, read_only) = (field(0), field(1), value(2), value(3) != 0);
    // MySQL's uuid and MariaDB's uid are drawn when a server is set up; older ones have none.
    let identities = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'server_uid')";
    let drawn = session.row(identities, &[]).await.map_err(failed)?;
    let server = drawn.and_then(|row| text(&row, 1)).unwrap_or_else(|| format!("{host}:{port}{}", field(4)));
    let mut notes = Vec::new();
    if read_only {
        notes.push("the server is set to read_only: is it a replica?".to_owned());
    }
    notes.extend(without_transactions(session, place.role).await.map_err(failed)?);
    let name = if session.flavor.mariadb { "MariaDB" } else { "MySQL" };
    Ok(Probe {
        identity: format!("{server}/{}", session.database),
        location: visible(&format!("{host}:{port}/{}", session.database)),
        version: visible(&format!("{name} {version}")),
        clock: Some(Timestamp(value(5) as i64)),
        writable: place.role == Role::Target && !read_only,
        notes,
    })
}

/// Tables whose engine knows no transactions.
async fn without_transactions(
    session: &mut Session,
    role: Role,
) -> std::result::Result<Vec<String>, sqlx::Error> {
    let asked = "SELECT t.TABLE_NAME, t.ENGINE FROM information_schema.TABLES t \
        JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE \
        WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' AND COALESCE(e.TRANSACTIONS, 'NO') <> 'YES' \
        ORDER BY t.TABLE_NAME LIMIT 20";
    let rows = session.rows(asked, &[]).await?;
    let effect = match role {
        Role::Source => "read as it is at each moment",
        Role::Target => "never written",
    };
    Ok(rows
        .iter()
        .map(|row| {
            let (table, engine) = (text(row, 0).unwrap_or_default(), text(row, 1).unwrap_or_default());
            format!("`{}` is kept by {engine}, without transactions: it is {effect}", visible(&table))
        })
        .collect())
}
