//! Leaf helpers without domain knowledge: time, randomness, tasks, formats for people, escaping, limits.
//!
//! Does not belong here: anything that knows a table, a key or a database.
//!
//! Invariant: this is the only folder that reads the clock, sleeps, spawns or draws random numbers.

pub mod clock;
pub mod escape;
pub mod human;
pub mod limits;
pub mod nearest;
pub mod planted;
pub mod random;
pub mod ring;
pub mod task;
