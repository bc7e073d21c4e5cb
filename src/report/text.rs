//! The run as a log for operators: what was decided and why, what changed, what failed; never a line for each row.

use std::collections::HashMap;
use std::io::{self, Write};

use jiff::tz::TimeZone;

use super::layout::{Page, columns, pad_right};
use super::{Reporter, RunEnd, TextOptions, lines, summary, time};
use crate::base::clock::Timestamp;
use crate::base::escape::visible;
use crate::base::limits::LOG_PROGRESS_EVERY;
use crate::board::Board;
use crate::model::event::{Event, EventBody};

/// Table names up to this many columns are followed by text at one margin.
const NAME_COLUMNS_MAX: usize = 20;

/// Reports a run as a text log, with the summary after each pass.
#[derive(Debug)]
pub struct TextReporter<W> {
    out: W,
    options: TextOptions,
    board: Board,
    name_columns: usize,
    /// The date under which the last line stands.
    date: String,
    /// When a progress line of a table was last written.
    progress_at: HashMap<String, Timestamp>,
}

impl<W: Write> TextReporter<W> {
    /// A reporter that writes to `out`.
    pub fn new(out: W, options: TextOptions) -> Self {
        let board = Board::new(options.error_count_max);
        let (name_columns, date) = (0, String::new());
        Self { out, options, board, name_columns, date, progress_at: HashMap::new() }
    }

    fn zone(&self) -> &TimeZone {
        &self.options.zone
    }

    /// Whether enough time has passed since the table's last progress line; then this one counts as written.
    fn progress_is_due(&mut self, event: &Event) -> bool {
        let Some(table) = event.body.table() else { return true };
        let EventBody::UnitApplied { .. } = event.body else {
            if let EventBody::DifferencesFound { .. } = event.body {
                self.progress_at.insert(table.to_owned(), event.at);
            }
            return true;
        };
        let due = self.progress_at.get(table).is_none_or(|&last| event.at.since(last) >= LOG_PROGRESS_EVERY);
        if due {
            self.progress_at.insert(table.to_owned(), event.at);
        }
        due
    }

    fn start_pass(&mut self, tables: &[String]) {
        let names = tables.iter().map(|name| columns(&visible(name)));
        self.name_columns = names.max().unwrap_or(0).min(NAME_COLUMNS_MAX);
        self.progress_at.clear();
    }

    fn write_lines(&mut self, event: &Event, lines: &[String]) -> io::Result<()> {
        let mut page = Page::new(self.options.width);
        let date = time::date(event.at, self.zone());
        if date != self.date {
            page.line(&date);
            self.date = date;
        }
        let time = time::time_of_day(event.at, self.zone());
        let margin = match event.body.table() {
            Some(table) => format!("{time}  {}  ", pad_right(&visible(table), self.name_columns)),
            None => format!("{time}  "),
        };
        for line in lines {
            page.line(&format!("{margin}{line}"));
        }
        page.write_to(&mut self.out)
    }
}

impl<W: Write> Reporter for TextReporter<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if let EventBody::PassStarted { tables, .. } = &event.body {
            self.start_pass(tables);
        }
        let state_before = self.board.facts().state;
        self.board.apply(event);
        if !self.progress_is_due(event) {
            return Ok(());
        }
        let lines = lines::lines(event, self.board.facts(), state_before, &self.options);
        if !lines.is_empty() {
            self.write_lines(event, &lines)?;
        }
        if let EventBody::PassFinished { summary } = &event.body {
            summary::write(&mut self.out, summary, self.board.facts(), &self.options)?;
        }
        Ok(())
    }

    /// Says what ended the process, unless the summary of its last pass has just said the same.
    fn finish(&mut self, end: &RunEnd) -> io::Result<()> {
        let last = self.board.facts().last_summary.as_ref().map(|summary| summary.exit);
        let mut page = Page::new(self.options.width);
        if let Some(error) = &end.error {
            page.wrapped(0, &format!("error: {}", visible(&error.to_string())));
            if let Some(hint) = &error.hint {
                page.wrapped(0, &format!("hint: {}", visible(hint)));
            }
        }
        if last != Some(end.exit) {
            page.line(&summary::exit_line(end.exit));
        }
        page.write_to(&mut self.out)
    }
}
