//! What a declared type means: its affinity, which decides how SQLite compares and stores, and its logical type.

use crate::model::types::LogicalType;

/// How SQLite converts values that are stored in a column or compared with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Affinity {
    /// Nothing is converted.
    Blob,
    /// Numbers become text.
    Text,
    /// Text that looks like a number becomes one.
    Numeric,
    /// As numeric.
    Integer,
    /// As numeric, and integers become floats.
    Real,
}

/// The affinity of a column (<https://sqlite.org/datatype3.html> §3.1); in STRICT tables `ANY` has none.
pub(super) fn affinity(declared: &str, strict: bool) -> Affinity {
    let upper = declared.to_ascii_uppercase();
    let has = |part: &str| upper.contains(part);
    if strict && upper == "ANY" {
        Affinity::Blob
    } else if has("INT") {
        Affinity::Integer
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        Affinity::Text
    } else if has("BLOB") || upper.is_empty() {
        Affinity::Blob
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        Affinity::Real
    } else {
        Affinity::Numeric
    }
}

/// The meaning of a declared type: common names first, then the affinity.
pub(super) fn logical(declared: &str, strict: bool) -> LogicalType {
    let upper = declared.to_ascii_uppercase();
    let (name, arguments) = match upper.split_once('(') {
        Some((name, rest)) => (name.trim().to_owned(), numbers(rest)),
        None => (upper.trim().to_owned(), Vec::new()),
    };
    let suffix = upper.rsplit_once(')').map_or("", |(_, suffix)| suffix.trim());
    let name = if suffix.is_empty() { name } else { format!("{name} {suffix}") };
    let first = arguments.first().copied();
    let precision = first.map_or(6, |digits| u8::try_from(digits).unwrap_or(6).min(6));
    match name.as_str() {
        "" | "ANY" => LogicalType::Any,
        "BOOLEAN" | "BOOL" => LogicalType::Boolean,
        "DECIMAL" | "NUMERIC" | "DEC" => LogicalType::Decimal {
            precision: first.and_then(|digits| u16::try_from(digits).ok()),
            scale: first.map(|_| arguments.get(1).and_then(|&scale| u16::try_from(scale).ok()).unwrap_or(0)),
        },
        "CHAR" | "CHARACTER" | "NCHAR" | "NATIVE CHARACTER" => match first {
            Some(length) => LogicalType::Char { length },
            None => LogicalType::Text { length_max: None },
        },
        "BINARY" | "VARBINARY" | "BYTEA" | "BLOB" => LogicalType::Blob { length_max: first },
        "DATE" => LogicalType::Date,
        "TIME" => LogicalType::Time { precision },
        "DATETIME" | "TIMESTAMP" | "TIMESTAMP WITHOUT TIME ZONE" => LogicalType::Timestamp { precision },
        "TIMESTAMPTZ" | "TIMESTAMP WITH TIME ZONE" => LogicalType::TimestampUtc { precision },
        "JSON" | "JSONB" => LogicalType::Json,
        "UUID" | "GUID" | "UNIQUEIDENTIFIER" => LogicalType::Uuid,
        _ => match affinity(declared, strict) {
            Affinity::Integer => LogicalType::Integer { bits: 64, signed: true },
            Affinity::Text => LogicalType::Text { length_max: first },
            Affinity::Real => LogicalType::Float { bits: 64 },
            Affinity::Blob => LogicalType::Blob { length_max: first },
            // An unknown name (`STRING`, `MONEY`): SQLite keeps a storage class for each value, and so do we.
            Affinity::Numeric => LogicalType::Any,
        },
    }
}

fn numbers(arguments: &str) -> Vec<u32> {
    let inside = arguments.split(')').next().unwrap_or_default();
    inside.split(',').map_while(|number| number.trim().parse().ok()).collect()
}

/// The type of a new column for values of another engine.
///
/// Numbers that SQLite holds exactly get their own affinity; everything whose text SQLite would take for a number and
/// round (decimals, dates, JSON) gets TEXT.
pub(super) fn column_type(logical: &LogicalType) -> &'static str {
    match logical {
        LogicalType::Boolean | LogicalType::Integer { .. } => "INTEGER",
        LogicalType::Float { .. } => "REAL",
        LogicalType::Blob { .. } => "BLOB",
        // ANY would be numeric outside STRICT tables; no declared type is what keeps values as they are.
        LogicalType::Any => "",
        _ => "TEXT",
    }
}

/// Whether SQLite takes a text for a number, and so stores and compares it as one where the affinity is numeric.
pub(super) fn looks_numeric(text: &[u8]) -> bool {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let start = text.iter().take_while(|byte| blank(byte)).count();
    let end = text.len() - text[start..].iter().rev().take_while(|byte| blank(byte)).count();
    let mut rest = &text[start..end];
    let digits = |rest: &mut &[u8]| {
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        *rest = &rest[count..];
        count
    };
    let sign = |rest: &mut &[u8]| {
        if let [b'+' | b'-', more @ ..] = *rest {
            *rest = more;
        }
    };
    sign(&mut rest);
    let mut significant = digits(&mut rest);
    if let [b'.', more @ ..] = rest {
        rest = more;
        significant += digits(&mut rest);
    }
    if significant == 0 {
        return false;
    }
    if let [b'e' | b'E', more @ ..] = rest {
        rest = more;
        sign(&mut rest);
        if digits(&mut rest) == 0 {
            return false;
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn affinities_follow_the_manual() {
        for (declared, expected) in [
            ("INT", Affinity::Integer),
            ("CHARINT", Affinity::Integer),
            ("VARCHAR(10)", Affinity::Text),
            ("", Affinity::Blob),
            ("DOUBLE PRECISION", Affinity::Real),
            ("FLOATING POINT", Affinity::Integer),
            ("DECIMAL(10,2)", Affinity::Numeric),
            ("DATE", Affinity::Numeric),
            ("STRING", Affinity::Numeric),
            ("ANY", Affinity::Numeric),
        ] {
            assert_eq!(affinity(declared, false), expected, "{declared}");
        }
        assert_eq!(affinity("ANY", true), Affinity::Blob);
    }

    #[test]
    fn common_names_have_their_meaning() {
        for (declared, expected) in [
            ("bigint", LogicalType::Integer { bits: 64, signed: true }),
            ("INT UNSIGNED", LogicalType::Integer { bits: 64, signed: true }),
            ("DECIMAL(12, 2)", LogicalType::Decimal { precision: Some(12), scale: Some(2) }),
            ("numeric(5)", LogicalType::Decimal { precision: Some(5), scale: Some(0) }),
            ("NUMERIC", LogicalType::Decimal { precision: None, scale: None }),
            ("varchar(40)", LogicalType::Text { length_max: Some(40) }),
            ("CHAR(3)", LogicalType::Char { length: 3 }),
            ("BOOLEAN", LogicalType::Boolean),
            ("DATETIME(3)", LogicalType::Timestamp { precision: 3 }),
            ("timestamp(2) with time zone", LogicalType::TimestampUtc { precision: 2 }),
            ("VARBINARY(16)", LogicalType::Blob { length_max: Some(16) }),
            ("DOUBLE", LogicalType::Float { bits: 64 }),
            ("JSON", LogicalType::Json),
            ("uuid", LogicalType::Uuid),
            ("", LogicalType::Any),
            ("STRING", LogicalType::Any),
        ] {
            assert_eq!(logical(declared, false), expected, "{declared}");
        }
    }

    /// What SQLite itself says: with numeric affinity, text that is a number is below infinity, other text above.
    fn sqlite_says(connection: &rusqlite::Connection, text: &[u8]) -> bool {
        let bound = super::super::value::Raw::Text(text.to_vec());
        connection.query_row("SELECT ?1 <= CAST(9e999 AS REAL)", [bound], |row| row.get(0)).unwrap()
    }

    #[test]
    fn text_that_looks_like_a_number_is_known_as_sqlite_knows_it() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        for text in [
            "", "1", " 1 ", "+1", "-", "1.", ".5", ".", "1e5", "1e", "1e+", "1x", "0x10", "1 2", "\u{b}1",
            "inf", "1\0",
        ] {
            assert_eq!(looks_numeric(text.as_bytes()), sqlite_says(&connection, text.as_bytes()), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged_as_sqlite_judges_it(text in "[0-9+\\-.eE \t\u{0}x]{0,8}") {
            let connection = rusqlite::Connection::open_in_memory().unwrap();
            prop_assert_eq!(looks_numeric(text.as_bytes()), sqlite_says(&connection, text.as_bytes()));
        }
    }
}
