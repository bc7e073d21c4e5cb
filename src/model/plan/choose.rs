//! Choosing a strategy from the plan, what both sides can do, and measured numbers.

use super::estimate::{Estimate, Rates};
use super::strategy::{Strategy, StrategyChoice};
use super::{Changed, Plan, Reason, Step};
use crate::base::limits;
use crate::model::pair::KeyOrder;
use crate::model::settings::TableSettings;

/// How much slower an ordered read of everything may be and still win over a search that is expected to find much:
/// the search would stop after its first level and read what is left.
const LARGE_DIFFERENCE_PATIENCE: f64 = 2.0;

/// How a side digests a range of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digesting {
    /// Where the rows are; only the digest travels.
    InDatabase,
    /// In this process, which reads the rows for it.
    InProcess,
    /// It can only count.
    CountOnly,
}

/// Everything that decides a strategy.
#[derive(Debug, Clone, Copy)]
pub struct StrategyInputs<'a> {
    /// The plan of the table.
    pub plan: &'a Plan,
    /// The table's settings: the forced strategy and the `binary_search_…` keys.
    pub settings: &'a TableSettings,
    /// Whether both sides read in one order.
    pub key_order: &'a KeyOrder,
    /// How the source digests.
    pub source: Digesting,
    /// How the target digests.
    pub target: Digesting,
    /// Whether a change journal is installed on the source.
    pub journal: bool,
    /// Scattered differences to expect, from earlier passes.
    pub expected_differences: Option<u64>,
    /// Measured or assumed rates.
    pub rates: Rates,
}

impl<'a> StrategyInputs<'a> {
    fn count_only(&self) -> bool {
        [self.source, self.target].contains(&Digesting::CountOnly)
    }

    fn in_process(&self) -> bool {
        [self.source, self.target] == [Digesting::InProcess; 2]
    }

    /// Why a strategy cannot work for this table.
    fn obstacle(&self, strategy: Strategy) -> Option<&'a str> {
        let unordered = match self.key_order {
            KeyOrder::Canonical => None,
            KeyOrder::Hashed(reason) => Some(reason.as_str()),
        };
        match strategy {
            Strategy::Copy => (self.plan.counts.target > 0).then_some("the target is not empty"),
            Strategy::ModifiedSince => match self.plan.counts.changed {
                Changed::Known(_) => None,
                Changed::NoWatermark => Some("there is no watermark yet"),
                Changed::Unknown => Some("the table has no modify column"),
            },
            Strategy::DigestSearch if self.count_only() => Some("a side can only count"),
            Strategy::DigestSearch | Strategy::CountSearch | Strategy::MergeCompare => unordered,
            Strategy::HashBuckets => None,
            Strategy::Journal => (!self.journal).then_some("the source has no change journal"),
        }
    }

    fn purpose(&self) -> &'static str {
        match self.plan.counts.source.cmp(&self.plan.counts.target) {
            std::cmp::Ordering::Greater => "adds",
            std::cmp::Ordering::Less => "deletes",
            std::cmp::Ordering::Equal => "changes",
        }
    }

    /// The reason as a log line; `cause` is why, where the counts alone do not say it.
    fn words(&self, strategy: Strategy, cause: Option<&str>) -> String {
        let counts = self.plan.counts;
        let purpose = self.purpose();
        let name = match strategy {
            Strategy::DigestSearch | Strategy::CountSearch => "binary search",
            Strategy::MergeCompare => "full compare",
            other => other.as_str(),
        };
        match (cause, strategy) {
            (Some(cause), _) => format!("using {name} for {purpose} (reason={cause})"),
            (None, Strategy::ModifiedSince | Strategy::Journal) => {
                let changed = match counts.changed {
                    Changed::Known(rows) => rows.to_string(),
                    Changed::NoWatermark | Changed::Unknown => "unknown".to_owned(),
                };
                format!("using {name} for {purpose} (changed={changed})")
            }
            (None, _) => format!(
                "using {name} for {purpose} (from={}, to={}, diff={})",
                counts.source,
                counts.target,
                counts.difference()
            ),
        }
    }

    fn choice(&self, strategy: Strategy, cause: Option<&str>) -> StrategyChoice {
        let then = (strategy == Strategy::CountSearch && self.plan.has(Step::Incremental))
            .then_some(if self.journal { Strategy::Journal } else { Strategy::ModifiedSince });
        StrategyChoice {
            strategy,
            then,
            reason: self.words(strategy, cause),
            refused: None,
            estimate: Estimate::of(strategy, self),
        }
    }

    /// An ordered read of both sides, or two scans where there is no common order.
    fn read_everything(&self, cause: &str) -> StrategyChoice {
        match self.obstacle(Strategy::MergeCompare) {
            None => self.choice(Strategy::MergeCompare, Some(cause)),
            Some(obstacle) => self.choice(Strategy::HashBuckets, Some(obstacle)),
        }
    }
}

/// Chooses how the differences of a table will be found; `None` when its plan has no steps.
pub fn choose_strategy(inputs: &StrategyInputs<'_>) -> Option<StrategyChoice> {
    if inputs.plan.steps.is_empty() {
        return None;
    }
    match inputs.plan.reason {
        Reason::Forced => return Some(inputs.read_everything("forced by operator")),
        Reason::TargetEmpty => return Some(inputs.choice(Strategy::Copy, Some("target empty"))),
        Reason::SourceEmptyHold | Reason::SourceEmptyDelete => {
            return Some(inputs.read_everything("source empty"));
        }
        _ => {}
    }
    let Some(forced) = Strategy::from_setting(inputs.settings.strategy) else {
        return Some(choose_freely(inputs));
    };
    Some(match inputs.obstacle(forced) {
        None => inputs.choice(forced, Some("forced by configuration")),
        Some(obstacle) => {
            let refused = Some(format!("{forced} was asked for, but {obstacle}"));
            StrategyChoice { refused, ..choose_freely(inputs) }
        }
    })
}

fn choose_freely(inputs: &StrategyInputs<'_>) -> StrategyChoice {
    let counts = inputs.plan.counts;
    if inputs.plan.is_incremental_only() {
        let journal = inputs.journal;
        return inputs.choice(if journal { Strategy::Journal } else { Strategy::ModifiedSince }, None);
    }
    if counts.larger() < inputs.settings.binary_search_min_table_size {
        return inputs.read_everything("small table");
    }
    if inputs.in_process() {
        return inputs.read_everything("in-process pair");
    }
    if inputs.plan.has(Step::Add) && !inputs.settings.binary_search_for_add {
        return inputs.read_everything("binary_search_for_add is off");
    }
    if inputs.count_only() {
        return if inputs.plan.has(Step::Changed) {
            inputs.read_everything("a side can only count, which shows no changed row")
        } else if let Some(obstacle) = inputs.obstacle(Strategy::CountSearch) {
            inputs.read_everything(obstacle)
        } else {
            inputs.choice(Strategy::CountSearch, None)
        };
    }
    if let Some(obstacle) = inputs.obstacle(Strategy::DigestSearch) {
        return inputs.read_everything(obstacle);
    }
    search_or_read(inputs)
}

/// Both sides can digest and agree on the order: the cheaper of a search and an ordered read of everything.
fn search_or_read(inputs: &StrategyInputs<'_>) -> StrategyChoice {
    let counts = inputs.plan.counts;
    let search = Estimate::of(Strategy::DigestSearch, inputs);
    let read = Estimate::of(Strategy::MergeCompare, inputs);
    let expected = counts.difference().max(inputs.expected_differences.unwrap_or(0));
    let large = expected as f64 > limits::DIRTY_SHARE_MAX * counts.larger() as f64;
    let patience = if large { LARGE_DIFFERENCE_PATIENCE } else { 1.0 };
    if read.seconds > search.seconds * patience {
        return inputs.choice(Strategy::DigestSearch, None);
    }
    if large {
        return inputs.read_everything("large difference");
    }
    inputs
        .read_everything(&format!("reading is faster: {:.2} s against {:.2} s", read.seconds, search.seconds))
}

#[cfg(test)]
mod tests;
