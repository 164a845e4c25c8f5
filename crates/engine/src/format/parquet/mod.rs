//! Parquet, by ranges of its bytes.
//!
//! ```text
//! end of the file ─► footer ─► for each row group: ranges of the columns that are read ─► pages ─► pieces of some rows
//!                                                                             (chunk)        (group)      │ any thread
//!                                                 TextBatch ◄─ values ◄─ arrays ◄─ the parquet crate ◄────┘
//! ```
//!
//! - Each row is a row; a column is found by its name, one inside of a record by its path (`a.b`). Lists, maps and records
//!   as a whole are JSON. Columns that the dataset does not name are not fetched.
//! - A line is the number of a row, and a reject stands where its row group does: rows share its bytes.
//! - Text that is no UTF-8 or has a NUL is its row's reject, and so is, by its column's type, whatever the type does not
//!   hold. Any other fault of a page makes the file unreadable.
//! - Bytes that are not said to be text are read as text too, for old writers do not say it; a varbyte takes them as they
//!   are, in hex digits.
//! - Moments of 96 bits have no zone: Hive means its own by them, Spark UTC.
//! - Of `limits`, `field_bytes` and `record_bytes` reject rows, and `expansion_ratio` holds for the file: so many values,
//!   whatever they are, may stand in one of its bytes.
//!
//! What is held: some 64 MiB of the columns' bytes, but at least a page of each; and the pieces that are being read.
//! A row group is never held as a whole, however large, and neither is a column of one. This is why the crate's own push
//! decoder does not do: it wants whole columns of a row group at once, unless the file has an index of their pages. It is
//! asked to make arrays of pages, which is the hard part. The footer and the headers of pages it reads, too, but it makes
//! room for what they claim; so they are read here first, see `footer`, `page` and `levels`.

mod chunk;
mod footer;
mod group;
mod levels;
mod page;
mod piece;
mod schema;
#[cfg(test)]
mod tests;
mod values;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use model::Result;
use model::dataset::Dataset;
use parquet::file::metadata::ParquetMetaData;

use self::footer::guarded;
use self::group::{Group, Sizes};
use self::piece::{File, ParquetPiece};
use self::schema::Schema;
use super::{Described, Piece, RangedFormat, RangedReader, Unreadable};
use crate::typed::{Columns, names};

/// The format.
#[derive(Debug)]
pub struct Parquet;

impl RangedFormat for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn reader(&self, dataset: &Dataset, size_bytes: u64) -> Result<Box<dyn RangedReader>> {
        Ok(Box::new(ParquetReader::new(dataset, size_bytes, Sizes::BUILD)))
    }

    fn sampler(&self, dataset: &Dataset, size_bytes: u64) -> Result<Box<dyn RangedReader>> {
        Ok(Box::new(ParquetReader::new(dataset, size_bytes, Sizes::SAMPLE)))
    }

    fn columns(&self, size_bytes: u64, end: &[u8]) -> Result<Described, Unreadable> {
        columns(size_bytes, end).map_err(|what| Unreadable::at_line(0, what))
    }
}

fn columns(size_bytes: u64, end: &[u8]) -> Result<Described, String> {
    let first_bytes = size_bytes.min(Sizes::SAMPLE.end_bytes);
    if (end.len() as u64) < first_bytes {
        return Ok(Described::Needs(size_bytes - first_bytes..size_bytes));
    }
    Ok(match footer::find(end, size_bytes)? {
        Ok(metadata) => Described::Columns(guarded(|| Schema::new(&metadata))??.columns()?),
        Err(footer_start) => Described::Needs(footer_start..size_bytes),
    })
}

/// What is held is never more than this, however large the pages.
const MAX_HELD_BYTES: u64 = 1024 * 1024 * 1024;

/// The expansion is not held against fewer bytes than these.
const LEAST_BYTES: u64 = 64 * 1024;

#[derive(Debug)]
struct ParquetReader {
    dataset: Dataset,
    size_bytes: u64,
    sizes: Sizes,
    /// The end of the object, as far as it is here, and where it starts.
    end: (u64, Bytes),
    /// Once the footer is read.
    file: Option<(Arc<File>, Arc<ParquetMetaData>)>,
    /// How many row groups were begun, and those that are not done, in order.
    begun: usize,
    groups: VecDeque<Group>,
    /// What is still to come, in the order in which it is needed: the ranges of groups, by their numbers.
    ranges: VecDeque<(usize, Range<u64>)>,
    /// The bytes of these.
    ranges_bytes: u64,
    pieces: VecDeque<ParquetPiece>,
}

impl RangedReader for ParquetReader {
    fn wants(&self) -> Vec<Range<u64>> {
        let mut room = self.sizes.held_bytes.saturating_sub(self.held_bytes());
        let mut wants: Vec<Range<u64>> = Vec::new();
        for (_, range) in &self.ranges {
            let bytes = range.end - range.start;
            // Without the first nothing goes on.
            if bytes > room && !wants.is_empty() {
                break;
            }
            room = room.saturating_sub(bytes);
            wants.push(range.clone());
        }
        wants
    }

    fn push(&mut self, start: u64, bytes: Bytes) -> Result<(), Unreadable> {
        // The pieces that are ready come before what is wrong behind them.
        self.take(start, bytes).map_err(|what| Unreadable::at_line(0, what))
    }

    fn take(&mut self) -> Option<Box<dyn Piece>> {
        self.pieces.pop_front().map(|piece| Box::new(piece) as Box<dyn Piece>)
    }

    fn left_out(&self) -> &[String] {
        self.file.as_ref().map(|(file, _)| file.left_out.as_slice()).unwrap_or_default()
    }
}

impl ParquetReader {
    fn new(dataset: &Dataset, size_bytes: u64, sizes: Sizes) -> Self {
        let end = size_bytes.saturating_sub(sizes.end_bytes)..size_bytes;
        Self {
            dataset: dataset.clone(),
            size_bytes,
            sizes,
            end: (size_bytes, Bytes::new()),
            file: None,
            begun: 0,
            groups: VecDeque::new(),
            ranges_bytes: end.end - end.start,
            ranges: VecDeque::from([(0, end)]),
            pieces: VecDeque::new(),
        }
    }

    fn take(&mut self, start: u64, bytes: Bytes) -> Result<(), String> {
        let length = bytes.len() as u64;
        let place = self.ranges.iter().position(|(_, range)| *range == (start..start + length));
        let place = place.and_then(|place| self.ranges.remove(place));
        let (number, _) = place.ok_or_else(|| format!("{length} bytes from {start} were not asked for"))?;
        self.ranges_bytes -= length;
        match self.file {
            None => self.footer(start, bytes)?,
            Some(_) => {
                let group = self.groups.iter_mut().find(|group| group.number == number);
                group.into_iter().for_each(|group| group.take(start, &bytes));
            }
        }
        self.advance()
    }

    /// The end of the object, or what lies before it of the footer.
    fn footer(&mut self, start: u64, bytes: Bytes) -> Result<(), String> {
        self.end =
            if self.end.1.is_empty() { (start, bytes) } else { (start, [bytes, self.end.1.clone()].concat().into()) };
        let (start, end) = &self.end;
        let metadata = match footer::find(end, self.size_bytes)? {
            Ok(metadata) => metadata,
            Err(footer_start) => {
                let before = footer_start..*start;
                self.want(0, before);
                return Ok(());
            }
        };
        let file = guarded(|| file(&self.dataset, &metadata))??;
        check_rows(&self.dataset, &metadata, self.size_bytes)?;
        self.file = Some((Arc::new(file), Arc::new(metadata)));
        Ok(())
    }

    /// Cuts what is here, and begins row groups as long as there is room for them.
    fn advance(&mut self) -> Result<(), String> {
        let Some((file, metadata)) = self.file.clone() else { return Ok(()) };
        loop {
            while let Some(group) = self.groups.front_mut() {
                while let Some(piece) = group.cut(&file, &self.sizes)? {
                    self.pieces.push_back(piece);
                }
                if !group.is_done() {
                    break;
                }
                self.groups.pop_front();
            }
            if self.held_bytes() + self.ranges_bytes >= self.sizes.held_bytes {
                break;
            }
            let Some(next) = metadata.row_groups().get(self.begun) else { break };
            self.begun += 1;
            if next.num_rows() != 0 {
                let mut group = Group::new(self.begun, next, &file, self.size_bytes)?;
                for range in group.ranges(&self.sizes) {
                    match self.at_end(&range) {
                        Some(bytes) => group.take(range.start, &bytes),
                        None => self.want(self.begun, range),
                    }
                }
                self.groups.push_back(group);
            }
        }
        if self.held_bytes() > MAX_HELD_BYTES {
            let what = "its pages are so large that more than 1 GiB of them would have to be held";
            return Err(format!("row group {}: {what}; write smaller pages", self.begun));
        }
        Ok(())
    }

    fn want(&mut self, group: usize, range: Range<u64>) {
        self.ranges_bytes += range.end - range.start;
        self.ranges.push_back((group, range));
    }

    /// Bytes that came with the end.
    fn at_end(&self, range: &Range<u64>) -> Option<Bytes> {
        let (start, bytes) = &self.end;
        let from = usize::try_from(range.start.checked_sub(*start)?).ok()?;
        let to = usize::try_from(range.end - start).ok()?;
        (to <= bytes.len()).then(|| bytes.slice(from..to))
    }

    fn held_bytes(&self) -> u64 {
        self.groups.iter().map(Group::held_bytes).sum()
    }
}

fn file(dataset: &Dataset, metadata: &ParquetMetaData) -> Result<File, String> {
    let schema = Schema::new(metadata)?;
    let mut columns = Vec::new();
    for (way, name) in names::paths(dataset, &schema)?.iter().zip(dataset.columns.keys()) {
        columns.push(schema.column(way).map_err(|what| format!("column `{name}` cannot be read: {what}"))?);
    }
    let mut read: Vec<usize> = columns.iter().flat_map(|column| column.leaves.iter().copied()).collect();
    read.sort_unstable();
    read.dedup();
    let leaves = read.into_iter().filter_map(|index| Some((index, Arc::clone(schema.leaves.get(index)?))));
    let left_out = names::unread(dataset, &schema)?;
    Ok(File { leaves: leaves.collect(), columns, left_out, typed: Arc::new(Columns::of(dataset)) })
}

/// A few bytes may say that a billion rows are all the same; that is no data that anybody delivers.
fn check_rows(dataset: &Dataset, metadata: &ParquetMetaData, size_bytes: u64) -> Result<(), String> {
    let groups = metadata.row_groups().iter().map(|group| u64::try_from(group.num_rows()).ok());
    let rows = groups.sum::<Option<u64>>().ok_or("a row group has negative rows")?;
    if metadata.file_metadata().num_rows().try_into() != Ok(rows) {
        let said = metadata.file_metadata().num_rows();
        return Err(format!("the footer says that the file has {said} rows, and its row groups {rows}"));
    }
    let most = size_bytes.max(LEAST_BYTES).saturating_mul(dataset.limits.expansion_ratio);
    match rows.checked_mul(dataset.columns.len() as u64) {
        Some(values) if values <= most => Ok(()),
        _ => {
            let columns = dataset.columns.len();
            let what = format!("the file has {rows} rows of {columns} columns in {size_bytes} bytes");
            Err(format!("{what}: more than limits.expansion_ratio, {}, allows", dataset.limits.expansion_ratio))
        }
    }
}
