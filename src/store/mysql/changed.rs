//! Rows by their modify stamp, and what a cursor over stamps has to know.

use super::bound::{self, Condition};
use super::connect::Session;
use super::error::store_error;
use super::facts::{ColumnFacts, number, raw};
use super::positions::count_where;
use super::stream::Source;
use super::value::{Param, owned};
use super::walk::{View, Walk, positions, where_clause};
use crate::base::clock::Timestamp;
use crate::model::pair::TableView;
use crate::model::stamp;
use crate::model::value::Value;
use crate::store::{ErrorClass, Result, Stamps, StoreError};

/// Distinct stamps looked at in one go for the newest that is not in the future.
const STAMPS_AT_ONCE: u64 = 1000;

/// The position of a view's modify column. Errors: schema.
fn stamp_column(view: &TableView, found: &View, operation: &str) -> Result<usize> {
    let name = view.modify_column.as_ref().ok_or_else(|| {
        StoreError::new(ErrorClass::Schema, operation, "the table has no modify column")
            .with_hint("set `modify_column` for it, or use another strategy")
    })?;
    Ok(positions(&found.facts, std::slice::from_ref(name), operation)?[0])
}

fn stamped(column: &ColumnFacts) -> Condition {
    Condition::plain(format!("{} IS NOT NULL", column.sql_name()))
}

/// Rows with a stamp inside the bounds, both inclusive, in stamp and key order.
pub(super) async fn rows(
    session: &mut Session,
    view: &TableView,
    (since, until): (Option<&Value>, Option<&Value>),
    operation: &str,
) -> Result<Source> {
    let found = View::resolve(session, view, operation).await?;
    let stamp = stamp_column(view, &found, operation)?;
    let column = &found.facts.columns[stamp];
    let mut conditions = vec![stamped(column)];
    if let Some(since) = since {
        conditions.push(bound::at_or_above(std::slice::from_ref(since), &[column]));
    }
    if let Some(until) = until {
        conditions.push(bound::at_or_below(std::slice::from_ref(until), &[column]));
    }
    conditions.extend(found.scope());
    let walk = Walk::by_stamp(&found, stamp, &found.columns, conditions, operation);
    Ok(Source::new(walk, &found, None))
}

/// Facts about the modify column.
pub(super) async fn stamps(
    session: &mut Session,
    view: &TableView,
    since: Option<&Value>,
    now: Timestamp,
    operation: &str,
) -> Result<Stamps> {
    let found = View::resolve(session, view, operation).await?;
    let stamp = stamp_column(view, &found, operation)?;
    let column = &found.facts.columns[stamp];
    let with = |condition: Vec<Condition>| condition.into_iter().chain(found.scope()).collect::<Vec<_>>();
    let mut stamps = Stamps::default();
    let mut changed = vec![stamped(column)];
    if let Some(since) = since {
        let since = std::slice::from_ref(since);
        changed.push(bound::at_or_above(since, &[column]));
        let ties =
            vec![stamped(column), bound::at_or_above(since, &[column]), bound::at_or_below(since, &[column])];
        if !matches!(since, [Value::Null]) {
            stamps.ties = count_where(session, &found, &with(ties), operation).await?;
        }
    }
    stamps.changed = count_where(session, &found, &with(changed), operation).await?;
    if column.nullable {
        let missing = vec![Condition::plain(format!("{} IS NULL", column.sql_name()))];
        stamps.missing = count_where(session, &found, &with(missing), operation).await?;
    }
    newest(session, &found, column, now, &mut stamps, operation).await?;
    Ok(stamps)
}

/// From the newest stamp down to the first that is not in the future.
async fn newest(
    session: &mut Session,
    view: &View,
    column: &ColumnFacts,
    now: Timestamp,
    stamps: &mut Stamps,
    operation: &str,
) -> Result<()> {
    let conditions: Vec<Condition> = std::iter::once(stamped(column)).chain(view.scope()).collect();
    let clause = where_clause(&conditions);
    let (name, order, table) = (column.sql_name(), column.order_sql(), view.facts.sql_name());
    let text = format!(
        "SELECT MAX({name}), count(*) FROM {table}{} GROUP BY {order} ORDER BY {order} DESC LIMIT ? OFFSET ?",
        clause.sql
    );
    let mut offset = 0;
    loop {
        session.wanted.check(operation)?;
        let mut params = clause.params.clone();
        params.extend([Param::Unsigned(STAMPS_AT_ONCE), Param::Unsigned(offset)]);
        let rows = session.rows(&text, &params).await.map_err(|error| store_error(operation, &error))?;
        for row in &rows {
            let value = owned(column, raw(row, 0))
                .map_err(|cause| StoreError::new(ErrorClass::Logic, operation, cause))?;
            if !stamp::is_after(value.as_ref(), now) {
                stamps.largest = Some(value);
                return Ok(());
            }
            stamps.future += number(row, 1);
        }
        if (rows.len() as u64) < STAMPS_AT_ONCE {
            return Ok(());
        }
        offset += STAMPS_AT_ONCE;
    }
}
