//! A source value on its way to the target: field mapping → type conversion → data validation (S4-031, S4-034).
//!
//! Does not belong here: which columns belong together (see [`super::pairing`]) and what decides equality (see
//! [`super::compare`]).
//!
//! Invariants:
//! - a value arrives exactly, or it is refused with a reason and its row goes to quarantine; nothing is coerced. The
//!   one exception is said in the plan: fractions of a second are cut to what the target keeps, as in compare;
//! - what arrives is equal to what was sent in the compare form of its column pair;
//! - a pair that is compared exactly passes every value as it is;
//! - nothing is written from a compare form: text, JSON and dates kept as text arrive as they were written.

mod civil;
mod number;
mod text;

use super::block::{BlockBuilder, RowBlock, RowShape};
use super::compare::{CommonType, CompareForm};
use super::pair::{ColumnPair, ColumnType, TablePair};
use super::settings::ZeroDates;
use super::types::LogicalType;
use super::value::{Value, ValueRef};
use crate::base::escape;
use crate::base::limits::SHOWN_CHARS_MAX;

/// A value that the target cannot hold as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column} ({target_type}): {value}: {why}")]
pub struct ConversionError {
    /// The target's column, escaped.
    pub column: String,
    /// Its type as declared, escaped.
    pub target_type: String,
    /// The value, escaped and shortened.
    pub value: String,
    /// Why it is refused.
    pub why: String,
    /// What may help.
    pub hint: String,
}

/// Why one value is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refused {
    /// It is nothing of the target's kind.
    NotOfType(&'static str),
    /// It is of the target's kind but does not fit.
    OutOfRange(String),
    /// It is NULL where none is allowed.
    Null,
    /// It is a date such as 0000-00-00, and the policy refuses it.
    ZeroDate,
}

/// How the values of one column pair are converted; chosen once for the pair.
#[derive(Debug, Clone)]
pub struct Conversion {
    to: To,
    form: CompareForm,
    /// Neither side enforces its type and both mean the same: values stay as they are, odd ones too.
    keep: bool,
    /// NULL may pass: the target takes it, or the source has none.
    nullable: bool,
    null_as: Option<Value>,
    zero_dates: ZeroDates,
    column: String,
    target_type: String,
}

/// What a value has to become.
#[derive(Debug, Clone, PartialEq, Eq)]
enum To {
    /// What it is.
    Same,
    Boolean,
    Integer {
        bits: u8,
        signed: bool,
    },
    Decimal {
        precision: Option<u16>,
        scale: Option<u16>,
        /// Kept as a double where it is no 64-bit integer.
        affinity: bool,
    },
    Float {
        bits: u8,
        /// Whether the source keeps doubles too, so that infinity means the same.
        from_float: bool,
    },
    Text {
        length_max: Option<u32>,
        /// Whether the source keeps documents, so that a number becomes one.
        json: bool,
    },
    Char {
        length: u32,
        json: bool,
    },
    /// A uuid where there is no room for hyphens.
    UuidDigits,
    /// A uuid as its sixteen bytes.
    UuidBytes,
    Blob {
        length_max: Option<u32>,
    },
    Date,
    Time {
        precision: u8,
    },
    Timestamp {
        precision: u8,
        utc: bool,
    },
    Uuid,
    Json,
    /// Anything; in a column with numeric affinity text that looks like a number would become one.
    Any {
        affinity: bool,
    },
}

impl Conversion {
    /// The conversion of a column pair; `zero_dates` says what becomes of dates such as 0000-00-00.
    pub fn new(pair: &ColumnPair, zero_dates: ZeroDates) -> Self {
        let (source, target) = (&pair.source_type, &pair.target_type);
        let to = match pair.form {
            CompareForm::Common(_) => To::of(source, target),
            CompareForm::Exact | CompareForm::NotCompared => To::Same,
        };
        Self {
            to,
            form: pair.form,
            keep: !source.strict && !target.strict && same_kind(&source.logical, &target.logical),
            nullable: target.nullable || !source.nullable,
            null_as: pair.null_as.clone(),
            zero_dates,
            column: escape::visible_short(&pair.target, SHOWN_CHARS_MAX),
            target_type: target.to_string(),
        }
    }

    /// The value as the target gets it; `scratch` holds it where it had to be made.
    pub fn convert<'a>(
        &'a self,
        value: ValueRef<'a>,
        scratch: &'a mut Vec<u8>,
    ) -> Result<ValueRef<'a>, ConversionError> {
        self.try_convert(value, scratch).map_err(|refused| self.error(value, refused))
    }

    fn try_convert<'a>(
        &'a self,
        value: ValueRef<'a>,
        scratch: &'a mut Vec<u8>,
    ) -> Result<ValueRef<'a>, Refused> {
        if value.is_null() {
            return self.null();
        }
        if self.to == To::Same {
            return Ok(value);
        }
        if matches!(self.to, To::Date | To::Timestamp { .. }) && super::common::civil::is_zero_date(value) {
            return match self.zero_dates {
                ZeroDates::Null => self.null(),
                ZeroDates::Text if self.keep => Ok(value),
                ZeroDates::Text | ZeroDates::Quarantine => Err(Refused::ZeroDate),
            };
        }
        let odd = self.is_odd(value, scratch);
        scratch.clear();
        match self.to.convert(value, scratch) {
            Ok(_) | Err(Refused::NotOfType(_)) if self.keep => Ok(value),
            Ok(arrived) if odd && arrived != value => {
                Err(Refused::NotOfType("a value of the source column's type"))
            }
            result => result,
        }
    }

    /// Whether a loosely typed source holds a value that is nothing of what the pair is compared as; made into something
    /// else, it would not be equal to what it was.
    fn is_odd(&self, value: ValueRef<'_>, scratch: &mut Vec<u8>) -> bool {
        use CommonType as C;
        let CompareForm::Common(common) = self.form else { return false };
        let natural = matches!(
            (common, value),
            (C::Boolean, ValueRef::Boolean(_))
                | (C::Integer | C::Decimal, ValueRef::Integer(_))
                | (C::Float, ValueRef::Real(_))
                | (C::Text | C::Char, ValueRef::Text(_))
                | (C::Blob, ValueRef::Blob(_))
                | (C::Date { .. }, ValueRef::Date(_))
                | (C::Time { .. }, ValueRef::Time(_))
                | (
                    C::Timestamp { .. } | C::TimestampUtc { .. },
                    ValueRef::Timestamp(_) | ValueRef::TimestampUtc(_)
                )
                | (C::Uuid, ValueRef::Uuid(_))
        );
        !natural && !super::common::conforms(common, value, scratch)
    }

    fn null(&self) -> Result<ValueRef<'_>, Refused> {
        match &self.null_as {
            _ if self.nullable => Ok(ValueRef::Null),
            Some(value) => Ok(value.as_ref()),
            None => Err(Refused::Null),
        }
    }

    fn error(&self, value: ValueRef<'_>, refused: Refused) -> ConversionError {
        let column = &self.column;
        let (why, hint) = match refused {
            Refused::NotOfType(expected) => (
                format!("not {expected}"),
                format!(
                    "correct the value at the source, map {column} to a column of another type, or exclude it"
                ),
            ),
            Refused::OutOfRange(why) => (
                why,
                format!(
                    "widen {column} at the target, correct the value at the source, or exclude the column"
                ),
            ),
            Refused::Null => (
                "the target's column allows no NULL".to_owned(),
                format!("give it a value with `defaults = {{ {column} = … }}`, or allow NULL at the target"),
            ),
            Refused::ZeroDate => (
                "there is no such date".to_owned(),
                "set `zero_dates = \"null\"` to write NULL, or correct the value at the source".to_owned(),
            ),
        };
        ConversionError {
            column: column.clone(),
            target_type: self.target_type.clone(),
            value: shown(value),
            why,
            hint,
        }
    }
}

fn same_kind(source: &LogicalType, target: &LogicalType) -> bool {
    let characters =
        |logical: &LogicalType| matches!(logical, LogicalType::Text { .. } | LogicalType::Char { .. });
    std::mem::discriminant(source) == std::mem::discriminant(target)
        || (characters(source) && characters(target))
}

/// A value as a message shows it: escaped and short, and in quotes where it is text, so that an empty one shows.
pub(super) fn shown(value: ValueRef<'_>) -> String {
    let text = match value {
        ValueRef::Text(bytes) | ValueRef::Json(bytes) => {
            // More than is shown of the longest characters, so that the end is marked.
            let head = &bytes[..bytes.len().min(4 * SHOWN_CHARS_MAX + 4)];
            format!("'{}'", String::from_utf8_lossy(head))
        }
        other => other.to_string(),
    };
    escape::visible_short(&text, SHOWN_CHARS_MAX)
}

impl To {
    fn of(source: &ColumnType, target: &ColumnType) -> Self {
        let json = source.logical == LogicalType::Json;
        match target.logical {
            LogicalType::Boolean => Self::Boolean,
            LogicalType::Integer { bits, signed } => Self::Integer { bits, signed },
            LogicalType::Decimal { precision, scale } => {
                Self::Decimal { precision, scale, affinity: !target.strict }
            }
            LogicalType::Float { bits } => {
                Self::Float { bits, from_float: matches!(source.logical, LogicalType::Float { .. }) }
            }
            LogicalType::Text { length_max: Some(most) }
                if source.logical == LogicalType::Uuid && most < 36 =>
            {
                Self::UuidDigits
            }
            LogicalType::Char { length } if source.logical == LogicalType::Uuid && length < 36 => {
                Self::UuidDigits
            }
            LogicalType::Blob { .. } if source.logical == LogicalType::Uuid => Self::UuidBytes,
            LogicalType::Text { length_max } => Self::Text { length_max, json },
            LogicalType::Char { length } if target.strict => Self::Char { length, json },
            LogicalType::Char { length } => Self::Text { length_max: Some(length), json },
            LogicalType::Blob { length_max } => Self::Blob { length_max },
            LogicalType::Date => Self::Date,
            LogicalType::Time { precision } => Self::Time { precision },
            LogicalType::Timestamp { precision } => Self::Timestamp { precision, utc: false },
            LogicalType::TimestampUtc { precision } => Self::Timestamp { precision, utc: true },
            LogicalType::Uuid => Self::Uuid,
            LogicalType::Json => Self::Json,
            LogicalType::Any => Self::Any { affinity: super::types::has_numeric_affinity(target) },
            LogicalType::Other(_) => Self::Same,
        }
    }

    fn convert<'a>(&self, value: ValueRef<'a>, scratch: &'a mut Vec<u8>) -> Result<ValueRef<'a>, Refused> {
        match *self {
            Self::Same => Ok(value),
            Self::Boolean => number::to_boolean(value, scratch),
            Self::Integer { bits, signed } => number::to_integer(value, bits, signed, scratch),
            Self::Decimal { precision, scale, affinity } => {
                number::to_decimal(value, number::DecimalLimits { precision, scale, affinity }, scratch)
            }
            Self::Float { bits, from_float } => number::to_float(value, bits, from_float),
            Self::Text { length_max, json } => text::to_text(value, length_max, json, scratch),
            Self::Char { length, json } => text::to_char(value, length, json, scratch),
            Self::UuidDigits => text::to_uuid_digits(value, scratch),
            Self::UuidBytes => text::to_uuid_bytes(value, scratch),
            Self::Blob { length_max } => text::to_blob(value, length_max),
            Self::Date => civil::to_date(value),
            Self::Time { precision } => civil::to_time(value, precision),
            Self::Timestamp { precision, utc } => civil::to_timestamp(value, precision, utc),
            Self::Uuid => text::to_uuid(value, scratch),
            Self::Json => text::to_json(value, scratch),
            Self::Any { affinity } => number::to_any(value, affinity),
        }
    }
}

/// Turns source rows of a pair into rows of its [`super::pair::WriteTarget`].
#[derive(Debug)]
pub struct RowTransform {
    /// For every column of the source view, how it is converted; none for columns that are not written.
    columns: Vec<Option<Conversion>>,
    defaults: Vec<Value>,
    shape: RowShape,
    scratch: Vec<u8>,
    zero_dates_nulled: u64,
}

impl RowTransform {
    /// The transform of a pair.
    pub fn new(pair: &TablePair) -> Self {
        let zero_dates = pair.settings.zero_dates;
        let columns: Vec<_> = pair
            .columns
            .iter()
            .map(|column| column.written.then(|| Conversion::new(column, zero_dates)))
            .collect();
        let defaults: Vec<_> = pair.defaults.iter().map(|(_, value)| value.clone()).collect();
        let width = columns.iter().flatten().count() + defaults.len();
        let shape = RowShape::new((0..pair.key_length).collect(), vec![CompareForm::Exact; width]);
        Self { columns, defaults, shape, scratch: Vec::new(), zero_dates_nulled: 0 }
    }

    /// Whether every row arrives just as it was read, so that blocks can be passed on as they are.
    pub fn is_identity(&self) -> bool {
        self.defaults.is_empty()
            && self.columns.iter().all(|conversion| {
                conversion.as_ref().is_some_and(|conversion| conversion.to == To::Same && conversion.nullable)
            })
    }

    /// Zero dates that became NULL so far.
    pub fn zero_dates_nulled(&self) -> u64 {
        self.zero_dates_nulled
    }

    /// The shape of the rows it makes, for their builder.
    pub fn shape(&self) -> RowShape {
        self.shape.clone()
    }

    /// Appends one row to `out`: the written columns converted, then the defaults. When a value is refused, nothing is
    /// appended.
    pub fn transform(
        &mut self,
        rows: &RowBlock,
        index: usize,
        out: &mut BlockBuilder,
    ) -> Result<(), ConversionError> {
        for (conversion, value) in self.columns.iter().zip(rows.fields(index)) {
            let Some(conversion) = conversion else { continue };
            match conversion.convert(value, &mut self.scratch) {
                Ok(arrived) => {
                    self.zero_dates_nulled += u64::from(arrived.is_null() && !value.is_null());
                    out.push(arrived);
                }
                Err(error) => {
                    out.abandon_row();
                    return Err(error);
                }
            }
        }
        for value in &self.defaults {
            out.push(value.as_ref());
        }
        out.end_row();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
