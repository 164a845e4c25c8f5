//! Who asks for a report: the flow, on both of its paths, or EventBridge, when an execution ended outside of them
//! (facts/stepfunctions-eventbridge.md, EventBridge).

use chrono::{DateTime, Utc};
use model::flow::{self, CaughtError, ReportRequest, StatusChange, StatusDetail};
use model::name::RunName;
use model::report::Failure;
use model::{Error, Kind, Result};
use serde::Deserialize;
use serde_json::Value;

/// What there is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// An execution is to be closed.
    Close(Closing),
    /// Nothing, and why.
    Nothing(String),
}

/// An execution that is to be closed.
#[derive(Debug, Clone, PartialEq)]
pub struct Closing {
    /// Who says so.
    pub source: Source,
    /// The run.
    pub run: RunName,
    /// The execution's number.
    pub n: u32,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// What went wrong, if it did.
    pub error: Option<Failure>,
}

/// Who says that an execution is at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The flow itself.
    Flow,
    /// EventBridge, of an execution that has ended.
    StatusChange,
}

/// Reads what the reporter is called with.
pub fn read(request: &Value) -> Result<Asked> {
    if request.get("source").and_then(Value::as_str) == Some("aws.states") {
        let event = StatusChange::deserialize(request);
        return Ok(ended(event.map_err(|error| fault("the event", error))?.detail));
    }
    let request = ReportRequest::deserialize(request).map_err(|error| fault("the request", error))?;
    let error = request.error.map(|caught| Failure { kind: caught.error.clone(), message: caught.message() });
    Ok(Asked::Close(Closing {
        source: Source::Flow,
        run: request.run,
        n: request.n,
        started_at: request.started_at,
        error,
    }))
}

fn fault(what: &str, error: serde_json::Error) -> Error {
    Error::new(Kind::Config, "read", what).because(error)
}

fn ended(detail: StatusDetail) -> Asked {
    let StatusDetail { name, status, start_date, error, cause } = detail;
    let text = match status.as_str() {
        "ABORTED" => "the execution was stopped by hand, or by a restart",
        "TIMED_OUT" => "the execution took longer than it may",
        "FAILED" => "the execution failed outside its own failure path",
        _ => return Asked::Nothing(format!("{name} is {status}, which is no bad end")),
    };
    let Ok(execution) = flow::execution(&name) else {
        return Asked::Nothing(format!("{name} is no execution of a run: somebody started it by hand"));
    };
    let caught = CaughtError { error: error.unwrap_or(status), cause: cause.unwrap_or_default() };
    let message = match caught.message() {
        said if said.is_empty() => text.to_owned(),
        said => format!("{text}: {said}"),
    };
    Asked::Close(Closing {
        source: Source::StatusChange,
        run: execution.run().clone(),
        n: execution.n(),
        started_at: start_date.and_then(DateTime::from_timestamp_millis),
        error: Some(Failure { kind: caught.error, message }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::error::chain;

    macro_rules! sample {
        ($name:literal) => {
            serde_json::from_str::<Value>(include_str!(concat!("../../../events/", $name, ".json"))).unwrap()
        };
    }

    fn closing(request: &Value) -> Closing {
        match read(request).unwrap() {
            Asked::Close(closing) => closing,
            Asked::Nothing(why) => panic!("nothing to close: {why}"),
        }
    }

    fn kind_and_message(request: &Value) -> (String, String) {
        let error = closing(request).error.unwrap();
        (error.kind, error.message)
    }

    #[test]
    fn the_flows_end_has_no_error() {
        let closing = closing(&sample!("reporter-success"));
        assert_eq!((closing.source, closing.n, closing.error), (Source::Flow, 1, None));
        assert_eq!(closing.started_at.unwrap().timestamp_millis(), 1_357_102_803_412);
    }

    #[test]
    fn the_flows_failure_has_the_functions_own_words() {
        let (kind, message) = kind_and_message(&sample!("reporter-failure"));
        assert_eq!(kind, "Data");
        assert!(message.starts_with("cannot accept flights-"), "{message}");
    }

    #[test]
    fn an_aborted_execution_is_closed_by_its_name() {
        let event = sample!("reporter-aborted");
        let aborted = closing(&event);
        assert_eq!((aborted.source, aborted.n), (Source::StatusChange, 1));
        assert_eq!(aborted.run.dataset().as_str(), "flights");
        assert_eq!(aborted.started_at.unwrap().timestamp_millis(), 1_357_102_803_412);
        let (kind, message) = kind_and_message(&event);
        assert_eq!(
            (kind.as_str(), message.as_str()),
            ("ABORTED", "the execution was stopped by hand, or by a restart")
        );
        assert_eq!(aborted, closing(&event), "the same event twice closes the same execution");
    }

    #[test]
    fn an_execution_that_timed_out_says_so() {
        let (kind, message) = kind_and_message(&sample!("reporter-timed-out"));
        assert_eq!(kind, "States.Timeout");
        assert!(message.ends_with("Execution exceeded its timeout of 3600 seconds"), "{message}");
    }

    #[test]
    fn what_is_no_bad_end_of_a_run_is_left_alone() {
        let mut event = sample!("reporter-aborted");
        event["detail"]["status"] = "SUCCEEDED".into();
        assert!(matches!(read(&event).unwrap(), Asked::Nothing(_)));
        let mut event = sample!("reporter-aborted");
        event["detail"]["name"] = "tried-by-hand".into();
        assert!(matches!(read(&event).unwrap(), Asked::Nothing(_)));
    }

    #[test]
    fn another_request_is_a_fault_of_the_wiring() {
        let error = read(&sample!("transform")).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(chain(&error).contains("unknown field `item`"), "{}", chain(&error));
    }
}
