//! `append`: the batch's rows are in the table once.

use model::dataset::LoadMode;

use super::Mode;
use crate::sql::Names;

/// Every staged row is inserted.
#[derive(Debug)]
pub struct Append;

impl Mode for Append {
    fn mode(&self) -> LoadMode {
        LoadMode::Append
    }

    fn publish(&self, names: &Names) -> Vec<String> {
        let (columns, values) = (names.column_list(), names.published_list());
        vec![format!("INSERT INTO {} ({columns})\nSELECT {values}\nFROM {}", names.target, names.stage)]
    }

    /// None: appending asks no row whether another is newer.
    fn stale(&self, _: &Names) -> String {
        "0".to_owned()
    }
}
