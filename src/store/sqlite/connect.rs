//! Opening connections: what is set on them, and what is left alone.
//!
//! A source is opened read-only (`mode=ro`, never `immutable`) and told `query_only` besides. The journal mode stays
//! as it is, and a reader that closes last does not checkpoint. The file is only ever opened by SQLite itself:
//! closing any other descriptor of it in this process would drop SQLite's locks.

use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::store_error;
use crate::base::escape::visible;
use crate::base::limits::{SQLITE_BUSY_TIME_MAX, SQLITE_LOG_PAGES_MAX, SQLITE_STATEMENTS_CACHED_MAX};
use crate::store::{ErrorClass, Result, Role, StoreError};

/// A database file and how it is used.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Canonical once it was found.
    pub(super) path: PathBuf,
    pub(super) role: Role,
}

/// How a database keeps its journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Journal {
    /// Readers and the writer do not block each other.
    WriteAhead,
    /// `delete`, `truncate`, `persist`, `memory` or `off`: a reader keeps a writer from committing.
    Rollback(String),
}

impl Place {
    /// Name of the place in messages.
    pub(super) fn label(&self) -> String {
        format!("`{}`", visible(&self.path.to_string_lossy()))
    }

    /// A connection that only reads.
    pub(super) fn reader(&self) -> Result<Connection> {
        let flags = match self.role {
            Role::Source => OpenFlags::SQLITE_OPEN_READ_ONLY,
            // A target is ours to recover after a crash, which takes the right to write.
            Role::Target => OpenFlags::SQLITE_OPEN_READ_WRITE,
        };
        let connection = self.open(flags)?;
        let set = || {
            connection.pragma_update(None, "query_only", true)?;
            // A misspelt name in double quotes is an error here, not a text.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
            if self.role == Role::Source {
                connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
            }
            Ok(())
        };
        set().map_err(|error| self.error(&error))?;
        Ok(connection)
    }

    /// The connection that writes.
    pub(super) fn writer(&self) -> Result<Connection> {
        if self.role == Role::Source {
            let operation = format!("writing to {}", self.label());
            return Err(StoreError::new(
                ErrorClass::Logic,
                operation,
                "it is a source, and a source is only read",
            ));
        }
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // A commit that is reported survives a power failure: FULL syncs the write-ahead log at every commit.
        connection
            .pragma_update(None, "synchronous", "FULL")
            .and_then(|()| connection.pragma_update(None, "wal_autocheckpoint", SQLITE_LOG_PAGES_MAX))
            .map_err(|error| self.error(&error))?;
        Ok(connection)
    }

    fn open(&self, flags: OpenFlags) -> Result<Connection> {
        let operation = || format!("opening {}", self.label());
        if !self.path.is_file() {
            let cause = if self.path.exists() { "it is not a file" } else { "there is no such file" };
            let hint = "check the path in the URL; a new database is made by the program that owns it";
            return Err(StoreError::new(ErrorClass::Schema, operation(), cause).with_hint(hint));
        }
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(&self.path, flags).map_err(|error| self.error(&error))?;
        let set = || {
            connection.busy_timeout(SQLITE_BUSY_TIME_MAX)?;
            // One plan for a statement, whatever is bound to it, and no new one at each binding.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
            connection.set_prepared_statement_cache_capacity(SQLITE_STATEMENTS_CACHED_MAX);
            // The first look at the file: it may be locked, no database at all, or without its WAL files.
            connection.query_row("SELECT count(*) FROM main.sqlite_schema", [], |_| Ok(()))
        };
        set().map_err(|error| self.error(&error))?;
        Ok(connection)
    }

    fn error(&self, error: &rusqlite::Error) -> StoreError {
        store_error(format!("opening {}", self.label()), error)
    }
}

/// The journal mode, which asking does not change.
pub(super) fn journal(connection: &Connection) -> rusqlite::Result<Journal> {
    let mode: String = connection.query_row("PRAGMA main.journal_mode", [], |row| row.get(0))?;
    Ok(if mode.eq_ignore_ascii_case("wal") { Journal::WriteAhead } else { Journal::Rollback(mode) })
}

/// The path with symbolic links and dots resolved; as given when the file is not there.
pub(super) fn canonical(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_path_buf())
}
