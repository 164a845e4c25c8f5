//! The common formats of dates and times, as a list of steps over the text's bytes.
//!
//! What a step reads is what chrono reads for the letter, white space and signs before numbers included; the tests hold
//! both against each other. `None` is a text that the format does not read. A format with a letter that is not here, or
//! whose letters say one thing twice, has no steps: chrono reads it.
//!
//! One letter differs: `%f` is the digits of a fraction, as in other languages (`.5` is half a second); chrono takes
//! them for a number of nanoseconds.

use chrono::format::{Fixed, Item, Numeric};

use super::civil::{self, Reading, digit, split_digits, two_digits};
use super::names;

/// One step: reads what stands at the front of the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Byte(u8),
    Literal(Box<str>),
    Space,
    Year,
    ShortYear,
    Month,
    /// A month's name, short; with `long`, long or short.
    MonthName {
        long: bool,
    },
    Day,
    DayOfYear,
    Weekday {
        long: bool,
    },
    Hour,
    Hour12,
    Half,
    Minute,
    Second,
    /// A point and digits, if a point is there: any number of them, or this many.
    Fraction(Option<usize>),
    /// Digits without a point: up to nine, or this many.
    Digits(Option<usize>),
    Offset(Zulu),
}

/// Whether an offset may be a Z, and may lack its minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zulu {
    No,
    Yes,
    Permissive,
}

/// A format that can be read without chrono.
#[derive(Debug)]
pub struct Steps {
    list: Vec<Step>,
    has_time: bool,
    is_afternoon_said: bool,
}

/// What the steps have read so far.
#[derive(Debug, Clone, Copy)]
struct Fields {
    year: u32,
    month: u32,
    day: u32,
    day_of_year: Option<u32>,
    weekday: Option<u32>,
    hour: u32,
    is_afternoon: bool,
    minute: u32,
    second: u32,
    nanos: u32,
    offset: Option<i32>,
}

impl Steps {
    /// The steps of a format; `None` where chrono must read it.
    pub fn new(items: &[Item<'static>]) -> Option<Self> {
        let list = items.iter().map(step).collect::<Option<Vec<_>>>()?;
        let count = |wanted: &[fn(&Step) -> bool]| {
            list.iter().filter(|step| wanted.iter().any(|is_wanted| is_wanted(step))).count()
        };
        let years = count(&[|step| matches!(step, Step::Year | Step::ShortYear)]);
        let months = count(&[|step| matches!(step, Step::Month | Step::MonthName { .. })]);
        let days = count(&[|step| *step == Step::Day]);
        let days_of_year = count(&[|step| *step == Step::DayOfYear]);
        let hours = count(&[|step| *step == Step::Hour]);
        let halves = (count(&[|step| *step == Step::Hour12]), count(&[|step| *step == Step::Half]));
        let minutes = count(&[|step| *step == Step::Minute]);
        let seconds = count(&[|step| *step == Step::Second]);
        let fractions = count(&[|step| matches!(step, Step::Fraction(_) | Step::Digits(_))]);
        let rest =
            [count(&[|step| matches!(step, Step::Weekday { .. })]), count(&[|step| matches!(step, Step::Offset(_))])];
        let has_date = matches!((years, months, days, days_of_year), (1, 1, 1, 0) | (1, 0, 0, 1));
        let has_no_date = (years, months, days, days_of_year) == (0, 0, 0, 0);
        let has_hour = matches!((hours, halves), (1, (0, 0)) | (0, (1, 1)));
        let has_time = has_hour && minutes == 1 && seconds <= 1 && fractions <= seconds;
        let has_no_time = (hours, halves, minutes, seconds, fractions) == (0, (0, 0), 0, 0, 0);
        let is_clear = (has_date || has_no_date) && (has_time || has_no_time) && rest.iter().all(|count| *count <= 1);
        is_clear.then_some(Self { has_time, is_afternoon_said: halves.1 == 1, list })
    }

    /// What the text says, midnight where the format has no time; 1970-01-01 where it has no date.
    #[inline]
    pub fn read(&self, text: &str) -> Option<Reading> {
        let mut fields = Fields {
            year: 1970,
            month: 1,
            day: 1,
            day_of_year: None,
            weekday: None,
            hour: 0,
            is_afternoon: false,
            minute: 0,
            second: 0,
            nanos: 0,
            offset: None,
        };
        let mut rest = text.as_bytes();
        for step in &self.list {
            rest = step.read(rest, &mut fields)?;
        }
        if !rest.is_empty() {
            return None;
        }
        let days = match fields.day_of_year {
            None => civil::day(fields.year, fields.month, fields.day)?,
            Some(nth) => civil::day_of_year(fields.year, nth)?,
        };
        // 1970-01-01 was a Thursday, three days behind a Monday.
        if fields.weekday.is_some_and(|weekday| i64::from(weekday) != (i64::from(days) + 3).rem_euclid(7)) {
            return None;
        }
        let hour = match self.is_afternoon_said {
            true => fields.hour % 12 + if fields.is_afternoon { 12 } else { 0 },
            false => fields.hour,
        };
        let seconds = if self.has_time { civil::seconds(hour, fields.minute, fields.second)? } else { 0 };
        Some(Reading { days, seconds, nanos: fields.nanos, offset: fields.offset })
    }
}

impl Step {
    /// Reads what the step is for, and returns what is behind it.
    #[inline]
    fn read<'a>(&self, rest: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
        match self {
            Self::Byte(byte) => match rest {
                [first, rest @ ..] if first == byte => return Some(rest),
                _ => return None,
            },
            Self::Year => return year(rest, &mut fields.year),
            Self::Month => return small_number(rest, &mut fields.month),
            Self::Day => return small_number(rest, &mut fields.day),
            Self::Hour => return small_number(rest, &mut fields.hour),
            Self::Minute => return small_number(rest, &mut fields.minute),
            Self::Second => return small_number(rest, &mut fields.second),
            _ => {}
        }
        self.read_other(rest, fields)
    }

    fn read_other<'a>(&self, rest: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
        match self {
            Self::Literal(literal) => rest.strip_prefix(literal.as_bytes()),
            Self::Space => Some(trim_start(rest)),
            Self::ShortYear => {
                let mut short = 0;
                let rest = small_number(rest, &mut short)?;
                fields.year = if short < 70 { 2000 + short } else { 1900 + short };
                Some(rest)
            }
            Self::MonthName { long } => {
                let (month, rest) = names::month(rest, *long)?;
                fields.month = month + 1;
                Some(rest)
            }
            Self::Weekday { long } => {
                let (weekday, rest) = names::weekday(rest, *long)?;
                fields.weekday = Some(weekday);
                Some(rest)
            }
            Self::DayOfYear => {
                let (nth, rest) = number(trim_start(rest), 3)?;
                fields.day_of_year = Some(nth);
                Some(rest)
            }
            Self::Hour12 => {
                let rest = small_number(rest, &mut fields.hour)?;
                (1..=12).contains(&fields.hour).then_some(rest)
            }
            Self::Half => {
                let [half, m, rest @ ..] = rest else { return None };
                fields.is_afternoon = half.eq_ignore_ascii_case(&b'p');
                let is_half = fields.is_afternoon || half.eq_ignore_ascii_case(&b'a');
                (is_half && m.eq_ignore_ascii_case(&b'm')).then_some(rest)
            }
            Self::Fraction(width) => match rest {
                [b'.', rest @ ..] => fraction(rest, *width, &mut fields.nanos),
                _ => Some(rest),
            },
            Self::Digits(width) => fraction(rest, *width, &mut fields.nanos),
            Self::Offset(zulu) => {
                let (offset, rest) = offset(trim_start(rest), *zulu)?;
                fields.offset = Some(offset);
                Some(rest)
            }
            // The others are read above.
            _ => None,
        }
    }
}

/// The step of an item, if it is one of a common letter.
fn step(item: &Item<'static>) -> Option<Step> {
    Some(match item {
        Item::Literal(literal) => literal_step(literal),
        Item::OwnedLiteral(literal) => literal_step(literal),
        Item::Space(_) | Item::OwnedSpace(_) => Step::Space,
        Item::Numeric(numeric, _) => match numeric {
            Numeric::Year => Step::Year,
            Numeric::YearMod100 => Step::ShortYear,
            Numeric::Month => Step::Month,
            Numeric::Day => Step::Day,
            Numeric::Ordinal => Step::DayOfYear,
            Numeric::Hour => Step::Hour,
            Numeric::Hour12 => Step::Hour12,
            Numeric::Minute => Step::Minute,
            Numeric::Second => Step::Second,
            Numeric::Nanosecond => Step::Digits(None),
            _ => return None,
        },
        Item::Fixed(fixed) => match fixed {
            Fixed::ShortMonthName => Step::MonthName { long: false },
            Fixed::LongMonthName => Step::MonthName { long: true },
            Fixed::ShortWeekdayName => Step::Weekday { long: false },
            Fixed::LongWeekdayName => Step::Weekday { long: true },
            Fixed::LowerAmPm | Fixed::UpperAmPm => Step::Half,
            Fixed::Nanosecond => Step::Fraction(None),
            Fixed::Nanosecond3 => Step::Fraction(Some(3)),
            Fixed::Nanosecond6 => Step::Fraction(Some(6)),
            Fixed::Nanosecond9 => Step::Fraction(Some(9)),
            Fixed::TimezoneOffset
            | Fixed::TimezoneOffsetColon
            | Fixed::TimezoneOffsetDoubleColon
            | Fixed::TimezoneOffsetTripleColon => Step::Offset(Zulu::No),
            Fixed::TimezoneOffsetZ | Fixed::TimezoneOffsetColonZ => Step::Offset(Zulu::Yes),
            // What chrono keeps to itself has no name but the letters it is made of.
            internal if is_item("%3f", internal) => Step::Digits(Some(3)),
            internal if is_item("%6f", internal) => Step::Digits(Some(6)),
            internal if is_item("%9f", internal) => Step::Digits(Some(9)),
            internal if is_item("%#z", internal) => Step::Offset(Zulu::Permissive),
            _ => return None,
        },
        Item::Error => return None,
    })
}

fn is_item(letters: &'static str, fixed: &Fixed) -> bool {
    chrono::format::StrftimeItems::new(letters).next() == Some(Item::Fixed(fixed.clone()))
}

fn literal_step(literal: &str) -> Step {
    match literal.as_bytes() {
        [byte] => Step::Byte(*byte),
        _ => Step::Literal(literal.into()),
    }
}

/// Four digits, the first no zero: who writes two digits means `%y`, and says so. With a plus before them, any number.
#[inline]
fn year<'a>(rest: &'a [u8], year: &mut u32) -> Option<&'a [u8]> {
    match rest {
        [y1 @ b'1'..=b'9', y2, y3, y4, rest @ ..] => {
            *year = two_digits(*y1, *y2)? * 100 + two_digits(*y3, *y4)?;
            Some(rest)
        }
        _ => odd_year(rest, year),
    }
}

#[cold]
fn odd_year<'a>(rest: &'a [u8], into: &mut u32) -> Option<&'a [u8]> {
    /// The last year that chrono has.
    const MAX_YEAR: u32 = 262_142;
    if rest.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let trimmed = trim_start(rest);
    let [b'+', digits @ ..] = trimmed else {
        return if trimmed.len() < rest.len() { year(trimmed, into) } else { None };
    };
    let (digits, rest) = split_digits(digits);
    let value = digits.iter().try_fold(0u32, |value, byte| {
        let value = value.checked_mul(10)?.checked_add(u32::from(byte - b'0'))?;
        (value <= MAX_YEAR).then_some(value)
    })?;
    *into = value;
    (value >= 1000).then_some(rest)
}

/// One or two digits.
#[inline]
fn small_number<'a>(rest: &'a [u8], into: &mut u32) -> Option<&'a [u8]> {
    match rest {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', rest @ ..] => {
            *into = u32::from(tens - b'0') * 10 + u32::from(ones - b'0');
            Some(rest)
        }
        [ones @ b'0'..=b'9', rest @ ..] => {
            *into = u32::from(ones - b'0');
            Some(rest)
        }
        _ => {
            let trimmed = trim_start(rest);
            if trimmed.len() < rest.len() { small_number(trimmed, into) } else { None }
        }
    }
}

/// One digit up to this many.
fn number(rest: &[u8], width: usize) -> Option<(u32, &[u8])> {
    let (digits, _) = split_digits(rest);
    let (digits, rest) = rest.split_at_checked(digits.len().min(width))?;
    let value = digits.iter().try_fold(0u32, |value, byte| Some(value * 10 + digit(*byte)?))?;
    (!digits.is_empty()).then_some((value, rest))
}

fn fraction<'a>(rest: &'a [u8], width: Option<usize>, nanos: &mut u32) -> Option<&'a [u8]> {
    let (digits, behind) = match width {
        None => split_digits(rest),
        Some(width) => rest.split_at_checked(width)?,
    };
    *nanos = civil::fraction(digits)?;
    Some(behind)
}

/// An offset as chrono reads it: a sign, two digits of hours, colons or white space, two digits of minutes.
fn offset(rest: &[u8], zulu: Zulu) -> Option<(i32, &[u8])> {
    let (is_negative, rest) = match rest {
        [b'Z' | b'z', rest @ ..] if zulu != Zulu::No => return Some((0, rest)),
        [b'+', rest @ ..] => (false, rest),
        // The minus sign of typographers.
        [b'-', rest @ ..] | [0xE2, 0x88, 0x92, rest @ ..] => (true, rest),
        _ => return None,
    };
    let [h1, h2, rest @ ..] = rest else { return None };
    let hours = two_digits(*h1, *h2)?;
    let mut rest = trim_start(rest);
    while let [b':', behind @ ..] = rest {
        rest = trim_start(behind);
    }
    let (minutes, rest) = match rest {
        [m1, m2, rest @ ..] => (two_digits(*m1, *m2)?, rest),
        [] if zulu == Zulu::Permissive => (0, rest),
        _ => return None,
    };
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok().filter(|_| hours < 24 && minutes < 60)?;
    Some((if is_negative { -seconds } else { seconds }, rest))
}

/// Without the white space, as Unicode has it, in front.
#[inline]
fn trim_start(rest: &[u8]) -> &[u8] {
    match rest.first() {
        Some(byte) if byte.is_ascii_graphic() => rest,
        _ => trim_unicode(rest),
    }
}

#[cold]
fn trim_unicode(rest: &[u8]) -> &[u8] {
    // The bytes are the end of a text; where a step has cut a character in two, there is no white space.
    let text = rest.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    rest.get(text.len() - text.trim_start().len()..).unwrap_or_default()
}
