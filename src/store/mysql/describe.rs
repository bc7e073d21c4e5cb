//! The catalogue in the terms that every engine shares.

use super::connect::Session;
use super::facts::{self, IndexFacts, TableFacts};
use super::marks::MARKS_TABLE;
use crate::model::schema::{Catalog, Column, ForeignKey, Index, IndexColumn, Table};

/// Every ordinary table but our own.
pub(super) async fn catalog(session: &mut Session) -> Result<Catalog, sqlx::Error> {
    session.forget_tables();
    let tables = facts::all(session).await?;
    let own = |table: &&TableFacts| table.name.name != MARKS_TABLE;
    Ok(Catalog { tables: tables.iter().filter(own).map(table).collect() })
}

fn table(facts: &TableFacts) -> Table {
    let columns = facts.columns.iter().map(|column| Column {
        name: column.name.clone(),
        declared_type: column.declared.clone(),
        logical_type: column.logical.clone(),
        nullable: column.nullable,
        default: column.default.clone(),
        generated: column.generated,
        byte_collation: column.sorts_as_keys(),
    });
    let foreign_keys = facts.foreign_keys.iter().map(|reference| ForeignKey {
        columns: reference.columns.clone(),
        parent: reference.parent.clone(),
        parent_columns: reference.parent_columns.clone(),
        on_delete: reference.on_delete,
        deferred: false,
    });
    Table {
        name: facts.name.clone(),
        columns: columns.collect(),
        primary_key: facts.primary_key().iter().map(|&column| facts.columns[column].name.clone()).collect(),
        indexes: facts.indexes.iter().map(|found| index(facts, found)).collect(),
        foreign_keys: foreign_keys.collect(),
        triggers: facts.triggers.clone(),
        strict: true,
        without_rowid: false,
    }
}

fn index(facts: &TableFacts, found: &IndexFacts) -> Index {
    let columns = found.columns.iter().map(|column| {
        let of_table = column.column.map(|position| &facts.columns[position]);
        IndexColumn {
            name: of_table.map(|column| column.name.clone()),
            // The beginning of a value tells nothing of the order behind it.
            byte_order: !column.prefix && of_table.is_some_and(facts::ColumnFacts::sorts_as_keys),
            descending: column.descending,
        }
    });
    Index { name: found.name.clone(), columns: columns.collect(), unique: found.unique, partial: false }
}
