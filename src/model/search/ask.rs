//! Taking ranges from the stack and putting them into one request.

use super::checkpoint::{OpenRole, OpenTask};
use super::cost::FAN_OUT_MAX;
use super::node::Node;
use super::range_search::RangeSearch;
use super::request::{Cut, LeafProbe, Probe, ProbeId, Request, SplitProbe};
use super::settings::FanOut;
use crate::base::limits;
use crate::model::event::Side;

/// Into how many pieces the ranges of a request are cut.
enum Pieces {
    /// Each of them.
    Each(u64),
    /// All of them together, by their rows.
    Together(u64),
}

impl RangeSearch {
    /// Takes the ranges of the next request; false when nothing is open.
    pub(super) fn take_from_stack(&mut self) -> bool {
        let Some(top) = self.stack.last() else { return false };
        let first = (top.open.task, top.open.role);
        let mut batch = Vec::new();
        let mut rows = 0u64;
        while let Some(node) = self.stack.pop() {
            let fits = batch.is_empty() || self.goes_with(first, &batch, &node, rows);
            if !fits {
                self.stack.push(node);
                break;
            }
            rows = rows.saturating_add(node.open.rows());
            batch.push(node);
        }
        batch.sort_by(|a, b| a.open.range.lower.cmp(&b.open.range.lower));
        self.decide_pieces(&mut batch, rows);
        self.counters.iterations += batch.len() as u64;
        for mut node in batch {
            self.counters.depth_max = self.counters.depth_max.max(node.open.depth);
            self.show_on_trail(&mut node);
            self.asked.insert(self.next_probe, node);
            self.next_probe += 1;
        }
        true
    }

    /// Whether a range may be asked about together with those already taken.
    fn goes_with(&self, first: (OpenTask, OpenRole), batch: &[Node], node: &Node, rows: u64) -> bool {
        let (task, role) = first;
        if node.open.task != task {
            return false;
        }
        let rows = rows.saturating_add(node.open.rows());
        if self.narrow && task != OpenTask::Digest {
            return false;
        }
        match task {
            OpenTask::FindNewest => false,
            OpenTask::Split | OpenTask::SplitToRead => batch.len() < limits::DIGEST_RANGES_MAX,
            OpenTask::Digest => {
                let same_level = (node.open.role == OpenRole::FirstLevel) == (role == OpenRole::FirstLevel);
                let siblings = batch.last().is_some_and(|last| {
                    last.open.depth == node.open.depth && node.open.range.upper == last.open.range.lower
                });
                batch.len() < limits::DIGEST_RANGES_MAX
                    && rows <= self.settings.request_rows_max
                    && same_level
                    && (!self.narrow || batch.len() < 2 && siblings)
            }
            OpenTask::Read => batch.len() < limits::DIGEST_RANGES_MAX && rows <= limits::SEARCH_UNIT_ROWS_MAX,
        }
    }

    fn decide_pieces(&self, batch: &mut [Node], rows: u64) {
        let all = match self.settings.fan_out {
            _ if self.narrow => Pieces::Each(2),
            FanOut::Forced(pieces) => Pieces::Each(u64::from(pieces)),
            FanOut::Model(model) => {
                let differences = self.differences_expected(batch.len() as u64);
                Pieces::Together(model.best_wide(rows, differences, self.settings.leaf_rows).first_fan_out)
            }
        };
        for node in batch {
            let own = node.open.rows();
            let pieces = match (node.open.task, &all) {
                (OpenTask::SplitToRead, _) => own.div_ceil(limits::SEARCH_UNIT_ROWS_MAX),
                (_, Pieces::Each(pieces)) => *pieces,
                (_, Pieces::Together(pieces)) => {
                    (u128::from(*pieces) * u128::from(own) / u128::from(rows.max(1))) as u64
                }
            };
            node.pieces = pieces.clamp(2, FAN_OUT_MAX) as u32;
        }
    }

    fn show_on_trail(&mut self, node: &mut Node) {
        let followed = match node.open.role {
            OpenRole::Whole => false,
            OpenRole::Newest => true,
            _ => node.open.task != OpenTask::Digest,
        };
        if followed && !node.open.on_trail {
            node.open.on_trail = true;
            self.trail.follow(&node.open);
        }
    }

    /// The current request, with every question that has no answer yet.
    pub(super) fn request(&mut self) -> Request {
        let asked = &self.asked;
        let task = asked.values().next().expect("a request has a question").open.task;
        let count = asked.len() as u64;
        let questions = asked.iter().map(|(&id, node)| (ProbeId(id), node));
        let (request, queries) = match task {
            OpenTask::FindNewest | OpenTask::Split | OpenTask::SplitToRead => {
                (Request::Split(questions.map(|(id, node)| self.split_probe(id, node)).collect()), count)
            }
            OpenTask::Digest => {
                let probe = |(id, node): (_, &Node)| Probe { id, range: node.open.range.clone() };
                (Request::Digest(questions.map(probe).collect()), 2)
            }
            OpenTask::Read => {
                let leaf = |(id, node): (_, &Node)| LeafProbe {
                    id,
                    range: node.open.range.clone(),
                    source_rows: node.digests.map(|(source, _)| source.count),
                    target_rows: node.digests.map(|(_, target)| target.count),
                };
                (Request::Leaf(questions.map(leaf).collect()), 2 * count)
            }
        };
        self.counters.queries += queries;
        request
    }

    fn split_probe(&self, id: ProbeId, node: &Node) -> SplitProbe {
        let open = &node.open;
        let side = if open.source_rows >= open.target_rows { Side::Source } else { Side::Target };
        let cut = match open.task {
            OpenTask::FindNewest => Cut::Newest(self.settings.recent_first_rows),
            _ => Cut::Pieces(node.pieces),
        };
        SplitProbe { id, range: open.range.clone(), side, rows: open.rows(), cut }
    }
}
