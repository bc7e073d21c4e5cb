//! Digest search and count search: drives [`RangeSearch`], which decides, by asking both sides.

use std::time::Duration;

use super::super::context::Context;
use super::super::interrupt::{Flow, Interrupt};
use super::super::planning;
use super::super::table::TableWork;
use super::super::tally::Work;
use super::{Outcome, Sink, Views, merge};
use crate::base::limits::{SEARCH_UNIT_ROWS_MAX, SEARCH_UNIT_TIME_MAX};
use crate::model::digest::Digest;
use crate::model::event::{EventBody, RangeFact, RangeVerdict, Side};
use crate::model::key::Key;
use crate::model::range::KeyRange;
use crate::model::search::{
    Compare, Cut, LeafAnswer, LeafProbe, Outcome as Ended, Probe, RangeSearch, Request, SearchSettings,
    SearchStep, SplitProbe, Totals,
};

/// Searches ranges by digests.
pub async fn digest_search(
    context: &Context,
    views: &Views,
    table: &TableWork,
    ranges: &[KeyRange],
    sink: &mut dyn Sink,
) -> Flow<Outcome> {
    drive(context, views, table, Compare::Content, ranges, sink).await
}

/// Searches ranges by counts alone: finds differences, proves nothing.
pub async fn count_search(
    context: &Context,
    views: &Views,
    table: &TableWork,
    ranges: &[KeyRange],
    sink: &mut dyn Sink,
) -> Flow<Outcome> {
    drive(context, views, table, Compare::CountOnly { stop_after: None }, ranges, sink).await
}

/// A search with what it takes to answer it.
struct Driver<'a> {
    context: &'a Context,
    views: &'a Views,
    table: &'a TableWork,
    counts_only: bool,
    search: RangeSearch,
    rows_since_saved: u64,
    saved_at: Duration,
}

async fn drive(
    context: &Context,
    views: &Views,
    table: &TableWork,
    compare: Compare,
    ranges: &[KeyRange],
    sink: &mut dyn Sink,
) -> Flow<Outcome> {
    let (source_total, target_total) = (table.counts.0.unwrap_or(0), table.counts.1.unwrap_or(0));
    let settings = SearchSettings {
        compare,
        expected_differences: table.memory.proof.as_ref().map(|_| table.memory.rates.differences),
        source_consistent: views.source.consistent(),
        target_consistent: views.target.consistent(),
        ..SearchSettings::for_table(table.paired().settings(), planning::rates(table).cost_model())
    };
    // The totals were counted while planning, through another view of the target.
    let totals = Totals::estimated(source_total, target_total);
    let mut driver = Driver {
        context,
        views,
        table,
        counts_only: matches!(compare, Compare::CountOnly { .. }),
        search: RangeSearch::over(settings, ranges, totals),
        rows_since_saved: 0,
        saved_at: context.elapsed(),
    };
    let start = context.elapsed();
    let ended = driver.run(sink).await;
    context.tally.spent(Work::Search, context.elapsed().saturating_sub(start));
    let counters = driver.search.counters();
    context.tally.searched(counters.iterations, counters.queries, u64::from(counters.depth_max));
    match ended? {
        Ended::Complete | Ended::StoppedEarly => {
            driver.tell_proven(sink);
            sink.save(context, &[]).await?;
            Ok(Outcome::Done)
        }
        Ended::TooManyDifferences => {
            driver.tell_proven(sink);
            sink.save(context, &driver.search.remaining()).await?;
            Ok(Outcome::TooManyDifferences)
        }
        Ended::Failed(error) => Err(Interrupt::logic(error.to_string())),
    }
}

impl Driver<'_> {
    async fn run(&mut self, sink: &mut dyn Sink) -> Flow<Ended> {
        loop {
            match self.search.next_request() {
                Request::Split(probes) => self.split(&probes).await?,
                Request::Digest(probes) => self.digest(&probes).await?,
                Request::Leaf(probes) => self.leaves(&probes, sink).await?,
                Request::Done(summary) => {
                    self.tell(sink);
                    return Ok(summary.outcome);
                }
            }
            self.tell(sink);
            self.save_when_due(sink).await?;
        }
    }

    async fn split(&mut self, probes: &[SplitProbe]) -> Flow<()> {
        for probe in probes {
            let (snapshot, view) = match probe.side {
                Side::Source => (&self.views.source, &self.views.source_view),
                Side::Target => (&self.views.target, &self.views.target_view),
            };
            let keys: Vec<Key> = match probe.cut {
                Cut::Pieces(pieces) => {
                    let split = snapshot.split(view, &probe.range, pieces as usize);
                    self.context.sides.call(probe.side, "cutting a range", split).await?
                }
                Cut::Newest(rows) => {
                    let newest = snapshot.newest(view, &probe.range, rows);
                    let key = self.context.sides.call(probe.side, "finding the newest rows", newest).await?;
                    key.into_iter().collect()
                }
            };
            self.search.answer_split(probe.id, &keys).map_err(|error| Interrupt::logic(error.to_string()))?;
        }
        Ok(())
    }

    /// Both sides at once.
    async fn digest(&mut self, probes: &[Probe]) -> Flow<()> {
        let ranges: Vec<KeyRange> = probes.iter().map(|probe| probe.range.clone()).collect();
        let (source, target) = futures_util::future::join(
            self.digests(Side::Source, &ranges),
            self.digests(Side::Target, &ranges),
        )
        .await;
        let (source, target) = (source?, target?);
        let rows = source.iter().chain(&target).map(|digest| digest.count).sum();
        self.context.sides.pace(rows).await;
        if source.len() != probes.len() || target.len() != probes.len() {
            return Err(Interrupt::logic("a side answered another number of digests than was asked for"));
        }
        for (probe, (source, target)) in probes.iter().zip(source.into_iter().zip(target)) {
            self.rows_since_saved += source.count;
            self.search
                .answer_digest(probe.id, source, target)
                .map_err(|error| Interrupt::logic(error.to_string()))?;
        }
        Ok(())
    }

    async fn digests(&self, side: Side, ranges: &[KeyRange]) -> Flow<Vec<Digest>> {
        let (snapshot, view) = match side {
            Side::Source => (&self.views.source, &self.views.source_view),
            Side::Target => (&self.views.target, &self.views.target_view),
        };
        if !self.counts_only {
            let call = snapshot.digest(view, ranges, self.context.seed);
            return self.context.sides.call(side, "digesting ranges", call).await;
        }
        let mut counts = Vec::with_capacity(ranges.len());
        for range in ranges {
            let count = self.context.sides.call(side, "counting rows", snapshot.count(view, range)).await?;
            counts.push(Digest { count, sum: 0 });
        }
        Ok(counts)
    }

    async fn leaves(&mut self, probes: &[LeafProbe], sink: &mut dyn Sink) -> Flow<()> {
        for probe in probes {
            let answer = merge::merge_range(self.context, self.views, &probe.range, None, sink).await?;
            self.rows_since_saved += answer.source_rows;
            // The sink has been told the leaf's digest; told here too it would be counted twice.
            let answer = LeafAnswer { digest: None, ..answer };
            self.search.answer_leaf(probe.id, answer).map_err(|error| Interrupt::logic(error.to_string()))?;
        }
        Ok(())
    }

    /// Says what happened since the last time.
    fn tell(&mut self, sink: &mut dyn Sink) {
        let hub = &self.context.hub;
        let table = &self.table.name;
        for step in self.search.take_steps() {
            let body = match step {
                SearchStep::Split { range, depth, pieces } => {
                    EventBody::RangeSplit { table: table.clone(), range: fact(&range, depth, None), pieces }
                }
                SearchStep::Equal { range, depth, rows } => {
                    sink.equal_rows(rows);
                    compared(table, fact(&range, depth, Some((rows, rows))), RangeVerdict::Equal)
                }
                SearchStep::Differs { range, depth, source_rows, target_rows } => compared(
                    table,
                    fact(&range, depth, Some((source_rows, target_rows))),
                    RangeVerdict::Differs,
                ),
                SearchStep::LeafRead { range, depth, answer } => {
                    let rows = Some((answer.source_rows, answer.target_rows));
                    compared(table, fact(&range, depth, rows), RangeVerdict::LeafRead)
                }
            };
            hub.emit(body);
        }
        let counters = self.search.counters();
        let (source, target) = self.table.counts;
        hub.emit(EventBody::SearchAdvanced {
            table: table.clone(),
            trail: self.search.trail().to_string(),
            depth: u64::from(counters.depth_max),
            splits: counters.splits,
            queries: counters.queries,
            found: self.search.found().total(),
            expected: source.unwrap_or(0).abs_diff(target.unwrap_or(0)),
        });
    }

    async fn save_when_due(&mut self, sink: &mut dyn Sink) -> Flow<()> {
        let now = self.context.elapsed();
        let due = self.rows_since_saved >= SEARCH_UNIT_ROWS_MAX
            || now.saturating_sub(self.saved_at) >= SEARCH_UNIT_TIME_MAX;
        if !due {
            return self.context.control.safe_point(Some(&self.table.name)).await;
        }
        self.rows_since_saved = 0;
        self.saved_at = now;
        sink.save(self.context, &self.search.remaining()).await
    }

    /// The digests of ranges that were equal, for the proof; leaves have told theirs.
    fn tell_proven(&self, sink: &mut dyn Sink) {
        for (range, digest) in self.search.proven() {
            sink.covered(range, digest);
        }
    }
}

fn compared(table: &str, range: RangeFact, verdict: RangeVerdict) -> EventBody {
    EventBody::RangeCompared { table: table.to_owned(), range, verdict }
}

fn fact(range: &KeyRange, depth: u32, rows: Option<(u64, u64)>) -> RangeFact {
    RangeFact {
        lower: range.lower.as_ref().map(Key::to_string),
        upper: range.upper.as_ref().map(Key::to_string),
        depth: u64::from(depth),
        source_rows: rows.map(|rows| rows.0),
        target_rows: rows.map(|rows| rows.1),
    }
}
