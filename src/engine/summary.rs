//! The end of a table and of a pass: what is remembered, and what is reported.

use super::context::Context;
use super::interrupt::{Flow, Stop};
use super::job::Purpose;
use super::table::{Stage, TableWork};
use crate::base::clock::Timestamp;
use crate::base::limits::RATE_ROWS_MIN;
use crate::model::digest::Digest;
use crate::model::event::EventBody;
use crate::model::outcome::{Exit, PassSummary, TableOutcome, Verdict};
use crate::state::{PassRecord, Rates, StateChange, TableMemory, TableProof};

/// Writes down what is known of a table after this pass, and says how it ended.
pub fn finish_table(context: &Context, table: &mut TableWork) -> Flow<()> {
    let outcome = outcome(context, table);
    if let Stage::Judged { verdict, .. } = table.stage {
        let memory = memory(context, table, verdict);
        let mut changes = vec![StateChange::TableRemembered { table: table.name.clone(), memory }];
        if verdict == Verdict::Equal && table.proven_now {
            let at = context.job.clock.now();
            table.proofs.iter_mut().for_each(|proof| proof.at = at);
            let proofs = std::mem::take(&mut table.proofs);
            changes.push(StateChange::ProofsReplaced { table: table.name.clone(), proofs });
        }
        if context.options.purpose == Purpose::Sync {
            changes.push(StateChange::TableFinished { table: table.name.clone() });
        }
        context.remember(&changes)?;
    }
    table.outcome = Some(outcome.clone());
    context.hub.emit(EventBody::TableFinished { outcome });
    Ok(())
}

/// The watermark moves only after a step that covered the scope, or an incremental one, with everything applied.
fn memory(context: &Context, table: &TableWork, verdict: Verdict) -> TableMemory {
    let mut memory = table.memory.clone();
    let found = &table.found;
    let synced = context.options.purpose == Purpose::Sync;
    let everything_applied = matches!(verdict, Verdict::Equal | Verdict::NotCompared)
        || (verdict == Verdict::Differs && !table.quarantine.is_empty());
    let looked =
        found.covered || table.plan.as_ref().is_some_and(crate::model::plan::Plan::is_incremental_only);
    if synced && everything_applied && looked && found.watermark.is_some() {
        memory.watermark.clone_from(&found.watermark);
    }
    if verdict == Verdict::Equal && table.proven_now {
        let header = table.paired().header.clone();
        let digest = found.source_digest.unwrap_or(Digest::EMPTY);
        memory.proof = Some(TableProof { at: context.job.clock.now(), pass: context.number, digest, header });
    } else if verdict == Verdict::Differs {
        memory.proof = None;
    }
    if synced {
        memory.pending = !table.quarantine.is_empty();
        memory.full_compare_asked = false;
        memory.target_count = table.counts.1;
        memory.target_largest.clone_from(&table.target_largest);
        memory.rates = rates(table, memory.rates);
    }
    memory
}

/// Speeds of this pass where enough was done to tell, else those known before.
fn rates(table: &TableWork, before: Rates) -> Rates {
    let per_second = |rows: u64, seconds: f64, before: f64| {
        if rows >= RATE_ROWS_MIN && seconds > 0.0 { rows as f64 / seconds } else { before }
    };
    let (find_seconds, write_seconds) = table.measured;
    let compared = table.found.equal_rows + table.found.differences();
    Rates {
        read_rows: per_second(compared, find_seconds, before.read_rows),
        write_rows: per_second(table.rows.written(), write_seconds, before.write_rows),
        row_bytes: before.row_bytes,
        differences: table.found.differences(),
    }
}

/// How a table ended, whatever became of it.
pub fn outcome(context: &Context, table: &TableWork) -> TableOutcome {
    let (verdict, message) = match &table.stage {
        Stage::Judged { verdict, message } => (*verdict, message.clone()),
        Stage::Held { hold: Some(id), reason } => {
            (Verdict::Held, Some(format!("{reason}; let it through once with: syncline run --yes {id}")))
        }
        Stage::Held { hold: None, reason } => (Verdict::Held, Some(format!("held: {reason}"))),
        Stage::Failed(failure) => (Verdict::Failed, Some(failure.message.clone())),
        Stage::Skipped => (Verdict::NotCompared, Some("skipped by the operator".to_owned())),
        Stage::Open => {
            (Verdict::NotCompared, Some("the pass ended before this table was finished".to_owned()))
        }
    };
    let fact = super::planning::fact(table);
    let mut rows = table.rows;
    rows.skipped = table.found.equal_rows;
    let quarantined = context.state().quarantine_count(&table.name).unwrap_or(0);
    let reason = if fact.strategy_reason.is_empty() {
        fact.reason
    } else {
        format!("{}; {}", fact.reason, fact.strategy_reason)
    };
    TableOutcome {
        name: table.name.clone(),
        plan: fact.steps,
        strategy: fact.strategy,
        reason,
        source_count: table.counts.0,
        target_count: table.counts.1,
        rows,
        quarantined,
        errors: table.errors,
        verdict,
        inexact: table.inexact.clone(),
        message,
        seconds: table.spent.as_secs_f64(),
    }
}

/// The summary of a pass; records it when the pass came to its end.
pub fn close(
    context: &Context,
    tables: &mut [TableWork],
    stop: Option<&Stop>,
    started_at: Timestamp,
    seconds: f64,
) -> PassSummary {
    for table in tables.iter_mut().filter(|table| table.outcome.is_none()) {
        let outcome = outcome(context, table);
        table.outcome = Some(outcome.clone());
        context.hub.emit(EventBody::TableFinished { outcome });
    }
    let outcomes: Vec<TableOutcome> = tables.iter_mut().filter_map(|table| table.outcome.take()).collect();
    let (errors, error_count, mut metrics) = context.tally.results();
    metrics.query_count_all = context.sides.queries();
    for outcome in &outcomes {
        metrics.record_count_all_tables += outcome.source_count.unwrap_or(0);
        metrics.record_count_all_added += outcome.rows.added;
        metrics.record_count_all_modified += outcome.rows.modified;
        metrics.record_count_all_deleted += outcome.rows.deleted;
        metrics.record_count_all_skipped += outcome.rows.skipped;
    }
    let plans_work = tables.iter().any(|table| {
        table.plan.as_ref().is_some_and(|plan| plan.rows_known_to_write() > 0 || plan.held.is_some())
            || table.found.differences() > 0
            || table.would_be_created
    });
    let exit = exit(context.options.purpose, &outcomes, stop, plans_work);
    let mut summary = PassSummary {
        job: context.job.settings.name.clone(),
        pass: context.number,
        exit,
        seconds,
        tables: outcomes,
        errors,
        error_count,
        metrics,
        notes: Vec::new(),
    };
    if stop.is_none() && context.options.purpose == Purpose::Sync {
        let record =
            PassRecord { started_at, finished_at: context.job.clock.now(), summary: summary.clone() };
        if let Err(error) = context.remember(&[StateChange::PassFinished { record }]) {
            summary.notes.push(format!("the pass could not be recorded: {error:?}"));
            summary.exit = summary.exit.worst(Exit::Stopped);
        }
    }
    summary
}

fn exit(purpose: Purpose, tables: &[TableOutcome], stop: Option<&Stop>, plans_work: bool) -> Exit {
    let mut exit = stop.map_or(Exit::Done, Stop::exit);
    if matches!(purpose, Purpose::Plan | Purpose::Rehearse) && plans_work {
        exit = exit.worst(Exit::Remaining);
    }
    for table in tables {
        exit = exit.worst(match table.verdict {
            Verdict::Held if purpose == Purpose::Plan => Exit::Remaining,
            Verdict::Held => Exit::Held,
            Verdict::Differs | Verdict::Failed => Exit::Remaining,
            Verdict::NotCompared if purpose == Purpose::Verify => Exit::Remaining,
            Verdict::Equal | Verdict::Planned | Verdict::NotCompared => Exit::Done,
        });
        if table.quarantined > 0 {
            exit = exit.worst(Exit::Remaining);
        }
    }
    exit
}
