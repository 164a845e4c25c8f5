//! One item of a plan: its inputs' bytes in, the chunks of its objects out, every row accounted for.
//!
//! ```text
//! Item::new ─► for each input: begin_input ─► push … push ─► end_input ─► next_pass? ─► close_next … ─► finish
//!                     ▲                          │ take_output, at any time    │ all inputs once more
//!                     └──────────────────────────┴─────────────────────────────┘
//! ```
//!
//! Of an input that is read by ranges, [`Item::wants`] says which, and [`Item::push_range`] takes each, in any order.
//!
//! The caller's thread cuts the bytes into pieces, and settles pieces in the order of the file; what lies between, reading
//! and typing a piece, is the pool's.

mod feed;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use arrow::array::UInt32Array;
use arrow::compute::take_record_batch;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use indexmap::IndexMap;
use model::count::Counts;
use model::dataset::{Contract, Dataset};
use model::layout;
use model::name::{BatchId, RunName};
use model::{Error, Kind, Result};

use crate::cast::{Caster, Typed};
use crate::chunk::Chunk;
use crate::contract::{self, MAX_NAMES, Watch};
use crate::dedupe::{Dedupe, Marks, Rule};
use crate::encoding::{NotText, Transcoder};
use crate::format::{self, Access, Piece, RangedReader, Reader, Unreadable};
use crate::lake::{File, Lake, Limits};
use crate::mask::MaskKey;
use crate::partition::{Partitioner, Sorted};
use crate::reject::RejectLog;
use crate::schema;
use crate::text::Origin;
use crate::threads::{Pool, Ticket};
use crate::unpack::{NotUnpacked, Unpacker};

/// How an item is made. But for the mask's key, nothing here changes a name or a byte of what it makes.
#[derive(Debug, Clone)]
pub struct Options {
    /// The key of `mask: sha256`, of the version that the plan pins.
    pub mask_key: Option<MaskKey>,
    /// Threads that read, type and encode, besides the caller's.
    pub threads: usize,
    /// Objects are handed out in chunks of this many bytes; a part of a multipart upload has at least 5 MiB.
    pub chunk_bytes: usize,
}

/// An item in the making. After an `Err` it is of no use; chunks it has handed out belong to no committed object.
#[derive(Debug)]
pub struct Item {
    name: String,
    dataset: Dataset,
    pool: Pool,
    caster: Arc<Caster>,
    watch: Option<Arc<Watch>>,
    dedupe: Option<Dedupe>,
    partitioner: Partitioner,
    /// Batches whose rows are being sorted by partition, in order.
    sorting: VecDeque<Ticket<SortedBatch>>,
    lake: Lake,
    rejects: RejectLog,
    rejects_key: String,
    input: Option<Input>,
    rows_read: u64,
    duplicates: u64,
    truncated: BTreeMap<String, u64>,
    /// Names that are left out, of all inputs so far.
    left_out: HashSet<String>,
    /// Columns that no accepted row has had a value in yet.
    without_values: BTreeSet<usize>,
    chunks: Vec<Chunk>,
}

#[derive(Debug)]
struct Input {
    object: String,
    /// Both are taken out while bytes go through them. What is no text goes through the first alone.
    unpacker: Option<Unpacker>,
    transcoder: Option<Transcoder>,
    /// There is one as soon as the encoding is known.
    reader: Option<Box<dyn Reader>>,
    /// What reads the input instead, if it is read by ranges.
    ranged: Option<Box<dyn RangedReader>>,
    /// Pieces that are being read, in order.
    pieces: VecDeque<Ticket<Result<Worked, Trouble>>>,
    /// Names in its records that the dataset has not, and watches for, each with the line of the first.
    new_names: IndexMap<String, u64>,
    /// Lines of the pieces that are settled.
    lines: u64,
    rows: u64,
}

impl Input {
    fn names_of_schema(&self) -> &[String] {
        match (&self.reader, &self.ranged) {
            (Some(reader), _) => reader.left_out(),
            (None, Some(ranged)) => ranged.left_out(),
            (None, None) => &[],
        }
    }
}

/// A batch whose rows are sorted by partition, and which are whose.
type SortedBatch = std::result::Result<(RecordBatch, Vec<(usize, Range<usize>)>), ArrowError>;

/// A piece, read and typed.
#[derive(Debug)]
struct Worked {
    typed: Typed,
    /// The numbers of the good rows; `None` if all are.
    good: Option<Vec<u32>>,
    marks: Option<Marks>,
    new_names: IndexMap<String, u64>,
    rows_read: u64,
    lines: u64,
}

#[derive(Debug)]
enum Trouble {
    /// A record's, or the object's from there on.
    Unreadable(Unreadable),
    /// The object's as a whole.
    Object(String),
    /// Ours.
    Failed(Error),
}

impl From<NotUnpacked> for Trouble {
    fn from(error: NotUnpacked) -> Self {
        Self::Object(error.what)
    }
}

impl From<NotText> for Trouble {
    fn from(error: NotText) -> Self {
        Self::Object(error.what)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What was read of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputEnded {
    /// Its rows, good and bad.
    pub rows: u64,
    /// How it is written, where that was found out rather than said.
    pub found: Option<String>,
    /// Names of columns, or in records, that the dataset does not have, and that its contract leaves out; those of the
    /// item's inputs before it apart.
    pub left_out: Vec<String>,
}

/// What an item became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Where every row went; the equation holds.
    pub counts: Counts,
    /// Rejects by the code of their reason.
    pub rejected_by_reason: BTreeMap<String, u64>,
    /// Texts of good rows that were cut to fit their column, by its name.
    pub truncated: BTreeMap<String, u64>,
    /// Columns that are null in every accepted row, in their order: their name may be another in the files.
    pub without_values: Vec<String>,
    /// The files, in the order of their partitions.
    pub files: Vec<File>,
    /// The key of the rejects in the control bucket, where there are any.
    pub rejects: Option<String>,
}

impl Item {
    /// An item of a run. Fails, as `Config`, where the dataset asks for what cannot be.
    pub fn new(dataset: &Dataset, run: &RunName, batch: &BatchId, item: u32, options: &Options) -> Result<Self> {
        Self::with_limits(dataset, run, batch, item, options, Limits::BUILD)
    }

    fn with_limits(
        dataset: &Dataset,
        run: &RunName,
        batch: &BatchId,
        item: u32,
        options: &Options,
        limits: Limits,
    ) -> Result<Self> {
        let rejects_key = layout::rejects(run, item);
        let pool = Pool::new(options.threads)?;
        let caster = Caster::new(dataset, options.mask_key.as_ref())?;
        Ok(Self {
            name: format!("item {item} of {run}"),
            dedupe: Rule::of(dataset)?.map(Dedupe::new),
            caster: Arc::new(caster),
            watch: Watch::of(dataset)?.map(Arc::new),
            partitioner: Partitioner::new(dataset)?,
            sorting: VecDeque::new(),
            lake: Lake::new(dataset, run, batch, item, limits, options.chunk_bytes, pool.clone()),
            rejects: RejectLog::new(rejects_key.clone(), options.chunk_bytes),
            rejects_key,
            dataset: dataset.clone(),
            pool,
            input: None,
            rows_read: 0,
            duplicates: 0,
            truncated: BTreeMap::new(),
            left_out: HashSet::new(),
            without_values: (0..schema::of_rows(dataset).fields().len()).collect(),
            chunks: Vec::new(),
        })
    }

    /// Whether inputs are read by ranges: then [`Item::wants`] says which.
    pub fn is_ranged(&self) -> bool {
        matches!(format::find(self.dataset.format), Ok(Access::Ranged(_)))
    }

    /// The bytes that follow are this object's, of this size; rejects and errors name it so.
    pub fn begin_input(&mut self, object: &str, size_bytes: u64) -> Result<()> {
        if self.input.is_some() {
            return Err(self.bug("the input before has not ended"));
        }
        let (reader, ranged) = match format::find(self.dataset.format)? {
            Access::Ranged(format) => (None, Some(format.reader(&self.dataset, size_bytes)?)),
            Access::Stream(_) if self.dataset.format.is_text() => (None, None),
            Access::Stream(format) => (Some(format.reader(&self.dataset, Origin::START)?), None),
        };
        self.input = Some(Input {
            object: object.to_owned(),
            unpacker: Some(Unpacker::new(self.dataset.limits)),
            transcoder: Some(Transcoder::new(self.dataset.encoding)),
            reader,
            ranged,
            pieces: VecDeque::new(),
            new_names: IndexMap::new(),
            lines: 0,
            rows: 0,
        });
        Ok(())
    }

    /// The next bytes of the input, cut anywhere. Fails, as `Data`, where they cannot be read; the error names object
    /// and line.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        if self.input()?.ranged.is_some() {
            return Err(self.bug("the input is read by ranges"));
        }
        let mut unpacker = self.input()?.unpacker.take().ok_or_else(|| self.bug("an input has failed before"))?;
        let pushed = unpacker.push(bytes, &mut |unpacked| self.push_unpacked(unpacked));
        pushed.map_err(|trouble| self.first_error(trouble))?;
        self.input()?.unpacker = Some(unpacker);
        Ok(())
    }

    /// The ranges that are wanted of an input that is read by ranges, in the order in which they are needed; none when
    /// all is read, or where the input is read from its first byte to its last. They are the same until one is pushed.
    pub fn wants(&self) -> Vec<Range<u64>> {
        let ranged = self.input.as_ref().and_then(|input| input.ranged.as_ref());
        ranged.map(|ranged| ranged.wants()).unwrap_or_default()
    }

    /// One of the ranges that are wanted, whole, by where it starts. Fails as [`Item::push`] does.
    pub fn push_range(&mut self, start: u64, bytes: Bytes) -> Result<()> {
        let Some(ranged) = &mut self.input()?.ranged else { return Err(self.bug("the input is not read by ranges")) };
        let pushed = ranged.push(start, bytes);
        self.read_pieces(pushed).map_err(|trouble| self.error(trouble))
    }

    /// The input's bytes have ended.
    pub fn end_input(&mut self) -> Result<InputEnded> {
        self.end_bytes().map_err(|trouble| self.first_error(trouble))?;
        self.settle(0).map_err(|trouble| self.error(trouble))?;
        let input = self.input.take().ok_or_else(|| self.bug("no input has begun"))?;
        if self.dataset.contract == Some(Contract::Reject) {
            contract::check(&input.object, input.names_of_schema(), &input.new_names)?;
        }
        let found = input.reader.as_ref().and_then(|reader| reader.found()).map(str::to_owned);
        let names = input.names_of_schema().iter().chain(input.new_names.keys());
        let left_out = contract::not_yet_told(&mut self.left_out, names);
        Ok(InputEnded { rows: input.rows, found, left_out })
    }

    /// The chunks that are ready: those of one object in their order, those of several mixed.
    pub fn take_output(&mut self) -> Vec<Chunk> {
        let mut chunks = std::mem::take(&mut self.chunks);
        chunks.append(&mut self.lake.take());
        chunks.append(&mut self.rejects.take());
        chunks
    }

    /// How often all inputs are to be pushed: what [`Item::next_pass`] will have said.
    pub fn passes(&self) -> usize {
        if self.dedupe.as_ref().is_some_and(Dedupe::is_seeking) { 2 } else { 1 }
    }

    /// Whether all inputs are to be pushed once more, in the same order: what is newest is known only at the end, and
    /// only its keys are held until then.
    pub fn next_pass(&mut self) -> Result<bool> {
        if self.input.is_some() {
            return Err(self.bug("an input has not ended"));
        }
        self.left_out.clear();
        match &mut self.dedupe {
            Some(dedupe) if dedupe.is_seeking() => dedupe.next_pass().map(|()| true),
            _ => Ok(false),
        }
    }

    /// Closes the next file, once all inputs have ended; `false` when none is left. Its chunks can be taken while the
    /// threads close others.
    pub fn close_next(&mut self) -> Result<bool> {
        if self.input.is_some() {
            return Err(self.bug("an input has not ended"));
        }
        if self.dedupe.as_ref().is_some_and(Dedupe::is_seeking) {
            return Err(self.bug("the inputs are to be pushed once more"));
        }
        self.write_sorted(0)?;
        self.lake.close_next()
    }

    /// Closes what is still open and holds the equation. The last chunks are to be taken afterwards.
    pub fn finish(&mut self) -> Result<Outcome> {
        while self.close_next()? {}
        self.chunks = self.take_output();
        let last = self.rejects.finish();
        let rejects = last.as_ref().map(|_| self.rejects_key.clone());
        self.chunks.extend(last);
        let files = self.lake.files();
        let counts = Counts {
            read: self.rows_read,
            accepted: files.iter().map(|file| file.rows).sum(),
            rejected: self.rejects.rows(),
            duplicate: self.duplicates,
            ..Counts::default()
        };
        counts.check(&self.name)?;
        let truncated = std::mem::take(&mut self.truncated);
        let without_values = if counts.accepted == 0 { Vec::new() } else { self.names_without_values() };
        Ok(Outcome { counts, rejected_by_reason: self.rejects.by_reason(), truncated, without_values, files, rejects })
    }

    /// Hands the pieces that are cut to the pool. Where the reader could not go on, the pieces before are settled first:
    /// what is told is what is first in the file.
    fn read_pieces(&mut self, read: Result<(), Unreadable>) -> Result<(), Trouble> {
        while let Some(piece) = self.next_piece()? {
            // Enough for every thread to find its next piece waiting.
            self.settle(4 * self.pool.threads())?;
            let caster = Arc::clone(&self.caster);
            let rule = self.dedupe.as_ref().map(|dedupe| Arc::clone(&dedupe.rule));
            let is_last = self.dedupe.as_ref().is_none_or(|dedupe| !dedupe.is_seeking());
            let watch = self.watch.clone().filter(|_| is_last);
            let ticket = self.pool.spawn(move || work(piece, &caster, rule.as_deref(), watch.as_deref()));
            self.input()?.pieces.push_back(ticket);
        }
        let Err(unreadable) = read else { return Ok(()) };
        self.settle(0)?;
        Err(Trouble::Unreadable(unreadable))
    }

    /// Settles pieces, in order, until at most so many are left.
    fn settle(&mut self, left: usize) -> Result<(), Trouble> {
        while self.input()?.pieces.len() > left {
            let Some(ticket) = self.input()?.pieces.pop_front() else { return Ok(()) };
            let worked = ticket.redeem()??;
            self.take(worked)?;
        }
        Ok(())
    }

    /// The error of a trouble with the object's bytes, unless a piece before it has one of its own: what is told is what
    /// is first in the file, whatever the threads.
    fn first_error(&mut self, trouble: Trouble) -> Error {
        let first = if matches!(trouble, Trouble::Object(_)) { self.settle(0).err() } else { None };
        self.error(first.unwrap_or(trouble))
    }

    /// The error of a trouble, as far as the pieces before it are settled.
    fn error(&self, trouble: Trouble) -> Error {
        let input = self.input.as_ref();
        let object = input.map_or(self.name.as_str(), |input| &input.object);
        match trouble {
            Trouble::Unreadable(unreadable) => {
                unreadable.into_error(object, self.dataset.format, input.map_or(0, |input| input.lines))
            }
            Trouble::Object(what) => Error::new(Kind::Data, "read", object).because(what),
            Trouble::Failed(error) => error,
        }
    }

    fn take(&mut self, worked: Worked) -> Result<()> {
        let Worked { typed, good, marks, new_names, rows_read, lines } = worked;
        let kept = self.kept(good, marks.as_ref())?;
        let input = self.input.as_mut().ok_or_else(|| Error::new(Kind::Bug, "read", &self.name))?;
        input.rows += rows_read;
        let lines_before = input.lines;
        input.lines += lines;
        for (name, line) in new_names {
            if input.new_names.len() < MAX_NAMES {
                input.new_names.entry(name).or_insert(lines_before + line + 1);
            }
        }
        if self.dedupe.as_ref().is_some_and(Dedupe::is_seeking) {
            return Ok(());
        }
        self.rows_read += rows_read;
        for (name, cut) in self.dataset.columns.keys().zip(&typed.truncated).filter(|(_, cut)| **cut > 0) {
            *self.truncated.entry(name.to_string()).or_default() += cut;
        }
        for mut reject in typed.rejects {
            reject.position.line += lines_before + 1;
            self.rejects.write(&input.object, reject)?;
        }
        let columns = typed.columns;
        let Sorted { rows, ranges } = self.partitioner.sort(&columns, kept)?;
        let sorting = self.pool.spawn(move || {
            Ok(match rows {
                Some(rows) => (take_record_batch(&columns, &UInt32Array::from(rows))?, ranges),
                None => (columns, ranges),
            })
        });
        self.sorting.push_back(sorting);
        // One for each thread: the next pieces are looked at meanwhile.
        self.write_sorted(self.pool.threads())
    }

    fn names_without_values(&self) -> Vec<String> {
        let schema = schema::of_rows(&self.dataset);
        self.without_values.iter().map(|column| schema.field(*column).name().clone()).collect()
    }

    /// Writes batches that are sorted, in order, until at most so many are left.
    fn write_sorted(&mut self, left: usize) -> Result<()> {
        while self.sorting.len() > left {
            let Some(ticket) = self.sorting.pop_front() else { return Ok(()) };
            let sorted: Result<_, ArrowError> = ticket.redeem()?;
            let (batch, ranges) = sorted.map_err(|error| Error::new(Kind::Bug, "sort", &self.name).because(error))?;
            while let Some(values) = self.partitioner.values(self.lake.partitions()) {
                self.lake.add_partition(values);
            }
            self.without_values.retain(|column| batch.column(*column).null_count() == batch.num_rows());
            self.lake.write(&batch, ranges)?;
        }
        Ok(())
    }

    /// The rows that are good and no duplicates; `None` if all are.
    fn kept(&mut self, good: Option<Vec<u32>>, marks: Option<&Marks>) -> Result<Option<Vec<u32>>> {
        let (Some(dedupe), Some(marks)) = (&mut self.dedupe, marks) else { return Ok(good) };
        let keep = dedupe.keep(marks)?;
        let duplicates = keep.iter().filter(|keep| !**keep).count();
        if duplicates == 0 || dedupe.is_seeking() {
            return Ok(good);
        }
        self.duplicates += duplicates as u64;
        let rows = good.unwrap_or_else(|| (0u32..).take(keep.len()).collect());
        Ok(Some(rows.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(row, _)| row).collect()))
    }

    fn input(&mut self) -> Result<&mut Input> {
        let name = &self.name;
        self.input.as_mut().ok_or_else(|| Error::new(Kind::Bug, "read", name).because("no input has begun"))
    }

    fn bug(&self, what: &'static str) -> Error {
        Error::new(Kind::Bug, "make", &self.name).because(what)
    }
}

/// What the pool does with a piece.
fn work(piece: Box<dyn Piece>, caster: &Caster, rule: Option<&Rule>, watch: Option<&Watch>) -> Result<Worked, Trouble> {
    let mut batch = piece.read().map_err(Trouble::Unreadable)?;
    let new_names = watch.map(|watch| watch.in_records(&batch)).unwrap_or_default();
    let mut typed = caster.cast(&batch)?;
    typed.rejects.append(&mut batch.rejects);
    // Rows of one block stand at the same byte.
    typed.rejects.sort_by_key(|reject| (reject.position.byte_offset, reject.position.line));
    if caster.hides_values() {
        typed.rejects.iter_mut().for_each(|reject| reject.text.clear());
    }
    let is_whole = !typed.is_bad.contains(&true);
    let good = (0u32..).zip(&typed.is_bad).filter(|(_, is_bad)| !**is_bad).map(|(row, _)| row);
    let good: Option<Vec<u32>> = (!is_whole).then(|| good.collect());
    let marks = rule.map(|rule| rule.marks(&typed.columns, good.as_deref())).transpose();
    Ok(Worked { marks: marks?, typed, good, new_names, rows_read: batch.rows_read(), lines: batch.lines })
}
