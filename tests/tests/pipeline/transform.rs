//! Transform over the wire: a large item by multipart, a retry, broken promises, and a fault at every call; and formats
//! that are read by ranges.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{Date32Array, Int64Array, RecordBatch, StringArray};

use aws::Call;
use aws_sdk_s3::primitives::ByteStream;
use engine::Item;
use local::{Fault, Local, Options, Rule};
use model::arrival::Pin;
use model::dataset::DatasetFile;
use model::flow::TransformRequest;
use model::manifest::{ListingMeta, Manifest};
use model::name::{BatchId, S3Url};
use model::part::Part;
use model::plan::{Input, RunPlan};
use model::{Kind, layout};
use parquet::arrow::ArrowWriter;

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
        let note = note(row);
        let day = if row % 10 == 0 { 2 } else { 1 };
        writeln!(text, "{row},2013-01-0{day},{note}{note}").unwrap();
    }
    text += "x,y,z\n";
    text.into_bytes()
}

fn note(row: usize) -> String {
    (0..8).map(|n| model::hash::sha256_hex(&(row * 8 + n).to_le_bytes())).collect()
}

/// The rows of [`csv`], in four row groups. The last has no id.
fn parquet(rows: usize) -> Vec<u8> {
    let (group, last) = (rows.div_ceil(4), rows - 1);
    let mut writer = None;
    for first in (0..rows).step_by(group) {
        let numbers = || first..rows.min(first + group);
        let ids = Int64Array::from_iter(numbers().map(|row| (row != last).then(|| i64::try_from(row).unwrap())));
        // 15706 is 2013-01-01.
        let days = Date32Array::from_iter_values(numbers().map(|row| if row % 10 == 0 { 15707 } else { 15706 }));
        let notes = StringArray::from_iter_values(numbers().map(|row| note(row).repeat(2)));
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("id", Arc::new(ids) as _, true),
            ("unread", Arc::new(notes.clone()) as _, true),
            ("day", Arc::new(days) as _, true),
            ("note", Arc::new(notes) as _, true),
        ])
        .unwrap();
        let writer = writer.get_or_insert_with(|| ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap());
        writer.write(&batch).unwrap();
        writer.flush().unwrap();
    }
    writer.unwrap().into_inner().unwrap()
}

async fn put(local: &Local, url: &S3Url, bytes: Vec<u8>) -> Pin {
    let s3 = &local.clients().s3;
    s3.put_object().bucket(url.bucket()).key(url.key()).body(ByteStream::from(bytes)).send().await.unwrap();
    aws::object::head(s3, url, None).await.unwrap().unwrap()
}

async fn plan(local: &Local, inputs: Vec<(S3Url, Vec<u8>, ListingMeta)>) -> RunPlan {
    plan_of(local, DATASET, inputs).await
}

async fn plan_of(local: &Local, dataset: &str, inputs: Vec<(S3Url, Vec<u8>, ListingMeta)>) -> RunPlan {
    let mut pinned = Vec::new();
    for (url, bytes, promise) in inputs {
        let pin = put(local, &url, bytes).await;
        pinned.push(Input { url, pin, promise });
    }
    let url = S3Url::parse("s3://landing/orders/_x").unwrap();
    // Other promises are those of another manifest, also within a second.
    let promises: Vec<_> = pinned.iter().map(|input| &input.promise).collect();
    let pin = put(local, &url, serde_json::to_vec(&promises).unwrap()).await;
    let manifest = Manifest {
        version: 1,
        batch: BatchId::of(&url),
        url,
        pin: pin.clone(),
        sha256: String::new(),
        sequencer: None,
        as_of: None,
        batch_at: Some(pin.last_modified),
        entries: vec![],
    };
    let dataset = DatasetFile::parse(dataset, "x").unwrap();
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
async fn every_call(fault: Fault, dataset: &str, bytes: Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { max_attempts: 1, ..Options::at(folder.path()) };
    let local = Local::start(options).await.unwrap();
    let plan = plan_of(&local, dataset, vec![(url("orders/a"), bytes, ListingMeta::default())]).await;
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
    every_call(Fault::Error, DATASET, csv(18_000)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_may_be_lost_and_the_next_try_ends_the_same() {
    every_call(Fault::DropAfter, DATASET, csv(18_000)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_range_may_fail_and_the_next_try_ends_the_same() {
    every_call(Fault::Error, &DATASET.replace("csv", "parquet"), parquet(18_000)).await;
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

/// What the engine alone makes of the inputs of a plan: objects by their keys.
fn alone(plan: &RunPlan, inputs: &[(S3Url, Vec<u8>, ListingMeta)]) -> BTreeMap<String, Vec<u8>> {
    let options = engine::Options { mask_key: None, threads: 1, chunk_bytes: 1 << 20 };
    let mut item = Item::new(&plan.dataset().unwrap().dataset, &plan.run, &plan.batch, 0, &options).unwrap();
    let mut objects = BTreeMap::<String, Vec<u8>>::new();
    let mut take = |item: &mut Item| {
        for chunk in item.take_output() {
            objects.entry(chunk.object.key().to_owned()).or_default().extend_from_slice(&chunk.bytes);
        }
    };
    for (url, bytes, _) in inputs {
        item.begin_input(&url.to_string(), bytes.len() as u64).unwrap();
        while let Some(range) = item.wants().pop() {
            let places = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
            item.push_range(range.start, bytes.get(places).unwrap().to_vec().into()).unwrap();
            take(&mut item);
        }
        if !item.is_ranged() {
            item.push(bytes).unwrap();
        }
        item.end_input().unwrap();
    }
    item.finish().unwrap();
    take(&mut item);
    objects
}

/// Through S3 a format becomes what the engine alone makes of it; promises that are broken are told.
async fn through_s3(dataset: &str, files: Vec<(S3Url, Vec<u8>, u64)>, accepted: u64, rejected: u64) {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(Options::at(folder.path())).await.unwrap();
    let promised = |sha256: Option<String>, rows: Option<u64>| {
        let promises = files.iter().map(|(url, bytes, count)| {
            let sha256 = Some(sha256.clone().unwrap_or_else(|| model::hash::sha256_hex(bytes)));
            let record_count = Some(rows.unwrap_or(*count));
            (url.clone(), bytes.clone(), ListingMeta { record_count, sha256, ..ListingMeta::default() })
        });
        promises.collect::<Vec<_>>()
    };
    let kept = promised(None, None);
    let right = plan_of(&local, dataset, kept.clone()).await;
    let answer = transform(&local, &right).await.unwrap();
    assert_eq!((answer.counts.accepted, answer.counts.rejected), (accepted, rejected));
    let objects = lake(&local).await.into_iter();
    let made: BTreeMap<_, _> = objects.filter(|(key, _)| !key.starts_with("runs/")).collect();
    assert!(made.values().any(|bytes| !bytes.is_empty()));
    assert!(made == alone(&right, &kept), "other names or bytes than from the engine alone");

    for (sha256, rows, word) in [(Some("0".repeat(64)), None, "sha256"), (None, Some(7_777_777), "rows")] {
        forget(&local, &right).await;
        let wrong = plan_of(&local, dataset, promised(sha256, rows)).await;
        let error = transform(&local, &wrong).await.unwrap_err();
        let told = model::error::chain(&error);
        assert_eq!(error.kind(), Kind::Data, "{told}");
        assert!(told.contains(&format!("the manifest promises {word}")), "{told}");
        let part = layout::part(&wrong.run, 0);
        assert!(aws::object::read(&local.clients().s3, "control", &part).await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parquet_comes_through_s3_as_from_a_file() {
    let bytes = parquet(18_000);
    assert!(bytes.len() > 32 << 20, "{} bytes are not several ranges", bytes.len());
    let small = parquet(5);
    let files = vec![(url("orders/a.parquet"), bytes, 18_000), (url("orders/b.parquet"), small, 5)];
    through_s3(&DATASET.replace("csv", "parquet"), files, 18_003, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn avro_comes_through_s3_as_from_a_file() {
    let dataset =
        "{dataset: orders, landing: orders/, format: avro, columns: {id: {type: bigint}, name: {type: varchar(30)}}}";
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/avro_every_codec");
    let files = ["0_null", "1_deflate", "2_snappy", "3_zstandard", "4_bzip2"].map(|name| {
        let bytes = std::fs::read(folder.join(format!("input_{name}.avro"))).unwrap();
        (url(&format!("orders/{name}.avro")), bytes, 2)
    });
    // `deflate` and `zstandard`, five times, are too long.
    through_s3(dataset, files.to_vec(), 6, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_parquet_file_is_the_datas_fault() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(Options::at(folder.path())).await.unwrap();
    let inputs = vec![(url("orders/a.parquet"), parquet(10), ListingMeta::default())];
    let plan = plan_of(&local, &DATASET.replace("csv", "parquet"), inputs).await;
    put(&local, &url("orders/a.parquet"), parquet(11)).await;
    assert_eq!(transform(&local, &plan).await.unwrap_err().kind(), Kind::Data);
}
