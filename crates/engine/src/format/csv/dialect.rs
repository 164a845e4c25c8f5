//! How one CSV file is written.

use memchr::memchr;
use model::dataset::{Limits, ShortRows};

/// How a quote, or any other character with a meaning, is written inside a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// A quote between quotes is written twice.
    Doubled,
    /// Behind a backslash every character is itself, in quotes and out of them, and `\N` alone is null: what Redshift's
    /// UNLOAD and COPY mean by ESCAPE.
    Backslash,
    /// A quote between quotes cannot be written.
    Missing,
}

/// How one file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// Between fields: at least one byte, no line end.
    pub delimiter: Vec<u8>,
    /// Around fields, where there are quotes.
    pub quote: Option<u8>,
    pub escape: Escape,
    /// What a line begins with that is no record.
    pub comment: Option<Vec<u8>>,
    /// Lines before the header that are dropped.
    pub skip_lines: u32,
    /// Records that are the header; the last one has the names.
    pub header_records: u32,
    /// Whether a record with too few fields has nulls in the others.
    pub pads_short: bool,
    /// A field of more bytes is a reject.
    pub field_bytes: usize,
    /// A record of more bytes ends the run: what it swallowed would be lost as one reject.
    pub record_bytes: usize,
}

impl Dialect {
    /// What the dataset says of it.
    pub fn of(written: &model::dataset::Dialect, limits: &Limits) -> Self {
        Self {
            delimiter: written.delimiter.clone().into_bytes(),
            quote: written.quote,
            escape: match written.escape {
                model::dataset::Escape::Doubled => Escape::Doubled,
                model::dataset::Escape::Backslash => Escape::Backslash,
                model::dataset::Escape::None => Escape::Missing,
            },
            comment: written.comment.clone().map(String::into_bytes),
            skip_lines: written.skip_lines,
            header_records: written.header.0,
            pads_short: written.short_rows == ShortRows::Null,
            field_bytes: bytes(limits.field_bytes),
            record_bytes: bytes(limits.record_bytes),
        }
    }

    /// Whether a file can be cut by looking at quotes alone: only there may a line end be no end of a record.
    pub fn is_plain(&self) -> bool {
        self.delimiter.len() == 1 && self.comment.is_none() && self.escape != Escape::Backslash
    }

    /// The text of a field without its escapes. Quotes stand in pairs: a single one would have ended the field.
    pub fn unescape(&self, text: &str, made: &mut String) {
        let Some(quote) = self.quote else { return unescape(text, b'\\', made) };
        match self.escape {
            Escape::Backslash => unescape(text, b'\\', made),
            Escape::Doubled | Escape::Missing => unescape(text, quote, made),
        }
    }
}

/// Drops each escape and keeps what follows it, be it an escape itself.
fn unescape(mut text: &str, escape: u8, made: &mut String) {
    while let Some((before, behind)) = memchr(escape, text.as_bytes()).and_then(|at| text.split_at_checked(at)) {
        made.push_str(before);
        let behind = behind.get(1..).unwrap_or_default();
        let kept = behind.chars().next().map_or(0, char::len_utf8);
        let (kept, rest) = behind.split_at(kept);
        made.push_str(kept);
        text = rest;
    }
    made.push_str(text);
}

fn bytes(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
