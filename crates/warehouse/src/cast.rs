//! `CAST(value AS type)` with Redshift's errors, value by value. The query engine's own casts word their errors
//! otherwise, take other texts, and know no byte lengths.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, PrimitiveArray, StringArray, new_null_array};
use arrow::compute::kernels::cast::cast as plain_cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type,
    Int64Type, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType,
};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

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
        DataType::Timestamp(unit, Some(_)) if *unit != TimeUnit::Microsecond => Type::Timestamptz.arrow(),
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        _ => return Ok(Arc::clone(array)),
    };
    Ok(plain_cast(array, &plain)?)
}

/// Casts as SQL's CAST does. Texts that are too long are cut; numbers that do not fit fail. A super's text is not told
/// from any other here: the caller does.
pub(crate) fn cast(array: &ArrayRef, to: Type) -> SqlResult<ArrayRef> {
    if *array.data_type() == DataType::Null {
        return Ok(new_null_array(&to.arrow(), array.len()));
    }
    let array = &normalized(array)?;
    if is_as_it_is(array, to) {
        return Ok(Arc::clone(array));
    }
    match (array.data_type(), to) {
        (_, Type::Super) => Err(SqlError::unknown("a cast to super; JSON_PARSE reads a text")),
        (DataType::Binary, Type::Varbyte(bytes)) => bytes_within(array, bytes),
        (DataType::Binary, _) => Err(SqlError::unknown(format!("a cast of binary varying to {}", to.name()))),
        (_, Type::Varchar(bytes)) => to_varchar(array, bytes),
        (_, Type::Char(bytes)) => to_char(array, bytes),
        (DataType::Utf8, _) => from_text(array, to),
        (DataType::Boolean, Type::Boolean)
        | (DataType::Date32, Type::Date)
        | (DataType::Time64(_), Type::Time)
        | (DataType::Timestamp(_, None), Type::Timestamp)
        | (DataType::Timestamp(_, Some(_)), Type::Timestamptz) => Ok(Arc::clone(array)),
        (DataType::Boolean, Type::SmallInt | Type::Integer | Type::BigInt) => Ok(plain_cast(array, &to.arrow())?),
        (DataType::Int16 | DataType::Int32 | DataType::Int64, Type::Boolean) => {
            Ok(plain_cast(array, &DataType::Boolean)?)
        }
        // The session's zone is UTC.
        (DataType::Timestamp(..), Type::Timestamp | Type::Timestamptz) => Ok(at_utc(array, to)),
        (DataType::Date32, Type::Timestamp | Type::Timestamptz) => {
            let midnights = each::<TimestampMicrosecondType>(array, |row| {
                Ok(i64::from(array.as_primitive::<Date32Type>().value(row)) * MICROS_A_DAY)
            })?;
            Ok(at_utc(&midnights, to))
        }
        (DataType::Timestamp(..), Type::Date) => each::<Date32Type>(array, |row| {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
            i32::try_from(micros.div_euclid(MICROS_A_DAY)).map_err(SqlError::internal)
        }),
        (from, _) if from.is_numeric() => from_number(array, to),
        (from, _) => Err(cannot(from, to)),
    }
}

/// Whether the cast of the values is the values, which needs no look at each of them.
fn is_as_it_is(array: &ArrayRef, to: Type) -> bool {
    match (array.data_type(), to) {
        (DataType::Int16, Type::SmallInt) | (DataType::Int32, Type::Integer) | (DataType::Int64, Type::BigInt) => true,
        (DataType::Utf8, Type::Varchar(bytes)) => first_longer(array, bytes).is_none(),
        (DataType::Decimal128(..), Type::Decimal(precision, _)) => {
            let decimals = array.as_primitive::<Decimal128Type>();
            *array.data_type() == to.arrow() && decimals.iter().flatten().all(|value| fits(value, precision).is_ok())
        }
        _ => false,
    }
}

/// The same microseconds as moments in UTC or without a zone.
pub(crate) fn at_utc(array: &ArrayRef, to: Type) -> ArrayRef {
    let zone: Option<Arc<str>> = match to.arrow() {
        DataType::Timestamp(_, zone) => zone,
        _ => None,
    };
    Arc::new(array.as_primitive::<TimestampMicrosecondType>().clone().with_timezone_opt(zone))
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

fn to_char(array: &ArrayRef, bytes: u32) -> SqlResult<ArrayRef> {
    if *array.data_type() == DataType::Boolean {
        return Err(SqlError::new("cannot cast type boolean to character"));
    }
    check_single_bytes(array).map_err(SqlError::new)?;
    Ok(without_blanks(&to_varchar(array, bytes)?))
}

/// A char takes characters of one byte only (Developer Guide, multibyte character load errors; the text is the one of a
/// load, another statement's is unverified). `Err` is the complaint about the first other character.
pub(crate) fn check_single_bytes(array: &ArrayRef) -> Result<(), String> {
    let texts = array.as_string_opt::<i32>().into_iter().flatten().flatten();
    match texts.flat_map(str::chars).find(|character| !character.is_ascii()) {
        None => Ok(()),
        Some(character) => {
            let bytes: Vec<_> = character.to_string().bytes().map(|byte| format!("{byte:02x}")).collect();
            let bytes = bytes.join(" ");
            Err(format!("Multibyte character not supported for CHAR (Hint: Try using VARCHAR). Invalid char: {bytes}"))
        }
    }
}

/// Texts without the blanks at their end: the form in which chars are kept. Where no text has any they are not copied.
pub(crate) fn without_blanks(array: &ArrayRef) -> ArrayRef {
    let texts = array.as_string::<i32>();
    if !texts.iter().flatten().any(|text| text.ends_with(' ')) {
        return Arc::clone(array);
    }
    let texts = texts.iter().map(|text| text.map(|text| text.trim_end_matches(' ')));
    Arc::new(texts.collect::<StringArray>())
}

/// Whether Redshift cuts what is longer is unverified.
fn bytes_within(array: &ArrayRef, bytes: u32) -> SqlResult<ArrayRef> {
    match first_longer(array, bytes) {
        None => Ok(Arc::clone(array)),
        Some(_) => Err(SqlError::unknown(format!("a cast to binary varying({bytes}) of more bytes"))),
    }
}

/// The length of the first text or varbyte that has more bytes.
pub(crate) fn first_longer(array: &ArrayRef, bytes: u32) -> Option<usize> {
    let texts = array.as_string_opt::<i32>().into_iter().flatten().flatten().map(str::len);
    let binaries = array.as_binary_opt::<i32>().into_iter().flatten().flatten().map(<[u8]>::len);
    texts.chain(binaries).find(|length| u32::try_from(*length).map_or(true, |length| length > bytes))
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
        Type::Time => each::<Time64MicrosecondType>(array, |row| time(word(row))),
        Type::Timestamp => each::<TimestampMicrosecondType>(array, |row| timestamp(word(row))),
        Type::Timestamptz => Ok(at_utc(&each::<TimestampMicrosecondType>(array, |row| timestamptz(word(row)))?, to)),
        // In UTF-8 (Developer Guide, VARBYTE type).
        Type::Varbyte(bytes) => {
            let values: BinaryArray = texts.iter().map(|text| text.map(str::as_bytes)).collect();
            bytes_within(&(Arc::new(values) as ArrayRef), bytes)
        }
        Type::Decimal(precision, scale) => {
            decimals(each_typed(array, |row| decimal(word(row), precision, scale))?, precision, scale)
        }
        Type::Char(_) | Type::Varchar(_) | Type::Super => Err(SqlError::internal("text to text")),
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

fn time(text: &str) -> SqlResult<i64> {
    let word = text.trim();
    let at = NaiveTime::parse_from_str(word, "%H:%M:%S%.f")
        .or_else(|_| NaiveTime::parse_from_str(word, "%H:%M"))
        // A leap second is none of a time's values.
        .ok()
        .filter(|at| at.nanosecond() < 1_000_000_000)
        .ok_or_else(|| invalid(text, Type::Time))?;
    Ok(i64::from(at.num_seconds_from_midnight()) * 1_000_000 + i64::from(at.nanosecond() / 1000))
}

fn timestamp(text: &str) -> SqlResult<i64> {
    // An offset says nothing here.
    let at = moment(text).or_else(|| with_offset(text).map(|at| at.naive_local()));
    Ok(at.ok_or_else(|| invalid(text, Type::Timestamp))?.and_utc().timestamp_micros())
}

/// A moment with its offset to UTC, or in the session's zone, which is UTC. Zones by their names are not known here.
fn timestamptz(text: &str) -> SqlResult<i64> {
    let found = with_offset(text).map(|at| at.to_utc()).or_else(|| moment(text).map(|at| at.and_utc()));
    Ok(found.ok_or_else(|| invalid(text, Type::Timestamptz))?.timestamp_micros())
}

fn with_offset(text: &str) -> Option<DateTime<FixedOffset>> {
    let word = text.trim().replacen('T', " ", 1);
    let formats = ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z", "%Y-%m-%d %H:%M%#z"];
    formats.iter().find_map(|format| DateTime::parse_from_str(&word, format).ok())
}

/// A day and a time of day, which may be left out.
fn moment(text: &str) -> Option<NaiveDateTime> {
    let word = text.trim().replacen('T', " ", 1);
    NaiveDateTime::parse_from_str(&word, "%Y-%m-%d %H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(&word, "%Y-%m-%d %H:%M"))
        .or_else(|_| NaiveDate::parse_from_str(&word, "%Y-%m-%d").map(|day| day.and_time(NaiveTime::MIN)))
        .ok()
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

/// Up to this precision a decimal is kept in 8 bytes, which do not hold all that has so many digits.
const LONG_PRECISION: u8 = 19;

pub(crate) fn fits(value: i128, precision: u8) -> SqlResult<i128> {
    let limit = 10_i128.checked_pow(u32::from(precision)).ok_or_else(overflow)?;
    let is_kept = precision != LONG_PRECISION || i64::try_from(value).is_ok();
    if value.abs() < limit && is_kept { Ok(value) } else { Err(overflow()) }
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
    fn times_of_day_are_read_and_written_alike() {
        for (text, shown) in [
            ("00:00:00", "00:00:00"),
            ("23:59:59.999999", "23:59:59.999999"),
            ("05:17:00.250", "05:17:00.25"),
            ("5:17", "05:17:00"),
        ] {
            assert_eq!(cast_text(text, Type::Time).unwrap(), shown);
        }
        for wrong in ["24:00:01", "23:59:60", "noon", "2013-01-01 05:17:00"] {
            let expected = format!("ERROR: invalid input syntax for type time without time zone: \"{wrong}\"");
            assert_eq!(cast_text(wrong, Type::Time).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_moment_is_brought_to_utc() {
        for (text, shown) in [
            ("2001-02-16 20:38:40-05", "2001-02-17 01:38:40+00"),
            ("2001-02-16T20:38:40.5+05:30", "2001-02-16 15:08:40.5+00"),
            ("2001-02-16 20:38:40Z", "2001-02-16 20:38:40+00"),
            ("2001-02-16 20:38", "2001-02-16 20:38:00+00"),
            ("2001-02-16", "2001-02-16 00:00:00+00"),
            ("9999-12-31 23:59:59.999999+00", "9999-12-31 23:59:59.999999+00"),
        ] {
            assert_eq!(cast_text(text, Type::Timestamptz).unwrap(), shown);
        }
        let error = cast_text("2001-02-16 20:38:40 Europe/Berlin", Type::Timestamptz).unwrap_err();
        assert!(error.contains("invalid input syntax for type timestamp with time zone"), "{error}");
    }

    #[test]
    fn a_cast_to_char_cuts_and_takes_single_bytes_only() {
        assert_eq!(cast_text("abcdef  ", Type::Char(3)).unwrap(), "abc");
        assert_eq!(cast_text("a  ", Type::Char(5)).unwrap(), "a");
        let text = "ERROR: Multibyte character not supported for CHAR (Hint: Try using VARCHAR). Invalid char: c3 af";
        assert_eq!(cast_text("naïve", Type::Char(9)).unwrap_err(), text);
    }

    #[test]
    fn bytes_are_shown_by_their_hexadecimal_digits() {
        assert_eq!(cast_text("aé\0", Type::Varbyte(4)).unwrap(), "61c3a900");
        assert!(cast_text("abc", Type::Varbyte(2)).unwrap_err().contains("not known to the double"));
    }

    #[test]
    fn a_float_that_does_not_fit_an_integer_fails() {
        let array: ArrayRef = Arc::new(Float64Array::from(vec![3e9]));
        assert_eq!(cast(&array, Type::Integer).unwrap_err().to_string(), "ERROR: Value out of range for 4 bytes.");
        let cast = cast(&(Arc::new(Float64Array::from(vec![2.5])) as ArrayRef), Type::Integer).unwrap();
        assert_eq!(text(&cast, 0).unwrap().unwrap(), "2");
    }
}
