//! The search against tables in memory.

mod promises;
mod properties;
mod world;
