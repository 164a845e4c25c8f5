use expect_test::{Expect, expect};

use super::*;
use crate::error::chain;

const SALES: &str = "
dataset: sales
landing: sales/
format: csv
columns:
  order_id: {type: bigint, required: true}
  sale_date: {type: date, formats: ['%Y-%m-%d', '%d/%m/%Y']}
  name: {type: varchar(120), clean: [trim, lower], from: Customer Name}
partition_by: {dt: day(sale_date)}
load: {table: analytics.sales, mode: append, sort_key: [sale_date]}
";

fn check_fault(change: (&str, &str), expected: Expect) {
    let text = SALES.replace(change.0, change.1);
    assert_ne!(text, SALES, "the change changes nothing");
    expected.assert_eq(&chain(&DatasetFile::parse(&text, "sales.yaml").unwrap_err()));
}

#[test]
fn columns_keep_their_order_and_defaults_are_filled_in() {
    let dataset = DatasetFile::parse(SALES, "sales.yaml").unwrap().dataset;
    assert_eq!(dataset.columns.keys().map(Identifier::as_str).collect::<Vec<_>>(), ["order_id", "sale_date", "name"]);
    assert_eq!(dataset.csv, Csv::Dialect(Dialect::default()));
    assert_eq!(dataset.limits.record_bytes, 16 * 1024 * 1024);
    assert_eq!(dataset.infer.sample_rows, 100_000);
    assert_eq!(dataset.rejects, RejectLimit { max_ratio: 0.01, max_rows: None });
}

#[test]
fn an_unknown_key_names_the_nearest() {
    check_fault(
        ("required: true", "requird: true"),
        expect![[
            r#"cannot read dataset sales.yaml: line 6, column 28: there is no key `requird`; the nearest is `required`"#
        ]],
    );
}

#[test]
fn a_key_that_is_to_come_says_so() {
    check_fault(
        ("partition_by", "filter: units > 0\npartition_by"),
        expect![[r#"cannot read dataset sales.yaml: line 9, column 1: `filter` is not supported yet"#]],
    );
    check_fault(
        ("mode: append", "mode: history"),
        expect![[
            r#"cannot read dataset sales.yaml: line 10, column 38: `history` is not known, or not supported yet; there is append, upsert, replace, replace_partitions"#
        ]],
    );
}

#[test]
fn a_wrong_type_is_named_with_its_place() {
    check_fault(
        ("type: bigint", "type: int64"),
        expect![[r#"cannot read dataset sales.yaml: line 6, column 20: "int64" is not a type; the nearest is bigint"#]],
    );
}

#[test]
fn a_missing_key_is_named() {
    check_fault(
        ("landing: sales/\n", ""),
        expect![[r#"cannot read dataset sales.yaml: line 9, column 1: `landing` is missing"#]],
    );
}

#[test]
fn a_column_twice_is_refused() {
    check_fault(
        ("  sale_date: {", "  order_id: {type: date}\n  sale_date: {"),
        expect!["cannot read dataset sales.yaml: line 7, column 3: the key `order_id` stands there twice"],
    );
}

#[test]
fn faults_between_fields_are_named_all_at_once() {
    check_fault(
        ("partition_by: {dt: day(sale_date)}", "partition_by: {name: day(order_id)}\ncsv: {delimiter: '\"'}"),
        expect![
            "cannot read dataset sales.yaml: `csv.delimiter` and `csv.quote` are the same character; partition `name`: a key may not have a column's name; partition `name`: year(), month() and day() take a date or a timestamp"
        ],
    );
}

#[test]
fn a_landing_is_a_folder() {
    check_fault(
        ("landing: sales/", "landing: sales"),
        expect![[r#"cannot read dataset sales.yaml: landing is a folder: no / in front, one at the end"#]],
    );
}

#[test]
fn a_table_is_not_sorted_by_what_redshift_does_not_sort_by() {
    check_fault(
        ("sale_date: {type: date, formats: ['%Y-%m-%d', '%d/%m/%Y']}", "sale_date: {type: super}"),
        expect![[
            r#"cannot read dataset sales.yaml: partition `dt`: year(), month() and day() take a date or a timestamp; `load`: Redshift does not distribute or sort by `sale_date`, a super"#
        ]],
    );
}
