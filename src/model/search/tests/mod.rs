//! The search against tables in memory.

mod cost;
mod promises;
mod properties;
mod world;
