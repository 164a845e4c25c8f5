//! The load modes: what the rows of batches do to those already in the table.
//!
//! A mode gives only the statements that bring staging into the target: the rows of one batch, or of several that are
//! published together. These are as good as published one after the other in the order of their batches, once the rows of
//! all their earlier deliveries are gone. Lock, guards, ledger rows, the earlier deliveries, count check and drop are
//! wrapped around the mode's statements in `sql/publish.rs` and are the same for all. So every mode may find rows of the
//! batches' earlier deliveries in the target, and leaves them to what comes behind it.
//!
//! To add a mode: a file here, a word in [`MODES`], a variant in `model::dataset::LoadMode`, a golden file, and what it
//! means in the reference model (`model_tests.rs`).

mod append;
mod replace;
mod replace_partitions;
mod upsert;

#[cfg(test)]
mod model_tests;

use std::fmt::Debug;

use model::dataset::LoadMode;
use model::{Error, Kind, Result};

use crate::sql::publication::Publication;

/// Every mode.
pub const MODES: &[&dyn Mode] =
    &[&append::Append, &upsert::Upsert, &replace::Replace, &replace_partitions::ReplacePartitions];

/// What the rows of batches do to those already in the table.
pub trait Mode: Debug + Sync {
    /// Which mode it is.
    fn mode(&self) -> LoadMode;

    /// Refuses a batch of so many rows that the mode cannot mean well: says why, and what to do.
    fn refuse(&self, _rows: u64) -> Option<&'static str> {
        None
    }

    /// The statements that bring staging into the target, inside the publish transaction.
    fn publish(&self, of: &Publication<'_>) -> Result<Vec<String>>;

    /// A query, evaluated after [`publish`](Self::publish): how many staged rows of each `run` lost to a newer row, as
    /// `rows`. Runs that have none may be left out; `None` where no row can lose.
    fn stale(&self, _: &Publication<'_>) -> Result<Option<String>> {
        Ok(None)
    }

    /// A query, evaluated after [`publish`](Self::publish): for each `run`, how many rows of its batch's earlier deliveries
    /// have a key that it lacks, as `rows`. `None` where rows have no key.
    fn withdrawn(&self, _: &Publication<'_>) -> Result<Option<String>> {
        Ok(None)
    }
}

/// The mode that a dataset names.
pub fn find(mode: LoadMode) -> Result<&'static dyn Mode> {
    let found = MODES.iter().find(|candidate| candidate.mode() == mode).copied();
    found.ok_or_else(|| Error::new(Kind::Bug, "find load mode", mode.name()).because("the loader does not have it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_exactly_the_modes_of_the_dataset_file() {
        let listed: Vec<LoadMode> = MODES.iter().map(|mode| mode.mode()).collect();
        assert_eq!(listed, LoadMode::ALL);
        for mode in LoadMode::ALL {
            assert_eq!(find(*mode).unwrap().mode(), *mode);
        }
    }
}
