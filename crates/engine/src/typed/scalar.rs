//! Single values as text, exactly.

use std::fmt::{Display, Write};

use arrow::datatypes::{ArrowPrimitiveType, Float16Type};

/// What a value is, whatever the file keeps it in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    /// A whole number, signed or not.
    Whole,
    /// Half, single or double precision.
    Float,
    /// A whole number of `10^-scale`; in bytes, big-endian and two's complement.
    Decimal {
        /// All digits, as far as the schema says; a value may have more.
        precision: u32,
        scale: u32,
    },
    /// Days since 1970-01-01.
    Date,
    /// Since midnight.
    Time(Unit),
    /// Since 1970-01-01T00:00:00. What is in UTC says so.
    Timestamp {
        unit: Unit,
        is_utc: bool,
    },
    /// UTF-8.
    Text,
    /// Any bytes.
    Binary,
    /// 16 bytes.
    Uuid,
    /// 12 bytes: months, days and milliseconds, little-endian.
    Duration,
}

/// What a time is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    fn per_second(self) -> i64 {
        match self {
            Self::Millis => 1_000,
            Self::Micros => 1_000_000,
            Self::Nanos => NANOS,
        }
    }
}

/// What the file keeps a value in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scalar<'a> {
    Boolean(bool),
    Signed(i64),
    Unsigned(u64),
    Single(f32),
    Double(f64),
    /// Seconds since 1970-01-01T00:00:00, and nanoseconds behind them.
    Moment(i64, i64),
    Bytes(&'a [u8]),
}

const NANOS: i64 = 1_000_000_000;
const SECONDS_A_DAY: i64 = 86_400;

impl Kind {
    /// Whether the text of such a value is JSON as it stands. That of NaN is not, and no JSON has a NaN: who parses it
    /// finds out.
    pub fn is_json(self, value: Scalar<'_>) -> bool {
        match self {
            Self::Boolean | Self::Whole | Self::Float => true,
            Self::Decimal { .. } => !matches!(value, Scalar::Bytes(bytes) if bytes.is_empty()),
            _ => false,
        }
    }

    /// Appends the text of a value. One that its kind has no text for (a time of day past midnight, ten bytes of a UUID)
    /// is written as what it is kept in: the column's type will say what is wrong.
    pub fn write(self, value: Scalar<'_>, out: &mut String) {
        let written = match (self, value) {
            (Self::Boolean, Scalar::Boolean(value)) => put(out, value),
            (Self::Decimal { scale, .. }, Scalar::Signed(value)) => {
                let digits = value.unsigned_abs().to_string();
                point(out, value < 0, &digits, scale);
                true
            }
            (Self::Decimal { scale, .. }, Scalar::Bytes(bytes)) if !bytes.is_empty() => {
                let (is_negative, digits) = digits(bytes);
                point(out, is_negative, &digits, scale);
                true
            }
            (Self::Date, Scalar::Signed(days)) => date(out, days),
            (Self::Time(unit), Scalar::Signed(value)) => {
                let (seconds, nanos) = split(value, unit);
                (0..SECONDS_A_DAY).contains(&seconds) && clock(out, seconds, nanos)
            }
            (Self::Timestamp { unit, is_utc }, Scalar::Signed(value)) => {
                let (seconds, nanos) = split(value, unit);
                moment(out, seconds, nanos, is_utc)
            }
            (Self::Timestamp { is_utc, .. }, Scalar::Moment(seconds, nanos)) => {
                (0..NANOS).contains(&nanos) && moment(out, seconds, nanos, is_utc)
            }
            (Self::Uuid, Scalar::Bytes(bytes)) => uuid(out, bytes),
            (Self::Duration, Scalar::Bytes(bytes)) => duration(out, bytes),
            _ => false,
        };
        if !written {
            bare(out, value);
        }
    }
}

/// Appends; returns that something is written.
fn put(out: &mut String, value: impl Display) -> bool {
    // Writing to a text cannot fail.
    let _ = write!(out, "{value}");
    true
}

/// What a value is kept in, as it is.
fn bare(out: &mut String, value: Scalar<'_>) {
    match value {
        Scalar::Boolean(value) => put(out, value),
        Scalar::Signed(value) => put(out, value),
        Scalar::Unsigned(value) => put(out, value),
        Scalar::Single(value) => single(out, value),
        Scalar::Double(value) => double(out, value),
        Scalar::Moment(seconds, nanos) => put(out, format_args!("{seconds} s {nanos} ns")),
        Scalar::Bytes(bytes) => bytes.iter().all(|byte| put(out, format_args!("{byte:02x}"))),
    };
}

/// Between these, a number is written without an exponent: a whole number reads as one then, a price as a decimal.
const PLAIN: std::ops::Range<f64> = 1e-7..1e17;

/// The shortest digits that read back as the same single, not those of the double nearest to it: 0.1 is 0.1.
fn single(out: &mut String, value: f32) -> bool {
    match value == 0.0 || PLAIN.contains(&f64::from(value.abs())) || !value.is_finite() {
        true => put(out, value),
        false => put(out, format_args!("{value:e}")),
    }
}

/// The doubles from here on are whole numbers, and of those that a decimal holds all digits are written.
const WHOLE: std::ops::Range<f64> = 9_007_199_254_740_992.0..1e38;

/// The shortest digits that read back as the same double; of large whole numbers all.
fn double(out: &mut String, value: f64) -> bool {
    if WHOLE.contains(&value.abs()) {
        return put(out, format_args!("{value:.0}"));
    }
    match value == 0.0 || PLAIN.contains(&value.abs()) || !value.is_finite() {
        true => put(out, value),
        false => put(out, format_args!("{value:e}")),
    }
}

/// A number of half precision, by its two bytes, little-endian. It is exact in single precision.
pub(crate) fn half(bytes: [u8; 2]) -> f32 {
    <Float16Type as ArrowPrimitiveType>::Native::from_le_bytes(bytes).to_f32()
}

/// Appends digits with a point before the last `scale` of them.
fn point(out: &mut String, is_negative: bool, digits: &str, scale: u32) {
    let scale = scale as usize;
    if is_negative {
        out.push('-');
    }
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
    out.push_str(if whole.is_empty() { "0" } else { whole });
    if scale > 0 {
        out.push('.');
        out.extend(std::iter::repeat_n('0', scale - fraction.len()));
        out.push_str(fraction);
    }
}

/// Whether a number of any length, big-endian and two's complement, is negative, and its digits.
fn digits(bytes: &[u8]) -> (bool, String) {
    let is_negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let fill = if is_negative { 0xff } else { 0 };
    if let Some(missing) = size_of::<i128>().checked_sub(bytes.len()) {
        let mut whole = [fill; size_of::<i128>()];
        whole.iter_mut().skip(missing).zip(bytes).for_each(|(place, byte)| *place = *byte);
        return (is_negative, i128::from_be_bytes(whole).unsigned_abs().to_string());
    }
    (is_negative, long_digits(bytes, is_negative))
}

/// The digits of more than 16 bytes: no column keeps so many, but the reject should say what was there.
fn long_digits(bytes: &[u8], is_negative: bool) -> String {
    const BASE: u64 = 1_000_000_000;
    // Nine digits each, the last first. Of a negative number those of its complement, which is one less.
    let mut groups = vec![0u64];
    for byte in bytes {
        let byte = if is_negative { !byte } else { *byte };
        let mut carry = u64::from(byte);
        for group in &mut groups {
            let value = *group * 256 + carry;
            (*group, carry) = (value % BASE, value / BASE);
        }
        if carry > 0 {
            groups.push(carry);
        }
    }
    let mut carry = u64::from(is_negative);
    for group in &mut groups {
        *group += carry;
        carry = u64::from(*group == BASE);
        *group %= BASE;
    }
    if carry > 0 {
        groups.push(carry);
    }
    let mut text = String::new();
    for group in groups.iter().rev() {
        let written = if text.is_empty() { write!(text, "{group}") } else { write!(text, "{group:09}") };
        // Writing to a text cannot fail.
        let _ = written;
    }
    text
}

/// Seconds, and nanoseconds behind them.
fn split(value: i64, unit: Unit) -> (i64, i64) {
    let per_second = unit.per_second();
    (value.div_euclid(per_second), value.rem_euclid(per_second) * (NANOS / per_second))
}

fn moment(out: &mut String, seconds: i64, nanos: i64, is_utc: bool) -> bool {
    date(out, seconds.div_euclid(SECONDS_A_DAY));
    out.push('T');
    clock(out, seconds.rem_euclid(SECONDS_A_DAY), nanos);
    if is_utc {
        out.push('Z');
    }
    true
}

/// A time of day in microseconds, or in nanoseconds where it has any.
fn clock(out: &mut String, seconds: i64, nanos: i64) -> bool {
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    put(out, format_args!("{hour:02}:{minute:02}:{second:02}."));
    match nanos % 1_000 {
        0 => put(out, format_args!("{:06}", nanos / 1_000)),
        _ => put(out, format_args!("{nanos:09}")),
    }
}

/// A day of the Gregorian calendar, as far back and ahead as may be: years of more than four digits, and those before
/// the year 0, have a sign, as ISO 8601 has it.
fn date(out: &mut String, days: i64) -> bool {
    /// From 0000-03-01 to 1970-01-01; a year that begins with March has its leap day last.
    const DAYS_TO_EPOCH: i64 = 719_468;
    const DAYS_OF_400_YEARS: i64 = 146_097;
    let Some(days) = days.checked_add(DAYS_TO_EPOCH) else { return false };
    let (era, day) = (days.div_euclid(DAYS_OF_400_YEARS), days.rem_euclid(DAYS_OF_400_YEARS));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Months from March on, in a rhythm of 153 days for five.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    match year {
        0..=9999 => put(out, format_args!("{year:04}-{month:02}-{day:02}")),
        _ => put(out, format_args!("{year:+05}-{month:02}-{day:02}")),
    }
}

fn uuid(out: &mut String, bytes: &[u8]) -> bool {
    let Ok(bytes) = <[u8; 16]>::try_from(bytes) else { return false };
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        put(out, format_args!("{byte:02x}"));
    }
    true
}

/// As ISO 8601 has it: `P1M2DT3.004S`, `PT0S`.
fn duration(out: &mut String, bytes: &[u8]) -> bool {
    let (parts, rest) = bytes.as_chunks::<4>();
    let ([months, days, millis], []) = (parts, rest) else { return false };
    let [months, days, millis] = [months, days, millis].map(|part| u32::from_le_bytes(*part));
    out.push('P');
    if months > 0 {
        put(out, format_args!("{months}M"));
    }
    if days > 0 {
        put(out, format_args!("{days}D"));
    }
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    match (seconds, millis, months.max(days)) {
        (0, 0, 1..) => true,
        (_, 0, _) => put(out, format_args!("T{seconds}S")),
        _ => put(out, format_args!("T{seconds}.{millis:03}S")),
    }
}
