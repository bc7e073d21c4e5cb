//! Statements over one table through a view.

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres};

use super::bound;
use super::condition::expression_fault;
use super::facts::{ColumnFacts, TableFacts};
use super::sql::{parenthesised, quote};
use super::types::Class;
use crate::base::escape::visible_short;
use crate::base::limits::SHOWN_CHARS_MAX;
use crate::model::block::RowShape;
use crate::model::pair::TableView;
use crate::model::range::KeyRange;
use crate::store::{ErrorClass, Result, StoreError};

/// A value for a statement; all but arrays travel as text and are cast where they are used.
#[derive(Debug, Clone)]
pub(super) enum Param {
    Text(String),
    Texts(Vec<Option<String>>),
    Integers(Vec<Option<i64>>),
    Reals(Vec<Option<f64>>),
    Blobs(Vec<Option<Vec<u8>>>),
}

/// Conditions, and the values of the whole statement.
#[derive(Debug, Clone, Default)]
pub(super) struct Statement {
    pub(super) conditions: Vec<String>,
    pub(super) params: Vec<Param>,
}

impl Statement {
    /// Adds a value, and returns its name in the statement.
    pub(super) fn bind(&mut self, param: Param) -> String {
        self.params.push(param);
        format!("${}", self.params.len())
    }

    /// ` WHERE …`, or nothing.
    pub(super) fn clause(&self) -> String {
        if self.conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", self.conditions.join(" AND "))
        }
    }
}

/// A statement of the driver with its values.
pub(super) fn prepared(text: &str, params: &[Param]) -> Query<'static, Postgres, PgArguments> {
    let mut query = sqlx::query(AssertSqlSafe(text.to_owned()));
    for param in params {
        query = match param.clone() {
            Param::Text(text) => query.bind(text),
            Param::Texts(texts) => query.bind(texts),
            Param::Integers(integers) => query.bind(integers),
            Param::Reals(reals) => query.bind(reals),
            Param::Blobs(blobs) => query.bind(blobs),
        };
    }
    query
}

/// A table view whose table and columns were found.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) table: TableFacts,
    pub(super) columns: Vec<ColumnFacts>,
    pub(super) key: Vec<ColumnFacts>,
    pub(super) filter: Option<String>,
    pub(super) shape: RowShape,
    pub(super) modify: Option<ColumnFacts>,
}

impl View {
    /// Finds what a view names. Errors: schema.
    pub(super) async fn find(
        connection: &mut PgConnection,
        view: &TableView,
        operation: &str,
    ) -> Result<Self> {
        let table = TableFacts::read(connection, &view.table, operation).await?;
        let find = |name: &String| table.column(name, operation).cloned();
        let columns = view.columns.iter().map(find).collect::<Result<Vec<_>>>()?;
        let key = view.shape.key.iter().map(|&position| columns[position].clone()).collect();
        let modify = view.modify_column.as_ref().map(find).transpose()?;
        let filter = view.filter.as_ref().map(|filter| checked(filter, operation)).transpose()?;
        Ok(Self { table, columns, key, filter, shape: view.shape.clone(), modify })
    }

    /// The conditions of the scope.
    pub(super) fn scoped(&self) -> Statement {
        Statement {
            conditions: self.filter.iter().map(|filter| parenthesised(filter)).collect(),
            params: Vec::new(),
        }
    }

    /// The conditions of the scope, and that no column of the key is NULL.
    pub(super) fn whole_keys(&self) -> Statement {
        let mut statement = self.scoped();
        let nullable = self.key.iter().filter(|column| !column.not_null);
        statement.conditions.extend(nullable.map(|column| format!("{} IS NOT NULL", quote(&column.name))));
        statement
    }

    /// The conditions of a range.
    pub(super) fn in_range(&self, range: &KeyRange) -> Statement {
        let mut statement = self.whole_keys();
        let key: Vec<&ColumnFacts> = self.key.iter().collect();
        if !key.is_empty() {
            for (bound, operator) in [(&range.lower, ">="), (&range.upper, "<")] {
                if let Some(bound) = bound {
                    bound::compare(&mut statement, &key, bound, operator);
                }
            }
        }
        statement
    }

    /// What the view's columns are read by.
    pub(super) fn outputs(&self) -> String {
        outputs(&self.columns)
    }

    /// What the key's columns are read by.
    pub(super) fn key_outputs(&self) -> String {
        outputs(&self.key)
    }

    /// ` ORDER BY` the key, or nothing; `suffix` follows each column.
    pub(super) fn by_key(&self, suffix: &str) -> String {
        by(self.key.iter(), suffix)
    }

    /// Whether a column is part of the key, by position.
    pub(super) fn is_key(&self, position: usize) -> bool {
        self.shape.key.contains(&position)
    }
}

/// ` ORDER BY` these columns, or nothing.
pub(super) fn by<'a>(columns: impl Iterator<Item = &'a ColumnFacts>, suffix: &str) -> String {
    let terms: Vec<String> = columns.map(|column| format!("{}{suffix}", bound::order(column))).collect();
    if terms.is_empty() { String::new() } else { format!(" ORDER BY {}", terms.join(", ")) }
}

/// How columns are read: what has no binary form here, as text.
pub(super) fn outputs(columns: &[ColumnFacts]) -> String {
    let output = |column: &ColumnFacts| {
        let name = quote(&column.name);
        if column.class == Class::Other { format!("{name}::text") } else { name }
    };
    columns.iter().map(output).collect::<Vec<_>>().join(", ")
}

/// A condition that is one expression. Errors: schema.
pub(super) fn checked(filter: &str, operation: &str) -> Result<String> {
    match expression_fault(filter) {
        None => Ok(filter.to_owned()),
        Some(fault) => {
            let shown = visible_short(filter, SHOWN_CHARS_MAX);
            let cause = format!("the condition `{shown}` is refused: {fault}");
            Err(StoreError::new(ErrorClass::Schema, operation, cause)
                .with_hint("`where` is one condition in this side's SQL, for example type = 'work'"))
        }
    }
}
