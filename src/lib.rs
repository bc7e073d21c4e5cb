//! **syncline** keeps tables of two databases equal, proves it, and lets an operator supervise the work.
//!
//! # Code map
//!
//! The layers import only what stands left of them (`tests/it/tidy.rs` reads the `use` lines and enforces it):
//!
//! ```text
//! base ← model ← { config, store, state } ← engine ← board ← wire ← { report, tui, remote } ← cli ← main
//! ```
//!
//! | folder | holds | must not know |
//! | --- | --- | --- |
//! | [`base`] | clock, randomness, human-readable formats, escaping, the program's limits | anything of ours |
//! | [`model`] | plain data and pure algebra: schemas, keys, ranges, rows, digests, plan, search, events, commands | I/O, async, serde, drivers |
//! | [`config`] | TOML to plain specs, with the origin of each value; db-sync names | engine, screen |
//! | [`store`] | one small trait for a database side, its backends | engine and above |
//! | [`state`] | what a job remembers between passes | engine and above |
//! | [`engine`] | discover → plan → find → guard → apply → verify; events out, commands in | drivers, files, environment, stdout, screen |
//! | [`board`] | facts folded from events, shared by every consumer | stores, terminal |
//! | [`wire`] | the versioned serde form of events, commands and snapshots | stores, terminal, sockets |
//! | [`report`] | text, JSON, silent, the final summary | the console |
//! | [`tui`] | the console; the only importer of ratatui | stores |
//! | [`cli`] | flags to resolved settings, wiring, exit codes, logging | – |
//!
//! # Invariants
//!
//! - A cursor, a checkpoint or the word "done" never moves past rows that are not durably applied.
//! - A read that ended early is never "equal" and never "absent": every stream of rows ends with a positive mark.
//! - All an operator can do is a [`model::command::Command`]; all they see is folded from [`model::event::Event`]s.
//! - Every queue, retry, batch and answer has a limit, named in [`base::limits`].

pub mod base;
pub mod board;
pub mod cli;
pub mod config;
pub mod engine;
pub mod model;
pub mod report;
pub mod state;
pub mod store;
pub mod tui;
pub mod wire;
