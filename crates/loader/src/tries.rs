//! The tries of a step that failed, as documents in the run's folder.
//!
//! A statement's token is computed from the number of its try, and a token's statement runs once. So a failed
//! statement is asked for again only under the next number, and two executions of a run, or a call that is made twice,
//! come to the same number and share one statement. A try is failed for all executions of the run; how many an
//! execution may spend is counted for each.

use aws::object::{self, Created};
use aws_sdk_s3::Client;
use model::error::chain;
use model::flow::LoadStep;
use model::name::RunName;
use model::{Error, Kind, Result, layout};
use serde::{Deserialize, Serialize};

/// An execution tries a step this often.
pub const MAX_TRIES: usize = 5;

/// The document `<n>/failed/<step>-<number>.json` of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedTry {
    /// Of this document: 1.
    pub version: u32,
    /// The run.
    pub run: RunName,
    /// The execution that saw it fail.
    pub n: u32,
    /// The step.
    pub step: LoadStep,
    /// The number of the try, from 1.
    pub number: u32,
    /// How it failed.
    pub failure: Failure,
}

/// How a try failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The statement that showed it: one statement is recorded once for a step. Absent where none was submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement_id: Option<String>,
    /// What kind of trouble it is.
    #[serde(with = "KindName")]
    pub kind: Kind,
    /// What the warehouse said, or we of it.
    pub error: String,
}

/// [`Kind`] as a word in a document.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Kind")]
enum KindName {
    Transient,
    Data,
    Config,
    Bug,
}

impl Failure {
    /// The failure as the error of a step.
    pub fn into_error(self, step: LoadStep, run: &RunName) -> Error {
        let operation = match step {
            LoadStep::Prepare => "prepare the tables for",
            LoadStep::Alter => "alter the table for",
            LoadStep::Stage => "copy",
            LoadStep::Explain => "ask why COPY failed for",
            LoadStep::Publish => "publish",
            LoadStep::Verdict | LoadStep::Done => "read the ledger for",
        };
        let statement = self.statement_id.map_or_else(String::new, |id| format!("statement {id}: "));
        Error::new(self.kind, operation, run).because(format!("{statement}{}", self.error))
    }
}

/// Every failed try of a run, as one execution sees them.
#[derive(Debug)]
pub struct Tries<'a> {
    s3: &'a Client,
    bucket: &'a str,
    run: &'a RunName,
    n: u32,
    failed: Vec<FailedTry>,
}

impl<'a> Tries<'a> {
    /// Reads the documents of all executions of the run.
    pub async fn read(s3: &'a Client, bucket: &'a str, run: &'a RunName, n: u32) -> Result<Self> {
        let mut tries = Self { s3, bucket, run, n, failed: Vec::new() };
        tries.read_again().await?;
        Ok(tries)
    }

    async fn read_again(&mut self) -> Result<()> {
        let listed = object::list(self.s3, self.bucket, &layout::run(self.run)).await?;
        self.failed.clear();
        for object in listed.into_iter().filter(|object| object.key.contains("/failed/")) {
            self.failed.push(object::need_document(self.s3, self.bucket, &object.key).await?);
        }
        Ok(())
    }

    /// The number of the try that is not failed: 1, or one more than the last that is.
    pub fn current(&self, step: LoadStep) -> u32 {
        self.last(step).map_or(0, |failed| failed.number) + 1
    }

    /// The last failed try of a step, by any execution.
    pub fn last(&self, step: LoadStep) -> Option<&FailedTry> {
        self.failed.iter().filter(|failed| failed.step == step).max_by_key(|failed| failed.number)
    }

    /// How many tries of a step this execution saw fail.
    pub fn spent(&self, step: LoadStep) -> usize {
        self.failed.iter().filter(|failed| failed.step == step && failed.n == self.n).count()
    }

    /// Whether this execution has recorded this failure already, with or without a statement.
    pub fn has(&self, step: LoadStep, error: &str) -> bool {
        self.failed.iter().any(|failed| failed.step == step && failed.n == self.n && failed.failure.error == error)
    }

    fn knows(&self, step: LoadStep, failure: &Failure) -> bool {
        let same = |failed: &&FailedTry| failed.step == step && failed.failure.statement_id == failure.statement_id;
        failure.statement_id.is_some() && self.failed.iter().any(|failed| same(&failed))
    }

    /// Records the current try of a step as failed. A statement that is recorded for that step already, by this or
    /// another execution, is not recorded again.
    pub async fn record(&mut self, step: LoadStep, failure: Failure) -> Result<()> {
        // Another call of this execution may take the number first; it is then read with what it recorded.
        for _ in 0..=MAX_TRIES {
            if self.knows(step, &failure) {
                return Ok(());
            }
            let number = self.current(step);
            let failed =
                FailedTry { version: 1, run: self.run.clone(), n: self.n, step, number, failure: failure.clone() };
            let key = layout::failed_try(self.run, self.n, step.name(), number);
            match object::create(self.s3, self.bucket, &key, object::to_json(&failed)?).await? {
                Created::New | Created::Same => {
                    tracing::warn!(step = step.name(), number, kind = %failure.kind, error = failure.error, "try failed");
                    self.failed.push(failed);
                    return Ok(());
                }
                Created::Other => self.read_again().await?,
            }
        }
        Err(Error::new(Kind::Transient, "record a failed try of", self.run)
            .because(chain(&failure.into_error(step, self.run))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGE: LoadStep = LoadStep::Stage;

    fn failure(id: Option<&str>, error: &str) -> Failure {
        Failure { statement_id: id.map(str::to_owned), kind: Kind::Transient, error: error.to_owned() }
    }

    /// The tries that execution `n` sees.
    fn check<T>(n: u32, failed: &[(u32, LoadStep, u32, Option<&str>)], look: impl FnOnce(&Tries<'_>) -> T) -> T {
        let run = RunName::parse(&format!("sales-{}", "0".repeat(32))).unwrap();
        let s3 = Client::from_conf(aws_sdk_s3::Config::builder().behavior_version_latest().build());
        let failed = failed.iter().map(|(n, step, number, id)| FailedTry {
            version: 1,
            run: run.clone(),
            n: *n,
            step: *step,
            number: *number,
            failure: failure(*id, "deadlock"),
        });
        look(&Tries { s3: &s3, bucket: "control", run: &run, n, failed: failed.collect() })
    }

    #[test]
    fn the_first_try_is_one_and_each_step_counts_for_itself() {
        check(1, &[], |tries| assert_eq!((tries.current(STAGE), tries.spent(STAGE)), (1, 0)));
        check(1, &[(1, STAGE, 1, Some("a"))], |tries| {
            assert_eq!(tries.current(STAGE), 2);
            assert_eq!(tries.current(LoadStep::Publish), 1);
        });
    }

    #[test]
    fn a_try_is_failed_for_all_executions_and_spent_by_one() {
        let failed = [(1, STAGE, 1, Some("a")), (1, STAGE, 2, None), (2, STAGE, 3, Some("b"))];
        check(2, &failed, |tries| assert_eq!((tries.current(STAGE), tries.spent(STAGE)), (4, 1)));
        check(3, &failed, |tries| assert_eq!((tries.current(STAGE), tries.spent(STAGE)), (4, 0)));
    }

    #[test]
    fn a_statement_that_two_executions_saw_fail_is_one_try() {
        let both = [(1, STAGE, 1, Some("a")), (2, STAGE, 1, Some("a"))];
        check(2, &both, |tries| assert_eq!(tries.current(STAGE), 2));
    }

    #[test]
    fn a_statement_is_known_for_the_step_it_was_recorded_for() {
        check(2, &[(1, STAGE, 1, Some("a")), (1, STAGE, 2, None)], |tries| {
            assert!(tries.knows(STAGE, &failure(Some("a"), "x")));
            assert!(!tries.knows(LoadStep::Publish, &failure(Some("a"), "x")));
            assert!(!tries.knows(STAGE, &failure(Some("b"), "x")));
            assert!(!tries.knows(STAGE, &failure(None, "x")), "nothing tells two of these apart");
            assert!(!tries.has(STAGE, "deadlock"), "another execution's");
        });
        check(1, &[(1, STAGE, 1, None)], |tries| assert!(tries.has(STAGE, "deadlock")));
    }

    #[test]
    fn version_one_stays_readable() {
        let golden = r#"{"version":1,"run":"sales-00000000000000000000000000000000","n":2,"step":"publish","number":3,
            "failure":{"statement_id":"d9b6c0c9","kind":"Transient","error":"ERROR:1023"}}"#;
        let failed: FailedTry = serde_json::from_str(golden).unwrap();
        assert_eq!((failed.number, failed.failure.kind), (3, Kind::Transient));
        let compact: String = golden.split_whitespace().collect();
        assert_eq!(serde_json::to_string(&failed).unwrap(), compact);
        let error = failed.failure.into_error(LoadStep::Publish, &failed.run);
        assert_eq!(
            chain(&error),
            "cannot publish sales-00000000000000000000000000000000: statement d9b6c0c9: ERROR:1023"
        );
    }
}
