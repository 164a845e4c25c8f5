//! Text into days, times of day and moments.
//!
//! Without formats, ISO 8601; with formats, each is tried in order and the first that gives a day, time or moment wins.
//! Nothing that a text says of time is dropped: a date whose format reads a time of day takes midnight only, and no
//! offset but UTC's; digits behind the microsecond must be zeros.
//!
//! A timestamp is in UTC: by the offset that its text has, else from the column's zone, else as it stands.

mod civil;
mod format;
mod iso;
mod layout;
mod names;
mod steps;
mod zone;

use arrow::array::types::{Date32Type, Time64MicrosecondType, TimestampMicrosecondType};
use arrow::datatypes::DataType;
use model::dataset::Column;

use self::civil::{Reading, SECONDS_PER_DAY};
use self::format::{Formats, Wanted};
use self::zone::{Memo, Zone};
use super::primitive::Parse;
use crate::reject::Reason;

const NANOS_PER_MICRO: u32 = 1000;
const MICROS_PER_SECOND: i64 = 1_000_000;

/// 0001-01-01 and the day behind 9999-12-31.
const FIRST_DAY: i32 = -719_162;
const BEHIND_LAST_DAY: i32 = 2_932_897;

/// Reads date.
#[derive(Debug)]
pub struct Date(Formats);

impl Date {
    /// Fails where a format gives no day.
    pub fn new(column: &Column) -> Result<Self, String> {
        Formats::new(&column.formats, Wanted::Day).map(Self)
    }
}

impl Parse for Date {
    type Arrow = Date32Type;
    type Scratch = ();

    #[inline]
    fn parse(&self, text: &str, (): &mut ()) -> Result<i32, Reason> {
        let reading = self.0.read(text, iso::date).ok_or(Reason::NotADate)?;
        match reading {
            Reading { days, .. } if !(FIRST_DAY..BEHIND_LAST_DAY).contains(&days) => Err(Reason::OutOfRange),
            Reading { offset: Some(offset), .. } if offset != 0 => Err(Reason::ZoneOffset),
            // The day alone would be less than what was delivered.
            Reading { seconds, nanos, .. } if seconds != 0 || nanos != 0 => Err(Reason::TooPrecise),
            Reading { days, .. } => Ok(days),
        }
    }

    fn explain(&self, reason: Reason, value: &str) -> String {
        match reason {
            Reason::OutOfRange => out_of_range(value),
            Reason::ZoneOffset => format!("{value} has an offset from UTC, which a date does not keep"),
            Reason::TooPrecise => format!("{value} has a time of day, which a date does not keep"),
            _ => format!("{value} is not a date {}", self.0.names()),
        }
    }
}

/// Reads time.
#[derive(Debug)]
pub struct Clock(Formats);

impl Clock {
    /// Fails where a format gives no time of day, or a day with it.
    pub fn new(column: &Column) -> Result<Self, String> {
        Formats::new(&column.formats, Wanted::Clock).map(Self)
    }
}

impl Parse for Clock {
    type Arrow = Time64MicrosecondType;
    type Scratch = ();

    #[inline]
    fn parse(&self, text: &str, (): &mut ()) -> Result<i64, Reason> {
        let reading = self.0.read(text, iso::clock).ok_or(Reason::NotATime)?;
        Ok(i64::from(reading.seconds) * MICROS_PER_SECOND + micros(reading.nanos)?)
    }

    fn explain(&self, reason: Reason, value: &str) -> String {
        match reason {
            Reason::TooPrecise => too_precise(value),
            _ => format!("{value} is not a time of day {}", self.0.names()),
        }
    }
}

/// Reads timestamp or timestamptz, which are both kept in UTC.
#[derive(Debug)]
pub struct Moment {
    formats: Formats,
    zone: Option<Zone>,
    zone_name: String,
    data_type: DataType,
}

impl Moment {
    /// Fails where a format gives no day, or there is no such zone.
    pub fn new(column: &Column, data_type: DataType) -> Result<Self, String> {
        Ok(Self {
            formats: Formats::new(&column.formats, Wanted::Day)?,
            zone: column.zone.as_deref().map(Zone::new).transpose()?,
            zone_name: column.zone.clone().unwrap_or_default(),
            data_type,
        })
    }
}

impl Parse for Moment {
    type Arrow = TimestampMicrosecondType;
    type Scratch = Memo;

    #[inline]
    fn parse(&self, text: &str, memo: &mut Memo) -> Result<i64, Reason> {
        let reading = self.formats.read(text, iso::timestamp).ok_or(Reason::NotATimestamp)?;
        let seconds = i64::from(reading.days) * SECONDS_PER_DAY + i64::from(reading.seconds);
        let offset = match (reading.offset, self.zone) {
            (Some(offset), _) => offset,
            (None, None) => 0,
            (None, Some(zone)) => zone.offset(seconds, memo)?,
        };
        let seconds = seconds - i64::from(offset);
        let years = i64::from(FIRST_DAY) * SECONDS_PER_DAY..i64::from(BEHIND_LAST_DAY) * SECONDS_PER_DAY;
        if !years.contains(&seconds) {
            return Err(Reason::OutOfRange);
        }
        Ok(seconds * MICROS_PER_SECOND + micros(reading.nanos)?)
    }

    fn explain(&self, reason: Reason, value: &str) -> String {
        let zone = &self.zone_name;
        match reason {
            Reason::OutOfRange => out_of_range(value),
            Reason::TooPrecise => too_precise(value),
            Reason::SkippedTime => format!("{value} is skipped in {zone}, where the clock is put forward then"),
            Reason::AmbiguousTime => format!("{value} is twice in {zone}, where the clock is put back then"),
            _ => format!("{value} is not a timestamp {}", self.formats.names()),
        }
    }

    fn data_type(&self) -> DataType {
        self.data_type.clone()
    }
}

#[inline]
fn micros(nanos: u32) -> Result<i64, Reason> {
    if nanos.is_multiple_of(NANOS_PER_MICRO) { Ok(i64::from(nanos / NANOS_PER_MICRO)) } else { Err(Reason::TooPrecise) }
}

fn out_of_range(value: &str) -> String {
    format!("{value} is out of range: years are 1 to 9999")
}

fn too_precise(value: &str) -> String {
    format!("{value} has more than 6 digits of a second")
}

#[cfg(test)]
mod tests;
