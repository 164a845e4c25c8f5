//! The columns of a file: the one table from our types to arrow's, and so to Parquet's.
//!
//! Redshift's COPY takes Parquet columns by position and is strict about physical types (facts/redshift-copy.md, type
//! compatibility). arrow-rs writes: smallint INT32 (INT_16), integer INT32, bigint INT64, double DOUBLE, boolean
//! BOOLEAN, date INT32 (DATE), timestamp INT64 (MICROS, not adjusted to UTC), varchar BYTE_ARRAY (UTF8), decimal DECIMAL
//! with the exact precision and scale: INT32 up to 9 digits, INT64 up to 18, else FIXED_LEN_BYTE_ARRAY. INT64 and
//! FIXED_LEN_BYTE_ARRAY decimals are seen to load; INT32 ones are what Spark writes, and are (U).

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use model::dataset::Dataset;
use model::types::Type;

/// The columns that every file, staging table and target begins with.
pub(crate) const SLUICE_COLUMNS: [&str; 2] = ["_sluice_batch", "_sluice_run"];

/// The type in arrow.
pub(crate) fn data_type(column: Type) -> DataType {
    match column {
        Type::Smallint => DataType::Int16,
        Type::Integer => DataType::Int32,
        Type::Bigint => DataType::Int64,
        // The scale is at most 37 (model::types).
        Type::Decimal { precision, scale } => DataType::Decimal128(precision, i8::try_from(scale).unwrap_or(i8::MAX)),
        Type::Double => DataType::Float64,
        Type::Boolean => DataType::Boolean,
        Type::Date => DataType::Date32,
        Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Type::Varchar(_) => DataType::Utf8,
    }
}

/// The dataset's columns. All are nullable, required ones too: COPY wants OPTIONAL columns, the table says NOT NULL.
pub(crate) fn of_rows(dataset: &Dataset) -> SchemaRef {
    Arc::new(Schema::new(columns(dataset).collect::<Vec<_>>()))
}

/// The columns of a file: Sluice's, then the dataset's. Sluice's hold one value each, so they are dictionaries.
pub(crate) fn of_file(dataset: &Dataset) -> SchemaRef {
    let constant = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let ours = SLUICE_COLUMNS.into_iter().map(|name| Field::new(name, constant.clone(), true));
    Arc::new(Schema::new(ours.chain(columns(dataset)).collect::<Vec<_>>()))
}

fn columns(dataset: &Dataset) -> impl Iterator<Item = Field> {
    dataset.columns.iter().map(|(name, column)| Field::new(name.as_str(), data_type(column.kind), true))
}
