//! What a search costs, and the fan-out that makes it cheapest.
//!
//! One level is one grouped query a side over all dirty ranges; after the last level the dirty leaves are read. With n
//! rows, d differences, w bytes a group and r bytes a leaf row, equal shares a level are optimal (Lagrange):
//! λ = (n·w^L·d^L·r)^(1/(L+1)), first fan-out λ/w, inner fan-out λ/(d·w), leaf size λ/(d·r), (L+1)·λ bytes a side.

use crate::base::limits;

/// More levels than this never paid.
const LEVELS_MAX: u32 = 6;

/// Ranges of one level, over several requests if need be: a level's bounds have to fit in memory.
pub(super) const FAN_OUT_MAX: u64 = 8 * limits::DIGEST_RANGES_MAX as u64;

/// A two-way search may be this much slower than the best one: it stops earlier and is easier to follow.
const TWO_WAY_PATIENCE_SECONDS: f64 = 0.002;

/// Rates and sizes that decide how wide a search should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostModel {
    /// Time of one request without work, in seconds.
    pub round_trip_seconds: f64,
    /// Rows digested per second, by the slower side.
    pub rows_per_second: f64,
    /// Bytes per second over the slower link.
    pub bytes_per_second: f64,
    /// Bytes of one group in an answer.
    pub group_bytes: f64,
    /// Bytes of one leaf row.
    pub leaf_row_bytes: f64,
}

impl Default for CostModel {
    fn default() -> Self {
        Self {
            round_trip_seconds: 0.000_5,
            rows_per_second: 1_500_000.0,
            bytes_per_second: 12_500_000.0,
            group_bytes: 20.0,
            leaf_row_bytes: 24.0,
        }
    }
}

/// How wide and how deep a search should be, and what that costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchShape {
    /// Levels of digests, 1 to 6; more for a two-way search.
    pub levels: u32,
    /// Ranges of the first level.
    pub first_fan_out: u64,
    /// Pieces of a differing range at the levels below.
    pub inner_fan_out: u64,
    /// Rows of a leaf.
    pub leaf_rows: u64,
    /// Bytes that each side sends.
    pub bytes_per_side: f64,
    /// Rows that each side digests or reads.
    pub rows_per_side: f64,
    /// Time, both sides working at once.
    pub seconds: f64,
}

impl CostModel {
    /// λ, the bytes that each level and the leaves send at the optimum.
    pub fn lambda(&self, rows: u64, differences: u64, levels: u32) -> f64 {
        let levels = f64::from(levels);
        let share = (rows.max(1) as f64 * self.leaf_row_bytes).ln()
            + levels * (self.group_bytes * differences.max(1) as f64).ln();
        (share / (levels + 1.0)).exp()
    }

    /// The best search planned for `levels` levels whose leaves hold at most `leaf_rows_max` rows.
    pub fn shape(&self, rows: u64, differences: u64, levels: u32, leaf_rows_max: u64) -> SearchShape {
        let n = rows.max(1) as f64;
        let d = differences.max(1) as f64;
        let lambda = self.lambda(rows, differences, levels);
        let leaf = (lambda / (d * self.leaf_row_bytes)).clamp(1.0, leaf_rows_max.max(1) as f64).min(n);
        let groups_max = FAN_OUT_MAX as f64;
        let inner_levels = levels.saturating_sub(1);
        let first_free = if inner_levels == 0 { n / leaf } else { lambda / self.group_bytes };
        let first = first_free.clamp(2.0_f64.min(n), groups_max.min(n));
        let inner = if inner_levels == 0 {
            n / leaf / first
        } else {
            (n / leaf / first).max(1.0).powf(1.0 / f64::from(inner_levels))
        };
        self.priced(n, d, first.ceil(), inner.clamp(2.0, groups_max).ceil(), leaf_rows_max.max(1) as f64)
    }

    /// Follows the search as it really goes: a piece of at most `leaf_max` rows is read, a larger one split again.
    fn priced(&self, n: f64, d: f64, first: f64, inner: f64, leaf_max: f64) -> SearchShape {
        let requests = |groups: f64| (groups / limits::DIGEST_RANGES_MAX as f64).ceil();
        let mut levels = 1;
        let mut trips = requests(first) + 1.0;
        let mut groups = first;
        let mut rows = n;
        let mut piece = n / first;
        while piece > leaf_max {
            let dirty = d.min(n / piece);
            rows += dirty * piece;
            groups += dirty * inner;
            trips += requests(dirty * inner);
            piece /= inner;
            levels += 1;
        }
        let leaf = piece.max(1.0);
        let leaf_rows_all = d.min(n / leaf) * leaf;
        let bytes = groups * self.group_bytes + leaf_rows_all * self.leaf_row_bytes;
        rows += leaf_rows_all;
        SearchShape {
            levels,
            first_fan_out: first as u64,
            inner_fan_out: inner as u64,
            leaf_rows: leaf.ceil() as u64,
            bytes_per_side: bytes,
            rows_per_side: rows,
            seconds: trips * self.round_trip_seconds
                + rows / self.rows_per_second
                + 2.0 * bytes / self.bytes_per_second,
        }
    }

    /// A two-way search, one range at a time: few bytes, many trips, and each level digests the rows again.
    pub fn two_way(&self, rows: u64, differences: u64, leaf_rows_max: u64) -> SearchShape {
        let n = rows.max(1) as f64;
        let d = differences.max(1) as f64;
        let levels = (n / leaf_rows_max.max(1) as f64).max(1.0).log2().ceil().max(1.0);
        let (mut probes, mut digested) = (0.0, 0.0);
        for level in 0..levels as u32 {
            let followed = d.min(2.0_f64.powi(level as i32));
            probes += 2.0 * followed;
            digested += followed * n / 2.0_f64.powi(level as i32);
        }
        let leaf = (n / 2.0_f64.powf(levels)).max(1.0);
        let bytes = probes * self.group_bytes + d * leaf * self.leaf_row_bytes;
        SearchShape {
            levels: levels as u32,
            first_fan_out: 2,
            inner_fan_out: 2,
            leaf_rows: leaf_rows_max.max(1),
            bytes_per_side: bytes,
            rows_per_side: digested + d * leaf,
            // Each split and each pair of digests is a trip of its own.
            seconds: (probes + d) * self.round_trip_seconds
                + (digested + d * leaf) / self.rows_per_second
                + 2.0 * bytes / self.bytes_per_second,
        }
    }

    /// Time to read so many rows of both sides in key order.
    pub fn read_seconds(&self, rows: u64) -> f64 {
        let rows = rows as f64;
        self.round_trip_seconds
            + rows / self.rows_per_second
            + 2.0 * rows * self.leaf_row_bytes / self.bytes_per_second
    }

    /// The cheapest search of one to six wide levels.
    pub fn best_wide(&self, rows: u64, differences: u64, leaf_rows_max: u64) -> SearchShape {
        (1..=LEVELS_MAX)
            .map(|levels| self.shape(rows, differences, levels, leaf_rows_max))
            .reduce(|best, shape| if shape.seconds < best.seconds { shape } else { best })
            .expect("there is at least one level")
    }

    /// The cheapest search: wide, or two-way when trips and scans cost next to nothing.
    pub fn best_shape(&self, rows: u64, differences: u64, leaf_rows_max: u64) -> SearchShape {
        let wide = self.best_wide(rows, differences, leaf_rows_max);
        let two_way = self.two_way(rows, differences, leaf_rows_max);
        if two_way.seconds <= wide.seconds + TWO_WAY_PATIENCE_SECONDS { two_way } else { wide }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes a side of the table in the notes on algorithms, §1.4, in kB.
    #[test]
    fn lambda_gives_the_bytes_of_the_published_table() {
        let model = CostModel::default();
        let kilobytes = |rows, differences, levels: u32| {
            f64::from(levels + 1) * model.lambda(rows, differences, levels) / 1000.0
        };
        for (rows, differences, expected) in [
            (10_000_000, 10, [438.0, 64.0, 26.0, 16.0]),
            (10_000_000, 100, [1390.0, 296.0, 149.0, 104.0]),
            (10_000_000, 1_000, [4380.0, 1370.0, 837.0, 654.0]),
            (100_000_000, 1_000, [13_900.0, 2960.0, 1490.0, 1040.0]),
        ] {
            for (levels, kb) in (1..).zip(expected) {
                let ratio = kilobytes(rows, differences, levels) / kb;
                assert!((0.97..1.03).contains(&ratio), "n={rows} d={differences} L={levels}: {ratio}");
            }
        }
    }

    #[test]
    fn a_thin_link_buys_levels_and_a_fast_one_saves_trips() {
        let fast = CostModel { bytes_per_second: 125e6, rows_per_second: 2.5e6, ..CostModel::default() };
        let thin = CostModel {
            bytes_per_second: 125e3,
            round_trip_seconds: 0.2,
            rows_per_second: 2.5e6,
            ..CostModel::default()
        };
        let near = fast.best_shape(10_000_000, 100, 500);
        let far = thin.best_shape(10_000_000, 100, 500);
        assert!(far.levels >= near.levels, "{near:?} {far:?}");
        assert!((2..=4).contains(&far.levels), "{far:?}");
        assert!(near.rows_per_side <= 1.25 * 10_000_000.0, "{near:?}");
    }

    #[test]
    fn two_way_wins_only_when_trips_and_scans_are_free() {
        let free = CostModel { round_trip_seconds: 0.0, rows_per_second: 1e12, ..CostModel::default() };
        assert_eq!(free.best_shape(1_000_000, 1, 500).first_fan_out, 2);
        let lan = CostModel::default();
        assert!(lan.best_shape(1_000_000, 1, 500).first_fan_out > 2);
    }

    #[test]
    fn a_million_rows_are_cut_into_thousands_and_never_into_more_than_memory_holds() {
        let lan = CostModel { bytes_per_second: 125e6, ..CostModel::default() };
        let shape = lan.best_shape(1_000_000, 30, 500);
        assert!((1000..=16_384).contains(&shape.first_fan_out), "{shape:?}");
        assert!(lan.best_shape(1_000_000_000, 1_000_000, 500).first_fan_out <= FAN_OUT_MAX);
        let tiny = lan.best_shape(1, 1, 500);
        assert!(tiny.first_fan_out >= 1 && tiny.seconds.is_finite(), "{tiny:?}");
    }
}
