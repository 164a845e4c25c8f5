//! The flow over the wire: what a producer delivers, what an analyst finds.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use local::{Fault, Rule};
use model::flow::ExecutionInput;
use model::name::{RunName, S3Url};
use model::report::Status;
use serde_json::json;
use tempfile::TempDir;
use tests::{FOUR_ROWS, ORDERS, Pipeline};

const COUNT: &str = "SELECT COUNT(*) FROM analytics.orders";

async fn pipeline() -> (TempDir, Pipeline) {
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), ORDERS).await.unwrap();
    (folder, pipeline)
}

/// Starts an execution of a run by hand, as nobody should.
async fn start(pipeline: &Pipeline, run: &RunName, n: u32) {
    let input = ExecutionInput { dataset: run.dataset().clone(), run: run.clone(), items: vec![0], infer: false };
    let machine = pipeline.export("SLUICE_STATE_MACHINE");
    let request = pipeline.place.clients.sfn.start_execution().state_machine_arn(machine).name(format!("{run}-{n}"));
    request.input(serde_json::to_string(&input).unwrap()).send().await.unwrap();
}

#[tokio::test]
async fn every_row_of_a_batch_is_accounted_for() {
    let (_folder, pipeline) = pipeline().await;
    let run = pipeline.deliver("one", &[("a.csv", FOUR_ROWS)]).await.unwrap().run;

    let report = pipeline.report(&run).await.unwrap().unwrap();
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    assert!(report.equation.iter().all(|equality| equality.holds));
    let numbers: Vec<&str> = report.equation.iter().map(|equality| equality.numbers.as_str()).collect();
    assert_eq!(numbers, ["4 = 3 + 1 + 0 + 0", "3 = 3 + 0", "3 = 3 + 0", "4 = 4", "1 = 1", "3 = 3"]);
    assert_eq!(report.rejected_by_reason.get("not_a_number"), Some(&1));

    let rows = pipeline
        .query("SELECT id, name, sold_on, amount, _sluice_run FROM analytics.orders ORDER BY id")
        .await
        .unwrap();
    let run_text = run.to_string();
    assert_eq!(
        rows,
        [
            vec![json!(1), json!("ann"), json!("2026-01-01"), json!("10.50"), json!(run_text)],
            vec![json!(2), json!("bob"), json!("2026-01-02"), json!(null), json!(run_text)],
            vec![json!(3), json!("cy"), json!("2026-01-01"), json!("7.00"), json!(run_text)],
        ]
    );
    let ledger =
        "SELECT rows_read, rows_accepted, rows_rejected, rows_staged, rows_published, rows_replaced FROM sluice.ledger";
    assert_eq!(pipeline.query(ledger).await.unwrap(), [[4, 3, 1, 3, 3, 0].map(|n| json!(n)).to_vec()]);
    let left = "SELECT table_name FROM svv_tables WHERE table_schema = 'sluice' AND table_name LIKE 'stage%'";
    assert_eq!(pipeline.query(left).await.unwrap(), Vec::<Vec<serde_json::Value>>::new(), "staging is dropped");
}

#[tokio::test]
async fn a_reject_says_where_it_stands() {
    let (_folder, pipeline) = pipeline().await;
    let run = pipeline.deliver("one", &[("a.csv", FOUR_ROWS)]).await.unwrap().run;
    let report = pipeline.report(&run).await.unwrap().unwrap();
    let url = &report.rejects[0];
    let bytes = aws::object::read(&pipeline.place.clients.s3, url.bucket(), url.key()).await.unwrap().unwrap();
    let reject: model::part::RejectLine = serde_json::from_slice(bytes.trim_ascii_end()).unwrap();
    assert_eq!((reject.line, reject.column.as_deref(), reject.reason.as_str()), (5, Some("amount"), "not_a_number"));
    assert_eq!(reject.object, "s3://landing/orders/one/a.csv");
    let start = usize::try_from(reject.byte_offset).unwrap();
    let end = start + usize::try_from(reject.byte_length).unwrap();
    assert_eq!(&FOUR_ROWS[start..end], "4,Di,2026-01-01,x\n", "the position finds the record in the object");
}

#[tokio::test]
async fn the_same_event_twice_loads_once() {
    let (_folder, pipeline) = pipeline().await;
    let delivery = pipeline.deliver("one", &[("a.csv", FOUR_ROWS)]).await.unwrap();
    for _ in 0..2 {
        let answer = pipeline.local.redeliver(&delivery.manifest).await.unwrap();
        assert_eq!(answer[0]["outcome"], "duplicate", "{answer}");
        pipeline.local.idle().await;
    }
    assert_eq!(pipeline.number(COUNT).await.unwrap(), 3);
    assert_eq!(pipeline.number("SELECT COUNT(*) FROM sluice.ledger").await.unwrap(), 1);
}

#[tokio::test]
async fn an_event_that_comes_three_times_at_once_loads_once() {
    let (_folder, pipeline) = pipeline().await;
    let delivery = pipeline.send("one", &[("a.csv", FOUR_ROWS)]).await.unwrap();
    let again = || pipeline.local.redeliver(&delivery.manifest);
    let (one, two, three) = tokio::join!(again(), again(), again());
    for answer in [one, two, three] {
        let answer = answer.unwrap();
        assert!(["started", "duplicate"].contains(&answer[0]["outcome"].as_str().unwrap()), "{answer}");
    }
    pipeline.local.idle().await;
    assert_eq!(pipeline.number(COUNT).await.unwrap(), 3);
    assert_eq!(pipeline.number("SELECT COUNT(*) FROM sluice.ledger").await.unwrap(), 1);
}

#[tokio::test]
async fn a_correction_replaces_the_rows_of_its_batch_only() {
    let (_folder, pipeline) = pipeline().await;
    pipeline.deliver("other", &[("b.csv", "id,name,sold_on,amount\n9,Zoe,2026-01-01,1\n")]).await.unwrap();
    let first = pipeline.deliver("one", &[("a.csv", FOUR_ROWS)]).await.unwrap().run;
    let second =
        pipeline.deliver("one", &[("a.csv", "id,name,sold_on,amount\n1,Ann,2026-01-03,11\n")]).await.unwrap().run;
    assert_ne!(first, second);

    let ids = pipeline.query("SELECT id FROM analytics.orders ORDER BY id").await.unwrap();
    assert_eq!(ids, [[json!(1)], [json!(9)]]);
    let load = pipeline.report(&second).await.unwrap().unwrap().load.unwrap();
    assert_eq!((load.replaced, load.supersedes), (3, vec![first.clone()]));

    let partitions =
        pipeline.place.clients.glue.get_partitions().database_name("lake").table_name("orders").send().await;
    let values: Vec<Vec<String>> = partitions.unwrap().partitions().iter().map(|p| p.values().to_vec()).collect();
    assert!(values.contains(&vec!["2026-01-03".to_owned(), second.to_string()]), "{values:?}");
    assert!(!values.iter().any(|value| value.contains(&first.to_string())), "the superseded run is out: {values:?}");
    assert_eq!(values.len(), 2, "the other batch stays: {values:?}");
}

const CORRECTION: &str = "id,name,sold_on,amount\n1,Ann,2026-01-03,11\n";

#[tokio::test]
async fn an_older_run_that_is_tried_again_publishes_nothing() {
    let (_folder, pipeline) = pipeline().await;
    let older = pipeline.deliver("one", &[("a.csv", FOUR_ROWS)]).await.unwrap().run;
    let newer = pipeline.deliver("one", &[("a.csv", CORRECTION)]).await.unwrap().run;
    start(&pipeline, &older, 2).await;
    pipeline.local.idle().await;

    let report = pipeline.report(&older).await.unwrap().unwrap();
    assert_eq!((report.n, report.status), (2, Status::Superseded), "{:?}", report.error);
    assert_eq!(report.load.unwrap().superseded_by, Some(newer));
    assert_eq!(pipeline.number(COUNT).await.unwrap(), 1);
}

#[tokio::test]
async fn an_event_that_comes_again_is_its_run_whatever_became_of_the_files() {
    let (_folder, pipeline) = pipeline().await;
    let delivery = pipeline.deliver("one", &[("a.csv", FOUR_ROWS)]).await.unwrap();
    pipeline.put("orders/one/a.csv", CORRECTION.as_bytes()).await.unwrap();
    let answer = pipeline.local.redeliver(&delivery.manifest).await.unwrap();
    assert_eq!((&answer[0]["outcome"], &answer[0]["run"]), (&json!("duplicate"), &json!(delivery.run)));
    pipeline.local.idle().await;
    assert_eq!(pipeline.number(COUNT).await.unwrap(), 3, "the manifest did not deliver the other bytes");
}

/// Delivers two files of the lake of which the first becomes another one while its COPY is held back; its url.
async fn with_a_file_that_copy_cannot_take(dataset: &str) -> (TempDir, Pipeline, RunName, String) {
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), dataset).await.unwrap();
    // Its second batch of statements is the COPY: held back until a file of the lake is another one.
    let copy = Rule::nth_of("RedshiftData", "BatchExecuteStatement", 2, Fault::Slow { milliseconds: 10_000 });
    pipeline.local.faults().set(vec![copy]);
    let run = pipeline.send("one", &[("a.csv", FOUR_ROWS)]).await.unwrap().run;
    while !pipeline.local.faults().calls().iter().any(|call| call.fault.is_some()) {
        tokio::task::yield_now().await;
    }
    let (key, _) = pipeline.parquet(&run).await.unwrap().swap_remove(0);
    let lake = pipeline.export("SLUICE_LAKE_BUCKET");
    let other = pipeline.place.clients.s3.put_object().bucket(&lake).key(&key).body(b"PAR1".to_vec().into());
    other.send().await.unwrap();
    pipeline.local.idle().await;
    let url = format!("s3://{lake}/{key}");
    (folder, pipeline, run, url)
}

#[tokio::test]
async fn a_copy_that_fails_says_which_file_and_what_to_do() {
    let (_folder, pipeline, run, url) = with_a_file_that_copy_cannot_take(ORDERS).await;
    let report = pipeline.report(&run).await.unwrap().unwrap();
    assert_eq!(report.status, Status::Failed);
    let message = report.error.unwrap().message;
    let says = format!("; {url}: HTTP response error code: 416 Message: InvalidRange");
    assert!(message.contains(&says), "{message}");
    assert!(message.ends_with("nobody but Sluice may write to the lake; deliver again"), "{message}");
}

#[tokio::test]
async fn a_file_that_copy_cannot_take_is_isolated_and_the_rest_is_loaded() {
    let dataset = ORDERS.replace("max_ratio: 0.5", "max_ratio: 0.75") + "on_copy_error: isolate\n";
    let (_folder, pipeline, run, url) = with_a_file_that_copy_cannot_take(&dataset).await;
    let report = pipeline.report(&run).await.unwrap().unwrap();
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    assert!(report.equation.iter().all(|equality| equality.holds), "{:?}", report.equation);
    let numbers: Vec<&str> = report.equation.iter().map(|equality| equality.numbers.as_str()).collect();
    assert_eq!(numbers[..3], ["4 = 3 + 1 + 0 + 0", "3 = 1 + 2", "1 = 1 + 0"]);
    let load = report.load.unwrap();
    let [isolated] = load.isolated_files.as_slice() else { panic!("{load:?}") };
    assert_eq!((isolated.url.to_string(), isolated.rows), (url, 2));
    assert!(isolated.why.contains("416 Message: InvalidRange"), "{}", isolated.why);
    assert_eq!(pipeline.query("SELECT id FROM analytics.orders").await.unwrap(), [[json!(2)]]);
    let ledger = "SELECT rows_accepted, rows_isolated, rows_staged, rows_published FROM sluice.ledger";
    assert_eq!(pipeline.query(ledger).await.unwrap(), [[3, 2, 1, 1].map(|count| json!(count))]);
}

#[tokio::test]
async fn isolated_rows_count_as_rejects_and_past_the_limit_nothing_is_loaded() {
    let dataset = format!("{ORDERS}on_copy_error: isolate\n");
    let (_folder, pipeline, run, url) = with_a_file_that_copy_cannot_take(&dataset).await;
    let report = pipeline.report(&run).await.unwrap().unwrap();
    let error = report.error.unwrap();
    assert_eq!((report.status, error.kind.as_str()), (Status::Failed, "Data"));
    assert!(error.message.contains("2 rows are in files that COPY cannot take"), "{}", error.message);
    assert!(error.message.contains("3 of 4 rows are rejects, rejects.max_ratio is 0.5"), "{}", error.message);
    assert!(error.message.contains(&url), "{}", error.message);
    assert_eq!(pipeline.number(COUNT).await.unwrap(), 0);
}

#[tokio::test]
async fn past_the_reject_limit_nothing_is_loaded() {
    let (_folder, pipeline) = pipeline().await;
    let bad = "id,name,sold_on,amount\n1,Ann,2026-01-01,x\n2,Bob,2026-01-01,y\n3,Cy,2026-01-01,1\n";
    let run = pipeline.deliver("one", &[("a.csv", bad)]).await.unwrap().run;
    let report = pipeline.report(&run).await.unwrap().unwrap();
    assert_eq!(report.status, Status::Failed);
    let error = report.error.unwrap();
    assert_eq!(error.kind, "Data");
    assert!(error.message.contains("2 of 3 rows are rejects, rejects.max_ratio is 0.5"), "{}", error.message);
    assert_eq!((report.counts.read, report.counts.rejected), (3, 2), "what was read is still reported");
    assert!(pipeline.query(COUNT).await.is_err(), "not even the table was made");
    assert!(
        pipeline.local.notices().iter().any(|notice| format!("{notice:?}").contains(&run.to_string())),
        "somebody is told"
    );
}

#[tokio::test]
async fn two_executions_of_one_run_load_once() {
    let (_folder, pipeline) = pipeline().await;
    let run = pipeline.deliver("one", &[("a.csv", FOUR_ROWS)]).await.unwrap().run;
    for n in 2..=4 {
        start(&pipeline, &run, n).await;
    }
    pipeline.local.idle().await;
    for n in 1..=4 {
        let report = history(&pipeline, &run, n).await;
        assert_eq!(report.status, Status::Succeeded, "{n}: {:?}", report.error);
        assert_eq!(report.load.unwrap().published, 3);
    }
    assert_eq!(pipeline.number(COUNT).await.unwrap(), 3);
    assert_eq!(pipeline.number("SELECT COUNT(*) FROM sluice.ledger").await.unwrap(), 1);
}

#[tokio::test]
async fn two_executions_that_start_together_load_once() {
    let (_folder, pipeline) = pipeline().await;
    // The event starts the first while the second is started by hand.
    let delivery = pipeline.send("one", &[("a.csv", FOUR_ROWS)]).await.unwrap();
    pipeline.local.redeliver(&delivery.manifest).await.unwrap();
    start(&pipeline, &delivery.run, 2).await;
    pipeline.local.idle().await;
    assert_eq!(pipeline.number(COUNT).await.unwrap(), 3);
    assert_eq!(pipeline.number("SELECT COUNT(*) FROM sluice.ledger").await.unwrap(), 1);
    for n in 1..=2 {
        let report = history(&pipeline, &delivery.run, n).await;
        assert_eq!(report.status, Status::Succeeded, "{n}: {:?}", report.error);
    }
}

async fn history(pipeline: &Pipeline, run: &RunName, n: u32) -> model::report::RunReport {
    sluice::history::report(&pipeline.place, run, n).await.unwrap()
}

#[tokio::test]
async fn a_batch_without_rows_is_published_too() {
    let (_folder, pipeline) = pipeline().await;
    pipeline.deliver("one", &[("a.csv", FOUR_ROWS)]).await.unwrap();
    let run = pipeline.deliver("one", &[("a.csv", "id,name,sold_on,amount\n")]).await.unwrap().run;
    let report = pipeline.report(&run).await.unwrap().unwrap();
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    assert_eq!(pipeline.number(COUNT).await.unwrap(), 0, "the correction says there are none");
}

#[tokio::test]
async fn without_a_table_the_run_ends_in_the_lake() {
    let folder = TempDir::new().unwrap();
    let dataset = ORDERS.lines().filter(|line| !line.starts_with("load:")).collect::<Vec<_>>().join("\n");
    let pipeline = Pipeline::start(folder.path(), &dataset).await.unwrap();
    let run = pipeline.deliver("one", &[("a.csv", FOUR_ROWS)]).await.unwrap().run;
    let report = pipeline.report(&run).await.unwrap().unwrap();
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    assert_eq!(pipeline.parquet(&run).await.unwrap().len(), 2);
    let table = pipeline.place.clients.glue.get_table().database_name("lake").name("orders").send().await.unwrap();
    assert_eq!(table.table().unwrap().storage_descriptor().unwrap().location(), Some("s3://lake/orders/"));
}

/// Loads a batch, changes the dataset file, and delivers a batch again; what its failure says.
async fn after_a_change(from: &str, to: &str, batch: &str) -> String {
    let (folder, first) = pipeline().await;
    first.deliver("one", &[("a.csv", FOUR_ROWS)]).await.unwrap();
    first.local.stop().await.unwrap();
    let changed = ORDERS.replace(from, to);
    assert_ne!(changed, ORDERS);
    let pipeline = Pipeline::start(folder.path(), &changed).await.unwrap();
    let run = pipeline.deliver(batch, &[("a.csv", FOUR_ROWS)]).await.unwrap().run;
    let report = pipeline.report(&run).await.unwrap().unwrap();
    assert_eq!(pipeline.number(COUNT).await.unwrap(), 3, "the rows stay as they were");
    let error = report.error.unwrap();
    assert_eq!(error.kind, "Config");
    error.message
}

#[tokio::test]
async fn a_table_with_another_scale_is_refused_and_rounds_nothing() {
    let message = after_a_change("decimal(10,2)", "decimal(10,4)", "two").await;
    for text in ["analytics.orders", "amount", "decimal(10,2)", "decimal(10,4)"] {
        assert!(message.contains(text), "{text}: {message}");
    }
}

#[tokio::test]
async fn a_batch_is_in_one_table_only() {
    let message = after_a_change("analytics.orders", "analytics.moved", "one").await;
    for text in ["analytics.orders", "analytics.moved"] {
        assert!(message.contains(text), "{text}: {message}");
    }
}

#[tokio::test]
async fn odd_keys_arrive() {
    let (_folder, pipeline) = pipeline().await;
    let run = pipeline.deliver("a b+c é%2B", &[("ö + x.csv", FOUR_ROWS)]).await.unwrap().run;
    let report = pipeline.report(&run).await.unwrap().unwrap();
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    assert_eq!(pipeline.number(COUNT).await.unwrap(), 3);
}

#[tokio::test]
async fn a_marker_takes_its_folder() {
    let (_folder, pipeline) = pipeline().await;
    pipeline.put("orders/day/sub/b.csv", FOUR_ROWS.as_bytes()).await.unwrap();
    pipeline.put("orders/day/a.csv", b"id,name,sold_on,amount\n7,Gus,2026-01-01,1\n").await.unwrap();
    pipeline.put("orders/day/_temporary/x.csv", b"broken").await.unwrap();
    pipeline.put("orders/day/.hidden", b"broken").await.unwrap();
    pipeline.put("orders/day/_SUCCESS", b"").await.unwrap();
    pipeline.local.idle().await;
    assert_eq!(pipeline.number(COUNT).await.unwrap(), 4);
}

#[tokio::test]
async fn promises_are_checked() {
    let (_folder, pipeline) = pipeline().await;
    pipeline.put("orders/p/a.csv", FOUR_ROWS.as_bytes()).await.unwrap();
    let sha256 = model::hash::sha256_hex(FOUR_ROWS.as_bytes());
    for (name, meta, expected) in [
        ("kept", json!({"record_count": 4, "sha256": sha256, "content_length": FOUR_ROWS.len()}), Status::Succeeded),
        ("rows", json!({"record_count": 5}), Status::Failed),
        ("hash", json!({"sha256": "0".repeat(64)}), Status::Failed),
    ] {
        let manifest = json!({"entries": [{"url": "s3://landing/orders/p/a.csv", "mandatory": true, "meta": meta}]});
        pipeline.put(&format!("orders/p/{name}.manifest"), manifest.to_string().as_bytes()).await.unwrap();
        pipeline.local.idle().await;
        let mut found = Vec::new();
        for seen in sluice::history::all(&pipeline.place, None).await.unwrap() {
            let entry = sluice::history::entry(&pipeline.place, seen).await.unwrap();
            found.extend((entry.manifest.as_ref().unwrap().ends_with(&format!("/{name}.manifest"))).then_some(entry));
        }
        let [entry] = found.as_slice() else { panic!("{name}: {found:?}") };
        assert_eq!(entry.status, expected.name(), "{name}");
    }
}

#[tokio::test]
async fn an_execution_that_is_stopped_still_gets_its_report() {
    let (_folder, pipeline) = pipeline().await;
    let sfn = &pipeline.place.clients.sfn;
    // The loader's first statement is held back, so the execution is certainly running when it is stopped.
    let loader = Rule::nth_of("RedshiftData", "BatchExecuteStatement", 1, Fault::Slow { milliseconds: 5_000 });
    pipeline.local.faults().set(vec![loader]);
    let file = pipeline.put("orders/one/a.csv", FOUR_ROWS.as_bytes()).await.unwrap();
    let manifest = S3Url::new("landing", "orders/one/manifest").unwrap();
    let listing = json!({"entries": [{"url": file}]}).to_string();
    pipeline.local.put_quietly(&manifest, listing.into_bytes()).await.unwrap();
    let answer = pipeline.local.redeliver(&manifest).await.unwrap();
    let run = RunName::parse(answer[0]["run"].as_str().unwrap()).unwrap();
    let machine = pipeline.export("SLUICE_STATE_MACHINE");
    let arn = machine.replace(":stateMachine:", ":execution:") + &format!(":{run}-1");
    sfn.stop_execution().execution_arn(&arn).send().await.unwrap();
    pipeline.local.faults().set(Vec::new());
    pipeline.local.idle().await;

    let report = pipeline.report(&run).await.unwrap().unwrap();
    assert_eq!(report.status, Status::Failed);
    assert_eq!(report.error.unwrap().kind, "ABORTED");
    // The next delivery of the same event mends it.
    pipeline.local.redeliver(&manifest).await.unwrap();
    pipeline.local.idle().await;
    let report = pipeline.report(&run).await.unwrap().unwrap();
    assert_eq!((report.n, report.status), (2, Status::Succeeded), "{:?}", report.error);
}
