//! Dates and times of the proleptic Gregorian calendar, as numbers and as ISO text.
//!
//! Years before 1 are printed as PostgreSQL does (`0044-03-15 BC`). Text is read strictly: what is not a whole date or
//! time, or is finer than a microsecond, is none.

use super::super::value::ValueRef;
use super::number::write_integer;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Which offsets from UTC a timestamp's text may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offsets {
    /// None or UTC: the column holds civil time, whose offset would be lost.
    UtcOnly,
    /// Any; text without one is UTC.
    Any,
}

/// The civil date of a day counted from 1970-01-01, as (year, month, day); the year is astronomical, 0 is 1 BC.
///
/// Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
pub(crate) fn civil_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The day of a civil date, counted from 1970-01-01; none when there is no such date. The inverse of [`civil_of`].
pub(crate) fn day_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

fn write_two(n: i64, out: &mut Vec<u8>) {
    out.push(b'0' + (n / 10) as u8);
    out.push(b'0' + (n % 10) as u8);
}

/// Appends `YYYY-MM-DD` and tells whether ` BC` has to follow.
fn write_ymd(days: i64, out: &mut Vec<u8>) -> bool {
    let (year, month, day) = civil_of(days);
    let before_christ = year < 1;
    let shown = if before_christ { 1 - year } else { year };
    if shown < 10_000 {
        write_two(shown / 100, out);
        write_two(shown % 100, out);
    } else {
        write_integer(shown.into(), out);
    }
    out.push(b'-');
    write_two(month, out);
    out.push(b'-');
    write_two(day, out);
    before_christ
}

/// Appends the date of a day counted from 1970-01-01.
pub(crate) fn write_date(days: i64, out: &mut Vec<u8>) {
    if write_ymd(days, out) {
        out.extend_from_slice(b" BC");
    }
}

/// Microseconds of the last digit that `precision` digits behind the second keep.
pub(crate) fn unit(precision: u8) -> i64 {
    10i64.pow(6 - u32::from(precision.min(6)))
}

/// Appends `HH:MM:SS[.ffffff]`, cut (not rounded) to `precision` digits, without zeros at its end.
pub(crate) fn write_time(us: i64, precision: u8, out: &mut Vec<u8>) {
    if us < 0 {
        out.push(b'-');
    }
    let us = us.unsigned_abs();
    let (hours, minutes, seconds) = (us / HOUR as u64, us / MINUTE as u64 % 60, us / SECOND as u64 % 60);
    if hours < 100 {
        write_two(hours as i64, out);
    } else {
        write_integer(hours.into(), out);
    }
    out.push(b':');
    write_two(minutes as i64, out);
    out.push(b':');
    write_two(seconds as i64, out);
    let fraction = us % SECOND as u64;
    let fraction = fraction - fraction % unit(precision) as u64;
    if fraction > 0 {
        let digits = format_fraction(fraction);
        let kept = digits.iter().rposition(|&digit| digit != b'0').map_or(0, |last| last + 1);
        out.push(b'.');
        out.extend_from_slice(&digits[..kept]);
    }
}

fn format_fraction(mut fraction: u64) -> [u8; 6] {
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (fraction % 10) as u8;
        fraction /= 10;
    }
    digits
}

/// Appends `YYYY-MM-DD HH:MM:SS[.ffffff]`, cut to `precision` digits behind the second.
pub(crate) fn write_timestamp(us: i64, precision: u8, out: &mut Vec<u8>) {
    let before_christ = write_ymd(us.div_euclid(DAY), out);
    out.push(b' ');
    write_time(us.rem_euclid(DAY), precision, out);
    if before_christ {
        out.extend_from_slice(b" BC");
    }
}

/// The date that a value is; a timestamp only at midnight.
pub(crate) fn date_of(value: ValueRef<'_>) -> Option<i32> {
    match value {
        ValueRef::Date(days) => Some(days),
        ValueRef::Text(_) | ValueRef::Timestamp(_) | ValueRef::TimestampUtc(_) => {
            let us = timestamp_of(value, Offsets::UtcOnly)?;
            (us.rem_euclid(DAY) == 0).then(|| i32::try_from(us.div_euclid(DAY)).ok()).flatten()
        }
        _ => None,
    }
}

/// The time of day that a value is, in microseconds.
pub(crate) fn time_of(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Time(us) => Some(us),
        ValueRef::Text(text) => {
            let (sign, text) = if let [b'-', rest @ ..] = text { (-1, rest) } else { (1, text) };
            let (us, rest) = parse_time(text)?;
            rest.is_empty().then_some(sign * us)
        }
        _ => None,
    }
}

/// The timestamp that a value is, in microseconds since 1970-01-01T00:00:00; a date is its midnight.
pub(crate) fn timestamp_of(value: ValueRef<'_>, offsets: Offsets) -> Option<i64> {
    match value {
        ValueRef::Timestamp(us) | ValueRef::TimestampUtc(us) => Some(us),
        ValueRef::Date(days) => i64::from(days).checked_mul(DAY),
        ValueRef::Text(text) => parse_timestamp(text, offsets),
        _ => None,
    }
}

/// Whether a value is the text of a date with month or day zero (trap 18).
pub(crate) fn is_zero_date(value: ValueRef<'_>) -> bool {
    let ValueRef::Text(text) = value else { return false };
    let Some((year, month, day, rest)) = parse_ymd(text) else { return false };
    let zero = (month == 0 && day <= 31) || (day == 0 && month <= 12);
    let midnight_or_later = match rest {
        [] => true,
        [b' ' | b'T', time @ ..] => parse_time(time).is_some_and(|(_, rest)| rest.is_empty()),
        _ => false,
    };
    zero && midnight_or_later && year <= 9999
}

/// Reads the digits of `YYYY-MM-DD` without asking whether there is such a date.
fn parse_ymd(text: &[u8]) -> Option<(i64, i64, i64, &[u8])> {
    let (year, rest) = parse_digits(text, 4, 7)?;
    let (month, rest) = parse_digits(rest.strip_prefix(b"-")?, 2, 2)?;
    let (day, rest) = parse_digits(rest.strip_prefix(b"-")?, 2, 2)?;
    Some((year, month, day, rest))
}

fn parse_timestamp(text: &[u8], offsets: Offsets) -> Option<i64> {
    let (text, before_christ) = match text.strip_suffix(b" BC") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let (year, month, day, rest) = parse_ymd(text)?;
    let astronomical = if before_christ { 1 - year } else { year };
    let days = day_of(astronomical, month, day).filter(|_| year >= 1)?;
    let (us, rest) = match rest {
        [] => (0, rest),
        [b' ' | b'T' | b't', time @ ..] => parse_time(time).filter(|&(us, _)| us < DAY)?,
        _ => return None,
    };
    let offset = parse_offset(rest)?;
    if offset != 0 && offsets == Offsets::UtcOnly {
        return None;
    }
    days.checked_mul(DAY)?.checked_add(us)?.checked_sub(offset)
}

/// Reads `HH:MM[:SS[.fraction]]`, up to `24:00:00` and beyond for engines whose times are durations.
fn parse_time(text: &[u8]) -> Option<(i64, &[u8])> {
    let (hours, rest) = parse_digits(text, 2, 3)?;
    let (minutes, mut rest) = parse_digits(rest.strip_prefix(b":")?, 2, 2)?;
    let (mut seconds, mut fraction) = (0, 0);
    if let [b':', after @ ..] = rest {
        (seconds, rest) = parse_digits(after, 2, 2)?;
        if let [b'.', after @ ..] = rest {
            (fraction, rest) = parse_fraction(after)?;
        }
    }
    let valid = minutes < 60 && seconds < 60;
    valid.then_some((hours * HOUR + minutes * MINUTE + seconds * SECOND + fraction, rest))
}

/// Microseconds of the digits behind a second; none when they say more than microseconds.
fn parse_fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    let finer = digits.iter().skip(6).any(|&digit| digit != b'0');
    if digits.is_empty() || finer {
        return None;
    }
    let us =
        (0..6).fold(0, |sum, index| sum * 10 + i64::from(digits.get(index).map_or(0, |digit| digit - b'0')));
    Some((us, rest))
}

/// Microseconds east of UTC: nothing, `Z`, `±HH`, `±HHMM` or `±HH:MM`, after at most one blank.
fn parse_offset(text: &[u8]) -> Option<i64> {
    let text = text.strip_prefix(b" ").filter(|rest| !rest.is_empty()).unwrap_or(text);
    let (sign, rest) = match text {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = rest.split_at_checked(2)?;
    let minutes = rest.strip_prefix(b":").unwrap_or(rest);
    let (hours, _) = parse_digits(hours, 2, 2)?;
    let minutes = match minutes {
        [] if rest.is_empty() => 0,
        minutes => parse_digits(minutes, 2, 2).filter(|(_, rest)| rest.is_empty())?.0,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * HOUR + minutes * MINUTE))
}

/// Reads at least `least` and at most `most` digits; one more digit is none.
fn parse_digits(text: &[u8], least: usize, most: usize) -> Option<(i64, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(least..=most).contains(&length) {
        return None;
    }
    let (digits, rest) = text.split_at(length);
    Some((digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(us: i64, precision: u8) -> String {
        let mut out = Vec::new();
        write_timestamp(us, precision, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn read(text: &str, offsets: Offsets) -> Option<i64> {
        timestamp_of(ValueRef::Text(text.as_bytes()), offsets)
    }

    #[test]
    fn timestamps_are_printed_as_postgresql_prints_them() {
        assert_eq!(shown(0, 6), "1970-01-01 00:00:00");
        assert_eq!(shown(-1, 6), "1969-12-31 23:59:59.999999");
        assert_eq!(shown(-1, 3), "1969-12-31 23:59:59.999");
        assert_eq!(shown(1_500_000, 6), "1970-01-01 00:00:01.5");
        assert_eq!(shown(1_500_000, 0), "1970-01-01 00:00:01");
        assert_eq!(shown(day_of(10_000, 1, 1).unwrap() * DAY, 6), "10000-01-01 00:00:00");
        assert_eq!(shown(day_of(-43, 3, 15).unwrap() * DAY, 6), "0044-03-15 00:00:00 BC");
        let mut out = Vec::new();
        write_time(-HOUR * 120 - 1, 6, &mut out);
        assert_eq!(out, b"-120:00:00.000001");
    }

    #[test]
    fn text_is_read_strictly() {
        let noon = Some(day_of(2024, 2, 29).unwrap() * DAY + 12 * HOUR);
        for text in
            ["2024-02-29 12:00", "2024-02-29T12:00:00", "2024-02-29 12:00:00.000000000", "2024-02-29 12:00Z"]
        {
            assert_eq!(read(text, Offsets::UtcOnly), noon, "{text}");
        }
        assert_eq!(
            read("0044-03-15 12:00:00 BC", Offsets::Any),
            Some(day_of(-43, 3, 15).unwrap() * DAY + 12 * HOUR)
        );
        for text in ["2024-02-29 14:00:00+02", "2024-02-29 14:00:00 +02:00", "2024-02-29T06:30-0530"] {
            assert_eq!(read(text, Offsets::Any), noon, "{text}");
            assert_eq!(read(text, Offsets::UtcOnly), None, "{text}");
        }
        for text in [
            "2023-02-29",
            "2024-13-01",
            "2024-1-1",
            "24-01-01",
            "0000-01-01",
            "2024-01-01 24:00:00",
            "2024-01-01 1:00",
            "2024-01-01 10:60",
            "2024-01-01x",
            "2024-01-01 10:00:00.1234567",
            "2024-01-01 10:00:00.",
            "2024-01-01 ",
            "2024-01-01 10:00 CET",
            "",
            "now",
        ] {
            assert_eq!(read(text, Offsets::Any), None, "{text}");
        }
    }

    #[test]
    fn trap_18_zero_dates_are_recognised_and_nothing_else_is() {
        let zero = |text: &str| is_zero_date(ValueRef::Text(text.as_bytes()));
        assert!(zero("0000-00-00") && zero("2020-00-10") && zero("2020-10-00 00:00:00"));
        assert!(!zero("2020-10-10") && !zero("0000-00-00x") && !zero("zero") && !zero("2020-00-40"));
    }

    proptest! {
        #[test]
        fn dates_come_back_from_their_parts(days in -2_000_000i64..4_000_000) {
            let (year, month, day) = civil_of(days);
            prop_assert_eq!(day_of(year, month, day), Some(days));
        }

        #[test]
        fn timestamps_come_back_from_their_text(us in i64::MIN..i64::MAX, precision in 0u8..=6) {
            prop_assert_eq!(read(&shown(us, 6), Offsets::UtcOnly), Some(us));
            prop_assert_eq!(shown(us - us.rem_euclid(unit(precision)), 6), shown(us, precision));
        }
    }
}
