//! Values on their way between SQLite and a block: nothing is converted but what SQLite has no storage class for.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef as SqlRef};

use crate::model::value::{Value, ValueRef};

/// An owned SQLite value; text is its bytes, since SQLite does not check that they are UTF-8.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Raw {
    Null,
    Integer(i64),
    Real(f64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

impl From<SqlRef<'_>> for Raw {
    fn from(value: SqlRef<'_>) -> Self {
        match value {
            SqlRef::Null => Self::Null,
            SqlRef::Integer(n) => Self::Integer(n),
            SqlRef::Real(x) => Self::Real(x),
            SqlRef::Text(bytes) => Self::Text(bytes.to_vec()),
            SqlRef::Blob(bytes) => Self::Blob(bytes.to_vec()),
        }
    }
}

impl ToSql for Raw {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => SqlRef::Null,
            Self::Integer(n) => SqlRef::Integer(*n),
            Self::Real(x) => SqlRef::Real(*x),
            Self::Text(bytes) => SqlRef::Text(bytes),
            Self::Blob(bytes) => SqlRef::Blob(bytes),
        }))
    }
}

/// A borrowed value as SQLite hands it out.
#[inline]
pub(super) fn from_sql(value: SqlRef<'_>) -> ValueRef<'_> {
    match value {
        SqlRef::Null => ValueRef::Null,
        SqlRef::Integer(n) => ValueRef::Integer(n.into()),
        SqlRef::Real(x) => ValueRef::Real(x),
        SqlRef::Text(bytes) => ValueRef::Text(bytes),
        SqlRef::Blob(bytes) => ValueRef::Blob(bytes),
    }
}

/// Why SQLite cannot hold a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoStorageClass(pub(super) &'static str);

/// A value of a block, to be bound to a statement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound<'a>(pub(super) ValueRef<'a>);

impl Bound<'_> {
    /// Whether SQLite can hold it. NaN is refused, since SQLite would store NULL in its place.
    pub(super) fn check(self) -> Result<(), NoStorageClass> {
        match self.0 {
            ValueRef::Integer(n) if i64::try_from(n).is_err() => {
                Err(NoStorageClass("the integer does not fit SQLite's 64 bits"))
            }
            ValueRef::Real(x) if x.is_nan() => Err(NoStorageClass("SQLite cannot store NaN")),
            _ => Ok(()),
        }
    }
}

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = |text: String| ToSqlOutput::Owned(rusqlite::types::Value::Text(text));
        Ok(ToSqlOutput::Borrowed(match self.0 {
            ValueRef::Null => SqlRef::Null,
            ValueRef::Boolean(b) => SqlRef::Integer(b.into()),
            ValueRef::Integer(n) => SqlRef::Integer(
                i64::try_from(n).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?,
            ),
            ValueRef::Real(x) => SqlRef::Real(x),
            ValueRef::Decimal(digits) => SqlRef::Text(digits.as_bytes()),
            ValueRef::Text(bytes) | ValueRef::Json(bytes) => SqlRef::Text(bytes),
            ValueRef::Blob(bytes) => SqlRef::Blob(bytes),
            ValueRef::Time(us) => return Ok(text(time_text(us))),
            ValueRef::Timestamp(us) => return Ok(text(timestamp_text(us))),
            ValueRef::TimestampUtc(us) => return Ok(text(format!("{}Z", timestamp_text(us)))),
            ValueRef::Date(days) => return Ok(text(date_text(days.into()))),
            value @ ValueRef::Uuid(_) => return Ok(text(value.to_string())),
        }))
    }
}

/// The value as it is stored; none when SQLite cannot hold it.
pub(super) fn raw(value: ValueRef<'_>) -> Option<Raw> {
    let bound = Bound(value);
    bound.check().ok()?;
    match bound.to_sql() {
        Ok(ToSqlOutput::Borrowed(value)) => Some(value.into()),
        Ok(ToSqlOutput::Owned(rusqlite::types::Value::Text(text))) => Some(Raw::Text(text.into_bytes())),
        _ => None,
    }
}

/// As [`raw`], of an owned value.
pub(super) fn raw_owned(value: &Value) -> Option<Raw> {
    raw(value.as_ref())
}

/// `[-]HH:MM:SS[.ffffff]`, the fraction without trailing zeros; hours may exceed a day.
fn time_text(us: i64) -> String {
    let sign = if us < 0 { "-" } else { "" };
    let us = us.unsigned_abs();
    let (seconds, fraction) = (us / 1_000_000, us % 1_000_000);
    let whole = format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction == 0 { whole } else { format!("{whole}.{}", format!("{fraction:06}").trim_end_matches('0')) }
}

/// `YYYY-MM-DD HH:MM:SS[.ffffff]`: SQLite's own form, and the one that its date functions read.
fn timestamp_text(us: i64) -> String {
    const DAY: i64 = 86_400_000_000;
    format!("{} {}", date_text(us.div_euclid(DAY)), time_text(us.rem_euclid(DAY)))
}

/// `YYYY-MM-DD` of the proleptic Gregorian calendar, for any day number.
///
/// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn date_text(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_without_a_storage_class_become_the_text_that_sqlite_reads() {
        let text = |value: Value| match raw_owned(&value) {
            Some(Raw::Text(bytes)) => String::from_utf8(bytes).unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!(text(Value::Date(0)), "1970-01-01");
        assert_eq!(text(Value::Date(-1)), "1969-12-31");
        assert_eq!(text(Value::Date(19_782)), "2024-02-29");
        assert!(
            raw_owned(&Value::Date(i32::MIN)).is_some() && raw_owned(&Value::Timestamp(i64::MIN)).is_some()
        );
        assert_eq!(text(Value::Timestamp(1_500_000)), "1970-01-01 00:00:01.5");
        assert_eq!(text(Value::TimestampUtc(-1)), "1969-12-31 23:59:59.999999Z");
        assert_eq!(text(Value::Time(-3_723_000_001)), "-01:02:03.000001");
        assert_eq!(text(Value::Decimal("12.50".into())), "12.50");
        assert_eq!(text(Value::Uuid([0xab; 16])), "abababab-abab-abab-abab-abababababab");
    }

    #[test]
    fn trap_12_20_what_sqlite_cannot_hold_is_refused_and_not_coerced() {
        assert_eq!(raw_owned(&Value::Integer(i128::from(u64::MAX))), None);
        assert_eq!(raw_owned(&Value::Real(f64::NAN)), None);
        assert_eq!(raw_owned(&Value::Integer(i128::from(i64::MIN))), Some(Raw::Integer(i64::MIN)));
    }
}
