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
