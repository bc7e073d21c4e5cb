//! An open range of a running search.

use super::checkpoint::OpenRange;
use super::groups::GroupId;
use crate::model::digest::Digest;

/// Which piece of its parent a range is, counted from the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From 0.
    pub index: u32,
    /// How many pieces there are.
    pub of: u32,
}

impl Place {
    /// Of a range without a parent.
    pub const WHOLE: Self = Self { index: 0, of: 1 };
}

/// An open range with what is only true within one snapshot.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub open: OpenRange,
    /// The parent's books, to which its count has still to be added.
    pub group: Option<GroupId>,
    /// Digests of source and target, once known.
    pub digests: Option<(Digest, Digest)>,
    /// Pieces asked for, while it is being cut.
    pub pieces: u32,
}

impl Node {
    pub fn new(open: OpenRange, group: Option<GroupId>) -> Self {
        Self { open, group, digests: None, pieces: 0 }
    }
}
