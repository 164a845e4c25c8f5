//! The zone of timestamps that name none: from its clock to UTC.
//!
//! A clock that is put forward skips times, which are rejects. One that is put back shows times twice; which of the two
//! was meant no one can say, so they are rejects as well: an hour of wrong rows in a year would be found by nobody.

use chrono::{DateTime, Datelike, LocalResult, NaiveDateTime, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};
use model::dataset::nearest;

use super::civil::SECONDS_PER_DAY;
use super::iso::offset_of;
use crate::reject::Reason;

/// A zone by its name in the IANA database, or by its offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    Fixed(i32),
    Named(Tz),
}

/// The database ends its rules here; they are known to go on as in the years before.
const LAST_YEAR: i32 = 2099;

/// The Gregorian calendar repeats itself after so many years, as long as no century's end lies among them: a year of
/// the last ones of the database has the same days of the week, and so the same rules.
const CYCLE_YEARS: i32 = 28;

impl Zone {
    /// `Europe/Berlin`, `+01:00`.
    pub fn new(name: &str) -> Result<Self, String> {
        if name.starts_with(['+', '-']) {
            return offset_of(name.as_bytes())
                .map(Self::Fixed)
                .ok_or_else(|| format!("`{name}` is no offset: write it as +01:00"));
        }
        name.parse().map(Self::Named).map_err(|_| {
            let names: Vec<&str> = TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
            let hint = nearest(name, &names).map_or_else(String::new, |known| format!("; the nearest is `{known}`"));
            format!("there is no time zone `{name}`{hint}")
        })
    }

    /// How many seconds the zone's clock is before UTC's when it shows a time, in seconds since 1970 as if it were UTC.
    #[inline]
    pub fn offset(self, shown: i64, memo: &mut Memo) -> Result<i32, Reason> {
        match self {
            Self::Fixed(offset) => Ok(offset),
            Self::Named(zone) => memo.offset(zone, shown),
        }
    }
}

/// What days have one offset from their beginning to their end: a search in the database costs more than all the rest
/// of a timestamp. Days stand at their number modulo the number of places.
///
/// A day whose first and last second have the same offset has it throughout: no zone changes twice within six days.
#[derive(Debug, Default)]
pub struct Memo {
    /// A day and its offset; no place is made before one is known.
    days: Vec<(i64, i32)>,
}

impl Memo {
    const PLACES: usize = 1024;
    /// The same, for days, of which there are some before 1970.
    const DAYS: i64 = 1024;

    #[inline]
    fn offset(&mut self, zone: Tz, shown: i64) -> Result<i32, Reason> {
        let day = shown.div_euclid(SECONDS_PER_DAY);
        let place = usize::try_from(day.rem_euclid(Self::DAYS)).unwrap_or(0);
        match self.days.get(place) {
            Some((known, offset)) if *known == day => Ok(*offset),
            _ => self.search(zone, shown, day, place),
        }
    }

    #[cold]
    fn search(&mut self, zone: Tz, shown: i64, day: i64, place: usize) -> Result<i32, Reason> {
        let first = search(zone, day * SECONDS_PER_DAY);
        let last = search(zone, (day + 1) * SECONDS_PER_DAY - 1);
        if let (Ok(offset), true) = (first, first == last) {
            self.days.resize(Self::PLACES, (i64::MIN, 0));
            if let Some(known) = self.days.get_mut(place) {
                *known = (day, offset);
            }
        }
        search(zone, shown)
    }
}

/// One search in the database.
fn search(zone: Tz, shown: i64) -> Result<i32, Reason> {
    let moment = DateTime::from_timestamp(shown, 0).map(|moment| within_rules(moment.naive_utc()));
    match zone.offset_from_local_datetime(&moment.ok_or(Reason::OutOfRange)?) {
        LocalResult::Single(offset) => Ok(offset.fix().local_minus_utc()),
        LocalResult::Ambiguous(..) => Err(Reason::AmbiguousTime),
        LocalResult::None => Err(Reason::SkippedTime),
    }
}

/// The moment itself, or one of a like year that the database has rules for.
fn within_rules(moment: NaiveDateTime) -> NaiveDateTime {
    if moment.year() < LAST_YEAR {
        return moment;
    }
    let starts = |year: i32| moment.with_ordinal(1).and_then(|first| first.with_year(year));
    let is_leap = |year: i32| starts(year).is_some_and(|first| first.date().leap_year());
    let weekday = starts(moment.year()).map(|first| first.weekday());
    let like = (LAST_YEAR - CYCLE_YEARS..LAST_YEAR)
        .find(|year| starts(*year).map(|first| first.weekday()) == weekday && is_leap(*year) == is_leap(moment.year()));
    like.and_then(|year| moment.with_year(year)).unwrap_or(moment)
}
