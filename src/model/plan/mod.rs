//! The plan of a table: which steps it needs, why, and by which strategy the differences will be found.
//!
//! Does not belong here: reading counts, guards on findings, carrying a plan out. Everything is a pure function of numbers.
//!
//! Invariants: the first matching row of the decision table wins, and [`Reason`] names it; a plan that deletes
//! everything because its source is empty is held; "changed rows unknown" is never taken as "nothing changed".

mod choose;
pub mod estimate;
pub mod strategy;

pub use choose::{Digesting, StrategyInputs, choose_strategy};
pub use estimate::{Estimate, Rates};
pub use strategy::{Strategy, StrategyChoice};

use super::settings::OnEmptySource;

/// Source rows changed since the watermark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// The table has no modify column.
    Unknown,
    /// There is a modify column but no watermark yet: every source row counts as changed, and none is trusted.
    NoWatermark,
    /// So many rows carry a modify stamp above the watermark.
    Known(u64),
}

/// Row counts of the two sides, in scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Rows of the source.
    pub source: u64,
    /// Rows of the target.
    pub target: u64,
    /// Source rows changed since the watermark.
    pub changed: Changed,
}

impl Counts {
    /// `|S − T|`.
    pub fn difference(&self) -> u64 {
        self.source.abs_diff(self.target)
    }

    /// Rows of the larger side.
    pub fn larger(&self) -> u64 {
        self.source.max(self.target)
    }

    /// `C`, where it is known.
    fn changed_rows(&self) -> Option<u64> {
        match self.changed {
            Changed::Unknown => None,
            Changed::NoWatermark => Some(self.source),
            Changed::Known(rows) => Some(rows),
        }
    }

    fn has_watermark(&self) -> bool {
        matches!(self.changed, Changed::Known(_))
    }
}

/// Whether the table has been proven equal within `prove_every`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofFreshness {
    /// Proven recently enough.
    Fresh,
    /// Proven too long ago, or never.
    Stale,
}

/// Everything that decides a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanInputs {
    /// Row counts.
    pub counts: Counts,
    /// `trust_modify_id`; only effective with a watermark.
    pub trust_modify_id: bool,
    /// Age of the last proof.
    pub proof: ProofFreshness,
    /// The operator or a flag asked for a full compare.
    pub forced: bool,
    /// `check_all_tables`: no table is skipped, as if no proof were fresh.
    pub check_all_tables: bool,
    /// `min_rows_to_sync`.
    pub min_rows_to_sync: u64,
    /// `on_empty_source`.
    pub on_empty_source: OnEmptySource,
}

/// One step of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Rows that only the target has are deleted.
    Delete,
    /// Rows that only the source has are added.
    Add,
    /// Rows modified since the watermark are carried over.
    Incremental,
    /// Every row in scope is covered by a digest or read, and what differs is changed.
    Changed,
}

impl Step {
    /// The name that plans, reports and logs show.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Add => "add",
            Self::Incremental => "incremental",
            Self::Changed => "changed",
        }
    }
}

/// The row of the decision table that matched; `Display` gives the text shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Row 1.
    Forced,
    /// Row 2, held.
    SourceEmptyHold,
    /// Row 2 with `on_empty_source = "delete"`.
    SourceEmptyDelete,
    /// Row 3.
    TargetEmpty,
    /// Row 4.
    TargetHasMore,
    /// Row 5.
    NoChanges,
    /// Row 6.
    EqualCountsTrusted,
    /// Row 7.
    EqualCountsUntrusted,
    /// Row 8.
    SourceHasMoreTrusted,
    /// Row 9.
    SourceHasMoreUntrusted,
    /// Row 10.
    Complex,
    /// No row: neither side holds anything.
    BothEmpty,
    /// No row: `min_rows_to_sync` skips the table.
    BelowMinimum {
        /// `|S − T| + C`.
        rows: u64,
        /// The setting.
        minimum: u64,
    },
}

impl Reason {
    /// The decision row, 1 to 10; `None` where no row was needed.
    pub fn row(self) -> Option<u8> {
        Some(match self {
            Self::Forced => 1,
            Self::SourceEmptyHold | Self::SourceEmptyDelete => 2,
            Self::TargetEmpty => 3,
            Self::TargetHasMore => 4,
            Self::NoChanges => 5,
            Self::EqualCountsTrusted => 6,
            Self::EqualCountsUntrusted => 7,
            Self::SourceHasMoreTrusted => 8,
            Self::SourceHasMoreUntrusted => 9,
            Self::Complex => 10,
            Self::BothEmpty | Self::BelowMinimum { .. } => return None,
        })
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Forced => "forced by operator",
            Self::SourceEmptyHold => "source is empty => hold",
            Self::SourceEmptyDelete => "source is empty => delete all",
            Self::TargetEmpty => "target empty => add all",
            Self::TargetHasMore => "target has more rows => delete extras",
            Self::NoChanges => "no changes",
            Self::EqualCountsTrusted => "no count change & trusted modify id",
            Self::EqualCountsUntrusted => "no count change & untrusted modify id => verify all",
            Self::SourceHasMoreTrusted => "source has more rows & trusted modify id",
            Self::SourceHasMoreUntrusted => "source has more rows & untrusted modify id",
            Self::Complex => "complex scenario => full compare",
            Self::BothEmpty => "both sides are empty",
            Self::BelowMinimum { rows, minimum } => {
                return write!(f, "{rows} rows to sync, fewer than min_rows_to_sync = {minimum}");
            }
        })
    }
}

/// Why a plan waits for a person before anything has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// The source is empty and the target is not.
    SourceEmpty,
}

impl Held {
    /// The cause as shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SourceEmpty => "source is empty",
        }
    }
}

/// What a table needs, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The steps in the order in which they are shown; empty when there is nothing to do.
    pub steps: Vec<Step>,
    /// Which decision led here.
    pub reason: Reason,
    /// Set when the plan must not be carried out without an approval.
    pub held: Option<Held>,
    /// The numbers that led here.
    pub counts: Counts,
    /// `trust_modify_id` with a watermark.
    pub trusted: bool,
}

const FULL_COMPARE: [Step; 3] = [Step::Delete, Step::Add, Step::Changed];

impl Plan {
    /// Decides the plan of a table; the first matching row of the decision table wins.
    pub fn decide(inputs: &PlanInputs) -> Self {
        let counts = inputs.counts;
        let trusted = inputs.trust_modify_id && counts.has_watermark();
        let reason = decide_reason(inputs, trusted);
        let held = (counts.source == 0 && counts.target > 0 && inputs.on_empty_source == OnEmptySource::Hold)
            .then_some(Held::SourceEmpty);
        Self { steps: steps(reason, counts, trusted), reason, held, counts, trusted }
    }

    /// The decision row that matched, 1 to 10; `None` where no row was needed.
    pub fn row(&self) -> Option<u8> {
        self.reason.row()
    }

    /// The names of the steps, as reports list them.
    pub fn step_names(&self) -> Vec<&'static str> {
        self.steps.iter().map(|step| step.as_str()).collect()
    }

    /// Whether this step is part of the plan.
    pub fn has(&self, step: Step) -> bool {
        self.steps.contains(&step)
    }

    /// Whether only rows modified since the watermark are looked at; such a plan leans on an earlier proof.
    pub fn is_incremental_only(&self) -> bool {
        self.steps == [Step::Incremental]
    }

    /// Whether carrying out the plan touches every row in scope, so that a watermark may be set by it.
    pub fn covers_scope(&self) -> bool {
        self.has(Step::Changed)
            || matches!(
                self.reason,
                Reason::TargetEmpty | Reason::SourceEmptyDelete | Reason::SourceEmptyHold | Reason::BothEmpty
            )
    }

    /// Rows known, before any comparison, to need writing; 0 means that the plan only checks.
    pub fn rows_known_to_write(&self) -> u64 {
        let changed = match self.counts.changed {
            Changed::Known(rows) if self.trusted => rows,
            _ => 0,
        };
        self.counts.difference().saturating_add(changed)
    }
}

fn decide_reason(inputs: &PlanInputs, trusted: bool) -> Reason {
    let Counts { source, target, .. } = inputs.counts;
    let changed = inputs.counts.changed_rows();
    if inputs.forced {
        return Reason::Forced;
    }
    match (source, target) {
        (0, 0) => return Reason::BothEmpty,
        (0, _) => {
            return match inputs.on_empty_source {
                OnEmptySource::Hold => Reason::SourceEmptyHold,
                OnEmptySource::Delete => Reason::SourceEmptyDelete,
            };
        }
        _ => {}
    }
    let skippable = trusted && inputs.proof == ProofFreshness::Fresh && !inputs.check_all_tables;
    if let (true, Some(changed)) = (skippable, changed) {
        let rows = inputs.counts.difference().saturating_add(changed);
        if rows == 0 {
            return Reason::NoChanges;
        }
        if rows < inputs.min_rows_to_sync {
            return Reason::BelowMinimum { rows, minimum: inputs.min_rows_to_sync };
        }
    }
    let some_changed = changed.is_some_and(|rows| rows > 0);
    match (target, source.cmp(&target)) {
        (0, _) => Reason::TargetEmpty,
        (_, std::cmp::Ordering::Less) => Reason::TargetHasMore,
        (_, std::cmp::Ordering::Equal) if trusted => Reason::EqualCountsTrusted,
        (_, std::cmp::Ordering::Equal) => Reason::EqualCountsUntrusted,
        (_, std::cmp::Ordering::Greater) if some_changed && trusted => Reason::SourceHasMoreTrusted,
        (_, std::cmp::Ordering::Greater) if some_changed => Reason::SourceHasMoreUntrusted,
        (_, std::cmp::Ordering::Greater) => Reason::Complex,
    }
}

fn steps(reason: Reason, counts: Counts, trusted: bool) -> Vec<Step> {
    match reason {
        Reason::SourceEmptyHold | Reason::SourceEmptyDelete => vec![Step::Delete],
        Reason::TargetEmpty => vec![Step::Add],
        // An unknown number of changes may be more than none: the extras can hide as many missing rows.
        Reason::TargetHasMore if counts.changed_rows() == Some(0) => vec![Step::Delete],
        Reason::TargetHasMore if trusted => vec![Step::Delete, Step::Add, Step::Incremental],
        Reason::NoChanges | Reason::BothEmpty | Reason::BelowMinimum { .. } => Vec::new(),
        Reason::EqualCountsTrusted => vec![Step::Incremental],
        Reason::EqualCountsUntrusted => vec![Step::Changed],
        Reason::SourceHasMoreTrusted => vec![Step::Add, Step::Incremental],
        Reason::SourceHasMoreUntrusted if counts.has_watermark() => {
            vec![Step::Add, Step::Incremental, Step::Changed]
        }
        Reason::SourceHasMoreUntrusted => vec![Step::Add, Step::Changed],
        Reason::Forced | Reason::Complex | Reason::TargetHasMore => FULL_COMPARE.to_vec(),
    }
}

#[cfg(test)]
mod tests;
