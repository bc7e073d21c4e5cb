//! Disjoint ranges with a value each, neighbours joined.

use std::collections::BTreeMap;

use crate::model::digest::Digest;
use crate::model::key::Key;
use crate::model::range::KeyRange;

/// Values of neighbouring ranges that have a common value for both.
pub trait Join {
    /// The value of the union of two disjoint ranges.
    #[must_use]
    fn join(self, other: Self) -> Self;
}

impl Join for Digest {
    fn join(self, other: Self) -> Self {
        self.combine(other)
    }
}

/// Rows in a range.
impl Join for u64 {
    fn join(self, other: Self) -> Self {
        self + other
    }
}

/// Disjoint ranges in key order; ranges that touch become one.
#[derive(Debug, Clone)]
pub struct RangeMap<T> {
    /// By lower bound; an open one sorts first.
    entries: BTreeMap<Option<Key>, (Option<Key>, T)>,
    capacity: usize,
    forgotten: u64,
}

impl<T: Join + Copy> RangeMap<T> {
    /// An empty map for at most `capacity` ranges.
    pub fn new(capacity: usize) -> Self {
        Self { entries: BTreeMap::new(), capacity, forgotten: 0 }
    }

    /// Adds a range that overlaps no other; when the map is full and no neighbour takes it in, it is forgotten and
    /// counted.
    pub fn insert(&mut self, range: KeyRange, value: T) {
        if range.is_empty() {
            return;
        }
        let KeyRange { mut lower, mut upper } = range;
        let mut value = value;
        if let Some(above) = upper.clone().and_then(|upper| self.entries.remove_entry(&Some(upper))) {
            upper = above.1.0;
            value = value.join(above.1.1);
        }
        let below = lower.as_ref().and_then(|lower| {
            let (start, (end, _)) = self.entries.range(..Some(lower.clone())).next_back()?;
            (end.as_ref() == Some(lower)).then(|| start.clone())
        });
        if let Some(start) = below {
            let (_, before) = self.entries.remove(&start).expect("it was just found");
            lower = start;
            value = before.join(value);
        }
        if self.entries.len() < self.capacity {
            self.entries.insert(lower, (upper, value));
        } else {
            self.forgotten += 1;
        }
    }

    /// The ranges with their values, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (KeyRange, T)> {
        self.entries
            .iter()
            .map(|(lower, (upper, value))| (KeyRange::new(lower.clone(), upper.clone()), *value))
    }

    /// The value of all ranges together; none when there is no range.
    pub fn total(&self) -> Option<T> {
        self.entries.values().map(|(_, value)| *value).reduce(Join::join)
    }

    /// How many ranges are held.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no range is held.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many ranges were forgotten.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// The parts of `whole` that no range covers, ascending.
    pub fn gaps(&self, whole: &KeyRange) -> Vec<KeyRange> {
        let mut gaps = Vec::new();
        let mut lower = whole.lower.clone();
        for (start, (end, _)) in &self.entries {
            if start > &lower {
                gaps.push(KeyRange::new(lower.clone(), start.clone()));
            }
            match end {
                None => return gaps,
                Some(_) => lower.clone_from(end),
            }
        }
        let rest = KeyRange::new(lower, whole.upper.clone());
        if !rest.is_empty() {
            gaps.push(rest);
        }
        gaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::Value;

    fn key(n: i64) -> Key {
        Key::from_values(&[Value::Integer(n.into())])
    }

    fn range(lower: Option<i64>, upper: Option<i64>) -> KeyRange {
        KeyRange::new(lower.map(key), upper.map(key))
    }

    #[test]
    fn neighbours_become_one_in_any_order_and_gaps_are_what_is_left() {
        let mut map: RangeMap<u64> = RangeMap::new(10);
        map.insert(range(Some(20), Some(30)), 3);
        map.insert(range(None, Some(10)), 1);
        assert_eq!(map.len(), 2);
        assert_eq!(map.gaps(&KeyRange::all()), [range(Some(10), Some(20)), range(Some(30), None)]);
        map.insert(range(Some(10), Some(20)), 2);
        assert_eq!(map.iter().collect::<Vec<_>>(), [(range(None, Some(30)), 6)]);
        map.insert(range(Some(30), None), 4);
        assert_eq!(map.iter().collect::<Vec<_>>(), [(KeyRange::all(), 10)]);
        assert_eq!(map.gaps(&KeyRange::all()), []);
        assert_eq!(map.total(), Some(10));
    }

    #[test]
    fn a_full_map_forgets_and_says_so_and_the_gap_stays_visible() {
        let mut map: RangeMap<u64> = RangeMap::new(1);
        map.insert(range(Some(0), Some(1)), 1);
        map.insert(range(Some(5), Some(6)), 1);
        assert_eq!((map.len(), map.forgotten()), (1, 1));
        map.insert(range(Some(1), Some(2)), 1);
        assert_eq!(map.iter().collect::<Vec<_>>(), [(range(Some(0), Some(2)), 2)]);
    }
}
