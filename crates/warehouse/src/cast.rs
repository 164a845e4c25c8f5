//! `CAST(value AS type)` with Redshift's errors, value by value. The query engine's own casts word their errors
//! otherwise, take other texts, and know no byte lengths.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, StringArray, new_null_array};
use arrow::compute::kernels::cast::cast as plain_cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type,
    Int64Type, TimeUnit, TimestampMicrosecondType,
};
use chrono::{NaiveDate, NaiveDateTime};

use crate::error::{SqlError, SqlResult};
use crate::text::text;
use crate::types::Type;

const MICROS_A_DAY: i64 = 86_400_000_000;

/// Brings an array of the query engine into the form of `Type::arrow` of its type.
pub(crate) fn normalized(array: &ArrayRef) -> SqlResult<ArrayRef> {
    let plain = match array.data_type() {
        DataType::Int8 => DataType::Int16,
        DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::Utf8View | DataType::LargeUtf8 | DataType::Null => DataType::Utf8,
        DataType::Timestamp(unit, None) if *unit != TimeUnit::Microsecond => Type::Timestamp.arrow(),
        _ => return Ok(Arc::clone(array)),
    };
    Ok(plain_cast(array, &plain)?)
}

/// Casts as SQL's CAST does. Texts that are too long are cut; numbers that do not fit fail.
pub(crate) fn cast(array: &ArrayRef, to: Type) -> SqlResult<ArrayRef> {
    if *array.data_type() == DataType::Null {
        return Ok(new_null_array(&to.arrow(), array.len()));
    }
    let array = &normalized(array)?;
    match (array.data_type(), to) {
        (_, Type::Varchar(bytes)) => to_varchar(array, bytes),
        (DataType::Utf8, _) => from_text(array, to),
        (DataType::Boolean, Type::Boolean) | (DataType::Date32, Type::Date) => Ok(Arc::clone(array)),
        (DataType::Boolean, Type::SmallInt | Type::Integer | Type::BigInt) => Ok(plain_cast(array, &to.arrow())?),
        (DataType::Int16 | DataType::Int32 | DataType::Int64, Type::Boolean) => {
            Ok(plain_cast(array, &DataType::Boolean)?)
        }
        (DataType::Timestamp(..), Type::Timestamp) => Ok(Arc::clone(array)),
        (DataType::Date32, Type::Timestamp) => each::<TimestampMicrosecondType>(array, |row| {
            Ok(i64::from(array.as_primitive::<Date32Type>().value(row)) * MICROS_A_DAY)
        }),
        (DataType::Timestamp(..), Type::Date) => each::<Date32Type>(array, |row| {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
            i32::try_from(micros.div_euclid(MICROS_A_DAY)).map_err(SqlError::internal)
        }),
        (from, _) if from.is_numeric() => from_number(array, to),
        (from, _) => Err(cannot(from, to)),
    }
}

fn cannot(from: &DataType, to: Type) -> SqlError {
    let from = Type::of_field(&arrow::datatypes::Field::new("", from.clone(), true));
    match from {
        Ok(from) => SqlError::new(format!("cannot cast type {} to {}", from.name(), to.name())),
        Err(error) => error,
    }
}

/// Builds an array from the rows of `array` that are not null.
fn each<T: ArrowPrimitiveType>(array: &ArrayRef, value: impl Fn(usize) -> SqlResult<T::Native>) -> SqlResult<ArrayRef> {
    Ok(Arc::new(each_typed::<T>(array, value)?))
}

fn each_typed<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    value: impl Fn(usize) -> SqlResult<T::Native>,
) -> SqlResult<PrimitiveArray<T>> {
    let row = |row| if array.is_null(row) { Ok(None) } else { value(row).map(Some) };
    (0..array.len()).map(row).collect()
}

fn decimals(array: PrimitiveArray<Decimal128Type>, precision: u8, scale: i8) -> SqlResult<ArrayRef> {
    Ok(Arc::new(array.with_precision_and_scale(precision, scale)?))
}

fn to_varchar(array: &ArrayRef, bytes: u32) -> SqlResult<ArrayRef> {
    if *array.data_type() == DataType::Boolean {
        return Err(SqlError::new("cannot cast type boolean to character varying"));
    }
    let limit = usize::try_from(bytes).map_err(SqlError::internal)?;
    let short = |text: String| match text.len() > limit {
        true => text.get(..text.floor_char_boundary(limit)).unwrap_or_default().to_owned(),
        false => text,
    };
    let values = (0..array.len()).map(|row| Ok(text(array, row)?.map(short)));
    Ok(Arc::new(values.collect::<SqlResult<StringArray>>()?))
}

fn from_text(array: &ArrayRef, to: Type) -> SqlResult<ArrayRef> {
    let texts = array.as_string::<i32>();
    let word = |row: usize| texts.value(row);
    match to {
        Type::SmallInt => each::<Int16Type>(array, |row| integer(word(row), to)),
        Type::Integer => each::<Int32Type>(array, |row| integer(word(row), to)),
        Type::BigInt => each::<Int64Type>(array, |row| integer(word(row), to)),
        Type::Real => each::<Float32Type>(array, |row| parsed(word(row), to)),
        Type::Double => each::<Float64Type>(array, |row| parsed(word(row), to)),
        Type::Boolean => {
            let truth = |row| if array.is_null(row) { Ok(None) } else { boolean(texts.value(row)).map(Some) };
            Ok(Arc::new((0..array.len()).map(truth).collect::<SqlResult<arrow::array::BooleanArray>>()?))
        }
        Type::Date => each::<Date32Type>(array, |row| date(word(row))),
        Type::Timestamp => each::<TimestampMicrosecondType>(array, |row| timestamp(word(row))),
        Type::Decimal(precision, scale) => {
            decimals(each_typed(array, |row| decimal(word(row), precision, scale))?, precision, scale)
        }
        Type::Varchar(_) => Err(SqlError::internal("text to text")),
    }
}

fn invalid(text: &str, ty: Type) -> SqlError {
    // Integers are worded without "type": `invalid input syntax for integer: "a"`.
    let name = match ty {
        Type::SmallInt | Type::Integer | Type::BigInt => "integer".to_owned(),
        other => format!("type {}", other.name()),
    };
    SqlError::new(format!("invalid input syntax for {name}: \"{text}\""))
}

fn integer<N: TryFrom<i128>>(text: &str, ty: Type) -> SqlResult<N> {
    let digits = text.trim();
    let number: i128 = digits.parse().map_err(|_| invalid(text, ty))?;
    N::try_from(number).map_err(|_| SqlError::new(format!("value \"{digits}\" is out of range for type {}", ty.name())))
}

fn parsed<N: std::str::FromStr>(text: &str, ty: Type) -> SqlResult<N> {
    text.trim().parse().map_err(|_| invalid(text, ty))
}

fn boolean(text: &str) -> SqlResult<bool> {
    match text.trim().to_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "1" => Ok(true),
        "f" | "false" | "n" | "no" | "0" => Ok(false),
        _ => Err(invalid(text, Type::Boolean)),
    }
}

fn date(text: &str) -> SqlResult<i32> {
    let day = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").map_err(|_| invalid(text, Type::Date))?;
    i32::try_from((day - NaiveDate::default()).num_days()).map_err(SqlError::internal)
}

fn timestamp(text: &str) -> SqlResult<i64> {
    let word = text.trim().replacen('T', " ", 1);
    let at = NaiveDateTime::parse_from_str(&word, "%Y-%m-%d %H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(&word, "%Y-%m-%d %H:%M"))
        .or_else(|_| NaiveDate::parse_from_str(&word, "%Y-%m-%d").map(|day| day.and_time(chrono::NaiveTime::MIN)))
        .map_err(|_| invalid(text, Type::Timestamp))?;
    Ok(at.and_utc().timestamp_micros())
}

/// Reads a decimal and rounds it half away from zero to the scale.
fn decimal(text: &str, precision: u8, scale: i8) -> SqlResult<i128> {
    let bad = || invalid(text, Type::Decimal(precision, scale));
    let word = text.trim();
    let (negative, digits) = match word.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, word.strip_prefix('+').unwrap_or(word)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !numeric(whole) || !numeric(fraction) {
        return Err(bad());
    }
    let kept = usize::try_from(scale).map_err(SqlError::internal)?;
    let mut all: String = whole.to_owned();
    all.push_str(fraction.get(..kept.min(fraction.len())).unwrap_or_default());
    all.extend(std::iter::repeat_n('0', kept.saturating_sub(fraction.len())));
    let value: i128 = if all.is_empty() { 0 } else { all.parse().map_err(|_| overflow())? };
    let up = fraction.as_bytes().get(kept).is_some_and(|digit| *digit >= b'5');
    let value = value + i128::from(up);
    fits(if negative { -value } else { value }, precision)
}

fn overflow() -> SqlError {
    SqlError::new("Numeric data overflow (result precision)")
}

fn fits(value: i128, precision: u8) -> SqlResult<i128> {
    let limit = 10_i128.checked_pow(u32::from(precision)).ok_or_else(overflow)?;
    if value.abs() < limit { Ok(value) } else { Err(overflow()) }
}

/// Moves a decimal to another scale, rounded half away from zero.
pub(crate) fn rescaled(value: i128, from: i8, to: i8) -> SqlResult<i128> {
    let steps = u32::from(from.abs_diff(to));
    let power = 10_i128.checked_pow(steps).ok_or_else(overflow)?;
    if to >= from {
        return value.checked_mul(power).ok_or_else(overflow);
    }
    let half = if value < 0 { -(power / 2) } else { power / 2 };
    Ok((value + half) / power)
}

fn from_number(array: &ArrayRef, to: Type) -> SqlResult<ArrayRef> {
    let (precision, scale) = match to {
        Type::Real | Type::Double => return Ok(plain_cast(array, &to.arrow())?),
        Type::Decimal(precision, scale) => (precision, scale),
        Type::SmallInt => return each::<Int16Type>(array, |row| whole(array, row, 2)),
        Type::Integer => return each::<Int32Type>(array, |row| whole(array, row, 4)),
        Type::BigInt => return each::<Int64Type>(array, |row| whole(array, row, 8)),
        _ => return Err(cannot(array.data_type(), to)),
    };
    let value = |row| match array.data_type() {
        DataType::Decimal128(_, from) => {
            fits(rescaled(array.as_primitive::<Decimal128Type>().value(row), *from, scale)?, precision)
        }
        _ => decimal(&plain_decimal(array, row)?, precision, scale),
    };
    decimals(each_typed(array, value)?, precision, scale)
}

/// The number without an exponent.
fn plain_decimal(array: &ArrayRef, row: usize) -> SqlResult<String> {
    Ok(match array.data_type() {
        DataType::Float32 => array.as_primitive::<Float32Type>().value(row).to_string(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).to_string(),
        _ => text(array, row)?.unwrap_or_default(),
    })
}

/// A number as an integer of so many bytes. Decimals round half away from zero, floats half to even (unverified for
/// Redshift; it is what PostgreSQL 8 does).
fn whole<N: TryFrom<i128>>(array: &ArrayRef, row: usize, bytes: u8) -> SqlResult<N> {
    let out_of_range = || SqlError::new(format!("Value out of range for {bytes} bytes."));
    let value: i128 = match array.data_type() {
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::Decimal128(_, scale) => rescaled(array.as_primitive::<Decimal128Type>().value(row), *scale, 0)?,
        DataType::Float32 => rounded(array.as_primitive::<Float32Type>().value(row).into()).ok_or_else(out_of_range)?,
        DataType::Float64 => rounded(array.as_primitive::<Float64Type>().value(row)).ok_or_else(out_of_range)?,
        other => return Err(SqlError::internal(format!("{other} as a number"))),
    };
    N::try_from(value).map_err(|_| out_of_range())
}

fn rounded(value: f64) -> Option<i128> {
    let even = value.round_ties_even();
    // Beyond this a float is no longer within any integer column's range.
    if !even.is_finite() || even.abs() > 1e19 {
        return None;
    }
    format!("{even:.0}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Float64Array;

    fn cast_text(value: &str, to: Type) -> Result<String, String> {
        let array: ArrayRef = Arc::new(StringArray::from(vec![value]));
        let cast = cast(&array, to).map_err(|error| error.to_string())?;
        Ok(text(&cast, 0).unwrap().unwrap())
    }

    #[test]
    fn a_text_that_is_no_integer_is_told() {
        assert_eq!(
            cast_text("sluice: 3 rows", Type::Integer).unwrap_err(),
            "ERROR: invalid input syntax for integer: \"sluice: 3 rows\""
        );
        assert_eq!(
            cast_text("40000", Type::SmallInt).unwrap_err(),
            "ERROR: value \"40000\" is out of range for type smallint"
        );
    }

    #[test]
    fn a_decimal_is_rounded_half_away_from_zero() {
        assert_eq!(cast_text("1.005", Type::Decimal(5, 2)).unwrap(), "1.01");
        assert_eq!(cast_text("-1.005", Type::Decimal(5, 2)).unwrap(), "-1.01");
        assert_eq!(cast_text(".5", Type::Decimal(5, 0)).unwrap(), "1");
        assert!(cast_text("999.995", Type::Decimal(5, 2)).unwrap_err().contains("overflow"));
    }

    #[test]
    fn a_cast_to_varchar_cuts_at_bytes_and_never_inside_a_character() {
        assert_eq!(cast_text("naïve", Type::Varchar(3)).unwrap(), "na");
        assert_eq!(cast_text("naïve", Type::Varchar(4)).unwrap(), "naï");
    }

    #[test]
    fn dates_and_timestamps_are_read_and_written_alike() {
        assert_eq!(cast_text("2013-02-28", Type::Date).unwrap(), "2013-02-28");
        assert!(cast_text("2013-02-29", Type::Date).unwrap_err().contains("invalid input syntax for type date"));
        assert_eq!(cast_text("2013-01-01T05:17:00.5", Type::Timestamp).unwrap(), "2013-01-01 05:17:00.5");
        assert_eq!(cast_text("9999-12-31", Type::Timestamp).unwrap(), "9999-12-31 00:00:00");
    }

    #[test]
    fn a_float_that_does_not_fit_an_integer_fails() {
        let array: ArrayRef = Arc::new(Float64Array::from(vec![3e9]));
        assert_eq!(cast(&array, Type::Integer).unwrap_err().to_string(), "ERROR: Value out of range for 4 bytes.");
        let cast = cast(&(Arc::new(Float64Array::from(vec![2.5])) as ArrayRef), Type::Integer).unwrap();
        assert_eq!(text(&cast, 0).unwrap().unwrap(), "2");
    }
}
