//! Queries (facts/redshift-sql.md).

use super::Double;
use crate::Type;

async fn value(sql: &str) -> String {
    Double::new().value(sql).await
}

async fn error(sql: &str) -> String {
    Double::new().error(sql).await
}

#[tokio::test]
async fn the_branch_of_a_case_that_is_not_taken_does_not_fail() {
    let double = Double::new();
    double.run("CREATE TABLE t (a integer)").await;
    double.run("INSERT INTO t VALUES (1), (2)").await;
    let guard = |rows| {
        format!(
            "SELECT CASE WHEN COUNT(*) = {rows} THEN 1 ELSE CAST('sluice: found ' || CAST(COUNT(*) AS varchar) || \
             ' rows' AS integer) END FROM t"
        )
    };
    assert_eq!(double.value(&guard(2)).await, "1");
    assert_eq!(double.error(&guard(3)).await, "ERROR: invalid input syntax for integer: \"sluice: found 2 rows\"");
}

#[tokio::test]
async fn a_constant_branch_that_is_not_taken_does_not_fail() {
    assert_eq!(value("SELECT CASE WHEN 1 = 1 THEN 1 ELSE CAST('text' AS integer) END").await, "1");
    let double = Double::new();
    double.run("CREATE TABLE t (a integer)").await;
    double.run("INSERT INTO t VALUES (1), (2)").await;
    let rows = double.rows("SELECT CASE WHEN a = 1 THEN CAST('7' AS integer) ELSE 0 END FROM t ORDER BY a").await;
    assert_eq!(rows, ["7", "0"]);
    let sql = "SELECT CASE WHEN a < 9 THEN a ELSE CAST('x' AS integer) END FROM t ORDER BY a";
    assert_eq!(double.rows(sql).await, ["1", "2"]);
}

#[tokio::test]
async fn a_cast_of_a_text_that_is_no_number_tells_the_text() {
    assert_eq!(error("SELECT CAST('text' AS integer)").await, "ERROR: invalid input syntax for integer: \"text\"");
    assert_eq!(error("SELECT 'text'::bigint").await, "ERROR: invalid input syntax for integer: \"text\"");
}

#[tokio::test]
async fn a_backslash_in_a_literal_is_an_escape() {
    let double = Double::new();
    double.run("CREATE TABLE stage_a (a integer)").await;
    double.run("CREATE TABLE stagesb (a integer)").await;
    let sql = r"SELECT table_name FROM svv_tables WHERE table_schema = 'public' AND table_name LIKE 'stage\\_%'";
    assert_eq!(double.rows(sql).await, ["stage_a"]);
    assert_eq!(double.value(r"SELECT OCTET_LENGTH('a\\b')").await, "3");
}

#[tokio::test]
async fn identifiers_are_lower_case_even_when_quoted() {
    let double = Double::new();
    double.run(r#"CREATE TABLE "Sales" ("Id" integer)"#).await;
    double.run(r#"INSERT INTO SALES ("ID") VALUES (1)"#).await;
    assert_eq!(double.value(r#"SELECT s."iD" FROM "sAles" AS "S""#).await, "1");
    let columns = double.run(r#"SELECT "Id" AS "First", ID FROM sales"#).await.result.unwrap().columns;
    let names: Vec<_> = columns.into_iter().map(|column| column.name).collect();
    assert_eq!(names, ["first", "id"]);
}

#[tokio::test]
async fn trailing_blanks_are_ignored_in_comparison() {
    let double = Double::new();
    double.run("CREATE TABLE t (k varchar(10), n integer)").await;
    double.run("CREATE TABLE u (k varchar(10))").await;
    double.run("INSERT INTO t VALUES ('a', 1), ('a  ', 2), ('b', 3), (' a', 4)").await;
    double.run("INSERT INTO u VALUES ('a ')").await;
    assert_eq!(double.value("SELECT COUNT(*) FROM t WHERE k = 'a '").await, "2");
    assert_eq!(double.value("SELECT COUNT(*) FROM t WHERE k <> 'a'").await, "2");
    assert_eq!(double.value("SELECT COUNT(*) FROM t WHERE k IN ('a   ', 'x')").await, "2");
    assert_eq!(double.value("SELECT COUNT(*) FROM t JOIN u ON t.k = u.k").await, "2");
    assert_eq!(double.value("SELECT COUNT(*) FROM t WHERE k IN (SELECT k FROM u)").await, "2");
    assert_eq!(double.value("SELECT COUNT(*) FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.k = t.k)").await, "2");
    assert_eq!(double.value("SELECT COUNT(*) FROM t WHERE k BETWEEN 'a ' AND 'a'").await, "2");
    assert_eq!(double.value("SELECT COUNT(*) FROM t WHERE k LIKE 'a '").await, "0");
    assert_eq!(double.value("SELECT SUM(CASE k WHEN 'a' THEN 1 ELSE 0 END) FROM t").await, "2");
}

#[tokio::test]
async fn trailing_blanks_are_ignored_in_grouping() {
    let double = Double::new();
    double.run("CREATE TABLE t (k varchar(10), n integer)").await;
    double.run("INSERT INTO t VALUES ('a', 1), ('a  ', 2), ('b ', 3)").await;
    assert_eq!(double.rows("SELECT k, SUM(n) FROM t GROUP BY k ORDER BY k").await, ["a|3", "b |3"]);
    assert_eq!(double.rows("SELECT DISTINCT k FROM t ORDER BY k").await, ["a", "b "]);
    assert_eq!(double.value("SELECT COUNT(DISTINCT k) FROM t").await, "2");
    assert_eq!(double.rows("SELECT k FROM t UNION SELECT k FROM t ORDER BY 1").await, ["a", "b "]);
    assert_eq!(
        double.rows("SELECT lower(k) AS low, COUNT(*) FROM t GROUP BY lower(k) ORDER BY low").await,
        ["a|2", "b |1"]
    );
    let sql = "SELECT n FROM (SELECT n, ROW_NUMBER() OVER (PARTITION BY k ORDER BY n DESC) AS r FROM t) x WHERE r = 1 ORDER BY n";
    assert_eq!(double.rows(sql).await, ["2", "3"]);
}

#[tokio::test]
async fn time_is_the_clocks() {
    assert_eq!(value("SELECT GETDATE()").await, "2024-05-06 07:08:09");
    assert_eq!(value("SELECT SYSDATE").await, "2024-05-06 07:08:09.123456");
    assert_eq!(value("SELECT CURRENT_DATE").await, "2024-05-06");
}

#[tokio::test]
async fn sums_and_averages_have_redshifts_types() {
    let double = Double::new();
    double.run("CREATE TABLE t (s smallint, i integer, b bigint, d decimal(10,2), f double precision)").await;
    double.run("INSERT INTO t VALUES (1, 1, 1, 1.5, 1), (2, 2, 2, 2.5, 2)").await;
    let result = double.run("SELECT SUM(s), SUM(i), SUM(b), SUM(d), SUM(f), AVG(i), AVG(f), COUNT(*) FROM t").await;
    let result = result.result.unwrap();
    let types: Vec<_> = result.columns.iter().map(|column| column.ty).collect();
    let expected = [
        Type::BigInt,
        Type::BigInt,
        Type::Decimal(38, 0),
        Type::Decimal(38, 2),
        Type::Double,
        Type::BigInt,
        Type::Double,
        Type::BigInt,
    ];
    assert_eq!(types, expected);
    let names: Vec<_> = result.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["sum", "sum", "sum", "sum", "sum", "avg", "avg", "count"]);
    let row = double.value("SELECT SUM(s), SUM(b), SUM(d), AVG(i), AVG(f) FROM t").await;
    assert_eq!(row, "3|3|4.00|1|1.5");
    assert_eq!(double.value("SELECT AVG(i), SUM(i) FROM t WHERE i > 9").await, "null|null");
}

#[tokio::test]
async fn integers_do_not_wrap() {
    assert_eq!(error("SELECT 2147483647 + 1").await, "ERROR: Value out of range for 4 bytes.");
    assert_eq!(value("SELECT 7 / 2, -7 / 2, 7 % 4").await, "3|-3|3");
    assert_eq!(error("SELECT 1 / 0").await, "ERROR: division by zero");
    assert_eq!(value("SELECT 1.5 * 2, 1.25 + 1").await, "3.0|2.25");
}

#[tokio::test]
async fn a_quotient_of_decimals_is_refused() {
    assert!(error("SELECT 1.5 / 2").await.contains("not known to the double: decimal / decimal"));
}

#[tokio::test]
async fn a_cast_to_varchar_cuts_in_silence() {
    assert_eq!(value("SELECT CAST('abcdef' AS varchar(3))").await, "abc");
    assert_eq!(value("SELECT CAST(1.50 AS varchar), 7::varchar(5)").await, "1.50|7");
}

#[tokio::test]
async fn a_column_may_be_asked_twice() {
    let result = Double::new().run("SELECT COUNT(*), count(*), 1, 1").await.result.unwrap();
    let names: Vec<_> = result.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["count", "count", "?column?", "?column?"]);
}

#[tokio::test]
async fn nulls_sort_last() {
    let double = Double::new();
    double.run("CREATE TABLE t (a integer)").await;
    double.run("INSERT INTO t VALUES (2), (NULL), (1)").await;
    assert_eq!(double.rows("SELECT a FROM t ORDER BY a").await, ["1", "2", "null"]);
    assert_eq!(double.rows("SELECT a FROM t ORDER BY a DESC").await, ["null", "2", "1"]);
}

#[tokio::test]
async fn concat_of_null_is_null() {
    assert_eq!(value("SELECT CONCAT('a', NULL), CONCAT('a', 'b')").await, "null|ab");
}

#[tokio::test]
async fn rounding_keeps_the_type() {
    assert_eq!(value("SELECT ROUND(CAST('2.345' AS decimal(10,3)), 2), ROUND(2.5), ABS(-3)").await, "2.350|3.0|3");
    assert_eq!(value("SELECT ROUND(CAST(2.345 AS double precision), 1)").await, "2.3");
}

#[tokio::test]
async fn common_tables_joins_windows_and_set_operations_are_known() {
    let double = Double::new();
    double.run("CREATE TABLE t (k integer, v varchar(5))").await;
    double.run("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (2, 'c')").await;
    let sql = "WITH x AS (SELECT k, COUNT(*) AS n FROM t GROUP BY k) \
               SELECT t.v, x.n FROM t LEFT JOIN x ON t.k = x.k WHERE x.n > 1 ORDER BY t.v LIMIT 1";
    assert_eq!(double.rows(sql).await, ["b|2"]);
    assert_eq!(double.rows("SELECT k FROM t EXCEPT SELECT 2").await, ["1"]);
    assert_eq!(double.rows("SELECT v, RANK() OVER (ORDER BY k) FROM t ORDER BY v").await, ["a|1", "b|2", "c|2"]);
    let qualified = "SELECT v FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) = 1 ORDER BY v";
    assert_eq!(double.rows(qualified).await, ["a", "c"]);
    assert_eq!(double.rows("SELECT * FROM t WHERE v = 'a'").await, ["1|a"]);
}

#[tokio::test]
async fn what_redshift_lacks_or_the_double_does_not_know_is_refused_by_name() {
    for (sql, name) in [
        ("SELECT NOW()", "NOW()"),
        ("SELECT SUBSTR('abc', 1)", "SUBSTR"),
        ("SELECT x FROM (VALUES (1)) AS t(x)", "VALUES"),
        ("SELECT array_agg(1)", "array_agg"),
        ("SELECT 1 FROM generate_series(1, 3)", "generate_series"),
        ("SELECT MEDIAN(1)", "MEDIAN"),
        ("SELECT INTERVAL '1 day'", "INTERVAL"),
        ("SELECT 'a' ~ 'b'", "~"),
        ("SELECT TOP 1 1", "TOP"),
        ("SHOW search_path", "SHOW"),
        ("EXPLAIN SELECT 1", "EXPLAIN"),
        ("BEGIN", "BEGIN"),
        ("UPDATE t SET a = 1", "UPDATE"),
        ("MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE", "MERGE"),
        ("VACUUM", "VACUUM"),
        ("GRANT SELECT ON t TO u", "GRANT"),
        ("SELECT GREATEST(1, 2)", "GREATEST"),
        ("SELECT LEAST(1, 2)", "LEAST"),
    ] {
        let error = error(sql).await;
        assert!(error.contains(name), "{sql}: {error}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_as_redshift_tells_it() {
    let double = Double::new();
    double.run("CREATE TABLE t (a integer)").await;
    assert_eq!(double.error("SELECT 1 FROM x").await, "ERROR: relation \"x\" does not exist");
    assert_eq!(double.error("SELECT b FROM t").await, "ERROR: column \"b\" does not exist");
    assert_eq!(double.error("SELEC 1").await, "ERROR: not known to the double: the statement SELEC");
    assert_eq!(double.error("SELECT 1 FROM t WHERE").await, "ERROR: syntax error at end of input");
}

#[tokio::test]
async fn several_statements_in_one_text_are_refused() {
    assert!(error("SELECT 1; SELECT 2").await.contains("cannot insert multiple commands into a prepared statement"));
    assert_eq!(value("SELECT 1;  -- the end").await, "1");
}

#[tokio::test]
async fn an_untyped_literal_is_compared_as_what_it_is_compared_with() {
    let double = Double::new();
    double.run("CREATE TABLE t (i integer, b bigint, n decimal(5,2), d date, m timestamp, f boolean)").await;
    double.run("INSERT INTO t VALUES (5, 5, 1.5, '2024-01-02', '2024-01-02 03:04:05', true)").await;
    for condition in [
        "i = '05'",
        "b > '10' OR b = '5'",
        "NOT i > '10'",
        "n = '1.50'",
        "d = '2024-01-02'",
        "d > '2023-12-31' AND d < DATE '2024-02-01'",
        "m > '2024-01-02 03:04:04'",
        "m < TIMESTAMP '2024-01-02 03:04:06'",
        "m >= '2024-01-02'",
        "d IN ('2024-01-01', '2024-01-02')",
        "i BETWEEN '4' AND '10'",
        "f",
    ] {
        assert_eq!(double.value(&format!("SELECT COUNT(*) FROM t WHERE {condition}")).await, "1", "{condition}");
    }
    let error = double.error("SELECT COUNT(*) FROM t WHERE i = 'x'").await;
    assert_eq!(error, "ERROR: invalid input syntax for integer: \"x\"");
}

#[tokio::test]
async fn groups_may_be_made_of_expressions() {
    let double = Double::new();
    double.run("CREATE TABLE t (m timestamp, k varchar(5), n integer)").await;
    double
        .run("INSERT INTO t VALUES ('2024-01-02 03:04:05', 'a', 1), ('2024-01-02 04:00:00', 'a', 4), ('2024-01-03', 'b', 9)")
        .await;
    let sql = "SELECT CAST(m AS date) AS day, COUNT(*) AS n, AVG(n) FROM t GROUP BY CAST(m AS date) ORDER BY n DESC";
    assert_eq!(double.rows(sql).await, ["2024-01-02|2|2", "2024-01-03|1|9"]);
    let sql = "SELECT EXTRACT(hour FROM m), n + 1 FROM t GROUP BY 1, 2 ORDER BY 1, 2";
    assert_eq!(double.rows(sql).await, ["0|10", "3|2", "4|5"]);
    let sql = "SELECT k, AVG(n), SUM(n) FROM t GROUP BY k HAVING SUM(n) > 1 ORDER BY AVG(n) DESC, COUNT(*) LIMIT 5";
    assert_eq!(double.rows(sql).await, ["b|9|9", "a|2|5"]);
    let sql = "SELECT UPPER(k), SUM(n) OVER (PARTITION BY k) FROM t ORDER BY n";
    assert_eq!(double.rows(sql).await, ["A|5", "A|5", "B|9"]);
}

#[tokio::test]
async fn a_moment_is_truncated_to_the_unit_it_is_in() {
    let truncated = |unit| async move {
        value(&format!("SELECT DATE_TRUNC('{unit}', CAST('1969-12-31 23:59:59.999999' AS timestamp))")).await
    };
    assert_eq!(truncated("year").await, "1969-01-01 00:00:00");
    assert_eq!(truncated("month").await, "1969-12-01 00:00:00");
    assert_eq!(truncated("day").await, "1969-12-31 00:00:00");
    assert_eq!(truncated("hour").await, "1969-12-31 23:00:00");
    assert_eq!(value("SELECT DATE_TRUNC('day', CAST(NULL AS timestamp))").await, "null");
    for (sql, what) in [
        ("DATE_TRUNC('week', SYSDATE)", "DATE_TRUNC to 'week'"),
        ("DATE_TRUNC('day', CURRENT_DATE)", "DATE_TRUNC of date"),
        ("DATE_TRUNC('day', SYSDATE AT TIME ZONE 'UTC')", "DATE_TRUNC of timestamp with time zone"),
    ] {
        let error = error(&format!("SELECT {sql}")).await;
        assert!(error.contains(what) && error.contains("not known to the double"), "{error}");
    }
    assert_eq!(
        error("SELECT DATE_TRUNC('day', 'x')").await,
        "ERROR: function date_trunc(character varying) does not exist"
    );
}
