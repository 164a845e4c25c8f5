use super::*;
use model::count::Counts;
use model::name::RunName;
use model::report::{Failure, Volume};
use std::collections::BTreeMap;

fn report(status: Status, error: Option<&str>) -> RunReport {
    RunReport {
        version: 1,
        run: RunName::parse("flights-00000000000000000000000000000000").unwrap(),
        n: 2,
        status,
        batch: None,
        manifest: None,
        engine: None,
        counts: Counts { read: 3, accepted: 2, rejected: 1, filtered: 0, duplicate: 0 },
        rejected_by_reason: BTreeMap::new(),
        left_out: BTreeMap::new(),
        rejects: Vec::new(),
        input: Volume { files: 1, bytes: 7 },
        output: Volume::default(),
        load: None,
        equation: Vec::new(),
        error: error.map(|message| Failure { kind: "Data".to_owned(), message: message.to_owned() }),
        started_at: None,
        ended_at: DateTime::from_timestamp(0, 0).unwrap(),
        seconds: Some(1.5),
        code_version: "0".to_owned(),
    }
}

#[test]
fn one_status_is_one_and_the_others_are_none() {
    let numbers = numbers(&report(Status::Failed, Some("x")));
    let said: Vec<String> = numbers.iter().map(|n| format!("{}={} {}", n.name, n.value, n.unit)).collect();
    assert_eq!(
        said,
        [
            "RunsSucceeded=0 Count",
            "RunsSuperseded=0 Count",
            "RunsFailed=1 Count",
            "RowsRead=3 Count",
            "RowsAccepted=2 Count",
            "RowsRejected=1 Count",
            "RowsPublished=0 Count",
            "BytesRead=7 Bytes",
            "Seconds=1.5 Seconds"
        ]
    );
}

#[test]
fn the_event_names_run_n_and_report() {
    let detail = detail(&report(Status::Succeeded, None), "runs/flights/x/2/report.json");
    assert_eq!(detail["run"], "flights-00000000000000000000000000000000");
    assert_eq!(detail["n"], 2);
    assert_eq!(detail["status"], "succeeded");
    assert_eq!(detail["counts"]["rejected"], 1);
    assert_eq!(detail["message"], Value::Null);
    assert_eq!(detail["report"], "runs/flights/x/2/report.json");
}

#[test]
fn a_long_message_is_cut_between_characters() {
    let detail = detail(&report(Status::Failed, Some(&"é".repeat(5_000))), "k");
    let message = detail["message"].as_str().unwrap();
    assert!(message.starts_with("Data: é"));
    assert_eq!(message.chars().count(), "Data: ".len() + MESSAGE_CHARACTERS);
}
