//! Partitions into Parquet files, in bounded memory.
//!
//! ```text
//! rows of a partition ─► pending (arrow) ─► open writer (encoded pages) ─► chunks of the file ─► closed, footer read
//! ```
//!
//! A partition's rows wait as they are until a writer is worth its buffers; few rows in many partitions, as in a file
//! that is not sorted, never open one before their file is closed. When all that is held passes the budget, the
//! largest file is closed and its partition goes on in the next one. Budget and sizes are constants of the build, and
//! all is counted from the rows, none of it from the machine's memory or speed: a retry by the same build on the same
//! architecture closes the same files behind the same rows. Another architecture may cut them elsewhere: what a writer
//! says it holds counts a hash table that is laid out by the width of the processor's vectors.

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Int32Type, SchemaRef};
use arrow::record_batch::RecordBatch;
use model::dataset::Dataset;
use model::layout;
use model::name::{BatchId, RunName, S3Url};
use model::partition::PartitionValue;
use model::{Error, Kind, Result};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::chunk::{Chunk, Chunks, Object};
use crate::schema;

/// Sizes that shape the files. They are part of what makes two runs of a build alike.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// What all partitions together may hold before the largest file is closed.
    pub held_bytes: usize,
    /// A file of this many bytes is closed: COPY takes files of 1 MB to 1 GB (facts/redshift-copy.md, sizes).
    pub file_bytes: usize,
    /// A row group ends at about this many encoded bytes: UNLOAD writes groups of 32 MB.
    pub row_group_bytes: usize,
    /// A partition's rows wait until they are this many …
    pub pending_rows: usize,
    /// … or this large.
    pub pending_bytes: usize,
    /// Files are handed out in chunks of this many bytes; a part of a multipart upload has at least 5 MiB.
    pub chunk_bytes: usize,
}

impl Limits {
    /// Those of this build.
    pub const BUILD: Self = Self {
        held_bytes: 256 * 1024 * 1024,
        file_bytes: 512 * 1024 * 1024,
        row_group_bytes: 32 * 1024 * 1024,
        pending_rows: 16 * 1024,
        pending_bytes: 8 * 1024 * 1024,
        chunk_bytes: 8 * 1024 * 1024,
    };
}

/// A Parquet file that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its key in the lake bucket.
    pub key: String,
    /// Its exact size.
    pub size_bytes: u64,
    /// Its rows, by the footer as it was written.
    pub rows: u64,
    /// The values of the dataset's partition keys, decoded.
    pub partition: Vec<PartitionValue>,
}

/// The files of an item.
#[derive(Debug)]
pub(crate) struct Lake {
    limits: Limits,
    run: RunName,
    batch: BatchId,
    item: u32,
    rows_schema: SchemaRef,
    file_schema: SchemaRef,
    properties: WriterProperties,
    /// By the number of the partition.
    partitions: Vec<Partition>,
    held_bytes: usize,
    files: Vec<File>,
    chunks: Vec<Chunk>,
}

#[derive(Debug)]
struct Partition {
    values: Vec<PartitionValue>,
    /// How many files are closed.
    closed: u32,
    pending: Vec<RecordBatch>,
    pending_rows: usize,
    pending_bytes: usize,
    writer: Option<ArrowWriter<Chunks>>,
    held_bytes: usize,
}

impl Lake {
    pub fn new(dataset: &Dataset, run: &RunName, batch: &BatchId, item: u32, limits: Limits) -> Self {
        Self {
            limits,
            run: run.clone(),
            batch: batch.clone(),
            item,
            rows_schema: schema::of_rows(dataset),
            file_schema: schema::of_file(dataset),
            properties: properties(limits),
            partitions: Vec::new(),
            held_bytes: 0,
            files: Vec::new(),
            chunks: Vec::new(),
        }
    }

    /// The partitions that are known: they are numbered from 0, in the order in which they are added.
    pub fn partitions(&self) -> usize {
        self.partitions.len()
    }

    pub fn add_partition(&mut self, values: &[PartitionValue]) {
        self.partitions.push(Partition {
            values: values.to_vec(),
            closed: 0,
            pending: Vec::new(),
            pending_rows: 0,
            pending_bytes: 0,
            writer: None,
            held_bytes: 0,
        });
    }

    /// Adds rows to a partition.
    pub fn write(&mut self, index: usize, rows: RecordBatch) -> Result<()> {
        let limits = self.limits;
        let partition = self.partition(index)?;
        partition.pending_rows += rows.num_rows();
        partition.pending_bytes += rows.get_array_memory_size();
        partition.pending.push(rows);
        if partition.pending_rows >= limits.pending_rows || partition.pending_bytes >= limits.pending_bytes {
            self.encode(index)?;
        }
        let is_full = self.weigh(index)? >= self.limits.file_bytes;
        if is_full {
            self.close(index)?;
        }
        while self.held_bytes > self.limits.held_bytes {
            // Of two that are as large, the one that was seen first.
            let largest = self.partitions.iter().enumerate().rev().max_by_key(|(_, partition)| partition.held_bytes);
            let index = largest.map(|(index, _)| index);
            self.close(index.ok_or_else(|| self.bug("memory is held by no partition"))?)?;
        }
        Ok(())
    }

    /// Closes all files.
    pub fn finish(&mut self) -> Result<()> {
        (0..self.partitions.len()).try_for_each(|index| self.close(index))
    }

    /// The chunks that are ready.
    pub fn take(&mut self) -> Vec<Chunk> {
        std::mem::take(&mut self.chunks)
    }

    /// The files that are whole, in the order of their partitions.
    pub fn files(&mut self) -> Vec<File> {
        let mut files = std::mem::take(&mut self.files);
        // Stable: the files of a partition were closed in their order.
        files.sort_by(|a, b| a.partition.cmp(&b.partition));
        files
    }

    /// Hands a partition's pending rows to its writer.
    fn encode(&mut self, index: usize) -> Result<()> {
        let partition = self.partition(index)?;
        let pending = std::mem::take(&mut partition.pending);
        (partition.pending_rows, partition.pending_bytes) = (0, 0);
        if pending.is_empty() {
            return Ok(());
        }
        let writer = match partition.writer.take() {
            Some(writer) => Ok(writer),
            None => self.open(index),
        };
        let mut writer = writer?;
        let rows = concat_batches(&self.rows_schema, &pending).map_err(|error| self.bug(error))?;
        drop(pending);
        let rows = self.with_sluice_columns(&rows)?;
        writer.write(&rows).map_err(|error| self.bug(error))?;
        self.chunks.append(&mut writer.inner_mut().take());
        self.partition(index)?.writer = Some(writer);
        Ok(())
    }

    fn open(&self, index: usize) -> Result<ArrowWriter<Chunks>> {
        let partition = self.partitions.get(index).ok_or_else(|| self.bug("a partition is not known"))?;
        let key = layout::parquet(&self.run, &partition.values, self.item, partition.closed);
        // The bucket does not matter here: a key has 1,024 bytes at most, and a text may be longer.
        S3Url::new("lake", &key).map_err(|error| {
            Error::new(Kind::Data, "partition", &self.run)
                .because(format!("the values of a partition are too long for a key: {error}"))
        })?;
        // Readers take types from Parquet's own schema; arrow's copy of it would only say `dictionary`.
        let options = ArrowWriterOptions::new().with_skip_arrow_metadata(true).with_properties(self.properties.clone());
        let chunks = Chunks::new(Object::Parquet(key), self.limits.chunk_bytes);
        let schema = Arc::clone(&self.file_schema);
        ArrowWriter::try_new_with_options(chunks, schema, options).map_err(|error| self.bug(error))
    }

    /// Ends a partition's file, if it has one. The rows are counted by the footer.
    fn close(&mut self, index: usize) -> Result<()> {
        self.encode(index)?;
        let partition = self.partition(index)?;
        if let Some(mut writer) = partition.writer.take() {
            partition.closed += 1;
            let values = partition.values.clone();
            let footer = writer.finish().map_err(|error| self.bug(error))?;
            let rows = u64::try_from(footer.file_metadata().num_rows()).map_err(|error| self.bug(error))?;
            let chunks = writer.inner_mut();
            let key = chunks.object().key().to_owned();
            self.files.push(File { key, size_bytes: chunks.size_bytes(), rows, partition: values });
            self.chunks.append(&mut chunks.take());
            self.chunks.extend(chunks.finish());
        }
        self.weigh(index)?;
        Ok(())
    }

    /// Counts anew what a partition holds; says how large its file would be if it were closed now.
    fn weigh(&mut self, index: usize) -> Result<usize> {
        let partition = self.partition(index)?;
        let pending = partition.pending_bytes;
        let writer = partition.writer.as_ref();
        let encoded = writer.map_or(0, |writer| writer.memory_size() + writer.inner().held_bytes());
        let file = writer.map_or(0, |writer| writer.bytes_written() + writer.in_progress_size());
        let before = std::mem::replace(&mut partition.held_bytes, pending + encoded);
        self.held_bytes = self.held_bytes - before + pending + encoded;
        Ok(file)
    }

    fn with_sluice_columns(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let constant = |value: &str| -> Result<ArrayRef> {
            let keys = Int32Array::from_value(0, rows.num_rows());
            let values = Arc::new(StringArray::from(vec![value]));
            let array = DictionaryArray::<Int32Type>::try_new(keys, values).map_err(|error| self.bug(error))?;
            Ok(Arc::new(array))
        };
        let mut columns = vec![constant(self.batch.as_str())?, constant(&self.run.to_string())?];
        columns.extend(rows.columns().iter().cloned());
        RecordBatch::try_new(Arc::clone(&self.file_schema), columns).map_err(|error| self.bug(error))
    }

    fn partition(&mut self, index: usize) -> Result<&mut Partition> {
        let run = &self.run;
        let partition = self.partitions.get_mut(index);
        partition.ok_or_else(|| Error::new(Kind::Bug, "write a file of", run).because("a partition is not known"))
    }

    fn bug(&self, what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::new(Kind::Bug, "write a file of", &self.run).because(what)
    }
}

/// All that a file says of how it was written is fixed here: no time, no random id, no version of a library.
fn properties(limits: Limits) -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(None)
        .set_max_row_group_bytes(Some(limits.row_group_bytes))
        // `<who> version <version> (build <build>)` is the form that parquet-mr reads.
        .set_created_by(concat!("sluice version ", env!("CARGO_PKG_VERSION"), " (build 1)").to_owned())
        .build()
}
