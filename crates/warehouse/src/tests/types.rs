//! The types that are more than numbers, texts and dates (facts/redshift-copy.md, type compatibility;
//! facts/redshift-sql.md, types and literals; Developer Guide where a test says so).

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, Float32Array, Float64Array, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray,
};

use super::{Double, manifest, parquet};

const TABLE: &str = "CREATE TABLE t (n integer, r real, h time, z timestamptz, c char(4), s super, b varbyte(4))";

/// A table with a row of each extreme and one of nulls.
async fn filled() -> Double {
    let double = Double::new();
    double.run(TABLE).await;
    double
        .run(
            "INSERT INTO t SELECT 1, 0.1, '00:00:00', '0001-01-01 00:00:00+00', 'a', JSON_PARSE('[1, {\"k\" : null}]'), \
             CAST('' AS varbyte)",
        )
        .await;
    double
        .run(
            "INSERT INTO t SELECT 2, '-3.4e38', '23:59:59.999999', '9999-12-31 23:59:59.999999+00', 'abcd', \
             JSON_PARSE('1.50'), CAST('äö' AS varbyte)",
        )
        .await;
    double.run("INSERT INTO t (n) VALUES (3)").await;
    double
}

/// The error of a COPY of one column into a column of the type.
async fn copy(ty: &str, values: ArrayRef) -> Result<String, String> {
    let double = Double::new();
    double.run(&format!("CREATE TABLE t (c {ty})")).await;
    let file = parquet(vec![("c", values)]);
    double.put("s3://b/m", manifest(&[("s3://b/f.parquet", file.len())]));
    double.put("s3://b/f.parquet", file);
    let sql = "COPY t FROM 's3://b/m' IAM_ROLE default FORMAT AS PARQUET MANIFEST";
    double.warehouse.execute(sql).await.map_err(|error| error.to_string())?;
    Ok(double.rows("SELECT c FROM t").await.join(","))
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[tokio::test]
async fn every_type_is_kept_and_shown_and_survives_a_restart() {
    let rows = [
        "1|0.1|00:00:00|0001-01-01 00:00:00+00|a   |[1,{\"k\":null}]|",
        "2|-3.4e+38|23:59:59.999999|9999-12-31 23:59:59.999999+00|abcd|1.50|c3a4c3b6",
        "3|null|null|null|null|null|null",
    ];
    let double = filled().await;
    assert_eq!(double.rows("SELECT * FROM t ORDER BY n").await, rows);
    let double = double.reopened();
    assert_eq!(double.rows("SELECT * FROM t ORDER BY n").await, rows);
    double.run("CREATE TABLE u (n integer, r real, h time, z timestamptz, c char(4), s super, b varbyte(4))").await;
    double.run("INSERT INTO u SELECT * FROM t").await;
    assert_eq!(double.rows("SELECT * FROM u ORDER BY n").await, rows);
}

#[tokio::test]
async fn a_column_of_a_type_is_called_as_the_views_call_it() {
    let double = Double::new();
    double.run(TABLE).await;
    let sql = "SELECT column_name, data_type, character_maximum_length FROM svv_columns WHERE table_name = 't' \
               ORDER BY ordinal_position";
    assert_eq!(
        double.rows(sql).await,
        [
            "n|integer|null",
            "r|real|null",
            "h|time without time zone|null",
            "z|timestamp with time zone|null",
            "c|character|4",
            "s|super|null",
            "b|binary varying|4"
        ]
    );
}

#[tokio::test]
async fn a_real_is_a_float_and_nothing_else() {
    let extremes: ArrayRef = Arc::new(Float32Array::from(vec![f32::MAX, f32::MIN, f32::MIN_POSITIVE, -0.0]));
    assert_eq!(copy("real", extremes).await.unwrap(), "3.40282e+38,-3.40282e+38,1.17549e-38,-0");
    let error = copy("real", Arc::new(Float64Array::from(vec![1.0]))).await.unwrap_err();
    assert!(error.contains("15007") && error.contains("Column type: FLOAT"), "{error}");
    let error = copy("double precision", Arc::new(Float32Array::from(vec![1.0]))).await.unwrap_err();
    assert!(error.contains("15007") && error.contains("Column type: DOUBLE"), "{error}");
}

#[tokio::test]
async fn a_super_column_needs_serializetojson() {
    let error = copy("super", texts(&["{}"])).await.unwrap_err();
    assert_eq!(error, "ERROR: SUPER column in COPY query requires SERIALIZETOJSON option");
}

#[tokio::test]
async fn a_copy_into_a_time_or_a_moment_is_unverified_and_refused_by_name() {
    let times: ArrayRef = Arc::new(Time64MicrosecondArray::from(vec![0]));
    let moments: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![0]).with_timezone("UTC"));
    for (ty, values) in [("time", times), ("time", texts(&["00:00:00"])), ("timestamptz", moments)] {
        let error = copy(ty, values).await.unwrap_err();
        assert!(error.contains("not known to the double: a COPY from Parquet into time"), "{error}");
    }
}

#[tokio::test]
async fn a_time_in_a_file_is_no_text() {
    let error = copy("varchar(15)", Arc::new(Time64MicrosecondArray::from(vec![0]))).await.unwrap_err();
    assert!(error.contains("incompatible Parquet schema"), "{error}");
}

#[tokio::test]
async fn a_char_takes_single_bytes_only() {
    assert_eq!(copy("char(3)", texts(&["abc", "a", "", "a "])).await.unwrap(), "abc,a  ,   ,a  ");
    let error = copy("char(3)", texts(&["abc", "ä"])).await.unwrap_err();
    let text = "Multibyte character not supported for CHAR (Hint: Try using VARCHAR). Invalid char: c3 a4";
    assert!(error.contains("1220") && error.contains(text), "{error}");
    let error = copy("char(3)", texts(&["abcd"])).await.unwrap_err();
    let text = "The length of the data column c is longer than the length defined in the table. Table: 3, Data: 4";
    assert!(error.contains("15007") && error.contains(text), "{error}");
    let error = copy("char(3)", Arc::new(BinaryArray::from(vec![&b"abc"[..]]))).await.unwrap_err();
    assert!(error.contains("Column type: CHAR"), "{error}");
}

#[tokio::test]
async fn a_varbyte_takes_bytes_only_and_no_more_than_it_has_room_for() {
    let bytes = |values: &[&[u8]]| Arc::new(BinaryArray::from(values.to_vec())) as ArrayRef;
    assert_eq!(copy("varbyte(3)", bytes(&[b"", b"\0\xff\x80"])).await.unwrap(), ",00ff80");
    let error = copy("varbyte(2)", bytes(&[b"\0", b"\0\xff\x80"])).await.unwrap_err();
    assert!(error.contains("15007") && error.contains("Table: 2, Data: 3"), "{error}");
    let error = copy("varbyte(9)", texts(&["abc"])).await.unwrap_err();
    assert!(error.contains("incompatible Parquet schema"), "{error}");
    let error = copy("varchar(9)", bytes(&[b"abc"])).await.unwrap_err();
    assert!(error.contains("incompatible Parquet schema"), "{error}");
    let most = vec![0xa5; 1_024_000];
    assert_eq!(copy("varbyte(1024000)", bytes(&[&most])).await.unwrap(), "a5".repeat(1_024_000));
}

#[tokio::test]
async fn a_timestamp_is_said_to_be_in_utc() {
    let double = Double::new();
    double.run("CREATE TABLE stage (at timestamp)").await;
    double.run("CREATE TABLE t (at timestamptz)").await;
    double.run("INSERT INTO stage VALUES ('2024-03-31 02:30:00.000001'), (NULL)").await;
    double.run("INSERT INTO t SELECT at AT TIME ZONE 'UTC' FROM stage").await;
    assert_eq!(double.rows("SELECT at FROM t ORDER BY at").await, ["2024-03-31 02:30:00.000001+00", "null"]);
    assert_eq!(
        double.rows("SELECT at AT TIME ZONE 'utc' FROM t WHERE at IS NOT NULL").await,
        ["2024-03-31 02:30:00.000001"]
    );
    let label = double.run("SELECT at AT TIME ZONE 'UTC' FROM t").await.result.unwrap().columns.remove(0);
    assert_eq!((label.name.as_str(), label.ty), ("timezone", crate::Type::Timestamp));
    for (sql, name) in [
        ("SELECT at AT TIME ZONE 'MST' FROM t", "not known to the double: AT TIME ZONE 'MST'"),
        ("SELECT at AT TIME ZONE CAST(at AS varchar) FROM t", "AT TIME ZONE of what is no literal"),
        ("SELECT '2024-01-01' AT TIME ZONE 'UTC'", "function timezone(character varying) does not exist"),
    ] {
        let error = double.error(sql).await;
        assert!(error.contains(name), "{sql}: {error}");
    }
}

#[tokio::test]
async fn json_is_parsed_into_a_super_and_written_from_it() {
    let double = filled().await;
    let sql = "SELECT JSON_SERIALIZE(s), JSON_PARSE('{\"b\": [1, 2], \"a\": \"x y\"}') FROM t ORDER BY n";
    let value = "{\"b\":[1,2],\"a\":\"x y\"}";
    assert_eq!(
        double.rows(sql).await,
        [format!("[1,{{\"k\":null}}]|{value}"), format!("1.50|{value}"), format!("null|{value}")]
    );
    let columns = double.run("SELECT JSON_PARSE('1'), JSON_SERIALIZE(s) FROM t").await.result.unwrap().columns;
    assert_eq!(
        columns.iter().map(|column| (column.name.as_str(), column.ty)).collect::<Vec<_>>(),
        [("json_parse", crate::Type::Super), ("json_serialize", crate::Type::Varchar(65_535))]
    );
    assert_eq!(double.value("SELECT JSON_PARSE(NULL)").await, "null");
    let error = double.error("INSERT INTO t (s) SELECT JSON_PARSE('{\"a\":') FROM t").await;
    assert!(error.starts_with("ERROR: Error in parsing JSON: "), "{error}");
    assert_eq!(double.error("SELECT JSON_PARSE(n) FROM t").await, "ERROR: function json_parse(integer) does not exist");
    assert_eq!(double.error("SELECT JSON_PARSE(s) FROM t").await, "ERROR: function json_parse(super) does not exist");
    let error = double.error("SELECT JSON_SERIALIZE('{}')").await;
    assert_eq!(error, "ERROR: function json_serialize(character varying) does not exist");
}

#[tokio::test]
async fn a_text_comes_into_a_super_by_json_parse_only() {
    let double = filled().await;
    for sql in [
        "INSERT INTO t (s) VALUES ('{}')",
        "INSERT INTO t (s) SELECT c FROM t",
        "INSERT INTO t (s) SELECT CAST('{}' AS varchar) FROM t",
    ] {
        let error = double.error(sql).await;
        assert!(error.contains("not known to the double: a text in a super"), "{sql}: {error}");
    }
    double.run("CREATE TABLE u (v varchar(99))").await;
    let error = double.error("INSERT INTO u SELECT s FROM t").await;
    assert_eq!(error, "ERROR: column \"v\" is of type character varying but expression is of type super");
}

#[tokio::test]
async fn times_moments_and_bytes_are_compared_grouped_and_ordered() {
    let double = filled().await;
    for (condition, rows) in [
        ("h = '00:00:00'", "1"),
        ("h > '12:00'", "1"),
        ("h BETWEEN '00:00:00' AND '24:00:00'", "error"),
        ("h IN ('00:00:00', '23:59:59.999999')", "2"),
        ("z < '2024-01-01'", "1"),
        ("z >= '9999-12-31 23:59:59.999999Z'", "1"),
        ("z = CAST('0001-01-01 01:00:00+01' AS timestamptz)", "1"),
        ("b = CAST('äö' AS varbyte)", "1"),
        ("h IS NULL AND z IS NULL AND s IS NULL AND b IS NULL", "1"),
        ("r > 0", "1"),
    ] {
        let sql = format!("SELECT COUNT(*) FROM t WHERE {condition}");
        match rows {
            "error" => {
                let expected = "ERROR: invalid input syntax for type time without time zone: \"24:00:00\"";
                assert_eq!(double.error(&sql).await, expected);
            }
            rows => assert_eq!(double.value(&sql).await, rows, "{condition}"),
        }
    }
    assert_eq!(double.value("SELECT COUNT(h), COUNT(s), MIN(h), MAX(z) FROM t").await, {
        "2|2|00:00:00|9999-12-31 23:59:59.999999+00"
    });
    assert_eq!(double.rows("SELECT h, COUNT(*) FROM t GROUP BY h ORDER BY h DESC").await, {
        ["null|1", "23:59:59.999999|1", "00:00:00|1"]
    });
    let sql = "SELECT DISTINCT b FROM (SELECT b FROM t UNION ALL SELECT b FROM t WHERE n = 2) u ORDER BY b";
    assert_eq!(double.rows(sql).await, ["", "c3a4c3b6", "null"]);
    assert_eq!(double.value("SELECT COUNT(*) FROM t a JOIN t b ON a.z = b.z").await, "2");
}

#[tokio::test]
async fn the_blanks_of_a_char_mean_nothing() {
    let double = Double::new();
    double.run("CREATE TABLE t (c char(5), v varchar(5))").await;
    double.run("INSERT INTO t VALUES ('a', 'a  '), ('a    ', 'a'), ('  b       ', 'b')").await;
    let rows = double.rows("SELECT c, LEN(c), c || '|', CAST(c AS varchar(9)), UPPER(c) FROM t ORDER BY c DESC").await;
    assert_eq!(rows[..2], ["a    |1|a||a|A", "a    |1|a||a|A"]);
    assert_eq!(rows[2], "  b  |3|  b||  b|  B");
    assert_eq!(double.value("SELECT COUNT(*) FROM t WHERE c = 'a ' AND c = v").await, "2");
    assert_eq!(double.value("SELECT COUNT(DISTINCT c) FROM t").await, "2");
    assert_eq!(double.rows("SELECT DISTINCT c FROM t ORDER BY c").await, ["  b  ", "a    "]);
    double.run("INSERT INTO t (v) SELECT c FROM t WHERE c = 'a'").await;
    assert_eq!(double.rows("SELECT v FROM t WHERE c IS NULL").await, ["a", "a"]);
    let error = double.error("INSERT INTO t (c) VALUES ('ä')").await;
    assert!(error.contains("Multibyte character not supported for CHAR"), "{error}");
    assert_eq!(
        double.error("INSERT INTO t (c) VALUES ('abcdef')").await,
        "ERROR: value too long for type character(5)"
    );
}

#[tokio::test]
async fn what_is_not_known_of_a_type_is_refused_by_name() {
    let double = filled().await;
    for (sql, name) in [
        ("SELECT s = s FROM t", "= of super"),
        ("SELECT 1 FROM t WHERE s = '1'", "= of super"),
        ("SELECT 1 FROM t WHERE s IN ('1')", "IN of super"),
        ("SELECT s, COUNT(*) FROM t GROUP BY s", "GROUP BY of super"),
        ("SELECT DISTINCT s FROM t", "DISTINCT of super"),
        ("SELECT s FROM t UNION ALL SELECT s FROM t", "UNION of super"),
        ("SELECT n FROM t ORDER BY s", "ORDER BY of super"),
        ("SELECT COUNT(DISTINCT s) FROM t", "count of super"),
        ("SELECT MAX(s) FROM t", "max of super"),
        ("SELECT LOWER(s) FROM t", "lower of super"),
        ("SELECT s || 'x' FROM t", "of super"),
        ("SELECT CAST(s AS varchar) FROM t", "a cast of a super"),
        ("SELECT CAST('1' AS super)", "a cast to super"),
        ("SELECT COALESCE(s, s) FROM t", "coalesce of super"),
        ("SELECT CASE WHEN n = 1 THEN s END FROM t", "of super"),
        ("SELECT s LIKE '1' FROM t", "LIKE of super"),
        ("SELECT 1 FROM t a JOIN t b ON a.s = b.s", "of super"),
        ("SELECT ROW_NUMBER() OVER (PARTITION BY s ORDER BY n) FROM t", "PARTITION BY of super"),
        ("SELECT s.k FROM t", "Cannot access field"),
        ("SELECT b || b FROM t", "of binary varying"),
        ("SELECT LOWER(b) FROM t", "'lower' requires String"),
        ("SELECT CAST(b AS varchar) FROM t", "a cast of binary varying"),
        ("SELECT 1 FROM t WHERE b = 'a'", "with another type of binary varying"),
        ("SELECT h + 1 FROM t", "time without time zone + integer"),
        ("SELECT EXTRACT(hour FROM h) FROM t", "of time without time zone"),
        ("SELECT EXTRACT(hour FROM z) FROM t", "of timestamp with time zone"),
        ("SELECT 1 FROM t WHERE z > GETDATE()", "with another type of timestamp with time zone"),
        ("SELECT COALESCE(h, h) FROM t", "coalesce of time without time zone"),
        ("SELECT SUM(h) FROM t", "sum(time without time zone)"),
        ("SELECT OCTET_LENGTH(c) FROM t", "octet_length of character"),
        ("SELECT c LIKE 'a' FROM t", "LIKE of character"),
        ("SELECT CAST(n AS time) FROM t", "cannot cast type integer to time without time zone"),
    ] {
        let error = double.error(sql).await;
        assert!(error.contains(name), "{sql}: {error}");
    }
}
