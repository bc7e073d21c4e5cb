//! What SQLite files alone can do to a store: journals, locks, affinities, collations, hostile names and values.
//! What every store promises is in [`super::contract`].

mod files;
mod keys;
mod source;
mod values;
mod writing;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use syncline::model::block::{BlockBuilder, RowBlock, RowShape};
use syncline::model::compare::CompareForm;
use syncline::model::digest::DigestSeed;
use syncline::model::key::Key;
use syncline::model::pair::{TableView, WriteTarget};
use syncline::model::range::KeyRange;
use syncline::model::schema::TableName;
use syncline::model::types::LogicalType;
use syncline::model::value::{Value, ValueRef};
use syncline::store::sqlite::SqliteStore;
use syncline::store::{Batch, Change, Role, RowStream, SideEffects, Snapshot, Store};

/// The seed of every digest here.
const SEED: DigestSeed = DigestSeed(0x5eed);

/// A database file in a folder of its own.
struct File {
    folder: tempfile::TempDir,
    path: PathBuf,
}

impl File {
    /// A database with this journal mode, after these statements.
    fn with(journal: &str, sql: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let file = Self { folder, path };
        let connection = file.connect();
        connection.pragma_update(None, "journal_mode", journal).unwrap();
        connection.execute_batch(sql).unwrap();
        file
    }

    /// A database in WAL mode.
    fn wal(sql: &str) -> Self {
        Self::with("wal", sql)
    }

    fn path(&self) -> &Path {
        &self.path
    }

    /// The application's own connection, which does not wait for locks.
    fn connect(&self) -> Connection {
        let connection = Connection::open(&self.path).unwrap();
        // A store that was just let go may still be closing its file; that is not what is tested.
        connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        connection.busy_timeout(std::time::Duration::ZERO).unwrap();
        connection
    }

    fn source(&self) -> SqliteStore {
        SqliteStore::open(&self.path, Role::Source)
    }

    fn target(&self) -> SqliteStore {
        SqliteStore::open(&self.path, Role::Target)
    }

    /// What a query gives, row by row.
    fn query(&self, sql: &str) -> Vec<Vec<Value>> {
        let connection = self.connect();
        let mut statement = connection.prepare(sql).unwrap();
        let width = statement.column_count();
        let rows = statement.query_map([], |row| {
            Ok((0..width).map(|i| super::contract::sqlite::value(row.get_ref_unwrap(i))).collect())
        });
        rows.unwrap().map(Result::unwrap).collect()
    }
}

/// A view of these columns, the first `key_length` of which are the key.
fn view(table: &str, columns: &[&str], key_length: usize) -> TableView {
    TableView {
        table: TableName::new(table),
        columns: columns.iter().map(|&name| name.to_owned()).collect(),
        types: vec![LogicalType::Any; columns.len()],
        shape: RowShape::new((0..key_length).collect(), vec![CompareForm::Exact; columns.len()]),
        filter: None,
        modify_column: None,
    }
}

fn filtered(view: TableView, filter: &str) -> TableView {
    TableView { filter: Some(filter.to_owned()), ..view }
}

/// Where rows of these columns are written.
fn target(table: &str, columns: &[&str], key_length: usize) -> WriteTarget {
    WriteTarget {
        table: TableName::new(table),
        columns: columns.iter().map(|&name| name.to_owned()).collect(),
        key_length,
        filter: None,
        key_unique: true,
    }
}

fn batch(target: &WriteTarget, change: Change) -> Batch {
    let side_effects = SideEffects { foreign_keys: true, triggers: true };
    Batch { target: Arc::new(target.clone()), change, mark: None, side_effects }
}

fn block(key_length: usize, rows: &[Vec<Value>]) -> RowBlock {
    let columns = rows.first().map_or(0, Vec::len);
    let shape = RowShape::new((0..key_length).collect(), vec![CompareForm::Exact; columns]);
    let mut builder = BlockBuilder::new(shape);
    for row in rows {
        builder.push_row(row);
    }
    builder.take()
}

fn int(n: i64) -> Value {
    Value::Integer(n.into())
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn key(values: &[Value]) -> Key {
    Key::from_values(values)
}

fn rows_of(block: &RowBlock) -> Vec<Vec<Value>> {
    (0..block.len()).map(|index| block.fields(index).map(ValueRef::to_owned).collect()).collect()
}

async fn drain(mut stream: RowStream) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    while let Some(block) = stream.next().await.expect("the stream ends with its mark") {
        rows.extend(rows_of(&block));
    }
    rows
}

async fn open(store: &SqliteStore) -> Box<dyn Snapshot> {
    store.snapshot().await.expect("a view can be opened")
}

async fn read(snapshot: &dyn Snapshot, view: &TableView, range: &KeyRange) -> Vec<Vec<Value>> {
    drain(snapshot.read(view, range).await.expect("a range can be read")).await
}

/// Asserts that every way to read a range says the same, and returns its rows.
async fn agree(snapshot: &dyn Snapshot, view: &TableView, range: &KeyRange) -> Vec<Vec<Value>> {
    let rows = read(snapshot, view, range).await;
    let keys: Vec<Key> = rows.iter().map(|row| key(&row[..view.shape.key.len()])).collect();
    assert!(keys.is_sorted(), "in key order: {keys:?}");
    assert!(keys.iter().all(|key| range.contains(key.as_bytes())), "inside {range}: {keys:?}");
    assert_eq!(snapshot.count(view, range).await.unwrap(), rows.len() as u64, "{range}");
    let mut expected = syncline::model::digest::Digest::EMPTY;
    for row in &rows {
        expected.add_row(block(0, std::slice::from_ref(row)).compare_form(0), SEED);
    }
    assert_eq!(
        snapshot.digest(view, std::slice::from_ref(range), SEED).await.unwrap(),
        [expected],
        "{range}"
    );
    let mut distinct = keys.clone();
    distinct.dedup();
    assert_eq!(rows_of(&snapshot.fetch(view, &distinct).await.unwrap()).len(), rows.len(), "{range}");
    rows
}
