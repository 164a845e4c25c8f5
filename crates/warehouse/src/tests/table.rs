//! Tables and what goes into them (facts/redshift-sql.md, create table; facts/redshift-copy.md, identifiers).

use super::Double;

async fn error(sql: &str) -> String {
    Double::new().error(sql).await
}

#[tokio::test]
async fn a_schema_must_exist_and_may_exist_only_once() {
    let double = Double::new();
    assert_eq!(double.error("CREATE TABLE s.t (a integer)").await, "ERROR: schema \"s\" does not exist");
    double.run("CREATE SCHEMA s").await;
    assert_eq!(double.error("CREATE SCHEMA s").await, "ERROR: schema \"s\" already exists");
    double.run("CREATE SCHEMA IF NOT EXISTS s").await;
    double.run("CREATE TABLE s.t (a integer)").await;
}

#[tokio::test]
async fn a_table_exists_once_unless_asked_otherwise() {
    let double = Double::new();
    double.run("CREATE TABLE t (a integer)").await;
    double.run("INSERT INTO t VALUES (1)").await;
    double.run("CREATE TABLE IF NOT EXISTS t (other varchar(3))").await;
    assert_eq!(double.value("SELECT a FROM t").await, "1");
    assert_eq!(double.error("CREATE TABLE t (a integer)").await, "ERROR: Relation \"t\" already exists");
    double.run("DROP TABLE t").await;
    assert_eq!(double.error("DROP TABLE t").await, "ERROR: Table \"t\" does not exist");
    double.run("DROP TABLE IF EXISTS t").await;
}

#[tokio::test]
async fn keys_must_name_columns() {
    for sql in [
        "CREATE TABLE t (a integer) DISTSTYLE KEY DISTKEY (b)",
        "CREATE TABLE t (a integer) COMPOUND SORTKEY (a, b)",
        "CREATE TABLE t (a integer, PRIMARY KEY (b))",
    ] {
        assert_eq!(error(sql).await, "ERROR: column \"b\" named in key does not exist", "{sql}");
    }
    assert_eq!(error("CREATE TABLE t (a integer) DISTSTYLE KEY").await, "ERROR: DISTSTYLE KEY needs a DISTKEY column");
    let sql = "CREATE TABLE t (a integer) DISTSTYLE EVEN DISTKEY (a)";
    assert_eq!(error(sql).await, "ERROR: DISTSTYLE EVEN cannot have a DISTKEY");
}

#[tokio::test]
async fn keys_are_not_enforced() {
    let double = Double::new();
    double.run("CREATE TABLE t (a integer PRIMARY KEY) DISTSTYLE ALL SORTKEY (a)").await;
    double.run("INSERT INTO t VALUES (1), (1)").await;
    assert_eq!(double.value("SELECT COUNT(*) FROM t").await, "2");
    assert_eq!(double.error("INSERT INTO t VALUES (NULL)").await, "ERROR: Cannot insert a NULL value into column a");
}

#[tokio::test]
async fn what_create_table_does_not_know_is_refused() {
    for (sql, name) in [
        ("CREATE TABLE t (a integer ENCODE az64)", "ENCODE"),
        ("CREATE TABLE t (a integer IDENTITY(1,1))", "IDENTITY"),
        ("CREATE TABLE t (a integer, UNIQUE (a))", "UNIQUE"),
        ("CREATE TABLE t (LIKE u)", "LIKE"),
        ("CREATE TABLE t (a integer) BACKUP NO", "BACKUP"),
        ("CREATE TABLE t (a integer) INTERLEAVED SORTKEY (a)", "INTERLEAVED"),
        ("CREATE TABLE t (a geometry)", "geometry"),
        ("CREATE TABLE t (a super(3))", "super(3)"),
        ("CREATE TABLE t (a varbyte(x))", "varbyte(x)"),
        ("CREATE TABLE t (a bpchar)", "bpchar"),
        ("CREATE TABLE t (a time(3))", "TIME(3)"),
        ("CREATE TABLE t (a super DEFAULT '{}')", "DEFAULT"),
        ("CREATE TABLE t (a varbyte DEFAULT 'x')", "DEFAULT"),
        ("CREATE TABLE t (a timetz)", "TIMETZ"),
        ("CREATE TABLE t (a integer DEFAULT GETDATE())", "GETDATE"),
        ("CREATE TEMP TABLE t (a integer)", "TEMP"),
        ("CREATE TABLE #t (a integer)", "temporary"),
        ("CREATE VIEW v AS SELECT 1", "VIEW"),
        ("CREATE EXTERNAL SCHEMA e FROM DATA CATALOG", "EXTERNAL"),
        ("DROP SCHEMA s", "SCHEMA"),
    ] {
        let error = error(sql).await;
        assert!(error.contains("not known to the double") && error.contains(name), "{sql}: {error}");
    }
}

#[tokio::test]
async fn names_that_cannot_be_columns_are_refused() {
    assert_eq!(error("CREATE TABLE t (tag integer)").await, "ERROR: syntax error at or near \"tag\"");
    let system = "ERROR: column name \"oid\" conflicts with a system column name";
    assert_eq!(error("CREATE TABLE t (\"oid\" integer)").await, system);
    let twice = "ERROR: column \"a\" specified more than once";
    assert_eq!(error("CREATE TABLE t (a integer, \"A\" integer)").await, twice);
}

#[tokio::test]
async fn lengths_and_precisions_have_limits() {
    assert!(error("CREATE TABLE t (a varchar(65536))").await.contains("cannot exceed 65535"));
    assert!(error("CREATE TABLE t (a decimal(39,0))").await.contains("between 1 and 38"));
    assert_eq!(error("CREATE TABLE t (a char(4097))").await, "ERROR: length for type char cannot exceed 4096");
    assert_eq!(
        error("CREATE TABLE t (a varbyte(1024001))").await,
        "ERROR: length for type varbyte cannot exceed 1024000"
    );
    assert_eq!(error("CREATE TABLE t (a varbyte(0))").await, "ERROR: length for type varbyte must be at least 1");
    let double = Double::new();
    double.run("CREATE TABLE t (a varchar(max), b text, c varchar, d decimal, e char, f char(max), g varbyte)").await;
    let lengths = "SELECT data_type FROM svv_redshift_columns ORDER BY ordinal_position";
    let expected = [
        "character varying(65535)",
        "character varying(256)",
        "character varying(256)",
        "numeric(18,0)",
        "character(1)",
        "character(4096)",
        "binary varying(64000)",
    ];
    assert_eq!(double.rows(lengths).await, expected);
}

#[tokio::test]
async fn a_super_or_a_varbyte_is_no_key() {
    for ty in ["super", "varbyte(9)"] {
        for key in ["DISTKEY (a)", "SORTKEY (b, a)"] {
            let error = error(&format!("CREATE TABLE t (a {ty}, b integer) {key}")).await;
            assert!(error.ends_with("cannot be a distribution key or a sort key"), "{error}");
        }
    }
}

#[tokio::test]
async fn varchar_counts_bytes_on_insert() {
    let double = Double::new();
    double.run("CREATE TABLE t (a varchar(3))").await;
    double.run("INSERT INTO t VALUES ('äa'), ('abc   ')").await;
    assert_eq!(
        double.error("INSERT INTO t VALUES ('ää')").await,
        "ERROR: value too long for type character varying(3)"
    );
    assert_eq!(double.rows("SELECT OCTET_LENGTH(a) FROM t").await, ["3", "3"]);
}

#[tokio::test]
async fn insert_rounds_decimals_and_checks_ranges() {
    let double = Double::new();
    double.run("CREATE TABLE t (d decimal(5,2), s smallint)").await;
    double.run("INSERT INTO t VALUES (1.005, 1)").await;
    assert_eq!(double.value("SELECT d FROM t").await, "1.01");
    assert_eq!(double.error("INSERT INTO t VALUES (1, 40000)").await, "ERROR: Value out of range for 2 bytes.");
    assert!(double.error("INSERT INTO t VALUES (1000, 1)").await.contains("Numeric data overflow"));
}

#[tokio::test]
async fn insert_counts_its_columns() {
    let double = Double::new();
    double.run("CREATE TABLE t (a integer, b varchar(5) DEFAULT 'x', c integer NOT NULL)").await;
    double.run("INSERT INTO t (c, a) SELECT 2, 1").await;
    assert_eq!(double.value("SELECT a, b, c FROM t").await, "1|x|2");
    let more = "ERROR: INSERT has more expressions than target columns";
    assert_eq!(double.error("INSERT INTO t (a) VALUES (1, 2)").await, more);
    let fewer = "ERROR: INSERT has more target columns than expressions";
    assert_eq!(double.error("INSERT INTO t (a, c) VALUES (1)").await, fewer);
    let unknown = "ERROR: column \"z\" of relation \"t\" does not exist";
    assert_eq!(double.error("INSERT INTO t (z) VALUES (1)").await, unknown);
    assert_eq!(double.error("INSERT INTO t (a) VALUES (1)").await, "ERROR: Cannot insert a NULL value into column c");
}

#[tokio::test]
async fn a_literal_fits_every_column_and_an_expression_only_kindred_ones() {
    let double = Double::new();
    double.run("CREATE TABLE t (d date, n integer)").await;
    double.run("INSERT INTO t VALUES ('2024-01-02', '7')").await;
    double.run("INSERT INTO t SELECT NULL, 8").await;
    assert_eq!(double.rows("SELECT d, n FROM t ORDER BY n").await, ["2024-01-02|7", "null|8"]);
    assert_eq!(
        double.error("INSERT INTO t SELECT d, 'a' || 'b' FROM t").await,
        "ERROR: column \"n\" is of type integer but expression is of type character varying"
    );
}

#[tokio::test]
async fn a_default_must_fit_its_column() {
    assert!(error("CREATE TABLE t (a integer DEFAULT 'x')").await.contains("invalid input syntax for integer"));
}

#[tokio::test]
async fn delete_takes_the_rows_of_its_condition() {
    let double = Double::new();
    double.run("CREATE SCHEMA s").await;
    double.run("CREATE TABLE s.t (k integer, v varchar(5))").await;
    double.run("CREATE TABLE s.gone (k integer)").await;
    double.run("INSERT INTO s.t VALUES (1, 'a'), (2, 'b'), (2, 'c'), (3, 'd'), (4, NULL)").await;
    double.run("INSERT INTO s.gone VALUES (2), (2), (9)").await;
    assert_eq!(double.run("DELETE FROM s.t USING s.gone WHERE t.k = gone.k").await.rows, Some(2));
    assert_eq!(double.run("DELETE FROM s.t WHERE v <> 'a'").await.rows, Some(1));
    assert_eq!(double.rows("SELECT k FROM s.t ORDER BY k").await, ["1", "4"]);
    assert_eq!(double.run("DELETE FROM s.t WHERE k IN (SELECT MAX(k) FROM s.t)").await.rows, Some(1));
    assert_eq!(double.run("DELETE FROM s.t").await.rows, Some(1));
    assert_eq!(double.value("SELECT COUNT(*) FROM s.t").await, "0");
}

#[tokio::test]
async fn delete_takes_several_tables_after_using() {
    let double = Double::new();
    double.run("CREATE TABLE t (k integer, d date, v varchar(5))").await;
    double.run("CREATE TABLE a (k integer)").await;
    double.run("CREATE TABLE b (d date, w varchar(5))").await;
    double.run("INSERT INTO t VALUES (1, '2024-01-01', 'x'), (1, '2024-01-02', 'x'), (2, '2024-01-01', 'y'), (NULL, '2024-01-01', 'x')").await;
    double.run("INSERT INTO a VALUES (1), (1), (3), (NULL)").await;
    double.run("INSERT INTO b VALUES ('2024-01-01', 'x '), ('2024-01-01', 'x'), ('2024-01-03', 'y')").await;
    let sql = "DELETE FROM t USING a, b WHERE t.k = a.k AND t.d = b.d AND t.v = b.w";
    assert_eq!(double.run(sql).await.rows, Some(1), "a row that matches often is deleted once");
    assert_eq!(
        double.rows("SELECT k, d FROM t ORDER BY k, d").await,
        ["1|2024-01-02", "2|2024-01-01", "null|2024-01-01"]
    );
    let sql = "DELETE FROM t USING a, (SELECT d, COUNT(*) AS n FROM b GROUP BY d) c WHERE t.d = c.d AND c.n > 1";
    assert_eq!(double.run(sql).await.rows, Some(2));
}

#[tokio::test]
async fn insert_takes_several_rows_of_values() {
    let double = Double::new();
    double.run("CREATE TABLE t (a integer DEFAULT 9, v varchar(3), d date)").await;
    let outcome =
        double.run("INSERT INTO t (v, d) VALUES ('a', '2024-01-01'), (NULL, '2024-01-02'), ('c', NULL)").await;
    assert_eq!(outcome.rows, Some(3));
    assert_eq!(
        double.rows("SELECT a, v, d FROM t ORDER BY v").await,
        ["9|a|2024-01-01", "9|c|null", "9|null|2024-01-02"]
    );
    let error = double.error("INSERT INTO t (v) VALUES ('a'), ('abcd')").await;
    assert_eq!(error, "ERROR: value too long for type character varying(3)");
    assert_eq!(double.value("SELECT COUNT(*) FROM t").await, "3");
}

#[tokio::test]
async fn insert_takes_a_union_of_queries() {
    let double = Double::new();
    double.run("CREATE TABLE t (k varchar(9), n bigint, d decimal(10,2))").await;
    double.run("CREATE TABLE a (k varchar(5), n integer, d decimal(10,2))").await;
    double.run("INSERT INTO a VALUES ('x', 1, 1.25), ('y ', 2, 2.50)").await;
    let sql = "INSERT INTO t (k, n, d) SELECT k, n, d FROM a UNION ALL SELECT k, n + 10, d FROM a WHERE n > 1";
    assert_eq!(double.run(sql).await.rows, Some(3));
    assert_eq!(double.rows("SELECT k, n, d FROM t ORDER BY n").await, ["x|1|1.25", "y |2|2.50", "y |12|2.50"]);
}

#[tokio::test]
async fn subqueries_that_group_can_be_joined() {
    let double = Double::new();
    double.run("CREATE TABLE t (k varchar(5), n integer)").await;
    double.run("CREATE TABLE u (k varchar(5), n integer)").await;
    double.run("INSERT INTO t VALUES ('a', 1), ('a ', 2), ('b', 3)").await;
    double.run("INSERT INTO u SELECT k, n * 10 FROM t WHERE n < 3").await;
    let sql = "SELECT x.n, y.most FROM (SELECT k, COUNT(*) AS n FROM t GROUP BY k) x \
               LEFT JOIN (SELECT k, MAX(n) AS most FROM u GROUP BY k) y ON x.k = y.k ORDER BY x.n";
    assert_eq!(double.rows(sql).await, ["1|null", "2|20"]);
}
