//! Requests, and what must hold of them.

use serde::{Deserialize, Serialize};

use crate::names;
use crate::wire::ApiError;

/// The largest value, text or bytes.
const MOST_VALUE_BYTES: usize = 65_536;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateSecret {
    pub name: String,
    pub description: Option<String>,
    pub client_request_token: Option<String>,
    pub secret_string: Option<String>,
    pub secret_binary: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutSecretValue {
    pub secret_id: String,
    pub client_request_token: Option<String>,
    pub secret_string: Option<String>,
    pub secret_binary: Option<String>,
    pub version_stages: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DescribeSecret {
    pub secret_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetSecretValue {
    pub secret_id: String,
    pub version_id: Option<String>,
    pub version_stage: Option<String>,
}

/// What a version holds. Written as it stands in requests and answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecretValue {
    #[serde(rename = "SecretString")]
    Text(String),
    /// In base64.
    #[serde(rename = "SecretBinary")]
    Bytes(String),
}

impl SecretValue {
    /// Of a request that may have none.
    pub fn of(text: Option<String>, bytes: Option<String>) -> Result<Option<Self>, ApiError> {
        let (value, size_bytes) = match (text, bytes) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => return Err(invalid("You can't specify both a binary secret value and a string.")),
            (Some(text), None) => (Self::Text(text.clone()), text.len()),
            (None, Some(encoded)) => {
                let decoded = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &encoded);
                let decoded = decoded.map_err(|error| ApiError::new("SerializationException", error.to_string()))?;
                (Self::Bytes(encoded), decoded.len())
            }
        };
        match size_bytes {
            1..=MOST_VALUE_BYTES => Ok(Some(value)),
            size => {
                Err(ApiError::validation(format!("a value has 1 to {MOST_VALUE_BYTES} bytes, and this one {size}")))
            }
        }
    }
}

/// The caller's mistake, in Secrets Manager's name for it.
pub fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

/// Checks a secret's name.
pub fn name(name: &str) -> Result<(), ApiError> {
    let known = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
    if (1..=512).contains(&name.len()) && name.chars().all(known) {
        return Ok(());
    }
    let rule = "1 to 512 alphanumeric characters, or any of /_+=.@-";
    Err(ApiError::validation(format!("Invalid name. Must be a valid name containing {rule}: `{name}`")))
}

/// The name in a secret's id, which is its name or its ARN.
pub fn named(id: &str) -> Result<&str, ApiError> {
    let Some(arn) = id.strip_prefix(&prefix()) else {
        if id.starts_with("arn:") {
            return Err(not_found());
        }
        return name(id).map(|()| id);
    };
    match arn.rsplit_once('-').filter(|(name, end)| *end == suffix(name)) {
        Some((name, _)) => Ok(name),
        None => Err(ApiError::not_known(format!("partial ARN {id}"))),
    }
}

/// The ARN of a secret.
pub fn arn(name: &str) -> String {
    format!("{}{name}-{}", prefix(), suffix(name))
}

fn prefix() -> String {
    format!("arn:aws:secretsmanager:{}:{}:secret:", names::REGION, names::ACCOUNT)
}

/// Six characters that AWS rolls dice for.
fn suffix(name: &str) -> String {
    model::hash::hash32([name]).chars().take(6).collect()
}

/// The id of a new version: the token of the call.
pub fn version_id(token: Option<String>) -> Result<String, ApiError> {
    let token = token.ok_or_else(|| {
        ApiError::new("InvalidRequestException", "You must provide a ClientRequestToken value. A UUID is best.")
    })?;
    if (32..=64).contains(&token.len()) {
        return Ok(token);
    }
    Err(invalid(format!("ClientRequestToken must have 32 to 64 characters, and {token} has {}", token.len())))
}

/// Checks the labels of a new version.
pub fn labels(labels: &[String]) -> Result<(), ApiError> {
    if (1..=20).contains(&labels.len()) && labels.iter().all(|label| (1..=256).contains(&label.len())) {
        return Ok(());
    }
    Err(ApiError::validation("VersionStages must be 1 to 20 labels of 1 to 256 characters"))
}

/// There is no such secret.
pub fn not_found() -> ApiError {
    ApiError::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}
