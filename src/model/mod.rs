//! Plain data and pure algebra.
