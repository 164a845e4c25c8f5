//! Partitions into Parquet files, in bounded memory.
//!
//! ```text
//! batch ─► rows of each partition, pending ─► writer, on any thread (encoded pages) ─► chunks of the file ─► closed
//! ```
//!
//! A partition's rows wait in the batches they came in until they are worth a writer's time; when too many batches are
//! kept for a few rows each, those rows are copied out of them. Few rows in many partitions, as in a file that is not
//! sorted, never open a writer before their file is closed. One thread at a time writes a partition. When all that is
//! held passes one budget, the largest row group ends; when all that is written and not handed out passes another, the
//! largest file is closed, and its partition goes on in the next one.
//!
//! Budget and sizes are constants of the build, and what a writer holds is looked at only when its partition's next rows
//! are handed to it or its file is closed, never in between: a retry by the same build on the same architecture closes
//! the same files behind the same rows, whatever the threads. Another architecture may cut them elsewhere: what a writer
//! says it holds counts a hash table that is laid out by the width of the processor's vectors.

mod properties;
mod sample;

use std::collections::VecDeque;
use std::ops::Range;
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

use crate::chunk::{Chunk, Chunks, Object};
use crate::schema;
use crate::threads::{Pool, Ticket};

/// Sizes that shape the files. They are part of what makes two runs of a build alike.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// What all partitions together may hold in rows and pages before the largest row group ends.
    pub held_bytes: usize,
    /// What all open files together may have written before the largest is closed; of each, no more counts than a chunk
    /// of a multipart upload holds back.
    pub open_bytes: usize,
    /// Batches that are kept for rows that wait.
    pub kept_bytes: usize,
    /// A file of this many bytes is closed: COPY takes files of 1 MB to 1 GB (facts/redshift-copy.md, sizes).
    pub file_bytes: usize,
    /// A row group ends at about this many encoded bytes: UNLOAD writes groups of 32 MB.
    pub row_group_bytes: usize,
    /// A partition's rows wait until they are this many …
    pub pending_rows: usize,
    /// … or this large.
    pub pending_bytes: usize,
    /// Fewer rows are copied rather than written when their batches are to go.
    pub worthy_rows: usize,
}

impl Limits {
    /// Those of this build.
    pub const BUILD: Self = Self {
        held_bytes: 96 * 1024 * 1024,
        open_bytes: 256 * 1024 * 1024,
        kept_bytes: 48 * 1024 * 1024,
        file_bytes: 512 * 1024 * 1024,
        row_group_bytes: 32 * 1024 * 1024,
        pending_rows: 32 * 1024,
        pending_bytes: 8 * 1024 * 1024,
        worthy_rows: 2 * 1024,
    };
}

/// Of a file's bytes that are written, so many may wait for the rest of their chunk: the parts of a multipart upload.
const CHUNK_BYTES: usize = 8 * 1024 * 1024;

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
    /// By the number of the partition.
    partitions: Vec<Partition>,
    held_bytes: usize,
    open_bytes: usize,
    kept_bytes: usize,
    files: Vec<File>,
    /// Files that are being closed, in the order of their partitions, once there are no more rows.
    closing: Option<VecDeque<Closing>>,
    chunks: Vec<Chunk>,
}

/// A file that a thread closes, and how many rows it will hold.
type Closing = (Vec<PartitionValue>, Ticket<Result<(FileWriter, u64)>>);

#[derive(Debug)]
struct Partition {
    values: Vec<PartitionValue>,
    /// How many files are closed.
    closed: u32,
    pending: Vec<Rows>,
    pending_rows: usize,
    pending_bytes: usize,
    writer: Writer,
    /// What the writer holds in pages, or was handed.
    writer_bytes: usize,
    /// What it has written, up to a chunk.
    open_bytes: usize,
}

/// Rows of a batch.
#[derive(Debug)]
pub(crate) struct Rows {
    pub batch: RecordBatch,
    /// Whether the batch was made of these rows alone, so that nothing else is kept for them.
    pub is_copied: bool,
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
            partitions: Vec::new(),
            held_bytes: 0,
            open_bytes: 0,
            kept_bytes: 0,
            files: Vec::new(),
            closing: None,
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
            open_bytes: 0,
        });
    }

    /// Adds the rows of a batch that is sorted by partition.
    pub fn write(&mut self, batch: &RecordBatch, ranges: Vec<(usize, Range<usize>)>) -> Result<()> {
        let limits = self.limits;
        let batch_bytes = batch.get_array_memory_size();
        self.kept_bytes += batch_bytes;
        for (index, range) in ranges {
            let rows = Rows { batch: batch.slice(range.start, range.len()), is_copied: false };
            let bytes = batch_bytes / batch.num_rows().max(1) * range.len();
            self.held_bytes += bytes;
            let partition = self.partition(index)?;
            partition.pending_rows += range.len();
            partition.pending_bytes += bytes;
            partition.pending.push(rows);
            if partition.pending_rows >= limits.pending_rows || partition.pending_bytes >= limits.pending_bytes {
                self.encode(index)?;
            }
        }
        if self.kept_bytes > limits.kept_bytes {
            self.release()?;
        }
        self.keep_to_budget()
    }

    /// Lets go of batches that are kept for rows that wait.
    fn release(&mut self) -> Result<()> {
        let mut copying = Vec::new();
        for index in 0..self.partitions.len() {
            let worthy_rows = self.limits.worthy_rows;
            let partition = self.partition(index)?;
            if partition.pending_rows >= worthy_rows {
                self.encode(index)?;
                continue;
            }
            let (copied, kept): (Vec<_>, Vec<_>) =
                std::mem::take(&mut partition.pending).into_iter().partition(|rows| rows.is_copied);
            partition.pending = copied;
            if !kept.is_empty() {
                let columns = Arc::clone(&self.columns);
                copying.push((index, self.pool.spawn(move || columns.gather(&kept))));
            }
        }
        for (index, ticket) in copying {
            let batch = ticket.redeem()??;
            self.partition(index)?.pending.push(Rows { batch, is_copied: true });
        }
        self.kept_bytes = 0;
        Ok(())
    }

    /// Of two partitions that are as large, the one that was seen first goes first.
    fn keep_to_budget(&mut self) -> Result<()> {
        while self.held_bytes > self.limits.held_bytes {
            let index = self.largest(Partition::held_bytes)?;
            self.encode(index)?;
            self.end_row_group(index)?;
        }
        while self.open_bytes > self.limits.open_bytes {
            let index = self.largest(|partition| partition.open_bytes)?;
            self.close(index)?;
        }
        Ok(())
    }

    fn largest(&self, size: impl Fn(&Partition) -> usize) -> Result<usize> {
        let largest = self.partitions.iter().enumerate().rev().max_by_key(|(_, partition)| size(partition));
        let largest = largest.filter(|(_, partition)| size(partition) > 0).map(|(index, _)| index);
        largest.ok_or_else(|| self.bug("memory is held by no partition"))
    }

    /// Closes the next file, while the threads close those behind it; `false` if there is none. No rows come after the
    /// first time.
    pub fn close_next(&mut self) -> Result<bool> {
        if self.closing.is_none() {
            self.closing = Some(self.begin_closing()?);
        }
        let Some((values, ticket)) = self.closing.as_mut().and_then(VecDeque::pop_front) else { return Ok(false) };
        let (writer, rows) = ticket.redeem()??;
        self.add_file(values, writer, rows);
        Ok(true)
    }

    /// The last files of all partitions, on their way to be closed.
    fn begin_closing(&mut self) -> Result<VecDeque<Closing>> {
        (0..self.partitions.len()).try_for_each(|index| self.encode(index))?;
        let mut closing = VecDeque::new();
        for index in 0..self.partitions.len() {
            if let Some((values, mut writer)) = self.take_writer(index)? {
                let run = self.run.clone();
                let ticket = self.pool.spawn(move || {
                    let rows = finish(&mut writer, &run)?;
                    Ok((writer, rows))
                });
                closing.push_back((values, ticket));
            }
        }
        Ok(closing)
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

    /// Hands a partition's pending rows to its writer, on a thread of the pool. A file that is full is closed before.
    fn encode(&mut self, index: usize) -> Result<()> {
        if self.partition(index)?.pending.is_empty() {
            return self.settle(index).map(drop);
        }
        if self.settle(index)? >= self.limits.file_bytes {
            self.close(index)?;
        }
        let partition = self.partition(index)?;
        let pending = std::mem::take(&mut partition.pending);
        partition.writer_bytes += std::mem::take(&mut partition.pending_bytes);
        partition.pending_rows = 0;
        let mut writer = match std::mem::replace(&mut partition.writer, Writer::None) {
            Writer::Idle(writer) => writer,
            _ => Box::new(self.open(index, &pending)?),
        };
        let columns = Arc::clone(&self.columns);
        let ticket = self.pool.spawn(move || {
            columns.write(&mut writer, &pending)?;
            Ok(writer)
        });
        self.partition(index)?.writer = Writer::Busy(ticket);
        Ok(())
    }

    /// Ends a partition's row group, if it has one, on a thread of the pool: its pages become bytes of the file.
    fn end_row_group(&mut self, index: usize) -> Result<()> {
        self.settle(index)?;
        let run = self.columns.run.clone();
        let pool = self.pool.clone();
        let partition = self.partition(index)?;
        let Writer::Idle(mut writer) = std::mem::replace(&mut partition.writer, Writer::None) else { return Ok(()) };
        let bytes = std::mem::take(&mut partition.writer_bytes);
        partition.writer = Writer::Busy(pool.spawn(move || {
            writer.flush().map_err(|error| bug(&run, error))?;
            Ok(writer)
        }));
        self.held_bytes -= bytes;
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
        let held = writer.memory_size();
        let written = writer.bytes_written();
        let file = written + writer.in_progress_size();
        let partition = self.partition(index)?;
        partition.writer = Writer::Idle(writer);
        let held_before = std::mem::replace(&mut partition.writer_bytes, held);
        let open = written.min(CHUNK_BYTES);
        let open_before = std::mem::replace(&mut partition.open_bytes, open);
        self.held_bytes = self.held_bytes + held - held_before;
        self.open_bytes = self.open_bytes + open - open_before;
        self.chunks.append(&mut chunks);
        Ok(file)
    }

    /// Opens a partition's next file, which begins with these rows.
    fn open(&self, index: usize, rows: &[Rows]) -> Result<ArrowWriter<Chunks>> {
        let partition = self.partitions.get(index).ok_or_else(|| self.bug("a partition is not known"))?;
        let key = layout::parquet(&self.run, &partition.values, self.item, partition.closed);
        // The bucket does not matter here: a key has 1,024 bytes at most, and a text may be longer.
        S3Url::new("lake", &key).map_err(|error| {
            Error::new(Kind::Data, "partition", &self.run)
                .because(format!("the values of a partition are too long for a key: {error}"))
        })?;
        // Readers take types from Parquet's own schema; arrow's copy of it would only say `dictionary`.
        let properties = properties::of(rows.first().map(|rows| &rows.batch), self.limits.row_group_bytes);
        let options = ArrowWriterOptions::new().with_skip_arrow_metadata(true).with_properties(properties);
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
        let held = std::mem::take(&mut partition.writer_bytes);
        let open = std::mem::take(&mut partition.open_bytes);
        partition.closed += 1;
        let values = partition.values.clone();
        self.held_bytes -= held;
        self.open_bytes -= open;
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

    fn write(&self, writer: &mut ArrowWriter<Chunks>, pending: &[Rows]) -> Result<()> {
        let rows = self.with_sluice_columns(&self.gather(pending)?)?;
        writer.write(&rows).map_err(|error| bug(&self.run, error))
    }

    /// The rows in one batch, in their order.
    fn gather(&self, pending: &[Rows]) -> Result<RecordBatch> {
        let gathered = concat_batches(&self.rows_schema, pending.iter().map(|rows| &rows.batch));
        gathered.map_err(|error| bug(&self.run, error))
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
