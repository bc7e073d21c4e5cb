//! Who is there: the file, its rights, and what an operator should know of it.

use rusqlite::Connection;

use super::connect::{Journal, Place, journal};
use super::error::store_error;
use super::{identity, sql};
use crate::base::escape::visible;
use crate::store::{ErrorClass, Probe, Result, Role, StoreError};

/// Looks at the database.
pub(super) fn probe(connection: &Connection, place: &Place) -> Result<Probe> {
    let operation = || format!("looking at {}", place.label());
    let failed = |error| store_error(operation(), &error);
    let identity = identity::identity(&place.path)
        .map_err(|error| StoreError::new(ErrorClass::Connection, operation(), error.to_string()))?;
    let mut notes = vec![journal_note(journal(connection).map_err(failed)?, place.role)];
    if !identity::knows_creation(&place.path) {
        notes.push(
            "the file system does not tell when the file was made: a replaced file may go unnoticed"
                .to_owned(),
        );
    }
    notes.extend(misleading_statistics(connection).map_err(failed)?);
    let read_only = connection.is_readonly("main").map_err(failed)?;
    Ok(Probe {
        identity,
        location: identity::location(&place.path),
        version: format!("SQLite {}", rusqlite::version()),
        clock: None,
        writable: place.role == Role::Target && !read_only,
        notes,
    })
}

fn journal_note(journal: Journal, role: Role) -> String {
    match (journal, role) {
        (Journal::WriteAhead, _) => {
            "journal mode wal: the files beside it that end in -wal and -shm may appear while it is open"
                .to_owned()
        }
        (Journal::Rollback(mode), Role::Source) => format!(
            "journal mode {mode}: read in blocks of at most 0.5 s so that its application can commit, \
            and compared as a moving source"
        ),
        (Journal::Rollback(mode), Role::Target) => {
            format!("journal mode {mode}: nothing is written while it is being read")
        }
    }
}

/// Tables that ANALYZE saw with one or two rows and that are larger now: for them the planner takes a scan of the whole
/// table for as cheap as a search for a range of its rowid, and no hint keeps it from that.
fn misleading_statistics(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    const ROWS_MISJUDGED: i64 = 2;
    const ROWS_LARGE: i64 = 1000;
    if !connection.table_exists(Some("main"), "sqlite_stat1")? {
        return Ok(Vec::new());
    }
    let tiny = "SELECT DISTINCT s.tbl, CAST(s.stat AS INTEGER) FROM main.sqlite_stat1 s
        JOIN main.sqlite_schema t ON t.type = 'table' AND t.name = s.tbl
        WHERE CAST(s.stat AS INTEGER) BETWEEN 1 AND ?1 LIMIT 100";
    let mut statement = connection.prepare(tiny)?;
    let tables = statement
        .query_map([ROWS_MISJUDGED], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut notes = Vec::new();
    for (table, rows) in tables {
        let many = format!("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT {ROWS_LARGE})", sql::table(&table));
        if connection.query_row(&many, [], |row| row.get::<_, i64>(0))? == ROWS_LARGE {
            notes.push(format!(
                "the statistics of `{}` are from a time when it had {rows} rows, which makes reads of ranges slow: \
                run ANALYZE",
                visible(&table)
            ));
        }
    }
    Ok(notes)
}
