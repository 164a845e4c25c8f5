//! Transform over the wire: a large item by multipart, a retry, broken promises, and a fault at every call.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;

use aws::Call;
use aws_sdk_s3::primitives::ByteStream;
use local::{Fault, Local, Options, Rule};
use model::arrival::Pin;
use model::dataset::DatasetFile;
use model::flow::TransformRequest;
use model::manifest::{ListingMeta, Manifest};
use model::name::{BatchId, S3Url};
use model::part::Part;
use model::plan::{Input, RunPlan};
use model::{Kind, layout};

const DATASET: &str = "
dataset: orders
landing: orders/
format: csv
columns: {id: {type: bigint, required: true}, day: {type: date}, note: {type: varchar(2000)}}
partition_by: {dt: day(day)}
";

fn csv(rows: usize) -> Vec<u8> {
    let mut text = "id,day,note\n".to_owned();
    for row in 0..rows {
        let note: String = (0..8).map(|n| model::hash::sha256_hex(&(row * 8 + n).to_le_bytes())).collect();
        let day = if row % 10 == 0 { 2 } else { 1 };
        writeln!(text, "{row},2013-01-0{day},{note}{note}").unwrap();
    }
    text += "x,y,z\n";
    text.into_bytes()
}

async fn put(local: &Local, url: &S3Url, bytes: Vec<u8>) -> Pin {
    let s3 = &local.clients().s3;
    s3.put_object().bucket(url.bucket()).key(url.key()).body(ByteStream::from(bytes)).send().await.unwrap();
    aws::object::head(s3, url, None).await.unwrap().unwrap()
}

async fn plan(local: &Local, inputs: Vec<(S3Url, Vec<u8>, ListingMeta)>) -> RunPlan {
    let mut pinned = Vec::new();
    for (url, bytes, promise) in inputs {
        let pin = put(local, &url, bytes).await;
        pinned.push(Input { url, pin, promise });
    }
    let url = S3Url::parse("s3://landing/orders/_x").unwrap();
    let pin = put(local, &url, b"x".to_vec()).await;
    let manifest = Manifest {
        version: 1,
        batch: BatchId::of(&url),
        url,
        pin,
        sha256: String::new(),
        sequencer: None,
        as_of: None,
        entries: vec![],
    };
    let dataset = DatasetFile::parse(DATASET, "x").unwrap();
    let plan = RunPlan::for_manifest(&manifest, &dataset, pinned, None).unwrap();
    aws::object::create_document(&local.clients().s3, "control", &layout::plan(&plan.run), &plan).await.unwrap();
    plan
}

async fn transform(local: &Local, plan: &RunPlan) -> model::Result<transform::Transformed> {
    transform_within(local, plan, 900).await
}

async fn transform_within(local: &Local, plan: &RunPlan, seconds: u64) -> model::Result<transform::Transformed> {
    let settings = local.exports();
    let get = |name: &str| settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let config = transform::Config::read(get).unwrap();
    let now = aws::edge::now();
    let call = Call {
        request: TransformRequest { run: plan.run.clone(), item: 0 },
        now,
        deadline: now + std::time::Duration::from_secs(seconds),
    };
    transform::handle(local.clients(), &config, call).await
}

fn url(key: &str) -> S3Url {
    S3Url::new("landing", key).unwrap()
}

async fn lake(local: &Local) -> Vec<(String, Vec<u8>)> {
    let s3 = &local.clients().s3;
    let mut all = Vec::new();
    for (bucket, prefix) in [("lake", ""), ("control", "rejects/"), ("control", "runs/")] {
        for listed in aws::object::list(s3, bucket, prefix).await.unwrap() {
            let bytes = aws::object::read(s3, bucket, &listed.key).await.unwrap().unwrap();
            all.push((listed.key, bytes.to_vec()));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_item_is_uploaded_in_parts_and_a_retry_writes_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(Options::at(folder.path())).await.unwrap();
    let bytes = csv(20_000);
    let promise = ListingMeta {
        content_length: Some(bytes.len() as u64),
        record_count: Some(20_001),
        sha256: Some(model::hash::sha256_hex(&bytes)),
        etag: None,
    };
    let plan = plan(
        &local,
        vec![
            (url("orders/a.csv"), bytes, promise),
            (url("orders/empty.csv"), b"id,day,note\n".to_vec(), ListingMeta::default()),
        ],
    )
    .await;
    let answer = transform(&local, &plan).await.unwrap();
    assert_eq!((answer.counts.accepted, answer.counts.rejected, answer.files), (20_000, 1, 2));
    let part: Part =
        aws::object::need_document(&local.clients().s3, "control", &layout::part(&plan.run, 0)).await.unwrap();
    let before = lake(&local).await;
    for file in &part.files {
        let there = before.iter().find(|(key, _)| key == file.url.key()).unwrap();
        assert_eq!(there.1.len() as u64, file.size_bytes);
    }
    assert_eq!(transform(&local, &plan).await.unwrap(), answer, "the part is there: nothing is done again");
    forget(&local, &plan).await;
    assert_eq!(transform(&local, &plan).await.unwrap(), answer);
    assert!(lake(&local).await == before, "other names or bytes");
}

/// Each way in its own test, so that they run side by side. More than 8 MiB of Parquet are uploaded in parts.
async fn every_call(fault: Fault) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { max_attempts: 1, ..Options::at(folder.path()) };
    let local = Local::start(options).await.unwrap();
    let plan = plan(&local, vec![(url("orders/a.csv"), csv(18_000), ListingMeta::default())]).await;
    local.faults().set(Vec::new());
    let answer = transform(&local, &plan).await.unwrap();
    let calls = local.faults().calls();
    assert!(calls.iter().any(|call| call.operation == "UploadPart"), "{calls:?}");
    let whole = lake(&local).await;
    let mut failed = 0;
    for call in &calls {
        forget(&local, &plan).await;
        local.faults().set(vec![Rule::nth(call.number, fault)]);
        let tried = transform(&local, &plan).await;
        assert!(local.faults().calls().iter().any(|met| met.fault.is_some()), "{call:?} never came");
        local.faults().set(Vec::new());
        match tried {
            // A lost answer may be found again: the part that was written is there.
            Ok(again) => assert_eq!(again, answer),
            Err(error) => {
                failed += 1;
                assert_eq!(error.kind(), Kind::Transient, "{call:?}: {}", model::error::chain(&error));
                assert_eq!(transform(&local, &plan).await.unwrap(), answer, "{call:?}");
            }
        }
        assert!(lake(&local).await == whole, "{call:?}: other bytes");
    }
    assert!(failed + 2 >= calls.len(), "{failed} of {} faults were felt", calls.len());
}

/// Deletes all that the item wrote, so that the next try writes it anew.
async fn forget(local: &Local, plan: &RunPlan) {
    let s3 = &local.clients().s3;
    for (key, _) in lake(local).await {
        let bucket = if key.ends_with(".parquet") { "lake" } else { "control" };
        if key != layout::plan(&plan.run) {
            s3.delete_object().bucket(bucket).key(key).send().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_may_fail_and_the_next_try_ends_the_same() {
    every_call(Fault::Error).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_may_be_lost_and_the_next_try_ends_the_same() {
    every_call(Fault::DropAfter).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_input_is_the_datas_fault() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(Options::at(folder.path())).await.unwrap();
    let plan = plan(&local, vec![(url("orders/a.csv"), csv(10), ListingMeta::default())]).await;
    put(&local, &url("orders/a.csv"), csv(11)).await;
    let error = transform(&local, &plan).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Data);
    local.clients().s3.delete_object().bucket("landing").key("orders/a.csv").send().await.unwrap();
    let error = transform(&local, &plan).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Data);
}

#[tokio::test(flavor = "multi_thread")]
async fn shortly_before_the_deadline_it_gives_up_its_uploads_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(Options::at(folder.path())).await.unwrap();
    let plan = plan(&local, vec![(url("orders/a.csv"), csv(18_000), ListingMeta::default())]).await;
    let called = |operation: &str| local.faults().calls().iter().filter(|call| call.operation == operation).count();
    // A part that is held back for good. Ten seconds are the margin; how many more it takes to begin the upload is up
    // to the machine.
    for seconds in 11.. {
        local.faults().set(vec![Rule::nth_of("S3", "UploadPart", 1, Fault::Slow { milliseconds: 3_600_000 })]);
        let error = transform_within(&local, &plan, seconds).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Config, "another try would not be faster");
        let message = model::error::chain(&error);
        assert!(message.contains("before the function's deadline"), "{message}");
        if called("UploadPart") > 0 {
            break;
        }
    }
    assert_eq!(called("CreateMultipartUpload"), called("AbortMultipartUpload"), "an upload is left open");
    assert_eq!(called("CompleteMultipartUpload"), 0);
    let part = aws::object::read(&local.clients().s3, "control", &layout::part(&plan.run, 0)).await.unwrap();
    assert_eq!(part, None, "a part that is not made");
    local.faults().set(Vec::new());
    assert_eq!(transform(&local, &plan).await.unwrap().counts.accepted, 18_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_slow_to_begin_holds_up_no_other_object() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(Options::at(folder.path())).await.unwrap();
    let plan = plan(&local, vec![(url("orders/a.csv"), csv(18_000), ListingMeta::default())]).await;
    let forever = Fault::Slow { milliseconds: 3_600_000 };
    local.faults().set(vec![Rule::nth_of("S3", "CreateMultipartUpload", 1, forever)]);
    let puts = || local.faults().calls().iter().filter(|call| call.operation == "PutObject").count();
    let others_written = async {
        while puts() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        // The other day's file, and the rejects, whose chunks come behind the large file's.
        () = others_written => {}
        answer = transform(&local, &plan) => panic!("it ends before its upload has begun: {answer:?}"),
    }
}
