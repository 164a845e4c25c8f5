//! What the warehouse took, by its own counts.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::name::{RunName, TableName};

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
    /// Rows of this run in the target.
    pub published: u64,
    /// Staged rows that lost to a newer row.
    pub stale: u64,
    /// Rows of the batch's earlier runs that this one replaced.
    pub replaced: u64,
    /// Those of them whose key this run does not have: no other row came in their place.
    #[serde(default)]
    pub withdrawn: u64,
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
