//! Every call fails once, in every way; every call is the last one before a kill. The next delivery of the same event
//! brings the same end: each row once, one ledger row, the same Parquet bytes, the same partitions, a good report.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, TimeDelta};
use local::{Called, Clock, Fault, Faults, Options, Rule};
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

/// What each load mode has in the dataset file.
const MODES: [&str; 4] =
    ["mode: append", "mode: upsert, key: [id], newest: sold_on", "mode: replace", "mode: replace_partitions"];

/// The seconds of a time that stands still, so that a delivery has the same name in every trial.
const NOW: i64 = 1_800_000_000;

async fn pipeline(folder: &Path, mode: &str) -> Pipeline {
    pipeline_at(folder, mode, Arc::new(|| DateTime::from_timestamp(NOW, 0).unwrap())).await
}

async fn pipeline_at(folder: &Path, mode: &str, clock: Clock) -> Pipeline {
    assert!(ORDERS.contains(MODES[0]));
    Pipeline::start_with(Options { clock, ..Options::at(folder) }, &ORDERS.replace(MODES[0], mode)).await.unwrap()
}

/// The state of a pipeline that has taken an older batch, of which one row has a key and a partition of the batch that
/// follows, one a partition, and one neither. It is made once for each mode; trials begin with a copy.
async fn with_an_older_batch(mode: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let pipeline = pipeline(folder.path(), mode).await;
    let older = "id,name,sold_on,amount\n1,Old,2026-01-01,1\n98,Old,2026-01-02,1\n99,Old,2025-12-31,1\n";
    pipeline.deliver_as_of("older", &[("a.csv", older)], DateTime::from_timestamp(0, 0)).await.unwrap();
    pipeline.local.kill().await;
    folder
}

fn copy_of(folder: &TempDir) -> TempDir {
    fn copy(from: &Path, to: &Path) {
        for entry in std::fs::read_dir(from).unwrap() {
            let (entry, to) = (entry.as_ref().unwrap(), to.join(entry.as_ref().unwrap().file_name()));
            if entry.file_type().unwrap().is_dir() {
                std::fs::create_dir(&to).unwrap();
                copy(&entry.path(), &to);
            } else {
                std::fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let copied = TempDir::new().unwrap();
    copy(folder.path(), copied.path());
    copied
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
    let mut runs_of_batch = Vec::new();
    for seen in &runs {
        let sluice::history::What::Run(run, _) = &seen.what else { panic!("nothing is refused: {runs:?}") };
        let report = pipeline.report(run).await.unwrap().unwrap();
        if report.manifest.as_ref() == Some(manifest) {
            runs_of_batch.push((run, report));
        }
    }
    let [(run, report)] = <[_; 1]>::try_from(runs_of_batch).unwrap();
    assert_eq!(runs.len(), 2, "each batch is one run");
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
async fn undisturbed(state: &TempDir, mode: &str) -> End {
    let folder = copy_of(state);
    let pipeline = pipeline(folder.path(), mode).await;
    let manifest = deliver(&pipeline, Vec::new()).await;
    pipeline.local.idle().await;
    let end = end(&pipeline, &manifest).await;
    let rows = MODES.into_iter().zip([4 + 3, 4 + 2, 4, 4 + 1]).find(|(of, _)| *of == mode).map(|(_, rows)| rows);
    assert_eq!(
        (Some(end.rows.len()), end.ledger.len(), end.parquet.len(), end.rejects.len()),
        (rows, 2, 3, 1),
        "{mode}"
    );
    assert_eq!((end.status, end.equation.iter().all(|equality| equality.holds)), (Status::Succeeded, true));
    end
}

/// The call that met the fault, if it came.
fn met(pipeline: &Pipeline) -> Option<Called> {
    pipeline.local.faults().calls().into_iter().find(|call| call.fault.is_some())
}

/// Fails each call in turn, until there are no more; the manifest's own PUT is the producer's and is left out. The modes
/// make the same calls: they take turns, each fault in another order.
async fn every_call(fault: Fault, first: usize) {
    let mut expected = Vec::new();
    for mode in MODES {
        let state = with_an_older_batch(mode).await;
        let end = undisturbed(&state, mode).await;
        expected.push((mode, state, end));
    }
    for (nth, (mode, state, expected)) in (2..).zip(expected.iter().cycle().skip(first)) {
        let folder = copy_of(state);
        let pipeline = pipeline(folder.path(), mode).await;
        let manifest = deliver(&pipeline, vec![Rule::nth(nth, fault)]).await;
        pipeline.local.idle().await;
        let Some(call) = met(&pipeline) else {
            assert!(nth > CALLS, "call {nth} never came");
            return;
        };
        assert_eq!(end(&pipeline, &manifest).await, *expected, "{mode}, {call:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_fails_once_with_500() {
    every_call(Fault::Error, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_throttled_once() {
    every_call(Fault::Throttle, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_lost_once() {
    every_call(Fault::DropBefore, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_lost_once() {
    every_call(Fault::DropAfter, 3).await;
}

/// At every second call in turn, from one on, time jumps: the Data API has forgotten every token, or every statement and result too, leases have
/// ended, executions are older than they may be.
async fn time_jumps_at_calls(jump: TimeDelta, from: u64) {
    let mut expected = Vec::new();
    for mode in MODES {
        let state = with_an_older_batch(mode).await;
        let end = undisturbed(&state, mode).await;
        expected.push((mode, state, end));
    }
    for (nth, (mode, state, expected)) in (from..).step_by(2).zip(expected.iter().cycle()) {
        let folder = copy_of(state);
        let calls: Arc<OnceLock<Faults>> = Arc::default();
        let (counted, has_jumped) = (Arc::clone(&calls), AtomicBool::new(false));
        let clock = Arc::new(move || {
            // It never goes back, also where calls are counted anew.
            if counted.get().is_some_and(|faults| faults.count() >= nth) {
                has_jumped.store(true, Ordering::Relaxed);
            }
            let is_later = has_jumped.load(Ordering::Relaxed);
            DateTime::from_timestamp(NOW, 0).unwrap() + if is_later { jump } else { TimeDelta::zero() }
        });
        let pipeline = pipeline_at(folder.path(), mode, clock).await;
        let manifest = deliver(&pipeline, Vec::new()).await;
        calls.set(pipeline.local.faults().clone()).unwrap();
        pipeline.local.idle().await;
        if pipeline.local.faults().count() < nth {
            assert!(nth > CALLS, "call {nth} never came");
            return;
        }
        assert_eq!(end(&pipeline, &manifest).await, *expected, "{mode}, at call {nth}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_older_than_eight_hours_from_a_call_on() {
    time_jumps_at_calls(TimeDelta::hours(9), 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_and_results_have_expired_from_a_call_on() {
    time_jumps_at_calls(TimeDelta::hours(25), 3).await;
}

async fn killed_between_any_two_calls(mode: &str) {
    let state = with_an_older_batch(mode).await;
    let expected = undisturbed(&state, mode).await;
    for nth in 2.. {
        let folder = copy_of(&state);
        let first = pipeline(folder.path(), mode).await;
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
        let again = pipeline(folder.path(), mode).await;
        again.local.idle().await;
        assert_eq!(end(&again, &manifest).await, expected, "killed at {call:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_is_killed_between_any_two_calls() {
    killed_between_any_two_calls(MODES[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upsert_is_killed_between_any_two_calls() {
    killed_between_any_two_calls(MODES[1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_is_killed_between_any_two_calls() {
    killed_between_any_two_calls(MODES[2]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_of_partitions_is_killed_between_any_two_calls() {
    killed_between_any_two_calls(MODES[3]).await;
}
