//! The job itself, the pass under way, and what it has done so far.

use serde::{Deserialize, Serialize};

use super::exact::{At, Real};
use crate::base::clock::Timestamp;
use crate::model::digest::DigestSeed;
use crate::model::outcome::RowCounts;
use crate::state::{InterruptedPass, PassFingerprint, TableTotals};

#[derive(Serialize, Deserialize, Clone, Copy)]
pub(super) struct RowCountsText {
    added: u64,
    modified: u64,
    deleted: u64,
    skipped: u64,
}

impl From<RowCounts> for RowCountsText {
    fn from(counts: RowCounts) -> Self {
        let RowCounts { added, modified, deleted, skipped } = counts;
        Self { added, modified, deleted, skipped }
    }
}

impl From<RowCountsText> for RowCounts {
    fn from(text: RowCountsText) -> Self {
        let RowCountsText { added, modified, deleted, skipped } = text;
        Self { added, modified, deleted, skipped }
    }
}

#[derive(Serialize, Deserialize)]
struct TotalsText {
    rows: RowCountsText,
    errors: u64,
    cascaded: u64,
    seconds: Real,
}

#[derive(Serialize, Deserialize)]
struct PassText {
    pass: u64,
    started_at: At,
    config: String,
    source: String,
    target: String,
}

/// The pass under way, without its finished tables.
pub(in crate::state::sqlite) mod pass_under_way {
    use super::{InterruptedPass, PassFingerprint, PassText, Timestamp};
    use crate::state::sqlite::json;

    pub(in crate::state::sqlite) fn write(
        pass: u64,
        started_at: Timestamp,
        fingerprint: &PassFingerprint,
    ) -> String {
        let PassFingerprint { config, source, target } = fingerprint.clone();
        json::write(&PassText { pass, started_at: started_at.into(), config, source, target })
    }

    pub(in crate::state::sqlite) fn read(text: &str) -> Result<InterruptedPass, String> {
        let PassText { pass, started_at, config, source, target } = json::read(text)?;
        Ok(InterruptedPass {
            pass,
            started_at: started_at.into(),
            fingerprint: PassFingerprint { config, source, target },
            finished_tables: Vec::new(),
        })
    }
}

/// What a pass has done to a table.
pub(in crate::state::sqlite) mod totals {
    use super::{Real, TableTotals, TotalsText};
    use crate::state::sqlite::json;

    pub(in crate::state::sqlite) fn write(totals: TableTotals) -> String {
        let TableTotals { rows, errors, cascaded, seconds } = totals;
        json::write(&TotalsText { rows: rows.into(), errors, cascaded, seconds: Real(seconds) })
    }

    pub(in crate::state::sqlite) fn read(text: &str) -> Result<TableTotals, String> {
        let TotalsText { rows, errors, cascaded, seconds } = json::read(text)?;
        Ok(TableTotals { rows: rows.into(), errors, cascaded, seconds: seconds.0 })
    }
}

/// Whose state this is.
#[derive(PartialEq, Eq)]
pub(in crate::state::sqlite) struct Job {
    /// The job's name.
    pub(in crate::state::sqlite) name: String,
    /// The source, without secrets.
    pub(in crate::state::sqlite) source: String,
    /// The target, without secrets.
    pub(in crate::state::sqlite) target: String,
}

#[derive(Serialize, Deserialize)]
struct JobText {
    name: String,
    source: String,
    target: String,
    seed: String,
    created_at: At,
}

/// Whose state this is, and its digest seed.
pub(in crate::state::sqlite) mod job {
    use super::{DigestSeed, Job, JobText, Timestamp};
    use crate::state::sqlite::json;

    pub(in crate::state::sqlite) fn write(job: &Job, seed: DigestSeed, created_at: Timestamp) -> String {
        json::write(&JobText {
            name: job.name.clone(),
            source: job.source.clone(),
            target: job.target.clone(),
            seed: format!("{:016x}", seed.0),
            created_at: created_at.into(),
        })
    }

    pub(in crate::state::sqlite) fn read(text: &str) -> Result<(Job, DigestSeed), String> {
        let JobText { name, source, target, seed, .. } = json::read(text)?;
        let seed = u64::from_str_radix(&seed, 16).map_err(|_| "not a seed")?;
        Ok((Job { name, source, target }, DigestSeed(seed)))
    }
}
