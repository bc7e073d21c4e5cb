//! What decides how a search goes.

use super::cost::CostModel;
use crate::base::limits;
use crate::model::settings::TableSettings;

/// Scattered differences assumed when nothing is known about a table.
pub(crate) const DIFFERENCES_ASSUMED: u64 = 10;

/// Into how many pieces a differing range is cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FanOut {
    /// As many as the cost model finds cheapest; two, one range at a time, when that is as good.
    Model(CostModel),
    /// Always so many, at least 2; with 2 one range is followed at a time.
    Forced(u32),
}

/// What makes two ranges equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// Count and fingerprint.
    Content,
    /// The count alone, where a side can do no more: shows difference, never equality.
    CountOnly {
        /// Ends the search after so many missing and extra rows; only for a forced count search.
        stop_after: Option<u64>,
    },
}

/// The settings of one search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchSettings {
    /// A range of at most this many rows on both sides is read (`binary_search_read_batch`); at least 1.
    pub leaf_rows: u64,
    /// The newest this many rows are searched first (`binary_search_recent_first`); 0 = no such preference.
    pub recent_first_rows: u64,
    /// How wide it searches.
    pub fan_out: FanOut,
    /// What is compared.
    pub compare: Compare,
    /// Scattered differences to expect, from earlier passes.
    pub expected_differences: Option<u64>,
    /// Rows that one request may cover, a single larger range excepted, so that progress can be saved.
    pub request_rows_max: u64,
    /// Whether all answers about the source are of one instant; only then are its counts held against each other.
    pub source_consistent: bool,
    /// The same for the target.
    pub target_consistent: bool,
}

impl SearchSettings {
    /// The settings of a table's content search at measured rates; both sides are taken as consistent snapshots.
    pub fn for_table(table: &TableSettings, model: CostModel) -> Self {
        let rows_of_a_unit = model.rows_per_second * limits::SEARCH_UNIT_TIME_MAX.as_secs_f64();
        Self {
            leaf_rows: table.binary_search_read_batch.max(1),
            recent_first_rows: table.binary_search_recent_first,
            fan_out: FanOut::Model(model),
            compare: Compare::Content,
            expected_differences: None,
            request_rows_max: (rows_of_a_unit as u64).max(limits::SEARCH_UNIT_ROWS_MAX),
            source_consistent: true,
            target_consistent: true,
        }
    }

    /// Groups of differences to expect before anything has been digested. Rows that only one side has usually lie
    /// together.
    pub(super) fn differences_at_first(&self, source_total: u64, target_total: u64) -> u64 {
        let together = source_total.abs_diff(target_total) / self.leaf_rows + 1;
        self.expected_differences.unwrap_or(DIFFERENCES_ASSUMED) + together
    }

    pub(super) fn count_only(&self) -> bool {
        matches!(self.compare, Compare::CountOnly { .. })
    }
}
