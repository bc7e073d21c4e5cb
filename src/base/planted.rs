//! Bugs that are planted on purpose, so that the simulation can prove that it finds them.
//!
//! A harness that never fails proves nothing: it may have gone blind. Each [`Bug`] stands for a class of mistakes that
//! programs of this kind were really caught with. The code asks [`is_planted`] at the one place where the mistake would
//! be made; a test plants one bug after the other and demands that the simulation reports each within a bounded number
//! of seeds.
//!
//! Never in a released binary: the switch exists only with the cargo feature `planted-bugs`, which no build of the
//! program asks for. Without it [`is_planted`] is a constant `false`, and the compiler removes the branch.
//!
//! Does not belong here: what the mistakes do; that stands where each is made.

/// A mistake that can be planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// A lower bound is taken as exclusive: the row at a split point belongs to no piece.
    OffByOneBound,
    /// Progress is remembered before the target has committed.
    CheckpointBeforeCommit,
    /// A read that stops early counts as the end of the table.
    ShortReadIsTheEnd,
    /// Ranges with as many rows on both sides count as equal.
    CountsAloneCompared,
    /// NULL and the empty text compare equal.
    NullIsEmpty,
    /// A write whose answer was lost counts as done and is not tried again.
    LostAnswerIsDone,
    /// The watermark moves up to now, over rows that are stamped but not committed yet.
    WatermarkWithoutOverlap,
    /// A row that waits for another one is forgotten.
    ParkedRowForgotten,
    /// Deletes that a guard refuses are done nevertheless.
    HoldIgnored,
    /// What was written counts as read back, without being read.
    ReadBackSkipped,
}

impl Bug {
    /// Every bug.
    pub const ALL: [Self; 10] = [
        Self::OffByOneBound,
        Self::CheckpointBeforeCommit,
        Self::ShortReadIsTheEnd,
        Self::CountsAloneCompared,
        Self::NullIsEmpty,
        Self::LostAnswerIsDone,
        Self::WatermarkWithoutOverlap,
        Self::ParkedRowForgotten,
        Self::HoldIgnored,
        Self::ReadBackSkipped,
    ];
}

/// Whether this bug is planted: never.
#[cfg(not(feature = "planted-bugs"))]
#[inline]
pub const fn is_planted(_bug: Bug) -> bool {
    false
}

#[cfg(feature = "planted-bugs")]
pub use switch::{Planted, is_planted};

#[cfg(feature = "planted-bugs")]
mod switch {
    use std::cell::Cell;
    use std::marker::PhantomData;

    use super::Bug;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Whether this bug is planted on this thread; a simulated process lives on one.
    pub fn is_planted(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }

    /// Keeps a bug planted on this thread as long as it lives.
    #[derive(Debug)]
    pub struct Planted {
        before: Option<Bug>,
        /// It is of its thread.
        _stays: PhantomData<*const ()>,
    }

    impl Planted {
        /// Plants a bug, or none.
        pub fn new(bug: Option<Bug>) -> Self {
            Self { before: PLANTED.replace(bug), _stays: PhantomData }
        }
    }

    impl Drop for Planted {
        fn drop(&mut self) {
            PLANTED.set(self.before);
        }
    }
}
