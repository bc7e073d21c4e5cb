//! A search seen from outside: results, the pane's picture, and its form as plain data.

use super::checkpoint::{OpenTask, SearchCheckpoint};
use super::node::Node;
use super::range_map::RangeMap;
use super::range_search::RangeSearch;
use super::request::{Counters, Found, Outcome, Region, RegionState, SearchStep, SearchSummary};
use super::settings::SearchSettings;
use super::trail::Trail;
use crate::model::digest::Digest;
use crate::model::range::KeyRange;

impl RangeSearch {
    /// Goes on where a checkpoint was taken, perhaps in another process and on a later instant of both sides.
    ///
    /// What was proven stays proven, as of then. Counts from before are estimates now.
    pub fn resume(settings: SearchSettings, checkpoint: SearchCheckpoint) -> Self {
        let SearchCheckpoint { whole, source_total, target_total, .. } = checkpoint;
        let mut search = Self::empty(settings, whole, source_total, target_total);
        for open in checkpoint.open {
            let list = if open.waits_for_level { &mut search.waiting } else { &mut search.stack };
            list.push(Node::new(open, None));
        }
        for (range, digest) in checkpoint.proven {
            search.proven.insert(range, digest);
        }
        for (range, rows) in checkpoint.counts_equal {
            search.counts_equal.insert(range, rows);
        }
        for (range, found) in checkpoint.read {
            search.read.insert(range, found);
        }
        search.first_level = checkpoint.first_level;
        search.found = checkpoint.found;
        search.counters = checkpoint.counters;
        search.trail.restore(checkpoint.trail);
        search.judge();
        search
    }

    fn open_nodes(&self) -> impl Iterator<Item = &Node> {
        self.stack.iter().chain(&self.opened).chain(self.asked.values()).chain(&self.waiting)
    }

    pub(super) fn summary(&self, outcome: Outcome) -> SearchSummary {
        let remaining = match outcome {
            Outcome::Failed(_) => vec![self.whole.clone()],
            _ => self.remaining(),
        };
        SearchSummary { outcome, remaining, found: self.found, counters: self.counters() }
    }

    /// Ranges without an answer, ascending, neighbours joined.
    pub fn remaining(&self) -> Vec<KeyRange> {
        let mut open = RangeMap::new(usize::MAX);
        for node in self.open_nodes() {
            open.insert(node.open.range.clone(), node.open.rows());
        }
        open.iter().map(|(range, _)| range).collect()
    }

    /// Ranges proven equal, ascending, neighbours joined; what did not fit is in [`Counters::forgotten`].
    pub fn proven(&self) -> impl Iterator<Item = (KeyRange, Digest)> {
        self.proven.iter()
    }

    /// What has still to be proven, whether it was read, counted, forgotten or never reached.
    pub fn unproven(&self) -> Vec<KeyRange> {
        self.proven.gaps(&self.whole)
    }

    /// Differences found so far.
    pub fn found(&self) -> Found {
        self.found
    }

    /// Work done so far.
    pub fn counters(&self) -> Counters {
        Counters { forgotten: self.proven.forgotten(), ..self.counters }
    }

    /// Where the search has been.
    pub fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Takes what happened since the last call; to be called between requests, which bounds it.
    pub fn take_steps(&mut self) -> Vec<SearchStep> {
        std::mem::take(&mut self.steps)
    }

    /// The whole key space as it stands, ascending, for the pane.
    pub fn regions(&self) -> Vec<Region> {
        let open = self.open_nodes().map(|node| {
            let state = match (node.open.task, node.digests.is_some()) {
                (OpenTask::Split | OpenTask::SplitToRead | OpenTask::FindNewest, _) => RegionState::Splitting,
                (OpenTask::Read, true) => RegionState::Differs,
                _ => RegionState::Waiting,
            };
            Region { range: node.open.range.clone(), state, rows: node.open.rows() }
        });
        let equal = self.proven.iter().map(|(range, digest)| Region {
            range,
            state: RegionState::Equal,
            rows: digest.count,
        });
        let counted = self.counts_equal.iter().map(|(range, rows)| Region {
            range,
            state: RegionState::CountsEqual,
            rows,
        });
        let read = self.read.iter().map(|(range, totals)| Region {
            range,
            state: RegionState::Read(totals.found),
            rows: totals.rows,
        });
        let mut regions: Vec<Region> = open.chain(equal).chain(counted).chain(read).collect();
        regions.sort_by(|a, b| a.range.lower.cmp(&b.range.lower));
        regions
    }

    /// The search as plain data; questions without an answer will be asked again after [`Self::resume`].
    pub fn checkpoint(&self) -> SearchCheckpoint {
        let mut current: Vec<&Node> = self.opened.iter().chain(self.asked.values()).collect();
        current.sort_by(|a, b| a.open.range.lower.cmp(&b.open.range.lower));
        let open = self.stack.iter().chain(current).chain(&self.waiting);
        SearchCheckpoint {
            whole: self.whole.clone(),
            source_total: self.source_total,
            target_total: self.target_total,
            open: open.map(|node| node.open.clone()).collect(),
            proven: self.proven.iter().collect(),
            counts_equal: self.counts_equal.iter().collect(),
            read: self.read.iter().collect(),
            first_level: self.first_level,
            found: self.found,
            counters: self.counters(),
            trail: self.trail.segments().map(str::to_owned).collect(),
        }
    }
}
