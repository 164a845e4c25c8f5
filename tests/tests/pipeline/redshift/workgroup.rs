//! A workgroup behind the AWS SDK: `local` over the wire, or a real one.

use std::time::Duration;

use async_trait::async_trait;
use aws::Clients;
use aws_sdk_redshiftdata::types::{Field, SqlParameter, StatusString};
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use model::name::S3Url;

use super::target::{Described, Page, Refusal, Submission, Target};

pub struct Workgroup {
    pub clients: Clients,
    pub name: String,
    pub database: String,
    /// The role of COPY; none, or `default`, is the namespace's default.
    pub role: Option<String>,
    pub bucket: String,
    /// What the names of the cases' schemas begin with.
    pub schemas: String,
    /// The time between two looks at a statement.
    pub poll: Duration,
}

fn refusal<E: ProvideErrorMetadata + std::fmt::Debug>(error: SdkError<E, HttpResponse>) -> Refusal {
    let metadata = error.as_service_error().map(ProvideErrorMetadata::meta);
    match metadata.and_then(|metadata| metadata.code()) {
        Some(code) => {
            let message = metadata.and_then(|metadata| metadata.message()).unwrap_or_default();
            Refusal { code: code.to_owned(), message: message.to_owned() }
        }
        None => Refusal { code: "no answer".to_owned(), message: format!("{error:?}") },
    }
}

fn parameters(submission: &Submission) -> Option<Vec<SqlParameter>> {
    let parameter = |(name, value): &(String, String)| SqlParameter::builder().name(name).value(value).build().unwrap();
    (!submission.parameters.is_empty()).then(|| submission.parameters.iter().map(parameter).collect())
}

fn field(field: &Field) -> String {
    match field {
        Field::IsNull(_) => "null".to_owned(),
        Field::BooleanValue(value) => value.to_string(),
        Field::LongValue(value) => value.to_string(),
        // As JSON writes it: a whole number has its point.
        Field::DoubleValue(value) => format!("{value:?}"),
        Field::StringValue(value) => value.clone(),
        other => format!("{other:?}"),
    }
}

impl Workgroup {
    /// Where a submission outside of a session runs.
    fn place(&self, submission: &Submission) -> (Option<String>, Option<String>) {
        match submission.session {
            Some(_) => (None, None),
            None => (Some(self.name.clone()), Some(self.database.clone())),
        }
    }
}

#[async_trait]
impl Target for Workgroup {
    fn schema(&self, case: usize) -> String {
        format!("{}_{case}", self.schemas)
    }

    fn role(&self) -> String {
        match self.role.as_deref() {
            None | Some("default") => "default".to_owned(),
            Some(arn) => format!("'{arn}'"),
        }
    }

    fn url(&self, case: usize, key: &str) -> String {
        format!("s3://{}/sluice-rules/{}/{case}/{key}", self.bucket, self.schemas)
    }

    async fn put(&self, url: &str, bytes: Vec<u8>) -> Result<(), Refusal> {
        let url = S3Url::parse(url).unwrap();
        let put = self.clients.s3.put_object().bucket(url.bucket()).key(url.key()).body(bytes.into());
        put.send().await.map(drop).map_err(refusal)
    }

    async fn remove(&self, url: &str) -> Result<(), Refusal> {
        let url = S3Url::parse(url).unwrap();
        let remove = self.clients.s3.delete_object().bucket(url.bucket()).key(url.key());
        remove.send().await.map(drop).map_err(refusal)
    }

    async fn submit(&self, submission: &Submission) -> Result<String, Refusal> {
        let data = &self.clients.redshift_data;
        let (workgroup, database) = self.place(submission);
        let keep_alive = submission.keep_alive_seconds.map(i32::from);
        let id = if submission.is_batch {
            let call = data.batch_execute_statement().set_sqls(Some(submission.sqls.clone()));
            let call = call.set_workgroup_name(workgroup).set_database(database);
            let call = call.set_parameters(parameters(submission)).set_statement_name(submission.name.clone());
            let call = call.set_client_token(submission.token.clone()).set_session_id(submission.session.clone());
            call.set_session_keep_alive_seconds(keep_alive).send().await.map_err(refusal)?.id
        } else {
            let call = data.execute_statement().sql(&submission.sqls[0]);
            let call = call.set_workgroup_name(workgroup).set_database(database);
            let call = call.set_parameters(parameters(submission)).set_statement_name(submission.name.clone());
            let call = call.set_client_token(submission.token.clone()).set_session_id(submission.session.clone());
            call.set_session_keep_alive_seconds(keep_alive).send().await.map_err(refusal)?.id
        };
        id.ok_or_else(|| Refusal { code: "no answer".to_owned(), message: "a statement without an id".to_owned() })
    }

    async fn describe(&self, id: &str) -> Result<Described, Refusal> {
        let described = self.clients.redshift_data.describe_statement().id(id).send().await.map_err(refusal)?;
        let parts = described.sub_statements().iter().map(|part| {
            let status = part.status().map_or_else(String::new, |status| status.as_str().to_owned());
            (status, part.result_rows())
        });
        Ok(Described {
            id: described.id().to_owned(),
            status: described.status().map_or("", StatusString::as_str).to_owned(),
            error: described.error().map(str::to_owned),
            session: described.session_id().map(str::to_owned),
            has_result: described.has_result_set() == Some(true),
            parts: parts.collect(),
        })
    }

    async fn page(&self, id: &str, next: Option<&str>) -> Result<Page, Refusal> {
        let call = self.clients.redshift_data.get_statement_result().id(id).set_next_token(next.map(str::to_owned));
        let page = call.send().await.map_err(refusal)?;
        let row = |row: &Vec<Field>| row.iter().map(field).collect::<Vec<_>>().join("|");
        let columns = page.column_metadata().iter();
        Ok(Page {
            rows: page.records().iter().map(row).collect(),
            types: columns.map(|column| column.type_name().unwrap_or_default().to_owned()).collect(),
            total: page.total_num_rows(),
            next: page.next_token().map(str::to_owned),
        })
    }

    async fn cancel(&self, id: &str) -> Result<(), Refusal> {
        self.clients.redshift_data.cancel_statement().id(id).send().await.map(drop).map_err(refusal)
    }

    async fn list(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let all = StatusString::from("ALL");
        let call = self.clients.redshift_data.list_statements().statement_name(name).status(all);
        let listed = call.send().await.map_err(refusal)?;
        Ok(listed.statements().iter().map(|statement| statement.id().to_owned()).collect())
    }

    async fn wait(&self) {
        let mut ticks = tokio::time::interval(self.poll);
        // The first tick comes at once.
        ticks.tick().await;
        ticks.tick().await;
    }
}
