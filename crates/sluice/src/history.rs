//! What has run: runs and refusals, from the control bucket's listing.

use std::collections::BTreeMap;

use aws::object::{self, Listed};
use chrono::{DateTime, Utc};
use model::layout;
use model::manifest::Manifest;
use model::name::{DatasetName, RunName};
use model::part::RejectLine;
use model::refusal::Refusal;
use model::report::RunReport;
use model::{Error, Kind, Result};
use serde::Serialize;

use crate::place::Place;

/// A run or a refusal as the listing shows it: its key or name, and when something of it was last written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What it is.
    pub what: What,
    /// When something of it was last written.
    pub last_modified: DateTime<Utc>,
}

/// A run or a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A run, and the highest n that has a report.
    Run(RunName, Option<u32>),
    /// A refusal's key.
    Refused(String),
}

/// One line of the history.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// The run's name, or the refusal's key.
    pub run: String,
    /// `succeeded`, `superseded`, `failed`, `refused`, or `running` where no report is there yet.
    pub status: String,
    /// The manifest.
    pub manifest: Option<String>,
    /// Rows in the files.
    pub read: Option<u64>,
    /// Rows that are rejects.
    pub rejected: Option<u64>,
    /// Rows in the table.
    pub published: Option<u64>,
    /// When something of it was last written.
    pub at: DateTime<Utc>,
}

/// Every run and refusal, newest first.
pub async fn all(place: &Place, dataset: Option<&DatasetName>) -> Result<Vec<Seen>> {
    let (s3, bucket) = (&place.clients.s3, &place.control_bucket);
    let of = |root: &str| dataset.map_or_else(|| format!("{root}/"), |dataset| format!("{root}/{dataset}/"));
    let runs = object::list(s3, bucket, &of("runs")).await?;
    let refused = object::list(s3, bucket, &of("refused")).await?;
    let mut seen = by_run(&runs);
    seen.extend(
        refused.into_iter().map(|listed| Seen { what: What::Refused(listed.key), last_modified: listed.last_modified }),
    );
    seen.sort_by_key(|seen| std::cmp::Reverse(seen.last_modified));
    Ok(seen)
}

fn by_run(objects: &[Listed]) -> Vec<Seen> {
    let mut runs: BTreeMap<RunName, (Option<u32>, DateTime<Utc>)> = BTreeMap::new();
    for object in objects {
        // runs/<dataset>/<run>/…; what does not read so is not ours.
        let mut segments = object.key.splitn(4, '/').skip(2);
        let (Some(run), Some(rest)) = (segments.next(), segments.next()) else { continue };
        let Ok(run) = RunName::parse(run) else { continue };
        let (n, last_modified) = runs.entry(run).or_insert((None, object.last_modified));
        *n = layout::report_number(rest).max(*n);
        *last_modified = object.last_modified.max(*last_modified);
    }
    runs.into_iter().map(|(run, (n, last_modified))| Seen { what: What::Run(run, n), last_modified }).collect()
}

/// The highest n of a run that has a report.
pub async fn last_report(place: &Place, run: &RunName) -> Result<Option<u32>> {
    let folder = layout::run(run);
    let objects = object::list(&place.clients.s3, &place.control_bucket, &folder).await?;
    Ok(objects.iter().filter_map(|object| layout::report_number(object.key.strip_prefix(&folder)?)).max())
}

/// A run's report.
pub async fn report(place: &Place, run: &RunName, n: u32) -> Result<RunReport> {
    object::need_document(&place.clients.s3, &place.control_bucket, &layout::report(run, n)).await
}

/// A run's manifest, if the run got so far.
pub async fn manifest(place: &Place, run: &RunName) -> Result<Option<Manifest>> {
    object::read_document(&place.clients.s3, &place.control_bucket, &layout::manifest(run)).await
}

/// The first rejects of a run, so many at most.
pub async fn rejects(place: &Place, report: &RunReport, most: usize) -> Result<Vec<RejectLine>> {
    let mut rejects = Vec::new();
    for url in &report.rejects {
        if rejects.len() >= most {
            break;
        }
        let bytes = object::read(&place.clients.s3, url.bucket(), url.key()).await?.unwrap_or_default();
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        for line in lines.take(most - rejects.len()) {
            let reject = serde_json::from_slice(line);
            rejects.push(reject.map_err(|error| Error::new(Kind::Bug, "read", url).because(error))?);
        }
    }
    Ok(rejects)
}

/// A refusal.
pub async fn refusal(place: &Place, key: &str) -> Result<Refusal> {
    let unknown = || {
        Error::new(Kind::Config, "find", format!("s3://{}/{key}", place.control_bucket))
            .because("there is no such run or refusal; `sluice runs` lists them")
    };
    if !key.starts_with("refused/") {
        return Err(unknown());
    }
    object::read_document(&place.clients.s3, &place.control_bucket, key).await?.ok_or_else(unknown)
}

/// What is to be said of a run or refusal in one line.
pub async fn entry(place: &Place, seen: Seen) -> Result<Entry> {
    let at = seen.last_modified;
    match seen.what {
        What::Run(run, Some(n)) => {
            let report = report(place, &run, n).await?;
            // Without an equation nothing was counted.
            let counts = (!report.equation.is_empty()).then_some(report.counts);
            Ok(Entry {
                run: run.to_string(),
                status: report.status.name().to_owned(),
                manifest: report.manifest.map(|url| url.to_string()),
                read: counts.map(|counts| counts.read),
                rejected: counts.map(|counts| counts.rejected),
                published: report.load.map(|load| load.published),
                at,
            })
        }
        What::Run(run, None) => {
            let manifest = manifest(place, &run).await?.map(|manifest| manifest.url.to_string());
            let status = "running".to_owned();
            Ok(Entry { run: run.to_string(), status, manifest, read: None, rejected: None, published: None, at })
        }
        What::Refused(key) => {
            let manifest = Some(refusal(place, &key).await?.manifest.to_string());
            let status = "refused".to_owned();
            Ok(Entry { run: key, status, manifest, read: None, rejected: None, published: None, at })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(key: &str, second: i64) -> Listed {
        let last_modified = DateTime::from_timestamp(second, 0).unwrap();
        Listed { key: key.to_owned(), size_bytes: 1, last_modified }
    }

    #[test]
    fn a_run_is_as_new_as_its_newest_object_and_has_its_highest_report() {
        let name = format!("sales-{}", "0".repeat(32));
        let objects = [
            listed(&format!("runs/sales/{name}/plan.json"), 1),
            listed(&format!("runs/sales/{name}/10/report.json"), 9),
            listed(&format!("runs/sales/{name}/2/report.json"), 5),
            listed("runs/sales/stray.txt", 7),
        ];
        let seen = by_run(&objects);
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].what, What::Run(RunName::parse(&name).unwrap(), Some(10)));
        assert_eq!(seen[0].last_modified.timestamp(), 9);
    }
}
