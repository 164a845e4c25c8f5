//! What every AWS service of the double looks like from the server's side: a request in JSON, an answer or an error.

use async_trait::async_trait;
use serde_json::{Map, Value, json};

/// An error in AWS's JSON wire form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status: 400 for what the caller did wrong, 500 for what the service did.
    pub status: u16,
    /// The error's name without a namespace, as SDKs match it: `ConcurrentModificationException`.
    pub code: String,
    /// What a person reads.
    pub message: String,
    /// What the error says beside: `ResourceId`.
    pub members: Map<String, Value>,
}

impl ApiError {
    /// An error of the caller with the given name; HTTP 400, as the JSON protocols use for every modelled client error.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.into(), message: message.into(), members: Map::new() }
    }

    /// A request whose members are missing or malformed.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    /// Something AWS may know but this double does not: an operation, a member, a value.
    ///
    /// `what` names it with its place: `operation "CreateCrawler" of AWSGlue`.
    pub fn not_known(what: impl std::fmt::Display) -> Self {
        Self::new("UnknownOperationException", format!("{what} is not known to the double"))
    }

    /// An error of the service itself; SDKs retry it.
    pub fn internal(message: impl Into<String>) -> Self {
        Self { status: 500, ..Self::new("InternalServerException", message) }
    }

    /// The body as it travels.
    ///
    /// Services disagree on the spelling of the message member (Glue writes `Message`, Step Functions `message`) and
    /// SDKs read either, so both are written.
    pub fn body(&self) -> Value {
        let mut body = json!({ "__type": self.code, "message": self.message, "Message": self.message });
        if let Value::Object(body) = &mut body {
            body.extend(self.members.clone());
        }
        body
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {}

/// A service that is told apart by the prefix of `X-Amz-Target`: `AWSGlue`, `AWSStepFunctions`, `RedshiftData`,
/// `AWSEvents`, `secretsmanager`.
#[async_trait]
pub trait Service: Send + Sync {
    /// The part of `X-Amz-Target` before the dot.
    fn target_prefix(&self) -> &'static str;

    /// `application/x-amz-json-1.0` or `application/x-amz-json-1.1`.
    fn content_type(&self) -> &'static str;

    /// Carries out one operation, the part of `X-Amz-Target` after the dot.
    ///
    /// An operation or a member that is not known is refused with [`ApiError::not_known`], never ignored.
    async fn call(&self, operation: &str, request: Value) -> Result<Value, ApiError>;

    /// The same for one of several callers, told apart by the access key that signed. Most services here do not care.
    async fn call_by(&self, _caller: &str, operation: &str, request: Value) -> Result<Value, ApiError> {
        self.call(operation, request).await
    }
}
