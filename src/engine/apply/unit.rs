//! One unit: a batch in one target transaction, cut down to the rows that are refused.

use std::sync::Arc;
use std::time::Duration;

use super::super::context::Context;
use super::super::interrupt::{Flow, Interrupt};
use super::super::table::{Paired, TableWork};
use super::super::tally::Work;
use super::quarantine;
use crate::base::planted::{Bug, is_planted};
use crate::model::block::RowBlock;
use crate::model::digest::Digest;
use crate::model::event::{EventBody, Side};
use crate::model::key::Key;
use crate::model::outcome::RowCounts;
use crate::model::pair::WriteTarget;
use crate::model::settings::Bookkeeping;
use crate::state::{Finding, FindingKind, StateChange, TableTotals, Unit};
use crate::store::{Applied, Batch, Change, ErrorClass, StoreError, UnitMark};

/// A row or key to be written, with the finding it settles.
#[derive(Debug, Clone)]
pub struct Item {
    /// The finding, or none when progress is kept otherwise (copy, runs).
    pub finding: Option<u64>,
    /// The row's key.
    pub key: Key,
    /// Digest of the source row.
    pub source_digest: Digest,
}

/// What is written: keys to delete, or rows that `items` describe one by one.
pub struct Load {
    /// What kind of difference this settles.
    pub kind: FindingKind,
    /// One for each row, in the same order.
    pub items: Vec<Item>,
    /// Target rows; empty for deletes.
    pub rows: RowBlock,
    /// Where to, when that is not the table's own scope.
    pub adopt_from: Option<Arc<WriteTarget>>,
    /// What is to be remembered together with the last part of this load.
    pub progress: Vec<StateChange>,
}

impl Load {
    fn change(&self) -> Change {
        match self.kind {
            FindingKind::Extra => Change::Delete(self.items.iter().map(|item| item.key.clone()).collect()),
            FindingKind::Missing => Change::Insert(self.rows.clone()),
            FindingKind::Changed => Change::Update(self.rows.clone()),
        }
    }

    /// The part `range` of this load; progress goes with the last part.
    fn part(&self, range: std::ops::Range<usize>) -> Self {
        let mut rows = RowBlock::default();
        if !self.rows.is_empty() {
            range.clone().for_each(|index| rows.push_row_of(&self.rows, index));
        }
        let progress = if range.end == self.items.len() { self.progress.clone() } else { Vec::new() };
        let adopt_from = self.adopt_from.clone();
        Self { kind: self.kind, items: self.items[range].to_vec(), rows, adopt_from, progress }
    }
}

/// What became of a load.
#[derive(Debug, Default)]
pub struct Settled {
    /// Keys that were written or deleted.
    pub written: Vec<Item>,
    /// Keys that hit no row: to be looked at again.
    pub missed: Vec<Item>,
}

/// What happens to a row that the target refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnRefusal {
    /// It stays among the findings when another write may make it possible, and is tried again.
    Park,
    /// It goes to quarantine.
    Quarantine,
}

enum CommitError {
    Refused(StoreError),
    Interrupt(Interrupt),
}

impl<E: Into<Interrupt>> From<E> for CommitError {
    fn from(error: E) -> Self {
        Self::Interrupt(error.into())
    }
}

/// Applies a load, halving it down to the rows that the target refuses.
pub async fn apply(
    context: &Context,
    table: &mut TableWork,
    load: Load,
    on_refusal: OnRefusal,
) -> Flow<Settled> {
    Ok(apply_beside(context, table, load, on_refusal, async |_| ()).await?.0)
}

/// As [`apply`]; `beside` is done while the target writes, once, whatever becomes of the writing.
///
/// Whatever it does must be right whether or not this load is written in the end.
pub async fn apply_beside<T>(
    context: &Context,
    table: &mut TableWork,
    load: Load,
    on_refusal: OnRefusal,
    beside: impl AsyncFnOnce(&mut TableWork) -> T,
) -> Flow<(Settled, T)> {
    let mut settled = Settled::default();
    let mut waiting = vec![load];
    let mut failures = 0;
    let mut beside = Beside::Waits(beside);
    while let Some(load) = waiting.pop() {
        if load.items.is_empty() {
            context.remember(&load.progress)?;
            continue;
        }
        context.control.safe_point(Some(&table.name)).await?;
        match commit(context, table, &load, failures > 0, &mut beside).await {
            Ok(applied) => {
                failures = 0;
                sort_out(load.items, &applied, &mut settled);
            }
            Err(CommitError::Interrupt(Interrupt::Lost(side, error))) => {
                failures += 1;
                context.lost(side, &error, failures).await?;
                waiting.push(load);
            }
            Err(CommitError::Interrupt(other)) => return Err(other),
            Err(CommitError::Refused(error)) => {
                failures = 0;
                if load.items.len() == 1 {
                    refuse_row(context, table, &load, &error, on_refusal)?;
                } else {
                    cut(&load, &error, &mut waiting);
                }
            }
        }
    }
    beside.run(table).await;
    match beside {
        Beside::Done(result) => Ok((settled, result)),
        Beside::Waits(_) | Beside::Runs => unreachable!("it was just run to its end"),
    }
}

/// What is done while the target writes.
enum Beside<F, T> {
    Waits(F),
    Runs,
    Done(T),
}

impl<T, F: AsyncFnOnce(&mut TableWork) -> T> Beside<F, T> {
    /// Does it, unless that was done.
    async fn run(&mut self, table: &mut TableWork) {
        match std::mem::replace(self, Self::Runs) {
            Self::Waits(work) => *self = Self::Done(work(table).await),
            done => *self = done,
        }
    }
}

fn sort_out(items: Vec<Item>, applied: &Applied, settled: &mut Settled) {
    let mut missed = applied.missed.iter().copied().peekable();
    for (position, item) in items.into_iter().enumerate() {
        if missed.next_if_eq(&position).is_some() {
            settled.missed.push(item);
        } else {
            settled.written.push(item);
        }
    }
}

/// Cuts a refused load around the row at fault, or in halves while that is unknown; parts keep their order.
fn cut(load: &Load, error: &StoreError, waiting: &mut Vec<Load>) {
    let length = load.items.len();
    match error.refusal.and_then(|refusal| refusal.position).filter(|&position| position < length) {
        Some(position) => {
            waiting.push(load.part(position + 1..length));
            waiting.push(load.part(position..position + 1));
            waiting.push(load.part(0..position));
        }
        None => {
            waiting.push(load.part(length / 2..length));
            waiting.push(load.part(0..length / 2));
        }
    }
}

/// Parks or quarantines the only row of a refused load.
fn refuse_row(
    context: &Context,
    table: &mut TableWork,
    load: &Load,
    error: &StoreError,
    on_refusal: OnRefusal,
) -> Flow<()> {
    let later = error.refusal.is_some_and(|refusal| refusal.kind.may_pass_later());
    if on_refusal == OnRefusal::Quarantine || !later {
        return quarantine::refuse(context, table, load, error);
    }
    table.parked_reason.get_or_insert_with(|| error.to_string());
    let mut changes = load.progress.clone();
    if load.items[0].finding.is_none() {
        let finding = Finding::Row { kind: load.kind, key: load.items[0].key.clone() };
        changes.push(StateChange::FindingsAdded { table: table.name.clone(), findings: vec![finding] });
    }
    if is_planted(Bug::ParkedRowForgotten) {
        let ids = load.items.iter().filter_map(|item| item.finding).collect();
        changes.retain(|change| !matches!(change, StateChange::FindingsAdded { .. }));
        changes.push(StateChange::FindingsRemoved { table: table.name.clone(), ids });
    }
    context.remember(&changes)
}

/// One transaction with its bookkeeping; `again` when its last answer was lost.
async fn commit<T>(
    context: &Context,
    table: &mut TableWork,
    load: &Load,
    again: bool,
    beside: &mut Beside<impl AsyncFnOnce(&mut TableWork) -> T, T>,
) -> Result<Applied, CommitError> {
    let paired = table.paired();
    let unit = Unit {
        id: context.state().next_unit()?,
        table: table.name.clone(),
        findings: load.items.iter().filter_map(|item| item.finding).collect(),
        kind: load.kind,
    };
    let mark = (paired.settings().bookkeeping == Bookkeeping::Target).then(|| UnitMark {
        job: context.job.settings.name.clone(),
        table: table.name.clone(),
        unit: unit.id,
    });
    let batch = Batch {
        target: load.adopt_from.clone().unwrap_or_else(|| paired.write.clone()),
        change: load.change(),
        mark,
        side_effects: paired.side_effects(),
    };
    let noted = is_noted(paired, load);
    if noted {
        context.remember(&[StateChange::UnitStarted { unit: unit.clone() }])?;
    }
    if is_planted(Bug::CheckpointBeforeCommit) {
        book(context, table, load, &unit, &Applied::default(), Duration::ZERO, noted)?;
    }
    let write = async {
        let start = context.elapsed();
        let result = context.sides.apply(&batch).await;
        (result, context.elapsed().saturating_sub(start))
    };
    let ((result, time), ()) = futures_util::future::join(write, beside.run(table)).await;
    context.tally.spent(if load.kind == FindingKind::Extra { Work::Delete } else { Work::Write }, time);
    let applied = match result {
        // What is gone by now was deleted by the attempt whose answer was lost.
        Ok(applied) if again && load.kind == FindingKind::Extra => Applied { missed: Vec::new(), ..applied },
        Ok(applied) => applied,
        Err(error) if error.class == ErrorClass::Data => {
            if noted {
                context.remember(&[StateChange::UnitFinished { unit: unit.id }])?;
            }
            return Err(CommitError::Refused(error));
        }
        Err(error) if error.class == ErrorClass::Connection && is_planted(Bug::LostAnswerIsDone) => {
            Applied::default()
        }
        Err(error) => return Err(Interrupt::from_store(Side::Target, error).into()),
    };
    if is_planted(Bug::CheckpointBeforeCommit) {
        return Ok(applied);
    }
    book(context, table, load, &unit, &applied, time, noted)?;
    Ok(applied)
}

/// Whether a unit is written down before it is applied.
///
/// A unit that is redone after a kill counts its rows once, when it is written down as done. Only a delete finds
/// nothing the second time, and has to know then that it was its own; and a mark in the target needs its counterpart.
fn is_noted(paired: &Paired, load: &Load) -> bool {
    load.kind == FindingKind::Extra || paired.settings().bookkeeping == Bookkeeping::Target
}

/// Writes down that a unit is done, with its totals, its findings and the progress that goes with it.
fn book(
    context: &Context,
    table: &mut TableWork,
    load: &Load,
    unit: &Unit,
    applied: &Applied,
    time: Duration,
    noted: bool,
) -> Flow<()> {
    let rows = counts(load.kind, (load.items.len() - applied.missed.len()) as u64);
    let totals = TableTotals {
        rows,
        cascaded: applied.cascaded,
        seconds: time.as_secs_f64(),
        ..TableTotals::default()
    };
    let mut changes = vec![
        StateChange::UnitFinished { unit: unit.id },
        StateChange::TotalsAdded { table: table.name.clone(), totals },
    ];
    if !unit.findings.is_empty() {
        changes.push(StateChange::FindingsRemoved { table: table.name.clone(), ids: unit.findings.clone() });
    }
    changes.extend(load.progress.iter().cloned());
    // A unit that was not noted leaves no trace when it is redone, nor do a few of them after a power failure.
    let remembered = if noted { context.remember(&changes) } else { context.remember_soon(&changes) };
    remembered?;
    table.rows = table.rows.plus(rows);
    table.cascaded += applied.cascaded;
    table.measured.1 += time.as_secs_f64();
    context.hub.emit(EventBody::UnitApplied {
        table: table.name.clone(),
        rows,
        cascaded: applied.cascaded,
        seconds: time.as_secs_f64(),
    });
    Ok(())
}

/// So many rows of the kind that settles such a difference.
pub fn counts(kind: FindingKind, rows: u64) -> RowCounts {
    match kind {
        FindingKind::Extra => RowCounts { deleted: rows, ..RowCounts::default() },
        FindingKind::Missing => RowCounts { added: rows, ..RowCounts::default() },
        FindingKind::Changed => RowCounts { modified: rows, ..RowCounts::default() },
    }
}
