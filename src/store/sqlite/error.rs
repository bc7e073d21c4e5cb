//! SQLite's result codes as errors typed by what to do about them.

use rusqlite::ffi;

use crate::store::{ErrorClass, RefusalKind, StoreError};

/// The error of an operation; see the table in the body for what each code becomes.
pub(super) fn store_error(operation: impl Into<String>, error: &rusqlite::Error) -> StoreError {
    let code = code_of(error);
    let (class, hint) = classify(code);
    let error = StoreError::new(class, operation, cause(error));
    let error = match refusal_kind(code) {
        Some(kind) => error.with_refusal(kind, None),
        None => error,
    };
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// The extended result code; 0 when the error is not SQLite's.
pub(super) fn code_of(error: &rusqlite::Error) -> i32 {
    match error {
        rusqlite::Error::SqliteFailure(error, _) | rusqlite::Error::SqlInputError { error, .. } => {
            error.extended_code
        }
        _ => 0,
    }
}

/// Whether the statement was stopped from outside.
pub(super) fn is_interrupt(error: &rusqlite::Error) -> bool {
    code_of(error) & 0xff == ffi::SQLITE_INTERRUPT
}

fn cause(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqliteFailure(error, None) => error.to_string(),
        // Without the statement, which may be long: the message names what is wrong in it.
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

fn classify(code: i32) -> (ErrorClass, Option<&'static str>) {
    use ErrorClass::{Connection, Data, Logic, Schema};
    match code & 0xff {
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => {
            (Connection, Some("another connection holds the database's lock; it is tried again"))
        }
        ffi::SQLITE_FULL => (Connection, Some("the disk is full: free some space, then it goes on")),
        ffi::SQLITE_IOERR => {
            (Connection, Some("check the disk, the file system and the rights on the folder"))
        }
        ffi::SQLITE_CANTOPEN => (
            Connection,
            Some(
                "check the path and the rights on the file and its folder; \
                a database in WAL mode needs its -wal and -shm files beside it, so its folder must be writable",
            ),
        ),
        ffi::SQLITE_READONLY => (Schema, Some(readonly_hint(code))),
        ffi::SQLITE_PERM | ffi::SQLITE_AUTH => (Schema, Some("check the rights on the file and its folder")),
        ffi::SQLITE_NOTADB => (Schema, Some("the file is not a SQLite database, or it is encrypted")),
        ffi::SQLITE_CORRUPT => {
            (Logic, Some("the database file is damaged: run `PRAGMA integrity_check` in the sqlite3 shell"))
        }
        ffi::SQLITE_CONSTRAINT | ffi::SQLITE_MISMATCH | ffi::SQLITE_TOOBIG => (Data, None),
        ffi::SQLITE_INTERRUPT | ffi::SQLITE_PROTOCOL | ffi::SQLITE_NOMEM => (Connection, None),
        ffi::SQLITE_ERROR | ffi::SQLITE_SCHEMA => (Schema, None),
        _ => (Logic, None),
    }
}

fn readonly_hint(code: i32) -> &'static str {
    match code {
        ffi::SQLITE_READONLY_RECOVERY | ffi::SQLITE_READONLY_CANTLOCK | ffi::SQLITE_READONLY_CANTINIT => {
            "a database in WAL mode needs its -wal and -shm files beside it, so its folder must be writable"
        }
        ffi::SQLITE_READONLY_ROLLBACK => {
            "its application died while writing: let it open the database once, so that it is rolled back"
        }
        ffi::SQLITE_READONLY_DBMOVED => "the file was moved or replaced while it was open",
        _ => "the file or its folder is not writable for this user",
    }
}

/// Why a row is refused, when that is what the code says.
pub(super) fn refusal_kind(code: i32) -> Option<RefusalKind> {
    match code {
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Some(RefusalKind::ForeignKey),
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            Some(RefusalKind::Unique)
        }
        ffi::SQLITE_CONSTRAINT_NOTNULL => Some(RefusalKind::NotNull),
        ffi::SQLITE_CONSTRAINT_DATATYPE => Some(RefusalKind::Value),
        code => match code & 0xff {
            ffi::SQLITE_CONSTRAINT => Some(RefusalKind::Check),
            ffi::SQLITE_MISMATCH | ffi::SQLITE_TOOBIG => Some(RefusalKind::Value),
            _ => None,
        },
    }
}
