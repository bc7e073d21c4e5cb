//! Finding differences: one of several strategies walks both sides and tells a [`Sink`] what it sees.
//!
//! Does not belong here: writing to the target, judging what was found.
//!
//! Invariants: read only; a range is called equal, or a row missing or extra, only after both sides ended their reads
//! of it with a positive mark; progress is saved at least every
//! [`crate::base::limits::SEARCH_UNIT_ROWS_MAX`] rows.

mod buckets;
mod collector;
mod digest;
mod merge;
mod modified;

use std::sync::Arc;

use async_trait::async_trait;

use super::context::Context;
use super::interrupt::{Failure, Flow, Interrupt};
use super::table::{Paired, TableWork};
use crate::model::block::RowBlock;
use crate::model::digest::Digest;
use crate::model::event::{EventBody, Side};
use crate::model::pair::TableView;
use crate::model::plan::Strategy;
use crate::model::range::KeyRange;
use crate::state::{FindProgress, FindingKind, StateChange};
use crate::store::Snapshot;

pub use collector::Collector;

/// One row of a block.
#[derive(Clone, Copy)]
pub struct RowRef<'a> {
    /// The block.
    pub block: &'a RowBlock,
    /// The row's position in it.
    pub index: usize,
}

/// What a search tells as it goes. Keys come in key order, except from hash buckets and modified-since.
#[async_trait]
pub trait Sink: Send {
    /// A row differs; the sides that have it hand it over.
    fn differs(
        &mut self,
        kind: FindingKind,
        key: &[u8],
        source: Option<RowRef<'_>>,
        target: Option<RowRef<'_>>,
    );

    /// A row was compared equal.
    fn equal(&mut self, key: &[u8]);

    /// So many rows were equal by their digest.
    fn equal_rows(&mut self, rows: u64);

    /// Everything in a range was compared; this is the source's digest of it.
    fn covered(&mut self, range: KeyRange, source: Digest);

    /// Everything told so far is kept; `remaining` is what a restart has to search.
    async fn save(&mut self, context: &Context, remaining: &[KeyRange]) -> Flow<()>;
}

/// Both sides of a table, open for reading.
pub struct Views {
    /// The source.
    pub source: Arc<dyn Snapshot>,
    /// The target.
    pub target: Arc<dyn Snapshot>,
    /// How the source is read.
    pub source_view: Arc<TableView>,
    /// How the target is read.
    pub target_view: Arc<TableView>,
}

impl Views {
    /// Opens both sides of a pair: the source as of the pass, the target as of now.
    pub async fn open(context: &Context, paired: &Paired) -> Flow<Self> {
        let source = context.source().await?;
        let target = Arc::from(context.sides.snapshot(Side::Target).await?);
        Ok(Self {
            source,
            target,
            source_view: Arc::clone(&paired.source_view),
            target_view: Arc::clone(&paired.target_view),
        })
    }
}

/// Searches a table's differences and keeps them in the state; goes on where an earlier process stopped.
pub async fn find(context: &Context, table: &mut TableWork) -> Flow<()> {
    let Some(choice) = table.choice.clone().filter(|choice| choice.strategy != Strategy::Copy) else {
        return Ok(());
    };
    let mut strategy = choice.strategy;
    table.found.one_instant = context.state().find_progress(&table.name)?.is_none();
    context.hub.emit(EventBody::FindStarted {
        table: table.name.clone(),
        strategy: strategy.as_str().to_owned(),
        reason: choice.reason.clone(),
    });
    let mut failures = 0;
    loop {
        context.control.safe_point(Some(&table.name)).await?;
        match find_once(context, table, strategy).await {
            Ok(Outcome::Done) => break,
            Ok(Outcome::TooManyDifferences) => {
                strategy = Strategy::MergeCompare;
                context.hub.emit(EventBody::FindStarted {
                    table: table.name.clone(),
                    strategy: strategy.as_str().to_owned(),
                    reason: "using full compare (reason=large difference)".to_owned(),
                });
            }
            Err(Interrupt::Lost(side, error)) => {
                failures += 1;
                table.found.one_instant = false;
                context.lost(side, &error, failures).await?;
            }
            Err(Interrupt::Aged) => {
                table.found.one_instant = false;
                context.release_source().await;
            }
            Err(Interrupt::Table(failure)) if may_fall_back(table, strategy, &failure) => {
                fall_back(context, table, &failure)?;
                strategy = Strategy::MergeCompare;
            }
            Err(other) => return Err(other),
        }
    }
    if let Some(then) = choice.then {
        find_then(context, table, then).await?;
    }
    conclude(context, table, strategy)
}

/// Whether a search that failed by its own logic may be replaced by reading everything.
fn may_fall_back(table: &TableWork, strategy: Strategy, failure: &Failure) -> bool {
    failure.class == "logic"
        && matches!(strategy, Strategy::DigestSearch | Strategy::CountSearch)
        && table.paired().settings().fallback_full_compare_on_mismatch
}

fn fall_back(context: &Context, table: &mut TableWork, failure: &Failure) -> Flow<()> {
    context.hub.emit(EventBody::FallbackStarted {
        table: table.name.clone(),
        reason: format!("Binary search failed, falling back to full compare ({})", failure.message),
    });
    table.proofs.clear();
    table.found.source_digest = None;
    context.remember(&[StateChange::FindingsCleared { table: table.name.clone() }])
}

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything in the ranges was searched.
    Done,
    /// So much differs that reading everything that remains is cheaper.
    TooManyDifferences,
}

async fn find_once(context: &Context, table: &mut TableWork, strategy: Strategy) -> Flow<Outcome> {
    let views = Views::open(context, table.paired()).await?;
    table.found.one_instant &= views.source.consistent();
    let progress = progress_so_far(context, table, strategy)?;
    if progress.done {
        return Ok(Outcome::Done);
    }
    let mut collector = Collector::new(table, progress.clone());
    let outcome = search(context, &views, strategy, table, &progress.remaining, &mut collector).await?;
    if outcome == Outcome::Done {
        collector.finish(context)?;
    }
    collector.hand_over(table);
    Ok(outcome)
}

/// Where the search stands; one that cannot go on from there begins anew, without what had been found.
fn progress_so_far(context: &Context, table: &mut TableWork, strategy: Strategy) -> Flow<FindProgress> {
    match context.state().find_progress(&table.name)? {
        Some(progress) if goes_on(&progress, table, strategy) => Ok(progress),
        _ => {
            // Also without progress: a second look that was interrupted has left what it was about to write.
            context.remember(&[StateChange::FindingsCleared { table: table.name.clone() }])?;
            table.proofs.clear();
            table.found.source_digest = None;
            Ok(FindProgress {
                strategy: strategy.as_str().to_owned(),
                remaining: vec![KeyRange::all()],
                equal_rows: 0,
                digest: Digest::EMPTY,
                watermark: table.found.watermark.clone(),
                done: false,
            })
        }
    }
}

/// Whether a search with this strategy may go on where an earlier one stopped, maybe with another strategy.
///
/// Only what goes in key order and compares content leaves ranges that are done for good.
fn goes_on(progress: &FindProgress, table: &TableWork, strategy: Strategy) -> bool {
    let was = |strategy: Strategy| progress.strategy == strategy.as_str();
    if !progress.done {
        return goes_in_key_order(&progress.strategy) && goes_in_key_order(strategy.as_str());
    }
    let then = table.choice.as_ref().and_then(|choice| choice.then);
    goes_in_key_order(&progress.strategy)
        || was(Strategy::HashBuckets)
        || was(strategy)
        || then.is_some_and(|then| progress.strategy == both(strategy.as_str(), then))
}

/// Whether a search of this name goes in key order and compares content.
fn goes_in_key_order(strategy: &str) -> bool {
    [Strategy::MergeCompare, Strategy::DigestSearch].map(Strategy::as_str).contains(&strategy)
}

/// Whether a search of this name sees changed rows wherever they are.
fn compares_content(strategy: &str) -> bool {
    goes_in_key_order(strategy) || strategy == Strategy::HashBuckets.as_str()
}

/// The name of a search by one strategy that was completed by another.
fn both(first: &str, then: Strategy) -> String {
    format!("{first}, then {then}")
}

/// Runs one strategy over ranges.
pub async fn search(
    context: &Context,
    views: &Views,
    strategy: Strategy,
    table: &TableWork,
    ranges: &[KeyRange],
    sink: &mut dyn Sink,
) -> Flow<Outcome> {
    match strategy {
        Strategy::MergeCompare | Strategy::Copy => {
            merge::merge_compare(context, views, ranges, sink).await?;
        }
        Strategy::DigestSearch => return digest::digest_search(context, views, table, ranges, sink).await,
        Strategy::CountSearch => return digest::count_search(context, views, table, ranges, sink).await,
        Strategy::HashBuckets => buckets::hash_buckets(context, views, table, sink).await?,
        Strategy::ModifiedSince => {
            modified::modified_since(context, views, table, sink, modified::Rows::All).await?;
        }
        Strategy::Journal => {
            return Err(Interrupt::logic(
                "the source has no change journal, so the journal strategy cannot run",
            ));
        }
    }
    Ok(Outcome::Done)
}

/// The second strategy of a plan, for changed rows that the first cannot see.
async fn find_then(context: &Context, table: &mut TableWork, strategy: Strategy) -> Flow<()> {
    if strategy != Strategy::ModifiedSince {
        return Err(Interrupt::logic(format!("{strategy} cannot follow another strategy")));
    }
    context
        .persist(async || {
            let views = Views::open(context, table.paired()).await?;
            let progress = context.state().find_progress(&table.name)?;
            let mut progress =
                progress.ok_or_else(|| Interrupt::logic("the first search left no progress"))?;
            // A search that turned into one that compares content has seen the changed rows as well.
            if progress.strategy.ends_with(&both("", strategy)) || compares_content(&progress.strategy) {
                return Ok(());
            }
            progress.remaining.clear();
            progress.strategy = both(&progress.strategy, strategy);
            let mut collector = Collector::new(table, progress);
            collector.learn_listed(context)?;
            modified::modified_since(context, &views, table, &mut collector, modified::Rows::ChangedOnly)
                .await?;
            collector.finish(context)
        })
        .await
}

/// Sums up what the state holds, whichever process found it.
fn conclude(context: &Context, table: &mut TableWork, strategy: Strategy) -> Flow<()> {
    let state = context.state();
    let rows = |kind| state.finding_rows(&table.name, kind);
    let (missing, changed, extra) =
        (rows(FindingKind::Missing)?, rows(FindingKind::Changed)?, rows(FindingKind::Extra)?);
    let progress = state.find_progress(&table.name)?;
    let found = &mut table.found;
    found.done = true;
    found.missing = missing;
    found.changed = changed;
    found.extra = extra;
    found.equal_rows = progress.as_ref().map_or(0, |progress| progress.equal_rows);
    found.watermark = progress.and_then(|progress| progress.watermark);
    found.covered = !matches!(strategy, Strategy::ModifiedSince | Strategy::CountSearch | Strategy::Journal);
    // Range counts that do not add up to the table's mean that not everything was seen in one go.
    found.one_instant &= found.source_digest.map(|digest| digest.count) == table.counts.0;
    let samples = collector::samples(state, &table.name)?;
    context.hub.emit(EventBody::DifferencesFound {
        table: table.name.clone(),
        missing,
        changed,
        extra,
        samples,
    });
    Ok(())
}
