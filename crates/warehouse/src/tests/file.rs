//! Files that COPY meets and arrow does not write by itself, or writes only when asked (facts/redshift-copy.md, sizes
//! and type compatibility).

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray, UInt8Array,
    UInt16Array, UInt32Array, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int96, Int96Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::{Double, manifest, parquet};

const COPY: &str = "COPY t FROM 's3://b/m' IAM_ROLE default FORMAT AS PARQUET MANIFEST";

/// What a file of one kind becomes in a table.
async fn copy(table: &str, file: Vec<u8>) -> Result<String, String> {
    let double = Double::new();
    double.run(&format!("CREATE TABLE t ({table})")).await;
    double.put("s3://b/m", manifest(&[("s3://b/f.parquet", file.len())]));
    double.put("s3://b/f.parquet", file);
    double.warehouse.execute(COPY).await.map_err(|error| error.to_string())?;
    Ok(double.rows("SELECT * FROM t").await.join(","))
}

/// A file of one column, written below arrow.
fn low<T: parquet::data_type::DataType>(schema: &str, value: T::T) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<T>().write_batch(&[value], Some(&[1]), None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

#[tokio::test]
async fn a_timestamp_loads_from_the_int96_of_spark_and_unload() {
    let mut moment = Int96::new();
    // The second after midnight of the Julian day 2,440,588, which is 1970-01-01.
    moment.set_data(1_000_000_000, 0, 2_440_588);
    let file = low::<Int96Type>("message m { optional int96 c; }", moment);
    assert_eq!(copy("c timestamp", file).await.unwrap(), "1970-01-01 00:00:01");
}

#[tokio::test]
async fn a_text_that_is_no_utf8_fails_the_copy() {
    let file = low::<ByteArrayType>("message m { optional binary c (UTF8); }", ByteArray::from(vec![b'a', 0xff]));
    let error = copy("c varchar(9)", file).await.unwrap_err();
    assert!(error.contains("https://s3.amazonaws.com/b/f.parquet") && error.to_lowercase().contains("utf"), "{error}");
}

#[tokio::test]
async fn bytes_that_are_not_marked_as_text_are_none() {
    let file = low::<ByteArrayType>("message m { optional binary c; }", ByteArray::from("abc"));
    assert!(copy("c varchar(9)", file).await.unwrap_err().contains("Column type: VARCHAR"));
}

#[tokio::test]
async fn unsigned_integers_do_not_load() {
    let arrays: [(&str, ArrayRef); 4] = [
        ("smallint", Arc::new(UInt8Array::from(vec![1]))),
        ("integer", Arc::new(UInt16Array::from(vec![1]))),
        ("integer", Arc::new(UInt32Array::from(vec![1]))),
        ("bigint", Arc::new(UInt64Array::from(vec![1]))),
    ];
    for (ty, values) in arrays {
        let error = copy(&format!("c {ty}"), parquet(vec![("c", values)])).await.unwrap_err();
        assert!(error.contains("incompatible Parquet schema"), "{ty}: {error}");
    }
}

#[tokio::test]
async fn a_field_name_twice_fails() {
    let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, true); 2]));
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::clone(&column), column]).unwrap();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    assert!(copy("a bigint, b bigint", file).await.unwrap_err().contains("has a field name twice"));
}

#[tokio::test]
async fn a_nested_column_is_refused_by_name() {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1)])]);
    let field = (Arc::new(Field::new("x", DataType::Int32, true)), Arc::new(Int32Array::from(vec![1])) as ArrayRef);
    let nested: [ArrayRef; 2] = [Arc::new(list), Arc::new(StructArray::from(vec![field]))];
    for values in nested {
        let error = copy("c varchar(9)", parquet(vec![("c", values)])).await.unwrap_err();
        assert_eq!(error, "ERROR: not known to the double: a nested column of a file, c");
    }
}

#[tokio::test]
async fn pages_are_plain_or_snappy() {
    for codec in [Compression::UNCOMPRESSED, Compression::SNAPPY] {
        let batch = RecordBatch::try_from_iter([("c", Arc::new(Int64Array::from(vec![7])) as ArrayRef)]).unwrap();
        let properties = WriterProperties::builder().set_compression(codec).build();
        let mut file = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        assert_eq!(copy("c bigint", file).await.unwrap(), "7");
    }
    // Redshift takes the first, of the other it is unverified.
    for (name, codec) in [("2_gzip", "GZIP"), ("3_zstd", "ZSTD")] {
        let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases/parquet_every_codec");
        let file = std::fs::read(format!("{cases}/input_{name}_1.0.parquet")).unwrap();
        let error = copy("c bigint", file).await.unwrap_err();
        assert!(error.contains(&format!("not known to the double: Parquet pages compressed by {codec}")), "{error}");
    }
}

#[tokio::test]
async fn a_row_has_at_most_4_mb() {
    let columns = |bytes: usize| {
        let text = "x".repeat(65_535);
        let full = std::iter::repeat_n(text.as_str(), 64).chain([&text[..bytes]]);
        let names: Vec<String> = (0..65).map(|n| format!("c{n}")).collect();
        let column = |(name, text): (String, &str)| (name, Arc::new(StringArray::from(vec![text])) as ArrayRef);
        names.into_iter().zip(full).map(column).collect::<Vec<_>>()
    };
    let file = |bytes| {
        let columns = columns(bytes);
        parquet(columns.iter().map(|(name, array)| (name.as_str(), Arc::clone(array))).collect())
    };
    let table = (0..65).map(|n| format!("c{n} varchar(max)")).collect::<Vec<_>>().join(", ");
    assert!(copy(&table, file(64)).await.is_ok(), "64 times 65,535 and 64 are 4 MB");
    assert!(copy(&table, file(65)).await.unwrap_err().contains("a row has 4194305 bytes"));
}

#[tokio::test]
async fn a_decimal_of_19_digits_ends_where_8_bytes_end() {
    let decimals = |value: i128| {
        let array = Decimal128Array::from(vec![value]).with_precision_and_scale(19, 0).unwrap();
        parquet(vec![("c", Arc::new(array) as ArrayRef)])
    };
    let most = i128::from(i64::MAX);
    assert_eq!(copy("c decimal(19,0)", decimals(most)).await.unwrap(), most.to_string());
    assert!(copy("c decimal(19,0)", decimals(most + 1)).await.unwrap_err().contains("Numeric data overflow"));
    let double = Double::new();
    double.run("CREATE TABLE t (c decimal(19,0), d decimal(20,0))").await;
    double.run(&format!("INSERT INTO t VALUES ({most}, {})", most + 1)).await;
    assert!(double.error(&format!("INSERT INTO t (c) VALUES ({})", most + 1)).await.contains("Numeric data overflow"));
}
