//! A search as plain data, to be kept and gone on with.

use super::node::Place;
use super::request::{Counters, Found, ReadTotals, Totals};
use crate::model::digest::Digest;
use crate::model::range::KeyRange;

/// Everything that a search knows between two requests.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchCheckpoint {
    /// What is searched.
    pub whole: KeyRange,
    /// Rows of the source in it when the search began.
    pub source_total: u64,
    /// Rows of the target in it when the search began.
    pub target_total: u64,
    /// Ranges without an answer, the one to be taken next last.
    pub open: Vec<OpenRange>,
    /// Ranges proven equal.
    pub proven: Vec<(KeyRange, Digest)>,
    /// Ranges whose counts are equal, with the rows of a side; not proven.
    pub counts_equal: Vec<(KeyRange, u64)>,
    /// Ranges read row by row.
    pub read: Vec<(KeyRange, ReadTotals)>,
    /// First-level ranges digested so far, and how many of them differ.
    pub first_level: (u64, u64),
    /// Differences found.
    pub found: Found,
    /// Work done.
    pub counters: Counters,
    /// Segments of the trail.
    pub trail: Vec<String>,
}

impl SearchCheckpoint {
    /// A search of which only the ranges without an answer are known; they are ascending and disjoint.
    pub fn of_remaining(remaining: &[KeyRange], totals: Totals) -> Self {
        let share = |rows: u64| rows.div_ceil(remaining.len().max(1) as u64);
        let open = remaining.iter().map(|range| OpenRange {
            range: range.clone(),
            depth: 1,
            source_rows: share(totals.source),
            target_rows: share(totals.target),
            place: Place::WHOLE,
            role: OpenRole::Inner,
            task: OpenTask::Split,
            on_trail: false,
            waits_for_level: false,
        });
        Self {
            whole: KeyRange::all(),
            source_total: totals.source,
            target_total: totals.target,
            open: open.collect(),
            proven: Vec::new(),
            counts_equal: Vec::new(),
            read: Vec::new(),
            first_level: (0, 0),
            found: Found::default(),
            counters: Counters::default(),
            trail: Vec::new(),
        }
    }
}

/// A range without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRange {
    /// The range.
    pub range: KeyRange,
    /// Its level; the whole table is 0.
    pub depth: u32,
    /// Rows of the source, estimated until it has been digested.
    pub source_rows: u64,
    /// Rows of the target, estimated until it has been digested.
    pub target_rows: u64,
    /// Which piece of its parent it is.
    pub place: Place,
    /// What it is in the search.
    pub role: OpenRole,
    /// What is to be done with it.
    pub task: OpenTask,
    /// Whether the trail shows it.
    pub on_trail: bool,
    /// Differs, and waits until its whole level has been digested.
    pub waits_for_level: bool,
}

impl OpenRange {
    /// Rows of the larger side.
    pub fn rows(&self) -> u64 {
        self.source_rows.max(self.target_rows)
    }
}

/// What a range is in its search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenRole {
    /// Everything.
    Whole,
    /// The newest rows, searched first.
    Newest,
    /// Everything but the newest rows.
    Older,
    /// A piece of the first wide level.
    FirstLevel,
    /// Any deeper piece.
    Inner,
}

/// What is to be done with a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenTask {
    /// Find where the newest rows begin.
    FindNewest,
    /// Cut it, and digest the pieces.
    Split,
    /// Cut it into units, and read them.
    SplitToRead,
    /// Digest it.
    Digest,
    /// Read it.
    Read,
}
