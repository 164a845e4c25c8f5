//! The golden files: every statement that can be sent, as it is sent. `UPDATE_EXPECT=1` writes them anew.

use expect_test::{ExpectFile, expect_file};
use model::arrival::{Pin, Sequencer};
use model::count::Counts;
use model::dataset::{DatasetFile, LoadTarget};
use model::group::{Group, Member};
use model::manifest::{ListingMeta, Manifest};
use model::name::{BatchId, RunName, S3Url};
use model::part::{ParquetFile, Part};
use model::plan::{Input, RunPlan};

use super::*;
use crate::config::CopyRole;
use crate::delivery::Delivery;
use crate::ledger;
use crate::loading::Loading;

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

/// Run as the n-th execution, and ready to be loaded.
fn member(delivery: &Delivery) -> Member {
    delivery.member(1, chrono::DateTime::from_timestamp(1_357_000_100, 0).unwrap())
}

/// The load of the delivery alone.
pub fn loading(delivery: &Delivery) -> Loading {
    together(delivery, vec![member(delivery)])
}

fn together(delivery: &Delivery, members: Vec<Member>) -> Loading {
    let group = Group { version: Group::VERSION, group: GroupName::parse("analytics.sales/7").unwrap(), members };
    Loading::of(group, delivery.dataset.clone()).unwrap()
}

/// The delivery and one of a later batch.
fn two(delivery: &Delivery) -> Loading {
    let first = member(delivery);
    let url = S3Url::new("landing", "sales/2013-01-02/_manifest.json").unwrap();
    let second = Member {
        run: RunName::parse("sales-00000000000000000000000000000002").unwrap(),
        batch: BatchId::of(&url),
        manifest_url: url,
        batch_at: first.batch_at + chrono::TimeDelta::days(1),
        sequencer: None,
        as_of: None,
        ..first.clone()
    };
    together(delivery, vec![first, second])
}

fn source(role: &CopyRole) -> stage::Source<'_> {
    stage::Source { manifest: S3Url::new("control", "groups/analytics.sales/7/copy.manifest").unwrap(), role }
}

fn check(statements: &[String], golden: ExpectFile) {
    check_size(statements, "golden").unwrap();
    let text: String = statements.iter().map(|statement| format!("{statement};\n\n")).collect();
    golden.assert_eq(&format!("{}\n", text.trim_end()));
}

fn published(delivery: &Delivery) -> Vec<String> {
    publish::statements(&loading(delivery)).unwrap()
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
    let prepare = loading(&delivery()).prepare().unwrap();
    assert!(prepare.statements[prepare.tokens].contains("\"tokens_"));
    assert!(prepare.statements[prepare.ledger].contains("\"ledger\""));
    assert!(prepare.statements[prepare.columns].contains("svv_columns"));
    assert!(prepare.statements[prepare.tables].contains("svv_tables"));
    check(&prepare.statements, expect_file!["../../tests/golden/prepare.sql"]);
}

#[test]
fn a_target_without_keys_leaves_them_to_redshift() {
    let mut loading = loading(&delivery());
    loading.target = LoadTarget { dist_key: None, sort_key: Vec::new(), ..loading.target };
    let statements = loading.prepare().unwrap().statements;
    assert!(statements.iter().all(|statement| !statement.contains("KEY") && !statement.ends_with('\n')));
}

#[test]
fn stage_copies_and_counts() {
    let arn = CopyRole::Arn("arn:aws:iam::123456789012:role/copy".to_owned());
    let statements = |loading: &Loading, role| {
        stage::statements(&loading.group, &loading.names, &loading.columns, &source(role)).unwrap()
    };
    let mut loading = loading(&delivery());
    check(&statements(&loading, &CopyRole::Default), expect_file!["../../tests/golden/stage.sql"]);
    check(&statements(&loading, &arn), expect_file!["../../tests/golden/stage_with_role.sql"]);
    loading.group.members[0].counts = Counts { rejected: 900, accepted: 0, ..loading.group.members[0].counts };
    let without_rows = statements(&loading, &CopyRole::Default);
    assert!(without_rows.iter().all(|statement| !statement.starts_with("COPY")));
    check(&without_rows, expect_file!["../../tests/golden/stage_without_rows.sql"]);
}

#[test]
fn a_full_group_fits_a_submission() {
    let delivery = delivery();
    let one = Member {
        manifest_url: S3Url::new(&"b".repeat(63), &"'".repeat(1024)).unwrap(),
        manifest_version: "v".repeat(1200),
        ..member(&delivery)
    };
    let loading = together(&delivery, vec![one; crate::queue::MOST_RUNS]);
    let staged =
        stage::statements(&loading.group, &loading.names, &loading.columns, &source(&CopyRole::Default)).unwrap();
    check_size(&staged, "stage").unwrap();
    let rows: usize = staged.iter().map(|sql| sql.matches("\n(").count()).filter(|rows| *rows > 1).sum();
    assert!(rows >= crate::queue::MOST_RUNS, "{rows}");
    check_size(&loading.prepare().unwrap().statements, "prepare").unwrap();
    check_size(&publish::statements(&loading).unwrap(), "publish").unwrap();
    check_size(&[verdict::statement(&loading.names, &loading.group.members).unwrap()], "verdict").unwrap();
}

#[test]
fn publish_is_one_counted_transaction() {
    check(&published(&delivery()), expect_file!["../../tests/golden/publish_append.sql"]);
}

#[test]
fn every_other_mode_is_wrapped_in_the_same() {
    let around = |statements: &[String]| {
        let is_around = |sql: &&String| sql.starts_with("LOCK") || sql.starts_with("SELECT") || sql.starts_with("DROP");
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
fn two_runs_are_published_by_the_statements_of_one() {
    for load in ["mode: append", "mode: upsert, key: [order_id]", "mode: replace_partitions"] {
        let delivery = loaded_by(load);
        assert_eq!(publish::statements(&two(&delivery)).unwrap(), published(&delivery), "{load}");
    }
    let latest = publish::statements(&two(&loaded_by("mode: replace"))).unwrap().join("\n");
    assert!(latest.contains("\"_sluice_run\" = 'sales-00000000000000000000000000000002'"), "{latest}");
}

#[test]
fn a_publish_fills_every_column_of_the_ledger_in_order() {
    let loading = loading(&delivery());
    let of = publication::Publication::of(&loading).unwrap();
    let values = publish::values(&of).unwrap();
    let filled: Vec<&str> = values.iter().map(|(column, _)| *column).collect();
    let columns: Vec<&str> = ledger::COLUMNS.iter().map(|(column, _)| *column).collect();
    assert_eq!(filled, columns);
    assert!(ledger::Entry::COLUMNS.iter().all(|column| columns.contains(column)));
}

#[test]
fn verdict_explain_and_discard_are_one_statement_each() {
    let loading = loading(&delivery());
    let (names, members) = (&loading.names, &loading.group.members);
    check(&[verdict::statement(names, members).unwrap()], expect_file!["../../tests/golden/verdict.sql"]);
    check(&[explain::statement(members).unwrap()], expect_file!["../../tests/golden/explain.sql"]);
    check(&drop_tables(&loading.group.group), expect_file!["../../tests/golden/discard.sql"]);
}

#[test]
fn the_longest_names_fit_a_redshift_identifier() {
    let long = Identifier::parse(&"a".repeat(127)).unwrap();
    let group = GroupName::new(TableName::new(long.clone(), long), u64::MAX);
    assert!(GROUP_TABLES.iter().all(|kind| group_table(kind, &group).len() <= 127));
    let run = RunName::parse(&format!("{}-{}", "a".repeat(40), "0".repeat(32))).unwrap();
    assert!(run.to_string().len() <= 80, "_sluice_run and ledger.run are varchar(80)");
}

#[test]
fn what_the_data_api_does_not_take_is_refused_before() {
    assert!(check_size(&[], "x").is_err());
    assert!(check_size(&vec![String::new(); MAX_STATEMENTS + 1], "x").is_err());
    assert_eq!(check_size(&["x".repeat(MAX_STATEMENT_BYTES)], "x").unwrap_err().kind(), Kind::Config);
    assert!(check_size(&vec!["x".repeat(MAX_STATEMENT_BYTES - 1); MAX_STATEMENTS], "x").is_ok());
}

/// Publishes into different targets at once must not fail each other: one only adds to what the other reads or writes.
#[test]
fn a_publish_reads_and_writes_tables_of_its_target_and_only_adds_to_the_ledger() {
    let hash = target_hash(&TableName::parse("analytics.sales").unwrap());
    for load in ["append", "upsert, key: [order_id], newest: updated_at", "replace", "replace_partitions"] {
        let statements = published(&loaded_by(&format!("mode: {load}")));
        let ledger: Vec<&String> = statements.iter().filter(|sql| sql.contains("\"ledger\"")).collect();
        assert_eq!(ledger.len(), 1, "{load}");
        assert!(ledger[0].starts_with("INSERT INTO \"sluice\".\"ledger\" ("), "{}", ledger[0]);
        assert_eq!(ledger[0].matches("\"ledger\"").count(), 1, "{}", ledger[0]);
        for sql in &statements {
            let others = sql.match_indices("\"sluice\".\"").map(|(at, before)| &sql[at + before.len()..]);
            let others = others.filter(|table| !table.starts_with("ledger\""));
            assert!(others.clone().all(|table| table.split('"').next().unwrap().contains(&hash)), "{sql}");
        }
    }
}
