//! The differing rows themselves, for a person or a script: as they are, or as statements that would repair the target.
//!
//! Nothing is written to either side, and nothing is remembered. Every row in scope is compared, whatever the counts
//! say; rows in quarantine are differences like others.
//!
//! Does not belong here: how rows look (the [`RowConsumer`]'s), how statements look ([`crate::store::Store::script`]).
//!
//! Invariant: rows go straight to the consumer, none is kept.

mod rows;
mod script;

use std::io;
use std::sync::Arc;

use super::context::Context;
use super::control::Control;
use super::discover::{self, Discovered};
use super::find::{Sink, Views, search};
use super::hub::Hub;
use super::interrupt::{Failure, Flow, Interrupt, Stop};
use super::job::{Job, PassOptions, Purpose};
use super::pace::Pace;
use super::sides::Sides;
use super::table::{Stage, TableWork};
use crate::base::random::Random;
use crate::model::event::EventBody;
use crate::model::outcome::{ErrorRecord, Exit};
use crate::model::pair::{KeyOrder, TablePair};
use crate::model::plan::Strategy;
use crate::model::range::KeyRange;
use crate::model::value::ValueRef;
use crate::state::FindingKind;

/// Takes differing rows, table by table.
pub trait RowConsumer: Send {
    /// The next differences are of this pair.
    fn begin(&mut self, pair: &TablePair) -> io::Result<()>;

    /// A difference.
    fn difference(&mut self, difference: &RowDifference<'_>) -> io::Result<()>;

    /// There are no more of this pair.
    fn end(&mut self) -> io::Result<()>;
}

/// A row that one side lacks, or that is not the same on both.
#[derive(Debug, Clone, Copy)]
pub struct RowDifference<'a> {
    /// What is wrong.
    pub kind: FindingKind,
    /// The source's row, a value for each column of the pair.
    pub source: Option<&'a [ValueRef<'a>]>,
    /// The target's row, likewise.
    pub target: Option<&'a [ValueRef<'a>]>,
    /// Positions of the columns that differ, ascending; empty unless both rows exist.
    pub differing: &'a [usize],
}

/// How a diff ended.
#[derive(Debug)]
pub struct DiffEnd {
    /// Differences that were found.
    pub differences: u64,
    /// What could not be compared or repaired, and why.
    pub errors: Vec<ErrorRecord>,
    /// What is not exact, by table.
    pub inexact: Vec<(String, String)>,
    /// Tables that are left out, and why.
    pub left_out: Vec<(String, String)>,
    /// How a process ends that did nothing else.
    pub exit: Exit,
    /// Why the consumer took no more.
    pub output: io::Result<()>,
}

/// Hands every differing row of the wanted tables (all when empty) to `consumer`.
pub async fn diff(
    job: &Job,
    tables: &[String],
    hub: &Arc<Hub>,
    control: &Arc<Control>,
    consumer: &mut dyn RowConsumer,
) -> DiffEnd {
    let mut walk = Walk::new(job, tables, hub, control);
    let flow = rows::walk(&mut walk, consumer).await;
    walk.end(flow)
}

/// Writes the statements that would make the wanted tables (all when empty) of the target equal.
pub async fn script(
    job: &Job,
    tables: &[String],
    hub: &Arc<Hub>,
    control: &Arc<Control>,
    out: &mut (dyn io::Write + Send),
) -> DiffEnd {
    let mut walk = Walk::new(job, tables, hub, control);
    let flow = script::walk(&mut walk, out).await;
    walk.end(flow)
}

/// One walk over the tables of a job.
struct Walk {
    context: Context,
    differences: u64,
    inexact: Vec<(String, String)>,
    left_out: Vec<(String, String)>,
    failed: bool,
    output: io::Result<()>,
}

impl Walk {
    fn new(job: &Job, tables: &[String], hub: &Arc<Hub>, control: &Arc<Control>) -> Self {
        let options =
            PassOptions { purpose: Purpose::Plan, tables: tables.to_vec(), ..PassOptions::default() };
        let sides = Sides::new(
            (Arc::clone(&job.source), job.settings.source.clone()),
            (Arc::clone(&job.target), job.settings.target.clone()),
            Arc::clone(&job.clock),
            Random::from_seed(job.random_seed),
            Pace::new(&job.settings.limits, Arc::clone(&job.clock), Arc::clone(control)),
        );
        // Digests of a diff are compared with each other only, so that any seed will do.
        let seed = crate::model::digest::DigestSeed(job.random_seed);
        let context = Context::new(job.clone(), options, Arc::clone(hub), Arc::clone(control), sides, seed);
        Self {
            context,
            differences: 0,
            inexact: Vec::new(),
            left_out: Vec::new(),
            failed: false,
            output: Ok(()),
        }
    }

    /// Pairs the tables; those that cannot be compared are said and left out.
    async fn discover(&mut self) -> Flow<Discovered> {
        let mut events = self.context.hub.subscribe();
        let mut discovered = discover::discover(&mut self.context).await?;
        // Why a table is left out is only said.
        while let Ok(event) = events.try_recv() {
            if let EventBody::MessageLogged { table: Some(table), text, .. } = &event.body {
                self.left_out.push((table.clone(), text.clone()));
            }
        }
        for table in &mut discovered.tables {
            self.inexact.extend(table.inexact.drain(..).map(|text| (table.name.clone(), text)));
            if matches!(table.stage, Stage::Failed(_)) {
                self.failed = true;
            } else if table.would_be_created {
                let hint = "a run creates and copies it".to_owned();
                self.refuse(&table.name, "the target lacks this table", Some(hint));
            } else if table.is_open() && table.paired().pair.key_length == 0 {
                let hint = "give the table a key: key = [\"…\"] in its [[tables]] entry".to_owned();
                self.refuse(&table.name, "without a key, rows cannot be told apart", Some(hint));
                table.stage = Stage::Skipped;
            }
        }
        Ok(discovered)
    }

    /// Says that something could not be compared or repaired.
    ///
    /// The thresholds of a pass do not hold here: nothing is written that could go wrong.
    fn refuse(&mut self, table: &str, message: &str, hint: Option<String>) {
        self.failed = true;
        let error = ErrorRecord {
            class: "schema".to_owned(),
            table: Some(table.to_owned()),
            key: None,
            message: message.to_owned(),
            hint,
        };
        self.context.tally.final_error(&self.context.hub, error);
    }

    /// Compares every row of a table; a table's failure is its own.
    async fn compare(&mut self, table: &TableWork, sink: &mut dyn Sink) -> Flow<()> {
        let context = &self.context;
        let compared = async {
            context.control.safe_point(None).await?;
            let views = Views::open(context, table.paired()).await?;
            search(context, &views, self.strategy(table), table, &[KeyRange::all()], sink).await?;
            Ok(())
        };
        match compared.await {
            Err(Interrupt::Table(Failure { message, hint, .. })) => {
                self.refuse(&table.name, &message, hint);
                Ok(())
            }
            other => other,
        }
    }

    fn strategy(&self, table: &TableWork) -> Strategy {
        let in_process = [&self.context.sides.source, &self.context.sides.target]
            .into_iter()
            .all(|store| store.capabilities().in_process);
        match &table.paired().pair.key_order {
            KeyOrder::Hashed(_) => Strategy::HashBuckets,
            KeyOrder::Canonical if in_process => Strategy::MergeCompare,
            KeyOrder::Canonical => Strategy::DigestSearch,
        }
    }

    fn end(self, flow: Flow<()>) -> DiffEnd {
        let found = if self.differences > 0 || self.failed { Exit::Remaining } else { Exit::Done };
        // Where the output ends, the walk was told to stop; that is no error of the walk.
        let stop = match flow {
            Err(interrupt) if self.output.is_ok() => Some(match interrupt {
                Interrupt::Stop(stop) => stop,
                Interrupt::Lost(side, error) => Stop::Unreachable(format!("{}: {error}", side.as_str())),
                Interrupt::Table(failure) => Stop::Failed(failure),
                Interrupt::Skipped | Interrupt::Aged => Stop::Drained,
            }),
            _ => None,
        };
        let (mut errors, _, _) = self.context.tally.results();
        errors.extend(stop.as_ref().and_then(Stop::error));
        DiffEnd {
            differences: self.differences,
            errors,
            inexact: self.inexact,
            left_out: self.left_out,
            exit: stop.map_or(found, |stop| stop.exit().worst(found)),
            output: self.output,
        }
    }
}

/// Ends a walk whose consumer takes no more.
fn output_ended() -> Interrupt {
    Interrupt::Stop(Stop::Drained)
}
