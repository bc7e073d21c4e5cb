//! Values that become dates and times.

use super::super::common::civil::{self, Offsets};
use super::super::value::ValueRef;
use super::Refused;

pub(super) fn to_date(value: ValueRef<'_>) -> Result<ValueRef<'static>, Refused> {
    match civil::date_of(value) {
        Some(days) => Ok(ValueRef::Date(days)),
        None if civil::timestamp_of(value, Offsets::UtcOnly).is_some() => {
            Err(Refused::OutOfRange("it has a time of day".to_owned()))
        }
        None => Err(Refused::NotOfType("a date")),
    }
}

pub(super) fn to_time(value: ValueRef<'_>, precision: u8) -> Result<ValueRef<'static>, Refused> {
    let us = civil::time_of(value).ok_or(Refused::NotOfType("a time of day"))?;
    Ok(ValueRef::Time(us - us % civil::unit(precision)))
}

pub(super) fn to_timestamp(
    value: ValueRef<'_>,
    precision: u8,
    utc: bool,
) -> Result<ValueRef<'static>, Refused> {
    let offsets = if utc { Offsets::Any } else { Offsets::UtcOnly };
    let us = match civil::timestamp_of(value, offsets) {
        Some(us) => us,
        None if civil::timestamp_of(value, Offsets::Any).is_some() => {
            return Err(Refused::OutOfRange("the target keeps no offset from UTC".to_owned()));
        }
        None => return Err(Refused::NotOfType("a date and time")),
    };
    let us = us - us.rem_euclid(civil::unit(precision));
    Ok(if utc { ValueRef::TimestampUtc(us) } else { ValueRef::Timestamp(us) })
}
