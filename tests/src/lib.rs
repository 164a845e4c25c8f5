//! What crosses crates: the pipeline over the wire, against AWS on this machine.
//!
//! [`Pipeline`] starts one in a folder of its own and delivers, waits and asks as a producer and an analyst would.
//! Nothing here knows how a handler does its work.

use std::path::{Path, PathBuf};

use aws::object;
use chrono::{DateTime, Utc};
use local::{Local, Options};
use model::Result;
use model::dataset::DatasetFile;
use model::layout;
use model::name::{RunName, S3Url};
use model::report::RunReport;
use serde_json::Value;
use sluice::command::send;
use sluice::follow::Delivery;
use sluice::history::{self, What};
use sluice::place::Place;
use sluice::{upload, warehouse};
use tempfile::TempDir;

/// Orders with one column of each kind that is often wrong. Half of the rows may be rejects.
pub const ORDERS: &str = r#"
dataset: orders
landing: orders/
format: csv
nulls: ["NA"]
columns:
  id:      {type: bigint, required: true}
  name:    {type: varchar(10), clean: [trim, lower]}
  sold_on: {type: date}
  amount:  {type: "decimal(10,2)"}
partition_by: {dt: day(sold_on)}
rejects: {max_ratio: 0.5}
catalog: {database: lake}
load: {table: analytics.orders, mode: append, sort_key: [sold_on]}
"#;

/// Three good rows in two partitions, and one whose amount is no number.
pub const FOUR_ROWS: &str =
    "id,name,sold_on,amount\n1, Ann ,2026-01-01,10.50\n2,Bob,2026-01-02,NA\n3,Cy,2026-01-01,7\n4,Di,2026-01-01,x\n";

/// A pipeline on this machine.
pub struct Pipeline {
    /// AWS.
    pub local: Local,
    /// How a person reaches it.
    pub place: Place,
    /// The dataset that batches are delivered of.
    pub dataset: DatasetFile,
    folder: PathBuf,
    files: TempDir,
}

impl Pipeline {
    /// Starts one in a folder, or starts it again on what is there, with the dataset uploaded. The SDK tries a call
    /// once: what heals a fault is the flow's doing.
    pub async fn start(folder: &Path, dataset: &str) -> Result<Self> {
        Self::start_with(Options::at(folder), dataset).await
    }

    /// The same with options.
    pub async fn start_with(options: Options, dataset: &str) -> Result<Self> {
        let folder = options.state.clone();
        let options = Options { max_attempts: 1, ..options };
        let local = Local::start(options).await?;
        let place = Place::of(&local)?;
        let dataset = DatasetFile::parse(dataset, "the test's dataset")?;
        upload::datasets(&place, std::slice::from_ref(&dataset)).await?;
        let files =
            TempDir::new().map_err(|error| model::Error::new(model::Kind::Bug, "make", "a folder").because(error))?;
        Ok(Self { local, place, dataset, folder, files })
    }

    /// The state folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Delivers a batch of files and waits until nothing is in flight.
    pub async fn deliver(&self, batch: &str, files: &[(&str, &str)]) -> Result<Delivery> {
        self.deliver_as_of(batch, files, None).await
    }

    /// The same for a batch that says when it is from.
    pub async fn deliver_as_of(
        &self,
        batch: &str,
        files: &[(&str, &str)],
        as_of: Option<DateTime<Utc>>,
    ) -> Result<Delivery> {
        let delivery = self.send_as_of(batch, files, as_of).await?;
        self.local.idle().await;
        Ok(delivery)
    }

    /// Delivers a batch of files and does not wait.
    pub async fn send(&self, batch: &str, files: &[(&str, &str)]) -> Result<Delivery> {
        self.send_as_of(batch, files, None).await
    }

    async fn send_as_of(&self, batch: &str, files: &[(&str, &str)], as_of: Option<DateTime<Utc>>) -> Result<Delivery> {
        let mut paths = Vec::new();
        for (name, text) in files {
            let path = self.files.path().join(name);
            std::fs::write(&path, text)
                .map_err(|error| model::Error::new(model::Kind::Bug, "write", path.display()).because(error))?;
            paths.push(path);
        }
        send::deliver(&self.place, &self.dataset, batch, &paths, as_of).await
    }

    /// Rows of a query, each as JSON.
    pub async fn query(&self, sql: &str) -> Result<Vec<Vec<Value>>> {
        Ok(warehouse::query(&self.place, sql).await?.rows)
    }

    /// One number.
    pub async fn number(&self, sql: &str) -> Result<u64> {
        let rows = self.query(sql).await?;
        rows.first().and_then(|row| row.first()).and_then(Value::as_u64).ok_or_else(|| {
            model::Error::new(model::Kind::Bug, "count by", sql).because(format!("the answer is {rows:?}"))
        })
    }

    /// The last report of a run, if it has one.
    pub async fn report(&self, run: &RunName) -> Result<Option<RunReport>> {
        match history::last_report(&self.place, run).await? {
            Some(n) => history::report(&self.place, run, n).await.map(Some),
            None => Ok(None),
        }
    }

    /// The keys of all refusals.
    pub async fn refusals(&self) -> Result<Vec<String>> {
        let seen = history::all(&self.place, None).await?;
        let key = |what| match what {
            What::Refused(key) => Some(key),
            What::Run(..) => None,
        };
        Ok(seen.into_iter().filter_map(|seen| key(seen.what)).collect())
    }

    /// Every Parquet file of a run: its key and the hash of its bytes.
    pub async fn parquet(&self, run: &RunName) -> Result<Vec<(String, String)>> {
        let mut files = self.hashes(&self.export("SLUICE_LAKE_BUCKET"), &format!("{}/", run.dataset())).await?;
        files.retain(|(key, _)| key.contains(&format!("sluice_run={run}/")));
        Ok(files)
    }

    /// Every file of rejects of a run: its key and the hash of its bytes.
    pub async fn rejects(&self, run: &RunName) -> Result<Vec<(String, String)>> {
        self.hashes(&self.place.control_bucket, &format!("rejects/{}/{run}/", run.dataset())).await
    }

    async fn hashes(&self, bucket: &str, prefix: &str) -> Result<Vec<(String, String)>> {
        let mut files = Vec::new();
        for listed in object::list(&self.place.clients.s3, bucket, prefix).await? {
            let bytes = object::read(&self.place.clients.s3, bucket, &listed.key).await?.unwrap_or_default();
            files.push((listed.key, model::hash::sha256_hex(&bytes)));
        }
        Ok(files)
    }

    /// The documents of a run by their keys in its folder.
    pub async fn documents(&self, run: &RunName) -> Result<Vec<String>> {
        let folder = layout::run(run);
        let listed = object::list(&self.place.clients.s3, &self.place.control_bucket, &folder).await?;
        Ok(listed.into_iter().filter_map(|object| object.key.strip_prefix(&folder).map(str::to_owned)).collect())
    }

    /// One of the settings that local prints.
    pub fn export(&self, name: &str) -> String {
        let found = self.local.exports().into_iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value).unwrap_or_default()
    }

    /// Puts an object into the landing bucket.
    pub async fn put(&self, key: &str, bytes: &[u8]) -> Result<S3Url> {
        let url = S3Url::new(&self.place.landing_bucket, key)
            .map_err(|error| model::Error::new(model::Kind::Bug, "name", key).because(error))?;
        let body = aws_sdk_s3::primitives::ByteStream::from(bytes.to_vec());
        let sent = self.place.clients.s3.put_object().bucket(url.bucket()).key(key).body(body).send().await;
        sent.map(|_| url.clone()).map_err(|error| aws::error::sorted("put", &url, error))
    }
}
