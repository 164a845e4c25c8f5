//! A row group: which bytes of it are read, in which order, and how its rows are cut into pieces.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

use super::chunk::Chunk;
use super::piece::{File, LeafPages, ParquetPiece};
use crate::typed::codec::{self, Expand};

/// How much is asked for at once, and held.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// So many bytes of the end of the object are asked for first: most footers are no longer, and many files.
    pub end_bytes: u64,
    /// A row group whose columns are larger than this, as far as they are read, is read a window of each column after
    /// the other, not column by column. So much is held and on its way, as far as the file allows: at least one page of
    /// each column must be.
    pub held_bytes: u64,
    /// A range has at most this many bytes.
    pub range_bytes: u64,
    /// The window of a column has at least this many bytes, however many columns there are.
    pub least_bytes: u64,
    /// Columns that lie this near to each other are read together with what is between them.
    pub gap_bytes: u64,
    /// A piece's values have about this many bytes.
    pub piece_bytes: u64,
    /// A piece has at most this many rows.
    pub piece_rows: u64,
}

impl Sizes {
    pub const BUILD: Self = Self {
        end_bytes: 512 * 1024,
        held_bytes: 64 * 1024 * 1024,
        range_bytes: 8 * 1024 * 1024,
        least_bytes: 64 * 1024,
        gap_bytes: 64 * 1024,
        piece_bytes: 2 * 1024 * 1024,
        piece_rows: 32 * 1024,
    };

    /// For a look at the first rows.
    pub const SAMPLE: Self =
        Self { held_bytes: 4 * 1024 * 1024, range_bytes: 512 * 1024, piece_bytes: 512 * 1024, ..Self::BUILD };
}

/// A row group in the reading.
#[derive(Debug)]
pub struct Group {
    /// Its number in the file, from 1.
    pub number: usize,
    pub rows: u64,
    /// The rows that are cut.
    pub done: u64,
    /// Those columns of it that are read, in the order of [`File::leaves`].
    chunks: Vec<Chunk>,
    /// Where it lies in the object: what is read of it.
    bytes: Range<u64>,
    /// The rows of a piece, once the first pages are here.
    piece_rows: Option<u64>,
}

impl Group {
    /// Fails, saying why, where its columns cannot be where the footer says.
    pub fn new(number: usize, metadata: &RowGroupMetaData, file: &File, size_bytes: u64) -> Result<Self, String> {
        let fault = |what: String| format!("row group {number}: {what}");
        let rows = u64::try_from(metadata.num_rows()).map_err(|_| fault("its rows are negative".to_owned()))?;
        let mut chunks = Vec::new();
        let mut bytes: Option<Range<u64>> = None;
        let mut read_bytes = 0;
        for (index, leaf) in &file.leaves {
            let column = metadata.columns().get(*index).ok_or_else(|| fault("it lacks a column".to_owned()))?;
            let fault = |what: String| fault(format!("column `{}`: {what}", leaf.name));
            let range = range(column, size_bytes).map_err(fault)?;
            read_bytes += range.end - range.start;
            bytes = Some(bytes.map_or(range.clone(), |all| all.start.min(range.start)..all.end.max(range.end)));
            // Where there are no lists, there is a value for each row, whatever the footer says.
            let values = match leaf.max_repetition {
                0 => rows,
                _ => u64::try_from(column.num_values()).map_err(|_| fault("its values are negative".to_owned()))?,
            };
            chunks.push(Chunk::new(Arc::clone(leaf), expand(column).map_err(fault)?, rows, values, range));
        }
        if read_bytes > size_bytes {
            return Err(fault("its columns lie in each other".to_owned()));
        }
        Ok(Self { number, rows, done: 0, chunks, bytes: bytes.unwrap_or_default(), piece_rows: None })
    }

    /// The ranges that hold its columns, in the order in which they are needed.
    pub fn ranges(&self, sizes: &Sizes) -> Vec<Range<u64>> {
        let chunks: Vec<Range<u64>> = self.chunks.iter().map(Chunk::range).collect();
        let all: u64 = chunks.iter().map(|chunk| chunk.end - chunk.start).sum();
        if all <= sizes.held_bytes {
            return joined(chunks, sizes).into_iter().flat_map(|range| windows(range, sizes.range_bytes)).collect();
        }
        let window = (sizes.held_bytes / 2 / chunks.len().max(1) as u64).clamp(sizes.least_bytes, sizes.range_bytes);
        // All columns are read at the same pace: a window stands where its share of its column does.
        let share = |chunk: &Range<u64>, at: u64| {
            u128::from(at - chunk.start) * u128::from(u32::MAX) / u128::from((chunk.end - chunk.start).max(1))
        };
        let shares = chunks.iter().flat_map(|chunk| {
            windows(chunk.clone(), window).into_iter().map(move |window| (share(chunk, window.start), window))
        });
        let mut shares: Vec<(u128, Range<u64>)> = shares.collect();
        shares.sort_by_key(|(share, window)| (*share, window.start));
        shares.into_iter().map(|(_, window)| window).collect()
    }

    /// Takes note of bytes of the object that start here.
    pub fn take(&mut self, start: u64, bytes: &Bytes) {
        self.chunks.iter_mut().for_each(|chunk| chunk.take(start, bytes));
    }

    /// The memory that it holds.
    pub fn held_bytes(&self) -> u64 {
        self.chunks.iter().map(Chunk::held_bytes).sum()
    }

    pub fn is_done(&self) -> bool {
        self.done == self.rows
    }

    /// The next piece, if its rows are here. Fails, saying why, where they never will be.
    pub fn cut(&mut self, file: &Arc<File>, sizes: &Sizes) -> Result<Option<ParquetPiece>, String> {
        if self.piece_rows.is_none()
            && let Some(row_bytes) = self.chunks.iter().map(Chunk::row_bytes).sum::<Option<u64>>()
        {
            self.piece_rows = Some((sizes.piece_bytes / row_bytes.max(1)).clamp(1, sizes.piece_rows));
        }
        // A row is what the first piece has at least.
        let rows = self.done..self.rows.min(self.done + self.piece_rows.unwrap_or(1));
        let mut lacking = self.chunks.iter().filter(|chunk| !chunk.has_rows(rows.end)).peekable();
        if rows.is_empty() || self.piece_rows.is_none() || lacking.peek().is_some() {
            let fault = lacking.find_map(|chunk| chunk.fault.as_ref());
            return fault.map_or(Ok(None), |what| Err(format!("row group {}: {what}", self.number)));
        }
        drop(lacking);
        let leaves = self.chunks.iter().map(|chunk| {
            let (pages, before) = chunk.pages_of(&rows);
            LeafPages { dictionary: chunk.dictionary.clone(), pages, before }
        });
        let leaves = leaves.collect();
        self.done = rows.end;
        self.chunks.iter_mut().for_each(|chunk| chunk.forget(rows.end));
        let bytes = self.bytes.clone();
        let (group, rows) = (self.number, rows.end - rows.start);
        Ok(Some(ParquetPiece { file: Arc::clone(file), group, rows, leaves, bytes }))
    }
}

/// Where a column of a row group lies.
fn range(column: &ColumnChunkMetaData, size_bytes: u64) -> Result<Range<u64>, String> {
    if let Some(path) = column.file_path() {
        return Err(format!("it lies in another file, {path:?}, which is not read"));
    }
    // Some writers say 0, or a place behind the values, where there is no dictionary.
    let values = column.data_page_offset();
    let dictionary = column.dictionary_page_offset().filter(|dictionary| (1..values).contains(dictionary));
    let (start, length) = (dictionary.unwrap_or(values), column.compressed_size());
    let range = u64::try_from(start).ok().zip(u64::try_from(length).ok());
    let range = range.and_then(|(start, length)| Some(start..start.checked_add(length)?));
    range.filter(|range| range.end <= size_bytes).ok_or_else(|| {
        format!("it has {length} bytes from byte {start}, which the object of {size_bytes} bytes has not")
    })
}

fn expand(column: &ColumnChunkMetaData) -> Result<Option<Expand>, String> {
    Ok(Some(match column.compression() {
        Compression::UNCOMPRESSED => return Ok(None),
        Compression::SNAPPY => codec::snappy,
        Compression::GZIP(_) => codec::gzip,
        Compression::ZSTD(_) => codec::zstd,
        Compression::LZ4_RAW => codec::lz4,
        Compression::LZ4 => codec::lz4_hadoop,
        other @ (Compression::BROTLI(_) | Compression::LZO) => {
            let name = other.to_string();
            let name = name.split('(').next().unwrap_or_default().to_lowercase();
            return Err(format!("it is compressed by {name}, which is not read; write snappy, gzip, zstd or lz4_raw"));
        }
    }))
}

/// Ranges that lie side by side, or almost, as one.
fn joined(mut ranges: Vec<Range<u64>>, sizes: &Sizes) -> Vec<Range<u64>> {
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end + sizes.gap_bytes => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// A range in parts of so many bytes, and a last one.
fn windows(range: Range<u64>, bytes: u64) -> Vec<Range<u64>> {
    let starts = (0..).map(|number| range.start + number * bytes).take_while(|start| *start < range.end);
    starts.map(|start| start..range.end.min(start + bytes)).collect()
}
