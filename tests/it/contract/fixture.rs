//! What the cases share: views, batches, draining, a naive model of rows.

use std::sync::Arc;

use syncline::model::block::{BlockBuilder, RowBlock, RowShape};
use syncline::model::compare::CompareForm;
use syncline::model::digest::{Digest, DigestSeed};
use syncline::model::key::Key;
use syncline::model::pair::{TableView, WriteTarget};
use syncline::model::range::KeyRange;
use syncline::model::schema::TableName;
use syncline::model::value::{Value, ValueRef};
use syncline::store::memory::TableDefinition;
use syncline::store::{Batch, Change, RowStream, SideEffects, Snapshot, Store};

use super::{Backend, Made, Role};

/// The seed of every digest here.
pub const SEED: DigestSeed = DigestSeed(0x5eed);

/// A whole number.
pub fn int(n: i128) -> Value {
    Value::Integer(n)
}

/// A text.
pub fn text(text: &str) -> Value {
    Value::text(text)
}

/// The key of one value.
pub fn key(value: Value) -> Key {
    Key::from_values(&[value])
}

/// The range between two whole numbers.
pub fn range(lower: Option<i128>, upper: Option<i128>) -> KeyRange {
    KeyRange::new(lower.map(|n| key(int(n))), upper.map(|n| key(int(n))))
}

/// Items: id, kind, name, size, note, stamp. Ids of `items_rows` are 10, 20, 30 …
pub fn items() -> TableDefinition {
    TableDefinition::new("item")
        .integer("id")
        .text("kind")
        .text("name")
        .integer("size")
        .nullable()
        .text("note")
        .nullable()
        .integer("stamp")
        .nullable()
        .primary_key(&["id"])
}

/// Some rows of [`items`], with awkward values.
pub fn item_rows(count: usize) -> Vec<Vec<Value>> {
    let names =
        ["", "plain", "it's", "a\"b", "line\nbreak", "é", "e\u{301}", "日本", "emoji 🦀", " padded ", "NULL"];
    (1..=count as i128)
        .map(|n| {
            vec![
                int(n * 10),
                text(if n % 3 == 0 { "rent" } else { "work" }),
                text(names[n as usize % names.len()]),
                if n % 5 == 0 { Value::Null } else { int((n - 3) * 1_000_000_007) },
                if n % 4 == 0 { Value::Null } else { text(names[(n * 7) as usize % names.len()]) },
                int(1000 + n / 2),
            ]
        })
        .collect()
}

/// A database with `items` in it, as a source.
pub async fn with_items(backend: &dyn Backend, rows: &[Vec<Value>]) -> Made {
    with_items_as(backend, Role::Source, rows).await
}

/// A database with `items` in it.
pub async fn with_items_as(backend: &dyn Backend, role: Role, rows: &[Vec<Value>]) -> Made {
    let made = backend.make(role, vec![items()]).await;
    made.database.insert("item", rows);
    made
}

/// A view of all columns of a table: the key's first, then the others as declared; all compared exactly.
pub async fn view(store: &dyn Store, table: &str, key: &[&str]) -> TableView {
    let catalog = store.describe().await.expect("the catalogue can be read");
    let table = catalog.find(&TableName::new(table)).expect("the fixture made this table").clone();
    let others = table.columns.iter().filter(|column| !key.contains(&column.name.as_str()));
    let key_columns = key.iter().map(|name| table.column(name).expect("the fixture made this column"));
    let columns: Vec<_> = key_columns.chain(others).collect();
    TableView {
        table: table.name.clone(),
        columns: columns.iter().map(|column| column.name.clone()).collect(),
        types: columns.iter().map(|column| column.logical_type.clone()).collect(),
        shape: RowShape::new((0..key.len()).collect(), vec![CompareForm::Exact; columns.len()]),
        filter: None,
        modify_column: None,
    }
}

/// The view of [`items`].
pub async fn item_view(store: &dyn Store) -> TableView {
    TableView { modify_column: Some("stamp".into()), ..view(store, "item", &["id"]).await }
}

/// A snapshot.
pub async fn snapshot(store: &dyn Store) -> Box<dyn Snapshot> {
    store.snapshot().await.expect("a snapshot can be opened")
}

/// The rows of a block.
pub fn rows_of(block: &RowBlock) -> Vec<Vec<Value>> {
    (0..block.len()).map(|index| block.fields(index).map(ValueRef::to_owned).collect()).collect()
}

/// Everything a stream delivers until its end mark.
pub async fn drain(mut stream: RowStream) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    while let Some(block) = stream.next().await.expect("the stream ends with its mark") {
        assert!(!block.is_empty(), "no empty blocks");
        rows.extend(rows_of(&block));
    }
    rows
}

/// The rows of a range.
pub async fn read(snapshot: &dyn Snapshot, view: &TableView, range: &KeyRange) -> Vec<Vec<Value>> {
    drain(snapshot.read(view, range).await.expect("a range can be read")).await
}

/// Rows in the order of their first `key_length` values; a row's key with a NULL goes nowhere.
pub fn in_key_order(rows: &[Vec<Value>], key_length: usize) -> Vec<Vec<Value>> {
    let mut rows: Vec<_> = rows.to_vec();
    rows.retain(|row| !row[..key_length].contains(&Value::Null));
    rows.sort_by_key(|row| Key::from_values(&row[..key_length]));
    rows
}

/// The rows of a range, as a naive model sees it; the key is the first `key_length` values.
pub fn inside(rows: &[Vec<Value>], key_length: usize, range: &KeyRange) -> Vec<Vec<Value>> {
    let mut rows = in_key_order(rows, key_length);
    rows.retain(|row| range.contains(Key::from_values(&row[..key_length]).as_bytes()));
    rows
}

/// Rows in an order of their own, for comparing sets.
pub fn sorted(mut rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    rows.sort_by_key(|row| Key::from_values(row));
    rows
}

/// The digest of rows that are compared exactly.
pub fn digest_of(rows: &[Vec<Value>]) -> Digest {
    let mut digest = Digest::EMPTY;
    for row in rows {
        digest.add_row(block(0, std::slice::from_ref(row)).compare_form(0), SEED);
    }
    digest
}

/// A block of rows whose first `key_length` values make the key.
pub fn block(key_length: usize, rows: &[Vec<Value>]) -> RowBlock {
    let columns = rows.first().map_or(0, Vec::len);
    let shape = RowShape::new((0..key_length).collect(), vec![CompareForm::Exact; columns]);
    let mut builder = BlockBuilder::new(shape);
    for row in rows {
        builder.push_row(row);
    }
    builder.take()
}

/// Where rows of a view's columns are written.
pub fn write_target(view: &TableView) -> WriteTarget {
    WriteTarget {
        table: view.table.clone(),
        columns: view.columns.clone(),
        key_length: view.shape.key.len(),
        filter: view.filter.clone(),
        key_unique: true,
    }
}

/// A batch with references enforced and no mark.
pub fn batch(target: &WriteTarget, change: Change) -> Batch {
    Batch {
        target: Arc::new(target.clone()),
        change,
        mark: None,
        side_effects: SideEffects { foreign_keys: true, triggers: true },
    }
}
