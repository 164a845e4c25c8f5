//! Rows, counted once each.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::dataset::RejectLimit;
use crate::error::{Error, Kind, Result};

/// Where every row that was read went. Each term is counted where it happens, none is inferred from the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Rows in the files.
    pub read: u64,
    /// Rows in Parquet, by the files' own footers.
    pub accepted: u64,
    /// Rows in the rejects.
    pub rejected: u64,
    /// Rows that the dataset's filter left out.
    pub filtered: u64,
    /// Rows that repeat another's key.
    pub duplicate: u64,
}

impl Counts {
    /// Holds the equation `read = accepted + rejected + filtered + duplicate`; a difference is our bug, and stops the
    /// run before anything is loaded.
    pub fn check(&self, subject: &str) -> Result<()> {
        if self.read == self.accepted + self.rejected + self.filtered + self.duplicate {
            return Ok(());
        }
        Err(Error::new(Kind::Bug, "account for every row of", subject).because(format!(
            "{} read, but {} accepted + {} rejected + {} filtered + {} duplicate",
            self.read, self.accepted, self.rejected, self.filtered, self.duplicate
        )))
    }

    /// Holds the dataset's limit on rejects.
    pub fn check_limit(&self, limit: &RejectLimit, subject: &str) -> Result<()> {
        let fault = |what: String| Err(Error::new(Kind::Data, "accept", subject).because(what));
        if let Some(max_rows) = limit.max_rows.filter(|max_rows| self.rejected > *max_rows) {
            return fault(format!(
                "{} of {} rows are rejects, rejects.max_rows is {max_rows}; nothing was loaded",
                self.rejected, self.read
            ));
        }
        // Compared as a product: the limit is a share of the rows read, and no rows read reject nothing.
        #[expect(clippy::cast_precision_loss, reason = "a share of rows needs no 53 bits")]
        if self.rejected as f64 > limit.max_ratio * self.read as f64 {
            return fault(format!(
                "{} of {} rows are rejects, rejects.max_ratio is {}; nothing was loaded",
                self.rejected, self.read, limit.max_ratio
            ));
        }
        Ok(())
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.filtered += other.filtered;
        self.duplicate += other.duplicate;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::chain;

    const COUNTS: Counts = Counts { read: 100, accepted: 98, rejected: 2, filtered: 0, duplicate: 0 };

    #[test]
    fn a_row_too_few_is_a_bug() {
        assert!(COUNTS.check("item 0").is_ok());
        let error = Counts { accepted: 97, ..COUNTS }.check("item 0").unwrap_err();
        assert_eq!(error.kind(), Kind::Bug);
    }

    #[test]
    fn the_limit_itself_is_allowed_and_one_more_is_not() {
        let check = |max_ratio, max_rows| COUNTS.check_limit(&RejectLimit { max_ratio, max_rows }, "sales");
        assert!(check(0.02, None).is_ok());
        assert!(
            chain(&check(0.019, None).unwrap_err()).contains("2 of 100 rows are rejects, rejects.max_ratio is 0.019")
        );
        assert!(check(1.0, Some(2)).is_ok());
        assert!(chain(&check(1.0, Some(1)).unwrap_err()).contains("rejects.max_rows is 1"));
        assert!(Counts::default().check_limit(&RejectLimit { max_ratio: 0.0, max_rows: Some(0) }, "sales").is_ok());
    }
}
