//! The target table and the files, held against each other before COPY: what is changed in place, what is refused.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use local::{Fault, Rule};
use model::report::{RunReport, Status};
use serde_json::json;
use tempfile::TempDir;
use tests::{FOUR_ROWS, ORDERS, Pipeline};

const FOUND: &str = "dataset: found\nlanding: found/\nformat: json\nload: {table: analytics.found, mode: append}\n";

async fn loaded(pipeline: &Pipeline, batch: &str, file: (&str, &str)) -> RunReport {
    let run = pipeline.deliver(batch, &[file]).await.unwrap().run;
    pipeline.report(&run).await.unwrap().unwrap()
}

/// Loads a batch, then another of a changed dataset file.
async fn after_a_change(dataset: &str) -> (TempDir, Pipeline, RunReport) {
    let folder = TempDir::new().unwrap();
    let first = Pipeline::start(folder.path(), ORDERS).await.unwrap();
    assert_eq!(loaded(&first, "one", ("a.csv", FOUR_ROWS)).await.status, Status::Succeeded);
    first.local.stop().await.unwrap();
    let pipeline = Pipeline::start(folder.path(), dataset).await.unwrap();
    let report = loaded(&pipeline, "two", ("b.csv", "id,name,sold_on,amount,region\n9,Zoe,2026-01-01,1,north\n")).await;
    (folder, pipeline, report)
}

fn wider() -> String {
    ORDERS
        .replace("varchar(10)", "varchar(20)")
        .replace("partition_by:", "  region:  {type: varchar(8)}\npartition_by:")
}

#[tokio::test]
async fn a_table_follows_the_dataset_file_in_place() {
    let (_folder, pipeline, report) = after_a_change(&wider()).await;
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    assert_eq!(
        report.load.unwrap().altered,
        [
            r#"ALTER TABLE "analytics"."orders" ADD COLUMN "region" varchar(8)"#,
            r#"ALTER TABLE "analytics"."orders" ALTER COLUMN "name" TYPE varchar(20)"#,
        ]
    );
    let rows = pipeline.query("SELECT id, region FROM analytics.orders ORDER BY id").await.unwrap();
    assert_eq!(rows.len(), 4);
    assert_eq!((&rows[0], &rows[3]), (&vec![json!(1), json!(null)], &vec![json!(9), json!("north")]));
    // What fits is not altered again.
    let report = loaded(&pipeline, "three", ("c.csv", "id,name,sold_on,amount,region\n")).await;
    assert_eq!(report.load.unwrap().altered, [] as [&str; 0]);
}

#[tokio::test]
async fn a_contract_that_freezes_leaves_the_table_and_says_what_to_run() {
    let frozen = wider().replace("format: csv\n", "format: csv\ncontract: freeze\n");
    let (_folder, pipeline, report) = after_a_change(&frozen).await;
    let error = report.error.unwrap();
    assert_eq!((report.status, error.kind.as_str()), (Status::Failed, "Config"));
    let run = r#"run: ALTER TABLE "analytics"."orders" ALTER COLUMN "name" TYPE varchar(20); ALTER TABLE "analytics"."orders" ADD COLUMN "region" varchar(8)"#;
    assert!(error.message.ends_with(run), "{}", error.message);
    assert_eq!(pipeline.number("SELECT COUNT(*) FROM analytics.orders").await.unwrap(), 3);
    // A person runs them, and the manifest is delivered again.
    for statement in run.strip_prefix("run: ").unwrap().split("; ") {
        pipeline.query(statement).await.unwrap();
    }
    let report = loaded(&pipeline, "three", ("c.csv", "id,name,sold_on,amount,region\n9,Zoe,2026-01-01,1,x\n")).await;
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
}

#[tokio::test]
async fn a_column_that_is_found_later_comes_into_the_table() {
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), FOUND).await.unwrap();
    let report = loaded(&pipeline, "one", ("a.json", "{\"id\": 1, \"name\": \"Ann\"}\n")).await;
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    let long = "x".repeat(300);
    let rows = format!("{{\"id\": 2, \"name\": \"{long}\", \"paid\": true}}\n");
    let report = loaded(&pipeline, "two", ("b.json", &rows)).await;
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    assert_eq!(report.load.unwrap().altered.len(), 2);
    let rows = pipeline.query("SELECT id, name, paid FROM analytics.found ORDER BY id").await.unwrap();
    assert_eq!(rows, [vec![json!(1), json!("Ann"), json!(null)], vec![json!(2), json!(long), json!(true)]]);
}

#[tokio::test]
async fn loads_that_alter_one_table_together_all_end_well() {
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), FOUND).await.unwrap();
    assert_eq!(loaded(&pipeline, "one", ("a.json", "{\"id\": 1}\n")).await.status, Status::Succeeded);
    let mut runs = Vec::new();
    for batch in 2..=5 {
        let row = format!("{{\"id\": {batch}, \"paid\": true, \"name\": \"Bob\"}}\n");
        runs.push(pipeline.send(&batch.to_string(), &[("b.json", row.as_str())]).await.unwrap().run);
    }
    pipeline.local.idle().await;
    for run in runs {
        let report = pipeline.report(&run).await.unwrap().unwrap();
        assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    }
    assert_eq!(pipeline.number("SELECT COUNT(paid) FROM analytics.found").await.unwrap(), 4);
}

/// Which PUT of a delivery is the first of its load: `copy.manifest`. Behind it come those of queue, lease, group and the
/// group's files, and then the first statements.
async fn first_put_of_the_load() -> u64 {
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), ORDERS).await.unwrap();
    pipeline.local.faults().set(Vec::new());
    pipeline.deliver("one", &[("a.csv", FOUR_ROWS)]).await.unwrap();
    let calls = pipeline.local.faults().calls();
    let before = calls.iter().take_while(|call| call.operation != "BatchExecuteStatement");
    before.filter(|call| call.operation == "PutObject").count() as u64 - 4
}

/// Loads a batch of which a file of the lake is changed before its load looks at it; what its failure says.
async fn with_a_changed_file(change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> (String, String) {
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), ORDERS).await.unwrap();
    let first = Rule::nth_of("S3", "PutObject", first_put_of_the_load().await, Fault::Slow { milliseconds: 10_000 });
    pipeline.local.faults().set(vec![first]);
    let run = pipeline.send("one", &[("a.csv", FOUR_ROWS)]).await.unwrap().run;
    while !pipeline.local.faults().calls().iter().any(|call| call.fault.is_some()) {
        tokio::task::yield_now().await;
    }
    let (key, _) = pipeline.parquet(&run).await.unwrap().swap_remove(0);
    let (s3, lake) = (&pipeline.place.clients.s3, pipeline.export("SLUICE_LAKE_BUCKET"));
    let bytes = aws::object::read(s3, &lake, &key).await.unwrap().unwrap();
    let changed = change(bytes.to_vec());
    s3.put_object().bucket(&lake).key(&key).body(changed.into()).send().await.unwrap();
    pipeline.local.idle().await;
    let report = pipeline.report(&run).await.unwrap().unwrap();
    assert_eq!(report.status, Status::Failed);
    let copies =
        pipeline.local.faults().calls().iter().filter(|call| call.operation == "BatchExecuteStatement").count();
    assert_eq!(copies, 0, "COPY was not submitted");
    let error = report.error.unwrap();
    (error.message, format!("s3://{lake}/{key}"))
}

#[tokio::test]
async fn a_file_that_does_not_fit_staging_is_named_before_copy() {
    // The column's name stands in the schema, and in each column of a row group: the file keeps its length.
    let (message, url) = with_a_changed_file(|mut bytes| {
        let name = b"sold_on";
        for at in 0..bytes.len() - name.len() {
            if bytes[at..].starts_with(name) {
                bytes[at + 6] = b'f';
            }
        }
        bytes
    })
    .await;
    assert!(message.ends_with(&format!("{url}: column 5 is sold_of in the file and sold_on in staging")), "{message}");
}

#[tokio::test]
async fn a_file_that_is_not_the_one_that_was_written_is_named_before_copy() {
    let (message, url) = with_a_changed_file(|_| b"PAR1".to_vec()).await;
    assert!(message.contains(&format!("{url}: it has 4 bytes, and had ")), "{message}");
    let (message, url) = with_a_changed_file(|bytes| vec![b'x'; bytes.len()]).await;
    assert!(message.contains(&format!("{url}: the file does not end as Parquet does")), "{message}");
}

/// Two changes, each met by a fault on its way to the warehouse or on the way back, or by a kill while it is held back; the
/// event comes again.
#[tokio::test]
async fn a_load_that_alters_ends_the_same_whatever_call_of_it_fails() {
    let slow = Fault::Slow { milliseconds: 3_600_000 };
    for fault in [Fault::Error, Fault::DropBefore, Fault::DropAfter, slow] {
        for nth in 1..=2 {
            let folder = TempDir::new().unwrap();
            let first = Pipeline::start(folder.path(), ORDERS).await.unwrap();
            assert_eq!(loaded(&first, "one", ("a.csv", FOUR_ROWS)).await.status, Status::Succeeded);
            first.local.stop().await.unwrap();
            let mut pipeline = Pipeline::start(folder.path(), &wider()).await.unwrap();
            pipeline.local.faults().set(vec![Rule::nth_of("RedshiftData", "ExecuteStatement", nth, fault)]);
            let csv = "id,name,sold_on,amount,region\n9,Zoe,2026-01-01,1,north\n";
            let delivery = pipeline.send("two", &[("b.csv", csv)]).await.unwrap();
            if fault == slow {
                while !pipeline.local.faults().calls().iter().any(|call| call.fault.is_some()) {
                    tokio::task::yield_now().await;
                }
                pipeline.local.kill().await;
                pipeline = Pipeline::start(folder.path(), &wider()).await.unwrap();
            }
            pipeline.local.idle().await;
            pipeline.local.faults().set(Vec::new());
            pipeline.local.redeliver(&delivery.manifest).await.unwrap();
            pipeline.local.idle().await;
            let report = pipeline.report(&delivery.run).await.unwrap().unwrap();
            assert_eq!(report.status, Status::Succeeded, "{fault:?} {nth}: {:?}", report.error);
            let rows = pipeline.query("SELECT id, region FROM analytics.orders ORDER BY id").await.unwrap();
            assert_eq!((rows.len(), &rows[3]), (4, &vec![json!(9), json!("north")]), "{fault:?} {nth}");
        }
    }
}
