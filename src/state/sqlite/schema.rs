//! The tables of the file, how a new file is made and how an existing one is examined.
//!
//! SQLite notices damage of its own structure, but not of the values in it. So every row carries a checksum of its
//! columns, [`row_check`](register_row_check), which is verified when the file is opened and whenever a row is read.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};
use xxhash_rust::xxh3::xxh3_64;

use super::fault::{Fault, Outcome};

/// Marks the file as ours: the letters `sync`.
pub(super) const APPLICATION_ID: i64 = 0x7379_6e63;

/// Version of the tables and of the records in them; raised whenever an older program would misread them.
pub(super) const FORMAT: i64 = 1;

struct Table {
    name: &'static str,
    /// As SQLite keeps it, so that a file can be compared with it to the letter.
    sql: &'static str,
    /// All but the checksum, in the order in which they are summed up.
    columns: &'static str,
}

/// Sorted by name.
///
/// Numbers without sign are kept as the signed ones with the same bits, digests as 16 bytes, keys as they are encoded.
const TABLES: [Table; 8] = [
    Table {
        name: "finding",
        sql: "CREATE TABLE finding (table_name TEXT NOT NULL, kind INTEGER NOT NULL, id INTEGER NOT NULL, \
              lower BLOB, upper BLOB, rows INTEGER, checksum INTEGER NOT NULL, \
              PRIMARY KEY (table_name, kind, id)) STRICT, WITHOUT ROWID",
        columns: "table_name, kind, id, lower, upper, rows",
    },
    Table {
        name: "history",
        sql: "CREATE TABLE history (pass INTEGER PRIMARY KEY, started_at INTEGER NOT NULL, \
              finished_at INTEGER NOT NULL, summary TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT",
        columns: "pass, started_at, finished_at, summary",
    },
    Table {
        name: "hold",
        sql: "CREATE TABLE hold (id TEXT NOT NULL PRIMARY KEY, place INTEGER NOT NULL, table_name TEXT NOT NULL, \
              guard TEXT NOT NULL, reason TEXT NOT NULL, deletes INTEGER NOT NULL, at INTEGER NOT NULL, \
              pass INTEGER NOT NULL, state INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT, WITHOUT ROWID",
        columns: "id, place, table_name, guard, reason, deletes, at, pass, state",
    },
    Table {
        name: "hold_key",
        sql: "CREATE TABLE hold_key (id TEXT NOT NULL, key BLOB NOT NULL, checksum INTEGER NOT NULL, \
              PRIMARY KEY (id, key)) STRICT, WITHOUT ROWID",
        columns: "id, key",
    },
    Table {
        name: "proof",
        sql: "CREATE TABLE proof (table_name TEXT NOT NULL, position INTEGER NOT NULL, lower BLOB, upper BLOB, \
              count INTEGER NOT NULL, sum BLOB NOT NULL, header TEXT, at INTEGER NOT NULL, \
              checksum INTEGER NOT NULL, PRIMARY KEY (table_name, position)) STRICT, WITHOUT ROWID",
        columns: "table_name, position, lower, upper, count, sum, header, at",
    },
    Table {
        name: "quarantine",
        sql: "CREATE TABLE quarantine (table_name TEXT NOT NULL, key BLOB NOT NULL, first_at INTEGER NOT NULL, \
              retry_asked INTEGER NOT NULL, record TEXT NOT NULL, checksum INTEGER NOT NULL, \
              PRIMARY KEY (table_name, key)) STRICT, WITHOUT ROWID",
        columns: "table_name, key, first_at, retry_asked, record",
    },
    Table {
        name: "record",
        sql: "CREATE TABLE record (topic TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, \
              checksum INTEGER NOT NULL, PRIMARY KEY (topic, name)) STRICT, WITHOUT ROWID",
        columns: "topic, name, body",
    },
    Table {
        name: "unit",
        sql: "CREATE TABLE unit (id INTEGER PRIMARY KEY, table_name TEXT NOT NULL, kind INTEGER NOT NULL, \
              findings TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT",
        columns: "id, table_name, kind, findings",
    },
];

/// Makes the SQL function `row_check(table, column, …)` known: a checksum of a row, of every bit and of their borders.
pub(super) fn register_row_check(connection: &Connection) -> Outcome<()> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("row_check", -1, flags, |context| {
        let mut bytes = Vec::with_capacity(128);
        for index in 0..context.len() {
            let (kind, content): (u8, &[u8]) = match context.get_raw(index) {
                ValueRef::Null => (0, &[]),
                ValueRef::Integer(n) => (1, &n.to_le_bytes()),
                ValueRef::Real(x) => (2, &x.to_bits().to_le_bytes()),
                ValueRef::Text(text) => (3, text),
                ValueRef::Blob(blob) => (4, blob),
            };
            bytes.push(kind);
            bytes.extend_from_slice(&(content.len() as u64).to_le_bytes());
            bytes.extend_from_slice(content);
        }
        Ok(xxh3_64(&bytes).cast_signed())
    })?;
    Ok(())
}

/// Fills an empty file.
pub(super) fn create(connection: &mut Connection, job: &str) -> Outcome<()> {
    // So that the space of a pass with many findings can be given back; only an empty file takes it.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    let transaction = connection.transaction()?;
    for table in &TABLES {
        transaction.execute_batch(table.sql)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    put_record(&transaction, "job", "", job)?;
    transaction.commit()?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    Ok(())
}

/// The number that a pragma answers with.
pub(super) fn pragma(connection: &Connection, name: &str) -> Outcome<i64> {
    Ok(connection.pragma_query_value(None, name, |row| row.get(0))?)
}

/// Examines all of the file: its tables, its structure, each row.
pub(super) fn examine(connection: &Connection) -> Outcome<()> {
    if pragma(connection, "application_id")? != APPLICATION_ID
        || pragma(connection, "user_version")? != FORMAT
    {
        return Err(Fault::Damaged("it is not marked as a state of syncline".to_owned()));
    }
    let mut statement = connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name")?;
    let found: Vec<(String, Option<String>)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let is_ours = |((name, sql), table): (&(String, Option<String>), &Table)| {
        name == table.name && sql.as_deref() == Some(table.sql)
    };
    if found.len() != TABLES.len() || !found.iter().zip(&TABLES).all(is_ours) {
        return Err(Fault::Damaged("its tables are not those of a state".to_owned()));
    }
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(Fault::Damaged(verdict));
    }
    for Table { name, columns, .. } in &TABLES {
        let sql = format!("SELECT count(*) FROM {name} WHERE row_check('{name}', {columns}) IS NOT checksum");
        let damaged: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        if damaged != 0 {
            return Err(Fault::Damaged(format!(
                "{damaged} rows of its table {name} are not as they were written"
            )));
        }
    }
    Ok(())
}

/// The body of a record; none when there is no such record.
pub(super) fn record(connection: &Connection, topic: &str, name: &str) -> Outcome<Option<String>> {
    let found: Option<(bool, String)> = connection
        .prepare_cached(
            "SELECT row_check('record', topic, name, body) IS checksum, body FROM record WHERE topic = ?1 AND name = ?2",
        )?
        .query_row([topic, name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match found {
        None => Ok(None),
        Some((true, body)) => Ok(Some(body)),
        Some((false, _)) => Err(Fault::Damaged(format!("the {topic} record is not as it was written"))),
    }
}

/// Writes a record, in place of an earlier one.
pub(super) fn put_record(connection: &Connection, topic: &str, name: &str, body: &str) -> Outcome<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO record VALUES (?1, ?2, ?3, row_check('record', ?1, ?2, ?3))")?
        .execute(params![topic, name, body])?;
    Ok(())
}
