//! The run as JSON lines: a header, every event, and at last the summary.

use std::io::{self, Write};

use super::write_header;
use crate::board::Board;
use crate::model::event::{Event, EventBody};
use crate::model::outcome::{Metrics, PassSummary};
use crate::report::{Reporter, RunEnd};
use crate::wire::{EventForm, Form, SummaryForm, json};

/// Reports a run as JSON lines.
#[derive(Debug)]
pub struct JsonReporter<W> {
    out: W,
    board: Board,
    job: String,
    started: bool,
}

impl<W: Write> JsonReporter<W> {
    /// A reporter of the job named `job` that writes to `out`.
    pub fn new(out: W, job: &str) -> Self {
        Self { out, board: Board::new(0), job: job.to_owned(), started: false }
    }

    fn start(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.started, true) {
            write_header(&mut self.out)?;
        }
        Ok(())
    }

    fn summary_form(&self, summary: &PassSummary) -> SummaryForm {
        SummaryForm::of(summary).with_holds(self.board.facts())
    }
}

impl<W: Write> Reporter for JsonReporter<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.start()?;
        self.board.apply(event);
        let form = match &event.body {
            EventBody::PassFinished { summary } => EventForm::PassFinished {
                seq: event.seq,
                at: Form::of(&event.at),
                summary: Box::new(self.summary_form(summary)),
            },
            _ => EventForm::of(event),
        };
        json::write_line(&mut self.out, &form)?;
        self.out.flush()
    }

    /// The summary of the last pass, with the exit code of the process; of pass 0 when none has ended.
    fn finish(&mut self, end: &RunEnd) -> io::Result<()> {
        self.start()?;
        let mut summary = match &self.board.facts().last_summary {
            Some(summary) => (**summary).clone(),
            None => no_pass(&self.job),
        };
        summary.exit = end.exit;
        if let Some(error) = &end.error {
            summary.errors.push(error.clone());
            summary.error_count = summary.error_count.saturating_add(1);
        }
        let form = self.summary_form(&summary);
        json::write_line(&mut self.out, &form)?;
        self.out.flush()
    }
}

fn no_pass(job: &str) -> PassSummary {
    PassSummary {
        job: job.to_owned(),
        pass: 0,
        exit: crate::model::outcome::Exit::Done,
        seconds: 0.0,
        tables: Vec::new(),
        errors: Vec::new(),
        error_count: 0,
        metrics: Metrics::default(),
        notes: Vec::new(),
    }
}
