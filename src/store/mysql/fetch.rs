//! Rows by their keys.

use super::bound::{self, Condition};
use super::connect::Session;
use super::facts::ColumnFacts;
use super::value::Param;
use super::walk::{Flow, View, Walk};
use crate::model::block::{BlockBuilder, RowBlock};
use crate::model::key::Key;
use crate::store::Result;

/// How many keys one statement names; few sizes, since each is a statement to prepare.
const SIZES: [usize; 3] = [500, 50, 5];

/// Keys in pieces, each with the keys that a statement names for it: as many as one of the sizes.
pub(super) fn pieces<T>(all: &[T]) -> Vec<&[T]> {
    let mut pieces = Vec::new();
    let mut rest = all;
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.len().min(SIZES[0]));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

/// What rows with any of these keys fulfil, and perhaps others that the server takes for the same; none when no row can.
pub(super) fn any_of(keys: &[&Key], columns: &[&ColumnFacts]) -> Option<Condition> {
    let mut tuples: Vec<Condition> =
        keys.iter().filter_map(|key| bound::equal(&key.values(), columns)).collect();
    let last = tuples.last()?.clone();
    // The shortest size that has room; the last key fills it.
    let size = SIZES.iter().rev().copied().find(|&size| size >= tuples.len()).unwrap_or(tuples.len());
    let same = tuples.iter().all(|tuple| tuple.sql == last.sql);
    if same {
        tuples.resize(size, last.clone());
    }
    if let ([column], true) = (columns, same && columns.iter().all(|column| column.sorts_as_keys())) {
        let (_, mark) = last.sql.split_once(" = ").unwrap_or(("", "?"));
        let marks = vec![mark; tuples.len()].join(", ");
        let params: Vec<Param> = tuples.into_iter().flat_map(|tuple| tuple.params).collect();
        return Some(Condition { sql: format!("{} IN ({marks})", column.order_sql()), params });
    }
    let sql: Vec<String> = tuples.iter().map(|tuple| format!("({})", tuple.sql)).collect();
    let params = tuples.into_iter().flat_map(|tuple| tuple.params).collect();
    Some(Condition { sql: format!("({})", sql.join(" OR ")), params })
}

/// The rows with these keys, in key order.
pub(super) async fn rows(
    session: &mut Session,
    view: &View,
    keys: &[Key],
    operation: &str,
) -> Result<RowBlock> {
    let mut builder = BlockBuilder::new(view.shape.clone());
    let columns = view.key_facts();
    if columns.is_empty() {
        return Ok(builder.take());
    }
    let (width, key_positions) = (view.columns.len(), view.shape.key.clone());
    for piece in pieces(keys) {
        session.wanted.check(operation)?;
        let Some(condition) = any_of(&piece.iter().collect::<Vec<_>>(), &columns) else { continue };
        let mut conditions = vec![condition];
        conditions.extend(view.scope());
        // Few rows: the server sorts them.
        let mut walk = Walk::by_key(view, &view.columns, conditions, operation).unpaged();
        walk.run(session, |row| {
            row.push(width, &key_positions, &mut builder)?;
            Ok(Flow::More)
        })
        .await?;
    }
    Ok(builder.take())
}
