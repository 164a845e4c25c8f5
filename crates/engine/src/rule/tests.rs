use std::collections::HashSet;

use expect_test::{Expect, expect};
use model::dataset::{DatasetFile, TextRule as Words};
use proptest::prelude::*;

use super::*;
use crate::cast::tests::{batch, cast, dataset};

/// A column for each rule.
const EXAMPLES: &[(&str, &str)] = &[
    ("clean", "type: varchar(9), clean: [trim, lower]"),
    ("replace", "type: varchar(9), replace: [{pattern: '[^0-9]+', with: '$0-'}]"),
    ("default", "type: integer, default: '0'"),
    ("required", "type: integer, required: true"),
    ("pattern", "type: varchar(9), pattern: '^[a-z]*$'"),
    ("allowed", "type: varchar(9), allowed: [a, b]"),
    ("range", "type: integer, range: {min: '-5', max: '500'}"),
];

/// The texts as a column of text has them behind its rules; `None` for null.
fn become_(column: &str, texts: &[&str]) -> Vec<Option<String>> {
    let rows: Vec<_> = texts.iter().map(|text| vec![*text]).collect();
    let typed = cast(&dataset(&format!("c: {{type: varchar(65535), {column}}}")), &batch(&rows));
    let shown = arrow::array::AsArray::as_string::<i32>(typed.columns.column(0));
    shown.iter().map(|text| text.map(str::to_owned)).collect()
}

fn faults(column: &str, expected: Expect) {
    let yaml = format!("{{dataset: x, landing: x/, format: csv, columns: {{c: {{{column}}}}}}}");
    let dataset = DatasetFile::parse(&yaml, "x.yaml").map(|file| file.dataset);
    let error = dataset.and_then(|dataset| crate::cast::Caster::new(&dataset, None)).unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    expected.assert_eq(&model::error::chain(&error));
}

#[test]
fn every_rule_has_a_name_of_its_own_and_an_example() {
    let names: Vec<_> = RULES.iter().map(|rule| rule.name()).collect();
    assert_eq!(names, EXAMPLES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    for (name, column) in EXAMPLES {
        assert!(column.contains(&format!("{name}: ")));
        let dataset = dataset(&format!("c: {{{column}}}"));
        let column = &dataset.columns[0];
        let typing = crate::cast::typing(column).unwrap();
        let with: Vec<_> = RULES.iter().filter(|rule| !rule.steps(column, &*typing).unwrap().is_empty()).collect();
        assert_eq!(with.iter().map(|rule| rule.name()).collect::<Vec<_>>(), [*name], "it asks for one rule");
    }
}

#[test]
fn words_of_clean_are_those_a_user_may_write() {
    let names: Vec<_> = clean::WORDS.iter().map(|word| word.name()).collect();
    assert_eq!(names, Words::ALL.iter().map(|word| word.name()).collect::<Vec<_>>());
}

#[test]
fn options_refuse_unknown_keys() {
    for (name, column) in EXAMPLES {
        // Options with keys of their own are maps; the others have none to be unknown.
        let Some(change) = column.rfind('}').map(|end| format!("{}, other: 1{}", &column[..end], &column[end..]))
        else {
            continue;
        };
        let yaml = format!("{{dataset: x, landing: x/, format: csv, columns: {{c: {{{change}}}}}}}");
        let error = model::error::chain(&DatasetFile::parse(&yaml, "x.yaml").unwrap_err());
        assert!(error.contains("there is no key `other`"), "{name}: {error}");
    }
    let maps = EXAMPLES.iter().filter(|(_, column)| column.contains('{'));
    assert_eq!(maps.map(|(name, _)| *name).collect::<Vec<_>>(), ["replace", "range"]);
}

#[test]
fn clean_is_done_in_the_order_of_its_words() {
    let texts = ["  Straße ÀB\u{a0}", "a \t\u{3000} b", "\n", "ΑΣ ΑΣ"];
    let some = |texts: &[&str]| texts.iter().map(|text| Some((*text).to_owned())).collect::<Vec<_>>();
    let mut expected = some(&["strasse àb", "a \t\u{3000} b", "", "ας ας"]);
    expected[2] = None;
    assert_eq!(become_("clean: [trim, upper, lower]", &texts), expected);
    assert_eq!(become_("clean: [squeeze]", &texts), some(&[" Straße ÀB ", "a b", " ", "ΑΣ ΑΣ"]));
    assert_eq!(become_("clean: []", &texts), some(&texts));
}

#[test]
fn replacements_are_done_in_their_order_behind_clean() {
    let column = r#"clean: [upper], replace: [{pattern: "(?<first>[A-Z])([0-9])", with: "$2${first}$$"}, {pattern: '\s', with: ""}]"#;
    let texts = ["a1 b2", "x", " ", "", "é3"];
    let expected = [Some("1A$2B$"), Some("X"), None, None, Some("É3")];
    assert_eq!(become_(column, &texts), expected.map(|text| text.map(str::to_owned)));
}

#[test]
fn a_text_may_not_grow_without_bound() {
    let many = "a".repeat(70_000);
    let rows = [vec!["a"], vec![""], vec![many.as_str()], vec!["NULL"], vec!["b"]];
    let fast =
        format!("c: {{type: varchar(65535), truncate: true, replace: [{{pattern: a, with: {}}}]}}", "x".repeat(40_000));
    let typed = cast(&dataset(&fast), &batch(&rows));
    assert_eq!(typed.rejects.len(), 1);
    expect![[r#"too_long: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"… grows past 65535 bytes by `replace`"#]].assert_eq(&format!(
        "{}: {}",
        typed.rejects[0].reason.code(),
        typed.rejects[0].message
    ));
    // As long as it was, it may be.
    let same = "c: {type: varchar(65535), truncate: true, replace: [{pattern: a, with: b}]}";
    assert_eq!(cast(&dataset(same), &batch(&rows)).truncated, [1]);
}

#[test]
fn what_cannot_be_carried_out_is_refused_when_the_dataset_is_read() {
    faults(
        "type: integer, default: x",
        expect![[r#"cannot read column `c` of dataset x: `default`: "x" is not a whole number"#]],
    );
    faults(
        "type: integer, default: '7', range: {max: '5'}",
        expect![[r#"cannot read column `c` of dataset x: `default`: "7" is above 5, the greatest that is allowed"#]],
    );
    faults(
        "type: varchar(3), default: abcd",
        expect![[r#"cannot read column `c` of dataset x: `default`: "abcd" has 4 bytes, varchar(3) holds 3"#]],
    );
    faults(
        "type: varchar(3), default: a, allowed: [b]",
        expect![[r#"cannot read column `c` of dataset x: `default`: "a" is none of the allowed b"#]],
    );
    faults(
        "type: varchar(3), default: a, pattern: b",
        expect![[r#"cannot read column `c` of dataset x: `default`: "a" does not match `b`"#]],
    );
    faults(
        "type: date, allowed: ['2013-02-30']",
        expect![[
            r#"cannot read column `c` of dataset x: `allowed`: "2013-02-30" is not a date as ISO 8601 writes it"#
        ]],
    );
    faults(
        "type: date, range: {min: '2013-02-30'}",
        expect![[r#"cannot read column `c` of dataset x: `range`: "2013-02-30" is not a date as ISO 8601 writes it"#]],
    );
    faults(
        "type: date, range: {min: '2013-02-01', max: '2013-01-01'}",
        expect!["cannot read column `c` of dataset x: `range`: its min 2013-02-01 is above its max 2013-01-01"],
    );
    faults(
        "type: varchar(3), pattern: '[a-'",
        expect![
            "cannot read column `c` of dataset x: `pattern`: `[a-` is no regular expression: unclosed character class"
        ],
    );
    faults(
        "type: varchar(3), pattern: '\\w{10000}'",
        expect![[
            r#"cannot read column `c` of dataset x: `pattern`: the regular expression `\w{10000}` needs more than 4194304 bytes when it is compiled"#
        ]],
    );
    faults(
        "type: varchar(3), replace: [{pattern: '(', with: ''}]",
        expect!["cannot read column `c` of dataset x: `replace`: `(` is no regular expression: unclosed group"],
    );
    faults(
        "type: timestamp, zone: Europe/Berln",
        expect![
            "cannot read column `c` of dataset x: there is no time zone `Europe/Berln`; the nearest is `Europe/Berlin`"
        ],
    );
}

/// Values of each type that are allowed, at the bounds and outside.
#[test]
fn domain_rules_are_about_values_not_texts() {
    for (column, texts, bad) in [
        ("type: 'decimal(5,2)', allowed: ['1.5', '+2']", &["1.50", "2", "002.00", "", "1.51"][..], &[5][..]),
        ("type: double, range: {min: '0', max: '1e3'}", &["-0.0", "1000", "1000.1", "-1e-9", ""], &[3, 4]),
        ("type: double, allowed: ['0']", &["0", "-0", "0e5", "1"], &[4]),
        ("type: real, range: {max: '0.1'}", &["0.1", "0.100000001", "0.11"], &[3]),
        ("type: boolean, allowed: ['yes']", &["1", "true", "no", ""], &[3]),
        ("type: date, range: {min: '2013-01-01'}", &["2013-01-01", "2012-12-31"], &[2]),
        ("type: time, range: {min: '08:00', max: '17:30'}", &["08:00:00.000", "17:30:00.000001", "07:59"], &[2, 3]),
        (
            "type: timestamptz, zone: Europe/Berlin, range: {min: '2013-01-01T00:00:00'}",
            &["2012-12-31T23:00:00Z", "2013-01-01", "2012-12-31T22:59:59Z"],
            &[3],
        ),
        ("type: char(3), allowed: ['a ', b]", &["a", "a  ", "b", "c", "A"], &[4, 5]),
        ("type: bigint, thousands: ',', range: {max: '1,000'}", &["1000", "1,000", "1,001"], &[3]),
        ("type: varbyte(2), allowed: ['0aFF']", &["0AFF", "0aff", "0a"], &[3]),
        ("type: smallint, allowed: ['1', '2', '3']", &["3", "4", "0", ""], &[2, 3]),
        ("type: super, allowed: ['{}']", &["{}", "[]"], &[2]),
    ] {
        let rows: Vec<_> = texts.iter().map(|text| vec![*text]).collect();
        let typed = cast(&dataset(&format!("c: {{{column}}}")), &batch(&rows));
        let lines: Vec<_> = typed.rejects.iter().map(|reject| reject.position.line).collect();
        assert_eq!(lines, bad, "{column}: {:?}", typed.rejects);
        for reject in &typed.rejects {
            assert!([Reason::NotAllowed, Reason::NotInRange].contains(&reject.reason), "{column}: {reject:?}");
        }
    }
}

proptest! {
    #[test]
    fn a_word_twice_is_the_word_once(text in "\\PC*[ \t\u{a0}\u{85}]{0,3}\\PC*") {
        for word in clean::WORDS {
            let once = become_(&format!("clean: [{}]", word.name()), &[&text]);
            let twice = become_(&format!("clean: [{0}, {0}]", word.name()), &[&text]);
            prop_assert_eq!(once, twice, "{}", word.name());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn rows_in_are_rows_kept_and_rows_rejected(texts in proptest::collection::vec("\\PC{0,12}|[a-z]{0,3}|-?[0-9]{0,4}", 1..80)) {
        let rows: Vec<_> = texts.iter().map(|text| vec![text.as_str()]).collect();
        for (_, column) in EXAMPLES {
            // `cast` holds the law.
            cast(&dataset(&format!("c: {{{column}}}")), &batch(&rows));
        }
    }
}
