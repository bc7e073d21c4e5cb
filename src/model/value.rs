//! A single value as its database holds it.
//!
//! Lossless: NULL is not empty, text is the bytes that were stored even when they are not UTF-8, a float is its
//! bits, a decimal its digits with their scale. What two values of different types have in common is the business of
//! [`super::compare`].

use crate::base::escape;

/// A borrowed value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueRef<'a> {
    /// SQL NULL.
    Null,
    /// A truth value of an engine that has them.
    Boolean(bool),
    /// Any integer, unsigned 64-bit ones included.
    Integer(i128),
    /// A double; singles are widened exactly.
    Real(f64),
    /// Plain decimal text, for example `-12.50`.
    Decimal(&'a str),
    /// Character data, normally UTF-8.
    Text(&'a [u8]),
    /// JSON text of a column whose engine knows it as JSON.
    Json(&'a [u8]),
    /// Bytes.
    Blob(&'a [u8]),
    /// A uuid in its 16 bytes.
    Uuid(&'a [u8; 16]),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight; may be negative or beyond a day where an engine allows it.
    Time(i64),
    /// Civil time without zone: microseconds since 1970-01-01T00:00:00.
    Timestamp(i64),
    /// An instant: microseconds since 1970-01-01T00:00:00 UTC.
    TimestampUtc(i64),
}

/// An owned value.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the same variants as ValueRef")]
pub enum Value {
    Null,
    Boolean(bool),
    Integer(i128),
    Real(f64),
    Decimal(String),
    Text(Vec<u8>),
    Json(Vec<u8>),
    Blob(Vec<u8>),
    Uuid([u8; 16]),
    Date(i32),
    Time(i64),
    Timestamp(i64),
    TimestampUtc(i64),
}

impl Value {
    /// Text from a string.
    pub fn text(text: &str) -> Self {
        Self::Text(text.as_bytes().to_vec())
    }

    /// Borrows the value.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Boolean(b) => ValueRef::Boolean(*b),
            Self::Integer(n) => ValueRef::Integer(*n),
            Self::Real(x) => ValueRef::Real(*x),
            Self::Decimal(text) => ValueRef::Decimal(text),
            Self::Text(bytes) => ValueRef::Text(bytes),
            Self::Json(bytes) => ValueRef::Json(bytes),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
            Self::Uuid(bytes) => ValueRef::Uuid(bytes),
            Self::Date(days) => ValueRef::Date(*days),
            Self::Time(us) => ValueRef::Time(*us),
            Self::Timestamp(us) => ValueRef::Timestamp(*us),
            Self::TimestampUtc(us) => ValueRef::TimestampUtc(*us),
        }
    }
}

impl ValueRef<'_> {
    /// Copies the value.
    pub fn to_owned(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(b) => Value::Boolean(b),
            Self::Integer(n) => Value::Integer(n),
            Self::Real(x) => Value::Real(x),
            Self::Decimal(text) => Value::Decimal(text.to_owned()),
            Self::Text(bytes) => Value::Text(bytes.to_vec()),
            Self::Json(bytes) => Value::Json(bytes.to_vec()),
            Self::Blob(bytes) => Value::Blob(bytes.to_vec()),
            Self::Uuid(bytes) => Value::Uuid(*bytes),
            Self::Date(days) => Value::Date(days),
            Self::Time(us) => Value::Time(us),
            Self::Timestamp(us) => Value::Timestamp(us),
            Self::TimestampUtc(us) => Value::TimestampUtc(us),
        }
    }

    /// Whether this is NULL.
    pub fn is_null(self) -> bool {
        matches!(self, Self::Null)
    }
}

impl std::fmt::Display for ValueRef<'_> {
    /// The value as a person reads it, escaped for a terminal; not a form to compare or to store.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::Null => f.write_str("NULL"),
            Self::Boolean(b) => write!(f, "{b}"),
            Self::Integer(n) => write!(f, "{n}"),
            Self::Real(x) => write!(f, "{x:?}"),
            Self::Decimal(text) => f.write_str(text),
            Self::Text(bytes) | Self::Json(bytes) => f.write_str(&escape::visible_bytes(bytes)),
            Self::Blob(bytes) => {
                f.write_str("x'")?;
                bytes.iter().take(32).try_for_each(|byte| write!(f, "{byte:02x}"))?;
                if bytes.len() > 32 { write!(f, "…' ({} bytes)", bytes.len()) } else { f.write_str("'") }
            }
            Self::Uuid(bytes) => bytes.iter().enumerate().try_for_each(|(i, byte)| {
                let dash = if matches!(i, 4 | 6 | 8 | 10) { "-" } else { "" };
                write!(f, "{dash}{byte:02x}")
            }),
            Self::Date(days) => {
                let span = jiff::Span::new().try_days(days);
                match span.and_then(|span| jiff::civil::date(1970, 1, 1).checked_add(span)) {
                    Ok(date) => write!(f, "{date}"),
                    Err(_) => write!(f, "{days} days since 1970"),
                }
            }
            Self::Time(us) => write!(f, "{us} µs"),
            Self::Timestamp(us) => {
                f.write_str(crate::base::clock::Timestamp(us).to_string().trim_end_matches('Z'))
            }
            Self::TimestampUtc(us) => write!(f, "{}", crate::base::clock::Timestamp(us)),
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_ref().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_date_can_be_shown() {
        let shown = |days| Value::Date(days).to_string();
        assert_eq!(shown(0), "1970-01-01");
        assert_eq!(shown(-719_528), "0000-01-01");
        assert_eq!(shown(-719_529), "-000001-12-31");
        assert_eq!(shown(i32::MAX), "2147483647 days since 1970");
        assert_eq!(shown(i32::MIN), "-2147483648 days since 1970");
    }
}
