//! Two backends with the same rows give the same digests, whole, by range and by bucket.

use std::sync::Arc;

use syncline::model::key::Key;
use syncline::model::range::KeyRange;
use syncline::model::value::Value;
use syncline::store::memory::TableDefinition;

use super::fixture::{SEED, int, item_rows, item_view, snapshot, view, with_items};
use super::memory::{Memory, portable_key_types};
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::{Backend, Role};

/// Every backend under test.
fn backends() -> Vec<Arc<dyn Backend>> {
    vec![
        Arc::new(Memory::default()),
        Arc::new(Memory { consistent: false, block_rows: 2 }),
        Arc::new(Sqlite::with("wal")),
        Arc::new(Sqlite::with("delete")),
        Arc::new(Sqlite { collated: true, ..Sqlite::with("wal") }),
        Arc::new(Postgres::default()),
        Arc::new(Postgres { collated: true }),
    ]
}

#[tokio::test]
async fn equal_rows_have_equal_digests_everywhere() {
    let rows = item_rows(200);
    let bounds = [Key::from_values(&[int(333)]), Key::from_values(&[int(1500)])];
    let mut seen = Vec::new();
    for backend in backends() {
        let made = with_items(&*backend, &rows).await;
        let view = item_view(&*made.store).await;
        let snapshot = snapshot(&*made.store).await;
        let ranges = KeyRange::all().split(&bounds);
        let by_range = snapshot.digest(&view, &ranges, SEED).await.unwrap();
        let by_bucket = snapshot.digest_buckets(&view, 7, SEED).await.unwrap();
        seen.push((by_range, by_bucket, snapshot.largest(&view).await.unwrap()));
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
}

#[tokio::test]
async fn keys_of_every_portable_type_are_the_same_everywhere() {
    for (logical, values) in portable_key_types() {
        let mut seen = Vec::new();
        for backend in backends() {
            if !backend.key_types().iter().any(|(known, _)| *known == logical) {
                continue;
            }
            let table =
                TableDefinition::new("t").column("k", logical.clone()).integer("n").primary_key(&["k"]);
            let made = backend.make(Role::Source, vec![table]).await;
            let rows: Vec<Vec<Value>> = values.iter().map(|value| vec![value.clone(), int(1)]).collect();
            made.database.insert("t", &rows);
            let view = view(&*made.store, "t", &["k"]).await;
            let snapshot = snapshot(&*made.store).await;
            let bounds = snapshot.split(&view, &KeyRange::all(), 3).await.unwrap();
            let digests = snapshot.digest(&view, &KeyRange::all().split(&bounds), SEED).await.unwrap();
            let buckets = snapshot.digest_buckets(&view, 5, SEED).await.unwrap();
            seen.push((bounds, digests, buckets));
        }
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{logical:?}: {seen:#?}");
    }
}
