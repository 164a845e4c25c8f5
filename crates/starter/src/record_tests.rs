use super::*;
use model::arrival::{Pin, Sequencer};
use model::dataset::DatasetFile;
use model::manifest::ListingMeta;
use model::name::{BatchId, S3Url};
use model::plan::Input;

const DATASET: &str = "{dataset: flights, landing: flights/, format: csv, columns: {id: {type: bigint}}}";

fn pin(etag: &str, last_modified: i64) -> Pin {
    let last_modified = DateTime::from_timestamp(last_modified, 0).unwrap();
    Pin { version_id: None, etag: etag.to_owned(), size_bytes: 1, last_modified }
}

fn manifest() -> Manifest {
    let url = S3Url::parse("s3://landing/flights/_manifest.json").unwrap();
    Manifest {
        version: 1,
        batch: BatchId::of(&url),
        url,
        pin: pin("m", 1),
        sha256: "0".repeat(64),
        sequencer: None,
        as_of: None,
        batch_at: Some(DateTime::UNIX_EPOCH),
        entries: Vec::new(),
    }
}

fn plan(input: Pin) -> RunPlan {
    let url = S3Url::parse("s3://landing/flights/a.csv").unwrap();
    let inputs = vec![Input { url, pin: input, promise: ListingMeta::default() }];
    RunPlan::for_manifest(&manifest(), &DatasetFile::parse(DATASET, "flights.yaml").unwrap(), inputs, None).unwrap()
}

#[test]
fn another_events_sequencer_is_the_same_delivery() {
    let stored = Manifest { sequencer: Some(Sequencer::new("01")), ..manifest() };
    assert!(same_delivery(&stored, &manifest()));
    assert!(!same_delivery(&Manifest { sha256: "1".repeat(64), ..manifest() }, &manifest()));
}

#[test]
fn a_file_written_again_with_the_same_bytes_is_the_same_input() {
    let (stored, ours) = (plan(pin("e", 1)), plan(pin("e", 2)));
    assert_eq!(stored.run, ours.run);
    assert!(same_inputs(&stored, &ours));
    assert!(!same_inputs(&stored, &plan(pin("f", 1))));
}

#[test]
fn a_plan_that_another_build_split_otherwise_holds() {
    let ours = plan(pin("e", 1));
    let stored = RunPlan { items: vec![1], reason: "by another build".to_owned(), ..ours.clone() };
    assert!(same_inputs(&stored, &ours));
}
