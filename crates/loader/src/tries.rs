//! The tries of a step that failed, as documents of the group.
//!
//! A statement's token is computed from the number of its try, and a token's statement runs once. So a failed statement is
//! asked for again only under the next number, and a call that is made twice comes to the same number and the same
//! statement.

use aws::object::{self, Created};
use aws_sdk_s3::Client;
use model::error::chain;
use model::flow::LoadStep;
use model::group::GroupName;
use model::{Error, Kind, Result, layout};
use serde::{Deserialize, Serialize};

/// A group tries a step this often.
pub const MAX_TRIES: usize = 6;

/// The document `groups/<table>/<token>/failed/<step>-<number>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedTry {
    /// Of this document: 1.
    pub version: u32,
    /// The group.
    pub group: GroupName,
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
    /// The statement that showed it: one statement is recorded once for a step.
    pub statement_id: String,
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
    /// The failure as the error of a step, of a run or a group.
    pub fn into_error(self, step: LoadStep, subject: &dyn std::fmt::Display) -> Error {
        let operation = match step {
            LoadStep::Prepare => "prepare the tables for",
            LoadStep::Alter => "alter the table for",
            LoadStep::Stage => "copy",
            LoadStep::Explain => "ask why COPY failed for",
            LoadStep::Publish => "publish",
            LoadStep::Queue | LoadStep::Verdict | LoadStep::Done => "read the ledger for",
        };
        Error::new(self.kind, operation, subject).because(format!("statement {}: {}", self.statement_id, self.error))
    }
}

/// The failed tries of a group's steps.
#[derive(Debug)]
pub struct Tries<'a> {
    s3: &'a Client,
    bucket: &'a str,
    group: &'a GroupName,
    failed: Vec<FailedTry>,
}

impl<'a> Tries<'a> {
    /// Reads them.
    pub async fn read(s3: &'a Client, bucket: &'a str, group: &'a GroupName) -> Result<Self> {
        let mut tries = Self { s3, bucket, group, failed: Vec::new() };
        tries.read_again().await?;
        Ok(tries)
    }

    async fn read_again(&mut self) -> Result<()> {
        let listed = object::list(self.s3, self.bucket, &layout::failed_tries(self.group)).await?;
        self.failed.clear();
        for object in listed {
            self.failed.push(object::need_document(self.s3, self.bucket, &object.key).await?);
        }
        Ok(())
    }

    /// The number of the try that is not failed: 1, or one more than the last that is.
    pub fn current(&self, step: LoadStep) -> u32 {
        self.last(step).map_or(0, |failed| failed.number) + 1
    }

    /// The last failed try of a step.
    pub fn last(&self, step: LoadStep) -> Option<&FailedTry> {
        self.failed.iter().filter(|failed| failed.step == step).max_by_key(|failed| failed.number)
    }

    /// How many tries of a step have failed.
    pub fn spent(&self, step: LoadStep) -> usize {
        self.failed.iter().filter(|failed| failed.step == step).count()
    }

    fn knows(&self, step: LoadStep, failure: &Failure) -> bool {
        let same = |failed: &FailedTry| failed.step == step && failed.failure.statement_id == failure.statement_id;
        self.failed.iter().any(same)
    }

    /// Records the current try of a step as failed. A statement that is recorded for that step already is not recorded
    /// again.
    pub async fn record(&mut self, step: LoadStep, failure: Failure) -> Result<()> {
        // The same call, made twice, may take the number first; it is then read with what it recorded.
        for _ in 0..=MAX_TRIES {
            if self.knows(step, &failure) {
                return Ok(());
            }
            let number = self.current(step);
            let failed = FailedTry { version: 1, group: self.group.clone(), step, number, failure: failure.clone() };
            let key = layout::failed_try(self.group, step.name(), number);
            match object::create(self.s3, self.bucket, &key, object::to_json(&failed)?).await? {
                Created::New | Created::Same => {
                    tracing::warn!(step = step.name(), number, kind = %failure.kind, error = failure.error, "try failed");
                    self.failed.push(failed);
                    return Ok(());
                }
                Created::Other => self.read_again().await?,
            }
        }
        Err(Error::new(Kind::Transient, "record a failed try of", self.group)
            .because(chain(&failure.into_error(step, self.group))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGE: LoadStep = LoadStep::Stage;

    fn failure(id: &str, error: &str) -> Failure {
        Failure { statement_id: id.to_owned(), kind: Kind::Transient, error: error.to_owned() }
    }

    fn check<T>(failed: &[(LoadStep, u32, &str)], look: impl FnOnce(&Tries<'_>) -> T) -> T {
        let group = GroupName::parse("analytics.sales/7").unwrap();
        let s3 = Client::from_conf(aws_sdk_s3::Config::builder().behavior_version_latest().build());
        let failed = failed.iter().map(|(step, number, id)| FailedTry {
            version: 1,
            group: group.clone(),
            step: *step,
            number: *number,
            failure: failure(id, "deadlock"),
        });
        look(&Tries { s3: &s3, bucket: "control", group: &group, failed: failed.collect() })
    }

    #[test]
    fn the_first_try_is_one_and_each_step_counts_for_itself() {
        check(&[], |tries| assert_eq!((tries.current(STAGE), tries.spent(STAGE)), (1, 0)));
        check(&[(STAGE, 1, "a"), (STAGE, 2, "b")], |tries| {
            assert_eq!((tries.current(STAGE), tries.spent(STAGE)), (3, 2));
            assert_eq!(tries.current(LoadStep::Publish), 1);
        });
    }

    #[test]
    fn a_statement_is_known_for_the_step_it_was_recorded_for() {
        check(&[(STAGE, 1, "a")], |tries| {
            assert!(tries.knows(STAGE, &failure("a", "x")));
            assert!(!tries.knows(LoadStep::Publish, &failure("a", "x")));
            assert!(!tries.knows(STAGE, &failure("b", "x")));
        });
    }

    #[test]
    fn version_one_stays_readable() {
        let golden = r#"{"version":1,"group":"analytics.sales/7","step":"publish","number":3,
            "failure":{"statement_id":"d9b6c0c9","kind":"Transient","error":"ERROR:1023"}}"#;
        let failed: FailedTry = serde_json::from_str(golden).unwrap();
        assert_eq!((failed.number, failed.failure.kind), (3, Kind::Transient));
        let compact: String = golden.split_whitespace().collect();
        assert_eq!(serde_json::to_string(&failed).unwrap(), compact);
        let error = failed.failure.into_error(LoadStep::Publish, &failed.group);
        assert_eq!(chain(&error), "cannot publish analytics.sales/7: statement d9b6c0c9: ERROR:1023");
    }
}
