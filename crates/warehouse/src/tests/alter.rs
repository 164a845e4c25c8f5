//! ALTER TABLE, TRUNCATE, and what cannot run in a transaction block (facts/redshift-sql.md, alter table, transactions).

use super::Double;

async fn filled() -> Double {
    let double = Double::new();
    double.run("CREATE TABLE t (a integer, v varchar(3)) DISTKEY (a) SORTKEY (v)").await;
    double.run("INSERT INTO t VALUES (1, 'abc'), (2, NULL)").await;
    double
}

#[tokio::test]
async fn an_added_column_stands_last_and_is_null_or_its_default_in_the_rows_that_are_there() {
    let double = filled().await;
    double.run("ALTER TABLE t ADD COLUMN n decimal(10,2)").await;
    double.run("ALTER TABLE t ADD \"D\" date DEFAULT '2024-01-02' NOT NULL").await;
    double.run("INSERT INTO t (a, n) VALUES (3, 1.5)").await;
    let rows = ["1|abc|null|2024-01-02", "2|null|null|2024-01-02", "3|null|1.50|2024-01-02"];
    assert_eq!(double.rows("SELECT * FROM t ORDER BY a").await, rows);
    assert_eq!(
        double.error("INSERT INTO t (a, d) VALUES (3, NULL)").await,
        "ERROR: Cannot insert a NULL value into column d"
    );
    let columns =
        "SELECT column_name, data_type, ordinal_position, column_default, is_nullable FROM svv_columns ORDER BY 3";
    let expected =
        ["a|integer|1|null|YES", "v|character varying|2|null|YES", "n|numeric|3|null|YES", "d|date|4|2024-01-02|NO"];
    assert_eq!(double.rows(columns).await, expected);
    let double = double.reopened();
    assert_eq!(double.rows("SELECT * FROM t ORDER BY a").await, rows);
}

#[tokio::test]
async fn an_added_column_has_a_name_of_its_own() {
    let double = filled().await;
    for name in ["v", "\"V\""] {
        let error = double.error(&format!("ALTER TABLE t ADD COLUMN {name} integer")).await;
        assert_eq!(error, "ERROR: column \"v\" of relation \"t\" already exists");
    }
    let error = double.error("ALTER TABLE t ADD COLUMN \"oid\" integer").await;
    assert_eq!(error, "ERROR: column name \"oid\" conflicts with a system column name");
    assert_eq!(double.error("ALTER TABLE x ADD COLUMN a integer").await, "ERROR: relation \"x\" does not exist");
}

#[tokio::test]
async fn one_statement_adds_one_column() {
    let double = filled().await;
    let error = double.error("ALTER TABLE t ADD COLUMN b integer, ADD COLUMN c integer").await;
    assert_eq!(error, "ERROR: syntax error at or near \",\"");
    assert_eq!(double.value("SELECT COUNT(*) FROM svv_columns WHERE table_name = 't'").await, "2");
}

#[tokio::test]
async fn an_added_column_is_not_null_only_with_a_default() {
    let double = filled().await;
    let text = "ERROR: ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression";
    assert_eq!(double.error("ALTER TABLE t ADD COLUMN b integer NOT NULL").await, text);
    assert_eq!(double.error("ALTER TABLE t ADD COLUMN b integer DEFAULT NULL NOT NULL").await, text);
    double.run("ALTER TABLE t ADD COLUMN b integer NOT NULL DEFAULT 7").await;
    assert_eq!(double.rows("SELECT b FROM t").await, ["7", "7"]);
}

#[tokio::test]
async fn an_added_column_is_no_key() {
    let double = filled().await;
    for word in ["DISTKEY", "SORTKEY", "UNIQUE", "PRIMARY KEY", "REFERENCES u (a)", "IDENTITY(1,1)"] {
        let error = double.error(&format!("ALTER TABLE t ADD COLUMN b bigint {word}")).await;
        let word = word.split([' ', '(']).next().unwrap();
        assert_eq!(error, format!("ERROR: ALTER TABLE ADD COLUMN does not support {word}"));
    }
}

#[tokio::test]
async fn an_added_columns_default_must_fit_it() {
    let error = filled().await.error("ALTER TABLE t ADD COLUMN b varchar(2) DEFAULT 'abc'").await;
    assert_eq!(error, "ERROR: value too long for type character varying(2)");
}

#[tokio::test]
async fn a_table_has_at_most_1600_columns() {
    let double = Double::new();
    let columns = |count| (0..count).map(|n| format!("c{n} smallint")).collect::<Vec<_>>().join(", ");
    let error = double.error(&format!("CREATE TABLE t ({})", columns(1601))).await;
    assert_eq!(error, "ERROR: tables can have at most 1600 columns");
    double.run(&format!("CREATE TABLE t ({})", columns(1600))).await;
    assert_eq!(double.error("ALTER TABLE t ADD COLUMN x smallint").await, error);
}

#[tokio::test]
async fn a_column_is_added_with_its_transaction_or_not_at_all() {
    let double = filled().await;
    let batch =
        ["ALTER TABLE t ADD COLUMN b integer DEFAULT 1", "INSERT INTO t VALUES (3, 'x', 2)", "SELECT SUM(b) FROM t"];
    let seen = double.warehouse.batch(&batch).await.unwrap().pop().unwrap().result.unwrap();
    assert_eq!(seen.texts().unwrap(), [[Some("4".to_owned())]]);
    double.warehouse.batch(&["ALTER TABLE t ADD COLUMN c integer", "SELECT nothing"]).await.unwrap_err();
    assert_eq!(double.value("SELECT COUNT(*) FROM svv_columns WHERE table_name = 't'").await, "3");
}

#[tokio::test]
async fn alter_table_keeps_others_from_the_table_until_its_transaction_ends() {
    let double = filled().await;
    let mut altering = double.warehouse.begin();
    altering.run("ALTER TABLE t ADD COLUMN b integer").await.unwrap();
    let warehouse = double.warehouse.clone();
    let reader = tokio::spawn(async move { warehouse.execute("SELECT * FROM t").await });
    tokio::task::yield_now().await;
    assert!(!reader.is_finished());
    altering.commit(None).await.unwrap();
    assert_eq!(reader.await.unwrap().unwrap().result.unwrap().columns.len(), 3);
}

#[tokio::test]
async fn the_length_of_a_varchar_can_be_altered_down_to_its_longest_value() {
    let double = filled().await;
    double.run("ALTER TABLE t ALTER COLUMN v TYPE varchar(300)").await;
    double.run("INSERT INTO t (v) VALUES ('ääääé')").await;
    assert_eq!(
        double.value("SELECT data_type FROM svv_redshift_columns WHERE column_name = 'v'").await,
        "character varying(300)"
    );
    let error = double.error("ALTER TABLE t ALTER COLUMN v TYPE varchar(9)").await;
    assert!(
        error.starts_with("ERROR: cannot alter column \"v\" of relation \"t\"") && error.contains("10 bytes"),
        "{error}"
    );
    double.run("ALTER TABLE t ALTER COLUMN v TYPE varchar(10)").await;
    let double = double.reopened();
    assert_eq!(double.rows("SELECT v FROM t ORDER BY v").await, ["abc", "ääääé", "null"]);
    assert_eq!(
        double.error("INSERT INTO t (v) VALUES ('abcdefghijk')").await,
        "ERROR: value too long for type character varying(10)"
    );
}

#[tokio::test]
async fn no_other_type_can_be_altered() {
    let double = Double::new();
    double
        .run("CREATE TABLE t (a integer, v varchar(3), c char(3), d varchar(3) DEFAULT 'x', k varchar(3) PRIMARY KEY)")
        .await;
    for (column, ty) in [
        ("a", "bigint"),
        ("a", "varchar(9)"),
        ("v", "char(9)"),
        ("c", "char(9)"),
        ("d", "varchar(9)"),
        ("k", "varchar(9)"),
    ] {
        let error = double.error(&format!("ALTER TABLE t ALTER COLUMN {column} TYPE {ty}")).await;
        assert!(
            error.starts_with(&format!("ERROR: cannot alter column \"{column}\" of relation \"t\", ")),
            "{column}: {error}"
        );
    }
    let error = double.error("ALTER TABLE t ALTER COLUMN z TYPE varchar(9)").await;
    assert_eq!(error, "ERROR: column \"z\" of relation \"t\" does not exist");
}

#[tokio::test]
async fn what_alter_table_does_not_know_is_refused() {
    let double = filled().await;
    for (sql, name) in [
        ("ALTER TABLE t RENAME TO u", "RENAME"),
        ("ALTER TABLE t DROP COLUMN a", "DROP"),
        ("ALTER TABLE t OWNER TO u", "OWNER"),
        ("ALTER TABLE t ADD COLUMN IF NOT EXISTS b integer", "IF NOT EXISTS"),
        ("ALTER TABLE t ADD PRIMARY KEY (a)", "PRIMARY"),
        ("ALTER TABLE t ADD COLUMN b integer ENCODE az64", "ENCODE"),
        ("ALTER TABLE t ADD COLUMN b super DEFAULT '{}'", "DEFAULT"),
        ("ALTER TABLE t ADD COLUMN b timestamp DEFAULT GETDATE()", "GETDATE"),
        ("ALTER TABLE t ALTER COLUMN v ENCODE zstd", "ENCODE"),
        ("ALTER TABLE t ALTER DISTKEY a", "DISTKEY"),
        ("ALTER TABLE t APPEND FROM u", "ALTER TABLE APPEND"),
        ("ALTER USER u", "USER"),
    ] {
        let error = double.error(sql).await;
        assert!(error.contains("not known to the double") && error.contains(name), "{sql}: {error}");
    }
}

#[tokio::test]
async fn what_cannot_run_in_a_transaction_block_fails_there() {
    for (sql, name) in [
        ("VACUUM t", "VACUUM"),
        ("ALTER TABLE t ALTER COLUMN v TYPE varchar(9)", "ALTER TABLE ALTER COLUMN"),
        ("ALTER TABLE t APPEND FROM u", "ALTER TABLE APPEND"),
        ("ALTER TABLE t ADD PARTITION (d='1') LOCATION 's3://b/d=1/'", "ALTER EXTERNAL TABLE"),
        ("ALTER DATABASE d ISOLATION LEVEL SNAPSHOT", "ALTER DATABASE"),
        ("CREATE DATABASE d", "CREATE DATABASE"),
        ("DROP DATABASE d", "DROP DATABASE"),
        ("CREATE EXTERNAL TABLE e.t (a integer) STORED AS PARQUET LOCATION 's3://b/'", "CREATE EXTERNAL TABLE"),
        ("CREATE LIBRARY l LANGUAGE plpythonu FROM 's3://b/l'", "CREATE LIBRARY"),
        ("DROP LIBRARY l", "DROP LIBRARY"),
    ] {
        let double = filled().await;
        let error = double.warehouse.batch(&["INSERT INTO t VALUES (3, 'c')", sql]).await.unwrap_err();
        assert_eq!(error.to_string(), format!("ERROR: {name} cannot run inside a transaction block"));
        assert_eq!(double.value("SELECT COUNT(*) FROM t").await, "2");
    }
    assert_eq!(filled().await.error("VACUUM t").await, "ERROR: not known to the double: the statement VACUUM");
}

#[tokio::test]
async fn truncate_commits_the_transaction_and_cannot_be_rolled_back() {
    let double = filled().await;
    double.run("CREATE TABLE u (a integer)").await;
    let mut transaction = double.warehouse.begin();
    transaction.run("INSERT INTO u VALUES (1)").await.unwrap();
    transaction.run("TRUNCATE TABLE t").await.unwrap();
    transaction.run("INSERT INTO u VALUES (2)").await.unwrap();
    drop(transaction);
    assert_eq!(double.value("SELECT COUNT(*) FROM t").await, "0");
    assert_eq!(double.rows("SELECT a FROM u").await, ["1"], "before it committed, after it rolled back");
    assert_eq!(double.reopened().value("SELECT COUNT(*) FROM t").await, "0");
}

#[tokio::test]
async fn truncate_lets_go_of_the_transactions_locks() {
    let double = filled().await;
    let mut transaction = double.warehouse.begin();
    transaction.run("LOCK t").await.unwrap();
    transaction.run("TRUNCATE t").await.unwrap();
    assert_eq!(double.value("SELECT COUNT(*) FROM t").await, "0");
    transaction.run("INSERT INTO t VALUES (9, 'z')").await.unwrap();
    transaction.commit(None).await.unwrap();
    assert_eq!(double.rows("SELECT a FROM t").await, ["9"]);
    assert_eq!(double.error("TRUNCATE x").await, "ERROR: relation \"x\" does not exist");
}

#[tokio::test]
async fn truncate_conflicts_as_any_write_does() {
    let double = filled().await;
    let mut transaction = double.warehouse.begin();
    transaction.run("SELECT COUNT(*) FROM t").await.unwrap();
    double.run("INSERT INTO t VALUES (3, 'c')").await;
    let error = transaction.run("TRUNCATE t").await.unwrap_err().to_string();
    assert!(error.starts_with("ERROR: 1023 DETAIL: Serializable isolation violation"), "{error}");
    assert_eq!(double.value("SELECT COUNT(*) FROM t").await, "3");
}
