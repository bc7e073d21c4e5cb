//! What a strategy will cost, from measured rates.

use super::Changed;
use super::choose::StrategyInputs;
use super::strategy::Strategy;
use crate::model::search::DIFFERENCES_ASSUMED;
use crate::model::search::cost::CostModel;

/// Rates of a pair of sides, measured where possible; of the slower side where they differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Rows read in key order, per second and side.
    pub scan_rows_per_second: f64,
    /// Rows digested, per second and side.
    pub digest_rows_per_second: f64,
    /// Rows written to the target, per second.
    pub write_rows_per_second: f64,
    /// Bytes over the slower link, per second.
    pub bytes_per_second: f64,
    /// Time of one request without work, in seconds.
    pub round_trip_seconds: f64,
    /// Bytes of a row as it travels.
    pub row_bytes: f64,
}

impl Default for Rates {
    /// A cautious guess for a server on a 100 Mbit/s link, used until something has been measured.
    fn default() -> Self {
        Self {
            scan_rows_per_second: 1_000_000.0,
            digest_rows_per_second: 1_500_000.0,
            write_rows_per_second: 100_000.0,
            bytes_per_second: 12_500_000.0,
            round_trip_seconds: 0.000_5,
            row_bytes: 100.0,
        }
    }
}

impl Rates {
    /// The cost model of a range search at these rates.
    pub fn cost_model(&self) -> CostModel {
        CostModel {
            round_trip_seconds: self.round_trip_seconds,
            rows_per_second: self.digest_rows_per_second,
            bytes_per_second: self.bytes_per_second,
            leaf_row_bytes: self.row_bytes,
            ..CostModel::default()
        }
    }
}

/// What finding the differences will cost; writing them is part of `copy`, `modified-since` and `journal` only.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Estimate {
    /// Rows read or digested on both sides.
    pub rows: u64,
    /// Bytes that travel.
    pub bytes: u64,
    /// Time, both sides working at once.
    pub seconds: f64,
}

impl Estimate {
    /// The cost of `strategy` for this table.
    pub fn of(strategy: Strategy, inputs: &StrategyInputs<'_>) -> Self {
        let counts = inputs.plan.counts;
        let rates = &inputs.rates;
        match strategy {
            Strategy::Copy => Self::carried(counts.source, rates),
            Strategy::ModifiedSince | Strategy::Journal => {
                let changed = match counts.changed {
                    Changed::Known(rows) => rows,
                    Changed::Unknown | Changed::NoWatermark => counts.source,
                };
                Self::carried(changed, rates)
            }
            Strategy::MergeCompare => Self::scanned(counts.source, counts.target, 1, rates),
            Strategy::HashBuckets => Self::scanned(counts.source, counts.target, 2, rates),
            Strategy::DigestSearch | Strategy::CountSearch => Self::searched(inputs),
        }
    }

    fn carried(rows: u64, rates: &Rates) -> Self {
        let bytes = rows as f64 * rates.row_bytes;
        let slowest = rates.scan_rows_per_second.min(rates.write_rows_per_second);
        let seconds = rates.round_trip_seconds + rows as f64 / slowest + bytes / rates.bytes_per_second;
        Self { rows, bytes: bytes as u64, seconds }
    }

    fn scanned(source: u64, target: u64, scans: u64, rates: &Rates) -> Self {
        let rows = source.saturating_add(target).saturating_mul(scans);
        let bytes = source.saturating_add(target) as f64 * rates.row_bytes;
        let longest = source.max(target).saturating_mul(scans) as f64 / rates.scan_rows_per_second;
        let seconds = rates.round_trip_seconds * scans as f64 + longest + bytes / rates.bytes_per_second;
        Self { rows, bytes: bytes as u64, seconds }
    }

    fn searched(inputs: &StrategyInputs<'_>) -> Self {
        let counts = inputs.plan.counts;
        let rates = &inputs.rates;
        let leaf_rows = inputs.settings.binary_search_read_batch;
        // Rows that only one side has usually lie together; what counts is the number of dirty groups.
        let together = counts.difference() / leaf_rows.max(1) + 1;
        let scattered = inputs.expected_differences.unwrap_or(DIFFERENCES_ASSUMED);
        let shape = rates.cost_model().best_shape(counts.larger(), scattered + together, leaf_rows);
        let carried = counts.difference() as f64;
        let carried_bytes = carried * rates.row_bytes;
        Self {
            rows: (2.0 * shape.rows_per_side + carried) as u64,
            bytes: (2.0 * shape.bytes_per_side + carried_bytes) as u64,
            seconds: shape.seconds
                + carried / rates.scan_rows_per_second
                + carried_bytes / rates.bytes_per_second,
        }
    }
}
