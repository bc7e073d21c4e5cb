//! integration tests
#![expect(clippy::unwrap_used, reason = "a test helper that cannot go on fails its test")]

mod board;
mod cli;
mod config;
mod contract;
mod demo;
mod engine;
mod events;
mod kills;
mod mariadb;
mod postgres;
mod pty;
pub mod report;
mod simulation;
mod sqlite;
mod state;
mod tidy;
mod traps;
mod tui;
mod wire;
