//! `append`: the batch's rows are in the table once.

use model::Result;
use model::dataset::LoadMode;

use super::Mode;
use crate::sql::publication::Publication;

/// Every staged row is inserted, and none asks whether another is newer.
#[derive(Debug)]
pub struct Append;

impl Mode for Append {
    fn mode(&self) -> LoadMode {
        LoadMode::Append
    }

    fn publish(&self, of: &Publication<'_>) -> Result<Vec<String>> {
        Ok(vec![of.insert("", &of.names.stage)])
    }
}
