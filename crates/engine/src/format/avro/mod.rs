//! Avro, as object container files.
//!
//! ```text
//! bytes ─► header (once): schema, codec, marker ─► blocks, each with its marker ─► pieces of whole blocks ─► TextBatch
//! ```
//!
//! - Each record is a row; a field is found by its name, one inside of a record by its path (`a.b`), also where the
//!   record is a union with null. Arrays, maps and records as a whole are JSON, and so is what is in a union of several
//!   types: its value, without the name of its type.
//! - A line is the number of a row, and a reject stands where its block does: rows share a block's bytes.
//! - A string that is no UTF-8 or has a NUL is its row's reject. Any other fault of a block (its marker, its checksum, a
//!   value that ends too early) makes the file unreadable: behind it nothing is known.
//! - Of `limits`, `field_bytes` and `record_bytes` reject rows, and `expansion_ratio` holds for each block.
//!
//! Neither arrow-avro nor apache-avro would do: they expand a block whatever its size, one bad string fails all rows with
//! it, and both want the types of columns they then skip.

mod header;
mod piece;
mod schema;
#[cfg(test)]
mod tests;
mod value;
mod wire;

use std::collections::VecDeque;
use std::sync::Arc;

use model::Result;
use model::dataset::Dataset;

use self::header::Header;
use self::piece::{AvroPiece, Block, Layout};
use self::wire::Wire;
use super::buffer::{split_front, take_slice};
use super::{FileColumn, Format, Name, Piece, Reader, Unreadable};
use crate::text::{Origin, PIECE_BYTES};
use crate::typed::names::unread;
use crate::typed::{Columns, Torn};

/// The format.
#[derive(Debug)]
pub struct Avro;

impl Format for Avro {
    fn name(&self) -> &'static str {
        "avro"
    }

    fn reader(&self, dataset: &Dataset, origin: Origin) -> Result<Box<dyn Reader>> {
        Ok(Box::new(AvroReader::new(dataset, origin, PIECE_BYTES)))
    }

    fn columns(&self, start: &[u8]) -> Result<Option<Vec<FileColumn>>, Unreadable> {
        let fault = |what| Unreadable::at_line(0, what);
        let torn = || fault(format!("its header does not end in its first {} bytes; was it cut off?", start.len()));
        let header = Header::read(start).map_err(fault)?.ok_or_else(torn)?;
        Ok(Some(header.schema.columns()))
    }

    /// The schema has them.
    fn names_of(&self, _: &Dataset, _: &str) -> Vec<Name> {
        Vec::new()
    }
}

/// A block has at most this many bytes, as it stands in the file: it is held whole.
const MAX_BLOCK_BYTES: u64 = 64 * 1024 * 1024;

/// A piece ends behind the block with which it has so many rows, however few bytes: they may expand to many more.
const PIECE_ROWS: u64 = 16 * 1024;

#[derive(Debug)]
struct AvroReader {
    dataset: Dataset,
    /// Its fields that the dataset has not, and watches for.
    left_out: Vec<String>,
    /// Once the header is read.
    layout: Option<Arc<Layout>>,
    /// What no piece has been made of, and the byte of the object where it starts.
    buffer: Vec<u8>,
    byte_offset: u64,
    /// Whole blocks at the start of the buffer, their bytes and their rows.
    blocks: Vec<Block>,
    blocks_bytes: usize,
    blocks_rows: u64,
    /// The blocks so far.
    number: u64,
    pieces: VecDeque<AvroPiece>,
    /// [`PIECE_BYTES`]; less where a test wants to see many pieces.
    piece_bytes: usize,
}

impl Reader for AvroReader {
    fn push(&mut self, mut bytes: &[u8]) -> Result<(), Unreadable> {
        while !bytes.is_empty() {
            take_slice(&mut self.buffer, &mut bytes, self.piece_bytes);
            self.advance().map_err(|what| self.stop(what))?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Unreadable> {
        let left = self.buffer.len() - self.blocks_bytes;
        match (&self.layout, left) {
            (None, 0) => return Err(self.stop("the file has no bytes; was its upload cut off?".to_owned())),
            (None, _) => return Err(self.stop("the file ends inside of its header; was it cut off?".to_owned())),
            (Some(_), 0) => {}
            (Some(_), _) => {
                let what = self.block_fault(format!("the file ends {left} bytes into it; was it cut off?"));
                return Err(self.stop(what));
            }
        }
        self.cut();
        Ok(())
    }

    fn take(&mut self) -> Option<Box<dyn Piece>> {
        self.pieces.pop_front().map(|piece| Box::new(piece) as Box<dyn Piece>)
    }

    fn left_out(&self) -> &[String] {
        &self.left_out
    }
}

impl AvroReader {
    fn new(dataset: &Dataset, origin: Origin, piece_bytes: usize) -> Self {
        Self {
            dataset: dataset.clone(),
            left_out: Vec::new(),
            layout: None,
            buffer: Vec::new(),
            byte_offset: origin.byte_offset,
            blocks: Vec::new(),
            blocks_bytes: 0,
            blocks_rows: 0,
            number: 0,
            pieces: VecDeque::new(),
            piece_bytes,
        }
    }

    /// Goes as far as the bytes allow.
    fn advance(&mut self) -> Result<(), String> {
        if self.layout.is_none() {
            self.header()?;
        }
        while let Some(layout) = &self.layout {
            let layout = Arc::clone(layout);
            if !self.block(&layout)? {
                break;
            }
            if self.blocks_bytes >= self.piece_bytes || self.blocks_rows >= PIECE_ROWS {
                self.cut();
            }
        }
        Ok(())
    }

    fn header(&mut self) -> Result<(), String> {
        let Some(header) = Header::read(&self.buffer)? else { return Ok(()) };
        let plan = value::plan(&self.dataset, &header.schema)?;
        self.left_out = unread(&self.dataset, &header.schema)?;
        self.drop_bytes(header.length);
        let expansion_ratio = usize::try_from(self.dataset.limits.expansion_ratio).unwrap_or(usize::MAX);
        let columns = Arc::new(Columns::of(&self.dataset));
        self.layout = Some(Arc::new(Layout { header, plan, columns, expansion_ratio }));
        Ok(())
    }

    /// Takes note of the next block, if it is whole.
    fn block(&mut self, layout: &Layout) -> Result<bool, String> {
        let bytes = self.buffer.get(self.blocks_bytes..).unwrap_or_default();
        match header::is_file(bytes) {
            None => return Ok(false),
            Some(true) => {
                return Err(self.block_fault("another Avro file begins here; deliver files one by one, not joined"));
            }
            Some(false) => {}
        }
        let mut wire = Wire::new(bytes);
        let (rows, length) = match (|| Ok((wire.long()?, wire.long()?)))() {
            Ok(sizes) => sizes,
            Err(Torn::End) => return Ok(false),
            Err(Torn::Broken(what)) => return Err(self.block_fault(what)),
        };
        let Ok(rows) = u64::try_from(rows) else { return Err(self.block_fault(format!("its rows are {rows}"))) };
        let Some(length) = u64::try_from(length).ok().filter(|length| *length <= MAX_BLOCK_BYTES) else {
            let what = format!("its length is {length}, blocks of 0 to {MAX_BLOCK_BYTES} bytes are read");
            return Err(self.block_fault(what));
        };
        let start = self.buffer.len() - wire.left();
        let data = start..start + usize::try_from(length).unwrap_or(usize::MAX);
        let Some(marker) = self.buffer.get(data.end..).and_then(<[u8]>::first_chunk) else { return Ok(false) };
        if *marker != layout.header.marker {
            return Err(self.block_fault("the marker behind it is not the file's: it, or its length, is damaged"));
        }
        let end = data.end + marker.len();
        self.number += 1;
        self.blocks.push(Block {
            number: self.number,
            byte_offset: self.byte_offset + self.blocks_bytes as u64,
            byte_length: (end - self.blocks_bytes) as u64,
            rows,
            data,
        });
        self.blocks_bytes = end;
        self.blocks_rows += rows;
        Ok(true)
    }

    /// Makes a piece of the whole blocks.
    fn cut(&mut self) {
        let (Some(layout), false) = (&self.layout, self.blocks.is_empty()) else { return };
        let layout = Arc::clone(layout);
        let blocks = std::mem::take(&mut self.blocks);
        let length = std::mem::take(&mut self.blocks_bytes);
        self.blocks_rows = 0;
        let bytes = self.drop_bytes(length);
        self.pieces.push_back(AvroPiece { bytes, blocks, layout });
    }

    /// Goes behind bytes, which it returns.
    fn drop_bytes(&mut self, length: usize) -> Vec<u8> {
        let bytes = split_front(&mut self.buffer, length, self.piece_bytes);
        self.byte_offset += length as u64;
        bytes
    }

    fn block_fault(&self, what: impl std::fmt::Display) -> String {
        Block::fault(self.number + 1, self.byte_offset + self.blocks_bytes as u64, what)
    }

    /// What is whole before a fault is read first: it may have one, too, and that comes before.
    fn stop(&mut self, what: String) -> Unreadable {
        self.cut();
        Unreadable::at_line(0, what)
    }
}
