//! What a trial came to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use engine::{Object, Outcome};
use indexmap::IndexMap;
use model::count::Counts;
use model::dataset::DatasetFile;
use model::name::DatasetName;
use serde::Serialize;

use super::folder::Folder;

/// The report of a trial, as `report.json` has it.
#[derive(Debug, Clone, Serialize)]
pub struct TrialReport {
    /// The dataset.
    pub dataset: DatasetName,
    /// The columns and their types, those that were found in the files too.
    pub columns: IndexMap<String, String>,
    /// Rows in the files.
    pub read: u64,
    /// Rows in Parquet.
    pub accepted: u64,
    /// Rows in the rejects.
    pub rejected: u64,
    /// Rows that a filter left out.
    pub filtered: u64,
    /// Rows that repeat another's key.
    pub duplicate: u64,
    /// Rejects by the code of their reason.
    pub rejected_by_reason: BTreeMap<String, u64>,
    /// Texts that were cut to fit their column, by its name.
    pub truncated: BTreeMap<String, u64>,
    /// Columns that are null in every accepted row.
    pub without_values: Vec<String>,
    /// Parquet files.
    pub files: usize,
    /// Bytes read.
    pub bytes: u64,
    /// How long it took.
    pub seconds: f64,
    /// Bytes read in a second.
    pub bytes_per_second: f64,
    /// The most memory that the process held, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// The files that were read.
    pub inputs: Vec<InputReport>,
    /// The Parquet files that were written.
    pub outputs: Vec<OutputReport>,
    /// The rejects, where there are any.
    pub rejects: Option<PathBuf>,
    /// Why nothing would be loaded.
    pub error: Option<String>,
}

/// A file that was read.
#[derive(Debug, Clone, Serialize)]
pub struct InputReport {
    /// As it was named.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its rows, good and bad.
    pub rows: u64,
    /// How it is written, where that was found out rather than said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// Names of its columns or records that the dataset does not have, and that its contract leaves out; those of the files
    /// before it apart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// A Parquet file that was written.
#[derive(Debug, Clone, Serialize)]
pub struct OutputReport {
    /// Where it lies.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
}

impl TrialReport {
    pub(super) fn of(dataset: &DatasetFile) -> Self {
        Self {
            dataset: dataset.dataset.dataset.clone(),
            columns: IndexMap::new(),
            read: 0,
            accepted: 0,
            rejected: 0,
            filtered: 0,
            duplicate: 0,
            rejected_by_reason: BTreeMap::new(),
            truncated: BTreeMap::new(),
            without_values: Vec::new(),
            files: 0,
            bytes: 0,
            seconds: 0.0,
            bytes_per_second: 0.0,
            peak_memory_bytes: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
            rejects: None,
            error: None,
        }
    }

    /// Where every row went.
    pub fn counts(&self) -> Counts {
        let Self { read, accepted, rejected, filtered, duplicate, .. } = *self;
        Counts { read, accepted, rejected, filtered, duplicate }
    }

    pub(super) fn take(&mut self, outcome: Outcome, folder: &Folder) {
        let Counts { read, accepted, rejected, filtered, duplicate } = outcome.counts;
        (self.read, self.accepted, self.rejected) = (read, accepted, rejected);
        (self.filtered, self.duplicate) = (filtered, duplicate);
        self.rejected_by_reason = outcome.rejected_by_reason;
        self.truncated = outcome.truncated;
        self.without_values = outcome.without_values;
        self.files = outcome.files.len();
        let outputs = outcome.files.into_iter().map(|file| OutputReport {
            path: folder.path_of(&Object::Parquet(file.key)),
            bytes: file.size_bytes,
            rows: file.rows,
        });
        self.outputs = outputs.collect();
        self.rejects = outcome.rejects.map(|key| folder.path_of(&Object::Rejects(key)));
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate needs no 53 bits")]
    pub(super) fn measure(&mut self, took: Duration) {
        self.bytes = self.inputs.iter().map(|input| input.bytes).sum();
        self.seconds = took.as_secs_f64();
        self.bytes_per_second = self.bytes as f64 / self.seconds.max(f64::EPSILON);
        self.peak_memory_bytes = peak_memory_bytes();
    }
}

/// The high-water mark of resident memory, as Linux tells it.
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
