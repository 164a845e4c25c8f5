//! One execution: what is kept of it, what is said of it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::failure::Stop;
use crate::names::{ACCOUNT, REGION, state_machine_arn};

/// The most characters of an error's name and of its cause, as the API model has them.
const ERROR_CHARACTERS: usize = 256;
const CAUSE_CHARACTERS: usize = 32_768;

/// How an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It runs.
    Running,
    /// It reached an end.
    Succeeded,
    /// A state failed and nothing caught it, or a Fail state was reached.
    Failed,
    /// It took longer than its machine's `TimeoutSeconds`.
    TimedOut,
    /// It was stopped, or the process that ran it ended.
    Aborted,
}

/// What is kept of an execution, one file each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Execution {
    /// Its name, used once.
    pub name: String,
    /// How it stands.
    pub status: Status,
    /// When it began.
    pub start_date: DateTime<Utc>,
    /// When it ended.
    pub stop_date: Option<DateTime<Utc>>,
    /// What it was given, byte for byte.
    pub input: String,
    /// What it answered, when it succeeded.
    pub output: Option<String>,
    /// The error's name.
    pub error: Option<String>,
    /// The error's text.
    pub cause: Option<String>,
    /// What the caller wants to see again in a trace.
    pub trace_header: Option<String>,
}

impl Execution {
    /// What all ARNs of executions begin with.
    pub fn arn_prefix() -> String {
        format!("{}:", state_machine_arn().replace(":stateMachine:", ":execution:"))
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        Self::arn_prefix() + &self.name
    }

    /// Ends it. An error's name and text are cut to what the API can say.
    pub fn end(&mut self, status: Status, now: DateTime<Utc>, error: Option<String>, cause: Option<String>) {
        self.status = status;
        self.stop_date = Some(now);
        self.error = error.map(|error| error.chars().take(ERROR_CHARACTERS).collect());
        self.cause = cause.map(|cause| cause.chars().take(CAUSE_CHARACTERS).collect());
    }

    /// Ends it as its flow ended.
    pub fn end_with(&mut self, outcome: Result<Value, Stop>, now: DateTime<Utc>) {
        match outcome {
            Ok(output) => {
                self.output = Some(output.to_string());
                self.end(Status::Succeeded, now, None, None);
            }
            Err(Stop::Failed(failure)) => self.end(Status::Failed, now, failure.error, failure.cause),
            // What AWS says of the error of an execution that timed out is not verified: nothing is said here.
            Err(Stop::TimedOut) => self.end(Status::TimedOut, now, None, None),
        }
    }

    /// The `Execution` member of the context object.
    pub fn context(&self, input: &Value) -> Value {
        json!({
            "Id": self.arn(),
            "Name": self.name,
            "Input": input,
            "StartTime": self.start_date.to_rfc3339_opts(SecondsFormat::Millis, true),
        })
    }
}

/// An execution began or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// The execution as it stands now.
    pub execution: Execution,
}

impl StatusChange {
    /// The event that Step Functions puts on the default bus (facts/stepfunctions-eventbridge.md); its times are
    /// milliseconds, other than in the API.
    pub fn event(&self) -> Value {
        let execution = &self.execution;
        let time = execution.stop_date.unwrap_or(execution.start_date);
        let details = |data: Option<&String>| data.map(|_| json!({ "included": true }));
        json!({
            "version": "0",
            "id": Uuid::new_v4().to_string(),
            "detail-type": "Step Functions Execution Status Change",
            "source": "aws.states",
            "account": ACCOUNT,
            "time": time.to_rfc3339_opts(SecondsFormat::Secs, true),
            "region": REGION,
            "resources": [execution.arn()],
            "detail": {
                "executionArn": execution.arn(),
                "stateMachineArn": state_machine_arn(),
                "name": execution.name,
                "status": execution.status,
                "startDate": execution.start_date.timestamp_millis(),
                "stopDate": execution.stop_date.map(|date| date.timestamp_millis()),
                "input": execution.input,
                "output": execution.output,
                "inputDetails": details(Some(&execution.input)),
                "outputDetails": details(execution.output.as_ref()),
                "error": execution.error,
                "cause": execution.cause,
            },
        })
    }
}
