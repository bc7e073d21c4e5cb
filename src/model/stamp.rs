//! What a modify stamp says about time, whatever type it is kept in.

use super::value::ValueRef;
use crate::base::clock::Timestamp;

/// Integers below this are taken as seconds since 1970, from here on as milliseconds.
const SECONDS_END: u128 = 100_000_000_000;

/// Integers below this are taken as milliseconds since 1970, from here on as microseconds.
const MILLISECONDS_END: u128 = 100_000_000_000_000;

/// The instant that a stamp means, or none when it means none (NULL, a version number in letters, …).
///
/// Civil times are read as UTC. Numbers are read as seconds, milliseconds or microseconds since 1970 by their size; a
/// counter that happens to look like a time beyond now only keeps the watermark back, which costs a second read and
/// loses nothing. Text is read as `YYYY-MM-DD`, optionally with a time and an offset.
pub fn instant(stamp: ValueRef<'_>) -> Option<Timestamp> {
    match stamp {
        ValueRef::Timestamp(us) | ValueRef::TimestampUtc(us) => Some(Timestamp(us)),
        ValueRef::Date(days) => Some(Timestamp(i64::from(days) * 86_400_000_000)),
        ValueRef::Integer(n) => {
            let us = match n.unsigned_abs() {
                size if size < SECONDS_END => n * 1_000_000,
                size if size < MILLISECONDS_END => n * 1_000,
                _ => n,
            };
            Some(Timestamp(i64::try_from(us).unwrap_or(if us < 0 { i64::MIN } else { i64::MAX })))
        }
        ValueRef::Real(x) if x.is_finite() => {
            instant(ValueRef::Integer(x.clamp(-1e18, 1e18) as i128)).map(|whole| match x.abs() {
                size if size < SECONDS_END as f64 => Timestamp((x * 1e6) as i64),
                _ => whole,
            })
        }
        ValueRef::Text(bytes) => text_instant(std::str::from_utf8(bytes).ok()?.trim()),
        _ => None,
    }
}

fn text_instant(text: &str) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp(instant.as_microsecond()));
    }
    let civil = text.parse::<jiff::civil::DateTime>().ok()?;
    Some(Timestamp(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_microsecond()))
}

/// Whether a stamp lies beyond `now`; false when it means no instant.
pub fn is_after(stamp: ValueRef<'_>, now: Timestamp) -> bool {
    instant(stamp).is_some_and(|instant| instant > now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::Value;

    #[test]
    fn one_instant_in_every_form() {
        let expected = Some(Timestamp(1_763_654_521_000_000));
        for stamp in [
            Value::Timestamp(1_763_654_521_000_000),
            Value::TimestampUtc(1_763_654_521_000_000),
            Value::Integer(1_763_654_521),
            Value::Integer(1_763_654_521_000),
            Value::Integer(1_763_654_521_000_000),
            Value::Real(1_763_654_521.0),
            Value::text("2025-11-20T16:02:01Z"),
            Value::text("2025-11-20 16:02:01"),
            Value::text("2025-11-20 18:02:01.000+02:00"),
        ] {
            assert_eq!(instant(stamp.as_ref()), expected, "{stamp}");
        }
        assert_eq!(instant(Value::text("2025-11-20").as_ref()), instant(Value::Date(20_412).as_ref()));
    }

    #[test]
    fn what_means_no_instant_is_not_in_the_future() {
        for stamp in [Value::Null, Value::text("rev-c"), Value::text("0000-00-00"), Value::Real(f64::NAN)] {
            assert!(!is_after(stamp.as_ref(), Timestamp(0)), "{stamp}");
        }
        assert!(!is_after(Value::Integer(i128::MIN).as_ref(), Timestamp(0)));
        assert!(is_after(Value::Integer(i128::MAX).as_ref(), Timestamp(0)));
    }
}
