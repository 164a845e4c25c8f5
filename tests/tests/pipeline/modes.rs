//! The load modes over the wire: what is in the table, what the report counts, what a reader sees meanwhile.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use model::report::{RunReport, Status};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::Pipeline;

fn dataset(load: &str) -> String {
    format!(
        "dataset: orders\nlanding: orders/\nformat: csv\npartition_by: {{dt: day(sold_on)}}\n\
         columns: {{id: {{type: bigint}}, amount: {{type: integer}}, sold_on: {{type: date}}}}\n\
         load: {{table: analytics.orders, {load}}}\n"
    )
}

async fn pipeline(load: &str) -> (TempDir, Pipeline) {
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), &dataset(load)).await.unwrap();
    (folder, pipeline)
}

/// Two batches may come within the second that tells them apart: each says which day it is from.
fn day(number: i64) -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(number)
}

/// Delivers rows of `id,amount,sold_on` as the batch of a day; its report.
async fn deliver(pipeline: &Pipeline, number: i64, rows: &str) -> RunReport {
    let text = format!("id,amount,sold_on\n{rows}");
    let batch = number.to_string();
    let run = pipeline.deliver_as_of(&batch, &[("a.csv", &text)], Some(day(number))).await.unwrap().run;
    let report = pipeline.report(&run).await.unwrap().unwrap();
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    report
}

/// `[staged, published, stale, replaced, withdrawn]`
fn counted(report: &RunReport) -> [u64; 5] {
    let load = report.load.as_ref().unwrap();
    [load.staged, load.published, load.stale, load.replaced, load.withdrawn]
}

async fn rows(pipeline: &Pipeline) -> Vec<Vec<Value>> {
    pipeline.query("SELECT id, amount, sold_on FROM analytics.orders ORDER BY id, amount").await.unwrap()
}

fn row(id: i64, amount: i64, day: &str) -> Vec<Value> {
    vec![json!(id), json!(amount), json!(day)]
}

#[tokio::test]
async fn an_upsert_keeps_the_newest_row_of_a_key_and_counts_the_others() {
    let (_folder, pipeline) = pipeline("mode: upsert, key: [id], newest: sold_on").await;
    deliver(&pipeline, 1, "1,10,2026-01-05\n2,20,2026-01-05\n3,30,2026-01-05\n").await;
    let second = deliver(&pipeline, 2, "1,11,2026-01-06\n2,21,2026-01-04\n2,22,2026-01-03\n4,40,2026-01-01\n").await;
    assert_eq!(counted(&second), [4, 2, 2, 0, 0], "2 is older than the one that is there, twice");
    let d = "2026-01-05";
    let expected = [row(1, 11, "2026-01-06"), row(2, 20, d), row(3, 30, d), row(4, 40, "2026-01-01")];
    assert_eq!(rows(&pipeline).await, expected);

    // Its own rows are beaten whatever `newest` says; 4 it has no longer, and 1 of the first batch does not come back.
    let correction = deliver(&pipeline, 2, "2,23,2026-01-06\n").await;
    assert_eq!(counted(&correction), [1, 1, 0, 2, 2]);
    assert_eq!(rows(&pipeline).await, [row(2, 23, "2026-01-06"), row(3, 30, d)]);
}

#[tokio::test]
async fn a_row_without_a_key_is_a_reject() {
    let (_folder, pipeline) = pipeline("mode: upsert, key: [id, sold_on]}\nrejects: {max_ratio: 1.0").await;
    let report = deliver(&pipeline, 1, "1,10,2026-01-05\n,20,2026-01-05\n3,30,\n").await;
    assert_eq!(report.rejected_by_reason.get("missing_value"), Some(&2));
    assert_eq!(counted(&report), [1, 1, 0, 0, 0]);
}

#[tokio::test]
async fn only_partitions_of_the_batch_are_replaced() {
    let (_folder, pipeline) = pipeline("mode: replace_partitions").await;
    deliver(&pipeline, 1, "1,10,2026-01-01\n2,20,2026-01-02\n3,30,\n").await;
    let second = deliver(&pipeline, 2, "4,40,2026-01-02\n5,50,\n6,60,2026-01-03\n").await;
    assert_eq!(counted(&second), [3, 3, 0, 0, 0]);
    let null = |id: i64, amount: i64| vec![json!(id), json!(amount), Value::Null];
    let expected = [row(1, 10, "2026-01-01"), row(4, 40, "2026-01-02"), null(5, 50), row(6, 60, "2026-01-03")];
    assert_eq!(rows(&pipeline).await, expected);

    // The correction has no row of the 3rd: that partition becomes empty.
    assert_eq!(counted(&deliver(&pipeline, 2, "7,70,2026-01-02\n").await), [1, 1, 0, 3, 0]);
    assert_eq!(rows(&pipeline).await, [row(1, 10, "2026-01-01"), row(7, 70, "2026-01-02")]);
}

#[tokio::test]
async fn an_older_batch_never_replaces_a_newer_one() {
    let (_folder, pipeline) = pipeline("mode: replace").await;
    deliver(&pipeline, 2, "2,20,2026-01-02\n").await;
    let late = deliver(&pipeline, 1, "1,10,2026-01-01\n").await;
    assert_eq!(counted(&late), [1, 0, 1, 0, 0]);
    assert_eq!(rows(&pipeline).await, [row(2, 20, "2026-01-02")]);
    deliver(&pipeline, 3, "3,30,2026-01-03\n").await;
    assert_eq!(rows(&pipeline).await, [row(3, 30, "2026-01-03")]);
}

#[tokio::test]
async fn a_refresh_without_rows_fails_and_leaves_the_table() {
    let (_folder, pipeline) = pipeline("mode: replace").await;
    deliver(&pipeline, 1, "1,10,2026-01-01\n").await;
    let run = pipeline.deliver("empty", &[("a.csv", "id,amount,sold_on\n")]).await.unwrap().run;
    let report = pipeline.report(&run).await.unwrap().unwrap();
    let error = report.error.unwrap();
    assert_eq!((report.status, error.kind.as_str()), (Status::Failed, "Data"));
    assert!(error.message.contains("mode replace would leave the table empty"), "{}", error.message);
    assert_eq!(rows(&pipeline).await, [row(1, 10, "2026-01-01")]);
}

#[tokio::test]
async fn a_batch_keeps_its_place() {
    let (_folder, pipeline) = pipeline("mode: replace").await;
    let file = |amount| format!("id,amount,sold_on\n1,{amount},2026-01-01\n");
    deliver(&pipeline, 1, "1,10,2026-01-01\n").await;
    pipeline.deliver("1", &[("a.csv", &file(11))]).await.unwrap();
    assert_eq!(pipeline.number("SELECT COUNT(DISTINCT batch_at) FROM sluice.ledger").await.unwrap(), 1);

    pipeline.deliver_as_of("1", &[("a.csv", &file(12))], Some(day(0))).await.unwrap();
    assert_eq!(rows(&pipeline).await, [row(1, 11, "2026-01-01")]);
    let keys = pipeline.refusals().await.unwrap();
    assert_eq!(keys.len(), 1, "{keys:?}");
    let refusal = sluice::history::refusal(&pipeline.place, &keys[0]).await.unwrap();
    assert_eq!(refusal.code, "moved_batch");
    assert!(
        refusal.message.ends_with(
            "is as_of 2026-01-01T00:00:00Z, and its batch is as of 2026-01-02T00:00:00Z since its first delivery"
        ),
        "{}",
        refusal.message
    );
}

#[tokio::test]
async fn a_reader_sees_the_table_before_or_after_a_refresh_and_nothing_between() {
    const ROWS: u64 = 200;
    let (_folder, pipeline) = pipeline("mode: replace").await;
    let refresh = |amount: i64| (0..ROWS).map(|id| format!("{id},{amount},2026-01-01\n")).collect::<String>();
    deliver(&pipeline, 0, &refresh(0)).await;
    let seen = async {
        let mut seen = BTreeSet::new();
        while seen.last() != Some(&3) {
            let read = "SELECT COUNT(*), MIN(amount), MAX(amount) FROM analytics.orders";
            let read: Vec<u64> =
                pipeline.query(read).await.unwrap()[0].iter().map(|value| value.as_u64().unwrap()).collect();
            assert_eq!((read[0], read[1]), (ROWS, read[2]), "one refresh, whole");
            seen.insert(read[1]);
        }
        seen
    };
    let written = async {
        for amount in 1..=3 {
            deliver(&pipeline, amount, &refresh(amount)).await;
        }
    };
    let (seen, ()) = tokio::join!(seen, written);
    assert!(seen.len() > 1, "it was read before and after: {seen:?}");
}

#[tokio::test]
async fn a_batch_whose_rows_of_the_ledger_are_deleted_was_never_there() {
    let (_folder, pipeline) = pipeline("mode: replace").await;
    deliver(&pipeline, 1, "1,10,2026-01-05\n").await;
    deliver(&pipeline, 2, "2,20,2026-01-05\n").await;
    let late = deliver(&pipeline, 1, "1,11,2026-01-05\n").await;
    assert_eq!(counted(&late), [1, 0, 1, 0, 0], "a later batch is there");

    let later = "DELETE FROM sluice.ledger WHERE as_of = '2026-01-03'";
    pipeline.query(later).await.unwrap();
    let again = deliver(&pipeline, 1, "1,12,2026-01-05\n").await;
    assert_eq!(counted(&again), [1, 1, 0, 0, 0]);
    assert_eq!(rows(&pipeline).await, [row(1, 12, "2026-01-05")]);

    // A table of the target's runs that is gone is made again: its batches keep their places.
    let query = "SELECT table_name FROM svv_tables WHERE table_schema = 'sluice' AND table_name LIKE 'runs%'";
    let runs = pipeline.query(query).await.unwrap().remove(0).remove(0);
    deliver(&pipeline, 3, "3,30,2026-01-05\n").await;
    pipeline.query(&format!("DROP TABLE sluice.{}", runs.as_str().unwrap())).await.unwrap();
    let late = deliver(&pipeline, 1, "1,13,2026-01-05\n").await;
    assert_eq!(counted(&late), [1, 0, 1, 0, 0]);
    assert_eq!(rows(&pipeline).await, [row(3, 30, "2026-01-05")]);
}
