//! Rows of several columns: which are bad, and what is said of them.

use arrow::array::AsArray;
use expect_test::expect;
use proptest::prelude::*;

use super::*;

fn said(typed: &Typed) -> String {
    let line = |reject: &Reject| {
        let column = reject.column.as_ref().map_or("", Identifier::as_str);
        format!("{} {column} {}: {} {:?}\n", reject.position.line, reject.reason.code(), reject.message, reject.text)
    };
    typed.rejects.iter().map(line).collect()
}

#[test]
fn a_row_is_one_reject_for_its_first_fault_in_the_order_of_columns() {
    // The range is looked at behind all casts, and still comes before the column behind it.
    let columns = "a: {type: integer, range: {max: '9'}}, b: {type: date}, c: {type: integer, allowed: ['1']}";
    let rows = [vec!["10", "x", "2"], vec!["x", "x", "2"], vec!["9", "x", "2"], vec!["9", "", "2"], vec!["9", "", "1"]];
    let typed = cast(&dataset(columns), &batch(&rows));
    assert_eq!(typed.is_bad, [true, true, true, true, false]);
    expect![[r#"
        1 a not_in_range: "10" is above 9, the greatest that is allowed "10x2"
        2 a not_a_number: "x" is not a whole number "xx2"
        3 b not_a_date: "x" is not a date as ISO 8601 writes it "9x2"
        4 c not_allowed: "2" is none of the allowed 1 "92"
    "#]]
    .assert_eq(&said(&typed));
}

#[test]
fn with_a_mask_no_message_of_any_column_shows_a_value() {
    let columns = "
        secret: {type: varchar(4), mask: drop},
        n: {type: integer, range: {max: '9'}},
        w: {type: boolean}, d: {type: date}, m: {type: timestamp, zone: Europe/Berlin}, t: {type: time},
        e: {type: 'decimal(5,2)'}, f: {type: real}, c: {type: char(2)}, s: {type: super}, b: {type: varbyte(1)},
        a: {type: varchar(9), allowed: [x], replace: [{pattern: b, with: x}]}, p: {type: varchar(9), pattern: '^q'}";
    let good = vec!["s", "1", "y", "", "", "", "1", "2", "x", "[]", "00", "b", "q"];
    let bad = ["hunter2", "hunter2", "hunter2", "hunter2", "hunter2", "hunter2", "hunter2", "hunter2", "hunter2"];
    let mut rows = vec![good.clone()];
    for (column, text) in bad.into_iter().chain(["hunter2"; 4]).enumerate() {
        let mut row = good.clone();
        row[column] = text;
        rows.push(row);
    }
    for (column, text) in [(1, "10"), (4, "2013-03-31T02:30:00"), (4, "2013-10-27T02:30:00"), (6, "1234"), (8, "é")] {
        let mut row = good.clone();
        row[column] = text;
        rows.push(row);
    }
    let typed = cast(&dataset(columns), &batch(&rows));
    assert_eq!(typed.rejects.len(), rows.len() - 1);
    assert!(typed.columns.column_by_name("secret").is_none(), "a column that is dropped is not in the batch");
    expect![[r#"
        2 secret too_long: the value has 7 bytes, varchar(4) holds 4 ""
        3 n not_a_number: the value is not a whole number ""
        4 w not_a_boolean: the value is none of true, false, t, f, yes, no, y, n, 1 or 0 ""
        5 d not_a_date: the value is not a date as ISO 8601 writes it ""
        6 m not_a_timestamp: the value is not a timestamp as ISO 8601 writes it ""
        7 t not_a_time: the value is not a time of day as ISO 8601 writes it ""
        8 e not_a_number: the value is not a decimal number ""
        9 f not_a_number: the value is not a number ""
        10 c too_long: the value has 7 bytes, char(2) holds 2 ""
        11 s not_json: the value is not JSON: character 1: a value is expected, not what stands there ""
        12 b too_long: the value has 3 bytes, varbyte(1) holds 1 ""
        13 a not_allowed: the value is none of the allowed x ""
        14 p no_match: the value does not match `^q` ""
        15 n not_in_range: the value is above 9, the greatest that is allowed ""
        16 m skipped_time: the value is skipped in Europe/Berlin, where the clock is put forward then ""
        17 m ambiguous_time: the value is twice in Europe/Berlin, where the clock is put back then ""
        18 e out_of_range: the value is out of range of decimal(5,2) ""
        19 c not_ascii: the value has characters that are not ASCII, which a char does not hold ""
    "#]]
    .assert_eq(&said(&typed));
    for reject in &typed.rejects {
        assert!(!reject.message.contains("hunter2") && reject.text.is_empty());
    }
}

#[test]
fn a_key_of_dedupe_is_required() {
    let mut dataset = dataset("a: {type: integer}, b: {type: integer}");
    dataset.dedupe = serde_json::from_str(r#"{"key": ["b"]}"#).unwrap();
    let typed = cast(&dataset, &batch(&[vec!["", "1"], vec!["1", ""]]));
    expect![[r#"
        2 b missing_value: it is required, and null here "1"
    "#]]
    .assert_eq(&said(&typed));
}

#[test]
fn texts_that_are_cut_are_counted_where_the_row_is_good() {
    let columns = "a: {type: varchar(3), truncate: true}, b: {type: char(2), truncate: true}, n: {type: integer}";
    let rows = [vec!["ab", "a   ", "1"], vec!["aéé", "ab c", "1"], vec!["éé", "abc", "x"], vec!["abcd", "a b", "1"]];
    let typed = cast(&dataset(columns), &batch(&rows));
    assert_eq!(typed.is_bad, [false, false, true, false]);
    assert_eq!(typed.truncated, [2, 2, 0]);
    let texts = |column: usize| typed.columns.column(column).as_string::<i32>().iter().flatten().collect::<Vec<_>>();
    assert_eq!(texts(0), ["ab", "aé", "é", "abc"]);
    assert_eq!(texts(1), ["a", "ab", "ab", "a"]);
}

#[test]
fn an_empty_batch_has_no_rows() {
    let mut empty = batch(&[vec!["1", "a"]]);
    empty.records.clear();
    empty.spans.clear();
    let typed = cast(&dataset("a: {type: integer}, b: {type: varchar(1)}"), &empty);
    assert_eq!((typed.columns.num_rows(), typed.rejects.len()), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// Blocks, words of null bits and buffers that are used again have ends that a few rows do not meet.
    #[test]
    fn every_row_is_what_it_is_alone(rows in 1usize..3 * BLOCK_ROWS, seed: u64) {
        let kinds = ["", "NULL", " 7 ", "-12", "x", "Straße ", "ΑΣ", "  ", "3000000000", "é"];
        let pick = |row: usize, column: usize| {
            let mixed = (seed ^ (row as u64 * 3 + column as u64)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            kinds[usize::try_from(mixed >> 59).unwrap() % kinds.len()]
        };
        let texts: Vec<_> = (0..rows).map(|row| vec![pick(row, 0), pick(row, 1), pick(row, 2)]).collect();
        let dataset = dataset(
            "a: {type: integer, clean: [trim], default: '0'}, b: {type: varchar(6), clean: [trim, upper]}, c: {type: boolean, true_words: [x], nulls: [é, '-12', ' 7 ', '  ']}",
        );
        let typed = cast(&dataset, &batch(&texts));
        for (row, (texts, is_bad)) in texts.iter().zip(&typed.is_bad).enumerate() {
            let is_null = |text: &str| text.is_empty() || text == "NULL";
            let trimmed = |text: &str| if is_null(text) { String::new() } else { text.trim().to_owned() };
            let a = match trimmed(texts[0]).as_str() {
                "" => Ok(0),
                text => text.parse::<i32>(),
            };
            let b = trimmed(texts[1]).to_uppercase();
            let c = match texts[2] {
                text if is_null(text) || ["é", "-12", " 7 ", "  "].contains(&text) => Some(None),
                "x" => Some(Some(true)),
                _ => None,
            };
            prop_assert_eq!(*is_bad, a.is_err() || b.len() > 6 || c.is_none(), "row {}: {:?}", row, texts);
            if let (false, Ok(a), Some(c)) = (is_bad, a, c) {
                prop_assert_eq!(typed.columns.column(0).as_primitive::<Int32Type>().value(row), a);
                let found = typed.columns.column(1).as_string::<i32>().iter().nth(row).unwrap();
                prop_assert_eq!(found, Some(b.as_str()).filter(|text| !text.is_empty()));
                prop_assert_eq!(typed.columns.column(2).as_boolean().iter().nth(row).unwrap(), c);
            }
        }
    }
}

#[test]
fn a_row_that_copy_does_not_take_is_a_reject_for_its_longest_value() {
    let columns = "id: {type: integer}, gone: {type: varbyte(1024000), mask: drop}, a: {type: varbyte(1024000)}, \
                   b: {type: varbyte(1024000)}, c: {type: varbyte(1024000)}, d: {type: varbyte(1024000)}";
    let (long, longest) = ("00".repeat(1_000_000), "ff".repeat(1_024_000));
    let short = "11".repeat(900_000);
    let rows = [
        vec!["1", &longest, &long, &long, &long, &short],
        vec!["2", "", &long, &long, &longest, &long],
        vec!["3", "", &long, &long, &longest, ""],
    ];
    let typed = cast(&dataset(columns), &batch(&rows));
    assert_eq!(typed.is_bad, [false, true, false]);
    let reject = &typed.rejects[0];
    assert_eq!(reject.column.as_ref().map(Identifier::as_str), Some("c"));
    assert_eq!(reject.reason.code(), "too_long");
    assert_eq!(reject.message, "the row has 4024368 bytes, COPY takes 4000000 of a row");
}
