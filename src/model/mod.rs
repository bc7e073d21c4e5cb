//! Plain data and pure algebra: what a table, a key, a row, a difference and a plan *are*.
//!
//! Does not belong here: input and output, async, serde, drivers. Everything is testable by calling it.
//!
//! Invariants: equality is decided on compare forms only ([`compare`]); a key never passes through floating point;
//! ranges are half-open, disjoint and cover everything.

pub mod block;
pub mod check;
pub mod command;
pub mod common;
pub mod compare;
pub mod convert;
pub mod digest;
pub mod event;
pub mod key;
pub mod merge;
pub mod order;
pub mod outcome;
pub mod pair;
pub mod pairing;
pub mod plan;
pub mod range;
pub mod schema;
pub mod search;
pub mod settings;
pub mod stamp;
pub mod types;
pub mod value;
