//! What a DELETE leaves of a large table, in memory and on disk.

use std::sync::Arc;

use arrow::array::{Int64Array, StringArray};

use super::{Double, manifest, parquet};

/// More than one segment.
const ROWS: i64 = 150_000;

async fn table() -> Double {
    let double = Double::new();
    double.run("CREATE TABLE t (id bigint, name varchar(9))").await;
    let names = StringArray::from_iter((0..ROWS).map(|id| (id % 3 > 0).then(|| format!("n{id}"))));
    let file = parquet(vec![("id", Arc::new(Int64Array::from_iter_values(0..ROWS))), ("name", Arc::new(names))]);
    double.put("s3://b/m", manifest(&[("s3://b/f.parquet", file.len())]));
    double.put("s3://b/f.parquet", file);
    double.run("COPY t FROM 's3://b/m' IAM_ROLE default FORMAT AS PARQUET MANIFEST").await;
    double
}

/// The files of rows and of marks, by name.
fn files(double: &Double) -> Vec<String> {
    let names = std::fs::read_dir(double.folder.path().join("segments")).unwrap();
    let mut names: Vec<String> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn with_ending(double: &Double, ending: &str) -> Vec<String> {
    files(double).into_iter().filter(|name| name.ends_with(ending)).collect()
}

const CONTENT: &str = "SELECT COUNT(*), COUNT(name), MIN(id), MAX(id), SUM(id) FROM t";

fn content(is_there: impl Fn(&i64) -> bool) -> String {
    let ids: Vec<i64> = (0..ROWS).filter(is_there).collect();
    let names = ids.iter().filter(|id| *id % 3 > 0).count();
    let (least, most, sum) = (ids.first().unwrap(), ids.last().unwrap(), ids.iter().sum::<i64>());
    format!("{}|{names}|{least}|{most}|{sum}", ids.len())
}

#[tokio::test]
async fn a_delete_of_few_rows_leaves_the_files_of_rows_as_they_are() {
    let double = table().await;
    let rows = files(&double);
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(double.run("DELETE FROM t WHERE id % 5 = 0").await.rows, Some(30_000));
    assert_eq!(with_ending(&double, ".parquet"), rows);
    assert_eq!(with_ending(&double, ".marks").len(), 2);
    assert_eq!(double.value(CONTENT).await, content(|id| id % 5 != 0));
    let double = double.reopened();
    assert_eq!(double.value(CONTENT).await, content(|id| id % 5 != 0));
}

#[tokio::test]
async fn a_second_delete_takes_rows_that_the_first_left_and_replaces_its_marks() {
    let double = table().await;
    double.run("DELETE FROM t WHERE id % 5 = 0").await;
    assert_eq!(double.run("DELETE FROM t WHERE id % 2 = 0 AND id < 1000").await.rows, Some(400));
    assert_eq!(with_ending(&double, ".marks").len(), 2);
    let is_there = |id: &i64| id % 5 != 0 && (id % 2 != 0 || *id >= 1000);
    assert_eq!(double.value(CONTENT).await, content(is_there));
    let double = double.reopened();
    assert_eq!(double.value(CONTENT).await, content(is_there));
    // Rows that are gone do not come back with those that come.
    double.run("INSERT INTO t SELECT id, name FROM t WHERE id < 1000").await;
    assert_eq!(double.value("SELECT COUNT(*), COUNT(DISTINCT id) FROM t WHERE id < 1000").await, "800|400");
}

#[tokio::test]
async fn a_segment_that_loses_most_of_its_rows_is_written_anew_and_one_that_loses_all_goes() {
    let double = table().await;
    double.run("DELETE FROM t WHERE id % 5 = 0").await;
    double.run("DELETE FROM t WHERE id % 3 > 0 OR id >= 131072").await;
    assert_eq!(with_ending(&double, ".marks"), Vec::<String>::new());
    assert_eq!(with_ending(&double, ".parquet").len(), 1);
    let is_there = |id: &i64| id % 5 != 0 && id % 3 == 0 && *id < 131_072;
    assert_eq!(double.value(CONTENT).await, content(is_there));
    assert_eq!(double.reopened().value(CONTENT).await, content(is_there));
}

#[tokio::test]
async fn a_rolled_back_delete_leaves_no_marks() {
    let double = table().await;
    let before = files(&double);
    let mut transaction = double.warehouse.begin();
    transaction.run("DELETE FROM t WHERE id % 5 = 0").await.unwrap();
    drop(transaction);
    assert_eq!(files(&double), before);
    assert_eq!(double.value(CONTENT).await, content(|_| true));
}

#[tokio::test]
async fn marks_that_do_not_fit_their_rows_are_refused_at_open() {
    let double = table().await;
    double.run("DELETE FROM t WHERE id % 5 = 0").await;
    let name = with_ending(&double, ".marks").remove(0);
    let path = double.folder.path().join("segments").join(name);
    std::fs::write(&path, "half").unwrap();
    let bucket = Arc::clone(&double.bucket) as Arc<dyn crate::Objects>;
    let clock: crate::Clock = Arc::new(|| chrono::DateTime::UNIX_EPOCH);
    let error = crate::Warehouse::open(double.folder.path(), bucket, clock).unwrap_err();
    assert!(model::error::chain(&error).contains("marks has 4 bytes"), "{error:?}");
}
