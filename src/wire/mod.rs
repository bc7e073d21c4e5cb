//! The versioned serde form of events, commands, snapshots and summaries: what leaves this process.
//!
//! Every form is written out by hand, name by name, so that a change inside the program cannot change what scripts,
//! recordings and other versions read. `assets/json-output.md` is the contract, `assets/output.schema.json` its check.
//!
//! Does not belong here: sockets, files, terminals, the order of lines.
//!
//! Invariants:
//! - Within one [`SCHEMA`] fields and kinds are only ever added; a field added later has a default, and a reader
//!   ignores fields that it does not know.
//! - What was written is read back as the same facts; only seconds are rounded, to whole microseconds.
//! - Text with control, bidirectional or invisible characters is written as `\uXXXX` ([`json`]).

mod command;
mod event;
mod facts;
mod form;
pub mod json;
mod snapshot;
mod summary;

pub use command::CommandForm;
pub use event::EventForm;
pub use facts::PlanForm;
pub use form::{Form, Instant, Seconds};
pub use snapshot::SnapshotForm;
pub use summary::{ErrorForm, SummaryForm};

use crate::board::BoardSnapshot;
use crate::model::command::Command;
use crate::model::event::Event;
use crate::model::outcome::PassSummary;

/// Version of everything written here; raised only when a reader of the old one could be misled.
pub const SCHEMA: u32 = 1;

/// Why a form cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not JSON, or a field is missing or has another type.
    #[error("cannot read {what}: {cause}")]
    Malformed {
        /// What was read.
        what: &'static str,
        /// What is wrong with it.
        cause: String,
    },
    /// A kind or word that this version does not know.
    #[error("cannot read {what}: this version does not know `{word}`")]
    Unknown {
        /// What was read.
        what: &'static str,
        /// The unknown word, escaped.
        word: String,
    },
    /// Written by a newer program in a way that this one could misread.
    #[error("cannot read {what}: its schema is {found}, this version reads up to {SCHEMA}")]
    Newer {
        /// What was read.
        what: &'static str,
        /// Its schema.
        found: u32,
    },
}

/// Reads an event; [`WireError::Unknown`] means a kind that a newer program has added, to be passed over.
pub fn read_event(text: &str) -> Result<Event, WireError> {
    event::read(text)
}

/// Reads a command.
pub fn read_command(text: &str) -> Result<Command, WireError> {
    command::read(text)
}

/// Reads a snapshot.
pub fn read_snapshot(text: &str) -> Result<BoardSnapshot, WireError> {
    json::read::<SnapshotForm>("a snapshot", text)?.into_model()
}

/// Reads a summary.
pub fn read_summary(text: &str) -> Result<PassSummary, WireError> {
    json::read::<SummaryForm>("a summary", text)?.into_model()
}

/// Refuses what a newer schema may mean differently.
fn check_schema(what: &'static str, found: u32) -> Result<(), WireError> {
    if found > SCHEMA { Err(WireError::Newer { what, found }) } else { Ok(()) }
}
