//! What follows from a call: notifications, invocations, messages.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use local::{Functions, Local, Options};
use serde_json::{Value, json};

use crate::{Laptop, http};

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn a_manifest_calls_the_starter_once() {
    let laptop = Laptop::start().await;
    laptop.put("landing", "sales/day 1+2/_manifest.json", "{}").await;
    laptop.put("landing", "sales/part.csv", "a").await;
    laptop.put("lake", "manifest", "another bucket").await;
    laptop.put("landing", "sales/_SUCCESS", "").await;
    let copied = laptop.s3().copy_object().bucket("landing").key("copied/manifest");
    copied.copy_source("lake/manifest").send().await.unwrap();
    laptop.local.idle().await;

    let mut events = laptop.functions.events();
    events.sort_by_key(|event| event["object"]["sequencer"].to_string());
    let keys: Vec<_> = events.iter().map(|event| event["object"]["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["sales/day+1%2B2/_manifest.json", "sales/_SUCCESS", "copied/manifest"]);
    let object = &events[0]["object"];
    assert_eq!((&object["size"], &object["eTag"]), (&json!(2), &json!("99914b932bd37a50b983c5e7c90ae93b")));
    assert_eq!(events[0]["bucket"]["name"], "landing");
    let (function, event) = &laptop.functions.calls()[0];
    assert_eq!((function.as_str(), &event["Records"][0]["eventVersion"]), ("starter", &json!("2.1")));
    assert!(event["Records"][0].get("s3").is_some_and(|s3| s3["s3SchemaVersion"] == "1.0"));
}

#[tokio::test]
async fn sequencers_rise_over_a_restart() {
    let mut laptop = Laptop::start().await;
    laptop.put("landing", "a/manifest", "1").await;
    laptop.local.idle().await;
    laptop.s3().delete_object().bucket("landing").key("a/manifest").send().await.unwrap();
    laptop = laptop.after_a_kill().await;
    laptop.put("landing", "a/manifest", "2").await;
    laptop.local.idle().await;
    let sequencers: Vec<_> =
        laptop.functions.events().iter().map(|event| event["object"]["sequencer"].to_string()).collect();
    assert_eq!(sequencers.len(), 2);
    assert!(sequencers[0] < sequencers[1], "{sequencers:?}");
}

#[tokio::test]
async fn a_failing_function_is_tried_three_times() {
    let laptop = Laptop::start().await;
    *laptop.functions.failures.lock().unwrap() = 2;
    laptop.put("landing", "a/manifest", "1").await;
    laptop.local.idle().await;
    assert_eq!(laptop.functions.calls().len(), 3);
    *laptop.functions.failures.lock().unwrap() = 3;
    laptop.put("landing", "b/manifest", "1").await;
    laptop.local.idle().await;
    assert_eq!(laptop.functions.calls().len(), 6);
    let undelivered = std::fs::read_to_string(laptop.folder.path().join("undelivered.jsonl")).unwrap();
    let undelivered: Value = serde_json::from_str(&undelivered).unwrap();
    assert_eq!(undelivered["responsePayload"], json!({"errorType": "Transient", "errorMessage": "not now"}));
    assert_eq!(undelivered["requestPayload"]["Records"][0]["s3"]["object"]["key"], "b/manifest");
}

#[tokio::test]
async fn a_quiet_put_calls_nobody() {
    let laptop = Laptop::start().await;
    let url = model::name::S3Url::parse("s3://landing/a/manifest").unwrap();
    laptop.local.put_quietly(&url, b"{}".to_vec()).await.unwrap();
    laptop.local.idle().await;
    assert_eq!(laptop.functions.calls(), []);
    assert_eq!(laptop.get("landing", "a/manifest").await, "{}");
    laptop.local.redeliver(&url).await.unwrap();
    assert_eq!(laptop.functions.events()[0]["object"]["key"], "a/manifest");
}

#[tokio::test]
async fn invoke_answers_as_lambda_does() {
    let laptop = Laptop::start().await;
    let path = format!("/2015-03-31/functions/{}/invocations", urlencode(&local::names::function_arn("loader")));
    let invoke = async |headers: &[(&str, &str)], body: &str| {
        http(laptop.local.url(), &format!("POST {path}"), headers, body).await
    };
    let (head, body) = invoke(&[], r#"{"a": 1}"#).await;
    assert!(head.starts_with("HTTP/1.1 200") && !head.contains("x-amz-function-error"), "{head}");
    assert_eq!(body, r#"{"called":"loader"}"#);

    *laptop.functions.failures.lock().unwrap() = 1;
    let (head, body) = invoke(&[], "{}").await;
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("x-amz-function-error: Unhandled"), "{head}");
    assert_eq!(body, r#"{"errorMessage":"not now","errorType":"Transient"}"#);

    let (head, _) = invoke(&[("X-Amz-Invocation-Type", "Event")], "{}").await;
    assert!(head.starts_with("HTTP/1.1 202"), "{head}");
    laptop.local.idle().await;
    assert_eq!(laptop.functions.calls().len(), 3);

    let (head, body) = invoke(&[("X-Amz-Invocation-Type", "DryRun")], "{}").await;
    assert!(head.starts_with("HTTP/1.1 400") && body.contains("not known to the double"), "{head} {body}");
    let (head, body) = invoke(&[], "{").await;
    assert!(head.contains("x-amzn-errortype: InvalidRequestContentException"), "{head} {body}");
    let url = laptop.local.url();
    let (head, _) = http(url, "POST /2015-03-31/functions/other/invocations", &[], "{}").await;
    assert!(head.starts_with("HTTP/1.1 404") && head.contains("ResourceNotFoundException"), "{head}");
}

#[tokio::test]
async fn functions_at_a_url_are_called_there() {
    let there = Laptop::start().await;
    let folder = tempfile::tempdir().unwrap();
    let functions = Functions::Url(there.local.url().to_owned());
    let here = Local::start(Options { functions, ..Options::at(folder.path()) }).await.unwrap();
    let path = "POST /2015-03-31/functions/catalog/invocations";
    let (head, body) = http(here.url(), path, &[], r#"{"a": 1}"#).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(body, r#"{"called":"catalog"}"#);
    assert_eq!(there.functions.calls(), [("catalog".to_owned(), json!({"a": 1}))]);
    *there.functions.failures.lock().unwrap() = 1;
    let (head, _) = http(here.url(), path, &[], "{}").await;
    assert!(head.contains("x-amz-function-error: Unhandled"), "{head}");
    there.local.stop().await.unwrap();
    let (head, body) = http(here.url(), path, &[], "{}").await;
    assert!(head.starts_with("HTTP/1.1 500") && head.contains("ServiceException"), "{head} {body}");
}

#[tokio::test]
async fn a_handler_in_this_process_fails_by_the_kind_of_its_error() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(Options::at(folder.path())).await.unwrap();
    for function in ["transform", "loader", "catalog"] {
        let (head, body) =
            http(local.url(), &format!("POST /2015-03-31/functions/{function}/invocations"), &[], "{}").await;
        assert!(head.starts_with("HTTP/1.1 200") && head.contains("x-amz-function-error: Unhandled"), "{head}");
        let failure: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(failure["errorType"], "Config", "{function}: {failure}");
        assert!(failure["errorMessage"].as_str().unwrap().contains("cannot read the request"), "{failure}");
    }
    local.stop().await.unwrap();
}

#[tokio::test]
async fn a_message_to_the_topic_is_kept() {
    let laptop = Laptop::start().await;
    let topic = urlencode(&local::names::topic_arn());
    let form = format!("Action=Publish&Version=2010-03-31&TopicArn={topic}&Message=a+run+failed");
    let (head, body) = http(laptop.local.url(), "POST /", &[FORM], &form).await;
    assert!(head.starts_with("HTTP/1.1 200") && body.contains("<MessageId>"), "{head} {body}");
    let (head, body) = http(laptop.local.url(), "POST /", &[FORM], "Action=Subscribe&Version=2010-03-31").await;
    assert!(head.starts_with("HTTP/1.1 400") && body.contains("not known to the double"), "{head} {body}");
    let messages: Vec<_> = laptop.local.notices().into_iter().map(|notice| notice.message).collect();
    assert_eq!(messages, ["a run failed"]);
}

#[tokio::test]
async fn a_failed_run_reaches_the_topic_and_others_do_not() {
    let laptop = Laptop::start().await;
    let entry = |detail_type: &str, detail: &str| {
        PutEventsRequestEntry::builder().source("sluice").detail_type(detail_type).detail(detail).build()
    };
    let put = laptop.local.clients().eventbridge.put_events();
    let put = put.entries(entry("Sluice Run Failed", r#"{"run": "r"}"#));
    let put =
        put.entries(entry("Sluice Run Succeeded", r#"{"run": "s"}"#)).entries(entry("Sluice Run Failed", "no JSON"));
    let put = put.send().await.unwrap();
    assert_eq!(put.failed_entry_count(), 1);
    assert!(put.entries()[0].event_id().is_some());
    assert_eq!(put.entries()[2].error_code(), Some("MalformedDetail"));
    let notices = laptop.local.notices();
    assert_eq!(notices.len(), 1);
    let event: Value = serde_json::from_str(&notices[0].message).unwrap();
    assert_eq!((&event["source"], &event["detail"]), (&json!("sluice"), &json!({"run": "r"})));
    let kept = std::fs::read_to_string(laptop.folder.path().join("events.jsonl")).unwrap();
    assert_eq!(kept.lines().count(), 2);
}

#[tokio::test]
async fn idle_waits_for_statements() {
    let laptop = Laptop::start().await;
    let data = &laptop.local.clients().redshift_data;
    let submit = data.execute_statement().workgroup_name("sluice").database("dev");
    let submitted = submit.sql("CREATE SCHEMA IF NOT EXISTS \"analytics\"").send().await.unwrap();
    laptop.local.idle().await;
    let described = data.describe_statement().id(submitted.id().unwrap()).send().await.unwrap();
    assert_eq!(described.status().map(|status| status.as_str()), Some("FINISHED"), "{:?}", described.error());
    let result = data.get_statement_result().id(submitted.id().unwrap()).send().await.unwrap_err().into_service_error();
    let text = format!("{result:?}");
    assert!(text.contains("ResourceNotFoundException") && text.contains(submitted.id().unwrap()), "{text}");
}

#[tokio::test]
async fn a_statement_is_that_of_the_access_key_that_signed() {
    let laptop = Laptop::start().await;
    let data = &laptop.local.clients().redshift_data;
    let submit = data.execute_statement().workgroup_name("sluice").database("dev");
    let submitted = submit.sql("SELECT 1").send().await.unwrap();
    laptop.local.idle().await;
    data.describe_statement().id(submitted.id().unwrap()).send().await.unwrap();
    let endpoint = aws::clients::Endpoint {
        url: laptop.local.url().to_owned(),
        access_key_id: "analyst".to_owned(),
        secret_access_key: "another".to_owned(),
        max_attempts: 1,
        metrics: aws::metric::Sink::Stdout,
    };
    let analyst = aws::Clients::at(&endpoint).await;
    let described = analyst.redshift_data.describe_statement().id(submitted.id().unwrap()).send().await;
    let error = described.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception(), "{error:?}");
}

#[tokio::test]
async fn an_unknown_service_operation_or_member_is_refused() {
    let laptop = Laptop::start().await;
    let call =
        async |target: &str, body: &str| http(laptop.local.url(), "POST /", &[("X-Amz-Target", target)], body).await;
    for (target, body) in [
        ("DynamoDB_20120810.GetItem", "{}"),
        ("AWSEvents.PutRule", "{}"),
        ("AWSEvents.PutEvents", r#"{"Entries": [], "EndpointId": "a"}"#),
        ("AWSStepFunctions.CreateStateMachine", "{}"),
        ("AWSGlue.StartJobRun", "{}"),
        ("RedshiftData.ListSessions", "{}"),
    ] {
        let (head, answer) = call(target, body).await;
        assert!(head.starts_with("HTTP/1.1 400"), "{target}: {head}");
        assert!(answer.contains("not known to the double"), "{target}: {answer}");
    }
}

fn urlencode(text: &str) -> String {
    text.replace(':', "%3A").replace('/', "%2F")
}
