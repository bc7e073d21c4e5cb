//! Values between the binary protocol and the model, both ways.
//!
//! Numbers and times are never text on their way in: floats come as their bits, times as their fields. A date that is
//! none (0000-00-00, 2020-00-10) is the text that the server would print.

use sqlx::mysql::MySqlArguments;

use super::facts::ColumnFacts;
use super::types::Wire;
use crate::model::common::{civil, uuid};
use crate::model::value::{Value, ValueRef};

const DAY_US: i64 = 86_400_000_000;

/// The first day behind the year 9999, counted from 1970-01-01.
const DAYS_END: i64 = 2_932_897;

/// 0000-01-01, counted from 1970-01-01.
const DAYS_START: i64 = -719_528;

/// A value to be bound.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Param {
    Null,
    Signed(i64),
    Unsigned(u64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The parameters of a statement.
pub(super) fn arguments(params: &[Param]) -> MySqlArguments {
    let mut arguments = MySqlArguments::default();
    for param in params {
        add(&mut arguments, param);
    }
    arguments
}

/// Adds one parameter.
pub(super) fn add(arguments: &mut MySqlArguments, param: &Param) {
    use sqlx::Arguments as _;
    let added = match param {
        // A text can become any type; a number cannot become a uuid, even when it is none.
        Param::Null => arguments.add(None::<&str>),
        Param::Signed(n) => arguments.add(*n),
        Param::Unsigned(n) => arguments.add(*n),
        Param::Real(x) => arguments.add(*x),
        Param::Text(text) => arguments.add(text.as_str()),
        Param::Bytes(bytes) => arguments.add(bytes.as_slice()),
    };
    added.expect("these types are encoded without fail");
}

/// Why a value cannot be written here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unfit(pub(super) String);

/// Adds a value to be stored.
pub(super) fn add_value(arguments: &mut MySqlArguments, value: ValueRef<'_>) -> Result<(), Unfit> {
    use sqlx::Arguments as _;
    let added = match value {
        ValueRef::Text(bytes) | ValueRef::Json(bytes) => arguments.add(utf8(bytes)?),
        ValueRef::Blob(bytes) => arguments.add(bytes),
        ValueRef::Decimal(text) => arguments.add(text),
        other => {
            add(arguments, &param(other)?);
            Ok(())
        }
    };
    added.expect("these types are encoded without fail");
    Ok(())
}

fn utf8(bytes: &[u8]) -> Result<&str, Unfit> {
    std::str::from_utf8(bytes).map_err(|_| Unfit("the text is not UTF-8".to_owned()))
}

/// A value as it is bound to be stored.
pub(super) fn param(value: ValueRef<'_>) -> Result<Param, Unfit> {
    let text = |bytes: Vec<u8>| Param::Text(String::from_utf8(bytes).expect("only ASCII was written"));
    Ok(match value {
        ValueRef::Null => Param::Null,
        ValueRef::Boolean(b) => Param::Signed(b.into()),
        ValueRef::Integer(n) => match (i64::try_from(n), u64::try_from(n)) {
            (Ok(n), _) => Param::Signed(n),
            (_, Ok(n)) => Param::Unsigned(n),
            _ => return Err(Unfit(format!("{n} is beyond 64 bits"))),
        },
        ValueRef::Real(x) if x.is_finite() => Param::Real(x),
        ValueRef::Real(x) => return Err(Unfit(format!("there is no {x} here"))),
        ValueRef::Decimal(digits) => Param::Text(digits.to_owned()),
        ValueRef::Text(bytes) | ValueRef::Json(bytes) => Param::Text(utf8(bytes)?.to_owned()),
        ValueRef::Blob(bytes) => Param::Bytes(bytes.to_vec()),
        ValueRef::Uuid(bytes) => {
            let mut out = Vec::with_capacity(36);
            uuid::write(bytes, &mut out);
            text(out)
        }
        ValueRef::Date(days) if in_calendar(days.into()) => Param::Text(date_text(days.into())),
        ValueRef::Time(us) => {
            let mut out = Vec::with_capacity(17);
            civil::write_time(us, 6, &mut out);
            text(out)
        }
        ValueRef::Timestamp(us) | ValueRef::TimestampUtc(us) if in_calendar(us.div_euclid(DAY_US)) => {
            let mut out = date_text(us.div_euclid(DAY_US)).into_bytes();
            out.push(b' ');
            civil::write_time(us.rem_euclid(DAY_US), 6, &mut out);
            text(out)
        }
        ValueRef::Date(_) | ValueRef::Timestamp(_) | ValueRef::TimestampUtc(_) => {
            return Err(Unfit(format!("{value} is not in the years 0 to 9999")));
        }
    })
}

/// A day as the server reads it: there is a year 0, and nothing before.
fn date_text(days: i64) -> String {
    let (year, month, day) = civil::civil_of(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Whether a day can be held.
pub(super) fn in_calendar(days: i64) -> bool {
    (DAYS_START..DAYS_END).contains(&days)
}

/// Hands a field over as a value; the error says what is wrong with the bytes.
pub(super) fn with_value<R>(
    column: &ColumnFacts,
    raw: Option<&[u8]>,
    then: impl FnOnce(ValueRef<'_>) -> R,
) -> Result<R, String> {
    let Some(bytes) = raw else { return Ok(then(ValueRef::Null)) };
    Ok(match column.wire {
        Wire::Signed => then(ValueRef::Integer(signed(bytes).into())),
        Wire::Unsigned => then(ValueRef::Integer(unsigned(bytes).into())),
        Wire::Float => match bytes.try_into() {
            Ok(bits) => then(ValueRef::Real(f32::from_le_bytes(bits).into())),
            Err(_) => return Err(malformed(column, bytes)),
        },
        Wire::Double => match bytes.try_into() {
            Ok(bits) => then(ValueRef::Real(f64::from_le_bytes(bits))),
            Err(_) => return Err(malformed(column, bytes)),
        },
        Wire::Decimal => match std::str::from_utf8(bytes) {
            Ok(digits) => then(ValueRef::Decimal(without_zerofill(digits))),
            Err(_) => return Err(malformed(column, bytes)),
        },
        Wire::Text => then(ValueRef::Text(bytes)),
        Wire::Json => then(ValueRef::Json(bytes)),
        Wire::Blob => then(ValueRef::Blob(bytes)),
        Wire::Truth => then(ValueRef::Boolean(bytes.iter().any(|&byte| byte != 0))),
        Wire::Bits => {
            then(ValueRef::Integer(bytes.iter().fold(0, |bits, &byte| bits << 8 | i128::from(byte))))
        }
        Wire::Uuid => match uuid::parse(bytes) {
            Some(found) => then(ValueRef::Uuid(&found)),
            None => return Err(malformed(column, bytes)),
        },
        Wire::Date | Wire::Datetime | Wire::Timestamp => {
            let date = Moment::read(bytes).ok_or_else(|| malformed(column, bytes))?;
            match (date.days(), column.wire) {
                (None, wire) => then(ValueRef::Text(date.shown(wire).as_bytes())),
                (Some(days), Wire::Date) => then(ValueRef::Date(days as i32)),
                (Some(days), Wire::Datetime) => then(ValueRef::Timestamp(days * DAY_US + date.time_us)),
                (Some(days), _) => then(ValueRef::TimestampUtc(days * DAY_US + date.time_us)),
            }
        }
        Wire::Time => match time(bytes) {
            Some(us) => then(ValueRef::Time(us)),
            None => return Err(malformed(column, bytes)),
        },
    })
}

/// A field as a value of its own.
pub(super) fn owned(column: &ColumnFacts, raw: Option<&[u8]>) -> Result<Value, String> {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method is not general enough in its lifetime"
    )]
    with_value(column, raw, |value| value.to_owned())
}

fn malformed(column: &ColumnFacts, bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(32)];
    format!("the column `{}` came as bytes that are no {}: {shown:02x?}", column.name, column.declared)
}

fn unsigned(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |n, &byte| n << 8 | u64::from(byte))
}

fn signed(bytes: &[u8]) -> i64 {
    let unused = 64 - 8 * bytes.len().clamp(1, 8) as u32;
    (unsigned(bytes) << unused) as i64 >> unused
}

/// `zerofill` fills up to the declared width.
fn without_zerofill(digits: &str) -> &str {
    let whole = digits.find('.').unwrap_or(digits.len());
    let zeros = digits.as_bytes()[..whole.saturating_sub(1)].iter().take_while(|&&byte| byte == b'0').count();
    &digits[zeros..]
}

/// A date and time of day in the fields of the protocol.
struct Moment {
    year: u16,
    month: u8,
    day: u8,
    time_us: i64,
}

impl Moment {
    /// Length, year, month, day; hour, minute, second; microsecond; what is zero at the end is left out.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (&length, rest) = bytes.split_first()?;
        let mut fields = [0; 11];
        if usize::from(length) != rest.len() || !matches!(length, 0 | 4 | 7 | 11) {
            return None;
        }
        fields[..rest.len()].copy_from_slice(rest);
        let [year_low, year_high, month, day, hour, minute, second, us @ ..] = fields;
        let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
        let time_us = seconds * 1_000_000 + i64::from(u32::from_le_bytes(us));
        Some(Self { year: u16::from_le_bytes([year_low, year_high]), month, day, time_us })
    }

    /// Days since 1970-01-01; none when there is no such date.
    fn days(&self) -> Option<i64> {
        civil::day_of(self.year.into(), self.month.into(), self.day.into())
            .filter(|_| self.month > 0 && self.day > 0)
    }

    fn shown(&self, wire: Wire) -> String {
        let mut text = format!("{:04}-{:02}-{:02}", self.year, self.month, self.day);
        if wire != Wire::Date {
            let mut time = vec![b' '];
            civil::write_time(self.time_us, 6, &mut time);
            text.push_str(&String::from_utf8_lossy(&time));
        }
        text
    }
}

/// Length; sign, days, hour, minute, second; microsecond.
fn time(bytes: &[u8]) -> Option<i64> {
    let (&length, rest) = bytes.split_first()?;
    if usize::from(length) != rest.len() || !matches!(length, 0 | 8 | 12) {
        return None;
    }
    let mut fields = [0; 12];
    fields[..rest.len()].copy_from_slice(rest);
    let [negative, d0, d1, d2, d3, hour, minute, second, us @ ..] = fields;
    let hours = i64::from(u32::from_le_bytes([d0, d1, d2, d3])) * 24 + i64::from(hour);
    let seconds = (hours * 60 + i64::from(minute)) * 60 + i64::from(second);
    let us = seconds * 1_000_000 + i64::from(u32::from_le_bytes(us));
    Some(if negative != 0 { -us } else { us })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::types::LogicalType;

    fn column(wire: Wire) -> ColumnFacts {
        ColumnFacts {
            name: "c".into(),
            declared: "type".into(),
            data_type: "type".into(),
            logical: LogicalType::Any,
            wire,
            nullable: true,
            default: None,
            generated: false,
            auto_increment: false,
            collation: None,
        }
    }

    fn read(wire: Wire, bytes: &[u8]) -> Value {
        owned(&column(wire), Some(bytes)).unwrap()
    }

    #[test]
    fn integers_have_their_sign_in_every_width() {
        assert_eq!(read(Wire::Signed, &[0x80]), Value::Integer(-128));
        assert_eq!(read(Wire::Signed, &[0, 0, 0x80, 0xff]), Value::Integer(-8_388_608));
        assert_eq!(read(Wire::Signed, &[0xff; 8]), Value::Integer(-1));
        assert_eq!(read(Wire::Unsigned, &[0xff; 8]), Value::Integer(u64::MAX.into()));
        assert_eq!(read(Wire::Bits, &[1, 0, 0, 0, 0, 0, 0, 2]), Value::Integer((1 << 56) + 2));
    }

    #[test]
    fn decimals_keep_their_scale_and_lose_zerofill() {
        for (bytes, digits) in [("0012.50", "12.50"), ("-0.10", "-0.10"), ("000", "0"), ("0.00", "0.00")] {
            assert_eq!(read(Wire::Decimal, bytes.as_bytes()), Value::Decimal(digits.into()));
        }
    }

    #[test]
    fn times_may_be_negative_and_longer_than_a_day() {
        let longest = [12, 1, 34, 0, 0, 0, 22, 59, 59, 0x3f, 0x42, 0x0f, 0];
        assert_eq!(
            read(Wire::Time, &longest),
            Value::Time(-((838 * 3600 + 59 * 60 + 59) * 1_000_000 + 999_999))
        );
        assert_eq!(read(Wire::Time, &[0]), Value::Time(0));
    }

    #[test]
    fn trap_18_a_date_that_is_none_is_its_text() {
        assert_eq!(read(Wire::Date, &[0]), Value::text("0000-00-00"));
        assert_eq!(read(Wire::Date, &[4, 0xe4, 7, 0, 10]), Value::text("2020-00-10"));
        assert_eq!(read(Wire::Datetime, &[0]), Value::text("0000-00-00 00:00:00"));
        assert_eq!(read(Wire::Date, &[4, 0xe4, 7, 2, 31]), Value::text("2020-02-31"));
        assert_eq!(read(Wire::Date, &[4, 0xb2, 7, 1, 2]), Value::Date(1));
        assert_eq!(read(Wire::Timestamp, &[7, 0xb2, 7, 1, 1, 0, 0, 1]), Value::TimestampUtc(1_000_000));
    }

    #[test]
    fn what_was_read_can_be_written() {
        let written = |value: Value| param(value.as_ref()).unwrap();
        assert_eq!(written(Value::Integer(u64::MAX.into())), Param::Unsigned(u64::MAX));
        assert_eq!(written(Value::Time(-1_500_000)), Param::Text("-00:00:01.5".into()));
        assert_eq!(written(Value::Date(-719_528)), Param::Text("0000-01-01".into()));
        assert_eq!(written(Value::Timestamp(-1)), Param::Text("1969-12-31 23:59:59.999999".into()));
    }

    #[test]
    fn what_cannot_be_held_is_refused() {
        for value in [
            Value::Integer(1 << 64),
            Value::Real(f64::NAN),
            Value::Real(f64::INFINITY),
            Value::Text(vec![0xff]),
            Value::Date(i32::MAX),
            Value::Timestamp(i64::MIN),
        ] {
            assert!(param(value.as_ref()).is_err(), "{value}");
        }
    }
}
