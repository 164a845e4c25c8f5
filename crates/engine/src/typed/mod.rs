//! Typed input: the values of Avro and Parquet as the text that `cast` types, like any other format's.
//!
//! ```text
//! a value of the file ─► Scalar, by its Kind ─► its text, or JSON inside of a nested value ─► Rows ─► TextBatch
//!                        (scalar)               (out)
//! ```
//!
//! A text says exactly what the value is: all digits of a decimal, the shortest form of a float that reads back,
//! microseconds (nanoseconds where there are any), hex digits for a varbyte. So rules, rejects, masks and counts are the
//! same for every format. What no text can be made of (bytes that are no UTF-8 in a text, a NUL) rejects its row alone.
//!
//! Columns are found by name, see [`names`]. The file may have more of them: these formats describe themselves, and to
//! read some of their columns is what they are made for. This module does not know how a file is laid out.

pub(crate) mod codec;
mod json;
pub(crate) mod known;
pub(crate) mod names;
mod out;
mod scalar;
#[cfg(test)]
pub(crate) mod shown;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use model::dataset::Dataset;
use model::name::Identifier;
use model::types::Type;

pub(crate) use footer::Torn;

pub(crate) use self::out::Out;
pub(crate) use self::scalar::{Kind, Scalar, Unit, half};
use crate::reject::{Fault, Reason};
use crate::text::{Block, Blocks, Empty, Form, MAX_TEXT_BYTES, Origin, Record, Span, TextBatch};

/// A batch's texts have at most this many bytes together. What a piece of a file should come to is far less: this much
/// is a value repeated without end by a few bytes.
pub(crate) const MAX_MADE_BYTES: usize = 512 * 1024 * 1024;
const _: () = assert!(MAX_MADE_BYTES < MAX_TEXT_BYTES, "a span reaches every text");

/// A batch has at most this many fields.
pub(crate) const MAX_FIELDS: usize = 32 * 1024 * 1024;

/// How a column's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// As its text; bytes are read as UTF-8.
    Text,
    /// As its text; bytes are hex digits, which is what a varbyte is read from.
    Hex,
    /// As JSON; but a text as it stands, which in a file of any format is the JSON itself.
    Json,
}

impl Target {
    fn of(kind: Type) -> Self {
        match kind {
            Type::Varbyte(_) => Self::Hex,
            Type::Super => Self::Json,
            _ => Self::Text,
        }
    }
}

/// The dataset's columns, as far as reading goes.
#[derive(Debug)]
pub(crate) struct Columns {
    names: Arc<[Identifier]>,
    targets: Vec<Target>,
    order: Arc<[usize]>,
    field_bytes: usize,
    record_bytes: usize,
}

impl Columns {
    pub fn of(dataset: &Dataset) -> Self {
        let bytes = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
        Self {
            names: dataset.columns.keys().cloned().collect(),
            targets: dataset.columns.values().map(|column| Target::of(column.kind)).collect(),
            order: (0..dataset.columns.len()).collect(),
            field_bytes: bytes(dataset.limits.field_bytes),
            record_bytes: bytes(dataset.limits.record_bytes),
        }
    }

    pub fn target(&self, column: usize) -> Target {
        self.targets.get(column).copied().unwrap_or(Target::Text)
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }
}

/// The rows of a batch in the making: first rows are added, then their fields, in any order.
#[derive(Debug)]
pub(crate) struct Rows {
    columns: Arc<Columns>,
    rows: usize,
    made: String,
    /// [`MAX_MADE_BYTES`]; less where a test wants to see it.
    most_bytes: usize,
    spans: Vec<Span>,
    /// Rows that are none, with the column and what is wrong with its value.
    faults: Vec<(usize, usize, Fault)>,
    blocks: Vec<Block>,
}

impl Rows {
    pub fn new(columns: Arc<Columns>) -> Self {
        Self {
            columns,
            rows: 0,
            made: String::new(),
            most_bytes: MAX_MADE_BYTES,
            spans: Vec::new(),
            faults: Vec::new(),
            blocks: Vec::new(),
        }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The rows that follow are of a block of the file. Fails, saying why, where they are too many for a batch.
    pub fn add_block(&mut self, byte_offset: u64, byte_length: u64, rows: u64) -> Result<(), String> {
        let fields = usize::try_from(rows).ok().and_then(|rows| (self.rows + rows).checked_mul(self.columns.len()));
        if fields.is_none_or(|fields| fields > MAX_FIELDS) {
            return Err(format!("it has {rows} rows, and {MAX_FIELDS} values at most are read at once"));
        }
        self.blocks.push(Block { first_line: short(self.rows), byte_offset, byte_length });
        Ok(())
    }

    /// Adds rows of nulls.
    pub fn add_rows(&mut self, rows: usize) {
        self.rows += rows;
        self.spans.resize(self.rows * self.columns.len(), Span::NULL);
    }

    /// Writes a value: the closure says whether there is one. Fails, saying why, where the closure does, or where the
    /// batch becomes too large.
    pub fn write(
        &mut self,
        row: usize,
        column: usize,
        write: impl FnOnce(&mut Out<'_>) -> Result<bool, String>,
    ) -> Result<(), String> {
        let start = self.made.len();
        let mut out = Out::new(&mut self.made, self.columns.target(column), self.columns.field_bytes);
        let is_value = write(&mut out)?;
        if let Some(fault) = out.into_fault() {
            self.made.truncate(start);
            self.faults.push((row, column, fault));
        } else if self.made.len() > self.most_bytes {
            return Err(format!(
                "its values are more than {} bytes as text: few bytes expand to many",
                self.most_bytes
            ));
        } else if is_value {
            let span = Span::new(start..self.made.len(), Form::Made);
            if let Some(place) = self.spans.get_mut(row * self.columns.len() + column) {
                *place = span;
            }
        }
        Ok(())
    }

    /// The batch: rows with a fault, or longer than a record may be, are its rejects.
    pub fn finish(mut self) -> TextBatch {
        self.reject_long_rows();
        let Self { columns, rows, made, spans, mut faults, blocks, .. } = self;
        let records = (0..rows).map(|row| Record { start: 0, end: 0, line: short(row) }).collect();
        let mut batch = TextBatch {
            raw: String::new(),
            made,
            spans,
            width: columns.len(),
            order: Arc::clone(&columns.order),
            records,
            rejects: Vec::new(),
            read: rows as u64,
            lines: rows as u64,
            origin: Origin::START,
            blocks: Some(Blocks { names: Arc::clone(&columns.names), list: blocks }),
            empty: Empty::Text,
        };
        // Stable, so that the first column's fault is a row's first. A row has one reject.
        faults.sort_by_key(|(row, column, _)| (*row, *column));
        faults.dedup_by_key(|(row, ..)| *row);
        let bad: Vec<usize> = faults.iter().map(|(row, ..)| *row).collect();
        for (row, column, fault) in faults {
            let name = columns.names.get(column).cloned();
            batch.rejects.extend(batch.reject(row, name, fault));
        }
        batch.remove_rows(&bad);
        batch
    }

    /// A reject says that a row is too long without naming a column: `column` is one behind the last.
    fn reject_long_rows(&mut self) {
        let (width, most) = (self.columns.len(), self.columns.record_bytes);
        if self.made.len() <= most {
            return;
        }
        for (row, spans) in self.spans.chunks(width.max(1)).enumerate() {
            let bytes: usize = spans.iter().map(|span| span.range().len()).sum();
            if bytes > most {
                let message = format!("the row has {bytes} bytes as text, limits.record_bytes is {most}");
                self.faults.push((row, width, Fault::new(Reason::TooLong, message)));
            }
        }
    }
}

/// A batch has far fewer rows than 4 billion.
fn short(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}
