//! `sluice plan`: what a manifest would become, without its becoming it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use aws::object::list;
use local::Options;
use sluice::cli::Plan;
use sluice::command::plan::{PlanReport, plan};
use tempfile::TempDir;
use tests::{FOUR_ROWS, ORDERS, Pipeline};

const NOW: &str = "2026-02-03T04:05:06Z";

async fn planned(pipeline: &Pipeline, manifest: &str) -> model::Result<PlanReport> {
    let arguments = Plan { manifest: manifest.to_owned(), key: None };
    plan(&pipeline.place, &arguments, NOW.parse().unwrap()).await
}

fn step<'a>(report: &'a PlanReport, name: &str) -> &'a [String] {
    &report.steps.iter().find(|step| step.step == name).unwrap().statements
}

#[tokio::test]
async fn a_plan_says_what_happens_and_does_nothing() {
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), ORDERS).await.unwrap();
    let file = pipeline.put("orders/one/a.csv", FOUR_ROWS.as_bytes()).await.unwrap();
    let path = folder.path().join("_manifest.json");
    std::fs::write(&path, format!("{{\"entries\": [{{\"url\": \"{file}\"}}]}}")).unwrap();
    let before = list(&pipeline.place.clients.s3, &pipeline.place.control_bucket, "").await.unwrap();

    let report = planned(&pipeline, path.to_str().unwrap()).await.unwrap();
    assert_eq!(report.manifest.to_string(), "s3://landing/orders/one/_manifest.json");
    assert_eq!((report.engine.as_str(), report.items.as_slice()), ("one Lambda", &[1][..]));
    assert!(report.reason.contains("one file is one item"), "{}", report.reason);
    assert_eq!((report.inputs[0].url.clone(), report.inputs[0].size_bytes), (file, FOUR_ROWS.len() as u64));
    assert_eq!(report.files, [format!("orders/dt=<day(sold_on)>/sluice_run={}/0-0.parquet", report.run)]);
    assert_eq!(report.table.unwrap().difference, "missing");

    let after = list(&pipeline.place.clients.s3, &pipeline.place.control_bucket, "").await.unwrap();
    assert_eq!(before, after, "nothing is written");
    assert!(pipeline.query("SELECT * FROM analytics.orders").await.is_err(), "no table is made");
}

#[tokio::test]
async fn the_statements_of_a_plan_are_those_that_are_submitted() {
    let folder = TempDir::new().unwrap();
    let clock = Arc::new(|| chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let pipeline = Pipeline::start_with(Options { clock, ..Options::at(folder.path()) }, ORDERS).await.unwrap();
    let delivery = pipeline.deliver("one", &[("a.csv", FOUR_ROWS)]).await.unwrap();
    let report = planned(&pipeline, &delivery.manifest.to_string()).await.unwrap();
    assert_eq!(report.run, delivery.run);
    assert!(report.notes.iter().any(|note| note.starts_with("the run is there already")), "{:?}", report.notes);
    assert_eq!(report.table.as_ref().unwrap().difference, "alike");

    let part = model::layout::part(&delivery.run, 0);
    let part: model::part::Part =
        aws::object::need_document(&pipeline.place.clients.s3, &pipeline.place.control_bucket, &part).await.unwrap();
    let counted = [
        ("<rows_read>", part.counts.read),
        ("<rows_accepted>", part.counts.accepted),
        ("<rows_rejected>", part.counts.rejected),
        ("<rows_filtered>", part.counts.filtered),
        ("<rows_duplicate>", part.counts.duplicate),
        ("<parquet_files>", part.files.len() as u64),
        ("<parquet_bytes>", part.files.iter().map(|file| file.size_bytes).sum()),
        ("<token>", 1),
    ];
    let listed = pipeline.place.clients.redshift_data.list_statements().status("ALL".into()).send().await.unwrap();
    let submitted: Vec<&[String]> = listed.statements().iter().map(|statement| statement.query_strings()).collect();
    for name in ["prepare", "stage", "publish"] {
        let statements = step(&report, name)
            .iter()
            .map(|sql| counted.iter().fold(sql.clone(), |sql, (word, count)| sql.replace(word, &count.to_string())))
            .map(|sql| sql.replace("<queued_at>", "2027-01-15 08:00:00.000000"));
        let statements: Vec<String> = statements.collect();
        assert!(submitted.contains(&statements.as_slice()), "{name}: {statements:#?} is not among {submitted:#?}");
    }
}

#[tokio::test]
async fn a_plan_shows_what_is_altered_and_what_is_refused() {
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), ORDERS).await.unwrap();
    let delivery = pipeline.deliver("one", &[("a.csv", FOUR_ROWS)]).await.unwrap();
    let manifest = delivery.manifest.to_string();
    // An older table: it lacks a column.
    pipeline.query("DROP TABLE analytics.orders").await.unwrap();
    let columns = "_sluice_batch varchar(64) NOT NULL, _sluice_run varchar(80) NOT NULL, id bigint, sold_on date, amount decimal(10,2)";
    pipeline.query(&format!("CREATE TABLE analytics.orders ({columns})")).await.unwrap();
    let report = planned(&pipeline, &manifest).await.unwrap();
    assert_eq!(report.table.as_ref().unwrap().difference, "altered");
    assert_eq!(step(&report, "alter"), [r#"ALTER TABLE "analytics"."orders" ADD COLUMN "name" varchar(10)"#]);
    let order: Vec<&str> = report.steps.iter().map(|step| step.step).collect();
    assert_eq!(order, ["prepare", "alter", "stage", "publish", "verdict"]);

    pipeline.query("ALTER TABLE analytics.orders ADD COLUMN region varchar(8)").await.unwrap();
    let table = planned(&pipeline, &manifest).await.unwrap().table.unwrap();
    assert_eq!(table.difference, "refused");
    assert!(table.refused.unwrap().contains("DROP COLUMN \"region\""));
}

#[tokio::test]
async fn what_would_be_refused_is_an_error_with_its_code_and_leaves_no_refusal() {
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), ORDERS).await.unwrap();
    let path = folder.path().join("_manifest.json");
    std::fs::write(&path, r#"{"entries": [{"url": "s3://landing/orders/one/gone.csv"}]}"#).unwrap();
    let error = planned(&pipeline, path.to_str().unwrap()).await.unwrap_err();
    let message = model::error::chain(&error);
    assert!(message.contains("it would be refused (missing_file)") && message.contains("gone.csv"), "{message}");
    assert_eq!(pipeline.refusals().await.unwrap(), [] as [&str; 0]);
}
