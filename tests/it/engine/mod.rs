//! The engine on stores in memory: whole passes, what they leave and what they say.
//!
//! Does not belong here: faults and kills drawn from a seed (see `simulation`), real files (see `sqlite`).

pub mod bench;
mod passes;
mod regressions;
mod schedule;
mod trouble;
