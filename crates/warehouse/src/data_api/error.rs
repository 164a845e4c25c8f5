//! What a call fails with (facts/redshift-data-api.md, exceptions).

use serde_json::{Value, json};

/// A refused call. Failed SQL is none of these: it is a statement's status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The exception's name, for `__type` and `x-amzn-ErrorType`.
    pub code: &'static str,
    /// What it says.
    pub message: String,
    /// What was not found, for `ResourceNotFoundException`.
    pub resource_id: Option<String>,
}

impl ApiError {
    /// The body on the wire: `Message` has a capital M.
    pub fn body(&self) -> Value {
        let mut body = json!({"__type": self.code, "Message": self.message});
        if let (Some(body), Some(id)) = (body.as_object_mut(), &self.resource_id) {
            body.insert("ResourceId".to_owned(), json!(id));
        }
        body
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self { status: 400, code: "ValidationException", message: message.into(), resource_id: None }
    }

    /// A member outside its limits, worded as AWS words them.
    pub(super) fn constraint(member: &str, constraint: &str) -> Self {
        Self::validation(format!(
            "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must {constraint}"
        ))
    }

    /// What the service may know and the double does not.
    pub(super) fn unknown(what: impl std::fmt::Display) -> Self {
        Self::validation(format!("not known to the double: {what}"))
    }

    /// More of something than an account may have at a time.
    pub(super) fn exceeded(code: &'static str, what: &str, quota: usize) -> Self {
        let message = format!("Active {what} exceeded the allowed quota ({quota}).");
        Self { status: 400, code, message, resource_id: None }
    }

    pub(super) fn not_found(message: impl Into<String>, id: &str) -> Self {
        Self {
            status: 400,
            code: "ResourceNotFoundException",
            message: message.into(),
            resource_id: Some(id.to_owned()),
        }
    }

    pub(super) fn internal(error: impl std::fmt::Display) -> Self {
        Self { status: 500, code: "InternalServerException", message: error.to_string(), resource_id: None }
    }
}
