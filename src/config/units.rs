//! Text to numbers with units: durations, sizes, times of day, cron expressions, time zones.

use std::str::FromStr;
use std::time::Duration;

use super::error::Fault;
use crate::base::escape::visible_short;
use crate::base::nearest::nearest;
use crate::model::settings::TimeOfDay;

/// Characters of a value that a message repeats.
pub(crate) const SHOWN_MAX: usize = 60;

/// Longest time that a setting may name; beyond it, adding it to a date could overflow.
const DURATION_MAX: Duration = Duration::from_hours(24 * 366 * 100);

/// Size units, the longest first among those that divide a number evenly.
const SIZE_UNITS: [(&str, u64); 10] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("KB", 1000),
    ("kB", 1000),
    ("B", 1),
];

/// `90s`, `1h 30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, Fault> {
    let shown = visible_short(text, SHOWN_MAX);
    let duration = humantime::parse_duration(text).map_err(|error| match error {
        humantime::DurationError::Empty => Fault::new("the duration is empty"),
        humantime::DurationError::UnknownUnit { unit, value, .. } if unit.is_empty() => {
            Fault::new(format!("the duration \"{shown}\" has no unit"))
                .hint(format!("write \"{value}s\" or \"{value}ms\""))
        }
        humantime::DurationError::UnknownUnit { unit, .. } => {
            Fault::new(format!("\"{shown}\" has the unknown unit \"{}\"", visible_short(&unit, SHOWN_MAX)))
                .hint("units are ms, s, m, h, d, w")
        }
        _ => Fault::new(format!("\"{shown}\" is not a duration")),
    })?;
    if duration > DURATION_MAX {
        return Err(Fault::new(format!("\"{shown}\" is longer than 100 years")));
    }
    Ok(duration)
}

/// `64 MiB`, `1.5 GiB`, `500 B`.
pub(crate) fn size(text: &str) -> Result<u64, Fault> {
    let shown = visible_short(text, SHOWN_MAX);
    let trimmed = text.trim();
    let digits = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
    let (number, unit) = (&trimmed[..digits], trimmed[digits..].trim_start());
    if number.is_empty() {
        return Err(Fault::new(format!("\"{shown}\" is not a size")));
    }
    if unit.is_empty() {
        return Err(Fault::new(format!("the size \"{shown}\" has no unit"))
            .hint(format!("write \"{number} MiB\" or \"{number} KiB\"")));
    }
    let Some((_, factor)) = SIZE_UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(Fault::new(format!(
            "\"{shown}\" has the unknown unit \"{}\"",
            visible_short(unit, SHOWN_MAX)
        ))
        .hint("units are B, KiB, MiB, GiB, TiB, KB, MB, GB, TB"));
    };
    scaled(number, *factor)
        .ok_or_else(|| Fault::new(format!("\"{shown}\" is not a whole number of bytes below 8 EiB")))
}

/// `number` × `factor` when `number` is a decimal and the result is a whole number that fits.
fn scaled(number: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let scale = 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let bytes = digits.checked_mul(u128::from(factor))?;
    let is_whole = bytes.is_multiple_of(scale) && !number.ends_with('.');
    i64::try_from(bytes / scale).ok().filter(|_| is_whole).and_then(|bytes| u64::try_from(bytes).ok())
}

/// The shortest exact form that [`size`] reads; binary units only.
pub(crate) fn format_size(bytes: u64) -> String {
    let even =
        |(name, factor): &&(&str, u64)| name.ends_with("iB") && bytes > 0 && bytes.is_multiple_of(*factor);
    match SIZE_UNITS.iter().find(even) {
        Some((name, factor)) => format!("{} {name}", bytes / factor),
        None => format!("{bytes} B"),
    }
}

/// `02:00` or `02:00:30`.
pub(crate) fn time_of_day(text: &str) -> Result<TimeOfDay, Fault> {
    let fault = || {
        Fault::new(format!("\"{}\" is not a time of day", visible_short(text, SHOWN_MAX)))
            .hint("write hours and minutes, \"02:00\" to \"23:59\"")
    };
    let parts: Vec<&str> = text.split(':').collect();
    let number = |part: &str, digits_min: usize, bound: u8| {
        let fits = (digits_min..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|value: &u8| fits && *value < bound).ok_or_else(fault)
    };
    match parts.as_slice() {
        [hour, minute] => {
            Ok(TimeOfDay { hour: number(hour, 1, 24)?, minute: number(minute, 2, 60)?, second: 0 })
        }
        [hour, minute, second] => Ok(TimeOfDay {
            hour: number(hour, 1, 24)?,
            minute: number(minute, 2, 60)?,
            second: number(second, 2, 60)?,
        }),
        _ => Err(fault()),
    }
}

/// Refuses what croner cannot parse and what never comes.
pub(crate) fn check_cron(text: &str) -> Result<(), Fault> {
    const CRON_CHARS_MAX: usize = 200;
    let shown = visible_short(text, SHOWN_MAX);
    let advice = "minute hour day month weekday, for example \"0 2 * * 1-5\"";
    if text.len() > CRON_CHARS_MAX || !text.is_ascii() {
        return Err(Fault::new(format!("\"{shown}\" is not a cron expression")).hint(advice));
    }
    let cron = croner::Cron::from_str(text)
        .map_err(|error| Fault::new(format!("\"{shown}\" is not a cron expression: {error}")).hint(advice))?;
    let start = jiff::civil::date(2000, 1, 1).at(0, 0, 0, 0);
    match cron.find_next_occurrence(&start, true) {
        Ok(_) => Ok(()),
        Err(_) => Err(Fault::new(format!("\"{shown}\" never comes")).hint(advice)),
    }
}

/// Refuses names that the time-zone database does not have.
pub(crate) fn check_zone(text: &str) -> Result<(), Fault> {
    if jiff::tz::TimeZone::get(text).is_ok() {
        return Ok(());
    }
    let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    let fault = Fault::new(format!("there is no time zone \"{}\"", visible_short(text, SHOWN_MAX)));
    Err(match nearest(text, names.iter().map(String::as_str)) {
        Some(name) => fault.hint(format!("did you mean \"{name}\"?")),
        None => fault.hint("use an IANA name such as \"Europe/Helsinki\" or \"UTC\""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_units() {
        assert_eq!(duration("1h 30m").unwrap(), Duration::from_mins(90));
        assert_eq!(duration("90").unwrap_err().message, "the duration \"90\" has no unit");
        assert_eq!(
            duration("5 parsecs").unwrap_err().message,
            "\"5 parsecs\" has the unknown unit \"parsecs\""
        );
        assert_eq!(duration("-1s").unwrap_err().message, "\"-1s\" is not a duration");
        assert_eq!(
            duration("9999999 days").unwrap_err().message,
            "\"9999999 days\" is longer than 100 years"
        );
    }

    #[test]
    fn sizes_are_exact() {
        assert_eq!(size("64 MiB").unwrap(), 64 << 20);
        assert_eq!(size("1.5GiB").unwrap(), 3 << 29);
        assert_eq!(size("2 MB").unwrap(), 2_000_000);
        for wrong in ["64", "64 MiBs", "MiB", "1.3 B", "1..2 MiB", "9 EiB", "99999999999 TiB", "1. MiB", ""] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        for bytes in [0, 1, 1023, 1024, 1_000_000, 96 << 20, 3 << 29, i64::MAX as u64] {
            assert_eq!(size(&format_size(bytes)).unwrap(), bytes);
        }
    }

    #[test]
    fn times_of_day() {
        assert_eq!(time_of_day("2:00").unwrap().to_string(), "02:00");
        assert_eq!(time_of_day("23:59:58").unwrap().to_string(), "23:59:58");
        for wrong in ["24:00", "2", "02:60", "2:0", "02:00:00:00", "+2:00", "ab:cd", "", "002:00"] {
            assert!(time_of_day(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn cron_and_zones_are_checked_against_their_libraries() {
        check_cron("0 2 * * 1-5").unwrap();
        check_cron("@daily").unwrap();
        assert!(check_cron("0 25 * * *").unwrap_err().message.contains("not a cron expression"));
        assert!(check_cron("0 0 30 2 *").unwrap_err().message.ends_with("never comes"));
        check_zone("Europe/Helsinki").unwrap();
        let fault = check_zone("Europe/Helsinky").unwrap_err();
        assert_eq!(fault.hint.as_deref(), Some("did you mean \"Europe/Helsinki\"?"));
        assert!(check_zone("../../etc/passwd").is_err());
    }
}
