//! ISO 8601: `2013-01-31`; `2013-01-31T23:59:59.123456+01:00`, a blank for the T, with or without fraction and offset;
//! `23:59`, `23:59:59`, `23:59:59.123456`.

use super::civil::{self, Reading, split_digits, two_digits};
use crate::cast::digits;

/// A day.
#[inline]
pub fn date(text: &str) -> Option<Reading> {
    let (days, rest) = date_of(text.as_bytes())?;
    rest.is_empty().then_some(Reading::midnight(days))
}

/// A day, or a day and a time.
#[inline]
pub fn timestamp(text: &str) -> Option<Reading> {
    let (days, rest) = date_of(text.as_bytes())?;
    let [b'T' | b' ', rest @ ..] = rest else {
        return rest.is_empty().then_some(Reading::midnight(days));
    };
    let [h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = rest else { return None };
    let seconds = seconds_of([*h1, *h2, *m1, *m2, *s1, *s2])?;
    if rest.is_empty() {
        return Some(Reading { days, seconds, nanos: 0, offset: None });
    }
    let (nanos, zone) = fraction_of(rest)?;
    let offset = if zone.is_empty() { None } else { Some(offset_of(zone)?) };
    Some(Reading { days, seconds, nanos, offset })
}

/// A time of day.
#[inline]
pub fn clock(text: &str) -> Option<Reading> {
    let [h1, h2, b':', m1, m2, rest @ ..] = text.as_bytes() else { return None };
    let (s1, s2, rest) = match rest {
        [] => (b'0', b'0', rest),
        [b':', s1, s2, rest @ ..] => (*s1, *s2, rest),
        _ => return None,
    };
    let (nanos, rest) = fraction_of(rest)?;
    let seconds = seconds_of([*h1, *h2, *m1, *m2, s1, s2])?;
    rest.is_empty().then_some(Reading { days: 0, seconds, nanos, offset: None })
}

#[inline]
fn date_of(bytes: &[u8]) -> Option<(i32, &[u8])> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, rest @ ..] = bytes else { return None };
    let [century, year, month, day] = digits::pairs([*y1, *y2, *y3, *y4, *m1, *m2, *d1, *d2])?;
    Some((civil::day(century * 100 + year, month, day)?, rest))
}

/// The second of a day.
#[inline]
fn seconds_of([h1, h2, m1, m2, s1, s2]: [u8; 6]) -> Option<u32> {
    let [hour, minute, second, _] = digits::pairs([h1, h2, m1, m2, s1, s2, b'0', b'0'])?;
    civil::seconds(hour, minute, second)
}

/// The fraction that stands there, zero if none does, and what is behind it.
#[inline]
fn fraction_of(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let [b'.', rest @ ..] = bytes else { return Some((0, bytes)) };
    let (digits, rest) = split_digits(rest);
    Some((civil::fraction(digits)?, rest))
}

/// `Z`, `+01:00`, `-0530`, `+02`: seconds.
pub fn offset_of(zone: &[u8]) -> Option<i32> {
    let (sign, hour, minute) = match zone {
        [b'Z' | b'z'] => return Some(0),
        [sign, h1, h2] => (sign, two_digits(*h1, *h2)?, 0),
        [sign, h1, h2, m1, m2] | [sign, h1, h2, b':', m1, m2] => (sign, two_digits(*h1, *h2)?, two_digits(*m1, *m2)?),
        _ => return None,
    };
    let seconds = i32::try_from(hour * 3600 + minute * 60).ok().filter(|_| hour < 24 && minute < 60)?;
    match sign {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}
