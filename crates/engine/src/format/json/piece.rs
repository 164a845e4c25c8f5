//! A piece's records as text: what is no record becomes a reject, or ends the reading of a document.

use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr, memchr_iter, memrchr2};

use super::Layout;
use super::cursor::{Broken, Found, What};
use super::walk::{ColumnFault, Walk};
use crate::format::{Piece, Unreadable};
use crate::reject::{Fault, Reason, Reject};
use crate::text::{Empty, Origin, Record, TextBatch};

/// How records stand in a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// None: what stands around an array of records.
    Nothing,
    /// One on each line.
    Lines,
    /// One behind the other.
    Values,
    /// With commas between them.
    Elements {
        /// Whether the array begins with this piece.
        is_first: bool,
        end: End,
    },
}

/// What comes behind the elements of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// More elements: the piece ends with a comma.
    Elements,
    /// A bracket that closes the array.
    Bracket,
    /// Nothing: the file ends.
    File,
}

/// Whole records of a file.
#[derive(Debug)]
pub struct JsonPiece {
    pub bytes: Vec<u8>,
    pub content: Content,
    pub layout: Arc<Layout>,
    pub origin: Origin,
    /// The characters that come before the piece on its first line.
    pub column: u64,
}

impl Piece for JsonPiece {
    fn read(self: Box<Self>) -> Result<TextBatch, Unreadable> {
        let Self { bytes, content, layout, origin, column } = *self;
        let (raw, torn) = match String::from_utf8(bytes) {
            Ok(raw) => (raw, None),
            Err(error) => {
                let torn = Torn::of(error.into_bytes());
                (torn.mended(), Some(torn))
            }
        };
        let mut rows = Rows {
            layout: &layout,
            text: &raw,
            torn,
            walk: Walk::new(&layout, &raw),
            records: Vec::new(),
            rejects: Vec::new(),
            read: 0,
            place: (0, origin),
            line: (0, 0),
            column,
        };
        match content {
            Content::Nothing => {}
            Content::Lines => rows.lines()?,
            Content::Values => rows.values()?,
            Content::Elements { is_first, end } => rows.elements(is_first, end)?,
        }
        let lines = rows.line_at(raw.len()).into();
        let Rows { walk: Walk { spans, made, .. }, records, rejects, read, .. } = rows;
        let (width, order) = (layout.tree.names.len(), Arc::clone(&layout.order));
        Ok(TextBatch {
            raw,
            made,
            spans,
            width,
            order,
            records,
            rejects,
            read,
            lines,
            origin,
            blocks: None,
            empty: Empty::Text,
        })
    }
}

/// The rows of a piece as they are found.
struct Rows<'a> {
    layout: &'a Layout,
    text: &'a str,
    torn: Option<Torn>,
    walk: Walk<'a>,
    records: Vec<Record>,
    rejects: Vec<Reject>,
    read: u64,
    /// A place in the text, and in the object: both go on from reject to reject.
    place: (usize, Origin),
    /// A place in the text, and the line ends before it: both go on from record to record.
    line: (usize, u32),
    column: u64,
}

impl Rows<'_> {
    fn lines(&mut self) -> Result<(), Unreadable> {
        let bytes = self.text.as_bytes();
        // Without a lone CR, which is white space in JSON and ends a line elsewhere, a record has one line.
        let has_returns = memchr(b'\r', bytes).is_some();
        let mut start = 0;
        let mut line = 0;
        while let Some(rest) = bytes.get(start..).filter(|rest| !rest.is_empty()) {
            let end = start + memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            self.line(start..end, line)?;
            line = if has_returns { self.line_at(end) } else { line + 1 };
            start = end;
        }
        Ok(())
    }

    /// One line: a record, or blank, or a reject.
    #[inline]
    fn line(&mut self, range: Range<usize>, line: u32) -> Result<(), Unreadable> {
        let bytes = self.text.as_bytes().get(range.clone()).unwrap_or_default();
        if bytes.first().is_none_or(|byte| is_space(*byte)) && bytes.iter().all(|byte| is_space(*byte)) {
            return Ok(());
        }
        if bytes.len() > self.layout.record_bytes {
            return Err(self.layout.too_long(line));
        }
        if self.torn.as_ref().is_some_and(|torn| torn.first_in(&range).is_some()) {
            self.read += 1;
            self.no_text(range, line);
            return Ok(());
        }
        let walked = self.walk.record(range.start, range.end).and_then(|at| {
            let behind = self.text.as_bytes().get(at..range.end).unwrap_or_default();
            match behind.iter().position(|byte| !is_space(*byte)) {
                Some(more) => Err(Broken { at: at + more, what: What::Nothing }),
                None => Ok(()),
            }
        });
        match walked {
            Ok(()) => self.keep(range, line),
            Err(broken) => self.broken_line(range, line, broken),
        }
        Ok(())
    }

    #[cold]
    fn broken_line(&mut self, range: Range<usize>, line: u32, broken: Broken) {
        self.read += 1;
        self.walk.spans.truncate(self.walk.record);
        let text = self.text.get(range.clone()).unwrap_or_default().trim_end_matches([' ', '\t', '\r', '\n']);
        // What is missing at the end of a line is missing before its white space.
        let (before, rest) = text.split_at_checked(broken.at - range.start).unwrap_or((text, ""));
        let found = rest.chars().next();
        let what = format!("character {}: {}", before.chars().count() + 1, broken.what.told(self.layout.found(found)));
        self.reject(range, line, None, Fault::new(Reason::BadJson, what));
    }

    fn values(&mut self) -> Result<(), Unreadable> {
        let mut at = 0;
        loop {
            at = self.behind_space(at);
            if at == self.text.len() {
                return Ok(());
            }
            at = self.record(at)?;
        }
    }

    fn elements(&mut self, is_first: bool, end: End) -> Result<(), Unreadable> {
        let mut at = self.behind_space(0);
        if at == self.text.len() {
            return match end {
                End::Bracket if !is_first => Err(self.unreadable_with(at, What::Value, Some(']'))),
                End::File => Err(self.unreadable(Broken { at, what: What::Value })),
                _ => Ok(()),
            };
        }
        loop {
            at = self.record(at)?;
            at = self.behind_space(at);
            match self.text.as_bytes().get(at) {
                Some(b',') => at = self.behind_space(at + 1),
                None if end == End::Bracket => return Ok(()),
                _ => return Err(self.unreadable(Broken { at, what: What::NextElement })),
            }
            if at == self.text.len() {
                return match end {
                    End::Elements => Ok(()),
                    End::Bracket => Err(self.unreadable_with(at, What::Value, Some(']'))),
                    End::File => Err(self.unreadable(Broken { at, what: What::Value })),
                };
            }
        }
    }

    /// The record of a document that starts here; says where it ends.
    #[inline]
    fn record(&mut self, start: usize) -> Result<usize, Unreadable> {
        let walked = self.walk.record(start, self.text.len());
        let end = walked.map_err(|broken| self.unreadable(broken))?;
        let line = self.line_at(start);
        if end - start > self.layout.record_bytes {
            return Err(self.layout.too_long(line));
        }
        if self.torn.as_ref().is_some_and(|torn| torn.first_in(&(start..end)).is_some()) {
            self.read += 1;
            self.walk.spans.truncate(self.walk.record);
            self.no_text(start..end, line);
        } else {
            self.keep(start..end, line);
        }
        Ok(end)
    }

    fn behind_space(&self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        at + rest.iter().position(|byte| !is_space(*byte)).unwrap_or(rest.len())
    }

    /// The line ends before a place that is not before the last one asked for.
    #[inline]
    fn line_at(&mut self, at: usize) -> u32 {
        let (from, line) = self.line;
        self.line = (at, line + line_ends(self.text.as_bytes().get(from..at).unwrap_or_default()));
        self.line.1
    }

    /// Keeps the rows of a record that was walked.
    #[inline]
    fn keep(&mut self, range: Range<usize>, line: u32) {
        // A piece has far less than 4 GiB.
        let short = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        let record = Record { start: short(range.start), end: short(range.end), line };
        let width = self.layout.tree.names.len();
        let has_faults = self.walk.fault.is_some() || !self.walk.row_faults.is_empty();
        if !has_faults && self.walk.spans.len() == self.walk.record + width {
            self.read += 1;
            self.records.push(record);
        } else {
            self.keep_rows(range, record);
        }
    }

    /// Keeps the good rows of a record that has several, or a fault.
    #[cold]
    fn keep_rows(&mut self, range: Range<usize>, record: Record) {
        let first = self.walk.record;
        if let Some(ColumnFault { column, fault }) = self.walk.fault.take() {
            self.read += 1;
            self.walk.spans.truncate(first);
            return self.reject(range, record.line, column, fault);
        }
        let width = self.layout.tree.names.len();
        let rows = (self.walk.spans.len() - first) / width.max(1);
        self.read += rows as u64;
        let mut faults = std::mem::take(&mut self.walk.row_faults).into_iter().peekable();
        // What is read from the record itself stands in its first row, which may not be kept.
        let of_record = self.walk.spans.get(first..first + width).unwrap_or_default().to_vec();
        let mut kept = 0;
        for row in 0..rows {
            if let Some(of_row) = faults.next_if(|of_row| of_row.row == row) {
                let ColumnFault { column, fault } = of_row.fault;
                self.reject_of(&range, of_row.element, record.line, column, fault);
                continue;
            }
            let to = first + kept * width;
            self.walk.spans.copy_within(first + row * width..first + (row + 1) * width, to);
            for column in &self.layout.tree.of_record {
                if let (Some(field), Some(span)) = (self.walk.spans.get_mut(to + column), of_record.get(*column)) {
                    *field = *span;
                }
            }
            self.records.push(record);
            kept += 1;
        }
        self.walk.spans.truncate(first + kept * width);
    }

    // What is not kept.

    /// A record with bytes that are no text.
    #[cold]
    fn no_text(&mut self, range: Range<usize>, line: u32) {
        let at = self.torn.as_ref().and_then(|torn| torn.first_in(&range)).unwrap_or(range.start);
        let (_, origin) = self.place_at(range.start);
        let byte = origin.behind(self.bytes(range.start..at)).byte_offset;
        let what = format!("byte {byte} of the object is no {}", origin.encoding.name());
        self.reject(range, line, None, Fault::new(Reason::InvalidEncoding, what));
    }

    fn reject(&mut self, range: Range<usize>, line: u32, column: Option<usize>, fault: Fault) {
        self.reject_of(&range.clone(), range, line, column, fault);
    }

    /// A reject that stands where its record stands, and shows a part of it.
    fn reject_of(&mut self, range: &Range<usize>, shown: Range<usize>, line: u32, column: Option<usize>, fault: Fault) {
        let (_, origin) = self.place_at(range.start);
        let position = origin.position(line.into(), &[], self.bytes(range.clone()));
        let column = column.and_then(|column| self.layout.tree.names.get(column)).cloned();
        let reject = Reject::new(position, column, fault, self.bytes(shown));
        self.rejects.push(reject);
    }

    /// A place, in the text and in the object, that is not before the last one asked for.
    fn place_at(&mut self, at: usize) -> (usize, Origin) {
        let (from, origin) = self.place;
        self.place = (at, origin.behind(self.bytes(from..at)));
        self.place
    }

    /// The bytes as they were read.
    fn bytes(&self, range: Range<usize>) -> &[u8] {
        let bytes = self.torn.as_ref().map_or(self.text.as_bytes(), |torn| &torn.bytes);
        bytes.get(range).unwrap_or_default()
    }

    #[cold]
    fn unreadable(&mut self, broken: Broken) -> Unreadable {
        let found = self.text.get(broken.at..).and_then(|rest| rest.chars().next());
        self.unreadable_with(broken.at, broken.what, found)
    }

    /// The piece is no JSON from here on.
    #[cold]
    fn unreadable_with(&mut self, at: usize, what: What, found: Option<char>) -> Unreadable {
        let is_torn = self.torn.as_ref().is_some_and(|torn| torn.places.binary_search(&at).is_ok());
        let what = match is_torn {
            true => format!("bytes stand here that are no {}", self.place.1.encoding.name()),
            false if found.is_none() => what.told(Found::End) + "; was its upload cut off?",
            false => what.told(self.layout.found(found)),
        };
        // As they were read: the reader, too, counts characters in what is no text.
        let before = self.bytes(0..at);
        Unreadable { line: line_ends(before).into(), column: Some(column_behind(self.column, before) + 1), what }
    }
}

/// Bytes that are no UTF-8, and where.
#[derive(Debug)]
struct Torn {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

impl Torn {
    fn of(bytes: Vec<u8>) -> Self {
        let mut places = Vec::new();
        let mut at = 0;
        for chunk in bytes.utf8_chunks() {
            at += chunk.valid().len();
            places.extend(at..at + chunk.invalid().len());
            at += chunk.invalid().len();
        }
        Self { bytes, places }
    }

    /// The same with a question mark for each byte that is no text: in a text of JSON it changes nothing, elsewhere it is
    /// no JSON, as the byte is.
    fn mended(&self) -> String {
        let mut bytes = self.bytes.clone();
        for place in &self.places {
            if let Some(byte) = bytes.get_mut(*place) {
                *byte = b'?';
            }
        }
        String::from_utf8(bytes).unwrap_or_default()
    }

    fn first_in(&self, range: &Range<usize>) -> Option<usize> {
        let next = self.places.partition_point(|place| *place < range.start);
        self.places.get(next).copied().filter(|place| *place < range.end)
    }
}

pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// Line ends in these bytes: CR, LF and CRLF are one each.
pub fn line_ends(bytes: &[u8]) -> u32 {
    let mut ends = memchr_iter(b'\n', bytes).count();
    if memchr(b'\r', bytes).is_some() {
        ends += memchr_iter(b'\r', bytes).filter(|at| bytes.get(at + 1) != Some(&b'\n')).count();
    }
    u32::try_from(ends).unwrap_or(u32::MAX)
}

/// The characters on the last line of these bytes, of which so many come before them.
pub fn column_behind(before: u64, bytes: &[u8]) -> u64 {
    let line = memrchr2(b'\n', b'\r', bytes).map(|at| at + 1);
    let last = bytes.get(line.unwrap_or(0)..).unwrap_or_default();
    let characters = last.iter().filter(|byte| **byte & 0xC0 != 0x80).count() as u64;
    if line.is_some() { characters } else { before + characters }
}
