//! The service: starts, stops, lists, and what is left after a restart.

use std::path::Path;
use std::sync::{Arc, Mutex};

use chrono::DateTime;
use serde_json::{Value, json};

use super::script::{Never, Script, task, until};
use super::{Setup, StateMachines};
use crate::activity::Activity;
use crate::clock::Pace;
use crate::invoke::Invoke;
use crate::names::{ACCOUNT, state_machine_arn};
use crate::wire::{ApiError, Service};

/// The events that a listener was told.
type Events = Arc<Mutex<Vec<Value>>>;

fn setup(folder: &Path, invoke: Arc<dyn Invoke>, events: &Events) -> Setup {
    let definition = json!({
        "StartAt": "A",
        "States": {"A": task("${Loader}", json!({"OutputPath": "$.Payload", "End": true}))},
    });
    let events = events.clone();
    let now = Mutex::new(DateTime::from_timestamp_millis(1_767_225_600_500).unwrap());
    Setup {
        folder: folder.to_owned(),
        definition: definition.to_string(),
        substitutions: vec![("Loader".to_owned(), "loader".to_owned())],
        invoke,
        clock: Arc::new(move || {
            let mut now = now.lock().unwrap();
            *now += chrono::TimeDelta::seconds(1);
            *now
        }),
        pace: Pace::Fast,
        activity: Activity::default(),
        listener: Arc::new(move |change| events.lock().unwrap().push(change.event())),
    }
}

fn open(folder: &Path, invoke: Arc<dyn Invoke>) -> StateMachines {
    StateMachines::open(setup(folder, invoke, &Events::default())).unwrap()
}

async fn start(machines: &StateMachines, name: &str, input: &str) -> Result<Value, ApiError> {
    let request = json!({"stateMachineArn": state_machine_arn(), "name": name, "input": input});
    machines.call("StartExecution", request).await
}

fn arn(name: &str) -> String {
    format!("{}:{name}", state_machine_arn().replace("stateMachine", "execution"))
}

async fn describe(machines: &StateMachines, name: &str) -> Value {
    machines.call("DescribeExecution", json!({"executionArn": arn(name)})).await.unwrap()
}

fn statuses(events: &Events) -> Vec<String> {
    let events = events.lock().unwrap();
    events.iter().map(|event| event["detail"]["status"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_execution_runs_to_its_end_and_is_described() {
    let folder = tempfile::tempdir().unwrap();
    let machines = open(folder.path(), Script::always(json!({"ok": 1})));
    let started = start(&machines, "sales-1", "{ \"run\": \"r\" }").await.unwrap();
    assert_eq!(started, json!({"executionArn": arn("sales-1"), "startDate": 1_767_225_602.5}));
    machines.idle().await;
    assert_eq!(
        describe(&machines, "sales-1").await,
        json!({
            "executionArn": arn("sales-1"), "stateMachineArn": state_machine_arn(), "name": "sales-1",
            "status": "SUCCEEDED", "startDate": 1_767_225_602.5, "stopDate": 1_767_225_603.5,
            "input": "{ \"run\": \"r\" }", "inputDetails": {"included": true},
            "output": "{\"ok\":1}", "outputDetails": {"included": true},
        })
    );
}

#[tokio::test]
async fn a_failed_execution_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let machines = open(folder.path(), Script::failing("Data"));
    start(&machines, "sales-1", "{}").await.unwrap();
    machines.idle().await;
    let described = describe(&machines, "sales-1").await;
    assert_eq!(described["status"], "FAILED");
    assert_eq!(described["error"], "Data");
    assert_eq!(described["cause"], r#"{"errorMessage":"Data it is","errorType":"Data"}"#);
    assert_eq!(described.get("output"), None);
}

#[tokio::test]
async fn the_same_start_is_one_start_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let machines = open(folder.path(), Arc::new(Never::default()));
    let first = start(&machines, "sales-1", "{}").await.unwrap();
    assert_eq!(start(&machines, "sales-1", "{}").await.unwrap(), first);
    let other = start(&machines, "sales-1", "{ }").await.unwrap_err();
    assert_eq!((other.status, other.code.as_str()), (400, "ExecutionAlreadyExists"));
    assert_eq!(machines.executions().len(), 1);
}

#[tokio::test]
async fn a_closed_execution_keeps_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let machines = open(folder.path(), Script::always(Value::Null));
    start(&machines, "sales-1", "{}").await.unwrap();
    machines.idle().await;
    assert_eq!(start(&machines, "sales-1", "{}").await.unwrap_err().code, "ExecutionAlreadyExists");
    drop(machines);
    let machines = open(folder.path(), Script::always(Value::Null));
    assert_eq!(start(&machines, "sales-1", "{}").await.unwrap_err().code, "ExecutionAlreadyExists");
}

#[tokio::test]
async fn what_a_start_may_not_say_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let machines = open(folder.path(), Script::always(Value::Null));
    let code = async |name: &str, input: &str| start(&machines, name, input).await.unwrap_err().code;
    for name in ["", "a b", "a/b", "a:b", "a\u{7}", "a\"b", "a,b", &"x".repeat(81)] {
        assert_eq!(code(name, "{}").await, "InvalidName", "{name}");
    }
    assert_eq!(code("a", "{").await, "InvalidExecutionInput");
    assert_eq!(code("a", &format!("\"{}\"", "x".repeat(262_143))).await, "ValidationException");
    assert!(start(&machines, &"x".repeat(80), &format!("\"{}\"", "x".repeat(262_142))).await.is_ok());

    let call = async |operation: &str, request: Value| machines.call(operation, request).await.unwrap_err().code;
    let other = "arn:aws:states:us-east-1:000000000000:stateMachine:other";
    assert_eq!(call("StartExecution", json!({"stateMachineArn": other})).await, "StateMachineDoesNotExist");
    assert_eq!(call("StartExecution", json!({"stateMachineArn": "sluice"})).await, "InvalidArn");
    assert_eq!(call("DescribeExecution", json!({"executionArn": arn("none")})).await, "ExecutionDoesNotExist");
    assert_eq!(call("StopExecution", json!({"executionArn": arn("none")})).await, "ExecutionDoesNotExist");
    let unknown = json!({"stateMachineArn": state_machine_arn(), "redriveFilter": "REDRIVEN"});
    assert_eq!(call("ListExecutions", unknown).await, "UnknownOperationException");
    let error = machines.call("GetExecutionHistory", json!({})).await.unwrap_err();
    assert_eq!(error.message, "operation \"GetExecutionHistory\" of AWSStepFunctions is not known to the double");
}

#[tokio::test]
async fn a_start_without_name_and_input_gets_both() {
    let folder = tempfile::tempdir().unwrap();
    let machines = open(folder.path(), Script::always(Value::Null));
    machines.call("StartExecution", json!({"stateMachineArn": state_machine_arn()})).await.unwrap();
    let execution = &machines.executions()[0];
    assert_eq!((execution.name.len(), execution.input.as_str()), (36, "{}"));
}

#[tokio::test]
async fn a_stopped_execution_is_aborted_and_its_call_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let events = Events::default();
    let calls = Arc::default();
    let never = Never(Arc::clone(&calls));
    let machines = StateMachines::open(setup(folder.path(), Arc::new(never), &events)).unwrap();
    let idle = Arc::strong_count(&calls);
    start(&machines, "sales-1", "{}").await.unwrap();
    until(|| Arc::strong_count(&calls) > idle).await;
    let stop = json!({"executionArn": arn("sales-1"), "error": "Operator", "cause": "wrong file"});
    let stopped = machines.call("StopExecution", stop.clone()).await.unwrap();
    machines.idle().await;
    until(|| Arc::strong_count(&calls) == idle).await;
    let described = describe(&machines, "sales-1").await;
    assert_eq!((&described["status"], &described["error"]), (&json!("ABORTED"), &json!("Operator")));
    assert_eq!(stopped, json!({"stopDate": described["stopDate"]}));
    assert_eq!(machines.call("StopExecution", stop).await.unwrap(), stopped, "stopping twice is stopping once");
    assert_eq!(statuses(&events), ["RUNNING", "ABORTED"]);
}

#[tokio::test]
async fn executions_are_listed_youngest_first_by_status_and_page() {
    let folder = tempfile::tempdir().unwrap();
    let failing_second = |_: &str, before: usize| match before {
        1 => super::script::failed("Data"),
        _ => crate::invoke::Invocation::Answer(Value::Null),
    };
    let machines = open(folder.path(), Script::new(failing_second));
    for name in ["a", "b", "c"] {
        start(&machines, name, "{}").await.unwrap();
        machines.idle().await;
    }
    let list = async |members: Value| {
        let mut request = json!({"stateMachineArn": state_machine_arn()});
        request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let answer = machines.call("ListExecutions", request).await?;
        let names = answer["executions"].as_array().unwrap().iter().map(|e| e["name"].as_str().unwrap().to_owned());
        Ok::<_, ApiError>((names.collect::<Vec<_>>(), answer["nextToken"].as_str().map(str::to_owned)))
    };
    assert_eq!(list(json!({})).await.unwrap().0, ["c", "b", "a"]);
    assert_eq!(list(json!({"statusFilter": "FAILED"})).await.unwrap().0, ["b"]);
    let (names, token) = list(json!({"maxResults": 2})).await.unwrap();
    assert_eq!(names, ["c", "b"]);
    assert_eq!(
        list(json!({"maxResults": 2, "nextToken": token.unwrap()})).await.unwrap(),
        (vec!["a".to_owned()], None)
    );
    assert_eq!(list(json!({"nextToken": "z"})).await.unwrap_err().code, "InvalidToken");
    assert_eq!(list(json!({"maxResults": 1001})).await.unwrap_err().code, "ValidationException");
}

#[tokio::test]
async fn a_restart_aborts_what_ran_and_tells_it() {
    let folder = tempfile::tempdir().unwrap();
    let events = Events::default();
    let calls = Arc::default();
    let machines = StateMachines::open(setup(folder.path(), Arc::new(Never(Arc::clone(&calls))), &events)).unwrap();
    start(&machines, "sales-1", "{}").await.unwrap();
    until(|| Arc::strong_count(&calls) > 2).await;
    drop(machines);
    until(|| Arc::strong_count(&calls) == 1).await;
    std::fs::write(folder.path().join("half.new"), "{\"na").unwrap();
    assert_eq!(statuses(&events), ["RUNNING"], "the end of a process tells nobody");

    let events = Events::default();
    let machines = StateMachines::open(setup(folder.path(), Arc::new(Never::default()), &events)).unwrap();
    let described = describe(&machines, "sales-1").await;
    assert_eq!(described["status"], "ABORTED");
    assert_eq!(described["error"], "Local.Restarted");
    assert!(described["cause"].as_str().unwrap().contains("restarted"));
    assert_eq!(statuses(&events), ["ABORTED"]);
    machines.idle().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("torn.json"), "{").unwrap();
    let error =
        StateMachines::open(setup(folder.path(), Arc::new(Never::default()), &Events::default())).err().unwrap();
    assert!(model::error::chain(&error).contains("torn.json"));
}

#[tokio::test]
async fn changes_are_told_in_the_shape_of_eventbridge() {
    let folder = tempfile::tempdir().unwrap();
    let events = Events::default();
    let machines = StateMachines::open(setup(folder.path(), Script::failing("Data"), &events)).unwrap();
    start(&machines, "sales-1", "{}").await.unwrap();
    machines.idle().await;
    assert_eq!(statuses(&events), ["RUNNING", "FAILED"]);
    let mut event = events.lock().unwrap()[1].clone();
    assert_eq!(event["id"].as_str().unwrap().len(), 36);
    event["id"] = Value::Null;
    assert_eq!(
        event,
        json!({
            "version": "0", "id": null, "detail-type": "Step Functions Execution Status Change", "source": "aws.states",
            "account": ACCOUNT, "time": "2026-01-01T00:00:03Z", "region": "us-east-1", "resources": [arn("sales-1")],
            "detail": {
                "executionArn": arn("sales-1"), "stateMachineArn": state_machine_arn(), "name": "sales-1",
                "status": "FAILED", "startDate": 1_767_225_602_500_i64, "stopDate": 1_767_225_603_500_i64,
                "input": "{}", "output": null, "inputDetails": {"included": true}, "outputDetails": null,
                "error": "Data", "cause": r#"{"errorMessage":"Data it is","errorType":"Data"}"#,
            },
        })
    );
}

#[tokio::test]
async fn the_machine_is_described_with_what_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let machines = open(folder.path(), Arc::new(Never::default()));
    let request = json!({"stateMachineArn": state_machine_arn()});
    let described = machines.call("DescribeStateMachine", request).await.unwrap();
    assert_eq!((&described["type"], &described["status"]), (&json!("STANDARD"), &json!("ACTIVE")));
    let definition: Value = serde_json::from_str(described["definition"].as_str().unwrap()).unwrap();
    assert_eq!(definition["States"]["A"]["Parameters"]["FunctionName"], "loader");
}

#[tokio::test]
async fn a_definition_that_is_not_known_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |definition: &str| {
        let setup = Setup {
            definition: definition.to_owned(),
            ..setup(folder.path(), Arc::new(Never::default()), &Events::default())
        };
        model::error::chain(&StateMachines::open(setup).err().unwrap())
    };
    let unknown = refusal(r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed", "Assign": {}}}}"#);
    assert!(unknown.contains("not known to the double: States.A: unknown field `Assign`"), "{unknown}");
    let lost = refusal(r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}"#);
    assert!(lost.contains("States.A: there is no state `B` to go to; States: no end can be reached"), "{lost}");
    let open = refusal(r#"{"StartAt": "${First}", "States": {}}"#);
    assert!(open.ends_with("nothing stands for `${First}`"), "{open}");
}

/// The flow that is deployed, with functions that answer as the real ones do.
mod deployed {
    use super::*;
    use crate::invoke::Invocation;

    const FLOW: &str = include_str!("../../../../infra/flow.asl.json");

    fn open(folder: &Path, script: Arc<Script>, events: &Events) -> StateMachines {
        let functions = ["Starter", "Transform", "Loader", "Catalog", "Reporter"];
        let stands_for = |name: &str| (format!("{name}FunctionArn"), name.to_lowercase());
        let setup = setup(folder, script, events);
        let substitutions = functions.map(stands_for).to_vec();
        StateMachines::open(Setup { definition: FLOW.to_owned(), substitutions, ..setup }).unwrap()
    }

    const NAME: &str = "sales-0123456789abcdef0123456789abcdef-2";
    const INPUT: &str =
        r#"{"dataset":"sales","run":"sales-0123456789abcdef0123456789abcdef","items":[0,1,2],"infer":false}"#;

    fn load(step: &str, wait_seconds: u32) -> Invocation {
        Invocation::Answer(json!({"step": step, "statement_id": "s", "wait_seconds": wait_seconds}))
    }

    #[tokio::test]
    async fn it_runs_every_stage_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let script = Script::new(|function, before| match (function, before) {
            ("loader", 0) => load("prepare", 2),
            ("loader", 1) => load("publish", 4),
            ("loader", _) => load("done", 0),
            _ => Invocation::Answer(Value::Null),
        });
        let machines = open(folder.path(), script.clone(), &Events::default());
        start(&machines, NAME, INPUT).await.unwrap();
        machines.idle().await;
        assert_eq!(describe(&machines, NAME).await["status"], "SUCCEEDED");
        let calls = script.calls();
        let functions: Vec<_> = calls.iter().map(|(function, _)| function.as_str()).collect();
        let transforms = ["transform"; 3].into_iter();
        let rest = ["loader", "loader", "loader", "catalog", "reporter"];
        assert_eq!(functions, transforms.chain(rest).collect::<Vec<_>>());
        let mut items: Vec<_> = calls[..3].iter().map(|(_, payload)| payload["item"].as_u64().unwrap()).collect();
        items.sort_unstable();
        assert_eq!(items, [0, 1, 2]);
        assert_eq!(calls[4].1["n"], 2);
        assert_eq!(calls[4].1["load"]["step"], "prepare");
    }

    #[tokio::test]
    async fn a_failure_discards_the_load_and_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let script = Script::new(|function, before| match (function, before) {
            ("loader", 0) => super::super::script::failed("Config"),
            _ => Invocation::Answer(Value::Null),
        });
        let machines = open(folder.path(), script.clone(), &Events::default());
        start(&machines, NAME, INPUT).await.unwrap();
        machines.idle().await;
        let described = describe(&machines, NAME).await;
        assert_eq!((&described["status"], &described["error"]), (&json!("FAILED"), &json!("Config")));
        let calls = script.calls();
        assert_eq!(calls[4].1["action"], "discard");
        assert_eq!(calls[5].0, "reporter");
        assert_eq!(calls[5].1["error"]["Error"], "Config");
    }
}
