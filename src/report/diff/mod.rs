//! Differing rows, one after the other as they are found: for reading, as JSON, as CSV.
//!
//! The fourth form, SQL that repairs, is the target's own ([`crate::store::Store::script`]).
//!
//! Invariants: rows go straight to the writer, none is kept; NULL, the empty text and a text that says `NULL` look
//! different in every form.

mod csv;
mod json;
mod table;
mod value;

use std::io;

pub use csv::CsvDiff;
pub use json::JsonDiff;
pub use table::TableDiff;
pub use value::ControlCharacters;

use crate::model::value::ValueRef;
use crate::state::FindingKind;

/// Writes the differing rows of one table.
pub trait DiffWriter {
    /// Writes one difference.
    ///
    /// # Errors
    /// Those of the writer.
    fn difference(&mut self, difference: &Difference<'_>) -> io::Result<()>;

    /// Writes what comes after the last one; called once.
    ///
    /// # Errors
    /// Those of the writer.
    fn finish(&mut self) -> io::Result<()>;
}

/// What the rows of a difference consist of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffTable {
    /// The pair's shown name.
    pub name: String,
    /// The compared columns, in the order of the values.
    pub columns: Vec<DiffColumn>,
}

/// A compared column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffColumn {
    /// Its name at the source.
    pub source: String,
    /// Its name at the target.
    pub target: String,
    /// Whether it is part of the key.
    pub key: bool,
}

/// One difference: a row that one side lacks, or that is not the same on both.
#[derive(Debug, Clone, Copy)]
pub struct Difference<'a> {
    /// What is wrong.
    pub kind: FindingKind,
    /// The source's row, a value a column; none when it has none.
    pub source: Option<&'a [ValueRef<'a>]>,
    /// The target's row, a value a column; none when it has none.
    pub target: Option<&'a [ValueRef<'a>]>,
    /// Positions of the columns that differ, ascending; empty unless both rows exist.
    pub differing: &'a [usize],
}

impl<'a> Difference<'a> {
    /// The key columns with their values, by their names at the source.
    fn key<'t>(&self, table: &'t DiffTable) -> impl Iterator<Item = (&'t str, ValueRef<'a>)> {
        let row = self.source.or(self.target).unwrap_or_default();
        let columns = table.columns.iter().zip(row);
        columns.filter(|(column, _)| column.key).map(|(column, value)| (column.source.as_str(), *value))
    }
}

#[cfg(test)]
mod tests;
