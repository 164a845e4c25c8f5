//! `replace`: the table holds the latest batch and nothing else.
//!
//! A batch that comes late, when a later one was published, changes nothing: all its rows are stale. The rows go by
//! DELETE and come by INSERT in one transaction: readers see the table before or after. TRUNCATE would commit in between,
//! and a table that is dropped takes its grants and views with it (facts/redshift-sql.md, transactions).

use model::dataset::LoadMode;

use super::Mode;
use crate::sql::publication::Publication;

/// All rows of other batches go, unless one of these is later.
#[derive(Debug)]
pub struct Replace;

impl Mode for Replace {
    fn mode(&self) -> LoadMode {
        LoadMode::Replace
    }

    /// A refresh to nothing is nearly always a fault of whoever made the files, and readers would find an empty table.
    fn refuse(&self, rows: u64) -> Option<&'static str> {
        (rows == 0).then_some(
            "no row was accepted, and mode replace would leave the table empty: deliver the rows, or DELETE what is in the \
             table by hand if that is meant",
        )
    }

    fn publish(&self, of: &Publication<'_>) -> Vec<String> {
        let is_latest = of.is_latest();
        vec![
            format!("DELETE FROM {}\nWHERE {}\n    AND {is_latest}", of.names.target, of.is_of_others("")),
            of.insert(&format!("{}\nWHERE {is_latest}", of.names.stage)),
        ]
    }

    fn stale(&self, of: &Publication<'_>) -> String {
        format!("(SELECT COUNT(*) FROM {} WHERE NOT {})", of.names.stage, of.is_latest())
    }
}
