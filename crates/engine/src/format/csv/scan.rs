//! Where fields and records end: a state machine over bytes that grow.

use std::ops::Range;

use memchr::{memchr, memchr2_iter, memchr3};

use crate::text::{Form, Span};

/// A record whose end was found. Its fields are the spans that were added since the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// Its bytes, line end included.
    pub range: Range<usize>,
    /// Whether a field is quoted: only then may it hold line ends.
    pub has_quotes: bool,
    /// Whether text stands behind a closing quote.
    pub is_bad_quote: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first byte of a field.
    Field,
    /// In a field without quotes, or behind the bad quote of one.
    Plain,
    /// Between the quotes of a field.
    Quoted,
    /// Behind a quote in a quoted field: the closing one, or the first of two.
    Quote,
    /// Behind a CR that ended the record: an LF belongs to it.
    Return,
    /// Behind the record.
    Done,
}

/// Scans bytes for fields and records, each byte once, wherever they are cut: what it knows at the end of the bytes is
/// its state.
#[derive(Debug)]
pub struct Scanner {
    delimiter: u8,
    quote: u8,
    state: State,
    /// The next byte to look at.
    at: usize,
    /// The first byte of the record in hand.
    record: usize,
    /// The first byte of the field in hand, behind its quote.
    field_start: usize,
    form: Form,
    has_quotes: bool,
    is_bad_quote: bool,
}

impl Scanner {
    pub fn new(delimiter: u8, quote: u8) -> Self {
        Self {
            delimiter,
            quote,
            state: State::Field,
            at: 0,
            record: 0,
            field_start: 0,
            form: Form::Raw,
            has_quotes: false,
            is_bad_quote: false,
        }
    }

    /// Leaves out the first bytes.
    pub fn skip(&mut self, bytes: usize) {
        self.at = bytes;
        self.record = bytes;
    }

    /// The first byte of the record in hand; all before it are scanned.
    pub fn record(&self) -> usize {
        self.record
    }

    /// The bytes before the record in hand are gone.
    pub fn rebase(&mut self) {
        self.at -= self.record;
        self.field_start = self.field_start.saturating_sub(self.record);
        self.record = 0;
    }

    /// Where the quote stands that is open.
    pub fn open_quote(&self) -> Option<usize> {
        (self.state == State::Quoted).then(|| self.field_start.saturating_sub(1))
    }

    /// The next record, its fields added to the spans. `None`: the bytes are all seen and the record goes on, or, where
    /// they are the last, there is none.
    pub fn next(&mut self, raw: &[u8], is_all: bool, spans: &mut Vec<Span>) -> Option<Scanned> {
        while self.state != State::Done {
            let goes_on = match self.state {
                State::Field => self.at_field(raw, is_all),
                State::Plain => self.in_plain(raw, is_all, spans),
                State::Quoted => self.in_quoted(raw),
                State::Quote => self.behind_quote(raw, is_all, spans),
                State::Return => self.behind_return(raw, is_all),
                State::Done => true,
            };
            if !goes_on {
                return None;
            }
        }
        Some(self.end_record())
    }

    // Each of these leaves its state for the next one, or says that it needs more bytes.

    fn at_field(&mut self, raw: &[u8], is_all: bool) -> bool {
        match raw.get(self.at) {
            Some(byte) if *byte == self.quote => {
                self.at += 1;
                self.begin_field(State::Quoted);
                self.has_quotes = true;
            }
            Some(_) => self.begin_field(State::Plain),
            // Behind the last delimiter of a file there is one more field.
            None if is_all && self.at > self.record => self.begin_field(State::Plain),
            None => return false,
        }
        true
    }

    fn in_plain(&mut self, raw: &[u8], is_all: bool, spans: &mut Vec<Span>) -> bool {
        let rest = raw.get(self.at..).unwrap_or_default();
        self.at = memchr3(self.delimiter, b'\n', b'\r', rest).map_or(raw.len(), |length| self.at + length);
        if self.at == raw.len() && !is_all {
            return false;
        }
        self.end_field(self.at, spans);
        self.separator(raw);
        true
    }

    fn in_quoted(&mut self, raw: &[u8]) -> bool {
        let rest = raw.get(self.at..).unwrap_or_default();
        let Some(length) = memchr(self.quote, rest) else {
            self.at = raw.len();
            return false;
        };
        self.at += length + 1;
        self.state = State::Quote;
        true
    }

    fn behind_quote(&mut self, raw: &[u8], is_all: bool, spans: &mut Vec<Span>) -> bool {
        match raw.get(self.at) {
            Some(byte) if *byte == self.quote => {
                self.at += 1;
                self.form = Form::Doubled;
                self.state = State::Quoted;
            }
            Some(byte) if *byte != self.delimiter && !matches!(byte, b'\n' | b'\r') => {
                self.is_bad_quote = true;
                self.state = State::Plain;
            }
            None if !is_all => return false,
            _ => {
                self.end_field(self.at - 1, spans);
                self.separator(raw);
            }
        }
        true
    }

    fn behind_return(&mut self, raw: &[u8], is_all: bool) -> bool {
        match raw.get(self.at) {
            Some(b'\n') => self.at += 1,
            None if !is_all => return false,
            _ => {}
        }
        self.state = State::Done;
        true
    }

    fn begin_field(&mut self, state: State) {
        self.field_start = self.at;
        self.form = Form::Raw;
        self.state = state;
    }

    fn end_field(&self, end: usize, spans: &mut Vec<Span>) {
        // A batch and the longest record together are far below 4 GiB.
        let short = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        spans.push(Span { start: short(self.field_start), end: short(end), form: self.form });
    }

    /// Steps over what ended a field: a delimiter, a line end, or the end of the bytes.
    fn separator(&mut self, raw: &[u8]) {
        let byte = raw.get(self.at);
        self.at = raw.len().min(self.at + 1);
        self.state = match byte {
            Some(b'\r') => State::Return,
            Some(b'\n') | None => State::Done,
            Some(_) => State::Field,
        };
    }

    fn end_record(&mut self) -> Scanned {
        let range = self.record..self.at;
        self.record = self.at;
        self.state = State::Field;
        Scanned {
            range,
            has_quotes: std::mem::take(&mut self.has_quotes),
            is_bad_quote: std::mem::take(&mut self.is_bad_quote),
        }
    }
}

/// How many lines end in these bytes: CR, LF and CRLF end one each.
pub fn line_breaks(bytes: &[u8]) -> u64 {
    let is_second = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        bytes.get(at) == Some(&b'\n') && before == Some(&b'\r')
    };
    memchr2_iter(b'\r', b'\n', bytes).filter(|at| !is_second(*at)).count() as u64
}
