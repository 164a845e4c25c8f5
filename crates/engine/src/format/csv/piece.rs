//! A piece's records as text: what is no row becomes a reject, escapes are undone.
//!
//! Bytes are checked once for the whole piece, which is fast, and record by record only where that finds something.

use std::sync::Arc;

use memchr::memchr;
use model::name::Identifier;

use super::dialect::{Dialect, Escape};
use super::scan::{Scanned, scan};
use super::{open_quote, too_long};
use crate::format::{Piece, Unreadable};
use crate::reject::{Fault, Reason, Reject};
use crate::text::{Empty, Form, Origin, Record, Span, TextBatch};

/// How the records of a file become rows.
#[derive(Debug, Clone)]
pub struct Layout {
    /// For each column of the dataset, which of the file's fields it is.
    pub order: Arc<[usize]>,
    /// The fields of a record.
    pub width: usize,
    /// The dataset's columns.
    pub names: Arc<[Identifier]>,
    /// Whether a record may have one more delimiter at its end.
    pub is_trailed: bool,
    pub dialect: Dialect,
}

/// Whole records of a file.
#[derive(Debug)]
pub struct CsvPiece {
    pub bytes: Vec<u8>,
    pub layout: Arc<Layout>,
    pub origin: Origin,
    /// Lines of the file that came before and belong to no piece.
    pub lines_before: u32,
}

impl Piece for CsvPiece {
    fn read(self: Box<Self>) -> Result<TextBatch, Unreadable> {
        let Self { bytes, layout, origin, lines_before } = *self;
        // A guess that spares the vectors from growing often: fields and records are rarely shorter.
        let mut spans = Vec::with_capacity(bytes.len() / 8);
        let mut rows = Rows {
            bytes: &bytes,
            layout: &layout,
            origin,
            lines_before,
            kept: 0,
            records: Vec::with_capacity(bytes.len() / (8 * layout.width.max(1)) + 1),
            rejects: Vec::new(),
            read: 0,
            longest: (0, 0),
        };
        let ended = scan(&bytes, &layout.dialect, &mut spans, |scanned, spans| rows.take(scanned, spans));
        let Rows { records, rejects, read, longest, .. } = rows;
        if let Some(line) = ended.open_quote {
            return Err(open_quote(lines_before + line));
        }
        if longest.0 > layout.dialect.record_bytes {
            return Err(too_long(longest.1, layout.dialect.record_bytes));
        }
        let mut sifted = Sifted { bytes, spans, records, rejects };
        let raw = sifted.take_text(&layout, origin).map_err(|line| {
            Unreadable::at_line(line, "what is left of the records is no text; this is a fault of Sluice")
        })?;
        let made = unescape(&raw, &mut sifted.spans, &layout.dialect);
        Ok(TextBatch {
            raw,
            made,
            spans: sifted.spans,
            width: layout.width,
            order: Arc::clone(&layout.order),
            records: sifted.records,
            rejects: sifted.rejects,
            read,
            lines: u64::from(lines_before + ended.lines),
            origin,
            blocks: None,
            empty: Empty::Null,
        })
    }
}

/// Sorts records into rows and rejects as they are found.
struct Rows<'a> {
    bytes: &'a [u8],
    layout: &'a Layout,
    origin: Origin,
    lines_before: u32,
    /// The spans of the rows so far.
    kept: usize,
    records: Vec<Record>,
    rejects: Vec<Reject>,
    read: u64,
    /// The longest record's bytes, and its line.
    longest: (usize, u32),
}

impl Rows<'_> {
    #[inline]
    fn take(&mut self, scanned: Scanned, spans: &mut Vec<Span>) {
        let width = self.layout.width;
        if scanned.is_blank && width != 1 {
            return spans.truncate(self.kept);
        }
        self.read += 1;
        let length = scanned.end - scanned.start;
        if length > self.longest.0 {
            self.longest = (length, self.lines_before + scanned.line);
        }
        let fields = spans.len() - self.kept;
        if fields != width || scanned.is_bad_quote || length > self.layout.dialect.field_bytes {
            return self.odd(scanned, fields, spans);
        }
        self.keep(scanned, spans);
    }

    fn keep(&mut self, scanned: Scanned, spans: &[Span]) {
        // A piece has far less than 4 GiB.
        let short = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        let line = self.lines_before + scanned.line;
        self.records.push(Record { start: short(scanned.start), end: short(scanned.end), line });
        self.kept = spans.len();
    }

    /// A record that is no row, or not at first sight.
    #[cold]
    fn odd(&mut self, scanned: Scanned, mut fields: usize, spans: &mut Vec<Span>) {
        let Layout { width, is_trailed, dialect, .. } = self.layout;
        if *is_trailed && fields == width + 1 && scanned.ends_empty {
            spans.pop();
            fields -= 1;
        }
        if dialect.pads_short && fields < *width {
            spans.resize(self.kept + width, Span::NULL);
            fields = *width;
        }
        let longest = spans.get(self.kept..).unwrap_or_default().iter().map(|span| span.range().len()).max();
        let fault = if scanned.is_bad_quote {
            Fault::new(Reason::BadQuote, "text stands behind a closing quote")
        } else if fields != *width {
            let reason = if fields < *width { Reason::TooFewFields } else { Reason::TooManyFields };
            Fault::new(reason, format!("the record has {fields} field(s), the file has {width} column(s)"))
        } else if let Some(bytes) = longest.filter(|bytes| *bytes > dialect.field_bytes) {
            let most = dialect.field_bytes;
            Fault::new(Reason::TooLong, format!("a field has {bytes} bytes, limits.field_bytes is {most}"))
        } else {
            return self.keep(scanned, spans);
        };
        spans.truncate(self.kept);
        let record = self.bytes.get(scanned.start..scanned.end).unwrap_or_default();
        let before = self.bytes.get(..scanned.start).unwrap_or_default();
        let position = self.origin.position(u64::from(self.lines_before + scanned.line), before, record);
        self.rejects.push(Reject::new(position, None, fault, record));
    }
}

/// Records whose bytes are not yet known to be text.
struct Sifted {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    records: Vec<Record>,
    rejects: Vec<Reject>,
}

impl Sifted {
    /// The bytes as text. An error, the line of it, is a bug: what is left after sifting is text.
    fn take_text(&mut self, layout: &Layout, origin: Origin) -> Result<String, u64> {
        let bytes = std::mem::take(&mut self.bytes);
        let bytes = match String::from_utf8(bytes) {
            Ok(text) if memchr(0, text.as_bytes()).is_none() => return Ok(text),
            Ok(text) => text.into_bytes(),
            Err(error) => error.into_bytes(),
        };
        String::from_utf8(self.sift(bytes, layout, origin)).map_err(|_| 0)
    }

    /// Makes rejects of records that are no text, and blanks all that is not in a row.
    fn sift(&mut self, bytes: Vec<u8>, layout: &Layout, origin: Origin) -> Vec<u8> {
        let mut text = vec![b' '; bytes.len()];
        let mut spans = Vec::with_capacity(self.spans.len());
        let mut records = Vec::with_capacity(self.records.len());
        let fields = self.spans.chunks(layout.width.max(1));
        for (record, fields) in std::mem::take(&mut self.records).into_iter().zip(fields) {
            let bytes_of = bytes.get(record.range()).unwrap_or_default();
            let Some((at, reason)) = not_text(bytes_of) else {
                if let Some(kept) = text.get_mut(record.range()) {
                    kept.copy_from_slice(bytes_of);
                }
                spans.extend_from_slice(fields);
                records.push(record);
                continue;
            };
            let place = record.range().start + at;
            let field = fields.iter().position(|span| span.range().contains(&place));
            let column = field.and_then(|field| layout.order.iter().position(|of_column| *of_column == field));
            let byte = origin.behind(bytes.get(..place).unwrap_or_default()).byte_offset;
            let what = if reason == Reason::NulByte {
                "is NUL".to_owned()
            } else {
                format!("is no {}", origin.encoding.name())
            };
            let fault = Fault::new(reason, format!("byte {byte} of the object {what}"));
            let before = bytes.get(..record.range().start).unwrap_or_default();
            let position = origin.position(record.line.into(), before, bytes_of);
            let column = column.and_then(|column| layout.names.get(column)).cloned();
            self.rejects.push(Reject::new(position, column, fault, bytes_of));
        }
        (self.spans, self.records) = (spans, records);
        text
    }
}

/// The first byte that cannot be kept, and why.
fn not_text(record: &[u8]) -> Option<(usize, Reason)> {
    let nul = memchr(0, record);
    let invalid = str::from_utf8(record).err().map(|error| error.valid_up_to());
    match (nul, invalid) {
        (Some(nul), Some(invalid)) if invalid < nul => Some((invalid, Reason::InvalidEncoding)),
        (Some(nul), _) => Some((nul, Reason::NulByte)),
        (None, Some(invalid)) => Some((invalid, Reason::InvalidEncoding)),
        (None, None) => None,
    }
}

/// Makes the texts of fields with escapes.
fn unescape(raw: &str, spans: &mut [Span], dialect: &Dialect) -> String {
    let mut made = String::new();
    for span in spans.iter_mut().filter(|span| span.form() == Form::Escaped) {
        let text = raw.get(span.range()).unwrap_or_default();
        if dialect.escape == Escape::Backslash && text == "\\N" {
            *span = Span::NULL;
            continue;
        }
        let start = made.len();
        dialect.unescape(text, &mut made);
        *span = Span::new(start..made.len(), Form::Made);
    }
    made
}
