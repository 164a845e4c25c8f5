//! What numbers of all types share: how one is written, and how the digits are cut at a scale.
//!
//! Nothing here goes through a float. White space is no part of a number, and no separator is: `marks` takes away what
//! another locale puts in.

use crate::reject::Reason;

/// A number as it is written, taken apart: `-12.50e3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written<'a> {
    pub is_negative: bool,
    /// The digits before the point.
    pub whole: &'a [u8],
    /// The digits behind it, if there is a point.
    pub fraction: Option<&'a [u8]>,
    /// What stands behind an e. A larger one than an i32 holds is cut there: no text has as many digits.
    pub exponent: Option<i32>,
}

impl<'a> Written<'a> {
    /// `None` where it is no number: a sign, digits with a point among them or at their ends, an exponent.
    pub fn read(text: &'a str) -> Option<Self> {
        let (is_negative, rest) = sign(text.as_bytes());
        let (mantissa, exponent) = match rest.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            Some(place) => {
                let (mantissa, rest) = rest.split_at_checked(place)?;
                (mantissa, Some(exponent(rest.get(1..)?)?))
            }
            None => (rest, None),
        };
        let (whole, fraction) = match mantissa.iter().position(|byte| *byte == b'.') {
            Some(place) => {
                let (whole, rest) = mantissa.split_at_checked(place)?;
                (whole, Some(rest.get(1..)?))
            }
            None => (mantissa, None),
        };
        let behind = fraction.unwrap_or_default();
        let is_number = whole.iter().chain(behind).all(u8::is_ascii_digit) && whole.len() + behind.len() > 0;
        is_number.then_some(Self { is_negative, whole, fraction, exponent })
    }

    /// The number as a count of its last digit, with this many digits behind the point; no more than `most`, whatever
    /// its sign. Digits behind those are dropped where they are zeros, rounded where that is asked, else too precise.
    pub fn at_scale(&self, scale: u8, most: i128, rounds: bool) -> Result<i128, Reason> {
        let digits = || self.whole.iter().chain(self.fraction.unwrap_or_default()).map(|byte| byte - b'0');
        let leading = digits().take_while(|digit| *digit == 0).count();
        let count = self.whole.len() + self.fraction.map_or(0, <[u8]>::len) - leading;
        if count == 0 {
            return Ok(0);
        }
        // How many of the digits, from the first that is not zero, are kept: the point, moved by exponent and scale.
        let before_point = as_i64(self.whole.len()) - as_i64(leading);
        let kept = before_point + i64::from(self.exponent.unwrap_or(0)) + i64::from(scale);
        let dropped = || digits().skip(leading).skip(usize::try_from(kept).unwrap_or(0));
        let mut more = 0;
        if kept < as_i64(count) && dropped().any(|digit| digit != 0) {
            if !rounds {
                return Err(Reason::TooPrecise);
            }
            // Below zero kept digits, the first dropped one is a zero that is not written.
            more = i128::from(kept >= 0 && dropped().next() >= Some(5));
        }
        let Ok(kept) = usize::try_from(kept) else { return Ok(0) };
        // `most` has 38 digits at the most: what has more is past it, and is not multiplied out.
        if kept > MAX_DIGITS {
            return Err(Reason::OutOfRange);
        }
        let all = digits().skip(leading).chain(std::iter::repeat(0)).take(kept);
        let value = all.fold(0i128, |value, digit| value * 10 + i128::from(digit)) + more;
        match value <= most {
            true if self.is_negative => Ok(-value),
            true => Ok(value),
            false => Err(Reason::OutOfRange),
        }
    }
}

/// The value of a number that is whole, however it is written. `None` where it is not, or has more digits than a bigint
/// may have, which bounds what an exponent makes of a short text.
pub fn whole_number(text: &str) -> Option<i128> {
    Written::read(text)?.at_scale(0, u64::MAX.into(), false).ok()
}

/// The most digits of any exact type; one more than these does not overflow an i128.
const MAX_DIGITS: usize = 38;

/// Takes a sign off.
#[inline]
pub fn sign(bytes: &[u8]) -> (bool, &[u8]) {
    match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, bytes),
    }
}

fn exponent(bytes: &[u8]) -> Option<i32> {
    let (is_negative, digits) = sign(bytes);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0i32, |value, byte| value.saturating_mul(10).saturating_add(i32::from(byte - b'0')));
    Some(if is_negative { -value } else { value })
}

fn as_i64(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
