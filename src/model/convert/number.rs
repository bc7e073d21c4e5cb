//! Values that become numbers.

use super::super::common::number::{self, Number};
use super::super::common::{self, truth_of};
use super::super::compare::CommonType;
use super::super::types::AFFINITY_DIGITS_MAX;
use super::super::value::ValueRef;
use super::Refused;

/// What a decimal column keeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct DecimalLimits {
    pub(super) precision: Option<u16>,
    pub(super) scale: Option<u16>,
    /// Numbers are kept as 64-bit integers or doubles, whatever is declared.
    pub(super) affinity: bool,
}

/// The plain text of a finite number, made in `scratch`.
fn plain_text<'a>(value: ValueRef<'_>, scratch: &'a mut Vec<u8>) -> Option<&'a str> {
    common::encode(CommonType::Decimal, value, scratch);
    let plain = scratch.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'.'));
    plain.then(|| std::str::from_utf8(scratch).expect("digits are ASCII"))
}

pub(super) fn to_boolean<'a>(value: ValueRef<'a>, scratch: &'a mut Vec<u8>) -> Result<ValueRef<'a>, Refused> {
    let truth = match value {
        ValueRef::Boolean(truth) => Some(truth),
        ValueRef::Text(word) if truth_of(word).is_some() => truth_of(word),
        ValueRef::Integer(0) => Some(false),
        ValueRef::Integer(1) => Some(true),
        ValueRef::Decimal(_) | ValueRef::Real(_) | ValueRef::Text(_) => match plain_text(value, scratch) {
            Some("0") => Some(false),
            Some("1") => Some(true),
            _ => None,
        },
        _ => None,
    };
    truth.map(ValueRef::Boolean).ok_or(Refused::NotOfType("true or false"))
}

pub(super) fn to_integer<'a>(
    value: ValueRef<'a>,
    bits: u8,
    signed: bool,
    scratch: &'a mut Vec<u8>,
) -> Result<ValueRef<'a>, Refused> {
    let n = match value {
        ValueRef::Integer(n) => n,
        ValueRef::Boolean(b) => b.into(),
        _ => {
            let text = plain_text(value, scratch).ok_or(Refused::NotOfType("a whole number"))?;
            if text.contains('.') {
                return Err(Refused::OutOfRange("it has digits behind the point".to_owned()));
            }
            text.parse().map_err(|_| Refused::OutOfRange("it is beyond every integer".to_owned()))?
        }
    };
    let values = 1i128 << bits;
    let (lowest, highest) = if signed { (-values / 2, values / 2 - 1) } else { (0, values - 1) };
    match n {
        n if n < lowest => Err(Refused::OutOfRange(format!("it is below {lowest}"))),
        n if n > highest => Err(Refused::OutOfRange(format!("it is above {highest}"))),
        n => Ok(ValueRef::Integer(n)),
    }
}

pub(super) fn to_decimal<'a>(
    value: ValueRef<'a>,
    limits: DecimalLimits,
    scratch: &'a mut Vec<u8>,
) -> Result<ValueRef<'a>, Refused> {
    let text = plain_text(value, scratch).ok_or(Refused::NotOfType("a finite number"))?;
    let number = Number::parse(text.as_bytes()).ok_or(Refused::NotOfType("a finite number"))?;
    let (significant, whole, fraction) = number.digit_counts();
    if let Some(scale) = limits.scale
        && fraction > scale.into()
    {
        return Err(Refused::OutOfRange(format!(
            "it has {fraction} digits behind the point, of which {scale} are kept"
        )));
    }
    if let Some(precision) = limits.precision {
        let most = u64::from(precision.saturating_sub(limits.scale.unwrap_or(0)));
        let (digits, most) =
            if limits.scale.is_some() { (whole, most) } else { (significant, precision.into()) };
        if digits > most {
            return Err(Refused::OutOfRange(format!("it has {digits} digits where at most {most} are kept")));
        }
    }
    match value {
        // Kept as it is: an integer or a double.
        ValueRef::Integer(_) | ValueRef::Real(_) if limits.affinity => Ok(value),
        _ if limits.affinity && significant > AFFINITY_DIGITS_MAX && text.parse::<i64>().is_err() => {
            Err(Refused::OutOfRange(format!(
                "it has {significant} digits, of which NUMERIC affinity keeps {AFFINITY_DIGITS_MAX} exactly"
            )))
        }
        _ => Ok(ValueRef::Decimal(text)),
    }
}

pub(super) fn to_float(
    value: ValueRef<'_>,
    bits: u8,
    from_float: bool,
) -> Result<ValueRef<'static>, Refused> {
    let inexact = || Refused::OutOfRange(format!("a float of {bits} bits would round it"));
    let x = match value {
        ValueRef::Real(x) if x.is_finite() || (from_float && !x.is_nan()) => x,
        ValueRef::Boolean(b) => f64::from(u8::from(b)),
        ValueRef::Integer(n) if n.unsigned_abs() <= number::FLOAT_INTEGER_MAX => n as f64,
        ValueRef::Integer(_) => return Err(inexact()),
        ValueRef::Decimal(text) => float_of(text.as_bytes(), inexact)?,
        ValueRef::Text(text) => float_of(text, inexact)?,
        _ => return Err(Refused::NotOfType("a finite number")),
    };
    let kept = bits > 32 || x.is_infinite() || f64::from(x as f32).to_bits() == x.to_bits();
    if kept { Ok(ValueRef::Real(x)) } else { Err(inexact()) }
}

fn float_of(text: &[u8], inexact: impl Fn() -> Refused) -> Result<f64, Refused> {
    let number = Number::parse(text).ok_or(Refused::NotOfType("a finite number"))?;
    if number.is_zero() {
        return Ok(0.0);
    }
    number::float_of(text).ok_or_else(inexact)
}

pub(super) fn to_any(value: ValueRef<'_>, affinity: bool) -> Result<ValueRef<'_>, Refused> {
    match value {
        ValueRef::Text(text) if affinity && Number::parse(text.trim_ascii()).is_some() => {
            Err(Refused::OutOfRange(
                "it would become a number there, without its leading and trailing zeros".to_owned(),
            ))
        }
        value => Ok(value),
    }
}
