//! What a run says, in the log: the lines of the text report, each with a level.

use std::io;

use super::logging::RUN;
use crate::board::Board;
use crate::model::event::{Event, EventBody, Level};
use crate::report::{Reporter, RunEnd, TextOptions, lines, summary};

/// Writes a run to the log.
pub struct LogReporter {
    board: Board,
    options: TextOptions,
}

impl LogReporter {
    /// A reporter that says what text reports with these options say, and the details besides.
    pub fn new(options: TextOptions) -> Self {
        Self { board: Board::new(options.error_count_max), options: TextOptions { verbose: true, ..options } }
    }
}

impl Reporter for LogReporter {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let state_before = self.board.facts().state;
        self.board.apply(event);
        let level = level(&event.body);
        let table = event.body.table().map(|table| format!("{}: ", crate::base::escape::visible(table)));
        let table = table.unwrap_or_default();
        for line in lines(event, self.board.facts(), state_before, &self.options) {
            log(level, &format!("{table}{line}"));
        }
        if let EventBody::PassFinished { summary } = &event.body {
            let (pass, end) = (summary.pass, summary::exit_line(summary.exit));
            log(tracing::Level::INFO, &format!("pass {pass}: {end}"));
        }
        Ok(())
    }

    fn finish(&mut self, end: &RunEnd) -> io::Result<()> {
        if let Some(error) = &end.error {
            log(tracing::Level::ERROR, &crate::base::escape::visible(&error.to_string()));
        }
        log(tracing::Level::INFO, &summary::exit_line(end.exit));
        Ok(())
    }
}

fn level(body: &EventBody) -> tracing::Level {
    match body {
        EventBody::ErrorOccurred { .. } => tracing::Level::ERROR,
        EventBody::RowQuarantined { .. }
        | EventBody::TableHeld { .. }
        | EventBody::ConnectionLost { .. }
        | EventBody::FallbackStarted { .. }
        | EventBody::CommandRejected { .. }
        | EventBody::MessageLogged { level: Level::Warning, .. } => tracing::Level::WARN,
        EventBody::RangeSplit { .. }
        | EventBody::RangeCompared { .. }
        | EventBody::SearchAdvanced { .. }
        | EventBody::MessageLogged { level: Level::Debug, .. } => tracing::Level::DEBUG,
        _ => tracing::Level::INFO,
    }
}

/// The level of a `tracing` event is part of its code, hence one each.
fn log(level: tracing::Level, line: &str) {
    match level {
        tracing::Level::ERROR => tracing::error!(target: RUN, "{line}"),
        tracing::Level::WARN => tracing::warn!(target: RUN, "{line}"),
        tracing::Level::INFO => tracing::info!(target: RUN, "{line}"),
        _ => tracing::debug!(target: RUN, "{line}"),
    }
}
