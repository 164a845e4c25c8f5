//! `append`: the batch's rows are in the table once.

use model::dataset::LoadMode;

use super::Mode;
use crate::sql::publication::Publication;

/// Every staged row is inserted.
#[derive(Debug)]
pub struct Append;

impl Mode for Append {
    fn mode(&self) -> LoadMode {
        LoadMode::Append
    }

    fn publish(&self, of: &Publication<'_>) -> Vec<String> {
        vec![of.insert(&of.names.stage)]
    }

    /// None: appending asks no row whether another is newer.
    fn stale(&self, _: &Publication<'_>) -> String {
        "0".to_owned()
    }
}
