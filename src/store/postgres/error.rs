//! The server's SQLSTATEs and the driver's failures as errors typed by what to do about them.

use sqlx::postgres::PgDatabaseError;

use crate::store::{ErrorClass, RefusalKind, StoreError};

/// The error of an operation.
pub(super) fn store_error(operation: impl Into<String>, error: &sqlx::Error) -> StoreError {
    let Some(database) = database_error(error) else {
        let class = match error {
            sqlx::Error::Configuration(_) => ErrorClass::Schema,
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::RowNotFound => {
                ErrorClass::Logic
            }
            _ => ErrorClass::Connection,
        };
        return StoreError::new(class, operation, error.to_string());
    };
    let (class, hint) = classify(database.code(), database.message());
    let cause = match database.detail() {
        Some(detail) => format!("{} ({detail})", database.message()),
        None => database.message().to_owned(),
    };
    let error = StoreError::new(class, operation, cause);
    let error = match refusal_kind(database.code()).filter(|_| class == ErrorClass::Data) {
        Some(kind) => error.with_refusal(kind, None),
        None => error,
    };
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// The error of a read: what a value or a condition makes impossible there is no row's fault.
pub(super) fn read_error(operation: impl Into<String>, error: &sqlx::Error) -> StoreError {
    let mut error = store_error(operation, error);
    if error.class == ErrorClass::Data {
        error.class = ErrorClass::Schema;
        error.refusal = None;
    }
    error
}

fn database_error(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
}

fn classify(code: &str, message: &str) -> (ErrorClass, Option<&'static str>) {
    use ErrorClass::{Connection, Data, Logic, Schema};
    let retried = Some("it is tried again");
    match code {
        // A statement that was prepared before somebody changed the table; a new connection prepares it anew.
        "0A000" if message.contains("cached plan") => (Connection, None),
        "25006" => (Schema, Some("the session or the server is read-only; a replica cannot be a target")),
        "40001" | "40P01" | "55P03" => (Connection, retried),
        "42501" => (
            Schema,
            Some(
                "grant the role what it lacks; with row level security it also needs BYPASSRLS, since hidden rows would look deleted",
            ),
        ),
        "57014" => (Connection, Some("the statement took longer than `timeout`, or somebody cancelled it")),
        "53100" => (Connection, Some("the server's disk is full: free some space, then it goes on")),
        "53300" => (Connection, Some("the server has no connection left for this role: lower `connections`")),
        "28000" | "28P01" => (Schema, Some("check user, password and pg_hba.conf")),
        "3D000" => (Schema, Some("check the database in the URL")),
        "21000" | "44000" | "54000" | "P0001" => (Data, None),
        _ => match code.get(..2).unwrap_or_default() {
            "08" | "53" | "57" | "58" => (Connection, None),
            "22" | "23" => (Data, None),
            "0A" | "28" | "3D" | "3F" | "42" => (Schema, None),
            _ => (Logic, None),
        },
    }
}

/// Why a row is refused, when that is what the code says.
fn refusal_kind(code: &str) -> Option<RefusalKind> {
    Some(match code {
        "23502" => RefusalKind::NotNull,
        "23503" | "23001" => RefusalKind::ForeignKey,
        // 21000: two rows of one batch are the same row to the constraint's collation.
        "23505" | "23P01" | "21000" => RefusalKind::Unique,
        "23514" | "23000" | "44000" | "P0001" => RefusalKind::Check,
        code if code.starts_with("22") || code == "54000" => RefusalKind::Value,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_class_that_says_what_to_do() {
        for (code, class) in [
            ("57P01", ErrorClass::Connection),
            ("08006", ErrorClass::Connection),
            ("40P01", ErrorClass::Connection),
            ("42P01", ErrorClass::Schema),
            ("42501", ErrorClass::Schema),
            ("25006", ErrorClass::Schema),
            ("23505", ErrorClass::Data),
            ("22003", ErrorClass::Data),
            ("XX000", ErrorClass::Logic),
        ] {
            assert_eq!(classify(code, "").0, class, "{code}");
        }
        assert_eq!(refusal_kind("23503"), Some(RefusalKind::ForeignKey));
        assert_eq!(refusal_kind("22001"), Some(RefusalKind::Value));
        assert_eq!(refusal_kind("42P01"), None);
    }
}
