//! The requests and answers of Step Functions, in their wire shapes (facts/stepfunctions-eventbridge.md).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::execution::{Execution, Status};
use super::interpreter::DATA_BYTES;
use crate::names;
use crate::request::{epoch_seconds, page};
use crate::wire::ApiError;

/// The most executions of one page.
const PAGE: usize = 1000;
/// How many executions a page has when the caller does not say.
const USUAL_PAGE: usize = 100;
/// The longest name of an execution.
const NAME_CHARACTERS: usize = 80;
/// What no name of an execution may hold, besides white space and control characters.
const FORBIDDEN_IN_NAMES: &str = "<>{}[]?*\"#%\\^|~`$&,;:/";

/// `StartExecution`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartExecution {
    state_machine_arn: String,
    pub name: Option<String>,
    pub input: Option<String>,
    pub trace_header: Option<String>,
}

/// `DescribeExecution`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeExecution {
    pub execution_arn: String,
}

/// `ListExecutions`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListExecutions {
    state_machine_arn: String,
    status_filter: Option<Status>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// `StopExecution`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopExecution {
    pub execution_arn: String,
    pub error: Option<String>,
    pub cause: Option<String>,
}

/// `DescribeStateMachine`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeStateMachine {
    state_machine_arn: String,
}

impl StartExecution {
    /// Refuses another machine.
    pub fn is_for_the_machine(&self) -> Result<(), ApiError> {
        is_the_machine(&self.state_machine_arn)
    }
}

impl DescribeStateMachine {
    /// Refuses another machine.
    pub fn is_for_the_machine(&self) -> Result<(), ApiError> {
        is_the_machine(&self.state_machine_arn)
    }
}

fn is_the_machine(arn: &str) -> Result<(), ApiError> {
    if arn == names::state_machine_arn() {
        return Ok(());
    }
    if !arn.starts_with("arn:aws:states:") {
        return Err(invalid_arn(arn));
    }
    Err(ApiError::new("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'")))
}

/// The name in the ARN of an execution.
pub fn name_in(arn: &str) -> Result<&str, ApiError> {
    if !arn.starts_with("arn:aws:states:") {
        return Err(invalid_arn(arn));
    }
    arn.strip_prefix(&Execution::arn_prefix()).ok_or_else(|| no_execution(arn))
}

fn invalid_arn(arn: &str) -> ApiError {
    ApiError::new("InvalidArn", format!("Invalid Arn: '{arn}'"))
}

/// There is no such execution.
pub fn no_execution(arn: &str) -> ApiError {
    ApiError::new("ExecutionDoesNotExist", format!("Execution Does Not Exist: '{arn}'"))
}

/// The name is taken.
pub fn already_exists(execution: &Execution) -> ApiError {
    ApiError::new("ExecutionAlreadyExists", format!("Execution Already Exists: '{}'", execution.arn()))
}

/// Refuses a name that an execution may not have.
pub fn check_name(name: &str) -> Result<(), ApiError> {
    let is_forbidden = |c: char| c.is_whitespace() || c.is_control() || FORBIDDEN_IN_NAMES.contains(c);
    if (1..=NAME_CHARACTERS).contains(&name.chars().count()) && !name.contains(is_forbidden) {
        return Ok(());
    }
    Err(ApiError::new("InvalidName", format!("Invalid Name: '{name}'")))
}

/// Reads the input of an execution.
pub fn check_input(input: &str) -> Result<Value, ApiError> {
    if input.len() > DATA_BYTES {
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less \
             than or equal to {DATA_BYTES}"
        )));
    }
    serde_json::from_str(input).map_err(|error| {
        ApiError::new("InvalidExecutionInput", format!("Invalid State Machine Execution Input: '{error}'"))
    })
}

impl ListExecutions {
    /// One page of executions, which are given youngest first.
    pub fn page(&self, executions: &[Execution]) -> Result<ExecutionPage, ApiError> {
        is_the_machine(&self.state_machine_arn)?;
        let most = match self.max_results {
            None | Some(0) => USUAL_PAGE,
            Some(most @ 1..=PAGE) => most,
            Some(other) => return Err(ApiError::validation(format!("maxResults is {other}, the most is {PAGE}"))),
        };
        let wanted = |execution: &&Execution| self.status_filter.is_none_or(|status| execution.status == status);
        let wanted: Vec<_> = executions.iter().filter(wanted).collect();
        let (page, next_token) = page(&wanted, |execution| &execution.name, self.next_token.as_deref(), most)
            .ok_or_else(|| ApiError::new("InvalidToken", "Invalid Token"))?;
        Ok(ExecutionPage { executions: page.iter().map(|execution| Summary::of(execution)).collect(), next_token })
    }
}

/// The answer to `StartExecution`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    execution_arn: String,
    start_date: f64,
}

impl Started {
    /// What is answered about an execution.
    pub fn of(execution: &Execution) -> Self {
        Self { execution_arn: execution.arn(), start_date: epoch_seconds(execution.start_date) }
    }
}

/// The answer to `StopExecution`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stopped {
    stop_date: f64,
}

impl Stopped {
    /// What is answered about an execution.
    pub fn of(execution: &Execution) -> Self {
        Self { stop_date: epoch_seconds(execution.stop_date.unwrap_or(execution.start_date)) }
    }
}

/// What every answer says of an execution.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    execution_arn: String,
    state_machine_arn: String,
    name: String,
    status: Status,
    start_date: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_date: Option<f64>,
}

impl Summary {
    fn of(execution: &Execution) -> Self {
        Self {
            execution_arn: execution.arn(),
            state_machine_arn: names::state_machine_arn(),
            name: execution.name.clone(),
            status: execution.status,
            start_date: epoch_seconds(execution.start_date),
            stop_date: execution.stop_date.map(epoch_seconds),
        }
    }
}

/// The answer to `ListExecutions`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionPage {
    executions: Vec<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// The answer to `DescribeExecution`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    #[serde(flatten)]
    summary: Summary,
    input: String,
    input_details: Included,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_details: Option<Included>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_header: Option<String>,
}

/// Whether an answer holds the data itself; the double has no encryption that could keep it out.
#[derive(Debug, Serialize)]
struct Included {
    included: bool,
}

impl Description {
    /// What is answered about an execution.
    pub fn of(execution: &Execution) -> Self {
        Self {
            summary: Summary::of(execution),
            input: execution.input.clone(),
            input_details: Included { included: true },
            output: execution.output.clone(),
            output_details: execution.output.as_ref().map(|_| Included { included: true }),
            error: execution.error.clone(),
            cause: execution.cause.clone(),
            trace_header: execution.trace_header.clone(),
        }
    }
}

/// The answer to `DescribeStateMachine`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MachineDescription<'a> {
    state_machine_arn: String,
    name: &'static str,
    status: &'static str,
    definition: &'a str,
    role_arn: String,
    r#type: &'static str,
    creation_date: f64,
}

impl<'a> MachineDescription<'a> {
    /// What is answered about the machine with this definition.
    pub fn new(definition: &'a str, created: DateTime<Utc>) -> Self {
        Self {
            state_machine_arn: names::state_machine_arn(),
            name: "sluice",
            status: "ACTIVE",
            definition,
            role_arn: format!("arn:aws:iam::{}:role/sluice-flow", names::ACCOUNT),
            r#type: "STANDARD",
            creation_date: epoch_seconds(created),
        }
    }
}
