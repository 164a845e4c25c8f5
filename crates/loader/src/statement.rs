//! The warehouse through the Redshift Data API: submit, look, read, cancel (facts/redshift-data-api.md).

use aws::error::{is_code, sorted};
use aws_sdk_redshiftdata::Client;
use aws_sdk_redshiftdata::config::http::HttpResponse;
use aws_sdk_redshiftdata::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_redshiftdata::types::{ExecutionMode, Field, StatusString};
use model::group::GroupName;
use model::{Error, Kind, Result, hash};

use crate::class::ABORTED;
use crate::config::{Compute, Config};
use crate::sql::check_size;

/// A statement that is to be submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// What it is, for whoever looks at the list of statements: at most 2,048 characters.
    pub name: String,
    /// The same within 8 hours is the same statement and runs once: at most 64 characters.
    pub token: String,
    /// One statement, or a batch that is one transaction.
    pub sql: Vec<String>,
}

impl Submission {
    /// The try of a step of a group. `about` tells statements of one try apart that must not share an answer. The token
    /// covers the SQL too: one token never stands for two texts, which the Data API may refuse (U).
    pub fn of(group: &GroupName, step: &str, number: u32, about: &str, sql: Vec<String>) -> Self {
        let (group, number) = (group.to_string(), number.to_string());
        let parts = [group.as_str(), step, &number, about].into_iter().chain(sql.iter().map(String::as_str));
        let token = hash::hash32(parts);
        Self { name: format!("{}{step} {number}", name_prefix(&group)), token, sql }
    }
}

/// What the names of a group's statements begin with.
fn name_prefix(group: &impl std::fmt::Display) -> String {
    format!("sluice {group} ")
}

/// How a statement does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Poll {
    /// It waits or runs.
    Running,
    /// It is done and committed.
    Finished,
    /// It failed or was aborted, and nothing of it is left. The text says why.
    Failed(String),
    /// The Data API does not know it, or not any more: nothing is known of how it ended.
    Unknown,
}

/// The warehouse.
#[derive(Debug, Clone, Copy)]
pub struct Warehouse<'a> {
    client: &'a Client,
    config: &'a Config,
}

impl<'a> Warehouse<'a> {
    /// The warehouse that the settings name.
    pub fn new(client: &'a Client, config: &'a Config) -> Self {
        Self { client, config }
    }

    /// Submits a statement and returns its id. It says nothing about how the SQL will do.
    pub async fn submit(&self, submission: &Submission) -> Result<String> {
        check_size(&submission.sql, &submission.name)?;
        let id = match submission.sql.as_slice() {
            [statement] => self.execute(submission, statement).await?,
            _ => self.execute_batch(submission).await?,
        };
        let id = id.ok_or_else(|| {
            Error::new(Kind::Bug, "submit", &submission.name).because("the answer has no statement id")
        })?;
        tracing::info!(statement = id, name = submission.name, "submitted");
        Ok(id)
    }

    async fn execute(&self, submission: &Submission, statement: &str) -> Result<Option<String>> {
        let request = self.client.execute_statement().database(&self.config.database).sql(statement);
        let request = request.statement_name(&submission.name).client_token(&submission.token);
        let request = match &self.config.compute {
            Compute::Workgroup(workgroup) => request.workgroup_name(workgroup),
            Compute::Cluster { identifier, db_user } => {
                request.cluster_identifier(identifier).set_db_user(db_user.clone())
            }
        };
        let answer = request.send().await.map_err(|error| sorted("submit", &submission.name, error))?;
        Ok(answer.id().map(str::to_owned))
    }

    async fn execute_batch(&self, submission: &Submission) -> Result<Option<String>> {
        let request = self.client.batch_execute_statement().database(&self.config.database);
        let request = request.set_sqls(Some(submission.sql.clone())).execution_mode(ExecutionMode::Transaction);
        let request = request.statement_name(&submission.name).client_token(&submission.token);
        let request = match &self.config.compute {
            Compute::Workgroup(workgroup) => request.workgroup_name(workgroup),
            Compute::Cluster { identifier, db_user } => {
                request.cluster_identifier(identifier).set_db_user(db_user.clone())
            }
        };
        let answer = request.send().await.map_err(|error| sorted("submit", &submission.name, error))?;
        Ok(answer.id().map(str::to_owned))
    }

    /// Looks at a statement once.
    pub async fn poll(&self, id: &str) -> Result<Poll> {
        let answer = match self.client.describe_statement().id(id).send().await {
            Ok(answer) => answer,
            Err(error) if is_gone(&error) => return Ok(Poll::Unknown),
            Err(error) => return Err(sorted("describe statement", id, error)),
        };
        let text = || {
            let part = answer.sub_statements().iter().find_map(|statement| statement.error());
            answer.error().or(part).map(str::to_owned)
        };
        match answer.status() {
            Some(StatusString::Submitted | StatusString::Picked | StatusString::Started) => Ok(Poll::Running),
            Some(StatusString::Finished) => Ok(Poll::Finished),
            Some(StatusString::Failed) => Ok(Poll::Failed(text().unwrap_or_default())),
            Some(StatusString::Aborted) => {
                Ok(Poll::Failed(text().map_or_else(|| ABORTED.to_owned(), |text| format!("{ABORTED}: {text}"))))
            }
            other => Err(Error::new(Kind::Bug, "describe statement", id)
                .because(format!("its status is {}", other.map_or("not given", StatusString::as_str)))),
        }
    }

    /// The SQL of a statement that stands alone.
    pub async fn sql(&self, id: &str) -> Result<String> {
        let answer = self.client.describe_statement().id(id).send().await;
        let answer = answer.map_err(|error| sorted("describe statement", id, error))?;
        let sql = answer.query_string().map(str::to_owned);
        sql.ok_or_else(|| Error::new(Kind::Bug, "describe statement", id).because("the answer has no SQL"))
    }

    /// All rows that a finished statement answered; `None` where the Data API has them no longer.
    pub async fn rows(&self, id: &str) -> Result<Option<Vec<Row>>> {
        let (mut rows, mut next) = (Vec::new(), None);
        loop {
            let page = match self.client.get_statement_result().id(id).set_next_token(next).send().await {
                Ok(page) => page,
                Err(error) if is_gone(&error) => return Ok(None),
                Err(error) => return Err(sorted("read result of statement", id, error)),
            };
            rows.extend(page.records().iter().map(|record| Row(record.clone())));
            next = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            if next.is_none() {
                return Ok(Some(rows));
            }
        }
    }

    /// The statements of a group that wait or run.
    pub async fn running(&self, group: &GroupName) -> Result<Vec<String>> {
        let list = self.client.list_statements().statement_name(name_prefix(group)).status(StatusString::All);
        let mut pages = list.into_paginator().send();
        let mut running = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| sorted("list statements of", group, error))?;
            let is_running = |status: Option<&StatusString>| {
                matches!(status, Some(StatusString::Submitted | StatusString::Picked | StatusString::Started))
            };
            let of_page = page.statements().iter().filter(|statement| is_running(statement.status()));
            running.extend(of_page.map(|statement| statement.id().to_owned()));
        }
        Ok(running)
    }

    /// Cancels a statement. One that is over, or not known, is as good as cancelled.
    pub async fn cancel(&self, id: &str) -> Result<()> {
        match self.client.cancel_statement().id(id).send().await {
            Ok(_) => Ok(()),
            Err(error) if is_gone(&error) => Ok(()),
            Err(error) => Err(sorted("cancel statement", id, error)),
        }
    }
}

/// The n-th statement of a batch, from 0, as the Data API names it.
pub fn nth_of_batch(id: &str, n: usize) -> String {
    format!("{id}:{}", n + 1)
}

/// Whether the Data API does not know the id: it says so by either code once a statement is a day old. A result that
/// is not there, and a statement that cannot be cancelled because it is over, are told by the same codes.
fn is_gone<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    is_code(error, "ResourceNotFoundException") || is_code(error, "ValidationException")
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(pub Vec<Field>);

impl Row {
    /// A text; null is a bug of ours.
    pub fn text(&self, column: usize) -> Result<String> {
        self.optional_text(column)?.ok_or_else(|| self.unexpected(column))
    }

    /// A text or null.
    pub fn optional_text(&self, column: usize) -> Result<Option<String>> {
        match self.0.get(column) {
            Some(Field::StringValue(text)) => Ok(Some(text.clone())),
            Some(Field::IsNull(true)) => Ok(None),
            _ => Err(self.unexpected(column)),
        }
    }

    /// A number that is not negative; null is a bug of ours.
    pub fn count(&self, column: usize) -> Result<u64> {
        self.optional_count(column)?.ok_or_else(|| self.unexpected(column))
    }

    /// A number that is not negative, or null.
    pub fn optional_count(&self, column: usize) -> Result<Option<u64>> {
        match self.0.get(column) {
            Some(Field::LongValue(number)) => u64::try_from(*number).map(Some).map_err(|_| self.unexpected(column)),
            Some(Field::IsNull(true)) => Ok(None),
            _ => Err(self.unexpected(column)),
        }
    }

    fn unexpected(&self, column: usize) -> Error {
        Error::new(Kind::Bug, "read column", column).because(format!("the warehouse answered {:?}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_by_type_and_never_guessed() {
        let row = Row(vec![
            Field::StringValue("a".to_owned()),
            Field::IsNull(true),
            Field::LongValue(3),
            Field::LongValue(-1),
        ]);
        assert_eq!(row.text(0).unwrap(), "a");
        assert_eq!(row.optional_text(1).unwrap(), None);
        assert_eq!(row.count(2).unwrap(), 3);
        assert_eq!((row.optional_count(1).unwrap(), row.optional_count(2).unwrap()), (None, Some(3)));
        for error in [row.text(1).err(), row.text(9).err(), row.optional_count(3).err()] {
            assert_eq!(error.unwrap().kind(), Kind::Bug);
        }
        for error in [row.count(0).err(), row.count(1).err(), row.count(3).err()] {
            assert_eq!(error.unwrap().kind(), Kind::Bug);
        }
    }

    #[test]
    fn a_token_is_one_for_the_same_try_and_another_for_anything_else() {
        let group = |token| GroupName::parse(&format!("analytics.sales/{token}")).unwrap();
        let sql = |text: &str| vec![text.to_owned()];
        let base = Submission::of(&group(1), "stage", 1, "", sql("SELECT 1"));
        assert_eq!(base, Submission::of(&group(1), "stage", 1, "", sql("SELECT 1")));
        for other in [
            Submission::of(&group(2), "stage", 1, "", sql("SELECT 1")),
            Submission::of(&group(1), "publish", 1, "", sql("SELECT 1")),
            Submission::of(&group(1), "stage", 2, "", sql("SELECT 1")),
            Submission::of(&group(1), "stage", 1, "after 5a6b", sql("SELECT 1")),
            Submission::of(&group(1), "stage", 1, "", sql("SELECT 2")),
        ] {
            assert_ne!(base.token, other.token);
        }
        assert!(base.token.len() <= 64 && base.name.len() <= 2048);
        assert_eq!(base.name, "sluice analytics.sales/1 stage 1");
    }

    #[test]
    fn statements_of_a_batch_count_from_one() {
        assert_eq!(nth_of_batch("5a6b", 0), "5a6b:1");
    }
}
