//! A connection for reading, its read transactions, and the views that were checked against the table.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use super::access::{self, Access};
use super::connect::{Journal, Place, journal};
use super::error::store_error;
use super::facts::TableFacts;
use super::lexer;
use super::sql;
use crate::base::clock::{Clock as _, SystemClock};
use crate::base::escape::visible_short;
use crate::base::limits::{ROLLBACK_READ_PAUSE, ROLLBACK_READ_TIME_MAX, SHOWN_CHARS_MAX};
use crate::model::block::RowShape;
use crate::model::pair::TableView;
use crate::model::schema::TableName;
use crate::store::{ErrorClass, Result, Role, StoreError};

/// A connection that reads, either in one transaction for its whole life or in short ones.
pub(super) struct Reader {
    connection: Connection,
    role: Role,
    /// One transaction for life: everything read is of one instant.
    held: bool,
    clock: Arc<SystemClock>,
    deadline: Deadline,
    slice_start: Cell<Option<Duration>>,
    facts: RefCell<HashMap<String, Rc<TableFacts>>>,
    schema_version: Cell<Option<i64>>,
}

/// The time on a reader's clock at which its statement has to stop, shared with the progress handler.
#[derive(Debug, Clone)]
pub(super) struct Deadline {
    clock: Arc<SystemClock>,
    at_us: Arc<AtomicU64>,
}

impl Deadline {
    fn set(&self, at: Duration) {
        self.at_us.store(at.as_micros() as u64, Ordering::Relaxed);
    }

    fn clear(&self) {
        self.at_us.store(u64::MAX, Ordering::Relaxed);
    }

    /// Whether it is set and passed.
    pub(super) fn passed(&self) -> bool {
        match self.at_us.load(Ordering::Relaxed) {
            u64::MAX => false,
            at => self.clock.elapsed().as_micros() as u64 >= at,
        }
    }
}

/// A table view whose table and columns were found.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) facts: Rc<TableFacts>,
    /// Positions of the view's columns among the table's.
    pub(super) columns: Vec<usize>,
    /// Positions of the key's columns among the table's.
    pub(super) key: Vec<usize>,
    pub(super) filter: Option<String>,
    pub(super) shape: RowShape,
}

impl Reader {
    /// Opens a connection; where it will be consistent, the instant is now.
    pub(super) fn open(place: &Place) -> Result<Self> {
        let connection = place.reader()?;
        let operation = || format!("opening a view of {}", place.label());
        let failed = |error| store_error(operation(), &error);
        let held = place.role == Role::Target || journal(&connection).map_err(failed)? == Journal::WriteAhead;
        let clock = Arc::new(SystemClock::new());
        let reader = Self {
            connection,
            role: place.role,
            held,
            deadline: Deadline { clock: clock.clone(), at_us: Arc::new(AtomicU64::new(u64::MAX)) },
            clock,
            slice_start: Cell::new(None),
            facts: RefCell::default(),
            schema_version: Cell::new(None),
        };
        if held {
            // BEGIN alone fixes nothing: the first read does.
            reader.connection.execute_batch("BEGIN").map_err(failed)?;
            reader
                .connection
                .query_row("SELECT count(*) FROM main.sqlite_schema", [], |_| Ok(()))
                .map_err(failed)?;
        }
        Ok(reader)
    }

    /// The connection.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Whether one transaction spans everything that is read.
    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// What is being done, for messages.
    pub(super) fn operation(&self, doing: &str, table: &TableName) -> String {
        format!("{doing} `{table}` at the {}", self.role)
    }

    /// Starts a read transaction where reading is done in short ones and none is open.
    pub(super) fn begin_slice(&self, operation: &str) -> Result<()> {
        if !self.held && self.slice_start.get().is_none() {
            self.connection.execute_batch("BEGIN").map_err(|error| store_error(operation, &error))?;
            self.slice_start.set(Some(self.clock.elapsed()));
        }
        Ok(())
    }

    /// Whether the open transaction has lasted long enough.
    pub(super) fn slice_is_over(&self) -> bool {
        self.slice_start.get().is_some_and(|start| self.clock.elapsed() >= start + ROLLBACK_READ_TIME_MAX)
    }

    /// Ends the open short transaction, if there is one.
    pub(super) fn end_slice(&self) {
        if self.slice_start.take().is_some() {
            // Nothing was written, so a failure to end it loses nothing; the next BEGIN would say so.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }

    /// Runs one statement that is interrupted when the open short transaction has lasted long enough.
    pub(super) fn within_slice<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        if let Some(start) = self.slice_start.get() {
            self.deadline.set(start + ROLLBACK_READ_TIME_MAX);
        }
        let result = work(&self.connection);
        self.deadline.clear();
        result
    }

    /// When the statement that runs has to stop, for the connection's progress handler.
    pub(super) fn deadline(&self) -> Deadline {
        self.deadline.clone()
    }

    /// Lets a waiting writer in before the next short transaction.
    pub(super) fn pause(&self) {
        self.end_slice();
        // A bounded wait on a channel that nobody writes to.
        let (_open, nothing) = std::sync::mpsc::channel::<()>();
        let _ = nothing.recv_timeout(ROLLBACK_READ_PAUSE);
    }

    /// The table behind a name. Errors: schema.
    pub(super) fn facts(&self, table: &TableName, operation: &str) -> Result<Rc<TableFacts>> {
        let failed = |error| store_error(operation, &error);
        let version = self
            .connection
            .prepare_cached("PRAGMA main.schema_version")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(failed)?;
        if self.schema_version.replace(Some(version)) != Some(version) {
            self.facts.borrow_mut().clear();
        }
        if let Some(known) = self.facts.borrow().get(&table.name) {
            return Ok(known.clone());
        }
        let facts = find_table(&self.connection, table, operation)?;
        let facts = Rc::new(facts);
        self.facts.borrow_mut().insert(table.name.clone(), facts.clone());
        Ok(facts)
    }

    /// Checks a view against its table. Errors: schema.
    pub(super) fn view(&self, view: &TableView, operation: &str) -> Result<View> {
        let facts = self.facts(&view.table, operation)?;
        let columns = positions(&facts, &view.columns, operation)?;
        let key = view.shape.key.iter().map(|&position| columns[position]).collect();
        if let Some(filter) = &view.filter {
            check_filter(&self.connection, &facts, filter, operation)?;
        }
        Ok(View { facts, columns, key, filter: view.filter.clone(), shape: view.shape.clone() })
    }

    /// The rows as they lie in the file. Errors: schema, for a table that hides what tells its rows apart.
    pub(super) fn by_table(view: &View, operation: &str) -> Result<Access> {
        access::by_table(&view.facts).ok_or_else(|| {
            let cause = "its columns hide the rowid, and no unique index tells its rows apart";
            StoreError::new(ErrorClass::Schema, operation, cause).with_hint(
                "rename one of the columns rowid, _rowid_ and oid, or give the table a primary key",
            )
        })
    }
}

/// The facts of a table. Errors: schema.
pub(super) fn find_table(connection: &Connection, table: &TableName, operation: &str) -> Result<TableFacts> {
    if table.schema.as_ref().is_some_and(|schema| !schema.eq_ignore_ascii_case("main")) {
        return Err(StoreError::new(ErrorClass::Schema, operation, "SQLite has no schemas but `main`"));
    }
    TableFacts::read(connection, &table.name).map_err(|error| store_error(operation, &error))?.ok_or_else(
        || {
            StoreError::new(ErrorClass::Schema, operation, "there is no such table").with_hint(
                "views and virtual tables are not synced; `syncline check` lists the tables of both sides",
            )
        },
    )
}

/// The positions of columns in their table. Errors: schema.
pub(super) fn positions(facts: &TableFacts, columns: &[String], operation: &str) -> Result<Vec<usize>> {
    let find = |name: &String| {
        facts.position(name).ok_or_else(|| {
            let cause = format!("there is no column `{name}`");
            StoreError::new(ErrorClass::Schema, operation, cause)
        })
    };
    columns.iter().map(find).collect()
}

/// Checks that a filter is one condition on this table and nothing else. Errors: schema.
pub(super) fn check_filter(
    connection: &Connection,
    facts: &TableFacts,
    filter: &str,
    operation: &str,
) -> Result<()> {
    let refused = |cause: &str| {
        let shown = visible_short(filter, SHOWN_CHARS_MAX);
        StoreError::new(ErrorClass::Schema, operation, format!("the condition `{shown}` is refused: {cause}"))
            .with_hint("`where` is one condition in this side's SQL, for example type = 'work'")
    };
    if let Some(fault) = lexer::expression_fault(filter) {
        return Err(refused(&fault));
    }
    let text = format!("SELECT 1 FROM {} WHERE {}", facts.sql_name(), sql::parenthesised(filter));
    let statement =
        connection.prepare_cached(&text).map_err(|error| match store_error(operation, &error) {
            error if error.class == ErrorClass::Schema => refused(&error.cause),
            error => error,
        })?;
    if statement.readonly() { Ok(()) } else { Err(refused("it would write")) }
}
