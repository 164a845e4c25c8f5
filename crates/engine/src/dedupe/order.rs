//! Values by which the newest row is told, as numbers that have their order.

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type,
    Int64Type, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType,
};
use model::{Error, Kind, Result};

use super::key::NARROW_DECIMAL;
use super::word::Wide;

/// The order values of some rows, in the rows' order.
#[derive(Debug, Clone)]
pub struct Orders {
    values: Values,
    /// Which are there; the others are older than any.
    nulls: Option<NullBuffer>,
}

#[derive(Debug, Clone)]
pub(super) enum Values {
    Narrow(Vec<u64>),
    Wide(Vec<Wide>),
}

impl Orders {
    /// How many rows.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Narrow(values) => values.len(),
            Values::Wide(values) => values.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory held.
    pub fn bytes(&self) -> usize {
        let nulls = self.nulls.as_ref().map_or(0, |nulls| nulls.buffer().capacity());
        nulls
            + match &self.values {
                Values::Narrow(values) => values.capacity() * size_of::<u64>(),
                Values::Wide(values) => values.capacity() * size_of::<Wide>(),
            }
    }

    pub(super) fn values(&self) -> &Values {
        &self.values
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }
}

/// The column by which the newest row is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderColumn {
    dataset: String,
    name: String,
    kind: DataType,
}

impl OrderColumn {
    /// Numbers, dates and times have an order that everyone means. `Config` for the others: of texts, no order is the
    /// one of the warehouse for all (its own is that of the bytes, which puts 10 before 9), and two values are too few.
    pub fn new(dataset: &str, name: &str, kind: &DataType) -> Result<Self> {
        let is_ordered = matches!(
            kind,
            DataType::Int16
                | DataType::Int32
                | DataType::Int64
                | DataType::Float32
                | DataType::Float64
                | DataType::Date32
                | DataType::Time64(TimeUnit::Microsecond)
                | DataType::Timestamp(TimeUnit::Microsecond, _)
                | DataType::Decimal128(..)
        );
        if !is_ordered {
            let what = format!("column `{name}` is {kind}; newest is told by a number, a date, a time or a timestamp");
            let subject = format!("`dedupe.newest` of dataset {dataset}");
            return Err(Error::new(Kind::Config, "read", subject).because(what));
        }
        Ok(Self { dataset: dataset.to_owned(), name: name.to_owned(), kind: kind.clone() })
    }

    pub(super) fn is_narrow(&self) -> bool {
        !matches!(self.kind, DataType::Decimal128(precision, _) if precision > NARROW_DECIMAL)
    }

    /// The order values of some rows. An array of another type is a `Bug`.
    pub fn orders(&self, array: &ArrayRef) -> Result<Orders> {
        let values = if *array.data_type() == self.kind { self.values(array) } else { None };
        let values = values.ok_or_else(|| {
            let what = format!("order column `{}` is {} and not {}", self.name, array.data_type(), self.kind);
            Error::new(Kind::Bug, "dedupe", format!("a batch of {}", self.dataset)).because(what)
        })?;
        Ok(Orders { values, nulls: array.nulls().cloned() })
    }

    fn values(&self, array: &ArrayRef) -> Option<Values> {
        if self.is_narrow() {
            return numbers(array).map(Values::Narrow);
        }
        let values = array.as_primitive_opt::<Decimal128Type>()?.values().iter();
        let ordered = values.map(|value| Wide::from(value.cast_unsigned() ^ (1 << 127)));
        Some(Values::Wide(ordered.collect()))
    }
}

/// The values of a column of at most 64 bits, as unsigned numbers in the same order. What stands for a null does not
/// matter.
fn numbers(array: &ArrayRef) -> Option<Vec<u64>> {
    fn each<T: ArrowPrimitiveType>(array: &ArrayRef, number: impl Fn(T::Native) -> u64) -> Option<Vec<u64>> {
        let array: &PrimitiveArray<T> = array.as_primitive_opt()?;
        Some(array.values().iter().map(|value| number(*value)).collect())
    }
    match array.data_type() {
        DataType::Int16 => each::<Int16Type>(array, |value| of_integer(i64::from(value))),
        DataType::Int32 => each::<Int32Type>(array, |value| of_integer(i64::from(value))),
        DataType::Date32 => each::<Date32Type>(array, |value| of_integer(i64::from(value))),
        DataType::Int64 => each::<Int64Type>(array, of_integer),
        DataType::Time64(TimeUnit::Microsecond) => each::<Time64MicrosecondType>(array, of_integer),
        DataType::Timestamp(TimeUnit::Microsecond, _) => each::<TimestampMicrosecondType>(array, of_integer),
        DataType::Float32 => each::<Float32Type>(array, |value| of_float(f64::from(value))),
        DataType::Float64 => each::<Float64Type>(array, of_float),
        DataType::Decimal128(1..=NARROW_DECIMAL, _) => {
            // Under a null may lie anything.
            let values = array.as_primitive_opt::<Decimal128Type>()?.iter();
            values.map(|value| i64::try_from(value.unwrap_or_default()).ok().map(of_integer)).collect()
        }
        _ => None,
    }
}

fn of_integer(value: i64) -> u64 {
    value.cast_unsigned() ^ (1 << 63)
}

/// Minus zero is zero: a tie goes to the later row. There is no NaN in a good row.
fn of_float(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    // Of negative numbers, more bits mean less.
    if value.is_sign_negative() && value != 0.0 { !bits } else { bits ^ (1 << 63) }
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
