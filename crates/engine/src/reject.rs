//! A row that is not accepted: where it stands, why, and its line in the rejects.

use std::collections::BTreeMap;

use model::name::Identifier;
use model::part::RejectLine;
use model::{Error, Kind, Result};

use crate::chunk::{Chunk, Chunks, Object};
use crate::text::Position;

/// A reject keeps this many bytes of its record; the rest is in the object, by offset and length.
pub(crate) const MAX_TEXT_BYTES: usize = 4096;

/// A message keeps this many characters of a value.
const MAX_SHOWN: usize = 64;

/// Why a row is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The record has fewer fields than the file has columns.
    TooFewFields,
    /// The record has more fields than the file has columns.
    TooManyFields,
    /// Text stands behind a closing quote.
    BadQuote,
    /// The record holds a NUL byte, which no warehouse keeps in text.
    NulByte,
    /// The record holds bytes that are no text in the object's encoding.
    InvalidEncoding,
    /// The record is no JSON.
    BadJson,
    /// A record is no object, or no array where places name the columns.
    NotAnObject,
    /// What makes rows of its elements is no array.
    NotAnArray,
    /// A key stands in an object twice.
    DuplicateKey,
    /// Keys that differ by case alone could each be the one that is named.
    AmbiguousKey,
    /// A path goes on behind a value that holds no others.
    PathThroughScalar,
    /// A text holds an escape for one half of a character.
    LoneSurrogate,
    /// The record has an element or attribute again that a column takes one of.
    RepeatedElement,
    /// A required column is null.
    MissingValue,
    /// A number does not read as one.
    NotANumber,
    /// A value is one of its kind, and too large or too small for its type.
    OutOfRange,
    /// A value has more digits behind the point than its type keeps, or a date has a time of day.
    TooPrecise,
    /// A boolean is none of the known words.
    NotABoolean,
    /// A date does not read as one, or there is no such day.
    NotADate,
    /// A timestamp does not read as one, or there is no such moment.
    NotATimestamp,
    /// A time of day does not read as one, or there is no such time.
    NotATime,
    /// A date has an offset from UTC, which a date does not keep.
    ZoneOffset,
    /// A time does not exist in its zone: the clock is put forward then.
    SkippedTime,
    /// A time is twice in its zone: the clock is put back then.
    AmbiguousTime,
    /// A text has more bytes than its column.
    TooLong,
    /// A char has a character that is not ASCII, which Redshift does not take into one.
    NotAscii,
    /// A super does not read as JSON.
    NotJson,
    /// A varbyte does not read as hex digits.
    NotHex,
    /// A value is none of those that the column allows.
    NotAllowed,
    /// A value lies outside of the column's range.
    NotInRange,
    /// A text does not match the column's pattern.
    NoMatch,
}

impl Reason {
    /// Its code in the rejects and in the counts.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooFewFields => "too_few_fields",
            Self::TooManyFields => "too_many_fields",
            Self::BadQuote => "bad_quote",
            Self::NulByte => "nul_byte",
            Self::InvalidEncoding => "invalid_encoding",
            Self::BadJson => "bad_json",
            Self::NotAnObject => "not_an_object",
            Self::NotAnArray => "not_an_array",
            Self::DuplicateKey => "duplicate_key",
            Self::AmbiguousKey => "ambiguous_key",
            Self::PathThroughScalar => "path_through_scalar",
            Self::LoneSurrogate => "lone_surrogate",
            Self::RepeatedElement => "repeated_element",
            Self::MissingValue => "missing_value",
            Self::NotANumber => "not_a_number",
            Self::OutOfRange => "out_of_range",
            Self::TooPrecise => "too_precise",
            Self::NotABoolean => "not_a_boolean",
            Self::NotADate => "not_a_date",
            Self::NotATimestamp => "not_a_timestamp",
            Self::NotATime => "not_a_time",
            Self::ZoneOffset => "zone_offset",
            Self::SkippedTime => "skipped_time",
            Self::AmbiguousTime => "ambiguous_time",
            Self::TooLong => "too_long",
            Self::NotAscii => "not_ascii",
            Self::NotJson => "not_json",
            Self::NotHex => "not_hex",
            Self::NotAllowed => "not_allowed",
            Self::NotInRange => "not_in_range",
            Self::NoMatch => "no_match",
        }
    }
}

/// What is wrong with one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub reason: Reason,
    pub message: String,
}

impl Fault {
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

/// One row that is not accepted. A row has one reject, for the first fault in the order of the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Where the record stands.
    pub position: Position,
    /// The column at fault, where it is one.
    pub column: Option<Identifier>,
    /// Why.
    pub reason: Reason,
    /// Why, in a sentence.
    pub message: String,
    /// The record as it stands in the file, without its line end, cut, bytes that are no UTF-8 replaced.
    pub text: String,
}

impl Reject {
    pub(crate) fn new(position: Position, column: Option<Identifier>, fault: Fault, record: &[u8]) -> Self {
        let line = record.strip_suffix(b"\n").unwrap_or(record);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let kept = line.get(..MAX_TEXT_BYTES);
        // A cut in the middle of a character is no fault of the record's.
        let whole = kept.map(|kept| kept.get(..whole_characters(kept)).unwrap_or(kept));
        let mut text = String::from_utf8_lossy(whole.unwrap_or(line)).into_owned();
        if kept.is_some_and(|kept| kept.len() < line.len()) {
            text.push('…');
        }
        Self { position, column, reason: fault.reason, message: fault.message, text }
    }
}

/// The length without a character that was begun and not ended.
fn whole_characters(bytes: &[u8]) -> usize {
    let tail = bytes.iter().rev().take(3).take_while(|byte| (**byte & 0xC0) == 0x80).count();
    let lead = bytes.len() - tail;
    let width = match lead.checked_sub(1).and_then(|index| bytes.get(index)) {
        Some(0xC2..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF4) => 4,
        _ => 1,
    };
    if width > tail + 1 { lead - 1 } else { bytes.len() }
}

/// A value as a message shows it: quoted, and cut.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// An item's rejects as JSON lines, counted as they are written.
#[derive(Debug)]
pub(crate) struct RejectLog {
    lines: Chunks,
    counts: BTreeMap<Reason, u64>,
}

impl RejectLog {
    pub fn new(key: String, chunk_bytes: usize) -> Self {
        Self { lines: Chunks::new(Object::Rejects(key), chunk_bytes), counts: BTreeMap::new() }
    }

    pub fn write(&mut self, object: &str, reject: Reject) -> Result<()> {
        let line = RejectLine {
            object: object.to_owned(),
            line: reject.position.line,
            byte_offset: reject.position.byte_offset,
            byte_length: reject.position.byte_length,
            column: reject.column.map(String::from),
            reason: reject.reason.code().to_owned(),
            message: reject.message,
            text: reject.text,
        };
        let bug = |error: serde_json::Error| Error::new(Kind::Bug, "write a reject of", object).because(error);
        let mut bytes = serde_json::to_vec(&line).map_err(bug)?;
        bytes.push(b'\n');
        self.lines.append(&bytes);
        *self.counts.entry(reject.reason).or_default() += 1;
        Ok(())
    }

    pub fn rows(&self) -> u64 {
        self.counts.values().sum()
    }

    pub fn by_reason(&self) -> BTreeMap<String, u64> {
        self.counts.iter().map(|(reason, rows)| (reason.code().to_owned(), *rows)).collect()
    }

    /// The chunks that are full.
    pub fn take(&mut self) -> Vec<Chunk> {
        self.lines.take()
    }

    /// What is left.
    pub fn finish(&mut self) -> Option<Chunk> {
        self.lines.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSITION: Position = Position { line: 1, byte_offset: 0, byte_length: 0 };

    fn text(record: &[u8]) -> String {
        Reject::new(POSITION, None, Fault::new(Reason::BadQuote, ""), record).text
    }

    #[test]
    fn a_long_record_is_cut_between_characters() {
        let record = format!("a{}", "é".repeat(MAX_TEXT_BYTES));
        assert_eq!(text(record.as_bytes()), format!("a{}…", "é".repeat(MAX_TEXT_BYTES / 2 - 1)));
        assert_eq!(text("é".repeat(MAX_TEXT_BYTES / 2).as_bytes()), "é".repeat(MAX_TEXT_BYTES / 2));
    }

    #[test]
    fn the_line_end_is_no_part_of_the_text() {
        assert_eq!(text(b"a,b\r\n"), "a,b");
        assert_eq!(text(b"a,b\r"), "a,b");
        assert_eq!(text(b"a\xff"), "a\u{fffd}");
    }

    #[test]
    fn a_huge_value_is_cut_in_messages() {
        assert_eq!(shown("a\"b"), r#""a\"b""#);
        assert_eq!(shown(&"é".repeat(65)), format!("\"{}\"…", "é".repeat(64)));
    }
}
