//! Keys that hold NULL, keys that repeat, tables without a key, and hash buckets.

use std::collections::BTreeSet;

use syncline::model::digest::Digest;
use syncline::model::key::Key;
use syncline::model::pair::TableView;
use syncline::model::range::KeyRange;
use syncline::model::value::Value;
use syncline::store::memory::TableDefinition;

use super::fixture::{
    SEED, digest_of, drain, in_key_order, int, item_rows, item_view, key, read, rows_of, snapshot, sorted,
    text, view, with_items,
};
use super::{Backend, Made, Role};

/// A table whose key `(a, b)` nothing makes unique or whole.
async fn loose(backend: &dyn Backend, rows: &[Vec<Value>]) -> (Made, TableView) {
    let table = TableDefinition::new("loose").integer("a").nullable().text("b").nullable().text("c");
    let made = backend.make(Role::Source, vec![table.index(&["a", "b"])]).await;
    made.database.insert("loose", rows);
    let view = view(&*made.store, "loose", &["a", "b"]).await;
    (made, view)
}

fn loose_row(a: Option<i128>, b: Option<&str>, c: &str) -> Vec<Value> {
    vec![a.map_or(Value::Null, int), b.map_or(Value::Null, text), text(c)]
}

fn loose_rows() -> Vec<Vec<Value>> {
    vec![
        loose_row(Some(1), Some("x"), "one"),
        loose_row(None, Some("x"), "two"),
        loose_row(Some(1), Some("x"), "three"),
        loose_row(Some(1), None, "four"),
        loose_row(None, None, "five"),
        loose_row(Some(-1), Some(""), "six"),
        loose_row(Some(1), Some("x"), "seven"),
        loose_row(Some(2), Some("y"), "eight"),
        loose_row(None, None, "five"),
    ]
}

pub async fn rows_whose_key_holds_a_null_are_kept_apart(backend: &dyn Backend) {
    let rows = loose_rows();
    let (made, view) = loose(backend, &rows).await;
    let snapshot = snapshot(&*made.store).await;
    let (whole, holed): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row[0] != Value::Null && row[1] != Value::Null);
    assert_eq!(snapshot.count(&view, &KeyRange::all()).await.unwrap(), whole.len() as u64);
    assert_eq!(sorted(read(&*snapshot, &view, &KeyRange::all()).await), sorted(whole.clone()));
    let digests = snapshot.digest(&view, &[KeyRange::all()], SEED).await.unwrap();
    assert_eq!(digests, [digest_of(&whole)]);
    assert_eq!(snapshot.null_keys(&view, SEED).await.unwrap(), digest_of(&holed), "as a multiset");
    let scoped = TableView { filter: Some("c = 'five'".into()), ..view };
    assert_eq!(snapshot.null_keys(&scoped, SEED).await.unwrap().count, 2);
    let whole = with_items(backend, &item_rows(3)).await;
    let view = item_view(&*whole.store).await;
    assert_eq!(whole.store.snapshot().await.unwrap().null_keys(&view, SEED).await.unwrap(), Digest::EMPTY);
}

pub async fn trap_35_repeated_keys_are_all_read(backend: &dyn Backend) {
    let (made, view) = loose(backend, &loose_rows()).await;
    let snapshot = snapshot(&*made.store).await;
    let repeated = Key::from_values(&[int(1), text("x")]);
    let found = rows_of(&snapshot.fetch(&view, std::slice::from_ref(&repeated)).await.unwrap());
    assert_eq!(found.len(), 3);
    let stream = read(&*snapshot, &view, &KeyRange::new(Some(repeated), None)).await;
    let keys: Vec<Key> = stream.iter().map(|row| Key::from_values(&row[..2])).collect();
    assert_eq!(keys.len(), 4);
    assert!(keys.is_sorted());
}

pub async fn bounds_never_cut_through_a_repeated_key(backend: &dyn Backend) {
    let mut rows: Vec<_> = (0..20).map(|n| loose_row(Some(5), Some("same"), &n.to_string())).collect();
    rows.push(loose_row(Some(9), Some("other"), ""));
    let (made, view) = loose(backend, &rows).await;
    let snapshot = snapshot(&*made.store).await;
    let bounds = snapshot.split(&view, &KeyRange::all(), 4).await.unwrap();
    let other = Key::from_values(&[int(9), text("other")]);
    assert!(bounds.iter().all(|bound| *bound == other), "{bounds:?}");
    assert!(bounds.len() <= 1, "distinct: {bounds:?}");
}

pub async fn buckets_partition_the_rows(backend: &dyn Backend) {
    let rows = item_rows(60);
    let made = with_items(backend, &rows).await;
    let view = TableView { filter: Some("kind = 'work'".into()), ..item_view(&*made.store).await };
    let snapshot = snapshot(&*made.store).await;
    for buckets in [1, 2, 7, 64] {
        let mut expected = vec![Digest::EMPTY; buckets];
        for row in rows.iter().filter(|row| row[1] == text("work")) {
            let bucket = SEED.bucket_of(key(row[0].clone()).as_bytes(), buckets);
            expected[bucket] = expected[bucket].combine(digest_of(std::slice::from_ref(row)));
        }
        assert_eq!(snapshot.digest_buckets(&view, buckets, SEED).await.unwrap(), expected);
    }
}

pub async fn buckets_can_be_read(backend: &dyn Backend) {
    let rows = item_rows(60);
    let made = with_items(backend, &rows).await;
    let view = item_view(&*made.store).await;
    let snapshot = snapshot(&*made.store).await;
    let wanted = BTreeSet::from([1, 4]);
    let mut expected = rows;
    expected.retain(|row| wanted.contains(&SEED.bucket_of(key(row[0].clone()).as_bytes(), 5)));
    let stream = snapshot.read_buckets(&view, 5, &wanted, SEED).await.unwrap();
    assert_eq!(sorted(drain(stream).await), sorted(expected));
    let (loose, view) = loose(backend, &loose_rows()).await;
    let snapshot = loose.store.snapshot().await.unwrap();
    let every = (0..3).collect();
    let stream = snapshot.read_buckets(&view, 3, &every, SEED).await.unwrap();
    assert_eq!(drain(stream).await.len(), 5, "repeated keys are there, keys with NULL are not");
    let digests = snapshot.digest_buckets(&view, 3, SEED).await.unwrap();
    assert_eq!(digests.iter().map(|digest| digest.count).sum::<u64>(), 5);
}

pub async fn a_table_without_a_key_is_counted_and_digested(backend: &dyn Backend) {
    let rows = loose_rows();
    let (made, _) = loose(backend, &rows).await;
    let view = view(&*made.store, "loose", &[]).await;
    let snapshot = snapshot(&*made.store).await;
    assert_eq!(snapshot.count(&view, &KeyRange::all()).await.unwrap(), rows.len() as u64);
    let digests = snapshot.digest(&view, &[KeyRange::all()], SEED).await.unwrap();
    assert_eq!(digests, [digest_of(&rows)]);
    assert_eq!(sorted(read(&*snapshot, &view, &KeyRange::all()).await), sorted(rows.clone()));
    assert!(in_key_order(&rows, 0).len() == rows.len());
}
