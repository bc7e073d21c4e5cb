//! What the answers make of the open ranges.

use super::checkpoint::{OpenRange, OpenRole, OpenTask};
use super::groups::{Expected, Groups, Sum};
use super::node::{Node, Place};
use super::range_map::Join;
use super::range_search::RangeSearch;
use super::request::{LeafAnswer, Outcome, ProbeId, ReadTotals, SearchError, SearchStep};
use super::settings::Compare;
use crate::base::planted::{Bug, is_planted};
use crate::model::digest::Digest;
use crate::model::key::Key;
use crate::model::range::KeyRange;

impl RangeSearch {
    /// Answers a [`super::SplitProbe`]: ascending keys of the side that was asked, inside the range.
    ///
    /// No key says that the range cannot be cut; it will be read as it is.
    pub fn answer_split(&mut self, id: ProbeId, keys: &[Key]) -> Result<(), SearchError> {
        let cuts = |task| matches!(task, OpenTask::FindNewest | OpenTask::Split | OpenTask::SplitToRead);
        let mut node = self.take(id, cuts)?;
        let newest = node.open.task == OpenTask::FindNewest;
        let keys = if newest { &keys[..keys.len().min(1)] } else { keys };
        let pieces = node.open.range.split(keys);
        if pieces.len() == 1 {
            node.open.task = if newest { OpenTask::Split } else { OpenTask::Read };
            self.opened.push(node);
        } else {
            self.counters.splits += 1;
            self.steps.push(SearchStep::Split {
                range: node.open.range.clone(),
                depth: node.open.depth,
                pieces: pieces.len() as u64,
            });
            self.open_pieces(&node, pieces);
        }
        self.settle();
        Ok(())
    }

    fn open_pieces(&mut self, node: &Node, pieces: Vec<KeyRange>) {
        let (expected, parent) = match node.digests {
            Some((source, target)) => (Expected::Digests(source, target), None),
            None => (Expected::Nothing, node.group),
        };
        let of = pieces.len() as u32;
        let group = self.groups.open(node.open.range.clone(), expected, pieces.len(), parent);
        let share = |rows: u64| rows.div_ceil(u64::from(of));
        for (index, range) in (0..).zip(pieces) {
            let mut piece = OpenRange {
                range,
                depth: node.open.depth + 1,
                source_rows: share(node.open.source_rows),
                target_rows: share(node.open.target_rows),
                place: Place { index, of },
                role: OpenRole::Inner,
                task: OpenTask::Digest,
                on_trail: false,
                waits_for_level: false,
            };
            match (node.open.task, node.open.role) {
                (OpenTask::FindNewest, _) => self.newest_or_older(&mut piece, &node.open),
                (OpenTask::SplitToRead, _) => piece.task = OpenTask::Read,
                (_, OpenRole::Whole | OpenRole::Older) if !self.narrow => piece.role = OpenRole::FirstLevel,
                _ => {}
            }
            self.opened.push(Node::new(piece, Some(group)));
        }
    }

    fn newest_or_older(&self, piece: &mut OpenRange, whole: &OpenRange) {
        let newest = self.settings.recent_first_rows;
        if piece.place.index == 1 {
            piece.role = OpenRole::Newest;
            piece.source_rows = whole.source_rows.min(newest);
            piece.target_rows = whole.target_rows.min(newest);
            // Halves want the digest of the whole first; a wide search localises with the same scan.
            let whole_first = self.narrow || newest <= self.settings.leaf_rows;
            piece.task = if whole_first { OpenTask::Digest } else { OpenTask::Split };
        } else {
            piece.role = OpenRole::Older;
            piece.source_rows = whole.source_rows.saturating_sub(newest);
            piece.target_rows = whole.target_rows.saturating_sub(newest);
            piece.task = OpenTask::Split;
        }
    }

    /// Answers a [`super::Probe`] with the digests of both sides; a side that only counts leaves the fingerprint zero.
    pub fn answer_digest(&mut self, id: ProbeId, source: Digest, target: Digest) -> Result<(), SearchError> {
        let mut node = self.take(id, |task| task == OpenTask::Digest)?;
        let sum = Sum { source, target, with_fingerprints: !self.settings.count_only() };
        self.enter(&node, sum)?;
        self.counters.digests += 1;
        node.open.source_rows = source.count;
        node.open.target_rows = target.count;
        node.digests = Some((source, target));
        let counts_decide = self.settings.count_only() || is_planted(Bug::CountsAloneCompared);
        let equal = source == target || counts_decide && source.count == target.count;
        if node.open.role == OpenRole::FirstLevel {
            self.first_level.0 += 1;
            self.first_level.1 += u64::from(!equal);
            node.open.waits_for_level = true;
        }
        self.remember_verdict(&node.open, equal);
        if equal {
            self.counters.equal += 1;
            match self.settings.compare {
                Compare::Content => self.proven.insert(node.open.range, source),
                Compare::CountOnly { .. } => self.counts_equal.insert(node.open.range, source.count),
            }
        } else {
            node.open.task = self.task_for(&node.open);
            self.opened.push(node);
        }
        self.settle();
        Ok(())
    }

    /// Answers a [`super::LeafProbe`] with what a row-by-row comparison of the whole range found.
    pub fn answer_leaf(&mut self, id: ProbeId, answer: LeafAnswer) -> Result<(), SearchError> {
        let node = self.take(id, |task| task == OpenTask::Read)?;
        if let Err(error) = self.check_leaf(&node, &answer) {
            return Err(self.fail(error));
        }
        if node.digests.is_none() {
            let count = |rows| Digest { count: rows, sum: 0 };
            let (source, target) = (count(answer.source_rows), count(answer.target_rows));
            self.enter(&node, Sum { source, target, with_fingerprints: false })?;
        }
        self.counters.leaves += 1;
        let found = answer.found;
        self.found = self.found.join(found);
        self.steps.push(SearchStep::LeafRead {
            range: node.open.range.clone(),
            depth: node.open.depth,
            answer,
        });
        match answer.digest {
            Some(digest) if found.total() == 0 => self.proven.insert(node.open.range, digest),
            _ => {
                let rows = answer.source_rows.max(answer.target_rows);
                self.read.insert(node.open.range, ReadTotals { rows, found });
            }
        }
        self.settle();
        Ok(())
    }

    fn check_leaf(&self, node: &Node, answer: &LeafAnswer) -> Result<(), SearchError> {
        let LeafAnswer { source_rows, target_rows, found, .. } = *answer;
        let common = (source_rows.checked_sub(found.missing), target_rows.checked_sub(found.extra));
        if !matches!(common, (Some(a), Some(b)) if a == b && found.changed <= a) {
            let range = node.open.range.clone();
            return Err(SearchError::InvalidLeaf { range, found, source_rows, target_rows });
        }
        let Some((source, target)) = node.digests else { return Ok(()) };
        let mut books = Groups::new(self.settings.source_consistent, self.settings.target_consistent);
        let expected = Expected::Counts(source.count, target.count);
        let group = books.open(node.open.range.clone(), expected, 1, None);
        let count = |rows| Digest { count: rows, sum: 0 };
        let read = Sum { source: count(source_rows), target: count(target_rows), with_fingerprints: false };
        books.enter(Some(group), read)?;
        let still = self.settings.source_consistent && self.settings.target_consistent;
        if still && found.total() == 0 {
            return Err(SearchError::NothingDiffers { range: node.open.range.clone() });
        }
        Ok(())
    }

    fn take(&mut self, id: ProbeId, fits: impl Fn(OpenTask) -> bool) -> Result<Node, SearchError> {
        if self.ended.is_some() || !self.asked.get(&id.0).is_some_and(|node| fits(node.open.task)) {
            return Err(SearchError::UnknownProbe(id));
        }
        Ok(self.asked.remove(&id.0).expect("it was just seen"))
    }

    fn enter(&mut self, node: &Node, sum: Sum) -> Result<(), SearchError> {
        self.groups.enter(node.group, sum).map_err(|error| self.fail(error))
    }

    /// Ends the search without a proof: an answer that cannot be makes every other one doubtful.
    fn fail(&mut self, error: SearchError) -> SearchError {
        self.proven.clear();
        self.ended = Some(Outcome::Failed(error.clone()));
        error
    }

    fn remember_verdict(&mut self, open: &OpenRange, equal: bool) {
        let OpenRange { range, depth, source_rows, target_rows, .. } = open.clone();
        if !equal {
            self.steps.push(SearchStep::Differs { range, depth, source_rows, target_rows });
            return;
        }
        if let Some(SearchStep::Equal { range: before, rows, depth: level }) = self.steps.last_mut()
            && before.upper.is_some()
            && before.upper == range.lower
            && *level == depth
        {
            before.upper = range.upper;
            *rows += source_rows;
            return;
        }
        self.steps.push(SearchStep::Equal { range, depth, rows: source_rows });
    }
}
