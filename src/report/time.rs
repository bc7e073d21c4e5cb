//! Instants as people read them, in a zone.

use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::base::clock::Timestamp;

fn zoned(at: Timestamp, zone: &TimeZone) -> Option<Zoned> {
    jiff::Timestamp::from_microsecond(at.0).ok().map(|instant| instant.to_zoned(zone.clone()))
}

fn shown(at: Timestamp, zone: &TimeZone, format: &str) -> String {
    zoned(at, zone).map_or_else(|| at.to_string(), |zoned| zoned.strftime(format).to_string())
}

/// `2026-11-20`
pub fn date(at: Timestamp, zone: &TimeZone) -> String {
    shown(at, zone, "%Y-%m-%d")
}

/// `14:02:00`
pub fn time_of_day(at: Timestamp, zone: &TimeZone) -> String {
    shown(at, zone, "%H:%M:%S")
}

/// `14:02`
pub fn minute_of_day(at: Timestamp, zone: &TimeZone) -> String {
    shown(at, zone, "%H:%M")
}

/// `2026-11-20 14:02:00`
pub fn date_and_time(at: Timestamp, zone: &TimeZone) -> String {
    shown(at, zone, "%Y-%m-%d %H:%M:%S")
}
