//! The Redshift Data API, as JSON in and JSON out (facts/redshift-data-api.md); HTTP is somebody else's.
//!
//! ```text
//! call ─► request (checked) ─► registry (token, session, record, file) ─► run (a task: one transaction) ─► result (file)
//!                                  ▲ Describe, GetStatementResult, Cancel, List: the caller's own
//! ```

mod error;
mod record;
mod registry;
mod request;
mod result;
mod run;
mod session;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

pub use error::ApiError;
use record::{Record, Status};
use registry::{Registry, Submitted};
use request::{Compute, IdRequest, ListRequest, Operation, ResultRequest, Submission, read};

use crate::warehouse::Warehouse;

/// The names under which the warehouse is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Workgroups, for `WorkgroupName`.
    pub workgroups: Vec<String>,
    /// Clusters, for `ClusterIdentifier`.
    pub clusters: Vec<String>,
    /// The one database.
    pub database: String,
}

/// The API. Clones are the same API.
#[derive(Debug, Clone)]
pub struct DataApi {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    warehouse: Warehouse,
    registry: Registry,
    endpoints: Endpoints,
}

impl DataApi {
    /// The API of a warehouse, with its statements in a folder (which may be the warehouse's).
    ///
    /// Statements that ran when the process ended are ABORTED, unless their transaction was committed: then they are
    /// FINISHED, with their results.
    pub fn open(folder: impl AsRef<Path>, warehouse: Warehouse, endpoints: Endpoints) -> model::Result<Self> {
        let registry = Registry::open(folder.as_ref(), &warehouse)?;
        Ok(Self { shared: Arc::new(Shared { warehouse, registry, endpoints }) })
    }

    /// One call: `operation` as in `X-Amz-Target: RedshiftData.<operation>`. Must be called within a tokio runtime;
    /// submitted statements run as its tasks.
    ///
    /// `caller` is whoever calls, in any words: statements and sessions are those of the caller who made them, and to
    /// all others they are not there. AWS goes by the role (`RoleLevel`).
    pub async fn call(&self, caller: &str, operation: &str, request: Value) -> Result<Value, ApiError> {
        self.shared.registry.expire(self.shared.warehouse.now()).await?;
        match operation {
            "ExecuteStatement" => self.submit(caller, request, Operation::Execute).await,
            "BatchExecuteStatement" => self.submit(caller, request, Operation::Batch).await,
            "DescribeStatement" => self.describe(caller, &IdRequest::of(request)?.id),
            "GetStatementResult" => self.result(caller, &ResultRequest::of(request)?).await,
            "CancelStatement" => self.cancel(caller, &IdRequest::of(request)?.id),
            "ListStatements" => self.list(caller, read(request)?),
            _ => Err(ApiError::unknown(format!("the operation {operation}"))),
        }
    }

    /// Waits until no statement runs.
    pub async fn idle(&self) {
        self.shared.registry.idle().await;
    }

    async fn submit(&self, caller: &str, request: Value, operation: Operation) -> Result<Value, ApiError> {
        let shared = &self.shared;
        let now = shared.warehouse.now();
        let session = |id: &str| shared.registry.sessions.place(id, caller, now);
        let submission = Submission::of(request, operation, caller, &shared.endpoints, session)?;
        match shared.registry.submit(submission, now)? {
            Submitted::Known(record) => Ok(record.submitted()),
            Submitted::New(mut record, cancelled) => {
                if let Err(error) = shared.registry.save(&record).await {
                    record.end(Status::Failed, Some(error.message.clone()), shared.warehouse.now());
                    shared.registry.finish(record);
                    return Err(error);
                }
                let answer = record.submitted();
                record.status = Status::Picked;
                tokio::spawn(run::run(Arc::clone(shared), record, cancelled));
                Ok(answer)
            }
        }
    }

    fn get(&self, caller: &str, id: &str) -> Result<Record, ApiError> {
        if uuid::Uuid::parse_str(id).is_err() {
            return Err(ApiError::constraint("id", "be the id of a statement"));
        }
        self.shared.registry.get(id, caller, self.shared.warehouse.now())
    }

    fn describe(&self, caller: &str, id: &str) -> Result<Value, ApiError> {
        let (parent, part) = split(id)?;
        let record = self.get(caller, parent)?;
        match part {
            None => Ok(record.described()),
            Some(n) => record.described_part(n).ok_or_else(|| ApiError::not_found("Query does not exist.", id)),
        }
    }

    async fn result(&self, caller: &str, request: &ResultRequest) -> Result<Value, ApiError> {
        let id = request.id.as_str();
        let (parent, part) = split(id)?;
        let record = self.get(caller, parent)?;
        let none = || {
            let text = "Query does not have result. Please check query status with DescribeStatement.";
            ApiError::not_found(text, id)
        };
        let n = match (part, record.submission.is_batch) {
            (Some(n), true) => n,
            (None, false) => 0,
            _ => return Err(none()),
        };
        // The results of a batch are there when all of it is committed.
        let is_there = record.status == Status::Finished && record.parts.get(n).is_some_and(|part| part.has_result);
        if !is_there {
            return Err(none());
        }
        self.shared.registry.read_result(parent, n).await?.page(request.next_token.as_deref())
    }

    fn cancel(&self, caller: &str, id: &str) -> Result<Value, ApiError> {
        self.get(caller, id)?;
        self.shared.registry.cancel(id)?;
        Ok(json!({"Status": true}))
    }

    fn list(&self, caller: &str, request: ListRequest) -> Result<Value, ApiError> {
        let status = request.status.as_deref().unwrap_or("FINISHED");
        if !["SUBMITTED", "PICKED", "STARTED", "FINISHED", "ABORTED", "FAILED", "ALL"].contains(&status) {
            return Err(ApiError::constraint("status", "satisfy enum value set"));
        }
        let most = request.max_results.unwrap_or(100);
        if most > 100 {
            return Err(ApiError::constraint("maxResults", "have value less than or equal to 100"));
        }
        // None and 0 mean the same to the service's model: its own default.
        let most = if most == 0 { 100 } else { most };
        let mut records = self.shared.registry.list(caller, self.shared.warehouse.now());
        records.retain(|record| request.matches(record, status));
        let start = match &request.next_token {
            Some(token) => {
                let last = records.iter().position(|record| record.id == *token);
                last.ok_or_else(|| ApiError::validation("NextToken is not one that was given"))? + 1
            }
            None => 0,
        };
        let page: Vec<&Record> = records.iter().skip(start).take(most).collect();
        let mut answer = json!({"Statements": page.iter().map(|record| record.listed()).collect::<Vec<_>>()});
        if let (true, Some(last), Some(answer)) =
            (start + page.len() < records.len(), page.last(), answer.as_object_mut())
        {
            answer.insert("NextToken".to_owned(), json!(last.id));
        }
        Ok(answer)
    }
}

impl ListRequest {
    fn matches(&self, record: &Record, status: &str) -> bool {
        let submission = &record.submission;
        let (workgroup, cluster) = match &submission.compute {
            Compute::Workgroup(name) => (Some(name), None),
            Compute::Cluster { identifier, .. } => (None, Some(identifier)),
        };
        let name = submission.name.as_deref().unwrap_or_default();
        (status == "ALL" || record.status.name() == status)
            && self.statement_name.as_ref().is_none_or(|prefix| name.starts_with(prefix.as_str()))
            && self.database.as_ref().is_none_or(|database| *database == submission.database)
            && self.workgroup_name.as_ref().is_none_or(|wanted| workgroup == Some(wanted))
            && self.cluster_identifier.as_ref().is_none_or(|wanted| cluster == Some(wanted))
    }
}

/// `uuid` or `uuid:N`, N from 1; the number comes back from 0.
fn split(id: &str) -> Result<(&str, Option<usize>), ApiError> {
    let Some((parent, n)) = id.split_once(':') else { return Ok((id, None)) };
    match n.parse::<usize>() {
        Ok(n @ 1..) => Ok((parent, Some(n - 1))),
        _ => Err(ApiError::constraint("id", "be the id of a statement")),
    }
}
