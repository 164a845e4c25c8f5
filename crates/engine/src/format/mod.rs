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
pub mod xml;

use std::fmt::Debug;

use indexmap::IndexMap;
use model::dataset::{Column, Dataset};
use model::name::Identifier;
use model::types::Type;
use model::{Error, Kind, Result};

use crate::text::{Origin, TextBatch};

/// One format.
pub trait Format: Debug + Sync {
    /// The word in the dataset file.
    fn name(&self) -> &'static str;

    /// A reader of one object, whose text starts at this origin. Fails, as `Config`, where the dataset asks for what
    /// cannot be.
    fn reader(&self, dataset: &Dataset, origin: Origin) -> Result<Box<dyn Reader>>;

    /// What an object that begins with this text calls its columns, in its order; the whole of it if `is_all`. Made of
    /// the records' own names, unless a format has a better way.
    fn names(&self, dataset: &Dataset, text: &[u8], is_all: bool, origin: Origin) -> Result<Vec<Name>, Unreadable> {
        let batches = records(self.reader(&without_columns(dataset)?, origin)?, text, is_all)?;
        let mut names = IndexMap::new();
        for name in batches.iter().flat_map(record_texts).flat_map(|record| self.names_of(dataset, record)) {
            *names.entry(name.path).or_default() |= name.is_nested;
        }
        Ok(names.into_iter().map(|(path, is_nested)| Name { path, is_nested }).collect())
    }

    /// The names in one record of a dataset, in its order.
    fn names_of(&self, dataset: &Dataset, record: &str) -> Vec<Name>;
}

/// A part of records, for a column that is still to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// As the column says where it is read `from`.
    pub path: String,
    /// Whether no text can hold its values, because they hold others or are several: then it is read as super. Where such
    /// values are texts as well, as those of JSON are, no name says so.
    pub is_nested: bool,
}

impl Name {
    /// That of texts.
    fn plain(path: String) -> Self {
        Self { path, is_nested: false }
    }
}

/// The dataset with one column that no file has: its records are counted and placed, each once, and nothing of them is
/// read.
fn without_columns(dataset: &Dataset) -> Result<Dataset> {
    let name =
        Identifier::parse("column_1").map_err(|error| Error::new(Kind::Bug, "name", "a column").because(error))?;
    let column = Column { from: Some("sluice_has_no_such_column".to_owned()), ..Column::new(Type::Super) };
    let mut bare = dataset.clone();
    (bare.dedupe, bare.load, bare.catalog) = (None, None, None);
    bare.json.explode = None;
    bare.partition_by.clear();
    bare.with_columns([(name, column)].into_iter().collect())
}

/// The records of a batch, as they stand in the file.
fn record_texts(batch: &TextBatch) -> impl Iterator<Item = &str> {
    (0..batch.rows()).filter_map(|row| batch.record_text(row))
}

/// All records of a text.
fn records(mut reader: Box<dyn Reader>, text: &[u8], is_all: bool) -> Result<Vec<TextBatch>, Unreadable> {
    reader.push(text)?;
    if is_all {
        reader.end()?;
    }
    std::iter::from_fn(|| reader.take()).map(Piece::read).collect()
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

    /// Of the object as a whole, before any line.
    fn of(error: &Error) -> Self {
        Self::at_line(0, model::error::chain(error))
    }

    /// The error, given the object and the lines before the piece.
    pub(crate) fn into_error(self, object: &str, lines_before: u64) -> Error {
        let line = lines_before + self.line + 1;
        let column = self.column.map_or_else(String::new, |column| format!(" column {column}"));
        Error::new(Kind::Data, "read", format!("{object} line {line}{column}")).because(self.what)
    }
}

impl From<Error> for Unreadable {
    fn from(error: Error) -> Self {
        Self::of(&error)
    }
}

/// Every format.
pub static FORMATS: &[&dyn Format] = &[&csv::Csv, &json::Json, &xml::Xml];

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
