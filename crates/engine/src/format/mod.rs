//! Input formats: bytes into records of text.
//!
//! To add one: a file (or folder) here, its word in [`FORMATS`], a variant of `model::dataset::Format`, which is the word
//! a user writes, and a case in `tests/cases/`. Typing, cleaning, rejects and the cut-anywhere law come for free.

pub mod csv;

use std::fmt::Debug;

use model::dataset::Dataset;
use model::{Error, Kind, Result};

use crate::text::TextBatch;

/// One format.
pub trait Format: Debug + Sync {
    /// The word in the dataset file.
    fn name(&self) -> &'static str;

    /// A decoder for one object. `object` is what errors and rejects call it.
    fn decoder(&self, dataset: &Dataset, object: &str) -> Result<Box<dyn Decoder>>;
}

/// A decoder of one object. It is pushed bytes and owns no I/O. Batches, rejects and errors depend on the bytes alone,
/// never on how they were cut:
///
/// ```text
/// for each piece:  decode ─► flush ─► decode ─► flush … until all is taken
/// at the end:      end ─► flush ─► flush … until None
/// ```
pub trait Decoder: Debug + Send {
    /// Takes bytes until a batch is full; returns how many. What is left over is to be offered again after `flush`.
    /// Fails when what follows cannot be read at all; the error names object and line.
    fn decode(&mut self, bytes: &[u8]) -> Result<usize>;

    /// There are no more bytes.
    fn end(&mut self);

    /// The batch, if it is full; after `end`, what is left, batch by batch.
    fn flush(&mut self) -> Result<Option<TextBatch>>;
}

/// Every format.
pub static FORMATS: &[&dyn Format] = &[&csv::Csv];

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
