//! Past passes, one a line.

use std::io::{self, Write};

use serde::Serialize;

use super::write_header;
use crate::state::PassRecord;
use crate::wire::{Form, Instant, SummaryForm, json};

#[derive(Serialize)]
struct Line {
    #[serde(rename = "type")]
    kind: &'static str,
    started_at: Instant,
    finished_at: Instant,
    summary: SummaryForm,
}

/// Writes past passes as JSON lines: a header, then one line a pass.
pub fn write(out: &mut dyn Write, passes: &[PassRecord]) -> io::Result<()> {
    write_header(out)?;
    for pass in passes {
        let line = Line {
            kind: "past-pass",
            started_at: Form::of(&pass.started_at),
            finished_at: Form::of(&pass.finished_at),
            summary: Form::of(&pass.summary),
        };
        json::write_line(out, &line)?;
    }
    out.flush()
}
