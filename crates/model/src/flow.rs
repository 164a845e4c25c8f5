//! What the state machine passes: names, never rows. `infra/flow.asl.json` builds these.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::group::{GroupName, QueueName};
use crate::name::{DatasetName, ExecutionName, RunName};
use crate::plan::RunPlan;

/// The input of an execution. It holds no time and no n: the same run starts with the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExecutionInput {
    /// The dataset.
    pub dataset: DatasetName,
    /// The run.
    pub run: RunName,
    /// The plan's items.
    pub items: Vec<u32>,
    /// Whether the columns are to be found in the files first.
    pub infer: bool,
}

impl ExecutionInput {
    /// The input that starts a plan.
    pub fn of(plan: &RunPlan) -> Result<Self> {
        let infer = plan.dataset()?.dataset.needs_schema();
        Ok(Self { dataset: plan.run.dataset().clone(), run: plan.run.clone(), items: plan.item_numbers(), infer })
    }
}

/// What transform is called with: an item, or the word to find the columns first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TransformCall {
    /// Make an item.
    Item(TransformRequest),
    /// Find the columns.
    Schema(SchemaRequest),
}

/// What transform is called with to find the columns of a run whose dataset names none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaRequest {
    /// What to do.
    pub action: SchemaAction,
    /// The run.
    pub run: RunName,
}

/// What transform does besides making items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaAction {
    /// Find the columns and write `schema.json`.
    Schema,
}

/// What transform is called with to make an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransformRequest {
    /// The run.
    pub run: RunName,
    /// The item.
    pub item: u32,
}

/// What loader is called with: by the flow, or by EventBridge, of an execution that has ended outside of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LoadCall {
    /// Take the load a step further, or away.
    Request(LoadRequest),
    /// Take the load of an execution away that nobody will.
    Ended(StatusChange),
}

/// EventBridge's `Step Functions Execution Status Change` (facts/stepfunctions-eventbridge.md); of it, what is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusChange {
    /// What has happened.
    pub detail: StatusDetail,
}

/// How an execution does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusDetail {
    /// Its name.
    pub name: String,
    /// `FAILED`, `TIMED_OUT`, `ABORTED`, …
    pub status: String,
    /// When it began, in milliseconds since 1970.
    pub start_date: Option<i64>,
    /// The error that it failed with.
    pub error: Option<String>,
    /// What the error says.
    pub cause: Option<String>,
}

/// What the flow calls loader with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadRequest {
    /// What to do.
    pub action: LoadAction,
    /// The run.
    pub run: RunName,
    /// The execution's number.
    pub n: u32,
    /// Where the load stands; absent before the first submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<LoadState>,
}

/// What loader is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadAction {
    /// Submit the first step.
    Submit,
    /// See how the statement does; go to the next step if it is done.
    Check,
    /// Cancel what runs, drop the group's tables, and leave queue and lease.
    Discard,
}

/// Where a load stands; the state machine keeps it between two calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadState {
    /// The step.
    pub step: LoadStep,
    /// The statement that runs; absent when all is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_id: Option<String>,
    /// How long to wait before the next check.
    pub wait_seconds: u32,
    /// Where the run waits, or waited, for its turn; absent when all is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueName>,
    /// The group that this execution loads; absent while it waits for its turn, and when all is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupName>,
}

/// The steps of a load. All but the first and the last are one submission to the warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadStep {
    /// Another run's turn: nothing is submitted.
    Queue,
    /// Schemas, ledger, runs, lock and target tables, where they are missing; the token is made known and the ledger
    /// read.
    Prepare,
    /// A change of the target in place: a column more, or a longer varchar.
    Alter,
    /// COPY into staging, counted.
    Stage,
    /// COPY has failed for good: what it left of its failure is read.
    Explain,
    /// Staging into the target, with the ledger row, in one transaction.
    Publish,
    /// The ledger is read: it alone says whether the run is published.
    Verdict,
    /// There is nothing left to do.
    Done,
}

impl LoadStep {
    /// The word in documents and statement names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Prepare => "prepare",
            Self::Alter => "alter",
            Self::Stage => "stage",
            Self::Explain => "explain",
            Self::Publish => "publish",
            Self::Verdict => "verdict",
            Self::Done => "done",
        }
    }
}

/// What catalog is called with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogRequest {
    /// The run.
    pub run: RunName,
    /// The execution's number.
    pub n: u32,
}

/// What reporter is called with by the flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportRequest {
    /// The run.
    pub run: RunName,
    /// The execution's number.
    pub n: u32,
    /// When the execution began, as the state machine's context has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<chrono::DateTime<chrono::Utc>>,
    /// What the failure path caught.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<CaughtError>,
}

/// An error as Step Functions hands it to a Catch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaughtError {
    /// Its name: the function's error type, or `States.…`.
    #[serde(rename = "Error")]
    pub error: String,
    /// Its text: for a Lambda function, JSON with `errorMessage`.
    #[serde(rename = "Cause", default)]
    pub cause: String,
}

impl CaughtError {
    /// The text for a person: the function's own message where there is one.
    pub fn message(&self) -> String {
        serde_json::from_str::<serde_json::Value>(&self.cause)
            .ok()
            .and_then(|cause| cause.get("errorMessage")?.as_str().map(str::to_owned))
            .unwrap_or_else(|| self.cause.clone())
    }
}

/// The run and n of an execution's name.
pub fn execution(name: &str) -> Result<ExecutionName> {
    ExecutionName::parse(name).map_err(|error| Error::new(Kind::Bug, "read execution name", name).because(error))
}
