//! Comparing two ordered streams of rows, block by block, in constant memory.
//!
//! [`MergeCompare`] is fed with blocks of either side and tells a [`MergeSink`] what is equal, missing, extra or
//! changed, and where runs of neighbours of one kind begin and end. Nothing is allocated for a row.
//!
//! A key that one side has and the other has not yet shown is missing or extra only once the other side has shown a larger
//! key or has said that it ended: a read that stops early is never an absent row (trap 32). Rows that come out of order or
//! twice are errors, since a merge would make differences of them (trap 35).

use std::cmp::Ordering;

use super::block::RowBlock;
use super::event::Side;
use super::key::Key;

/// Rows in key order, addressed by position.
pub trait OrderedRows {
    /// How many rows.
    fn rows(&self) -> usize;

    /// The encoded key of a row.
    fn key(&self, index: usize) -> &[u8];

    /// What decides whether two rows with one key are equal.
    fn form(&self, index: usize) -> &[u8];
}

impl OrderedRows for RowBlock {
    fn rows(&self) -> usize {
        self.len()
    }

    fn key(&self, index: usize) -> &[u8] {
        RowBlock::key(self, index)
    }

    fn form(&self, index: usize) -> &[u8] {
        self.compare_form(index)
    }
}

/// How the two sides stand at a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// Both have the same row.
    Equal,
    /// Only the source has it.
    Missing,
    /// Only the target has it.
    Extra,
    /// Both have the key, with different rows.
    Changed,
}

/// A row where it lies.
#[derive(Debug)]
pub struct RowAt<'a, B> {
    /// The block.
    pub block: &'a B,
    /// The position in it.
    pub index: usize,
}

/// Neighbouring keys, in the order of both sides together, that stand alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run<'a> {
    /// How they stand.
    pub standing: Standing,
    /// The smallest key, encoded.
    pub first: &'a [u8],
    /// The largest key, encoded.
    pub last: &'a [u8],
    /// How many keys.
    pub rows: u64,
}

impl Run<'_> {
    /// The smallest key, owned.
    pub fn first_key(&self) -> Key {
        Key::from_encoded(self.first)
    }

    /// The largest key, owned.
    pub fn last_key(&self) -> Key {
        Key::from_encoded(self.last)
    }
}

/// Who is told.
pub trait MergeSink<B> {
    /// One key, in order; the side that lacks it gives no row.
    fn row(&mut self, _standing: Standing, _source: Option<RowAt<'_, B>>, _target: Option<RowAt<'_, B>>) {}

    /// A run ended; runs come in order, cover every key, and two in a row never stand alike.
    fn run(&mut self, _run: Run<'_>) {}
}

/// What a merge needs to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The next block of this side, or the word that there is none.
    Block(Side),
    /// Nothing: both sides ended and every row has been compared.
    Done,
}

/// Why two streams cannot be merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// A key is smaller than the one before it.
    #[error("the {} does not read in key order: {key} comes after {previous}", side.as_str())]
    OutOfOrder {
        /// The side.
        side: Side,
        /// The larger key that came first.
        previous: Key,
        /// The smaller key that came after it.
        key: Key,
    },
    /// A key comes twice, so that it does not identify a row.
    #[error("the {} holds key {key} more than once", side.as_str())]
    Duplicate {
        /// The side.
        side: Side,
        /// The key.
        key: Key,
    },
    /// A block came while rows of the last one had not been compared, or after the end.
    #[error("a block of the {} came when none was needed", side.as_str())]
    NotNeeded {
        /// The side.
        side: Side,
    },
}

/// One side at work.
#[derive(Debug)]
struct Lane<B> {
    side: Side,
    block: Option<B>,
    /// The row at hand, checked to be in order.
    next: usize,
    /// The last key of the block before, once there was one; its memory is kept.
    before: Vec<u8>,
    any_before: bool,
    ended: bool,
    rows: u64,
}

impl<B: OrderedRows> Lane<B> {
    fn new(side: Side) -> Self {
        Self { side, block: None, next: 0, before: Vec::new(), any_before: false, ended: false, rows: 0 }
    }

    fn at_hand(&self) -> Option<&B> {
        self.block.as_ref().filter(|block| self.next < block.rows())
    }

    fn feed(&mut self, block: B) -> Result<(), MergeError> {
        if self.ended || self.at_hand().is_some() {
            return Err(MergeError::NotNeeded { side: self.side });
        }
        if let Some(old) = &self.block
            && let Some(last) = old.rows().checked_sub(1)
        {
            self.before.clear();
            self.before.extend_from_slice(old.key(last));
            self.any_before = true;
        }
        self.block = Some(block);
        self.next = 0;
        self.check()
    }

    /// The key before the row at hand.
    fn previous(&self) -> Option<&[u8]> {
        match (&self.block, self.next.checked_sub(1)) {
            (Some(block), Some(index)) => Some(block.key(index)),
            _ => self.any_before.then_some(self.before.as_slice()),
        }
    }

    /// Compares the row at hand with the one before it.
    fn check(&self) -> Result<(), MergeError> {
        let (Some(block), Some(previous)) = (self.at_hand(), self.previous()) else { return Ok(()) };
        let (side, key) = (self.side, block.key(self.next));
        match previous.cmp(key) {
            Ordering::Less => Ok(()),
            Ordering::Equal => Err(MergeError::Duplicate { side, key: Key::from_encoded(key) }),
            Ordering::Greater => Err(MergeError::OutOfOrder {
                side,
                previous: Key::from_encoded(previous),
                key: Key::from_encoded(key),
            }),
        }
    }

    fn advance(&mut self) -> Result<(), MergeError> {
        self.next += 1;
        self.rows += 1;
        self.check()
    }
}

/// An ordered comparison of two sides.
///
/// Call [`Self::compare`] and give it what it needs, until it is done.
#[derive(Debug)]
pub struct MergeCompare<B> {
    source: Lane<B>,
    target: Lane<B>,
    run: Option<(Standing, u64)>,
    /// The first key of the open run; its memory is kept.
    run_first: Vec<u8>,
}

impl<B: OrderedRows> Default for MergeCompare<B> {
    fn default() -> Self {
        Self::new()
    }
}

impl<B: OrderedRows> MergeCompare<B> {
    /// A comparison that has seen nothing yet.
    pub fn new() -> Self {
        Self {
            source: Lane::new(Side::Source),
            target: Lane::new(Side::Target),
            run: None,
            run_first: Vec::new(),
        }
    }

    fn lane(&mut self, side: Side) -> &mut Lane<B> {
        match side {
            Side::Source => &mut self.source,
            Side::Target => &mut self.target,
        }
    }

    /// The next block of a side, which [`Self::compare`] asked for; it may be empty.
    pub fn feed(&mut self, side: Side, block: B) -> Result<(), MergeError> {
        self.lane(side).feed(block)
    }

    /// The side has positively said that it has no more rows.
    pub fn end(&mut self, side: Side) {
        self.lane(side).ended = true;
    }

    /// Rows of a side compared so far.
    pub fn rows(&self, side: Side) -> u64 {
        match side {
            Side::Source => self.source.rows,
            Side::Target => self.target.rows,
        }
    }

    /// Compares as far as the blocks at hand allow, at most `rows_max` keys, and says what is needed next; `None` when
    /// it stopped for the limit.
    ///
    /// After an error the comparison is void, with what it said before: the sides cannot be merged.
    pub fn compare(
        &mut self,
        rows_max: u64,
        sink: &mut impl MergeSink<B>,
    ) -> Result<Option<Need>, MergeError> {
        for _ in 0..rows_max {
            let standing = match (self.source.at_hand(), self.target.at_hand()) {
                (Some(source), Some(target)) => {
                    match source.key(self.source.next).cmp(target.key(self.target.next)) {
                        Ordering::Less => Standing::Missing,
                        Ordering::Greater => Standing::Extra,
                        Ordering::Equal if source.form(self.source.next) == target.form(self.target.next) => {
                            Standing::Equal
                        }
                        Ordering::Equal => Standing::Changed,
                    }
                }
                (Some(_), None) if self.target.ended => Standing::Missing,
                (None, Some(_)) if self.source.ended => Standing::Extra,
                (None, _) if !self.source.ended => return Ok(Some(Need::Block(Side::Source))),
                (_, None) if !self.target.ended => return Ok(Some(Need::Block(Side::Target))),
                _ => {
                    self.end_run(sink);
                    return Ok(Some(Need::Done));
                }
            };
            self.take(standing, sink)?;
        }
        Ok(None)
    }

    fn take(&mut self, standing: Standing, sink: &mut impl MergeSink<B>) -> Result<(), MergeError> {
        if self.run.is_none_or(|(open, _)| open != standing) {
            self.end_run(sink);
            let lane = if standing == Standing::Extra { &self.target } else { &self.source };
            let key = lane.at_hand().expect("a row at hand was judged").key(lane.next);
            self.run_first.clear();
            self.run_first.extend_from_slice(key);
            self.run = Some((standing, 0));
        }
        if let Some((_, rows)) = &mut self.run {
            *rows += 1;
        }
        let (from_source, from_target) = (standing != Standing::Extra, standing != Standing::Missing);
        let source = self.source.at_hand().filter(|_| from_source);
        let target = self.target.at_hand().filter(|_| from_target);
        sink.row(
            standing,
            source.map(|block| RowAt { block, index: self.source.next }),
            target.map(|block| RowAt { block, index: self.target.next }),
        );
        if from_source {
            self.source.advance()?;
        }
        if from_target {
            self.target.advance()?;
        }
        Ok(())
    }

    /// Ends the open run, so that everything compared so far has been told; the next key begins a new one.
    pub fn end_run(&mut self, sink: &mut impl MergeSink<B>) {
        let Some((standing, rows)) = self.run.take() else { return };
        let lane = if standing == Standing::Extra { &self.target } else { &self.source };
        let last = lane.previous().expect("a run has a row, which its side has passed");
        sink.run(Run { standing, first: &self.run_first, last, rows });
    }

    /// The smallest key that has not been compared, where the blocks at hand tell; everything below it has been.
    pub fn next_key(&self) -> Option<&[u8]> {
        let source = self.source.at_hand().map(|block| block.key(self.source.next));
        let target = self.target.at_hand().map(|block| block.key(self.target.next));
        match (source, target) {
            (Some(source), Some(target)) => Some(source.min(target)),
            (Some(source), None) if self.target.ended => Some(source),
            (None, Some(target)) if self.source.ended => Some(target),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
