//! How tables are paired: a small language for tables, and what is promised of them.

mod columns;
mod keys;
mod tables;

use super::super::compare::CompareForm;
use super::super::digest::DigestSeed;
use super::super::pair::KeyOrder;
use super::super::schema::{Column, ForeignKey, Index, IndexColumn, ReferentialAction, TableName};
use super::super::settings::{Literal, MappedField, ModifyColumn, OnMissingTable, ZeroDates};
use super::super::value::Value;
use super::*;

/// `name TYPE [!][=default][#]`: `!` for NOT NULL, `#` for generated.
fn column(text: &str) -> Column {
    let (name, rest) = text.split_once(' ').unwrap();
    let (rest, generated) = rest.strip_suffix('#').map_or((rest, false), |rest| (rest, true));
    let (rest, default) =
        rest.split_once('=').map_or((rest, None), |(rest, sql)| (rest, Some(sql.to_owned())));
    let (declared, nullable) = rest.strip_suffix('!').map_or((rest, true), |rest| (rest, false));
    let logical_type = match declared {
        "INTEGER" | "BIGINT" => LogicalType::Integer { bits: 64, signed: true },
        "DECIMAL(12,2)" => LogicalType::Decimal { precision: Some(12), scale: Some(2) },
        "REAL" => LogicalType::Float { bits: 64 },
        "TEXT" => LogicalType::Text { length_max: None },
        "VARCHAR(9)" => LogicalType::Text { length_max: Some(9) },
        "BLOB" => LogicalType::Blob { length_max: None },
        "DATE" => LogicalType::Date,
        "TIMESTAMP" => LogicalType::Timestamp { precision: 6 },
        "TIMESTAMP(0)" => LogicalType::Timestamp { precision: 0 },
        "JSON" => LogicalType::Json,
        "BOOLEAN" => LogicalType::Boolean,
        other => panic!("{other}"),
    };
    Column {
        name: name.to_owned(),
        declared_type: declared.to_owned(),
        logical_type,
        nullable,
        default,
        generated,
        byte_collation: true,
    }
}

fn index(name: &str, columns: &[&str], unique: bool) -> Index {
    let column =
        |name: &&str| IndexColumn { name: Some((*name).to_owned()), byte_order: true, descending: false };
    Index { name: name.to_owned(), columns: columns.iter().map(column).collect(), unique, partial: false }
}

/// A table whose key is `id`, with its index.
fn table(name: &str, columns: &[&str]) -> Table {
    Table {
        name: TableName::new(name),
        columns: columns.iter().map(|text| column(text)).collect(),
        primary_key: vec!["id".to_owned()],
        indexes: vec![index("pk", &["id"], true)],
        foreign_keys: Vec::new(),
        triggers: Vec::new(),
        strict: true,
        without_rowid: false,
    }
}

fn catalog(tables: impl IntoIterator<Item = Table>) -> Catalog {
    Catalog { tables: tables.into_iter().collect() }
}

fn entry(name: &str) -> TableSettings {
    TableSettings::default().for_table(name)
}

fn job(tables: Vec<TableSettings>) -> JobSettings {
    JobSettings { tables, ..JobSettings::default() }
}

fn sql_type(logical: &LogicalType, declared: &str, same_engine: bool) -> String {
    if same_engine { declared.to_owned() } else { format!("<{logical:?}>") }
}

fn pair_all(settings: &JobSettings, source: Vec<Table>, target: Vec<Table>) -> Vec<Paired> {
    pair_tables(settings, &catalog(source), &catalog(target), true, &sql_type)
}

/// One pair of tables `t` under these settings.
fn pair_one(settings: TableSettings, source: Table, target: Table) -> Result<ReadyPair, String> {
    match pair_all(&job(vec![settings]), vec![source], vec![target]).remove(0) {
        Paired::Ready(ready) => Ok(*ready),
        Paired::Failed { reason, hint, .. } => Err(format!("{reason} | {hint}")),
        other => panic!("{other:?}"),
    }
}

fn ready(settings: TableSettings, source: &[&str], target: &[&str]) -> ReadyPair {
    pair_one(settings, table("t", source), table("t", target)).unwrap()
}

fn failure(settings: TableSettings, source: &[&str], target: &[&str]) -> String {
    pair_one(settings, table("t", source), table("t", target)).unwrap_err()
}

fn remarks(ready: &ReadyPair) -> Vec<&str> {
    ready.remarks.iter().map(|remark| remark.text.as_str()).collect()
}

fn names(pair: &TablePair) -> Vec<(&str, &str)> {
    pair.columns.iter().map(|column| (column.source.as_str(), column.target.as_str())).collect()
}

fn without_modify_column() -> TableSettings {
    TableSettings { modify_column: ModifyColumn::None, ..entry("t") }
}
