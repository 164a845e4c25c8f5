//! JSON as RFC 8259 has it, in the ways in which files hold records of it.
//!
//! ```text
//! text ─► Teller (or the Way to json.records) ─► pieces of whole records ─► Walk, with one Cursor ─► TextBatch
//! ```
//!
//! Where records are is told by content: one on each line, several behind one another in whatever lines, or one array of
//! them; with `json.records` it is the array at that path of one document.
//!
//! - On lines, what is not one JSON value is a reject, and the next line is the next record; blank lines are none. In a
//!   document, what is no JSON ends the reading, with line and column, and none of its rows is loaded.
//! - A record is an object; an array where the columns are named by places in it (`from: "[0]"`); anything else is a
//!   reject. A key that no column names is no fault. A missing key is null, as null is.
//! - Keys are compared with the columns' paths exactly and, where that finds none, without regard to case; two keys that
//!   are alike but for case, neither of them exact, are a reject. So is a key that stands twice in an object that a path
//!   leads into, and a path that leads through a value that holds no others (through null or a missing key, it is null).
//! - Numbers are their text: nothing is rounded. For smallint, integer and bigint a number that is whole is its digits
//!   (`6.0` and `1e1` are 6 and 10), because JSON has one kind of number only; a text that says `6.0` is no whole number.
//!   Texts are their characters; booleans `true` and `false`; objects and arrays their JSON as it stands. For `super` all
//!   are their JSON, texts with their quotes.
//! - `\u0000` and half a surrogate pair make a record a reject where a column would hold them, and elsewhere do not matter.
//! - `json.explode` makes a row of each element of an array. Its rows stand where their record stands; a fault inside an
//!   element is its row's, any other the record's. Missing, null or empty, the array is one row.

pub(crate) mod cursor;
mod cut;
mod keys;
mod names;
mod outline;
mod piece;
mod syntax;
#[cfg(test)]
mod tests;
mod told;
mod tree;
mod walk;
mod way;

use std::sync::Arc;

use model::Result;
use model::dataset::Dataset;

use self::cursor::Found;
use self::cut::JsonReader;
use self::tree::Tree;
use super::{Format, Name, Reader, Unreadable};
use crate::text::{MAX_TEXT_BYTES, Origin};

/// The format.
#[derive(Debug)]
pub struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn reader(&self, dataset: &Dataset, origin: Origin) -> Result<Box<dyn Reader>> {
        Ok(Box::new(JsonReader::new(dataset, origin)?))
    }

    fn names_of(&self, dataset: &Dataset, record: &str) -> Vec<Name> {
        names::of(record, dataset.json.explode.as_ref()).into_iter().map(Name::plain).collect()
    }
}

/// The fields of a piece's rows take no more memory than so many spans, however short its records are.
const MAX_PIECE_FIELDS: usize = 4 * 1024 * 1024;

/// Nor has it more records: each may be a reject.
const MAX_PIECE_ROWS: usize = 64 * 1024;

/// How the records of a dataset's files become rows.
#[derive(Debug)]
struct Layout {
    tree: Tree,
    /// The columns' fields, which are in their order.
    order: Arc<[usize]>,
    field_bytes: usize,
    record_bytes: usize,
    /// Whether a column is masked, so that no message may show what stands in a file.
    hides_values: bool,
    /// A piece has no more records.
    piece_rows: usize,
}

impl Layout {
    fn of(dataset: &Dataset) -> Result<Self> {
        let limit = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX).min(MAX_TEXT_BYTES / 2);
        let columns = dataset.columns.len();
        Ok(Self {
            tree: Tree::of(dataset)?,
            order: (0..columns).collect(),
            field_bytes: limit(dataset.limits.field_bytes),
            record_bytes: limit(dataset.limits.record_bytes),
            hides_values: dataset.columns.values().any(|column| column.mask.is_some()),
            piece_rows: (MAX_PIECE_FIELDS / columns.max(1)).clamp(1, MAX_PIECE_ROWS),
        })
    }

    /// What a message says that it found.
    fn found(&self, character: Option<char>) -> Found {
        match character {
            None => Found::End,
            Some(_) if self.hides_values => Found::Hidden,
            Some(character) => Found::Character(character),
        }
    }

    fn too_long(&self, line: u32) -> Unreadable {
        let most = self.record_bytes;
        let what = format!(
            "the record that starts here has more than {most} bytes (limits.record_bytes); json.records names an array inside of a document"
        );
        Unreadable::at_line(line.into(), what)
    }
}
