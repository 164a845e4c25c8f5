//! One test a rule of Amazon States Language.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::{Barrier, Semaphore};

use super::definition::Machine;
use super::failure::{Failure, Stop};
use super::flow_time::FlowTime;
use super::interpreter::{Frame, Interpreter};
use super::script::{Never, Script, failed, task, until};
use super::validate;
use crate::clock::Pace;
use crate::invoke::{Invocation, Invoke};

/// Runs states from "A"; also how much time the flow has counted.
async fn timed(states: Value, input: Value, invoke: Arc<dyn Invoke>) -> (Result<Value, Stop>, Duration) {
    let mut definition = json!({"StartAt": "A", "States": states});
    if let Some(timeout) = definition["States"].as_object_mut().unwrap().remove("TimeoutSeconds") {
        definition["TimeoutSeconds"] = timeout;
    }
    let machine = Machine::read(&definition.to_string()).unwrap();
    assert_eq!(validate::faults(&machine), [""; 0]);
    let execution = json!({"Id": "arn", "Name": "sales-0a-7", "Input": input, "StartTime": "2026-01-01T00:00:00.000Z"});
    let mut frame = Frame::begin(execution, FlowTime::begin(Pace::Fast, machine.timeout));
    let outcome = Interpreter::new(invoke).run(&machine.flow, input, &mut frame).await;
    (outcome, frame.time.elapsed())
}

async fn run(states: Value, input: Value, invoke: Arc<dyn Invoke>) -> Result<Value, Stop> {
    timed(states, input, invoke).await.0
}

fn error_of(outcome: Result<Value, Stop>) -> String {
    match outcome {
        Err(Stop::Failed(failure)) => failure.error.unwrap_or_default(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn pass_computes_and_places() {
    let states = json!({
        "A": {"Type": "Pass", "Parameters": {"run.$": "$.run", "n.$": "$$.Execution.Name", "at.$": "$$.State.Name"}, "Next": "B"},
        "B": {"Type": "Pass", "Result": null, "ResultPath": "$.load", "Next": "C"},
        "C": {"Type": "Pass", "InputPath": "$.run", "ResultPath": "$.copy", "OutputPath": "$", "End": true},
    });
    let output = run(states, json!({"run": "r", "gone": 1}), Script::always(Value::Null)).await;
    assert_eq!(output, Ok(json!({"run": "r", "n": "sales-0a-7", "at": "A", "load": null, "copy": "r"})));
}

#[tokio::test]
async fn a_task_is_called_with_its_payload_and_its_answer_is_shaped() {
    let members = json!({
        "InputPath": "$.in", "ResultSelector": {"step.$": "$.Payload.step", "code.$": "$.StatusCode"},
        "ResultPath": "$.load", "OutputPath": "$.load", "End": true,
    });
    let script = Script::always(json!({"step": "done", "wait_seconds": 0}));
    let output = run(json!({"A": task("loader", members)}), json!({"in": {"n": 1}}), script.clone()).await;
    assert_eq!(output, Ok(json!({"step": "done", "code": 200})));
    assert_eq!(script.calls(), [("loader".to_owned(), json!({"n": 1}))]);
}

#[tokio::test]
async fn a_null_result_path_discards_the_answer() {
    let states = json!({"A": task("transform", json!({"ResultPath": null, "End": true}))});
    assert_eq!(run(states, json!({"run": "r"}), Script::always(json!(1))).await, Ok(json!({"run": "r"})));
}

#[tokio::test]
async fn a_function_fails_by_its_error_type_with_its_json_as_cause() {
    let outcome = run(json!({"A": task("loader", json!({"End": true}))}), json!({}), Script::failing("Data")).await;
    let cause = r#"{"errorMessage":"Data it is","errorType":"Data"}"#.to_owned();
    assert_eq!(outcome, Err(Stop::Failed(Failure { error: Some("Data".to_owned()), cause: Some(cause) })));
    let nameless = run(json!({"A": task("loader", json!({"End": true}))}), json!({}), Script::failing("")).await;
    assert_eq!(error_of(nameless), "Lambda.Unknown");
}

#[tokio::test]
async fn a_lambda_that_is_not_reached_fails_by_its_own_name() {
    let unreached = Script::new(|_, _| Invocation::Transport("connection refused".to_owned()));
    let states = json!({"A": task("loader", json!({"End": true}))});
    assert_eq!(error_of(run(states, json!({}), unreached).await), "Lambda.SdkClientException");
}

#[tokio::test]
async fn a_task_is_tried_again_as_often_and_as_late_as_its_retriers_say() {
    let retry = json!([
        {"ErrorEquals": ["Throttled"], "IntervalSeconds": 2, "MaxAttempts": 1},
        {"ErrorEquals": ["Transient"], "IntervalSeconds": 1, "MaxAttempts": 3, "BackoffRate": 2},
    ]);
    let states = json!({"A": task("loader", json!({"Retry": retry, "OutputPath": "$.Payload", "End": true}))});
    let errors = ["Transient", "Throttled", "Transient", "Transient"];
    let healing =
        move |_: &str, before: usize| errors.get(before).map_or(Invocation::Answer(json!("ok")), |e| failed(e));
    let script = Script::new(healing);
    let (outcome, elapsed) = timed(states.clone(), json!({}), script.clone()).await;
    assert_eq!(outcome, Ok(json!("ok")));
    assert_eq!(script.calls().len(), 5);
    let waited = Duration::from_secs(1 + 2 + 2 + 4);
    assert!((waited..waited * 2).contains(&elapsed), "{elapsed:?}");

    let sick = Script::failing("Transient");
    assert_eq!(error_of(run(states.clone(), json!({}), sick.clone()).await), "Transient");
    assert_eq!(sick.calls().len(), 4);

    let wrong = Script::failing("Data");
    assert_eq!(error_of(run(states, json!({}), wrong.clone()).await), "Data");
    assert_eq!(wrong.calls().len(), 1);
}

#[tokio::test]
async fn a_failure_is_caught_by_name_into_the_input() {
    let catch = json!([
        {"ErrorEquals": ["Data"], "ResultPath": "$.error", "Next": "B"},
        {"ErrorEquals": ["States.ALL"], "Next": "B"},
    ]);
    let states = json!({"A": task("loader", json!({"Catch": catch, "InputPath": "$.in", "End": true})), "B": {"Type": "Succeed"}});
    let input = json!({"in": {}, "run": "r"});
    let output = run(states.clone(), input.clone(), Script::failing("Data")).await.unwrap();
    assert_eq!(output["run"], "r");
    assert_eq!(output["error"]["Error"], "Data");
    assert!(output["error"]["Cause"].as_str().unwrap().contains("Data it is"));
    let output = run(states, input, Script::failing("Bug")).await.unwrap();
    assert_eq!(output["Error"], "Bug");
}

#[tokio::test]
async fn a_path_that_leads_nowhere_ends_the_execution_past_every_catch() {
    let catch = json!([{"ErrorEquals": ["States.ALL"], "Next": "B"}]);
    let retry = json!([{"ErrorEquals": ["States.ALL"]}]);
    let parameters = json!({"FunctionName": "loader", "Payload": {"run.$": "$.run"}});
    let members = json!({"Catch": catch, "Retry": retry, "Parameters": parameters, "End": true});
    let script = Script::always(Value::Null);
    let states = json!({"A": task("loader", members), "B": {"Type": "Succeed"}});
    assert_eq!(error_of(run(states, json!({}), script.clone()).await), "States.Runtime");
    assert_eq!(script.calls(), []);
}

#[tokio::test]
async fn data_beyond_the_limit_ends_the_execution_past_every_catch() {
    let catch = json!([{"ErrorEquals": ["States.ALL"], "Next": "B"}]);
    let states = json!({"A": task("loader", json!({"Catch": catch, "ResultPath": null, "End": true})), "B": {"Type": "Succeed"}});
    let text = |bytes: usize| json!("x".repeat(bytes - 2));
    assert_eq!(run(states.clone(), json!({}), Script::always(text(262_144))).await, Ok(json!({})));
    assert_eq!(error_of(run(states, json!({}), Script::always(text(262_145))).await), "States.DataLimitExceeded");

    let doubled = json!({"A": {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}, "End": true}});
    assert_eq!(error_of(run(doubled, text(150_000), Script::always(Value::Null)).await), "States.DataLimitExceeded");
}

#[tokio::test]
async fn a_choice_takes_the_first_rule_that_holds() {
    let rule = |step: &str, next: &str| json!({"Variable": "$.step", "StringEquals": step, "Next": next});
    let mut states = json!({
        "A": {"Type": "Choice", "Choices": [rule("x", "B"), rule("x", "C"), rule("y", "C")], "Default": "D"},
        "B": {"Type": "Pass", "Result": "b", "End": true},
        "C": {"Type": "Pass", "Result": "c", "End": true},
        "D": {"Type": "Pass", "Result": "d", "End": true},
    });
    for (step, end) in [("x", "b"), ("y", "c"), ("z", "d")] {
        let output = run(states.clone(), json!({"step": step}), Script::always(Value::Null)).await;
        assert_eq!(output, Ok(json!(end)));
    }
    states["A"].as_object_mut().unwrap().remove("Default");
    states.as_object_mut().unwrap().remove("D");
    let outcome = run(states, json!({"step": "z"}), Script::always(Value::Null)).await;
    assert_eq!(error_of(outcome), "States.NoChoiceMatched");
}

#[tokio::test]
async fn a_wait_lasts_as_long_as_it_says() {
    let states = json!({
        "A": {"Type": "Wait", "Seconds": 3, "Next": "B"},
        "B": {"Type": "Wait", "SecondsPath": "$.wait_seconds", "Next": "C"},
        "C": {"Type": "Wait", "Seconds": 0, "End": true},
    });
    let (output, elapsed) = timed(states.clone(), json!({"wait_seconds": 5}), Script::always(Value::Null)).await;
    assert_eq!(output, Ok(json!({"wait_seconds": 5})));
    assert!(elapsed >= Duration::from_secs(8), "{elapsed:?}");
    for nonsense in [json!({"wait_seconds": -1}), json!({"wait_seconds": "5"}), json!({})] {
        let outcome = run(states.clone(), nonsense, Script::always(Value::Null)).await;
        assert_eq!(error_of(outcome), "States.Runtime");
    }
}

#[tokio::test]
async fn succeed_and_fail_end_the_flow() {
    let succeed = json!({"A": {"Type": "Succeed", "OutputPath": "$.a"}});
    assert_eq!(run(succeed, json!({"a": 1}), Script::always(Value::Null)).await, Ok(json!(1)));
    let fail = json!({"A": {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "States.Format('it: {}', $.error.Cause)"}});
    let outcome =
        run(fail.clone(), json!({"error": {"Error": "Data", "Cause": "c"}}), Script::always(Value::Null)).await;
    assert_eq!(outcome, Err(Stop::Failed(Failure::new("Data", "it: c"))));
    assert_eq!(error_of(run(fail, json!({}), Script::always(Value::Null)).await), "States.Runtime");
    let written = json!({"A": {"Type": "Fail", "Error": "E", "Cause": "C"}});
    assert_eq!(run(written, json!({}), Script::always(Value::Null)).await, Err(Stop::Failed(Failure::new("E", "C"))));
}

#[tokio::test]
async fn a_task_that_takes_too_long_is_a_timeout_that_can_be_caught() {
    let catch = json!([
        {"ErrorEquals": ["States.TaskFailed"], "Next": "Wrong"},
        {"ErrorEquals": ["States.Timeout"], "Next": "B"},
    ]);
    let members = json!({"TimeoutSeconds": 1, "Catch": catch, "End": true});
    let states = json!({"A": task("loader", members), "B": {"Type": "Succeed"}, "Wrong": {"Type": "Fail"}});
    let output = run(states, json!({}), Arc::new(Never::default())).await.unwrap();
    assert_eq!(output, json!({"Error": "States.Timeout", "Cause": ""}));
}

#[tokio::test]
async fn a_flow_that_takes_too_long_times_out_past_every_catch() {
    let catch = json!([{"ErrorEquals": ["States.ALL"], "Next": "B"}]);
    let retry = json!([{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 30, "MaxAttempts": 9}]);
    let states = json!({
        "TimeoutSeconds": 40, "A": task("loader", json!({"Retry": retry, "Catch": catch, "End": true})), "B": {"Type": "Succeed"}
    });
    let script = Script::failing("Transient");
    assert_eq!(run(states, json!({}), script.clone()).await, Err(Stop::TimedOut));
    assert_eq!(script.calls().len(), 2, "the second retry would be after 90 seconds");
}

fn map(members: Value) -> Value {
    let mut map = json!({
        "Type": "Map", "ItemsPath": "$.items",
        "ItemSelector": {"run.$": "$.run", "item.$": "$$.Map.Item.Value", "index.$": "$$.Map.Item.Index"},
        "ItemProcessor": {"StartAt": "Item", "States": {"Item": task("transform", json!({"OutputPath": "$.Payload", "End": true}))}},
        "End": true,
    });
    map.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    map
}

/// Answers with its own payload, the later items first.
struct Backwards(Barrier);

#[async_trait]
impl Invoke for Backwards {
    async fn invoke(&self, _: &str, payload: Value) -> Invocation {
        self.0.wait().await;
        for _ in 0..100 - payload["index"].as_u64().unwrap() {
            tokio::task::yield_now().await;
        }
        Invocation::Answer(payload["item"].clone())
    }
}

#[tokio::test]
async fn items_run_at_once_and_their_outputs_keep_the_order() {
    let items: Vec<u32> = (10..17).collect();
    let input = json!({"run": "r", "items": items});
    let output = run(json!({"A": map(json!({}))}), input, Arc::new(Backwards(Barrier::new(items.len())))).await;
    assert_eq!(output, Ok(json!(items)));
}

#[tokio::test]
async fn an_item_is_called_with_what_the_selector_makes() {
    let script = Script::always(Value::Null);
    let input = json!({"run": "r", "items": [7]});
    run(json!({"A": map(json!({"ResultPath": null}))}), input.clone(), script.clone()).await.unwrap();
    assert_eq!(script.calls(), [("transform".to_owned(), json!({"run": "r", "item": 7, "index": 0}))]);

    let script = Script::always(Value::Null);
    let mut plain = map(json!({}));
    plain.as_object_mut().unwrap().remove("ItemSelector");
    run(json!({"A": plain}), input, script.clone()).await.unwrap();
    assert_eq!(script.calls(), [("transform".to_owned(), json!(7))]);
}

/// Counts how many calls are under way at once.
struct Crowd {
    room: Semaphore,
    most: AtomicUsize,
    places: usize,
}

impl Crowd {
    fn new() -> Arc<Self> {
        let places = 1000;
        Arc::new(Self { room: Semaphore::new(places), most: AtomicUsize::new(0), places })
    }
}

#[async_trait]
impl Invoke for Crowd {
    async fn invoke(&self, _: &str, _: Value) -> Invocation {
        let _place = self.room.acquire().await.unwrap();
        self.most.fetch_max(self.places - self.room.available_permits(), Ordering::SeqCst);
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        Invocation::Answer(Value::Null)
    }
}

#[tokio::test]
async fn no_more_items_run_at_once_than_allowed() {
    for (max_concurrency, most) in [(1, 1), (3, 3), (0, 40), (60, 40)] {
        let crowd = Crowd::new();
        let states = json!({"A": map(json!({"MaxConcurrency": max_concurrency}))});
        let items: Vec<u32> = (0..100).collect();
        let output = run(states, json!({"run": "r", "items": items}), crowd.clone()).await.unwrap();
        assert_eq!(output.as_array().unwrap().len(), 100);
        assert_eq!(crowd.most.load(Ordering::SeqCst), most);
    }
}

/// Item 1 fails once all have begun; the others never answer.
struct OneFails {
    begun: Barrier,
    others: Never,
}

#[async_trait]
impl Invoke for OneFails {
    async fn invoke(&self, function: &str, payload: Value) -> Invocation {
        self.begun.wait().await;
        if payload["item"] == 1 {
            return failed("Data");
        }
        self.others.invoke(function, payload).await
    }
}

#[tokio::test]
async fn the_first_failure_is_the_maps_and_stops_the_others() {
    let under_way = Arc::default();
    let invoke = Arc::new(OneFails { begun: Barrier::new(3), others: Never(Arc::clone(&under_way)) });
    let catch = json!([{"ErrorEquals": ["Data"], "ResultPath": "$.error", "Next": "B"}]);
    let states = json!({"A": map(json!({"MaxConcurrency": 3, "Catch": catch})), "B": {"Type": "Succeed"}});
    let output = run(states, json!({"run": "r", "items": [0, 1, 2, 3]}), invoke).await.unwrap();
    assert_eq!(output["error"]["Error"], "Data");
    until(|| Arc::strong_count(&under_way) == 1).await;
}

#[tokio::test]
async fn a_map_is_tried_again_as_a_whole() {
    let script =
        Script::new(|_, before| if before == 0 { failed("Transient") } else { Invocation::Answer(json!(before)) });
    let retry = json!([{"ErrorEquals": ["Transient"], "IntervalSeconds": 1}]);
    let states = json!({"A": map(json!({"MaxConcurrency": 1, "Retry": retry}))});
    let output = run(states, json!({"run": "r", "items": [5, 6]}), script.clone()).await;
    assert_eq!(output, Ok(json!([1, 2])));
}

#[tokio::test]
async fn waits_of_items_that_run_at_once_count_once() {
    let processor = json!({"StartAt": "Item", "States": {"Item": {"Type": "Wait", "Seconds": 10, "End": true}}});
    let states = json!({"TimeoutSeconds": 60, "A": map(json!({"ItemProcessor": processor}))});
    let items: Vec<u32> = (0..20).collect();
    let (output, elapsed) =
        timed(states.clone(), json!({"run": "r", "items": items}), Script::always(Value::Null)).await;
    assert_eq!(output.unwrap().as_array().unwrap().len(), 20);
    assert!((10..20).contains(&elapsed.as_secs()), "{elapsed:?}");

    let mut one_by_one = states;
    one_by_one["A"]["MaxConcurrency"] = json!(1);
    let outcome = run(one_by_one, json!({"run": "r", "items": items}), Script::always(Value::Null)).await;
    assert_eq!(outcome, Err(Stop::TimedOut));
}

#[tokio::test]
async fn a_map_over_no_list_is_a_runtime_error_and_over_no_items_is_empty() {
    let states = json!({"A": map(json!({}))});
    let output = run(states.clone(), json!({"run": "r", "items": []}), Script::always(Value::Null)).await;
    assert_eq!(output, Ok(json!([])));
    let outcome = run(states, json!({"run": "r", "items": 3}), Script::always(Value::Null)).await;
    assert_eq!(error_of(outcome), "States.Runtime");
}

#[tokio::test]
async fn a_wrong_argument_of_a_function_can_be_caught() {
    let parameters = json!({"FunctionName": "loader", "Payload": {"n.$": "States.StringToJson($.n)"}});
    let catch = json!([{"ErrorEquals": ["States.IntrinsicFailure"], "Next": "B"}]);
    let states = json!({"A": task("loader", json!({"Parameters": parameters, "Catch": catch, "End": true})), "B": {"Type": "Succeed"}});
    let output = run(states, json!({"n": "{"}), Script::always(Value::Null)).await.unwrap();
    assert_eq!(output["Error"], "States.IntrinsicFailure");
}
