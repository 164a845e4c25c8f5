//! Values as Redshift writes them.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimeUnit, TimestampMicrosecondType,
};
use arrow::temporal_conversions::{date32_to_datetime, time64us_to_time, timestamp_us_to_datetime};
use chrono::{NaiveDateTime, Timelike};

use crate::error::{SqlError, SqlResult};
use crate::types::Type;

/// The text of a value in a result, where a char is filled up with blanks (Developer Guide, character types; that a
/// result shows them is unverified).
pub(crate) fn shown(array: &ArrayRef, ty: Type, row: usize) -> SqlResult<Option<String>> {
    let text = text(array, row)?;
    Ok(match ty {
        Type::Char(bytes) => {
            let width = usize::try_from(bytes).map_err(SqlError::internal)?;
            text.map(|text| format!("{text:width$}"))
        }
        _ => text,
    })
}

/// The text of a value, or `None` where it is null. The array has one of the types of `Type::arrow`.
pub(crate) fn text(array: &ArrayRef, row: usize) -> SqlResult<Option<String>> {
    if array.is_null(row) {
        return Ok(None);
    }
    let text = match array.data_type() {
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Decimal128(..) => array.as_primitive::<Decimal128Type>().value_as_string(row),
        DataType::Float32 => float(f64::from(array.as_primitive::<Float32Type>().value(row)), 6),
        DataType::Float64 => float(array.as_primitive::<Float64Type>().value(row), 15),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>().value(row);
            let day = date32_to_datetime(days).ok_or_else(|| SqlError::internal(format!("day {days}")))?;
            day.format("%Y-%m-%d").to_string()
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            let micros = array.as_primitive::<Time64MicrosecondType>().value(row);
            let at = time64us_to_time(micros).ok_or_else(|| SqlError::internal(format!("time {micros}")))?;
            with_fraction(at.format("%H:%M:%S").to_string(), &at)
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
            let at = timestamp_us_to_datetime(micros).ok_or_else(|| SqlError::internal(format!("moment {micros}")))?;
            // The session's zone, in which moments are shown, is UTC.
            timestamp(at) + if zone.is_some() { "+00" } else { "" }
        }
        DataType::Binary => {
            array.as_binary::<i32>().value(row).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        }
        other => return Err(SqlError::internal(format!("no text for {other}"))),
    };
    Ok(Some(text))
}

/// `2013-01-01 05:17:00.25`: the fraction without its trailing zeros, and only where there is one.
pub(crate) fn timestamp(at: NaiveDateTime) -> String {
    with_fraction(at.format("%Y-%m-%d %H:%M:%S").to_string(), &at)
}

fn with_fraction(whole: String, at: &impl Timelike) -> String {
    match at.nanosecond() / 1000 {
        0 => whole,
        micros => format!("{whole}.{}", format!("{micros:06}").trim_end_matches('0')),
    }
}

/// C's `%.15g` (6 digits for `real`), as PostgreSQL 8 writes floats.
fn float(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    match usize::try_from(exponent) {
        Ok(above) if above < digits => trimmed(&format!("{value:.*}", digits - 1 - above)),
        Err(_) if exponent >= -4 => {
            let below = usize::try_from(-exponent).unwrap_or_default();
            trimmed(&format!("{value:.*}", digits - 1 + below))
        }
        _ => format!("{}e{}{:02}", trimmed(mantissa), if exponent < 0 { '-' } else { '+' }, exponent.abs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_has_15_digits_and_no_trailing_zeros() {
        assert_eq!(float(0.1 + 0.2, 15), "0.3");
        assert_eq!(float(0.0, 15), "0");
        assert_eq!(float(-1234.5, 15), "-1234.5");
        assert_eq!(float(1e20, 15), "1e+20");
        assert_eq!(float(0.000_012_5, 15), "1.25e-05");
        assert_eq!(float(0.001, 15), "0.001");
    }

    #[test]
    fn a_timestamp_has_a_fraction_only_where_it_is_not_zero() {
        let at = NaiveDateTime::parse_from_str("2013-01-01 05:17:00.250", "%Y-%m-%d %H:%M:%S%.f").unwrap();
        assert_eq!(timestamp(at), "2013-01-01 05:17:00.25");
        assert_eq!(timestamp(at.with_nanosecond(0).unwrap()), "2013-01-01 05:17:00");
    }
}
