//! Half-open ranges of keys.

use super::key::Key;
use super::value::Value;
use crate::base::planted::{Bug, is_planted};

/// The keys `lower <= key < upper`; a missing bound is open-ended, so that rows beyond any known key belong to a range.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct KeyRange {
    /// The smallest key inside, or open.
    pub lower: Option<Key>,
    /// The smallest key above, or open.
    pub upper: Option<Key>,
}

impl KeyRange {
    /// Every key.
    pub fn all() -> Self {
        Self::default()
    }

    /// The range between two bounds.
    pub fn new(lower: Option<Key>, upper: Option<Key>) -> Self {
        Self { lower, upper }
    }

    /// Whether `key` (in its encoded form) lies inside.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.lower.as_ref().is_none_or(|lower| lower.as_bytes() <= key)
            && self.upper.as_ref().is_none_or(|upper| key < upper.as_bytes())
    }

    /// Whether no key can lie inside.
    pub fn is_empty(&self) -> bool {
        matches!((&self.lower, &self.upper), (Some(lower), Some(upper)) if lower >= upper)
    }

    /// The pieces between consecutive `bounds`; they are disjoint and cover exactly this range.
    ///
    /// Bounds outside the range, unsorted or repeated ones are ignored.
    pub fn split(&self, bounds: &[Key]) -> Vec<Self> {
        let mut pieces = Vec::with_capacity(bounds.len() + 1);
        let mut lower = self.lower.clone();
        for bound in bounds {
            let above_lower = lower.as_ref().is_none_or(|lower| lower < bound);
            let below_upper = self.upper.as_ref().is_none_or(|upper| bound < upper);
            if above_lower && below_upper {
                pieces.push(Self { lower: lower.take(), upper: Some(bound.clone()) });
                lower = Some(if is_planted(Bug::OffByOneBound) { behind(bound) } else { bound.clone() });
            }
        }
        pieces.push(Self { lower, upper: self.upper.clone() });
        pieces
    }
}

/// The smallest key above this one, as far as integers and texts go; the mistake of [`Bug::OffByOneBound`].
fn behind(key: &Key) -> Key {
    let mut values = key.values();
    match values.last_mut() {
        Some(Value::Integer(number)) => *number += 1,
        Some(Value::Text(bytes)) => bytes.push(0),
        _ => {}
    }
    Key::from_values(&values)
}

impl std::fmt::Display for KeyRange {
    /// `[10, 20)`, with `…` for an open end.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.lower {
            Some(lower) => write!(f, "[{lower}, ")?,
            None => f.write_str("(…, ")?,
        }
        match &self.upper {
            Some(upper) => write!(f, "{upper})"),
            None => f.write_str("…)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::value::Value;

    fn key(n: i64) -> Key {
        Key::from_values(&[Value::Integer(n.into())])
    }

    proptest! {
        #[test]
        fn pieces_are_disjoint_and_cover_exactly_the_range(
            lower in proptest::option::of(-20i64..20), upper in proptest::option::of(-20i64..20),
            bounds in proptest::collection::vec(-25i64..25, 0..12),
        ) {
            let range = KeyRange::new(lower.map(key), upper.map(key));
            let bounds: Vec<Key> = bounds.into_iter().map(key).collect();
            let pieces = range.split(&bounds);
            for n in -30..30 {
                let inside = pieces.iter().filter(|piece| piece.contains(key(n).as_bytes())).count();
                prop_assert_eq!(inside, usize::from(range.contains(key(n).as_bytes())));
            }
        }
    }
}
