//! Verification: what was written is proven, not assumed.
//!
//! Written rows are read back, unit by unit or by digesting the whole scope in the end, whichever reads less. Ranges that
//! the search of this pass found equal are proven by that. On a source that moves, what differs is written and looked
//! at again after a while; a key whose source row keeps changing is *busy*, not different.
//!
//! Does not belong here: guards, writing other than what was just found to differ.
//!
//! Invariants: the word `equal` needs a digest or a read of every row in scope, in this pass or (trusted, said beside
//! the verdict) in an earlier one; source digests come from the view that was read.

mod check;
mod differences;
mod judge;
mod look;
mod scan;

pub use check::read_back;
pub use judge::{judge_synced, judge_verified};
