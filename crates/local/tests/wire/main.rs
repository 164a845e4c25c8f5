//! The services over the wire, asked by the AWS SDK where there is a client for it, by plain HTTP where there is none.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it breaks")]

mod events;
mod faults;
mod life;
mod s3;
mod secrets;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use local::{Functions, Invocation, Invoke, Local, Options};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Functions that note what they are called with, and answer as they are told.
#[derive(Default)]
struct Noting {
    calls: Mutex<Vec<(String, Value)>>,
    /// How many of the next calls fail.
    failures: Mutex<u32>,
}

impl Noting {
    fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap().clone()
    }

    /// The `s3` member of every event the starter was called with.
    fn events(&self) -> Vec<Value> {
        let calls = self.calls();
        calls.iter().map(|(_, event)| event["Records"][0]["s3"].clone()).collect()
    }
}

#[async_trait]
impl Invoke for Noting {
    async fn invoke(&self, function: &str, payload: Value) -> Invocation {
        self.calls.lock().unwrap().push((function.to_owned(), payload));
        let mut failures = self.failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            return Invocation::Failed { error_type: "Transient".to_owned(), error_message: "not now".to_owned() };
        }
        Invocation::Answer(json!({ "called": function }))
    }
}

/// A local AWS in a folder of its own.
struct Laptop {
    folder: TempDir,
    local: Local,
    functions: Arc<Noting>,
}

impl Laptop {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let functions = Arc::new(Noting::default());
        let local = Local::start(options(&folder, &functions)).await.unwrap();
        Self { folder, local, functions }
    }

    /// The same after the process was killed.
    async fn after_a_kill(self) -> Self {
        self.local.kill().await;
        let local = Local::start(options(&self.folder, &self.functions)).await.unwrap();
        Self { local, ..self }
    }

    fn s3(&self) -> &aws_sdk_s3::Client {
        &self.local.clients().s3
    }

    async fn put(&self, bucket: &str, key: &str, body: &str) {
        let body = body.as_bytes().to_vec().into();
        self.s3().put_object().bucket(bucket).key(key).body(body).send().await.unwrap();
    }

    async fn get(&self, bucket: &str, key: &str) -> String {
        let object = self.s3().get_object().bucket(bucket).key(key).send().await.unwrap();
        String::from_utf8(object.body.collect().await.unwrap().to_vec()).unwrap()
    }
}

fn options(folder: &TempDir, functions: &Arc<Noting>) -> Options {
    let functions = Functions::Given(Arc::clone(functions) as Arc<dyn Invoke>);
    Options { functions, max_attempts: 1, ..Options::at(folder.path()) }
}

/// Status and code of an error that AWS answered; `None` where the connection broke.
fn answered<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<(u16, String)> {
    let status = error.raw_response()?.status().as_u16();
    Some((status, error.code().unwrap_or_default().to_owned()))
}

/// One request by plain HTTP: the head of the answer and its body.
async fn http(url: &str, request_line: &str, headers: &[(&str, &str)], body: &str) -> (String, String) {
    let authority = url.strip_prefix("http://").unwrap();
    let mut text = format!("{request_line} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let mut stream = TcpStream::connect(authority).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_owned(), body.to_owned())
}
