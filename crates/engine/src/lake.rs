//! Partitions into Parquet files, in bounded memory.
//!
//! ```text
//! rows of a partition ─► pending (arrow) ─► writer, on any thread (encoded pages) ─► chunks of the file ─► closed
//! ```
//!
//! A partition's rows wait as they are until they are worth a writer's time; few rows in many partitions, as in a file
//! that is not sorted, never open one before their file is closed. One thread at a time writes a partition. When all that
//! is held passes the budget, the largest file is closed and its partition goes on in the next one.
//!
//! Budget and sizes are constants of the build, and what a writer holds is looked at only when its partition's next rows
//! are handed to it or its file is closed, never in between: a retry by the same build on the same architecture closes
//! the same files behind the same rows, whatever the threads. Another architecture may cut them elsewhere: what a writer
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
use crate::threads::{Pool, Ticket};

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
}

impl Limits {
    /// Those of this build.
    pub const BUILD: Self = Self {
        held_bytes: 256 * 1024 * 1024,
        file_bytes: 512 * 1024 * 1024,
        row_group_bytes: 32 * 1024 * 1024,
        pending_rows: 16 * 1024,
        pending_bytes: 8 * 1024 * 1024,
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
    chunk_bytes: usize,
    pool: Pool,
    run: RunName,
    item: u32,
    columns: Arc<FileColumns>,
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
    writer: Writer,
    /// What the writer holds, or was handed.
    writer_bytes: usize,
}

type FileWriter = Box<ArrowWriter<Chunks>>;

#[derive(Debug)]
enum Writer {
    None,
    Idle(FileWriter),
    /// A thread has it.
    Busy(Ticket<Result<FileWriter>>),
}

impl Partition {
    fn held_bytes(&self) -> usize {
        self.pending_bytes + self.writer_bytes
    }
}

impl Lake {
    pub fn new(
        dataset: &Dataset,
        run: &RunName,
        batch: &BatchId,
        item: u32,
        limits: Limits,
        chunk_bytes: usize,
        pool: Pool,
    ) -> Self {
        Self {
            limits,
            chunk_bytes,
            pool,
            run: run.clone(),
            item,
            columns: Arc::new(FileColumns::new(dataset, run, batch)),
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
            writer: Writer::None,
            writer_bytes: 0,
        });
    }

    /// Adds rows to a partition.
    pub fn write(&mut self, index: usize, rows: RecordBatch) -> Result<()> {
        let limits = self.limits;
        let bytes = rows.get_array_memory_size();
        let partition = self.partition(index)?;
        partition.pending_rows += rows.num_rows();
        partition.pending_bytes += bytes;
        partition.pending.push(rows);
        let is_worth_it =
            partition.pending_rows >= limits.pending_rows || partition.pending_bytes >= limits.pending_bytes;
        self.held_bytes += bytes;
        if is_worth_it {
            if self.settle(index)? >= limits.file_bytes {
                self.close(index)?;
            }
            self.encode(index)?;
        }
        while self.held_bytes > self.limits.held_bytes {
            // Of two that are as large, the one that was seen first.
            let largest = self.partitions.iter().enumerate().rev().max_by_key(|(_, partition)| partition.held_bytes());
            let index = largest.map(|(index, _)| index);
            self.encode(index.ok_or_else(|| self.bug("memory is held by no partition"))?)?;
            self.close(index.unwrap_or_default())?;
        }
        Ok(())
    }

    /// Closes all files; the threads share the work.
    pub fn finish(&mut self) -> Result<()> {
        (0..self.partitions.len()).try_for_each(|index| self.encode(index))?;
        let mut closing = Vec::new();
        for index in 0..self.partitions.len() {
            if let Some((values, mut writer)) = self.take_writer(index)? {
                let run = self.run.clone();
                let ticket = self.pool.spawn(move || {
                    let rows = finish(&mut writer, &run)?;
                    Ok((writer, rows))
                });
                closing.push((values, ticket));
            }
        }
        for (values, ticket) in closing {
            let (writer, rows) = ticket.redeem()??;
            self.add_file(values, writer, rows);
        }
        Ok(())
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

    /// Hands a partition's pending rows to its writer, on a thread of the pool.
    fn encode(&mut self, index: usize) -> Result<()> {
        self.settle(index)?;
        let partition = self.partition(index)?;
        let pending = std::mem::take(&mut partition.pending);
        let bytes = std::mem::take(&mut partition.pending_bytes);
        partition.pending_rows = 0;
        if pending.is_empty() {
            return Ok(());
        }
        partition.writer_bytes += bytes;
        let writer = std::mem::replace(&mut partition.writer, Writer::None);
        let mut writer = match writer {
            Writer::Idle(writer) => writer,
            _ => Box::new(self.open(index)?),
        };
        let columns = Arc::clone(&self.columns);
        let ticket = self.pool.spawn(move || {
            columns.write(&mut writer, pending)?;
            Ok(writer)
        });
        self.partition(index)?.writer = Writer::Busy(ticket);
        Ok(())
    }

    /// Waits for a partition's writer and counts anew what it holds; says how large its file would be if it were closed
    /// now.
    fn settle(&mut self, index: usize) -> Result<usize> {
        let partition = self.partition(index)?;
        let mut writer = match std::mem::replace(&mut partition.writer, Writer::None) {
            Writer::None => return Ok(0),
            Writer::Idle(writer) => writer,
            Writer::Busy(ticket) => ticket.redeem()??,
        };
        let mut chunks = writer.inner_mut().take();
        let held = writer.memory_size() + writer.inner().held_bytes();
        let file = writer.bytes_written() + writer.in_progress_size();
        let partition = self.partition(index)?;
        partition.writer = Writer::Idle(writer);
        let before = std::mem::replace(&mut partition.writer_bytes, held);
        self.held_bytes = self.held_bytes + held - before;
        self.chunks.append(&mut chunks);
        Ok(file)
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
        let chunks = Chunks::new(Object::Parquet(key), self.chunk_bytes);
        let schema = Arc::clone(&self.columns.file_schema);
        ArrowWriter::try_new_with_options(chunks, schema, options).map_err(|error| self.bug(error))
    }

    /// Ends a partition's file, if it has one.
    fn close(&mut self, index: usize) -> Result<()> {
        if let Some((values, mut writer)) = self.take_writer(index)? {
            let rows = finish(&mut writer, &self.run)?;
            self.add_file(values, writer, rows);
        }
        Ok(())
    }

    fn take_writer(&mut self, index: usize) -> Result<Option<(Vec<PartitionValue>, FileWriter)>> {
        self.settle(index)?;
        let partition = self.partition(index)?;
        let Writer::Idle(writer) = std::mem::replace(&mut partition.writer, Writer::None) else { return Ok(None) };
        let bytes = std::mem::take(&mut partition.writer_bytes);
        partition.closed += 1;
        let values = partition.values.clone();
        self.held_bytes -= bytes;
        Ok(Some((values, writer)))
    }

    fn add_file(&mut self, partition: Vec<PartitionValue>, mut writer: FileWriter, rows: u64) {
        let chunks = writer.inner_mut();
        let key = chunks.object().key().to_owned();
        self.files.push(File { key, size_bytes: chunks.size_bytes(), rows, partition });
        self.chunks.append(&mut chunks.take());
        self.chunks.extend(chunks.finish());
    }

    fn partition(&mut self, index: usize) -> Result<&mut Partition> {
        let run = &self.run;
        let partition = self.partitions.get_mut(index);
        partition.ok_or_else(|| bug(run, "a partition is not known"))
    }

    fn bug(&self, what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        bug(&self.run, what)
    }
}

/// What every file of an item has in common.
#[derive(Debug)]
struct FileColumns {
    run: RunName,
    batch: BatchId,
    rows_schema: SchemaRef,
    file_schema: SchemaRef,
}

impl FileColumns {
    fn new(dataset: &Dataset, run: &RunName, batch: &BatchId) -> Self {
        Self {
            run: run.clone(),
            batch: batch.clone(),
            rows_schema: schema::of_rows(dataset),
            file_schema: schema::of_file(dataset),
        }
    }

    fn write(&self, writer: &mut ArrowWriter<Chunks>, pending: Vec<RecordBatch>) -> Result<()> {
        let rows = concat_batches(&self.rows_schema, &pending).map_err(|error| bug(&self.run, error))?;
        drop(pending);
        let rows = self.with_sluice_columns(&rows)?;
        writer.write(&rows).map_err(|error| bug(&self.run, error))
    }

    fn with_sluice_columns(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let bug = |error| bug(&self.run, error);
        let constant = |value: &str| -> Result<ArrayRef> {
            let keys = Int32Array::from_value(0, rows.num_rows());
            let values = Arc::new(StringArray::from(vec![value]));
            Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, values).map_err(bug)?))
        };
        let mut columns = vec![constant(self.batch.as_str())?, constant(&self.run.to_string())?];
        for column in rows.columns() {
            columns.push(schema::stored(column).map_err(bug)?);
        }
        RecordBatch::try_new(Arc::clone(&self.file_schema), columns).map_err(bug)
    }
}

/// Ends a file; its rows are counted by the footer.
fn finish(writer: &mut ArrowWriter<Chunks>, run: &RunName) -> Result<u64> {
    let footer = writer.finish().map_err(|error| bug(run, error))?;
    u64::try_from(footer.file_metadata().num_rows()).map_err(|error| bug(run, error))
}

fn bug(run: &RunName, what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Kind::Bug, "write a file of", run).because(what)
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
