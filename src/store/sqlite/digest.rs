//! Digests and counts, computed row by row in the reading thread without keeping a row.
//!
//! Adjacent ranges are one walk in key order that changes digest at each bound, so that thousands of ranges cost one
//! scan and not thousands of statements.

use rusqlite::Row;

use super::access::{self, Access};
use super::reader::{Reader, View};
use super::scan::{Condition, Flow, Scan, Walk, encode_outputs, key_conditions, not_null};
use super::value::from_sql;
use crate::model::block::{RowShape, encode_field};
use crate::model::compare;
use crate::model::digest::{Digest, DigestSeed};
use crate::model::pair::TableView;
use crate::model::range::KeyRange;
use crate::store::Result;

/// Hashes rows of a view.
struct Hasher {
    shape: RowShape,
    exact: bool,
    seed: DigestSeed,
    form: Vec<u8>,
}

impl Hasher {
    fn new(view: &View, seed: DigestSeed) -> Self {
        Self { exact: view.shape.is_exact(), shape: view.shape.clone(), seed, form: Vec::new() }
    }

    /// Adds a row, whose first outputs are the view's columns.
    #[inline]
    fn add(&mut self, row: &Row<'_>, digest: &mut Digest) {
        self.form.clear();
        let fields = (0..self.shape.forms.len()).map(|column| from_sql(row.get_ref_unwrap(column)));
        if self.exact {
            fields.for_each(|value| encode_field(value, &mut self.form));
        } else {
            compare::encode_row(&self.shape, fields, &mut self.form);
        }
        digest.add_row(&self.form, self.seed);
    }
}

/// One digest a range.
pub(super) fn ranges(
    reader: &Reader,
    view: &TableView,
    ranges: &[KeyRange],
    seed: DigestSeed,
) -> Result<Vec<Digest>> {
    let operation = reader.operation("digesting rows of", &view.table);
    let view = reader.view(view, &operation)?;
    let mut digests = vec![Digest::EMPTY; ranges.len()];
    match access::by_key(&view.facts, &view.key) {
        Some(access) => {
            let mut start = 0;
            while start < ranges.len() {
                let end = start + adjacent(&ranges[start..]);
                let run = (&ranges[start..end], &mut digests[start..end]);
                run_of_ranges(reader, &view, access.clone(), run, seed, &operation)?;
                start = end;
            }
        }
        None => scattered(reader, &view, ranges, &mut digests, seed, &operation)?,
    }
    Ok(digests)
}

/// How many of the leading ranges each begin where the one before ends.
fn adjacent(ranges: &[KeyRange]) -> usize {
    let joined =
        ranges.windows(2).take_while(|pair| pair[0].upper.is_some() && pair[0].upper == pair[1].lower);
    1 + joined.count()
}

fn run_of_ranges(
    reader: &Reader,
    view: &View,
    access: Access,
    (ranges, digests): (&[KeyRange], &mut [Digest]),
    seed: DigestSeed,
    operation: &str,
) -> Result<()> {
    let whole = KeyRange::new(ranges[0].lower.clone(), ranges[ranges.len() - 1].upper.clone());
    let Some(conditions) = key_conditions(view, &whole) else { return Ok(()) };
    let mut scan = walk(reader, view, access, conditions, operation);
    let mut hasher = Hasher::new(view, seed);
    let mut current = 0;
    let mut key = Vec::new();
    scan.run(reader, |row| {
        if current + 1 < ranges.len() {
            key.clear();
            encode_outputs(row, &view.shape.key, &mut key);
            while current + 1 < ranges.len()
                && ranges[current].upper.as_ref().is_some_and(|upper| upper.as_bytes() <= key.as_slice())
            {
                current += 1;
            }
        }
        hasher.add(row, &mut digests[current]);
        Ok(Flow::More)
    })?;
    Ok(())
}

/// Without an index in key order: one walk over the table, each row put into its range.
fn scattered(
    reader: &Reader,
    view: &View,
    ranges: &[KeyRange],
    digests: &mut [Digest],
    seed: DigestSeed,
    operation: &str,
) -> Result<()> {
    let mut scan = walk(reader, view, Reader::by_table(view, operation)?, not_null(view), operation);
    let mut hasher = Hasher::new(view, seed);
    let mut key = Vec::new();
    scan.run(reader, |row| {
        key.clear();
        encode_outputs(row, &view.shape.key, &mut key);
        if let Some(index) = range_of(ranges, &key) {
            hasher.add(row, &mut digests[index]);
        }
        Ok(Flow::More)
    })?;
    Ok(())
}

/// The range that a key lies in; the ranges are disjoint and ascending.
pub(super) fn range_of(ranges: &[KeyRange], key: &[u8]) -> Option<usize> {
    let above =
        ranges.partition_point(|range| range.lower.as_ref().is_none_or(|lower| lower.as_bytes() <= key));
    above.checked_sub(1).filter(|&index| ranges[index].contains(key))
}

/// The digest of the rows whose key holds a NULL.
pub(super) fn null_keys(reader: &Reader, view: &TableView, seed: DigestSeed) -> Result<Digest> {
    let operation = reader.operation("digesting rows without a key of", &view.table);
    let view = reader.view(view, &operation)?;
    let nullable: Vec<String> = view
        .key
        .iter()
        .filter(|&&column| !view.facts.columns[column].not_null)
        .map(|&column| format!("{} IS NULL", view.facts.sql_column(column)))
        .collect();
    let mut digest = Digest::EMPTY;
    if nullable.is_empty() {
        return Ok(digest);
    }
    let condition = Condition::plain(format!("({})", nullable.join(" OR ")));
    let mut scan = walk(reader, &view, Reader::by_table(&view, &operation)?, vec![condition], &operation);
    let mut hasher = Hasher::new(&view, seed);
    scan.run(reader, |row| {
        hasher.add(row, &mut digest);
        Ok(Flow::More)
    })?;
    Ok(digest)
}

/// One digest a hash bucket.
pub(super) fn buckets(
    reader: &Reader,
    view: &TableView,
    buckets: usize,
    seed: DigestSeed,
) -> Result<Vec<Digest>> {
    let operation = reader.operation("digesting buckets of", &view.table);
    let view = reader.view(view, &operation)?;
    let mut digests = vec![Digest::EMPTY; buckets];
    let mut scan = walk(reader, &view, Reader::by_table(&view, &operation)?, not_null(&view), &operation);
    let mut hasher = Hasher::new(&view, seed);
    let mut key = Vec::new();
    scan.run(reader, |row| {
        key.clear();
        encode_outputs(row, &view.shape.key, &mut key);
        hasher.add(row, &mut digests[seed.bucket_of(&key, buckets)]);
        Ok(Flow::More)
    })?;
    Ok(digests)
}

fn walk(reader: &Reader, view: &View, access: Access, conditions: Vec<Condition>, operation: &str) -> Scan {
    let walk = Walk { view, access, columns: &view.columns, conditions, operation: operation.to_owned() };
    Scan::new(reader, walk)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::key::Key;
    use crate::model::value::Value;

    fn key(n: i64) -> Key {
        Key::from_values(&[Value::Integer(n.into())])
    }

    fn range(lower: Option<i64>, upper: Option<i64>) -> KeyRange {
        KeyRange::new(lower.map(key), upper.map(key))
    }

    #[test]
    fn adjacent_ranges_are_one_run() {
        let ranges = [range(None, Some(3)), range(Some(3), Some(5)), range(Some(6), None)];
        assert_eq!(adjacent(&ranges), 2);
        assert_eq!(adjacent(&ranges[2..]), 1);
    }

    #[test]
    fn a_key_is_in_the_range_that_contains_it_or_in_none() {
        let ranges = [range(Some(1), Some(3)), range(Some(5), Some(7))];
        for (n, expected) in [(0, None), (1, Some(0)), (3, None), (5, Some(1)), (6, Some(1)), (7, None)] {
            assert_eq!(range_of(&ranges, key(n).as_bytes()), expected, "{n}");
        }
    }
}
