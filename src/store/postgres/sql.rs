//! SQL text from names and values.

use std::fmt::Write as _;

use super::value;
use crate::model::schema::TableName;
use crate::model::value::ValueRef;

/// A quoted identifier.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table, quoted, with its schema when one is named.
pub(super) fn table(name: &TableName) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", quote(schema), quote(&name.name)),
        None => quote(&name.name),
    }
}

/// A condition in parentheses of its own; a comment at its end does not swallow the closing one.
pub(super) fn parenthesised(condition: &str) -> String {
    format!("({condition}\n)")
}

/// A string literal; `standard_conforming_strings` is on wherever it is read.
pub(super) fn string(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A literal without a type of its own, which takes that of the column it is written to or compared with; none when
/// PostgreSQL has no text for the value.
pub(super) fn literal(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => Some("NULL".to_owned()),
        value => value::text(value).map(|text| string(&text)),
    }
}

/// Bytes as hexadecimal digits, in the form that `bytea` reads.
pub(super) fn hex(bytes: &[u8]) -> String {
    let start = String::with_capacity(2 + bytes.len() * 2) + "\\x";
    bytes.iter().fold(start, |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
