//! Uuids: sixteen bytes, however they are kept.

use super::super::value::ValueRef;

/// Appends the 36 characters, lower case.
pub(crate) fn write(bytes: &[u8; 16], out: &mut Vec<u8>) {
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        super::write_hex(&[*byte], out);
    }
}

/// Reads 36 characters with hyphens or 32 without, in any case.
pub(crate) fn parse(text: &[u8]) -> Option<[u8; 16]> {
    let hyphens = match text.len() {
        36 => true,
        32 => false,
        _ => return None,
    };
    let mut bytes = [0; 16];
    let mut digits = text.iter();
    for (index, byte) in bytes.iter_mut().enumerate() {
        if hyphens && matches!(index, 4 | 6 | 8 | 10) && *digits.next()? != b'-' {
            return None;
        }
        let high = char::from(*digits.next()?).to_digit(16)?;
        let low = char::from(*digits.next()?).to_digit(16)?;
        *byte = (high * 16 + low) as u8;
    }
    Some(bytes)
}

/// The uuid that a value is: native, its 16 bytes, or its text.
pub(crate) fn of(value: ValueRef<'_>) -> Option<[u8; 16]> {
    match value {
        ValueRef::Uuid(bytes) => Some(*bytes),
        ValueRef::Blob(bytes) => bytes.try_into().ok(),
        ValueRef::Text(text) => parse(text),
        _ => None,
    }
}
