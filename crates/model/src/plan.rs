//! A run's plan: exactly what is read, how it is split, and why.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::arrival::{Pin, Sequencer};
use crate::dataset::DatasetFile;
use crate::error::{Error, Kind, Result};
use crate::hash;
use crate::manifest::{ListingMeta, Manifest};
use crate::name::{BatchId, RunName, S3Url};

/// Past this many bytes a batch is split, if it has more files than one.
pub const ITEM_BYTES: u64 = 512 * 1024 * 1024;

/// An inline Map runs at most this many items at once (facts/stepfunctions-eventbridge.md).
pub const MAX_ITEMS: usize = 40;

/// The document `plan.json` of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunPlan {
    /// Of this document: 1.
    pub version: u32,
    /// The run.
    pub run: RunName,
    /// Its batch.
    pub batch: BatchId,
    /// Where the rows are made.
    pub engine: Engine,
    /// Why there, and why in so many items.
    pub reason: String,
    /// The files, in the manifest's order.
    pub inputs: Vec<Input>,
    /// How many of the inputs, in order, make each item.
    pub items: Vec<usize>,
    /// SHA-256 of the dataset file.
    pub dataset_sha256: String,
    /// The dataset file, as it was when the run began.
    pub dataset_file: String,
    /// The version of the key that masks its values, where the dataset's masks need one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask_key: Option<String>,
}

/// Where a batch's rows are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// One call of the transform function.
    Lambda,
    /// Many calls of it at once, by an inline Map.
    LambdaMap,
}

/// Which run an event's delivery became. An event that comes again, whatever has become of the files since, is that run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Of this document: 1.
    pub version: u32,
    /// The run.
    pub run: RunName,
}

impl Claim {
    /// The version that is written now.
    pub const VERSION: u32 = 1;

    /// 32 hex digits of what an event tells of: the manifest's version, the event's sequencer where it has one (two
    /// uploads in one second have two), and the dataset file.
    pub fn hash(pin: &Pin, sequencer: Option<&Sequencer>, dataset: &DatasetFile) -> String {
        let sequencer = sequencer.map(Sequencer::padded).unwrap_or_default();
        hash::hash32([pin.version().as_str(), &sequencer, &dataset.sha256])
    }
}

/// One file: its address, its exact bytes, and what the manifest promises of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its address.
    pub url: S3Url,
    /// Its exact bytes.
    pub pin: Pin,
    /// What is promised.
    pub promise: ListingMeta,
}

impl RunPlan {
    /// The version that is written now.
    pub const VERSION: u32 = 1;

    /// The plan for a manifest whose files have been pinned, in the manifest's order, and whose values are masked with
    /// a version of the key, where the dataset's masks need one.
    pub fn for_manifest(
        manifest: &Manifest,
        dataset: &DatasetFile,
        inputs: Vec<Input>,
        mask_key: Option<String>,
    ) -> Result<Self> {
        if dataset.dataset.needs_mask_key() != mask_key.is_some() {
            return Err(Error::new(Kind::Bug, "plan a run of", &manifest.url)
                .because("a mask's key is pinned exactly where the dataset has a mask that needs one"));
        }
        let run = Self::name(&manifest.url, &manifest.pin, dataset, &inputs, mask_key.as_deref())?;
        let dedupes = dataset.dataset.dedupe.is_some();
        let items = if dedupes { vec![inputs.len()] } else { split(&inputs) };
        let bytes: u64 = inputs.iter().map(|input| input.pin.size_bytes).sum();
        let (engine, why) = match items.len() {
            1 if dedupes => (Engine::Lambda, "dedupe looks at the whole batch: one item".to_owned()),
            1 if inputs.len() == 1 => (Engine::Lambda, "one file is one item".to_owned()),
            1 => (Engine::Lambda, format!("at most {ITEM_BYTES} bytes are one item")),
            n => (Engine::LambdaMap, format!("more than {ITEM_BYTES} bytes: {n} items of whole files, side by side")),
        };
        Ok(Self {
            version: Self::VERSION,
            run,
            batch: manifest.batch.clone(),
            engine,
            reason: format!("{} file(s), {bytes} bytes: {why}", inputs.len()),
            inputs,
            items,
            dataset_sha256: dataset.sha256.clone(),
            dataset_file: dataset.text.clone(),
            mask_key,
        })
    }

    /// The run of one delivery: the manifest's address and version, its exact inputs, the exact dataset file, and the
    /// exact key of its masks.
    pub fn name(
        manifest: &S3Url,
        pin: &Pin,
        dataset: &DatasetFile,
        inputs: &[Input],
        mask_key: Option<&str>,
    ) -> Result<RunName> {
        let mut parts = vec![manifest.to_string(), pin.version(), dataset.sha256.clone()];
        for input in inputs {
            // Not Last-Modified: an input written again with the same bytes is the same input.
            let version = input.pin.version_id.as_ref().unwrap_or(&input.pin.etag);
            parts.extend([input.url.to_string(), version.clone(), input.pin.size_bytes.to_string()]);
        }
        // Without one, a run has the name it had before there were keys.
        parts.extend(mask_key.map(|version| format!("mask key {version}")));
        RunName::new(dataset.dataset.dataset.clone(), &hash::hash32(parts.iter().map(String::as_str)))
            .map_err(|error| Error::new(Kind::Bug, "name a run of", manifest).because(error))
    }

    /// What the dataset file says.
    pub fn dataset(&self) -> Result<DatasetFile> {
        DatasetFile::parse(&self.dataset_file, &format!("in the plan of {}", self.run))
    }

    /// Which inputs an item reads.
    pub fn item(&self, item: u32) -> Result<Range<usize>> {
        let index = usize::try_from(item).unwrap_or(usize::MAX);
        let length = self.items.get(index).ok_or_else(|| {
            Error::new(Kind::Bug, "find item", format!("{item} of {}", self.run))
                .because(format!("it has {}", self.items.len()))
        })?;
        let start: usize = self.items.iter().take(index).sum();
        Ok(start..start + length)
    }

    /// The numbers of all items.
    pub fn item_numbers(&self) -> Vec<u32> {
        (0u32..).take(self.items.len()).collect()
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lambda => "one Lambda",
            Self::LambdaMap => "many Lambdas",
        })
    }
}

/// Whole files, in order, in as few items as hold [`ITEM_BYTES`] each, and never more than [`MAX_ITEMS`].
fn split(inputs: &[Input]) -> Vec<usize> {
    let bytes: u64 = inputs.iter().map(|input| input.pin.size_bytes).sum();
    let target = ITEM_BYTES.max(bytes.div_ceil(MAX_ITEMS as u64));
    let mut items = Vec::new();
    let (mut length, mut filled) = (0, 0);
    for input in inputs {
        // The last item takes what is left: files are whole, so the items before it may be under-filled.
        if length > 0 && filled + input.pin.size_bytes > target && items.len() + 1 < MAX_ITEMS {
            items.push(length);
            (length, filled) = (0, 0);
        }
        length += 1;
        filled += input.pin.size_bytes;
    }
    items.push(length);
    items
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
