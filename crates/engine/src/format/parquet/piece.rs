//! Some rows of a row group, which any thread may read.

use std::ops::Range;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};

use super::chunk::Placed;
use super::footer::guarded;
use super::page::{Content, Leaf, RawPage};
use super::schema::Column;
use super::values::Values;
use crate::format::{Piece, Unreadable};
use crate::text::TextBatch;
use crate::typed::{Columns, Rows};

/// So many rows are arrays at once.
const ROWS_AT_ONCE: u64 = 4 * 1024;

/// The arrays of some rows have at most about this many bytes, or values.
const BYTES_AT_ONCE: u64 = 64 * 1024 * 1024;
const VALUES_AT_ONCE: u64 = 1024 * 1024;

/// What every piece of a file is read by.
#[derive(Debug)]
pub struct File {
    /// The columns of the file that are read, by their numbers in it.
    pub leaves: Vec<(usize, Arc<Leaf>)>,
    pub columns: Vec<Column>,
    /// The columns of the file that the dataset has not, and watches for.
    pub left_out: Vec<String>,
    pub typed: Arc<Columns>,
}

/// Some rows of a row group.
#[derive(Debug)]
pub struct ParquetPiece {
    pub file: Arc<File>,
    /// The row group's number in the file, from 1.
    pub group: usize,
    pub rows: u64,
    /// In the order of [`File::leaves`].
    pub leaves: Vec<LeafPages>,
    /// Where the row group lies in the object.
    pub bytes: Range<u64>,
}

/// The pages of a column that hold the rows.
#[derive(Debug, Clone)]
pub struct LeafPages {
    pub dictionary: Option<Arc<RawPage>>,
    pub pages: Vec<Placed>,
    /// The rows that begin in the pages before the first of the piece.
    pub before: u64,
}

impl Piece for ParquetPiece {
    fn read(self: Box<Self>) -> Result<TextBatch, Unreadable> {
        let mut rows = Rows::new(Arc::clone(&self.file.typed));
        let read = self.read_into(&mut rows);
        read.map_err(|what| Unreadable::at_line(0, format!("row group {}: {what}", self.group)))?;
        Ok(rows.finish())
    }
}

impl ParquetPiece {
    fn read_into(&self, rows: &mut Rows) -> Result<(), String> {
        rows.add_block(self.bytes.start, self.bytes.end - self.bytes.start, self.rows)?;
        rows.add_rows(usize::try_from(self.rows).map_err(|error| error.to_string())?);
        for (index, column) in self.file.columns.iter().enumerate() {
            let leaves = column.leaves.iter().map(|leaf| {
                let place = self.file.leaves.iter().position(|(index, _)| index == leaf);
                place.and_then(|place| self.leaves.get(place)).ok_or("a column is not in its row group")
            });
            let leaves: Vec<&LeafPages> = leaves.collect::<Result<_, _>>()?;
            self.read_column(index, column, &leaves, rows).map_err(|what| match leaves.as_slice() {
                [leaf] if !what.contains("column `") => format!("column `{}`: {what}", leaf.name()),
                _ => what,
            })?;
        }
        Ok(())
    }

    fn read_column(&self, index: usize, column: &Column, leaves: &[&LeafPages], rows: &mut Rows) -> Result<(), String> {
        let size = |number: u64| usize::try_from(number).map_err(|error| error.to_string());
        for page in
            leaves.iter().flat_map(|leaf| leaf.dictionary.iter().chain(leaf.pages.iter().map(|placed| &placed.page)))
        {
            page.load()?;
        }
        let before = leaves.iter().map(|leaf| leaf.before).max().unwrap_or(0);
        let at_once = leaves.iter().map(|leaf| leaf.rows_at_once(self.rows)).min().unwrap_or(1);
        let pages = Pages { leaves, column, before };
        let (reader, seconds) = column.readers(&pages, size(before)?, size(self.rows)?, size(at_once)?)?;
        let mut batches = Batches { reader, seconds };
        let mut done = 0;
        while let Some((batch, seconds)) = guarded(|| batches.next().transpose())?? {
            let seconds = seconds.as_ref().and_then(|batch| batch.columns().first());
            let array = batch.columns().first().ok_or("a batch has no column")?;
            let values = Values::of(&column.shape, array, seconds, column.depth.saturating_sub(1));
            let values = values.ok_or("its values are of another type than its schema says")?;
            for row in 0..batch.num_rows() {
                rows.write(done + row, index, |out| Ok(values.column(row, out)))?;
            }
            done += batch.num_rows();
        }
        if done as u64 == self.rows {
            return Ok(());
        }
        Err(format!("{done} of {} rows are read from its pages", self.rows))
    }
}

/// Batches of a column, and of its seconds.
struct Batches {
    reader: parquet::arrow::arrow_reader::ParquetRecordBatchReader,
    seconds: Option<parquet::arrow::arrow_reader::ParquetRecordBatchReader>,
}

impl Iterator for Batches {
    type Item = Result<(RecordBatch, Option<RecordBatch>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.reader.next()?;
        let seconds = self.seconds.as_mut().and_then(Iterator::next).transpose();
        Some(batch.and_then(|batch| Ok((batch, seconds?))).map_err(|error| error.to_string()))
    }
}

impl LeafPages {
    fn name(&self) -> &str {
        self.pages.first().map_or("", |placed| &placed.page.leaf.name)
    }

    /// How many rows of so many are arrays at once.
    fn rows_at_once(&self, rows: u64) -> u64 {
        let pages = || self.pages.iter().map(|placed| &placed.page);
        let values: u64 = pages().map(|page| page.values()).sum();
        let by_values = VALUES_AT_ONCE * rows / values.max(1);
        // A value that shares its beginning with the one before is written out.
        let shared = pages().filter(|page| page.encoding() == Some(Encoding::DELTA_BYTE_ARRAY));
        let shared = shared.map(|page| page.header.expanded as u64).max().unwrap_or(0);
        let fixed = pages().map(|page| page.leaf.fixed_bytes as u64).max().unwrap_or(0);
        let by_bytes = BYTES_AT_ONCE / shared.max(fixed).max(1);
        ROWS_AT_ONCE.min(by_values).min(by_bytes).max(1)
    }
}

impl RawPage {
    fn values(&self) -> u64 {
        match self.header.content {
            Content::V1 { values, .. } | Content::V2 { values, .. } => values.into(),
            _ => 0,
        }
    }

    fn encoding(&self) -> Option<Encoding> {
        match self.header.content {
            Content::V1 { encoding, .. } | Content::V2 { encoding, .. } => Some(encoding),
            _ => None,
        }
    }
}

/// The pages of a column of the dataset, for the crate.
struct Pages<'a> {
    leaves: &'a [&'a LeafPages],
    column: &'a Column,
    /// The rows that are skipped: as many in each of its columns.
    before: u64,
}

impl RowGroups for Pages<'_> {
    fn num_rows(&self) -> usize {
        0
    }

    fn column_chunks(&self, index: usize) -> ParquetResult<Box<dyn PageIterator>> {
        let leaf = self.leaves.get(index).ok_or_else(|| ParquetError::General("it has no such column".to_owned()))?;
        let phantom = self.before - leaf.before;
        let pages = PageRun { leaf: (*leaf).clone(), phantom, next: 0, has_dictionary: leaf.dictionary.is_some() };
        Ok(Box::new(Once(Some(Ok(Box::new(pages))))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::empty())
    }

    fn metadata(&self) -> &ParquetMetaData {
        self.column.metadata()
    }
}

/// The one reader of a column's pages.
struct Once(Option<ParquetResult<Box<dyn PageReader>>>);

impl Iterator for Once {
    type Item = ParquetResult<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take()
    }
}

impl PageIterator for Once {}

/// Pages one after the other: first one that is not there, of the rows by which this column begins later than another
/// that belongs to the same value. They are skipped, so nobody asks for it.
struct PageRun {
    leaf: LeafPages,
    phantom: u64,
    has_dictionary: bool,
    next: usize,
}

impl PageRun {
    fn page(&self) -> Option<&Placed> {
        self.leaf.pages.get(self.next)
    }
}

impl PageReader for PageRun {
    fn get_next_page(&mut self) -> ParquetResult<Option<Page>> {
        if self.phantom > 0 {
            return Err(ParquetError::General("rows that are not there are asked for".to_owned()));
        }
        let page = match &self.leaf.dictionary {
            Some(dictionary) if self.has_dictionary => {
                self.has_dictionary = false;
                dictionary
            }
            _ => match self.leaf.pages.get(self.next) {
                Some(placed) => {
                    self.next += 1;
                    &placed.page
                }
                None => return Ok(None),
            },
        };
        page.load().cloned().map(Some).map_err(ParquetError::General)
    }

    fn peek_next_page(&mut self) -> ParquetResult<Option<PageMetadata>> {
        let rows = |rows: u64| usize::try_from(rows).ok();
        if self.phantom > 0 {
            let rows = rows(self.phantom);
            return Ok(Some(PageMetadata { num_rows: rows, num_levels: rows, is_dict: false }));
        }
        if self.has_dictionary {
            return Ok(Some(PageMetadata { num_rows: None, num_levels: None, is_dict: true }));
        }
        Ok(self.page().map(|placed| PageMetadata {
            // The crate leaves out a page by its rows; one that begins inside of a row has one more to leave out.
            num_rows: rows(placed.rows).filter(|_| placed.page.leaf.max_repetition == 0),
            num_levels: rows(placed.page.values()),
            is_dict: false,
        }))
    }

    fn skip_next_page(&mut self) -> ParquetResult<()> {
        if self.phantom > 0 {
            self.phantom = 0;
        } else if self.has_dictionary {
            self.has_dictionary = false;
        } else {
            self.next += 1;
        }
        Ok(())
    }

    fn at_record_boundary(&mut self) -> ParquetResult<bool> {
        Ok(self.page().is_none_or(|placed| !placed.is_inside))
    }
}

impl Iterator for PageRun {
    type Item = ParquetResult<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
