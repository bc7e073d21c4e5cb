//! SQL text from names and values.

use std::fmt::Write;

use super::facts::ColumnFacts;
use super::value::Raw;

/// A quoted identifier.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The table, quoted and with its schema, so that no temporary table can stand in for it.
pub(super) fn table(name: &str) -> String {
    format!("main.{}", quote(name))
}

/// A condition in parentheses of its own; a comment at its end does not swallow the closing one.
pub(super) fn parenthesised(condition: &str) -> String {
    format!("({condition}\n)")
}

/// The column holds exactly the value of a parameter: by bytes, also where its collation sees fewer differences.
pub(super) fn key_equals(column: &ColumnFacts, parameter: usize) -> String {
    let name = quote(&column.name);
    if column.collation.eq_ignore_ascii_case("BINARY") {
        format!("{name} = ?{parameter}")
    } else {
        // The first comparison is the one that the column's index serves.
        format!("{name} = ?{parameter} AND {name} = ?{parameter} COLLATE BINARY")
    }
}

/// A literal that gives the same value, of the same storage class and to the last bit, when the shell runs it.
pub(super) fn literal(value: &Raw) -> String {
    match value {
        Raw::Null => "NULL".to_owned(),
        // The minus sign is an operator: 9223372036854775808 alone would be read as a float.
        Raw::Integer(i64::MIN) => "(-9223372036854775807-1)".to_owned(),
        Raw::Integer(n) => n.to_string(),
        Raw::Real(x) => real(*x),
        Raw::Blob(bytes) => format!("x'{}'", hex(bytes)),
        Raw::Text(bytes) => match std::str::from_utf8(bytes) {
            // The shell reads lines: a NUL would end the text and control characters may be edited on the way.
            Ok(text) if !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') => {
                format!("'{}'", text.replace('\'', "''"))
            }
            _ => format!("CAST(x'{}' AS TEXT)", hex(bytes)),
        },
    }
}

/// An expression for exactly this double, in every version of SQLite.
///
/// SQLite rounds a decimal literal twice on some machines, so only those are used that give the value exactly or whose
/// digits keep clear of a rounding boundary; every other double is an integer times or by powers of two, which is exact.
fn real(x: f64) -> String {
    const INTEGERS_END: f64 = 9_007_199_254_740_992.0;
    if x.is_nan() {
        return "NULL".to_owned();
    }
    if x.is_infinite() {
        return if x < 0.0 { "-9e999" } else { "9e999" }.to_owned();
    }
    let short = format!("{x:?}");
    let decimals = short.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let digits = short.bytes().filter(u8::is_ascii_digit).count();
    if !short.contains('e') && digits <= 15 && (decimals <= 2 || x.fract() == 0.0) && x.abs() < INTEGERS_END {
        return short;
    }
    let bits = x.to_bits();
    let exponent_raw = ((bits >> 52) & 0x7ff) as i32;
    let magnitude = (bits & ((1 << 52) - 1)) | if exponent_raw == 0 { 0 } else { 1 << 52 };
    let zeros = magnitude.trailing_zeros();
    let mut exponent = exponent_raw.max(1) - 1075 + zeros as i32;
    let sign = if x.is_sign_negative() { "-" } else { "" };
    let mut out = format!("({sign}{}*1.0", magnitude >> zeros);
    while exponent != 0 {
        let step = exponent.clamp(-62, 62);
        let operator = if step < 0 { '/' } else { '*' };
        let _ = write!(out, "{operator}(1<<{})", step.abs());
        exponent -= step;
    }
    out.push(')');
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_conditions_cannot_break_out() {
        assert_eq!(quote("a\"b\n"), "\"a\"\"b\n\"");
        assert_eq!(parenthesised("a = 1 -- x"), "(a = 1 -- x\n)");
    }

    #[test]
    fn literals_keep_storage_class_and_bits() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        for value in [
            Raw::Null,
            Raw::Integer(i64::MIN),
            Raw::Integer(i64::MAX),
            Raw::Integer(0),
            Raw::Real(0.1),
            Raw::Real(1.0),
            Raw::Real(-0.0),
            Raw::Real(f64::MAX),
            Raw::Real(f64::MIN_POSITIVE),
            Raw::Real(5e-324),
            Raw::Real(1.0 / 3.0),
            Raw::Real(-12.34),
            Raw::Real(1e15),
            Raw::Real(-1e300 / 7.0),
            Raw::Real(26_363_981_746_409.313),
            Raw::Real(9_007_199_254_740_993.0),
            Raw::Real(f64::INFINITY),
            Raw::Real(f64::NEG_INFINITY),
            Raw::Text(b"it's".to_vec()),
            Raw::Text(b"a\0b".to_vec()),
            Raw::Text(b"\xff\xfe".to_vec()),
            Raw::Text("é\u{1b}[2J".as_bytes().to_vec()),
            Raw::Text(Vec::new()),
            Raw::Blob(vec![]),
            Raw::Blob(vec![0, 255]),
        ] {
            let sql = format!("SELECT {}", literal(&value));
            let back = connection.query_row(&sql, [], |row| Ok(Raw::from(row.get_ref(0)?))).unwrap();
            match (&back, &value) {
                (Raw::Real(a), Raw::Real(b)) => assert_eq!(a.to_bits(), b.to_bits(), "{sql}"),
                _ => assert_eq!(back, value, "{sql}"),
            }
        }
    }
}
