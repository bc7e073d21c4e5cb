//! Keys in their memcomparable form: comparing bytes compares keys.
//!
//! The order, column by column: NULL first, then numbers by value whatever their type, then text by UTF-8
//! bytes, then blobs (uuids among them, as 16 bytes) by bytes; dates and times by their microseconds, which are
//! numbers of their own kind. The encoding is self-describing, so that a key read back from the state can be bound to a
//! statement again. It never passes through floating point.
//!
//! A component is one kind byte and a body:
//!
//! | kind | body |
//! | --- | --- |
//! | NULL | none |
//! | number | the integer part rounded down, as a sign-and-length byte with that many big-endian bytes, then the binary fraction |
//! | decimal | sign, decimal exponent, significant digits; complemented when negative |
//! | text, blob | the bytes with `00` written as `00 FF`, ended by `00 01` |
//! | date, time, timestamp … | as number |

mod decimal;

use super::value::{Value, ValueRef};

const KIND_NULL: u8 = 0x05;
const KIND_NUMBER: u8 = 0x10;
const KIND_DECIMAL: u8 = 0x11;
const KIND_BOOLEAN: u8 = 0x12;
const KIND_DATE: u8 = 0x18;
const KIND_TIME: u8 = 0x19;
const KIND_TIMESTAMP: u8 = 0x1a;
const KIND_TIMESTAMP_UTC: u8 = 0x1b;
const KIND_TEXT: u8 = 0x20;
const KIND_JSON: u8 = 0x21;
const KIND_BLOB: u8 = 0x30;
const KIND_UUID: u8 = 0x31;

/// Sign-and-length byte of zero; a positive integer of n bytes has `ZERO + n`, a negative one `ZERO - n`.
const ZERO: u8 = 0x80;
const NEGATIVE_HUGE: u8 = 0x02;
const POSITIVE_HUGE: u8 = 0xfd;

const FRACTION_NONE: u8 = 0x00;
const FRACTION_BINARY: u8 = 0x01;

/// The values of a row's key columns, encoded so that byte order is key order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Box<[u8]>);

/// The bytes are not a key that [`Key`] wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed key at byte {position}: {what}")]
pub struct KeyError {
    /// Where the damage is.
    pub position: usize,
    /// What was expected there.
    pub what: &'static str,
}

impl Key {
    /// The key with these column values, in key order.
    pub fn from_values(values: &[Value]) -> Self {
        let mut bytes = Vec::with_capacity(values.len() * 12);
        for value in values {
            encode(value.as_ref(), &mut bytes);
        }
        Self(bytes.into_boxed_slice())
    }

    /// A key from its encoded form, checked.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        decode(bytes)?;
        Ok(Self(bytes.into()))
    }

    /// A key from bytes that [`encode`] wrote.
    pub fn from_encoded(bytes: &[u8]) -> Self {
        debug_assert!(decode(bytes).is_ok(), "not an encoded key: {bytes:?}");
        Self(bytes.into())
    }

    /// The memcomparable form.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The column values.
    pub fn values(&self) -> Vec<Value> {
        decode(&self.0).expect("a Key holds only bytes that were encoded or checked")
    }

    /// Whether a component is NULL; such a key identifies no row.
    pub fn has_null(&self) -> bool {
        self.values().iter().any(|value| matches!(value, Value::Null))
    }
}

impl std::fmt::Display for Key {
    /// The values separated by commas, escaped for a terminal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, value) in self.values().iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            write!(f, "{value}")?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({self})")
    }
}

/// Appends one component to `out`.
pub fn encode(value: ValueRef<'_>, out: &mut Vec<u8>) {
    match value {
        ValueRef::Null => out.push(KIND_NULL),
        ValueRef::Boolean(b) => out.extend_from_slice(&[KIND_BOOLEAN, u8::from(b)]),
        ValueRef::Integer(n) => {
            out.push(KIND_NUMBER);
            encode_integer(n, out);
            out.push(FRACTION_NONE);
        }
        ValueRef::Real(x) => {
            out.push(KIND_NUMBER);
            encode_real(x, out);
        }
        ValueRef::Decimal(text) => {
            out.push(KIND_DECIMAL);
            decimal::encode(text, out);
        }
        ValueRef::Date(days) => encode_tagged(KIND_DATE, i128::from(days), out),
        ValueRef::Time(us) => encode_tagged(KIND_TIME, i128::from(us), out),
        ValueRef::Timestamp(us) => encode_tagged(KIND_TIMESTAMP, i128::from(us), out),
        ValueRef::TimestampUtc(us) => encode_tagged(KIND_TIMESTAMP_UTC, i128::from(us), out),
        ValueRef::Text(bytes) => {
            out.push(KIND_TEXT);
            encode_bytes(bytes, out);
        }
        ValueRef::Json(bytes) => {
            out.push(KIND_JSON);
            encode_bytes(bytes, out);
        }
        ValueRef::Blob(bytes) => {
            out.push(KIND_BLOB);
            encode_bytes(bytes, out);
        }
        ValueRef::Uuid(bytes) => {
            out.push(KIND_UUID);
            out.extend_from_slice(bytes);
        }
    }
}

fn encode_tagged(kind: u8, n: i128, out: &mut Vec<u8>) {
    out.push(kind);
    encode_integer(n, out);
}

fn encode_integer(n: i128, out: &mut Vec<u8>) {
    let bytes = n.to_be_bytes();
    if n < 0 {
        // With n bytes, two's complement keeps the order; the sign is in the length byte.
        let skip = ((!n).leading_zeros() / 8).min(15) as usize;
        out.push(ZERO - (16 - skip) as u8);
        out.extend_from_slice(&bytes[skip..]);
    } else {
        let skip = (n.leading_zeros() / 8) as usize;
        out.push(ZERO + (16 - skip) as u8);
        out.extend_from_slice(&bytes[skip..]);
    }
}

/// Splits a finite float exactly into its floor and the bits behind the binary point.
fn encode_real(x: f64, out: &mut Vec<u8>) {
    const TWO_POW_127: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
    if !(-TWO_POW_127..TWO_POW_127).contains(&x) {
        if x < 0.0 {
            out.push(NEGATIVE_HUGE);
            out.extend_from_slice(&(!x.to_bits()).to_be_bytes());
        } else {
            out.push(POSITIVE_HUGE);
            let x = if x.is_nan() { f64::NAN } else { x };
            out.extend_from_slice(&x.to_bits().to_be_bytes());
        }
        return;
    }
    let bits = x.to_bits();
    let exponent_raw = ((bits >> 52) & 0x7ff) as i32;
    let magnitude = (bits & ((1 << 52) - 1)) as i64 | if exponent_raw == 0 { 0 } else { 1 << 52 };
    let mantissa = if x.is_sign_negative() { -magnitude } else { magnitude };
    let exponent = exponent_raw.max(1) - 1075;
    if exponent >= 0 {
        encode_integer(i128::from(mantissa) << exponent, out);
        out.push(FRACTION_NONE);
        return;
    }
    let places = exponent.unsigned_abs() as usize;
    encode_integer(i128::from(mantissa >> places.min(63)), out);
    let fraction = fraction_bytes(mantissa, places);
    if fraction.is_empty() {
        out.push(FRACTION_NONE);
    } else {
        out.push(FRACTION_BINARY);
        encode_bytes(&fraction, out);
    }
}

/// The lowest `places` bits of `mantissa` in two's complement, left-aligned, without trailing zero bytes.
fn fraction_bytes(mantissa: i64, places: usize) -> Vec<u8> {
    let bit = |position: usize| (mantissa >> position.min(63)) & 1 == 1;
    let mut bytes = vec![0u8; places.div_ceil(8)];
    for index in 0..places {
        if bit(places - 1 - index) {
            bytes[index / 8] |= 0x80 >> (index % 8);
        }
    }
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}

/// Order-preserving and self-ending: `00` becomes `00 FF`, the end is `00 01`.
fn encode_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        out.push(byte);
        if byte == 0 {
            out.push(0xff);
        }
    }
    out.extend_from_slice(&[0, 1]);
}

/// Reads every component of an encoded key.
pub fn decode(bytes: &[u8]) -> Result<Vec<Value>, KeyError> {
    let mut reader = Reader { bytes, position: 0 };
    let mut values = Vec::new();
    while reader.position < bytes.len() {
        values.push(reader.component()?);
    }
    Ok(values)
}

struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Reader<'_> {
    fn error<T>(&self, what: &'static str) -> Result<T, KeyError> {
        Err(KeyError { position: self.position, what })
    }

    fn byte(&mut self) -> Result<u8, KeyError> {
        let Some(&byte) = self.bytes.get(self.position) else { return self.error("more bytes") };
        self.position += 1;
        Ok(byte)
    }

    fn take(&mut self, length: usize) -> Result<&[u8], KeyError> {
        let Some(slice) = self.bytes.get(self.position..self.position + length) else {
            return self.error("more bytes");
        };
        self.position += length;
        Ok(slice)
    }

    fn component(&mut self) -> Result<Value, KeyError> {
        Ok(match self.byte()? {
            KIND_NULL => Value::Null,
            KIND_BOOLEAN => Value::Boolean(self.byte()? != 0),
            KIND_NUMBER => self.number()?,
            KIND_DECIMAL => Value::Decimal(decimal::decode(self)?),
            KIND_DATE => match i32::try_from(self.integer()?) {
                Ok(days) => Value::Date(days),
                Err(_) => return self.error("a date"),
            },
            KIND_TIME => Value::Time(self.microseconds()?),
            KIND_TIMESTAMP => Value::Timestamp(self.microseconds()?),
            KIND_TIMESTAMP_UTC => Value::TimestampUtc(self.microseconds()?),
            KIND_TEXT => Value::Text(self.escaped()?),
            KIND_JSON => Value::Json(self.escaped()?),
            KIND_BLOB => Value::Blob(self.escaped()?),
            KIND_UUID => Value::Uuid(self.take(16)?.try_into().expect("sixteen bytes were taken")),
            _ => return self.error("a kind byte"),
        })
    }

    fn microseconds(&mut self) -> Result<i64, KeyError> {
        i64::try_from(self.integer()?).or_else(|_| self.error("microseconds"))
    }

    fn integer(&mut self) -> Result<i128, KeyError> {
        let tag = self.byte()?;
        let length = usize::from(tag.abs_diff(ZERO));
        if length > 16 {
            return self.error("an integer length");
        }
        let fill = if tag < ZERO { 0xff } else { 0 };
        let mut bytes = [fill; 16];
        bytes[16 - length..].copy_from_slice(self.take(length)?);
        Ok(i128::from_be_bytes(bytes))
    }

    fn number(&mut self) -> Result<Value, KeyError> {
        match self.bytes.get(self.position) {
            Some(&POSITIVE_HUGE) => {
                self.position += 1;
                return Ok(Value::Real(f64::from_bits(self.eight_bytes()?)));
            }
            Some(&NEGATIVE_HUGE) => {
                self.position += 1;
                return Ok(Value::Real(f64::from_bits(!self.eight_bytes()?)));
            }
            _ => {}
        }
        let whole = self.integer()?;
        match self.byte()? {
            FRACTION_NONE => Ok(Value::Integer(whole)),
            FRACTION_BINARY => {
                let fraction = self.escaped()?;
                Ok(Value::Real(join_real(whole, &fraction)))
            }
            _ => self.error("a fraction mark"),
        }
    }

    fn eight_bytes(&mut self) -> Result<u64, KeyError> {
        Ok(u64::from_be_bytes(self.take(8)?.try_into().expect("eight bytes were taken")))
    }

    fn escaped(&mut self) -> Result<Vec<u8>, KeyError> {
        let mut out = Vec::new();
        loop {
            match self.byte()? {
                0 => match self.byte()? {
                    0xff => out.push(0),
                    1 => return Ok(out),
                    _ => return self.error("an escape or the end of text"),
                },
                byte => out.push(byte),
            }
        }
    }
}

/// The inverse of the split in [`encode_real`]; exact, since the parts came from one float.
fn join_real(whole: i128, fraction: &[u8]) -> f64 {
    // A negative number's floor lies below it: count down from the floor's complement to stay exact.
    if whole < 0 {
        let mut complement: Vec<u8> = fraction.iter().map(|byte| !byte).collect();
        for byte in complement.iter_mut().rev() {
            let (next, carry) = byte.overflowing_add(1);
            *byte = next;
            if !carry {
                break;
            }
        }
        return -join_real(-(whole + 1), &complement);
    }
    // At most 53 bits are significant, so they fit the last bytes; two steps keep the scale from underflowing.
    let first = fraction.iter().position(|&byte| byte != 0).unwrap_or(fraction.len());
    let significant = fraction[first..].iter().fold(0u128, |sum, &byte| sum << 8 | u128::from(byte));
    let places = 8 * fraction.len() as i32;
    let half = places / 2;
    whole as f64 + significant as f64 * 2f64.powi(-half) * 2f64.powi(half - places)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(value: Value) -> Key {
        Key::from_values(&[value])
    }

    #[test]
    fn integers_and_reals_share_one_order_without_rounding() {
        let big = 9_007_199_254_740_993_i128; // 2^53 + 1 is no float
        assert!(key(Value::Integer(big)) > key(Value::Real(9_007_199_254_740_992.0)));
        assert_eq!(key(Value::Integer(1)), key(Value::Real(1.0)));
        assert_eq!(key(Value::Integer(0)), key(Value::Real(-0.0)));
        assert!(key(Value::Real(-1e-300)) < key(Value::Integer(0)));
        assert!(key(Value::Real(f64::INFINITY)) > key(Value::Integer(i128::MAX)));
        assert!(key(Value::Real(f64::NEG_INFINITY)) < key(Value::Integer(i128::MIN)));
    }

    #[test]
    fn the_smallest_reals_keep_their_bits_and_their_order() {
        let (normal, subnormal) = (1.161_690_683_853_743e-308, 3.333_908_684_905_906e-309);
        assert!(key(Value::Real(normal)) > key(Value::Real(subnormal)));
        assert_eq!(key(Value::Real(normal)).values(), [Value::Real(normal)]);
        assert_eq!(key(Value::Real(subnormal)).values(), [Value::Real(subnormal)]);
    }

    #[test]
    fn storage_classes_sort_as_sqlite_sorts_them() {
        let order = [
            Value::Null,
            Value::Integer(-5),
            Value::Real(1.5),
            Value::Text(b"".to_vec()),
            Value::Text(b"\0".to_vec()),
            Value::Text(b"a".to_vec()),
            Value::Blob(vec![]),
        ];
        assert!(order.windows(2).all(|pair| key(pair[0].clone()) < key(pair[1].clone())));
    }

    #[test]
    fn damaged_bytes_are_refused_not_read() {
        let good = Key::from_values(&[Value::Text(b"ab".to_vec()), Value::Integer(-300)]);
        for length in 1..good.as_bytes().len() {
            let cut = &good.as_bytes()[..length];
            if let Ok(shorter) = Key::from_bytes(cut) {
                assert_eq!(shorter.values().len(), 1, "only a whole component may remain");
            }
        }
        assert!(Key::from_bytes(&[0x77]).is_err());
    }

    proptest! {
        #[test]
        fn integer_order_is_byte_order(a: i128, b: i128) {
            prop_assert_eq!(key(Value::Integer(a)).cmp(&key(Value::Integer(b))), a.cmp(&b));
            prop_assert_eq!(key(Value::Integer(a)).values(), vec![Value::Integer(a)]);
        }

        #[test]
        fn real_order_is_byte_order(a in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL,
                                    b in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            prop_assert_eq!(key(Value::Real(a)).cmp(&key(Value::Real(b))), a.partial_cmp(&b).unwrap());
            let back = match key(Value::Real(a)).values().remove(0) {
                Value::Real(x) => x,
                Value::Integer(n) => n as f64,
                other => panic!("{other:?}"),
            };
            prop_assert_eq!(back.abs().to_bits(), a.abs().to_bits());
        }

        #[test]
        fn text_order_is_byte_order_and_tuples_sort_column_by_column(
            a: Vec<u8>, b: Vec<u8>, m: i64, n: i64,
        ) {
            let left = Key::from_values(&[Value::Text(a.clone()), Value::Integer(m.into())]);
            let right = Key::from_values(&[Value::Text(b.clone()), Value::Integer(n.into())]);
            prop_assert_eq!(left.cmp(&right), (a.clone(), m).cmp(&(b, n)));
            prop_assert_eq!(left.values(), vec![Value::Text(a), Value::Integer(m.into())]);
        }
    }
}
