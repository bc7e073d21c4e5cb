//! One table of a pass: what is known of it, and where it stands.

use std::sync::Arc;
use std::time::Duration;

use super::apply::Quarantine;
use super::interrupt::Failure;
use crate::base::human;
use crate::model::convert::RowTransform;
use crate::model::digest::{Digest, DigestHeader};
use crate::model::key::Key;
use crate::model::outcome::{RowCounts, TableOutcome, Verdict};
use crate::model::pair::{KeyOrder, TablePair, TableView, WriteTarget};
use crate::model::plan::{Plan, Strategy, StrategyChoice};
use crate::model::settings::TableSettings;
use crate::state::{ProofRange, TableMemory, Watermark};
use crate::store::SideEffects;

/// A table of the pass.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each asked by name")]
pub struct TableWork {
    /// The name shown.
    pub name: String,
    /// What discovery made of it; none when that failed.
    pub paired: Option<Paired>,
    /// What earlier passes left, when it still means something.
    pub memory: TableMemory,
    /// The plan.
    pub plan: Option<Plan>,
    /// How differences are found.
    pub choice: Option<StrategyChoice>,
    /// Where it stands.
    pub stage: Stage,
    /// Its outcome, once that was said.
    pub outcome: Option<TableOutcome>,
    /// The target lacks the table, and a pass that writes would create it.
    pub would_be_created: bool,
    /// How long the search took, in seconds, and how long writing took.
    pub measured: (f64, f64),
    /// The largest key at the target when its rows were last counted.
    pub target_largest: Option<Key>,
    /// What the search found.
    pub found: Found,
    /// Rows written in this pass, in all its processes.
    pub rows: RowCounts,
    /// Errors of this table in this pass.
    pub errors: u64,
    /// What stands beside the verdict.
    pub inexact: Vec<String>,
    /// Counts of both sides as last read.
    pub counts: (Option<u64>, Option<u64>),
    /// Time spent.
    pub spent: Duration,
    /// Rows that foreign keys or triggers of the target changed on top.
    pub cascaded: u64,
    /// What the database said of the first row that was parked.
    pub parked_reason: Option<String>,
    /// Whether written rows are read back unit by unit; else the whole scope is digested in the end.
    pub reads_back: bool,
    /// Rows that did not read back as they were written.
    pub unlike: u64,
    /// Whether every row in scope was proven equal in this pass.
    pub proven_now: bool,
    /// Whether a person asked for a new proof.
    pub verify_asked: bool,
    /// Whether the target table has triggers, which may change what was written.
    pub has_triggers: bool,
    /// Rows in quarantine that this pass leaves alone.
    pub quarantine: Quarantine,
    /// How other pairs of this job on the same target table write: where rows of this one may have come from.
    pub siblings: Vec<Arc<WriteTarget>>,
    /// Extra rows that stay at the target (`deletes = "never"`).
    pub kept_extras: u64,
    /// The proof to store when the verdict is equal.
    pub proofs: Vec<ProofRange>,
}

/// A paired table with what reading and writing it takes.
pub struct Paired {
    /// The pair.
    pub pair: Arc<TablePair>,
    /// How the source is read.
    pub source_view: Arc<TableView>,
    /// How the target is read.
    pub target_view: Arc<TableView>,
    /// How the target is written.
    pub write: Arc<WriteTarget>,
    /// From source rows to target rows.
    pub transform: RowTransform,
    /// Fingerprint of schema, mapping and scope.
    pub fingerprint: String,
    /// What digests of this pair mean.
    pub header: DigestHeader,
}

impl Paired {
    /// The table's settings.
    pub fn settings(&self) -> &TableSettings {
        &self.pair.settings
    }

    /// Whether the target's own reactions run.
    pub fn side_effects(&self) -> SideEffects {
        use crate::model::settings::{ForeignKeys, Triggers};
        SideEffects {
            foreign_keys: self.settings().foreign_keys == ForeignKeys::Respect,
            triggers: self.settings().triggers == Triggers::Fire,
        }
    }
}

/// Where a table stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// To be worked on.
    Open,
    /// A guard waits for a person; nothing is written.
    Held {
        /// The hold to approve; none when it only waits for another table.
        hold: Option<String>,
        /// Why.
        reason: String,
    },
    /// It could not go on.
    Failed(Failure),
    /// The operator took it out of this pass.
    Skipped,
    /// Its verdict stands.
    Judged {
        /// The last word.
        verdict: Verdict,
        /// What a person should do.
        message: Option<String>,
    },
}

/// What the search of a table found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Whether the search ran to its end.
    pub done: bool,
    /// Rows compared equal.
    pub equal_rows: u64,
    /// Rows missing at the target.
    pub missing: u64,
    /// Rows that differ.
    pub changed: u64,
    /// Rows extra at the target.
    pub extra: u64,
    /// Digest of the whole source scope, when it was read or digested whole, of one instant.
    pub source_digest: Option<Digest>,
    /// Every row in scope was covered by a digest or read.
    pub covered: bool,
    /// What was read was of one instant at the source, in one process.
    pub one_instant: bool,
    /// How far the watermark may move when everything is applied.
    pub watermark: Option<Watermark>,
}

impl Found {
    /// Differences in all.
    pub fn differences(&self) -> u64 {
        self.missing + self.changed + self.extra
    }
}

impl TableWork {
    /// A table that nothing is known of yet.
    pub fn new(name: String) -> Self {
        Self {
            name,
            paired: None,
            memory: TableMemory::default(),
            plan: None,
            choice: None,
            stage: Stage::Open,
            outcome: None,
            would_be_created: false,
            measured: (0.0, 0.0),
            target_largest: None,
            found: Found::default(),
            rows: RowCounts::default(),
            errors: 0,
            inexact: Vec::new(),
            counts: (None, None),
            spent: Duration::ZERO,
            cascaded: 0,
            parked_reason: None,
            reads_back: false,
            unlike: 0,
            proven_now: false,
            verify_asked: false,
            has_triggers: false,
            quarantine: Quarantine::default(),
            siblings: Vec::new(),
            kept_extras: 0,
            proofs: Vec::new(),
        }
    }

    /// The pair of an open table.
    ///
    /// # Panics
    /// When discovery failed; such a table is never open.
    pub fn paired(&self) -> &Paired {
        self.paired.as_ref().expect("an open table was paired")
    }

    /// The pair of an open table, to be written with.
    pub fn paired_mut(&mut self) -> &mut Paired {
        self.paired.as_mut().expect("an open table was paired")
    }

    /// From now on every row is compared.
    pub fn force_full_compare(&mut self) {
        let strategy = match self.paired().pair.key_order {
            KeyOrder::Canonical => Strategy::MergeCompare,
            KeyOrder::Hashed(_) => Strategy::HashBuckets,
        };
        self.found = Found::default();
        self.proofs.clear();
        if let Some(choice) = &mut self.choice {
            choice.strategy = strategy;
            choice.then = None;
        }
    }

    /// Whether work goes on.
    pub fn is_open(&self) -> bool {
        self.stage == Stage::Open && self.paired.is_some()
    }

    /// Notes how many extra rows stay because of `deletes = "never"`, in place of what was noted before.
    pub fn keep_extras(&mut self, rows: u64) {
        const KEPT: &str = "extra rows at the target are kept (deletes = \"never\")";
        self.kept_extras = rows;
        self.inexact.retain(|line| !line.ends_with(KEPT));
        if rows > 0 {
            self.say_inexact(format!("{} {KEPT}", human::count(rows)));
        }
    }

    /// Says something beside the verdict, once.
    pub fn say_inexact(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.inexact.contains(&text) {
            self.inexact.push(text);
        }
    }
}
