//! A list that keeps the newest entries and counts what it dropped.

use std::collections::VecDeque;

/// The newest `capacity` entries, and how many older ones fell off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring<T> {
    entries: VecDeque<T>,
    capacity: usize,
    dropped: u64,
}

impl<T> Ring<T> {
    /// An empty ring for at most `capacity` entries.
    pub fn new(capacity: usize) -> Self {
        Self { entries: VecDeque::new(), capacity, dropped: 0 }
    }

    /// A ring that held `entries` (oldest first) after `dropped` older ones had fallen off.
    pub fn restore(capacity: usize, dropped: u64, entries: impl IntoIterator<Item = T>) -> Self {
        let mut ring = Self { dropped, ..Self::new(capacity) };
        entries.into_iter().for_each(|entry| ring.push(entry));
        ring
    }

    /// Adds an entry; when full, the oldest falls off and is counted.
    pub fn push(&mut self, entry: T) {
        if self.capacity == 0 {
            self.dropped += 1;
            return;
        }
        if self.entries.len() == self.capacity {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back(entry);
    }

    /// Oldest to newest.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.entries.iter()
    }

    /// Oldest to newest, to be changed in place.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        self.entries.iter_mut()
    }

    /// How many entries are held.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many entries fell off.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_newest_and_counts_the_rest() {
        let mut ring = Ring::new(2);
        (1..=5).for_each(|n| ring.push(n));
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [4, 5]);
        assert_eq!(ring.dropped(), 3);
    }
}
