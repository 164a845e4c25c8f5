//! COPY from Parquet by manifest (facts/redshift-copy.md).

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int16Array, Int32Array, Int64Array,
    LargeStringArray, StringArray, TimestampMicrosecondArray, TimestampMillisecondArray,
};

use super::{Double, manifest, parquet};

const COPY: &str = "COPY t FROM 's3://b/m' IAM_ROLE default FORMAT AS PARQUET MANIFEST";

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn longs(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

impl Double {
    /// A table, and a manifest of one file.
    async fn with(table: &str, columns: Vec<(&str, ArrayRef)>) -> Self {
        let double = Self::new();
        double.run(&format!("CREATE TABLE t ({table})")).await;
        let file = parquet(columns);
        double.put("s3://b/m", manifest(&[("s3://b/f.parquet", file.len())]));
        double.put("s3://b/f.parquet", file);
        double
    }
}

#[tokio::test]
async fn columns_are_mapped_by_position_never_by_name() {
    let double = Double::with("a bigint, b bigint", vec![("b", longs(&[1])), ("a", longs(&[2]))]).await;
    double.run(COPY).await;
    assert_eq!(double.value("SELECT a, b FROM t").await, "1|2");
}

#[tokio::test]
async fn copy_appends() {
    let double = Double::with("a bigint", vec![("a", longs(&[1, 2]))]).await;
    double.run(COPY).await;
    double.run(COPY).await;
    assert_eq!(double.value("SELECT COUNT(*), SUM(a) FROM t").await, "4|6");
}

#[tokio::test]
async fn every_type_loads_from_its_physical_type() {
    let columns = vec![
        ("s", Arc::new(Int16Array::from(vec![-7])) as ArrayRef),
        ("i", Arc::new(Int32Array::from(vec![8])) as ArrayRef),
        ("l", longs(&[9])),
        ("n", Arc::new(Decimal128Array::from(vec![12345]).with_precision_and_scale(18, 2).unwrap()) as ArrayRef),
        ("w", Arc::new(Decimal128Array::from(vec![-5]).with_precision_and_scale(38, 4).unwrap()) as ArrayRef),
        ("f", Arc::new(Float64Array::from(vec![1.25])) as ArrayRef),
        ("b", Arc::new(BooleanArray::from(vec![true])) as ArrayRef),
        ("d", Arc::new(Date32Array::from(vec![19_000])) as ArrayRef),
        ("m", Arc::new(TimestampMicrosecondArray::from(vec![1_500_000])) as ArrayRef),
        ("v", texts(&["ä"])),
    ];
    let table = "s smallint, i integer, l bigint, n decimal(18,2), w decimal(38,4), f double precision, b boolean, \
                 d date, m timestamp, v varchar(2)";
    let double = Double::with(table, columns).await;
    double.run(COPY).await;
    assert_eq!(
        double.value("SELECT * FROM t").await,
        "-7|8|9|123.45|-0.0005|1.25|true|2022-01-08|1970-01-01 00:00:01.5|ä"
    );
}

#[tokio::test]
async fn what_a_writer_notes_about_its_own_types_does_not_matter() {
    let large: ArrayRef = Arc::new(LargeStringArray::from(vec!["x"]));
    let utc: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1_000_000]).with_timezone("UTC"));
    let double = Double::with("v varchar(2), m timestamp", vec![("v", large), ("m", utc)]).await;
    double.run(COPY).await;
    assert_eq!(double.value("SELECT * FROM t").await, "x|1970-01-01 00:00:01");
}

#[tokio::test]
async fn another_number_of_columns_fails_with_15007() {
    let double = Double::with("a bigint, b bigint", vec![("a", longs(&[1]))]).await;
    let error = double.error(COPY).await;
    assert!(error.contains("Spectrum Scan Error") && error.contains("15007"), "{error}");
    let text = "Unmatched number of columns between table and file. Table columns: 2, Data columns: 1, File name: \
                https://s3.amazonaws.com/b/f.parquet";
    assert!(error.contains(text), "{error}");
}

#[tokio::test]
async fn fillrecord_fills_trailing_columns_with_null() {
    let double = Double::with("a bigint, b bigint DEFAULT 7", vec![("a", longs(&[1]))]).await;
    double.run(&format!("{COPY} FILLRECORD")).await;
    assert_eq!(double.value("SELECT * FROM t").await, "1|null");
    let double = Double::with("a bigint", vec![("a", longs(&[1])), ("b", longs(&[1]))]).await;
    assert!(double.error(&format!("{COPY} FILLRECORD")).await.contains("Unmatched number of columns"));
}

#[tokio::test]
async fn a_column_list_maps_the_files_columns_and_the_rest_gets_defaults() {
    let table = "a bigint, b bigint DEFAULT 7, c bigint, d bigint";
    let double = Double::with(table, vec![("x", longs(&[1])), ("y", longs(&[2]))]).await;
    double.run("COPY t (c, a) FROM 's3://b/m' IAM_ROLE 'arn:aws:iam::1:role/r' FORMAT PARQUET MANIFEST").await;
    assert_eq!(double.value("SELECT * FROM t").await, "2|7|1|null");
    let wrong = "COPY t (a) FROM 's3://b/m' IAM_ROLE default FORMAT AS PARQUET MANIFEST";
    assert!(double.error(wrong).await.contains("Table columns: 1, Data columns: 2"));
    let unknown = "COPY t (a, z) FROM 's3://b/m' IAM_ROLE default FORMAT AS PARQUET MANIFEST";
    assert_eq!(double.error(unknown).await, "ERROR: column \"z\" of relation \"t\" does not exist");
}

#[tokio::test]
async fn a_null_in_a_file_stays_null_where_the_column_has_a_default() {
    let nulls: ArrayRef = Arc::new(Int64Array::from(vec![None, Some(1)]));
    let double = Double::with("a bigint DEFAULT 7", vec![("a", nulls)]).await;
    double.run(COPY).await;
    double.run(&COPY.replace("COPY t", "COPY t (a)")).await;
    assert_eq!(double.rows("SELECT a FROM t ORDER BY a").await, ["1", "1", "null", "null"]);
}

#[tokio::test]
async fn what_fillrecord_fills_must_allow_null() {
    let double = Double::with("a bigint, b bigint NOT NULL DEFAULT 7", vec![("a", longs(&[1]))]).await;
    let error = double.error(&format!("{COPY} FILLRECORD")).await;
    assert_eq!(error, "ERROR: Cannot insert a NULL value into column b");
}

#[tokio::test]
async fn segments_of_a_path_are_not_loaded_and_their_equals_sign_shows_as_3d() {
    let double = Double::with("a bigint, dt date", vec![("a", longs(&[1]))]).await;
    let file = parquet(vec![("a", longs(&[1]))]);
    double.put("s3://b/m", manifest(&[("s3://b/dt=2024-01-01/f.parquet", file.len())]));
    double.put("s3://b/dt=2024-01-01/f.parquet", file);
    let error = double.error(COPY).await;
    let text = "Table columns: 2, Data columns: 1, File name: https://s3.amazonaws.com/b/dt%3D2024-01-01/f.parquet";
    assert!(error.contains(text), "{error}");
    double.run(&COPY.replace("COPY t", "COPY t (a)")).await;
    assert_eq!(double.value("SELECT a, dt FROM t").await, "1|null");
}

#[tokio::test]
async fn an_entry_is_a_whole_key_of_any_bucket() {
    let double = Double::with("a bigint", vec![("a", longs(&[1]))]).await;
    let file = parquet(vec![("a", longs(&[2]))]);
    let length = parquet(vec![("a", longs(&[1]))]).len();
    double.put("s3://b/m", manifest(&[("s3://b/f.parquet", length), ("s3://other/f.parquet", file.len())]));
    double.put("s3://other/f.parquet", file);
    double.run(COPY).await;
    assert_eq!(double.rows("SELECT a FROM t ORDER BY a").await, ["1", "2"]);
    for other in ["s3://b/f", "s3://b//f.parquet", "s3://b/F.parquet"] {
        double.put("s3://b/m", manifest(&[(other, length)]));
        let error = double.error(COPY).await;
        assert!(error.contains("The specified key does not exist") && error.contains(other), "{error}");
    }
    for none in ["s3://b", "s3://b/", "https://b/f.parquet"] {
        double.put("s3://b/m", manifest(&[(none, length)]));
        assert!(double.error(COPY).await.contains("Invalid url in manifest"), "{none}");
    }
}

#[tokio::test]
async fn a_copy_is_rolled_back_with_its_transaction() {
    let double = Double::with("a bigint", vec![("a", longs(&[1, 2]))]).await;
    let failed = double.warehouse.batch(&[COPY, "SELECT COUNT(*) FROM t", "SELECT nothing"]).await;
    failed.unwrap_err();
    assert_eq!(double.value("SELECT COUNT(*) FROM t").await, "0");
}

#[tokio::test]
async fn at_most_10_roles_can_be_chained() {
    let double = Double::with("a bigint", vec![("a", longs(&[1]))]).await;
    let chained = |count| {
        let roles = vec!["arn:aws:iam::1:role/r"; count].join(",");
        COPY.replace("IAM_ROLE default", &format!("IAM_ROLE '{roles}'"))
    };
    double.run(&chained(10)).await;
    assert_eq!(double.error(&chained(11)).await, "ERROR: at most 10 roles can be chained");
}

#[tokio::test]
async fn an_omitted_column_that_is_not_null_needs_a_default() {
    let double = Double::with("a bigint, b bigint NOT NULL", vec![("x", longs(&[1]))]).await;
    let sql = "COPY t (a) FROM 's3://b/m' IAM_ROLE default FORMAT AS PARQUET MANIFEST";
    assert_eq!(double.error(sql).await, "ERROR: Cannot insert a NULL value into column b");
}

#[tokio::test]
async fn another_physical_type_fails_with_15007() {
    let double = Double::with("c varchar(9)", vec![("l_orderkey", longs(&[1]))]).await;
    let error = double.error(COPY).await;
    let text = "File 'https://s3.amazonaws.com/b/f.parquet' has an incompatible Parquet schema for column \
                's3://b/f.parquet.l_orderkey'. Column type: VARCHAR, Parquet schema:\noptional int64 l_orderkey [i:0 d:1 \
                r:0]";
    assert!(error.contains("15007") && error.contains(text), "{error}");
}

#[tokio::test]
async fn types_are_never_converted() {
    let ints = || Arc::new(Int32Array::from(vec![1])) as ArrayRef;
    let doubles = || Arc::new(Float64Array::from(vec![1.0])) as ArrayRef;
    let millis = || Arc::new(TimestampMillisecondArray::from(vec![1])) as ArrayRef;
    for (column, values) in [
        ("integer", longs(&[1])),
        ("smallint", longs(&[1])),
        ("smallint", ints()),
        ("bigint", ints()),
        ("double precision", longs(&[1])),
        ("decimal(10,2)", doubles()),
        ("boolean", ints()),
        ("date", ints()),
        ("date", millis()),
        ("timestamp", millis()),
        ("timestamp", texts(&["2024-01-01"])),
        ("real", doubles()),
    ] {
        let error = Double::with(&format!("c {column}"), vec![("c", values)]).await.error(COPY).await;
        assert!(error.contains("incompatible Parquet schema"), "{column}: {error}");
    }
}

#[tokio::test]
async fn decimals_must_have_the_columns_precision_and_scale() {
    for (precision, scale) in [(10, 3), (11, 2)] {
        let values = Decimal128Array::from(vec![1]).with_precision_and_scale(precision, scale).unwrap();
        let double = Double::with("d decimal(10,2)", vec![("d", Arc::new(values) as ArrayRef)]).await;
        assert!(double.error(COPY).await.contains("Column type: DECIMAL(10,2)"));
    }
}

#[tokio::test]
async fn a_text_over_its_length_in_bytes_fails_the_whole_copy() {
    let double = Double::with("descricao varchar(3)", vec![("d", texts(&["abc", "ää"]))]).await;
    let error = double.error(COPY).await;
    let text =
        "The length of the data column descricao is longer than the length defined in the table. Table: 3, Data: 4";
    assert!(error.contains("15007") && error.contains(text), "{error}");
    assert_eq!(double.value("SELECT COUNT(*) FROM t").await, "0");
}

#[tokio::test]
async fn a_null_into_not_null_fails_the_whole_copy() {
    let nulls: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    let double = Double::with("a bigint NOT NULL", vec![("a", nulls)]).await;
    assert_eq!(double.error(COPY).await, "ERROR: Cannot insert a NULL value into column a");
}

#[tokio::test]
async fn an_entry_without_its_length_fails_with_15003() {
    let double = Double::with("a bigint", vec![("a", longs(&[1]))]).await;
    double.put("s3://b/m", r#"{"entries":[{"url":"s3://b/f.parquet","mandatory":true}]}"#);
    let error = double.error(COPY).await;
    assert!(error.contains("15003") && error.contains("File entry does not have 'meta' key."), "{error}");
}

#[tokio::test]
async fn a_wrong_length_fails_with_416() {
    let double = Double::with("a bigint", vec![("a", longs(&[1]))]).await;
    double.put("s3://b/m", manifest(&[("s3://b/f.parquet", 7)]));
    let text = "HTTP response error code: 416 Message: InvalidRange The requested range is not satisfiable";
    assert!(double.error(COPY).await.contains(text));
}

#[tokio::test]
async fn a_missing_file_is_skipped_unless_it_is_mandatory() {
    let double = Double::with("a bigint", vec![("a", longs(&[1]))]).await;
    let length = parquet(vec![("a", longs(&[1]))]).len();
    let entries = |mandatory: &str| {
        format!(
            r#"{{"entries":[{{"url":"s3://b/gone"{mandatory},"meta":{{"content_length":1}}}},
                {{"url":"s3://b/f.parquet","meta":{{"content_length":{length}}}}}]}}"#
        )
    };
    double.put("s3://b/m", entries(""));
    double.run(COPY).await;
    assert_eq!(double.value("SELECT COUNT(*) FROM t").await, "1");
    double.put("s3://b/m", entries(r#","mandatory":true"#));
    assert!(double.error(COPY).await.contains("The specified key does not exist"));
}

#[tokio::test]
async fn no_file_at_all_fails() {
    let double = Double::with("a bigint", vec![("a", longs(&[1]))]).await;
    double.put("s3://b/m", r#"{"entries":[{"url":"s3://b/gone","meta":{"content_length":1}}]}"#);
    assert!(double.error(COPY).await.contains("No file"));
    double.put("s3://b/m", r#"{"entries":[]}"#);
    assert!(double.error(COPY).await.contains("No file"));
}

#[tokio::test]
async fn a_missing_manifest_fails() {
    let double = Double::new();
    double.run("CREATE TABLE t (a bigint)").await;
    assert!(double.error(COPY).await.contains("The specified key does not exist"));
}

#[tokio::test]
async fn a_url_listed_twice_is_loaded_twice() {
    let double = Double::with("a bigint", vec![("a", longs(&[1]))]).await;
    let length = parquet(vec![("a", longs(&[1]))]).len();
    double.put("s3://b/m", manifest(&[("s3://b/f.parquet", length), ("s3://b/f.parquet", length)]));
    double.run(COPY).await;
    assert_eq!(double.value("SELECT COUNT(*) FROM t").await, "2");
}

#[tokio::test]
async fn options_that_parquet_does_not_take_are_refused() {
    for option in ["TRUNCATECOLUMNS", "MAXERROR 10", "COMPUPDATE OFF", "ACCEPTANYDATE", "GZIP", "NULL AS 'x'"] {
        let word = option.split(' ').next().unwrap();
        let error = Double::new().error(&format!("{COPY} {option}")).await;
        assert_eq!(error, format!("ERROR: {word} argument is not supported for PARQUET based COPY"));
    }
}

#[tokio::test]
async fn options_that_the_double_does_not_know_are_refused() {
    for option in ["REGION 'eu-west-1'", "ACCEPTINVCHARS", "SERIALIZETOJSON", "NOLOAD"] {
        let error = Double::new().error(&format!("{COPY} {option}")).await;
        assert!(error.contains("not known to the double"), "{error}");
    }
    for (sql, name) in [
        ("COPY t FROM 's3://b/m' IAM_ROLE default FORMAT AS CSV MANIFEST", "CSV"),
        ("COPY t FROM 's3://b/m' IAM_ROLE default FORMAT AS PARQUET", "MANIFEST"),
        ("COPY t FROM 's3://b/m' FORMAT AS PARQUET MANIFEST", "IAM_ROLE"),
        ("COPY t FROM 's3://b/m' IAM_ROLE 'admin' FORMAT AS PARQUET MANIFEST", "admin"),
        ("COPY t FROM 'emr://x' IAM_ROLE default FORMAT AS PARQUET MANIFEST", "emr"),
    ] {
        assert!(Double::new().error(sql).await.contains(name), "{sql}");
    }
    Double::with("a bigint", vec![("a", longs(&[1]))]).await.run(&format!("{COPY} STATUPDATE ON")).await;
}

#[tokio::test]
async fn a_key_that_ends_like_a_compressed_file_is_refused() {
    let double = Double::with("a bigint", vec![("a", longs(&[1]))]).await;
    let file = parquet(vec![("a", longs(&[1]))]);
    double.put("s3://b/m", manifest(&[("s3://b/f.parquet.gz", file.len())]));
    double.put("s3://b/f.parquet.gz", file);
    assert!(double.error(COPY).await.contains("compressed"));
}

#[tokio::test]
async fn a_file_that_is_no_parquet_fails() {
    let double = Double::with("a bigint", vec![("a", longs(&[1]))]).await;
    double.put("s3://b/m", manifest(&[("s3://b/f.parquet", 4)]));
    double.put("s3://b/f.parquet", "PAR1");
    assert!(double.error(COPY).await.contains("is not a readable Parquet file"));
}

#[tokio::test]
async fn the_details_of_a_failed_copy_can_be_read_though_it_was_rolled_back() {
    let double = Double::with("v varchar(3)", vec![("v", texts(&["abcd"]))]).await;
    double.warehouse.batch(&[COPY]).await.unwrap_err();
    let double = double.reopened();
    let sql = "SELECT file_name, column_name, column_type, column_length, error_code, error_message, start_time \
               FROM sys_load_error_detail";
    assert_eq!(
        double.rows(sql).await,
        [
            "s3://b/f.parquet|v|varchar|3|15007|The length of the data column v is longer than the length defined in the \
          table. Table: 3, Data: 4|2024-05-06 07:08:09.123456"
        ]
    );
    let sql = "SELECT table_name, data_source, status, loaded_rows FROM sys_load_history";
    assert_eq!(double.rows(sql).await, ["t|s3://b/m|aborted|0"]);
}

#[tokio::test]
async fn the_history_counts_rows_and_files() {
    let double = Double::with("a bigint", vec![("a", longs(&[1, 2]))]).await;
    double.run(COPY).await;
    let sql = "SELECT status, loaded_rows, source_file_count, file_format FROM sys_load_history";
    assert_eq!(double.rows(sql).await, ["completed|2|1|parquet"]);
}

#[tokio::test]
async fn the_last_copys_count_is_known_in_its_session() {
    let double = Double::with("a bigint", vec![("a", longs(&[1, 2]))]).await;
    let outcomes = double.warehouse.batch(&[COPY, "SELECT pg_last_copy_count()"]).await.unwrap();
    let count = outcomes.into_iter().last().unwrap().result.unwrap();
    assert_eq!(count.texts().unwrap(), [[Some("2".to_owned())]]);
    assert_eq!(double.value("SELECT pg_last_copy_count()").await, "0");
}

#[tokio::test]
async fn the_count_of_a_copy_is_not_told() {
    let double = Double::with("a bigint", vec![("a", longs(&[1, 2]))]).await;
    assert_eq!(double.run(COPY).await.rows, None);
}
