//! Text into whole numbers: a sign and digits. With `round`, digits behind a point too; without it a point is a fault,
//! be there zeros behind it or not.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use arrow::array::ArrowPrimitiveType;
use model::types::Type;

use super::digits;
use super::marks::Marks;
use super::number::{Written, sign};
use super::primitive::Parse;
use crate::reject::Reason;

/// Reads smallint, integer or bigint.
#[derive(Debug)]
pub struct Whole<T> {
    pub kind: Type,
    pub marks: Option<Marks>,
    pub rounds: bool,
    pub native: PhantomData<T>,
}

impl<T> Parse for Whole<T>
where
    T: ArrowPrimitiveType<Native: TryFrom<i64> + Limits> + Debug + Send + Sync,
{
    type Arrow = T;
    type Scratch = String;

    #[inline]
    fn parse(&self, text: &str, scratch: &mut String) -> Result<T::Native, Reason> {
        let value = match (&self.marks, few_digits(text.as_bytes())) {
            (None, Some(value)) => value,
            _ => self.any(text, scratch)?,
        };
        T::Native::try_from(value).map_err(|_| Reason::OutOfRange)
    }

    fn explain(&self, reason: Reason, value: &str) -> String {
        match reason {
            Reason::OutOfRange => {
                let (least, most) = T::Native::limits();
                format!("{value} is out of range: {} holds {least} to {most}", self.kind)
            }
            _ => format!("{value} is not a whole number"),
        }
    }
}

impl<T> Whole<T> {
    /// The numbers that are seldom: long ones, those in another locale, those that are rounded, those that are none.
    #[cold]
    fn any(&self, text: &str, scratch: &mut String) -> Result<i64, Reason> {
        let text = Marks::plain(self.marks.as_ref(), text, scratch).ok_or(Reason::NotANumber)?;
        let written = Written::read(text).ok_or(Reason::NotANumber)?;
        if written.exponent.is_some() || (written.fraction.is_some() && !self.rounds) {
            return Err(Reason::NotANumber);
        }
        // One more than the most of a bigint, for the least of one.
        let value = written.at_scale(0, i128::from(i64::MAX) + 1, self.rounds)?;
        i64::try_from(value).map_err(|_| Reason::OutOfRange)
    }
}

/// A number of 16 digits at the most, and nothing else.
#[inline]
fn few_digits(bytes: &[u8]) -> Option<i64> {
    let (is_negative, digits) = sign(bytes);
    let value = i64::try_from(digits::value(digits)?).ok()?;
    Some(if is_negative { -value } else { value })
}

/// The least and the most, for the message.
pub trait Limits {
    fn limits() -> (impl Display, impl Display);
}

macro_rules! limits {
    ($($native:ty),*) => {
        $(impl Limits for $native {
            fn limits() -> (impl Display, impl Display) {
                (Self::MIN, Self::MAX)
            }
        })*
    };
}
limits!(i16, i32, i64);
