//! Rows by their modify stamp, and what a cursor over stamps has to know.

use super::access;
use super::reader::{Reader, View};
use super::scan::{self, Condition, Flow, Scan, Walk, not_null};
use super::selection::Selection;
use super::sql;
use super::stream::{RowWalk, Source};
use super::value::from_sql;
use crate::base::clock::Timestamp;
use crate::model::key::Key;
use crate::model::pair::TableView;
use crate::model::stamp;
use crate::model::value::Value;
use crate::store::{ErrorClass, Result, Stamps, StoreError};

/// The bounds of a cursor, both inclusive.
#[derive(Debug, Clone, Default)]
pub(super) struct Since {
    pub(super) since: Option<Value>,
    pub(super) until: Option<Value>,
}

impl Since {
    /// Whether the stamp that an encoded order begins with lies inside.
    fn contains(since: Option<&Key>, until: Option<&Key>, order: &[u8]) -> bool {
        since.is_none_or(|since| since.as_bytes() <= order)
            && until.is_none_or(|until| order < until.as_bytes() || order.starts_with(until.as_bytes()))
    }
}

/// The position of a view's modify column. Errors: schema.
fn stamp_column(view: &TableView, found: &View, operation: &str) -> Result<usize> {
    let name = view.modify_column.as_ref().ok_or_else(|| {
        StoreError::new(ErrorClass::Schema, operation, "the table has no modify column")
            .with_hint("set `modify_column` for it, or use another strategy")
    })?;
    Ok(super::reader::positions(&found.facts, std::slice::from_ref(name), operation)?[0])
}

/// Rows with a stamp inside the bounds, in stamp and key order.
pub(super) fn rows(reader: &Reader, view: &TableView, bounds: &Since) -> Result<Source> {
    let operation = reader.operation("reading changed rows of", &view.table);
    let found = reader.view(view, &operation)?;
    let column = stamp_column(view, &found, &operation)?;
    let key_of =
        |value: &Option<Value>| value.as_ref().map(|value| Key::from_values(std::slice::from_ref(value)));
    let (since, until) = (key_of(&bounds.since), key_of(&bounds.until));
    let mut conditions = not_null(&found);
    // The unary plus keeps the planner from taking it for a bound, in the place of the real one.
    conditions.push(Condition::plain(format!("+{} IS NOT NULL", found.facts.sql_column(column))));
    if until.as_ref().is_some_and(Key::has_null) {
        conditions = scan::nothing();
    } else if found.facts.columns[column].key_order {
        conditions.extend(stamp_conditions(&found, column, since.as_ref(), until.as_ref()));
    }
    let mut ordered = vec![column];
    ordered.extend(found.key.iter().filter(|&&key| key != column));
    if let Some(access) = access::by_key(&found.facts, &ordered) {
        let walk = Walk { view: &found, access, columns: &found.columns, conditions, operation };
        return Ok(Source::Walk(Box::new(RowWalk::new(Scan::new(reader, walk), &found, None))));
    }
    let access = match access::by_index_on(&found.facts, column) {
        Some(access) => access,
        None => Reader::by_table(&found, &operation)?,
    };
    // The rows' own columns come first, then what they are sorted by.
    let mut columns = found.columns.clone();
    columns.extend(&ordered);
    let start = Scan::new(reader, Walk { view: &found, access, columns: &columns, conditions, operation });
    let mut order: Vec<usize> = (found.columns.len()..columns.len()).collect();
    order.extend(start.term_outputs());
    let wanted = move |order: &[u8]| Since::contains(since.as_ref(), until.as_ref(), order);
    Ok(Source::Selection(Box::new(Selection::new(start, &found, order, wanted))))
}

/// The bounds as conditions that an index serves.
fn stamp_conditions(view: &View, column: usize, since: Option<&Key>, until: Option<&Key>) -> Vec<Condition> {
    let of = |bound: Option<&Key>, operator: &str| {
        bound.and_then(|bound| scan::condition(view, &[column], bound, operator))
    };
    of(since, ">=").into_iter().chain(of(until, "<=")).collect()
}

/// Facts about the modify column.
pub(super) fn stamps(
    reader: &Reader,
    view: &TableView,
    since: Option<&Value>,
    now: Timestamp,
) -> Result<Stamps> {
    let operation = reader.operation("looking at the modify stamps of", &view.table);
    let found = reader.view(view, &operation)?;
    let column = stamp_column(view, &found, &operation)?;
    let since = since.map(|value| Key::from_values(std::slice::from_ref(value)));
    let look = Look { reader, view: &found, column, since: since.as_ref(), now, operation: &operation };
    match access::by_index_on(&found.facts, column) {
        Some(_) if found.facts.columns[column].key_order => match look.by_index()? {
            Some(stamps) => Ok(stamps),
            None => look.by_walk(),
        },
        _ => look.by_walk(),
    }
}

struct Look<'a> {
    reader: &'a Reader,
    view: &'a View,
    column: usize,
    since: Option<&'a Key>,
    now: Timestamp,
    operation: &'a str,
}

impl Look<'_> {
    /// Few rows of the index; none when a read transaction would be open for too long.
    fn by_index(&self) -> Result<Option<Stamps>> {
        let name = self.view.facts.sql_column(self.column);
        let stamped = || Condition::plain(format!("{name} IS NOT NULL"));
        let bound = |operator| {
            self.since.and_then(|since| scan::condition(self.view, &[self.column], since, operator))
        };
        let since = bound(">=");
        let ties = since.clone().into_iter().chain(bound("<=")).collect();
        let Some(changed) = self.count(vec![since.unwrap_or_else(stamped)])? else { return Ok(None) };
        let missing = vec![Condition::plain(format!("{name} IS NULL"))];
        let Some(missing) = self.count(missing)? else { return Ok(None) };
        let ties =
            if self.since.is_some_and(|since| !since.has_null()) { self.count(ties)? } else { Some(0) };
        let Some(ties) = ties else { return Ok(None) };
        let mut stamps = Stamps { changed, ties, missing, ..Stamps::default() };
        // From the newest down to the first that is not in the future.
        let Some(mut access) = access::by_index_on(&self.view.facts, self.column) else { return Ok(None) };
        access.terms.iter_mut().for_each(|term| term.descending = !term.descending);
        self.walk(access, &mut |value| {
            if stamp::is_after(value.as_ref(), self.now) {
                stamps.future += 1;
                return Flow::More;
            }
            stamps.largest = Some(value).filter(|value| *value != Value::Null);
            Flow::Stop
        })?;
        Ok(Some(stamps))
    }

    fn count(&self, mut conditions: Vec<Condition>) -> Result<Option<u64>> {
        conditions.extend(not_null(self.view));
        conditions.extend(self.view.filter.as_deref().map(|f| Condition::plain(sql::parenthesised(f))));
        let select = format!("count(*) FROM {}", self.view.facts.sql_name());
        self.reader.aggregate(&select, &conditions, self.operation)
    }

    /// Every row once.
    fn by_walk(&self) -> Result<Stamps> {
        let mut stamps = Stamps::default();
        let mut largest: Option<Key> = None;
        self.walk(Reader::by_table(self.view, self.operation)?, &mut |value| {
            if value == Value::Null {
                stamps.missing += 1;
                return Flow::More;
            }
            let future = stamp::is_after(value.as_ref(), self.now);
            stamps.future += u64::from(future);
            let key = Key::from_values(&[value]);
            stamps.changed += u64::from(self.since.is_none_or(|since| key >= *since));
            stamps.ties += u64::from(self.since == Some(&key));
            if !future && largest.as_ref().is_none_or(|largest| key > *largest) {
                largest = Some(key);
            }
            Flow::More
        })?;
        stamps.largest = largest.and_then(|key| key.values().pop());
        Ok(stamps)
    }

    fn walk(&self, access: access::Access, on_stamp: &mut dyn FnMut(Value) -> Flow) -> Result<()> {
        let walk = Walk {
            view: self.view,
            access,
            columns: &[self.column],
            conditions: not_null(self.view),
            operation: self.operation.to_owned(),
        };
        Scan::new(self.reader, walk)
            .run(self.reader, |row| Ok(on_stamp(from_sql(row.get_ref_unwrap(0)).to_owned())))?;
        Ok(())
    }
}
