//! The books of a search: on a side that does not change, the parts of a range add up to the whole.
//!
//! A part that counts more than its whole, or parts that together count less, mean an incomplete read (trap 32).

use std::collections::HashMap;

use super::request::SearchError;
use crate::model::digest::Digest;
use crate::model::event::Side;
use crate::model::range::KeyRange;

/// Names the books of one range that was cut.
pub(super) type GroupId = u64;

/// What a part adds to its whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sum {
    pub source: Digest,
    pub target: Digest,
    /// Whether the fingerprints are known, not only the counts.
    pub with_fingerprints: bool,
}

/// What is known of a whole.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected {
    Nothing,
    Counts(u64, u64),
    Digests(Digest, Digest),
}

#[derive(Debug, Clone)]
struct Group {
    /// The whole, for messages.
    range: KeyRange,
    expected: Expected,
    sum: Sum,
    open: usize,
    parent: Option<GroupId>,
}

/// All books of a search.
#[derive(Debug, Clone)]
pub(super) struct Groups {
    open: HashMap<GroupId, Group>,
    next_id: GroupId,
    source_consistent: bool,
    target_consistent: bool,
}

impl Groups {
    /// No books yet; counts are held against each other only on sides that do not change.
    pub fn new(source_consistent: bool, target_consistent: bool) -> Self {
        Self { open: HashMap::new(), next_id: 0, source_consistent, target_consistent }
    }

    /// Opens the books of a range that was cut into `parts`; when all have come in, their sum goes to `parent`.
    pub fn open(
        &mut self,
        range: KeyRange,
        expected: Expected,
        parts: usize,
        parent: Option<GroupId>,
    ) -> GroupId {
        let id = self.next_id;
        self.next_id += 1;
        let sum = Sum { source: Digest::EMPTY, target: Digest::EMPTY, with_fingerprints: true };
        self.open.insert(id, Group { range, expected, sum, open: parts, parent });
        id
    }

    /// Enters one part, and every whole that it completes.
    pub fn enter(&mut self, group: Option<GroupId>, part: Sum) -> Result<(), SearchError> {
        let (mut next, mut part) = (group, part);
        while let Some(id) = next {
            let group = self.open.get_mut(&id).expect("books stay open until their last part");
            group.sum.source = group.sum.source.combine(part.source);
            group.sum.target = group.sum.target.combine(part.target);
            group.sum.with_fingerprints &= part.with_fingerprints;
            group.open -= 1;
            let complete = group.open == 0;
            let checked = group.clone();
            self.check(&checked, complete)?;
            if !complete {
                return Ok(());
            }
            self.open.remove(&id);
            (next, part) = (checked.parent, checked.sum);
        }
        Ok(())
    }

    fn check(&self, group: &Group, complete: bool) -> Result<(), SearchError> {
        let sides = [
            (Side::Source, self.source_consistent, group.sum.source),
            (Side::Target, self.target_consistent, group.sum.target),
        ];
        for (side, consistent, sum) in sides {
            let (whole, fingerprint) = match (group.expected, side) {
                (Expected::Nothing, _) => continue,
                (Expected::Counts(rows, _), Side::Source) | (Expected::Counts(_, rows), Side::Target) => {
                    (rows, None)
                }
                (Expected::Digests(digest, _), Side::Source)
                | (Expected::Digests(_, digest), Side::Target) => (digest.count, Some(digest.sum)),
            };
            if !consistent {
                continue;
            }
            if sum.count > whole || complete && sum.count < whole {
                let range = group.range.clone();
                return Err(SearchError::InvalidCount { side, parts: sum.count, whole, range });
            }
            if complete && group.sum.with_fingerprints && fingerprint.is_some_and(|whole| whole != sum.sum) {
                return Err(SearchError::InvalidDigest { side, range: group.range.clone() });
            }
        }
        Ok(())
    }
}
