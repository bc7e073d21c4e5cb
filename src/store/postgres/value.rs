//! Values between the wire, the row block and text.

use std::fmt::Write as _;

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::numeric;
use super::sql::hex;
use super::types::Class;
use crate::model::value::{Value, ValueRef};

/// Days and microseconds from 1970 to 2000, where the server's count begins.
const EPOCH_DAYS: i32 = 10_957;
const DAY_US: i64 = 86_400_000_000;

/// Hands the value of an output to `take`, as its class says; what is wrong with it when its bytes are damaged.
///
/// Infinite times and numbers that are none have no value of their own in a row: they are text, which no other engine
/// takes for a time or a number. In a key they are the largest and smallest times, so that keys sort as the server
/// sorts them.
pub(super) fn read<T>(
    row: &PgRow,
    output: usize,
    class: Class,
    in_key: bool,
    take: impl FnOnce(ValueRef<'_>) -> T,
) -> Result<T, sqlx::Error> {
    let raw = row.try_get_raw(output)?;
    if sqlx::ValueRef::is_null(&raw) {
        return Ok(take(ValueRef::Null));
    }
    let bytes = raw.as_bytes().map_err(sqlx::Error::Decode)?;
    let damaged = || sqlx::Error::Decode(format!("output {output} is no {class:?}").into());
    let value = match class {
        Class::Boolean => ValueRef::Boolean(bytes.first().ok_or_else(damaged)? != &0),
        Class::Integer => ValueRef::Integer(integer(bytes).ok_or_else(damaged)?),
        Class::Oid => ValueRef::Integer(u32::from_be_bytes(fixed(bytes).ok_or_else(damaged)?).into()),
        Class::Float4 => ValueRef::Real(f32::from_be_bytes(fixed(bytes).ok_or_else(damaged)?).into()),
        Class::Float8 => ValueRef::Real(f64::from_be_bytes(fixed(bytes).ok_or_else(damaged)?)),
        Class::Numeric => {
            let text = numeric::text(bytes).ok_or_else(damaged)?;
            let plain = !in_key || text.ends_with(|last: char| last.is_ascii_digit());
            let value = if plain { ValueRef::Decimal(&text) } else { ValueRef::Text(text.as_bytes()) };
            return Ok(take(value));
        }
        Class::Text | Class::Other => ValueRef::Text(bytes),
        Class::Char => ValueRef::Text(bytes.trim_ascii_end_blanks()),
        Class::Bytea => ValueRef::Blob(bytes),
        Class::Date => date(i32::from_be_bytes(fixed(bytes).ok_or_else(damaged)?), in_key),
        Class::Time => ValueRef::Time(i64::from_be_bytes(fixed(bytes).ok_or_else(damaged)?)),
        Class::Timestamp => match timestamp(i64::from_be_bytes(fixed(bytes).ok_or_else(damaged)?), in_key) {
            Ok(us) => ValueRef::Timestamp(us),
            Err(text) => ValueRef::Text(text),
        },
        Class::TimestampUtc => match timestamp(i64::from_be_bytes(fixed(bytes).ok_or_else(damaged)?), in_key)
        {
            Ok(us) => ValueRef::TimestampUtc(us),
            Err(text) => ValueRef::Text(text),
        },
        Class::Uuid => ValueRef::Uuid(bytes.try_into().map_err(|_| damaged())?),
        Class::Json => ValueRef::Json(bytes),
        // One byte for the version of the form.
        Class::Jsonb => ValueRef::Json(bytes.get(1..).ok_or_else(damaged)?),
    };
    Ok(take(value))
}

trait Blanks {
    fn trim_ascii_end_blanks(&self) -> &[u8];
}

impl Blanks for [u8] {
    fn trim_ascii_end_blanks(&self) -> &[u8] {
        let blanks = self.iter().rev().take_while(|byte| **byte == b' ').count();
        &self[..self.len() - blanks]
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn integer(bytes: &[u8]) -> Option<i128> {
    match bytes.len() {
        2 => fixed(bytes).map(|bytes| i16::from_be_bytes(bytes).into()),
        4 => fixed(bytes).map(|bytes| i32::from_be_bytes(bytes).into()),
        8 => fixed(bytes).map(|bytes| i64::from_be_bytes(bytes).into()),
        _ => None,
    }
}

fn date(days: i32, in_key: bool) -> ValueRef<'static> {
    match days {
        i32::MIN | i32::MAX if in_key => ValueRef::Date(days),
        i32::MIN => ValueRef::Text(b"-infinity"),
        i32::MAX => ValueRef::Text(b"infinity"),
        days => ValueRef::Date(days.saturating_add(EPOCH_DAYS)),
    }
}

fn timestamp(us: i64, in_key: bool) -> Result<i64, &'static [u8]> {
    match us {
        i64::MIN | i64::MAX if in_key => Ok(us),
        i64::MIN => Err(b"-infinity"),
        i64::MAX => Err(b"infinity"),
        // The server's last few years end behind ours.
        us => Ok(us.saturating_add(i64::from(EPOCH_DAYS) * DAY_US)),
    }
}

/// The text that the server reads as this value; none for NULL and for what it cannot hold.
pub(super) fn text(value: ValueRef<'_>) -> Option<String> {
    Some(match value {
        ValueRef::Boolean(b) => b.to_string(),
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Real(x) if x.is_nan() => "NaN".to_owned(),
        ValueRef::Real(x) if x.is_infinite() => if x < 0.0 { "-Infinity" } else { "Infinity" }.to_owned(),
        ValueRef::Real(x) => format!("{x:?}"),
        ValueRef::Decimal(text) => text.to_owned(),
        ValueRef::Text(bytes) | ValueRef::Json(bytes) => {
            let text = std::str::from_utf8(bytes).ok()?;
            if text.contains('\0') {
                return None;
            }
            text.to_owned()
        }
        ValueRef::Blob(bytes) => hex(bytes),
        ValueRef::Uuid(bytes) => hex(bytes).split_off(2),
        ValueRef::Date(i32::MIN) | ValueRef::Timestamp(i64::MIN) | ValueRef::TimestampUtc(i64::MIN) => {
            "-infinity".to_owned()
        }
        ValueRef::Date(i32::MAX) | ValueRef::Timestamp(i64::MAX) | ValueRef::TimestampUtc(i64::MAX) => {
            "infinity".to_owned()
        }
        ValueRef::Date(days) => civil(days.into(), ""),
        ValueRef::Time(us) if (0..=DAY_US).contains(&us) => clock(us),
        ValueRef::Null | ValueRef::Time(_) => return None,
        ValueRef::Timestamp(us) => {
            civil(us.div_euclid(DAY_US), &format!(" {}", clock(us.rem_euclid(DAY_US))))
        }
        ValueRef::TimestampUtc(us) => {
            civil(us.div_euclid(DAY_US), &format!(" {}+00", clock(us.rem_euclid(DAY_US))))
        }
    })
}

/// Copies a value, whatever it borrows from.
pub(super) fn owned(value: ValueRef<'_>) -> Value {
    value.to_owned()
}

/// The text of an owned value.
pub(super) fn text_of(value: &Value) -> Option<String> {
    text(value.as_ref())
}

fn clock(us: i64) -> String {
    let (seconds, fraction) = (us / 1_000_000, us % 1_000_000);
    let mut out = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction != 0 {
        let _ = write!(out, ".{fraction:06}");
    }
    out
}

/// Days since 1970 in the proleptic Gregorian calendar, with what follows the date; years before 1 in the server's form.
///
/// The algorithm is Howard Hinnant's `civil_from_days`.
fn civil(days: i64, rest: &str) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if year > 0 {
        format!("{year:04}-{month:02}-{day:02}{rest}")
    } else {
        format!("{:04}-{month:02}-{day:02}{rest} BC", 1 - year)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_server_reads_them() {
        let shown = |value: Value| text_of(&value).unwrap();
        assert_eq!(shown(Value::Date(0)), "1970-01-01");
        assert_eq!(shown(Value::Date(-719_162)), "0001-01-01");
        assert_eq!(shown(Value::Date(-719_163)), "0001-12-31 BC");
        assert_eq!(shown(Value::Timestamp(-1)), "1969-12-31 23:59:59.999999");
        assert_eq!(shown(Value::TimestampUtc(951_782_400_000_000)), "2000-02-29 00:00:00+00");
        assert_eq!(shown(Value::Time(DAY_US)), "24:00:00");
        assert_eq!(shown(Value::Timestamp(i64::MAX)), "infinity");
        assert_eq!(text_of(&Value::Time(-1)), None);
        assert_eq!(text_of(&Value::text("a\0b")), None);
        assert_eq!(shown(Value::Real(5e-324)), "5e-324");
        assert_eq!(shown(Value::Blob(vec![0, 255])), "\\x00ff");
    }

    #[test]
    fn infinite_times_are_text_but_in_keys() {
        assert_eq!(date(i32::MAX, false), ValueRef::Text(b"infinity"));
        assert_eq!(date(i32::MIN, true), ValueRef::Date(i32::MIN));
        assert_eq!(timestamp(i64::MIN, false), Err(b"-infinity".as_slice()));
        assert_eq!(timestamp(0, false), Ok(946_684_800_000_000));
    }
}
