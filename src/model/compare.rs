//! What decides that two values are equal: one compare form for each column pair, fixed in the plan.
//!
//! `exact` is the lossless bytes of the block, for columns of the same engine and declared type: −0 and 0, 1 and 1.0 are
//! different. `common(T)` is one text that every engine can produce for a type, the only form that a server can digest.
//! Nothing is ever written from a compare form.
//!
//! The compare form of a row is the forms of its fields with `|` between them (none when all are exact: then it is the
//! row's own bytes). When all are common, that is byte for byte what `concat_ws('|', …)` gives at a server. It is injective in any mixture, because the forms of the columns
//! are known: an exact field ends by its own length, a common one by its length or at the next `|`.

use super::block::{RowShape, encode_field};
use super::common;
use super::value::ValueRef;
use crate::base::planted::{Bug, is_planted};

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
    Date {
        /// Zero dates (0000-00-00, 2020-00-10) count as NULL, since that is how they are written.
        zero_is_null: bool,
    },
    Time {
        precision: u8,
    },
    Timestamp {
        precision: u8,
        zero_is_null: bool,
    },
    TimestampUtc {
        precision: u8,
        zero_is_null: bool,
    },
    Uuid,
    Json,
}

impl CompareForm {
    /// The same form with zero dates counted as NULL, for `zero_dates = "null"`.
    #[must_use]
    pub fn with_zero_dates_as_null(self) -> Self {
        use CommonType::{Date, Timestamp, TimestampUtc};
        let zero_is_null = true;
        match self {
            Self::Common(Date { .. }) => Self::Common(Date { zero_is_null }),
            Self::Common(Timestamp { precision, .. }) => Self::Common(Timestamp { precision, zero_is_null }),
            Self::Common(TimestampUtc { precision, .. }) => {
                Self::Common(TimestampUtc { precision, zero_is_null })
            }
            other => other,
        }
    }
}

/// Appends the compare form of one row; `fields` has a value for every form of the shape.
///
/// Where every field is exact the fields stand end to end, as in the row's own bytes: the side of a pair that has a
/// stand-in for NULL goes through here, the other one need not.
pub fn encode_row<'a>(shape: &RowShape, fields: impl Iterator<Item = ValueRef<'a>>, out: &mut Vec<u8>) {
    let separated = shape.forms.iter().any(|form| *form != CompareForm::Exact);
    let mut first = true;
    for (column, (form, value)) in shape.forms.iter().zip(fields).enumerate() {
        if *form == CompareForm::NotCompared {
            continue;
        }
        if separated && !first {
            out.push(b'|');
        }
        first = false;
        encode_value(shape, column, *form, value, out);
    }
}

/// Appends the compare form of one field.
fn encode_value(shape: &RowShape, column: usize, form: CompareForm, value: ValueRef<'_>, out: &mut Vec<u8>) {
    let substitute = shape.null_as.get(column).and_then(Option::as_ref).filter(|_| value.is_null());
    let value = substitute.map_or(value, |value| value.as_ref());
    let value = if value.is_null() && is_planted(Bug::NullIsEmpty) { ValueRef::Text(b"") } else { value };
    match form {
        CompareForm::Exact => encode_field(value, out),
        CompareForm::Common(common) => common::encode(common, value, out),
        CompareForm::NotCompared => {}
    }
}

/// Positions of the columns in which two rows of a pair differ, ascending; each row comes with its side's shape.
pub fn differing_columns(
    source: (&RowShape, &[ValueRef<'_>]),
    target: (&RowShape, &[ValueRef<'_>]),
) -> Vec<usize> {
    let encoded = |(shape, values): (&RowShape, &[ValueRef<'_>]), column: usize| {
        let mut out = Vec::new();
        if let (Some(form), Some(value)) = (shape.forms.get(column), values.get(column)) {
            encode_value(shape, column, *form, *value, &mut out);
        }
        out
    };
    let columns = source.1.len().max(target.1.len());
    (0..columns).filter(|&column| encoded(source, column) != encoded(target, column)).collect()
}

impl std::fmt::Display for CompareForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact => f.write_str("exact"),
            Self::Common(common) => write!(f, "common({common})"),
            Self::NotCompared => f.write_str("not compared"),
        }
    }
}

impl std::fmt::Display for CommonType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let zero = |zero_is_null: bool| if zero_is_null { ", zero = NULL" } else { "" };
        match *self {
            Self::Boolean => f.write_str("boolean"),
            Self::Integer => f.write_str("integer"),
            Self::Decimal => f.write_str("decimal"),
            Self::Float => f.write_str("float"),
            Self::Text => f.write_str("text"),
            Self::Char => f.write_str("char"),
            Self::Blob => f.write_str("blob"),
            Self::Date { zero_is_null } => write!(f, "date{}", zero(zero_is_null)),
            Self::Time { precision } => write!(f, "time {precision}"),
            Self::Timestamp { precision, zero_is_null } => {
                write!(f, "timestamp {precision}{}", zero(zero_is_null))
            }
            Self::TimestampUtc { precision, zero_is_null } => {
                write!(f, "instant {precision}{}", zero(zero_is_null))
            }
            Self::Uuid => f.write_str("uuid"),
            Self::Json => f.write_str("json"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::Value;

    #[test]
    fn columns_differ_in_their_compare_form_and_not_in_how_they_are_held() {
        let forms = vec![
            CompareForm::Exact,
            CompareForm::Common(CommonType::Float),
            CompareForm::NotCompared,
            CompareForm::Exact,
            CompareForm::Exact,
        ];
        let target = RowShape::new(vec![0], forms);
        let mut source = target.clone();
        source.null_as = vec![None, None, None, None, Some(Value::text("none"))];
        let (left, right) = (
            [
                ValueRef::Integer(1),
                ValueRef::Integer(2),
                ValueRef::Null,
                ValueRef::Integer(1),
                ValueRef::Null,
            ],
            [
                ValueRef::Integer(1),
                ValueRef::Real(2.0),
                ValueRef::Integer(9),
                ValueRef::Real(1.0),
                ValueRef::Text(b"none"),
            ],
        );
        assert_eq!(differing_columns((&source, &left), (&target, &right)), [3]);
        assert_eq!(differing_columns((&target, &left), (&target, &right)), [3, 4]);
    }
}
