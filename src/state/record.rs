//! The records of a job's memory, as plain data.

use crate::base::clock::Timestamp;
use crate::model::digest::{Digest, DigestHeader};
use crate::model::key::Key;
use crate::model::outcome::{PassSummary, RowCounts};
use crate::model::range::KeyRange;
use crate::model::value::Value;

/// How far incremental work has durably come: the last `(modify stamp, key)` taken over.
#[derive(Debug, Clone, PartialEq)]
pub struct Watermark {
    /// The stamp, as the source's own value.
    pub stamp: Value,
    /// The largest key with that stamp that was taken over, when known.
    pub key: Option<Key>,
    /// How many rows carried exactly that stamp; more of them later are changes that came in behind.
    pub ties: u64,
    /// When it was stored.
    pub at: Timestamp,
}

/// Speeds measured last time, for estimates and choices.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    /// Rows a second that the slower side is read at; 0 when unknown.
    pub read_rows: f64,
    /// Rows a second written; 0 when unknown.
    pub write_rows: f64,
    /// Bytes a row; 0 when unknown.
    pub row_bytes: f64,
    /// Differences found last time.
    pub differences: u64,
}

/// When and how a whole table was last proven equal.
#[derive(Debug, Clone, PartialEq)]
pub struct TableProof {
    /// When.
    pub at: Timestamp,
    /// In which pass.
    pub pass: u64,
    /// The digest that both sides had.
    pub digest: Digest,
    /// What the digest means.
    pub header: DigestHeader,
}

/// What is known of a table from earlier passes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TableMemory {
    /// Fingerprint of schema, mapping and scope; memory of another fingerprint is void.
    pub schema: String,
    /// Identity of the source database.
    pub source_identity: String,
    /// Identity of the target database.
    pub target_identity: String,
    /// Which tables both databases had, as a fingerprint; empty when that is not known.
    pub table_sets: String,
    /// The source's column names with types, to tell what changed.
    pub source_columns: Vec<(String, String)>,
    /// How far incremental work has come.
    pub watermark: Option<Watermark>,
    /// The last proof of the whole table.
    pub proof: Option<TableProof>,
    /// Rows at the target after our last pass.
    pub target_count: Option<u64>,
    /// Largest key at the target after our last pass.
    pub target_largest: Option<Key>,
    /// Speeds.
    pub rates: Rates,
    /// Keys that failed or were quarantined are pending until they succeed: whether some are.
    pub pending: bool,
    /// The operator asked for a full compare in the next pass.
    pub full_compare_asked: bool,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingKind {
    /// At the target only.
    Extra,
    /// At the source only.
    Missing,
    /// On both sides, different.
    Changed,
}

impl FindingKind {
    /// `extra`, `missing`, `changed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Extra => "extra",
            Self::Missing => "missing",
            Self::Changed => "changed",
        }
    }

    /// The kind of this word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Extra, Self::Missing, Self::Changed].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A difference, or a run of neighbouring ones of the same kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// One row.
    Row {
        /// What is wrong.
        kind: FindingKind,
        /// Its key.
        key: Key,
    },
    /// Every row that the source has in the range; never [`FindingKind::Extra`], whose keys are always listed.
    Run {
        /// What is wrong with most of them.
        kind: FindingKind,
        /// Where.
        range: KeyRange,
        /// How many rows were seen there.
        rows: u64,
    },
}

impl Finding {
    /// What is wrong.
    pub fn kind(&self) -> FindingKind {
        match self {
            Self::Row { kind, .. } | Self::Run { kind, .. } => *kind,
        }
    }

    /// Rows concerned.
    pub fn rows(&self) -> u64 {
        match self {
            Self::Row { .. } => 1,
            Self::Run { rows, .. } => *rows,
        }
    }
}

/// A finding with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFinding {
    /// Ascending in the order of finding.
    pub id: u64,
    /// The finding.
    pub finding: Finding,
}

/// How far the search of a table has come in this pass.
#[derive(Debug, Clone, PartialEq)]
pub struct FindProgress {
    /// The strategy at work.
    pub strategy: String,
    /// Ranges still to be searched; empty when the search is done.
    pub remaining: Vec<KeyRange>,
    /// Rows compared equal so far.
    pub equal_rows: u64,
    /// Digest of what was read of the source so far, when it is complete in key order.
    pub digest: Digest,
    /// Upper bound of the watermark this search entitles to, when the search covers the whole scope.
    pub watermark: Option<Watermark>,
    /// Whether the table's search is finished.
    pub done: bool,
}

/// A piece of work with durable state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its number.
    pub id: u64,
    /// The table pair.
    pub table: String,
    /// Findings it applies.
    pub findings: Vec<u64>,
    /// What kind of change it makes.
    pub kind: FindingKind,
}

/// What a pass has done to a table.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TableTotals {
    /// Rows by kind.
    pub rows: RowCounts,
    /// Errors.
    pub errors: u64,
    /// Rows that foreign keys or triggers changed on top.
    pub cascaded: u64,
    /// Time spent, in seconds.
    pub seconds: f64,
}

impl TableTotals {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            rows: self.rows.plus(other.rows),
            errors: self.errors + other.errors,
            cascaded: self.cascaded + other.cascaded,
            seconds: self.seconds + other.seconds,
        }
    }
}

/// What an interrupted pass must find unchanged to be continued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassFingerprint {
    /// Settings, schemas and pairing.
    pub config: String,
    /// Identity of the source database.
    pub source: String,
    /// Identity of the target database.
    pub target: String,
}

/// A pass that was under way when a process ended.
#[derive(Debug, Clone, PartialEq)]
pub struct InterruptedPass {
    /// Its number.
    pub pass: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// What it was about.
    pub fingerprint: PassFingerprint,
    /// Tables that it had finished, sorted by name.
    pub finished_tables: Vec<String>,
}

/// A row that the target refused.
#[derive(Debug, Clone, PartialEq)]
pub struct QuarantinedRow {
    /// The table pair.
    pub table: String,
    /// Its key.
    pub key: Key,
    /// What was tried.
    pub kind: FindingKind,
    /// The class word of the error.
    pub class: String,
    /// What the database said.
    pub reason: String,
    /// What may help.
    pub hint: Option<String>,
    /// The statement, as text.
    pub statement: String,
    /// Column names with the source's values, shown form.
    pub source_image: Option<Vec<(String, String)>>,
    /// Column names with the target's values, shown form.
    pub target_image: Option<Vec<(String, String)>>,
    /// Digest of the source row's compare form; the row is tried again when it changes.
    pub source_digest: Digest,
    /// Fingerprint of schema and settings; the row is tried again when it changes.
    pub fingerprint: String,
    /// How often it was tried.
    pub attempts: u64,
    /// When it was first refused.
    pub first_at: Timestamp,
    /// When it was last refused.
    pub last_at: Timestamp,
    /// An operator asked for another try.
    pub retry_asked: bool,
}

/// Which quarantined rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QuarantineFilter {
    /// Of this table only.
    pub table: Option<String>,
    /// After this table and key; the order is by table name, then key.
    pub after: Option<(String, Key)>,
    /// At most so many; 0 means [`crate::base::limits::STATE_PAGE_ROWS_MAX`].
    pub limit: usize,
}

/// A range that was equal on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct ProofRange {
    /// The range.
    pub range: KeyRange,
    /// The digest that both sides had.
    pub digest: Digest,
    /// What the digest means.
    pub header: DigestHeader,
    /// When.
    pub at: Timestamp,
}

/// Where a hold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoldState {
    /// Waits for a person.
    Waiting,
    /// Let through, not used yet.
    Approved,
    /// Let through, and the pass that uses it is under way; the end of that pass makes it [`HoldState::Used`].
    InUse,
    /// Let through and used.
    Used,
}

/// A plan that a guard refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Hash of table, guard and delete keys.
    pub id: String,
    /// The table pair.
    pub table: String,
    /// Which guard.
    pub guard: String,
    /// Why, with the numbers.
    pub reason: String,
    /// Rows that would be deleted.
    pub deletes: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// In which pass.
    pub pass: u64,
    /// Where it stands.
    pub state: HoldState,
}

/// A past pass.
#[derive(Debug, Clone, PartialEq)]
pub struct PassRecord {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// How it ended.
    pub summary: PassSummary,
}

/// One change of a job's memory.
#[derive(Debug, Clone, PartialEq)]
pub enum StateChange {
    /// A new pass is under way; units, findings, progress and totals of any earlier one are gone, and the holds that it
    /// used are used up.
    PassStarted {
        /// Its number; the history's largest plus one, or more; below 2^63.
        pass: u64,
        /// When.
        at: Timestamp,
        /// What it is about.
        fingerprint: PassFingerprint,
    },
    /// A table of the pass is finished and will not be worked on again when the pass is continued; nothing when no
    /// pass is under way.
    TableFinished {
        /// The table.
        table: String,
    },
    /// The pass under way ended; its units, findings, progress and totals are gone, the holds that it used are used up.
    PassFinished {
        /// How.
        record: PassRecord,
    },
    /// What is known of a table from now on.
    TableRemembered {
        /// The table.
        table: String,
        /// What is known.
        memory: TableMemory,
    },
    /// The search of a table came so far.
    FindAdvanced {
        /// The table.
        table: String,
        /// How far.
        progress: FindProgress,
    },
    /// Differences were found.
    FindingsAdded {
        /// The table.
        table: String,
        /// Which.
        findings: Vec<Finding>,
    },
    /// All findings, units and progress of a table in this pass are gone; its totals stay.
    FindingsCleared {
        /// The table.
        table: String,
    },
    /// A run of findings is done in part; it keeps its number. Nothing when there is no such finding of that kind.
    FindingShrunk {
        /// The table.
        table: String,
        /// Its number.
        id: u64,
        /// What is left of it.
        finding: Finding,
    },
    /// Findings are done with.
    FindingsRemoved {
        /// The table.
        table: String,
        /// Their numbers.
        ids: Vec<u64>,
    },
    /// A unit is about to be applied.
    UnitStarted {
        /// The unit.
        unit: Unit,
    },
    /// A unit is committed at the target, or given up.
    UnitFinished {
        /// Its number.
        unit: u64,
    },
    /// A table's totals grew.
    TotalsAdded {
        /// The table.
        table: String,
        /// By how much.
        totals: TableTotals,
    },
    /// A row was refused for good; replaces an earlier record of the same table and key and keeps its first time.
    RowQuarantined {
        /// The row.
        row: QuarantinedRow,
    },
    /// A row left the quarantine.
    QuarantineDropped {
        /// The table.
        table: String,
        /// The key.
        key: Key,
    },
    /// Rows are to be tried again.
    QuarantineRetryAsked {
        /// The table, or all.
        table: Option<String>,
        /// The key, or all.
        key: Option<Key>,
    },
    /// A table's stored proofs are replaced by these, at most [`crate::base::limits::PROOF_RANGES_MAX`]: beyond,
    /// neighbours of one time are joined, then the oldest dropped.
    ProofsReplaced {
        /// The table.
        table: String,
        /// The proofs.
        proofs: Vec<ProofRange>,
    },
    /// A hold was recorded, in place of what was recorded under its id; `keys` are appended to those it has.
    ///
    /// Beyond [`crate::base::limits::HOLDS_PER_TABLE_MAX`] a table the oldest are forgotten, approved ones last.
    HoldRecorded {
        /// The hold.
        hold: Hold,
        /// Keys it would delete.
        keys: Vec<Key>,
    },
    /// The delete findings of a table are copied to the keys of a hold.
    HoldKeysTaken {
        /// The hold's id.
        id: String,
        /// The table.
        table: String,
    },
    /// A hold moved on.
    HoldMoved {
        /// The hold's id.
        id: String,
        /// Where to.
        state: HoldState,
    },
}
