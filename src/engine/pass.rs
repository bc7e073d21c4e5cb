//! One pass over all table pairs: initialise, discover, plan, find, guard, apply, verify, report.

use std::sync::Arc;

use super::apply::{self, OnRefusal, Quarantine};
use super::context::Context;
use super::control::Control;
use super::discover::{self, Discovered};
use super::hub::Hub;
use super::interrupt::{Flow, Interrupt, Stop};
use super::job::{Job, PassOptions, Purpose};
use super::pace::Pace;
use super::sides::Sides;
use super::table::{Stage, TableWork};
use super::{find, guard, keyless, planning, resume, summary, verify};
use crate::base::random::Random;
use crate::model::digest::DigestSeed;
use crate::model::event::{EventBody, Phase, RunState};
use crate::model::outcome::{ErrorRecord, PassSummary, Verdict};
use crate::model::plan::Strategy;
use crate::state::FindingKind;

/// Runs one pass to its end and says how it ended; never fails otherwise.
pub async fn run_pass(
    job: &Job,
    options: &PassOptions,
    hub: &Arc<Hub>,
    control: &Arc<Control>,
) -> PassSummary {
    let started = job.clock.elapsed();
    let started_at = job.clock.now();
    control.forget_skipped();
    hub.emit(EventBody::RunStateChanged { state: RunState::Running });
    let sides = Sides::new(
        (Arc::clone(&job.source), job.settings.source.clone()),
        (Arc::clone(&job.target), job.settings.target.clone()),
        Arc::clone(&job.clock),
        Random::from_seed(job.random_seed),
        Pace::new(&job.settings.limits, Arc::clone(&job.clock), Arc::clone(control)),
    );
    let seed = job.state.seed();
    let known_seed = seed.clone().unwrap_or(DigestSeed(0));
    let mut context =
        Context::new(job.clone(), options.clone(), Arc::clone(hub), Arc::clone(control), sides, known_seed);
    let mut tables = Vec::new();
    let end = match seed {
        Ok(_) => walk(&mut context, &mut tables).await,
        Err(error) => Err(error.into()),
    };
    context.release_source().await;
    let stop = end.err().map(|interrupt| stop_of(&context, interrupt));
    let seconds = job.clock.elapsed().saturating_sub(started).as_secs_f64();
    let summary = summary::close(&context, &mut tables, stop.as_ref(), started_at, seconds);
    hub.emit(EventBody::PassFinished { summary: summary.clone() });
    hub.settle().await;
    summary
}

/// Why the pass ended early, said and counted.
fn stop_of(context: &Context, interrupt: Interrupt) -> Stop {
    let stop = match interrupt {
        Interrupt::Stop(stop) => stop,
        Interrupt::Lost(side, error) => Stop::Unreachable(format!("{}: {error}", side.as_str())),
        Interrupt::Table(failure) => Stop::Failed(failure),
        Interrupt::Skipped | Interrupt::Aged => Stop::Drained,
    };
    if let Some(error) = stop.error() {
        context.tally.final_error(&context.hub, error);
    }
    stop
}

async fn walk(context: &mut Context, tables: &mut Vec<TableWork>) -> Flow<()> {
    let Discovered { tables: found, order, fingerprint } = discover::discover(context).await?;
    *tables = found;
    resume::begin(context, tables, fingerprint)?;
    let purpose = context.options.purpose;
    let context = &*context;
    phase(context, Phase::Plan);
    for index in order.forward() {
        step(context, &mut tables[index], async |table| prepare_table(context, table).await).await?;
    }
    match purpose {
        Purpose::Plan => {
            tables.iter_mut().for_each(planned);
            return Ok(());
        }
        Purpose::Verify => return verify_all(context, tables, &order).await,
        Purpose::Sync | Purpose::Rehearse => {}
    }
    phase(context, Phase::Find);
    for index in order.forward() {
        step(context, &mut tables[index], async |table| {
            let start = context.elapsed();
            find::find(context, table).await?;
            table.measured.0 = context.elapsed().saturating_sub(start).as_secs_f64();
            Ok(())
        })
        .await?;
    }
    phase(context, Phase::Guard);
    guard_all(context, tables, &order).await?;
    if purpose == Purpose::Rehearse {
        tables.iter_mut().for_each(planned);
        return Ok(());
    }
    phase(context, Phase::Apply);
    apply_all(context, tables, &order).await?;
    phase(context, Phase::Verify);
    for index in order.forward() {
        step(context, &mut tables[index], async |table| verify::judge_synced(context, table).await).await?;
        summary::finish_table(context, &mut tables[index])?;
    }
    Ok(())
}

fn phase(context: &Context, phase: Phase) {
    context.hub.emit(EventBody::PhaseStarted { phase });
}

fn planned(table: &mut TableWork) {
    if table.is_open() {
        table.stage = Stage::Judged { verdict: Verdict::Planned, message: None };
    }
}

/// Runs one step of an open table: a table's failure is its own, everything else ends the pass.
async fn step(
    context: &Context,
    table: &mut TableWork,
    work: impl AsyncFnOnce(&mut TableWork) -> Flow<()>,
) -> Flow<()> {
    if !table.is_open() {
        return Ok(());
    }
    let start = context.elapsed();
    let result = match context.control.safe_point(Some(&table.name)).await {
        Ok(()) => work(table).await,
        Err(interrupt) => Err(interrupt),
    };
    table.spent += context.elapsed().saturating_sub(start);
    match result {
        Err(Interrupt::Table(failure)) => {
            table.errors += 1;
            let error = ErrorRecord {
                class: failure.class.to_owned(),
                table: Some(table.name.clone()),
                key: None,
                message: failure.message.clone(),
                hint: failure.hint.clone(),
            };
            table.stage = Stage::Failed(failure);
            context.tally.error(&context.hub, &context.job.settings.limits, error)
        }
        Err(Interrupt::Skipped) => {
            table.stage = Stage::Skipped;
            Ok(())
        }
        other => other,
    }
}

async fn prepare_table(context: &Context, table: &mut TableWork) -> Flow<()> {
    resume::recall(context, table).await?;
    if !table.is_open() {
        return Ok(());
    }
    if table.paired().pair.key_length == 0 {
        if context.options.purpose == Purpose::Plan {
            return Ok(());
        }
        return keyless::judge(context, table).await;
    }
    let fingerprint = table.paired().fingerprint.clone();
    table.quarantine = Quarantine::load(context, &table.name, &fingerprint)?;
    planning::plan(context, table).await
}

async fn guard_all(context: &Context, tables: &mut [TableWork], order: &discover::WorkingOrder) -> Flow<()> {
    for index in order.forward() {
        step(context, &mut tables[index], async |table| guard::judge(context, table)).await?;
    }
    while hold_what_waits(context, tables, order)? {}
    Ok(())
}

/// Holds what depends on a held table, and what would delete from under a table that is not worked on: a reference
/// with CASCADE or SET NULL would change its rows behind the guard's back. Returns whether any was held.
fn hold_what_waits(
    context: &Context,
    tables: &mut [TableWork],
    order: &discover::WorkingOrder,
) -> Flow<bool> {
    let indexes = |wanted: fn(&Stage) -> bool| -> Vec<usize> {
        (0..tables.len()).filter(|&index| wanted(&tables[index].stage)).collect()
    };
    let held = indexes(|stage| matches!(stage, Stage::Held { .. }));
    let closed = indexes(|stage| matches!(stage, Stage::Held { .. } | Stage::Failed(_) | Stage::Skipped));
    let mut waits = order.dependents(&held);
    for index in order.forward() {
        if let Some(child) = order.reaches(index, &closed)
            && context.state().finding_rows(&tables[index].name, FindingKind::Extra)? > 0
        {
            waits.push((index, child));
        }
    }
    let mut any = false;
    for (index, other) in waits {
        if tables[index].is_open() {
            let reason = format!("waits for {}", tables[other].name);
            guard::hold(context, &mut tables[index], None, reason, 0);
            any = true;
        }
    }
    Ok(any)
}

/// Deletes child-first, then adds and changes parent-first, then what was parked, then deletes that cascade.
async fn apply_all(context: &Context, tables: &mut [TableWork], order: &discover::WorkingOrder) -> Flow<()> {
    for table in tables.iter_mut().filter(|table| table.is_open()) {
        table.reads_back = table.found.differences().saturating_mul(10) <= table.counts.0.unwrap_or(0);
    }
    for index in order.backward().filter(|&index| !order.cascades(index)) {
        step(context, &mut tables[index], async |table| {
            apply::sweep_deletes(context, table, OnRefusal::Park).await
        })
        .await?;
    }
    for index in order.forward() {
        step(context, &mut tables[index], async |table| {
            if table.choice.as_ref().is_some_and(|choice| choice.strategy == Strategy::Copy) {
                apply::copy(context, table).await?;
            }
            apply::sweep_rows(context, table, OnRefusal::Park).await
        })
        .await?;
    }
    for index in order.backward().filter(|&index| order.cascades(index)) {
        step(context, &mut tables[index], async |table| {
            apply::sweep_deletes(context, table, OnRefusal::Park).await
        })
        .await?;
    }
    apply_parked(context, tables, order).await
}

/// Once more after all tables, then together, then to quarantine.
async fn apply_parked(
    context: &Context,
    tables: &mut [TableWork],
    order: &discover::WorkingOrder,
) -> Flow<()> {
    apply::announce_parked(context, tables)?;
    let mut left = apply::parked_rows(context, tables)?;
    while left > 0 {
        for index in order.backward() {
            step(context, &mut tables[index], async |table| {
                apply::sweep_deletes(context, table, OnRefusal::Park).await
            })
            .await?;
        }
        for index in order.forward() {
            step(context, &mut tables[index], async |table| {
                apply::sweep_rows(context, table, OnRefusal::Park).await
            })
            .await?;
        }
        let before = std::mem::replace(&mut left, apply::parked_rows(context, tables)?);
        if left >= before {
            break;
        }
    }
    if left > 0 {
        apply::apply_together(context, tables).await?;
    }
    for index in order.forward() {
        step(context, &mut tables[index], async |table| {
            apply::sweep_deletes(context, table, OnRefusal::Quarantine).await?;
            apply::sweep_rows(context, table, OnRefusal::Quarantine).await
        })
        .await?;
    }
    Ok(())
}

async fn verify_all(context: &Context, tables: &mut [TableWork], order: &discover::WorkingOrder) -> Flow<()> {
    phase(context, Phase::Verify);
    for index in order.forward() {
        step(context, &mut tables[index], async |table| verify::judge_verified(context, table).await).await?;
        summary::finish_table(context, &mut tables[index])?;
    }
    Ok(())
}
