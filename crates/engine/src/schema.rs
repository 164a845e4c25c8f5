//! The columns of a file: the one table from our types to arrow's, and so to Parquet's.
//!
//! Redshift's COPY takes Parquet columns by position and is strict about physical types (facts/redshift-copy.md, type
//! compatibility). arrow-rs writes: smallint INT32 (INT_16), integer INT32, bigint INT64, real FLOAT, double DOUBLE,
//! boolean BOOLEAN, date INT32 (DATE), timestamp INT64 (MICROS, not adjusted to UTC), char, varchar and super BYTE_ARRAY
//! (UTF8), varbyte BYTE_ARRAY without a mark, decimal DECIMAL with the exact precision and scale: INT32 up to 9 digits,
//! INT64 up to 18, else FIXED_LEN_BYTE_ARRAY. INT64 and FIXED_LEN_BYTE_ARRAY decimals are seen to load; INT32 ones are
//! what Spark writes, and are (U).
//!
//! Two types lie in the file otherwise than in memory, see [`stored`]. How each is staged and becomes what it is in the
//! target table, the loader says (`loader::sql::staged`).

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use arrow::error::ArrowError;
use model::dataset::Dataset;
use model::types::Type;

/// The columns that every file, staging table and target begins with.
pub(crate) const SLUICE_COLUMNS: [&str; 2] = ["_sluice_batch", "_sluice_run"];

/// The type in arrow, while rows are in memory.
pub fn data_type(column: Type) -> DataType {
    match column {
        Type::Smallint => DataType::Int16,
        Type::Integer => DataType::Int32,
        Type::Bigint => DataType::Int64,
        // The scale is at most 37 (model::types).
        Type::Decimal { precision, scale } => DataType::Decimal128(precision, i8::try_from(scale).unwrap_or(i8::MAX)),
        Type::Real => DataType::Float32,
        Type::Double => DataType::Float64,
        Type::Boolean => DataType::Boolean,
        Type::Date => DataType::Date32,
        Type::Time => DataType::Time64(TimeUnit::Microsecond),
        Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Type::Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        // A super is its JSON text.
        Type::Char(_) | Type::Varchar(_) | Type::Super => DataType::Utf8,
        Type::Varbyte(_) => DataType::Binary,
    }
}

/// The type in arrow of what is written to a file.
///
/// Whether COPY takes Parquet's TIME is (U), and neither Hive nor Spectrum has such a type: a time of day is the text
/// `05:17:00.25`, which all of them read. Whether COPY takes a TIMESTAMP into a timestamptz, and what the mark of UTC
/// does to it, is (U) too: a moment is written as a timestamp is, which is seen to load, and it is in UTC.
pub fn file_type(column: Type) -> DataType {
    match column {
        Type::Time => DataType::Utf8,
        Type::Timestamptz => data_type(Type::Timestamp),
        other => data_type(other),
    }
}

/// A column of rows as a file holds it: of [`data_type`] to of [`file_type`]. Most are what they were.
pub fn stored(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(match column.data_type() {
        DataType::Time64(_) => cast(column, &DataType::Utf8)?,
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => {
            let moments = column.as_primitive::<TimestampMicrosecondType>().clone();
            Arc::new(moments.with_timezone_opt(None::<Arc<str>>))
        }
        _ => Arc::clone(column),
    })
}

/// The dataset's columns. All are nullable, required ones too: COPY wants OPTIONAL columns, the table says NOT NULL.
pub fn of_rows(dataset: &Dataset) -> SchemaRef {
    Arc::new(Schema::new(columns(dataset, data_type).collect::<Vec<_>>()))
}

/// The columns of a file: Sluice's, then the dataset's. Sluice's hold one value each, so they are dictionaries.
pub fn of_file(dataset: &Dataset) -> SchemaRef {
    let constant = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let ours = SLUICE_COLUMNS.into_iter().map(|name| Field::new(name, constant.clone(), true));
    Arc::new(Schema::new(ours.chain(columns(dataset, file_type)).collect::<Vec<_>>()))
}

fn columns(dataset: &Dataset, in_arrow: fn(Type) -> DataType) -> impl Iterator<Item = Field> {
    dataset.written_columns().map(move |(name, column)| Field::new(name.as_str(), in_arrow(column.kind), true))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray};
    use expect_test::expect;
    use model::dataset::DatasetFile;
    use parquet::arrow::ArrowSchemaConverter;
    use parquet::schema::printer::print_schema;

    use super::*;

    #[test]
    fn every_type_has_the_physical_type_that_copy_takes() {
        let types = "smallint integer bigint decimal(9,2) decimal(18,2) decimal(38,37) real double boolean date time \
                     timestamp timestamptz char(4096) varchar(65535) super varbyte(1024000)";
        let columns: String =
            types.split_whitespace().enumerate().map(|(n, kind)| format!("c{n}: {{type: \"{kind}\"}}, ")).collect();
        let yaml = format!("{{dataset: x, landing: x/, format: csv, columns: {{{columns}}}}}");
        let dataset = DatasetFile::parse(&yaml, "x.yaml").unwrap().dataset;
        let parquet = ArrowSchemaConverter::new().convert(&of_file(&dataset)).unwrap();
        let mut text = Vec::new();
        print_schema(&mut text, parquet.root_schema());
        expect![[r#"
            message arrow_schema {
              OPTIONAL BYTE_ARRAY _sluice_batch (STRING);
              OPTIONAL BYTE_ARRAY _sluice_run (STRING);
              OPTIONAL INT32 c0 (INTEGER(16,true));
              OPTIONAL INT32 c1;
              OPTIONAL INT64 c2;
              OPTIONAL INT32 c3 (DECIMAL(9,2));
              OPTIONAL INT64 c4 (DECIMAL(18,2));
              OPTIONAL FIXED_LEN_BYTE_ARRAY (16) c5 (DECIMAL(38,37));
              OPTIONAL FLOAT c6;
              OPTIONAL DOUBLE c7;
              OPTIONAL BOOLEAN c8;
              OPTIONAL INT32 c9 (DATE);
              OPTIONAL BYTE_ARRAY c10 (STRING);
              OPTIONAL INT64 c11 (TIMESTAMP(MICROS,false));
              OPTIONAL INT64 c12 (TIMESTAMP(MICROS,false));
              OPTIONAL BYTE_ARRAY c13 (STRING);
              OPTIONAL BYTE_ARRAY c14 (STRING);
              OPTIONAL BYTE_ARRAY c15 (STRING);
              OPTIONAL BYTE_ARRAY c16;
            }
        "#]]
        .assert_eq(&String::from_utf8(text).unwrap());
        for column in of_rows(&dataset).fields() {
            let stored = stored(&arrow::array::new_null_array(column.data_type(), 3)).unwrap();
            let schema = of_file(&dataset);
            assert_eq!(stored.data_type(), schema.field_with_name(column.name()).unwrap().data_type());
        }
    }

    #[test]
    fn a_time_of_day_is_stored_as_its_text() {
        let micros = [Some(0), None, Some(250_000), Some(86_399_999_999), Some(43_200_000_001)];
        let times: ArrayRef = Arc::new(Time64MicrosecondArray::from(micros.to_vec()));
        let texts = [Some("00:00:00"), None, Some("00:00:00.250"), Some("23:59:59.999999"), Some("12:00:00.000001")];
        assert_eq!(stored(&times).unwrap().as_string::<i32>(), &StringArray::from(texts.to_vec()));
    }

    #[test]
    fn a_moment_is_stored_as_its_microseconds_in_utc() {
        let moments = TimestampMicrosecondArray::from(vec![Some(-1), None, Some(i64::MAX)]);
        let marked: ArrayRef = Arc::new(moments.clone().with_timezone("UTC"));
        assert_eq!(stored(&marked).unwrap().to_data(), moments.to_data());
    }
}
