//! One statement in the warehouse, by the Data API: submit, wait, read every page.

use std::time::Duration;

use aws::error::sorted;
use aws_sdk_redshiftdata::operation::get_statement_result::GetStatementResultOutput;
use aws_sdk_redshiftdata::types::{Field, StatusString};
use model::{Error, Kind, Result};
use serde_json::{Map, Value, json};

use crate::place::Place;

/// How soon a running statement is looked at, and how seldom at the end; the pause between doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A statement's rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// The columns' names.
    pub names: Vec<String>,
    /// The rows, in the order of the names.
    pub rows: Vec<Vec<Value>>,
}

impl Rows {
    /// Each row as an object, for programs.
    pub fn objects(&self) -> Vec<Value> {
        let object = |row: &Vec<Value>| {
            let fields: Map<String, Value> = self.names.iter().cloned().zip(row.iter().cloned()).collect();
            Value::Object(fields)
        };
        self.rows.iter().map(object).collect()
    }
}

/// Runs one statement to its end. A statement that the warehouse refuses is a `Data` error with its text.
pub async fn query(place: &Place, sql: &str) -> Result<Rows> {
    let client = &place.clients.redshift_data;
    let submitted = client
        .execute_statement()
        .sql(sql)
        .database(&place.warehouse.database)
        .set_workgroup_name(place.warehouse.workgroup.clone())
        .set_cluster_identifier(place.warehouse.cluster.clone())
        .set_db_user(place.warehouse.db_user.clone())
        .send()
        .await
        .map_err(|error| sorted("submit", "the statement", error))?;
    let id = submitted.id().unwrap_or_default();
    let mut pause = FIRST_PAUSE;
    let described = loop {
        let described = client.describe_statement().id(id).send().await;
        let described = described.map_err(|error| sorted("look at statement", id, error))?;
        match described.status() {
            Some(StatusString::Finished) => break described,
            Some(StatusString::Failed | StatusString::Aborted) => {
                let why = described.error().unwrap_or("it was cancelled").to_owned();
                return Err(Error::new(Kind::Data, "run", "the statement").because(why));
            }
            _ => {
                tokio::time::sleep(pause).await;
                pause = LONGEST_PAUSE.min(pause * 2);
            }
        }
    };
    if described.has_result_set() != Some(true) {
        return Ok(Rows { names: vec!["rows".to_owned()], rows: vec![vec![json!(described.result_rows())]] });
    }
    result(place, id).await
}

async fn result(place: &Place, id: &str) -> Result<Rows> {
    let mut rows = Rows::default();
    let mut token = None;
    loop {
        let page = place.clients.redshift_data.get_statement_result().id(id).set_next_token(token).send().await;
        let page = page.map_err(|error| sorted("read result of", id, error))?;
        if rows.names.is_empty() {
            rows.names = names(&page);
        }
        rows.rows.extend(page.records().iter().map(|record| record.iter().map(value).collect()));
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(rows);
        }
    }
}

fn names(page: &GetStatementResultOutput) -> Vec<String> {
    page.column_metadata().iter().map(|column| column.name().unwrap_or_default().to_owned()).collect()
}

fn value(field: &Field) -> Value {
    match field {
        Field::StringValue(text) => json!(text),
        Field::LongValue(number) => json!(number),
        Field::DoubleValue(number) => json!(number),
        Field::BooleanValue(word) => json!(word),
        Field::BlobValue(bytes) => json!(model::hash::hex(bytes.as_ref())),
        _ => Value::Null,
    }
}
