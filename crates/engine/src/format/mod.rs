//! Input formats: bytes into records of text.
//!
//! ```text
//! bytes, cut anywhere ──────────────► Reader (one thread, in order) ─────┬─► Piece (any thread) ─► TextBatch
//! ranges of bytes that it asks for ─► RangedReader (one thread) ─────────┘
//! ```
//!
//! To add one: a file (or folder) here, its word in [`FORMATS`] or [`RANGED_FORMATS`], a variant of
//! `model::dataset::Format`, which is the word a user writes, and a case in `tests/cases/`. Typing, cleaning, rejects,
//! threads and the cut-anywhere law come for free.

pub mod avro;
mod buffer;
pub mod csv;
pub mod json;
pub mod parquet;
pub mod xml;

use std::fmt::Debug;
use std::ops::Range;

use bytes::Bytes;
use indexmap::IndexMap;
use model::dataset::{Column, Dataset};
use model::name::Identifier;
use model::types::Type;
use model::{Error, Kind, Result};

use crate::text::{Origin, TextBatch};
pub use crate::typed::known::FileColumn;

/// One format.
pub trait Format: Debug + Sync {
    /// The word in the dataset file.
    fn name(&self) -> &'static str;

    /// A reader of one object, whose text starts at this origin. Fails, as `Config`, where the dataset asks for what
    /// cannot be.
    fn reader(&self, dataset: &Dataset, origin: Origin) -> Result<Box<dyn Reader>>;

    /// What a file that begins with these bytes says of its columns itself, in its order; `None` if its format has no way
    /// to say it.
    fn columns(&self, _start: &[u8]) -> Result<Option<Vec<FileColumn>>, Unreadable> {
        Ok(None)
    }

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

/// Of one record no more names are told: more than a table has columns, and some files use identifiers as keys.
pub(crate) const MAX_RECORD_NAMES: usize = 2048;

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

    /// Names of columns that the object itself says it has, and the dataset has not, where its contract watches for them.
    fn left_out(&self) -> &[String] {
        &[]
    }
}

/// One format whose bytes are not read from the first to the last.
pub trait RangedFormat: Debug + Sync {
    /// The word in the dataset file.
    fn name(&self) -> &'static str;

    /// A reader of one object of this size. Fails, as `Config`, where the dataset asks for what cannot be.
    fn reader(&self, dataset: &Dataset, size_bytes: u64) -> Result<Box<dyn RangedReader>>;

    /// A reader of its first rows: of small ranges, so that few bytes are fetched for them.
    fn sampler(&self, dataset: &Dataset, size_bytes: u64) -> Result<Box<dyn RangedReader>>;

    /// What an object of this size that ends with these bytes says of its columns.
    fn columns(&self, size_bytes: u64, end: &[u8]) -> Result<Described, Unreadable>;
}

/// What the end of an object says.
#[derive(Debug, Clone, PartialEq)]
pub enum Described {
    /// Its columns, in its order.
    Columns(Vec<FileColumn>),
    /// Nothing yet: it takes this much of the end.
    Needs(Range<u64>),
}

/// Says which bytes of one object it needs, and makes pieces of them. What it needs and where it cuts depends on the bytes
/// alone, never on the order in which they come.
pub trait RangedReader: Debug + Send {
    /// The ranges that are wanted and have not come, in the order in which they are needed. They fit in what may be held;
    /// as long as there are more, the first is among them. None are left when all is read.
    fn wants(&self) -> Vec<Range<u64>>;

    /// As [`Reader::left_out`].
    fn left_out(&self) -> &[String] {
        &[]
    }

    /// Takes a range that is wanted, whole, by where it starts.
    fn push(&mut self, start: u64, bytes: Bytes) -> Result<(), Unreadable>;

    /// The next piece that is ready, in order.
    fn take(&mut self) -> Option<Box<dyn Piece>>;
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

    /// The error, given the object, its format and the lines before the piece. Where there are no lines they are rows.
    pub(crate) fn into_error(self, object: &str, format: model::dataset::Format, lines_before: u64) -> Error {
        let line = lines_before + self.line + 1;
        let word = if format.is_text() { "line" } else { "row" };
        let column = self.column.map_or_else(String::new, |column| format!(" column {column}"));
        Error::new(Kind::Data, "read", format!("{object} {word} {line}{column}")).because(self.what)
    }
}

impl From<Error> for Unreadable {
    fn from(error: Error) -> Self {
        Self::of(&error)
    }
}

/// Every format that is read from the first byte to the last.
pub static FORMATS: &[&dyn Format] = &[&csv::Csv, &json::Json, &xml::Xml, &avro::Avro];

/// Every format that is read by ranges.
pub static RANGED_FORMATS: &[&dyn RangedFormat] = &[&parquet::Parquet];

/// How a format is read.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// From the first byte to the last.
    Stream(&'static dyn Format),
    /// By ranges.
    Ranged(&'static dyn RangedFormat),
}

/// The format of a dataset's files.
pub fn find(format: model::dataset::Format) -> Result<Access> {
    let stream = FORMATS.iter().find(|candidate| candidate.name() == format.name());
    let ranged = RANGED_FORMATS.iter().find(|candidate| candidate.name() == format.name());
    let found = stream.map(|stream| Access::Stream(*stream));
    found.or_else(|| ranged.map(|ranged| Access::Ranged(*ranged))).ok_or_else(|| {
        Error::new(Kind::Bug, "read", format!("format {}", format.name())).because("it is in no list of formats")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_those_a_user_may_write() {
        let names: Vec<_> = model::dataset::Format::ALL.iter().map(|format| format.name()).collect();
        let ranged = RANGED_FORMATS.iter().map(|format| format.name());
        let mut found: Vec<_> = FORMATS.iter().map(|format| format.name()).chain(ranged).collect();
        found.sort_unstable();
        let mut names = names;
        names.sort_unstable();
        assert_eq!(found, names, "each is in a list, once");
    }
}
