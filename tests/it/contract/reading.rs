//! Order, ranges, scopes; count, digest and read agree.

use syncline::model::digest::Digest;
use syncline::model::key::Key;
use syncline::model::pair::TableView;
use syncline::model::range::KeyRange;
use syncline::model::value::Value;
use syncline::store::memory::TableDefinition;
use syncline::store::{ErrorClass, Snapshot};

use super::fixture::{
    SEED, digest_of, in_key_order, inside, int, item_rows, item_view, key, range, read, rows_of, snapshot,
    text, view, with_items, with_items_as,
};
use super::{Backend, Role};

pub async fn every_row_is_read_in_key_order(backend: &dyn Backend) {
    let mut rows = item_rows(40);
    rows.reverse();
    let made = with_items(backend, &rows).await;
    let view = item_view(&*made.store).await;
    let snapshot = snapshot(&*made.store).await;
    assert_eq!(read(&*snapshot, &view, &KeyRange::all()).await, in_key_order(&rows, 1));
}

pub async fn keys_of_every_type_sort_as_keys_do(backend: &dyn Backend) {
    for (logical, values) in backend.key_types() {
        let table = TableDefinition::new("t").column("k", logical.clone()).integer("n").primary_key(&["k"]);
        let made = backend.make(Role::Source, vec![table]).await;
        let rows: Vec<Vec<Value>> =
            values.iter().enumerate().map(|(n, value)| vec![value.clone(), int(n as i128)]).collect();
        made.database.insert("t", &rows);
        let view = view(&*made.store, "t", &["k"]).await;
        let snapshot = snapshot(&*made.store).await;
        let expected = in_key_order(&rows, 1);
        assert_eq!(read(&*snapshot, &view, &KeyRange::all()).await, expected, "{logical:?}");
        for (position, row) in expected.iter().enumerate() {
            let bound = key(row[0].clone());
            let below = KeyRange::new(None, Some(bound.clone()));
            let from = KeyRange::new(Some(bound.clone()), None);
            assert_eq!(snapshot.count(&view, &below).await.unwrap(), position as u64, "{logical:?} {bound}");
            assert_eq!(read(&*snapshot, &view, &from).await, expected[position..], "{logical:?} {bound}");
            let found = snapshot.fetch(&view, std::slice::from_ref(&bound)).await.unwrap();
            assert_eq!(rows_of(&found), std::slice::from_ref(row), "{logical:?} {bound}");
        }
        let last = expected.last().map(|row| key(row[0].clone()));
        assert_eq!(snapshot.largest(&view).await.unwrap(), last, "{logical:?}");
    }
}

pub async fn composite_keys_sort_column_by_column(backend: &dyn Backend) {
    let table = TableDefinition::new("t").text("note").integer("b").text("a").primary_key(&["a", "b"]);
    let made = backend.make(Role::Source, vec![table]).await;
    let mut rows = Vec::new();
    for (n, a) in ["x", "", "x\u{1}", "é"].into_iter().enumerate() {
        rows.extend([10, 9, -1].map(|b| vec![text(&format!("{n}")), int(b), text(a)]));
    }
    made.database.insert("t", &rows);
    let view = view(&*made.store, "t", &["a", "b"]).await;
    let snapshot = snapshot(&*made.store).await;
    let viewed: Vec<Vec<Value>> =
        rows.iter().map(|row| vec![row[2].clone(), row[1].clone(), row[0].clone()]).collect();
    let expected = in_key_order(&viewed, 2);
    assert_eq!(read(&*snapshot, &view, &KeyRange::all()).await, expected);
    for lower in 0..expected.len() {
        for upper in lower..expected.len() {
            let bound = |position: usize| Some(Key::from_values(&expected[position][..2]));
            let range = KeyRange::new(bound(lower), bound(upper));
            assert_eq!(read(&*snapshot, &view, &range).await, expected[lower..upper], "{range}");
        }
    }
}

pub async fn ranges_are_half_open_and_open_at_the_ends(backend: &dyn Backend) {
    let rows = item_rows(6);
    let made = with_items(backend, &rows).await;
    let view = item_view(&*made.store).await;
    let snapshot = snapshot(&*made.store).await;
    let bounds: Vec<Option<i128>> = std::iter::once(None).chain((0..=14).map(|n| Some(n * 5))).collect();
    for &lower in &bounds {
        for &upper in &bounds {
            let range = range(lower, upper);
            let expected = inside(&rows, 1, &range);
            assert_eq!(snapshot.count(&view, &range).await.unwrap(), expected.len() as u64, "{range}");
            assert_eq!(read(&*snapshot, &view, &range).await, expected, "{range}");
        }
    }
}

/// Asserts that the three ways to look at a range tell the same.
async fn agree(snapshot: &dyn Snapshot, view: &TableView, range: &KeyRange) -> Digest {
    let rows = read(snapshot, view, range).await;
    let digests = snapshot.digest(view, std::slice::from_ref(range), SEED).await.unwrap();
    assert_eq!(digests, [digest_of(&rows)], "{range}");
    assert_eq!(snapshot.count(view, range).await.unwrap(), rows.len() as u64, "{range}");
    digests[0]
}

pub async fn count_digest_and_read_agree(backend: &dyn Backend) {
    let made = with_items(backend, &item_rows(50)).await;
    let view = item_view(&*made.store).await;
    let snapshot = snapshot(&*made.store).await;
    let whole = agree(&*snapshot, &view, &KeyRange::all()).await;
    let pieces = KeyRange::all().split(&[key(int(100)), key(int(255)), key(int(500)), key(int(9000))]);
    let mut sum = Digest::EMPTY;
    for piece in &pieces {
        sum = sum.combine(agree(&*snapshot, &view, piece).await);
    }
    assert_eq!(sum, whole, "disjoint ranges that cover everything add up");
    assert_eq!(agree(&*snapshot, &view, &range(Some(5000), None)).await, Digest::EMPTY);
}

pub async fn digests_come_one_a_range(backend: &dyn Backend) {
    let rows = item_rows(30);
    let made = with_items(backend, &rows).await;
    let view = item_view(&*made.store).await;
    let snapshot = snapshot(&*made.store).await;
    let ranges = [
        range(None, Some(40)),
        range(Some(40), Some(41)),
        range(Some(100), Some(300)),
        range(Some(900), None),
    ];
    let expected: Vec<Digest> = ranges.iter().map(|range| digest_of(&inside(&rows, 1, range))).collect();
    assert_eq!(snapshot.digest(&view, &ranges, SEED).await.unwrap(), expected);
    assert!(snapshot.digest(&view, &[], SEED).await.unwrap().is_empty());
    let other = syncline::model::digest::DigestSeed(1);
    assert_ne!(snapshot.digest(&view, &ranges[..1], other).await.unwrap(), expected[..1], "the seed matters");
}

pub async fn a_scope_is_honoured_by_every_read(backend: &dyn Backend) {
    let rows = item_rows(40);
    let made = with_items(backend, &rows).await;
    let view = TableView { filter: Some("kind = 'rent'".into()), ..item_view(&*made.store).await };
    let snapshot = snapshot(&*made.store).await;
    let mut scope = rows.clone();
    scope.retain(|row| row[1] == text("rent"));
    let all = KeyRange::all();
    assert_eq!(read(&*snapshot, &view, &all).await, scope);
    assert_eq!(agree(&*snapshot, &view, &all).await, digest_of(&scope));
    let keys: Vec<Key> = rows.iter().map(|row| key(row[0].clone())).collect();
    assert_eq!(rows_of(&snapshot.fetch(&view, &keys).await.unwrap()), scope);
    let in_scope: Vec<Key> = scope.iter().map(|row| key(row[0].clone())).collect();
    let bounds = snapshot.split(&view, &all, 4).await.unwrap();
    assert!(bounds.iter().all(|bound| in_scope.contains(bound)), "{bounds:?}");
    assert_eq!(snapshot.newest(&view, &all, 2).await.unwrap(), Some(in_scope[in_scope.len() - 2].clone()));
    assert_eq!(snapshot.largest(&view).await.unwrap().as_ref(), in_scope.last());
}

pub async fn split_gives_balanced_bounds_that_exist(backend: &dyn Backend) {
    for count in [0usize, 1, 2, 3, 10, 100] {
        let rows = item_rows(count);
        let made = with_items(backend, &rows).await;
        let view = item_view(&*made.store).await;
        let snapshot = snapshot(&*made.store).await;
        for pieces in [1, 2, 3, 7, 16] {
            for range in [KeyRange::all(), range(Some(15), Some(605))] {
                let keys: Vec<Key> = inside(&rows, 1, &range).iter().map(|row| key(row[0].clone())).collect();
                let bounds = snapshot.split(&view, &range, pieces).await.unwrap();
                let told = format!("{count} rows of {range} in {pieces}: {bounds:?}");
                assert!(bounds.is_sorted_by(|left, right| left < right), "{told}");
                assert!(bounds.iter().all(|bound| keys[1..].contains(bound)), "{told}");
                assert!(bounds.len() < pieces.max(1), "{told}");
                let sizes = range
                    .split(&bounds)
                    .into_iter()
                    .map(|piece| keys.iter().filter(|key| piece.contains(key.as_bytes())).count());
                let most = 2 * keys.len().div_ceil(pieces);
                assert!(sizes.clone().all(|size| size <= most), "{told}: {:?}", sizes.collect::<Vec<_>>());
            }
        }
    }
}

pub async fn newest_finds_where_the_newest_rows_begin(backend: &dyn Backend) {
    let made = with_items(backend, &item_rows(20)).await;
    let view = item_view(&*made.store).await;
    let snapshot = snapshot(&*made.store).await;
    for range in [KeyRange::all(), range(Some(40), Some(155))] {
        let rows = snapshot.count(&view, &range).await.unwrap();
        for wanted in 1..=rows {
            let from = snapshot.newest(&view, &range, wanted).await.unwrap();
            let above = KeyRange::new(from.clone(), range.upper.clone());
            assert_eq!(snapshot.count(&view, &above).await.unwrap(), wanted, "{range} {from:?}");
        }
        assert_eq!(snapshot.newest(&view, &range, rows + 1).await.unwrap(), None, "{range}");
    }
}

pub async fn fetch_returns_what_exists_in_order(backend: &dyn Backend) {
    let rows = item_rows(20);
    let made = with_items(backend, &rows).await;
    let view = item_view(&*made.store).await;
    let snapshot = snapshot(&*made.store).await;
    let keys: Vec<Key> = [-5, 10, 11, 20, 50, 199, 200, 201].map(|n| key(int(n))).to_vec();
    let expected: Vec<Vec<Value>> = [0, 1, 4, 19].map(|position: usize| rows[position].clone()).to_vec();
    let block = snapshot.fetch(&view, &keys).await.unwrap();
    assert_eq!(rows_of(&block), expected);
    assert_eq!(block.key_owned(1), key(int(20)));
    assert!(snapshot.fetch(&view, &[]).await.unwrap().is_empty());
}

pub async fn the_largest_key_is_in_scope(backend: &dyn Backend) {
    let made = with_items(backend, &[]).await;
    let view = item_view(&*made.store).await;
    assert_eq!(snapshot(&*made.store).await.largest(&view).await.unwrap(), None);
    made.database.insert("item", &item_rows(7));
    assert_eq!(snapshot(&*made.store).await.largest(&view).await.unwrap(), Some(key(int(70))));
}

pub async fn a_view_has_its_own_column_order(backend: &dyn Backend) {
    let rows = item_rows(5);
    let made = with_items(backend, &rows).await;
    let mut view = item_view(&*made.store).await;
    // Size, then id as the key, then name; the other columns are left out.
    let order = [3, 0, 2];
    view.types = order.map(|position| view.types[position].clone()).to_vec();
    view.columns = order.map(|position| view.columns[position].clone()).to_vec();
    view.shape.forms.truncate(order.len());
    view.shape.key = vec![1];
    let snapshot = snapshot(&*made.store).await;
    let expected: Vec<Vec<Value>> =
        rows.iter().map(|row| order.map(|position| row[position].clone()).to_vec()).collect();
    assert_eq!(read(&*snapshot, &view, &KeyRange::all()).await, expected);
    assert_eq!(read(&*snapshot, &view, &range(Some(20), Some(30))).await, expected[1..2]);
    let digests = snapshot.digest(&view, &[KeyRange::all()], SEED).await.unwrap();
    assert_eq!(digests, [digest_of(&expected)]);
}

pub async fn an_unknown_table_or_column_is_a_schema_error(backend: &dyn Backend) {
    let made = with_items(backend, &item_rows(1)).await;
    let good = item_view(&*made.store).await;
    let snapshot = snapshot(&*made.store).await;
    let mut table = good.clone();
    table.table.name = "no such table".into();
    let mut column = good.clone();
    column.columns[2] = "no such column".into();
    for view in [table, column] {
        let error = snapshot.count(&view, &KeyRange::all()).await.err();
        let error = match error {
            Some(error) => error,
            // Counting needs no columns but the key's; reading does.
            None => match snapshot.read(&view, &KeyRange::all()).await {
                Ok(mut stream) => stream.next().await.expect_err("the column does not exist"),
                Err(error) => error,
            },
        };
        assert_eq!(error.class, ErrorClass::Schema, "{error}");
    }
    assert_eq!(snapshot.count(&good, &KeyRange::all()).await.unwrap(), 1, "the snapshot survives");
}

pub async fn a_consistent_snapshot_stays_at_its_instant(backend: &dyn Backend) {
    let rows = item_rows(10);
    let made = with_items_as(backend, Role::Source, &rows).await;
    let view = item_view(&*made.store).await;
    let before = snapshot(&*made.store).await;
    let all = KeyRange::all();
    assert_eq!(before.count(&view, &all).await.unwrap(), 10);
    made.database.clear("item");
    made.database.insert("item", &item_rows(3));
    if before.consistent() {
        assert_eq!(agree(&*before, &view, &all).await, digest_of(&rows));
        assert_eq!(before.newest(&view, &all, 10).await.unwrap(), Some(key(int(10))));
    }
    drop(before);
    assert_eq!(
        snapshot(&*made.store).await.count(&view, &all).await.unwrap(),
        3,
        "a new one sees what is there"
    );
}
