//! `Retry` and `Catch`: which errors they match, how long a retry waits.

use std::time::Duration;

use serde::Deserialize;

use super::failure::Failure;
use super::path::Placement;

/// The error names that AWS reserves and that `ErrorEquals` may use here.
pub const RESERVED: &[&str] =
    &[ALL, TASK_FAILED, Failure::TIMEOUT, Failure::NO_CHOICE, Failure::INTRINSIC, Failure::RESULT_PATH];
/// Matches every error but the terminal ones.
pub const ALL: &str = "States.ALL";
/// Matches what [`ALL`] matches, but no timeout.
pub const TASK_FAILED: &str = "States.TaskFailed";

/// Whether `ErrorEquals` covers a failure.
fn covers(error_equals: &[String], failure: &Failure) -> bool {
    let error = failure.error.as_deref().unwrap_or_default();
    !failure.is_terminal()
        && error_equals.iter().any(|name| match name.as_str() {
            ALL => true,
            TASK_FAILED => error != Failure::TIMEOUT,
            name => name == error,
        })
}

/// One entry of `Retry`, with AWS's defaults.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Retrier {
    /// The errors that are tried again.
    pub error_equals: Vec<String>,
    /// The wait before the first retry.
    #[serde(default = "one_second")]
    pub interval_seconds: u32,
    /// How many retries there are; 0: none.
    #[serde(default = "three_attempts")]
    pub max_attempts: u32,
    /// What each wait is multiplied with to give the next.
    #[serde(default = "doubled")]
    pub backoff_rate: f64,
    /// The longest wait.
    #[serde(default)]
    pub max_delay_seconds: Option<u32>,
    /// Whether waits are shortened by chance.
    #[serde(default)]
    pub jitter_strategy: Jitter,
    /// For the reader of the definition.
    #[serde(default, rename = "Comment")]
    _comment: Option<String>,
}

/// Whether waits are shortened by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Jitter {
    /// Any part of the wait, from nothing to all.
    Full,
    /// The whole wait.
    #[default]
    None,
}

fn one_second() -> u32 {
    1
}

fn three_attempts() -> u32 {
    3
}

fn doubled() -> f64 {
    2.0
}

impl Retrier {
    /// The wait before a retry; the first has `retries_before` 0. `chance` is from 0 to 1.
    fn delay(&self, retries_before: u32, chance: f64) -> Duration {
        let exponent = i32::try_from(retries_before).unwrap_or(i32::MAX);
        let grown = f64::from(self.interval_seconds) * self.backoff_rate.powi(exponent);
        let capped = grown.min(self.max_delay_seconds.map_or(LONGEST_WAIT_SECONDS, f64::from));
        Duration::from_secs_f64(if self.jitter_strategy == Jitter::Full { capped * chance } else { capped })
    }
}

/// A year, the longest that an execution may last.
const LONGEST_WAIT_SECONDS: f64 = 31_536_000.0;

/// The retries of one visit of a state: each retrier counts its own.
pub struct Retries<'a> {
    retriers: Vec<(&'a Retrier, u32)>,
}

impl<'a> Retries<'a> {
    /// Nothing is counted yet.
    pub fn new(retriers: &'a [Retrier]) -> Self {
        Self { retriers: retriers.iter().map(|retrier| (retrier, 0)).collect() }
    }

    /// How long to wait before the state is tried again, or nothing when it is not.
    ///
    /// The first retrier that covers the failure decides alone, also when it has no retry left.
    pub fn after(&mut self, failure: &Failure, chance: f64) -> Option<Duration> {
        let (retrier, retries) =
            self.retriers.iter_mut().find(|(retrier, _)| covers(&retrier.error_equals, failure))?;
        if *retries >= retrier.max_attempts {
            return None;
        }
        let delay = retrier.delay(*retries, chance);
        *retries += 1;
        Some(delay)
    }
}

/// One entry of `Catch`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Catcher {
    /// The errors that are caught.
    pub error_equals: Vec<String>,
    /// Where the error goes in the state's input.
    #[serde(default)]
    pub result_path: Placement,
    /// The state that follows.
    pub next: String,
    /// For the reader of the definition.
    #[serde(default, rename = "Comment")]
    _comment: Option<String>,
}

impl Catcher {
    /// The first catcher that covers the failure.
    pub fn find<'a>(catchers: &'a [Self], failure: &Failure) -> Option<&'a Self> {
        catchers.iter().find(|catcher| covers(&catcher.error_equals, failure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn retrier(value: Value) -> Retrier {
        serde_json::from_value(value).unwrap()
    }

    fn seconds(retriers: &[Retrier], errors: &[&str]) -> Vec<Option<f64>> {
        let mut retries = Retries::new(retriers);
        let delay = |error: &&str| retries.after(&Failure::new(error, ""), 0.5).map(|delay| delay.as_secs_f64());
        errors.iter().map(delay).collect()
    }

    #[test]
    fn defaults_are_those_of_aws() {
        let defaults = retrier(json!({"ErrorEquals": ["States.ALL"]}));
        assert_eq!(seconds(&[defaults], &["x"; 4]), [Some(1.0), Some(2.0), Some(4.0), None]);
    }

    #[test]
    fn waits_grow_up_to_the_longest() {
        let growing = json!({"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 4, "BackoffRate": 3, "MaxDelaySeconds": 10});
        assert_eq!(seconds(&[retrier(growing)], &["x"; 5]), [Some(2.0), Some(6.0), Some(10.0), Some(10.0), None]);
    }

    #[test]
    fn full_jitter_takes_a_part_of_the_wait() {
        let jittered = retrier(json!({"ErrorEquals": ["States.ALL"], "IntervalSeconds": 8, "JitterStrategy": "FULL"}));
        assert_eq!(seconds(&[jittered], &["x", "x"]), [Some(4.0), Some(8.0)]);
    }

    #[test]
    fn each_retrier_counts_its_own_and_the_first_match_decides() {
        let a = retrier(json!({"ErrorEquals": ["A"], "MaxAttempts": 1, "IntervalSeconds": 5}));
        let all = retrier(json!({"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "IntervalSeconds": 7}));
        assert_eq!(seconds(&[a, all], &["A", "B", "A", "B"]), [Some(5.0), Some(7.0), None, None]);
    }

    #[test]
    fn no_attempts_means_never() {
        assert_eq!(seconds(&[retrier(json!({"ErrorEquals": ["A"], "MaxAttempts": 0}))], &["A"]), [None]);
    }

    #[test]
    fn names_cover_what_aws_says() {
        let covers = |name: &str, error: &str| covers(&[name.to_owned()], &Failure::new(error, ""));
        assert!(covers("Transient", "Transient"));
        assert!(!covers("Transient", "Data"));
        for error in ["Transient", "Lambda.Unknown", "States.NoChoiceMatched"] {
            assert!(covers("States.ALL", error) && covers("States.TaskFailed", error), "{error}");
        }
        assert!(covers("States.ALL", "States.Timeout"));
        assert!(!covers("States.TaskFailed", "States.Timeout"));
        for terminal in ["States.Runtime", "States.DataLimitExceeded"] {
            for name in ["States.ALL", "States.TaskFailed", terminal] {
                assert!(!covers(name, terminal), "{name} {terminal}");
            }
        }
    }
}
