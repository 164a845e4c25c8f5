//! What is kept of a statement, and how the API tells it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::request::{Compute, Submission};

/// How a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Status {
    Submitted,
    Picked,
    Started,
    Finished,
    Aborted,
    Failed,
}

impl Status {
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Finished | Self::Aborted | Self::Failed)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Submitted => "SUBMITTED",
            Self::Picked => "PICKED",
            Self::Started => "STARTED",
            Self::Finished => "FINISHED",
            Self::Aborted => "ABORTED",
            Self::Failed => "FAILED",
        }
    }
}

/// One statement of a record. The record of a single statement has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    pub status: Status,
    pub error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
    /// Rows answered or changed, -1 where that is not told.
    pub rows: i64,
    /// Bytes of the result, -1 where there is none.
    pub result_bytes: i64,
    pub query_id: i64,
    pub has_result: bool,
}

/// A submitted statement or batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub id: String,
    pub submission: Submission,
    /// The session that it runs in, where it is kept.
    #[serde(default)]
    pub session_id: Option<String>,
    pub status: Status,
    pub error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
    pub parts: Vec<Part>,
    /// On disk only: the record tells how it will be once the warehouse has the commit, whose receipt is the id.
    pub awaits_commit: bool,
}

impl Record {
    pub fn new(id: String, submission: Submission, session_id: Option<String>, now: DateTime<Utc>) -> Self {
        let part = Part {
            status: Status::Submitted,
            error: None,
            created_at: now,
            started_at: None,
            updated_at: now,
            rows: -1,
            result_bytes: -1,
            query_id: -1,
            has_result: false,
        };
        Self {
            id,
            parts: vec![part; submission.sqls.len()],
            submission,
            session_id,
            status: Status::Submitted,
            error: None,
            created_at: now,
            started_at: None,
            updated_at: now,
            awaits_commit: false,
        }
    }

    /// Ends the record. What had not ended before is aborted.
    pub fn end(&mut self, status: Status, error: Option<String>, now: DateTime<Utc>) {
        for part in self.parts.iter_mut().filter(|part| !part.status.is_terminal()) {
            part.status = Status::Aborted;
            part.updated_at = now;
        }
        self.status = status;
        self.error = error;
        self.updated_at = now;
    }

    /// The answer to a submission.
    pub fn submitted(&self) -> Value {
        let mut answer = self.place();
        answer.insert("Id".into(), json!(self.id));
        answer.insert("CreatedAt".into(), epoch(self.created_at));
        answer.into()
    }

    /// The answer to `DescribeStatement`.
    pub fn described(&self) -> Value {
        let mut answer = self.place();
        let submission = &self.submission;
        let described = json!({
            "Id": self.id,
            "Status": self.status.name(),
            "Duration": nanoseconds(self.started_at, self.updated_at),
            "CreatedAt": epoch(self.created_at),
            "UpdatedAt": epoch(self.updated_at),
            "RedshiftPid": 0,
            "ResultFormat": "JSON",
            "HasResultSet": self.parts.iter().any(|part| part.has_result),
        });
        answer.extend(members(described));
        if let Some(error) = &self.error {
            answer.insert("Error".into(), json!(error));
        }
        if !submission.parameters.is_empty() {
            answer.insert("QueryParameters".into(), json!(submission.parameters));
        }
        match self.parts.as_slice() {
            [part] if !submission.is_batch => {
                answer.insert("QueryString".into(), json!(submission.sqls.first()));
                answer.extend(members(part.counts()));
            }
            parts => {
                let numbered = (1..).zip(parts).zip(&submission.sqls);
                let parts: Vec<Value> = numbered.map(|((n, part), sql)| part.described(&self.id, n, sql)).collect();
                answer.insert("SubStatements".into(), json!(parts));
                answer.insert("ExecutionMode".into(), json!("TRANSACTION"));
                answer.extend(members(json!({"ResultRows": -1, "ResultSize": -1, "RedshiftQueryId": -1})));
            }
        }
        answer.into()
    }

    /// The answer to `DescribeStatement` for one statement of a batch, counted from 0.
    pub fn described_part(&self, n: usize) -> Option<Value> {
        let (part, sql) = (self.parts.get(n)?, self.submission.sqls.get(n)?);
        let mut answer = self.place();
        answer.extend(members(part.described(&self.id, n + 1, sql)));
        self.submission.is_batch.then(|| answer.into())
    }

    /// The entry in `ListStatements`.
    pub fn listed(&self) -> Value {
        let submission = &self.submission;
        let mut entry = members(json!({
            "Id": self.id,
            "Status": self.status.name(),
            "CreatedAt": epoch(self.created_at),
            "UpdatedAt": epoch(self.updated_at),
            "IsBatchStatement": submission.is_batch,
            "ResultFormat": "JSON",
        }));
        if let Some(name) = &submission.name {
            entry.insert("StatementName".into(), json!(name));
        }
        if let Some(session) = &self.session_id {
            entry.insert("SessionId".into(), json!(session));
        }
        if !submission.parameters.is_empty() {
            entry.insert("QueryParameters".into(), json!(submission.parameters));
        }
        match submission.is_batch {
            true => entry.insert("QueryStrings".into(), json!(submission.sqls)),
            false => entry.insert("QueryString".into(), json!(submission.sqls.first())),
        };
        entry.into()
    }

    fn place(&self) -> Map<String, Value> {
        let mut place = members(json!({"Database": self.submission.database}));
        if let Some(session) = &self.session_id {
            place.insert("SessionId".into(), json!(session));
        }
        match &self.submission.compute {
            Compute::Workgroup(name) => {
                place.insert("WorkgroupName".into(), json!(name));
            }
            Compute::Cluster { identifier, db_user } => {
                place.insert("ClusterIdentifier".into(), json!(identifier));
                if let Some(user) = db_user {
                    place.insert("DbUser".into(), json!(user));
                }
            }
        }
        place
    }
}

impl Part {
    fn counts(&self) -> Value {
        json!({"ResultRows": self.rows, "ResultSize": self.result_bytes, "RedshiftQueryId": self.query_id})
    }

    fn described(&self, id: &str, n: usize, sql: &str) -> Value {
        let mut answer = members(json!({
            "Id": format!("{id}:{n}"),
            "Status": self.status.name(),
            "Duration": nanoseconds(self.started_at, self.updated_at),
            "CreatedAt": epoch(self.created_at),
            "UpdatedAt": epoch(self.updated_at),
            "QueryString": sql,
            "HasResultSet": self.has_result,
        }));
        answer.extend(members(self.counts()));
        if let Some(error) = &self.error {
            answer.insert("Error".into(), json!(error));
        }
        answer.into()
    }
}

fn members(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Seconds since 1970 with a fraction.
fn epoch(at: DateTime<Utc>) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 stay far below 2^53")]
    let seconds = at.timestamp_millis() as f64 / 1000.0;
    json!(seconds)
}

fn nanoseconds(from: Option<DateTime<Utc>>, to: DateTime<Utc>) -> i64 {
    from.and_then(|from| (to - from).num_nanoseconds()).unwrap_or_default()
}
