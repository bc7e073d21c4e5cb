//! Counts, and keys found by their position: split points, where the newest rows begin, the largest key.

use std::collections::BinaryHeap;

use rusqlite::Row;

use super::access;
use super::error::{is_interrupt, store_error};
use super::reader::{Reader, View};
use super::scan::{Condition, Flow, Scan, Walk, encode_outputs, key_conditions, not_null};
use crate::base::limits::SPLIT_SAMPLE_MAX;
use crate::model::key::Key;
use crate::model::pair::TableView;
use crate::model::range::KeyRange;
use crate::store::Result;

/// Rows in a range.
pub(super) fn count(reader: &Reader, view: &TableView, range: &KeyRange) -> Result<u64> {
    let operation = reader.operation("counting rows of", &view.table);
    let view = reader.view(view, &operation)?;
    count_in(reader, &view, range, &operation)
}

fn count_in(reader: &Reader, view: &View, range: &KeyRange, operation: &str) -> Result<u64> {
    let open = range.lower.is_none() && range.upper.is_none();
    if open || access::by_key(&view.facts, &view.key).is_some() {
        let Some(conditions) = key_conditions(view, range) else { return Ok(0) };
        if let Some(count) = count_in_sql(reader, view, conditions, open, operation)? {
            return Ok(count);
        }
    }
    let mut count = 0;
    keys(reader, view, range, operation, |_| {
        count += 1;
        Flow::More
    })?;
    Ok(count)
}

/// One aggregate; none when it would have to keep a read transaction open for too long.
fn count_in_sql(
    reader: &Reader,
    view: &View,
    mut conditions: Vec<Condition>,
    open: bool,
    operation: &str,
) -> Result<Option<u64>> {
    if let Some(filter) = &view.filter {
        conditions.push(Condition::plain(super::sql::parenthesised(filter)));
    }
    // Without bounds SQLite picks the smallest index; with bounds it is kept to the key's.
    let hint = match access::by_key(&view.facts, &view.key) {
        Some(access) if !open => access.hint,
        _ => String::new(),
    };
    reader.aggregate(&format!("count(*) FROM {}{hint}", view.facts.sql_name()), &conditions, operation)
}

impl Reader {
    /// One number; none when it would have to keep a short read transaction open for too long.
    pub(super) fn aggregate(
        &self,
        select: &str,
        conditions: &[Condition],
        operation: &str,
    ) -> Result<Option<u64>> {
        let mut text = format!("SELECT {select}");
        for (index, condition) in conditions.iter().enumerate() {
            text.push_str(if index == 0 { " WHERE " } else { " AND " });
            text.push_str(&condition.sql);
        }
        let values = conditions.iter().flat_map(|condition| &condition.values);
        self.begin_slice(operation)?;
        let result = self.within_slice(|connection| {
            let mut statement = connection.prepare_cached(&text)?;
            statement.query_row(rusqlite::params_from_iter(values), |row| row.get::<_, i64>(0))
        });
        let over = self.slice_is_over();
        self.end_slice();
        match result {
            Ok(count) => Ok(Some(count.unsigned_abs())),
            Err(error) if over && is_interrupt(&error) => Ok(None),
            Err(error) => Err(store_error(operation, &error)),
        }
    }
}

/// Hands over the encoded keys of a range, in key order where an index serves it.
fn keys(
    reader: &Reader,
    view: &View,
    range: &KeyRange,
    operation: &str,
    mut on_key: impl FnMut(&[u8]) -> Flow,
) -> Result<()> {
    let (access, conditions, check) = match access::by_key(&view.facts, &view.key) {
        Some(access) => match key_conditions(view, range) {
            Some(conditions) => (access, conditions, false),
            None => return Ok(()),
        },
        None => (Reader::by_table(view, operation)?, not_null(view), true),
    };
    let walk = Walk { view, access, columns: &view.key, conditions, operation: operation.to_owned() };
    let outputs: Vec<usize> = (0..view.key.len()).collect();
    let mut key = Vec::new();
    Scan::new(reader, walk).run(reader, |row: &Row<'_>| {
        key.clear();
        encode_outputs(row, &outputs, &mut key);
        Ok(if check && !range.contains(&key) { Flow::More } else { on_key(&key) })
    })?;
    Ok(())
}

/// Keys that cut a range into `pieces` parts of as many rows.
pub(super) fn split(reader: &Reader, view: &TableView, range: &KeyRange, pieces: usize) -> Result<Vec<Key>> {
    let operation = reader.operation("splitting a range of", &view.table);
    let view = reader.view(view, &operation)?;
    if pieces < 2 {
        return Ok(Vec::new());
    }
    if access::by_key(&view.facts, &view.key).is_none() {
        return split_by_sample(reader, &view, range, pieces, &operation);
    }
    let rows = count_in(reader, &view, range, &operation)?;
    let mut cuts = Vec::new();
    let mut next = Cut { rows, pieces: pieces as u64, index: 1 };
    let mut position = 0u64;
    let mut last: Vec<u8> = Vec::new();
    keys(reader, &view, range, &operation, |key| {
        if next.position().is_some_and(|cut| position >= cut) && (position == 0 || key != last) {
            if position > 0 {
                cuts.push(Key::from_encoded(key));
            }
            while next.position().is_some_and(|cut| cut <= position) {
                next.index += 1;
            }
        }
        position += 1;
        last.clear();
        last.extend_from_slice(key);
        if next.position().is_none() { Flow::Stop } else { Flow::More }
    })?;
    Ok(cuts)
}

/// The positions at which pieces begin, one after the other.
struct Cut {
    rows: u64,
    pieces: u64,
    index: u64,
}

impl Cut {
    fn position(&self) -> Option<u64> {
        let position = u128::from(self.rows) * u128::from(self.index) / u128::from(self.pieces);
        (self.index < self.pieces).then_some(position as u64).filter(|&position| position < self.rows)
    }
}

/// Without an index in key order: cuts from an evenly thinned sample, whose size does not grow with the table.
fn split_by_sample(
    reader: &Reader,
    view: &View,
    range: &KeyRange,
    pieces: usize,
    operation: &str,
) -> Result<Vec<Key>> {
    let sample_max = SPLIT_SAMPLE_MAX.max(pieces * 2);
    let (mut sample, mut every, mut position) = (Vec::new(), 1usize, 0usize);
    let mut smallest: Option<Vec<u8>> = None;
    keys(reader, view, range, operation, |key| {
        if smallest.as_ref().is_none_or(|smallest| key < smallest.as_slice()) {
            smallest = Some(key.to_vec());
        }
        if position.is_multiple_of(every) {
            sample.push(key.to_vec());
            if sample.len() > sample_max {
                let mut index = 0;
                sample.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
                every *= 2;
            }
        }
        position += 1;
        Flow::More
    })?;
    sample.sort_unstable();
    let mut cuts: Vec<Key> = (1..pieces)
        .filter_map(|piece| sample.get(sample.len() * piece / pieces))
        .filter(|key| smallest.as_ref() != Some(*key))
        .map(|key| Key::from_encoded(key))
        .collect();
    cuts.dedup();
    Ok(cuts)
}

/// The key that has `rows` rows of the range at or above it.
pub(super) fn newest(reader: &Reader, view: &TableView, range: &KeyRange, rows: u64) -> Result<Option<Key>> {
    let operation = reader.operation("finding the newest rows of", &view.table);
    let view = reader.view(view, &operation)?;
    nth_from_above(reader, &view, range, rows, &operation)
}

/// The largest key.
pub(super) fn largest(reader: &Reader, view: &TableView) -> Result<Option<Key>> {
    let operation = reader.operation("finding the largest key of", &view.table);
    let view = reader.view(view, &operation)?;
    nth_from_above(reader, &view, &KeyRange::all(), 1, &operation)
}

fn nth_from_above(
    reader: &Reader,
    view: &View,
    range: &KeyRange,
    rows: u64,
    operation: &str,
) -> Result<Option<Key>> {
    if rows == 0 || view.key.is_empty() {
        return Ok(None);
    }
    if let Some(mut access) = access::by_key(&view.facts, &view.key) {
        let Some(conditions) = key_conditions(view, range) else { return Ok(None) };
        access.terms.iter_mut().for_each(|term| term.descending = !term.descending);
        let walk = Walk { view, access, columns: &view.key, conditions, operation: operation.to_owned() };
        let outputs: Vec<usize> = (0..view.key.len()).collect();
        let (mut seen, mut found) = (0, None);
        Scan::new(reader, walk).run(reader, |row| {
            seen += 1;
            if seen < rows {
                return Ok(Flow::More);
            }
            let mut key = Vec::new();
            encode_outputs(row, &outputs, &mut key);
            found = Some(Key::from_encoded(&key));
            Ok(Flow::Stop)
        })?;
        return Ok(found);
    }
    // The smallest of the `rows` largest keys, kept in a heap whose top is the smallest.
    let wanted = usize::try_from(rows).unwrap_or(usize::MAX);
    let mut heap: BinaryHeap<std::cmp::Reverse<Vec<u8>>> = BinaryHeap::new();
    keys(reader, view, range, operation, |key| {
        if heap.len() < wanted {
            heap.push(std::cmp::Reverse(key.to_vec()));
        } else if let Some(mut top) = heap.peek_mut()
            && top.0.as_slice() < key
        {
            top.0.clear();
            top.0.extend_from_slice(key);
        }
        Flow::More
    })?;
    Ok(heap.peek().filter(|_| heap.len() == wanted).map(|top| Key::from_encoded(&top.0)))
}
