//! Movement: findings become writes.
//!
//! Deletes run child-first over all tables, then inserts and updates parent-first; inside a table delete, insert,
//! update. A unit is one target transaction: it is written down as begun, applied, and written down as done together
//! with its totals, so that a kill at any instant redoes at most one unit.
//!
//! A refused write that another may make possible is parked: it stays among the findings. Sweeps over the findings are
//! repeated while they settle something, at the end of each table and once more after all tables; what is left
//! then is written together in one transaction, and what that refuses goes to quarantine.
//!
//! Does not belong here: deciding what differs ([`super::find`]), judging ([`super::guard`], [`super::verify`]).
//!
//! Invariants: state moves after the target's commit; every write is idempotent; before rows are deleted their keys
//! are read again at the source.

mod batch;
mod copy;
mod deletes;
mod quarantine;
mod rows;
mod stream;
mod sweep;
mod together;
mod unit;

pub use copy::copy;
pub use quarantine::{Quarantine, find, settle_quarantine};
pub use sweep::{sweep_deletes, sweep_rows};
pub use together::{announce_parked, apply_together, parked_rows};
pub use unit::{Item, OnRefusal, counts};
