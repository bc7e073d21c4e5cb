//! Whether the values of one type fit another, and what is lost.

use super::super::pair::ColumnType;
use super::{Compatibility, LogicalType, effective, has_numeric_affinity, is_same};

/// Digits that a decimal keeps for certain in a column of SQLite's NUMERIC affinity: a double's.
pub(crate) const AFFINITY_DIGITS_MAX: u64 = 15;

/// Whether the source's values fit the target.
pub fn compatibility(source: &ColumnType, target: &ColumnType, same_engine: bool) -> Compatibility {
    if is_same(source, target, same_engine) {
        return Compatibility::Exact;
    }
    let (from, to) = (&effective(source), &effective(target));
    let fit = match (from, to) {
        (LogicalType::Any, LogicalType::Any) if same_engine => {
            if has_numeric_affinity(target) && !has_numeric_affinity(source) {
                Fit::loses("turns text that looks like a number into one")
            } else {
                Fit::Same
            }
        }
        (LogicalType::Decimal { .. }, LogicalType::Decimal { .. }) if !target.strict && !source.strict => {
            decimal_fit(from, to)
        }
        _ => affinity_fit(from, target).unwrap_or_else(|| fit(from, to)),
    };
    match fit {
        Fit::Same => Compatibility::Exact,
        Fit::Wider => Compatibility::Widening,
        Fit::Loses(what) => Compatibility::Lossy(format!("{source} → {target}{what}")),
        Fit::Never(why) => Compatibility::Impossible(format!("{source} → {target}: {why}")),
    }
}

/// A verdict before the types are named.
enum Fit {
    Same,
    Wider,
    /// The rest of a sentence that begins with both types: ` drops 2 digits`.
    Loses(String),
    /// A sentence of its own.
    Never(&'static str),
}

impl Fit {
    fn loses(what: &str) -> Self {
        Self::Loses(format!(" {what}"))
    }

    /// Text that needs at most `needed` characters (none: any number) in a column of at most `length_max`.
    fn in_length(needed: Option<u64>, length_max: Option<u64>) -> Self {
        match (needed, length_max) {
            (_, None) => Self::Wider,
            (Some(needed), Some(most)) if needed <= most => Self::Wider,
            (_, Some(most)) => Self::loses(&format!("holds at most {most} characters")),
        }
    }
}

/// The limit of a column that only prefers numbers, for values that come from elsewhere.
fn affinity_fit(from: &LogicalType, target: &ColumnType) -> Option<Fit> {
    if has_numeric_affinity(target) && matches!(from, LogicalType::Text { .. } | LogicalType::Char { .. }) {
        return Some(Fit::loses("refuses text that would become a number there"));
    }
    let LogicalType::Decimal { .. } = target.logical else { return None };
    let digits = match *from {
        LogicalType::Decimal { precision, .. } => precision.map(u64::from),
        LogicalType::Text { length_max } => length_max.map(u64::from),
        LogicalType::Char { length } => Some(length.into()),
        _ => return None,
    };
    let too_long = !target.strict && digits.is_none_or(|digits| digits > AFFINITY_DIGITS_MAX);
    too_long
        .then(|| Fit::Loses(format!(": NUMERIC affinity holds at most {AFFINITY_DIGITS_MAX} digits exactly")))
}

fn fit(from: &LogicalType, to: &LogicalType) -> Fit {
    use LogicalType::{Any, Blob, Boolean, Char, Decimal, Float, Integer, Other, Text};
    match (from, to) {
        (Other(_), _) | (_, Other(_)) => Fit::Never("only its own engine understands this type"),
        (Any, Any) => Fit::Never("columns without a type have nothing in common across engines"),
        (_, Any) => Fit::Wider,
        (Any, Text { .. } | Char { .. }) => Fit::loses("keeps numbers as text, and refuses bytes"),
        (Any, _) => Fit::loses("refuses values of other types"),
        (Text { .. } | Char { .. }, Text { .. } | Char { .. }) => characters_fit(from, to),
        (Text { .. } | Char { .. }, Blob { .. }) | (Blob { .. }, Text { .. } | Char { .. }) => {
            Fit::Never("characters and bytes have no form in common")
        }
        (Text { .. } | Char { .. }, _) => Fit::loses("refuses text that says something else"),
        (_, Text { length_max }) => text_fit(from, length_max.map(u64::from)),
        (_, Char { length }) => text_fit(from, Some((*length).into())),
        (Boolean | Integer { .. } | Decimal { .. } | Float { .. }, _) => number_fit(from, to),
        _ => other_fit(from, to),
    }
}

fn characters_fit(from: &LogicalType, to: &LogicalType) -> Fit {
    use LogicalType::{Char, Text};
    let length = |logical: &LogicalType| match *logical {
        Text { length_max } => length_max.map(u64::from),
        Char { length } => Some(u64::from(length)),
        _ => None,
    };
    match (Fit::in_length(length(from), length(to)), from, to) {
        (Fit::Wider, Text { .. }, Char { .. }) => Fit::loses("does not keep blanks at the end"),
        (Fit::Wider, _, _) if from == to => Fit::Same,
        (fit, _, _) => fit,
    }
}

/// Whether the text of every value of a type fits so many characters.
fn text_fit(from: &LogicalType, length_max: Option<u64>) -> Fit {
    let needed = match *from {
        LogicalType::Boolean => Some(1),
        LogicalType::Integer { bits, signed } => Some(integer_digits(bits, signed) + u64::from(signed)),
        // A sign, a point and the zero before it.
        LogicalType::Decimal { precision, .. } => precision.map(|precision| u64::from(precision) + 3),
        LogicalType::Float { .. } => Some(24),
        LogicalType::Date => Some(10),
        LogicalType::Time { .. } => Some(15),
        LogicalType::Timestamp { .. } | LogicalType::TimestampUtc { .. } => Some(26),
        LogicalType::Uuid => match length_max {
            // Without hyphens.
            Some(32..) | None => Some(32),
            Some(_) => return Fit::Never("a uuid has 36 characters, or 32 without hyphens"),
        },
        _ => None,
    };
    Fit::in_length(needed, length_max)
}

fn integer_range(bits: u8, signed: bool) -> (i128, i128) {
    let values = 1i128 << bits;
    if signed { (-values / 2, values / 2 - 1) } else { (0, values - 1) }
}

fn integer_digits(bits: u8, signed: bool) -> u64 {
    let (lowest, highest) = integer_range(bits, signed);
    u64::from(lowest.unsigned_abs().max(highest.unsigned_abs()).ilog10()) + 1
}

fn number_fit(from: &LogicalType, to: &LogicalType) -> Fit {
    use LogicalType::{Boolean, Decimal, Float, Integer};
    match (from, to) {
        (Boolean, Boolean) => Fit::Same,
        (Boolean, Integer { .. } | Decimal { .. } | Float { .. }) => Fit::Wider,
        (Integer { .. } | Decimal { .. } | Float { .. }, Boolean) => Fit::loses("refuses all but 0 and 1"),
        (&Integer { bits, signed }, &Integer { bits: to_bits, signed: to_signed }) => {
            integer_fit(integer_range(bits, signed), integer_range(to_bits, to_signed))
        }
        (&Integer { bits, signed }, &Decimal { precision, scale }) => {
            whole_digits_fit(Some(integer_digits(bits, signed)), whole_digits(precision, scale))
        }
        (&Integer { bits, .. }, &Float { bits: to_bits }) => {
            let exact_bits = if to_bits <= 32 { 24 } else { 53 };
            if bits <= exact_bits {
                Fit::Wider
            } else {
                Fit::Loses(format!(" refuses integers beyond 2^{exact_bits} that it would round"))
            }
        }
        (&Decimal { precision, scale: Some(0) }, &Integer { bits, signed }) => {
            let most = integer_digits(bits, signed) - 1;
            whole_digits_fit(precision.map(u64::from), Some(most))
        }
        (Decimal { .. }, Integer { .. }) => Fit::loses("refuses numbers with digits behind the point"),
        (Decimal { .. }, Decimal { .. }) => decimal_fit(from, to),
        (&Decimal { precision, .. }, &Float { bits }) => {
            let most = if bits <= 32 { 6 } else { AFFINITY_DIGITS_MAX };
            if precision.is_some_and(|precision| u64::from(precision) <= most) {
                Fit::Wider
            } else {
                Fit::Loses(format!(" holds at most {most} digits exactly"))
            }
        }
        (Float { .. }, Integer { .. }) => Fit::loses("refuses all but whole numbers"),
        (Float { .. }, Decimal { .. }) => Fit::loses("refuses numbers with more digits, NaN and infinity"),
        (Float { bits }, Float { bits: to_bits }) => match bits.cmp(to_bits) {
            std::cmp::Ordering::Less => Fit::Wider,
            std::cmp::Ordering::Equal => Fit::Same,
            std::cmp::Ordering::Greater => Fit::loses("refuses numbers that it would round"),
        },
        _ => Fit::Never("a number means nothing there"),
    }
}

fn integer_fit(from: (i128, i128), to: (i128, i128)) -> Fit {
    match (from.0 < to.0, from.1 > to.1) {
        (false, false) if from == to => Fit::Same,
        (false, false) => Fit::Wider,
        (true, false) => Fit::Loses(format!(" refuses numbers below {}", to.0)),
        (false, true) => Fit::Loses(format!(" refuses numbers above {}", to.1)),
        (true, true) => Fit::Loses(format!(" refuses numbers below {} or above {}", to.0, to.1)),
    }
}

/// Digits before the point; none when there is no limit.
fn whole_digits(precision: Option<u16>, scale: Option<u16>) -> Option<u64> {
    precision.map(|precision| u64::from(precision.saturating_sub(scale.unwrap_or(0))))
}

fn whole_digits_fit(from: Option<u64>, to: Option<u64>) -> Fit {
    match (from, to) {
        (_, None) => Fit::Wider,
        (Some(from), Some(to)) if from <= to => Fit::Wider,
        (_, Some(to)) => Fit::Loses(format!(" holds at most {to} {} before the point", digits_word(to))),
    }
}

fn decimal_fit(from: &LogicalType, to: &LogicalType) -> Fit {
    let (
        &LogicalType::Decimal { precision, scale },
        &LogicalType::Decimal { precision: to_precision, scale: to_scale },
    ) = (from, to)
    else {
        return Fit::Never("not a decimal");
    };
    if let Some(kept) = to_scale {
        match scale {
            None => {
                return Fit::Loses(format!(" keeps {kept} {} behind the point", digits_word(kept.into())));
            }
            Some(scale) if scale > kept => {
                let dropped = u64::from(scale - kept);
                return Fit::Loses(format!(" drops {dropped} {}", digits_word(dropped)));
            }
            Some(_) => {}
        }
    }
    match whole_digits_fit(whole_digits(precision, scale), whole_digits(to_precision, to_scale)) {
        Fit::Wider if from == to => Fit::Same,
        fit => fit,
    }
}

fn digits_word(count: u64) -> &'static str {
    if count == 1 { "digit" } else { "digits" }
}

/// Bytes, times, uuids and documents among themselves.
fn other_fit(from: &LogicalType, to: &LogicalType) -> Fit {
    use LogicalType::{Blob, Date, Json, Time, Timestamp, TimestampUtc, Uuid};
    match (from, to) {
        (Blob { length_max: from }, Blob { length_max: to }) => match (from, to) {
            (from, to) if from == to => Fit::Same,
            (_, None) => Fit::Wider,
            (Some(from), Some(to)) if from <= to => Fit::Wider,
            (_, Some(to)) => Fit::Loses(format!(" holds at most {to} bytes")),
        },
        (Blob { .. }, Uuid) => Fit::loses("refuses all but 16 bytes"),
        (Uuid, Blob { length_max }) if length_max.is_none_or(|most| most >= 16) => Fit::Wider,
        (Uuid, Blob { .. }) => Fit::Never("a uuid has 16 bytes"),
        (Uuid, Uuid) | (Json, Json) | (Date, Date) => Fit::Same,
        (Date, Timestamp { .. }) => Fit::Wider,
        (Date | Timestamp { .. }, TimestampUtc { .. }) => {
            Fit::loses("has no time zone at the source: taken as UTC")
        }
        (Timestamp { .. } | TimestampUtc { .. }, Date) => Fit::loses("refuses all times but midnight"),
        (TimestampUtc { .. }, Timestamp { .. }) => {
            Fit::loses("has no time zone at the target: written as UTC")
        }
        (Time { precision: from }, Time { precision: to })
        | (Timestamp { precision: from }, Timestamp { precision: to })
        | (TimestampUtc { precision: from }, TimestampUtc { precision: to }) => precision_fit(*from, *to),
        _ => Fit::Never("values of one type mean nothing in the other"),
    }
}

fn precision_fit(from: u8, to: u8) -> Fit {
    match from.cmp(&to) {
        std::cmp::Ordering::Less => Fit::Wider,
        std::cmp::Ordering::Equal => Fit::Same,
        std::cmp::Ordering::Greater if to == 0 => {
            Fit::loses("cuts fractions of a second, and ignores them in compare")
        }
        std::cmp::Ordering::Greater => {
            let digits = digits_word(to.into());
            Fit::Loses(format!(
                " cuts fractions of a second after {to} {digits}, and ignores the rest in compare"
            ))
        }
    }
}
