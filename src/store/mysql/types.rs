//! Declared types: what they mean, how their values travel, and which type a new column gets.

use super::connect::Flavor;
use crate::model::types::LogicalType;

/// How values of a column travel in the binary protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    Signed,
    Unsigned,
    Float,
    Double,
    Decimal,
    Text,
    Json,
    Blob,
    Date,
    Time,
    /// Civil time.
    Datetime,
    /// An instant, in the session's zone, which is UTC.
    Timestamp,
    /// One bit, as a truth value.
    Truth,
    /// Bits, as a number.
    Bits,
    /// The text of a uuid.
    Uuid,
}

/// What information_schema says of a column's type.
#[derive(Debug, Clone, Default)]
pub(super) struct Declared {
    /// DATA_TYPE in lower case.
    pub(super) data_type: String,
    /// COLUMN_TYPE.
    pub(super) column_type: String,
    pub(super) characters_max: Option<u64>,
    pub(super) precision: Option<u64>,
    pub(super) scale: Option<u64>,
    pub(super) time_precision: Option<u64>,
    /// MariaDB's JSON is text with a check.
    pub(super) checked_json: bool,
}

impl Declared {
    /// The type as it is compared and shown: without the width that integers are displayed in, which MySQL 8 leaves out.
    pub(super) fn shown(&self) -> String {
        let is_integer =
            matches!(self.data_type.as_str(), "tinyint" | "smallint" | "mediumint" | "int" | "bigint");
        if !is_integer || self.column_type == "tinyint(1)" || self.column_type.contains("zerofill") {
            return self.column_type.clone();
        }
        match (self.column_type.find('('), self.column_type.find(')')) {
            (Some(open), Some(close)) if open < close => {
                format!("{}{}", &self.column_type[..open], &self.column_type[close + 1..])
            }
            _ => self.column_type.clone(),
        }
    }

    /// What it means, and how its values travel.
    pub(super) fn meaning(&self) -> (LogicalType, Wire) {
        let signed = !self.column_type.contains("unsigned");
        let integer = |bits| {
            (LogicalType::Integer { bits, signed }, if signed { Wire::Signed } else { Wire::Unsigned })
        };
        let precision = self.time_precision.unwrap_or(0).min(6) as u8;
        let length = self.characters_max.map(|length| u32::try_from(length).unwrap_or(u32::MAX));
        // 4 GiB is no limit that anybody meets.
        let length_max = length.filter(|&length| length < u32::MAX);
        match self.data_type.as_str() {
            "tinyint" => integer(8),
            "smallint" => integer(16),
            "mediumint" => integer(24),
            "int" | "integer" => integer(32),
            "bigint" => integer(64),
            "year" => (LogicalType::Integer { bits: 16, signed: false }, Wire::Unsigned),
            "bit" => match self.precision.unwrap_or(1) {
                0 | 1 => (LogicalType::Boolean, Wire::Truth),
                2..=8 => (LogicalType::Integer { bits: 8, signed: false }, Wire::Bits),
                9..=16 => (LogicalType::Integer { bits: 16, signed: false }, Wire::Bits),
                17..=32 => (LogicalType::Integer { bits: 32, signed: false }, Wire::Bits),
                _ => (LogicalType::Integer { bits: 64, signed: false }, Wire::Bits),
            },
            "decimal" | "numeric" => {
                let small = |number: Option<u64>| number.map(|number| number as u16);
                let (precision, scale) = (small(self.precision), small(self.scale));
                (LogicalType::Decimal { precision, scale }, Wire::Decimal)
            }
            "float" => (LogicalType::Float { bits: 32 }, Wire::Float),
            "double" | "real" => (LogicalType::Float { bits: 64 }, Wire::Double),
            "json" => (LogicalType::Json, Wire::Json),
            "longtext" if self.checked_json => (LogicalType::Json, Wire::Json),
            "char" => (LogicalType::Char { length: length.unwrap_or(1) }, Wire::Text),
            "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set" => {
                (LogicalType::Text { length_max }, Wire::Text)
            }
            "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => {
                (LogicalType::Blob { length_max }, Wire::Blob)
            }
            "date" => (LogicalType::Date, Wire::Date),
            "time" => (LogicalType::Time { precision }, Wire::Time),
            "datetime" => (LogicalType::Timestamp { precision }, Wire::Datetime),
            "timestamp" => (LogicalType::TimestampUtc { precision }, Wire::Timestamp),
            "uuid" => (LogicalType::Uuid, Wire::Uuid),
            other @ ("inet4" | "inet6") => (LogicalType::Other(other.to_owned()), Wire::Text),
            other => (LogicalType::Other(other.to_owned()), Wire::Blob),
        }
    }
}

/// Characters of a column that can still stand in a key of a table in utf8mb4, whose keys have at most 3072 bytes.
const KEY_CHARACTERS_MAX: u32 = 768;

/// The type of a new column for values of `logical`; `flavor` is none while no server was met.
pub(super) fn column_type(logical: &LogicalType, flavor: Option<Flavor>) -> String {
    match logical {
        LogicalType::Boolean => "tinyint(1)".to_owned(),
        LogicalType::Integer { bits, signed } => {
            let name = match bits {
                ..=8 => "tinyint",
                9..=16 => "smallint",
                17..=24 => "mediumint",
                25..=32 => "int",
                _ => "bigint",
            };
            if *signed { name.to_owned() } else { format!("{name} unsigned") }
        }
        LogicalType::Decimal { precision, scale } => {
            let precision = precision.unwrap_or(65).clamp(1, 65);
            let scale = scale.unwrap_or(30).min(30).min(precision);
            format!("decimal({precision},{scale})")
        }
        LogicalType::Float { bits: ..=32 } => "float".to_owned(),
        LogicalType::Float { .. } => "double".to_owned(),
        LogicalType::Char { length } if (1..=255).contains(length) => format!("char({length})"),
        LogicalType::Char { length } => text_type(Some(*length)),
        LogicalType::Text { length_max } => text_type(*length_max),
        LogicalType::Blob { length_max } => match length_max {
            Some(length @ ..=3072) => format!("varbinary({length})"),
            Some(..=65_535) => "blob".to_owned(),
            Some(..=16_777_215) => "mediumblob".to_owned(),
            _ => "longblob".to_owned(),
        },
        LogicalType::Date => "date".to_owned(),
        LogicalType::Time { precision } => format!("time({})", precision.min(&6)),
        // A `timestamp` ends in 2038.
        LogicalType::Timestamp { precision } | LogicalType::TimestampUtc { precision } => {
            format!("datetime({})", precision.min(&6))
        }
        LogicalType::Uuid if flavor.is_some_and(Flavor::has_uuid) => "uuid".to_owned(),
        LogicalType::Uuid => "binary(16)".to_owned(),
        LogicalType::Json => "json".to_owned(),
        LogicalType::Any | LogicalType::Other(_) => "longtext".to_owned(),
    }
}

/// Bytes are what limits the large types, and a character has at most four.
fn text_type(length_max: Option<u32>) -> String {
    match length_max {
        Some(length @ ..=KEY_CHARACTERS_MAX) => format!("varchar({length})"),
        Some(..=16_383) => "text".to_owned(),
        Some(..=4_194_303) => "mediumtext".to_owned(),
        _ => "longtext".to_owned(),
    }
}

/// A type for a key's column where the asked one cannot be in a key; `columns` share the room.
pub(super) fn key_type(asked: &str, columns: usize) -> Option<String> {
    let columns = columns.max(1) as u32;
    match asked.trim().to_ascii_lowercase().as_str() {
        "tinytext" | "text" | "mediumtext" | "longtext" => {
            Some(format!("varchar({})", KEY_CHARACTERS_MAX / columns))
        }
        "tinyblob" | "blob" | "mediumblob" | "longblob" => {
            Some(format!("varbinary({})", 4 * KEY_CHARACTERS_MAX / columns))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(data_type: &str, column_type: &str) -> Declared {
        Declared { data_type: data_type.into(), column_type: column_type.into(), ..Declared::default() }
    }

    #[test]
    fn display_widths_are_no_part_of_a_type() {
        for (column_type, data_type, shown) in [
            ("bigint(20) unsigned", "bigint", "bigint unsigned"),
            ("int(11)", "int", "int"),
            ("tinyint(1)", "tinyint", "tinyint(1)"),
            ("int(5) unsigned zerofill", "int", "int(5) unsigned zerofill"),
            ("varchar(20)", "varchar", "varchar(20)"),
        ] {
            assert_eq!(declared(data_type, column_type).shown(), shown);
        }
    }

    #[test]
    fn a_new_column_means_what_it_was_made_for() {
        for (logical, sql, data_type) in [
            (LogicalType::Integer { bits: 64, signed: false }, "bigint unsigned", "bigint"),
            (LogicalType::Integer { bits: 24, signed: true }, "mediumint", "mediumint"),
            (LogicalType::Float { bits: 32 }, "float", "float"),
            (LogicalType::Date, "date", "date"),
            (LogicalType::Json, "json", "json"),
        ] {
            assert_eq!(column_type(&logical, None), sql);
            assert_eq!(declared(data_type, sql).meaning().0, logical);
        }
        assert_eq!(column_type(&LogicalType::Uuid, None), "binary(16)");
        let newest = Flavor { mariadb: true, version: (11, 4) };
        assert_eq!(column_type(&LogicalType::Uuid, Some(newest)), "uuid");
        let number = LogicalType::Decimal { precision: Some(80), scale: Some(40) };
        assert_eq!(column_type(&number, None), "decimal(65,30)");
    }

    #[test]
    fn a_key_gets_a_type_that_can_be_one() {
        assert_eq!(key_type("longtext", 2).as_deref(), Some("varchar(384)"));
        assert_eq!(key_type("longblob", 1).as_deref(), Some("varbinary(3072)"));
        assert_eq!(key_type("bigint", 1), None);
    }
}
