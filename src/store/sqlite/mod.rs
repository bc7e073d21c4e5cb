//! SQLite files, through rusqlite on threads of our own.
//!
//! **Reading.** Each open view is one connection on one thread ([`snapshot`]); callers hand it work through a bounded
//! channel and rows come back in blocks. A view of a target, or of a source in WAL mode, is one read transaction: it
//! sees one instant. A source with a rollback journal is read in transactions of at most half a second, so that its
//! application can commit; such a view is not consistent. All reading is a walk ([`scan`]) in an order that an index
//! serves ([`access`]), which can stop after any row and go on later. Where no index serves key order (collations that
//! are not by bytes, UTF-16 text), rows are sorted by their encoded keys in passes of bounded size ([`selection`]).
//!
//! **Digests** are computed in the reading thread from the very bytes that SQLite hands out ([`digest`]), by a registered
//! aggregate where one read transaction lasts ([`aggregate`]). Of 1,000,000 rows with 9 columns, fetching and dropping
//! took 0.31 s of CPU, hashing what was fetched 0.39 s, the aggregate 0.24 s: fetching costs several calls a value, and
//! a function gets a row's values at once. A view that is read in
//! short transactions is walked, since a statement with an aggregate cannot stop and go on. All rows of a table whose
//! key's index is not the table itself are digested as they lie in the file: in key order each row is a jump.
//!
//! **Writing.** One connection on one thread applies batches ([`apply`]): `BEGIN IMMEDIATE`, prepared single-row
//! statements, commit with `synchronous = FULL`. Never REPLACE, which would delete other rows. The log is moved into the
//! file in pieces larger than SQLite's own, since each costs two fsyncs.
//!
//! **Values** travel in the storage class in which SQLite holds them, whatever the declared type says; text is bytes.
//! Bounds are chosen so that SQLite's conversions cannot move them ([`bound`]).
//!
//! Does not belong here: what to compare or to write. rusqlite is used here and in `state`, and nowhere else.
//!
//! Invariants: a source file is opened read-only and by SQLite alone; the journal mode is never changed; names are
//! quoted, values bound; a condition from the configuration is one expression in parentheses of its own.

mod access;
mod aggregate;
mod apply;
mod bound;
mod changed;
mod connect;
mod create;
mod describe;
mod digest;
mod error;
mod facts;
mod fetch;
mod identity;
mod lexer;
mod marks;
#[cfg(test)]
mod plan_tests;
mod positions;
mod probe;
mod reader;
mod scan;
mod script;
mod selection;
mod snapshot;
mod sql;
mod store;
mod stream;
mod table_writer;
mod together;
mod types;
mod value;
mod worker;
mod write;

pub use store::SqliteStore;
