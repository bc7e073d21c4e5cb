//! The search itself: an explicit stack of open ranges, and what the answers make of them.

use std::collections::BTreeMap;

use super::checkpoint::{OpenRange, OpenRole, OpenTask, SearchCheckpoint};
use super::groups::{Expected, Groups};
use super::node::{Node, Place};
use super::range_map::RangeMap;
use super::request::{Counters, Found, Outcome, ReadTotals, Request, SearchStep, Totals};
use super::settings::{Compare, FanOut, SearchSettings};
use super::trail::Trail;
use crate::base::limits;
use crate::model::digest::Digest;
use crate::model::range::KeyRange;

/// Levels after which a range is read whatever its size; only keys that are not in row positions lead there.
const DEPTH_MAX: u32 = 64;

/// Below so many first-level ranges a share of them says nothing.
const SHARE_RANGES_MIN: u64 = 64;

/// Steps that are kept for [`RangeSearch::take_steps`]; older ones are dropped when nobody takes them.
const STEPS_MAX: usize = 4 * limits::DIGEST_RANGES_MAX;

/// Separate ranges that are kept as proven, counted or read. Further proven ones are forgotten, counted, and have to be
/// proven again.
const RANGES_KEPT_MAX: usize = 16 * limits::DIGEST_RANGES_MAX;

/// A range search that asks and is answered; see the module's documentation.
#[derive(Debug, Clone)]
pub struct RangeSearch {
    pub(super) settings: SearchSettings,
    pub(super) whole: KeyRange,
    pub(super) source_total: u64,
    pub(super) target_total: u64,
    /// One range at a time, always in halves.
    pub(super) narrow: bool,
    /// The range to be taken next is last.
    pub(super) stack: Vec<Node>,
    /// Differing first-level ranges, until the whole level has been digested.
    pub(super) waiting: Vec<Node>,
    /// Ranges of the current request without an answer, in key order.
    pub(super) asked: BTreeMap<u64, Node>,
    /// Ranges that the answers to the current request opened.
    pub(super) opened: Vec<Node>,
    pub(super) groups: Groups,
    pub(super) next_probe: u64,
    /// Ranges digested at the first wide level, and how many of them differ.
    pub(super) first_level: (u64, u64),
    pub(super) proven: RangeMap<Digest>,
    pub(super) counts_equal: RangeMap<u64>,
    pub(super) read: RangeMap<ReadTotals>,
    pub(super) found: Found,
    pub(super) counters: Counters,
    pub(super) trail: Trail,
    pub(super) steps: Vec<SearchStep>,
    pub(super) ended: Option<Outcome>,
}

impl RangeSearch {
    /// A search of `whole`, which holds so many rows.
    pub fn new(settings: SearchSettings, whole: KeyRange, totals: Totals) -> Self {
        let Totals { source: source_total, target: target_total, exact } = totals;
        let mut search = Self::empty(settings, whole.clone(), source_total, target_total);
        let mut root = OpenRange {
            range: whole,
            depth: 0,
            source_rows: source_total,
            target_rows: target_total,
            place: Place::WHOLE,
            role: OpenRole::Whole,
            task: OpenTask::Read,
            on_trail: false,
            waits_for_level: false,
        };
        root.task = search.task_for(&root);
        let newest = settings.recent_first_rows;
        if root.task == OpenTask::Split && newest > 0 && root.rows() > newest {
            root.task = OpenTask::FindNewest;
        }
        let expected = if exact { Expected::Counts(source_total, target_total) } else { Expected::Nothing };
        let group = search.groups.open(root.range.clone(), expected, 1, None);
        search.stack.push(Node::new(root, Some(group)));
        search
    }

    /// A search of what an earlier one left, as ascending disjoint ranges; of everything, if that is all of them.
    ///
    /// `totals` are those of the whole table, not of the ranges.
    pub fn over(settings: SearchSettings, ranges: &[KeyRange], totals: Totals) -> Self {
        if let [whole] = ranges
            && *whole == KeyRange::all()
        {
            return Self::new(settings, KeyRange::all(), totals);
        }
        Self::resume(settings, SearchCheckpoint::of_remaining(ranges, totals))
    }

    pub(super) fn empty(
        settings: SearchSettings,
        whole: KeyRange,
        source_total: u64,
        target_total: u64,
    ) -> Self {
        let settings = SearchSettings { leaf_rows: settings.leaf_rows.max(1), ..settings };
        let narrow = match settings.fan_out {
            FanOut::Forced(pieces) => pieces <= 2,
            FanOut::Model(model) => {
                let differences = settings.differences_at_first(source_total, target_total);
                let rows = source_total.max(target_total);
                model.best_shape(rows, differences, settings.leaf_rows).first_fan_out == 2
            }
        };
        let groups = Groups::new(settings.source_consistent, settings.target_consistent);
        Self {
            settings,
            whole,
            source_total,
            target_total,
            narrow,
            stack: Vec::new(),
            waiting: Vec::new(),
            asked: BTreeMap::new(),
            opened: Vec::new(),
            groups,
            next_probe: 0,
            first_level: (0, 0),
            proven: RangeMap::new(RANGES_KEPT_MAX),
            counts_equal: RangeMap::new(RANGES_KEPT_MAX),
            read: RangeMap::new(RANGES_KEPT_MAX),
            found: Found::default(),
            counters: Counters::default(),
            trail: Trail::new(&settings, source_total, target_total),
            steps: Vec::new(),
            ended: None,
        }
    }

    /// What is needed next; the same again while it is not answered completely.
    pub fn next_request(&mut self) -> Request {
        if self.ended.is_none() && self.asked.is_empty() && !self.take_from_stack() {
            self.ended = Some(Outcome::Complete);
        }
        match &self.ended {
            Some(outcome) => Request::Done(self.summary(outcome.clone())),
            None => self.request(),
        }
    }

    /// What to do with a range that differs, or of which only the counts are known.
    pub(super) fn task_for(&self, range: &OpenRange) -> OpenTask {
        let one_sided = range.source_rows == 0 || range.target_rows == 0;
        let rows = range.rows();
        if !one_sided && rows > self.settings.leaf_rows && range.depth < DEPTH_MAX {
            OpenTask::Split
        } else if rows > limits::SEARCH_UNIT_ROWS_MAX {
            OpenTask::SplitToRead
        } else {
            OpenTask::Read
        }
    }

    /// Once a request is answered completely, what it opened goes on the stack.
    pub(super) fn settle(&mut self) {
        if !self.asked.is_empty() {
            return;
        }
        let opened = std::mem::take(&mut self.opened);
        let (waiting, ready) = opened.into_iter().partition(|node: &Node| node.open.waits_for_level);
        self.waiting.extend::<Vec<Node>>(waiting);
        self.push(ready);
        self.judge();
        let surplus = self.steps.len().saturating_sub(STEPS_MAX);
        self.steps.drain(..surplus);
    }

    /// Puts ranges on the stack, the newest on top; in a wide search what can be asked together lies together, and what
    /// will be read soonest is on top.
    fn push(&mut self, mut nodes: Vec<Node>) {
        nodes.sort_by(|a, b| a.open.range.lower.cmp(&b.open.range.lower));
        if !self.narrow {
            nodes.sort_by_key(|node| match node.open.task {
                OpenTask::FindNewest | OpenTask::Split | OpenTask::SplitToRead => 0,
                OpenTask::Digest => 1,
                OpenTask::Read => 2,
            });
        }
        self.stack.append(&mut nodes);
    }

    /// Ends a search that found enough, or whose first wide level differs too much; else lets that level go on once it
    /// is known as a whole.
    pub(super) fn judge(&mut self) {
        if let Compare::CountOnly { stop_after: Some(enough) } = self.settings.compare
            && self.found.missing + self.found.extra >= enough
        {
            self.ended = Some(Outcome::StoppedEarly);
            return;
        }
        let undigested =
            |node: &Node| node.open.role == OpenRole::FirstLevel && node.open.task == OpenTask::Digest;
        if self.waiting.is_empty() || self.stack.last().is_some_and(undigested) {
            return;
        }
        if self.reading_is_cheaper() {
            self.ended = Some(Outcome::TooManyDifferences);
            return;
        }
        let mut level = std::mem::take(&mut self.waiting);
        for node in &mut level {
            node.open.waits_for_level = false;
        }
        self.push(level);
    }

    /// Whether so much of the first level differs that reading what differs, in key order, costs less than cutting it
    /// further.
    ///
    /// The share of differing ranges alone does not tell: where ranges are large, a few scattered differences make many
    /// of them differ.
    fn reading_is_cheaper(&self) -> bool {
        let (total, differing) = self.first_level;
        if total < SHARE_RANGES_MIN || differing as f64 <= limits::DIRTY_SHARE_MAX * total as f64 {
            return false;
        }
        let FanOut::Model(model) = self.settings.fan_out else { return true };
        if self.waiting.iter().all(|node| node.open.task != OpenTask::Split) {
            return true;
        }
        let rows = self.waiting.iter().map(|node| node.open.rows()).sum();
        let differences = self.differences_expected(self.waiting.len() as u64);
        model.read_seconds(rows) <= model.best_wide(rows, differences, self.settings.leaf_rows).seconds
    }

    /// Differences to expect in so many ranges that differ; before the first level is known, in everything.
    pub(super) fn differences_expected(&self, ranges: u64) -> u64 {
        let (total, differing) = self.first_level;
        if total == 0 {
            return self.settings.differences_at_first(self.source_total, self.target_total);
        }
        let (total, differing) = (total as f64, differing.max(1) as f64);
        let share = (differing / total).min(0.99);
        let estimate = -total * (1.0 - share).ln();
        ((estimate / differing).max(1.0) * ranges as f64).ceil() as u64
    }
}
