//! Faults at the wire: which call fails, and how.
//!
//! A test sets rules with [`Faults::set`], or any program with `PUT /_sluice/faults` and a list of rules in JSON:
//!
//! ```json
//! [{"service": "S3", "operation": "PutObject", "nth": 3, "fault": "drop_after"}, {"fault": {"slow": {"milliseconds": 50}}}]
//! ```
//!
//! `GET /_sluice/faults` answers the rules, `GET /_sluice/calls` what was called since they were set. Calls of the double
//! to itself (events, invocations in this process) are no calls at the wire and do not count.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How many calls are remembered; all are counted.
const REMEMBERED: usize = 100_000;

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// HTTP 500 in the service's own shape. The call is not carried out.
    Error,
    /// Throttled in the service's own shape: 400 `ThrottlingException`, of S3 503 `SlowDown`. Not carried out.
    Throttle,
    /// The connection is dropped before the call is carried out.
    DropBefore,
    /// The connection is dropped after the call was carried out: the answer is lost.
    DropAfter,
    /// The call is carried out after a while.
    Slow {
        /// How long a while.
        milliseconds: u64,
    },
}

impl Fault {
    /// How long the call is held back.
    pub fn delay(self) -> Duration {
        match self {
            Self::Slow { milliseconds } => Duration::from_millis(milliseconds),
            _ => Duration::ZERO,
        }
    }
}

/// Which calls fail, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Only calls of this service: `S3`, `RedshiftData`, `AWSGlue`, `AWSStepFunctions`, `AWSEvents`,
    /// `secretsmanager`, `SNS`, `Lambda`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Only calls of this operation: `PutObject`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Only the n-th of them since the rules were set, from 1; absent: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// How they fail.
    pub fault: Fault,
}

impl Rule {
    /// The n-th of all calls.
    pub fn nth(nth: u64, fault: Fault) -> Self {
        Self { service: None, operation: None, nth: Some(nth), fault }
    }

    /// The n-th call of an operation.
    pub fn nth_of(service: &str, operation: &str, nth: u64, fault: Fault) -> Self {
        Self { service: Some(service.to_owned()), operation: Some(operation.to_owned()), nth: Some(nth), fault }
    }

    fn is_about(&self, call: &Called) -> bool {
        let is = |wanted: &Option<String>, there: &str| wanted.as_deref().is_none_or(|wanted| wanted == there);
        is(&self.service, &call.service) && is(&self.operation, &call.operation)
    }
}

/// A call that arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Called {
    /// Its number since the rules were set, from 1.
    pub number: u64,
    /// The service.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// The fault that met it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

#[derive(Debug, Default)]
struct State {
    /// Each rule with how many calls it was about.
    rules: Vec<(Rule, u64)>,
    count: u64,
    calls: VecDeque<Called>,
}

/// The rules in force and the calls that arrived. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    state: Arc<Mutex<State>>,
}

impl Faults {
    /// Puts these rules in force instead of those before, and counts calls from 1 again.
    pub fn set(&self, rules: Vec<Rule>) {
        *self.state() =
            State { rules: rules.into_iter().map(|rule| (rule, 0)).collect(), count: 0, calls: VecDeque::new() };
    }

    /// The rules in force.
    pub fn rules(&self) -> Vec<Rule> {
        self.state().rules.iter().map(|(rule, _)| rule.clone()).collect()
    }

    /// How many calls arrived since the rules were set.
    pub fn count(&self) -> u64 {
        self.state().count
    }

    /// The calls that arrived since the rules were set, the last hundred thousand at most.
    pub fn calls(&self) -> Vec<Called> {
        self.state().calls.iter().cloned().collect()
    }

    /// Counts a call and says which fault it meets: that of the first rule that holds for it.
    pub(crate) fn arrived(&self, service: &str, operation: &str) -> Option<Fault> {
        let mut state = self.state();
        state.count += 1;
        let (service, operation) = (service.to_owned(), operation.to_owned());
        let mut call = Called { number: state.count, service, operation, fault: None };
        for (rule, seen) in &mut state.rules {
            if rule.is_about(&call) {
                *seen += 1;
                if rule.nth.is_none_or(|nth| nth == *seen) {
                    call.fault = call.fault.or(Some(rule.fault));
                }
            }
        }
        let fault = call.fault;
        if state.calls.len() == REMEMBERED {
            state.calls.pop_front();
        }
        state.calls.push_back(call);
        fault
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_counts_the_calls_it_is_about() {
        let faults = Faults::default();
        faults.set(vec![Rule::nth_of("S3", "PutObject", 2, Fault::Error), Rule::nth(4, Fault::DropAfter)]);
        let met =
            [("S3", "PutObject"), ("S3", "GetObject"), ("S3", "PutObject"), ("SNS", "Publish"), ("S3", "PutObject")]
                .map(|(service, operation)| faults.arrived(service, operation));
        assert_eq!(met, [None, None, Some(Fault::Error), Some(Fault::DropAfter), None]);
        assert_eq!(faults.count(), 5);
        faults.set(Vec::new());
        assert_eq!(faults.calls(), []);
    }

    #[test]
    fn rules_read_as_documented() {
        let text = r#"[{"service": "S3", "nth": 3, "fault": "drop_after"}, {"fault": {"slow": {"milliseconds": 50}}}]"#;
        let rules: Vec<Rule> = serde_json::from_str(text).unwrap();
        assert_eq!(rules[1].fault.delay(), Duration::from_millis(50));
        assert!(serde_json::from_str::<Vec<Rule>>(r#"[{"every": 3, "fault": "error"}]"#).is_err());
    }
}
