//! Where a job stands, in one line.

use std::io::{self, Write};

use serde::Serialize;

use super::write_header;
use crate::report::status::{JobStatus, TableStatus};
use crate::state::{Hold, HoldState};
use crate::wire::{Form, Instant, SCHEMA, SummaryForm, json};

#[derive(Serialize)]
struct StatusLine<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: u32,
    job: &'a str,
    running: bool,
    unfinished: Option<UnfinishedForm<'a>>,
    last: Option<SummaryForm>,
    last_started_at: Option<Instant>,
    last_finished_at: Option<Instant>,
    tables: Vec<TableForm<'a>>,
    holds: Vec<HoldForm<'a>>,
}

#[derive(Serialize)]
struct UnfinishedForm<'a> {
    pass: u64,
    started_at: Instant,
    finished_tables: &'a [String],
}

#[derive(Serialize)]
struct TableForm<'a> {
    name: &'a str,
    target_count: Option<u64>,
    proven_at: Option<Instant>,
    proven_in_pass: Option<u64>,
    watermark: Option<String>,
    pending: bool,
    quarantined: u64,
}

#[derive(Serialize)]
struct HoldForm<'a> {
    id: &'a str,
    table: &'a str,
    guard: &'a str,
    reason: &'a str,
    deletes: u64,
    at: Instant,
    pass: u64,
    state: &'static str,
}

/// Writes a status as JSON lines: a header and one line.
pub fn write(out: &mut dyn Write, status: &JobStatus) -> io::Result<()> {
    write_header(out)?;
    let last = status.last.as_ref();
    let line = StatusLine {
        kind: "status",
        schema: SCHEMA,
        job: &status.job,
        running: status.running,
        unfinished: status.unfinished.as_ref().map(|pass| UnfinishedForm {
            pass: pass.pass,
            started_at: Form::of(&pass.started_at),
            finished_tables: &pass.finished_tables,
        }),
        last: last.map(|record| Form::of(&record.summary)),
        last_started_at: last.map(|record| Form::of(&record.started_at)),
        last_finished_at: last.map(|record| Form::of(&record.finished_at)),
        tables: status.tables.iter().map(table_form).collect(),
        holds: status.holds.iter().map(hold_form).collect(),
    };
    json::write_line(out, &line)?;
    out.flush()
}

fn table_form(table: &TableStatus) -> TableForm<'_> {
    let memory = table.memory.as_ref();
    let proof = memory.and_then(|memory| memory.proof.as_ref());
    let watermark = memory.and_then(|memory| memory.watermark.as_ref());
    TableForm {
        name: &table.name,
        target_count: memory.and_then(|memory| memory.target_count),
        proven_at: proof.map(|proof| Form::of(&proof.at)),
        proven_in_pass: proof.map(|proof| proof.pass),
        watermark: watermark.map(|watermark| watermark.stamp.to_string()),
        pending: memory.is_some_and(|memory| memory.pending),
        quarantined: table.quarantined,
    }
}

fn hold_form(hold: &Hold) -> HoldForm<'_> {
    HoldForm {
        id: &hold.id,
        table: &hold.table,
        guard: &hold.guard,
        reason: &hold.reason,
        deletes: hold.deletes,
        at: Form::of(&hold.at),
        pass: hold.pass,
        state: match hold.state {
            HoldState::Waiting => "waiting",
            HoldState::Approved => "approved",
            HoldState::InUse => "in use",
            HoldState::Used => "used",
        },
    }
}
