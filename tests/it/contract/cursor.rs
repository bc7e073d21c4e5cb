//! Stamps: what a cursor over a modify column has to know.

use syncline::base::clock::Timestamp;
use syncline::model::key::Key;
use syncline::model::pair::TableView;
use syncline::model::value::Value;

use super::Backend;
use super::fixture::{drain, int, item_rows, item_view, snapshot, text, with_items};

/// Rows with these stamps, none for NULL; ids 10, 20, 30 …
fn stamped(stamps: &[Option<i128>]) -> Vec<Vec<Value>> {
    let mut rows = item_rows(stamps.len());
    for (row, stamp) in rows.iter_mut().zip(stamps) {
        row[5] = stamp.map_or(Value::Null, int);
    }
    rows
}

/// The rows between two stamps, as a naive model sees them.
fn between(rows: &[Vec<Value>], since: Option<i128>, until: Option<i128>) -> Vec<Vec<Value>> {
    let mut found = rows.to_vec();
    found.retain(|row| match row[5] {
        Value::Integer(stamp) => {
            since.is_none_or(|since| since <= stamp) && until.is_none_or(|until| stamp <= until)
        }
        _ => false,
    });
    found.sort_by_key(|row| Key::from_values(&[row[5].clone(), row[0].clone()]));
    found
}

pub async fn changed_rows_come_in_stamp_and_key_order(backend: &dyn Backend) {
    let rows = stamped(&[Some(7), None, Some(3), Some(7), Some(5), Some(1), None, Some(9), Some(7), Some(3)]);
    let made = with_items(backend, &rows).await;
    let view = item_view(&*made.store).await;
    let snapshot = snapshot(&*made.store).await;
    let bounds = [None, Some(0), Some(1), Some(3), Some(4), Some(7), Some(10)];
    for since in bounds {
        for until in bounds {
            let (low, high) = (since.map(int), until.map(int));
            let stream = snapshot.changed(&view, low.as_ref(), high.as_ref()).await.unwrap();
            assert_eq!(drain(stream).await, between(&rows, since, until), "{since:?} {until:?}");
        }
    }
}

pub async fn trap_29_ties_at_both_ends_are_inside(backend: &dyn Backend) {
    let rows = stamped(&[Some(5); 6]);
    let made = with_items(backend, &rows).await;
    let view = item_view(&*made.store).await;
    let snapshot = snapshot(&*made.store).await;
    let stream = snapshot.changed(&view, Some(&int(5)), Some(&int(5))).await.unwrap();
    assert_eq!(drain(stream).await, rows);
    let stamps = snapshot.stamps(&view, Some(&int(5)), Timestamp(i64::MAX)).await.unwrap();
    assert_eq!((stamps.changed, stamps.ties, stamps.largest), (6, 6, Some(int(5))));
    let stamps = snapshot.stamps(&view, Some(&int(4)), Timestamp(i64::MAX)).await.unwrap();
    assert_eq!((stamps.changed, stamps.ties), (6, 0));
    let stamps = snapshot.stamps(&view, None, Timestamp(i64::MAX)).await.unwrap();
    assert_eq!((stamps.changed, stamps.ties), (6, 0), "no stamp was asked");
}

pub async fn trap_30_rows_without_a_stamp_are_counted(backend: &dyn Backend) {
    let made = with_items(backend, &stamped(&[None, Some(4), None, Some(2)])).await;
    let view = item_view(&*made.store).await;
    let snapshot = snapshot(&*made.store).await;
    let stamps = snapshot.stamps(&view, None, Timestamp(i64::MAX)).await.unwrap();
    assert_eq!((stamps.changed, stamps.missing, stamps.future), (2, 2, 0));
    assert_eq!(stamps.largest, Some(int(4)));
    let stamps = snapshot.stamps(&view, Some(&int(3)), Timestamp(i64::MAX)).await.unwrap();
    assert_eq!((stamps.changed, stamps.missing), (1, 2));
}

pub async fn trap_55_stamps_in_the_future_are_counted(backend: &dyn Backend) {
    let now = 1_763_654_521;
    let made = with_items(backend, &stamped(&[Some(now - 1), Some(now), Some(now + 1), Some(now + 9)])).await;
    let view = item_view(&*made.store).await;
    let snapshot = snapshot(&*made.store).await;
    let instant = Timestamp(now as i64 * 1_000_000);
    let stamps = snapshot.stamps(&view, None, instant).await.unwrap();
    assert_eq!((stamps.changed, stamps.future, stamps.largest), (4, 2, Some(int(now))));
    let stream = snapshot.changed(&view, Some(&int(now)), None).await.unwrap();
    assert_eq!(drain(stream).await.len(), 3, "rows stamped in the future are read too");
}

pub async fn stamps_honour_the_scope(backend: &dyn Backend) {
    let rows = stamped(&[Some(1), Some(2), Some(3), Some(4), None, None]);
    let made = with_items(backend, &rows).await;
    let view = TableView { filter: Some("kind = 'rent'".into()), ..item_view(&*made.store).await };
    let snapshot = snapshot(&*made.store).await;
    let stamps = snapshot.stamps(&view, None, Timestamp(i64::MAX)).await.unwrap();
    assert_eq!((stamps.changed, stamps.missing, stamps.largest), (1, 1, Some(int(3))));
    let mut scope = rows;
    scope.retain(|row| row[1] == text("rent"));
    let stream = snapshot.changed(&view, None, None).await.unwrap();
    assert_eq!(drain(stream).await, between(&scope, None, None));
    let empty = with_items(backend, &[]).await;
    let stamps = empty.store.snapshot().await.unwrap().stamps(&view, None, Timestamp(0)).await.unwrap();
    assert_eq!(stamps, syncline::store::Stamps::default());
}
