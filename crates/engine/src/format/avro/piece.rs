//! Whole blocks of a file, which any thread may expand and read.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::header::Header;
use super::value::{MAX_EMPTY, Plan, Values};
use super::wire::Wire;
use crate::format::{Piece, Unreadable};
use crate::text::TextBatch;
use crate::typed::{Columns, Rows};

/// What every block of a file is read by.
#[derive(Debug)]
pub struct Layout {
    pub header: Header,
    pub plan: Plan,
    pub columns: Arc<Columns>,
    /// How many times its size a block may have once it is expanded.
    pub expansion_ratio: usize,
}

/// A block expands to at most this many bytes. Those of most writers have some 64 KiB, or a few MiB.
const MAX_EXPANDED_BYTES: usize = 256 * 1024 * 1024;

/// The ratio is not held against fewer bytes than these.
const LEAST_BYTES: usize = 64 * 1024;

/// Where a block is.
#[derive(Debug)]
pub struct Block {
    /// Its number in the file, from 1.
    pub number: u64,
    /// In the object.
    pub byte_offset: u64,
    pub byte_length: u64,
    pub rows: u64,
    /// Its values, in the piece.
    pub data: Range<usize>,
}

impl Block {
    /// What is wrong with it.
    pub fn fault(number: u64, byte_offset: u64, what: impl std::fmt::Display) -> String {
        format!("block {number}, which starts at byte {byte_offset}: {what}")
    }
}

/// Whole blocks.
#[derive(Debug)]
pub struct AvroPiece {
    pub bytes: Vec<u8>,
    pub blocks: Vec<Block>,
    pub layout: Arc<Layout>,
}

impl Piece for AvroPiece {
    fn read(self: Box<Self>) -> Result<TextBatch, Unreadable> {
        let mut rows = Rows::new(Arc::clone(&self.layout.columns));
        for block in &self.blocks {
            let data = self.bytes.get(block.data.clone()).unwrap_or_default();
            self.layout.read(data, block, &mut rows).map_err(|what| {
                let line = rows.rows().saturating_sub(1) as u64;
                Unreadable::at_line(line, Block::fault(block.number, block.byte_offset, what))
            })?;
        }
        Ok(rows.finish())
    }
}

impl Layout {
    fn read(&self, data: &[u8], block: &Block, rows: &mut Rows) -> Result<(), String> {
        rows.add_block(block.byte_offset, block.byte_length, block.rows)?;
        let data = self.expand(data)?;
        let values = Values { schema: &self.header.schema };
        let least_bytes = match values.schema.least_bytes(0) {
            0 if block.rows <= MAX_EMPTY => 0,
            least_bytes => least_bytes.max(1),
        };
        if block.rows.checked_mul(least_bytes).is_none_or(|bytes| bytes > data.len() as u64) {
            return Err(format!("its {} bytes are too few for {} rows", data.len(), block.rows));
        }
        let mut wire = Wire::new(&data);
        for _ in 0..block.rows {
            let row = rows.rows();
            rows.add_rows(1);
            values.row(&mut wire, &self.plan, row, rows).map_err(|torn| torn.to_string())?;
        }
        match wire.left() {
            0 => Ok(()),
            left => Err(format!("{left} bytes are left behind its {} rows", block.rows)),
        }
    }

    fn expand<'a>(&self, data: &'a [u8]) -> Result<Cow<'a, [u8]>, String> {
        let Some(expand) = self.header.expand else { return Ok(Cow::Borrowed(data)) };
        let by_ratio = data.len().max(LEAST_BYTES).saturating_mul(self.expansion_ratio);
        let expanded = expand(data, by_ratio.min(MAX_EXPANDED_BYTES));
        expanded.map(Cow::Owned).map_err(|what| format!("it cannot be expanded: {what}"))
    }
}
