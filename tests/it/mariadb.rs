//! What only MariaDB does: its types at their limits, its collations, its unique keys, encryption, lost connections.

mod connections;
mod keys;
mod types;

use syncline::model::range::KeyRange;
use syncline::model::value::Value;
use syncline::store::Store;

use crate::contract::fixture::{read, snapshot, view};

/// The rows of a table as the store reads them: the key's columns first.
async fn rows(store: &dyn Store, table: &str, key: &[&str]) -> Vec<Vec<Value>> {
    let view = view(store, table, key).await;
    read(&*snapshot(store).await, &view, &KeyRange::all()).await
}
