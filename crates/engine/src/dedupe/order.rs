//! Values by which the newest row is told, as numbers that have their order.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType,
};
use arrow::record_batch::RecordBatch;
use model::dataset::Dataset;
use model::name::{DatasetName, Identifier};
use model::types::Type;
use model::{Error, Kind, Result};

use super::key::NARROW_DIGITS;
use super::rows::{each, select};
use super::word::Wide;

/// The order values of a batch's good rows, in their order.
#[derive(Debug, Clone)]
pub struct Orders {
    words: Words,
    /// Which are not there, and so older than any; empty if all are.
    is_null: Vec<bool>,
}

#[derive(Debug, Clone)]
pub(super) enum Words {
    Narrow(Vec<u64>),
    Wide(Vec<Wide>),
}

impl Orders {
    /// How many rows.
    pub fn len(&self) -> usize {
        match &self.words {
            Words::Narrow(values) => values.len(),
            Words::Wide(values) => values.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory held.
    pub fn bytes(&self) -> usize {
        let words = match &self.words {
            Words::Narrow(values) => values.capacity() * size_of::<u64>(),
            Words::Wide(values) => values.capacity() * size_of::<Wide>(),
        };
        words + self.is_null.capacity()
    }

    pub(super) fn words(&self) -> &Words {
        &self.words
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        self.is_null.get(row).copied().unwrap_or_default()
    }
}

/// The column by which the newest row is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderColumn {
    dataset: DatasetName,
    name: Identifier,
    kind: Type,
}

impl OrderColumn {
    /// Numbers, dates and times have an order that everyone means. `Config` for the others: texts are ordered by their
    /// bytes, which puts 10 before 9 and 1.2.2026 before 31.12.2025.
    pub fn new(dataset: &Dataset, newest: &Identifier) -> Result<Self> {
        let fault = |what: String| {
            let subject = format!("`dedupe.newest` of dataset {}", dataset.dataset);
            Error::new(Kind::Config, "read", subject).because(what)
        };
        let kind = dataset.columns.get(newest).map(|column| column.kind);
        match kind.ok_or_else(|| fault(format!("there is no column `{newest}`")))? {
            kind @ (Type::Boolean | Type::Char(_) | Type::Varchar(_) | Type::Super | Type::Varbyte(_)) => {
                Err(fault(format!("it is a number, a date or a time, and `{newest}` is {kind}")))
            }
            kind => Ok(Self { dataset: dataset.dataset.clone(), name: newest.clone(), kind }),
        }
    }

    /// The order values of a batch's good rows, all if no list says which. A column that is missing or of another type
    /// than its dataset says is a `Bug`.
    pub fn orders(&self, batch: &RecordBatch, good: Option<&[u32]>) -> Result<Orders> {
        let array = batch.column_by_name(self.name.as_str());
        let orders = array.and_then(|array| {
            let words = match self.is_narrow() {
                true => Words::Narrow(select(numbers(array, self.kind)?, good)?),
                false => Words::Wide(select(each::<Decimal128Type, _>(array, of_decimal)?, good)?),
            };
            let is_null = array.nulls().map_or_else(Vec::new, |nulls| nulls.iter().map(|is_there| !is_there).collect());
            let is_null = if is_null.is_empty() { is_null } else { select(is_null, good)? };
            Some(Orders { words, is_null })
        });
        orders.ok_or_else(|| {
            let what = format!("order column `{}` is missing or of another type", self.name);
            Error::new(Kind::Bug, "dedupe", format!("a batch of {}", self.dataset)).because(what)
        })
    }

    pub(super) fn is_narrow(&self) -> bool {
        !matches!(self.kind, Type::Decimal { precision, .. } if precision > NARROW_DIGITS)
    }
}

/// The values of a column of at most 64 bits, as unsigned numbers in the same order.
fn numbers(array: &ArrayRef, kind: Type) -> Option<Vec<u64>> {
    match kind {
        Type::Smallint => each::<Int16Type, _>(array, |value| of_integer(i64::from(value))),
        Type::Integer => each::<Int32Type, _>(array, |value| of_integer(i64::from(value))),
        Type::Date => each::<Date32Type, _>(array, |value| of_integer(i64::from(value))),
        Type::Bigint => each::<Int64Type, _>(array, of_integer),
        Type::Time => each::<Time64MicrosecondType, _>(array, of_integer),
        Type::Timestamp | Type::Timestamptz => each::<TimestampMicrosecondType, _>(array, of_integer),
        Type::Real => each::<Float32Type, _>(array, |value| of_float(f64::from(value))),
        Type::Double => each::<Float64Type, _>(array, of_float),
        Type::Decimal { .. } => {
            let values = array.as_primitive_opt::<Decimal128Type>()?.iter();
            values.map(|value| i64::try_from(value.unwrap_or_default()).ok().map(of_integer)).collect()
        }
        Type::Boolean | Type::Char(_) | Type::Varchar(_) | Type::Super | Type::Varbyte(_) => None,
    }
}

fn of_integer(value: i64) -> u64 {
    value.cast_unsigned() ^ (1 << 63)
}

fn of_decimal(value: i128) -> Wide {
    Wide::from(value.cast_unsigned() ^ (1 << 127))
}

/// Minus zero is zero, or a tie would not go to the later row. There is no NaN in a good row.
fn of_float(value: f64) -> u64 {
    let value = value + 0.0;
    // Of negative numbers, more bits mean less.
    if value.is_sign_negative() { !value.to_bits() } else { value.to_bits() ^ (1 << 63) }
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
