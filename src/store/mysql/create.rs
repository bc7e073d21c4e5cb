//! A new table made after another one.

use super::connect::Session;
use super::error::store_error;
use super::{sql, types};
use crate::store::{ErrorClass, NewColumn, NewTable, Result, StoreError};

/// Makes the table.
pub(super) async fn create(session: &mut Session, table: &NewTable) -> Result<()> {
    let operation = format!("creating `{}` at the target", table.name);
    super::apply::writable(session, &operation)?;
    let text = statement(table, session.flavor.byte_collation(), &operation)?;
    session.forget_tables();
    session.plain(&text).await.map_err(|error| store_error(&operation, &error))
}

/// Text sorts by bytes in it, so that keys keep their order and no two of them fall together.
fn statement(table: &NewTable, collation: &str, operation: &str) -> Result<String> {
    let mut parts = table
        .columns
        .iter()
        .map(|column| definition(column, &table.primary_key, operation))
        .collect::<Result<Vec<_>>>()?;
    if !table.primary_key.is_empty() {
        let key = sql::list(table.primary_key.iter().map(String::as_str));
        parts.push(format!("PRIMARY KEY ({key})"));
    }
    let (name, parts) = (sql::table(&table.name), parts.join(", "));
    Ok(format!("CREATE TABLE {name} ({parts}) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE {collation}"))
}

fn definition(column: &NewColumn, key: &[String], operation: &str) -> Result<String> {
    let refused = |what: &str, fault: String| {
        let cause = format!("the {what} of column `{}` is refused: {fault}", column.name);
        StoreError::new(ErrorClass::Schema, operation, cause)
    };
    if let Some(fault) = sql::expression_fault(&column.sql_type) {
        return Err(refused("type", fault));
    }
    let in_key = key.contains(&column.name);
    let of_key = in_key.then(|| types::key_type(&column.sql_type, key.len())).flatten();
    let sql_type = of_key.unwrap_or_else(|| column.sql_type.clone());
    let mut text = format!("{} {sql_type}", sql::quote(&column.name));
    // A `timestamp` that does not say NULL takes none, and sets itself.
    text.push_str(if column.nullable && !in_key { " NULL" } else { " NOT NULL" });
    if let Some(default) = &column.default {
        if let Some(fault) = sql::expression_fault(default) {
            return Err(refused("default", fault));
        }
        text = format!("{text} DEFAULT {default}");
    }
    Ok(text)
}
