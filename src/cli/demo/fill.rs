//! Rows written through the store, and the target made from a copy of the source.

use std::path::Path;
use std::sync::Arc;

use super::drift::Drift;
use super::erp::{Erp, Row, Table};
use super::schema;
use crate::model::block::{BlockBuilder, RowBlock, RowShape};
use crate::model::compare::CompareForm;
use crate::model::pair::WriteTarget;
use crate::model::schema::TableName;
use crate::store::sqlite::SqliteStore;
use crate::store::{Batch, Change, Result, Role, SideEffects, Store};

/// Rows in one transaction.
const BATCH_ROWS: usize = 10_000;

/// Makes the source database and returns how many rows it has and how the target is to differ.
pub(super) async fn make_source(path: &Path, erp: &Erp) -> Result<(u64, Drift)> {
    SqliteStore::create_file(path)?;
    SqliteStore::run_script(path, schema::TABLES)?;
    let store = SqliteStore::open(path, Role::Target);
    let (mut drift, mut rows_made) = (Drift::default(), 0);
    for table in Table::ALL {
        rows_made += fill(&store, erp, table, &mut drift).await?;
    }
    drift.add_extras(erp);
    store.disconnect().await;
    SqliteStore::run_script(path, schema::INDEXES)?;
    Ok((rows_made, drift))
}

/// Makes the target: a copy of the source that drifts.
pub(super) async fn make_target(source: &Path, path: &Path, drift: &Drift) -> Result<()> {
    // By SQLite, because a connection of the source may still be about to close.
    let text = path.to_string_lossy().replace('\'', "''");
    SqliteStore::run_script(source, &format!("VACUUM INTO '{text}'"))?;
    SqliteStore::run_script(path, "PRAGMA journal_mode = WAL")?;
    let store = SqliteStore::open(path, Role::Target);
    for table in Table::ALL.into_iter().rev() {
        if let Some(of_table) = drift.of(table) {
            for keys in of_table.removed.chunks(BATCH_ROWS) {
                let mut keys = keys.to_vec();
                keys.sort_unstable();
                write(&store, table, Change::Delete(keys)).await?;
            }
        }
    }
    for table in Table::ALL {
        if let Some(of_table) = drift.of(table) {
            for rows in of_table.older.chunks(BATCH_ROWS) {
                write(&store, table, Change::Update(block(table, rows))).await?;
            }
            for rows in of_table.added.chunks(BATCH_ROWS) {
                write(&store, table, Change::Insert(block(table, rows))).await?;
            }
        }
    }
    store.disconnect().await;
    Ok(())
}

/// Writes one table; the next rows are made while the last ones are written.
async fn fill(store: &SqliteStore, erp: &Erp, table: Table, drift: &mut Drift) -> Result<u64> {
    let mut documents = 0..erp.documents(table);
    let mut number = 0;
    let mut next = |number: &mut u64| {
        let mut rows = builder(table);
        for document in documents.by_ref() {
            for row in erp.rows(table, document, *number) {
                drift.see(erp, table, document, *number, &row);
                rows.push_row(&row);
                *number += 1;
            }
            if rows.len() >= BATCH_ROWS {
                break;
            }
        }
        rows.take()
    };
    let mut rows = next(&mut number);
    while !rows.is_empty() {
        let written = write(store, table, Change::Insert(rows));
        let (written, following) = tokio::join!(written, async { next(&mut number) });
        written?;
        rows = following;
    }
    Ok(number)
}

async fn write(store: &SqliteStore, table: Table, change: Change) -> Result<()> {
    let target = WriteTarget {
        table: TableName::new(table.name()),
        columns: table.columns().iter().map(|column| (*column).to_owned()).collect(),
        key_length: table.key_length(),
        filter: None,
        key_unique: true,
    };
    let side_effects = SideEffects { foreign_keys: true, triggers: true };
    store.apply(&Batch { target: Arc::new(target), change, mark: None, side_effects }).await?;
    Ok(())
}

fn builder(table: Table) -> BlockBuilder {
    let forms = vec![CompareForm::Exact; table.columns().len()];
    BlockBuilder::new(RowShape::new((0..table.key_length()).collect(), forms))
}

fn block(table: Table, rows: &[Row]) -> RowBlock {
    let mut builder = builder(table);
    for row in rows {
        builder.push_row(row);
    }
    builder.take()
}
