//! Every call fails once, in every way; every call is the last one before a kill. The next delivery of the same event
//! brings the same end: each row once, one ledger row, the same Parquet bytes, the same partitions, a good report.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use chrono::DateTime;
use local::{Called, Fault, Options, Rule};
use model::name::S3Url;
use model::report::{Equality, Status};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{FOUR_ROWS, ORDERS, Pipeline};

/// All that must be the same in the end.
#[derive(Debug, PartialEq)]
struct End {
    rows: Vec<Vec<Value>>,
    ledger: Vec<Vec<Value>>,
    parquet: Vec<(String, String)>,
    partitions: Vec<Vec<String>>,
    rejects: Vec<(String, String)>,
    status: Status,
    equation: Vec<Equality>,
    staging: Vec<Vec<Value>>,
}

/// A pipeline whose time stands still, so that a delivery has the same name in every trial.
async fn pipeline(folder: &Path) -> Pipeline {
    let clock = Arc::new(|| DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    Pipeline::start_with(Options { clock, ..Options::at(folder) }, ORDERS).await.unwrap()
}

/// Two files and then their manifest, which is the first call that counts.
async fn deliver(pipeline: &Pipeline, rules: Vec<Rule>) -> S3Url {
    pipeline.put("orders/one/a.csv", FOUR_ROWS.as_bytes()).await.unwrap();
    pipeline.put("orders/one/b.csv", b"id,name,sold_on,amount\n8,Hal,2026-01-05,8\n").await.unwrap();
    let entries = ["a", "b"].map(|name| json!({"url": format!("s3://landing/orders/one/{name}.csv")}));
    let manifest = json!({"entries": entries}).to_string();
    pipeline.local.faults().set(rules);
    pipeline.put("orders/one/manifest.json", manifest.as_bytes()).await.unwrap()
}

/// Delivers the event again, without faults, and looks at the end.
async fn end(pipeline: &Pipeline, manifest: &S3Url) -> End {
    pipeline.local.faults().set(Vec::new());
    pipeline.local.redeliver(manifest).await.unwrap();
    pipeline.local.idle().await;
    let runs = sluice::history::all(&pipeline.place, None).await.unwrap();
    let [sluice::history::Seen { what: sluice::history::What::Run(run, _), .. }] = runs.as_slice() else {
        panic!("there is one run and no refusal: {runs:?}");
    };
    let report = pipeline.report(run).await.unwrap().unwrap();
    let glue = pipeline.place.clients.glue.get_partitions().database_name("lake").table_name("orders").send().await;
    let mut partitions: Vec<Vec<String>> = glue.unwrap().partitions().iter().map(|p| p.values().to_vec()).collect();
    partitions.sort();
    let query = async |sql| pipeline.query(sql).await.unwrap();
    End {
        rows: query("SELECT id, name, sold_on, amount, _sluice_batch, _sluice_run FROM analytics.orders ORDER BY id")
            .await,
        ledger: query("SELECT run, batch, rows_read, rows_accepted, rows_rejected, rows_staged, rows_published, rows_replaced FROM sluice.ledger").await,
        parquet: pipeline.parquet(run).await.unwrap(),
        partitions,
        rejects: pipeline.rejects(run).await.unwrap(),
        status: report.status,
        equation: report.equation,
        staging: query("SELECT table_name FROM svv_tables WHERE table_name LIKE 'stage%'").await,
    }
}

/// A delivery has at least so many calls. How many exactly is not known before: a statement that takes longer is looked
/// at more often.
const CALLS: u64 = 50;

/// What a delivery without faults comes to.
async fn undisturbed() -> End {
    let folder = TempDir::new().unwrap();
    let pipeline = pipeline(folder.path()).await;
    let manifest = deliver(&pipeline, Vec::new()).await;
    pipeline.local.idle().await;
    let end = end(&pipeline, &manifest).await;
    assert_eq!((end.rows.len(), end.ledger.len(), end.parquet.len(), end.rejects.len()), (4, 1, 3, 1));
    assert_eq!((end.status, end.equation.iter().all(|equality| equality.holds)), (Status::Succeeded, true));
    end
}

/// The call that met the fault, if it came.
fn met(pipeline: &Pipeline) -> Option<Called> {
    pipeline.local.faults().calls().into_iter().find(|call| call.fault.is_some())
}

/// Fails each call in turn, until there are no more; the manifest's own PUT is the producer's and is left out.
async fn every_call(fault: Fault) {
    let expected = undisturbed().await;
    for nth in 2.. {
        let folder = TempDir::new().unwrap();
        let pipeline = pipeline(folder.path()).await;
        let manifest = deliver(&pipeline, vec![Rule::nth(nth, fault)]).await;
        pipeline.local.idle().await;
        let Some(call) = met(&pipeline) else {
            assert!(nth > CALLS, "call {nth} never came");
            return;
        };
        assert_eq!(end(&pipeline, &manifest).await, expected, "{call:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_fails_once_with_500() {
    every_call(Fault::Error).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_throttled_once() {
    every_call(Fault::Throttle).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_lost_once() {
    every_call(Fault::DropBefore).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_lost_once() {
    every_call(Fault::DropAfter).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_any_two_calls() {
    let expected = undisturbed().await;
    for nth in 2.. {
        let folder = TempDir::new().unwrap();
        let first = pipeline(folder.path()).await;
        // The call is held back until the process is gone.
        let manifest = deliver(&first, vec![Rule::nth(nth, Fault::Slow { milliseconds: 3_600_000 })]).await;
        let held_back = async {
            while met(&first).is_none() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = held_back => {}
            // With a call held back it is never idle: the call never came.
            () = first.local.idle() => {
                assert!(nth > CALLS, "call {nth} never came");
                return;
            }
        }
        let call = met(&first);
        first.local.kill().await;
        let again = pipeline(folder.path()).await;
        again.local.idle().await;
        assert_eq!(end(&again, &manifest).await, expected, "killed at {call:?}");
    }
}
