//! PostgreSQL (13 and later), through sqlx.
//!
//! **Sessions.** A connection is lent to one operation and goes home only when that ended well ([`session`]): a future
//! that is dropped half-way closes its connection, so none is ever used in the middle of an answer. All that decides how
//! values are written as text is pinned when a session begins.
//!
//! **Reading.** A view is one instant: a connection exports its snapshot and does nothing else, those that read import
//! it ([`snapshot`]). Rows come over the binary protocol ([`value`]), in the order of key bytes: a text column whose
//! collation is not by bytes is ordered and compared with `COLLATE "C"`, which is right with any index and fast with
//! one. Bounds are values of the column's type wherever one compares the same ([`bound`]). Digests are computed here,
//! from the rows.
//!
//! **Writing.** A batch is a few statements over `unnest` of one array a column ([`mod@write`]), never a statement a row. The
//! server tells no position of a refused row.
//!
//! Does not belong here: what to compare or to write.
//!
//! Invariants: a source's sessions are read-only; row level security is an error and never hides rows; names are
//! quoted, values bound; a condition from the configuration is one expression in parentheses of its own.

mod apply;
mod bound;
mod condition;
mod create;
mod describe;
mod error;
mod facts;
mod marks;
mod numeric;
mod probe;
mod query;
mod rows;
mod script;
mod session;
mod snapshot;
mod sql;
mod stamps;
mod store;
mod together;
mod types;
mod value;
mod write;

pub use store::PostgresStore;
