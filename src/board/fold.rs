//! The fold itself.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::facts::{
    BoardSnapshot, ErrorTallies, LoggedError, LoggedMessage, LostFacts, PassFacts, SleepFacts,
};
use super::table::{FoundFacts, HoldFacts, ProgressFacts, SearchFacts, TableFacts, TableState};
use crate::base::clock::Timestamp;
use crate::base::limits::BOARD_TABLES_MAX;
use crate::model::command::Command;
use crate::model::event::{Event, EventBody, Level, Phase, Progress, RunState, Side};
use crate::model::outcome::{ErrorRecord, PassSummary, TableOutcome, Verdict};

/// Folds events and progress into facts.
#[derive(Debug, Clone)]
pub struct Board {
    facts: Arc<BoardSnapshot>,
    /// Where each table's row stands.
    rows: HashMap<String, usize>,
}

impl Board {
    /// An empty board; errors are shown against `error_count_max`, the setting `max_error_count`.
    pub fn new(error_count_max: u64) -> Self {
        Self { facts: Arc::new(BoardSnapshot::empty(error_count_max)), rows: HashMap::new() }
    }

    /// A board that goes on where a snapshot was taken.
    pub fn continued(snapshot: Arc<BoardSnapshot>) -> Self {
        let rows = snapshot.tables.iter().enumerate().map(|(row, table)| (table.name.clone(), row)).collect();
        Self { facts: snapshot, rows }
    }

    /// The facts now; later events do not change what was handed out.
    pub fn snapshot(&self) -> Arc<BoardSnapshot> {
        Arc::clone(&self.facts)
    }

    /// The facts now, borrowed.
    pub fn facts(&self) -> &BoardSnapshot {
        &self.facts
    }

    /// Takes an event in; one that the facts include already changes nothing.
    pub fn apply(&mut self, event: &Event) {
        let facts = Arc::make_mut(&mut self.facts);
        if event.seq <= facts.seq {
            return;
        }
        facts.missed = facts.missed.saturating_add(event.seq - facts.seq - 1);
        facts.seq = event.seq;
        facts.at = event.at;
        self.fold(event);
    }

    /// Takes the latest of a table's progress in; of a table that ended or is not known, it is ignored.
    pub fn progress(&mut self, progress: &Progress) {
        let Some(&row) = self.rows.get(&progress.table) else { return };
        if self.facts.tables[row].state != TableState::Finished {
            let facts = Arc::make_mut(&mut self.facts);
            Arc::make_mut(&mut facts.tables[row]).progress = Some(ProgressFacts::of(progress));
        }
    }

    fn fold(&mut self, event: &Event) {
        let at = event.at;
        match &event.body {
            EventBody::RunStateChanged { state } => self.change_state(*state, at),
            EventBody::PassStarted { tables, .. } => self.start_pass(tables, event),
            EventBody::PhaseStarted { phase } => {
                if *phase == Phase::Initialise {
                    self.open_pass();
                }
                let facts = self.facts_mut();
                (facts.phase, facts.phase_at) = (Some(*phase), at);
            }
            EventBody::ErrorOccurred { error } => self.record_error(error, event.seq, at),
            EventBody::ConnectionLost { side, attempt, retry_in_seconds } => {
                let lost = LostFacts { at, attempt: *attempt, retry_in_seconds: *retry_in_seconds };
                *self.lost_mut(*side) = Some(lost);
            }
            EventBody::ConnectionRestored { side } => *self.lost_mut(*side) = None,
            EventBody::SleepStarted { until, reason } => {
                self.facts_mut().sleep = Some(SleepFacts {
                    started_at: at,
                    until: *until,
                    reason: reason.clone(),
                    remaining: until.since(at),
                    advanced_at: at,
                });
            }
            EventBody::SleepAdvanced { remaining_seconds } => {
                if let Some(sleep) = &mut self.facts_mut().sleep {
                    (sleep.remaining, sleep.advanced_at) = (whole_microseconds(*remaining_seconds), at);
                }
            }
            EventBody::SleepEnded { .. } => self.facts_mut().sleep = None,
            EventBody::CommandAccepted { command } => {
                self.accept(command);
                self.log(event, Level::Info, None, format!("{} accepted", command.name()));
            }
            EventBody::CommandRejected { command, reason } => {
                self.log(event, Level::Warning, None, format!("{} rejected: {reason}", command.name()));
            }
            EventBody::MessageLogged { level, table, text } => {
                self.log(event, *level, table.clone(), text.clone());
            }
            EventBody::PassFinished { summary } => self.finish_pass(summary, at),
            of_a_table => self.fold_table(of_a_table, at),
        }
    }

    fn fold_table(&mut self, body: &EventBody, at: Timestamp) {
        let Some(name) = body.table() else { return };
        if let Some(table) = self.table_mut(name) {
            table.fold(body, at);
        }
    }

    fn change_state(&mut self, state: RunState, at: Timestamp) {
        let facts = self.facts_mut();
        (facts.state, facts.state_at) = (state, at);
    }

    fn start_pass(&mut self, tables: &[String], event: &Event) {
        let EventBody::PassStarted { job, pass, source, target, resumed, .. } = &event.body else { return };
        if !self.facts.opening {
            self.open_pass();
        }
        let facts = Arc::make_mut(&mut self.facts);
        let known: HashMap<&str, &Arc<TableFacts>> =
            facts.tables.iter().map(|table| (table.name.as_str(), table)).collect();
        let mut names = HashSet::new();
        let rows: Vec<_> = tables
            .iter()
            .filter(|name| names.insert(name.as_str()))
            .take(BOARD_TABLES_MAX)
            .map(|name| match known.get(name.as_str()) {
                Some(&table) => Arc::clone(table),
                None => Arc::new(TableFacts::waiting(name, None)),
            })
            .collect();
        self.rows = rows.iter().enumerate().map(|(row, table)| (table.name.clone(), row)).collect();
        facts.tables = rows;
        facts.opening = false;
        facts.job.clone_from(job);
        facts.source.clone_from(source);
        facts.target.clone_from(target);
        let (number, resumed, started_at) = (*pass, *resumed, event.at);
        facts.pass = Some(PassFacts { number, resumed, started_at, finished_at: None });
    }

    /// What is counted for a pass starts anew.
    fn open_pass(&mut self) {
        let facts = self.facts_mut();
        facts.opening = true;
        facts.tables_dropped = 0;
        facts.errors.tallies = ErrorTallies::default();
        for table in &mut facts.tables {
            *table = Arc::new(TableFacts::waiting(&table.name, table.equal_at));
        }
    }

    fn finish_pass(&mut self, summary: &PassSummary, at: Timestamp) {
        let facts = self.facts_mut();
        facts.opening = false;
        if let Some(pass) = facts.pass.as_mut().filter(|pass| pass.number == summary.pass) {
            pass.finished_at = Some(at);
        }
        facts.last_summary = Some(Arc::new(summary.clone()));
    }

    fn record_error(&mut self, error: &ErrorRecord, seq: u64, at: Timestamp) {
        let facts = self.facts_mut();
        facts.errors.tallies.add(&error.class);
        facts.errors.records.push(Arc::new(LoggedError { seq, at, error: error.clone() }));
        if let Some(table) = error.table.as_deref().and_then(|name| self.table_mut(name)) {
            table.errors += 1;
        }
    }

    fn accept(&mut self, command: &Command) {
        match command {
            Command::Pause { table } => self.pause(table.as_deref(), true),
            Command::Resume { table } => self.pause(table.as_deref(), false),
            Command::SkipTable { table } => {
                if let Some(table) = self.table_mut(table) {
                    table.skipped = true;
                }
            }
            Command::ApproveHold { id } => {
                for table in &mut self.facts_mut().tables {
                    if table.hold.as_ref().is_some_and(|hold| hold.id.as_ref() == Some(id)) {
                        Arc::make_mut(table).approve();
                    }
                }
            }
            Command::SetConcurrency { tables } => self.facts_mut().concurrency = Some(*tables),
            Command::SetRowsPerSecond { rows } => self.facts_mut().rows_per_second = Some(*rows),
            Command::FullCompare { .. }
            | Command::VerifyNow { .. }
            | Command::SyncNow
            | Command::RetryQuarantined { .. }
            | Command::Drain
            | Command::Abort => {}
        }
    }

    /// One table, or all of them when none is named.
    fn pause(&mut self, name: Option<&str>, paused: bool) {
        match name {
            Some(name) => {
                if let Some(table) = self.table_mut(name) {
                    table.paused = paused;
                }
            }
            None => {
                for table in &mut self.facts_mut().tables {
                    if table.paused != paused {
                        Arc::make_mut(table).paused = paused;
                    }
                }
            }
        }
    }

    fn log(&mut self, event: &Event, level: Level, table: Option<String>, text: String) {
        let message = LoggedMessage { seq: event.seq, at: event.at, level, table, text };
        self.facts_mut().messages.push(Arc::new(message));
    }

    fn facts_mut(&mut self) -> &mut BoardSnapshot {
        Arc::make_mut(&mut self.facts)
    }

    fn lost_mut(&mut self, side: Side) -> &mut Option<LostFacts> {
        match side {
            Side::Source => &mut self.facts_mut().source_lost,
            Side::Target => &mut self.facts_mut().target_lost,
        }
    }

    /// The row of a table, made when there is room for it.
    fn table_mut(&mut self, name: &str) -> Option<&mut TableFacts> {
        let facts = Arc::make_mut(&mut self.facts);
        let row = match self.rows.get(name) {
            Some(&row) => row,
            None if facts.tables.len() >= BOARD_TABLES_MAX => {
                facts.tables_dropped += 1;
                return None;
            }
            None => {
                facts.tables.push(Arc::new(TableFacts::waiting(name, None)));
                self.rows.insert(name.to_owned(), facts.tables.len() - 1);
                facts.tables.len() - 1
            }
        };
        Some(Arc::make_mut(&mut facts.tables[row]))
    }
}

impl TableFacts {
    fn fold(&mut self, body: &EventBody, at: Timestamp) {
        match body {
            EventBody::TablePaired { columns, inexact, .. } => {
                self.columns = columns.clone().into();
                self.inexact = inexact.clone().into();
            }
            EventBody::TablePlanned { plan, .. } => {
                self.state = TableState::Planned;
                self.source_count = Some(plan.source_count);
                self.target_count = Some(plan.target_count);
                self.plan = Some(Arc::new(plan.clone()));
            }
            EventBody::FindStarted { strategy, reason, .. } => {
                self.state = TableState::Finding;
                self.search = Some(SearchFacts::new(strategy.clone(), reason.clone()));
            }
            EventBody::RangeSplit { range, pieces, .. } => {
                self.search_mut().range_mut(range).pieces = Some(*pieces);
            }
            EventBody::RangeCompared { range, verdict, .. } => {
                self.search_mut().range_mut(range).verdict = Some(*verdict);
            }
            EventBody::SearchAdvanced { trail, depth, splits, queries, found, expected, .. } => {
                let search = self.search_mut();
                search.trail.clone_from(trail);
                (search.depth, search.splits, search.queries) = (*depth, *splits, *queries);
                (search.found, search.expected) = (*found, *expected);
            }
            EventBody::DifferencesFound { missing, changed, extra, samples, .. } => {
                self.state = TableState::Found;
                self.found = Some(Arc::new(FoundFacts::new(*missing, *changed, *extra, samples)));
            }
            EventBody::TableHeld { hold, reason, deletes, .. } => {
                self.state = TableState::Held;
                let (id, reason) = (hold.clone(), reason.clone());
                self.hold = Some(HoldFacts { id, reason, deletes: *deletes, approved: false });
            }
            EventBody::UnitApplied { rows, cascaded, seconds, .. } => {
                self.state = TableState::Applying;
                self.rows = self.rows.plus(*rows);
                self.cascaded = self.cascaded.saturating_add(*cascaded);
                self.units += 1;
                self.write_time = self.write_time.saturating_add(whole_microseconds(*seconds));
            }
            EventBody::RowsParked { rows, .. } => self.parked = self.parked.saturating_add(*rows),
            EventBody::RowQuarantined { .. } => self.quarantined += 1,
            EventBody::FallbackStarted { reason, .. } => {
                self.state = TableState::Finding;
                self.fallback = Some(reason.clone());
            }
            EventBody::TableFinished { outcome } => self.finish(outcome, at),
            _ => {}
        }
    }

    fn approve(&mut self) {
        if let Some(hold) = &mut self.hold {
            hold.approved = true;
        }
        if self.state == TableState::Held {
            self.state = TableState::Found;
        }
    }

    /// The outcome's numbers replace the folded ones: they include what an interrupted process did.
    fn finish(&mut self, outcome: &TableOutcome, at: Timestamp) {
        self.state = TableState::Finished;
        self.source_count = outcome.source_count.or(self.source_count);
        self.target_count = outcome.target_count.or(self.target_count);
        self.rows = outcome.rows;
        self.quarantined = outcome.quarantined;
        self.errors = outcome.errors;
        self.progress = None;
        if outcome.verdict == Verdict::Equal {
            self.equal_at = Some(at);
        }
        self.outcome = Some(Arc::new(outcome.clone()));
    }
}

/// As precise as the wire, so that a fold continued elsewhere adds up to the same; nonsense is zero.
fn whole_microseconds(seconds: f64) -> Duration {
    Duration::from_micros((seconds * 1e6).round() as u64)
}

#[cfg(test)]
mod tests;
