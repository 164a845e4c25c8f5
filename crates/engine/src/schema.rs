//! The columns of a file: arrow's types, made of the table of types (`model::types::table`), which says why each is so.
//!
//! Two types lie in the file otherwise than in memory, see [`stored`].

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use arrow::error::ArrowError;
use model::dataset::Dataset;
use model::types::Type;
use model::types::table::Form;

/// The columns that every file, staging table and target begins with.
pub(crate) const SLUICE_COLUMNS: [&str; 2] = ["_sluice_batch", "_sluice_run"];

/// The type in arrow, while rows are in memory.
pub fn data_type(column: Type) -> DataType {
    in_arrow(column.row().memory)
}

/// The type in arrow of what is written to a file.
pub fn file_type(column: Type) -> DataType {
    in_arrow(column.row().file)
}

fn in_arrow(form: Form) -> DataType {
    match form {
        Form::Int16 => DataType::Int16,
        Form::Int32 => DataType::Int32,
        Form::Int64 => DataType::Int64,
        // The scale is at most 37 (model::types).
        Form::Decimal { precision, scale } => DataType::Decimal128(precision, i8::try_from(scale).unwrap_or(i8::MAX)),
        Form::Float32 => DataType::Float32,
        Form::Float64 => DataType::Float64,
        Form::Boolean => DataType::Boolean,
        Form::Date => DataType::Date32,
        Form::Time => DataType::Time64(TimeUnit::Microsecond),
        Form::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Form::Moment => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Form::Text => DataType::Utf8,
        Form::Bytes => DataType::Binary,
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
    use bytes::Bytes;
    use footer::{FileColumn, Found, Repetition};
    use model::dataset::DatasetFile;
    use model::name::{BatchId, RunName};
    use model::types::table::{Logical, Parquet};
    use parquet::arrow::ArrowSchemaConverter;
    use parquet::file::metadata::ParquetMetaDataReader;
    use parquet::schema::printer::print_schema;

    use super::*;
    use crate::{Item, Options};

    /// Every type, and every number of digits.
    fn dataset() -> Dataset {
        let types = "smallint integer bigint real double boolean date time timestamp timestamptz char(4096) \
                     varchar(65535) super varbyte(1024000)";
        let decimals = (1..=38).map(|precision| format!("decimal({precision},{})", precision / 2));
        let types = types.split_whitespace().map(str::to_owned).chain(decimals);
        let columns: String = types.enumerate().map(|(n, kind)| format!("c{n}: {{type: \"{kind}\"}}, ")).collect();
        let yaml = format!("{{dataset: x, landing: x/, format: csv, columns: {{{columns}}}}}");
        DatasetFile::parse(&yaml, "x.yaml").unwrap().dataset
    }

    #[test]
    fn a_file_has_the_physical_and_logical_types_that_the_table_of_types_says() {
        let dataset = dataset();
        let run = RunName::parse("x-00000000000000000000000000000000").unwrap();
        let batch = BatchId::parse("00000000000000000000000000000000").unwrap();
        let options = Options { mask_key: None, threads: 1, chunk_bytes: 8 << 20 };
        let mut item = Item::new(&dataset, &run, &batch, 0, &options).unwrap();
        let header: Vec<&str> = dataset.columns.keys().map(|name| name.as_str()).collect();
        let csv = format!("{}\n1{}\n", header.join(","), ",".repeat(header.len() - 1));
        item.begin_input("s3://landing/x.csv", csv.len() as u64).unwrap();
        item.push(csv.as_bytes()).unwrap();
        item.end_input().unwrap();
        assert_eq!(item.finish().unwrap().counts.accepted, 1);
        let file: Vec<u8> = item.take_output().iter().flat_map(|chunk| chunk.bytes.to_vec()).collect();
        let Found::Footer(footer) = footer::read(&file, file.len() as u64).unwrap() else {
            panic!("all of it is there")
        };
        assert_eq!(footer.rows, 1);
        let ours = SLUICE_COLUMNS.map(|name| (name.to_owned(), Type::Varchar(64)));
        let theirs = dataset.columns.iter().map(|(name, column)| (name.to_string(), column.kind));
        assert_eq!(footer.columns.len(), dataset.columns.len() + SLUICE_COLUMNS.len());
        for ((name, kind), column) in ours.into_iter().chain(theirs).zip(footer.columns) {
            let kind = Some(kind.row().file.parquet());
            assert_eq!(column, FileColumn { name, kind, repetition: Repetition::Optional });
        }
        // And by the crate's own reader, which prints a type as the table does, but for the place of a length.
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&Bytes::from(file)).unwrap();
        let mut text = Vec::new();
        print_schema(&mut text, metadata.file_metadata().schema());
        let text = String::from_utf8(text).unwrap().replace("FIXED_LEN_BYTE_ARRAY (", "FIXED_LEN_BYTE_ARRAY(");
        for (name, column) in &dataset.columns {
            let Parquet { physical, .. } = column.kind.row().file.parquet();
            let physical = Parquet { physical, logical: Logical::None };
            let line = column.kind.row().file.parquet().to_string().replacen(&physical.to_string(), "", 1);
            let line = format!("OPTIONAL {physical} {name}{line};");
            assert!(text.contains(&line), "{line} is not in {text}");
        }
    }

    #[test]
    fn rows_in_memory_become_what_their_file_holds() {
        let (dataset, schema) = (dataset(), of_file(&dataset()));
        for column in of_rows(&dataset).fields() {
            let stored = stored(&arrow::array::new_null_array(column.data_type(), 3)).unwrap();
            assert_eq!(stored.data_type(), schema.field_with_name(column.name()).unwrap().data_type());
        }
    }

    #[test]
    fn every_form_is_what_parquet_makes_of_its_arrow_type() {
        for form in [Form::Time, Form::Timestamp, Form::Moment, Form::Text, Form::Bytes, Form::Int16] {
            let field = Field::new("c", in_arrow(form), true);
            let schema = ArrowSchemaConverter::new().convert(&Schema::new(vec![field])).unwrap();
            let mut text = Vec::new();
            print_schema(&mut text, schema.root_schema());
            let text = String::from_utf8(text).unwrap().replace(" c", "");
            assert!(text.contains(&format!("OPTIONAL {};", form.parquet())), "{} is not in {text}", form.parquet());
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
