//! The key of masks over the wire: without one nothing is planned, and a run keeps the one it was planned with.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use aws::object::need_document;
use model::error::chain;
use model::layout;
use model::name::RunName;
use model::plan::RunPlan;
use model::report::Status;
use serde_json::json;
use tempfile::TempDir;
use tests::Pipeline;

const CARDS: &str = r#"
dataset: cards
landing: cards/
format: csv
columns:
  id:   {type: bigint, required: true}
  card: {type: varchar(64), mask: sha256}
"#;

const ROWS: &str = "id,card\n1,4111111111111111\n2,4111111111111111\n";

async fn put_key(pipeline: &Pipeline, text: &str) -> String {
    let (secrets, name) = (&pipeline.place.clients.secrets, pipeline.export("SLUICE_MASK_SECRET"));
    let put = match secrets.describe_secret().secret_id(&name).send().await {
        Ok(_) => secrets.put_secret_value().secret_id(name).secret_string(text).send().await.unwrap().version_id,
        Err(_) => secrets.create_secret().name(name).secret_string(text).send().await.unwrap().version_id,
    };
    put.unwrap()
}

async fn plan(pipeline: &Pipeline, run: &RunName) -> RunPlan {
    need_document(&pipeline.place.clients.s3, &pipeline.place.control_bucket, &layout::plan(run)).await.unwrap()
}

#[tokio::test]
async fn a_run_keeps_the_key_that_it_was_planned_with() {
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), CARDS).await.unwrap();
    let first = put_key(&pipeline, "the first key there is").await;
    let one = pipeline.deliver("one", &[("a.csv", ROWS)]).await.unwrap();
    let second = put_key(&pipeline, "the second key there is").await;
    // The sender has named the runs as the starter does, or there would be no such plans.
    let two = pipeline.deliver("two", &[("a.csv", ROWS)]).await.unwrap();
    for run in [&one.run, &two.run] {
        let report = pipeline.report(run).await.unwrap().unwrap();
        assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    }
    assert_eq!(plan(&pipeline, &one.run).await.mask_key, Some(first));
    assert_eq!(plan(&pipeline, &two.run).await.mask_key, Some(second));

    let again = pipeline.local.redeliver(&one.manifest).await.unwrap();
    assert!(again.to_string().contains(&one.run.to_string()), "the event comes again, and is its run: {again}");
}

#[tokio::test]
async fn without_a_key_nothing_is_planned() {
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), CARDS).await.unwrap();
    let error = pipeline.deliver("one", &[("a.csv", ROWS)]).await.unwrap_err();
    assert!(chain(&error).contains("sluice/mask-key: ResourceNotFoundException"), "{}", chain(&error));

    // The same by a producer who does not know of keys: the event goes to where an operator finds it.
    pipeline.put("cards/two/a.csv", ROWS.as_bytes()).await.unwrap();
    let manifest = json!({"entries": [{"url": "s3://landing/cards/two/a.csv"}]}).to_string();
    pipeline.put("cards/two/manifest.json", manifest.as_bytes()).await.unwrap();
    pipeline.local.idle().await;
    let undelivered = std::fs::read_to_string(pipeline.folder().join("undelivered.jsonl")).unwrap();
    assert!(undelivered.contains("cards/two/manifest.json"), "{undelivered}");
    assert_eq!(pipeline.refusals().await.unwrap(), Vec::<String>::new(), "another try can succeed");
}
