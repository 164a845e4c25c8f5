//! The double in this process, called with the service's own JSON.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::TempDir;
use warehouse::{DataApi, Endpoints, ObjectError, Objects, Warehouse};

use super::target::{Described, Page, Refusal, Submission, Target};

#[derive(Debug, Default)]
struct Bucket(Mutex<BTreeMap<String, Bytes>>);

#[async_trait]
impl Objects for Bucket {
    async fn get(&self, url: &str) -> Result<Bytes, ObjectError> {
        self.0.lock().unwrap().get(url).cloned().ok_or(ObjectError::NotFound)
    }
}

pub struct Double {
    api: DataApi,
    bucket: Arc<Bucket>,
    _folder: TempDir,
}

impl Double {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bucket = Arc::new(Bucket::default());
        let objects = Arc::clone(&bucket) as Arc<dyn Objects>;
        let warehouse = Warehouse::open(folder.path(), objects, Arc::new(aws::edge::now)).unwrap();
        let endpoints =
            Endpoints { workgroups: vec!["wg".to_owned()], clusters: Vec::new(), database: "dev".to_owned() };
        let api = DataApi::open(folder.path(), warehouse, endpoints).unwrap();
        Self { api, bucket, _folder: folder }
    }

    async fn call(&self, operation: &str, request: Value) -> Result<Value, Refusal> {
        let answer = self.api.call("rules", operation, request).await;
        answer.map_err(|error| Refusal { code: error.code.to_owned(), message: error.message })
    }
}

fn request(submission: &Submission) -> Value {
    let mut request = match submission.is_batch {
        true => json!({"Sqls": submission.sqls}),
        false => json!({"Sql": submission.sqls[0]}),
    };
    match &submission.session {
        Some(session) => request["SessionId"] = json!(session),
        None => {
            request["WorkgroupName"] = json!("wg");
            request["Database"] = json!("dev");
        }
    }
    if !submission.parameters.is_empty() {
        let parameter = |(name, value): &(String, String)| json!({"name": name, "value": value});
        request["Parameters"] = submission.parameters.iter().map(parameter).collect();
    }
    let optional = [
        ("StatementName", submission.name.as_ref().map(|name| json!(name))),
        ("ClientToken", submission.token.as_ref().map(|token| json!(token))),
        ("SessionKeepAliveSeconds", submission.keep_alive_seconds.map(|seconds| json!(seconds))),
    ];
    for (member, value) in optional {
        if let Some(value) = value {
            request[member] = value;
        }
    }
    request
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn field(field: &Value) -> String {
    match field.as_object().and_then(|union| union.iter().next()) {
        Some((member, _)) if member == "isNull" => "null".to_owned(),
        Some((_, Value::String(text))) => text.clone(),
        Some((_, value)) => value.to_string(),
        None => "nothing".to_owned(),
    }
}

#[async_trait]
impl Target for Double {
    fn schema(&self, case: usize) -> String {
        format!("rules_{case}")
    }

    fn role(&self) -> String {
        "default".to_owned()
    }

    fn url(&self, case: usize, key: &str) -> String {
        format!("s3://rules/{case}/{key}")
    }

    async fn put(&self, url: &str, bytes: Vec<u8>) -> Result<(), Refusal> {
        self.bucket.0.lock().unwrap().insert(url.to_owned(), bytes.into());
        Ok(())
    }

    async fn remove(&self, url: &str) -> Result<(), Refusal> {
        self.bucket.0.lock().unwrap().remove(url);
        Ok(())
    }

    async fn submit(&self, submission: &Submission) -> Result<String, Refusal> {
        let operation = if submission.is_batch { "BatchExecuteStatement" } else { "ExecuteStatement" };
        Ok(text(&self.call(operation, request(submission)).await?["Id"]))
    }

    async fn describe(&self, id: &str) -> Result<Described, Refusal> {
        let described = self.call("DescribeStatement", json!({"Id": id})).await?;
        let part = |part: &Value| (text(&part["Status"]), part["ResultRows"].as_i64().unwrap_or(-1));
        Ok(Described {
            id: text(&described["Id"]),
            status: text(&described["Status"]),
            error: described["Error"].as_str().map(str::to_owned),
            session: described["SessionId"].as_str().map(str::to_owned),
            has_result: described["HasResultSet"] == true,
            parts: list(&described["SubStatements"]).iter().map(part).collect(),
        })
    }

    async fn page(&self, id: &str, next: Option<&str>) -> Result<Page, Refusal> {
        let mut request = json!({"Id": id});
        if let Some(next) = next {
            request["NextToken"] = json!(next);
        }
        let page = self.call("GetStatementResult", request).await?;
        let row = |row: &Value| list(row).iter().map(field).collect::<Vec<_>>().join("|");
        Ok(Page {
            rows: list(&page["Records"]).iter().map(row).collect(),
            types: list(&page["ColumnMetadata"]).iter().map(|column| text(&column["typeName"])).collect(),
            total: page["TotalNumRows"].as_i64().unwrap_or(-1),
            next: page["NextToken"].as_str().map(str::to_owned),
        })
    }

    async fn cancel(&self, id: &str) -> Result<(), Refusal> {
        self.call("CancelStatement", json!({"Id": id})).await.map(drop)
    }

    async fn list(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let listed = self.call("ListStatements", json!({"StatementName": name, "Status": "ALL"})).await?;
        Ok(list(&listed["Statements"]).iter().map(|statement| text(&statement["Id"])).collect())
    }

    async fn wait(&self) {
        self.api.idle().await;
    }
}
