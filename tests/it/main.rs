//! integration tests
mod config;
