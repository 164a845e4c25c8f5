//! A run's report: how it ended, and every term of the count equation.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::count::Counts;
use crate::load::Load;
use crate::name::{BatchId, RunName, S3Url};

/// The document `<n>/report.json` of an execution. It closes the execution; the highest n is the run's current one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunReport {
    /// Of this document: 1.
    pub version: u32,
    /// The run.
    pub run: RunName,
    /// The execution's number.
    pub n: u32,
    /// How it ended.
    pub status: Status,
    /// Its batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
    /// Its manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<S3Url>,
    /// Why the rows were made where they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// Where the rows of the committed parts went.
    pub counts: Counts,
    /// Rejects by the code of their reason.
    pub rejected_by_reason: BTreeMap<String, u64>,
    /// Names in the files that the dataset's contract leaves out, each with the first file that has it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, String>,
    /// Where the rejects are.
    pub rejects: Vec<S3Url>,
    /// Input files and bytes.
    pub input: Volume,
    /// Parquet files and bytes.
    pub output: Volume,
    /// What the warehouse took, where the run came so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// The equation, term by term, and whether it holds. Empty where no part was finished: nothing was counted.
    pub equation: Vec<Equality>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// When the execution began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When this report was made.
    pub ended_at: DateTime<Utc>,
    /// Between the two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// The version of Sluice that made it.
    pub code_version: String,
}

impl RunReport {
    /// The version that is written now.
    pub const VERSION: u32 = 1;
}

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All accepted rows are where the dataset says.
    Succeeded,
    /// A newer delivery of the batch was there before.
    Superseded,
    /// It did not come to its end. Where its rows are says `load`; without it nothing is known to be published.
    Failed,
}

impl Status {
    /// The word in the document and on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
        }
    }
}

/// Files and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

/// One equality of the count equation with its numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Equality {
    /// `read = accepted + rejected + filtered + duplicate`
    pub terms: String,
    /// `900 = 897 + 3 + 0 + 0`
    pub numbers: String,
    /// Whether both sides are the same.
    pub holds: bool,
}

/// What went wrong, as the state machine caught it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The error's name: `Transient`, `Data`, `Config`, `Bug`, or one of the state machine's own.
    pub kind: String,
    /// What it says.
    pub message: String,
}

/// The equation of design section 3, for as far as the run came.
pub fn equation(counts: &Counts, load: Option<&Load>) -> Vec<Equality> {
    let mut equation = vec![equality(
        "read = accepted + rejected + filtered + duplicate",
        counts.read,
        &[counts.accepted, counts.rejected, counts.filtered, counts.duplicate],
    )];
    if let Some(load) = load.filter(|load| load.outcome == crate::load::Outcome::Published) {
        equation.push(equality("accepted = staged + isolated", counts.accepted, &[load.staged, load.isolated]));
        equation.push(equality("staged = published + stale", load.staged, &[load.published, load.stale]));
    }
    equation
}

fn equality(terms: &str, left: u64, right: &[u64]) -> Equality {
    let numbers = right.iter().map(u64::to_string).collect::<Vec<_>>().join(" + ");
    Equality {
        terms: terms.to_owned(),
        numbers: format!("{left} = {numbers}"),
        holds: left == right.iter().sum::<u64>(),
    }
}
