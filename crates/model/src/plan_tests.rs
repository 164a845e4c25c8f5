use chrono::DateTime;
use proptest::prelude::*;

use super::*;

const DATASET: &str = "
dataset: sales
landing: sales/
format: csv
columns: {id: {type: bigint}}
";

fn pin(etag: &str, size_bytes: u64) -> Pin {
    Pin { version_id: None, etag: etag.to_owned(), size_bytes, last_modified: DateTime::from_timestamp(1, 0).unwrap() }
}

fn manifest() -> Manifest {
    let url = S3Url::parse("s3://landing/sales/_manifest.json").unwrap();
    Manifest {
        version: 1,
        batch: BatchId::of(&url),
        url,
        pin: pin("m", 10),
        sha256: String::new(),
        sequencer: None,
        as_of: None,
        batch_at: Some(DateTime::UNIX_EPOCH),
        entries: Vec::new(),
    }
}

fn inputs(sizes: &[u64]) -> Vec<Input> {
    let url = |n| S3Url::new("landing", &format!("sales/{n}.csv")).unwrap();
    let input = |(n, size): (usize, &u64)| Input { url: url(n), pin: pin("e", *size), promise: ListingMeta::default() };
    sizes.iter().enumerate().map(input).collect()
}

fn plan(manifest: &Manifest, inputs: Vec<Input>) -> RunPlan {
    RunPlan::for_manifest(manifest, &DatasetFile::parse(DATASET, "x").unwrap(), inputs, None).unwrap()
}

#[test]
fn the_same_delivery_is_the_same_run() {
    assert_eq!(plan(&manifest(), inputs(&[1, 2])), plan(&manifest(), inputs(&[1, 2])));
    let sequenced = Manifest { sequencer: Some(Sequencer::new("01")), ..manifest() };
    assert_eq!(
        plan(&manifest(), inputs(&[1])).run,
        plan(&sequenced, inputs(&[1])).run,
        "an event's number is no content"
    );
}

#[test]
fn whatever_changes_the_rows_changes_the_run() {
    let base = plan(&manifest(), inputs(&[1, 2])).run;
    let later =
        Manifest { pin: Pin { last_modified: DateTime::from_timestamp(2, 0).unwrap(), ..pin("m", 10) }, ..manifest() };
    assert_ne!(base, plan(&later, inputs(&[1, 2])).run);
    let mut changed = inputs(&[1, 2]);
    changed[1].pin.etag = "f".to_owned();
    assert_ne!(base, plan(&manifest(), changed).run);
    let dataset = DatasetFile::parse(&DATASET.replace("bigint", "integer"), "x").unwrap();
    assert_ne!(base, RunPlan::for_manifest(&manifest(), &dataset, inputs(&[1, 2]), None).unwrap().run);
    let masked = DATASET.replace("bigint}", "varchar(64), mask: sha256}");
    let dataset = DatasetFile::parse(&masked, "x").unwrap();
    let keyed = |version: &str| {
        let plan = RunPlan::for_manifest(&manifest(), &dataset, inputs(&[1, 2]), Some(version.to_owned()));
        plan.unwrap().run
    };
    assert_ne!(keyed("two"), keyed("one"), "another key makes other rows");
    let without = RunPlan::for_manifest(&manifest(), &dataset, inputs(&[1]), None);
    assert_eq!(without.unwrap_err().kind(), Kind::Bug);
}

#[test]
fn a_plan_without_a_mask_key_is_written_as_it_was_before_there_were_any() {
    let plan = plan(&manifest(), inputs(&[1]));
    let text = serde_json::to_string(&plan).unwrap();
    assert!(!text.contains("mask_key"), "{text}");
    assert_eq!(serde_json::from_str::<RunPlan>(&text).unwrap(), plan);
    assert_eq!(plan.run.to_string(), "sales-434418e45fe478cb5b4118cdcfef9baf");
}

#[test]
fn a_small_batch_is_one_item_and_says_why() {
    let plan = plan(&manifest(), inputs(&[1, 2]));
    assert_eq!((plan.engine, plan.items.as_slice()), (Engine::Lambda, &[2][..]));
    assert_eq!(plan.reason, "2 file(s), 3 bytes: at most 536870912 bytes are one item");
    assert_eq!(plan.item(0).unwrap(), 0..2);
    assert_eq!(plan.item(1).unwrap_err().kind(), Kind::Bug);
}

proptest! {
    #[test]
    fn items_are_all_files_once_in_order(sizes in prop::collection::vec(0..3 * ITEM_BYTES, 1..200)) {
        let plan = plan(&manifest(), inputs(&sizes));
        prop_assert!(plan.items.len() <= MAX_ITEMS);
        let ranges: Vec<_> = plan.item_numbers().into_iter().map(|n| plan.item(n).unwrap()).collect();
        prop_assert!(ranges.iter().all(|range| !range.is_empty()));
        prop_assert_eq!(ranges.into_iter().flatten().collect::<Vec<_>>(), (0..sizes.len()).collect::<Vec<_>>());
    }
}
