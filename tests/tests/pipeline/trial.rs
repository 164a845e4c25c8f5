//! `sluice infer` and `sluice try` on files that say their columns themselves.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use model::dataset::DatasetFile;
use sluice::{proposal, trial};

fn case(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(path)
}

/// What is proposed for a file reads every row of it, and nothing is rejected.
fn check(path: &str, rows: u64, columns: &[(&str, &str)]) {
    let files = [case(path)];
    let text = proposal::propose(&files, Some("x")).unwrap();
    let dataset = DatasetFile::parse(&text, "the proposal").unwrap();
    let found = dataset.dataset.columns.iter().map(|(name, column)| (name.to_string(), column.kind.to_string()));
    let expected = columns.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned()));
    assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    let out = tempfile::tempdir().unwrap();
    let tried = trial::run(&dataset, &files, out.path()).unwrap();
    assert_eq!((tried.report.read, tried.report.accepted, tried.report.outputs.len()), (rows, rows, 1));
}

#[test]
fn a_parquet_file_is_read_as_it_is_proposed() {
    let columns = [("id", "bigint"), ("list", "super"), ("pair", "super")];
    check("parquet_rows_that_span_pages/input_2.parquet", 40, &columns);
}

#[test]
fn an_avro_file_is_read_as_it_is_proposed() {
    check("avro_every_codec/input_2_snappy.avro", 2, &[("id", "bigint"), ("name", "varchar(64)")]);
}

#[test]
fn the_report_names_columns_that_no_row_has() {
    let yaml = "{dataset: x, landing: x/, format: json, columns: {id: {type: bigint}, amuont: {type: bigint}}}";
    let dataset = DatasetFile::parse(yaml, "x.yaml").unwrap();
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("orders.json");
    std::fs::write(&file, "{\"id\": 1, \"amount\": 2}\n").unwrap();
    trial::run(&dataset, &[file], &out.path().join("tried")).unwrap();
    let text = std::fs::read_to_string(out.path().join("tried/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&report["accepted"], &report["without_values"]), (&1.into(), &serde_json::json!(["amuont"])));
}

#[test]
fn a_dataset_without_columns_takes_those_of_the_file() {
    let dataset = DatasetFile::parse("{dataset: x, landing: x/, format: parquet}", "x.yaml").unwrap();
    let out = tempfile::tempdir().unwrap();
    let tried = trial::run(&dataset, &[case("parquet_decimals_in_every_type/input_1.parquet")], out.path()).unwrap();
    let kinds: Vec<&str> = tried.report.columns.values().map(String::as_str).collect();
    assert_eq!(kinds, ["decimal(9,2)", "decimal(18,4)", "decimal(38,2)", "double"]);
    assert_eq!(tried.report.accepted, 3);
}
