//! Walking a table in an order that an index serves, with stops: the one way in which rows are read.
//!
//! A walk can be left after any row and taken up again at the next one, by comparing the order's terms with those of
//! the last row. So a thread can serve other requests while a consumer is behind, and a source with a rollback journal
//! is read in short transactions.

use rusqlite::Row;

use super::access::{Access, Term};
use super::bound::{self, Tuple};
use super::error::store_error;
use super::reader::{Reader, View};
use super::sql;
use super::value::{Raw, from_sql};
use crate::model::key::{self, Key};
use crate::model::range::KeyRange;
use crate::store::Result;

/// Rows between two looks at the clock while a slice of reading is open.
const ROWS_BETWEEN_LOOKS: u32 = 16;

/// What a row's reader wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// The next row.
    More,
    /// To be asked again later; the walk goes on behind this row.
    Pause,
    /// Nothing more.
    Stop,
}

/// A walk and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Scan {
    operation: String,
    head: String,
    order: String,
    conditions: Vec<Condition>,
    terms: Vec<Term>,
    /// Where the terms' values are among the outputs.
    term_outputs: Vec<usize>,
    /// Where the filter's truth is among the outputs, when it is not part of the condition.
    filter_output: Option<usize>,
    position: Option<Vec<Raw>>,
    ended: bool,
}

/// A part of WHERE with its values.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) sql: String,
    pub(super) values: Vec<Raw>,
}

impl Condition {
    /// A condition without values.
    pub(super) fn plain(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }
}

/// What is to be walked.
pub(super) struct Walk<'a> {
    pub(super) view: &'a View,
    pub(super) access: Access,
    /// Columns handed to the row's reader, in this order.
    pub(super) columns: &'a [usize],
    pub(super) conditions: Vec<Condition>,
    pub(super) operation: String,
}

impl Scan {
    /// A walk at its start.
    pub(super) fn new(reader: &Reader, walk: Walk<'_>) -> Self {
        let Walk { view, access, columns, mut conditions, operation } = walk;
        let facts = &view.facts;
        let mut outputs: Vec<String> = columns.iter().map(|&column| facts.sql_column(column)).collect();
        let mut filter_output = None;
        if let Some(filter) = &view.filter {
            let filter = sql::parenthesised(filter);
            if reader.is_held() {
                conditions.push(Condition::plain(filter));
            } else {
                // As an output, so that the walk can stop at any row: as a condition, a filter that lets no row
                // pass would keep the read transaction open for the whole table.
                filter_output = Some(outputs.len());
                outputs.push(format!("({filter}) IS TRUE"));
            }
        }
        let term_outputs = access.terms.iter().map(|term| {
            let known = term.column.and_then(|column| columns.iter().position(|c| *c == column));
            known.unwrap_or_else(|| {
                outputs.push(term.sql.clone());
                outputs.len() - 1
            })
        });
        let term_outputs = term_outputs.collect();
        let order: Vec<String> = access
            .terms
            .iter()
            .map(|t| format!("{}{}", t.sql, if t.descending { " DESC" } else { "" }))
            .collect();
        Self {
            operation,
            head: format!("SELECT {} FROM {}{}", outputs.join(", "), facts.sql_name(), access.hint),
            order: order.join(", "),
            conditions,
            terms: access.terms,
            term_outputs,
            filter_output,
            position: None,
            ended: false,
        }
    }

    /// Where the values that tell rows apart are among the outputs.
    pub(super) fn term_outputs(&self) -> &[usize] {
        &self.term_outputs
    }

    /// Hands rows over until `on_row` wants no more for now or there are none; false when it has to be called again.
    pub(super) fn run(
        &mut self,
        reader: &Reader,
        mut on_row: impl FnMut(&Row<'_>) -> Result<Flow>,
    ) -> Result<bool> {
        let result = self.slices(reader, &mut on_row);
        reader.end_slice();
        result
    }

    fn slices(&mut self, reader: &Reader, on_row: &mut impl FnMut(&Row<'_>) -> Result<Flow>) -> Result<bool> {
        while !self.ended {
            reader.begin_slice(&self.operation)?;
            let phases = match self.position {
                None => 1,
                Some(_) => self.terms.len(),
            };
            let mut stopped = None;
            for phase in (0..phases).rev() {
                stopped = self.phase(reader, phase, on_row)?;
                if stopped.is_some() {
                    break;
                }
            }
            match stopped {
                Some(Flow::Pause) => return Ok(false),
                Some(Flow::More) => reader.pause(),
                Some(Flow::Stop) | None => self.ended = true,
            }
        }
        Ok(true)
    }

    /// One statement: the rows that agree with the last one in the first `phase` terms and lie behind it in the next.
    /// What stopped it; none when it ran out of rows.
    fn phase(
        &mut self,
        reader: &Reader,
        phase: usize,
        on_row: &mut impl FnMut(&Row<'_>) -> Result<Flow>,
    ) -> Result<Option<Flow>> {
        let Some((text, values)) = self.statement(phase) else { return Ok(None) };
        let failed = |error| store_error(&self.operation, &error);
        let mut statement = reader.connection().prepare_cached(&text).map_err(failed)?;
        for (index, value) in values.iter().enumerate() {
            statement.raw_bind_parameter(index + 1, value).map_err(failed)?;
        }
        let mut rows = statement.raw_query();
        let mut seen = 0u32;
        while let Some(row) = rows.next().map_err(failed)? {
            let passes = match self.filter_output {
                None => true,
                Some(output) => row.get::<_, bool>(output).map_err(failed)?,
            };
            let flow = if passes { on_row(row)? } else { Flow::More };
            seen = seen.wrapping_add(1);
            let over = seen.is_multiple_of(ROWS_BETWEEN_LOOKS) && reader.slice_is_over();
            if flow != Flow::More || over {
                self.position =
                    Some(self.term_outputs.iter().map(|&o| row.get_ref_unwrap(o).into()).collect());
                return Ok(Some(flow));
            }
        }
        Ok(None)
    }

    /// The text of a phase and its values; none when no row can follow there.
    fn statement(&self, phase: usize) -> Option<(String, Vec<&Raw>)> {
        let mut parts: Vec<String> = Vec::new();
        let mut values: Vec<&Raw> = Vec::new();
        if let Some(position) = &self.position {
            for (term, value) in self.terms.iter().zip(position).take(phase) {
                parts.push(format!("{} IS ?", term.sql));
                values.push(value);
            }
            let (term, value) = (&self.terms[phase], &position[phase]);
            match (value, term.descending) {
                (Raw::Null, true) => return None,
                (Raw::Null, false) => parts.push(format!("{} IS NOT NULL", term.sql)),
                (_, true) if term.nullable => parts.push(format!("({0} < ? OR {0} IS NULL)", term.sql)),
                (_, true) => parts.push(format!("{} < ?", term.sql)),
                (_, false) => parts.push(format!("{} > ?", term.sql)),
            }
            if *value != Raw::Null {
                values.push(value);
            }
        }
        for condition in &self.conditions {
            parts.push(condition.sql.clone());
            values.extend(&condition.values);
        }
        let mut text = self.head.clone();
        if !parts.is_empty() {
            text.push_str(" WHERE ");
            text.push_str(&parts.join(" AND "));
        }
        text.push_str(" ORDER BY ");
        text.push_str(&self.order);
        Some((text, values))
    }

    /// The statement of a walk at its start, for tests of the plan.
    #[cfg(test)]
    pub(super) fn text(&self) -> String {
        self.statement(self.position.as_ref().map_or(0, |_| self.terms.len() - 1))
            .map_or(String::new(), |s| s.0)
    }
}

/// The conditions that say `lower <= key < upper` for columns whose order is key order, and that no key is NULL; none
/// when no row can meet them.
pub(super) fn key_conditions(view: &View, range: &KeyRange) -> Option<Vec<Condition>> {
    let mut conditions = not_null(view);
    for (bound, operator) in [(&range.lower, ">="), (&range.upper, "<")] {
        let Some(bound) = bound else { continue };
        match condition(view, &view.key, bound, operator) {
            Some(condition) => conditions.push(condition),
            None if operator == "<" => return None,
            None => {}
        }
    }
    Some(conditions)
}

/// A condition that no row meets.
pub(super) fn nothing() -> Vec<Condition> {
    vec![Condition::plain("FALSE")]
}

/// These columns compared with the leading values of a key; none when the key lies below every row.
pub(super) fn condition(view: &View, columns: &[usize], bound: &Key, operator: &str) -> Option<Condition> {
    let affinities: Vec<_> = columns.iter().map(|&column| view.facts.columns[column].affinity).collect();
    let Tuple::Values { values, moved } = bound::tuple(&bound.values(), &affinities) else { return None };
    let operator = if moved && operator == "<=" { "<" } else { operator };
    let names: Vec<String> =
        columns.iter().take(values.len()).map(|&column| view.facts.sql_column(column)).collect();
    let sql = match names.as_slice() {
        [name] => format!("{name} {operator} ?"),
        names => format!("({}) {operator} ({})", names.join(", "), vec!["?"; names.len()].join(", ")),
    };
    Some(Condition { sql, values })
}

/// No column of the key is NULL. The unary plus keeps the planner from taking it for a bound of the walk.
pub(super) fn not_null(view: &View) -> Vec<Condition> {
    let nullable = view.key.iter().filter(|&&column| !view.facts.columns[column].not_null);
    nullable
        .map(|&column| Condition::plain(format!("+{} IS NOT NULL", view.facts.sql_column(column))))
        .collect()
}

/// Appends the encoded values of these outputs of a row.
#[inline]
pub(super) fn encode_outputs(row: &Row<'_>, outputs: &[usize], out: &mut Vec<u8>) {
    for &output in outputs {
        key::encode(from_sql(row.get_ref_unwrap(output)), out);
    }
}
