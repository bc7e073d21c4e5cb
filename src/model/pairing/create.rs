//! The table that the target shall get.

use super::super::schema::{NewColumn, NewTable, Table, TableName};
use super::super::settings::{Literal, TableSettings};
use super::super::types::LogicalType;
use super::columns::is_excluded;
use super::{ColumnTypeOf, Failure, quoted};

/// A table with the source's columns under their target names, its key, and the columns that only get a default. No
/// triggers, no foreign keys; columns that the source computes become ordinary ones.
pub(super) fn new_table(
    settings: &TableSettings,
    source: &Table,
    name: TableName,
    same_engine: bool,
    column_type: ColumnTypeOf<'_>,
) -> Result<NewTable, Failure> {
    let target_name = |column: &str| {
        let mapped = settings
            .field_mapping
            .iter()
            .find(|field| super::columns::is_column(source, &field.source, column));
        mapped.map_or(column, |field| &field.target).to_owned()
    };
    let mut columns: Vec<NewColumn> = source
        .columns
        .iter()
        .filter(|column| !is_excluded(settings, source, &column.name))
        .map(|column| NewColumn {
            name: target_name(&column.name),
            sql_type: column_type(&column.logical_type, &column.declared_type, same_engine),
            nullable: column.nullable,
            default: column.default.clone().filter(|_| same_engine && !column.generated),
        })
        .collect();
    for (name, literal) in &settings.defaults {
        if columns.iter().all(|column| !column.name.eq_ignore_ascii_case(name)) {
            let sql_type = column_type(&logical_of(literal), "", false);
            columns.push(NewColumn { name: name.clone(), sql_type, nullable: true, default: None });
        }
    }
    let key = settings.key.as_ref().unwrap_or(&source.primary_key);
    let mut primary_key = Vec::with_capacity(key.len());
    for column in key {
        match source.column(column) {
            Some(found) if !is_excluded(settings, source, &found.name) => {
                primary_key.push(target_name(&found.name));
            }
            _ => {
                return Err(Failure::new(
                    format!("the key names {}, which the new table would not have", quoted(column)),
                    "correct `key` or `exclude`",
                ));
            }
        }
    }
    Ok(NewTable { name, columns, primary_key, model: source.clone() })
}

fn logical_of(literal: &Literal) -> LogicalType {
    match literal {
        Literal::Boolean(_) => LogicalType::Boolean,
        Literal::Integer(_) => LogicalType::Integer { bits: 64, signed: true },
        Literal::Real(_) => LogicalType::Float { bits: 64 },
        Literal::Text(_) => LogicalType::Text { length_max: None },
    }
}
