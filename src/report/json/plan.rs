//! The plans of all tables, one a line.

use std::io::{self, Write};

use serde::Serialize;

use super::write_header;
use crate::report::plan::PlannedTable;
use crate::wire::{Form, PlanForm, json};

#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    table: &'a str,
    plan: PlanForm,
}

/// Writes the plans as JSON lines: a header, then one line a table.
pub fn write(out: &mut dyn Write, plans: &[PlannedTable]) -> io::Result<()> {
    write_header(out)?;
    for (table, plan) in plans {
        json::write_line(out, &Line { kind: "plan", table, plan: Form::of(plan) })?;
    }
    out.flush()
}
