//! Many runs, one table: who waits, who loads, and what becomes of those who fail or come late.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws::object;
use chrono::{DateTime, TimeDelta};
use local::{Fault, Options, Rule};
use model::group::Lease;
use model::layout;
use model::name::{ExecutionName, RunName, TableName};
use model::report::Status;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{FOUR_ROWS, ORDERS, Pipeline};

const START: i64 = 1_800_000_000;

/// A pipeline and its clock, in seconds: it stands still until somebody moves it.
async fn pipeline(folder: &Path, dataset: &str) -> (Pipeline, Arc<AtomicI64>) {
    let seconds = Arc::new(AtomicI64::new(START));
    let told = Arc::clone(&seconds);
    let clock = Arc::new(move || DateTime::from_timestamp(told.load(Ordering::Relaxed), 0).unwrap());
    (Pipeline::start_with(Options { clock, ..Options::at(folder) }, dataset).await.unwrap(), seconds)
}

/// Waits until something holds, without a clock.
async fn until(holds: impl AsyncFn() -> bool) {
    while !holds().await {
        tokio::task::yield_now().await;
    }
}

fn table() -> TableName {
    TableName::parse("analytics.orders").unwrap()
}

/// Takes the table's lease as somebody does who never loads.
async fn occupy(pipeline: &Pipeline) {
    let stranger = format!("stranger-{}-1", "0".repeat(32));
    let lease = Lease {
        version: Lease::VERSION,
        token: 41,
        holder: Some(ExecutionName::parse(&stranger).unwrap()),
        until: DateTime::from_timestamp(START, 0).unwrap() + TimeDelta::days(1),
    };
    let (s3, bucket) = (&pipeline.place.clients.s3, &pipeline.place.control_bucket);
    object::create_document(s3, bucket, &layout::lease(&table()), &lease).await.unwrap();
}

/// The stranger's lease ends.
async fn free(pipeline: &Pipeline) {
    let (s3, bucket) = (&pipeline.place.clients.s3, &pipeline.place.control_bucket);
    let (lease, etag) = object::read_tagged::<Lease>(s3, bucket, &layout::lease(&table())).await.unwrap().unwrap();
    let free = Lease { holder: None, ..lease };
    assert!(object::replace(s3, bucket, &layout::lease(&table()), &etag, &free).await.unwrap());
}

async fn waiting(pipeline: &Pipeline) -> Vec<String> {
    let (s3, bucket) = (&pipeline.place.clients.s3, &pipeline.place.control_bucket);
    let listed = object::list(s3, bucket, "queue/").await.unwrap();
    listed.into_iter().map(|object| object.key).collect()
}

/// Delivers batches with a row each while nobody may load, and lets them go when all wait.
async fn deliver_together(pipeline: &Pipeline, number: usize) -> Vec<RunName> {
    occupy(pipeline).await;
    let mut runs = Vec::new();
    for id in 0..number {
        let file = format!("id,name,sold_on,amount\n{id},Ann,2026-01-01,1\n");
        runs.push(pipeline.send(&format!("batch-{id}"), &[("a.csv", &file)]).await.unwrap().run);
    }
    until(async || waiting(pipeline).await.len() == number).await;
    runs
}

async fn texts(pipeline: &Pipeline, sql: &str) -> Vec<Vec<Value>> {
    pipeline.query(sql).await.unwrap()
}

#[tokio::test]
async fn runs_that_wait_are_published_together_and_each_has_its_ledger_row() {
    let folder = TempDir::new().unwrap();
    let (pipeline, _) = pipeline(folder.path(), ORDERS).await;
    let runs = deliver_together(&pipeline, 7).await;
    free(&pipeline).await;
    pipeline.local.idle().await;

    let groups =
        texts(&pipeline, "SELECT token, COUNT(*), SUM(rows_published) FROM sluice.ledger GROUP BY token").await;
    assert_eq!(groups, [[json!(42), json!(7), json!("7")]], "one group, under the token after the stranger's");
    let rows = texts(&pipeline, "SELECT _sluice_run, id FROM analytics.orders ORDER BY id").await;
    let expected: Vec<_> = runs.iter().enumerate().map(|(id, run)| vec![json!(run), json!(id)]).collect();
    assert_eq!(rows, expected);
    for run in &runs {
        let report = pipeline.report(run).await.unwrap().unwrap();
        assert_eq!((report.status, report.load.unwrap().published), (Status::Succeeded, 1), "{:?}", report.error);
    }
    assert_eq!(waiting(&pipeline).await, [""; 0], "nobody waits");
    let left = "SELECT table_name FROM svv_tables WHERE table_schema = 'sluice' AND table_name LIKE '%42'";
    assert_eq!(texts(&pipeline, left).await.len(), 0, "the group's tables are dropped");
}

#[tokio::test]
async fn a_run_that_fails_does_not_take_its_neighbours_down() {
    let folder = TempDir::new().unwrap();
    let (pipeline, _) = pipeline(folder.path(), ORDERS).await;
    let runs = deliver_together(&pipeline, 5).await;
    let (key, _) = pipeline.parquet(&runs[3]).await.unwrap().swap_remove(0);
    let lake = pipeline.export("SLUICE_LAKE_BUCKET");
    let other = pipeline.place.clients.s3.put_object().bucket(&lake).key(&key).body(b"PAR1".to_vec().into());
    other.send().await.unwrap();
    free(&pipeline).await;
    pipeline.local.idle().await;

    for (number, run) in runs.iter().enumerate() {
        let report = pipeline.report(run).await.unwrap().unwrap();
        if number == 3 {
            let message = report.error.unwrap().message;
            assert_eq!(report.status, Status::Failed);
            assert!(message.contains(&format!("cannot copy {run}: ")), "{message}");
            assert!(message.contains("416 Message: InvalidRange"), "{message}");
        } else {
            assert_eq!(report.status, Status::Succeeded, "{number}: {:?}", report.error);
        }
    }
    assert_eq!(
        texts(&pipeline, "SELECT id FROM analytics.orders ORDER BY id").await,
        [0, 1, 2, 4].map(|id| [json!(id)])
    );
    assert_eq!(waiting(&pipeline).await, [""; 0], "nobody waits");
}

#[tokio::test]
async fn a_late_holder_publishes_nothing() {
    let folder = TempDir::new().unwrap();
    let (pipeline, seconds) = pipeline(folder.path(), ORDERS).await;
    // Its third batch of statements is the publish: held back, it arrives long after its lease has ended.
    let publish = Rule::nth_of("RedshiftData", "BatchExecuteStatement", 3, Fault::Slow { milliseconds: 10_000 });
    pipeline.local.faults().set(vec![publish]);
    let late = pipeline.send("one", &[("a.csv", FOUR_ROWS)]).await.unwrap().run;
    until(async || pipeline.local.faults().calls().iter().any(|call| call.fault.is_some())).await;
    seconds.fetch_add(600, Ordering::Relaxed);
    let newer = "id,name,sold_on,amount\n1,Ann,2026-01-03,11\n";
    let newer = pipeline.deliver("one", &[("a.csv", newer)]).await.unwrap().run;

    let report = pipeline.report(&late).await.unwrap().unwrap();
    assert_eq!((report.n, report.status), (1, Status::Superseded), "{:?}", report.error);
    assert_eq!(report.load.unwrap().superseded_by, Some(newer.clone()));
    assert_eq!(texts(&pipeline, "SELECT _sluice_run FROM analytics.orders").await, [[json!(newer)]]);
    assert_eq!(texts(&pipeline, "SELECT run, token FROM sluice.ledger").await, [[json!(newer), json!(2)]]);
    let statements = pipeline.place.clients.redshift_data.list_statements();
    let statements = statements.statement_name("sluice analytics.orders/1 publish").status("FAILED".into());
    let failed = statements.send().await.unwrap();
    let [publish] = failed.statements() else { panic!("{failed:?}") };
    let told = pipeline.place.clients.redshift_data.describe_statement().id(publish.id()).send().await.unwrap();
    assert!(told.error().unwrap().contains("a later holder of the lease has token 2"), "{told:?}");
}

#[tokio::test]
async fn an_execution_that_was_cut_off_leaves_its_table_to_others() {
    let folder = TempDir::new().unwrap();
    let (first, _) = pipeline(folder.path(), ORDERS).await;
    let describe = Rule::nth_of("RedshiftData", "DescribeStatement", 1, Fault::Slow { milliseconds: 3_600_000 });
    first.local.faults().set(vec![describe]);
    first.send("one", &[("a.csv", FOUR_ROWS)]).await.unwrap();
    until(async || first.local.faults().calls().iter().any(|call| call.fault.is_some())).await;
    first.local.kill().await;

    // The clock stands still: the lease has not ended by itself.
    let (again, _) = pipeline(folder.path(), ORDERS).await;
    let run = again.deliver("two", &[("a.csv", FOUR_ROWS)]).await.unwrap().run;
    let report = again.report(&run).await.unwrap().unwrap();
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    assert_eq!(texts(&again, "SELECT run FROM sluice.ledger").await, [[json!(run)]]);
    assert_eq!(waiting(&again).await, [""; 0], "nobody waits");
}

#[tokio::test]
async fn tokens_that_were_given_stay_given_when_the_lease_is_deleted() {
    let folder = TempDir::new().unwrap();
    let (pipeline, _) = pipeline(folder.path(), ORDERS).await;
    pipeline.deliver("one", &[("a.csv", FOUR_ROWS)]).await.unwrap();
    pipeline.deliver("two", &[("a.csv", FOUR_ROWS)]).await.unwrap();
    let (s3, bucket) = (&pipeline.place.clients.s3, &pipeline.place.control_bucket);
    object::remove(s3, bucket, &layout::lease(&table())).await.unwrap();
    pipeline.deliver("three", &[("a.csv", FOUR_ROWS)]).await.unwrap();
    // And where all that is known of them went: the warehouse knows.
    for listed in object::list(s3, bucket, "groups/").await.unwrap() {
        object::remove(s3, bucket, &listed.key).await.unwrap();
    }
    object::remove(s3, bucket, &layout::lease(&table())).await.unwrap();
    pipeline.deliver("four", &[("a.csv", FOUR_ROWS)]).await.unwrap();
    let tokens = texts(&pipeline, "SELECT token FROM sluice.ledger ORDER BY token").await;
    assert_eq!(tokens, [1, 2, 3, 4].map(|token| [json!(token)]));
}

#[tokio::test]
async fn two_deliveries_of_a_batch_at_once_end_with_the_newer_in_every_mode() {
    for mode in ["append", "upsert, key: [id], newest: sold_on", "replace", "replace_partitions"] {
        let folder = TempDir::new().unwrap();
        let dataset = ORDERS.replace("mode: append", &format!("mode: {mode}"));
        let (pipeline, seconds) = pipeline(folder.path(), &dataset).await;
        occupy(&pipeline).await;
        let older = pipeline.send("one", &[("a.csv", FOUR_ROWS)]).await.unwrap().run;
        until(async || waiting(&pipeline).await.len() == 1).await;
        seconds.fetch_add(1, Ordering::Relaxed);
        let newer = "id,name,sold_on,amount\n1,Ann,2026-01-01,11\n7,Gus,2026-01-02,1\n";
        let newer = pipeline.send("one", &[("a.csv", newer)]).await.unwrap().run;
        until(async || waiting(&pipeline).await.len() == 2).await;
        free(&pipeline).await;
        pipeline.local.idle().await;

        let rows = texts(&pipeline, "SELECT id, _sluice_run FROM analytics.orders ORDER BY id").await;
        assert_eq!(rows, [1, 7].map(|id| [json!(id), json!(newer)]), "{mode}");
        let status = async |run: &RunName| pipeline.report(run).await.unwrap().unwrap().status;
        assert_eq!(status(&newer).await, Status::Succeeded, "{mode}");
        // Who of the two takes the lease first is left to chance.
        let older = status(&older).await;
        assert!(matches!(older, Status::Succeeded | Status::Superseded), "{mode}: {older:?}");
    }
}
