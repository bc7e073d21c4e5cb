//! What a column's type means, whatever an engine calls it, and which pairs of types can hold each other's values.
//!
//! Does not belong here: values (see [`super::convert`]) and their text (see [`super::common`]).
//!
//! Invariants: a pair of columns is compared in some form exactly when its values can be converted at all; the form is
//! the same whichever side is the source; what is lost is said with both types as they are declared.

mod compatibility;
mod form;

pub(crate) use compatibility::AFFINITY_DIGITS_MAX;
pub use compatibility::compatibility;
pub use form::compare_form;

use super::pair::ColumnType;

/// The meaning of a declared type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogicalType {
    /// True or false.
    Boolean,
    /// Whole numbers of so many bits.
    Integer {
        /// 8, 16, 24, 32 or 64.
        bits: u8,
        /// Whether negative numbers fit.
        signed: bool,
    },
    /// Exact decimals; none means the engine's own limit.
    Decimal {
        /// Digits in all.
        precision: Option<u16>,
        /// Digits behind the point.
        scale: Option<u16>,
    },
    /// Binary floating point of so many bits: 32 or 64.
    Float {
        /// 32 or 64.
        bits: u8,
    },
    /// Character data of at most so many characters.
    Text {
        /// Characters, or unlimited.
        length_max: Option<u32>,
    },
    /// Character data padded to a fixed length.
    Char {
        /// Characters.
        length: u32,
    },
    /// Bytes of at most so many.
    Blob {
        /// Bytes, or unlimited.
        length_max: Option<u32>,
    },
    /// A calendar date.
    Date,
    /// A time of day with so many digits behind the second.
    Time {
        /// 0 to 6.
        precision: u8,
    },
    /// Civil time without zone.
    Timestamp {
        /// 0 to 6.
        precision: u8,
    },
    /// An instant.
    TimestampUtc {
        /// 0 to 6.
        precision: u8,
    },
    /// A uuid.
    Uuid,
    /// JSON that the engine knows as such.
    Json,
    /// Anything: a SQLite column without a declared type, holding a storage class per value.
    Any,
    /// A type that only its own engine understands.
    Other(String),
}

/// Whether values of one column fit another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compatibility {
    /// Every value fits and means the same.
    Exact,
    /// Every value fits; the target allows more.
    Widening,
    /// Some values lose something; says what.
    Lossy(String),
    /// Values of one side mean nothing on the other; says why.
    Impossible(String),
}

impl Compatibility {
    /// The word of the checklist: `exact`, `widening`, `lossy`, `impossible`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Widening => "widening",
            Self::Lossy(_) => "lossy",
            Self::Impossible(_) => "impossible",
        }
    }

    /// What is lost or impossible.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Exact | Self::Widening => None,
            Self::Lossy(detail) | Self::Impossible(detail) => Some(detail),
        }
    }
}

/// Whether two columns hold the same values in the same way: same engine, same declared type.
fn is_same(source: &ColumnType, target: &ColumnType, same_engine: bool) -> bool {
    let words = |declared: &str| declared.split_whitespace().map(str::to_ascii_uppercase).collect::<Vec<_>>();
    same_engine && source.logical == target.logical && words(&source.declared) == words(&target.declared)
}

/// Whether a column takes any value but turns text that looks like a number into one: SQLite's NUMERIC affinity, which
/// every unknown type name has.
pub(crate) fn has_numeric_affinity(column: &ColumnType) -> bool {
    column.logical == LogicalType::Any && !column.strict && !column.declared.trim().is_empty()
}

/// What a column's type means here. Where it is not enforced, nothing is padded: CHAR is text of a limited length.
fn effective(column: &ColumnType) -> LogicalType {
    match column.logical {
        LogicalType::Char { length } if !column.strict => LogicalType::Text { length_max: Some(length) },
        ref logical => logical.clone(),
    }
}

impl std::fmt::Display for ColumnType {
    /// The type as declared, escaped for a terminal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.declared.trim().is_empty() {
            return f.write_str("(no type)");
        }
        f.write_str(&crate::base::escape::visible_short(&self.declared, crate::base::limits::SHOWN_CHARS_MAX))
    }
}

#[cfg(test)]
mod tests;
