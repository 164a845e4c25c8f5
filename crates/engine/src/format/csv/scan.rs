//! Where fields and records end: one pass over whole records.
//!
//! The bytes that have a meaning are found 64 at a time, as the bits of a word; what lies between them is never looked
//! at. What to mind: a byte found by its value need not have its meaning (a quote inside a field without quotes, the
//! first byte of a longer delimiter, anything behind an escape), so each is held against the state.

use memchr::memchr2;
use wide::u8x16;

use super::dialect::{Dialect, Escape};
use crate::text::{Form, Span};

/// A record whose end was found. Its fields are the spans that were added since the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scanned {
    /// Its first byte.
    pub start: usize,
    /// The byte behind its line end.
    pub end: usize,
    /// The line where it starts, from 0 at the start of the bytes.
    pub line: u32,
    /// Whether it is a line end and nothing else.
    pub is_blank: bool,
    /// Whether text stands behind a closing quote.
    pub is_bad_quote: bool,
    /// Whether its last field is empty and not quoted.
    pub ends_empty: bool,
}

/// What a scan found behind its last record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Line ends in the bytes.
    pub lines: u32,
    /// The line where a quote stands that is never closed.
    pub open_quote: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In a field without quotes, or behind the bad quote of one.
    Plain,
    /// Between the quotes of a field.
    Quoted,
    /// Behind the quote that closed a field.
    Closed,
}

/// Scans whole records: calls `take` with each and the spans so far, in order. Comment lines are left out.
pub fn scan(
    bytes: &[u8],
    dialect: &Dialect,
    spans: &mut Vec<Span>,
    take: impl FnMut(Scanned, &mut Vec<Span>),
) -> Ended {
    let mut scan = Scan::new(bytes, dialect, spans, take);
    scan.begin_record(0);
    let mut blocks = bytes.chunks_exact(BLOCK);
    let mut base = 0;
    let needles = Needles::of(dialect);
    for block in &mut blocks {
        scan.block(base, needles.marks(block));
        base += BLOCK;
    }
    let mut last = [0; BLOCK];
    let rest = blocks.remainder();
    if let Some(head) = last.get_mut(..rest.len()) {
        head.copy_from_slice(rest);
        // The bytes that fill the block are no part of the text.
        let filled = 1u64.checked_shl(u32::try_from(rest.len()).unwrap_or(0)).map_or(u64::MAX, |bit| bit - 1);
        scan.block(base, needles.marks(&last) & filled);
    }
    scan.end()
}

const BLOCK: usize = 64;
const LANES: usize = 16;

/// The bytes to find. A dialect that has fewer repeats one.
struct Needles([u8x16; 5]);

impl Needles {
    fn of(dialect: &Dialect) -> Self {
        let delimiter = dialect.delimiter.first().copied().unwrap_or(b'\n');
        let escape = if dialect.escape == Escape::Backslash { b'\\' } else { b'\n' };
        Self([delimiter, b'\n', b'\r', dialect.quote.unwrap_or(b'\n'), escape].map(u8x16::splat))
    }

    /// A bit for each byte of a block that is one of the needles.
    fn marks(&self, block: &[u8]) -> u64 {
        let mut marks = 0;
        for (index, lanes) in block.chunks_exact(LANES).enumerate() {
            let lanes = u8x16::new(lanes.try_into().unwrap_or_default());
            let Self([a, b, c, d, e]) = self;
            let found =
                lanes.simd_eq(*a) | lanes.simd_eq(*b) | lanes.simd_eq(*c) | lanes.simd_eq(*d) | lanes.simd_eq(*e);
            marks |= u64::from(found.to_bitmask()) << (index * LANES);
        }
        marks
    }
}

struct Scan<'a, F> {
    bytes: &'a [u8],
    dialect: &'a Dialect,
    delimiter: u8,
    spans: &'a mut Vec<Span>,
    take: F,
    state: State,
    form: Form,
    record: usize,
    record_spans: usize,
    record_line: u32,
    line: u32,
    /// The first byte of the field in hand, its quote where it has one.
    field: usize,
    /// Where the field's closing quote stands.
    closed: usize,
    open_line: u32,
    is_bad_quote: bool,
    /// Bytes before this one have been dealt with.
    next: usize,
}

impl<'a, F: FnMut(Scanned, &mut Vec<Span>)> Scan<'a, F> {
    fn new(bytes: &'a [u8], dialect: &'a Dialect, spans: &'a mut Vec<Span>, take: F) -> Self {
        Self {
            bytes,
            dialect,
            delimiter: dialect.delimiter.first().copied().unwrap_or(b'\n'),
            spans,
            take,
            state: State::Plain,
            form: Form::Raw,
            record: 0,
            record_spans: 0,
            record_line: 0,
            line: 0,
            field: 0,
            closed: 0,
            open_line: 0,
            is_bad_quote: false,
            next: 0,
        }
    }

    #[inline]
    fn block(&mut self, base: usize, mut marks: u64) {
        while marks != 0 {
            let at = base + marks.trailing_zeros() as usize;
            marks &= marks - 1;
            if at >= self.next
                && let Some(byte) = self.bytes.get(at)
            {
                self.mark(at, *byte);
            }
        }
    }

    #[inline]
    fn mark(&mut self, at: usize, byte: u8) {
        if self.state == State::Plain {
            if byte == self.delimiter {
                return self.delimiter(at, at);
            }
            return self.plain(at, byte);
        }
        self.quoted(at, byte);
    }

    #[inline]
    fn delimiter(&mut self, at: usize, field_end: usize) {
        let length = self.dialect.delimiter.len();
        if length > 1 && !self.bytes.get(at..).is_some_and(|rest| rest.starts_with(&self.dialect.delimiter)) {
            return;
        }
        self.end_field(field_end);
        self.begin_field(at + length);
    }

    fn plain(&mut self, at: usize, byte: u8) {
        match byte {
            b'\n' | b'\r' => self.line_end(at, byte, at),
            b'\\' if self.dialect.escape == Escape::Backslash => self.escape(at),
            // Anywhere else than at its start a quote is a character of the field.
            _ if Some(byte) == self.dialect.quote && at == self.field => {
                self.state = State::Quoted;
                self.open_line = self.line;
            }
            _ => {}
        }
    }

    fn quoted(&mut self, at: usize, byte: u8) {
        if self.state == State::Quoted {
            if Some(byte) == self.dialect.quote {
                self.quote(at);
            } else if byte == b'\\' && self.dialect.escape == Escape::Backslash {
                self.escape(at);
            } else if byte == b'\n' || (byte == b'\r' && self.bytes.get(at + 1) != Some(&b'\n')) {
                self.line += 1;
            }
            return;
        }
        // Behind a closing quote the field ends, or it is a bad one.
        let ends = at == self.closed + 1;
        if ends
            && byte == self.delimiter
            && self.bytes.get(at..).is_some_and(|rest| rest.starts_with(&self.dialect.delimiter))
        {
            return self.delimiter(at, self.closed);
        }
        if ends && matches!(byte, b'\n' | b'\r') {
            return self.line_end(at, byte, self.closed);
        }
        self.is_bad_quote = true;
        self.state = State::Plain;
        self.mark(at, byte);
    }

    fn quote(&mut self, at: usize) {
        if self.dialect.escape == Escape::Doubled && self.bytes.get(at + 1) == self.dialect.quote.as_ref() {
            return self.escape(at);
        }
        self.closed = at;
        self.state = State::Closed;
    }

    /// What stands behind is a character of the field.
    fn escape(&mut self, at: usize) {
        self.form = Form::Escaped;
        self.next = at + 2;
        // A line end is one, escaped or not.
        match (self.bytes.get(at + 1), self.bytes.get(at + 2)) {
            (Some(b'\r'), Some(b'\n')) | (None, _) => {}
            (Some(b'\n' | b'\r'), _) => self.line += 1,
            _ => {}
        }
    }

    fn line_end(&mut self, at: usize, byte: u8, field_end: usize) {
        let is_pair = byte == b'\r' && self.bytes.get(at + 1) == Some(&b'\n');
        self.line += 1;
        self.end_field(field_end);
        let end = at + 1 + usize::from(is_pair);
        self.end_record(end, at == self.record);
        self.begin_record(end);
    }

    #[inline]
    fn begin_field(&mut self, at: usize) {
        self.field = at;
        self.next = at;
        self.state = State::Plain;
        self.form = Form::Raw;
    }

    #[inline]
    fn end_field(&mut self, end: usize) {
        let start = if self.state == State::Closed { self.field + 1 } else { self.field };
        self.spans.push(Span::new(start..end, self.form));
    }

    fn begin_record(&mut self, mut at: usize) {
        if let Some(comment) = &self.dialect.comment {
            while let Some(rest) = self.bytes.get(at..).filter(|rest| rest.starts_with(comment)) {
                at += line_length(rest);
                self.line += u32::from(matches!(self.bytes.get(at.wrapping_sub(1)), Some(b'\n' | b'\r')));
            }
        }
        self.record = at;
        self.record_spans = self.spans.len();
        self.record_line = self.line;
        self.is_bad_quote = false;
        self.begin_field(at);
    }

    fn end_record(&mut self, end: usize, is_blank: bool) {
        let last = self.spans.last().filter(|_| self.spans.len() > self.record_spans);
        let ends_empty = last.is_some_and(|span| span.range().is_empty() && self.state == State::Plain);
        let scanned = Scanned {
            start: self.record,
            end,
            line: self.record_line,
            is_blank,
            is_bad_quote: self.is_bad_quote,
            ends_empty,
        };
        (self.take)(scanned, self.spans);
    }

    /// The last record needs no line end.
    fn end(mut self) -> Ended {
        let length = self.bytes.len();
        let ended = Ended { lines: self.line, open_quote: (self.state == State::Quoted).then_some(self.open_line) };
        if self.record >= length || ended.open_quote.is_some() {
            return ended;
        }
        if self.state == State::Closed && self.closed + 1 < length {
            (self.is_bad_quote, self.state) = (true, State::Plain);
        }
        let field_end = if self.state == State::Closed { self.closed } else { length };
        self.end_field(field_end);
        self.end_record(length, false);
        ended
    }
}

/// The length of the first line, with its end.
pub fn line_length(bytes: &[u8]) -> usize {
    match memchr2(b'\n', b'\r', bytes) {
        Some(at) if bytes.get(at..at + 2) == Some(b"\r\n") => at + 2,
        Some(at) => at + 1,
        None => bytes.len(),
    }
}
