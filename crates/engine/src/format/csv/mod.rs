//! Delimited text, quoted as RFC 4180 has it, in UTF-8.
//!
//! ```text
//! bytes ─► Scanner ─► fields and ends of records ─► header (once), then records or rejects ─► TextBatch
//! ```
//!
//! What the RFC leaves open:
//! - A line ends with LF, CRLF or CR, mixed as they come. The last record needs no line end.
//! - A quote opens a quoted field only where a field begins; anywhere else it is a character.
//! - An empty line is no record and is not counted, except where the file has one column: there it is a null.
//! - A field of no characters is null, quoted or not (Redshift's COPY with EMPTYASNULL).
//! - A byte order mark at the start is skipped; offsets count it.
//! - No bytes at all are no rows. A header, where one is expected, names each column once, in any order, case and white
//!   space around names aside; a name too many or too few is an error: the rows would lose or lack a column in silence.
//! - A record with too few or too many fields, a NUL byte, bytes that are no UTF-8 or text behind a closing quote is a
//!   reject. A quote that is never closed, and a record beyond [`MAX_RECORD_BYTES`], are errors: as one reject they
//!   would hide the rows they swallow.

mod header;
mod scan;
mod sift;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use model::dataset::{Dataset, Dialect};
use model::name::Identifier;
use model::{Error, Kind, Result};

use self::header::Expected;
use self::scan::{Scanned, Scanner, line_breaks};
use super::{Decoder, Format};
use crate::reject::{Fault, Reason, Reject};
use crate::text::{BATCH_BYTES, BATCH_ROWS, MAX_RECORD_BYTES, Position, Record, Span, TextBatch};

/// The format.
#[derive(Debug)]
pub struct Csv;

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn decoder(&self, dataset: &Dataset, object: &str) -> Result<Box<dyn Decoder>> {
        let (has_header, delimiter, quote) = simple(&dataset.csv).ok_or_else(|| {
            Error::new(Kind::Config, "read", object).because("this dialect of `csv` is not supported yet")
        })?;
        let columns = dataset.columns.len();
        let header = has_header.then(|| Expected::of(dataset));
        Ok(Box::new(CsvDecoder {
            object: object.to_owned(),
            names: dataset.columns.keys().cloned().collect(),
            quote,
            header,
            order: (0..columns).collect(),
            scanner: Scanner::new(delimiter, quote),
            has_begun: false,
            has_ended: false,
            line: 1,
            base: 0,
            raw: Vec::new(),
            spans: Vec::new(),
            record_span: 0,
            records: Vec::new(),
            rejects: Vec::new(),
            read: 0,
        }))
    }
}

/// Whether there is a header, the delimiter and the quote of a dialect that the scanner knows.
fn simple(csv: &model::dataset::Csv) -> Option<(bool, u8, u8)> {
    let model::dataset::Csv::Dialect(dialect) = csv else { return None };
    let (&[delimiter], Some(quote), 0 | 1) = (dialect.delimiter.as_bytes(), dialect.quote, dialect.header.0) else {
        return None;
    };
    let known = Dialect {
        header: dialect.header,
        delimiter: dialect.delimiter.clone(),
        quote: Some(quote),
        ..Dialect::default()
    };
    (*dialect == known).then_some((dialect.header.names_columns(), delimiter, quote))
}

/// Bytes are scanned in slices of this size, so that what is left behind a full batch is short.
const SLICE_BYTES: usize = 64 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How files begin that are no text; each holds a byte that no CSV begins with.
const NOT_TEXT: &[(&[u8], &str)] = &[
    (b"\x1F\x8B", "gzip"),
    (b"\x28\xB5\x2F\xFD", "Zstandard"),
    (b"PK\x03\x04", "zip"),
    (b"Obj\x01", "Avro"),
    (b"\xFF\xFE", "UTF-16"),
    (b"\xFE\xFF", "UTF-16"),
];

#[derive(Debug)]
struct CsvDecoder {
    object: String,
    names: Vec<Identifier>,
    quote: u8,
    /// The header, until it is read.
    header: Option<Expected>,
    order: Arc<[usize]>,
    scanner: Scanner,
    has_begun: bool,
    has_ended: bool,
    /// The line where the record in hand starts.
    line: u64,
    /// The offset of `raw` in the object.
    base: u64,
    /// The batch's bytes: whole records, then what of the next ones is here.
    raw: Vec<u8>,
    spans: Vec<Span>,
    /// The first span of the record in hand.
    record_span: usize,
    records: Vec<Record>,
    rejects: Vec<Reject>,
    read: u64,
}

impl Decoder for CsvDecoder {
    fn decode(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut rest = bytes;
        loop {
            self.scan()?;
            if self.is_full() || rest.is_empty() {
                return Ok(bytes.len() - rest.len());
            }
            let (slice, later) = rest.split_at(rest.len().min(SLICE_BYTES));
            self.raw.extend_from_slice(slice);
            rest = later;
        }
    }

    fn end(&mut self) {
        self.has_ended = true;
    }

    fn flush(&mut self) -> Result<Option<TextBatch>> {
        if self.has_ended {
            self.scan()?;
            if let Some(open) = self.scanner.open_quote() {
                let line = self.line + line_breaks(self.raw.get(self.scanner.record()..open).unwrap_or_default());
                return Err(self.fault(line, "a quote is opened here and never closed".to_owned()));
            }
            // A batch without rows has its header; a file without any was cut off, and would empty the batch it corrects.
            if self.header.is_some() {
                return Err(
                    self.fault(1, "the file has no line, a header is expected; was its upload cut off?".to_owned())
                );
            }
        }
        if self.is_full() || (self.has_ended && self.read > 0) { self.cut().map(Some) } else { Ok(None) }
    }
}

impl CsvDecoder {
    /// Takes records from `raw` until the batch is full or the bytes are all seen.
    fn scan(&mut self) -> Result<()> {
        if !self.has_begun && !self.begin()? {
            return Ok(());
        }
        while !self.is_full() {
            let scanned = self.scanner.next(&self.raw, self.has_ended, &mut self.spans);
            let end = scanned.as_ref().map_or(self.raw.len(), |scanned| scanned.range.end);
            let start = scanned.as_ref().map_or(self.scanner.record(), |scanned| scanned.range.start);
            if end - start > MAX_RECORD_BYTES {
                let what = format!("the record that starts here has more than {MAX_RECORD_BYTES} bytes");
                return Err(self.fault(self.line, what + "; is a quote opened in it and never closed?"));
            }
            match scanned {
                Some(scanned) => self.take(scanned)?,
                None => break,
            }
        }
        Ok(())
    }

    /// Looks at the first bytes, once they are here; says whether they were.
    fn begin(&mut self) -> Result<bool> {
        if self.raw.len() < 4 && !self.has_ended {
            return Ok(false);
        }
        if let Some((_, format)) = NOT_TEXT.iter().find(|(magic, _)| self.raw.starts_with(magic)) {
            return Err(self.fault(1, format!("it is {format}, not CSV in UTF-8; that is not supported yet")));
        }
        if self.raw.starts_with(BYTE_ORDER_MARK) {
            self.scanner.skip(BYTE_ORDER_MARK.len());
        }
        self.has_begun = true;
        Ok(true)
    }

    /// Counted in whole records, so that it does not depend on how the bytes were cut.
    fn is_full(&self) -> bool {
        self.read >= BATCH_ROWS || self.scanner.record() >= BATCH_BYTES
    }

    fn take(&mut self, scanned: Scanned) -> Result<()> {
        let fields = self.spans.len() - self.record_span;
        let bytes = self.raw.get(scanned.range.clone()).unwrap_or_default();
        let is_blank = fields == 1 && !scanned.has_quotes && matches!(bytes, b"\n" | b"\r" | b"\r\n");
        let position = Position {
            line: self.line,
            byte_offset: self.base + scanned.range.start as u64,
            byte_length: bytes.len() as u64,
        };
        self.line += if scanned.has_quotes { line_breaks(bytes).max(1) } else { 1 };
        if let Some(expected) = self.header.take_if(|_| !is_blank) {
            let spans = self.spans.split_off(self.record_span);
            let order = expected.order(bytes, scanned.range.start, &spans, self.quote);
            self.order = order.map_err(|what| self.fault(position.line, what))?;
            return Ok(());
        }
        let width = self.order.len();
        if is_blank && (width != 1 || self.header.is_some()) {
            self.spans.truncate(self.record_span);
            return Ok(());
        }
        self.read += 1;
        match fault(&scanned, fields, width) {
            Some(fault) => self.reject(position, scanned.range, fault),
            None => {
                self.records.push(Record { position, raw: scanned.range });
                self.record_span = self.spans.len();
            }
        }
        Ok(())
    }

    /// The record is no row. Its bytes stay in the batch, as blanks: they need not be UTF-8.
    fn reject(&mut self, position: Position, range: Range<usize>, fault: Fault) {
        let bytes = self.raw.get_mut(range).unwrap_or_default();
        self.rejects.push(Reject::new(position, None, fault, bytes));
        bytes.fill(b' ');
        self.spans.truncate(self.record_span);
    }

    /// Ends the batch behind the last whole record.
    fn cut(&mut self) -> Result<TextBatch> {
        let rest = self.raw.split_off(self.scanner.record());
        let raw = std::mem::replace(&mut self.raw, rest);
        let base = self.base;
        self.base += raw.len() as u64;
        self.scanner.rebase();
        self.record_span = 0;
        let batch = sift::Batch {
            raw,
            base,
            spans: std::mem::take(&mut self.spans),
            records: std::mem::take(&mut self.records),
            rejects: std::mem::take(&mut self.rejects),
            read: std::mem::take(&mut self.read),
        };
        batch.into_text(&self.order, &self.names, self.quote).map_err(|what| {
            Error::new(Kind::Bug, "read", format!("{} before byte {}", self.object, self.base)).because(what)
        })
    }

    fn fault(&self, line: u64, what: String) -> Error {
        Error::new(Kind::Data, "read", format!("{} line {line}", self.object)).because(what)
    }
}

fn fault(scanned: &Scanned, fields: usize, width: usize) -> Option<Fault> {
    if scanned.is_bad_quote {
        return Some(Fault::new(Reason::BadQuote, "text stands behind a closing quote"));
    }
    let reason = match fields.cmp(&width) {
        std::cmp::Ordering::Less => Reason::TooFewFields,
        std::cmp::Ordering::Greater => Reason::TooManyFields,
        std::cmp::Ordering::Equal => return None,
    };
    Some(Fault::new(reason, format!("the record has {fields} field(s), the file has {width} column(s)")))
}
