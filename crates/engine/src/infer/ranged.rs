//! Inputs that are read by ranges: their files say what their columns are, and some of their first rows how long a text is.
//!
//! ```text
//! end of the file ─► RangedFormat::columns ─► types ─► a few ranges ─► texts of the first rows ─► evidence
//! ```

use std::ops::Range;

use bytes::Bytes;
use model::{Error, Kind, Result};

use super::{Inference, SAMPLE_BYTES, Trouble};
use crate::format::{self, Access, Described, RangedFormat, RangedReader};
use crate::typed::known::{ANY_BYTES, ANY_TEXT, FileColumn};

/// An input that is looked at.
#[derive(Debug)]
pub(super) struct Ranged {
    object: String,
    size_bytes: u64,
    format: &'static dyn RangedFormat,
    /// What it takes to know the columns.
    needs: Option<Range<u64>>,
    /// The end of the object, as far as it is here.
    end: Bytes,
    /// What reads the first rows, if a length is to be found.
    reader: Option<Box<dyn RangedReader>>,
    /// The names of the columns that it reads.
    names: Vec<String>,
    /// Rows that are still to be looked at, and bytes that were fetched for them.
    rows_left: u64,
    bytes: usize,
}

impl Inference {
    /// Whether inputs are read by ranges: then [`Inference::wants`] says which.
    pub fn is_ranged(&self) -> bool {
        matches!(format::find(self.dataset.format), Ok(Access::Ranged(_)))
    }

    /// The next range that is wanted of an input that is read by ranges; none when enough is known.
    pub fn wants(&self) -> Option<Range<u64>> {
        let ranged = self.ranged.as_ref()?;
        ranged.needs.clone().or_else(|| ranged.reader.as_ref()?.wants().into_iter().next())
    }

    /// The range that is wanted, whole.
    pub fn push_range(&mut self, start: u64, bytes: Bytes) -> Result<()> {
        let bug = || Error::new(Kind::Bug, "infer the columns of", &self.dataset.dataset).because("no range is wanted");
        let mut ranged = self.ranged.take().ok_or_else(bug)?;
        let pushed = match (ranged.needs.take(), &mut ranged.reader) {
            (Some(_), _) => {
                ranged.end = bytes;
                self.describe(&mut ranged)
            }
            (None, Some(reader)) => {
                ranged.bytes += bytes.len();
                reader.push(start, bytes).map_err(Trouble::from).and_then(|()| self.look(&mut ranged))
            }
            (None, None) => return Err(bug()),
        };
        pushed.map_err(|trouble| self.fault(&ranged.object, trouble))?;
        self.ranged = Some(ranged);
        Ok(())
    }

    pub(super) fn begin_ranged(
        &mut self,
        format: &'static dyn RangedFormat,
        object: &str,
        size_bytes: u64,
    ) -> Result<()> {
        let mut ranged = Ranged {
            object: object.to_owned(),
            size_bytes,
            format,
            needs: None,
            end: Bytes::new(),
            reader: None,
            names: Vec::new(),
            rows_left: self.rows_of_file,
            bytes: 0,
        };
        self.describe(&mut ranged).map_err(|trouble| self.fault(object, trouble))?;
        self.ranged = Some(ranged);
        Ok(())
    }

    /// Asks the file for its columns, and begins to read those whose length its schema does not tell.
    fn describe(&mut self, ranged: &mut Ranged) -> std::result::Result<(), Trouble> {
        let columns = match ranged.format.columns(ranged.size_bytes, &ranged.end)? {
            Described::Needs(range) => {
                ranged.needs = Some(range);
                return Ok(());
            }
            Described::Columns(columns) => self.take_columns(columns),
        };
        let is_sized = |column: &FileColumn| !matches!(column.kind, Some(ANY_TEXT | ANY_BYTES) | None);
        let columns: Vec<FileColumn> = columns.into_iter().filter(|column| !is_sized(column)).collect();
        if columns.is_empty() {
            return Ok(());
        }
        let dataset = self.sampled(&columns)?;
        ranged.reader = Some(ranged.format.sampler(&dataset, ranged.size_bytes)?);
        ranged.names = columns.into_iter().map(|column| column.name).collect();
        self.look(ranged)
    }

    /// Looks at what is ready, and ends the reading where that is enough: rows, or, where rows are large, bytes.
    fn look(&mut self, ranged: &mut Ranged) -> std::result::Result<(), Trouble> {
        while let Some(reader) = &mut ranged.reader {
            while let Some(piece) = reader.take().filter(|_| ranged.rows_left > 0) {
                let batch = piece.read()?;
                self.look_at(&batch, &ranged.names, ranged.rows_left);
                ranged.rows_left = ranged.rows_left.saturating_sub(batch.rows_read());
            }
            let has_rows = ranged.rows_left < self.rows_of_file;
            let is_enough = ranged.rows_left == 0 || has_rows && ranged.bytes >= SAMPLE_BYTES;
            let Some(want) = reader.wants().into_iter().next().filter(|_| !is_enough) else {
                ranged.reader = None;
                break;
            };
            // What came with the end need not come again.
            let start = ranged.size_bytes - ranged.end.len() as u64;
            let place = |at: u64| at.checked_sub(start).and_then(|place| usize::try_from(place).ok());
            match (place(want.start), place(want.end)) {
                (Some(from), Some(to)) => reader.push(want.start, ranged.end.slice(from..to))?,
                _ => break,
            }
        }
        Ok(())
    }
}
