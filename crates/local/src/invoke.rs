//! Calling a Lambda function by name, whoever carries it out.

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::names;

/// How one invocation ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Invocation {
    /// The function returned this.
    Answer(Value),
    /// The function ran and failed: HTTP 200 with `X-Amz-Function-Error: Unhandled`.
    Failed {
        /// The error's name, which `Retry` and `Catch` match: `Transient`, `Data`, `Config`, `Bug`.
        error_type: String,
        /// The error with its causes.
        error_message: String,
    },
    /// The function was not reached, or its answer was lost: the caller cannot know whether it ran.
    Transport(String),
}

impl Invocation {
    /// A failed call from the JSON that Lambda answers for it.
    pub fn failed(payload: &Value) -> Self {
        let member = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self::Failed { error_type: member("errorType"), error_message: member("errorMessage") }
    }

    /// What a person or a log reads: the answer, or the error.
    pub fn payload(&self) -> Value {
        match self {
            Self::Answer(answer) => answer.clone(),
            Self::Failed { error_type, error_message } => {
                json!({ "errorType": error_type, "errorMessage": error_message })
            }
            Self::Transport(message) => json!({ "message": message }),
        }
    }
}

/// Something that runs functions: in this process, at a base URL, or a test's own.
#[async_trait]
pub trait Invoke: Send + Sync {
    /// Calls `function` (a name, a partial ARN or an ARN) with `payload` and waits for its end.
    async fn invoke(&self, function: &str, payload: Value) -> Invocation;
}

/// The name in a name, a partial ARN (`123456789012:function:name`) or an ARN, if it is one of [`names::FUNCTIONS`].
/// The only qualifier that is known is `$LATEST`.
pub fn function_name(function: &str) -> Option<&'static str> {
    let name = match function.split_once("function:") {
        Some(("" | "arn:aws:lambda:us-east-1:123456789012:" | "123456789012:", name)) => name,
        Some(_) => return None,
        None => function,
    };
    let name = name.strip_suffix(":$LATEST").unwrap_or(name);
    names::FUNCTIONS.into_iter().find(|known| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_known_by_name_and_by_arn() {
        assert_eq!(function_name("loader"), Some("loader"));
        assert_eq!(function_name(&names::function_arn("loader")), Some("loader"));
        assert_eq!(function_name("123456789012:function:loader:$LATEST"), Some("loader"));
        assert_eq!(function_name("loader:7"), None);
        assert_eq!(function_name("arn:aws:lambda:eu-west-1:123456789012:function:loader"), None);
    }
}
