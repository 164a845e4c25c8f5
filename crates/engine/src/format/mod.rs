//! Input formats: bytes into records of text.
//!
//! ```text
//! bytes, cut anywhere ─► Reader (one thread, in order) ─► Piece (any thread) ─► TextBatch
//! ```
//!
//! To add one: a file (or folder) here, its word in [`FORMATS`], a variant of `model::dataset::Format`, which is the word
//! a user writes, and a case in `tests/cases/`. Typing, cleaning, rejects, threads and the cut-anywhere law come for free.

pub mod csv;
pub mod json;

use std::fmt::Debug;

use model::dataset::Dataset;
use model::{Error, Kind, Result};

use crate::text::{Origin, TextBatch};

/// One format.
pub trait Format: Debug + Sync {
    /// The word in the dataset file.
    fn name(&self) -> &'static str;

    /// A reader of one object, whose text starts at this origin. Fails, as `Config`, where the dataset asks for what
    /// cannot be.
    fn reader(&self, dataset: &Dataset, origin: Origin) -> Result<Box<dyn Reader>>;
}

/// Cuts one object's text into pieces of whole records: on one thread, in the order of the object, so it does as little
/// as it can. Where it cuts depends on the bytes alone, never on how they were pushed.
pub trait Reader: Debug + Send {
    /// Takes the next bytes of the text, cut anywhere. They are UTF-8 but for what was not text in the object.
    fn push(&mut self, bytes: &[u8]) -> Result<(), Unreadable>;

    /// There are no more bytes.
    fn end(&mut self) -> Result<(), Unreadable>;

    /// The next piece that is ready, in order.
    fn take(&mut self) -> Option<Box<dyn Piece>>;

    /// What of the way the object is written was found out rather than said, for people.
    fn found(&self) -> Option<&str> {
        None
    }
}

/// Whole records of one object, which any thread may read.
pub trait Piece: Debug + Send {
    /// The records as text.
    fn read(self: Box<Self>) -> Result<TextBatch, Unreadable>;
}

/// Why the rest of an object cannot be read: none of its rows is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The line, from 0 at the start of the piece or, from a reader, at the start of what no piece has been made of.
    pub line: u64,
    /// The character in the line, from 1, where it is known.
    pub column: Option<u64>,
    /// What is wrong, and what to do.
    pub what: String,
}

impl Unreadable {
    /// At a line of the piece.
    pub fn at_line(line: u64, what: impl Into<String>) -> Self {
        Self { line, column: None, what: what.into() }
    }

    /// The error, given the object and the lines before the piece.
    pub(crate) fn into_error(self, object: &str, lines_before: u64) -> Error {
        let line = lines_before + self.line + 1;
        let column = self.column.map_or_else(String::new, |column| format!(" column {column}"));
        Error::new(Kind::Data, "read", format!("{object} line {line}{column}")).because(self.what)
    }
}

/// Every format.
pub static FORMATS: &[&dyn Format] = &[&csv::Csv, &json::Json];

/// The format of a dataset's files.
pub fn find(format: model::dataset::Format) -> Result<&'static dyn Format> {
    let found = FORMATS.iter().find(|candidate| candidate.name() == format.name());
    found.copied().ok_or_else(|| {
        Error::new(Kind::Config, "read", format!("format {}", format.name())).because("it is not supported yet")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_those_a_user_may_write() {
        let names: Vec<_> = model::dataset::Format::ALL.iter().map(|format| format.name()).collect();
        for format in FORMATS {
            assert!(names.contains(&format.name()), "{} is in no dataset file", format.name());
        }
    }
}
