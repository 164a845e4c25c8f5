//! Delimited text, quoted as RFC 4180 has it or as the dataset says.
//!
//! ```text
//! text ─► skipped lines, header (once) ─► Cutter ─► pieces of whole records ─► scan ─► records or rejects ─► TextBatch
//! ```
//!
//! What the RFC leaves open:
//! - A line ends with LF, CRLF or CR, mixed as they come. The last record needs no line end.
//! - A quote opens a quoted field only where a field begins; anywhere else it is a character.
//! - An empty line is no record and is not counted, except where the file has one column: there it is a null.
//! - A field of no characters is null, quoted or not (Redshift's COPY with EMPTYASNULL).
//! - No bytes at all are no rows. A header, where one is expected, names each column once, in any order, case and white
//!   space around names aside; a name too many or too few is an error: the rows would lose or lack a column in silence.
//! - A delimiter at the end of every line (its header's, or its first record's, shows that it is meant) is no column.
//! - A record with too few or too many fields, a NUL byte, bytes that are no text or text behind a closing quote is a
//!   reject. A quote that is never closed, and a record beyond `limits.record_bytes`, are errors: as one reject they
//!   would hide the rows they swallow.

mod cut;
mod detect;
mod dialect;
mod header;
mod piece;
mod scan;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use model::Result;
use model::dataset::Dataset;

use self::cut::Cutter;
use self::detect::{Detected, SAMPLE_BYTES, detect};
use self::dialect::Dialect;
use self::header::Expected;
use self::piece::{CsvPiece, Layout};
use self::scan::{Scanned, line_length, scan};
use super::buffer::{split_front, take_slice};
use super::{Format, Name, Piece, Reader, Unreadable};
use crate::text::{Origin, PIECE_BYTES, Span};

/// The format.
#[derive(Debug)]
pub struct Csv;

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn reader(&self, dataset: &Dataset, origin: Origin) -> Result<Box<dyn Reader>> {
        Ok(Box::new(CsvReader::new(dataset, origin, PIECE_BYTES)))
    }

    fn names(&self, dataset: &Dataset, text: &[u8], is_all: bool, origin: Origin) -> Result<Vec<Name>, Unreadable> {
        let names = CsvReader::new(dataset, origin, PIECE_BYTES).names(text, is_all)?;
        Ok(names.into_iter().map(Name::plain).collect())
    }

    fn names_of(&self, _: &Dataset, _: &str) -> Vec<Name> {
        // A record has no names: the header has.
        Vec::new()
    }
}
/// What the next bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The sample that tells the dialect.
    Detect,
    /// So many lines that are dropped.
    Skip(u32),
    /// So many records of a header.
    Header(u32),
    /// The first record, which shows whether lines end with a delimiter.
    First,
    Records,
}

#[derive(Debug)]
struct CsvReader {
    stage: Stage,
    /// The dialect, in words, where it was detected.
    found: Option<String>,
    /// Names of the header that are left out.
    left_out: Vec<String>,
    expected: Expected,
    layout: Arc<Layout>,
    /// Of the buffer.
    origin: Origin,
    /// Lines between the last piece and the buffer.
    lines: u32,
    /// What no piece has been made of.
    buffer: Vec<u8>,
    /// The buffer's length when its first record was last looked for.
    tried: usize,
    cutter: Cutter,
    pieces: VecDeque<CsvPiece>,
    /// [`PIECE_BYTES`]; less where a test wants to see many pieces.
    piece_bytes: usize,
}

impl Reader for CsvReader {
    fn push(&mut self, mut bytes: &[u8]) -> Result<(), Unreadable> {
        while !bytes.is_empty() {
            take_slice(&mut self.buffer, &mut bytes, self.piece_bytes);
            self.advance(false)?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Unreadable> {
        self.advance(true)?;
        match self.stage {
            // A batch without rows has its header; a file without any was cut off, and would empty the batch it corrects.
            Stage::Skip(_) | Stage::Header(_) if self.layout.dialect.header_records > 0 => {
                let what = "the file has no line, a header is expected; was its upload cut off?";
                Err(Unreadable::at_line(self.lines.into(), what))
            }
            _ => Ok(()),
        }
    }

    fn take(&mut self) -> Option<Box<dyn Piece>> {
        self.pieces.pop_front().map(|piece| Box::new(piece) as Box<dyn Piece>)
    }

    fn found(&self) -> Option<&str> {
        self.found.as_deref()
    }

    fn left_out(&self) -> &[String] {
        &self.left_out
    }
}

impl CsvReader {
    fn new(dataset: &Dataset, origin: Origin, piece_bytes: usize) -> Self {
        let dialect = match &dataset.csv {
            model::dataset::Csv::Dialect(written) => Dialect::of(written, &dataset.limits),
            model::dataset::Csv::Detect => Dialect::of(&model::dataset::Dialect::default(), &dataset.limits),
        };
        let is_detected = dataset.csv == model::dataset::Csv::Detect;
        Self {
            stage: if is_detected { Stage::Detect } else { Stage::Skip(dialect.skip_lines) },
            found: None,
            left_out: Vec::new(),
            expected: Expected::of(dataset),
            layout: Arc::new(Layout {
                order: (0..dataset.columns.len()).collect(),
                width: dataset.columns.len(),
                names: dataset.columns.keys().cloned().collect(),
                is_trailed: false,
                dialect,
            }),
            origin,
            lines: 0,
            buffer: Vec::new(),
            tried: 0,
            cutter: Cutter::default(),
            pieces: VecDeque::new(),
            piece_bytes,
        }
    }

    /// The names of the header, as they are written; `c1` and so on where there is none.
    fn names(mut self, text: &[u8], is_all: bool) -> Result<Vec<String>, Unreadable> {
        self.buffer.extend_from_slice(text);
        // A sample is all there is to look at.
        loop {
            let has_moved = match self.stage {
                Stage::Detect => self.detect(is_all || text.len() >= SAMPLE_BYTES),
                Stage::Skip(0) => {
                    self.stage = Stage::Header(self.layout.dialect.header_records);
                    true
                }
                Stage::Skip(left) => self.skip_line(left, is_all),
                Stage::Header(left) if left > 1 => self.header(left, is_all)?,
                _ => break,
            };
            if !has_moved {
                break;
            }
        }
        let Some((record, spans)) = self.first_record(is_all)? else { return Ok(Vec::new()) };
        if self.layout.dialect.header_records == 0 {
            return Ok((1..=spans.len()).map(|number| format!("c{number}")).collect());
        }
        let bytes = self.buffer.get(record.start..record.end).unwrap_or_default();
        let names = header::texts(bytes, record.start, &spans, &self.layout.dialect);
        let mut names = names.map_err(|what| Unreadable::at_line(u64::from(self.lines + record.line), what))?;
        if names.len() > 1 && names.last().is_some_and(String::is_empty) {
            names.pop();
        }
        names.retain(|name| !self.expected.is_dropped(name));
        Ok(names)
    }

    /// Goes as far as the bytes allow.
    fn advance(&mut self, is_all: bool) -> Result<(), Unreadable> {
        loop {
            let has_moved = match self.stage {
                Stage::Detect => self.detect(is_all),
                Stage::Skip(0) => {
                    self.stage = Stage::Header(self.layout.dialect.header_records);
                    true
                }
                Stage::Skip(left) => self.skip_line(left, is_all),
                Stage::Header(0) => {
                    self.stage = Stage::First;
                    true
                }
                Stage::Header(left) => self.header(left, is_all)?,
                Stage::First => self.first(is_all)?,
                Stage::Records => self.piece(is_all)?,
            };
            if !has_moved {
                return Ok(());
            }
        }
    }

    fn detect(&mut self, is_all: bool) -> bool {
        if self.buffer.len() < SAMPLE_BYTES && !is_all {
            return false;
        }
        let length = self.buffer.len().min(SAMPLE_BYTES);
        let sample = self.buffer.get(..length).unwrap_or_default();
        let is_whole = is_all && length == self.buffer.len();
        let Detected { dialect, found } = detect(sample, is_whole, self.expected.sources(), &self.layout.dialect);
        self.stage = Stage::Skip(dialect.skip_lines);
        self.found = Some(found);
        self.layout = Arc::new(Layout { dialect, ..(*self.layout).clone() });
        true
    }

    fn skip_line(&mut self, left: u32, is_all: bool) -> bool {
        let length = line_length(&self.buffer);
        // A CR at the end may have its LF in the next bytes.
        if self.buffer.is_empty() || (length == self.buffer.len() && !is_all) {
            return false;
        }
        self.drop_bytes(length, 1);
        self.stage = Stage::Skip(left - 1);
        true
    }

    fn header(&mut self, left: u32, is_all: bool) -> Result<bool, Unreadable> {
        let Some((record, spans)) = self.first_record(is_all)? else { return Ok(false) };
        if left == 1 {
            let bytes = self.buffer.get(record.start..record.end).unwrap_or_default();
            let named = self.expected.order(bytes, record.start, &spans, &self.layout.dialect);
            let named = named.map_err(|what| Unreadable::at_line(u64::from(self.lines + record.line), what))?;
            self.left_out = named.left_out;
            let layout = Layout {
                order: named.order,
                width: named.width,
                is_trailed: named.is_trailed,
                ..(*self.layout).clone()
            };
            self.layout = Arc::new(layout);
        }
        let lines = self.lines_before(record.end);
        self.drop_bytes(record.end, lines);
        self.stage = Stage::Header(left - 1);
        Ok(true)
    }

    fn first(&mut self, is_all: bool) -> Result<bool, Unreadable> {
        match self.first_record(is_all)? {
            Some((record, spans)) => {
                if record.ends_empty && spans.len() == self.layout.width + 1 {
                    self.layout = Arc::new(Layout { is_trailed: true, ..(*self.layout).clone() });
                }
            }
            None if is_all => {}
            None => return Ok(false),
        }
        self.stage = Stage::Records;
        Ok(true)
    }

    /// The first record that is no blank line, with its fields, if it is whole.
    fn first_record(&mut self, is_all: bool) -> Result<Option<(Scanned, Vec<Span>)>, Unreadable> {
        let length = self.buffer.len();
        if !is_all && length < self.tried * 2 {
            return Ok(None);
        }
        let mut first = None;
        let dialect = &self.layout.dialect;
        let ended = scan(&self.buffer, dialect, &mut Vec::new(), |scanned, spans| {
            let is_whole = is_all || scanned.end < length;
            if first.is_none() && is_whole && !scanned.is_blank {
                first = Some((scanned, spans.clone()));
            }
            spans.clear();
        });
        match (first, ended.open_quote) {
            (None, Some(line)) if is_all => Err(open_quote(self.lines + line)),
            (None, _) if length > dialect.record_bytes => Err(too_long(self.lines, dialect.record_bytes)),
            (None, _) => {
                self.tried = length;
                Ok(None)
            }
            (first, _) => Ok(first),
        }
    }

    fn piece(&mut self, is_all: bool) -> Result<bool, Unreadable> {
        let Some(length) = self.cutter.cut(&self.buffer, is_all, self.piece_bytes, &self.layout.dialect) else {
            let most = self.layout.dialect.record_bytes;
            return match self.buffer.len() > most + self.piece_bytes {
                true => Err(too_long(self.lines, most)),
                false => Ok(false),
            };
        };
        let bytes = split_front(&mut self.buffer, length, self.piece_bytes);
        let origin = self.origin;
        self.origin = origin.behind(&bytes);
        let lines_before = std::mem::take(&mut self.lines);
        self.pieces.push_back(CsvPiece { bytes, layout: Arc::clone(&self.layout), origin, lines_before });
        self.cutter = Cutter::default();
        Ok(true)
    }

    fn lines_before(&self, end: usize) -> u32 {
        let mut lines = 0;
        let mut rest = self.buffer.get(..end).unwrap_or_default();
        while !rest.is_empty() {
            rest = rest.get(line_length(rest)..).unwrap_or_default();
            lines += 1;
        }
        lines
    }

    /// Goes behind bytes of which no piece is made.
    fn drop_bytes(&mut self, length: usize, lines: u32) {
        let rest = self.buffer.split_off(length);
        self.origin = self.origin.behind(&self.buffer);
        self.buffer = rest;
        self.lines += lines;
        self.tried = 0;
    }
}

fn open_quote(line: u32) -> Unreadable {
    Unreadable::at_line(line.into(), "a quote is opened here and never closed")
}

fn too_long(line: u32, most: usize) -> Unreadable {
    let what = format!(
        "the record that starts here has more than {most} bytes (limits.record_bytes); is a quote opened in it and never closed?"
    );
    Unreadable::at_line(line.into(), what)
}
