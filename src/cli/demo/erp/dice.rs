//! Chance for one row: the same for the same seed, stream and number, whatever else is drawn.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::base::random::Random;

/// Draws that follow from a seed, a stream (table and purpose) and a number.
pub(in super::super) struct Dice(Random);

impl Dice {
    pub(in super::super) fn new(seed: u64, stream: &str, number: u64) -> Self {
        let of_stream = xxh3_64_with_seed(stream.as_bytes(), seed);
        Self(Random::from_seed(xxh3_64_with_seed(&number.to_le_bytes(), of_stream)))
    }

    /// A number in `0..bound`.
    pub(in super::super) fn below(&mut self, bound: u64) -> u64 {
        self.0.below(bound)
    }

    /// A number in `low..=high`.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.0.below(high - low + 1)
    }

    /// True in so many of a hundred cases.
    pub(in super::super) fn percent(&mut self, percent: u64) -> bool {
        self.0.below(100) < percent
    }

    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.0.below(choices.len() as u64) as usize]
    }

    pub(super) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let words = std::iter::repeat_with(|| self.0.next_u64().to_le_bytes());
        words.flatten().take(length).collect()
    }
}

/// Whether this row is one of those picked: one in every `one_in` rows, at a place that follows from the seed.
pub(in super::super) fn is_picked(seed: u64, stream: &str, number: u64, one_in: u64) -> bool {
    let (group, place) = (number / one_in, number % one_in);
    Dice::new(seed, stream, group).below(one_in) == place
}
