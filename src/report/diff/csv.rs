//! Differences as CSV (RFC 4180), one record for each row that exists: a changed row has two.
//!
//! The header is `table,kind,side,differing`, then the columns by their names at the source. NULL is an empty field
//! without quotes, the empty text is `""`; a side without a row has no record. `differing` holds the names of the
//! differing columns, separated by semicolons. Blobs are written as `x'00ff'`, bytes of a text that are not UTF-8 as `\xff`.

use std::borrow::Cow;
use std::io::{self, Write};

use super::value::{ControlCharacters, plain};
use super::{DiffTable, DiffWriter, Difference};
use crate::base::escape::visible;
use crate::model::value::ValueRef;

/// Writes one record a row.
#[derive(Debug)]
pub struct CsvDiff<W> {
    out: W,
    table: DiffTable,
    control: ControlCharacters,
    started: bool,
}

impl<W: Write> CsvDiff<W> {
    /// A writer of the differences of `table`.
    pub fn new(out: W, table: DiffTable, control: ControlCharacters) -> Self {
        Self { out, table, control, started: false }
    }

    fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.control {
            ControlCharacters::Escaped => Cow::Owned(visible(text)),
            ControlCharacters::Kept => Cow::Borrowed(text),
        }
    }

    fn header(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.started, true) {
            return Ok(());
        }
        let mut record = Record::default();
        for name in ["table", "kind", "side", "differing"] {
            record.field(Some(name));
        }
        for column in &self.table.columns {
            record.field(Some(&self.text(&column.source)));
        }
        record.write_to(&mut self.out)
    }

    fn row(&mut self, difference: &Difference<'_>, side: &str, row: &[ValueRef<'_>]) -> io::Result<()> {
        let columns = difference.differing.iter().filter_map(|&position| self.table.columns.get(position));
        let differing: Vec<Cow<'_, str>> = columns.map(|column| self.text(&column.source)).collect();
        let mut record = Record::default();
        record.field(Some(&self.text(&self.table.name)));
        record.field(Some(difference.kind.as_str()));
        record.field(Some(side));
        record.field(Some(&differing.join(";")));
        for value in row {
            record.field(plain(*value, self.control).as_deref());
        }
        record.write_to(&mut self.out)
    }
}

impl<W: Write> DiffWriter for CsvDiff<W> {
    fn difference(&mut self, difference: &Difference<'_>) -> io::Result<()> {
        self.header()?;
        if let Some(row) = difference.source {
            self.row(difference, "source", row)?;
        }
        if let Some(row) = difference.target {
            self.row(difference, "target", row)?;
        }
        Ok(())
    }

    /// A table without differences is a header alone.
    fn finish(&mut self) -> io::Result<()> {
        self.header()?;
        self.out.flush()
    }
}

/// The fields of one record, put together first and written at once.
#[derive(Default)]
struct Record {
    text: String,
    fields: usize,
}

impl Record {
    fn field(&mut self, text: Option<&str>) {
        if self.fields > 0 {
            self.text.push(',');
        }
        self.fields += 1;
        let Some(text) = text else { return };
        if text.is_empty() || text.contains(['"', ',', '\r', '\n']) {
            self.text.push('"');
            self.text.push_str(&text.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(text);
        }
    }

    fn write_to(mut self, out: &mut dyn Write) -> io::Result<()> {
        self.text.push_str("\r\n");
        out.write_all(self.text.as_bytes())
    }
}
