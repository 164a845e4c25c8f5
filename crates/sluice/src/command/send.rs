//! `sluice send DATASET FILES…`

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws::{mask_key, object};
use chrono::{DateTime, Utc};
use model::dataset::DatasetFile;
use model::layout;
use model::manifest::ListingEntry;
use model::name::{DatasetName, S3Url};
use model::plan::{Input, RunPlan};
use model::report::Status;
use model::{Error, Kind, Result};

use crate::cli::Send;
use crate::command::Ended;
use crate::command::show::SHOWN_REJECTS;
use crate::follow::{self, Delivery, End};
use crate::place::Place;
use crate::upload::S3Folder;
use crate::{history, screen, upload};

/// Uploads, follows, and prints the report.
pub async fn run(arguments: &Send, json: bool) -> Result<Ended> {
    let place = Place::find().await?;
    let dataset = dataset(&place, &arguments.dataset).await?;
    let batch = match &arguments.batch {
        Some(batch) => batch.clone(),
        None => new_batch(&place, &dataset, default_batch(&arguments.files)?).await?,
    };
    let delivery = deliver(&place, &dataset, &batch, &arguments.files, arguments.as_of).await?;
    if !json {
        screen::line(format_args!("delivered    {}", delivery.manifest));
    }
    let tell = |step: String| {
        if !json {
            screen::line(step);
        }
    };
    let end = follow::to_the_end(&place, &delivery, Duration::from_secs(arguments.timeout), tell).await?;
    show(&place, &end, json).await
}

/// Prints how a delivery ended.
pub async fn show(place: &Place, end: &End, json: bool) -> Result<Ended> {
    Ok(match end {
        End::Report(report) => {
            if json {
                screen::json(report);
            } else {
                screen::line("");
                screen::report(report, &history::rejects(place, report, SHOWN_REJECTS).await?);
            }
            if report.status == Status::Failed { Ended::Badly } else { Ended::Well }
        }
        End::Refused(refusal) => {
            if json {
                screen::json(refusal);
            } else {
                screen::refusal(refusal);
            }
            Ended::Badly
        }
    })
}

/// Uploads a batch: its files, then its manifest, which starts the run.
pub async fn deliver(
    place: &Place,
    dataset: &DatasetFile,
    batch: &str,
    files: &[PathBuf],
    as_of: Option<DateTime<Utc>>,
) -> Result<Delivery> {
    let folder = S3Folder::of_batch(place, dataset, batch)?;
    let entries = upload::files(place, &folder, files).await?;
    announce(place, dataset, &folder, as_of, entries).await
}

/// Uploads the manifest of files that are there, and computes the run it makes as the starter will.
pub async fn announce(
    place: &Place,
    dataset: &DatasetFile,
    folder: &S3Folder,
    as_of: Option<DateTime<Utc>>,
    entries: Vec<ListingEntry>,
) -> Result<Delivery> {
    // Asked first: without a key nothing is announced that could not become a run.
    let mask_key = mask_key::version(&place.clients, &place.mask_key, &dataset.dataset).await?;
    let mut inputs = Vec::new();
    for entry in &entries {
        let url = S3Url::parse(&entry.url).map_err(|error| Error::new(Kind::Bug, "send", &entry.url).because(error))?;
        let pin = pin(place, &url).await?;
        inputs.push(Input { url, pin, promise: entry.meta.clone() });
    }
    let manifest = upload::manifest(place, folder, as_of, entries).await?;
    let pin = pin(place, &manifest).await?;
    let run = RunPlan::name(&manifest, &pin, dataset, &inputs, mask_key.as_deref())?;
    Ok(Delivery { manifest, pin, run })
}

async fn pin(place: &Place, url: &S3Url) -> Result<model::arrival::Pin> {
    object::head(&place.clients.s3, url, None).await?.ok_or_else(|| {
        Error::new(Kind::Transient, "find", url)
            .because("it was uploaded just now and is gone: somebody else writes here")
    })
}

/// The dataset by its name in the control bucket, or by a path, from which it is uploaded.
async fn dataset(place: &Place, argument: &str) -> Result<DatasetFile> {
    if argument.ends_with(".yaml") || argument.ends_with(".yml") {
        let file = upload::read_dataset(Path::new(argument))?;
        engine::check(&file.dataset)?;
        upload::datasets(place, std::slice::from_ref(&file)).await?;
        return Ok(file);
    }
    let fault = |why: String| Error::new(Kind::Config, "find dataset", argument).because(why);
    let name = DatasetName::parse(argument).map_err(|error| fault(error.to_string()))?;
    let key = layout::dataset(&name);
    let bytes = object::read(&place.clients.s3, &place.control_bucket, &key).await?.ok_or_else(|| {
        fault(format!(
            "there is no s3://{}/{key}; upload it with `sluice check --upload`, or send with its path",
            place.control_bucket
        ))
    })?;
    let text = String::from_utf8(bytes.to_vec()).map_err(|error| fault(error.to_string()))?;
    DatasetFile::parse(&text, &format!("s3://{}/{key}", place.control_bucket))
}

/// A batch that was not named must be new: `jan/data.csv` and `feb/data.csv` are both `data`, and the second would
/// replace the rows of the first.
async fn new_batch(place: &Place, dataset: &DatasetFile, batch: String) -> Result<String> {
    let manifest = S3Folder::of_batch(place, dataset, &batch)?.manifest()?;
    match object::head(&place.clients.s3, &manifest, None).await? {
        None => Ok(batch),
        Some(_) => Err(Error::new(Kind::Config, "send", format!("batch {batch}")).because(format!(
            "{manifest} was delivered before; --batch {batch} replaces its rows, another name adds a batch"
        ))),
    }
}

/// The first file's name without its last ending: `2013.01.csv` and `2013.02.csv` are two batches.
fn default_batch(files: &[PathBuf]) -> Result<String> {
    let stem = files.first().and_then(|path| path.file_stem()).and_then(|stem| stem.to_str()).unwrap_or_default();
    if stem.is_empty() {
        return Err(Error::new(Kind::Config, "name", "the batch").because("the first file has no name; use --batch"));
    }
    Ok(stem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_differ_before_their_ending_are_batches_of_their_own() {
        let batch = |name: &str| default_batch(&[PathBuf::from(name)]).unwrap();
        assert_eq!(batch("in/2013.01.csv"), "2013.01");
        assert_eq!(batch("2013.02.csv"), "2013.02");
        assert_eq!(batch("orders"), "orders");
        assert!(default_batch(&[PathBuf::from("..")]).is_err());
    }
}
