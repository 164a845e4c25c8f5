//! The formats of a column, in order: the first that reads a text wins.
//!
//! Letters as in strftime, numbers with or without leading zeros, but a `%Y` has four digits. Nothing that a text says
//! is dropped: `%Z`, behind which chrono reads any word and forgets it, is no letter here.

use std::fmt::Write;

use chrono::format::{Fixed, Item, Numeric, Parsed, StrftimeItems, parse};
use chrono::{DateTime, Datelike, NaiveDateTime, NaiveTime, Timelike, Utc};

use super::civil::Reading;
use super::layout::Layout;
use super::steps::Steps;

/// 1970-01-01 as chrono counts days.
const EPOCH_DAYS: i32 = 719_163;

/// A moment that every format must be able to write and read: 2013-12-31T23:59:59.123456.
const SAMPLE: (i64, u32) = (1_388_534_399, 123_456_000);

/// What formats are to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A day, with or without a time.
    Day,
    /// A time of day, without a day.
    Clock,
}

/// The formats of a column; none for ISO 8601.
#[derive(Debug)]
pub struct Formats {
    texts: Vec<String>,
    list: Vec<Format>,
}

#[derive(Debug)]
struct Format {
    reader: Reader,
    /// It ends in the letters of UTC, as they stand: what it reads is in no other zone.
    says_utc: bool,
}

#[derive(Debug)]
enum Reader {
    Steps(Option<Layout>, Steps),
    Chrono(Vec<Item<'static>>, Wanted),
}

impl Formats {
    /// Fails where a format is none, names a time zone, or gives not what is wanted.
    pub fn new(formats: &[String], wanted: Wanted) -> Result<Self, String> {
        let list = formats.iter().map(|format| Format::new(format, wanted));
        Ok(Self { list: list.collect::<Result<_, _>>()?, texts: formats.to_vec() })
    }

    /// What the text says by the first format that reads it, or as ISO writes it where there are none.
    #[inline]
    pub fn read(&self, text: &str, iso: impl Fn(&str) -> Option<Reading>) -> Option<Reading> {
        if self.list.is_empty() {
            return iso(text);
        }
        self.list.iter().find_map(|format| {
            let reading = match &format.reader {
                Reader::Steps(layout, steps) => {
                    layout.as_ref().and_then(|layout| layout.read(text.as_bytes())).or_else(|| steps.read(text))
                }
                Reader::Chrono(items, wanted) => by_chrono(text, items, *wanted),
            };
            if format.says_utc { reading.map(Reading::in_utc) } else { reading }
        })
    }

    /// How texts are to be written, for a message.
    pub fn names(&self) -> String {
        match self.texts.as_slice() {
            [] => "as ISO 8601 writes it".to_owned(),
            texts => format!("by {}", texts.join(", ")),
        }
    }
}

impl Format {
    fn new(format: &str, wanted: Wanted) -> Result<Self, String> {
        let items = StrftimeItems::new(format).parse_to_owned();
        let items = items.map_err(|_| format!("`{format}` is no format of a date or time"))?;
        let refused = |why: &str| Err(format!("the format `{format}` is not supported: {why}"));
        if items.contains(&Item::Fixed(Fixed::TimezoneName)) {
            return refused("`%Z` names a zone, and names are not read: use %z for an offset, or a Z as it stands");
        }
        let is_fraction = |item: &Item<'_>| matches!(item, Item::Numeric(Numeric::Nanosecond, _));
        let has_fraction = items.iter().any(is_fraction);
        // What the format writes of a moment, it must read again. An offset that may lack its minutes is only read.
        let [read, write] = ["%#z", "%z"].map(|letters| StrftimeItems::new(letters).next());
        let writing = items.iter().map(|item| if Some(item) == read.as_ref() { write.as_ref() } else { Some(item) });
        let writing: Vec<_> = writing.flatten().collect();
        let sample = DateTime::<Utc>::from_timestamp(SAMPLE.0, SAMPLE.1).unwrap_or_default();
        let mut text = String::new();
        let written = match wanted {
            Wanted::Day => write!(text, "{}", sample.format_with_items(writing.iter().copied())),
            Wanted::Clock => write!(text, "{}", sample.time().format_with_items(writing.iter().copied())),
        };
        if written.is_err() || by_chrono(&text, &items, wanted).is_none() {
            let what = if wanted == Wanted::Day { "no whole day" } else { "no time of day, or more than one" };
            return Err(format!("the format `{format}` gives {what}"));
        }
        let last = items.last().map_or("", |item| match item {
            Item::Literal(literal) => literal,
            Item::OwnedLiteral(literal) => literal,
            _ => "",
        });
        let letters = last.trim_start_matches(|letter: char| !letter.is_ascii_alphabetic());
        let says_utc = ["Z", "UTC", "GMT"].contains(&letters);
        match Steps::new(&items) {
            Some(steps) => Ok(Self { reader: Reader::Steps(Layout::new(&items), steps), says_utc }),
            None if has_fraction => refused("beside its other letters, write `%f` with its digits: %3f, %6f or %9f"),
            None => Ok(Self { reader: Reader::Chrono(items, wanted), says_utc }),
        }
    }
}

/// What chrono reads; midnight where the format has no time of day.
pub fn by_chrono(text: &str, items: &[Item<'_>], wanted: Wanted) -> Option<Reading> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, text, items.iter()).ok()?;
    if wanted == Wanted::Clock {
        let time = parsed.to_naive_time().ok()?;
        let (seconds, nanos) = of_day(time)?;
        return Some(Reading { days: 0, seconds, nanos, offset: None });
    }
    // chrono takes `26` for the year 26 where `%Y` is asked; who writes two digits means `%y`, and says so.
    if parsed.year().is_some_and(|year| year < 1000) {
        return None;
    }
    // Any piece of a time of day asks for a whole one: a lone second or `PM` is not to be forgotten.
    let times = [parsed.hour_div_12(), parsed.hour_mod_12(), parsed.minute(), parsed.second(), parsed.nanosecond()];
    let has_time = parsed.timestamp().is_some() || times.iter().any(Option::is_some);
    // A number of seconds since 1970 is in UTC, whatever the column's zone.
    let offset = parsed.offset().or(parsed.timestamp().map(|_| 0));
    let moment: NaiveDateTime = match has_time {
        true => parsed.to_naive_datetime_with_offset(offset.unwrap_or(0)).ok()?,
        false => parsed.to_naive_date().ok()?.and_time(NaiveTime::MIN),
    };
    if offset.is_some_and(|offset| offset.abs() >= 24 * 3600) {
        return None;
    }
    let (seconds, nanos) = of_day(moment.time())?;
    Some(Reading { days: moment.num_days_from_ce() - EPOCH_DAYS, seconds, nanos, offset })
}

/// Seconds since midnight, and nanoseconds. chrono keeps a 60th second as a longer 59th; no warehouse has one.
fn of_day(time: NaiveTime) -> Option<(u32, u32)> {
    let nanos = time.nanosecond();
    (nanos < 1_000_000_000).then(|| (time.num_seconds_from_midnight(), nanos))
}
