//! End marks, bounds, cancellation.

use std::time::Duration;

use futures_util::FutureExt;
use syncline::base::limits::{BLOCK_ROWS_MAX, BLOCKS_AHEAD_MAX};
use syncline::model::range::KeyRange;

use super::Backend;
use super::fixture::{SEED, drain, item_rows, item_view, range, read, rows_of, snapshot, with_items};

/// More rows than a reader may run ahead of its consumer.
const MANY: usize = BLOCK_ROWS_MAX * (BLOCKS_AHEAD_MAX + 3);

/// Nothing here may take longer, whatever the machine does besides.
const PATIENCE: Duration = Duration::from_mins(1);

pub async fn a_stream_ends_with_its_mark(backend: &dyn Backend) {
    let made = with_items(backend, &item_rows(10)).await;
    let view = item_view(&*made.store).await;
    let snapshot = snapshot(&*made.store).await;
    let mut stream = snapshot.read(&view, &range(Some(20), Some(60))).await.unwrap();
    let mut rows = Vec::new();
    while let Some(block) = stream.next().await.unwrap() {
        rows.extend(rows_of(&block));
    }
    assert_eq!(rows.len(), 4);
    assert_eq!(stream.rows(), 4);
    assert!(stream.next().await.unwrap().is_none(), "the end stays the end");
}

pub async fn an_empty_table_is_an_empty_stream(backend: &dyn Backend) {
    let made = with_items(backend, &[]).await;
    let view = item_view(&*made.store).await;
    let snapshot = snapshot(&*made.store).await;
    assert!(read(&*snapshot, &view, &KeyRange::all()).await.is_empty());
    assert!(drain(snapshot.changed(&view, None, None).await.unwrap()).await.is_empty());
    let digests = snapshot.digest(&view, &[KeyRange::all()], SEED).await.unwrap();
    assert_eq!(digests[0].count, 0);
    assert!(snapshot.split(&view, &KeyRange::all(), 8).await.unwrap().is_empty());
}

pub async fn a_slow_consumer_gets_every_row(backend: &dyn Backend) {
    let rows = item_rows(MANY);
    let made = with_items(backend, &rows).await;
    let view = item_view(&*made.store).await;
    let snapshot = snapshot(&*made.store).await;
    let mut stream = snapshot.read(&view, &KeyRange::all()).await.unwrap();
    let mut received = 0;
    while let Some(block) = stream.next().await.unwrap() {
        assert!(block.len() <= BLOCK_ROWS_MAX);
        received += block.len();
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(received, rows.len());
}

pub async fn a_dropped_stream_frees_its_reader(backend: &dyn Backend) {
    let made = with_items(backend, &item_rows(MANY)).await;
    let view = item_view(&*made.store).await;
    let work = async {
        let readers = made.store.capabilities().readers_max;
        for _ in 0..=readers * 2 {
            let snapshot = snapshot(&*made.store).await;
            let mut stream = snapshot.read(&view, &KeyRange::all()).await.unwrap();
            assert!(stream.next().await.unwrap().is_some());
            drop(stream);
            assert_eq!(snapshot.count(&view, &range(None, Some(100))).await.unwrap(), 9);
        }
    };
    tokio::time::timeout(PATIENCE, work).await.expect("no reader stays behind");
}

pub async fn a_dropped_future_leaves_the_store_usable(backend: &dyn Backend) {
    let made = with_items(backend, &item_rows(MANY)).await;
    let view = item_view(&*made.store).await;
    let work = async {
        for _ in 0..=made.store.capabilities().readers_max * 2 {
            let opened = made.store.snapshot().now_or_never();
            drop(opened);
            let snapshot = snapshot(&*made.store).await;
            drop(snapshot.digest(&view, &[KeyRange::all()], SEED).now_or_never());
            drop(snapshot.read(&view, &KeyRange::all()).now_or_never());
            assert_eq!(snapshot.count(&view, &KeyRange::all()).await.unwrap(), MANY as u64);
        }
    };
    tokio::time::timeout(PATIENCE, work).await.expect("no reader stays behind");
}

pub async fn snapshots_can_be_open_side_by_side(backend: &dyn Backend) {
    let rows = item_rows(30);
    let made = with_items(backend, &rows).await;
    let view = item_view(&*made.store).await;
    let work = async {
        let mut open = Vec::new();
        for _ in 0..made.store.capabilities().readers_max {
            open.push(snapshot(&*made.store).await);
        }
        for snapshot in &open {
            assert_eq!(read(&**snapshot, &view, &KeyRange::all()).await, rows);
        }
    };
    tokio::time::timeout(PATIENCE, work).await.expect("as many readers as the store says");
}
