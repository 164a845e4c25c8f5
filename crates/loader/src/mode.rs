//! The load modes: what a batch's rows do to those already in the table.
//!
//! A mode gives only the statements that bring staging into the target. Lock, guards, ledger row, the batch's earlier
//! deliveries, count check and drop are wrapped around them in `sql/publish.rs` and are the same for all. So every mode
//! may find rows of the batch's earlier deliveries in the target, and leaves them to what comes behind it.
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

/// What a batch's rows do to those already in the table.
pub trait Mode: Debug + Sync {
    /// Which mode it is.
    fn mode(&self) -> LoadMode;

    /// Refuses a batch of so many rows that the mode cannot mean well: says why, and what to do.
    fn refuse(&self, _rows: u64) -> Option<&'static str> {
        None
    }

    /// The statements that bring staging into the target, inside the publish transaction.
    fn publish(&self, of: &Publication<'_>) -> Vec<String>;

    /// An SQL expression, evaluated after [`publish`](Self::publish): how many staged rows lost to a newer row.
    fn stale(&self, of: &Publication<'_>) -> String;

    /// An SQL expression, evaluated after [`publish`](Self::publish): how many rows of the batch's earlier deliveries
    /// have a key that this one lacks. Where rows have no key, none.
    fn withdrawn(&self, _: &Publication<'_>) -> String {
        "0".to_owned()
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
