//! A view resolved against its table, and walks over its rows in pages.
//!
//! Where an index serves the order and tells all rows apart, a walk asks for one page after the other, each from where
//! the last one ended: between two pages the connection is free for other reads, and a walk that nobody wants any more
//! ends there. Elsewhere the walk is one statement.

use std::sync::Arc;

use sqlx::mysql::MySqlRow;

use super::bound::{self, Condition, Part};
use super::connect::Session;
use super::facts::{ColumnFacts, TableFacts, raw};
use super::sql;
use super::value::{Param, owned, param, with_value};
use crate::base::limits::{SERVER_PAGE_BYTES, SERVER_PAGE_ROWS_MAX};
use crate::model::block::{BlockBuilder, RowShape};
use crate::model::pair::TableView;
use crate::model::range::KeyRange;
use crate::model::value::Value;
use crate::store::{ErrorClass, Result, StoreError};

/// A table view whose table and columns were found.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) facts: Arc<TableFacts>,
    /// Positions of the view's columns among the table's.
    pub(super) columns: Vec<usize>,
    /// Positions of the key's columns among the table's.
    pub(super) key: Vec<usize>,
    pub(super) filter: Option<String>,
    pub(super) shape: RowShape,
}

/// Positions of columns by their names. Errors: schema.
pub(super) fn positions(facts: &TableFacts, names: &[String], operation: &str) -> Result<Vec<usize>> {
    let position = |name: &String| {
        facts.position(name).ok_or_else(|| {
            let cause = format!("there is no column `{}`", crate::base::escape::visible(name));
            StoreError::new(ErrorClass::Schema, operation, cause)
        })
    };
    names.iter().map(position).collect()
}

/// Checks that a condition from the configuration is one expression. Errors: schema.
pub(super) fn check_filter(filter: Option<&str>, operation: &str) -> Result<()> {
    match filter.and_then(sql::expression_fault) {
        Some(fault) => {
            let cause = format!("the condition is refused: {fault}");
            Err(StoreError::new(ErrorClass::Schema, operation, cause))
        }
        None => Ok(()),
    }
}

impl View {
    /// Finds the table and the columns. Errors: schema.
    pub(super) async fn resolve(session: &mut Session, view: &TableView, operation: &str) -> Result<Self> {
        let facts = session.table(&view.table, operation).await?;
        let columns = positions(&facts, &view.columns, operation)?;
        check_filter(view.filter.as_deref(), operation)?;
        let key = view.shape.key.iter().map(|&position| columns[position]).collect();
        Ok(Self { facts, columns, key, filter: view.filter.clone(), shape: view.shape.clone() })
    }

    /// The key's columns.
    pub(super) fn key_facts(&self) -> Vec<&ColumnFacts> {
        self.key.iter().map(|&column| &self.facts.columns[column]).collect()
    }

    /// The scope, and a whole key.
    pub(super) fn scope(&self) -> Vec<Condition> {
        let nullable = self.key_facts().into_iter().filter(|column| column.nullable);
        let whole = nullable.map(|column| Condition::plain(format!("{} IS NOT NULL", column.sql_name())));
        whole.chain(self.filter_condition()).collect()
    }

    /// The scope alone.
    pub(super) fn filter_condition(&self) -> Option<Condition> {
        self.filter.as_deref().map(|filter| Condition::plain(sql::parenthesised(filter)))
    }

    /// Rows of a range with a whole key in scope; none when there can be none.
    pub(super) fn in_range(&self, range: &KeyRange) -> Vec<Condition> {
        let columns = self.key_facts();
        let mut conditions = Vec::new();
        if let Some(lower) = &range.lower {
            conditions.push(bound::at_or_above(&lower.values(), &columns));
        }
        if let Some(upper) = &range.upper {
            conditions.push(bound::below(&upper.values(), &columns));
        }
        conditions.extend(self.scope());
        conditions
    }
}

/// ` WHERE …` and its parameters.
pub(super) fn where_clause(conditions: &[Condition]) -> Condition {
    let mut clause = Condition::default();
    for condition in conditions {
        clause.sql.push_str(if clause.sql.is_empty() { " WHERE " } else { " AND " });
        clause.sql.push_str(&condition.sql);
        clause.params.extend_from_slice(&condition.params);
    }
    clause
}

/// One column of an order.
#[derive(Debug, Clone, Copy)]
struct Term {
    /// Position in the table.
    column: usize,
    /// In the order of keys, or in the server's own.
    as_key: bool,
}

/// Rows in an order, from the start or from where the last page ended.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    facts: Arc<TableFacts>,
    /// Columns of each row.
    outputs: Vec<usize>,
    conditions: Vec<Condition>,
    terms: Vec<Term>,
    descending: bool,
    hint: String,
    /// Whether it can stop after any row and go on from there.
    paged: bool,
    /// Values of the terms in the last row handed over.
    last: Option<Vec<Value>>,
    row_bytes: usize,
    operation: String,
}

/// Whether a walk goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    More,
    Stop,
}

/// A row of a walk.
pub(super) struct Row<'r> {
    found: &'r MySqlRow,
    facts: &'r TableFacts,
    outputs: &'r [usize],
    operation: &'r str,
}

impl Row<'_> {
    /// A field, by its place among the outputs.
    pub(super) fn value(&self, index: usize) -> Result<Value> {
        let column = &self.facts.columns[self.outputs[index]];
        owned(column, raw(self.found, index)).map_err(|cause| self.error(cause))
    }

    /// Appends the first fields as a row of a view.
    pub(super) fn push(&self, width: usize, key: &[usize], builder: &mut BlockBuilder) -> Result<()> {
        for index in 0..width {
            let column = &self.facts.columns[self.outputs[index]];
            let odd = with_value(column, raw(self.found, index), |value| {
                builder.push(value);
                // A zero date sorts below all dates here, and as a text above all in the order of keys.
                matches!(value, crate::model::value::ValueRef::Text(_)) && is_date(column)
            })
            .map_err(|cause| self.error(cause))?;
            if odd && key.contains(&index) {
                let cause = format!("the key column `{}` holds a date that is none", column.name);
                return Err(self.error(cause));
            }
        }
        builder.end_row();
        Ok(())
    }

    /// What is being done, for messages.
    pub(super) fn operation(&self) -> &str {
        self.operation
    }

    fn error(&self, cause: String) -> StoreError {
        StoreError::new(ErrorClass::Logic, self.operation, cause)
    }
}

fn is_date(column: &ColumnFacts) -> bool {
    use super::types::Wire;
    matches!(column.wire, Wire::Date | Wire::Datetime | Wire::Timestamp)
}

impl Walk {
    /// In key order.
    pub(super) fn by_key(
        view: &View,
        outputs: &[usize],
        conditions: Vec<Condition>,
        operation: &str,
    ) -> Self {
        let terms = view.key.iter().map(|&column| Term { column, as_key: true }).collect();
        Self::ordered(view, outputs, conditions, terms, operation)
    }

    /// In the order of one column, then of the key.
    pub(super) fn by_stamp(
        view: &View,
        stamp: usize,
        outputs: &[usize],
        conditions: Vec<Condition>,
        operation: &str,
    ) -> Self {
        let key = view.key.iter().filter(|&&column| column != stamp);
        let terms = std::iter::once(&stamp).chain(key).map(|&column| Term { column, as_key: true }).collect();
        Self::ordered(view, outputs, conditions, terms, operation)
    }

    /// In the order that costs least.
    pub(super) fn by_table(
        view: &View,
        outputs: &[usize],
        conditions: Vec<Condition>,
        operation: &str,
    ) -> Self {
        let primary = view.facts.primary_key();
        let paged = !primary.is_empty() && primary.iter().all(|&c| view.facts.columns[c].can_be_paged());
        let terms = if paged { primary } else { Vec::new() };
        let terms = terms.into_iter().map(|column| Term { column, as_key: false }).collect();
        let hint = if paged { " FORCE INDEX (PRIMARY)".to_owned() } else { String::new() };
        Self::build(view, outputs, conditions, (terms, hint, paged), operation)
    }

    fn ordered(
        view: &View,
        outputs: &[usize],
        conditions: Vec<Condition>,
        mut terms: Vec<Term>,
        operation: &str,
    ) -> Self {
        let facts = &view.facts;
        let columns: Vec<usize> = terms.iter().map(|term| term.column).collect();
        if terms.iter().all(|term| facts.columns[term.column].sorts_as_keys()) {
            // An index of InnoDB ends with the primary key, which tells equal keys apart.
            let rest = facts.primary_key().into_iter().filter(|column| !columns.contains(column));
            let rest: Vec<Term> = rest.map(|column| Term { column, as_key: false }).collect();
            let mut all = terms.clone();
            if !facts.is_unique(&columns) {
                all.extend(&rest);
            }
            let ordered: Vec<usize> = all.iter().map(|term| term.column).collect();
            let pageable = rest.iter().all(|term| facts.columns[term.column].can_be_paged());
            if let Some(index) = facts.index_serving(&ordered) {
                let hint = format!(" FORCE INDEX ({})", sql::quote(&index.name));
                let paged = pageable && facts.is_unique(&ordered);
                if paged {
                    terms = all;
                }
                return Self::build(view, outputs, conditions, (terms, hint, paged), operation);
            }
        }
        Self::build(view, outputs, conditions, (terms, String::new(), false), operation)
    }

    fn build(
        view: &View,
        outputs: &[usize],
        conditions: Vec<Condition>,
        (terms, hint, paged): (Vec<Term>, String, bool),
        operation: &str,
    ) -> Self {
        let mut outputs = outputs.to_vec();
        if paged {
            for term in &terms {
                if !outputs.contains(&term.column) {
                    outputs.push(term.column);
                }
            }
        }
        Self {
            facts: view.facts.clone(),
            outputs,
            conditions,
            terms,
            descending: false,
            hint,
            paged,
            last: None,
            row_bytes: 0,
            operation: operation.to_owned(),
        }
    }

    /// The same walk from the other end.
    pub(super) fn reversed(mut self) -> Self {
        self.descending = !self.descending;
        self
    }

    /// The rows of a view in whatever order serves the conditions, to be added up.
    pub(super) fn for_sum(view: &View, conditions: Vec<Condition>, operation: &str) -> Self {
        if view.key.is_empty() {
            return Self::by_table(view, &view.columns, conditions, operation);
        }
        let by_key = Self::by_key(view, &view.columns, conditions.clone(), operation);
        // Where no index serves the order of keys, none serves their range, and nothing has to be sorted.
        if by_key.paged { by_key } else { Self::by_table(view, &view.columns, conditions, operation) }
    }

    /// The same walk as one page.
    pub(super) fn unpaged(mut self) -> Self {
        self.paged = false;
        self
    }

    /// A row of this walk's statement.
    pub(super) fn row<'r>(&'r self, row: &'r MySqlRow) -> Row<'r> {
        Row { found: row, facts: &self.facts, outputs: &self.outputs, operation: &self.operation }
    }

    /// Whether it goes on from where it stopped; otherwise all is one page.
    pub(super) fn is_paged(&self) -> bool {
        self.paged
    }

    /// The statement for the next page of so many rows.
    pub(super) fn statement(&self, limit: Option<usize>, offset: u64) -> Condition {
        let mut conditions = self.conditions.clone();
        if let Some(last) = &self.last {
            let operator = if self.descending { "<" } else { ">" };
            let parts: Vec<Part> =
                self.terms.iter().zip(last).map(|(term, value)| self.part(*term, value)).collect();
            conditions.push(bound::compare(&parts, operator, operator));
        }
        let outputs: Vec<String> =
            self.outputs.iter().map(|&column| self.facts.columns[column].sql_name()).collect();
        let clause = where_clause(&conditions);
        let outputs = if outputs.is_empty() { "1".to_owned() } else { outputs.join(", ") };
        let mut text = format!("SELECT {outputs} FROM {}{}{}", self.facts.sql_name(), self.hint, clause.sql);
        for (index, term) in self.terms.iter().enumerate() {
            text.push_str(if index == 0 { " ORDER BY " } else { ", " });
            text.push_str(&self.term_sql(*term));
            text.push_str(if self.descending { " DESC" } else { "" });
        }
        let mut params = clause.params;
        if let Some(limit) = limit {
            text.push_str(" LIMIT ?");
            params.push(Param::Unsigned(limit as u64));
            if offset > 0 {
                text.push_str(" OFFSET ?");
                params.push(Param::Unsigned(offset));
            }
        }
        Condition { sql: text, params }
    }

    fn term_sql(&self, term: Term) -> String {
        let column = &self.facts.columns[term.column];
        if term.as_key { column.order_sql() } else { column.sql_name() }
    }

    /// A value of a row that was read, as the server compares it.
    fn part(&self, term: Term, value: &Value) -> Part {
        let column = &self.facts.columns[term.column];
        let param = param(value.as_ref()).unwrap_or(Param::Null);
        Part { sql: self.term_sql(term), mark: bound::mark(column, &param), param }
    }

    /// Rows that fit a page, going by the rows seen so far.
    fn limit(&self, most: usize) -> usize {
        match self.row_bytes {
            0 => most.min(SERVER_PAGE_ROWS_MAX / 8),
            bytes => (SERVER_PAGE_BYTES / bytes).clamp(1, most),
        }
    }

    /// Hands over the next page, of at most so many rows; true when there are no more.
    pub(super) async fn page(
        &mut self,
        session: &mut Session,
        rows_max: usize,
        mut on_row: impl FnMut(&Row<'_>) -> Result<Flow> + Send,
    ) -> Result<bool> {
        session.wanted.check(&self.operation)?;
        let limit = self.paged.then(|| self.limit(rows_max));
        let statement = self.statement(limit, 0);
        let (mut rows, mut bytes, mut stopped) = (0, 0, false);
        let Self { facts, outputs, operation, terms, last, paged, .. } = self;
        let places: Vec<usize> =
            terms.iter().filter_map(|term| outputs.iter().position(|&c| c == term.column)).collect();
        session
            .query(&statement.sql, &statement.params, operation, |found| {
                let row = Row { found, facts, outputs, operation };
                rows += 1;
                bytes += (0..outputs.len()).map(|i| raw(found, i).map_or(1, <[u8]>::len)).sum::<usize>();
                stopped = on_row(&row)? == Flow::Stop;
                let enough = *paged && bytes > 4 * SERVER_PAGE_BYTES;
                if *paged && (stopped || enough || Some(rows) == limit) {
                    *last = Some(places.iter().map(|&place| row.value(place)).collect::<Result<_>>()?);
                    // What is left of such a page is thrown away, and read again if it is wanted.
                    return Ok(!(stopped || enough));
                }
                Ok(!stopped)
            })
            .await?;
        self.row_bytes = bytes.checked_div(rows).map_or(self.row_bytes, |bytes| bytes.max(1));
        let cut = self.paged && bytes > 4 * SERVER_PAGE_BYTES;
        Ok(stopped || !self.paged || (Some(rows) != limit && !cut))
    }

    /// Hands over every row, page by page.
    pub(super) async fn run(
        &mut self,
        session: &mut Session,
        mut on_row: impl FnMut(&Row<'_>) -> Result<Flow> + Send,
    ) -> Result<()> {
        // Nothing is kept of a page here: large ones cost fewer round trips.
        while !self.page(session, 8 * SERVER_PAGE_ROWS_MAX, &mut on_row).await? {}
        Ok(())
    }
}
