//! The rules, each held by a test named after it. `Double` is a warehouse in a temporary folder with its own clock and
//! its own objects.

mod alter;
mod copy;
mod file;
mod loader;
mod marks;
mod query;
mod rules;
mod system;
mod table;
mod transaction;
mod types;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, RecordBatch};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use parquet::arrow::ArrowWriter;
use serde_json::json;
use tempfile::TempDir;

use crate::{Clock, ObjectError, Objects, Outcome, Warehouse};

/// Objects that a test puts and takes away.
#[derive(Debug, Default)]
pub(crate) struct Bucket(Mutex<BTreeMap<String, Bytes>>);

#[async_trait]
impl Objects for Bucket {
    async fn get(&self, url: &str) -> Result<Bytes, ObjectError> {
        self.0.lock().unwrap().get(url).cloned().ok_or(ObjectError::NotFound)
    }
}

/// A warehouse to test.
pub(crate) struct Double {
    pub folder: TempDir,
    pub bucket: Arc<Bucket>,
    now: Arc<Mutex<DateTime<Utc>>>,
    pub warehouse: Warehouse,
}

impl Double {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bucket = Arc::new(Bucket::default());
        let now = Arc::new(Mutex::new("2024-05-06T07:08:09.123456Z".parse().unwrap()));
        let warehouse = open(&folder, &bucket, &now);
        Self { folder, bucket, now, warehouse }
    }

    /// As after a kill: a new process opens the folder.
    pub fn reopened(self) -> Self {
        let Self { folder, bucket, now, warehouse } = self;
        drop(warehouse);
        let warehouse = open(&folder, &bucket, &now);
        Self { folder, bucket, now, warehouse }
    }

    pub fn wait(&self, time: TimeDelta) {
        *self.now.lock().unwrap() += time;
    }

    pub fn put(&self, url: &str, bytes: impl Into<Bytes>) {
        self.bucket.0.lock().unwrap().insert(url.to_owned(), bytes.into());
    }

    pub async fn run(&self, sql: &str) -> Outcome {
        self.warehouse.execute(sql).await.unwrap_or_else(|error| panic!("{sql}\n{error}"))
    }

    pub async fn error(&self, sql: &str) -> String {
        match self.warehouse.execute(sql).await {
            Ok(_) => panic!("{sql}\nwas taken"),
            Err(error) => error.to_string(),
        }
    }

    /// The rows, `|` between the values and `null` for null.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        let rows = self.run(sql).await.result.unwrap().texts().unwrap();
        let value = |value: Option<String>| value.unwrap_or_else(|| "null".to_owned());
        rows.into_iter().map(|row| row.into_iter().map(value).collect::<Vec<_>>().join("|")).collect()
    }

    /// The one value of a query.
    pub async fn value(&self, sql: &str) -> String {
        let rows = self.rows(sql).await;
        assert_eq!(rows.len(), 1, "{sql}");
        rows.into_iter().next().unwrap()
    }
}

fn open(folder: &TempDir, bucket: &Arc<Bucket>, now: &Arc<Mutex<DateTime<Utc>>>) -> Warehouse {
    let now = Arc::clone(now);
    let clock: Clock = Arc::new(move || *now.lock().unwrap());
    Warehouse::open(folder.path(), Arc::clone(bucket) as Arc<dyn Objects>, clock).unwrap()
}

/// A Parquet file.
pub(crate) fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)));
    let batch = batch.unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// A manifest of files with their true lengths.
pub(crate) fn manifest(files: &[(&str, usize)]) -> Vec<u8> {
    let entry =
        |(url, length): &(&str, usize)| json!({"url": url, "mandatory": true, "meta": {"content_length": length}});
    serde_json::to_vec(&json!({"entries": files.iter().map(entry).collect::<Vec<_>>()})).unwrap()
}
