//! The range search: which ranges of a table differ, found from digests alone.
//!
//! [`RangeSearch`] is told the totals of both sides and then asks: for keys that cut a range, for digests of ranges,
//! for the rows of small differing ranges. Whoever drives it answers, in any order; nothing here waits or reads.
//!
//! Does not belong here: asking a database, async, what to do with a difference.
//!
//! Invariants: ranges are half-open and disjoint, the first and the last one open-ended, and at any time every key of the
//! table lies in exactly one range that is proven equal, read row by row, left by a count search, or still open; no
//! range is digested twice; equal counts prove nothing; an answer that cannot be on a consistent side ends the search
//! with an error and without a proof.

mod answer;
mod ask;
mod checkpoint;
pub mod cost;
mod groups;
mod node;
mod range_map;
mod range_search;
mod request;
mod settings;
mod trail;
mod view;

pub use checkpoint::{OpenRange, OpenRole, OpenTask, SearchCheckpoint};
pub use node::Place;
pub use range_map::{Join, RangeMap};
pub use range_search::RangeSearch;
pub use request::{
    Counters, Cut, Found, LeafAnswer, LeafProbe, Outcome, Probe, ProbeId, ReadTotals, Region, RegionState,
    Request, SearchError, SearchStep, SearchSummary, SplitProbe, Totals,
};
pub(crate) use settings::DIFFERENCES_ASSUMED;
pub use settings::{Compare, FanOut, SearchSettings};
pub use trail::Trail;

#[cfg(test)]
mod tests;
