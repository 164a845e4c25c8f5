//! Text into numbers. No white space, no separators of thousands; a sign in front may be.

use std::fmt::Display;
use std::num::{IntErrorKind, ParseIntError};
use std::str::FromStr;

use model::types::Type;

use crate::reject::{Fault, Reason, shown};

/// A whole number: digits.
pub fn integer<T>(text: &str, kind: Type, least: T, most: T) -> Result<T, Fault>
where
    T: FromStr<Err = ParseIntError> + Display,
{
    text.parse().map_err(|error: ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => {
            let message = format!("{} is out of range: {kind} holds {least} to {most}", shown(text));
            Fault::new(Reason::OutOfRange, message)
        }
        _ => Fault::new(Reason::NotANumber, format!("{} is not a whole number", shown(text))),
    })
}

/// A number in binary: digits, point, exponent. NaN and infinity are refused: whether COPY takes them is not known
/// (facts/redshift-copy.md (U)), and no sum survives them.
pub fn double(text: &str) -> Result<f64, Fault> {
    let not_a_number = || Fault::new(Reason::NotANumber, format!("{} is not a number", shown(text)));
    // `inf`, `nan` and their like parse, and are the only ones that do without a digit.
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(not_a_number());
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(Fault::new(Reason::OutOfRange, format!("{} is out of range of a double", shown(text)))),
        Err(_) => Err(not_a_number()),
    }
}

/// Redshift keeps up to 19 digits in 64 bits: not every number of 19 digits fits (facts/redshift-copy.md).
const DIGITS_IN_64_BITS: u8 = 19;

/// An exact number: digits with a point or without, as an integer of its last digit. Digits behind the scale must be
/// zeros: nothing is rounded.
pub fn decimal(text: &str, precision: u8, scale: u8) -> Result<i128, Fault> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if !(is_number(whole) && is_number(fraction)) || (whole.is_empty() && fraction.is_empty()) {
        return Err(Fault::new(Reason::NotANumber, format!("{} is not a decimal number", shown(text))));
    }
    let (kept, beyond) = fraction.split_at(fraction.len().min(usize::from(scale)));
    if beyond.bytes().any(|digit| digit != b'0') {
        let message = format!("{} has more than {scale} digit(s) behind the point", shown(text));
        return Err(Fault::new(Reason::TooPrecise, message));
    }
    let missing = usize::from(scale) - kept.len();
    let all = whole.bytes().chain(kept.bytes()).chain(std::iter::repeat_n(b'0', missing));
    let most = if precision == DIGITS_IN_64_BITS { i128::from(i64::MAX) } else { 10i128.pow(precision.into()) - 1 };
    let value = all.into_iter().try_fold(0i128, |value, digit| {
        let value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        (value <= most).then_some(value)
    });
    match value {
        Some(value) if text.starts_with('-') => Ok(-value),
        Some(value) => Ok(value),
        None => {
            let message = format!("{} is out of range of decimal({precision},{scale})", shown(text));
            Err(Fault::new(Reason::OutOfRange, message))
        }
    }
}
