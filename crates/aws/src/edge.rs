//! The Lambda edge: what is the same in every `main.rs`.
//!
//! ```no_run
//! # mod starter { pub struct Config; impl Config { pub fn read(_: impl Fn(&str) -> Option<String>) -> model::Result<Self> { Ok(Self) } }
//! # pub async fn handle(_: &aws::Clients, _: &Config, _: aws::Call<serde_json::Value>) -> model::Result<()> { Ok(()) } }
//! #[tokio::main]
//! async fn main() -> Result<(), lambda_runtime::Error> {
//!     let config = starter::Config::read(aws::settings::environment)?;
//!     let clients = aws::Clients::from_env().await;
//!     aws::edge::serve(async |call| starter::handle(&clients, &config, call).await).await
//! }
//! ```

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use model::error::chain;
use model::{Error, Kind, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// The longest that a function may run (facts/lambda.md, limits).
const MOST: std::time::Duration = std::time::Duration::from_secs(900);

/// One call of a handler: what it is asked, and the time, which is passed in so that handlers have no clock.
#[derive(Debug, Clone)]
pub struct Call<T> {
    /// What the handler is asked.
    pub request: T,
    /// When the call began.
    pub now: DateTime<Utc>,
    /// When Lambda stops it.
    pub deadline: DateTime<Utc>,
}

impl<T> Call<T> {
    /// The same call with another request.
    pub fn with<U>(&self, request: U) -> Call<U> {
        Call { request, now: self.now, deadline: self.deadline }
    }
}

/// A failed call as Lambda reports it. Step Functions matches `errorType` by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The error's kind: `Transient`, `Data`, `Config` or `Bug`.
    pub error_type: String,
    /// The error and all its causes, once each.
    pub error_message: String,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self { error_type: error.kind().to_string(), error_message: chain(error) }
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.error_type, error_message: failure.error_message }
    }
}

/// Runs a handler's calls until Lambda ends the process. A request that does not read as its type is a `Config` error:
/// the state machine or the event source is not wired as the template has it.
pub async fn serve<Q, A, F>(handler: F) -> Result<(), lambda_runtime::Error>
where
    Q: DeserializeOwned,
    A: Serialize,
    F: AsyncFn(Call<Q>) -> Result<A>,
{
    log_as_json();
    let handler = &handler;
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<serde_json::Value>| {
        let now = now();
        let deadline = deadline(event.context.deadline, now);
        let answer = async {
            let request = request(event.payload)?;
            // Boxed: a handler's states and the SDK's inside them are more levels than the compiler lays out at once.
            Box::pin(handler(Call { request, now, deadline })).await
        };
        answer.await.map_err(|error| {
            tracing::error!(kind = %error.kind(), error = chain(&error), "call failed");
            Diagnostic::from(Failure::from(&error))
        })
    }))
    .await
}

/// When the call is stopped. `cargo lambda watch` without `--timeout` tells a time that is past: then it is the most that
/// Lambda gives.
fn deadline(told_millis: u64, now: DateTime<Utc>) -> DateTime<Utc> {
    let told = i64::try_from(told_millis).ok().and_then(DateTime::from_timestamp_millis);
    told.filter(|told| *told > now).unwrap_or(now + MOST)
}

/// A request from JSON.
pub fn request<Q: DeserializeOwned>(payload: serde_json::Value) -> Result<Q> {
    serde_json::from_value(payload).map_err(|error| Error::new(Kind::Config, "read", "the request").because(error))
}

/// The time. The one clock of the pipeline: everything else is handed the time of its call.
pub fn now() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "time is read here and passed on")]
    Utc::now()
}

/// Log lines as JSON, one a line, at the level Lambda or `RUST_LOG` asks for.
fn log_as_json() {
    let level = ["AWS_LAMBDA_LOG_LEVEL", "RUST_LOG"].into_iter().find_map(crate::settings::environment);
    let filter = EnvFilter::try_new(level.as_deref().unwrap_or("info").to_lowercase());
    let _already_set = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_env_filter(filter.unwrap_or_else(|_| EnvFilter::new("info")))
        .try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_that_is_past_is_none() {
        let now = DateTime::from_timestamp(1_000, 0).unwrap();
        assert_eq!(deadline(1_060_000, now).timestamp(), 1_060);
        assert_eq!(deadline(0, now), now + MOST);
        assert_eq!(deadline(u64::MAX, now), now + MOST);
    }
}
