//! Refused rows, one a line.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use super::write_header;
use crate::state::QuarantinedRow;
use crate::wire::{Form, Instant, json};

#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    tag: &'static str,
    table: &'a str,
    key: String,
    kind: &'static str,
    class: &'a str,
    reason: &'a str,
    hint: Option<&'a str>,
    statement: &'a str,
    source_image: Option<Map<String, Value>>,
    target_image: Option<Map<String, Value>>,
    attempts: u64,
    first_at: Instant,
    last_at: Instant,
    retry_asked: bool,
}

/// Writes rows as JSON lines with everything known of them: a header, then one line a row.
pub fn write(out: &mut dyn Write, rows: &[QuarantinedRow]) -> io::Result<()> {
    write_header(out)?;
    let object = |image: &Option<Vec<(String, String)>>| {
        let image = image.as_ref()?.iter();
        Some(image.map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect())
    };
    for row in rows {
        let line = Line {
            tag: "quarantined-row",
            table: &row.table,
            key: row.key.to_string(),
            kind: row.kind.as_str(),
            class: &row.class,
            reason: &row.reason,
            hint: row.hint.as_deref(),
            statement: &row.statement,
            source_image: object(&row.source_image),
            target_image: object(&row.target_image),
            attempts: row.attempts,
            first_at: Form::of(&row.first_at),
            last_at: Form::of(&row.last_at),
            retry_asked: row.retry_asked,
        };
        json::write_line(out, &line)?;
    }
    out.flush()
}
