//! `sluice check [PATHS] [--upload | --schema]`

use std::path::{Path, PathBuf};

use model::dataset::{Dataset, DatasetFile};
use model::index::DatasetIndex;
use model::{Error, Kind, Result};
use serde_json::json;

use crate::cli::Check;
use crate::command::Ended;
use crate::place::Place;
use crate::{screen, upload};

/// Checks dataset files, each by itself and all against each other.
pub async fn run(arguments: &Check, json: bool) -> Result<Ended> {
    if arguments.schema {
        screen::json(&schema());
        return Ok(Ended::Well);
    }
    let mut files: Vec<DatasetFile> = Vec::new();
    let mut faults = Vec::new();
    for path in paths(&arguments.paths)? {
        match read(&path) {
            Ok(file) => {
                if !json {
                    screen::line(format_args!("ok  {}  {}", file.dataset.dataset, path.display()));
                }
                files.push(file);
            }
            Err(error) => faults.push(model::error::chain(&error)),
        }
    }
    faults.extend(clashes(&files));
    if json {
        let names: Vec<&str> = files.iter().map(|file| file.dataset.dataset.as_str()).collect();
        screen::json(&json!({"datasets": names, "faults": faults}));
    }
    if !faults.is_empty() {
        return Err(Error::new(Kind::Config, "accept", "the datasets").because(faults.join("\n  ")));
    }
    if arguments.upload {
        let place = Place::find().await?;
        upload::datasets(&place, &files).await?;
        if !json {
            screen::line(format_args!(
                "uploaded {} dataset(s) to s3://{}/datasets/",
                files.len(),
                place.control_bucket
            ));
        }
    }
    Ok(Ended::Well)
}

/// The JSON Schema of dataset files.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Dataset)
}

fn read(path: &Path) -> Result<DatasetFile> {
    let file = upload::read_dataset(path)?;
    engine::check(&file.dataset)?;
    Ok(file)
}

/// Every file named, and every .yaml of every folder named.
fn paths(arguments: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for argument in arguments {
        let fault = |error| Error::new(Kind::Config, "read", argument.display()).because(error);
        if !argument.is_dir() {
            paths.push(argument.clone());
            continue;
        }
        let mut found = Vec::new();
        for entry in std::fs::read_dir(argument).map_err(fault)? {
            found.push(entry.map_err(fault)?.path());
        }
        found.retain(|path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml"));
        found.sort();
        paths.extend(found);
    }
    if paths.is_empty() {
        return Err(Error::new(Kind::Config, "find", "dataset files").because("there is no .yaml in the folders named"));
    }
    Ok(paths)
}

/// Names and prefixes that two files claim.
fn clashes(files: &[DatasetFile]) -> Vec<String> {
    let mut index = DatasetIndex::default();
    let mut faults = Vec::new();
    for file in files {
        let (name, landing) = (&file.dataset.dataset, &file.dataset.landing);
        if index.datasets.insert(name.clone(), landing.clone()).is_some() {
            faults.push(format!("two files are named {name}"));
        }
    }
    // Plain prefixes lie in one bucket whatever its name.
    if let Some((one, other)) = index.clash("") {
        faults.push(format!("{one} and {other} have the same landing prefix; give one of them another"));
    }
    faults
}
