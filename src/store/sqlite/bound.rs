//! Keys as values to compare a column with, so that SQLite's answer is the key order's answer.
//!
//! SQLite converts the value that a column is compared with to the column's affinity, and a conversion can move it:
//! `12` compared with a TEXT column becomes `'12'`, the text `'12'` compared with an INTEGER column becomes 12, a large
//! integer compared with a REAL column is rounded. Such a value is never stored in such a column, so a bound can be
//! moved to the nearest value that nothing converts, and the rest of the tuple then says nothing any more.

use super::types::{Affinity, looks_numeric};
use super::value::{Raw, raw_owned};
use crate::model::value::Value;

/// A tuple of values; tuples of columns are compared with it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tuple {
    /// `columns >= values` and `columns < values` say what the key order says; fewer values than columns may suffice.
    Values {
        values: Vec<Raw>,
        /// The tuple lies directly above the key, which no row can have.
        moved: bool,
    },
    /// Below every row, since its first component is NULL.
    Lowest,
}

/// A key's values as a bound for columns of these affinities.
pub(super) fn tuple(key: &[Value], affinities: &[Affinity]) -> Tuple {
    let mut values = Vec::with_capacity(key.len());
    for (value, affinity) in key.iter().zip(affinities) {
        match component(value, *affinity) {
            Component::Null if values.is_empty() => return Tuple::Lowest,
            // NULL sorts below everything: the columns before it decide.
            Component::Null => return Tuple::Values { values, moved: true },
            Component::Same(raw) => values.push(raw),
            Component::Between(raw) => {
                values.push(raw);
                return Tuple::Values { values, moved: true };
            }
        }
    }
    Tuple::Values { values, moved: false }
}

/// A key's values as the ones that a row with this key has; none when no row of such columns can have it.
pub(super) fn equal(key: &[Value], affinities: &[Affinity]) -> Option<Vec<Raw>> {
    key.iter()
        .zip(affinities)
        .map(|(value, affinity)| match component(value, *affinity) {
            Component::Same(raw) => Some(raw),
            Component::Null | Component::Between(_) => None,
        })
        .collect()
}

enum Component {
    Null,
    /// Compares as the value itself.
    Same(Raw),
    /// No column of this affinity holds the value; this one sorts directly above it.
    Between(Raw),
}

fn component(value: &Value, affinity: Affinity) -> Component {
    if let Value::Integer(n) = value {
        return integer(*n, affinity);
    }
    match raw_owned(value) {
        None | Some(Raw::Null) => Component::Null,
        Some(Raw::Integer(n)) => integer(n.into(), affinity),
        Some(Raw::Real(_)) if affinity == Affinity::Text => lowest_text(),
        Some(Raw::Text(mut text))
            if matches!(affinity, Affinity::Numeric | Affinity::Integer | Affinity::Real)
                && looks_numeric(&text) =>
        {
            // The next text in byte order, which is no number.
            text.push(0);
            Component::Between(Raw::Text(text))
        }
        Some(raw) => Component::Same(raw),
    }
}

fn lowest_text() -> Component {
    Component::Between(Raw::Text(Vec::new()))
}

fn integer(n: i128, affinity: Affinity) -> Component {
    if affinity == Affinity::Text {
        return lowest_text();
    }
    match i64::try_from(n) {
        Ok(n) if affinity != Affinity::Real => Component::Same(Raw::Integer(n)),
        _ => {
            // The smallest float that is not below.
            let near = n as f64;
            let float = if exact(near) < Some(n) { near.next_up() } else { near };
            if exact(float) == Some(n) {
                Component::Same(Raw::Real(float))
            } else {
                Component::Between(Raw::Real(float))
            }
        }
    }
}

/// The integer that a float is; beyond 128 bits, the largest or smallest one.
fn exact(x: f64) -> Option<i128> {
    (x.fract() == 0.0 || x.is_infinite()).then_some(x as i128)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::{Connection, params_from_iter};

    use super::*;
    use crate::model::key::Key;

    const DECLARED: [(&str, Affinity); 5] = [
        ("BLOB", Affinity::Blob),
        ("TEXT", Affinity::Text),
        ("NUMERIC", Affinity::Numeric),
        ("INTEGER", Affinity::Integer),
        ("REAL", Affinity::Real),
    ];

    fn any_value() -> impl Strategy<Value = Value> {
        let edge = prop_oneof![
            Just(0i128),
            Just(1 << 53),
            Just((1 << 53) + 1),
            Just(i128::from(i64::MAX)),
            Just(i128::from(i64::MAX) + 1),
            Just(i128::from(i64::MIN)),
            Just(i128::from(i64::MIN) - 1),
            -3i128..3
        ];
        prop_oneof![
            edge.clone().prop_map(Value::Integer),
            edge.prop_map(|n| Value::Real(n as f64)),
            prop::sample::select(vec![0.5, -0.5, 1e300, f64::INFINITY, f64::NEG_INFINITY, -2.5])
                .prop_map(Value::Real),
            "[0-2a.e ]{0,3}".prop_map(|text| Value::text(&text)),
            proptest::collection::vec(any::<u8>(), 0..3).prop_map(Value::Text),
            proptest::collection::vec(any::<u8>(), 0..3).prop_map(Value::Blob),
        ]
    }

    proptest! {
        /// Rows that SQLite itself stored, read back, and compared with bounds of any kind, with and without an index.
        #[test]
        fn sqlite_compares_bounds_as_keys_compare(
            stored in proptest::collection::vec((any_value(), any_value()), 1..12),
            bound in (any_value(), any_value()),
            first in 0usize..5, second in 0usize..5, index: bool,
        ) {
            let connection = Connection::open_in_memory().unwrap();
            let (first, second) = (DECLARED[first], DECLARED[second]);
            connection.execute_batch(&format!("CREATE TABLE t(a {}, b {});", first.0, second.0)).unwrap();
            if index {
                connection.execute_batch("CREATE INDEX i ON t(a, b)").unwrap();
            }
            for (a, b) in &stored {
                if let (Some(a), Some(b)) = (raw_owned(a), raw_owned(b)) {
                    connection.execute("INSERT INTO t VALUES (?, ?)", rusqlite::params![a, b]).unwrap();
                }
            }
            let key = Key::from_values(&[bound.0, bound.1]);
            let affinities = [first.1, second.1];
            let read = |sql: &str, values: &[Raw]| -> Vec<Key> {
                let mut statement = connection.prepare(sql).unwrap();
                let mut keys: Vec<Key> = statement.query_map(params_from_iter(values), |row| {
                    let value = |i| super::super::value::from_sql(row.get_ref_unwrap(i)).to_owned();
                    Ok(Key::from_values(&[value(0), value(1)]))
                }).unwrap().map(Result::unwrap).collect();
                keys.sort();
                keys
            };
            let all = read("SELECT a, b FROM t", &[]);
            let Tuple::Values { values, moved } = tuple(&key.values(), &affinities) else { panic!("no NULL was given") };
            let (columns, marks) = if values.len() == 1 { ("a", "?") } else { ("(a, b)", "(?, ?)") };
            let above: Vec<Key> = all.iter().filter(|k| **k >= key).cloned().collect();
            let below: Vec<Key> = all.iter().filter(|k| **k < key).cloned().collect();
            let same: Vec<Key> = all.iter().filter(|k| **k == key).cloned().collect();
            prop_assert_eq!(read(&format!("SELECT a, b FROM t WHERE {columns} >= {marks}"), &values), above);
            prop_assert_eq!(read(&format!("SELECT a, b FROM t WHERE {columns} < {marks}"), &values), below);
            let up_to: Vec<Key> = all.iter().filter(|k| **k <= key).cloned().collect();
            let operator = if moved { "<" } else { "<=" };
            prop_assert_eq!(read(&format!("SELECT a, b FROM t WHERE {columns} {operator} {marks}"), &values), up_to);
            let found = equal(&key.values(), &affinities)
                .map_or(Vec::new(), |values| read("SELECT a, b FROM t WHERE a = ? AND b = ?", &values));
            prop_assert_eq!(found, same);
        }
    }
}
