//! What an engine is handed: a job's settings, sides, memory, time and chance, and what this run of it is for.

use std::sync::Arc;

use crate::base::clock::Clock;
use crate::model::settings::JobSettings;
use crate::state::State;
use crate::store::Store;

/// A job, ready to run.
#[derive(Clone)]
pub struct Job {
    /// Resolved settings.
    pub settings: Arc<JobSettings>,
    /// Where rows come from.
    pub source: Arc<dyn Store>,
    /// Where they go.
    pub target: Arc<dyn Store>,
    /// What the job remembers.
    pub state: Arc<dyn State>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What jitter follows from.
    pub random_seed: u64,
}

/// What a pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// Make the target equal and prove it.
    #[default]
    Sync,
    /// Plan, find and guard, and write nothing: what `--dry-run` shows.
    Rehearse,
    /// Only plan, from counts.
    Plan,
    /// Prove, and write nothing to the target.
    Verify,
}

/// Which holds go through without asking.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Approvals {
    /// None.
    #[default]
    None,
    /// Those that an earlier pass recorded (`--yes`).
    Recorded,
    /// These (`--yes ID`).
    Ids(Vec<String>),
}

/// What a run of a job was asked for on top of its settings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PassOptions {
    /// What the pass is for.
    pub purpose: Purpose,
    /// Only these tables, by shown name; empty means all.
    pub tables: Vec<String>,
    /// Compare every row, whatever the counts say.
    pub full_compare: bool,
    /// Holds that go through.
    pub approvals: Approvals,
}
