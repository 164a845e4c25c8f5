//! Text into days and moments.
//!
//! Without formats, ISO 8601: `2013-01-31`, and for a timestamp also `2013-01-31T23:59:59.123456`, a blank for the T, a
//! fraction of any length up to microseconds, `Z` or `+00:00` behind it. With formats, each is tried in order and the
//! first that gives a day or moment wins; letters as in strftime (chrono's), numbers with or without leading zeros,
//! but a `%Y` has four digits.
//! Nothing that a text says of time is dropped: a date whose format reads a time of day takes midnight only, and `%Z`,
//! behind which chrono reads any word and forgets it, is no letter here.

use chrono::format::{Fixed, Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};

use crate::reject::{Fault, Reason, shown};

/// 1970-01-01 as a number of days since the year 1.
const EPOCH_DAYS: i32 = 719_163;

/// The formats of a column; none for ISO 8601.
#[derive(Debug)]
pub struct Formats {
    texts: Vec<String>,
    items: Vec<Vec<Item<'static>>>,
}

impl Formats {
    /// Fails where a format is none, names a time zone, or gives no whole day.
    pub fn new(formats: &[String]) -> Result<Self, String> {
        let items = formats.iter().map(|format| {
            let items = StrftimeItems::new(format).parse_to_owned();
            let items = items.map_err(|_| format!("`{format}` is no format of a date or timestamp"))?;
            if items.contains(&Item::Fixed(Fixed::TimezoneName)) {
                let why = "`%Z` names a zone, and names are not read: use %z for an offset, or a Z as it stands";
                return Err(format!("the format `{format}` is not supported: {why}"));
            }
            // What the format writes of a moment, it must read as a day.
            let sample = DateTime::<Utc>::from_timestamp(1_388_534_399, 123_456_000).unwrap_or_default();
            let mut text = String::new();
            let is_written = std::fmt::write(&mut text, format_args!("{}", sample.format_with_items(items.iter())));
            match is_written.is_ok() && matches!(moment(&text, &items), Found::Moment(_)) {
                true => Ok(items),
                false => Err(format!("the format `{format}` gives no whole day")),
            }
        });
        Ok(Self { items: items.collect::<Result<_, String>>()?, texts: formats.to_vec() })
    }

    /// A day, as days since 1970-01-01. A time of day is a fault, midnight excepted: the day alone would be less than
    /// what was delivered.
    pub fn date(&self, text: &str) -> Result<i32, Fault> {
        let found = match self.items.is_empty() {
            true => iso_date(text).map_or(Found::Nothing, |date| Found::Moment(date.and_time(NaiveTime::MIN))),
            false => self.find(text),
        };
        let moment = self.checked(text, found, Reason::NotADate)?;
        if moment.time() != NaiveTime::MIN {
            let message = format!("{} has a time of day, which a date does not keep", shown(text));
            return Err(Fault::new(Reason::TooPrecise, message));
        }
        Ok(moment.date().num_days_from_ce() - EPOCH_DAYS)
    }

    /// A moment, as microseconds since 1970-01-01T00:00:00.
    pub fn timestamp(&self, text: &str) -> Result<i64, Fault> {
        let found = if self.items.is_empty() { iso_timestamp(text) } else { self.find(text) };
        let moment = self.checked(text, found, Reason::NotATimestamp)?;
        if moment.nanosecond() % 1000 != 0 {
            let message = format!("{} has more than 6 digits of a second", shown(text));
            return Err(Fault::new(Reason::TooPrecise, message));
        }
        Ok(moment.and_utc().timestamp_micros())
    }

    fn find(&self, text: &str) -> Found {
        let mut zoned = Found::Nothing;
        for items in &self.items {
            match moment(text, items) {
                Found::Moment(moment) => return Found::Moment(moment),
                Found::Zoned => zoned = Found::Zoned,
                Found::Nothing => {}
            }
        }
        zoned
    }

    fn checked(&self, text: &str, found: Found, reason: Reason) -> Result<NaiveDateTime, Fault> {
        let what = if reason == Reason::NotADate { "date" } else { "timestamp" };
        match found {
            Found::Moment(moment) if (1..=9999).contains(&moment.year()) => Ok(moment),
            Found::Moment(_) => {
                let message = format!("{} is out of range: years are 1 to 9999", shown(text));
                Err(Fault::new(Reason::OutOfRange, message))
            }
            Found::Zoned => {
                let message = format!("{} is not in UTC; time zones are not supported yet", shown(text));
                Err(Fault::new(Reason::ZoneOffset, message))
            }
            Found::Nothing if self.texts.is_empty() => {
                Err(Fault::new(reason, format!("{} is not a {what} as ISO 8601 writes it", shown(text))))
            }
            Found::Nothing => {
                Err(Fault::new(reason, format!("{} is not a {what} by {}", shown(text), self.texts.join(", "))))
            }
        }
    }
}

/// What a text was found to be.
enum Found {
    Moment(NaiveDateTime),
    /// A moment with an offset that is not UTC's.
    Zoned,
    Nothing,
}

impl From<Option<NaiveDateTime>> for Found {
    fn from(moment: Option<NaiveDateTime>) -> Self {
        moment.map_or(Self::Nothing, Self::Moment)
    }
}

/// The moment a format gives; midnight where it has no time of day.
fn moment(text: &str, items: &[Item<'_>]) -> Found {
    let mut parsed = Parsed::new();
    if parse(&mut parsed, text, items.iter()).is_err() {
        return Found::Nothing;
    }
    // chrono takes `26` for the year 26 where `%Y` is asked; who writes two digits means `%y`, and says so.
    if parsed.year().is_some_and(|year| year < 1000) {
        return Found::Nothing;
    }
    // Any piece of a time of day asks for a whole one: a lone second or `PM` is not to be forgotten.
    let times = [parsed.hour_div_12(), parsed.hour_mod_12(), parsed.minute(), parsed.second(), parsed.nanosecond()];
    let has_time = parsed.timestamp().is_some() || times.iter().any(Option::is_some);
    let moment = match has_time {
        true => parsed.to_naive_datetime_with_offset(0),
        false => parsed.to_naive_date().map(|date| date.and_time(NaiveTime::MIN)),
    };
    match moment {
        // chrono keeps a 60th second as a longer 59th; no warehouse has one.
        Ok(moment) if moment.nanosecond() >= 1_000_000_000 => Found::Nothing,
        Ok(_) if parsed.offset().is_some_and(|offset| offset != 0) => Found::Zoned,
        moment => moment.ok().into(),
    }
}

fn iso_date(text: &str) -> Option<NaiveDate> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
    let year = i32::try_from(number(&[*y1, *y2, *y3, *y4])?).ok()?;
    NaiveDate::from_ymd_opt(year, number(&[*m1, *m2])?, number(&[*d1, *d2])?)
}

fn iso_timestamp(text: &str) -> Found {
    let Some((date, rest)) = text.split_at_checked(10) else { return Found::Nothing };
    let Some(date) = iso_date(date) else { return Found::Nothing };
    if rest.is_empty() {
        return Found::Moment(date.and_time(NaiveTime::MIN));
    }
    let Some((clock, rest)) = rest.strip_prefix(['T', ' ']).and_then(|rest| rest.split_at_checked(8)) else {
        return Found::Nothing;
    };
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count()),
        None => ("0", rest),
    };
    match (iso_time(clock, fraction), zone) {
        (None, _) => Found::Nothing,
        (Some(time), "" | "Z" | "z" | "+00:00" | "-00:00" | "+0000" | "+00") => Found::Moment(date.and_time(time)),
        (Some(_), zone) if is_offset(zone) => Found::Zoned,
        _ => Found::Nothing,
    }
}

fn iso_time(clock: &str, fraction: &str) -> Option<NaiveTime> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = clock.as_bytes() else { return None };
    // Nine digits make nanoseconds. A digit behind them that is not zero must not be lost: it counts as the ninth.
    let (digits, beyond) = fraction.split_at(fraction.len().min(9));
    let nanos = number(digits.as_bytes())? * 10u32.pow(9 - u32::try_from(digits.len()).ok()?);
    let nanos = nanos | u32::from(beyond.bytes().any(|digit| digit != b'0'));
    NaiveTime::from_hms_nano_opt(number(&[*h1, *h2])?, number(&[*m1, *m2])?, number(&[*s1, *s2])?, nanos)
}

/// At least one digit, and digits only; ten of them may be too many.
fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    digits.iter().try_fold(0u32, |value, digit| value.checked_mul(10)?.checked_add(u32::from(digit - b'0')))
}

/// `+01:00`, `-0530`, `+02`.
fn is_offset(zone: &str) -> bool {
    let digits = zone.strip_prefix(['+', '-']).unwrap_or_default().replacen(':', "", 1);
    matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit())
}
