//! The ways to find differences, by name.

use super::estimate::Estimate;
use crate::model::settings;

/// How the differences of a table are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// The target is empty: one read, one write.
    Copy,
    /// Rows whose modify stamp is above the watermark.
    ModifiedSince,
    /// Ranges are compared by count and fingerprint, differing ones are split.
    DigestSearch,
    /// Ranges are compared by count alone; proves difference only, never equality.
    CountSearch,
    /// One ordered read of both sides.
    MergeCompare,
    /// Rows are grouped by a hash of their key; needs no common order.
    HashBuckets,
    /// The source's change journal.
    Journal,
}

impl Strategy {
    /// The name in configurations, plans and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::ModifiedSince => "modified-since",
            Self::DigestSearch => "digest search",
            Self::CountSearch => "count search",
            Self::MergeCompare => "merge compare",
            Self::HashBuckets => "hash buckets",
            Self::Journal => "journal",
        }
    }

    /// The strategy that the configuration asks for; `None` for `auto`.
    pub fn from_setting(setting: settings::Strategy) -> Option<Self> {
        Some(match setting {
            settings::Strategy::Auto => return None,
            settings::Strategy::Copy => Self::Copy,
            settings::Strategy::ModifiedSince => Self::ModifiedSince,
            settings::Strategy::DigestSearch => Self::DigestSearch,
            settings::Strategy::CountSearch => Self::CountSearch,
            settings::Strategy::MergeCompare => Self::MergeCompare,
            settings::Strategy::HashBuckets => Self::HashBuckets,
            settings::Strategy::Journal => Self::Journal,
        })
    }
}

impl std::fmt::Display for Strategy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The chosen strategy of a table, with the reason in words.
#[derive(Debug, Clone, PartialEq)]
pub struct StrategyChoice {
    /// What finds the differences.
    pub strategy: Strategy,
    /// A second one for the `incremental` step, where the first cannot see changed rows.
    pub then: Option<Strategy>,
    /// Why, for example `using full compare for adds (reason=large difference)`.
    pub reason: String,
    /// Set when the configuration asked for another strategy that cannot work here: which, and why not.
    pub refused: Option<String>,
    /// What the first strategy will cost.
    pub estimate: Estimate,
}
