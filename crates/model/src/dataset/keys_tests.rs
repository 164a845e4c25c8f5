//! Every key parses to what it says, and a wrong word names what is known.

use expect_test::{Expect, expect};

use super::*;
use crate::error::chain;
use crate::types::Type;

/// A CSV dataset of one text column, and these keys.
fn dataset(keys: &str) -> Result<Dataset> {
    let columns = if keys.contains("columns:") { "" } else { "columns: {c: {type: varchar(64)}}\n" };
    let format = if keys.contains("format:") { "" } else { "format: csv\n" };
    DatasetFile::parse(&format!("dataset: x\nlanding: x/\n{format}{columns}{keys}\n"), "x.yaml")
        .map(|file| file.dataset)
}

/// What is wrong with each of these, a line for each.
fn faults(keys: &[&str], expected: Expect) {
    let fault = |keys: &&str| chain(&dataset(keys).unwrap_err()).replace("cannot read dataset x.yaml: ", "");
    expected.assert_eq(&keys.iter().map(fault).collect::<Vec<_>>().join("\n"));
}

fn dialect(keys: &str) -> Dialect {
    match dataset(&format!("csv: {{{keys}}}")).unwrap().csv {
        Csv::Dialect(dialect) => dialect,
        Csv::Detect => panic!("no dialect"),
    }
}

/// The column `c` of this type and with these keys.
fn column(keys: &str) -> Column {
    dataset(&format!("columns: {{c: {{{keys}}}}}")).unwrap().columns[0].clone()
}

#[test]
fn every_format_is_a_word() {
    for format in Format::ALL {
        let xml = if *format == Format::Xml { "xml: {row: r}" } else { "" };
        assert_eq!(dataset(&format!("format: {}\n{xml}", format.name())).unwrap().format, *format);
    }
    faults(
        &["format: jsonl"],
        expect![
            "line 4, column 9: `jsonl` is not known, or not supported yet; the nearest is `json`; there is csv, json, xml, parquet, avro"
        ],
    );
}

#[test]
fn a_dialect_is_detected_or_said() {
    assert_eq!(dataset("csv: detect").unwrap().csv, Csv::Detect);
    assert_eq!(dataset("csv: {}").unwrap().csv, Csv::default());
    let said =
        r##"header: 2, delimiter: "||", quote: "'", escape: "\\", comment: "#", skip_lines: 3, short_rows: null"##;
    let expected = Dialect {
        header: Header(2),
        delimiter: "||".to_owned(),
        quote: Some(b'\''),
        escape: Escape::Backslash,
        comment: Some("#".to_owned()),
        skip_lines: 3,
        short_rows: ShortRows::Null,
    };
    assert_eq!(dialect(said), expected);
}

#[test]
fn a_header_is_a_number_of_lines() {
    for (written, lines) in [("true", 1), ("false", 0), ("0", 0), ("1", 1), ("3", 3)] {
        assert_eq!(dialect(&format!("header: {written}")).header, Header(lines));
    }
    faults(
        &["csv: {header: first}", "csv: {header: -1}"],
        expect![[r#"
        line 5, column 7: true, false or a number of header lines is expected, not string "first"
        line 5, column 7: true, false or a number of header lines is expected, not integer `-1`"#]],
    );
}

#[test]
fn the_escape_is_the_quote_a_backslash_or_none() {
    for (written, quote, escape) in [
        ("quote: \"'\"", Some(b'\''), Escape::Doubled),
        ("quote: \"'\", escape: \"'\"", Some(b'\''), Escape::Doubled),
        ("escape: '\\'", Some(b'"'), Escape::Backslash),
        ("escape: none", Some(b'"'), Escape::None),
        ("quote: none", None, Escape::None),
        ("quote: none, escape: '\\'", None, Escape::Backslash),
    ] {
        let dialect = dialect(written);
        assert_eq!((dialect.quote, dialect.escape), (quote, escape), "{written}");
    }
    faults(
        &["csv: {quote: \"'\", escape: '\"'}", "csv: {quote: '\"\"'}", "csv: {quote: null}"],
        expect![[r#"
        line 5, column 6: `csv.escape` is the quote, a backslash ("\\") or the word none
        line 5, column 14: `csv.quote` is one ASCII character, or the word none
        line 5, column 14: null stands where a text is expected; in quotes it is the word"#]],
    );
}

#[test]
fn a_wrong_word_for_a_section_is_named() {
    faults(
        &[
            "csv: detct",
            "csv: {delimeter: ';'}",
            "csv: [1]",
            "csv:",
            "columns: txt",
            "columns: [a, b]",
            "columns: {a: bigint}",
            "columns: {}",
            "limits: {field: 3}",
            "encoding: utf8",
        ],
        expect![[r#"
            line 5, column 1: `detct` is not known, or not supported yet; there is detect
            line 5, column 7: there is no key `delimeter`; the nearest is `delimiter`
            line 5, column 1: `detect` or keys such as header and delimiter is expected, not sequence
            line 5, column 1: `detect` or keys such as header and delimiter is expected, not nothing
            line 4, column 1: `txt` is not known, or not supported yet; the nearest is `text`; there is text, infer
            line 4, column 1: `text`, `infer` or the columns by name is expected, not sequence
            line 4, column 14: keys and values are expected here, as in {type: bigint}
            `columns` names none: leave the key away to have them inferred
            line 5, column 10: there is no key `field`; the nearest is `field_bytes`
            line 5, column 11: "utf8" is not an encoding; the nearest is utf-8"#]],
    );
}

#[test]
fn paths_and_elements_are_read() {
    let json = dataset("format: json\njson: {records: data.items, explode: 'lines[0].\"a.b\"'}").unwrap().json;
    assert_eq!(json.records, Some(Path::parse("data.items").unwrap()));
    assert_eq!(json.explode.unwrap().to_string(), "lines[0].\"a.b\"");
    assert_eq!(dataset("format: xml\nxml: {row: catalog/book}").unwrap().xml.unwrap().row, "catalog/book");
    faults(
        &[
            "format: json\njson: {records: data..items}",
            "format: xml\nxml: {row: catalog//book}",
            "format: xml\nxml: {}",
        ],
        expect![[r#"
            line 5, column 17: "data..items" is not a path: at character 6, a key is expected; one with dots, brackets or quotes stands in quotes
            `xml.row` is an element's name, or a path such as catalog/book, not `catalog//book`
            line 5, column 6: `row` is missing"#]],
    );
}

#[test]
fn every_encoding_is_a_word() {
    for encoding in Encoding::ALL {
        assert_eq!(dataset(&format!("encoding: {encoding}")).unwrap().encoding, Some(*encoding));
    }
}

#[test]
fn the_rest_of_the_datasets_keys_are_read() {
    let text = "drop: [internal_note]\ninfer: {sample_rows: 5}\ndedupe: {key: [c], newest: n}\n\
                limits: {field_bytes: 1, record_bytes: 2, expanded_bytes: 3, expansion_ratio: 4}\n\
                columns: {c: {type: bigint}, n: {type: timestamp}}";
    let dataset = dataset(text).unwrap();
    assert_eq!(dataset.drop, ["internal_note"]);
    assert_eq!(dataset.infer, Infer { sample_rows: 5 });
    assert_eq!(dataset.limits, Limits { field_bytes: 1, record_bytes: 2, expanded_bytes: 3, expansion_ratio: 4 });
    let dedupe = dataset.dedupe.unwrap();
    assert_eq!(dedupe.key, [Identifier::parse("c").unwrap()]);
    assert_eq!(dedupe.newest, Some(Identifier::parse("n").unwrap()));
}

#[test]
fn the_columns_keys_are_read() {
    let text = column(
        "type: varchar(64), from: C, required: true, nulls: [x], clean: [trim, lower, upper, squeeze], truncate: true, \
         replace: [{pattern: '[^0-9]', with: ''}], default: none, allowed: [a, b], pattern: '^a', mask: sha256",
    );
    let expected = Column {
        from: Some("C".to_owned()),
        required: true,
        nulls: vec!["x".to_owned()],
        clean: TextRule::ALL.to_vec(),
        truncate: true,
        replace: vec![Replace { pattern: "[^0-9]".to_owned(), with: String::new() }],
        default: Some("none".to_owned()),
        allowed: vec!["a".to_owned(), "b".to_owned()],
        pattern: Some("^a".to_owned()),
        mask: Some(Mask::Sha256),
        ..Column::new(Type::Varchar(64))
    };
    assert_eq!(text, expected);
    let number = column("type: 'decimal(9,2)', decimal_mark: ',', thousands: '.', round: half_up, range: {max: '1,5'}");
    assert_eq!((number.decimal_mark, number.thousands, number.round), (Some(','), Some('.'), Some(Round::HalfUp)));
    assert_eq!(number.range, Some(Range { min: None, max: Some("1,5".to_owned()) }));
    let time = column("type: timestamp, formats: ['%Y'], zone: Europe/Berlin");
    assert_eq!((time.formats, time.zone), (vec!["%Y".to_owned()], Some("Europe/Berlin".to_owned())));
    let truth = column("type: boolean, true_words: [ja], false_words: [nein]");
    assert_eq!((truth.true_words, truth.false_words), (vec!["ja".to_owned()], vec!["nein".to_owned()]));
    for mask in Mask::ALL {
        let other = "other: {type: bigint}";
        let dataset =
            dataset(&format!("columns: {{c: {{type: varchar(64), mask: {}}}, {other}}}", mask.name())).unwrap();
        assert_eq!(dataset.columns[0].mask, Some(*mask));
    }
}

#[test]
fn a_scalar_is_kept_as_its_text() {
    for (written, text) in [
        ("0", "0"),
        ("-1.50", "-1.50"),
        ("007", "007"),
        ("0x10", "0x10"),
        ("1e3", "1e3"),
        ("1_000", "1_000"),
        ("2013-01-31", "2013-01-31"),
        ("true", "true"),
        ("no", "no"),
        ("''", ""),
        ("'null'", "null"),
        ("12345678901234567890123456789", "12345678901234567890123456789"),
    ] {
        assert_eq!(column(&format!("type: varchar(64), default: {written}")).default.as_deref(), Some(text));
        assert_eq!(column(&format!("type: varchar(64), allowed: [{written}]")).allowed, [text]);
    }
    let range = column("type: 'decimal(9,2)', range: {min: 0, max: 100.00}").range.unwrap();
    assert_eq!((range.min.as_deref(), range.max.as_deref()), (Some("0"), Some("100.00")));
    faults(
        &["columns: {c: {type: bigint, allowed: [1, null]}}"],
        expect!["line 4, column 42: null stands where a text is expected; in quotes it is the word"],
    );
}

#[test]
fn a_wrong_word_in_a_column_names_the_nearest() {
    faults(
        &[
            "columns: {c: {type: bigint, mask: redacted}}",
            "columns: {c: {type: bigint, clean: [trimm]}}",
            "columns: {c: {type: bigint, round: up}}",
            "columns: {c: {type: bigint, defualt: 0}}",
            "columns: {c: {type: bigint, range: {minimum: 0}}}",
            "columns: {c: {type: varchar(3), replace: [{pattern: x}]}}",
            "columns: {c: {type: bigint, thousands: '..'}}",
            "dedupe: {keys: [c]}",
        ],
        expect![[r#"
            line 4, column 35: `redacted` is not known, or not supported yet; the nearest is `redact`; there is sha256, redact, last4, drop
            line 4, column 37: `trimm` is not known, or not supported yet; the nearest is `trim`; there is trim, lower, upper, squeeze
            line 4, column 36: `up` is not known, or not supported yet; there is half_up
            line 4, column 29: there is no key `defualt`; the nearest is `default`
            line 4, column 37: there is no key `minimum`; the nearest is `min`
            line 4, column 44: `with` is missing
            line 4, column 40: one character is expected
            line 5, column 10: there is no key `keys`; the nearest is `key`"#]],
    );
}
