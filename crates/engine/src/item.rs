//! One item of a plan: its inputs' bytes in, the chunks of its objects out, every row accounted for.
//!
//! ```text
//! Item::new ─► for each input: begin_input ─► push … push ─► end_input ─► finish
//!                                                │ take_output, at any time
//! ```
//!
//! The caller's thread cuts the bytes into pieces, and settles pieces in the order of the file; what lies between, reading
//! and typing a piece, is the pool's.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use model::count::Counts;
use model::dataset::Dataset;
use model::layout;
use model::name::{BatchId, RunName, S3Url};
use model::{Error, Kind, Result};

use crate::cast::{Caster, Typed};
use crate::chunk::Chunk;
use crate::encoding::Encoding;
use crate::format::{self, Piece, Reader, Unreadable};
use crate::lake::{File, Lake, Limits};
use crate::partition::Partitioner;
use crate::reject::RejectLog;
use crate::text::Origin;
use crate::threads::{Pool, Ticket};

/// How an item is made. Nothing here changes a name or a byte of what it makes.
#[derive(Debug, Clone)]
pub struct Options {
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
    partitioner: Partitioner,
    lake: Lake,
    rejects: RejectLog,
    rejects_key: String,
    input: Option<Input>,
    rows_read: u64,
    chunks: Vec<Chunk>,
}

#[derive(Debug)]
struct Input {
    object: String,
    reader: Box<dyn Reader>,
    /// Pieces that are being read, in order.
    pieces: VecDeque<Ticket<Result<Worked, Trouble>>>,
    /// Lines of the pieces that are settled.
    lines: u64,
    rows: u64,
}

/// A piece, read and typed.
#[derive(Debug)]
struct Worked {
    typed: Typed,
    rows_read: u64,
    lines: u64,
}

#[derive(Debug)]
enum Trouble {
    /// The object's.
    Unreadable(Unreadable),
    /// Ours.
    Failed(Error),
}

/// What an item became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Where every row went; the equation holds.
    pub counts: Counts,
    /// Rejects by the code of their reason.
    pub rejected_by_reason: BTreeMap<String, u64>,
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
        Ok(Self {
            name: format!("item {item} of {run}"),
            caster: Arc::new(Caster::new(dataset)?),
            partitioner: Partitioner::new(dataset)?,
            lake: Lake::new(dataset, run, batch, item, limits, options.chunk_bytes, pool.clone()),
            rejects: RejectLog::new(rejects_key.clone(), options.chunk_bytes),
            rejects_key,
            dataset: dataset.clone(),
            pool,
            input: None,
            rows_read: 0,
            chunks: Vec::new(),
        })
    }

    /// The bytes that follow are this object's.
    pub fn begin_input(&mut self, url: &S3Url) -> Result<()> {
        if self.input.is_some() {
            return Err(self.bug("the input before has not ended"));
        }
        let origin = Origin { encoding: Encoding::Utf8, byte_offset: 0 };
        let reader = format::find(self.dataset.format)?.reader(&self.dataset, origin)?;
        self.input = Some(Input { object: url.to_string(), reader, pieces: VecDeque::new(), lines: 0, rows: 0 });
        Ok(())
    }

    /// The next bytes of the input, cut anywhere. Fails, as `Data`, where they cannot be read; the error names object
    /// and line.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        let pushed = self.input()?.reader.push(bytes);
        self.read_pieces(pushed)
    }

    /// The input's bytes have ended. Returns its rows, good and bad.
    pub fn end_input(&mut self) -> Result<u64> {
        let ended = self.input()?.reader.end();
        self.read_pieces(ended)?;
        self.settle(0)?;
        let rows = self.input()?.rows;
        self.input = None;
        Ok(rows)
    }

    /// The chunks that are ready: those of one object in their order, those of several mixed.
    pub fn take_output(&mut self) -> Vec<Chunk> {
        let mut chunks = std::mem::take(&mut self.chunks);
        chunks.append(&mut self.lake.take());
        chunks.append(&mut self.rejects.take());
        chunks
    }

    /// Closes every object and holds the equation. The last chunks are to be taken afterwards.
    pub fn finish(&mut self) -> Result<Outcome> {
        if self.input.is_some() {
            return Err(self.bug("an input has not ended"));
        }
        self.lake.finish()?;
        self.chunks = self.take_output();
        let last = self.rejects.finish();
        let rejects = last.as_ref().map(|_| self.rejects_key.clone());
        self.chunks.extend(last);
        let files = self.lake.files();
        let counts = Counts {
            read: self.rows_read,
            accepted: files.iter().map(|file| file.rows).sum(),
            rejected: self.rejects.rows(),
            ..Counts::default()
        };
        counts.check(&self.name)?;
        Ok(Outcome { counts, rejected_by_reason: self.rejects.by_reason(), files, rejects })
    }

    /// Hands the pieces that are cut to the pool. Where the reader could not go on, the pieces before are settled first:
    /// what is told is what is first in the file.
    fn read_pieces(&mut self, read: Result<(), Unreadable>) -> Result<()> {
        while let Some(piece) = self.input()?.reader.take() {
            // Enough for every thread to find its next piece waiting.
            self.settle(2 * self.pool.threads())?;
            let caster = Arc::clone(&self.caster);
            let ticket = self.pool.spawn(move || work(piece, &caster));
            self.input()?.pieces.push_back(ticket);
        }
        let Err(unreadable) = read else { return Ok(()) };
        self.settle(0)?;
        let input = self.input()?;
        Err(unreadable.into_error(&input.object, input.lines))
    }

    /// Settles pieces, in order, until at most so many are left.
    fn settle(&mut self, left: usize) -> Result<()> {
        while self.input()?.pieces.len() > left {
            let Some(ticket) = self.input()?.pieces.pop_front() else { return Ok(()) };
            match ticket.redeem()? {
                Ok(worked) => self.take(worked)?,
                Err(Trouble::Failed(error)) => return Err(error),
                Err(Trouble::Unreadable(unreadable)) => {
                    let input = self.input()?;
                    return Err(unreadable.into_error(&input.object, input.lines));
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, worked: Worked) -> Result<()> {
        let Worked { typed, rows_read, lines } = worked;
        self.rows_read += rows_read;
        let input = self.input.as_mut().ok_or_else(|| Error::new(Kind::Bug, "read", &self.name))?;
        input.rows += rows_read;
        for mut reject in typed.rejects {
            reject.position.line += input.lines + 1;
            self.rejects.write(&input.object, reject)?;
        }
        input.lines += lines;
        for piece in self.partitioner.split(&typed.columns, typed.good.as_deref())? {
            while self.lake.partitions() <= piece.partition {
                let values = self.partitioner.values(self.lake.partitions());
                self.lake.add_partition(values.ok_or_else(|| self.bug("a partition has no values"))?);
            }
            self.lake.write(piece.partition, piece.rows)?;
        }
        Ok(())
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
fn work(piece: Box<dyn Piece>, caster: &Caster) -> Result<Worked, Trouble> {
    let mut batch = piece.read().map_err(Trouble::Unreadable)?;
    let mut typed = caster.cast(&batch).map_err(Trouble::Failed)?;
    typed.rejects.append(&mut batch.rejects);
    typed.rejects.sort_by_key(|reject| reject.position.byte_offset);
    Ok(Worked { typed, rows_read: batch.rows_read(), lines: batch.lines })
}

#[cfg(test)]
mod tests;
