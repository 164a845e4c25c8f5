//! Text into binary floating numbers: digits, a point, an exponent; the nearest value, as the standard library reads it.
//!
//! NaN and infinity are refused: whether COPY takes them is not known (facts/redshift-copy.md (U)), and no sum survives
//! them. A number too small for the type is refused too, where it would become zero. There is one zero: -0 is 0.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::str::FromStr;

use arrow::array::ArrowPrimitiveType;
use model::types::Type;

use super::marks::Marks;
use super::primitive::Parse;
use crate::reject::Reason;

/// Reads real or double.
#[derive(Debug)]
pub struct Float<T> {
    pub kind: Type,
    pub marks: Option<Marks>,
    pub native: PhantomData<T>,
}

impl<T> Parse for Float<T>
where
    T: ArrowPrimitiveType<Native: FromStr + Into<f64>> + Debug + Send + Sync,
{
    type Arrow = T;
    type Scratch = String;

    #[inline]
    fn parse(&self, text: &str, scratch: &mut String) -> Result<T::Native, Reason> {
        let text = match self.marks {
            None => text,
            Some(_) => Marks::plain(self.marks.as_ref(), text, scratch).ok_or(Reason::NotANumber)?,
        };
        let value = text.parse::<T::Native>().map_err(|_| Reason::NotANumber)?;
        let wide: f64 = value.into();
        if wide.is_finite() && wide != 0.0 { Ok(value) } else { zero_or_none(text, wide) }
    }

    fn explain(&self, reason: Reason, value: &str) -> String {
        match reason {
            Reason::OutOfRange => format!("{value} is out of range of a {}", self.kind),
            _ => format!("{value} is not a number"),
        }
    }
}

#[cold]
fn zero_or_none<N: Default>(text: &str, value: f64) -> Result<N, Reason> {
    // `inf`, `nan` and their like parse, and are the only ones that do without a digit.
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(Reason::NotANumber);
    }
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    let is_zero = value == 0.0 && !mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    if is_zero { Ok(N::default()) } else { Err(Reason::OutOfRange) }
}
