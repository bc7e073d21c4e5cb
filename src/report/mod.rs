//! What a person or a script reads: the text log, JSON lines, the summary that all modes share, and the reports of
//! commands that only look.
//!
//! Does not belong here: the console; choosing a mode; opening files; making up facts. A report says what events,
//! outcomes and records say.
//!
//! Invariants:
//! - Text that may come from a database or a file passes [`crate::base::escape`] (text) or [`crate::wire::json`]
//!   (JSON) before it is written.
//! - Nothing here panics or hides a failed write: a closed pipe comes back as the writer's own error.
//! - Colour is never used, so it is never needed.

pub mod check;
pub mod diff;
pub mod history;
mod json;
mod layout;
mod lines;
pub mod plan;
pub mod quarantine;
mod silent;
pub mod status;
pub mod summary;
mod text;
mod time;

use std::io;

pub use json::{JsonReporter, write_header};
pub use layout::WIDTH_DEFAULT;
pub use lines::lines;
pub use silent::SilentReporter;
pub use text::TextReporter;

use crate::model::event::Event;
use crate::model::outcome::{ErrorRecord, Exit};

/// A headless consumer of a run's events.
pub trait Reporter {
    /// Takes an event in, in order, and reports what is to be reported of it.
    ///
    /// # Errors
    /// Those of the writer; the report is incomplete from there on.
    fn event(&mut self, event: &Event) -> io::Result<()>;

    /// Says how the process ends; called once, last.
    ///
    /// # Errors
    /// Those of the writer.
    fn finish(&mut self, end: &RunEnd) -> io::Result<()>;
}

/// How a process ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunEnd {
    /// Its exit code.
    pub exit: Exit,
    /// What ended it, when that is not part of a pass's summary.
    pub error: Option<ErrorRecord>,
}

/// How text reports look.
#[derive(Debug, Clone)]
pub struct TextOptions {
    /// Columns to keep within where possible.
    pub width: usize,
    /// The zone in which times are shown: the schedule's, when it names one.
    pub zone: jiff::tz::TimeZone,
    /// Ranges, samples and debug messages are shown too.
    pub verbose: bool,
    /// The command line that would run this job again, without options of one run: `syncline run --config a.toml`.
    pub run_command: String,
    /// The setting `max_error_count`.
    pub error_count_max: u64,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self {
            width: WIDTH_DEFAULT,
            zone: jiff::tz::TimeZone::UTC,
            verbose: false,
            run_command: "syncline run".to_owned(),
            error_count_max: 25,
        }
    }
}
