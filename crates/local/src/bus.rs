//! EventBridge: one bus, whose events are kept in `events.jsonl`, and the template's rules.
//!
//! To add a rule: one entry of [`RULES`], as `infra/template.yaml` has it.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::clock::Clock;
use crate::delivery::Deliveries;
use crate::lines::Lines;
use crate::names;
use crate::notice::Topic;
use crate::request::read;
use crate::wire::{ApiError, Service};

/// Where a rule sends events.
#[derive(Debug, Clone, Copy)]
enum Target {
    /// To a function, asynchronously.
    Function(&'static str),
    /// To the topic, as text.
    Topic,
}

/// A rule: every member of the pattern is there in the event with one of the values that the pattern lists.
struct Rule {
    name: &'static str,
    pattern: &'static str,
    targets: &'static [Target],
}

/// The rules of `infra/template.yaml`, without the state machine's ARN: here is one only.
static RULES: &[Rule] = &[
    // Executions that end badly. Where the flow's own failure path has gone through, the loader finds nothing to clean up,
    // and the reporter its report.
    Rule {
        name: "EndedBadly",
        pattern: r#"{"source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"],
                     "detail": {"status": ["FAILED", "TIMED_OUT", "ABORTED"]}}"#,
        targets: &[Target::Function("reporter"), Target::Function("loader")],
    },
    // Runs that failed, as the reporter tells it.
    Rule {
        name: "RunFailed",
        pattern: r#"{"source": ["sluice"], "detail-type": ["Sluice Run Failed"]}"#,
        targets: &[Target::Topic],
    },
];

/// The bus.
pub struct Bus {
    clock: Clock,
    kept: Mutex<Lines>,
    rules: Vec<(&'static Rule, Value)>,
    deliveries: Deliveries,
    topic: Arc<Topic>,
}

/// The members of a `PutEvents` entry.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    source: String,
    #[serde(default)]
    detail_type: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    time: Option<f64>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    event_bus_name: Option<String>,
}

/// The members of `PutEvents`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutEvents {
    entries: Vec<Entry>,
}

impl Bus {
    /// Opens the events in a folder.
    pub fn open(folder: &Path, clock: Clock, deliveries: Deliveries, topic: Arc<Topic>) -> io::Result<Self> {
        let (lines, _) = Lines::open::<Value>(&folder.join("events.jsonl"))?;
        let rules = RULES.iter().map(|rule| Ok((rule, serde_json::from_str(rule.pattern)?)));
        let rules = rules.collect::<serde_json::Result<_>>()?;
        Ok(Self { clock, kept: Mutex::new(lines), rules, deliveries, topic })
    }

    /// Takes an event as it is, also from AWS's own services: keeps it, and sends it where the rules say.
    pub fn take(&self, event: &Value) -> Result<(), ApiError> {
        self.kept().append(event).map_err(|error| ApiError::internal(error.to_string()))?;
        for (rule, _) in self.rules.iter().filter(|(_, pattern)| matches(pattern, event)) {
            tracing::info!(rule = rule.name, "rule matched");
            for target in rule.targets {
                match target {
                    Target::Function(function) => self.deliveries.send(function, event.clone()),
                    Target::Topic => self.topic.publish(None, event.to_string()).map(drop)?,
                }
            }
        }
        Ok(())
    }

    /// One entry of `PutEvents`: its answer, which may be an error of its own in a call that succeeds.
    fn entry(&self, entry: &Entry) -> Result<Value, ApiError> {
        let refused = |code: &str, message: &str| Ok(json!({"ErrorCode": code, "ErrorMessage": message}));
        if entry.source.is_empty() || entry.detail_type.is_empty() || entry.detail.is_empty() {
            return refused("InvalidArgument", "Source, DetailType and Detail are required");
        }
        if entry.source.starts_with("aws.") {
            return refused("NotAuthorizedForSourceException", "Not authorized for the source");
        }
        let bus = entry.event_bus_name.as_deref().unwrap_or(names::BUS);
        if bus != names::BUS && bus != names::bus_arn() {
            return Err(ApiError::not_known(format!("event bus {bus}")));
        }
        let Ok(detail @ Value::Object(_)) = serde_json::from_str::<Value>(&entry.detail) else {
            return refused("MalformedDetail", "Detail is malformed");
        };
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds of any date are far below the limit")]
        let time = entry.time.and_then(|seconds| DateTime::from_timestamp_millis((seconds * 1000.0) as i64));
        let time = time.unwrap_or_else(|| (self.clock)());
        let id = uuid::Uuid::new_v4().to_string();
        self.take(&json!({
            "version": "0",
            "id": id,
            "detail-type": entry.detail_type,
            "source": entry.source,
            "account": names::ACCOUNT,
            "time": time.to_rfc3339_opts(SecondsFormat::Secs, true),
            "region": names::REGION,
            "resources": entry.resources,
            "detail": detail,
        }))?;
        Ok(json!({ "EventId": id }))
    }

    fn kept(&self) -> MutexGuard<'_, Lines> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Service for Bus {
    fn target_prefix(&self) -> &'static str {
        "AWSEvents"
    }

    fn content_type(&self) -> &'static str {
        "application/x-amz-json-1.1"
    }

    async fn call(&self, operation: &str, request: Value) -> Result<Value, ApiError> {
        if operation != "PutEvents" {
            return Err(ApiError::not_known(format!("operation {operation} of AWSEvents")));
        }
        let request: PutEvents = read(operation, request)?;
        if !(1..=10).contains(&request.entries.len()) {
            return Err(ApiError::validation("Entries must have 1 to 10 entries"));
        }
        let entries: Vec<Value> = request.entries.iter().map(|entry| self.entry(entry)).collect::<Result<_, _>>()?;
        let failed = entries.iter().filter(|entry| entry.get("ErrorCode").is_some()).count();
        Ok(json!({ "FailedEntryCount": failed, "Entries": entries }))
    }
}

/// Whether an event has what a pattern asks for. A pattern is an object of objects, at whose ends stand lists of values.
fn matches(pattern: &Value, event: &Value) -> bool {
    let all = |members: &Map<String, Value>| {
        members.iter().all(|(name, wanted)| event.get(name).is_some_and(|there| matches(wanted, there)))
    };
    match pattern {
        Value::Object(members) => all(members),
        Value::Array(values) => values.contains(event),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_all_members_and_any_value() {
        let pattern = json!({"source": ["a", "b"], "detail": {"status": ["failed"]}});
        let event = |source: &str, status: &str| json!({"source": source, "id": "1", "detail": {"status": status}});
        assert!(matches(&pattern, &event("b", "failed")));
        assert!(!matches(&pattern, &event("c", "failed")));
        assert!(!matches(&pattern, &event("a", "succeeded")));
        assert!(!matches(&pattern, &json!({"source": "a"})));
    }
}
