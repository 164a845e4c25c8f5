//! Days and times of day as numbers, and the small readers of digits that both the ISO and the format readers use.

/// 1970-01-01 as a number of days since 0000-12-31, and what the years are shifted by so that none is below zero.
const EPOCH_DAYS: i32 = 719_163;
const SHIFT_YEARS: u32 = 400;
const SHIFT_DAYS: i32 = 146_097;

/// The days before each month, of a common year and of a leap year; then the days of the year.
const BEFORE_MONTH: [[u16; 13]; 2] = [
    [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365],
    [0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366],
];

pub const SECONDS_PER_DAY: i64 = 86_400;

/// What a text says of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Days since 1970-01-01.
    pub days: i32,
    /// Seconds since midnight; there is no leap second.
    pub seconds: u32,
    /// Nanoseconds since then.
    pub nanos: u32,
    /// How many seconds its clock is before UTC's, where it says so.
    pub offset: Option<i32>,
}

impl Reading {
    /// The beginning of a day.
    pub fn midnight(days: i32) -> Self {
        Self { days, seconds: 0, nanos: 0, offset: None }
    }

    /// The same, said to be in UTC, unless it says otherwise.
    pub fn in_utc(self) -> Self {
        Self { offset: self.offset.or(Some(0)), ..self }
    }
}

/// The day of a date, if there is such a day: years from 0 to 262,142.
#[inline]
pub fn day(year: u32, month: u32, day: u32) -> Option<i32> {
    let month = usize::try_from(month).ok()?;
    let months = BEFORE_MONTH.get(usize::from(is_leap(year)))?;
    let (before, behind) = (u32::from(*months.get(month.wrapping_sub(1))?), u32::from(*months.get(month)?));
    // A day 0 wraps around, and is past every month's end.
    (day.wrapping_sub(1) < behind - before).then(|| before_year(year) + (before + day).cast_signed())
}

/// The nth day of a year, from 1.
pub fn day_of_year(year: u32, nth: u32) -> Option<i32> {
    let is_one = nth >= 1 && nth <= 365 + u32::from(is_leap(year));
    is_one.then(|| before_year(year) + nth.cast_signed())
}

/// The day before a year's first.
#[inline]
fn before_year(year: u32) -> i32 {
    let past = year + SHIFT_YEARS - 1;
    let centuries = past / 100;
    (past * 365 + past / 4 - centuries + centuries / 4).cast_signed() - SHIFT_DAYS - EPOCH_DAYS
}

#[inline]
fn is_leap(year: u32) -> bool {
    let centuries = year / 100;
    year.is_multiple_of(4) && (centuries * 100 != year || centuries.is_multiple_of(4))
}

/// The second of a day, if there is such a time.
#[inline]
pub fn seconds(hour: u32, minute: u32, second: u32) -> Option<u32> {
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)
}

#[inline]
pub fn digit(byte: u8) -> Option<u32> {
    let digit = byte.wrapping_sub(b'0');
    (digit <= 9).then_some(u32::from(digit))
}

#[inline]
pub fn two_digits(tens: u8, ones: u8) -> Option<u32> {
    Some(digit(tens)? * 10 + digit(ones)?)
}

/// A fraction of a second as nanoseconds: at least one digit. A digit behind the ninth that is not zero must not be
/// lost: it counts as the ninth.
pub fn fraction(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    let mut nanos = 0;
    let mut weight = 100_000_000;
    for byte in digits {
        let digit = digit(*byte)?;
        nanos = if weight > 0 { nanos + digit * weight } else { nanos | u32::from(digit != 0) };
        weight /= 10;
    }
    Some(nanos)
}

/// The digits that a text begins with, and what is behind them.
pub fn split_digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    let count = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    bytes.split_at_checked(count).unwrap_or_default()
}
