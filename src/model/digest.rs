//! Digests of ranges: how many rows, and a keyed fingerprint of what they hold.
//!
//! The fingerprint is the sum, modulo 2^128, of one hash a row. A sum, not an exclusive or: two equal rows, or the
//! same edit of two rows, do not cancel. It detects accidents, not adversaries.

use xxhash_rust::xxh3::xxh3_128_with_seed;

/// (count, fingerprint) of a set of rows; the empty set is the zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Digest {
    /// Rows.
    pub count: u64,
    /// Sum of the row hashes, modulo 2^128.
    pub sum: u128,
}

impl Digest {
    /// The digest of no rows.
    pub const EMPTY: Self = Self { count: 0, sum: 0 };

    /// Counts one row in, by the compare form of its columns.
    pub fn add_row(&mut self, compare_form: &[u8], seed: DigestSeed) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(xxh3_128_with_seed(compare_form, seed.0));
    }

    /// The digest of the union of two disjoint sets.
    #[must_use]
    pub fn combine(self, other: Self) -> Self {
        Self { count: self.count + other.count, sum: self.sum.wrapping_add(other.sum) }
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{:032x}", self.count, self.sum)
    }
}

/// The key of the row hash: drawn once per job, kept in its state, never logged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DigestSeed(pub u64);

impl std::fmt::Debug for DigestSeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DigestSeed(***)")
    }
}

/// What a stored digest means; digests whose headers differ are never compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestHeader {
    /// Version of the compare form; see [`FORM_VERSION`].
    pub form_version: u32,
    /// The hash and how hashes are folded.
    pub algorithm: String,
    /// Which seed, as a fingerprint of it that does not reveal it.
    pub seed_id: String,
    /// Columns with their compare forms, in order.
    pub columns: Vec<String>,
    /// Table and filter of both sides.
    pub scope: String,
}

/// Version of the compare forms; raised whenever the same row would give other bytes.
pub const FORM_VERSION: u32 = 1;

/// Name of the in-process digest.
pub const ALGORITHM: &str = "xxh3-128/sum";

impl DigestSeed {
    /// The hash bucket of an encoded key, in `0..buckets`: the same at every store, whatever its order of keys.
    ///
    /// # Panics
    /// When `buckets` is 0.
    pub fn bucket_of(self, key: &[u8], buckets: usize) -> usize {
        (xxh3_128_with_seed(key, self.0) % buckets as u128) as usize
    }

    /// A name for the seed that does not reveal it.
    pub fn id(self) -> String {
        format!("{:08x}", xxh3_128_with_seed(b"syncline seed id", self.0) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trap_05_a_sum_is_an_exact_integer_however_large_and_in_any_order() {
        // Above 2^53 a floating sum would drop the ones; above 2^64 a narrow one would.
        let rows: Vec<Digest> = (0..1000)
            .map(|n| Digest { count: 1, sum: (u128::MAX >> (n % 90)).wrapping_sub(n) })
            .chain([Digest { count: 1, sum: 1 }])
            .collect();
        let forward = rows.iter().fold(Digest::EMPTY, |sum, row| sum.combine(*row));
        let backward = rows.iter().rev().fold(Digest::EMPTY, |sum, row| sum.combine(*row));
        assert_eq!(forward, backward);
        let without_the_one = rows[..1000].iter().fold(Digest::EMPTY, |sum, row| sum.combine(*row));
        assert_eq!(forward.sum.wrapping_sub(without_the_one.sum), 1);
    }

    #[test]
    fn trap_04_equal_rows_and_equal_edits_do_not_cancel() {
        let seed = DigestSeed(7);
        let digest = |rows: &[&[u8]]| {
            let mut digest = Digest::EMPTY;
            for row in rows {
                digest.add_row(row, seed);
            }
            digest
        };
        assert_ne!(digest(&[b"x", b"x"]).sum, digest(&[]).sum);
        assert_ne!(digest(&[b"1a", b"2a"]), digest(&[b"1b", b"2b"]));
        assert_ne!(digest(&[b"101,alice", b"102,carol"]), digest(&[b"101,carol", b"102,alice"]));
    }

    #[test]
    fn a_seed_never_shows() {
        assert!(
            !format!("{:?} {}", DigestSeed(123_456_789), DigestSeed(123_456_789).id()).contains("123456789")
        );
    }
}
