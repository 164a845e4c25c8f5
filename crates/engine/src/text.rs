//! Records as text: what every format yields and what `cast` types.
//!
//! A batch is a few flat buffers, whatever the number of its fields. A field is a span of the record as it stands in
//! the file where that is its text, and a span of a second buffer where it is not (a doubled quote, an escape).

use std::ops::Range;
use std::sync::Arc;

use model::encoding::Encoding;
use model::name::Identifier;

use crate::encoding::SourceBytes;
use crate::reject::{self, Fault, Reject};

/// A format cuts an object into pieces of about this many bytes; one batch is made of each, on any thread. Measured:
/// what each piece and its batch cost once weighs more, up to here, than that smaller ones fit a processor's own cache.
pub const PIECE_BYTES: usize = 1024 * 1024;

/// Where a record stands in its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line where it starts, from 1. CR, LF and CRLF end one line each, inside quotes too. Within a batch it counts
    /// from 0 at the start of the batch's piece.
    pub line: u64,
    /// The byte where it starts, after decompression, before any change of encoding.
    pub byte_offset: u64,
    /// Its length in bytes, with its line end where it has one.
    pub byte_length: u64,
}

/// Where a piece's text starts in its object, and how its bytes were written there.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// How the object's bytes became text.
    pub encoding: Encoding,
    /// The byte of the object where the text starts.
    pub byte_offset: u64,
}

impl Origin {
    /// That of an object which is no text, and of records which have no text of their own in it, see [`Blocks`].
    pub(crate) const START: Self = Self { encoding: Encoding::Utf8, byte_offset: 0 };

    /// The origin of what follows this text.
    pub fn behind(self, text: &[u8]) -> Self {
        Self { byte_offset: self.byte_offset + self.encoding.source_bytes(text), ..self }
    }

    /// Where a record stands of which this much text comes before, on a line of the piece.
    pub(crate) fn position(self, line: u64, before: &[u8], record: &[u8]) -> Position {
        Position { line, byte_offset: self.behind(before).byte_offset, byte_length: self.encoding.source_bytes(record) }
    }
}

/// A record of a batch: its bytes in the batch's text, and its line, from 0 at the start of the piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    pub start: u32,
    pub end: u32,
    pub line: u32,
}

impl Record {
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// How a field's span is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As the record stands in the file.
    Raw,
    /// From the buffer of texts that stand in the file in another form.
    Made,
    /// As the record stands in the file, but with escapes that are yet to be undone; no span of a finished batch is.
    Escaped,
    /// There is no value.
    Null,
}

/// The text of one field: a range of one of the two buffers. The form lies in the upper two bits of the end: there are
/// tens of spans for each record, and they are read once for each column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

const FORM_SHIFT: u32 = 30;
const END_MASK: u32 = (1 << FORM_SHIFT) - 1;

/// Text of a piece and of its made fields is shorter than this; `limits.record_bytes` is far below.
pub(crate) const MAX_TEXT_BYTES: usize = END_MASK as usize;

impl Span {
    /// No value.
    pub const NULL: Self = Self { start: 0, end: 3 << FORM_SHIFT };

    /// A span that lies beyond [`MAX_TEXT_BYTES`] would be another: formats cut their pieces far shorter.
    pub fn new(range: Range<usize>, form: Form) -> Self {
        let short = |place: usize| u32::try_from(place).unwrap_or(END_MASK).min(END_MASK);
        Self { start: short(range.start), end: short(range.end) | ((form as u32) << FORM_SHIFT) }
    }

    pub fn range(self) -> Range<usize> {
        self.start as usize..(self.end & END_MASK) as usize
    }

    pub fn form(self) -> Form {
        match self.end >> FORM_SHIFT {
            0 => Form::Raw,
            1 => Form::Made,
            2 => Form::Escaped,
            _ => Form::Null,
        }
    }
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    Null,
    Text(&'a str),
    /// The span lies outside of its buffer: a bug.
    Torn,
}

/// What a field of no characters is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Empty {
    /// There is no other way to write null (CSV, XML).
    Null,
    /// A text of no characters where the column holds text, null elsewhere (JSON, Parquet, Avro).
    Text,
}

/// Records as text, and the rejects that were no records.
#[derive(Debug, Clone)]
pub struct TextBatch {
    /// The piece as it stands in the file.
    pub(crate) raw: String,
    /// Texts of fields that stand in the file in another form.
    pub(crate) made: String,
    /// The fields, record by record, in the file's order: `width` for each.
    pub(crate) spans: Vec<Span>,
    pub(crate) width: usize,
    /// For each column of the dataset, which of the fields it is.
    pub(crate) order: Arc<[usize]>,
    pub(crate) records: Vec<Record>,
    /// The records that are none; their positions have lines of the piece.
    pub(crate) rejects: Vec<Reject>,
    /// Rows found in the piece, good and bad, counted as they were found.
    pub(crate) read: u64,
    /// Line ends in the piece.
    pub(crate) lines: u64,
    pub(crate) origin: Origin,
    /// Where the records stand, if the format keeps no text of a record.
    pub(crate) blocks: Option<Blocks>,
    pub(crate) empty: Empty,
}

/// Where records stand that share their bytes with others: those of Avro and Parquet. Their lines are numbers of rows.
#[derive(Debug, Clone)]
pub(crate) struct Blocks {
    /// The dataset's columns.
    pub names: Arc<[Identifier]>,
    /// The blocks, in order.
    pub list: Vec<Block>,
}

/// A part of the object that holds the records from its first line up to the next block's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    pub first_line: u32,
    pub byte_offset: u64,
    pub byte_length: u64,
}

impl TextBatch {
    /// Rows in the piece, good and bad.
    pub fn rows_read(&self) -> u64 {
        self.read
    }

    /// Rows that have a field for every column.
    pub fn rows(&self) -> usize {
        self.records.len()
    }

    /// The fields of one of the dataset's columns, row by row.
    pub(crate) fn column(&self, column: usize) -> impl Iterator<Item = Field<'_>> {
        let first = self.order.get(column).copied().unwrap_or(usize::MAX);
        let spans = self.spans.get(first..).unwrap_or_default();
        spans.iter().step_by(self.width.max(1)).map(|span| self.field(*span))
    }

    fn field(&self, span: Span) -> Field<'_> {
        let text = match span.form() {
            Form::Raw => self.raw.get(span.range()),
            Form::Made => self.made.get(span.range()),
            Form::Null => return Field::Null,
            Form::Escaped => None,
        };
        text.map_or(Field::Torn, Field::Text)
    }

    /// Whether the format has nulls of its own, so that an empty text is a text.
    pub(crate) fn has_nulls(&self) -> bool {
        self.empty == Empty::Text
    }

    /// A row as it stands in the file.
    pub(crate) fn record_text(&self, row: usize) -> Option<&str> {
        self.raw.get(self.records.get(row)?.range())
    }

    /// The reject of a row, by its number; `None` if there is no such row.
    pub(crate) fn reject(&self, row: usize, column: Option<Identifier>, fault: Fault) -> Option<Reject> {
        let record = self.records.get(row)?;
        if let Some(blocks) = &self.blocks {
            let text = self.values(row, &blocks.names);
            return Some(Reject::new(blocks.position(record.line)?, column, fault, text.as_bytes()));
        }
        let raw = self.raw.get(record.range())?.as_bytes();
        let before = self.raw.get(..record.range().start)?.as_bytes();
        Some(Reject::new(self.origin.position(record.line.into(), before, raw), column, fault, raw))
    }

    /// Takes rows out, by their numbers, in order; they are no longer numbered.
    pub(crate) fn remove_rows(&mut self, rows: &[usize]) {
        let is_kept = |row: &usize| rows.binary_search(row).is_err();
        if rows.is_empty() {
            return;
        }
        let kept = (0..self.records.len()).filter(is_kept);
        let spans = kept.clone().filter_map(|row| self.spans.get(row * self.width..(row + 1) * self.width));
        self.spans = spans.flatten().copied().collect();
        self.records = kept.filter_map(|row| self.records.get(row)).copied().collect();
    }

    /// The values of a row by their columns, as JSON: what a reject shows where the file has no text to show. It ends
    /// behind the first value that makes it longer than a reject's text.
    fn values(&self, row: usize, names: &[Identifier]) -> String {
        let mut text = String::from("{");
        for (column, name) in names.iter().enumerate() {
            let value = match self.column(column).nth(row) {
                Some(Field::Text(value)) => {
                    let end = value.floor_char_boundary(reject::MAX_TEXT_BYTES);
                    serde_json::Value::from(value.get(..end).unwrap_or_default())
                }
                _ => serde_json::Value::Null,
            };
            let comma = if column == 0 { "" } else { "," };
            text += &format!("{comma}\"{name}\":{value}");
            if text.len() > reject::MAX_TEXT_BYTES {
                break;
            }
        }
        text.push('}');
        text
    }
}

impl Blocks {
    /// Where a record stands: in its block.
    fn position(&self, line: u32) -> Option<Position> {
        let behind = self.list.partition_point(|block| block.first_line <= line);
        let block = self.list.get(behind.checked_sub(1)?)?;
        Some(Position { line: line.into(), byte_offset: block.byte_offset, byte_length: block.byte_length })
    }
}
