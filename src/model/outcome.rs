//! How a table and a pass ended: the facts that the console, the text log, JSON and the exit code share.

/// The last word on a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Proven equal within the scope.
    Equal,
    /// Real differences, quarantined or busy rows remain.
    Differs,
    /// A guard waits for a person.
    Held,
    /// The table could not be worked on to its end.
    Failed,
    /// Nothing was proven: verification off, no key, or columns that cannot be compared.
    NotCompared,
    /// Only planned.
    Planned,
}

impl Verdict {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Differs => "differs",
            Self::Held => "held",
            Self::Failed => "failed",
            Self::NotCompared => "not-compared",
            Self::Planned => "planned",
        }
    }

    /// The verdict of this word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Equal, Self::Differs, Self::Held, Self::Failed, Self::NotCompared, Self::Planned]
            .into_iter()
            .find(|verdict| verdict.as_str() == name)
    }
}

/// How one table of a pass ended.
#[derive(Debug, Clone, PartialEq)]
pub struct TableOutcome {
    /// The pair's shown name.
    pub name: String,
    /// Plan steps: `add`, `delete`, `incremental`, `changed`.
    pub plan: Vec<String>,
    /// How differences were found.
    pub strategy: String,
    /// Why this plan and this strategy.
    pub reason: String,
    /// Rows in scope at the source; none when they were never counted.
    pub source_count: Option<u64>,
    /// Rows in scope at the target, after the pass when it wrote.
    pub target_count: Option<u64>,
    /// Row counters.
    pub rows: RowCounts,
    /// Quarantined rows in all, old ones included.
    pub quarantined: u64,
    /// Errors of this table in this pass.
    pub errors: u64,
    /// The last word.
    pub verdict: Verdict,
    /// What stands beside the verdict: what was not compared, not exact, or proven only earlier.
    pub inexact: Vec<String>,
    /// What a person should do, when the verdict is not `equal`.
    pub message: Option<String>,
    /// Time spent on this table, in seconds.
    pub seconds: f64,
}

/// Rows by what happened to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowCounts {
    /// Written because they were missing.
    pub added: u64,
    /// Written because they differed.
    pub modified: u64,
    /// Deleted because they were extra.
    pub deleted: u64,
    /// Compared and left alone.
    pub skipped: u64,
}

impl RowCounts {
    /// Rows written or deleted.
    pub fn written(self) -> u64 {
        self.added.saturating_add(self.modified).saturating_add(self.deleted)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            added: self.added.saturating_add(other.added),
            modified: self.modified.saturating_add(other.modified),
            deleted: self.deleted.saturating_add(other.deleted),
            skipped: self.skipped.saturating_add(other.skipped),
        }
    }
}

/// One error as reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorRecord {
    /// `connection`, `schema`, `data`, `logic` or `guard`.
    pub class: String,
    /// The table, when one is concerned.
    pub table: Option<String>,
    /// The row's key, when one is concerned.
    pub key: Option<String>,
    /// What was attempted and why it failed.
    pub message: String,
    /// What may help.
    pub hint: Option<String>,
}

impl std::fmt::Display for ErrorRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.class)?;
        if let Some(table) = &self.table {
            write!(f, " · {table}")?;
        }
        if let Some(key) = &self.key {
            write!(f, " · key {key}")?;
        }
        write!(f, " · {}", self.message)
    }
}

/// The measurements of a pass by the names of S4-080…082; times in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Metrics {
    /// Time spent reading rows: `readTimeAll`.
    pub read_time_all: f64,
    /// Time spent writing rows: `writeTimeAll`.
    pub write_time_all: f64,
    /// Time spent deleting rows: `deleteTimeAll`.
    pub delete_time_all: f64,
    /// Time spent comparing rows: `dataCompareTimeAll`.
    pub data_compare_time_all: f64,
    /// Time spent in range searches: `binarySearchTimeAll`.
    pub binary_search_time_all: f64,
    /// Queries sent to either side: `queryCountAll`.
    pub query_count_all: u64,
    /// Source rows of all tables: `recordCountAllTables`.
    pub record_count_all_tables: u64,
    /// `recordCountAllAdded`.
    pub record_count_all_added: u64,
    /// `recordCountAllModified`.
    pub record_count_all_modified: u64,
    /// `recordCountAllDeleted`.
    pub record_count_all_deleted: u64,
    /// `recordCountAllSkipped`.
    pub record_count_all_skipped: u64,
    /// Range searches: `binarySearchCountAll`.
    pub binary_search_count_all: u64,
    /// Ranges taken from the stack: `binarySearchIterationCount`.
    pub binary_search_iteration_count: u64,
    /// Queries of range searches: `binarySearchQueryCount`.
    pub binary_search_query_count: u64,
    /// Deepest level of any search: `binarySearchMaxDepthAll`.
    pub binary_search_max_depth_all: u64,
}

/// How a pass ended.
#[derive(Debug, Clone, PartialEq)]
pub struct PassSummary {
    /// The job's name.
    pub job: String,
    /// Number of the pass in the job's life, from 1.
    pub pass: u64,
    /// What the process will exit with if this is its last pass.
    pub exit: Exit,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Tables in the order they were worked on.
    pub tables: Vec<TableOutcome>,
    /// Errors in the order they happened, at most [`crate::base::limits::SUMMARY_ERRORS_MAX`].
    pub errors: Vec<ErrorRecord>,
    /// Errors in all.
    pub error_count: u64,
    /// Measurements.
    pub metrics: Metrics,
    /// Digest seed's name and what else a later reader needs to trust the proofs.
    pub notes: Vec<String>,
}

/// How a process ends; the worst of what happened wins.
///
/// The order of the variants is the order of severity, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Exit {
    /// All equal or all done: 0.
    #[default]
    Done,
    /// Finished, but differences, failed tables or quarantined rows remain: 1.
    Remaining,
    /// A guard refused and waits for a person: 4.
    Held,
    /// Stopped by an error or by an error threshold: 3.
    Stopped,
    /// Usage or configuration, nothing touched: 2.
    Usage,
    /// Another process runs this job: 5.
    Locked,
    /// The state file is damaged or newer than this program: 6.
    BadState,
    /// Ended by SIGINT after draining: 130.
    Interrupted,
    /// Ended by SIGTERM after draining: 143.
    Terminated,
    /// A bug: 101.
    Bug,
}

impl Exit {
    /// Every way to end, mildest first.
    const ALL: [Self; 10] = [
        Self::Done,
        Self::Remaining,
        Self::Held,
        Self::Stopped,
        Self::Usage,
        Self::Locked,
        Self::BadState,
        Self::Interrupted,
        Self::Terminated,
        Self::Bug,
    ];

    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Remaining => 1,
            Self::Usage => 2,
            Self::Stopped => 3,
            Self::Held => 4,
            Self::Locked => 5,
            Self::BadState => 6,
            Self::Bug => 101,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// The way to end that the shell sees as this number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|exit| exit.code() == code)
    }

    /// The worse of two.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        self.max(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_exit_wins() {
        let order = [101, 143, 130, 6, 5, 2, 3, 4, 1, 0];
        let mut all = Exit::ALL;
        all.sort();
        all.reverse();
        assert_eq!(all.map(Exit::code), order);
        assert_eq!(order.map(Exit::from_code), all.map(Some));
        assert_eq!(Exit::Held.worst(Exit::Remaining), Exit::Held);
    }
}
