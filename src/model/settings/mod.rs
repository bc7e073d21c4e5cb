//! The resolved settings of a job: what the engine is told, complete and checked.
//!
//! Does not belong here: files, environment variables, TOML, names of keys, where a value came from (see `config`).
//!
//! Invariants: every value is within its documented range, every default is filled in, every relation between
//! settings that can be checked without a database has been checked.

mod choice;
mod endpoint;
mod table;

use std::num::NonZeroU64;
use std::time::Duration;

pub use choice::{
    Bookkeeping, Deletes, ForeignKeys, LogLevel, OnEmptySource, OnHangup, OnMissed, OnMissingTable, Rotate,
    Strategy, Tls, Triggers, Verify, ZeroDates,
};
pub use endpoint::{EndpointSettings, Secret};
pub use table::{Literal, MappedField, ModifyColumn, TableSettings};

/// One job: a source, a target, tables, limits, a schedule.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JobSettings {
    /// The job's name; not empty, without control characters and path separators.
    pub name: String,
    /// The side that is only read.
    pub source: EndpointSettings,
    /// The side that is made equal.
    pub target: EndpointSettings,
    /// Every table that both sides have is meant, with `tables` overriding; otherwise only those in `tables`.
    pub sync_all: bool,
    /// Plans are made and shown, nothing is written.
    pub only_sync_plan: bool,
    /// What holds for a table without an entry of its own; its names are empty, see [`TableSettings::for_table`].
    pub defaults: TableSettings,
    /// The tables with an entry, in the order written; names are unique.
    pub tables: Vec<TableSettings>,
    /// What bounds the whole job.
    pub limits: Limits,
    /// When passes are run.
    pub schedule: Schedule,
    /// The log file and what goes into it.
    pub log: LogSettings,
    /// The operator's screen.
    pub console: ConsoleSettings,
}

impl JobSettings {
    /// A job over every table of two databases, all else by default; the URLs must not hold secrets.
    pub fn between(name: &str, source_url: &str, target_url: &str) -> Self {
        Self {
            name: name.to_owned(),
            source: EndpointSettings::at(source_url),
            target: EndpointSettings::at(target_url),
            sync_all: true,
            ..Self::default()
        }
    }
}

/// What bounds a whole job; bounds of one table are in [`TableSettings`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// New errors in a pass that stop the run; at least 1.
    pub max_error_count: u64,
    /// Failed rounds in a row that stop the schedule; at least 1.
    pub max_error_loop: u64,
    /// Errors below `max_error_count` do not stop the pass; otherwise the first one does.
    pub continue_on_error: bool,
    /// Bytes that row buffers may take together.
    pub memory: u64,
    /// Tables worked on at a time; at least 1.
    pub concurrency: usize,
    /// Rows read or written per second; `None` = unlimited.
    pub rows_per_second: Option<NonZeroU64>,
    /// Bytes read or written per second; `None` = unlimited.
    pub bytes_per_second: Option<NonZeroU64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_error_count: 25,
            max_error_loop: 5,
            continue_on_error: true,
            memory: 96 << 20,
            concurrency: 4,
            rows_per_second: None,
            bytes_per_second: None,
        }
    }
}

/// When passes are run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// What makes the next pass due.
    pub repeat: Repeat,
    /// IANA name of the zone in which times of day and cron are meant; `None` = the machine's.
    pub timezone: Option<String>,
    /// Longest single sleep between two looks at the clock.
    pub max_sleep_chunk: Duration,
    /// What happens to a time that went by.
    pub on_missed: OnMissed,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            repeat: Repeat::Once,
            timezone: None,
            max_sleep_chunk: Duration::from_hours(1),
            on_missed: OnMissed::RunOnce,
        }
    }
}

/// What makes the next pass due.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Repeat {
    /// Nothing: one pass, then the process ends.
    #[default]
    Once,
    /// This long after the end of the last pass; more than zero.
    Every(Duration),
    /// Each day at these times; ascending, not empty.
    At(Vec<TimeOfDay>),
    /// A cron expression of five or six fields that has been parsed once.
    Cron(String),
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
}

impl std::fmt::Display for TimeOfDay {
    /// `02:00`, or `02:00:30` when seconds are set.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)?;
        if self.second > 0 { write!(f, ":{:02}", self.second) } else { Ok(()) }
    }
}

/// The log file and what goes into it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one field for each documented key")]
pub struct LogSettings {
    /// Absolute folder of the log files; `None` = the user's state directory.
    pub dir: Option<String>,
    /// How often a new file is begun.
    pub rotate: Rotate,
    /// The least important messages kept.
    pub level: LogLevel,
    /// Log each reading statement.
    pub show_sql: bool,
    /// Log each writing statement.
    pub show_save_sql: bool,
    /// Log statements with their bound values shortened, and their times.
    pub debug_sql: bool,
    /// Log each connection that is opened, lost, reopened or closed.
    pub debug_connection_change: bool,
}

/// The operator's screen; names are checked by the console, which knows its themes and key maps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleSettings {
    /// Name or file of the theme.
    pub theme: String,
    /// Name or file of the key map.
    pub keymap: String,
    /// `auto`, `truecolor`, `256`, `16` or `mono`.
    pub color: String,
    /// `auto`, `unicode`, `ascii` or `braille`.
    pub glyphs: String,
    /// Most frames a second; `None` = 10, and 4 over ssh.
    pub fps: Option<u32>,
    /// The console takes the mouse.
    pub mouse: bool,
    /// What the engine does when the terminal goes away.
    pub on_hangup: OnHangup,
}

impl Default for ConsoleSettings {
    fn default() -> Self {
        Self {
            theme: "default".to_owned(),
            keymap: "default".to_owned(),
            color: "auto".to_owned(),
            glyphs: "auto".to_owned(),
            fps: None,
            mouse: false,
            on_hangup: OnHangup::Continue,
        }
    }
}
