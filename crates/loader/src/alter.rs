//! Changes of the target in place, one statement after another, between `prepare` and `stage`.
//!
//! ```text
//! prepare ─► the table's columns ─► target::compare ─► alter ─► prepare, which reads them again ─► … ─► stage
//! ```
//!
//! Each statement stands alone, because Redshift lengthens no varchar inside of a transaction. Every one that is finished
//! is a document of its execution: they are what the report tells, and a change that is asked for again after it was made
//! ends the load, so that no load alters for ever. Of two loads that add one column the second fails ("already exists"),
//! and both go on from what `prepare` reads then.

use aws::object;
use aws_sdk_s3::Client;
use model::group::GroupName;
use model::name::RunName;
use model::{Error, Kind, Result, layout};
use serde::{Deserialize, Serialize};

use crate::statement::Submission;
use crate::target::change::Change;

/// The document `<n>/altered/<statement>.json` of a run: a change of the target that is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Altered {
    /// Of this document: 1.
    pub version: u32,
    /// The run.
    pub run: RunName,
    /// The execution that made it.
    pub n: u32,
    /// The statement's id.
    pub statement_id: String,
    /// The statement.
    pub sql: String,
}

/// The changes of one execution.
#[derive(Debug, Clone, Copy)]
pub struct Changes<'a> {
    /// Where their documents are.
    pub s3: &'a Client,
    /// The control bucket.
    pub bucket: &'a str,
    /// The run.
    pub run: &'a RunName,
    /// The execution.
    pub n: u32,
}

impl Changes<'_> {
    /// The submission of a change that is to be made for a group; `number` is the try.
    ///
    /// # Errors
    /// `Config` where this execution has made the change, and the table does not show it.
    pub async fn submission(&self, group: &GroupName, change: &Change, sql: String, number: u32) -> Result<Submission> {
        if let Some(made) = self.made().await?.iter().find(|made| made.sql == sql) {
            return Err(Error::new(Kind::Config, "alter the table for", self.run).because(format!(
                "{change} by statement {}, and svv_columns does not show it: does something else alter the table?",
                made.statement_id
            )));
        }
        Ok(Submission::of(group, "alter", number, "", vec![sql]))
    }

    /// Records a change that is made.
    pub async fn record(&self, statement_id: &str, sql: String) -> Result<()> {
        let altered =
            Altered { version: 1, run: self.run.clone(), n: self.n, statement_id: statement_id.to_owned(), sql };
        let key = layout::altered(self.run, self.n) + statement_id + ".json";
        object::create_document(self.s3, self.bucket, &key, &altered).await?;
        tracing::info!(statement = statement_id, sql = altered.sql, "table altered");
        Ok(())
    }

    /// What this execution has changed, in the order of the statements' ids.
    pub async fn made(&self) -> Result<Vec<Altered>> {
        let mut made = Vec::new();
        for listed in object::list(self.s3, self.bucket, &layout::altered(self.run, self.n)).await? {
            made.push(object::need_document(self.s3, self.bucket, &listed.key).await?);
        }
        Ok(made)
    }

    /// The statements of these.
    pub async fn statements(&self) -> Result<Vec<String>> {
        let mut statements: Vec<String> = self.made().await?.into_iter().map(|made| made.sql).collect();
        statements.sort();
        Ok(statements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_one_stays_readable() {
        let golden = r#"{"version":1,"run":"sales-00000000000000000000000000000000","n":2,"statement_id":"d9b6c0c9",
            "sql":"ALTER TABLE \"analytics\".\"sales\" ADD COLUMN \"region\" varchar(10)"}"#;
        let altered: Altered = serde_json::from_str(golden).unwrap();
        assert_eq!((altered.n, altered.statement_id.as_str()), (2, "d9b6c0c9"));
    }
}
