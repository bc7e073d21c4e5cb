//! What a cursor over modify stamps has to know.

use futures_util::TryStreamExt as _;
use sqlx::{PgConnection, Row as _};

use super::error::read_error;
use super::facts::ColumnFacts;
use super::query::{View, outputs, prepared};
use super::value;
use crate::base::clock::Timestamp;
use crate::model::key::Key;
use crate::model::stamp;
use crate::model::value::Value;
use crate::store::{ErrorClass, Result, Stamps, StoreError};

/// The modify column of a view. Errors: schema.
pub(super) fn column<'a>(view: &'a View, operation: &str) -> Result<&'a ColumnFacts> {
    view.modify.as_ref().ok_or_else(|| {
        StoreError::new(ErrorClass::Schema, operation, "the table has no modify column")
            .with_hint("set `modify_column` for it, or use another strategy")
    })
}

/// Counts stamps. Each distinct one is looked at here, since what lies in the future depends on what a stamp means.
pub(super) async fn read(
    connection: &mut PgConnection,
    view: &View,
    since: Option<&Value>,
    now: Timestamp,
    operation: &str,
) -> Result<Stamps> {
    let failed = |error: sqlx::Error| read_error(operation, &error);
    let stamp = column(view, operation)?;
    let statement = view.scoped();
    let text = format!(
        "SELECT {}, count(*) FROM {}{} GROUP BY 1",
        outputs(std::slice::from_ref(stamp)),
        view.table.sql_name,
        statement.clause()
    );
    let order = |value: &Value| Key::from_values(std::slice::from_ref(value));
    let since = since.map(order);
    let mut stamps = Stamps::default();
    let mut largest: Option<Key> = None;
    let mut rows = prepared(&text, &statement.params).fetch(connection);
    while let Some(row) = rows.try_next().await.map_err(failed)? {
        let rows = row.try_get::<i64, _>(1).map_err(failed)?.unsigned_abs();
        let value = value::read(&row, 0, stamp.class, true, value::owned).map_err(failed)?;
        if value == Value::Null {
            stamps.missing += rows;
            continue;
        }
        let value_order = order(&value);
        if since.as_ref().is_none_or(|since| *since <= value_order) {
            stamps.changed += rows;
        }
        if since.as_ref() == Some(&value_order) {
            stamps.ties += rows;
        }
        if stamp::is_after(value.as_ref(), now) {
            stamps.future += rows;
        } else if largest.as_ref().is_none_or(|largest| *largest < value_order) {
            largest = Some(value_order);
            stamps.largest = Some(value);
        }
    }
    Ok(stamps)
}
