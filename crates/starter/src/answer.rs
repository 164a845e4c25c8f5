//! What became of an arrival, for a person who called the function by hand.

use model::name::{ExecutionName, RunName};
use serde::Serialize;

/// One arrival and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The object the event spoke of.
    pub manifest: String,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of an arrival: `{"outcome": "started", …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It is a run, and the run was started.
    Started {
        /// The run.
        run: RunName,
        /// The execution.
        execution: ExecutionName,
    },
    /// It is a run that runs already or has succeeded.
    Duplicate {
        /// The run.
        run: RunName,
        /// The execution that runs or has succeeded.
        execution: ExecutionName,
    },
    /// It can never become a run.
    Refused {
        /// A code: `missing_file`, …
        code: String,
        /// What is wrong.
        message: String,
        /// What to do about it.
        action: String,
        /// The document's key in the control bucket.
        refusal: String,
    },
    /// It is no arrival of a manifest.
    Ignored {
        /// Why not.
        why: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_outcome_is_a_word() {
        let run = RunName::parse("flights-00000000000000000000000000000000").unwrap();
        let execution = ExecutionName::new(run.clone(), 2).unwrap();
        let answer = Answer { manifest: "s3://landing/a".to_owned(), outcome: Outcome::Started { run, execution } };
        assert_eq!(
            serde_json::to_value(answer).unwrap(),
            json!({"manifest": "s3://landing/a", "outcome": "started",
                "run": "flights-00000000000000000000000000000000",
                "execution": "flights-00000000000000000000000000000000-2"})
        );
    }
}
