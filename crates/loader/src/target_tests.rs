use aws_sdk_redshiftdata::types::Field;
use model::error::chain;

use super::*;
use crate::sql::tests::delivery;

type Answer = (&'static str, &'static str, Option<i64>, Option<i64>, Option<i64>);

/// The table that `prepare` creates for the dataset of the golden files, as `svv_columns` tells it.
const TABLE: &[Answer] = &[
    ("_sluice_batch", "character varying", Some(64), None, None),
    ("_sluice_run", "character varying", Some(80), None, None),
    ("order_id", "bigint", None, Some(64), Some(0)),
    ("customer_name", "character varying", Some(120), None, None),
    ("sale_date", "date", None, None, None),
    ("units_sold", "integer", None, Some(32), Some(0)),
    ("small", "smallint", None, Some(16), Some(0)),
    ("sales_amount", "numeric", None, Some(14), Some(2)),
    ("rate", "double precision", None, Some(53), None),
    ("paid", "boolean", None, None, None),
    ("updated_at", "timestamp without time zone", None, None, None),
    ("ratio", "real", None, Some(24), None),
    ("opens_at", "time without time zone", None, None, None),
    ("seen_at", "timestamp with time zone", None, None, None),
    ("code", "character", Some(8), None, None),
    ("attributes", "super", None, None, None),
    ("payload", "binary varying", Some(64), None, None),
];

fn with(changed: &[Answer]) -> Vec<Answer> {
    let is_changed = |answer: &&Answer| changed.iter().all(|other| other.0 != answer.0);
    TABLE.iter().filter(is_changed).chain(changed).copied().collect()
}

fn without(names: &[&str]) -> Vec<Answer> {
    TABLE.iter().filter(|answer| !names.contains(&answer.0)).copied().collect()
}

fn read(answers: &[Answer]) -> Vec<TableColumn> {
    let text = |text: &str| Field::StringValue(text.to_owned());
    let number = |number: Option<i64>| number.map_or(Field::IsNull(true), Field::LongValue);
    let row = |(position, (name, data_type, length, precision, scale)): (i64, &Answer)| {
        let row = [text(name), text(data_type), number(*length), number(*precision), number(*scale)];
        Row(row.into_iter().chain([Field::LongValue(position)]).collect())
    };
    (1..).zip(answers).map(|answer| TableColumn::read(&row(answer)).unwrap()).collect()
}

/// The changes in place, as they are told, or why there are none.
fn changed_under(contract: Option<Contract>, answers: &[Answer]) -> Result<Vec<String>> {
    let delivery = delivery();
    let target = delivery.dataset.load.clone().unwrap();
    let changes = compare(&target, &read(answers), &crate::loading::columns(&delivery.dataset), contract)?;
    Ok(changes.iter().map(|change| change.statement(&target.table)).collect())
}

fn changed(answers: &[Answer]) -> Result<Vec<String>> {
    changed_under(None, answers)
}

fn held(answers: &[Answer]) -> Result<()> {
    changed(answers).map(|changes| assert_eq!(changes, [] as [&str; 0]))
}

fn refused(answers: &[Answer], differences: &str, advice: &str) {
    let error = held(answers).unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    let told = format!("cannot load into analytics.sales: {differences}; {advice}");
    assert!(chain(&error).starts_with(&told), "{}\nis not\n{told}", chain(&error));
}

/// What is said before the statements, which other tests hold.
const MEND: &str = "mend the dataset file, or run: ALTER TABLE ";

#[test]
fn the_table_that_prepare_creates_is_taken() {
    held(TABLE).unwrap();
}

#[test]
fn the_order_of_columns_does_not_matter() {
    held(&TABLE.iter().rev().copied().collect::<Vec<_>>()).unwrap();
}

#[test]
fn text_may_have_more_room_in_the_table_and_not_less() {
    held(&with(&[("customer_name", "character varying", Some(65_535), None, None)])).unwrap();
    let narrow = with(&[("customer_name", "character varying", Some(119), None, None)]);
    let widened = r#"ALTER TABLE "analytics"."sales" ALTER COLUMN "customer_name" TYPE varchar(120)"#;
    assert_eq!(changed(&narrow).unwrap(), [widened]);
}

#[test]
fn what_the_table_lacks_is_added_one_column_a_statement() {
    assert_eq!(
        changed(&without(&["paid", "rate", "attributes"])).unwrap(),
        [
            r#"ALTER TABLE "analytics"."sales" ADD COLUMN "rate" double precision"#,
            r#"ALTER TABLE "analytics"."sales" ADD COLUMN "paid" boolean"#,
            r#"ALTER TABLE "analytics"."sales" ADD COLUMN "attributes" super"#,
        ]
    );
}

#[test]
fn freeze_and_reject_leave_a_table_that_differs_and_say_what_to_run() {
    for contract in [Contract::Freeze, Contract::Reject] {
        held_under(contract, TABLE).unwrap();
        let error = held_under(contract, &without(&["paid"])).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        let (name, text) = (contract.name(), chain(&error));
        let advice = format!(
            "paid is boolean in the dataset and not in the table; `contract: {name}` leaves the table as it is: mend the \
             dataset file, or run: ALTER TABLE \"analytics\".\"sales\" ADD COLUMN \"paid\" boolean"
        );
        assert!(text.ends_with(&advice), "{text}");
    }
    assert_eq!(changed_under(Some(Contract::Evolve), &without(&["paid"])).unwrap().len(), 1);
}

fn held_under(contract: Contract, answers: &[Answer]) -> Result<()> {
    changed_under(Some(contract), answers).map(|changes| assert_eq!(changes, [] as [&str; 0]))
}

#[test]
fn what_is_changed_in_place_is_not_when_something_else_differs_too() {
    let mut answers = with(&[("region", "character", Some(2), None, None)]);
    answers.retain(|answer| answer.0 != "paid");
    refused(
        &answers,
        "paid is boolean in the dataset and not in the table, region is char(2) in the table and not in the dataset",
        r#"mend the dataset file, or run: ALTER TABLE "analytics"."sales" ADD COLUMN "paid" boolean; ALTER TABLE "analytics"."sales" DROP COLUMN "region""#,
    );
}

#[test]
fn another_type_is_a_new_column_that_takes_the_name_of_the_old_one() {
    refused(
        &with(&[("units_sold", "smallint", None, Some(16), Some(0))]),
        "units_sold is integer in the dataset and smallint in the table",
        r#"mend the dataset file, or run: ALTER TABLE "analytics"."sales" ADD COLUMN "units_sold_sluice_new" integer; UPDATE "analytics"."sales" SET "units_sold_sluice_new" = CAST("units_sold" AS integer); ALTER TABLE "analytics"."sales" DROP COLUMN "units_sold"; ALTER TABLE "analytics"."sales" RENAME COLUMN "units_sold_sluice_new" TO "units_sold""#,
    );
}

#[test]
fn what_may_lose_something_says_so() {
    let mind = "(which fails, rounds or cuts where a value does not fit)";
    for (other, minds) in [
        (("units_sold", "bigint", None, Some(64), Some(0)), true),
        (("units_sold", "smallint", None, Some(16), Some(0)), false),
        (("sales_amount", "numeric", None, Some(14), Some(4)), true),
        (("sales_amount", "numeric", None, Some(12), Some(2)), false),
        (("sales_amount", "bigint", None, Some(64), Some(0)), true),
        (("rate", "real", None, Some(24), None), false),
        (("customer_name", "integer", None, Some(32), Some(0)), false),
        (("code", "character", Some(7), None, None), false),
    ] {
        let text = chain(&held(&with(&[other])).unwrap_err());
        assert_eq!(text.ends_with(mind), minds, "{text}");
    }
}

#[test]
fn a_column_that_the_table_is_sorted_by_is_retyped_in_a_table_made_anew() {
    let mut answers = with(&[("order_id", "integer", None, Some(32), Some(0))]);
    answers.retain(|answer| answer.0 != "paid");
    let text = chain(&held(&answers).unwrap_err());
    let statements: Vec<&str> = text.split_once("or run: ").unwrap().1.split("; ").collect();
    assert!(
        statements[0]
            .starts_with(r#"CREATE TABLE "analytics"."sales_sluice_new" ( "_sluice_batch" varchar(64) NOT NULL, "#)
    );
    assert!(
        statements[0].ends_with(r#"DISTSTYLE KEY DISTKEY ("order_id") COMPOUND SORTKEY ("sale_date", "order_id")"#),
        "{text}"
    );
    assert!(
        statements[1]
            .starts_with(r#"INSERT INTO "analytics"."sales_sluice_new" ("_sluice_batch", "_sluice_run", "order_id", "#)
    );
    assert!(
        statements[1]
            .contains(r#"SELECT "_sluice_batch", "_sluice_run", CAST("order_id" AS bigint), "customer_name", "#)
    );
    assert!(!statements[1].contains("paid"), "the table does not have it: {}", statements[1]);
    assert_eq!(
        statements[2..],
        [
            r#"ALTER TABLE "analytics"."sales" RENAME TO "sales_sluice_old""#,
            r#"ALTER TABLE "analytics"."sales_sluice_new" RENAME TO "sales""#,
        ]
    );
}

#[test]
fn what_no_cast_makes_is_a_table_of_another_name() {
    for other in [
        ("payload", "super", None, None, None),
        ("opens_at", "time with time zone", None, None, None),
        ("paid", "geometry", None, None, None),
    ] {
        let text = chain(&held(&with(&[other])).unwrap_err());
        assert!(
            text.ends_with(
                r#"or run: ALTER TABLE "analytics"."sales" RENAME TO "sales_sluice_old" (after which the next load creates it anew, and its batches are to be delivered again)"#
            ),
            "{text}"
        );
    }
}

#[test]
fn chars_and_bytes_may_have_more_room_in_the_table_and_not_less() {
    held(&with(&[("code", "character", Some(4_096), None, None)])).unwrap();
    held(&with(&[("payload", "binary varying", Some(64_000), None, None)])).unwrap();
    held(&with(&[("payload", "binary varying", None, None, None)])).unwrap();
    refused(
        &with(&[("code", "character", Some(7), None, None), ("payload", "binary varying", Some(63), None, None)]),
        "code is char(8) in the dataset and char(7) in the table, \
         payload is varbyte(64) in the dataset and varbyte(63) in the table",
        MEND,
    );
}

#[test]
fn a_kindred_type_is_another_type() {
    for other in [
        ("ratio", "double precision", None, Some(53), None),
        ("opens_at", "time with time zone", None, None, None),
        ("seen_at", "timestamp without time zone", None, None, None),
        ("code", "character varying", Some(8), None, None),
        ("customer_name", "character", Some(120), None, None),
        ("attributes", "character varying", Some(65_535), None, None),
        ("payload", "super", None, None, None),
        ("code", "binary varying", None, None, None),
    ] {
        assert_eq!(held(&with(&[other])).unwrap_err().kind(), Kind::Config, "{other:?}");
    }
}

#[test]
fn every_column_that_differs_is_named_with_both_types() {
    let mut answers = with(&[
        ("sales_amount", "numeric", None, Some(14), Some(4)),
        ("units_sold", "bigint", None, Some(64), Some(0)),
        ("updated_at", "timestamp with time zone", None, None, None),
        ("region", "character", Some(2), None, None),
    ]);
    answers.retain(|answer| answer.0 != "paid");
    refused(
        &answers,
        "units_sold is integer in the dataset and bigint in the table, \
         sales_amount is decimal(14,2) in the dataset and decimal(14,4) in the table, \
         paid is boolean in the dataset and not in the table, \
         updated_at is timestamp in the dataset and timestamptz in the table, \
         region is char(2) in the table and not in the dataset",
        MEND,
    );
}

#[test]
fn more_digits_are_another_type_too() {
    for other in [("sales_amount", "numeric", None, Some(18), Some(2)), ("rate", "real", None, Some(24), None)] {
        assert_eq!(held(&with(&[other])).unwrap_err().kind(), Kind::Config, "{other:?}");
    }
}

#[test]
fn a_column_that_the_dataset_lacks_is_not_filled_with_nulls() {
    refused(
        &with(&[("region", "character varying", Some(10), None, None)]),
        "region is varchar(10) in the table and not in the dataset",
        MEND,
    );
}

#[test]
fn a_table_without_our_columns_is_not_ours() {
    refused(
        &without(&["_sluice_batch", "_sluice_run"]),
        "_sluice_batch is varchar(64) in every table of Sluice and not in the table, \
         _sluice_run is varchar(80) in every table of Sluice and not in the table",
        FOREIGN,
    );
}

#[test]
fn a_table_that_the_user_may_not_see_is_refused_by_that_name() {
    let error = held(&[]).unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    assert!(chain(&error).contains("grant the loader's user rights"), "{}", chain(&error));
}
