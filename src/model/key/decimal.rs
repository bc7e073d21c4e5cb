//! The order-preserving form of decimal numbers of any size.
//!
//! A sign byte; for a number that is not zero the decimal exponent (of `0.ddd × 10^exponent`, biased, big-endian)
//! and the significant digits as ASCII, ended by `00`. Everything after the sign is complemented when negative.

use super::{KeyError, Reader};

const NEGATIVE: u8 = 0;
const ZERO: u8 = 1;
const POSITIVE: u8 = 2;

/// Largest exponent that is written out; PostgreSQL's largest is 131,072. Bytes that are no key could ask for more
/// zeros than there is memory.
const EXPONENT_MAX: u64 = 1_000_000;

/// Appends the form of plain decimal text (`-12.50`); scale is not part of a number's value and is dropped.
pub(super) fn encode(text: &str, out: &mut Vec<u8>) {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let joined = format!("{whole}{fraction}");
    let significant = joined.trim_start_matches('0');
    if significant.is_empty() {
        out.push(ZERO);
        return;
    }
    let exponent = whole.len() as i64 - (joined.len() - significant.len()) as i64;
    let start = out.len() + 1;
    out.push(if negative { NEGATIVE } else { POSITIVE });
    out.extend_from_slice(&((exponent as i32) ^ i32::MIN).to_be_bytes());
    out.extend_from_slice(significant.trim_end_matches('0').as_bytes());
    out.push(0);
    if negative {
        out[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
}

pub(super) fn decode(reader: &mut Reader<'_>) -> Result<String, KeyError> {
    let sign = reader.byte()?;
    let flip = match sign {
        ZERO => return Ok("0".to_owned()),
        POSITIVE => 0,
        NEGATIVE => 0xff,
        _ => return reader.error("a decimal sign"),
    };
    let mut exponent = [0; 4];
    for byte in &mut exponent {
        *byte = reader.byte()? ^ flip;
    }
    let exponent = i64::from(i32::from_be_bytes(exponent) ^ i32::MIN);
    if exponent.unsigned_abs() > EXPONENT_MAX {
        return reader.error("a decimal exponent");
    }
    let mut digits = String::new();
    loop {
        match reader.byte()? ^ flip {
            0 => break,
            digit if digit.is_ascii_digit() => digits.push(char::from(digit)),
            _ => return reader.error("a decimal digit"),
        }
    }
    let length = digits.len() as i64;
    let plain = if exponent <= 0 {
        format!("0.{}{digits}", "0".repeat((-exponent) as usize))
    } else if exponent >= length {
        format!("{digits}{}", "0".repeat((exponent - length) as usize))
    } else {
        format!("{}.{}", &digits[..exponent as usize], &digits[exponent as usize..])
    };
    Ok(if sign == NEGATIVE { format!("-{plain}") } else { plain })
}

#[cfg(test)]
mod tests {
    use super::super::Key;
    use crate::model::value::Value;

    #[test]
    fn a_forged_exponent_is_refused_and_not_written_out() {
        let mut bytes = Key::from_values(&[Value::Decimal("1".into())]).as_bytes().to_vec();
        let exponent = bytes.len() - 6..bytes.len() - 2;
        bytes[exponent].copy_from_slice(&[0xff; 4]);
        assert!(Key::from_bytes(&bytes).is_err());
    }

    #[test]
    fn decimals_sort_by_value_and_come_back_exactly() {
        let order =
            ["-100", "-99.5", "-0.001", "0", "0.0009", "0.001", "1", "1.5", "10", "12345678901234567890.5"];
        let keys: Vec<Key> = order.iter().map(|d| Key::from_values(&[Value::Decimal((*d).into())])).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
        for (text, key) in order.iter().zip(&keys) {
            assert_eq!(key.values(), [Value::Decimal((*text).to_owned())]);
        }
        let padded = Key::from_values(&[Value::Decimal("001.500".into())]);
        assert_eq!(padded.values(), [Value::Decimal("1.5".into())]);
    }
}
