//! Numbers as text, exactly: digits are moved, never computed with.

/// Every integer up to this size is a double, and its shortest text is its digits: 2^53.
pub(crate) const FLOAT_INTEGER_MAX: u128 = 1 << 53;

/// Largest place of the decimal point that an exponent may ask for; a double needs 324. Beyond, text has no plain form, so that
/// `1e999999999` in a text column cannot fill the memory.
const EXPONENT_MAX: u64 = 2_000;

/// Appends the digits of an integer.
pub(crate) fn write_integer(n: i128, out: &mut Vec<u8>) {
    const PAIRS: &[u8; 200] = b"0001020304050607080910111213141516171819\
        2021222324252627282930313233343536373839\
        4041424344454647484950515253545556575859\
        6061626364656667686970717273747576777879\
        8081828384858687888990919293949596979899";
    let mut buffer = [0u8; 40];
    let mut start = buffer.len();
    let mut wide = n.unsigned_abs();
    // 128-bit division is slow: peel it off in blocks of nineteen digits.
    loop {
        let (rest, mut low) = match u64::try_from(wide) {
            Ok(low) => (0, low),
            Err(_) => (wide / 10_000_000_000_000_000_000, (wide % 10_000_000_000_000_000_000) as u64),
        };
        let block_start = start;
        while low >= 100 {
            let pair = (low % 100) as usize * 2;
            low /= 100;
            start -= 2;
            buffer[start..start + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
        }
        if low >= 10 {
            start -= 2;
            buffer[start..start + 2].copy_from_slice(&PAIRS[low as usize * 2..low as usize * 2 + 2]);
        } else {
            start -= 1;
            buffer[start] = b'0' + low as u8;
        }
        if rest == 0 {
            break;
        }
        wide = rest;
        while start > block_start - 19 {
            start -= 1;
            buffer[start] = b'0';
        }
    }
    if n < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&buffer[start..]);
}

/// Appends a double as PostgreSQL prints it (`extra_float_digits` ≥ 1), with −0 as `0`: shortest digits, plain for
/// 1e-4 ≤ |x| < 1e15, else `d.ddde±dd`.
pub(crate) fn write_real(x: f64, out: &mut Vec<u8>) {
    if write_special(x, out) {
        return;
    }
    let mut buffer = zmij::Buffer::new();
    let shortest = buffer.format_finite(x).as_bytes();
    if (1e-4..1e15).contains(&x.abs())
        && let Some(plain) = without_exponent(shortest)
    {
        out.extend_from_slice(plain);
        return;
    }
    let number = Number::parse(shortest).expect("a formatted double is a number");
    if (1e-4..1e15).contains(&x.abs()) {
        number.write_plain(out);
    } else {
        number.write_scientific(2, true, out);
    }
}

/// Appends a double's shortest digits as a plain decimal, however many zeros that takes.
pub(crate) fn write_real_plain(x: f64, out: &mut Vec<u8>) {
    if write_special(x, out) {
        return;
    }
    let mut buffer = zmij::Buffer::new();
    let shortest = buffer.format_finite(x).as_bytes();
    match without_exponent(shortest) {
        Some(plain) => out.extend_from_slice(plain),
        None => {
            Number::parse(shortest).expect("a formatted double is a number").write_plain(out);
        }
    }
}

/// Appends a finite double as [`Number::write_canonical`] writes its shortest digits.
pub(crate) fn write_real_canonical(x: f64, out: &mut Vec<u8>) {
    let mut buffer = zmij::Buffer::new();
    Number::parse(buffer.format_finite(x).as_bytes())
        .expect("a formatted double is a number")
        .write_canonical(out);
}

/// Zero, and what is no number.
fn write_special(x: f64, out: &mut Vec<u8>) -> bool {
    let text: &[u8] = match x {
        0.0 => b"0",
        x if x.is_nan() => b"NaN",
        f64::INFINITY => b"Infinity",
        f64::NEG_INFINITY => b"-Infinity",
        _ => return false,
    };
    out.extend_from_slice(text);
    true
}

/// Shortest text without exponent, `12.0` as `12`.
fn without_exponent(shortest: &[u8]) -> Option<&[u8]> {
    let plain = !shortest.contains(&b'e');
    plain.then(|| shortest.strip_suffix(b".0").unwrap_or(shortest))
}

/// The double that holds exactly the number written in `text`: the one whose shortest text is the same number.
pub(crate) fn float_of(text: &[u8]) -> Option<f64> {
    match text {
        b"NaN" => return Some(f64::NAN),
        b"Infinity" => return Some(f64::INFINITY),
        b"-Infinity" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    let number = Number::parse(text)?;
    let x: f64 = std::str::from_utf8(text).ok()?.parse().ok().filter(|x: &f64| x.is_finite())?;
    let mut buffer = zmij::Buffer::new();
    let shortest = Number::parse(buffer.format_finite(x).as_bytes())?;
    number.same_as(&shortest).then_some(x)
}

/// A decimal number's text, taken apart: ± `whole`.`fraction` × 10^`exponent`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number<'a> {
    negative: bool,
    /// Digits before the point, without leading zeros.
    whole: &'a [u8],
    /// Digits behind the point, without trailing zeros.
    fraction: &'a [u8],
    exponent: i32,
}

impl<'a> Number<'a> {
    /// Reads `[+-]digits[.digits][e[+-]digits]`, with at least one digit before or behind the point and no blanks;
    /// the exponent has at most nine digits.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        let (negative, rest) = take_sign(text);
        let (whole, rest) = take_digits(rest);
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => take_digits(rest),
            rest => (&rest[..0], rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', rest @ ..] => parse_exponent(rest)?,
            _ => return None,
        };
        let leading = whole.iter().take_while(|&&digit| digit == b'0').count();
        let kept = fraction.iter().rposition(|&digit| digit != b'0').map_or(0, |last| last + 1);
        Some(Self { negative, whole: &whole[leading..], fraction: &fraction[..kept], exponent })
    }

    /// Whether this is 0, which has no sign.
    pub(crate) fn is_zero(&self) -> bool {
        self.whole.is_empty() && self.fraction.is_empty()
    }

    fn digit(&self, index: usize) -> u8 {
        if index < self.whole.len() { self.whole[index] } else { self.fraction[index - self.whole.len()] }
    }

    /// The significant digits' positions in `whole` and `fraction`, and the place of the point after the first of
    /// them: the number is 0.ddd × 10^point. Not for zero.
    fn significant(&self) -> (std::ops::Range<usize>, i64) {
        let length = self.whole.len() + self.fraction.len();
        let first = (0..length).find(|&index| self.digit(index) != b'0').unwrap_or(0);
        let end = (first..length).rfind(|&index| self.digit(index) != b'0').map_or(first, |last| last + 1);
        (first..end, self.whole.len() as i64 + i64::from(self.exponent) - first as i64)
    }

    /// Significant digits in all, and how many stand before and behind the point; (0, 0, 0) for zero.
    pub(crate) fn digit_counts(&self) -> (u64, u64, u64) {
        if self.is_zero() {
            return (0, 0, 0);
        }
        let (span, point) = self.significant();
        let length = span.len() as i64;
        (length as u64, point.max(0) as u64, (length - point).max(0) as u64)
    }

    fn write_digits(&self, span: std::ops::Range<usize>, out: &mut Vec<u8>) {
        let split = self.whole.len();
        if span.start < split {
            out.extend_from_slice(&self.whole[span.start..span.end.min(split)]);
        }
        if span.end > split {
            out.extend_from_slice(&self.fraction[span.start.max(split) - split..span.end - split]);
        }
    }

    /// Appends the number without exponent, without needless zeros. False, and nothing appended, when that would take
    /// more zeros than anybody means.
    pub(crate) fn write_plain(&self, out: &mut Vec<u8>) -> bool {
        if self.is_zero() {
            out.push(b'0');
            return true;
        }
        let (span, point) = self.significant();
        if self.exponent != 0 && point.unsigned_abs() > EXPONENT_MAX {
            return false;
        }
        if self.negative {
            out.push(b'-');
        }
        if self.exponent == 0 {
            out.extend_from_slice(if self.whole.is_empty() { b"0" } else { self.whole });
            if !self.fraction.is_empty() {
                out.push(b'.');
                out.extend_from_slice(self.fraction);
            }
            return true;
        }
        let zeros = |count: i64, out: &mut Vec<u8>| out.resize(out.len() + count as usize, b'0');
        if point <= 0 {
            out.extend_from_slice(b"0.");
            zeros(-point, out);
            self.write_digits(span, out);
        } else if point >= span.len() as i64 {
            let missing = point - span.len() as i64;
            self.write_digits(span, out);
            zeros(missing, out);
        } else {
            let middle = span.start + point as usize;
            self.write_digits(span.start..middle, out);
            out.push(b'.');
            self.write_digits(middle..span.end, out);
        }
        true
    }

    /// Appends `d.ddde±dd` with at least `exponent_digits` digits in the exponent.
    fn write_scientific(&self, exponent_digits: usize, plus: bool, out: &mut Vec<u8>) {
        let (span, point) = self.significant();
        if self.negative {
            out.push(b'-');
        }
        self.write_digits(span.start..span.start + 1, out);
        if span.len() > 1 {
            out.push(b'.');
            self.write_digits(span.start + 1..span.end, out);
        }
        let exponent = point - 1;
        out.push(b'e');
        if exponent < 0 {
            out.push(b'-');
        } else if plus {
            out.push(b'+');
        }
        if exponent.unsigned_abs() < 10 && exponent_digits > 1 {
            out.push(b'0');
        }
        write_integer(exponent.unsigned_abs().into(), out);
    }

    /// Appends the one text of this number, plain where that is short and `d.ddde±d` elsewhere; for JSON, where any
    /// exponent may come.
    pub(crate) fn write_canonical(&self, out: &mut Vec<u8>) {
        if self.is_zero() {
            out.push(b'0');
            return;
        }
        let (span, point) = self.significant();
        if (-6..=40).contains(&point) && span.len() as i64 - point <= 40 {
            self.write_plain(out);
        } else {
            self.write_scientific(1, false, out);
        }
    }

    /// Whether both are the same number.
    fn same_as(&self, other: &Number<'_>) -> bool {
        if self.is_zero() || other.is_zero() {
            return self.is_zero() && other.is_zero();
        }
        let ((a, a_point), (b, b_point)) = (self.significant(), other.significant());
        self.negative == other.negative
            && a_point == b_point
            && a.len() == b.len()
            && a.zip(b).all(|(a, b)| self.digit(a) == other.digit(b))
    }
}

fn take_sign(text: &[u8]) -> (bool, &[u8]) {
    match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix(b"+").unwrap_or(text)),
    }
}

fn take_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn parse_exponent(text: &[u8]) -> Option<i32> {
    let (negative, digits) = take_sign(text);
    if digits.is_empty() || digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'));
    Some(if negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn real(x: f64) -> String {
        let mut out = Vec::new();
        write_real(x, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn plain(text: &str) -> Option<String> {
        let mut out = Vec::new();
        Number::parse(text.as_bytes())?.write_plain(&mut out).then(|| String::from_utf8(out).unwrap())
    }

    fn canonical(text: &str) -> String {
        let mut out = Vec::new();
        Number::parse(text.as_bytes()).unwrap().write_canonical(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn doubles_are_laid_out_as_postgresql_prints_them() {
        for (x, expected) in [
            (1.0, "1"),
            (-1.5, "-1.5"),
            (-0.0, "0"),
            (0.1, "0.1"),
            (1e-4, "0.0001"),
            (9.999e-5, "9.999e-05"),
            (1e-5, "1e-05"),
            (123_456_789_012_345.0, "123456789012345"),
            (999_999_999_999_999.9, "999999999999999.9"),
            (1e15, "1e+15"),
            (1_234_567_890_123_456.8, "1.2345678901234568e+15"),
            (1e22, "1e+22"),
            (1e100, "1e+100"),
            (16_777_217.0, "16777217"),
            (26_363_981_746_409.312, "26363981746409.312"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(real(x), expected);
        }
    }

    #[test]
    fn decimals_lose_what_means_nothing_and_nothing_else() {
        for (text, expected) in [
            ("3000.00", "3000"),
            ("-0.00", "0"),
            ("+007.50", "7.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("100", "100"),
            ("12345678901234567890.123456789", "12345678901234567890.123456789"),
            ("1.5e3", "1500"),
            ("1500e-3", "1.5"),
            ("0.00015e2", "0.015"),
            ("1e-3", "0.001"),
            ("0e999", "0"),
        ] {
            assert_eq!(plain(text).as_deref(), Some(expected), "{text}");
        }
        for text in
            ["", "-", ".", "1.2.3", "abc", "1e", "1e+", " 1", "1 ", "0x10", "1_0", "1e5000", "1e9999999999"]
        {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn a_double_holds_a_number_only_if_it_gives_it_back() {
        assert_eq!(float_of(b"0.1000"), Some(0.1));
        assert_eq!(float_of(b"9007199254740993"), None);
        assert_eq!(float_of(b"0.10000000000000000001"), None);
        assert_eq!(float_of(b"1e400"), None);
        assert_eq!(float_of(b"1e22"), Some(1e22));
        assert_eq!(float_of(b"-0"), Some(-0.0));
    }

    #[test]
    fn canonical_numbers_stay_short_whatever_the_exponent() {
        assert_eq!(canonical("2e2"), "200");
        assert_eq!(canonical("1.0E0"), "1");
        assert_eq!(canonical("1e999999999"), "1e999999999");
        assert_eq!(canonical("0.10e-999999999"), "1e-1000000000");
        assert_eq!(canonical("-12.50"), "-12.5");
    }

    proptest! {
        #[test]
        fn integers_print_their_digits(n: i128, small: i64) {
            for n in [n, i128::from(small), n >> 60] {
                let mut out = Vec::new();
                write_integer(n, &mut out);
                prop_assert_eq!(String::from_utf8(out).unwrap(), n.to_string());
            }
        }

        #[test]
        fn a_double_comes_back_from_each_of_its_texts(bits: u64) {
            let x = f64::from_bits(bits);
            prop_assume!(x.is_finite());
            for write in [write_real, write_real_plain] {
                let mut out = Vec::new();
                write(x, &mut out);
                let back: f64 = std::str::from_utf8(&out).unwrap().parse().unwrap();
                prop_assert_eq!((back + 0.0).to_bits(), (x + 0.0).to_bits());
                prop_assert_eq!(float_of(&out).map(f64::abs), Some(x.abs()));
            }
        }

        #[test]
        fn two_texts_of_one_decimal_have_one_plain_form(
            negative: bool, digits in "[0-9]{1,30}", point in 0usize..30, zeros in 0usize..5, shift in -40i32..40,
        ) {
            let point = point.min(digits.len());
            let sign = if negative { "-" } else { "" };
            let (whole, fraction) = digits.split_at(point);
            let a = format!("{sign}{}{whole}.{fraction}{}", "0".repeat(zeros), "0".repeat(zeros));
            let b = format!("{sign}{digits}e{}", point as i32 - digits.len() as i32);
            prop_assert_eq!(plain(&a), plain(&b));
            prop_assert_eq!(canonical(&a), canonical(&b));
            let shifted = format!("{a}e{shift}");
            let back = format!("{}e{}", plain(&shifted).unwrap(), -shift);
            prop_assert_eq!(plain(&a), plain(&back));
            let far = format!("{sign}0.{}{digits}e{}", "0".repeat(3_000), 3_000 + point);
            prop_assert_eq!(canonical(&a), canonical(&far));
        }
    }
}
