//! Counts, and keys found by their position: split points, where the newest rows begin, the largest key.

use super::bound::Condition;
use super::connect::Session;
use super::error::store_error;
use super::facts::number;
use super::walk::{Flow, View, Walk, where_clause};
use crate::base::limits::DIGEST_RANGES_MAX;
use crate::model::key::Key;
use crate::model::range::KeyRange;
use crate::store::Result;

/// Cuts up to which each one is looked for by its offset, which takes a round trip; more come from one walk over the keys.
const CUTS_BY_OFFSET_MAX: usize = 32;

/// Rows that fulfil conditions.
pub(super) async fn count_where(
    session: &mut Session,
    view: &View,
    conditions: &[Condition],
    operation: &str,
) -> Result<u64> {
    let clause = where_clause(conditions);
    let text = format!("SELECT count(*) FROM {}{}", view.facts.sql_name(), clause.sql);
    let row = session.row(&text, &clause.params).await.map_err(|error| store_error(operation, &error))?;
    Ok(row.map_or(0, |row| number(&row, 0)))
}

/// Rows in a range.
pub(super) async fn count(
    session: &mut Session,
    view: &View,
    range: &KeyRange,
    operation: &str,
) -> Result<u64> {
    count_where(session, view, &view.in_range(range), operation).await
}

/// Keys that cut a range into `pieces` parts of as many rows.
pub(super) async fn split(
    session: &mut Session,
    view: &View,
    range: &KeyRange,
    pieces: usize,
    operation: &str,
) -> Result<Vec<Key>> {
    if pieces < 2 || view.key.is_empty() {
        return Ok(Vec::new());
    }
    let rows = count(session, view, range, operation).await?;
    let mut at: Vec<u64> = (1..pieces.min(DIGEST_RANGES_MAX) as u64)
        .map(|piece| (u128::from(rows) * u128::from(piece) / pieces as u128) as u64)
        .filter(|&position| position > 0 && position < rows)
        .collect();
    at.dedup();
    if at.is_empty() {
        return Ok(Vec::new());
    }
    let served = keys_walk(view, range, operation).is_paged();
    if served && at.len() <= CUTS_BY_OFFSET_MAX {
        by_offset(session, view, range, &at, operation).await
    } else {
        by_walk(session, view, range, &at, operation).await
    }
}

fn keys_walk(view: &View, range: &KeyRange, operation: &str) -> Walk {
    Walk::by_key(view, &view.key, view.in_range(range), operation)
}

/// The key with so many rows of the walk before it.
async fn key_at(
    session: &mut Session,
    view: &View,
    walk: &Walk,
    offset: u64,
    operation: &str,
) -> Result<Option<Key>> {
    let statement = walk.statement(Some(1), offset);
    let mut found = None;
    session
        .query(&statement.sql, &statement.params, operation, |row| {
            let row = walk.row(row);
            found = Some((0..view.key.len()).map(|i| row.value(i)).collect::<Result<Vec<_>>>()?);
            Ok(true)
        })
        .await?;
    Ok(found.map(|values| Key::from_values(&values)))
}

async fn by_offset(
    session: &mut Session,
    view: &View,
    range: &KeyRange,
    at: &[u64],
    operation: &str,
) -> Result<Vec<Key>> {
    let smallest = key_at(session, view, &keys_walk(view, range, operation), 0, operation).await?;
    let (mut cuts, mut from, mut before) = (Vec::new(), range.clone(), 0);
    for &position in at {
        session.wanted.check(operation)?;
        let walk = keys_walk(view, &from, operation);
        let Some(key) = key_at(session, view, &walk, position - before, operation).await? else { break };
        if Some(&key) == smallest.as_ref() || cuts.last() == Some(&key) {
            continue;
        }
        // Equal keys before it are counted once more, which only moves later cuts a little.
        from.lower = Some(key.clone());
        before = position;
        cuts.push(key);
    }
    Ok(cuts)
}

async fn by_walk(
    session: &mut Session,
    view: &View,
    range: &KeyRange,
    at: &[u64],
    operation: &str,
) -> Result<Vec<Key>> {
    let mut walk = keys_walk(view, range, operation);
    let (mut cuts, mut at, mut position) = (Vec::new(), at.iter().copied().peekable(), 0u64);
    let mut last: Option<Key> = None;
    let width = view.key.len();
    walk.run(session, |row| {
        let due = at.peek().is_some_and(|&cut| position >= cut);
        // A key is looked at where a cut may fall, and one row before, to see whether it repeats.
        if due || at.peek().is_some_and(|&cut| position + 1 >= cut) || position == 0 {
            let key = Key::from_values(&(0..width).map(|i| row.value(i)).collect::<Result<Vec<_>>>()?);
            if due && last.as_ref() != Some(&key) {
                cuts.push(key.clone());
                while at.peek().is_some_and(|&cut| cut <= position) {
                    at.next();
                }
            }
            last = Some(key);
        }
        position += 1;
        Ok(if at.peek().is_some() { Flow::More } else { Flow::Stop })
    })
    .await?;
    Ok(cuts)
}

/// The key that has `rows` rows of the range at or above it.
pub(super) async fn newest(
    session: &mut Session,
    view: &View,
    range: &KeyRange,
    rows: u64,
    operation: &str,
) -> Result<Option<Key>> {
    if rows == 0 || view.key.is_empty() {
        return Ok(None);
    }
    let walk = keys_walk(view, range, operation).reversed();
    key_at(session, view, &walk, rows - 1, operation).await
}
