//! What `check` found, worst first in the count, in the order found in the list.

use std::io::{self, Write};

use serde::Serialize;

use super::layout::{Page, counted};
use super::{TextOptions, write_header};
use crate::base::escape::visible;
use crate::model::check::{CheckFinding, Severity};
use crate::model::outcome::Exit;
use crate::wire::json;

/// How `check` exits: 1 with an error finding.
pub fn exit(findings: &[CheckFinding]) -> Exit {
    let errors = findings.iter().any(|finding| finding.severity == Severity::Error);
    if errors { Exit::Remaining } else { Exit::Done }
}

/// Writes the findings as text.
pub fn write_text(out: &mut dyn Write, findings: &[CheckFinding], options: &TextOptions) -> io::Result<()> {
    let mut page = Page::new(options.width);
    for finding in findings {
        let (severity, subject) = (finding.severity.as_str(), visible(&finding.subject));
        page.wrapped(0, &format!("{severity}: {subject}: {}", visible(&finding.message)));
        if let Some(hint) = &finding.hint {
            page.wrapped(2, &format!("hint: {}", visible(hint)));
        }
    }
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count() as u64;
    page.line(&format!(
        "{}, {}, {}",
        counted(count(Severity::Error), "error", "errors"),
        counted(count(Severity::Warning), "warning", "warnings"),
        counted(count(Severity::Note), "note", "notes"),
    ));
    page.write_to(out)
}

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
pub fn write_json(out: &mut dyn Write, findings: &[CheckFinding]) -> io::Result<()> {
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
