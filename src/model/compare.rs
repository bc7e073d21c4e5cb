//! What decides that two values are equal: one compare form for each column pair, fixed in the plan.
//!
//! `exact` is the lossless bytes of the block, for columns of the same engine and declared type: −0 and 0, 1 and 1.0 are
//! different. `common(T)` is one text that every engine can produce for a type, the only form that a server can digest.
//! Nothing is ever written from a compare form.

use super::block::encode_field;
use super::value::ValueRef;

/// How a column pair is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareForm {
    /// By the lossless bytes.
    Exact,
    /// By the text that values of this type have in common.
    Common(CommonType),
    /// Not at all; the verdict names the column.
    NotCompared,
}

/// The types that have a common text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the types of LogicalType")]
pub enum CommonType {
    Boolean,
    Integer,
    Decimal,
    Float,
    Text,
    /// Text whose trailing blanks are padding.
    Char,
    Blob,
    Date,
    Time {
        precision: u8,
    },
    Timestamp {
        precision: u8,
    },
    TimestampUtc {
        precision: u8,
    },
    Uuid,
    Json,
}

impl CompareForm {
    /// Appends the compare form of one value.
    pub fn encode(self, value: ValueRef<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Exact => encode_field(value, out),
            Self::Common(common) => super::common::encode(common, value, out),
            Self::NotCompared => {}
        }
    }
}

impl std::fmt::Display for CompareForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact => f.write_str("exact"),
            Self::Common(common) => write!(f, "common({common:?})"),
            Self::NotCompared => f.write_str("not compared"),
        }
    }
}
