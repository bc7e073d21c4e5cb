//! `numeric` on the wire: base-10,000 digits as plain decimal text, exactly.

use std::fmt::Write as _;

const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xc000;
const INFINITY: u16 = 0xd000;
const NEGATIVE_INFINITY: u16 = 0xf000;

/// The text of a binary `numeric`, with as many digits behind the point as its scale says; `NaN`, `Infinity` and
/// `-Infinity` for what is no number. None when the bytes are damaged.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    let word = |index: usize| {
        let pair = bytes.get(index * 2..index * 2 + 2)?;
        Some(u16::from_be_bytes([pair[0], pair[1]]))
    };
    let (count, weight) = (usize::from(word(0)?), i32::from(word(1)? as i16));
    let (sign, scale) = (word(2)?, usize::from(word(3)?));
    match sign {
        NAN => return Some("NaN".to_owned()),
        INFINITY => return Some("Infinity".to_owned()),
        NEGATIVE_INFINITY => return Some("-Infinity".to_owned()),
        0 | NEGATIVE => {}
        _ => return None,
    }
    // The digit that stands for 10,000^place; those beyond what is stored are zero.
    let digit = |place: i32| match usize::try_from(weight - place) {
        Ok(index) if index < count => word(4 + index).filter(|digit| *digit < 10_000),
        _ => Some(0),
    };
    let mut out = String::with_capacity(count * 4 + 4);
    if sign == NEGATIVE {
        out.push('-');
    }
    if weight < 0 {
        out.push('0');
    } else {
        let _ = write!(out, "{}", digit(weight)?);
        for place in (0..weight).rev() {
            let _ = write!(out, "{:04}", digit(place)?);
        }
    }
    if scale > 0 {
        out.push('.');
        let end = out.len() + scale;
        let mut place = -1;
        while out.len() < end {
            let _ = write!(out, "{:04}", digit(place)?);
            place -= 1;
        }
        out.truncate(end);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As the server sends it, from digits: the reference is built from the text, not from the decoder.
    fn encode(negative: bool, whole: &str, fraction: &str) -> Vec<u8> {
        let whole_padded = format!("{}{whole}", "0".repeat((4 - whole.len() % 4) % 4));
        let fraction_padded = format!("{fraction}{}", "0".repeat((4 - fraction.len() % 4) % 4));
        let mut weight = (whole_padded.len() / 4) as i16 - 1;
        let all = format!("{whole_padded}{fraction_padded}");
        let mut digits: Vec<u16> =
            all.as_bytes().chunks(4).map(|c| std::str::from_utf8(c).unwrap().parse().unwrap()).collect();
        while digits.first() == Some(&0) {
            digits.remove(0);
            weight -= 1;
        }
        while digits.last() == Some(&0) {
            digits.pop();
        }
        if digits.is_empty() {
            weight = 0;
        }
        let sign = if negative { NEGATIVE } else { 0 };
        let head = [digits.len() as u16, weight as u16, sign, fraction.len() as u16];
        head.iter().chain(&digits).flat_map(|word| word.to_be_bytes()).collect()
    }

    proptest! {
        #[test]
        fn any_number_has_its_digits(negative: bool, whole in "(0|[1-9][0-9]{0,40})", fraction in "[0-9]{0,40}") {
            let expected = format!(
                "{}{whole}{}{fraction}",
                if negative { "-" } else { "" },
                if fraction.is_empty() { "" } else { "." }
            );
            prop_assert_eq!(text(&encode(negative, &whole, &fraction)), Some(expected));
        }

        #[test]
        fn damaged_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..7)) {
            prop_assert_eq!(text(&bytes), None);
        }
    }

    #[test]
    fn what_is_no_number_has_its_name() {
        for (sign, name) in [(NAN, "NaN"), (INFINITY, "Infinity"), (NEGATIVE_INFINITY, "-Infinity")] {
            let bytes: Vec<u8> = [0, 0, sign, 0].iter().flat_map(|word| word.to_be_bytes()).collect();
            assert_eq!(text(&bytes).as_deref(), Some(name));
        }
    }
}
