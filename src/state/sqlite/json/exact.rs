//! Forms of values, keys, digests and floats that lose nothing.

use std::fmt::Write;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::clock::Timestamp;
use crate::model::digest::{Digest, DigestHeader};
use crate::model::key::Key;
use crate::model::range::KeyRange;
use crate::model::value::Value;

/// A float as the shortest text that reads back as the same float; JSON numbers may round and know no infinity.
#[derive(Clone, Copy)]
pub(super) struct Real(pub(super) f64);

impl Serialize for Real {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:?}", self.0))
    }
}

impl<'de> Deserialize<'de> for Real {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(D::Error::custom)
    }
}

/// Bytes as hexadecimal text.
#[derive(Clone)]
pub(super) struct Hex(pub(super) Vec<u8>);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(2 * self.0.len());
        for byte in &self.0 {
            let _ = write!(text, "{byte:02x}");
        }
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
        match (bytes, rest) {
            (Some(bytes), []) => Ok(Self(bytes)),
            _ => Err(D::Error::custom("not pairs of hexadecimal digits")),
        }
    }
}

/// A key as its encoded bytes, checked when read.
#[derive(Clone)]
pub(super) struct KeyText(pub(super) Key);

impl Serialize for KeyText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Hex(self.0.as_bytes().to_vec()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for KeyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Hex::deserialize(deserializer)?.0;
        Key::from_bytes(&bytes).map(Self).map_err(D::Error::custom)
    }
}

pub(super) fn key_text(key: Option<&Key>) -> Option<KeyText> {
    key.cloned().map(KeyText)
}

pub(super) fn key(text: Option<KeyText>) -> Option<Key> {
    text.map(|text| text.0)
}

#[derive(Serialize, Deserialize)]
pub(super) struct RangeText {
    lower: Option<KeyText>,
    upper: Option<KeyText>,
}

impl From<&KeyRange> for RangeText {
    fn from(range: &KeyRange) -> Self {
        Self { lower: key_text(range.lower.as_ref()), upper: key_text(range.upper.as_ref()) }
    }
}

impl From<RangeText> for KeyRange {
    fn from(range: RangeText) -> Self {
        Self { lower: key(range.lower), upper: key(range.upper) }
    }
}

/// A value with its type; every kind of bytes as hexadecimal text, floats as their bits.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ValueText {
    Null,
    Boolean(bool),
    Integer(String),
    Real(String),
    Decimal(String),
    Text(Hex),
    Json(Hex),
    Blob(Hex),
    Uuid(Hex),
    Date(i32),
    Time(i64),
    Timestamp(i64),
    TimestampUtc(i64),
}

impl From<&Value> for ValueText {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Boolean(b) => Self::Boolean(*b),
            Value::Integer(n) => Self::Integer(n.to_string()),
            Value::Real(x) => Self::Real(format!("{:016x}", x.to_bits())),
            Value::Decimal(text) => Self::Decimal(text.clone()),
            Value::Text(bytes) => Self::Text(Hex(bytes.clone())),
            Value::Json(bytes) => Self::Json(Hex(bytes.clone())),
            Value::Blob(bytes) => Self::Blob(Hex(bytes.clone())),
            Value::Uuid(bytes) => Self::Uuid(Hex(bytes.to_vec())),
            Value::Date(days) => Self::Date(*days),
            Value::Time(us) => Self::Time(*us),
            Value::Timestamp(us) => Self::Timestamp(*us),
            Value::TimestampUtc(us) => Self::TimestampUtc(*us),
        }
    }
}

impl TryFrom<ValueText> for Value {
    type Error = String;

    fn try_from(text: ValueText) -> Result<Self, String> {
        Ok(match text {
            ValueText::Null => Self::Null,
            ValueText::Boolean(b) => Self::Boolean(b),
            ValueText::Integer(n) => Self::Integer(n.parse().map_err(|_| "not an integer")?),
            ValueText::Real(bits) => {
                Self::Real(f64::from_bits(u64::from_str_radix(&bits, 16).map_err(|_| "not a float")?))
            }
            ValueText::Decimal(text) => Self::Decimal(text),
            ValueText::Text(Hex(bytes)) => Self::Text(bytes),
            ValueText::Json(Hex(bytes)) => Self::Json(bytes),
            ValueText::Blob(Hex(bytes)) => Self::Blob(bytes),
            ValueText::Uuid(Hex(bytes)) => Self::Uuid(bytes.try_into().map_err(|_| "not a uuid")?),
            ValueText::Date(days) => Self::Date(days),
            ValueText::Time(us) => Self::Time(us),
            ValueText::Timestamp(us) => Self::Timestamp(us),
            ValueText::TimestampUtc(us) => Self::TimestampUtc(us),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct DigestText {
    count: u64,
    sum: String,
}

impl From<Digest> for DigestText {
    fn from(digest: Digest) -> Self {
        Self { count: digest.count, sum: format!("{:032x}", digest.sum) }
    }
}

impl TryFrom<DigestText> for Digest {
    type Error = String;

    fn try_from(text: DigestText) -> Result<Self, String> {
        let sum = u128::from_str_radix(&text.sum, 16).map_err(|_| "not a digest")?;
        Ok(Self { count: text.count, sum })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct HeaderText {
    form_version: u32,
    algorithm: String,
    seed_id: String,
    columns: Vec<String>,
    scope: String,
}

impl From<&DigestHeader> for HeaderText {
    fn from(header: &DigestHeader) -> Self {
        let DigestHeader { form_version, algorithm, seed_id, columns, scope } = header.clone();
        Self { form_version, algorithm, seed_id, columns, scope }
    }
}

impl From<HeaderText> for DigestHeader {
    fn from(text: HeaderText) -> Self {
        let HeaderText { form_version, algorithm, seed_id, columns, scope } = text;
        Self { form_version, algorithm, seed_id, columns, scope }
    }
}

/// Microseconds since 1970.
#[derive(Serialize, Deserialize, Clone, Copy)]
pub(super) struct At(pub(super) i64);

impl From<Timestamp> for At {
    fn from(at: Timestamp) -> Self {
        Self(at.0)
    }
}

impl From<At> for Timestamp {
    fn from(at: At) -> Self {
        Self(at.0)
    }
}

/// The header of a stored digest.
pub(in crate::state::sqlite) mod header {
    use super::{DigestHeader, HeaderText};
    use crate::state::sqlite::json;

    pub(in crate::state::sqlite) fn write(header: &DigestHeader) -> String {
        json::write(&HeaderText::from(header))
    }

    pub(in crate::state::sqlite) fn read(text: &str) -> Result<DigestHeader, String> {
        json::read::<HeaderText>(text).map(DigestHeader::from)
    }
}
