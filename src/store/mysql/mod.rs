//! MariaDB (from 10.6) and MySQL (from 8.0), through sqlx.
//!
//! **Connections** ([`connect`]): each has a task of its own ([`worker`]) that serves requests in turn, so that a
//! caller that goes away never leaves it in the middle of an answer. Every session is pinned: utf8mb4, UTC, strict
//! mode, time limits; a source's transactions are read-only.
//!
//! **Reading** ([`snapshot`]): one connection in `START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY`. Values come in
//! the binary protocol and are decoded here ([`value`]). All reading is a walk ([`walk`]) in pages where an index serves
//! the order; key bounds are in the expanded form that the optimizer makes a range of ([`bound`]). Where the server's
//! order of a key is not the order of keys (most collations, `utf8mb4_bin` with its padding, `char`, `enum`, `uuid`) rows are sorted by their bytes, which no
//! index serves; the engine prefers hash buckets there.
//!
//! **Digests** are computed here, from rows that are read and dropped.
//!
//! **Writing** ([`writer`]): prepared multi-row statements in a few fixed sizes, bounded by parameters and by
//! `max_allowed_packet`. `ON DUPLICATE KEY UPDATE` only where no other row can be hit ([`mod@write`]); elsewhere the rows
//! that exist are looked up, locked, and updated, and the others inserted.
//!
//! Does not belong here: what to compare or to write.
//!
//! Invariants: a source's sessions only read; names are quoted and values bound; a condition from the configuration is
//! one expression in parentheses of its own; keys are told apart by bytes, whatever a collation holds for the same; a
//! table without transactions is never written.

mod apply;
mod bound;
mod cascade;
mod changed;
mod connect;
mod create;
mod describe;
mod digest;
mod error;
mod facts;
mod fetch;
mod marks;
mod positions;
mod probe;
mod script;
mod snapshot;
mod sql;
mod store;
mod stream;
mod together;
mod types;
mod value;
mod walk;
mod worker;
mod write;
mod writer;

pub use store::MySqlStore;
