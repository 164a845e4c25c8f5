//! The rows of a batch that are no longer good, and why: one fault a row, of the first column that has one.
//!
//! Faults are rare; what is done about one is kept out of the loops that find it.

use model::Result;
use model::name::Identifier;

use super::bug;
use crate::reject::{Fault, Reason, Reject, shown};
use crate::text::TextBatch;

/// The column of a row that has no fault.
const NONE: usize = usize::MAX;

/// Whether messages show the value they are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    Shown,
    /// A column of the dataset has a mask: no message of any column shows a value, no reject its record.
    Hidden,
}

/// The faults of one batch.
#[derive(Debug)]
pub(crate) struct Faults {
    values: Values,
    column_of: Vec<usize>,
    list: Vec<(usize, usize, Fault)>,
    /// Row and column of each text that was cut.
    truncated: Vec<(usize, usize)>,
}

impl Faults {
    pub fn new(rows: usize, values: Values) -> Self {
        Self { values, column_of: vec![NONE; rows], list: Vec::new(), truncated: Vec::new() }
    }

    /// Where the texts of a block stand that begins at a row.
    pub fn at(&mut self, column: usize, first_row: usize) -> Site<'_> {
        Site { faults: self, column, first_row }
    }

    /// What the first fault says, if there is one.
    pub fn first(&self) -> Option<&Fault> {
        self.list.first().map(|(.., fault)| fault)
    }

    /// Which rows are bad, their rejects in the order of the batch, and how many texts of each column were cut in rows
    /// that are good.
    pub fn finish(mut self, batch: &TextBatch, names: &[Identifier]) -> Result<(Vec<bool>, Vec<Reject>, Vec<u64>)> {
        // A later column may have been faulted before an earlier one.
        self.list.sort_by_key(|(row, column, _)| (*row, *column));
        self.list.dedup_by_key(|(row, ..)| *row);
        let rejects = self.list.into_iter().map(|(row, column, fault)| {
            let mut reject = batch.reject(row, names.get(column).cloned(), fault)?;
            if self.values == Values::Hidden {
                reject.text.clear();
            }
            Some(reject)
        });
        let rejects = rejects.collect::<Option<_>>().ok_or_else(|| bug("a reject stands outside of its batch"))?;
        let mut truncated = vec![0; names.len()];
        for (row, column) in self.truncated {
            if let (Some(&NONE), Some(count)) = (self.column_of.get(row), truncated.get_mut(column)) {
                *count += 1;
            }
        }
        Ok((self.column_of.iter().map(|column| *column != NONE).collect(), rejects, truncated))
    }
}

/// A block of one column: where its faults go.
#[derive(Debug)]
pub(crate) struct Site<'a> {
    faults: &'a mut Faults,
    column: usize,
    first_row: usize,
}

impl Site<'_> {
    /// The value of the block's nth row is at fault. Its message is made only where it is the row's first; a second one
    /// of the same value is none.
    #[cold]
    #[inline(never)]
    pub fn fault(&mut self, nth: usize, reason: Reason, text: &str, message: &dyn Fn(&str) -> String) {
        let row = self.first_row + nth;
        let Some(column) = self.faults.column_of.get_mut(row).filter(|column| **column > self.column) else { return };
        *column = self.column;
        let message = match self.faults.values {
            Values::Shown => message(&shown(text)),
            Values::Hidden => message("the value"),
        };
        self.faults.list.push((row, self.column, Fault::new(reason, message)));
    }

    /// The text of the block's nth row was cut to fit.
    pub fn truncated(&mut self, nth: usize) {
        self.faults.truncated.push((self.first_row + nth, self.column));
    }
}
