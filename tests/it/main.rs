//! integration tests
mod board;
mod config;
mod events;
mod wire;
