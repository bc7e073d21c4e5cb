//! What scripts read: one JSON object a line, as `assets/json-output.md` says. The only part of the reports that knows
//! serde.
//!
//! Does not belong here: the forms that a recording or another process reads back (see [`crate::wire`]).
//!
//! Invariant: the header comes first and names the version of all other lines.

pub mod check;
pub mod history;
pub mod plan;
pub mod quarantine;
mod run;
pub mod status;

use std::io::{self, Write};

use serde::Serialize;

pub use run::JsonReporter;

use crate::wire::{SCHEMA, json};

#[derive(Serialize)]
struct Header {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: u32,
    program: &'static str,
    version: &'static str,
}

/// Writes the line that comes first in every JSON output and names the version of all others.
pub fn write_header(out: &mut dyn Write) -> io::Result<()> {
    let (program, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    json::write_line(out, &Header { kind: "header", schema: SCHEMA, program, version })
}
