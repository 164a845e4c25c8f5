//! One item of a plan: its inputs' bytes in, the chunks of its objects out, every row accounted for.
//!
//! ```text
//! Item::new ─► for each input: begin_input ─► push … push ─► end_input ─► finish
//!                                                │ take_output, at any time
//! ```

use std::collections::BTreeMap;

use model::count::Counts;
use model::dataset::Dataset;
use model::layout;
use model::name::{BatchId, RunName, S3Url};
use model::{Error, Kind, Result};

use crate::cast::Caster;
use crate::chunk::Chunk;
use crate::format::{self, Decoder};
use crate::lake::{File, Lake, Limits};
use crate::partition::Partitioner;
use crate::reject::RejectLog;
use crate::text::TextBatch;

/// An item in the making. After an `Err` it is of no use; chunks it has handed out belong to no committed object.
#[derive(Debug)]
pub struct Item {
    name: String,
    dataset: Dataset,
    caster: Caster,
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
    decoder: Box<dyn Decoder>,
    rows: u64,
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
    /// An item of a run. Fails, as `Config`, where the dataset's formats of dates are none.
    pub fn new(dataset: &Dataset, run: &RunName, batch: &BatchId, item: u32) -> Result<Self> {
        Self::with_limits(dataset, run, batch, item, Limits::BUILD)
    }

    fn with_limits(dataset: &Dataset, run: &RunName, batch: &BatchId, item: u32, limits: Limits) -> Result<Self> {
        let rejects_key = layout::rejects(run, item);
        Ok(Self {
            name: format!("item {item} of {run}"),
            caster: Caster::new(dataset)?,
            partitioner: Partitioner::new(dataset)?,
            lake: Lake::new(dataset, run, batch, item, limits),
            rejects: RejectLog::new(rejects_key.clone(), limits.chunk_bytes),
            rejects_key,
            dataset: dataset.clone(),
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
        let object = url.to_string();
        let decoder = format::find(self.dataset.format)?.decoder(&self.dataset, &object)?;
        self.input = Some(Input { object, decoder, rows: 0 });
        Ok(())
    }

    /// The next bytes of the input, cut anywhere. Fails, as `Data`, where they cannot be read; the error names object
    /// and line.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let taken = self.input()?.decoder.decode(bytes)?;
            bytes = bytes.get(taken..).unwrap_or_default();
            self.flush()?;
        }
        Ok(())
    }

    /// The input's bytes have ended. Returns its rows, good and bad.
    pub fn end_input(&mut self) -> Result<u64> {
        self.input()?.decoder.end();
        self.flush()?;
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

    /// Takes the decoder's batches as far as they are full.
    fn flush(&mut self) -> Result<()> {
        while let Some(batch) = self.input()?.decoder.flush()? {
            self.take_batch(batch)?;
        }
        Ok(())
    }

    fn take_batch(&mut self, mut batch: TextBatch) -> Result<()> {
        self.rows_read += batch.rows_read();
        self.input()?.rows += batch.rows_read();
        let (typed, cast_rejects) = self.caster.cast(&batch)?;
        let mut rejects = std::mem::take(&mut batch.rejects);
        drop(batch);
        rejects.extend(cast_rejects);
        rejects.sort_by_key(|reject| reject.position.byte_offset);
        if let Some(input) = &self.input {
            rejects.into_iter().try_for_each(|reject| self.rejects.write(&input.object, reject))?;
        }
        for piece in self.partitioner.split(&typed)? {
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

#[cfg(test)]
mod tests;
