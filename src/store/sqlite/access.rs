//! In which order a table can be walked without sorting, and how to make SQLite walk it so.
//!
//! The index is named in the statement: a filter must not tempt the planner away from the key, or every leaf of a
//! search would scan the whole record type.

use super::facts::{IndexFacts, TableFacts};
use super::sql;

/// A total order of a table's rows that an index, or the table itself, serves.
#[derive(Debug, Clone)]
pub(super) struct Access {
    /// What follows the table's name in FROM.
    pub(super) hint: String,
    /// What the rows are ordered by; no two rows agree in all terms.
    pub(super) terms: Vec<Term>,
    /// Whether the rows themselves lie in this order, so that walking it does not jump about the file.
    pub(super) clustered: bool,
}

/// One term of an order.
#[derive(Debug, Clone)]
pub(super) struct Term {
    /// The column or rowid, in the collation of the index.
    pub(super) sql: String,
    /// The column; none for the rowid.
    pub(super) column: Option<usize>,
    pub(super) descending: bool,
    pub(super) nullable: bool,
}

/// Rows in key order of these columns; none when no index serves it. Rows with a NULL in them are not meant.
pub(super) fn by_key(facts: &TableFacts, columns: &[usize]) -> Option<Access> {
    if columns.is_empty() || !columns.iter().all(|&column| facts.columns[column].key_order) {
        return None;
    }
    let mut terms: Vec<Term> = columns.iter().map(|&column| ascending(facts, column)).collect();
    if facts.rowid_column == Some(columns[0]) {
        return Some(Access { hint: " NOT INDEXED".to_owned(), terms, clustered: true });
    }
    let unique = is_unique(facts, columns);
    let serves = |index: &&IndexFacts| {
        !index.partial
            && index.columns.len() >= columns.len()
            && (unique || index.columns.len() == columns.len())
            && index.columns.iter().zip(columns).all(|(indexed, wanted)| {
                indexed.column == Some(*wanted)
                    && !indexed.descending
                    && indexed.collation.eq_ignore_ascii_case("BINARY")
            })
    };
    let index = facts
        .indexes
        .iter()
        .filter(serves)
        .min_by_key(|index| (!index.primary, !index.unique, index.columns.len()))?;
    if !unique {
        terms.extend(row_terms(facts, columns)?);
    }
    Some(Access { hint: indexed_by(index), terms, clustered: is_table(facts, index) })
}

/// Rows as they lie in the file; none when nothing that can be named tells them apart.
pub(super) fn by_table(facts: &TableFacts) -> Option<Access> {
    if let Some(rowid) = rowid_term(facts) {
        return Some(Access { hint: " NOT INDEXED".to_owned(), terms: vec![rowid], clustered: true });
    }
    let of_table = |index: &&IndexFacts| {
        if facts.without_rowid {
            index.primary
        } else {
            index.unique
                && !index.partial
                && index.columns.iter().all(|c| c.column.is_some_and(|column| facts.columns[column].not_null))
        }
    };
    let index = facts.indexes.iter().find(of_table)?;
    let clustered = is_table(facts, index);
    Some(Access { hint: indexed_by(index), terms: index_terms(facts, index)?, clustered })
}

/// Rows in the order of an index whose first column is this one; none without such an index.
pub(super) fn by_index_on(facts: &TableFacts, column: usize) -> Option<Access> {
    let leads = |index: &&IndexFacts| {
        !index.partial
            && index.columns.iter().all(|c| c.column.is_some())
            && index.columns.first().is_some_and(|first| {
                first.column == Some(column)
                    && first.collation.eq_ignore_ascii_case(&facts.columns[column].collation)
            })
    };
    let index = facts.indexes.iter().filter(leads).min_by_key(|index| index.columns.len())?;
    let mut terms = index_terms(facts, index)?;
    if !is_table(facts, index) {
        let indexed: Vec<usize> = index.columns.iter().filter_map(|c| c.column).collect();
        terms.extend(row_terms(facts, &indexed)?);
    }
    Some(Access { hint: indexed_by(index), terms, clustered: is_table(facts, index) })
}

/// Whether an index is the table itself.
fn is_table(facts: &TableFacts, index: &IndexFacts) -> bool {
    facts.without_rowid && index.primary
}

/// Whether no two rows without NULL agree in these columns.
pub(super) fn is_unique(facts: &TableFacts, columns: &[usize]) -> bool {
    facts.rowid_column.is_some_and(|rowid| columns.contains(&rowid)) || unique_index(facts, columns).is_some()
}

/// A whole unique index over some of these columns.
pub(super) fn unique_index<'a>(facts: &'a TableFacts, columns: &[usize]) -> Option<&'a IndexFacts> {
    facts.indexes.iter().find(|index| {
        index.unique
            && !index.partial
            && index.columns.iter().all(|c| c.column.is_some_and(|column| columns.contains(&column)))
    })
}

fn indexed_by(index: &IndexFacts) -> String {
    format!(" INDEXED BY {}", sql::quote(&index.name))
}

fn ascending(facts: &TableFacts, column: usize) -> Term {
    let nullable = !facts.columns[column].not_null;
    Term { sql: facts.sql_column(column), column: Some(column), descending: false, nullable }
}

fn rowid_term(facts: &TableFacts) -> Option<Term> {
    let sql = facts.rowid.clone()?;
    Some(Term { sql, column: facts.rowid_column, descending: false, nullable: false })
}

fn index_terms(facts: &TableFacts, index: &IndexFacts) -> Option<Vec<Term>> {
    index
        .columns
        .iter()
        .map(|indexed| {
            let column = indexed.column?;
            let mut term = ascending(facts, column);
            if !indexed.collation.eq_ignore_ascii_case(&facts.columns[column].collation) {
                term.sql = format!("{} COLLATE {}", term.sql, sql::quote(&indexed.collation));
            }
            term.descending = indexed.descending;
            Some(term)
        })
        .collect()
}

/// What an index ends with to tell rows apart: the rowid, or the columns of the primary key that it lacks.
fn row_terms(facts: &TableFacts, indexed: &[usize]) -> Option<Vec<Term>> {
    if !facts.without_rowid {
        return Some(vec![rowid_term(facts)?]);
    }
    let primary = facts.indexes.iter().find(|index| index.primary)?;
    let mut terms = index_terms(facts, primary)?;
    terms.retain(|term| term.column.is_none_or(|column| !indexed.contains(&column)));
    Some(terms)
}
