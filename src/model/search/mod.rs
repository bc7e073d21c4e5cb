//! The range search: which ranges differ, found from digests without any input or output of its own.
//!
//! Does not belong here: asking a database, async, formatting for a terminal beyond the known trail.

pub mod cost;
