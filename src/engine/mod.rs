//! The sync engine: discover → plan → find → guard → apply → verify. Events out, commands in.
//!
//! Does not belong here: drivers, files, the environment, standard output, the screen. The engine is handed settings,
//! stores, state, clock and chance ([`Job`]), and says everything it does through its [`hub`].
//!
//! Invariants: nothing is written before every table was searched and guarded; state moves after the target's commit;
//! a failed table is an outcome, not an error; of tokio only channels, `select!` and what `base` wraps.

mod apply;
mod context;
pub mod control;
pub mod diff;
mod discover;
mod find;
mod guard;
pub mod hub;
mod interrupt;
mod job;
mod keyless;
mod pace;
mod pass;
mod planning;
mod resume;
mod run;
mod sides;
mod summary;
mod table;
mod tally;
mod verify;

pub use interrupt::Stop;
pub use job::{Approvals, Job, PassOptions, Purpose};
pub use pass::run_pass;
pub use run::run;
