//! A new table made after another one.

use rusqlite::Connection;

use super::error::store_error;
use super::lexer;
use super::sql;
use crate::store::{ErrorClass, NewColumn, NewTable, Result, StoreError};

/// Types that a STRICT table takes.
const STRICT_TYPES: [&str; 6] = ["INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"];

/// Makes the table.
pub(super) fn create(connection: &Connection, table: &NewTable) -> Result<()> {
    let operation = format!("creating `{}` at the target", table.name);
    let text = statement(table, &operation)?;
    // One statement only: text behind it is an error.
    connection.execute(&text, []).map_err(|error| store_error(&operation, &error))?;
    Ok(())
}

fn statement(table: &NewTable, operation: &str) -> Result<String> {
    let mut parts =
        table.columns.iter().map(|column| definition(column, operation)).collect::<Result<Vec<_>>>()?;
    if !table.primary_key.is_empty() {
        let key: Vec<String> = table.primary_key.iter().map(|name| sql::quote(name)).collect();
        parts.push(format!("PRIMARY KEY ({})", key.join(", ")));
    }
    let strict = table.model.strict
        && table.columns.iter().all(|column| {
            STRICT_TYPES.iter().any(|known| column.sql_type.trim().eq_ignore_ascii_case(known))
        });
    let without_rowid = table.model.without_rowid && !table.primary_key.is_empty();
    let options: Vec<&str> =
        [(without_rowid, "WITHOUT ROWID"), (strict, "STRICT")].iter().filter(|o| o.0).map(|o| o.1).collect();
    let options = if options.is_empty() { String::new() } else { format!(" {}", options.join(", ")) };
    Ok(format!("CREATE TABLE {} ({}){options}", sql::table(&table.name.name), parts.join(", ")))
}

fn definition(column: &NewColumn, operation: &str) -> Result<String> {
    let refused = |what: &str, fault: String| {
        let cause = format!("the {what} of column `{}` is refused: {fault}", column.name);
        StoreError::new(ErrorClass::Schema, operation, cause)
    };
    let mut text = sql::quote(&column.name);
    if !column.sql_type.trim().is_empty() {
        if let Some(fault) = lexer::expression_fault(&column.sql_type) {
            return Err(refused("type", fault));
        }
        text.push(' ');
        text.push_str(&column.sql_type);
    }
    if !column.nullable {
        text.push_str(" NOT NULL");
    }
    if let Some(default) = &column.default {
        if let Some(fault) = lexer::expression_fault(default) {
            return Err(refused("default", fault));
        }
        text.push_str(" DEFAULT ");
        text.push_str(&sql::parenthesised(&unquoted_default(default)));
    }
    Ok(text)
}

/// SQLite takes `DEFAULT "x"` for a text, but `DEFAULT ("x")` for a column.
fn unquoted_default(default: &str) -> String {
    let inside = default.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inside {
        Some(inside) => format!("'{}'", inside.replace("\"\"", "\"").replace('\'', "''")),
        None => default.to_owned(),
    }
}
