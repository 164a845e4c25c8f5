//! Files that say their columns themselves: those of the cases, written by pyarrow and fastavro, and larger ones.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use model::error::chain;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::*;

macro_rules! case {
    ($path:literal) => {
        include_bytes!(concat!("../../../../../tests/cases/", $path))
    };
}

#[test]
fn parquet_says_its_types() {
    check_bytes(
        "format: parquet",
        &[case!("parquet_logical_types/input.parquet")],
        expect![[r#"
        tiny: bigint (by the files' schema)
        u32: bigint (by the files' schema)
        flag: boolean (by the files' schema)
        half: double (by the files' schema)
        float: double (by the files' schema)
        price: decimal(9,2) (by the files' schema)
        wide: decimal(38,10) (by the files' schema)
        day: date (by the files' schema)
        t_ms: time (by the files' schema)
        t_ns: time (by the files' schema)
        at: timestamp (by the files' schema)
        text: varchar(16) (by the files' schema; 1 values, 2 nulls, the longest has 4 bytes)
        uuid: varchar(36) (by the files' schema)
        fixed: varbyte(16) (by the files' schema; 2 values, 1 nulls, the longest has 3 bytes; if they are text, say varchar)
        3 rows
    "#]],
    );
}

#[test]
fn avro_says_its_types() {
    check_bytes(
        "format: avro",
        &[case!("avro_logical_types/input.avro")],
        expect![[r#"
        id: bigint (by the files' schema)
        bytes_dec: decimal(10,2) (by the files' schema)
        fixed_dec: decimal(20,5) (by the files' schema)
        day: date (by the files' schema)
        t_millis: time (by the files' schema)
        t_micros: time (by the files' schema)
        at_millis: timestamptz (by the files' schema)
        at_micros: timestamptz (by the files' schema)
        at_nanos: timestamptz (by the files' schema)
        local: timestamp (by the files' schema)
        uuid_text: varchar(128) (by the files' schema; 2 values, 0 nulls, the longest has 36 bytes)
        2 rows
    "#]],
    );
}

#[test]
fn what_is_nested_is_a_super_and_a_union_is_what_its_values_are() {
    check_bytes(
        "format: avro",
        &[case!("avro_arrays_and_maps_are_json/input.avro")],
        expect![[r#"
        id: bigint (by the files' schema)
        tags: super (by the files' schema)
        map: super (by the files' schema)
        tree: super (by the files' schema)
        2 rows
    "#]],
    );
    check_bytes(
        "format: parquet",
        &[case!("parquet_rows_that_span_pages/input_1.parquet")],
        expect![[r#"
        id: bigint (by the files' schema)
        list: super (by the files' schema)
        pair: super (by the files' schema)
        0 rows
    "#]],
    );
    check_bytes(
        "format: avro",
        &[case!("avro_null_stands_second_in_a_union/input.avro")],
        expect![[r#"
        a: bigint (by the files' schema)
        b: bigint (by the files' schema)
        c: varchar(16) (by the files' schema; 3 values, 1 nulls, the longest has 4 bytes)
        4 rows
    "#]],
    );
}

#[test]
fn names_keep_what_the_file_calls_them_and_those_that_are_dropped_go() {
    let file: &[u8] = case!("parquet_names_with_dots_and_cases/input.parquet");
    check_bytes(
        "format: parquet, drop: [A.B]",
        &[file],
        expect![[r#"
        a: super (by the files' schema)
        x: bigint (by the files' schema)
        x_2: bigint from "X" (by the files' schema)
        order_no: bigint from " Order No " (by the files' schema)
        index_level_0: bigint from "__index_level_0__" (by the files' schema)
        0 rows
    "#]],
    );
}

#[test]
fn types_of_several_files_are_joined() {
    let [one, other]: [&[u8]; 2] = [
        case!("parquet_decimals_in_every_type/input_1.parquet"),
        case!("parquet_text_that_is_not_said_to_be/input.parquet"),
    ];
    check_bytes(
        "format: parquet",
        &[one, other],
        expect![[r#"
        a: decimal(9,2) (by the files' schema)
        b: decimal(18,4) (by the files' schema)
        c: decimal(38,2) (by the files' schema)
        d: double (by the files' schema)
        id: bigint (by the files' schema)
        name: varbyte(16) (by the files' schema; 4 values, 2 nulls, the longest has 5 bytes; if they are text, say varchar)
        6 rows
    "#]],
    );
    let unsigned: &[u8] = case!("parquet_unsigned_beyond_bigint/input_1.parquet");
    check_bytes(
        "format: parquet",
        &[one, unsigned],
        expect![[r#"
        a: decimal(22,2) (by the files' schema)
        b: decimal(24,4) (by the files' schema)
        c: decimal(38,2) (by the files' schema)
        d: double (by the files' schema)
        0 rows
    "#]],
    );
}

#[test]
fn compressed_avro_is_looked_at_and_a_file_without_rows_has_columns() {
    check_bytes(
        "format: avro",
        &[case!("avro_in_gzip/input.avro")],
        expect![[r#"
        id: bigint (by the files' schema)
        5 rows
    "#]],
    );
    check_bytes(
        "format: avro",
        &[case!("avro_header_only/input.avro")],
        expect![[r#"
        id: bigint (by the files' schema)
        0 rows
    "#]],
    );
    check_bytes(
        "format: parquet",
        &[case!("parquet_without_rows/input_2.parquet")],
        expect![[r#"
        id: bigint (by the files' schema)
        0 rows
    "#]],
    );
}

#[test]
fn what_is_no_such_file_is_told() {
    let told = |yaml: &str, bytes: &[u8], expected: Expect| {
        let error = infer(yaml, &[bytes], usize::MAX).unwrap_err();
        assert_eq!(error.kind(), Kind::Data);
        expected.assert_eq(&chain(&error));
    };
    told(
        "format: parquet",
        case!("parquet_that_is_csv/input.parquet"),
        expect![
            "cannot read a row 1: the file does not end as Parquet does, with PAR1: is it Parquet, or was it cut off?"
        ],
    );
    told("format: parquet", &[], expect!["cannot read a row 1: the file is no Parquet: it is too short"]);
    told(
        "format: parquet",
        case!("parquet_truncated/input.parquet"),
        expect![
            "cannot read a row 1: the file does not end as Parquet does, with PAR1: is it Parquet, or was it cut off?"
        ],
    );
    told(
        "format: avro",
        case!("avro_message_of_kafka/input.avro"),
        expect![
            "cannot read a row 1: the file is no Avro: is it a message of Kafka, with a schema's number before its value?"
        ],
    );
    told(
        "format: avro",
        &case!("avro_header_only/input.avro")[..100],
        expect!["cannot read a row 1: its header does not end in its first 100 bytes; was it cut off?"],
    );
}

/// A file of so many columns of texts, of which the last is the longest.
fn texts(columns: usize, rows: usize) -> Vec<u8> {
    let ids = Int64Array::from_iter_values((0..).take(rows));
    let mut arrays: Vec<(String, ArrayRef)> = vec![("id".to_owned(), Arc::new(ids))];
    for column in 1..=columns {
        let text =
            |row: usize| model::hash::sha256_hex(&[row.to_le_bytes(), column.to_le_bytes()].concat()).repeat(column);
        arrays.push((format!("text_{column}"), Arc::new(StringArray::from_iter_values((0..rows).map(text)))));
    }
    let batch = RecordBatch::try_from_iter(arrays).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .set_dictionary_enabled(false)
        .set_data_page_size_limit(64 * 1024)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn of_a_large_file_little_is_fetched() {
    let file = texts(3, 60_000);
    let dataset = DatasetFile::parse("{dataset: x, landing: x/, format: parquet, infer: {sample_rows: 1000}}", "x");
    let mut inference = Inference::new(&dataset.unwrap().dataset, 1);
    inference.begin_input("a", file.len() as u64).unwrap();
    let mut fetched = 0;
    while let Some(range) = inference.wants() {
        fetched += range.end - range.start;
        let places = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        inference.push_range(range.start, Bytes::copy_from_slice(&file[places])).unwrap();
    }
    inference.end_input(true).unwrap();
    let inferred = inference.finish().unwrap();
    let kinds: Vec<String> = inferred.columns.values().map(|column| column.kind.to_string()).collect();
    assert_eq!(kinds, ["bigint", "varchar(128)", "varchar(256)", "varchar(512)"]);
    assert_eq!(inferred.rows, 1000);
    assert!(file.len() > 20_000_000 && fetched < 4_000_000, "{fetched} of {} bytes", file.len());
}

#[test]
fn columns_whose_types_say_all_cost_the_footer_alone() {
    let dataset = DatasetFile::parse("{dataset: x, landing: x/, format: parquet}", "x").unwrap().dataset;
    let mut inference = Inference::new(&dataset, 1);
    let file = texts(0, 1_000_000);
    inference.begin_input("a", file.len() as u64).unwrap();
    let range = inference.wants().unwrap();
    let start = usize::try_from(range.start).unwrap();
    assert!(start > 0 && range.end == file.len() as u64);
    inference.push_range(range.start, Bytes::copy_from_slice(&file[start..])).unwrap();
    assert_eq!(inference.wants(), None);
    assert_eq!(inference.finish().unwrap().columns.len(), 1);
}
