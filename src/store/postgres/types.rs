//! What a column's type means, and how its values travel.

use crate::model::types::LogicalType;

/// How values of a type travel and compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Boolean,
    /// `int2`, `int4`, `int8`.
    Integer,
    /// `oid`: an unsigned integer of 32 bits.
    Oid,
    Float4,
    Float8,
    Numeric,
    /// `text`, `varchar`, `name`.
    Text,
    /// `bpchar`: blanks at the end do not count.
    Char,
    Bytea,
    Date,
    Time,
    Timestamp,
    TimestampUtc,
    Uuid,
    Json,
    Jsonb,
    /// By its text.
    Other,
}

/// The class and the meaning of a type; `modifier` as in the catalogue, -1 for none.
pub(super) fn meaning(oid: u32, modifier: i32, is_enum: bool, declared: &str) -> (Class, LogicalType) {
    let length = u32::try_from(modifier - 4).ok().filter(|_| modifier >= 0);
    let precision = u8::try_from(modifier).map_or(6, |digits| digits.min(6));
    let integer = |bits| (Class::Integer, LogicalType::Integer { bits, signed: true });
    match oid {
        16 => (Class::Boolean, LogicalType::Boolean),
        21 => integer(16),
        23 => integer(32),
        20 => integer(64),
        26 => (Class::Oid, LogicalType::Integer { bits: 32, signed: false }),
        700 => (Class::Float4, LogicalType::Float { bits: 32 }),
        701 => (Class::Float8, LogicalType::Float { bits: 64 }),
        1700 => (Class::Numeric, decimal(modifier)),
        25 | 19 => (Class::Text, LogicalType::Text { length_max: None }),
        1043 => (Class::Text, LogicalType::Text { length_max: length }),
        1042 => match length {
            Some(length) => (Class::Char, LogicalType::Char { length }),
            None => (Class::Char, LogicalType::Text { length_max: None }),
        },
        17 => (Class::Bytea, LogicalType::Blob { length_max: None }),
        1082 => (Class::Date, LogicalType::Date),
        1083 => (Class::Time, LogicalType::Time { precision }),
        1114 => (Class::Timestamp, LogicalType::Timestamp { precision }),
        1184 => (Class::TimestampUtc, LogicalType::TimestampUtc { precision }),
        2950 => (Class::Uuid, LogicalType::Uuid),
        114 => (Class::Json, LogicalType::Json),
        3802 => (Class::Jsonb, LogicalType::Json),
        _ if is_enum => (Class::Other, LogicalType::Text { length_max: None }),
        _ => (Class::Other, LogicalType::Other(declared.to_owned())),
    }
}

/// Precision and scale of a `numeric`; from version 15 on the scale may be negative.
fn decimal(modifier: i32) -> LogicalType {
    if modifier < 4 {
        return LogicalType::Decimal { precision: None, scale: None };
    }
    let packed = modifier - 4;
    let scale = ((packed & 0x7ff) ^ 0x400) - 0x400;
    let precision = ((packed >> 16) & 0xffff) + (-scale).max(0);
    LogicalType::Decimal {
        precision: u16::try_from(precision).ok(),
        scale: Some(u16::try_from(scale.max(0)).unwrap_or(0)),
    }
}

/// The type of a new column for values of another engine.
pub(super) fn column_type(logical: &LogicalType) -> String {
    match logical {
        LogicalType::Boolean => "boolean".to_owned(),
        LogicalType::Integer { bits, signed } => match (bits, signed) {
            (8 | 16, true) | (8, false) => "smallint".to_owned(),
            (24 | 32, true) | (16 | 24, false) => "integer".to_owned(),
            (64, false) => "numeric(20)".to_owned(),
            _ => "bigint".to_owned(),
        },
        LogicalType::Decimal { precision: Some(precision), scale } => {
            format!("numeric({precision},{})", scale.unwrap_or(0))
        }
        LogicalType::Decimal { precision: None, .. } => "numeric".to_owned(),
        LogicalType::Float { bits: 32 } => "real".to_owned(),
        LogicalType::Float { .. } => "double precision".to_owned(),
        LogicalType::Text { length_max: Some(length @ 1..=10_485_760) } => {
            format!("varchar({length}) COLLATE \"C\"")
        }
        LogicalType::Char { length: length @ 1..=10_485_760 } => format!("char({length}) COLLATE \"C\""),
        LogicalType::Blob { .. } => "bytea".to_owned(),
        LogicalType::Date => "date".to_owned(),
        LogicalType::Time { precision } => format!("time({})", precision.min(&6)),
        LogicalType::Timestamp { precision } => format!("timestamp({})", precision.min(&6)),
        LogicalType::TimestampUtc { precision } => format!("timestamptz({})", precision.min(&6)),
        LogicalType::Uuid => "uuid".to_owned(),
        LogicalType::Json => "jsonb".to_owned(),
        LogicalType::Text { .. } | LogicalType::Char { .. } | LogicalType::Any | LogicalType::Other(_) => {
            "text COLLATE \"C\"".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_are_read_as_the_catalogue_packs_them() {
        let numeric =
            |precision: i32, scale: i32| meaning(1700, (precision << 16 | (scale & 0x7ff)) + 4, false, "").1;
        assert_eq!(numeric(12, 2), LogicalType::Decimal { precision: Some(12), scale: Some(2) });
        assert_eq!(numeric(3, -2), LogicalType::Decimal { precision: Some(5), scale: Some(0) });
        assert_eq!(meaning(1700, -1, false, "").1, LogicalType::Decimal { precision: None, scale: None });
        assert_eq!(meaning(1043, 44, false, "").1, LogicalType::Text { length_max: Some(40) });
        assert_eq!(meaning(1114, 3, false, "").1, LogicalType::Timestamp { precision: 3 });
        assert_eq!(meaning(1114, -1, false, "").1, LogicalType::Timestamp { precision: 6 });
    }
}
