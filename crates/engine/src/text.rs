//! Records as text: what every decoder yields and what `cast` types.
//!
//! A batch is a few flat buffers, whatever the number of its fields. A field is a span of the record as it stands in
//! the file where that is its text, and a span of a second buffer where it is not (a doubled quote).

use std::ops::Range;
use std::sync::Arc;

use crate::reject::Reject;

/// A batch is cut behind the record that makes it this many, wherever the bytes were cut.
pub const BATCH_ROWS: u64 = 8192;

/// A batch is cut behind the record that fills it to this many bytes, too: rows may be long.
pub const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// A longer record ends the run: what it swallowed would be lost as one reject.
pub const MAX_RECORD_BYTES: usize = 16 * 1024 * 1024;

/// Where a record stands in its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line where it starts, from 1. CR, LF and CRLF end one line each, inside quotes too.
    pub line: u64,
    /// The byte where it starts.
    pub byte_offset: u64,
    /// Its length in bytes, with its line end.
    pub byte_length: u64,
}

/// A record of a batch: where it stands in its object, and in the batch's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub position: Position,
    pub raw: Range<usize>,
}

/// The text of one field: a range of one of the two buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub start: u32,
    pub end: u32,
    pub form: Form,
}

/// How a field's span is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As the record stands in the file.
    Raw,
    /// As the record stands in the file, but with quotes doubled; no span of a finished batch is.
    Doubled,
    /// From the buffer of texts that stand in the file in another form.
    Made,
}

impl Span {
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Records as text, and the rejects that were no records.
#[derive(Debug, Clone, PartialEq)]
pub struct TextBatch {
    /// The records as they stand in the file, one behind the other.
    pub(crate) raw: String,
    /// Texts of fields that stand in the file in another form.
    pub(crate) made: String,
    /// The fields, record by record, in the file's order.
    pub(crate) spans: Vec<Span>,
    /// For each column of the dataset, which of the file's fields it is.
    pub(crate) order: Arc<[usize]>,
    pub(crate) records: Vec<Record>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) read: u64,
}

impl TextBatch {
    /// Rows in the file's bytes, good and bad, counted as they were found.
    pub fn rows_read(&self) -> u64 {
        self.read
    }

    /// Rows that have a text for every column.
    pub fn rows(&self) -> usize {
        self.records.len()
    }

    /// The texts of one of the dataset's columns, row by row. A `None` would be a span outside of its buffer.
    pub(crate) fn column(&self, column: usize) -> impl Iterator<Item = Option<&str>> {
        let first = self.order.get(column).copied().unwrap_or(usize::MAX);
        let spans = self.spans.get(first..).unwrap_or_default();
        spans.iter().step_by(self.order.len().max(1)).map(|span| match span.form {
            Form::Made => self.made.get(span.range()),
            Form::Raw | Form::Doubled => self.raw.get(span.range()),
        })
    }

    /// Where a row stands, and its bytes in the file.
    pub(crate) fn record(&self, row: usize) -> Option<(Position, &str)> {
        let record = self.records.get(row)?;
        Some((record.position, self.raw.get(record.raw.clone())?))
    }
}
