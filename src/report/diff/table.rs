//! Differences for reading.

use std::io::{self, Write};

use super::value::{ControlCharacters, plain};
use super::{DiffTable, DiffWriter, Difference};
use crate::base::escape::{visible, visible_short};
use crate::base::limits::SHOWN_CHARS_MAX;
use crate::model::value::ValueRef;
use crate::report::layout::{Page, columns, counted, pad_right};
use crate::state::FindingKind;

/// Writes a short paragraph a difference, and a count at the end.
#[derive(Debug)]
pub struct TableDiff<W> {
    out: W,
    table: DiffTable,
    width: usize,
    name_columns: usize,
    missing: u64,
    extra: u64,
    changed: u64,
}

impl<W: Write> TableDiff<W> {
    /// A writer of the differences of `table` that keeps within `width` columns where possible.
    pub fn new(out: W, table: DiffTable, width: usize) -> Self {
        let name_columns = table.columns.iter().map(|column| columns(&visible(&column.source))).max();
        Self { out, table, width, name_columns: name_columns.unwrap_or(0), missing: 0, extra: 0, changed: 0 }
    }

    fn count(&mut self, kind: FindingKind) {
        match kind {
            FindingKind::Missing => self.missing += 1,
            FindingKind::Extra => self.extra += 1,
            FindingKind::Changed => self.changed += 1,
        }
    }
}

impl<W: Write> DiffWriter for TableDiff<W> {
    fn difference(&mut self, difference: &Difference<'_>) -> io::Result<()> {
        self.count(difference.kind);
        let key: Vec<String> = difference
            .key(&self.table)
            .map(|(name, value)| format!("{}={}", visible(name), shown(value)))
            .collect();
        let mut page = Page::new(self.width);
        page.wrapped(0, &format!("{} {}", pad_right(difference.kind.as_str(), 7), key.join(", ")));
        match (difference.source, difference.target) {
            (Some(source), Some(target)) => {
                for &position in difference.differing {
                    let Some(column) = self.table.columns.get(position) else { continue };
                    let value =
                        |row: &[ValueRef<'_>]| row.get(position).map_or_else(String::new, |v| shown(*v));
                    let name = pad_right(&visible(&column.source), self.name_columns);
                    page.line(&format!("  {name}  source {}", value(source)));
                    page.line(&format!("  {}  target {}", " ".repeat(self.name_columns), value(target)));
                }
            }
            (Some(row), None) | (None, Some(row)) => {
                for (column, value) in self.table.columns.iter().zip(row).filter(|(column, _)| !column.key) {
                    let name = pad_right(&visible(&column.source), self.name_columns);
                    page.line(&format!("  {name}  {}", shown(*value)));
                }
            }
            (None, None) => {}
        }
        page.write_to(&mut self.out)
    }

    fn finish(&mut self) -> io::Result<()> {
        let mut page = Page::new(self.width);
        let all = self.missing + self.extra + self.changed;
        page.line(&format!(
            "{}: {} ({} missing, {} changed, {} extra)",
            visible(&self.table.name),
            counted(all, "difference", "differences"),
            self.missing,
            self.changed,
            self.extra
        ));
        page.write_to(&mut self.out)
    }
}

/// A value as in SQL, cut to a readable length: text is quoted, so that NULL and numbers are not mistaken for it.
fn shown(value: ValueRef<'_>) -> String {
    let Some(text) = plain(value, ControlCharacters::Escaped) else { return "NULL".to_owned() };
    let text = visible_short(&text, SHOWN_CHARS_MAX);
    match value {
        ValueRef::Text(_) | ValueRef::Json(_) => format!("'{text}'"),
        _ => text,
    }
}
