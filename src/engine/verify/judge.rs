//! The last word on a table.

use std::time::Duration;

use super::super::apply::{OnRefusal, settle_quarantine, sweep_deletes, sweep_rows};
use super::super::context::Context;
use super::super::find::{self, Views};
use super::super::guard;
use super::super::interrupt::Flow;
use super::super::planning;
use super::super::table::{Stage, TableWork};
use super::look::{Suspects, first_look, look};
use super::scan::scan;
use crate::base::human;
use crate::base::limits::SECOND_LOOKS_MAX;
use crate::model::event::{EventBody, Side};
use crate::model::outcome::Verdict;
use crate::model::plan::Reason;
use crate::model::settings::{Deletes, Verify};
use crate::state::{Finding, FindingKind, StateChange};

/// What verification came to know.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Evidence {
    /// Every row in scope was proven equal in this pass.
    Proven,
    /// Proven in an earlier pass; only trusted changes since.
    ProvenEarlier,
    /// Nothing was proven, for this reason.
    Unproven(String),
    /// So many rows differ for good, and so many keep changing at the source.
    Different { rows: u64, busy: u64 },
}

/// Judges a table that this pass synchronised.
pub async fn judge_synced(context: &Context, table: &mut TableWork) -> Flow<()> {
    if !table.is_open() {
        return Ok(());
    }
    let mut quarantined = settle(context, table).await?;
    if !counted_by_search(table) {
        count(context, table).await?;
    }
    let before = (table.rows.written(), table.errors);
    let evidence = gather(context, table).await?;
    if (table.rows.written(), table.errors) != before {
        count(context, table).await?;
        quarantined = settle(context, table).await?;
    }
    conclude(table, evidence, quarantined);
    Ok(())
}

/// Lets rows out of quarantine that are equal by now; returns how many remain.
async fn settle(context: &Context, table: &mut TableWork) -> Flow<u64> {
    if table.quarantine.is_empty() {
        return Ok(0);
    }
    context.persist(async || settle_quarantine(context, table).await).await
}

/// Judges a table that is only verified: both sides are compared and nothing is written.
pub async fn judge_verified(context: &Context, table: &mut TableWork) -> Flow<()> {
    if !table.is_open() {
        return Ok(());
    }
    count(context, table).await?;
    table.found.one_instant = false;
    let mut differences = scan(context, table).await?;
    differences.forget_kept(table);
    table.found.equal_rows = differences.equal_rows;
    let evidence = if differences.total == 0 {
        Evidence::Proven
    } else if differences.complete() && context.source().await?.consistent() {
        Evidence::Different { rows: differences.total, busy: 0 }
    } else if differences.complete() {
        let mut suspects = first_look(context, table, &differences.keys).await?;
        forget_kept(table, &mut suspects);
        watch(context, table, &mut suspects, Writes::None).await?;
        verdict_on(&suspects)
    } else {
        Evidence::Different { rows: differences.total, busy: 0 }
    };
    let quarantined = context.state().quarantine_count(&table.name)?;
    conclude(table, evidence, quarantined);
    Ok(())
}

/// Whether the search has seen every row of both sides, of the source in the instant in which its rows were counted,
/// and found nothing to be written: then the counts are what they were, and counting would be one more scan.
fn counted_by_search(table: &TableWork) -> bool {
    let found = &table.found;
    let rows = Some(found.equal_rows);
    found.done
        && found.covered
        && found.one_instant
        && found.differences() == 0
        && table.rows.written() == 0
        && table.counts == (rows, rows)
}

/// Counts both sides: the source as the pass reads it, the target as it is now.
async fn count(context: &Context, table: &mut TableWork) -> Flow<()> {
    let counts = context
        .persist(async || {
            let views = Views::open(context, table.paired()).await?;
            let all = crate::model::range::KeyRange::all();
            let source = views.source.count(&views.source_view, &all);
            let target = views.target.count(&views.target_view, &all);
            let (source, target) = futures_util::future::join(
                context.sides.call(Side::Source, "counting rows", source),
                context.sides.call(Side::Target, "counting rows", target),
            )
            .await;
            let (source, target) = (source?, target?);
            let largest = planning::largest_at_target(context, table, &views).await?;
            Ok((source, target, largest))
        })
        .await?;
    let (source, target, largest) = counts;
    table.counts = (Some(source), Some(target));
    table.target_largest = largest;
    Ok(())
}

async fn gather(context: &Context, table: &mut TableWork) -> Flow<Evidence> {
    let settings = table.paired().settings().clone();
    match table.plan.as_ref().map(|plan| plan.reason) {
        Some(Reason::NoChanges) => return Ok(Evidence::ProvenEarlier),
        Some(Reason::BelowMinimum { .. }) => {
            return Ok(Evidence::Unproven("fewer rows to sync than min_rows_to_sync".to_owned()));
        }
        Some(Reason::BothEmpty) => return Ok(Evidence::Proven),
        _ => {}
    }
    if proven_on_the_way(table) {
        return Ok(Evidence::Proven);
    }
    match settings.verify {
        Verify::Off => return Ok(Evidence::Unproven("verification is off (verify = \"off\")".to_owned())),
        Verify::Count => {
            let (source, target) = (table.counts.0.unwrap_or(0), table.counts.1.unwrap_or(0));
            if settings.deletes == Deletes::Never && context.resumed && table.kept_extras == 0 {
                // The process before this one found them; counts tell no more than that there are so many.
                table.keep_extras(target.saturating_sub(source));
            }
            let target = target.saturating_sub(table.kept_extras);
            return Ok(if source == target {
                Evidence::Unproven("only counts were compared (verify = \"count\")".to_owned())
            } else {
                Evidence::Different { rows: source.abs_diff(target), busy: 0 }
            });
        }
        Verify::Digest => {}
    }
    if leans_on_earlier_proof(context, table) {
        return Ok(Evidence::ProvenEarlier);
    }
    prove(context, table).await
}

/// Whether the search, together with the rows read back, has proven everything already.
fn proven_on_the_way(table: &TableWork) -> bool {
    let found = &table.found;
    let nothing_written = table.rows.written() == 0 && found.differences() == 0;
    let untouched_otherwise = table.cascaded == 0 && !table.has_triggers;
    let counts_agree = table.counts.0 == table.counts.1.map(|rows| rows.saturating_sub(table.kept_extras));
    found.done
        && found.covered
        && found.one_instant
        && table.unlike == 0
        && table.quarantine.is_empty()
        && counts_agree
        && (nothing_written || (table.reads_back && untouched_otherwise))
}

/// Whether an incremental plan is good enough, since the whole table was proven recently.
fn leans_on_earlier_proof(context: &Context, table: &TableWork) -> bool {
    let incremental = table.plan.as_ref().is_some_and(crate::model::plan::Plan::is_incremental_only);
    let fresh =
        table.memory.proof.as_ref().is_some_and(|proof| {
            context.job.clock.now().since(proof.at) < table.paired().settings().prove_every
        });
    // What an earlier process of the pass wrote may not have been read back any more.
    let read_back = table.rows.written() == 0 || (table.reads_back && !context.resumed);
    incremental
        && fresh
        && read_back
        && !table.verify_asked
        && table.unlike == 0
        && table.counts.0 == table.counts.1
        && table.quarantine.is_empty()
}

/// Compares both sides now; what differs gets another chance, then the full compare, then the verdict.
async fn prove(context: &Context, table: &mut TableWork) -> Flow<Evidence> {
    let mut fell_back = false;
    loop {
        let mut differences = scan(context, table).await?;
        differences.forget_kept(table);
        table.unlike = 0;
        if differences.total == 0 {
            return Ok(Evidence::Proven);
        }
        if !table.found.one_instant && differences.complete() {
            let mut suspects = first_look(context, table, &differences.keys).await?;
            forget_kept(table, &mut suspects);
            watch(context, table, &mut suspects, Writes::Repair).await?;
            return Ok(verdict_on(&suspects));
        }
        if fell_back || !table.paired().settings().fallback_full_compare_on_mismatch {
            return Ok(Evidence::Different { rows: differences.total, busy: 0 });
        }
        fell_back = true;
        fall_back(context, table, differences.total).await?;
        if !table.is_open() {
            return Ok(Evidence::Different { rows: differences.total, busy: 0 });
        }
    }
}

/// The full-compare fallback: everything is searched and written once more.
async fn fall_back(context: &Context, table: &mut TableWork, rows: u64) -> Flow<()> {
    context.hub.emit(EventBody::FallbackStarted {
        table: table.name.clone(),
        reason: format!(
            "fallback full compare on mismatch ({} rows differ after writing)",
            human::count(rows)
        ),
    });
    context.remember(&[StateChange::FindingsCleared { table: table.name.clone() }])?;
    table.force_full_compare();
    find::find(context, table).await?;
    guard::judge(context, table)?;
    write_found(context, table).await
}

async fn write_found(context: &Context, table: &mut TableWork) -> Flow<()> {
    if !table.is_open() {
        return Ok(());
    }
    for on_refusal in [OnRefusal::Park, OnRefusal::Quarantine] {
        sweep_deletes(context, table, on_refusal).await?;
        sweep_rows(context, table, on_refusal).await?;
    }
    Ok(())
}

/// Whether differing rows are written while they are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writes {
    None,
    Repair,
}

/// Watches differing keys of a moving source: waits, writes, looks again, longer each time.
async fn watch(
    context: &Context,
    table: &mut TableWork,
    suspects: &mut Suspects,
    writes: Writes,
) -> Flow<()> {
    let mut wait: Duration = table.paired().settings().second_look;
    for _ in 0..SECOND_LOOKS_MAX {
        if suspects.is_empty() || !table.is_open() {
            return Ok(());
        }
        context.sides.wait(wait, &context.control).await?;
        wait *= 4;
        context.release_source().await;
        if writes == Writes::Repair {
            let findings =
                suspects.iter().map(|(key, suspect)| Finding::Row { kind: suspect.kind, key: key.clone() });
            context.remember(&[
                StateChange::FindingsCleared { table: table.name.clone() },
                StateChange::FindingsAdded { table: table.name.clone(), findings: findings.collect() },
            ])?;
            guard::judge(context, table)?;
            write_found(context, table).await?;
        }
        look(context, table, suspects).await?;
        forget_kept(table, suspects);
    }
    Ok(())
}

/// Leaves out extra rows that are kept, which the table notes, and rows in quarantine.
fn forget_kept(table: &mut TableWork, suspects: &mut Suspects) {
    let keeps_extras = table.paired().settings().deletes == Deletes::Never;
    let mut extras = 0;
    suspects.retain(|key, suspect| {
        let kept = keeps_extras && suspect.kind == FindingKind::Extra;
        extras += u64::from(kept);
        !kept && !table.quarantine.holds(key)
    });
    if extras > 0 {
        table.keep_extras(table.kept_extras + extras);
    }
}

fn verdict_on(suspects: &Suspects) -> Evidence {
    let busy = suspects.values().filter(|suspect| suspect.keeps_changing).count() as u64;
    match suspects.len() as u64 - busy {
        0 if busy == 0 => Evidence::Proven,
        rows => Evidence::Different { rows, busy },
    }
}

fn conclude(table: &mut TableWork, evidence: Evidence, quarantined: u64) {
    if !table.is_open() {
        return;
    }
    let evidence_proves = evidence == Evidence::Proven;
    let mut remains = Vec::new();
    if let Evidence::Different { rows, busy } = &evidence {
        if *rows > 0 {
            remains.push(format!("{} rows differ", human::count(*rows)));
        }
        if *busy > 0 {
            remains.push(format!("{} rows are busy: their source keeps changing", human::count(*busy)));
        }
    }
    if quarantined > 0 {
        remains.push(format!("{} rows are in quarantine", human::count(quarantined)));
        if let Evidence::Unproven(reason) = &evidence {
            remains.push(reason.clone());
        }
    }
    let (verdict, message) = match evidence {
        Evidence::Different { .. } => (Verdict::Differs, Some(remains.join("; "))),
        _ if quarantined > 0 => (Verdict::Differs, Some(remains.join("; "))),
        Evidence::Proven | Evidence::ProvenEarlier => (Verdict::Equal, None),
        Evidence::Unproven(reason) => (Verdict::NotCompared, Some(reason)),
    };
    table.proven_now = evidence_proves && verdict == Verdict::Equal;
    if verdict == Verdict::Equal && !table.proven_now {
        let at = table.memory.proof.as_ref().map(|proof| proof.at.to_string()).unwrap_or_default();
        table.say_inexact(format!("proven {at}, only trusted changes since"));
    }
    table.stage = Stage::Judged { verdict, message };
}
