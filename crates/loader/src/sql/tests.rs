//! The golden files: every statement that can be sent, as it is sent. `UPDATE_EXPECT=1` writes them anew.

use expect_test::{ExpectFile, expect_file};
use model::arrival::{Pin, Sequencer};
use model::count::Counts;
use model::dataset::{DatasetFile, LoadTarget};
use model::manifest::{ListingMeta, Manifest};
use model::name::{BatchId, RunName, S3Url};
use model::part::{ParquetFile, Part};
use model::plan::{Input, RunPlan};

use super::*;
use crate::config::CopyRole;
use crate::delivery::Delivery;
use crate::ledger;
use crate::mode;

const DATASET: &str = r#"
dataset: sales
landing: sales/
format: csv
columns:
  order_id: {type: bigint, required: true}
  customer_name: {type: varchar(120)}
  sale_date: {type: date}
  units_sold: {type: integer}
  small: {type: smallint}
  sales_amount: {type: "decimal(14,2)"}
  rate: {type: double}
  paid: {type: boolean}
  updated_at: {type: timestamp}
  ratio: {type: real}
  opens_at: {type: time}
  seen_at: {type: timestamptz}
  code: {type: char(8)}
  attributes: {type: super}
  payload: {type: varbyte(64)}
  card: {type: varchar(19), mask: drop}
load: {table: analytics.sales, mode: append, dist_key: order_id, sort_key: [sale_date, order_id]}
"#;

/// A delivery with two parts, and a manifest whose key holds what SQL must escape.
pub fn delivery() -> Delivery {
    let at = |seconds| chrono::DateTime::from_timestamp(seconds, 0).unwrap();
    let pin = |etag: &str, size_bytes, seconds| Pin {
        version_id: None,
        etag: etag.to_owned(),
        size_bytes,
        last_modified: at(seconds),
    };
    let url = S3Url::new("landing", r"sales/it's\2013-01-01/_manifest.json").unwrap();
    let manifest = Manifest {
        version: 1,
        batch: BatchId::of(&url),
        url,
        pin: pin("9b2cf535f27731c974343645a3985328", 217, 1_357_000_000),
        sha256: "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9".to_owned(),
        sequencer: Some(Sequencer::new("0055AED6DCD90281E5")),
        as_of: chrono::DateTime::from_timestamp(1_356_998_400, 500_000_000),
        batch_at: Some(at(1_356_998_400)),
        entries: Vec::new(),
    };
    let input = |n: u32| Input {
        url: S3Url::new("landing", &format!("sales/{n}.csv")).unwrap(),
        pin: pin("e", 300 << 20, 1_356_999_000),
        promise: ListingMeta::default(),
    };
    let dataset = DatasetFile::parse(DATASET, "sales.yaml").unwrap();
    let plan = RunPlan::for_manifest(&manifest, &dataset, vec![input(0), input(1)], None).unwrap();
    let part = |item, read, accepted| Part {
        version: 1,
        run: plan.run.clone(),
        item,
        counts: Counts { read, accepted, rejected: read - accepted, ..Counts::default() },
        rejected_by_reason: [("not_a_number".to_owned(), read - accepted)].into(),
        truncated: std::collections::BTreeMap::new(),
        files: vec![ParquetFile {
            url: S3Url::new("lake", &layout_key(&plan.run, item)).unwrap(),
            size_bytes: 15_000,
            rows: accepted,
            partition: Vec::new(),
        }],
        rejects: None,
        inputs: Vec::new(),
    };
    let parts = vec![part(0, 501, 500), part(1, 399, 397)];
    let dataset = plan.dataset().unwrap().dataset;
    Delivery::of(plan, dataset, manifest, parts).unwrap()
}

fn layout_key(run: &RunName, item: u32) -> String {
    model::layout::parquet(run, &[], item, 0)
}

fn target(delivery: &Delivery) -> LoadTarget {
    delivery.dataset.load.clone().unwrap()
}

fn names(delivery: &Delivery) -> Names {
    Names::of(&delivery.plan.run, &delivery.plan.batch, &target(delivery), &delivery.columns).unwrap()
}

fn source<'a>(delivery: &Delivery, role: &'a CopyRole) -> stage::Source<'a> {
    let key = model::layout::copy_manifest(&delivery.plan.run);
    stage::Source { manifest: S3Url::new("control", &key).unwrap(), role, rows: delivery.counts.accepted }
}

fn check(statements: &[String], golden: ExpectFile) {
    check_size(statements, "golden").unwrap();
    let text: String = statements.iter().map(|statement| format!("{statement};\n\n")).collect();
    golden.assert_eq(&format!("{}\n", text.trim_end()));
}

fn published(delivery: &Delivery) -> Vec<String> {
    let target = target(delivery);
    publish::statements(&names(delivery), delivery, &target, mode::find(target.mode).unwrap()).unwrap()
}

/// The delivery with other keys in its dataset's `load`, and partitions of every kind.
fn loaded_by(load: &str) -> Delivery {
    let partition_by = "partition_by: {dt: day(sale_date), seen: hour(seen_at), month: month(updated_at), of: code, by: customer_name, \
                        units: units_sold, was: paid}\n";
    let yaml = DATASET.replace("mode: append, dist_key: order_id, sort_key: [sale_date, order_id]", load);
    let dataset = DatasetFile::parse(&format!("{yaml}{partition_by}"), "sales.yaml").unwrap().dataset;
    Delivery { dataset, ..delivery() }
}

#[test]
fn prepare_creates_what_is_missing_and_reads_what_is_there() {
    let delivery = delivery();
    let prepare = prepare::Prepare::of(&names(&delivery), &target(&delivery), &delivery.columns).unwrap();
    assert!(prepare.statements[prepare.ledger].contains("\"ledger\""));
    assert!(prepare.statements[prepare.columns].contains("svv_columns"));
    assert!(prepare.statements[prepare.stages].contains("svv_tables"));
    check(&prepare.statements, expect_file!["../../tests/golden/prepare.sql"]);
}

#[test]
fn a_target_without_keys_leaves_them_to_redshift() {
    let delivery = delivery();
    let target = LoadTarget { dist_key: None, sort_key: Vec::new(), ..target(&delivery) };
    let prepare = prepare::Prepare::of(&names(&delivery), &target, &delivery.columns).unwrap();
    assert!(prepare.statements.iter().all(|statement| !statement.contains("KEY") && !statement.ends_with('\n')));
}

#[test]
fn stage_copies_and_counts() {
    let delivery = delivery();
    let arn = CopyRole::Arn("arn:aws:iam::123456789012:role/copy".to_owned());
    let statements = |role, rows| {
        let source = stage::Source { rows, ..source(&delivery, role) };
        stage::statements(&delivery.plan.run, &names(&delivery), &delivery.columns, &source).unwrap()
    };
    check(&statements(&CopyRole::Default, 897), expect_file!["../../tests/golden/stage.sql"]);
    check(&statements(&arn, 897), expect_file!["../../tests/golden/stage_with_role.sql"]);
    let without_rows = statements(&CopyRole::Default, 0);
    assert!(without_rows.iter().all(|statement| !statement.starts_with("COPY")));
    check(&without_rows, expect_file!["../../tests/golden/stage_without_rows.sql"]);
}

#[test]
fn publish_is_one_counted_transaction() {
    check(&published(&delivery()), expect_file!["../../tests/golden/publish_append.sql"]);
    let mut without = delivery();
    without.manifest.sequencer = None;
    without.manifest.as_of = None;
    without.manifest.pin.version_id = Some("3HL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY".to_owned());
    check(&published(&without), expect_file!["../../tests/golden/publish_append_without_sequencer.sql"]);
}

#[test]
fn every_other_mode_is_wrapped_in_the_same() {
    let around = |statements: &[String]| {
        let is_around = |sql: &&String| !sql.contains("INSERT INTO") && !sql.starts_with("DELETE FROM");
        statements.iter().filter(is_around).cloned().collect::<Vec<_>>()
    };
    let appended = around(&published(&delivery()));
    for (load, golden) in [
        (
            "mode: upsert, key: [order_id, seen_at], newest: updated_at",
            expect_file!["../../tests/golden/publish_upsert.sql"],
        ),
        ("mode: upsert, key: [order_id]", expect_file!["../../tests/golden/publish_upsert_by_batch.sql"]),
        ("mode: replace", expect_file!["../../tests/golden/publish_replace.sql"]),
        ("mode: replace_partitions", expect_file!["../../tests/golden/publish_replace_partitions.sql"]),
    ] {
        let statements = published(&loaded_by(load));
        assert_eq!(around(&statements), appended, "{load}");
        assert!(statements.iter().all(|sql| !sql.contains("TRUNCATE") && !sql.contains("DROP TABLE \"analytics\"")));
        check(&statements, golden);
    }
}

#[test]
fn a_publish_fills_every_column_of_the_ledger_in_order() {
    let delivery = delivery();
    let (names, target) = (names(&delivery), target(&delivery));
    let of = publication::Publication::of(&names, &delivery, &target).unwrap();
    let values = publish::values(&of, &delivery, mode::find(target.mode).unwrap()).unwrap();
    let filled: Vec<&str> = values.iter().map(|(column, _)| *column).collect();
    let columns: Vec<&str> = ledger::COLUMNS.iter().map(|(column, _)| *column).collect();
    assert_eq!(filled, columns);
    assert!(ledger::Entry::COLUMNS.iter().all(|column| columns.contains(column)));
}

#[test]
fn verdict_explain_and_discard_are_one_statement_each() {
    let delivery = delivery();
    check(&[verdict::statement(&names(&delivery))], expect_file!["../../tests/golden/verdict.sql"]);
    check(&[explain::statement(&delivery.plan.run).unwrap()], expect_file!["../../tests/golden/explain.sql"]);
    check(&[drop_stage(&stage_table(&delivery.plan.run))], expect_file!["../../tests/golden/discard.sql"]);
}

#[test]
fn the_longest_names_fit_a_redshift_identifier() {
    let run = RunName::parse(&format!("{}-{}", "a".repeat(40), "0".repeat(32))).unwrap();
    assert!(stage_table(&run).len() <= 127);
    assert!(run.to_string().len() <= 80, "_sluice_run and ledger.run are varchar(80)");
}

#[test]
fn what_the_data_api_does_not_take_is_refused_before() {
    assert!(check_size(&[], "x").is_err());
    assert!(check_size(&vec![String::new(); MAX_STATEMENTS + 1], "x").is_err());
    assert_eq!(check_size(&["x".repeat(MAX_STATEMENT_BYTES)], "x").unwrap_err().kind(), Kind::Config);
    assert!(check_size(&vec!["x".repeat(MAX_STATEMENT_BYTES - 1); MAX_STATEMENTS], "x").is_ok());
}
