//! Columns that are found in the files: once for a run, by the state machine's own step, and kept from run to run.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use aws::object::{list, need_document};
use model::layout;
use model::name::RunName;
use model::report::{RunReport, Status};
use model::schema::RunSchema;
use tempfile::TempDir;
use tests::Pipeline;

const FOUND: &str = r#"
dataset: found
landing: found/
format: csv
csv: detect
partition_by: {m: month(day)}
catalog: {database: lake}
"#;

async fn schema(pipeline: &Pipeline, run: &RunName) -> RunSchema {
    need_document(&pipeline.place.clients.s3, &pipeline.place.control_bucket, &layout::schema(run)).await.unwrap()
}

fn types(schema: &RunSchema) -> Vec<String> {
    schema.columns.iter().map(|(name, column)| format!("{name} {}", column.kind)).collect()
}

async fn report(pipeline: &Pipeline, run: &RunName) -> RunReport {
    pipeline.local.idle().await;
    pipeline.report(run).await.unwrap().unwrap()
}

#[tokio::test]
async fn columns_that_are_found_are_joined_with_those_of_earlier_runs() {
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), FOUND).await.unwrap();
    let one = pipeline.deliver("one", &[("a.csv", "Id;day;price\n1;2026-01-31;5\n2;2026-02-01;7\n")]).await.unwrap();
    let ended = report(&pipeline, &one.run).await;
    assert_eq!((ended.status, ended.counts.accepted), (Status::Succeeded, 2), "{:?}", ended.error);
    let first = schema(&pipeline, &one.run).await;
    assert_eq!(types(&first), ["id bigint", "day date", "price bigint"]);
    assert_eq!((first.number, first.merged), (1, None));

    let two = pipeline.deliver("two", &[("b.csv", "Id;day;price\n3;2026-02-02;1.25\n")]).await.unwrap();
    let ended = report(&pipeline, &two.run).await;
    assert_eq!((ended.status, ended.counts.accepted), (Status::Succeeded, 1), "{:?}", ended.error);
    let second = schema(&pipeline, &two.run).await;
    assert_eq!(types(&second), ["id bigint", "day date", "price decimal(21,2)"]);
    assert_eq!((second.number, second.merged), (2, Some(1)));

    // Nothing new: the version stays, and the event that comes again is the run it was.
    let three = pipeline.deliver("three", &[("c.csv", "Id;day;price\n4;2026-02-03;2\n")]).await.unwrap();
    report(&pipeline, &three.run).await;
    let third = schema(&pipeline, &three.run).await;
    assert_eq!((third.number, third.merged), (2, Some(2)));
    let (s3, bucket) = (&pipeline.place.clients.s3, &pipeline.place.control_bucket);
    assert_eq!(list(s3, bucket, "schemas/").await.unwrap().len(), 2);
}

const FROZEN: &str =
    "dataset: found\nlanding: found/\nformat: csv\ncontract: freeze\nload: {table: analytics.found, mode: append}\n";

#[tokio::test]
async fn frozen_columns_stay_and_new_ones_are_left_out_and_named() {
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), FROZEN).await.unwrap();
    let one = pipeline.deliver("one", &[("a.csv", "id,name\n1,Ann\n")]).await.unwrap();
    assert_eq!(report(&pipeline, &one.run).await.status, Status::Succeeded);
    let first = schema(&pipeline, &one.run).await;

    let files = [("b.csv", "id,name\n2,Bob\n"), ("c.csv", "id,Region,name\n3,north,Cy\nx,south,Di\n")];
    let two = pipeline.deliver("two", &files).await.unwrap();
    let ended = report(&pipeline, &two.run).await;
    // The types stay too: what does not fit is a reject, here more of them than are allowed.
    assert_eq!((ended.counts.accepted, ended.counts.rejected), (2, 1));
    let left_out: Vec<_> = ended.left_out.into_iter().collect();
    assert_eq!(left_out, [("region".to_owned(), "s3://landing/found/two/c.csv".to_owned())]);
    let second = schema(&pipeline, &two.run).await;
    assert_eq!((second.number, second.columns), (1, first.columns));
}

#[tokio::test]
async fn new_columns_of_any_format_are_left_out_or_fail_the_run_by_name() {
    for (contract, status) in [("freeze", Status::Succeeded), ("reject", Status::Failed)] {
        let dataset = FROZEN.replace("csv", "json").replace("freeze", contract);
        let folder = TempDir::new().unwrap();
        let pipeline = Pipeline::start(folder.path(), &dataset).await.unwrap();
        let one = pipeline.deliver("one", &[("a.json", "{\"id\": 1}\n")]).await.unwrap();
        assert_eq!(report(&pipeline, &one.run).await.status, Status::Succeeded, "{contract}");
        let files = [("b.json", "{\"id\": 2}\n"), ("c.json", "{\"id\": 3, \"region\": \"north\"}\n")];
        let two = pipeline.deliver("two", &files).await.unwrap();
        let ended = report(&pipeline, &two.run).await;
        assert_eq!(ended.status, status, "{contract}: {:?}", ended.error);
        let object = "s3://landing/found/two/c.json";
        match ended.error {
            None => assert_eq!(ended.left_out.get("region").map(String::as_str), Some(object)),
            Some(error) => {
                assert_eq!(error.kind, "Data");
                assert!(error.message.contains(&format!("region (first in {object})")), "{}", error.message);
                assert!(error.message.contains("`contract: reject`"), "{}", error.message);
            }
        }
        let rows = if contract == "freeze" { 3 } else { 1 };
        assert_eq!(pipeline.number("SELECT COUNT(*) FROM analytics.found").await.unwrap(), rows, "{contract}");
    }
}

#[tokio::test]
async fn fields_that_no_named_column_reads_are_left_out_or_fail_the_run_by_name() {
    let named = FROZEN.replace("csv", "json").replace("load:", "columns: {id: {type: bigint}}\nload:");
    let rows = "{\"id\": 1}\n{\"id\": 2, \"Region\": \"north\"}\n";
    for (contract, status) in [("freeze", Status::Succeeded), ("reject", Status::Failed)] {
        let folder = TempDir::new().unwrap();
        let pipeline = Pipeline::start(folder.path(), &named.replace("freeze", contract)).await.unwrap();
        let run = pipeline.deliver("one", &[("a.json", rows)]).await.unwrap().run;
        let ended = report(&pipeline, &run).await;
        assert_eq!(ended.status, status, "{contract}: {:?}", ended.error);
        let object = "s3://landing/found/one/a.json";
        match ended.error {
            None => assert_eq!(ended.left_out.get("Region").map(String::as_str), Some(object)),
            Some(error) => {
                assert_eq!(error.kind, "Data");
                assert!(
                    error
                        .message
                        .contains(&format!("{object}: it has what the dataset has not: `Region` (first on line 2)")),
                    "{}",
                    error.message
                );
            }
        }
    }
}
