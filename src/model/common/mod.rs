//! The common text of a value: the same bytes from every engine.
//!
//! Does not belong here: which column pair uses which type (see [`super::types`]), what is written (see
//! [`super::convert`]). Nothing here passes a number through floating point that was not a float before.
//!
//! A field is, by type:
//!
//! | type | conforming value | NULL |
//! | --- | --- | --- |
//! | text, char, json | length in bytes, `\|`, the bytes | `-1` |
//! | all others | text without `\|` and `~`, laid out as PostgreSQL prints it | `~` |
//!
//! A value that does not conform to the type (SQLite keeps the text `abc` in an integer column) becomes `~!` and the
//! hexadecimal digits of its lossless bytes: equal to itself, never to a conforming value, and without `|`.
//!
//! Invariants: two values of one type have the same field only if they mean the same; a field's end follows from its
//! type, so that fields joined by `|` cannot be confused.

pub(crate) mod civil;
pub(crate) mod json;
pub(crate) mod number;
pub(crate) mod uuid;

use super::block::encode_field;
use super::compare::CommonType;
use super::value::ValueRef;
use number::Number;

/// Appends the common form of `value` as a field of type `common`.
pub fn encode(common: CommonType, value: ValueRef<'_>, out: &mut Vec<u8>) {
    let text_like = matches!(common, CommonType::Text | CommonType::Char | CommonType::Json);
    if value.is_null() {
        out.extend_from_slice(if text_like { b"-1" } else { b"~" });
        return;
    }
    let start = out.len();
    let conforms = match common {
        CommonType::Boolean => boolean(value, out),
        CommonType::Integer => integer(value, out),
        CommonType::Decimal => decimal(value, out),
        CommonType::Float => float(value, out),
        CommonType::Text => text(value, false, out),
        CommonType::Char => text(value, true, out),
        CommonType::Json => json_document(value, out),
        CommonType::Blob => blob(value, out),
        CommonType::Date { zero_is_null } => date(value, zero_is_null, out),
        CommonType::Time { precision } => time(value, precision, out),
        CommonType::Timestamp { precision, zero_is_null } => {
            timestamp(value, precision, civil::Offsets::UtcOnly, zero_is_null, out)
        }
        CommonType::TimestampUtc { precision, zero_is_null } => {
            timestamp(value, precision, civil::Offsets::Any, zero_is_null, out)
        }
        CommonType::Uuid => uuid_text(value, out),
    };
    if !conforms {
        out.truncate(start);
        escape(value, out);
    }
}

/// Whether a value that is not NULL is of this type; `scratch` is overwritten.
pub(crate) fn conforms(common: CommonType, value: ValueRef<'_>, scratch: &mut Vec<u8>) -> bool {
    scratch.clear();
    encode(common, value, scratch);
    !scratch.starts_with(ODD)
}

/// How the form of a value that does not conform begins; no other form does.
const ODD: &[u8] = b"~!";

/// The form of a value that does not conform. Text is text, whether or not its engine knows it as JSON.
fn escape(value: ValueRef<'_>, out: &mut Vec<u8>) {
    let value = if let ValueRef::Json(bytes) = value { ValueRef::Text(bytes) } else { value };
    let mut exact = Vec::new();
    encode_field(value, &mut exact);
    out.extend_from_slice(ODD);
    write_hex(&exact, out);
}

fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// Appends a truth value's text: `true` and `false` in words become `1` and `0`.
fn boolean(value: ValueRef<'_>, out: &mut Vec<u8>) -> bool {
    if let ValueRef::Text(bytes) = value
        && let Some(truth) = truth_of(bytes)
    {
        out.push(b'0' + u8::from(truth));
        return true;
    }
    integer(value, out)
}

/// The truth value that a word names.
pub(crate) fn truth_of(word: &[u8]) -> Option<bool> {
    let is = |names: &[&str]| names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()));
    match () {
        () if is(&["true", "t", "1"]) => Some(true),
        () if is(&["false", "f", "0"]) => Some(false),
        () => None,
    }
}

fn integer(value: ValueRef<'_>, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let whole = |text: &[u8]| text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'-'));
    decimal(value, out) && (matches!(value, ValueRef::Integer(_)) || whole(&out[start..]))
}

fn decimal(value: ValueRef<'_>, out: &mut Vec<u8>) -> bool {
    match value {
        ValueRef::Integer(n) => number::write_integer(n, out),
        ValueRef::Boolean(b) => out.push(b'0' + u8::from(b)),
        ValueRef::Real(x) => number::write_real_plain(x, out),
        ValueRef::Decimal(special @ ("NaN" | "Infinity" | "-Infinity")) => {
            out.extend_from_slice(special.as_bytes());
        }
        ValueRef::Decimal(text) => return Number::parse(text.as_bytes()).is_some_and(|n| n.write_plain(out)),
        ValueRef::Text(text) => return Number::parse(text).is_some_and(|n| n.write_plain(out)),
        _ => return false,
    }
    true
}

/// Appends the text of a double. Exact numbers conform when a double holds them, that is when its shortest text is the
/// same number; all others differ from every double.
fn float(value: ValueRef<'_>, out: &mut Vec<u8>) -> bool {
    let x = match value {
        ValueRef::Real(x) => x,
        ValueRef::Boolean(b) => f64::from(u8::from(b)),
        ValueRef::Integer(n) if n.unsigned_abs() <= number::FLOAT_INTEGER_MAX => n as f64,
        ValueRef::Integer(n) => {
            let mut digits = Vec::with_capacity(40);
            number::write_integer(n, &mut digits);
            return float(ValueRef::Text(&digits), out);
        }
        ValueRef::Decimal(special @ ("NaN" | "Infinity" | "-Infinity")) => {
            out.extend_from_slice(special.as_bytes());
            return true;
        }
        ValueRef::Decimal(text) => return float(ValueRef::Text(text.as_bytes()), out),
        ValueRef::Text(text) => match number::float_of(text) {
            Some(x) => x,
            None => return false,
        },
        _ => return false,
    };
    number::write_real(x, out);
    true
}

fn text(value: ValueRef<'_>, trim_blanks: bool, out: &mut Vec<u8>) -> bool {
    let (ValueRef::Text(bytes) | ValueRef::Json(bytes)) = value else {
        let start = out.len();
        return write_text_of(value, out) && sized(start, out);
    };
    let bytes = if trim_blanks { trim_end_blanks(bytes) } else { bytes };
    number::write_integer(bytes.len() as i128, out);
    out.push(b'|');
    out.extend_from_slice(bytes);
    true
}

/// `bytes` without the blanks at its end.
pub(crate) fn trim_end_blanks(bytes: &[u8]) -> &[u8] {
    let length = bytes.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
    &bytes[..length]
}

/// Puts length and separator before what was written since `start`.
fn sized(start: usize, out: &mut Vec<u8>) -> bool {
    let end = out.len();
    number::write_integer((end - start) as i128, out);
    out.push(b'|');
    out[start..].rotate_left(end - start);
    true
}

/// Appends the text that a value becomes in a character column; false for NULL and blobs, which have none.
pub(crate) fn write_text_of(value: ValueRef<'_>, out: &mut Vec<u8>) -> bool {
    match value {
        ValueRef::Null | ValueRef::Blob(_) => return false,
        ValueRef::Boolean(_) | ValueRef::Integer(_) => return integer(value, out),
        ValueRef::Real(x) => number::write_real(x, out),
        ValueRef::Decimal(plain) => {
            if !decimal(value, out) {
                out.extend_from_slice(plain.as_bytes());
            }
        }
        ValueRef::Text(bytes) | ValueRef::Json(bytes) => out.extend_from_slice(bytes),
        ValueRef::Uuid(bytes) => uuid::write(bytes, out),
        ValueRef::Date(days) => civil::write_date(days.into(), out),
        ValueRef::Time(us) => civil::write_time(us, 6, out),
        ValueRef::Timestamp(us) | ValueRef::TimestampUtc(us) => civil::write_timestamp(us, 6, out),
    }
    true
}

fn json_document(value: ValueRef<'_>, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let written = match value {
        ValueRef::Text(bytes) | ValueRef::Json(bytes) => json::canonicalise(bytes, out).is_ok(),
        other => write_json_of(other, out),
    };
    written && sized(start, out)
}

/// Appends the document that a number or a truth value is: a column that its engine takes for numeric keeps a number,
/// not its text. False for other values.
pub(crate) fn write_json_of(value: ValueRef<'_>, out: &mut Vec<u8>) -> bool {
    match value {
        ValueRef::Integer(n) => number::write_integer(n, out),
        ValueRef::Boolean(b) => out.extend_from_slice(if b { b"true" } else { b"false" }),
        ValueRef::Real(x) if x.is_finite() => number::write_real_canonical(x, out),
        _ => return false,
    }
    true
}

fn blob(value: ValueRef<'_>, out: &mut Vec<u8>) -> bool {
    match value {
        ValueRef::Blob(bytes) => write_hex(bytes, out),
        ValueRef::Uuid(bytes) => write_hex(bytes, out),
        _ => return false,
    }
    true
}

fn uuid_text(value: ValueRef<'_>, out: &mut Vec<u8>) -> bool {
    let Some(bytes) = uuid::of(value) else { return false };
    uuid::write(&bytes, out);
    true
}

fn date(value: ValueRef<'_>, zero_is_null: bool, out: &mut Vec<u8>) -> bool {
    match civil::date_of(value) {
        Some(days) => civil::write_date(days.into(), out),
        None => return zero_as_null(value, zero_is_null, out),
    }
    true
}

fn time(value: ValueRef<'_>, precision: u8, out: &mut Vec<u8>) -> bool {
    let Some(us) = civil::time_of(value) else { return false };
    civil::write_time(us, precision, out);
    true
}

fn timestamp(
    value: ValueRef<'_>,
    precision: u8,
    offsets: civil::Offsets,
    zero_is_null: bool,
    out: &mut Vec<u8>,
) -> bool {
    match civil::timestamp_of(value, offsets) {
        Some(us) => civil::write_timestamp(us, precision, out),
        None => return zero_as_null(value, zero_is_null, out),
    }
    true
}

fn zero_as_null(value: ValueRef<'_>, zero_is_null: bool, out: &mut Vec<u8>) -> bool {
    let zero = zero_is_null && civil::is_zero_date(value);
    if zero {
        out.push(b'~');
    }
    zero
}

#[cfg(test)]
mod tests;
