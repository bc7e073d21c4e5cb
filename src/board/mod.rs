//! Facts about a running job, folded from its events and progress, shared by every consumer.
//!
//! Does not belong here: stores, terminals, rates over wall time (a consumer derives those from two snapshots).
//!
//! Invariants:
//! - The fold is pure: the same events give the same facts, and a fold continued from a snapshot
//!   ([`Board::continued`]) ends where the uninterrupted one does.
//! - Every event is taken in once: one whose `seq` is not above [`BoardSnapshot::seq`] changes nothing, and a gap is
//!   counted in [`BoardSnapshot::missed`].
//! - Any event is accepted in any order; nothing here panics.
//! - Memory is bounded by the number of tables, never by the number of events.

mod facts;
mod fold;
mod table;

pub use facts::{
    BoardSnapshot, ErrorFacts, ErrorTallies, LoggedError, LoggedMessage, LostFacts, PassFacts, SleepFacts,
};
pub use fold::Board;
pub use table::{FoundFacts, HoldFacts, ProgressFacts, RangeRecord, SearchFacts, TableFacts, TableState};
