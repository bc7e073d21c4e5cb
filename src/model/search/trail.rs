//! The trail of a search in the known form (S4-028).

use super::checkpoint::OpenRange;
use super::settings::SearchSettings;
use crate::base::ring::Ring;

/// Segments that a trail keeps; older ones fall off.
const SEGMENTS_MAX: usize = 64;

/// Where a search has been.
#[derive(Debug, Clone)]
pub struct Trail {
    header: String,
    rows: u64,
    segments: Ring<String>,
}

impl Trail {
    pub(super) fn new(settings: &SearchSettings, source_total: u64, target_total: u64) -> Self {
        let purpose = match source_total.cmp(&target_total) {
            std::cmp::Ordering::Greater => "add",
            std::cmp::Ordering::Less => "delete",
            std::cmp::Ordering::Equal => "changed",
        };
        let rows = source_total.max(target_total);
        let recent = match settings.recent_first_rows {
            0 => String::new(),
            newest if newest >= rows => String::new(),
            newest => format!("search {newest} recent first, "),
        };
        let at_least = if settings.count_only() { "" } else { "≥ " };
        let difference = source_total.abs_diff(target_total);
        let header =
            format!("{purpose} binary search {rows} records, {recent}need to find {at_least}{difference}:");
        Self { header, rows, segments: Ring::new(SEGMENTS_MAX) }
    }

    /// Adds a range that is followed: an arrow for a half, `·i/K` for one of K pieces.
    pub(super) fn follow(&mut self, range: &OpenRange) {
        let size = range.rows();
        let share = percent(size as f64 * 100.0 / self.rows.max(1) as f64);
        let place = range.place;
        self.segments.push(match (place.index, place.of) {
            (_, 0 | 1) => format!("{share}%·1/1 {size}"),
            (0, 2) => format!("{share}%↓{size}"),
            (_, 2) => format!("{share}%↑{size}"),
            (index, of) => format!("{share}%·{}/{of} {size}", index + 1),
        });
    }

    pub(super) fn restore(&mut self, segments: Vec<String>) {
        for segment in segments {
            self.segments.push(segment);
        }
    }

    /// `delete binary search 179196 records, search 5000 recent first, need to find 2:`
    pub fn header(&self) -> &str {
        &self.header
    }

    /// The newest segments, oldest first.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().map(String::as_str)
    }

    /// How many older segments are not kept.
    pub fn dropped(&self) -> u64 {
        self.segments.dropped()
    }
}

impl std::fmt::Display for Trail {
    /// Header and segments, two lines.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.header)?;
        let mut separator = if self.dropped() > 0 { "\n… " } else { "\n" };
        for segment in self.segments() {
            write!(f, "{separator}{segment}")?;
            separator = " ";
        }
        Ok(())
    }
}

/// Two significant digits.
fn percent(share: f64) -> String {
    match share {
        x if x >= 9.95 || x <= 0.0 => format!("{x:.0}"),
        x if x >= 0.995 => format!("{x:.1}"),
        x if x >= 0.0995 => format!("{x:.2}"),
        x => format!("{x:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::range::KeyRange;
    use crate::model::search::checkpoint::{OpenRole, OpenTask};
    use crate::model::search::node::Place;
    use crate::model::search::settings::{Compare, FanOut};

    fn settings(compare: Compare, recent_first_rows: u64) -> SearchSettings {
        SearchSettings {
            leaf_rows: 500,
            recent_first_rows,
            fan_out: FanOut::Forced(2),
            compare,
            expected_differences: None,
            request_rows_max: 100_000,
            source_consistent: true,
            target_consistent: true,
        }
    }

    fn piece(rows: u64, index: u32, of: u32) -> OpenRange {
        OpenRange {
            range: KeyRange::all(),
            depth: 1,
            source_rows: 0,
            target_rows: rows,
            place: Place { index, of },
            role: OpenRole::Inner,
            task: OpenTask::Split,
            on_trail: false,
            waits_for_level: false,
        }
    }

    #[test]
    fn s4_028_the_trail_has_the_known_form() {
        let settings = settings(Compare::CountOnly { stop_after: Some(2) }, 5000);
        let mut trail = Trail::new(&settings, 179_194, 179_196);
        for (rows, upper) in [(5000, 1), (174_197, 0), (87_097, 1), (43_547, 1), (21_775, 0), (10_886, 1)] {
            trail.follow(&piece(rows, upper, 2));
        }
        assert_eq!(
            trail.to_string(),
            "delete binary search 179196 records, search 5000 recent first, need to find 2:\n\
             2.8%↑5000 97%↓174197 49%↑87097 24%↑43547 12%↓21775 6.1%↑10886"
        );
    }

    #[test]
    fn content_may_differ_in_more_rows_than_the_counts_say() {
        let trail = Trail::new(&settings(Compare::Content, 0), 5100, 5000);
        assert_eq!(trail.to_string(), "add binary search 5100 records, need to find ≥ 100:");
    }

    #[test]
    fn one_of_many_pieces_is_shown_by_its_number() {
        let mut trail = Trail::new(&settings(Compare::Content, 0), 1_000_000, 1_000_000);
        trail.follow(&piece(244, 4095, 4096));
        trail.follow(&piece(15_000, 0, 64));
        assert_eq!(trail.segments().collect::<Vec<_>>(), ["0.024%·4096/4096 244", "1.5%·1/64 15000"]);
    }

    #[test]
    fn a_long_trail_keeps_its_newest_segments() {
        let mut trail = Trail::new(&settings(Compare::Content, 0), 1000, 1000);
        for _ in 0..100 {
            trail.follow(&piece(10, 0, 2));
        }
        assert_eq!((trail.segments().count(), trail.dropped()), (64, 36));
        assert!(trail.to_string().contains(":\n… 1.0%↓10 "));
    }
}
