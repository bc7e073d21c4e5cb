//! Single values as text, complete and each kind in one form.

use std::borrow::Cow;
use std::fmt::Write;

use crate::base::escape;
use crate::model::value::ValueRef;

/// What becomes of control, bidirectional and invisible characters inside values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ControlCharacters {
    /// They are shown as escapes; right for a terminal.
    #[default]
    Escaped,
    /// They stay; only for output that no terminal shows.
    Kept,
}

/// The whole value without quotes; none for NULL.
pub fn plain(value: ValueRef<'_>, control: ControlCharacters) -> Option<Cow<'_, str>> {
    Some(match value {
        ValueRef::Null => return None,
        ValueRef::Text(bytes) | ValueRef::Json(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if control == ControlCharacters::Kept => Cow::Borrowed(text),
            _ => Cow::Owned(escape::visible_bytes(bytes)),
        },
        ValueRef::Blob(bytes) => Cow::Owned(format!("x'{}'", hex(bytes))),
        ValueRef::Time(us) => Cow::Owned(time(us)),
        other => Cow::Owned(other.to_string()),
    })
}

/// Two lower-case digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// `13:05:00.25`; negative or beyond a day where an engine has such times.
pub fn time(us: i64) -> String {
    let sign = if us < 0 { "-" } else { "" };
    let us = us.unsigned_abs();
    let (seconds, fraction) = (us / 1_000_000, us % 1_000_000);
    let mut out = format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction > 0 {
        let _ = write!(out, ".{}", format!("{fraction:06}").trim_end_matches('0'));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_every_engine_have_a_form() {
        assert_eq!(time(47_100_250_000), "13:05:00.25");
        assert_eq!(time(0), "00:00:00");
        assert_eq!(time(-3_020_399_000_000), "-838:59:59");
        assert_eq!(time(i64::MIN), "-2562047788:00:54.775808");
    }

    #[test]
    fn a_value_is_never_cut() {
        let blob = vec![0xab; 1000];
        let shown = plain(ValueRef::Blob(&blob), ControlCharacters::Escaped).unwrap();
        assert_eq!(shown.len(), 2003);
    }
}
