//! The server's error numbers as errors typed by what to do about them.
//!
//! Numbers: <https://mariadb.com/kb/en/mariadb-error-codes/> and MySQL's server error reference; both share them, but
//! for constraints of CHECK (3819 and 4025) and time limits (3024 and 1969).

use sqlx::mysql::MySqlDatabaseError;

use crate::store::{ErrorClass, RefusalKind, StoreError};

/// The error of an operation.
pub(super) fn store_error(operation: impl Into<String>, error: &sqlx::Error) -> StoreError {
    let (class, hint) = classify(error);
    let result = StoreError::new(class, operation, cause(error));
    let result = match refusal_kind(error) {
        Some(kind) => result.with_refusal(kind, None),
        None => result,
    };
    match hint {
        Some(hint) => result.with_hint(hint),
        None => result,
    }
}

/// The server's error number; none when the error is not the server's.
pub(super) fn number(error: &sqlx::Error) -> Option<u16> {
    mysql_error(error).map(MySqlDatabaseError::number)
}

fn mysql_error(error: &sqlx::Error) -> Option<&MySqlDatabaseError> {
    error.as_database_error().and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>())
}

fn cause(error: &sqlx::Error) -> String {
    match (mysql_error(error), error) {
        (Some(found), _) => format!("{} (error {})", found.message(), found.number()),
        (None, sqlx::Error::Io(error)) => error.to_string(),
        (None, sqlx::Error::Tls(error)) => format!("TLS: {error}"),
        (None, error) => error.to_string(),
    }
}

/// Whether the connection cannot be used after this error.
pub(super) fn is_fatal(error: &sqlx::Error) -> bool {
    match number(error) {
        // Shutdown, killed, network reads and writes, packets, and the client's own numbers.
        Some(1053 | 1077 | 1152..=1161 | 1184 | 1927 | 2000..=2999 | 4031) => true,
        Some(_) => false,
        None => !matches!(error, sqlx::Error::RowNotFound | sqlx::Error::ColumnDecode { .. }),
    }
}

fn classify(error: &sqlx::Error) -> (ErrorClass, Option<&'static str>) {
    use ErrorClass::{Connection, Data, Logic, Schema};
    let Some(found) = mysql_error(error) else { return classify_own(error) };
    match found.number() {
        1040 | 1203 | 1226 => (Connection, Some("the server has no connection left: lower `connections`")),
        1205 => (Connection, Some("another transaction holds a lock on these rows; it is tried again")),
        1213 => (Connection, Some("it was part of a deadlock and was rolled back; it is tried again")),
        1317 | 1969 | 3024 => (Connection, Some("the statement took longer than `timeout`")),
        1412 => (Connection, Some("the table was altered while it was being read; it is tried again")),
        1020 | 1053 | 1077 | 1129 | 1130 | 1152..=1161 | 1184 | 1614 | 1927 | 2000..=2999 | 4031 => {
            (Connection, None)
        }
        1044 | 1045 | 1698 => (Schema, Some("check user, password and the rights on this database")),
        1142 | 1143 | 1227 | 1370 => (Schema, Some("a privilege is missing: see `syncline check`")),
        1290 | 1836 => (Schema, Some("the server only reads: is it a replica?")),
        1792 => (Logic, Some("a source is only read")),
        1665 => (Schema, Some("set binlog_format to MIXED or ROW at the server")),
        _ if refusal_kind(error).is_some() => (Data, None),
        _ => match found.code().unwrap_or_default().get(..2) {
            Some("08" | "40") => (Connection, None),
            Some("42" | "3D" | "28") => (Schema, None),
            Some("22" | "23") => (Data, None),
            _ => (Logic, None),
        },
    }
}

fn classify_own(error: &sqlx::Error) -> (ErrorClass, Option<&'static str>) {
    use ErrorClass::{Connection, Data, Logic, Schema};
    match error {
        sqlx::Error::Tls(_) => {
            (Connection, Some("check `tls` and `tls_ca`, and the certificate of the server"))
        }
        sqlx::Error::Configuration(_) => (Schema, Some("check `tls` and `tls_ca`")),
        sqlx::Error::Encode(_) => (Data, None),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::RowNotFound => (Logic, None),
        _ => (Connection, None),
    }
}

/// Why a row is refused, when that is what the error says.
pub(super) fn refusal_kind(error: &sqlx::Error) -> Option<RefusalKind> {
    let found = mysql_error(error)?;
    Some(match found.number() {
        1022 | 1062 | 1169 | 1586 => RefusalKind::Unique,
        1048 | 1263 | 1364 => RefusalKind::NotNull,
        1216 | 1217 | 1451 | 1452 | 1761 | 1762 => RefusalKind::ForeignKey,
        1369 | 1644 | 3819 => RefusalKind::Check,
        // The same number is another error in MySQL.
        4025 if found.code() == Some("23000") => RefusalKind::Check,
        1118
        | 1153
        | 1264
        | 1265
        | 1292
        | 1366
        | 1367
        | 1406
        | 1411
        | 1416
        | 1441
        | 1525
        | 1690
        | 3140..=3157
        | 3903
        | 4078 => RefusalKind::Value,
        _ if found.code() == Some("45000") => RefusalKind::Check,
        _ => return None,
    })
}
