//! Discovery, as far as it is thinking: which table belongs to which, column by column, and what stands in the way.
//!
//! Does not belong here: asking a database anything, and deciding what a pass does with the answer.
//!
//! Invariants:
//! - every table that the settings mean comes out once: paired, to be created, left out, or failed with a reason and a
//!   hint; a fault of one table never touches another;
//! - a pair holds only columns that exist on both sides, its key first and in key order;
//! - whatever a pair leaves out or treats as equal is said in its `inexact`;
//! - the same settings and catalogues give the same pairs, in the same order.

mod columns;
mod create;
mod defaults;
mod fingerprint;
mod key;
mod scope;
mod tables;

use std::sync::Arc;

use super::pair::TablePair;
use super::schema::{Catalog, NewTable, Table};
use super::settings::{JobSettings, TableSettings};
use super::types::LogicalType;
use crate::base::escape::visible_short;
use crate::base::limits::SHOWN_CHARS_MAX;

pub use fingerprint::{digest_header, fingerprint};
pub use scope::names_column;

/// What became of one table that the settings mean.
#[derive(Debug, Clone)]
pub enum Paired {
    /// Both sides have it, and rows can be moved.
    Ready(Box<ReadyPair>),
    /// The target lacks it and is to get it (`on_missing_table = "create"`); pair again afterwards.
    Missing {
        /// The name shown.
        name: String,
        /// The table's settings.
        settings: Arc<TableSettings>,
        /// What to create.
        plan: Box<NewTable>,
    },
    /// It is left out of the pass, and the report names it.
    Skipped {
        /// The name shown.
        name: String,
        /// Why.
        reason: String,
    },
    /// It cannot be worked on.
    Failed {
        /// The name shown.
        name: String,
        /// Why; escaped.
        reason: String,
        /// What a person can do about it.
        hint: String,
    },
}

impl Paired {
    /// The name shown.
    pub fn name(&self) -> &str {
        match self {
            Self::Ready(ready) => &ready.pair.name,
            Self::Missing { name, .. } | Self::Skipped { name, .. } | Self::Failed { name, .. } => name,
        }
    }

    /// The pair, when there is one.
    pub fn pair(&self) -> Option<&TablePair> {
        if let Self::Ready(ready) = self { Some(&ready.pair) } else { None }
    }
}

/// A pair with what a person should know of it.
#[derive(Debug, Clone)]
pub struct ReadyPair {
    /// The pair.
    pub pair: TablePair,
    /// For `check`.
    pub remarks: Vec<Remark>,
}

/// Something about a table that works but deserves a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Whether it costs time or certainty, or is only good to know.
    pub weight: Weight,
    /// What was found; escaped.
    pub text: String,
    /// What a person can do about it.
    pub hint: Option<String>,
}

/// How much a remark matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Good to know.
    Note,
    /// Costs time or certainty.
    Warning,
}

impl Remark {
    fn note(text: String) -> Self {
        Self { weight: Weight::Note, text, hint: None }
    }

    fn warning(text: String, hint: impl Into<String>) -> Self {
        Self { weight: Weight::Warning, text, hint: Some(hint.into()) }
    }
}

/// Why a table fails.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Failure {
    reason: String,
    hint: String,
}

impl Failure {
    fn new(reason: String, hint: impl Into<String>) -> Self {
        Self { reason, hint: hint.into() }
    }
}

/// The type that a new target column gets, as [`crate::model::schema::NewColumn::sql_type`]: of a meaning, the source's
/// declared type, and whether both sides are of one engine.
pub type ColumnTypeOf<'a> = &'a dyn Fn(&LogicalType, &str, bool) -> String;

/// Pairs all tables that a job means.
pub fn pair_tables(
    settings: &JobSettings,
    source: &Catalog,
    target: &Catalog,
    same_engine: bool,
    column_type: ColumnTypeOf<'_>,
) -> Vec<Paired> {
    let mut paired: Vec<Paired> = tables::wanted(settings, source, target)
        .into_iter()
        .map(|wanted| match wanted {
            tables::Wanted::Both { settings, source, target } => {
                let name = settings.name.clone();
                match pair_table(&settings, source, target, same_engine) {
                    Ok(ready) => Paired::Ready(Box::new(ready)),
                    Err(failure) => Paired::Failed { name, reason: failure.reason, hint: failure.hint },
                }
            }
            tables::Wanted::Create { settings, source, target } => {
                let name = settings.name.clone();
                match create::new_table(&settings, source, target, same_engine, column_type) {
                    Ok(plan) => Paired::Missing { name, settings, plan: Box::new(plan) },
                    Err(failure) => Paired::Failed { name, reason: failure.reason, hint: failure.hint },
                }
            }
            tables::Wanted::Skipped { name, reason } => Paired::Skipped { name, reason },
            tables::Wanted::Failed { name, failure } => {
                Paired::Failed { name, reason: failure.reason, hint: failure.hint }
            }
        })
        .collect();
    scope::remark_overlaps(&mut paired);
    scope::remark_cascades(&mut paired, target);
    paired
}

/// Pairs the columns of two tables.
fn pair_table(
    settings: &Arc<TableSettings>,
    source: &Table,
    target: &Table,
    same_engine: bool,
) -> Result<ReadyPair, Failure> {
    let mut remarks = Vec::new();
    let mut matched = columns::matched(settings, source, target, same_engine, &mut remarks)?;
    let key_length = key::move_to_front(settings, source, target, &mut matched, &mut remarks)?;
    let filled = defaults::fill(settings, target, key_length, &mut matched, &mut remarks)?;
    scope::check(settings, source, &matched)?;
    let modify_column = key::modify_stamp(settings, source, &matched, &mut remarks)?;
    let (source_key, target_key) = key::names(&matched.columns[..key_length]);
    let key_order = key::order(source, &source_key, target, &target_key, &mut remarks);
    let side = |table: &Table, filter: &Option<String>, key: &[String]| super::pair::SideTable {
        table: table.name.clone(),
        filter: filter.clone(),
        key_unique: table.is_unique(key),
    };
    let mut inexact = matched.inexact();
    inexact.extend(filled.inexact);
    let pair = TablePair {
        name: settings.name.clone(),
        source: side(source, &settings.where_source, &source_key),
        target: side(target, &settings.where_target, &target_key),
        columns: matched.columns,
        key_length,
        key_order,
        modify_column,
        defaults: filled.defaults,
        inexact,
        settings: Arc::clone(settings),
    };
    Ok(ReadyPair { pair, remarks })
}

/// A name from a database, in quotes, escaped and of bounded length.
fn quoted(name: &str) -> String {
    format!("`{}`", visible_short(name, SHOWN_CHARS_MAX))
}

/// Names from a database, quoted, in one line.
fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}

/// ` Did you mean …?`, or nothing.
fn did_you_mean<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    let nearest = crate::base::nearest::nearest(name, candidates);
    nearest.map_or_else(String::new, |nearest| format!("; did you mean {}?", quoted(nearest)))
}

#[cfg(test)]
mod tests;
