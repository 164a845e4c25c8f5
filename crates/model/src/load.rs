//! What the warehouse took, by its own counts.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::name::{RunName, S3Url, TableName};

/// The document `<n>/load.json` of an execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Of this document: 1.
    pub version: u32,
    /// The run.
    pub run: RunName,
    /// The execution's number.
    pub n: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// The target; absent where the dataset ends in the lake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<TableName>,
    /// Rows that COPY put into staging.
    pub staged: u64,
    /// Rows of files that COPY could not take and that were set apart.
    pub isolated: u64,
    /// These files, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub isolated_files: Vec<IsolatedFile>,
    /// Rows of this run in the target.
    pub published: u64,
    /// Staged rows that lost to a newer row.
    pub stale: u64,
    /// Rows of the batch's earlier runs that this one replaced.
    pub replaced: u64,
    /// Those of them whose key this run does not have: no other row came in their place.
    #[serde(default)]
    pub withdrawn: u64,
    /// What this execution changed of the table before: the statements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub altered: Vec<String>,
    /// When the ledger says the rows were published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<DateTime<Utc>>,
    /// The run whose rows these replaced, which leaves the catalog too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<RunName>,
    /// Where a newer delivery of the batch was there before: that run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<RunName>,
}

/// A file that COPY could not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IsolatedFile {
    /// Its address in the lake.
    pub url: S3Url,
    /// Its rows.
    pub rows: u64,
    /// What the warehouse said.
    pub why: String,
}

impl Load {
    /// The version that is written now.
    pub const VERSION: u32 = 1;
}

/// How a load ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The rows are in the table and the run in the ledger.
    Published,
    /// A newer delivery of the batch was published before: nothing to do.
    Superseded,
    /// The dataset names no table.
    LakeOnly,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_one_stays_readable() {
        let golden = r#"{"version":1,"run":"sales-00000000000000000000000000000000","n":1,"outcome":"published",
            "table":"analytics.sales","staged":3,"isolated":0,"published":3,"stale":0,"replaced":0,
            "published_at":"2026-01-02T03:04:05Z"}"#;
        let load: Load = serde_json::from_str(golden).unwrap();
        assert_eq!((load.published, load.withdrawn, load.altered), (3, 0, Vec::new()));
    }
}
