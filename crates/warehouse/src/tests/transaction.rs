//! Transactions, locks and the folder (facts/redshift-sql.md, transactions, isolation and locks).

use std::sync::Arc;

use arrow::array::Int32Array;

use super::{Double, manifest, parquet};

#[tokio::test]
async fn a_batch_is_all_or_nothing() {
    let double = Double::new();
    let failed = double.warehouse.batch(&["CREATE TABLE t (a integer)", "INSERT INTO t VALUES (1)", "SELECT x"]).await;
    assert_eq!(failed.unwrap_err().to_string(), "ERROR: column \"x\" does not exist");
    assert_eq!(double.error("SELECT * FROM t").await, "ERROR: relation \"t\" does not exist");
    let batch = ["CREATE TABLE t (a integer)", "INSERT INTO t VALUES (1)", "SELECT a FROM t"];
    assert_eq!(double.warehouse.batch(&batch).await.unwrap().len(), 3);
}

#[tokio::test]
async fn after_an_error_a_transaction_takes_no_statement() {
    let double = Double::new();
    let mut transaction = double.warehouse.begin();
    transaction.run("SELECT x").await.unwrap_err();
    let aborted = "ERROR: current transaction is aborted, commands ignored until end of transaction block";
    assert_eq!(transaction.run("SELECT 1").await.unwrap_err().to_string(), aborted);
    assert_eq!(transaction.commit(None).await.unwrap_err().to_string(), aborted);
}

#[tokio::test]
async fn a_transaction_reads_the_snapshot_of_its_first_statement() {
    let double = Double::new();
    double.run("CREATE TABLE t (a integer)").await;
    let mut reader = double.warehouse.begin();
    reader.run("SELECT COUNT(*) FROM t").await.unwrap();
    double.run("INSERT INTO t VALUES (1)").await;
    let seen = reader.run("SELECT COUNT(*) FROM t").await.unwrap().result.unwrap();
    assert_eq!(seen.texts().unwrap(), [[Some("0".to_owned())]]);
}

#[tokio::test]
async fn two_that_wrote_one_table_conflict() {
    let double = Double::new();
    double.run("CREATE TABLE t (a integer)").await;
    let (mut one, mut two) = (double.warehouse.begin(), double.warehouse.begin());
    two.run("SELECT COUNT(*) FROM t").await.unwrap();
    one.run("INSERT INTO t VALUES (1)").await.unwrap();
    one.commit(None).await.unwrap();
    two.run("INSERT INTO t VALUES (2)").await.unwrap();
    let error = two.commit(None).await.unwrap_err().to_string();
    assert!(error.starts_with("ERROR: 1023 DETAIL: Serializable isolation violation on table in Redshift"), "{error}");
    assert_eq!(double.rows("SELECT a FROM t").await, ["1"]);
}

/// A transaction whose snapshot is from before somebody else added a row to `t`.
async fn behind(double: &Double) -> crate::Transaction {
    double.warehouse.batch(&["CREATE TABLE t (a integer)", "CREATE TABLE u (a integer)"]).await.unwrap();
    let mut transaction = double.warehouse.begin();
    transaction.run("SELECT COUNT(*) FROM u").await.unwrap();
    double.run("INSERT INTO t VALUES (1)").await;
    transaction
}

#[tokio::test]
async fn those_who_only_add_rows_to_a_table_all_commit() {
    let double = Double::new();
    let mut late = behind(&double).await;
    late.run("INSERT INTO t SELECT COUNT(*) + 2 FROM u").await.unwrap();
    let warehouse = double.warehouse.clone();
    let third = tokio::spawn(async move { warehouse.execute("INSERT INTO t VALUES (3)").await });
    tokio::task::yield_now().await;
    late.run("INSERT INTO t VALUES (4)").await.unwrap();
    assert!(!third.is_finished(), "it waits for the lock");
    late.commit(None).await.unwrap();
    third.await.unwrap().unwrap();
    assert_eq!(double.rows("SELECT a FROM t ORDER BY a").await, ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn a_copy_adds_to_what_was_committed_since_the_snapshot() {
    let double = Double::new();
    let mut late = behind(&double).await;
    let file = parquet(vec![("a", Arc::new(Int32Array::from(vec![7])))]);
    double.put("s3://b/m", manifest(&[("s3://b/f", file.len())]));
    double.put("s3://b/f", file);
    late.run("COPY t FROM 's3://b/m' IAM_ROLE default FORMAT AS PARQUET MANIFEST").await.unwrap();
    late.commit(None).await.unwrap();
    assert_eq!(double.rows("SELECT a FROM t ORDER BY a").await, ["1", "7"]);
}

#[tokio::test]
async fn who_reads_a_table_beside_adding_to_it_is_bound_to_the_snapshot() {
    for statements in [
        ["INSERT INTO t VALUES (2)", "SELECT COUNT(*) FROM t"],
        ["INSERT INTO t VALUES (2)", "DELETE FROM t WHERE a = 9"],
        ["INSERT INTO t SELECT COUNT(*) FROM t", "SELECT 1"],
        ["DELETE FROM t WHERE a = 9", "INSERT INTO t VALUES (2)"],
    ] {
        let double = Double::new();
        let mut late = behind(&double).await;
        let mut error = None;
        for statement in statements {
            error = error.or(late.run(statement).await.err());
        }
        let error = match error {
            Some(error) => error,
            None => late.commit(None).await.unwrap_err(),
        };
        let expected = "ERROR: 1023 DETAIL: Serializable isolation violation on table in Redshift";
        assert!(error.to_string().starts_with(expected), "{statements:?}: {error}");
        assert_eq!(double.rows("SELECT a FROM t").await, ["1"]);
    }
}

#[tokio::test]
async fn writers_of_one_table_take_turns_and_readers_pass_them() {
    let double = Double::new();
    double.run("CREATE TABLE t (a integer)").await;
    let mut first = double.warehouse.begin();
    first.run("INSERT INTO t VALUES (1)").await.unwrap();
    let warehouse = double.warehouse.clone();
    let second = tokio::spawn(async move { warehouse.execute("INSERT INTO t SELECT COUNT(*) + 9 FROM t").await });
    tokio::task::yield_now().await;
    assert_eq!(double.value("SELECT COUNT(*) FROM t").await, "0");
    first.run("DELETE FROM t WHERE a = 0").await.unwrap();
    assert!(!second.is_finished());
    first.commit(None).await.unwrap();
    second.await.unwrap().unwrap();
    assert_eq!(double.rows("SELECT a FROM t ORDER BY a").await, ["1", "10"], "the second saw what the first committed");
}

#[tokio::test]
async fn two_that_created_one_table_conflict() {
    let double = Double::new();
    let (mut one, mut two) = (double.warehouse.begin(), double.warehouse.begin());
    one.run("CREATE TABLE IF NOT EXISTS t (a integer)").await.unwrap();
    two.run("CREATE TABLE IF NOT EXISTS t (a integer)").await.unwrap();
    one.commit(None).await.unwrap();
    assert!(two.commit(None).await.unwrap_err().to_string().contains("1023"));
}

#[tokio::test]
async fn a_table_that_was_made_after_the_snapshot_fails_with_1018() {
    let double = Double::new();
    double.run("CREATE TABLE t (a integer)").await;
    let mut early = double.warehouse.begin();
    early.run("SELECT COUNT(*) FROM t").await.unwrap();
    double.run("CREATE TABLE late (a integer)").await;
    let error = early.run("SELECT COUNT(*) FROM late").await.unwrap_err().to_string();
    assert!(error.starts_with("ERROR: 1018 DETAIL: Relation does not exist."), "{error}");
    let mut other = double.warehouse.begin();
    other.run("DROP TABLE late").await.unwrap();
    let error = other.run("INSERT INTO late VALUES (1)").await.unwrap_err().to_string();
    assert_eq!(error, "ERROR: relation \"late\" does not exist", "what the transaction itself dropped is gone");
}

#[tokio::test]
async fn two_that_wrote_different_tables_both_commit() {
    let double = Double::new();
    double.warehouse.batch(&["CREATE TABLE t (a integer)", "CREATE TABLE u (a integer)"]).await.unwrap();
    let (mut one, mut two) = (double.warehouse.begin(), double.warehouse.begin());
    one.run("INSERT INTO t VALUES (1)").await.unwrap();
    two.run("INSERT INTO u SELECT COUNT(*) FROM t").await.unwrap();
    one.commit(None).await.unwrap();
    two.commit(None).await.unwrap();
    assert_eq!(double.rows("SELECT a FROM t UNION ALL SELECT a FROM u").await, ["1", "0"]);
}

#[tokio::test]
async fn lock_waits_for_the_other_holder_and_then_sees_what_it_committed() {
    let double = Double::new();
    double.warehouse.batch(&["CREATE TABLE l (a integer)", "CREATE TABLE t (a integer)"]).await.unwrap();
    let mut first = double.warehouse.begin();
    first.run("LOCK l").await.unwrap();
    let warehouse = double.warehouse.clone();
    let second = tokio::spawn(async move {
        warehouse.batch(&["LOCK TABLE l", "INSERT INTO t SELECT COUNT(*) FROM t", "SELECT MAX(a) FROM t"]).await
    });
    tokio::task::yield_now().await;
    first.run("INSERT INTO t VALUES (0), (0), (0)").await.unwrap();
    assert!(!second.is_finished());
    first.commit(None).await.unwrap();
    let outcomes = second.await.unwrap().unwrap();
    let seen = outcomes.into_iter().last().unwrap().result.unwrap();
    assert_eq!(seen.texts().unwrap(), [[Some("3".to_owned())]]);
}

#[tokio::test]
async fn readers_of_a_locked_table_wait() {
    let double = Double::new();
    double.run("CREATE TABLE l (a integer)").await;
    let mut holder = double.warehouse.begin();
    holder.run("LOCK l").await.unwrap();
    let warehouse = double.warehouse.clone();
    let reader = tokio::spawn(async move { warehouse.execute("SELECT COUNT(*) FROM l").await });
    tokio::task::yield_now().await;
    holder.run("INSERT INTO l VALUES (1)").await.unwrap();
    assert!(!reader.is_finished());
    holder.commit(None).await.unwrap();
    let seen = reader.await.unwrap().unwrap().result.unwrap();
    assert_eq!(seen.texts().unwrap(), [[Some("1".to_owned())]]);
}

#[tokio::test]
async fn a_lock_goes_when_its_transaction_is_rolled_back() {
    let double = Double::new();
    double.run("CREATE TABLE l (a integer)").await;
    let mut holder = double.warehouse.begin();
    holder.run("LOCK l").await.unwrap();
    drop(holder);
    double.run("LOCK l").await;
}

#[tokio::test]
async fn a_deadlock_is_broken() {
    let double = Double::new();
    double.warehouse.batch(&["CREATE TABLE a (x integer)", "CREATE TABLE b (x integer)"]).await.unwrap();
    let (mut one, mut two) = (double.warehouse.begin(), double.warehouse.begin());
    one.run("LOCK a").await.unwrap();
    two.run("LOCK b").await.unwrap();
    let waiting = tokio::spawn(async move { one.run("LOCK b").await });
    tokio::task::yield_now().await;
    let error = two.run("LOCK a").await.unwrap_err().to_string();
    assert!(error.contains("deadlock detected"), "{error}");
    drop(two);
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn lock_needs_a_table() {
    assert_eq!(Double::new().error("LOCK nothing").await, "ERROR: relation \"nothing\" does not exist");
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart() {
    let double = Double::new();
    double.run("CREATE SCHEMA s").await;
    double
        .run(
            "CREATE TABLE s.t (b boolean, d date, n decimal(10,2) DEFAULT 7, s smallint, i integer NOT NULL, \
             l bigint, r real, f double precision, v varchar(9), m timestamp) DISTKEY (i) SORTKEY (d)",
        )
        .await;
    double
        .run("INSERT INTO s.t VALUES (true, '2024-01-02', 1.5, 1, 2, 3, 1.5, 2.5, 'ä', '2024-01-02 03:04:05.6')")
        .await;
    double.run("INSERT INTO s.t (i) VALUES (9)").await;
    let (rows, columns) = ("SELECT * FROM s.t ORDER BY i", "SELECT * FROM svv_redshift_columns ORDER BY 4");
    let before = (double.rows(rows).await, double.rows(columns).await);
    let double = double.reopened();
    assert_eq!((double.rows(rows).await, double.rows(columns).await), before);
    assert_eq!(
        before.0,
        [
            "true|2024-01-02|1.50|1|2|3|1.5|2.5|ä|2024-01-02 03:04:05.6",
            "null|null|7.00|null|9|null|null|null|null|null"
        ]
    );
}

#[tokio::test]
async fn what_was_not_committed_is_gone_after_a_restart() {
    let double = Double::new();
    double.run("CREATE TABLE t (a integer)").await;
    let mut open = double.warehouse.begin();
    open.run("INSERT INTO t VALUES (1)").await.unwrap();
    drop(open);
    // Killed after the segment was written and before the catalog was renamed.
    std::fs::write(double.folder.path().join("segments/99.parquet"), "half").unwrap();
    std::fs::write(double.folder.path().join("catalog.new"), "{\"half\"").unwrap();
    let double = double.reopened();
    assert_eq!(double.value("SELECT COUNT(*) FROM t").await, "0");
    assert_eq!(std::fs::read_dir(double.folder.path().join("segments")).unwrap().count(), 0);
    double.run("INSERT INTO t VALUES (1)").await;
    assert_eq!(double.reopened().value("SELECT COUNT(*) FROM t").await, "1");
}

#[tokio::test]
async fn a_receipt_tells_after_a_restart_that_a_commit_happened() {
    let double = Double::new();
    let mut transaction = double.warehouse.begin();
    transaction.run("CREATE TABLE t (a integer)").await.unwrap();
    transaction.commit(Some("r-1".to_owned())).await.unwrap();
    let double = double.reopened();
    assert!(double.warehouse.has_receipt("r-1"));
    assert!(!double.warehouse.has_receipt("r-2"));
}

#[tokio::test]
async fn many_small_inserts_stay_few_files() {
    let double = Double::new();
    double.run("CREATE TABLE t (a integer)").await;
    for _ in 0..5 {
        double.run("INSERT INTO t VALUES (1)").await;
    }
    assert_eq!(std::fs::read_dir(double.folder.path().join("segments")).unwrap().count(), 1);
    assert_eq!(double.value("SELECT SUM(a) FROM t").await, "5");
}
