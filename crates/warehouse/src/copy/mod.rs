//! COPY from Parquet by manifest (facts/redshift-copy.md).
//!
//! ```text
//! manifest ─► every entry complete? ─► each file: there? as long as said? ─► columns by position ─► values ─► batches
//! ```

mod failure;
mod file;
mod manifest;
mod physical;
mod row;

use std::num::NonZero;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use futures::{StreamExt, stream};

pub(crate) use failure::Failure;

use crate::assign::default;
use crate::error::SqlError;
use crate::objects::{ObjectError, Objects};
use crate::statement::Copy;
use crate::table::{Definition, Table};
use manifest::Entry;

/// What a COPY read.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub batches: Vec<RecordBatch>,
    pub rows: u64,
    pub files: u64,
    pub bytes: u64,
}

/// Which table column each file column goes to, by position.
#[derive(Debug)]
struct Mapping {
    definition: Arc<Definition>,
    targets: Vec<usize>,
    fill_record: bool,
}

/// Reads all files of the manifest as rows of the table. Nothing is loaded unless everything is.
pub(crate) async fn load(copy: &Copy, table: &Table, objects: &dyn Objects) -> Result<Loaded, Failure> {
    let definition = Arc::clone(&table.definition);
    let targets = definition.targets(copy.columns.as_deref(), &copy.table.name)?;
    let mapping = Arc::new(Mapping { definition, targets, fill_record: copy.fill_record });
    mapping.check_omitted()?;
    let bytes = objects.get(&copy.url).await.map_err(|error| service(&copy.url, &error))?;
    let reads: Vec<_> = manifest::entries(&bytes, &copy.url)?
        .into_iter()
        .map(|entry| read(entry, Arc::clone(&mapping), Arc::clone(&table.schema), objects))
        .collect();
    // As many files at once as there are cores. They end in their order, so the first that fails is always the same.
    let at_once = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut files = stream::iter(reads).buffered(at_once);
    let mut loaded = Loaded::default();
    while let Some(file) = files.next().await {
        if let Some(File { batches, bytes }) = file? {
            loaded.files += 1;
            loaded.bytes += bytes;
            loaded.rows += batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
            loaded.batches.extend(batches);
        }
    }
    if loaded.files == 0 {
        // That it fails is documented, its text is not.
        return Err(SqlError::new(format!("No file of the manifest {} exists", copy.url)).into());
    }
    Ok(loaded)
}

/// What one file holds.
struct File {
    batches: Vec<RecordBatch>,
    bytes: u64,
}

/// Reads a file, if it is there or must be.
async fn read(
    entry: Entry,
    mapping: Arc<Mapping>,
    schema: SchemaRef,
    objects: &dyn Objects,
) -> Result<Option<File>, Failure> {
    let bytes = match objects.get(&entry.url).await {
        Ok(bytes) => bytes,
        Err(ObjectError::NotFound) if !entry.mandatory => return Ok(None),
        Err(error) => return Err(service(&entry.url, &error)),
    };
    if bytes.len() as u64 != entry.content_length {
        let text = "HTTP response error code: 416 Message: InvalidRange The requested range is not satisfiable";
        return Err(Failure::scan(15001, text.to_owned()).in_file(&entry.url));
    }
    // Decoding is work for a thread of its own: the runtime's threads have others to serve.
    let decoded = tokio::task::spawn_blocking(move || {
        let batch = |columns: Vec<ArrayRef>| {
            let rows = columns.first().map_or(0, |column| column.len());
            let batch = RecordBatch::try_new(Arc::clone(&schema), mapping.row(columns, rows)?);
            batch.map_err(|error| SqlError::from(error).into())
        };
        file::read(bytes, &entry.url, &mapping)?.into_iter().map(batch).collect::<Result<Vec<_>, Failure>>()
    });
    let batches = decoded.await.map_err(SqlError::internal)??;
    Ok(Some(File { batches, bytes: entry.content_length }))
}

impl Mapping {
    /// Columns that the list leaves out get their DEFAULT or null, which they must allow.
    fn check_omitted(&self) -> Result<(), Failure> {
        let omitted = self.definition.columns.iter().enumerate().filter(|(at, _)| !self.targets.contains(at));
        for (_, column) in omitted {
            default(column, 1)?;
        }
        Ok(())
    }

    /// The file's columns in the table's order, the others filled.
    fn row(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<Vec<ArrayRef>, SqlError> {
        let mut columns: Vec<Option<ArrayRef>> = columns.into_iter().map(Some).collect();
        let column = |(at, column)| {
            let from = self.targets.iter().position(|target| *target == at);
            match from.and_then(|from| columns.get_mut(from)).and_then(Option::take) {
                Some(values) => Ok(values),
                // DEFAULT fills what the column list leaves out; what FILLRECORD fills is null.
                None if from.is_some() => default(&crate::table::Column { default: None, ..column }, rows),
                None => default(&column, rows),
            }
        };
        self.definition.columns.iter().cloned().enumerate().map(column).collect()
    }
}

/// The text is the one of a missing key; what others look like here is unverified.
fn service(url: &str, error: &ObjectError) -> Failure {
    let text = match error {
        ObjectError::NotFound => {
            "S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey".into()
        }
        ObjectError::Other(text) => format!("S3ServiceException:{text}"),
    };
    Failure::new(SqlError::new(format!("{text} ({url})")), 8001, text).in_file(url)
}
