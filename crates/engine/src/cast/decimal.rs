//! Text into exact numbers: a sign, digits with a point or without, an exponent. A value is a count of the last digit.
//! Digits behind the scale must be zeros, unless `round` says otherwise.

use arrow::array::types::Decimal128Type;
use arrow::datatypes::DataType;

use super::digits;
use super::marks::Marks;
use super::number::{Written, sign};
use super::primitive::Parse;
use crate::reject::Reason;

/// Redshift keeps up to 19 digits in 64 bits: not every number of 19 digits fits (facts/redshift-copy.md).
const DIGITS_IN_64_BITS: u8 = 19;

/// What fits in 64 bits, with as many zeros behind it, fits in an i128.
const SAFE_SCALE: u8 = 18;

/// Reads decimal(p,s).
#[derive(Debug)]
pub struct Decimal {
    precision: u8,
    scale: u8,
    most: i128,
    data_type: DataType,
    marks: Option<Marks>,
    rounds: bool,
    /// What a number is multiplied with that has no digits behind the point, one, and so on to the scale; none where 64
    /// bits times the first may overflow.
    powers: Vec<i128>,
}

impl Decimal {
    pub fn new((precision, scale): (u8, u8), data_type: DataType, marks: Option<Marks>, rounds: bool) -> Self {
        let most = match precision {
            DIGITS_IN_64_BITS => i128::from(i64::MAX),
            _ => 10i128.pow(u32::from(precision.min(38))) - 1,
        };
        let powers = (0..=scale).rev().filter(|_| scale <= SAFE_SCALE).map(|power| 10i128.pow(u32::from(power)));
        Self { precision, scale, most, data_type, marks, rounds, powers: powers.collect() }
    }

    /// A number of few digits, of no more behind the point than the scale has.
    #[inline]
    fn few_digits(&self, bytes: &[u8]) -> Option<i128> {
        let (is_negative, digits) = sign(bytes);
        let (digits, behind) = match digits::value_with_point(digits, usize::from(self.scale)) {
            Some(found) => found,
            None => self.longer(digits)?,
        };
        let value = i128::from(digits) * self.powers.get(behind)?;
        (value <= self.most).then_some(if is_negative { -value } else { value })
    }

    /// The same of up to 16 digits before the point.
    fn longer(&self, digits: &[u8]) -> Option<(u64, usize)> {
        let scale = usize::from(self.scale);
        let (start, tail) = digits.split_at_checked(digits.len().saturating_sub(scale + 1))?;
        let Some(point) = tail.iter().position(|byte| *byte == b'.') else { return Some((digits::value(digits)?, 0)) };
        let (whole, _) = digits.split_at_checked(start.len() + point)?;
        let fraction = tail.get(point + 1..)?;
        let unit = 10u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let value = digits::value(whole)?.checked_mul(unit)?.checked_add(digits::value(fraction)?)?;
        Some((value, fraction.len()))
    }

    #[cold]
    fn any(&self, text: &str, scratch: &mut String) -> Result<i128, Reason> {
        let text = Marks::plain(self.marks.as_ref(), text, scratch).ok_or(Reason::NotANumber)?;
        let written = Written::read(text).ok_or(Reason::NotANumber)?;
        written.at_scale(self.scale, self.most, self.rounds)
    }
}

impl Parse for Decimal {
    type Arrow = Decimal128Type;
    type Scratch = String;

    #[inline]
    fn parse(&self, text: &str, scratch: &mut String) -> Result<i128, Reason> {
        match (&self.marks, self.few_digits(text.as_bytes())) {
            (None, Some(value)) => Ok(value),
            _ => self.any(text, scratch),
        }
    }

    fn explain(&self, reason: Reason, value: &str) -> String {
        let (precision, scale) = (self.precision, self.scale);
        match reason {
            Reason::TooPrecise => format!("{value} has more than {scale} digit(s) behind the point"),
            Reason::OutOfRange => format!("{value} is out of range of decimal({precision},{scale})"),
            _ => format!("{value} is not a decimal number"),
        }
    }

    fn data_type(&self) -> DataType {
        self.data_type.clone()
    }
}
