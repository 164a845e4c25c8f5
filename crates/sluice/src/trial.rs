//! A dataset tried on local files, without any AWS: the engine that transform runs, between files instead of buckets.
//!
//! ```text
//! files ─► engine::Item ─► OUT/lake/<partitions>/<item>-<n>.parquet · OUT/rejects/<item>.jsonl · OUT/report.json
//! ```

mod folder;
mod report;
mod sample;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use aws::Settings;
use aws::mask_key::MaskKeySource;
use bytes::Bytes;
use engine::mask::MaskKey;
use engine::{InputEnded, Item, Options, Outcome};
use model::dataset::DatasetFile;
use model::hash::hash32;
use model::name::{BatchId, RunName, S3Url};
use model::{Error, Kind, Result};

use self::folder::Folder;
pub use self::report::{InputReport, OutputReport, TrialReport};
pub use self::sample::infer;

/// Files are read in pieces of this many bytes.
const READ_BYTES: usize = 1024 * 1024;

/// Objects are written in pieces of this many bytes.
const CHUNK_BYTES: usize = 256 * 1024;

/// What a trial came to: its report, always, and what went wrong.
#[derive(Debug)]
pub struct Trial {
    /// Of what was read.
    pub report: TrialReport,
    /// Why nothing would be loaded: an input that cannot be read, or too many rejects.
    pub error: Option<Error>,
}

/// Reads, cleans and partitions the files, in order, as one batch. What an earlier trial left in the folder is replaced.
/// Fails, as `Config`, where the dataset, the folder or a file's name cannot be; after that there is a report.
pub fn run(dataset: &DatasetFile, files: &[PathBuf], out: &Path) -> Result<Trial> {
    engine::check(&dataset.dataset)?;
    let inputs = files.iter().map(|path| find(path)).collect::<Result<Vec<_>>>()?;
    let mut folder = Folder::prepare(out)?;
    let started = Instant::now();
    let mut report = TrialReport::of(dataset);
    let made = resolve(dataset, files).and_then(|dataset| make(&dataset, inputs, &mut folder, &mut report));
    report.measure(started.elapsed());
    let error = match made {
        Ok(outcome) => {
            report.take(outcome, &folder);
            let limit = &dataset.dataset.rejects;
            report.counts().check_limit(limit, &format!("a batch of {}", dataset.dataset.dataset)).err()
        }
        // What was written belongs to no whole object.
        Err(error) => {
            folder.clear()?;
            Some(error)
        }
    };
    report.error = error.as_ref().map(|error| model::error::chain(error));
    folder.write_report(&report)?;
    match error {
        Some(error) if matches!(error.kind(), Kind::Config | Kind::Bug) => Err(error),
        error => Ok(Trial { report, error }),
    }
}

/// The dataset with its columns, from the files where it names none.
fn resolve(dataset: &DatasetFile, files: &[PathBuf]) -> Result<DatasetFile> {
    let mut resolved = dataset.clone();
    if dataset.dataset.needs_schema() {
        resolved.dataset = dataset.dataset.clone().with_columns(infer(&dataset.dataset, files)?.columns)?;
        engine::check(&resolved.dataset)?;
    }
    Ok(resolved)
}

struct Input {
    path: PathBuf,
    size_bytes: u64,
}

/// Says whether a file can be read before any is.
fn find(path: &Path) -> Result<Input> {
    let fault = |error| Error::new(Kind::Config, "read", path.display()).because(error);
    let metadata = File::open(path).and_then(|file| file.metadata()).map_err(fault)?;
    if metadata.is_dir() {
        return Err(Error::new(Kind::Config, "read", path.display()).because("it is a folder; name the files in it"));
    }
    Ok(Input { path: path.to_owned(), size_bytes: metadata.len() })
}

fn make(dataset: &DatasetFile, inputs: Vec<Input>, folder: &mut Folder, report: &mut TrialReport) -> Result<Outcome> {
    let names: Vec<String> = inputs.iter().map(|input| input.path.display().to_string()).collect();
    let (run, batch) = names_of(dataset, &names)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let options = Options { mask_key: mask_key(dataset)?, threads, chunk_bytes: CHUNK_BYTES };
    let mut item = Item::new(&dataset.dataset, &run, &batch, 0, &options)?;
    report.columns =
        dataset.dataset.columns.iter().map(|(name, column)| (name.to_string(), column.kind.to_string())).collect();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        report.inputs.clear();
        for (input, name) in inputs.iter().zip(&names) {
            let ended = read(&mut item, input, name, &mut buffer, folder)?;
            let InputEnded { rows, found, left_out } = ended;
            report.inputs.push(InputReport { path: name.clone(), bytes: input.size_bytes, rows, found, left_out });
        }
        if !item.next_pass()? {
            break;
        }
    }
    while item.close_next()? {
        folder.write(item.take_output())?;
    }
    let outcome = item.finish()?;
    folder.write(item.take_output())?;
    Ok(outcome)
}

/// Reads one input, from its start.
fn read(item: &mut Item, input: &Input, name: &str, buffer: &mut [u8], folder: &mut Folder) -> Result<InputEnded> {
    let fault = |error| Error::new(Kind::Data, "read", name).because(error);
    let mut file = File::open(&input.path).map_err(fault)?;
    item.begin_input(name, input.size_bytes)?;
    // Of a format that is read by ranges, those that are wanted; of the others nothing is.
    while let Some(range) = item.wants().into_iter().next() {
        let bytes = bytes_of(&mut file, &range).map_err(fault)?;
        item.push_range(range.start, bytes)?;
        folder.write(item.take_output())?;
    }
    while !item.is_ranged() {
        let length = file.read(buffer).map_err(fault)?;
        if length == 0 {
            break;
        }
        item.push(buffer.get(..length).unwrap_or_default())?;
        folder.write(item.take_output())?;
    }
    let ended = item.end_input()?;
    folder.write(item.take_output())?;
    Ok(ended)
}

/// A range of a file.
fn bytes_of(file: &mut File, range: &Range<u64>) -> std::io::Result<Bytes> {
    let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(std::io::Error::other)?];
    file.seek(SeekFrom::Start(range.start))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes.into())
}

/// The key of masks, where the dataset needs one: the environment's. A secret is beyond this machine.
fn mask_key(dataset: &DatasetFile) -> Result<Option<MaskKey>> {
    if !dataset.dataset.needs_mask_key() {
        return Ok(None);
    }
    let mut settings = Settings::new(aws::settings::environment);
    let source = MaskKeySource::read(&mut settings);
    settings.finish()?;
    match source {
        MaskKeySource::Environment(key) => Ok(Some(key)),
        MaskKeySource::Secret(_) | MaskKeySource::None => {
            Err(Error::new(Kind::Config, "mask", format!("dataset {}", dataset.dataset.dataset))
                .because("`mask: sha256` needs a key: set SLUICE_MASK_KEY to a text of 16 bytes or more"))
        }
    }
}

/// The names that the rows carry. They follow from the dataset and the files' names, so that a second trial writes the
/// same bytes.
fn names_of(dataset: &DatasetFile, files: &[String]) -> Result<(RunName, BatchId)> {
    let bad = |error| Error::new(Kind::Bug, "name", "a trial").because(error);
    let parts = std::iter::once(dataset.sha256.as_str()).chain(files.iter().map(String::as_str));
    let run = RunName::new(dataset.dataset.dataset.clone(), &hash32(parts)).map_err(bad)?;
    let manifest = S3Url::new("trial", &format!("{}/_manifest.json", dataset.dataset.dataset)).map_err(bad)?;
    Ok((run, BatchId::of(&manifest)))
}
