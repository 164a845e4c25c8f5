//! Requests, checked. A member that is not known is refused by name.

use std::collections::BTreeSet;

use datafusion::sql::sqlparser::tokenizer::Token;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Endpoints;
use super::error::ApiError;
use crate::error::{SqlError, SqlResult};
use crate::statement::{is_single, takes_values, tokens};

const MAX_STATEMENTS: usize = 40;
/// 100 KB for each statement; newer readings say 200 KB, so nobody may rely on more.
const MAX_SQL_BYTES: usize = 100 * 1024;
const MAX_NAME_CHARS: usize = 2048;
const MAX_TOKEN_CHARS: usize = 64;
const MAX_KEEP_ALIVE_SECONDS: u32 = 86_400;

/// A named value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameter {
    pub name: String,
    pub value: String,
}

/// `ExecuteStatement` and `BatchExecuteStatement`, which differ in `Sql`, `Sqls` and `ExecutionMode`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct SubmitRequest {
    sql: Option<String>,
    sqls: Option<Vec<String>>,
    execution_mode: Option<String>,
    cluster_identifier: Option<String>,
    workgroup_name: Option<String>,
    database: Option<String>,
    db_user: Option<String>,
    secret_arn: Option<String>,
    parameters: Option<Vec<Parameter>>,
    statement_name: Option<String>,
    with_event: Option<bool>,
    client_token: Option<String>,
    result_format: Option<String>,
    session_keep_alive_seconds: Option<u32>,
    session_id: Option<String>,
    wait_time_seconds: Option<u32>,
}

/// `DescribeStatement`, `CancelStatement`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct IdRequest {
    pub id: String,
    wait_time_seconds: Option<u32>,
}

/// `GetStatementResult`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct ResultRequest {
    pub id: String,
    pub next_token: Option<String>,
    wait_time_seconds: Option<u32>,
}

impl IdRequest {
    /// Reads and checks a request.
    pub fn of(request: Value) -> Result<Self, ApiError> {
        let request: Self = read(request)?;
        refuse_wait(request.wait_time_seconds).map(|()| request)
    }
}

impl ResultRequest {
    /// Reads and checks a request.
    pub fn of(request: Value) -> Result<Self, ApiError> {
        let request: Self = read(request)?;
        refuse_wait(request.wait_time_seconds).map(|()| request)
    }
}

/// Long polls are younger than the clients that may be in use, so nobody may rely on them.
fn refuse_wait(seconds: Option<u32>) -> Result<(), ApiError> {
    seconds.map_or(Ok(()), |_| Err(ApiError::unknown("WaitTimeSeconds")))
}

/// `ListStatements`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct ListRequest {
    pub status: Option<String>,
    pub statement_name: Option<String>,
    #[serde(rename = "RoleLevel")]
    pub _role_level: Option<bool>,
    pub database: Option<String>,
    pub cluster_identifier: Option<String>,
    pub workgroup_name: Option<String>,
    pub max_results: Option<usize>,
    pub next_token: Option<String>,
}

/// Where a statement runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Compute {
    Workgroup(String),
    Cluster { identifier: String, db_user: Option<String> },
}

/// A submission that may run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Submission {
    /// Who may ask what becomes of it.
    #[serde(default)]
    pub owner: String,
    pub sqls: Vec<String>,
    pub is_batch: bool,
    pub compute: Compute,
    pub database: String,
    pub parameters: Vec<Parameter>,
    pub name: Option<String>,
    pub client_token: Option<String>,
    /// The session that it is to run in.
    #[serde(default)]
    pub session_id: Option<String>,
    /// How long its session stays without a statement.
    #[serde(default)]
    pub keep_alive_seconds: Option<u32>,
}

/// Which operation a submission comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Execute,
    Batch,
}

/// Reads a request; the error names the member that is unknown or missing.
pub(super) fn read<T: DeserializeOwned>(request: Value) -> Result<T, ApiError> {
    serde_json::from_value(request).map_err(|error| ApiError::validation(format!("{error}")))
}

impl Submission {
    /// Checks a request against all limits. `session` tells where the statements of a session run.
    pub fn of(
        request: Value,
        operation: Operation,
        owner: &str,
        endpoints: &Endpoints,
        session: impl FnOnce(&str) -> Result<(Compute, String), ApiError>,
    ) -> Result<Self, ApiError> {
        let request: SubmitRequest = read(request)?;
        refuse_unknown(&request)?;
        let (compute, database) = match &request.session_id {
            Some(id) => in_session(&request, session(id)?, endpoints)?,
            None => (compute(&request, endpoints)?, request.database.clone().ok_or_else(database_is_missing)?),
        };
        let sqls = sqls(&request, operation)?;
        if request.session_keep_alive_seconds.is_some_and(|seconds| seconds > MAX_KEEP_ALIVE_SECONDS) {
            return Err(ApiError::constraint("sessionKeepAliveSeconds", "have value less than or equal to 86400"));
        }
        if request.statement_name.as_ref().is_some_and(|name| name.chars().count() > MAX_NAME_CHARS) {
            return Err(ApiError::constraint("statementName", "have length less than or equal to 2048"));
        }
        if request.client_token.as_ref().is_some_and(|token| !(1..=MAX_TOKEN_CHARS).contains(&token.chars().count())) {
            return Err(ApiError::constraint("clientToken", "have length between 1 and 64"));
        }
        let parameters = request.parameters.unwrap_or_default();
        check_parameters(&parameters, &sqls)?;
        Ok(Self {
            owner: owner.to_owned(),
            sqls,
            is_batch: operation == Operation::Batch,
            compute,
            database,
            parameters,
            name: request.statement_name,
            client_token: request.client_token,
            session_id: request.session_id,
            keep_alive_seconds: request.session_keep_alive_seconds,
        })
    }

    /// The words of a statement, its parameters put in as literals.
    pub fn tokens(&self, sql: &str) -> SqlResult<Vec<Token>> {
        let (tokens, used) = bound(tokens(sql)?, &self.parameters);
        match used.first() {
            // They are values of a query; of COPY and the like it is unverified that they are refused.
            Some(name) if !takes_values(&tokens) => {
                Err(SqlError::unknown(format!("the parameter {name} outside of SELECT, INSERT and DELETE")))
            }
            _ => Ok(tokens),
        }
    }
}

fn refuse_unknown(request: &SubmitRequest) -> Result<(), ApiError> {
    let refused = [
        (request.secret_arn.is_some(), "SecretArn"),
        (request.with_event == Some(true), "WithEvent"),
        (request.result_format.as_deref().is_some_and(|format| format != "JSON"), "ResultFormat other than JSON"),
        (request.wait_time_seconds.is_some(), "WaitTimeSeconds"),
        (
            request.execution_mode.as_deref().is_some_and(|mode| mode != "TRANSACTION"),
            "ExecutionMode other than TRANSACTION",
        ),
    ];
    match refused.into_iter().find(|(there, _)| *there) {
        Some((_, member)) => Err(ApiError::unknown(member)),
        None => Ok(()),
    }
}

fn database_is_missing() -> ApiError {
    ApiError::validation("Database is required")
}

/// The place of a session. That it need not be said again is documented; said, it must be the same (unverified).
fn in_session(
    request: &SubmitRequest,
    place: (Compute, String),
    endpoints: &Endpoints,
) -> Result<(Compute, String), ApiError> {
    let said = request.workgroup_name.is_some() || request.cluster_identifier.is_some() || request.db_user.is_some();
    let is_same = (!said || compute(request, endpoints)? == place.0)
        && request.database.as_ref().is_none_or(|database| *database == place.1);
    if is_same { Ok(place) } else { Err(ApiError::validation("SessionId is one of another warehouse or database")) }
}

fn compute(request: &SubmitRequest, endpoints: &Endpoints) -> Result<Compute, ApiError> {
    let unknown = |name: &str| ApiError::not_found(format!("Redshift endpoint {name} does not exist"), name);
    match (&request.workgroup_name, &request.cluster_identifier) {
        (Some(workgroup), None) if request.db_user.is_some() => {
            Err(ApiError::validation(format!("DbUser cannot be given with the workgroup {workgroup}")))
        }
        (Some(workgroup), None) if endpoints.workgroups.contains(workgroup) => {
            Ok(Compute::Workgroup(workgroup.clone()))
        }
        (None, Some(cluster)) if endpoints.clusters.contains(cluster) => {
            Ok(Compute::Cluster { identifier: cluster.clone(), db_user: request.db_user.clone() })
        }
        (Some(name), None) | (None, Some(name)) => Err(unknown(name)),
        _ => Err(ApiError::validation("Either WorkgroupName or ClusterIdentifier is required, and not both")),
    }
}

fn sqls(request: &SubmitRequest, operation: Operation) -> Result<Vec<String>, ApiError> {
    let member = |name: &str| ApiError::validation(format!("unknown field `{name}`"));
    let sqls = match (operation, &request.sql, &request.sqls) {
        (Operation::Execute, _, Some(_)) => return Err(member("Sqls")),
        (Operation::Execute, _, _) if request.execution_mode.is_some() => return Err(member("ExecutionMode")),
        (Operation::Batch, Some(_), _) => return Err(member("Sql")),
        (Operation::Execute, Some(sql), None) => vec![sql.clone()],
        (Operation::Batch, None, Some(sqls)) => sqls.clone(),
        (Operation::Execute, None, None) => return Err(ApiError::validation("missing field `Sql`")),
        (Operation::Batch, None, None) => return Err(ApiError::validation("missing field `Sqls`")),
    };
    if sqls.is_empty() || sqls.len() > MAX_STATEMENTS {
        return Err(ApiError::constraint("sqls", "have length between 1 and 40"));
    }
    for sql in &sqls {
        if sql.len() > MAX_SQL_BYTES {
            return Err(ApiError::constraint("sql", "have length less than or equal to 102400"));
        }
        // That several statements in one text are refused is certain, how it is said is not. A text that cannot be
        // read is a statement that fails.
        if tokens(sql).is_ok_and(|tokens| !is_single(&tokens)) {
            return Err(ApiError::validation("Sql must be exactly one statement"));
        }
    }
    Ok(sqls)
}

fn check_parameters(parameters: &[Parameter], sqls: &[String]) -> Result<(), ApiError> {
    let mut names = BTreeSet::new();
    for parameter in parameters {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if parameter.name.is_empty() || !parameter.name.bytes().all(plain) {
            return Err(ApiError::constraint("parameters.name", "satisfy regular expression pattern: [0-9a-zA-Z_]+"));
        }
        if parameter.value.is_empty() {
            return Err(ApiError::constraint("parameters.value", "have length greater than or equal to 1"));
        }
        if !names.insert(parameter.name.as_str()) {
            return Err(ApiError::validation(format!("Parameter {} is given twice", parameter.name)));
        }
    }
    for sql in sqls {
        for used in tokens(sql).map(|tokens| bound(tokens, parameters).1).unwrap_or_default() {
            names.remove(used.as_str());
        }
    }
    match names.first() {
        Some(unused) => Err(ApiError::validation(format!(
            "Parameters list contains unused parameters. Unused parameters: [{unused}]"
        ))),
        None => Ok(()),
    }
}

/// Puts a literal in place of each `:name` outside of texts and comments, and tells which names were used.
fn bound(tokens: Vec<Token>, parameters: &[Parameter]) -> (Vec<Token>, Vec<String>) {
    let (mut bound, mut used) = (Vec::with_capacity(tokens.len()), Vec::new());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let name = match (&token, tokens.peek()) {
            (Token::Colon, Some(Token::Word(word))) if word.quote_style.is_none() => Some(word.value.clone()),
            (Token::Colon, Some(Token::Number(number, _))) => Some(number.clone()),
            _ => None,
        };
        match name.and_then(|name| parameters.iter().find(|parameter| parameter.name == name)) {
            Some(parameter) => {
                tokens.next();
                used.push(parameter.name.clone());
                bound.push(Token::SingleQuotedString(parameter.value.clone()));
            }
            None => bound.push(token),
        }
    }
    (bound, used)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(sql: &str, parameters: &[(&str, &str)]) -> String {
        let named = |(name, value): &(&str, &str)| Parameter { name: (*name).into(), value: (*value).into() };
        let parameters: Vec<_> = parameters.iter().map(named).collect();
        bound(tokens(sql).unwrap(), &parameters).0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_parameter_becomes_a_literal() {
        assert_eq!(text("SELECT :a, :b::bigint", &[("a", "x"), ("b", "7")]), "SELECT 'x', '7'::bigint");
    }

    #[test]
    fn a_parameter_in_a_text_or_comment_is_none() {
        assert_eq!(text("SELECT ':a' /* :a */", &[("a", "x")]), "SELECT ':a' /* :a */");
    }
}
