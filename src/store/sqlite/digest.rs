//! Digests, computed row by row in the reading thread without keeping a row: inside SQLite where that can be
//! ([`aggregate`]), else of rows that are walked.
//!
//! Adjacent ranges are then one walk in key order that changes digest at each bound, so that thousands of ranges are
//! one scan.

use rusqlite::Row;

use super::access::{self, Access};
use super::aggregate;
use super::reader::{Reader, View};
use super::scan::{Condition, Flow, Scan, Walk, encode_outputs, key_conditions, not_null};
use super::value::from_sql;
use crate::model::block::{RowShape, encode_field};
use crate::model::compare;
use crate::model::digest::{Digest, DigestSeed};
use crate::model::pair::TableView;
use crate::model::range::KeyRange;
use crate::model::value::ValueRef;
use crate::store::Result;

/// Hashes rows of a view.
pub(super) struct Hasher {
    shape: RowShape,
    exact: bool,
    seed: DigestSeed,
}

impl Hasher {
    pub(super) fn new(view: &View, seed: DigestSeed) -> Self {
        Self { exact: view.shape.is_exact(), shape: view.shape.clone(), seed }
    }

    /// Adds a row with these fields; `form` is room for what is hashed.
    #[inline]
    pub(super) fn add<'a>(
        &self,
        fields: impl Iterator<Item = ValueRef<'a>>,
        form: &mut Vec<u8>,
        digest: &mut Digest,
    ) {
        form.clear();
        if self.exact {
            fields.for_each(|value| encode_field(value, form));
        } else {
            compare::encode_row(&self.shape, fields, form);
        }
        digest.add_row(form, self.seed);
    }
}

/// A hasher of rows that are walked, whose first outputs are the view's columns.
struct WalkHasher {
    hasher: Hasher,
    form: Vec<u8>,
}

impl WalkHasher {
    fn new(view: &View, seed: DigestSeed) -> Self {
        Self { hasher: Hasher::new(view, seed), form: Vec::new() }
    }

    #[inline]
    fn add(&mut self, row: &Row<'_>, digest: &mut Digest) {
        let fields = (0..self.hasher.shape.forms.len()).map(|column| from_sql(row.get_ref_unwrap(column)));
        self.hasher.add(fields, &mut self.form, digest);
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
    // Where the key's index is not the table itself, walking it fetches each row from another place: several times
    // slower than one walk over the table, if all rows are wanted.
    let by_table = || access::by_table(&view.facts).filter(|access| access.clustered);
    let around = |access: &Access| !access.clustered && is_everything(ranges) && by_table().is_some();
    let by_key = access::by_key(&view.facts, &view.key).filter(|access| !around(access));
    let whole = match (&by_key, ranges) {
        (None, [range]) if *range == KeyRange::all() => by_table(),
        _ => None,
    };
    if let Some(access) = by_key.as_ref().or(whole.as_ref()).filter(|_| aggregate::serves(reader, &view)) {
        return aggregate::ranges(reader, &view, &access.hint, ranges, seed, &operation);
    }
    let mut digests = vec![Digest::EMPTY; ranges.len()];
    match by_key {
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

/// Whether the ranges cover all keys without a gap.
fn is_everything(ranges: &[KeyRange]) -> bool {
    ranges.first().is_some_and(|first| first.lower.is_none())
        && ranges.last().is_some_and(|last| last.upper.is_none())
        && adjacent(ranges) == ranges.len()
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
    let mut hasher = WalkHasher::new(view, seed);
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

/// One walk over the table, each row put into its range.
fn scattered(
    reader: &Reader,
    view: &View,
    ranges: &[KeyRange],
    digests: &mut [Digest],
    seed: DigestSeed,
    operation: &str,
) -> Result<()> {
    let mut scan = walk(reader, view, Reader::by_table(view, operation)?, not_null(view), operation);
    let mut hasher = WalkHasher::new(view, seed);
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
    let mut hasher = WalkHasher::new(&view, seed);
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
    let mut hasher = WalkHasher::new(&view, seed);
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
    use crate::store::Role;

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
        assert!(is_everything(&[range(None, Some(3)), range(Some(3), None)]));
        assert!(!is_everything(&ranges) && !is_everything(&ranges[..2]) && !is_everything(&[]));
    }

    #[test]
    fn a_key_is_in_the_range_that_contains_it_or_in_none() {
        let ranges = [range(Some(1), Some(3)), range(Some(5), Some(7))];
        for (n, expected) in [(0, None), (1, Some(0)), (3, None), (5, Some(1)), (6, Some(1)), (7, None)] {
            assert_eq!(range_of(&ranges, key(n).as_bytes()), expected, "{n}");
        }
    }

    /// A source with a rollback journal is walked, a target is digested inside SQLite.
    #[test]
    fn rows_have_one_digest_whichever_way_they_are_read() {
        let folder = tempfile::tempdir().unwrap();
        for (number, (encoding, table)) in [
            ("UTF-8", "CREATE TABLE t (k INTEGER PRIMARY KEY, a, b REAL, c TEXT, d AS (k || c))"),
            ("UTF-8", "CREATE TABLE t (k TEXT PRIMARY KEY, a, b REAL, c TEXT, d AS (k || c))"),
            ("UTF-8", "CREATE TABLE t (k, a, b REAL, c TEXT, d AS (k || c), PRIMARY KEY (k)) WITHOUT ROWID"),
            ("UTF-8", "CREATE TABLE t (k UNIQUE, a, b REAL, c TEXT, rowid, oid, _rowid_, d AS (k || c))"),
            ("UTF-8", "CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY, a, b REAL, c TEXT, d AS (k || c))"),
            ("UTF-16", "CREATE TABLE t (k INTEGER PRIMARY KEY, a, b REAL, c TEXT, d AS (k || c))"),
        ]
        .into_iter()
        .enumerate()
        {
            let path = folder.path().join(format!("{number}.db"));
            let connection = rusqlite::Connection::open(&path).unwrap();
            let rows = "INSERT INTO t (k, a, b, c) VALUES (1, 1, 1, 'one'), (2, 1.0, 1.5, ''), (3, 'x', -0.0, NULL), \
                (4, x'00ff', 9e99, 'ä' || char(0) || 'ö'), (5, NULL, NULL, CAST(x'41ff42' AS TEXT)), (6, x'', 'y', 7)";
            connection.execute_batch(&format!("PRAGMA encoding = '{encoding}'; {table}; {rows}")).unwrap();
            drop(connection);
            for filter in [None, Some("b IS NOT NULL".to_owned())] {
                let forms = vec![compare::CompareForm::Exact; 5];
                let view = TableView {
                    table: crate::model::schema::TableName::new("t"),
                    columns: ["k", "a", "b", "c", "d"].map(str::to_owned).to_vec(),
                    types: vec![crate::model::types::LogicalType::Any; 5],
                    shape: RowShape::new(vec![0], forms),
                    filter,
                    modify_column: None,
                };
                let digests = |role| {
                    let place = crate::store::sqlite::connect::Place { path: path.clone(), role };
                    let reader = Reader::open(&place).unwrap();
                    let seed = DigestSeed(7);
                    let whole = ranges(&reader, &view, &[KeyRange::all()], seed).unwrap();
                    let cut = if table.contains("TEXT P") || table.contains("NOCASE") {
                        Key::from_values(&[Value::text("3")])
                    } else {
                        key(3)
                    };
                    let halves = KeyRange::all().split(&[cut]);
                    let two = ranges(&reader, &view, &halves, seed).unwrap();
                    assert_eq!(two.iter().fold(Digest::EMPTY, |sum, &one| sum.combine(one)), whole[0]);
                    let upper = ranges(&reader, &view, &halves[1..], seed).unwrap();
                    assert_eq!(upper[0], two[1]);
                    two
                };
                let (walked, inside) = (digests(Role::Source), digests(Role::Target));
                assert_eq!(walked, inside, "{encoding} {table}");
                assert!(walked.iter().all(|digest| digest.count > 0), "{encoding} {table}: {walked:?}");
            }
        }
    }
}
