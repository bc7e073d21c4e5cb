//! Types and literals of the memory store, as text and as meanings.
//!
//! A declared type is one of `boolean`, `integer(BITS)`, `unsigned(BITS)`, `decimal`, `decimal(P,S)`, `float(BITS)`,
//! `text`, `text(N)`, `char(N)`, `blob`, `blob(N)`, `date`, `time(P)`, `timestamp(P)`, `timestamp_utc(P)`, `uuid`, `json`,
//! `any`. Values must be of their column's kind; `any` takes every kind.

use std::fmt::Write;

use crate::model::types::LogicalType;
use crate::model::value::{Value, ValueRef};

/// The declared type for a meaning.
pub(super) fn declare(logical: &LogicalType) -> String {
    let sized =
        |name: &str, size: Option<u32>| size.map_or(name.to_owned(), |size| format!("{name}({size})"));
    match logical {
        LogicalType::Boolean => "boolean".into(),
        LogicalType::Integer { bits, signed: true } => format!("integer({bits})"),
        LogicalType::Integer { bits, signed: false } => format!("unsigned({bits})"),
        LogicalType::Decimal { precision: Some(precision), scale } => {
            format!("decimal({precision},{})", scale.unwrap_or(0))
        }
        LogicalType::Decimal { precision: None, .. } => "decimal".into(),
        LogicalType::Float { bits } => format!("float({bits})"),
        LogicalType::Text { length_max } => sized("text", *length_max),
        LogicalType::Char { length } => format!("char({length})"),
        LogicalType::Blob { length_max } => sized("blob", *length_max),
        LogicalType::Date => "date".into(),
        LogicalType::Time { precision } => format!("time({precision})"),
        LogicalType::Timestamp { precision } => format!("timestamp({precision})"),
        LogicalType::TimestampUtc { precision } => format!("timestamp_utc({precision})"),
        LogicalType::Uuid => "uuid".into(),
        LogicalType::Json => "json".into(),
        LogicalType::Any | LogicalType::Other(_) => "any".into(),
    }
}

/// The meaning of a declared type, or none when it is no type of this store.
pub(super) fn parse(declared: &str) -> Option<LogicalType> {
    let (name, arguments) = match declared.split_once('(') {
        Some((name, rest)) => (name, rest.strip_suffix(')')?),
        None => (declared, ""),
    };
    let numbers: Vec<u32> = match arguments {
        "" => Vec::new(),
        list => list.split(',').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?,
    };
    let byte = |index: usize| numbers.get(index).map(|&n| n as u8);
    Some(match (name, numbers.len()) {
        ("boolean", 0) => LogicalType::Boolean,
        ("integer", 1) => LogicalType::Integer { bits: byte(0)?, signed: true },
        ("unsigned", 1) => LogicalType::Integer { bits: byte(0)?, signed: false },
        ("decimal", 0) => LogicalType::Decimal { precision: None, scale: None },
        ("decimal", 2) => {
            LogicalType::Decimal { precision: Some(numbers[0] as u16), scale: Some(numbers[1] as u16) }
        }
        ("float", 1) => LogicalType::Float { bits: byte(0)? },
        ("text", 0 | 1) => LogicalType::Text { length_max: numbers.first().copied() },
        ("char", 1) => LogicalType::Char { length: numbers[0] },
        ("blob", 0 | 1) => LogicalType::Blob { length_max: numbers.first().copied() },
        ("date", 0) => LogicalType::Date,
        ("time", 1) => LogicalType::Time { precision: byte(0)? },
        ("timestamp", 1) => LogicalType::Timestamp { precision: byte(0)? },
        ("timestamp_utc", 1) => LogicalType::TimestampUtc { precision: byte(0)? },
        ("uuid", 0) => LogicalType::Uuid,
        ("json", 0) => LogicalType::Json,
        ("any", 0) => LogicalType::Any,
        _ => return None,
    })
}

/// Why a value is not one of the type, or none when it is; NULL is judged elsewhere.
pub(super) fn misfit(logical: &LogicalType, value: &Value) -> Option<String> {
    let fits = match (logical, value) {
        (_, Value::Null)
        | (LogicalType::Any | LogicalType::Other(_), _)
        | (LogicalType::Boolean, Value::Boolean(_))
        | (LogicalType::Decimal { precision: None, .. }, Value::Decimal(_))
        | (LogicalType::Date, Value::Date(_))
        | (LogicalType::Time { .. }, Value::Time(_))
        | (LogicalType::Timestamp { .. }, Value::Timestamp(_))
        | (LogicalType::TimestampUtc { .. }, Value::TimestampUtc(_))
        | (LogicalType::Uuid, Value::Uuid(_))
        | (LogicalType::Json, Value::Json(_)) => true,
        (LogicalType::Float { bits }, Value::Real(x)) => {
            *bits == 64 || f64::from(*x as f32).to_bits() == x.to_bits()
        }
        (LogicalType::Integer { bits, signed }, Value::Integer(n)) => integer_fits(*bits, *signed, *n),
        (LogicalType::Decimal { precision: Some(precision), scale }, Value::Decimal(text)) => {
            decimal_fits(text, usize::from(*precision), usize::from(scale.unwrap_or(0)))
        }
        (LogicalType::Text { length_max }, Value::Text(bytes)) => {
            length_max.is_none_or(|most| characters(bytes) <= most as usize)
        }
        (LogicalType::Char { length }, Value::Text(bytes)) => characters(bytes) <= *length as usize,
        (LogicalType::Blob { length_max }, Value::Blob(bytes)) => {
            length_max.is_none_or(|most| bytes.len() <= most as usize)
        }
        _ => false,
    };
    (!fits).then(|| format!("{value} is no {}", declare(logical)))
}

fn integer_fits(bits: u8, signed: bool, n: i128) -> bool {
    let (least, most) =
        if signed { (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1) } else { (0, (1i128 << bits) - 1) };
    (least..=most).contains(&n)
}

fn decimal_fits(text: &str, precision: usize, scale: usize) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    whole.trim_start_matches('0').len() <= precision - scale && fraction.trim_end_matches('0').len() <= scale
}

/// Characters of a text; bytes that are not UTF-8 count as one each.
pub(super) fn characters(bytes: &[u8]) -> usize {
    bytes.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum()
}

/// A literal of this store as a value: NULL, TRUE, FALSE, numbers, `'text'` with doubled quotes.
pub(super) fn parse_literal(text: &str, logical: &LogicalType) -> Option<Value> {
    let text = text.trim();
    let plain = match text.to_ascii_uppercase().as_str() {
        "NULL" => return Some(Value::Null),
        "TRUE" => Value::Boolean(true),
        "FALSE" => Value::Boolean(false),
        _ if text.starts_with('\'') => {
            let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
            Value::Text(inner.replace("''", "'").into_bytes())
        }
        _ if matches!(logical, LogicalType::Decimal { .. }) => {
            text.parse::<f64>().ok()?;
            Value::Decimal(text.to_owned())
        }
        _ => match text.parse::<i128>() {
            Ok(n) => Value::Integer(n),
            Err(_) => Value::Real(text.parse().ok()?),
        },
    };
    Some(match (logical, plain) {
        (LogicalType::Boolean, Value::Integer(n)) => Value::Boolean(n != 0),
        (LogicalType::Float { .. }, Value::Integer(n)) => Value::Real(n as f64),
        (LogicalType::Date, Value::Integer(n)) => Value::Date(i32::try_from(n).ok()?),
        (LogicalType::Timestamp { .. }, Value::Integer(n)) => Value::Timestamp(i64::try_from(n).ok()?),
        (LogicalType::TimestampUtc { .. }, Value::Integer(n)) => Value::TimestampUtc(i64::try_from(n).ok()?),
        (LogicalType::Json, Value::Text(bytes)) => Value::Json(bytes),
        (_, plain) => plain,
    })
}

/// A value as a literal of this store, in the spelling that most engines share.
pub(super) fn literal(value: ValueRef<'_>) -> String {
    let quoted = |bytes: &[u8]| format!("'{}'", String::from_utf8_lossy(bytes).replace('\'', "''"));
    let hex = |bytes: &[u8]| {
        let mut text = String::from("x'");
        for byte in bytes {
            let _ = write!(text, "{byte:02x}");
        }
        text + "'"
    };
    match value {
        ValueRef::Null => "NULL".into(),
        ValueRef::Boolean(b) => if b { "TRUE" } else { "FALSE" }.into(),
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Real(x) => format!("{x:?}"),
        ValueRef::Decimal(text) => text.to_owned(),
        ValueRef::Text(bytes) | ValueRef::Json(bytes) => quoted(bytes),
        ValueRef::Blob(bytes) => hex(bytes),
        ValueRef::Uuid(bytes) => hex(bytes),
        ValueRef::Date(days) => days.to_string(),
        ValueRef::Time(us) | ValueRef::Timestamp(us) | ValueRef::TimestampUtc(us) => us.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declared_type_means_what_it_was_made_from() {
        for logical in [
            LogicalType::Boolean,
            LogicalType::Integer { bits: 64, signed: true },
            LogicalType::Integer { bits: 8, signed: false },
            LogicalType::Decimal { precision: Some(12), scale: Some(2) },
            LogicalType::Decimal { precision: None, scale: None },
            LogicalType::Float { bits: 32 },
            LogicalType::Text { length_max: Some(20) },
            LogicalType::Text { length_max: None },
            LogicalType::Char { length: 3 },
            LogicalType::Blob { length_max: None },
            LogicalType::Date,
            LogicalType::Time { precision: 6 },
            LogicalType::Timestamp { precision: 3 },
            LogicalType::TimestampUtc { precision: 0 },
            LogicalType::Uuid,
            LogicalType::Json,
            LogicalType::Any,
        ] {
            assert_eq!(parse(&declare(&logical)), Some(logical));
        }
        assert_eq!(parse("varchar(3)"), None);
    }

    #[test]
    fn values_that_a_type_does_not_hold_are_named() {
        let byte = LogicalType::Integer { bits: 8, signed: true };
        assert_eq!(misfit(&byte, &Value::Integer(127)), None);
        assert_eq!(misfit(&byte, &Value::Integer(128)).as_deref(), Some("128 is no integer(8)"));
        let short = LogicalType::Text { length_max: Some(2) };
        assert_eq!(misfit(&short, &Value::text("éé")), None);
        assert!(misfit(&short, &Value::text("abc")).is_some());
        assert!(misfit(&short, &Value::Integer(1)).is_some());
        let money = LogicalType::Decimal { precision: Some(4), scale: Some(2) };
        assert_eq!(misfit(&money, &Value::Decimal("-12.50".into())), None);
        assert!(misfit(&money, &Value::Decimal("123".into())).is_some());
        assert!(misfit(&money, &Value::Decimal("1.005".into())).is_some());
    }

    #[test]
    fn literals_come_back() {
        let text = LogicalType::Text { length_max: None };
        for value in [Value::Null, Value::Integer(-3), Value::text("it's"), Value::Real(0.5)] {
            assert_eq!(parse_literal(&literal(value.as_ref()), &text), Some(value));
        }
        assert_eq!(parse_literal("1", &LogicalType::Boolean), Some(Value::Boolean(true)));
        assert_eq!(parse_literal("current_timestamp", &text), None);
    }
}
