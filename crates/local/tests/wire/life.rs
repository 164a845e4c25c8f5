//! Starting, stopping, killing.

use local::{Functions, Local, Options};

use crate::{Laptop, options};

#[tokio::test]
async fn objects_survive_a_kill() {
    let mut laptop = Laptop::start().await;
    laptop.put("lake", "a", "first").await;
    laptop.put("lake", "a", "second").await;
    laptop.put("lake", "b", "third").await;
    laptop.s3().delete_object().bucket("lake").key("b").send().await.unwrap();
    let before = laptop.s3().head_object().bucket("lake").key("a").send().await.unwrap();
    laptop = laptop.after_a_kill().await;
    assert_eq!(laptop.get("lake", "a").await, "second");
    let after = laptop.s3().head_object().bucket("lake").key("a").send().await.unwrap();
    assert_eq!((before.e_tag(), before.last_modified()), (after.e_tag(), after.last_modified()));
    assert_eq!(laptop.s3().list_objects_v2().bucket("lake").send().await.unwrap().key_count(), Some(1));
    let buckets = laptop.s3().list_buckets().send().await.unwrap();
    let buckets: Vec<_> = buckets.buckets().iter().filter_map(|bucket| bucket.name()).collect();
    assert_eq!(buckets, ["control", "lake", "landing"]);
}

#[tokio::test]
async fn a_kill_leaves_no_bytes_without_an_object() {
    let mut laptop = Laptop::start().await;
    let upload = laptop.s3().create_multipart_upload().bucket("lake").key("a").send().await.unwrap();
    let part = laptop.s3().upload_part().bucket("lake").key("a").upload_id(upload.upload_id().unwrap()).part_number(1);
    part.body(b"never completed".to_vec().into()).send().await.unwrap();
    laptop.put("lake", "b", "there").await;
    let blobs = laptop.folder.path().join("s3/blobs");
    // What a process leaves that was killed at the worst moment: bytes without a line, a line without its end.
    std::fs::write(blobs.join("4711"), "torn").unwrap();
    let journal = laptop.folder.path().join("s3/journal.jsonl");
    let mut text = std::fs::read_to_string(&journal).unwrap();
    text += r#"{"put":{"bucket":"lake","key":"b","#;
    std::fs::write(&journal, text).unwrap();
    laptop = laptop.after_a_kill().await;
    assert_eq!(laptop.get("lake", "b").await, "there");
    assert_eq!(std::fs::read_dir(&blobs).unwrap().count(), 1);
}

#[tokio::test]
async fn a_folder_serves_one_process_at_a_time() {
    let laptop = Laptop::start().await;
    let running = local::running(laptop.folder.path()).unwrap().unwrap();
    assert_eq!(running.url, laptop.local.url());
    let second = Local::start(options(&laptop.folder, &laptop.functions)).await.err().unwrap();
    let text = model::error::chain(&second);
    assert!(text.contains(&format!("process {} uses it", std::process::id())), "{text}");
    let Laptop { folder, local, functions } = laptop;
    local.stop().await.unwrap();
    assert!(!folder.path().join("endpoint.json").exists());
    assert!(local::running(folder.path()).unwrap().is_none());
    let again = Local::start(options(&folder, &functions)).await.unwrap();
    again.kill().await;
    assert!(folder.path().join("endpoint.json").exists(), "a killed process cannot take its note away");
    assert!(local::running(folder.path()).unwrap().is_none(), "but nobody holds the folder");
}

#[tokio::test]
async fn a_flow_that_is_not_known_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let flow = r#"{"StartAt": "A", "States": {"A": {"Type": "Parallel", "Branches": [], "End": true}}}"#.to_owned();
    let refused = Local::start(Options { flow, ..Options::at(folder.path()) }).await.err().unwrap();
    assert_eq!(refused.kind(), model::Kind::Config);
    let functions = Functions::Url("https://elsewhere".to_owned());
    let refused = Local::start(Options { functions, ..Options::at(folder.path()) }).await.err().unwrap();
    assert!(model::error::chain(&refused).contains("the URL must be http://host:port"));
}

#[tokio::test]
async fn an_execution_that_a_kill_cut_off_is_told_to_reporter_and_loader() {
    let folder = tempfile::tempdir().unwrap();
    let functions = Default::default();
    let flow = r#"{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 90000000, "Next": "D"}, "D": {"Type": "Succeed"}}}"#;
    let local = Local::start(Options { flow: flow.to_owned(), ..options(&folder, &functions) }).await.unwrap();
    let start = local.clients().sfn.start_execution().state_machine_arn(local::names::state_machine_arn());
    start.name("sales-1-1").input("{}").send().await.unwrap();
    local.kill().await;
    assert_eq!(functions.calls(), []);
    let local = Local::start(options(&folder, &functions)).await.unwrap();
    local.idle().await;
    let calls = functions.calls();
    let called: std::collections::BTreeSet<&str> = calls.iter().map(|(function, _)| function.as_str()).collect();
    assert_eq!((calls.len(), called), (2, ["loader", "reporter"].into()));
    for (_, event) in &calls {
        assert_eq!(event["detail"]["status"], "ABORTED");
        assert_eq!(event["detail"]["name"], "sales-1-1");
    }
}

#[tokio::test]
async fn exports_lead_handlers_and_clients_to_it() {
    let laptop = Laptop::start().await;
    let exports = laptop.local.exports();
    let get = |name: &str| exports.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(get("AWS_ENDPOINT_URL"), Some(laptop.local.url()));
    assert_eq!(get("SLUICE_LANDING_BUCKET"), Some("landing"));
    assert_eq!(get("SLUICE_WORKGROUP"), Some("sluice"));
}
