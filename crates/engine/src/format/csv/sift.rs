//! A batch's bytes as text: records that are no text become rejects, doubled quotes single ones.
//!
//! Bytes are checked once for the whole batch, which is fast, and record by record only where that finds something.

use std::str::Utf8Error;
use std::string::FromUtf8Error;
use std::sync::Arc;

use memchr::memchr;
use model::name::Identifier;

use crate::reject::{Fault, Reason, Reject};
use crate::text::{Form, Record, Span, TextBatch};

/// A batch whose bytes are not yet known to be text.
pub struct Batch {
    pub raw: Vec<u8>,
    pub base: u64,
    pub spans: Vec<Span>,
    pub records: Vec<Record>,
    pub rejects: Vec<Reject>,
    pub read: u64,
}

impl Batch {
    /// The batch as text. An error is a bug: what is left after sifting is text.
    pub fn into_text(mut self, order: &Arc<[usize]>, names: &[Identifier], quote: u8) -> Result<TextBatch, Utf8Error> {
        let raw = match String::from_utf8(self.raw) {
            Ok(text) if memchr(0, text.as_bytes()).is_none() => text,
            other => {
                self.raw = other.map_or_else(FromUtf8Error::into_bytes, String::into_bytes);
                self.sift(order, names);
                String::from_utf8(self.raw).map_err(|error| error.utf8_error())?
            }
        };
        let made = make(&raw, &mut self.spans, char::from(quote));
        Ok(TextBatch {
            raw,
            made,
            spans: self.spans,
            order: Arc::clone(order),
            records: self.records,
            rejects: self.rejects,
            read: self.read,
        })
    }

    fn sift(&mut self, order: &[usize], names: &[Identifier]) {
        let width = order.len();
        let mut spans = Vec::with_capacity(self.spans.len());
        let mut records = Vec::with_capacity(self.records.len());
        let fields = self.spans.chunks(width.max(1));
        for (record, fields) in std::mem::take(&mut self.records).into_iter().zip(fields) {
            let bytes = self.raw.get_mut(record.raw.clone()).unwrap_or_default();
            let Some((at, reason)) = not_text(bytes) else {
                spans.extend_from_slice(fields);
                records.push(record);
                continue;
            };
            let place = record.raw.start + at;
            let field = fields.iter().position(|span| span.range().contains(&place));
            let column = field.and_then(|field| order.iter().position(|of_column| *of_column == field));
            let what = if reason == Reason::NulByte { "is NUL" } else { "is no UTF-8" };
            let message = format!("byte {} of the object {what}", self.base + place as u64);
            let column = column.and_then(|column| names.get(column)).cloned();
            self.rejects.push(Reject::new(record.position, column, Fault::new(reason, message), bytes));
            bytes.fill(b' ');
        }
        // What is before the first record (a header's bytes have been read, a byte order mark skipped) and between
        // records (rejects are blank already, empty lines are line ends) is text.
        (self.spans, self.records) = (spans, records);
    }
}

/// The first byte that cannot be kept, and why.
fn not_text(record: &[u8]) -> Option<(usize, Reason)> {
    let nul = memchr(0, record);
    let invalid = str::from_utf8(record).err().map(|error| error.valid_up_to());
    match (nul, invalid) {
        (Some(nul), Some(invalid)) if invalid < nul => Some((invalid, Reason::InvalidUtf8)),
        (Some(nul), _) => Some((nul, Reason::NulByte)),
        (None, Some(invalid)) => Some((invalid, Reason::InvalidUtf8)),
        (None, None) => None,
    }
}

/// Makes the texts of fields with doubled quotes.
fn make(raw: &str, spans: &mut [Span], quote: char) -> String {
    let mut made = String::new();
    for span in spans.iter_mut().filter(|span| span.form == Form::Doubled) {
        let start = made.len();
        undouble(raw.get(span.range()).unwrap_or_default(), quote, &mut made);
        // Never longer than the raw text, whose places fit.
        let short = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        *span = Span { start: short(start), end: short(made.len()), form: Form::Made };
    }
    made
}

/// Appends the text with two quotes as one. Quotes stand in pairs only: a single one would have ended the field.
pub fn undouble(text: &str, quote: char, made: &mut String) {
    let mut is_second = false;
    for piece in text.split_inclusive(quote) {
        if !(is_second && piece.starts_with(quote)) {
            made.push_str(piece);
        }
        is_second = !is_second && piece.ends_with(quote);
    }
}
