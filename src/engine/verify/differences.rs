//! A sink that lists differing keys, up to a limit, instead of keeping them in the state.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use super::super::context::Context;
use super::super::find::{RowRef, Sink};
use super::super::interrupt::Flow;
use super::super::table::TableWork;
use crate::base::limits::{PROOF_RANGES_MAX, SECOND_LOOK_ROWS_MAX};
use crate::model::digest::Digest;
use crate::model::key::Key;
use crate::model::range::KeyRange;
use crate::model::settings::Deletes;
use crate::state::FindingKind;

/// What differs, and what was covered.
#[derive(Debug, Default)]
pub struct Differences {
    /// The first differing keys, at most [`SECOND_LOOK_ROWS_MAX`].
    pub keys: BTreeMap<Key, FindingKind>,
    /// All differences, listed or not.
    pub total: u64,
    /// Rows compared equal.
    pub equal_rows: u64,
    /// Ranges with the source's digest.
    pub covered: Vec<(KeyRange, Digest)>,
    /// What is still to be compared, as of the last save.
    pub remaining: Vec<KeyRange>,
    /// How old the source view may become; none when the comparison cannot go on through another one.
    pub source_age_max: Option<Duration>,
}

impl Differences {
    /// Leaves out what is no difference for the verdict: extra rows that are kept, which the table notes, and rows in
    /// quarantine.
    pub fn forget_kept(&mut self, table: &mut TableWork) {
        let keeps_extras = table.paired().settings().deletes == Deletes::Never;
        let before = self.keys.len();
        let mut extras = 0;
        self.keys.retain(|key, kind| {
            let kept = keeps_extras && *kind == FindingKind::Extra;
            extras += u64::from(kept);
            !kept && !table.quarantine.holds(key)
        });
        self.total -= (before - self.keys.len()) as u64;
        if keeps_extras {
            table.keep_extras(extras);
        }
    }

    /// Whether every differing key is listed.
    pub fn complete(&self) -> bool {
        self.keys.len() as u64 == self.total
    }
}

#[async_trait]
impl Sink for Differences {
    fn differs(
        &mut self,
        kind: FindingKind,
        key: &[u8],
        _source: Option<RowRef<'_>>,
        _target: Option<RowRef<'_>>,
    ) {
        self.total += 1;
        if self.keys.len() < SECOND_LOOK_ROWS_MAX {
            self.keys.insert(Key::from_encoded(key), kind);
        }
    }

    fn equal(&mut self, _key: &[u8]) {
        self.equal_rows += 1;
    }

    fn equal_rows(&mut self, rows: u64) {
        self.equal_rows += rows;
    }

    fn covered(&mut self, range: KeyRange, source: Digest) {
        let full = self.covered.len() >= PROOF_RANGES_MAX;
        match self.covered.last_mut() {
            Some((last, digest)) if full => {
                last.upper = range.upper;
                *digest = digest.combine(source);
            }
            _ => self.covered.push((range, source)),
        }
    }

    async fn save(&mut self, context: &Context, remaining: &[KeyRange]) -> Flow<()> {
        self.remaining = remaining.to_vec();
        context.control.safe_point(None).await?;
        match self.source_age_max {
            Some(age_max) if !remaining.is_empty() => context.cap_source_age(age_max).await,
            _ => Ok(()),
        }
    }
}
