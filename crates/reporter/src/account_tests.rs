use super::*;
use crate::request::Source;
use model::arrival::Pin;
use model::dataset::DatasetFile;
use model::load::Load;
use model::manifest::{ListingMeta, Manifest};
use model::name::{BatchId, S3Url, TableName};
use model::part::{InputRead, ParquetFile};
use model::plan::{Input, RunPlan};

const DATASET: &str = "{dataset: flights, landing: flights/, format: csv, columns: {id: {type: bigint}}}";

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

fn url(name: &str) -> S3Url {
    S3Url::new("landing", &format!("flights/{name}")).unwrap()
}

fn pin(size_bytes: u64) -> Pin {
    Pin { version_id: None, etag: "e".to_owned(), size_bytes, last_modified: at(0) }
}

/// A run of one item: 900 rows read, 897 accepted, 3 rejected, and published as they are.
fn evidence() -> Evidence {
    let manifest = Manifest {
        version: 1,
        batch: BatchId::of(&url("_manifest.json")),
        url: url("_manifest.json"),
        pin: pin(10),
        sha256: "0".repeat(64),
        sequencer: None,
        as_of: None,
        batch_at: Some(DateTime::UNIX_EPOCH),
        entries: Vec::new(),
    };
    let inputs = vec![Input { url: url("a.csv"), pin: pin(5_000), promise: ListingMeta::default() }];
    let plan = RunPlan::for_manifest(&manifest, &DatasetFile::parse(DATASET, "x").unwrap(), inputs, None).unwrap();
    let part = Part {
        version: 1,
        run: plan.run.clone(),
        item: 0,
        counts: Counts { read: 900, accepted: 897, rejected: 3, filtered: 0, duplicate: 0 },
        rejected_by_reason: BTreeMap::from([("not_a_number".to_owned(), 2), ("missing_value".to_owned(), 1)]),
        truncated: BTreeMap::new(),
        files: vec![ParquetFile {
            url: S3Url::parse("s3://lake/flights/0-0.parquet").unwrap(),
            size_bytes: 700,
            rows: 897,
            partition: Vec::new(),
        }],
        rejects: Some(S3Url::parse("s3://control/rejects/0.jsonl").unwrap()),
        inputs: vec![InputRead {
            url: url("a.csv"),
            size_bytes: 5_000,
            rows: 900,
            found: None,
            left_out: vec!["region".to_owned()],
        }],
    };
    let load = Load {
        version: 1,
        run: plan.run.clone(),
        n: 1,
        outcome: Outcome::Published,
        table: Some(TableName::parse("analytics.flights").unwrap()),
        staged: 897,
        isolated: 0,
        isolated_files: Vec::new(),
        published: 897,
        stale: 0,
        replaced: 0,
        withdrawn: 0,
        altered: Vec::new(),
        published_at: None,
        supersedes: Vec::new(),
        superseded_by: None,
    };
    Evidence { manifest: Some(manifest), plan: Some(plan), schema: None, parts: vec![part], load: Some(load) }
}

fn closing(error: Option<(&str, &str)>) -> Closing {
    Closing {
        source: Source::Flow,
        run: evidence().plan.unwrap().run,
        n: 1,
        started_at: Some(at(100)),
        error: error.map(|(kind, message)| Failure { kind: kind.to_owned(), message: message.to_owned() }),
    }
}

fn bug(evidence: &Evidence) -> String {
    let report = report(&closing(None), evidence, at(160));
    assert_eq!(report.status, Status::Failed);
    let error = report.error.unwrap();
    assert_eq!(error.kind, "Bug");
    error.message
}

#[test]
fn an_execution_that_adds_up_has_succeeded() {
    let report = report(&closing(None), &evidence(), at(160));
    assert_eq!((report.status, report.error.as_ref()), (Status::Succeeded, None));
    assert_eq!(report.seconds, Some(60.0));
    assert_eq!(report.input, Volume { files: 1, bytes: 5_000 });
    assert_eq!(report.output, Volume { files: 1, bytes: 700 });
    assert_eq!(report.rejects.len(), 1);
    let lines: Vec<String> =
        report.equation.iter().map(|equality| format!("{}: {}", equality.terms, equality.numbers)).collect();
    assert_eq!(
        lines,
        [
            "read = accepted + rejected + filtered + duplicate: 900 = 897 + 3 + 0 + 0",
            "accepted = staged + isolated: 897 = 897 + 0",
            "staged = published + stale: 897 = 897 + 0",
            "read = rows of the input files: 900 = 900",
            "rejected = rejects by reason: 3 = 3",
            "accepted = rows of the Parquet files: 897 = 897",
        ]
    );
    assert!(report.equation.iter().all(|equality| equality.holds));
}

#[test]
fn a_row_that_the_warehouse_lost_is_a_bug() {
    let mut evidence = evidence();
    evidence.load.as_mut().unwrap().published = 896;
    assert_eq!(bug(&evidence), "staged = published + stale does not hold: 897 = 896 + 0");
}

#[test]
fn a_file_that_lacks_a_row_is_a_bug() {
    let mut evidence = evidence();
    evidence.parts[0].files[0].rows = 896;
    assert_eq!(bug(&evidence), "accepted = rows of the Parquet files does not hold: 897 = 896");
}

#[test]
fn an_end_without_its_documents_is_a_bug() {
    let without = Evidence { parts: Vec::new(), load: None, ..evidence() };
    assert_eq!(bug(&without), "1 of 1 parts are missing; load.json is missing");
    assert_eq!(bug(&Evidence::default()), "manifest.json is missing; plan.json is missing; load.json is missing");
}

#[test]
fn a_superseded_run_is_no_failure() {
    let mut evidence = evidence();
    let load = evidence.load.as_mut().unwrap();
    (load.outcome, load.staged, load.published) = (Outcome::Superseded, 0, 0);
    let report = report(&closing(None), &evidence, at(160));
    assert_eq!((report.status, report.error), (Status::Superseded, None));
}

#[test]
fn a_failure_reports_as_far_as_it_came() {
    let evidence = Evidence { load: None, ..evidence() };
    let report = report(&closing(Some(("Config", "cannot copy"))), &evidence, at(160));
    assert_eq!(report.status, Status::Failed);
    assert_eq!(report.counts.read, 900);
    assert_eq!(report.error.unwrap().message, "cannot copy");
    assert_eq!(report.load, None);
}

#[test]
fn a_failure_after_the_publish_says_where_the_rows_are() {
    let report = report(&closing(Some(("Config", "cannot create table lake.flights"))), &evidence(), at(160));
    assert_eq!(
        report.error.unwrap().message,
        "cannot create table lake.flights (its rows are published in analytics.flights: what failed came after)"
    );
}

#[test]
fn columns_that_are_left_out_are_named_with_the_first_file_that_has_them() {
    let mut evidence = evidence();
    let name = |name: &str| model::name::Identifier::parse(name).unwrap();
    evidence.schema = Some(model::schema::RunSchema {
        version: 1,
        run: evidence.plan.clone().unwrap().run,
        number: 1,
        merged: Some(1),
        sampled_rows: 9,
        columns: model::schema::SchemaColumns::new(),
        left_out: [(name("city"), "s3://landing/b.csv".to_owned())].into_iter().collect(),
    });
    let left_out = |evidence: &Evidence| {
        let left_out = report(&closing(None), evidence, at(9)).left_out;
        left_out.into_iter().map(|(name, object)| format!("{name} of {object}")).collect::<Vec<_>>()
    };
    assert_eq!(
        left_out(&evidence),
        ["region of s3://landing/flights/a.csv"],
        "the sample has the same names, as columns"
    );
    evidence.parts.clear();
    assert_eq!(left_out(&evidence), ["city of s3://landing/b.csv"]);
}
