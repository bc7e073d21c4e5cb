//! What a search asks, what it is told, and what it reports.

use super::range_map::Join;
use crate::model::digest::Digest;
use crate::model::event::Side;
use crate::model::range::KeyRange;

/// Names one question of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProbeId(pub(super) u64);

impl std::fmt::Display for ProbeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "probe {}", self.0)
    }
}

/// Rows of the two sides in all that is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Rows of the source.
    pub source: u64,
    /// Rows of the target.
    pub target: u64,
    /// Counted at the very instant of the answers, so that they have to add up to these on a side that does not change.
    pub exact: bool,
}

impl Totals {
    /// Counted in the snapshots that will be searched.
    pub fn exact(source: u64, target: u64) -> Self {
        Self { source, target, exact: true }
    }

    /// Counted at another time.
    pub fn estimated(source: u64, target: u64) -> Self {
        Self { source, target, exact: false }
    }
}

/// What the search needs next.
///
/// Ranges of one request are disjoint and ascending. Each question is answered once; the same request comes again
/// until all its questions have been answered, so that a failed read is simply asked anew.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Keys that cut ranges, from row positions; to be answered with [`super::RangeSearch::answer_split`].
    Split(Vec<SplitProbe>),
    /// Digests of ranges on both sides, at most [`crate::base::limits::DIGEST_RANGES_MAX`]; see
    /// [`super::RangeSearch::answer_digest`].
    Digest(Vec<Probe>),
    /// Rows of both sides, compared one by one; see [`super::RangeSearch::answer_leaf`].
    Leaf(Vec<LeafProbe>),
    /// Nothing more.
    Done(SearchSummary),
}

/// A range whose digests are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// To answer with.
    pub id: ProbeId,
    /// The range.
    pub range: KeyRange,
}

/// A range that is to be cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitProbe {
    /// To answer with.
    pub id: ProbeId,
    /// The range.
    pub range: KeyRange,
    /// The side with more rows there, as far as known, whose positions give the keys.
    pub side: Side,
    /// Rows there on that side; an estimate unless the range has been digested.
    pub rows: u64,
    /// Where to cut.
    pub cut: Cut,
}

/// Where a range is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Into so many pieces of as many rows each.
    Pieces(u32),
    /// Below the newest so many rows.
    Newest(u64),
}

/// A range whose rows are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafProbe {
    /// To answer with.
    pub id: ProbeId,
    /// The range.
    pub range: KeyRange,
    /// Rows of the source there, when digested.
    pub source_rows: Option<u64>,
    /// Rows of the target there, when digested.
    pub target_rows: Option<u64>,
}

/// Differences found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Rows that only the source has.
    pub missing: u64,
    /// Rows that only the target has.
    pub extra: u64,
    /// Rows that both have, with other content.
    pub changed: u64,
}

impl Found {
    /// All differences.
    pub fn total(self) -> u64 {
        self.missing + self.extra + self.changed
    }
}

impl Join for Found {
    fn join(self, other: Self) -> Self {
        Self {
            missing: self.missing + other.missing,
            extra: self.extra + other.extra,
            changed: self.changed + other.changed,
        }
    }
}

/// What was read, range by range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadTotals {
    /// Rows of the larger side.
    pub rows: u64,
    /// What differed.
    pub found: Found,
}

impl Join for ReadTotals {
    fn join(self, other: Self) -> Self {
        Self { rows: self.rows + other.rows, found: self.found.join(other.found) }
    }
}

/// What a range held, row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeafAnswer {
    /// Rows read from the source.
    pub source_rows: u64,
    /// Rows read from the target.
    pub target_rows: u64,
    /// What differed.
    pub found: Found,
    /// The digest of the source's rows, where it was taken on the way; proves the range when nothing differed.
    pub digest: Option<Digest>,
}

/// How a search ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every range is proven equal, was read, or (count search) has equal counts.
    Complete,
    /// Too many first-level ranges differ: reading what remains in key order is cheaper.
    TooManyDifferences,
    /// A count search found as many differences as it was asked for.
    StoppedEarly,
    /// An answer cannot be; nothing is proven.
    Failed(SearchError),
}

/// The result of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchSummary {
    /// How it ended.
    pub outcome: Outcome,
    /// Ranges without an answer, ascending, neighbours joined; empty when complete.
    pub remaining: Vec<KeyRange>,
    /// Differences found by reading rows.
    pub found: Found,
    /// How much work it was.
    pub counters: Counters,
}

/// How much work a search was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Ranges taken from the stack (`binarySearchIterationCount`).
    pub iterations: u64,
    /// Queries, counted for each side (`binarySearchQueryCount`).
    pub queries: u64,
    /// Deepest level, the whole table being level 0 (`binarySearchMaxDepthAll`).
    pub depth_max: u32,
    /// Ranges cut.
    pub splits: u64,
    /// Ranges digested.
    pub digests: u64,
    /// Ranges that were equal.
    pub equal: u64,
    /// Ranges read row by row.
    pub leaves: u64,
    /// Proven ranges that were forgotten because there were too many to keep; they have to be proven again.
    pub forgotten: u64,
}

/// Something that happened, for events and the pane; neighbouring equal ranges of one request come as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchStep {
    /// A range was cut.
    Split {
        /// The range.
        range: KeyRange,
        /// Its level.
        depth: u32,
        /// Into how many.
        pieces: u64,
    },
    /// A range is equal, or (count search) has equal counts.
    Equal {
        /// The range.
        range: KeyRange,
        /// Its level.
        depth: u32,
        /// Rows on each side.
        rows: u64,
    },
    /// A range differs.
    Differs {
        /// The range.
        range: KeyRange,
        /// Its level.
        depth: u32,
        /// Rows of the source.
        source_rows: u64,
        /// Rows of the target.
        target_rows: u64,
    },
    /// A range was read.
    LeafRead {
        /// The range.
        range: KeyRange,
        /// Its level.
        depth: u32,
        /// What was there.
        answer: LeafAnswer,
    },
}

/// A piece of the key space as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The piece.
    pub range: KeyRange,
    /// How it stands.
    pub state: RegionState,
    /// Rows of the larger side, estimated where it has not been read.
    pub rows: u64,
}

/// How a piece of the key space stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionState {
    /// Not looked at.
    Waiting,
    /// Differs, or was never digested, and is being cut.
    Splitting,
    /// Differs and will be read.
    Differs,
    /// Proven equal.
    Equal,
    /// Has equal counts, which proves nothing.
    CountsEqual,
    /// Read row by row, with these differences.
    Read(Found),
}

/// Why a search cannot go on. Its class is logic: a full compare takes over if that is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// The answer belongs to no open question of that kind.
    #[error("Binary search: {0} is not open")]
    UnknownProbe(ProbeId),
    /// Parts of a range hold more or fewer rows than the whole, on a side that does not change.
    #[error("Binary search: Invalid {}={parts} in {range}, where {whole} rows were counted before", count_name(*side))]
    InvalidCount {
        /// The side.
        side: Side,
        /// Rows in the parts.
        parts: u64,
        /// Rows in the whole.
        whole: u64,
        /// The whole.
        range: KeyRange,
    },
    /// The parts of a range add up to its count but not to its fingerprint, on a side that does not change.
    #[error("Binary search: the digests of the parts of {range} do not add up at the {}", side.as_str())]
    InvalidDigest {
        /// The side.
        side: Side,
        /// The whole.
        range: KeyRange,
    },
    /// Digests differ and rows do not, on sides that do not change.
    #[error("Binary search: the digests of {range} differ, its rows do not")]
    NothingDiffers {
        /// The range.
        range: KeyRange,
    },
    /// The differences that a reader reports do not fit the rows it read.
    #[error("Binary search: {found:?} cannot be among {source_rows} and {target_rows} rows in {range}")]
    InvalidLeaf {
        /// The range.
        range: KeyRange,
        /// Differences reported.
        found: Found,
        /// Rows read from the source.
        source_rows: u64,
        /// Rows read from the target.
        target_rows: u64,
    },
}

fn count_name(side: Side) -> &'static str {
    match side {
        Side::Source => "fromCount",
        Side::Target => "toCount",
    }
}
