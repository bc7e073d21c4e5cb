//! The plan of a table: counts, what changed, the decision row, the strategy, an estimate.

use super::context::Context;
use super::find::Views;
use super::interrupt::Flow;
use super::table::TableWork;
use crate::base::clock::Timestamp;
use crate::base::human;
use crate::base::planted::{Bug, is_planted};
use crate::model::event::{EventBody, Level, PlanFact, Side};
use crate::model::key::Key;
use crate::model::pair::KeyOrder;
use crate::model::plan::{
    Changed, Counts, Digesting, Plan, PlanInputs, ProofFreshness, Rates, StrategyInputs, choose_strategy,
};
use crate::model::range::KeyRange;
use crate::state::Watermark;
use crate::store::Capabilities;

/// Makes a table's plan; reads only counts and stamps.
pub async fn plan(context: &Context, table: &mut TableWork) -> Flow<()> {
    let facts = context.persist(async || gather(context, table).await).await?;
    note_inexact(table, &facts);
    if facts.watermark_void {
        let text = "the target is not as the last pass left it: the watermark is void";
        context.hub.message(Level::Info, Some(&table.name), text);
        table.memory.watermark = None;
    }
    table.counts = (Some(facts.counts.source), Some(facts.counts.target));
    table.target_largest = facts.target_largest;
    table.found.watermark = facts.next_watermark;
    let settings = table.paired().settings().clone();
    let forced = context.options.full_compare
        || context.control.take_full_compare(&table.name)
        || table.memory.full_compare_asked;
    table.verify_asked |= context.control.take_verify(&table.name);
    let proof = match &table.memory.proof {
        Some(proof)
            if context.job.clock.now().since(proof.at) < settings.prove_every && !table.verify_asked =>
        {
            ProofFreshness::Fresh
        }
        _ => ProofFreshness::Stale,
    };
    let plan = Plan::decide(&PlanInputs {
        counts: facts.counts,
        trust_modify_id: settings.trust_modify_id,
        proof,
        forced,
        check_all_tables: settings.check_all_tables,
        min_rows_to_sync: settings.min_rows_to_sync,
        on_empty_source: settings.on_empty_source,
    });
    let digesting = |capabilities: Capabilities| match (capabilities.digests, capabilities.in_process) {
        (false, _) => Digesting::CountOnly,
        (true, true) => Digesting::InProcess,
        (true, false) => Digesting::InDatabase,
    };
    let choice = choose_strategy(&StrategyInputs {
        plan: &plan,
        settings: &settings,
        key_order: &table.paired().pair.key_order,
        source: digesting(context.sides.source.capabilities()),
        target: digesting(context.sides.target.capabilities()),
        journal: false,
        expected_differences: table.memory.proof.as_ref().map(|_| table.memory.rates.differences),
        rates: rates(table),
    });
    if let Some(refused) = choice.as_ref().and_then(|choice| choice.refused.as_ref()) {
        context.hub.message(Level::Warning, Some(&table.name), refused.clone());
    }
    table.plan = Some(plan);
    table.choice = choice;
    announce(context, table);
    Ok(())
}

struct Facts {
    counts: Counts,
    target_largest: Option<Key>,
    next_watermark: Option<Watermark>,
    stamps_missing: u64,
    stamps_future: u64,
    null_keys: (u64, u64, bool),
    watermark_void: bool,
}

async fn gather(context: &Context, table: &TableWork) -> Flow<Facts> {
    let paired = table.paired();
    let views = Views::open(context, paired).await?;
    let all = KeyRange::all();
    let target = views.target.count(&views.target_view, &all);
    let target = context.sides.call(Side::Target, "counting rows", target).await?;
    let largest = largest_at_target(context, table, &views).await?;
    let memory = &table.memory;
    let untouched = memory.target_count == Some(target) && memory.target_largest == largest;
    let watermark = memory.watermark.as_ref().filter(|_| untouched);
    let stamps = stamps(context, table, &views, watermark).await?;
    let source = views.source.count(&views.source_view, &all);
    let source = context.sides.call(Side::Source, "counting rows", source).await?;
    let null_source = views.source.null_keys(&views.source_view, context.seed);
    let null_source = context.sides.call(Side::Source, "counting rows without a key", null_source).await?;
    let null_target = views.target.null_keys(&views.target_view, context.seed);
    let null_target = context.sides.call(Side::Target, "counting rows without a key", null_target).await?;
    Ok(Facts {
        counts: Counts { source, target, changed: stamps.changed },
        next_watermark: stamps.next,
        stamps_missing: stamps.missing,
        stamps_future: stamps.future,
        null_keys: (null_source.count, null_target.count, null_source == null_target),
        watermark_void: memory.watermark.is_some() && !untouched,
        target_largest: largest,
    })
}

/// The target's largest key, which tells whether somebody else wrote; unknown where keys have no common order.
pub async fn largest_at_target(context: &Context, table: &TableWork, views: &Views) -> Flow<Option<Key>> {
    if table.paired().pair.key_order != KeyOrder::Canonical {
        return Ok(None);
    }
    context
        .sides
        .call(Side::Target, "reading the largest key", views.target.largest(&views.target_view))
        .await
}

struct StampFacts {
    changed: Changed,
    next: Option<Watermark>,
    missing: u64,
    future: u64,
}

/// What the modify column says, with the bound up to which a watermark may move after this pass.
///
/// The bound is the source's clock (ours, when it has none) minus the overlap window, read before the first row: what
/// is stamped later may still be committed behind it.
async fn stamps(
    context: &Context,
    table: &TableWork,
    views: &Views,
    since: Option<&Watermark>,
) -> Flow<StampFacts> {
    let nothing = StampFacts { changed: Changed::Unknown, next: None, missing: 0, future: 0 };
    if table.paired().pair.modify_column.is_none() {
        return Ok(nothing);
    }
    let now: Timestamp = context.source_clock.unwrap_or_else(|| context.job.clock.now());
    let overlap = table.paired().settings().overlap_window;
    let bound = if is_planted(Bug::WatermarkWithoutOverlap) { now } else { now.minus(overlap) };
    let view = &views.source_view;
    let ask = |since, now| views.source.stamps(view, since, now);
    let known = ask(since.map(|watermark| &watermark.stamp), now);
    let known = context.sides.call(Side::Source, "reading modify stamps", known).await?;
    let below = context.sides.call(Side::Source, "reading modify stamps", ask(None, bound)).await?;
    let next = match below.largest {
        None => since.cloned(),
        Some(stamp) => {
            let ties = context
                .sides
                .call(Side::Source, "reading modify stamps", ask(Some(&stamp), bound))
                .await?
                .ties;
            Some(Watermark { stamp, key: None, ties, at: context.job.clock.now() })
        }
    };
    let changed = match since {
        None => Changed::NoWatermark,
        Some(watermark) => {
            let later = known.changed.saturating_sub(known.ties);
            Changed::Known(later + known.ties.saturating_sub(watermark.ties))
        }
    };
    Ok(StampFacts { changed, next, missing: known.missing, future: known.future })
}

fn note_inexact(table: &mut TableWork, facts: &Facts) {
    if table.paired().settings().trust_modify_id {
        for (rows, what) in
            [(facts.stamps_missing, "no modify stamp"), (facts.stamps_future, "a stamp in the future")]
        {
            if rows > 0 {
                table.say_inexact(format!("{} source rows have {what}", human::count(rows)));
            }
        }
    }
    let (source, target, equal) = facts.null_keys;
    if source > 0 || target > 0 {
        let word = if equal { "equal" } else { "different" };
        table.say_inexact(format!(
            "rows with NULL in the key are only compared as a set: {} at the source, {} at the target, {word}",
            human::count(source),
            human::count(target)
        ));
    }
}

/// Rates measured in earlier passes, or assumed.
pub fn rates(table: &TableWork) -> Rates {
    let measured = table.memory.rates;
    let mut rates = Rates::default();
    for (rate, measured) in [
        (&mut rates.scan_rows_per_second, measured.read_rows),
        (&mut rates.write_rows_per_second, measured.write_rows),
        (&mut rates.row_bytes, measured.row_bytes),
    ] {
        if measured > 0.0 {
            *rate = measured;
        }
    }
    rates
}

/// What the plan looks like to people.
pub fn fact(table: &TableWork) -> PlanFact {
    let Some(plan) = &table.plan else { return PlanFact::default() };
    let choice = table.choice.as_ref();
    let estimate = choice.map(|choice| choice.estimate).unwrap_or_default();
    PlanFact {
        steps: plan.step_names().into_iter().map(str::to_owned).collect(),
        reason: plan.reason.to_string(),
        row: plan.row().unwrap_or(0),
        source_count: plan.counts.source,
        target_count: plan.counts.target,
        changed: match plan.counts.changed {
            Changed::Known(rows) => Some(rows),
            Changed::NoWatermark | Changed::Unknown => None,
        },
        trusted: plan.trusted,
        strategy: choice.map(|choice| choice.strategy.as_str().to_owned()).unwrap_or_default(),
        strategy_reason: choice.map(|choice| choice.reason.clone()).unwrap_or_default(),
        estimated_rows: estimate.rows,
        estimated_bytes: estimate.bytes,
        estimated_seconds: estimate.seconds,
        held: plan.held.map(|held| held.as_str().to_owned()),
        writes: plan.rows_known_to_write() > 0,
    }
}

fn announce(context: &Context, table: &TableWork) {
    context.hub.emit(EventBody::TablePlanned { table: table.name.clone(), plan: fact(table) });
}
