//! The findings of `check`, one a line.

use std::io::{self, Write};

use serde::Serialize;

use super::write_header;
use crate::model::check::CheckFinding;
use crate::wire::json;

#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    severity: &'static str,
    subject: &'a str,
    message: &'a str,
    hint: Option<&'a str>,
}

/// Writes the findings as JSON lines: a header, then one line a finding.
pub fn write(out: &mut dyn Write, findings: &[CheckFinding]) -> io::Result<()> {
    write_header(out)?;
    for finding in findings {
        let line = Line {
            kind: "check-finding",
            severity: finding.severity.as_str(),
            subject: &finding.subject,
            message: &finding.message,
            hint: finding.hint.as_deref(),
        };
        json::write_line(out, &line)?;
    }
    out.flush()
}
