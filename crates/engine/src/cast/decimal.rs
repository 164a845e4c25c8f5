//! Text into exact numbers: a sign, digits with a point or without, an exponent. A value is a count of the last digit.
//! Digits behind the scale must be zeros, unless `round` says otherwise.

use arrow::array::types::Decimal128Type;
use arrow::datatypes::DataType;

use super::marks::Marks;
use super::number::{Written, sign};
use super::primitive::Parse;
use crate::reject::Reason;

/// Redshift keeps up to 19 digits in 64 bits: not every number of 19 digits fits (facts/redshift-copy.md).
const DIGITS_IN_64_BITS: u8 = 19;

/// Any number of so many digits fits in 64 bits.
const SAFE_DIGITS: usize = 18;

/// Reads decimal(p,s).
#[derive(Debug)]
pub struct Decimal {
    precision: u8,
    scale: u8,
    most: i128,
    data_type: DataType,
    marks: Option<Marks>,
    rounds: bool,
    /// What a number with so many digits behind the point is multiplied with, up to the scale.
    powers: Vec<i128>,
}

impl Decimal {
    pub fn new((precision, scale): (u8, u8), data_type: DataType, marks: Option<Marks>, rounds: bool) -> Self {
        let most = match precision {
            DIGITS_IN_64_BITS => i128::from(i64::MAX),
            _ => 10i128.pow(u32::from(precision.min(38))) - 1,
        };
        let powers = (0..=scale).rev().map(|exponent| 10i128.pow(u32::from(exponent.min(38)))).collect();
        Self { precision, scale, most, data_type, marks, rounds, powers }
    }

    /// A number of 18 digits at the most, leading zeros counted, and of no more behind the point than the scale has.
    #[inline]
    fn few_digits(&self, bytes: &[u8]) -> Option<i128> {
        let (is_negative, rest) = sign(bytes);
        let mut value = 0i64;
        let mut digits = 0;
        let mut point = None;
        for byte in rest {
            let digit = byte.wrapping_sub(b'0');
            if digit <= 9 {
                value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
                digits += 1;
            } else if *byte == b'.' && point.is_none() {
                point = Some(digits);
            } else {
                return None;
            }
        }
        if digits == 0 || digits > SAFE_DIGITS {
            return None;
        }
        let power = self.powers.get(point.map_or(0, |point| digits - point))?;
        // At most 10^18 times 10^37: it does not overflow.
        let value = i128::from(value) * power;
        (value <= self.most).then_some(if is_negative { -value } else { value })
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
