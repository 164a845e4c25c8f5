//! `replace`: the table holds the latest batch and nothing else.
//!
//! A batch that comes late, when a later one was published, changes nothing: all its rows are stale. So are those of a
//! batch that is published together with a later one. The rows go by DELETE and come by INSERT in one transaction: readers
//! see the table before or after. TRUNCATE would commit in between, and a table that is dropped takes its grants and views
//! with it (facts/redshift-sql.md, transactions).

use model::Result;
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

    fn publish(&self, of: &Publication<'_>) -> Result<Vec<String>> {
        let (latest, is_latest) = of.latest()?;
        let staged = format!("{}\nWHERE \"_sluice_run\" = {latest}\n    AND {is_latest}", of.names.stage);
        Ok(vec![
            format!("DELETE FROM {}\nWHERE {}\n    AND {is_latest}", of.names.target, of.is_of_others("")),
            of.insert("", &staged),
        ])
    }

    fn stale(&self, of: &Publication<'_>) -> Result<Option<String>> {
        let (latest, is_latest) = of.latest()?;
        Ok(Some(format!(
            "SELECT \"_sluice_run\" AS \"run\", COUNT(*) AS \"rows\"\nFROM {}\n\
             WHERE NOT (\"_sluice_run\" = {latest}\n    AND {is_latest})\nGROUP BY \"_sluice_run\"",
            of.names.stage
        )))
    }
}
