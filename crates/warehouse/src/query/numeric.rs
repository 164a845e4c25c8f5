//! Arithmetic with Redshift's types and failures: integers do not wrap, decimals keep their digits.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, PrimitiveArray};
use arrow::compute::kernels::numeric;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use arrow::error::ArrowError;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::function::Own;
use super::known;
use crate::cast::{normalized, rescaled};
use crate::error::{SqlError, SqlResult};
use crate::types::Type;

/// `+ - * / %`.
pub(super) fn operators() -> Vec<Arc<ScalarUDF>> {
    let operators = [
        Own::new(known::ADD, |types, _| sum_type("+", types), |arrays, ty| apply(arrays, ty, numeric::add)),
        Own::new(known::SUBTRACT, |types, _| sum_type("-", types), |arrays, ty| apply(arrays, ty, numeric::sub)),
        Own::new(known::MULTIPLY, |types, _| product_type(types), |arrays, ty| apply(arrays, ty, numeric::mul)),
        Own::new(known::DIVIDE, |types, _| quotient_type("/", types), |arrays, ty| apply(arrays, ty, numeric::div)),
        Own::new(known::REMAINDER, |types, _| quotient_type("%", types), |arrays, ty| apply(arrays, ty, numeric::rem)),
    ];
    operators.into_iter().map(|own| Arc::new(ScalarUDF::new_from_impl(own))).collect()
}

/// Precision and scale of a number that is exact.
fn digits(ty: Type) -> Option<(u8, i8)> {
    match ty {
        Type::SmallInt => Some((5, 0)),
        Type::Integer => Some((10, 0)),
        Type::BigInt => Some((19, 0)),
        Type::Decimal(precision, scale) => Some((precision, scale)),
        _ => None,
    }
}

fn is_float(ty: Type) -> bool {
    matches!(ty, Type::Real | Type::Double)
}

/// What an operator works on.
enum Operands {
    /// Both sides as this type: the wider of two integers, or a float where one is a float.
    Plain(Type),
    /// Two exact numbers, at least one of them a decimal, by precision and scale.
    Decimals((u8, i8), (u8, i8)),
}

fn operands(operator: &str, types: &[Type]) -> SqlResult<Operands> {
    let [left, right] = types else { return Err(SqlError::internal("an operator without two sides")) };
    let unknown = || SqlError::unknown(format!("{} {operator} {}", left.name(), right.name()));
    match (*left, *right) {
        (Type::Real, Type::Real) => Ok(Operands::Plain(Type::Real)),
        (l, r) if (is_float(l) && (is_float(r) || digits(r).is_some())) || (is_float(r) && digits(l).is_some()) => {
            Ok(Operands::Plain(Type::Double))
        }
        (l, r) => match (digits(l).ok_or_else(unknown)?, digits(r).ok_or_else(unknown)?) {
            (left, right) if matches!(l, Type::Decimal(..)) || matches!(r, Type::Decimal(..)) => {
                Ok(Operands::Decimals(left, right))
            }
            (left, right) => Ok(Operands::Plain(if left >= right { l } else { r })),
        },
    }
}

fn sum_type(operator: &str, types: &[Type]) -> SqlResult<Type> {
    Ok(match operands(operator, types)? {
        Operands::Plain(plain) => plain,
        Operands::Decimals((p1, s1), (p2, s2)) => {
            let scale = s1.max(s2);
            let whole = (i16::from(p1) - i16::from(s1)).max(i16::from(p2) - i16::from(s2));
            let precision = (whole + i16::from(scale) + 1).min(38);
            Type::Decimal(u8::try_from(precision).map_err(SqlError::internal)?, scale)
        }
    })
}

fn product_type(types: &[Type]) -> SqlResult<Type> {
    match operands("*", types)? {
        Operands::Plain(plain) => Ok(plain),
        Operands::Decimals((p1, s1), (p2, s2)) if p1 + p2 < 38 => Ok(Type::Decimal(p1 + p2 + 1, s1 + s2)),
        Operands::Decimals(..) => Err(SqlError::unknown("a product of decimals with more than 38 digits")),
    }
}

/// What Redshift does with the last digit of a quotient of decimals is unverified.
fn quotient_type(operator: &str, types: &[Type]) -> SqlResult<Type> {
    match operands(operator, types)? {
        Operands::Plain(plain) => Ok(plain),
        Operands::Decimals(..) => {
            Err(SqlError::unknown(format!("decimal {operator} decimal; cast to double precision")))
        }
    }
}

type Kernel = fn(&dyn arrow::array::Datum, &dyn arrow::array::Datum) -> Result<ArrayRef, ArrowError>;

fn apply(arrays: &[ArrayRef], ty: Type, kernel: Kernel) -> SqlResult<ArrayRef> {
    let [left, right] = arrays else { return Err(SqlError::internal("an operator without two sides")) };
    let side = |array: &ArrayRef| match ty {
        Type::Decimal(..) => match array.data_type() {
            DataType::Int16 => strict(array, &DataType::Decimal128(5, 0)),
            DataType::Int32 => strict(array, &DataType::Decimal128(10, 0)),
            DataType::Int64 => strict(array, &DataType::Decimal128(19, 0)),
            _ => Ok(Arc::clone(array)),
        },
        _ => strict(array, &ty.arrow()),
    };
    let (left, right) = (side(&normalized(left)?)?, side(&normalized(right)?)?);
    let result = kernel(&left, &right).map_err(|error| match error {
        ArrowError::ArithmeticOverflow(_) => overflow(ty),
        other => other.into(),
    })?;
    strict(&result, &ty.arrow()).map_err(|_| overflow(ty))
}

fn overflow(ty: Type) -> SqlError {
    match ty {
        Type::SmallInt => SqlError::new("Value out of range for 2 bytes."),
        Type::Integer => SqlError::new("Value out of range for 4 bytes."),
        Type::BigInt => SqlError::new("Value out of range for 8 bytes."),
        _ => SqlError::new("Numeric data overflow (result precision)"),
    }
}

/// A cast that fails where a value does not fit.
fn strict(array: &ArrayRef, to: &DataType) -> SqlResult<ArrayRef> {
    Ok(cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })?)
}

/// ROUND answers the type it was given.
pub(super) fn round_type(types: &[Type], constants: &[Option<&ScalarValue>]) -> SqlResult<Type> {
    if types.len() == 2 && constants.get(1).is_none_or(Option::is_none) {
        return Err(SqlError::unknown("ROUND to a number of digits that is no constant"));
    }
    match types.first() {
        Some(ty) if digits(*ty).is_some() || is_float(*ty) => Ok(*ty),
        other => Err(SqlError::new(format!("function round({}) does not exist", other.map_or("", Type::name)))),
    }
}

/// `ROUND(value [, digits])`, half away from zero.
pub(super) fn round(arrays: &[ArrayRef], ty: Type) -> SqlResult<ArrayRef> {
    let Some(values) = arrays.first() else { return Err(SqlError::internal("ROUND of nothing")) };
    let places = match arrays.get(1) {
        Some(places) if !places.is_empty() && !places.is_null(0) => {
            strict(places, &DataType::Int64)?.as_primitive::<Int64Type>().value(0)
        }
        _ => 0,
    };
    let places = i8::try_from(places).map_err(|_| SqlError::unknown("ROUND to so many digits"))?;
    match ty {
        Type::Decimal(precision, scale) if places < scale => {
            let round = |value| {
                let short = rescaled(value, scale, places)?;
                rescaled(short, places, scale)
            };
            let rounded = values.as_primitive::<Decimal128Type>().try_unary::<_, Decimal128Type, SqlError>(round)?;
            Ok(Arc::new(rounded.with_precision_and_scale(precision, scale)?))
        }
        Type::Real | Type::Double => {
            let power = 10_f64.powi(places.into());
            let doubles = strict(values, &DataType::Float64)?;
            let rounded: Float64Array =
                doubles.as_primitive::<Float64Type>().unary(|value| (value * power).round() / power);
            strict(&(Arc::new(rounded) as ArrayRef), &ty.arrow())
        }
        _ if places >= 0 => Ok(Arc::clone(values)),
        _ => Err(SqlError::unknown("ROUND of an integer to tens")),
    }
}

/// ABS answers the type it was given.
pub(super) fn abs_type(types: &[Type], _: &[Option<&ScalarValue>]) -> SqlResult<Type> {
    match types {
        [ty] if digits(*ty).is_some() || is_float(*ty) => Ok(*ty),
        _ => Err(SqlError::new("function abs does not exist with these arguments")),
    }
}

/// `ABS(value)`.
pub(super) fn abs(arrays: &[ArrayRef], ty: Type) -> SqlResult<ArrayRef> {
    let Some(values) = arrays.first() else { return Err(SqlError::internal("ABS of nothing")) };
    match ty {
        Type::Decimal(precision, scale) => {
            let positive: PrimitiveArray<Decimal128Type> = values.as_primitive::<Decimal128Type>().unary(i128::abs);
            Ok(Arc::new(positive.with_precision_and_scale(precision, scale)?))
        }
        Type::Real | Type::Double => {
            let doubles = strict(values, &DataType::Float64)?;
            let positive: Float64Array = doubles.as_primitive::<Float64Type>().unary(f64::abs);
            strict(&(Arc::new(positive) as ArrayRef), &ty.arrow())
        }
        _ => {
            let longs = strict(values, &DataType::Int64)?;
            let positive = longs
                .as_primitive::<Int64Type>()
                .try_unary::<_, Int64Type, SqlError>(|value| value.checked_abs().ok_or_else(|| overflow(ty)))?;
            strict(&(Arc::new(positive) as ArrayRef), &ty.arrow()).map_err(|_| overflow(ty))
        }
    }
}
