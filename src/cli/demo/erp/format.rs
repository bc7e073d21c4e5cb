//! Money, quantities and times as the ERP keeps them: as text, exactly.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

use crate::model::value::Value;

/// When the ERP went live, in seconds since 1970: 2020-01-02T06:00:00Z.
const FIRST: i64 = 1_577_944_800;

/// When its newest record was made: 2025-06-30T16:00:00Z.
const LAST: i64 = 1_751_299_200;

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// When the n-th of `count` records was made; later records later, with the last one at the end.
pub(super) fn made_at(number: u64, count: u64) -> i64 {
    let share = i128::from(LAST - FIRST) * i128::from(number + 1) / i128::from(count.max(1));
    FIRST + i64::try_from(share).expect("a share of the time from first to last fits")
}

/// Not later than the newest record.
pub(super) fn until_last(seconds: i64) -> i64 {
    seconds.min(LAST)
}

fn civil(seconds: i64) -> DateTime {
    let instant = Timestamp::from_second(seconds).expect("the ERP's times lie between 2020 and 2026");
    instant.to_zoned(jiff::tz::TimeZone::UTC).datetime()
}

/// `2024-03-01 09:30:00`.
pub(super) fn stamp(seconds: i64) -> Value {
    Value::text(&stamp_text(civil(seconds)))
}

fn stamp_text(t: DateTime) -> String {
    let (date, time) = (t.date(), t.time());
    format!("{date} {:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

/// `2024-03-01`.
pub(super) fn date(seconds: i64) -> Value {
    Value::text(&civil(seconds).date().to_string())
}

/// The year of an instant.
pub(super) fn year(seconds: i64) -> i16 {
    civil(seconds).year()
}

/// A stamp moved so many days back.
pub(in super::super) fn earlier(stamp: &Value, days: u64) -> Value {
    let Value::Text(bytes) = stamp else { return stamp.clone() };
    let text = std::str::from_utf8(bytes).expect("a stamp is plain text");
    let time: DateTime = text.parse().expect("a stamp is a civil time");
    let days = i64::try_from(days).expect("a few days");
    Value::text(&stamp_text(time - SignedDuration::from_hours(24 * days)))
}

/// `1234.50` from cents.
pub(super) fn money(cents: u64) -> Value {
    Value::text(&format!("{}.{:02}", cents / 100, cents % 100))
}

/// `2.5` from thousandths, without trailing zeros.
pub(super) fn quantity(thousandths: u64) -> Value {
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    Value::text(text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_texts() {
        assert_eq!(money(5), Value::text("0.05"));
        assert_eq!(money(123_450), Value::text("1234.50"));
        assert_eq!(quantity(2_500), Value::text("2.5"));
        assert_eq!(quantity(10_000), Value::text("10"));
        assert_eq!(stamp(FIRST), Value::text("2020-01-02 06:00:00"));
        assert_eq!(stamp(made_at(9, 10)), Value::text("2025-06-30 16:00:00"));
        assert_eq!(earlier(&Value::text("2024-03-01 09:30:00"), 1), Value::text("2024-02-29 09:30:00"));
    }
}
