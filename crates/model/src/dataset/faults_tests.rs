//! What no single field shows is found, and all of it at once.

use expect_test::{Expect, expect};

use super::*;
use crate::error::chain;
use crate::types::Type;

/// A CSV dataset of three columns, and these keys.
const COLUMNS: &str = "columns: {id: {type: bigint}, name: {type: varchar(64)}, day: {type: date}}";

fn parse(keys: &str) -> Result<Dataset> {
    let columns = if keys.contains("columns:") { "" } else { COLUMNS };
    let format = if keys.contains("format:") { "" } else { "format: csv" };
    DatasetFile::parse(&format!("dataset: x\nlanding: x/\n{format}\n{columns}\n{keys}\n"), "x").map(|file| file.dataset)
}

fn check(keys: &str, expected: Expect) {
    let faults = match parse(keys) {
        Ok(_) => String::new(),
        Err(error) => chain(&error).trim_start_matches("cannot read dataset x: ").replace("; ", "\n"),
    };
    expected.assert_eq(&faults);
}

/// Faults of one column `c`.
fn check_column(keys: &str, expected: Expect) {
    check(&format!("columns: {{c: {{{keys}}}}}"), expected);
}

#[test]
fn a_section_of_another_format_is_a_fault() {
    check(
        "format: parquet\ncsv: detect\njson: {records: a}\nxml: {row: r}\nencoding: utf-8",
        expect![[r#"
        `csv` is for format csv, not parquet
        `json` is for format json, not parquet
        `xml` is for format xml, not parquet
        `encoding` is for text, not parquet"#]],
    );
    check("format: xml", expect!["`xml` is missing: xml: {row: …} names the element that is a row"]);
    check(
        "format: xml\nxml: {row: 'a/@id'}",
        expect!["`xml.row` is an element's name, or a path such as catalog/book, not `a/@id`"],
    );
}

#[test]
fn marks_of_csv_do_not_contradict_each_other() {
    check(
        "csv: {delimiter: '', comment: ''}",
        expect![[r#"
        `csv.delimiter` is 1 to 8 characters
        `csv.comment` is 1 to 8 characters
        `csv.comment` begins with the delimiter: rows with an empty first field would be lost"#]],
    );
    check("csv: {delimiter: '123456789'}", expect!["`csv.delimiter` is 1 to 8 characters"]);
    check("csv: {delimiter: \"\\n\"}", expect!["`csv.delimiter` holds no line end and no NUL"]);
    check("csv: {delimiter: '|\"'}", expect!["`csv.delimiter` holds the character of `csv.quote`"]);
    check("csv: {delimiter: '\\', escape: '\\'}", expect!["`csv.delimiter` holds a backslash, which is `csv.escape`"]);
    check(
        "csv: {comment: ',x'}",
        expect!["`csv.comment` begins with the delimiter: rows with an empty first field would be lost"],
    );
    check("csv: {comment: '\"'}", expect!["`csv.comment` and `csv.quote` are the same character"]);
    check("csv: {delimiter: '§§§§§§§§', quote: '\\', escape: '\\'}", expect![""]);
}

#[test]
fn a_load_mode_has_what_it_needs_and_nothing_else() {
    check("load: {table: a.b, mode: upsert}", expect!["`load.key` names no column"]);
    check(
        "load: {table: a.b, mode: upsert, key: [id, id, x], newest: name}",
        expect![[r#"
        `load.key` names the column `id` twice
        `load.key`: there is no column `x`
        `load.newest` is a number, a date or a time, and `name` is varchar(64)"#]],
    );
    check("load: {table: a.b, mode: upsert, key: [id, day], newest: day}", expect![""]);
    check(
        "load: {table: a.b, mode: replace, key: [id]}",
        expect!["`load`: `key` and `newest` are for mode upsert, not replace"],
    );
    check(
        "load: {table: a.b, mode: append, newest: day}",
        expect!["`load`: `key` and `newest` are for mode upsert, not append"],
    );
    check(
        "load: {table: a.b, mode: replace_partitions}",
        expect!["`load`: mode replace_partitions needs `partition_by`, which says what a partition is"],
    );
    check("load: {table: a.b, mode: replace_partitions}\npartition_by: {m: month(day)}", expect![""]);
    check(
        "columns: {k: {type: super}, m: {type: varchar(9), mask: last4}}\nload: {table: a.b, mode: upsert, key: [k, m]}",
        expect![[r#"
        `load.key`: the mask of column `m` makes different rows the same
        `load.key`: Redshift does not compare `k`, a super"#]],
    );
}

#[test]
fn what_is_a_key_is_required() {
    let dataset = parse("load: {table: a.b, mode: upsert, key: [id]}\ndedupe: {key: [name]}").unwrap();
    let required: Vec<_> =
        dataset.columns.keys().filter(|name| dataset.requires(name)).map(|name| name.as_str()).collect();
    assert_eq!(required, ["id", "name"]);
}

#[test]
fn limits_have_bounds() {
    check(
        "limits: {field_bytes: 0, expanded_bytes: 0, expansion_ratio: 0}",
        expect![[r#"
        `limits.field_bytes` is 1 or more
        `limits.expanded_bytes` is 1 or more
        `limits.expansion_ratio` is 1 or more"#]],
    );
    check(
        "limits: {field_bytes: 300, record_bytes: 200}",
        expect!["`limits.field_bytes` (300) is more than `limits.record_bytes` (200): set both"],
    );
    check("limits: {record_bytes: 268435457}", expect!["`limits.record_bytes` is 268435457, 268435456 at most"]);
    check("limits: {record_bytes: 268435456, field_bytes: 268435456}", expect![""]);
    check("infer: {sample_rows: 0}", expect!["`infer.sample_rows` is 1 to 10000000"]);
    check("rejects: {max_ratio: 1.5}", expect!["`rejects.max_ratio` is a share, from 0 to 1"]);
}

#[test]
fn an_option_is_for_some_types() {
    check_column(
        "type: bigint, formats: ['%Y'], zone: UTC, true_words: [a], false_words: [b], truncate: true",
        expect![[r#"
            column `c`: `formats` is for dates and times, not bigint
            column `c`: `zone` is for timestamps, not bigint
            column `c`: `true_words` is for boolean, not bigint
            column `c`: `false_words` is for boolean, not bigint
            column `c`: `truncate` is for char and varchar, not bigint"#]],
    );
    check_column(
        "type: varchar(3), formats: ['%Y'], zone: UTC, decimal_mark: ',', thousands: '.', round: half_up, range: {min: a}",
        expect![[r#"
            column `c`: `formats` is for dates and times, not varchar(3)
            column `c`: `zone` is for timestamps, not varchar(3)
            column `c`: `decimal_mark` is for numbers, not varchar(3)
            column `c`: `thousands` is for numbers, not varchar(3)
            column `c`: `round` is for decimals and whole numbers, not varchar(3)
            column `c`: `range` is for numbers, dates and times, not varchar(3)"#]],
    );
    check_column(
        "type: boolean, range: {min: 0}, truncate: true",
        expect![[r#"
        column `c`: `truncate` is for char and varchar, not boolean
        column `c`: `range` is for numbers, dates and times, not boolean"#]],
    );
    check_column("type: date, zone: UTC", expect!["column `c`: `zone` is for timestamps, not date"]);
    check_column(
        "type: double, round: half_up",
        expect!["column `c`: `round` is for decimals and whole numbers, not double"],
    );
}

#[test]
fn a_mask_is_for_text_long_enough() {
    check_column(
        "type: varchar(63), mask: sha256",
        expect!["column `c`: `mask: sha256` makes 64 characters: write varchar(64), not varchar(63)"],
    );
    check_column(
        "type: bigint, mask: sha256",
        expect!["column `c`: `mask: sha256` makes 64 characters: write varchar(64), not bigint"],
    );
    check_column("type: bigint, mask: last4", expect!["column `c`: `mask: last4` is for char and varchar, not bigint"]);
    check_column(
        "type: bigint, mask: drop",
        expect!["the mask of every column is drop: there is nothing left to write"],
    );
}

#[test]
fn options_of_a_column_do_not_contradict_each_other() {
    check_column("type: bigint, thousands: '.'", expect!["column `c`: `thousands` and `decimal_mark` are both `.`"]);
    check_column(
        "type: bigint, thousands: ',', decimal_mark: ','",
        expect!["column `c`: `thousands` and `decimal_mark` are both `,`"],
    );
    check_column(
        "type: bigint, thousands: '1', decimal_mark: '-'",
        expect![[r#"
        column `c`: `decimal_mark` is a character that is no letter, digit, sign or line end
        column `c`: `thousands` is a character that is no letter, digit, sign or line end"#]],
    );
    check_column("type: bigint, range: {}", expect!["column `c`: `range` has a min, a max or both"]);
    check_column(
        "type: boolean, true_words: [Ja, y], false_words: [ja, n]",
        expect!["column `c`: `Ja` is one of `true_words` and of `false_words`"],
    );
    check_column(
        "type: bigint, replace: [{pattern: '', with: x}]",
        expect!["column `c`: `replace` has a pattern that is empty"],
    );
}

#[test]
fn sources_are_read_once() {
    check(
        "columns: {a: {type: date}, b: {type: date, from: ' A'}}",
        expect!["column `b`: another column is read from `a` already"],
    );
    check("format: json\ncolumns: {a: {type: date}, b: {type: date, from: a}}", expect![""]);
    check(
        "format: json\ncolumns: {a: {type: date, from: 'x[y]'}}",
        expect![[r#"column `a`: "x[y]" is not a path: at character 3, a place in an array is expected, such as 0"#]],
    );
    check(
        "drop: [NAME, b, B]",
        expect![[r#"
            `drop` names a column twice (case and white space do not count)
            column `name`: it is read from `name`, which `drop` names"#]],
    );
    check("columns: {a: {type: date, from: ''}}", expect!["column `a`: `from` is empty"]);
}

#[test]
fn names_of_columns_are_those_of_columns() {
    check(
        "partition_by: {dt: day(sold), name: id, sluice_run: id}\ndedupe: {key: [id, sku, id], newest: at}\n\
         load: {table: a.b, mode: append, dist_key: sku, sort_key: [at]}",
        expect![[r#"
            partition `sluice_run`: names in _sluice_ and sluice_run are Sluice's own
            `dedupe.key` names the column `id` twice
            partition `dt`: there is no column `sold`
            partition `name`: a key may not have a column's name
            `dedupe.key`: there is no column `sku`
            `dedupe.newest`: there is no column `at`
            `load`: there is no column `sku` to distribute or sort by
            `load`: there is no column `at` to distribute or sort by"#]],
    );
    check(
        "dedupe: {key: [], newest: name}",
        expect![[r#"
        `dedupe.key` names no column
        `dedupe.newest` is a number, a date or a time, and `name` is varchar(64)"#]],
    );
    check(
        "columns: {_sluice_x: {type: date}, sluice_run: {type: date}}",
        expect![[r#"
        column `_sluice_x`: names in _sluice_ and sluice_run are Sluice's own
        column `sluice_run`: names in _sluice_ and sluice_run are Sluice's own"#]],
    );
}

#[test]
fn a_masked_column_is_not_what_it_was() {
    let columns = "columns: {id: {type: bigint, mask: drop}, at: {type: date, mask: drop}, name: {type: varchar(9), mask: redact}}";
    check(
        &format!(
            "{columns}\npartition_by: {{dt: day(at)}}\ndedupe: {{key: [id, name], newest: at}}\n\
             load: {{table: a.b, mode: append, dist_key: id}}"
        ),
        expect![[r#"
            partition `dt`: column `at` is dropped by its mask
            `dedupe.key`: the mask of column `id` makes different rows the same
            `dedupe.key`: the mask of column `name` makes different rows the same
            `dedupe.newest`: column `at` is dropped by its mask
            `load`: column `id` is dropped by its mask and cannot distribute or sort"#]],
    );
    let written = parse(columns).unwrap();
    assert_eq!(written.written_columns().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["name"]);
}

fn columns(names: &[(&str, Type)]) -> IndexMap<Identifier, Column> {
    names.iter().map(|(name, kind)| (Identifier::parse(name).unwrap(), Column::new(*kind))).collect()
}

#[test]
fn what_names_columns_waits_until_they_are_known() {
    let names = "partition_by: {dt: day(day)}\ndedupe: {key: [id]}\nload: {table: a.b, mode: append, sort_key: [day]}";
    for (word, from) in [("text", ColumnsFrom::Text), ("infer", ColumnsFrom::Infer)] {
        let unknown = parse(&format!("columns: {word}\n{names}")).unwrap();
        assert!(unknown.needs_schema() && unknown.columns.is_empty());
        assert_eq!(unknown.columns_from(), from);
        let known = unknown.with_columns(columns(&[("id", Type::Bigint), ("day", Type::Date)])).unwrap();
        assert!(!known.needs_schema());
        assert_eq!((known.columns.len(), known.columns_from()), (2, from));
    }
    let absent = DatasetFile::parse("{dataset: x, landing: x/, format: csv}", "x").unwrap().dataset;
    assert_eq!(absent.columns_from(), ColumnsFrom::Infer);
    let file = parse("").unwrap();
    assert_eq!((file.columns_from(), file.needs_schema()), (ColumnsFrom::File, false));
}

#[test]
fn columns_that_do_not_fit_the_dataset_are_refused() {
    let unknown = parse("columns: infer\npartition_by: {dt: day(day)}\ndedupe: {key: [id]}").unwrap();
    let error = unknown.clone().with_columns(columns(&[("day", Type::Bigint)])).unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    expect!["cannot accept the columns found for dataset x: partition `dt`: year(), month() and day() take a date or a timestamp; `dedupe.key`: there is no column `id`"].assert_eq(&chain(&error));
    expect!["cannot accept the columns found for dataset x: its files have no column"]
        .assert_eq(&chain(&unknown.with_columns(IndexMap::new()).unwrap_err()));
}

#[test]
fn a_contract_that_evolves_is_for_columns_that_are_found() {
    check("contract: freeze", expect![""]);
    check("contract: reject", expect![""]);
    check("contract: evolve\ncolumns: infer\nformat: json", expect![""]);
    check("contract: freeze\ncolumns: infer\nformat: parquet", expect![""]);
    check(
        "contract: evolve",
        expect![
            "`contract: evolve` is for columns that are found: leave `columns` away, or name the new ones there (the table follows them)"
        ],
    );
    check("contract: freeze\nformat: json", expect![""]);
    check(
        "contract: freez",
        expect![[r#"
            line 5, column 11: `freez` is not known, or not supported yet
            the nearest is `freeze`
            there is evolve, freeze, reject"#]],
    );
}

#[test]
fn without_a_contract_found_columns_evolve_and_named_ones_are_all_there_are() {
    assert_eq!(parse("").unwrap().contract_of_data(), Contract::Reject);
    assert_eq!(parse("columns: infer").unwrap().contract_of_data(), Contract::Evolve);
    assert_eq!(parse("columns: text").unwrap().contract_of_data(), Contract::Evolve);
    assert_eq!(parse("contract: freeze").unwrap().contract_of_data(), Contract::Freeze);
}

#[test]
fn files_are_isolated_where_rows_are_loaded() {
    check("on_copy_error: isolate\nload: {table: a.b, mode: append}", expect![""]);
    check(
        "on_copy_error: isolate",
        expect!["`on_copy_error` is for datasets that are loaded: add `load`, or leave it away"],
    );
}
