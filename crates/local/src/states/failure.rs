//! How a state, and with it an execution, ends badly.

use serde_json::{Value, json};

/// An error as Step Functions names it: what `ErrorEquals` matches, and a text for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The name: `States.…`, `Lambda.…`, a function's `errorType`, or the `Error` of a Fail state.
    pub error: Option<String>,
    /// The text; for a function's error, the error's JSON.
    pub cause: Option<String>,
}

impl Failure {
    /// The definition and the data do not fit together: a path leads nowhere. Never retried, never caught.
    pub const RUNTIME: &'static str = "States.Runtime";
    /// An input or output is too large. Never retried, never caught.
    pub const DATA_LIMIT: &'static str = "States.DataLimitExceeded";
    /// A task took longer than its `TimeoutSeconds`.
    pub const TIMEOUT: &'static str = "States.Timeout";
    /// No rule of a Choice holds and it has no `Default`.
    pub const NO_CHOICE: &'static str = "States.NoChoiceMatched";
    /// An intrinsic function cannot work on what it is given.
    pub const INTRINSIC: &'static str = "States.IntrinsicFailure";
    /// A `ResultPath` cannot be applied to the state's input.
    pub const RESULT_PATH: &'static str = "States.ResultPathMatchFailure";
    /// A function failed without saying how.
    pub const LAMBDA_UNKNOWN: &'static str = "Lambda.Unknown";
    /// Lambda was not reached, or its answer was lost.
    pub const LAMBDA_UNREACHED: &'static str = "Lambda.SdkClientException";

    /// An error with a name and a text.
    pub fn new(error: &str, cause: impl Into<String>) -> Self {
        Self { error: Some(error.to_owned()), cause: Some(cause.into()) }
    }

    /// [`Failure::RUNTIME`] with a text.
    pub fn runtime(cause: impl Into<String>) -> Self {
        Self::new(Self::RUNTIME, cause)
    }

    /// Whether no Retry and no Catch may see it (facts/stepfunctions-eventbridge.md: `States.ALL` does not cover these).
    pub fn is_terminal(&self) -> bool {
        matches!(self.error.as_deref(), Some(Self::RUNTIME | Self::DATA_LIMIT))
    }

    /// What a Catch hands to the next state.
    pub fn output(&self) -> Value {
        json!({
            "Error": self.error.as_deref().unwrap_or_default(),
            "Cause": self.cause.as_deref().unwrap_or_default(),
        })
    }
}

/// Why a flow does not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// A state failed and nothing caught it.
    Failed(Failure),
    /// The machine's own `TimeoutSeconds` is over; nothing can catch that.
    TimedOut,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
