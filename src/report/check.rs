//! What `check` found, worst first in the count, in the order found in the list.

use std::io::{self, Write};

pub use super::json::check::write as write_json;

use super::TextOptions;
use super::layout::{Page, counted};
use crate::base::escape::visible;
use crate::model::check::{CheckFinding, Severity};
use crate::model::outcome::Exit;

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
