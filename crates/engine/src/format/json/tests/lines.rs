//! One record on each line.

use expect_test::{Expect, expect};

use super::{dataset, show, texts};

fn check(input: impl AsRef<[u8]>, expected: Expect) {
    expected.assert_eq(&show(&texts("a, b", ""), input));
}

#[test]
fn a_line_is_a_record_and_a_blank_line_is_none() {
    check(
        "{\"a\":1,\"b\":\"x\"}\n\n  \t\r\n{\"b\":null,\"a\":\"\"}\r\n{}",
        expect![[r#"
            line 1 at 0+16: "1" "x"
            line 4 at 22+19: "" null
            line 5 at 41+2: null null
        "#]],
    );
    check("", expect![[""]]);
    check(" \n\n", expect![[""]]);
}

#[test]
fn a_bad_line_is_a_reject_and_the_next_line_is_the_next_record() {
    check(
        concat!(
            "{\"a\":1}\n{\"a\":}\n{\"a\":2,}\n{\"a\":3\n{\"a\":4} x\n{'a':5}\n{\"a\":NaN}\n{\"a\":01}\n{\"a\":\"\t\"}\n",
            "{\"a\":\"\\x\"}\n{\"a\":\"é\" 1}\n{\"a\":tru}\nnull\n7\n[1]\n{\"a\":6}{\"a\":7}\n{\"a\":8}\n",
        ),
        expect![[r#"
            line 1 at 0+8: "1" null
            line 2 at 8+7: bad_json: character 6: a value is expected, not '}': {"a":}
            line 3 at 15+9: bad_json: character 8: a key in double quotes is expected, not '}': {"a":2,}
            line 4 at 24+7: bad_json: character 7: a , or a } is expected, not the end: {"a":3
            line 5 at 31+10: bad_json: character 9: nothing more is expected, not 'x': {"a":4} x
            line 6 at 41+8: bad_json: character 2: a key in double quotes or a } is expected, not '\'': {'a':5}
            line 7 at 49+10: bad_json: character 6: a value is expected, not 'N': {"a":NaN}
            line 8 at 59+9: bad_json: character 7: a number may not begin with a zero and go on with digits: {"a":01}
            line 9 at 68+10: bad_json: character 7: a text may not hold a control character, such as a line end or a tab: {"a":"	"}
            line 10 at 78+11: bad_json: character 8: an escape that JSON has is expected, not 'x': {"a":"\x"}
            line 11 at 89+13: bad_json: character 10: a , or a } is expected, not '1': {"a":"é" 1}
            line 12 at 102+10: bad_json: character 9: true, false or null is expected, not '}': {"a":tru}
            line 13 at 112+5: not_an_object: a record is an object, this is null: null
            line 14 at 117+2: not_an_object: a record is an object, this is a number: 7
            line 15 at 119+4: not_an_object: a record is an object, this is an array: [1]
            line 16 at 123+15: bad_json: character 8: nothing more is expected, not '{': {"a":6}{"a":7}
            line 17 at 138+8: "8" null
        "#]],
    );
}

#[test]
fn a_first_line_that_breaks_off_does_not_take_the_rest_along() {
    for first in ["{\"a\":", "{\"a\":\"x", "{\"a\":1,", "{\"a\":tr", "{\"a\":[", "\"a\":1}", "x", "{\"a\":{\"b\":1}"] {
        let shown = show(&texts("a, b", ""), format!("{first}\n{{\"a\":1}}\n{{\"a\":2}}\n"));
        let lines: Vec<_> = shown.lines().map(|line| line.split_once(": ").unwrap().1).collect();
        assert!(lines.len() == 3 && lines[0].starts_with("bad_json: "), "{first}: {shown}");
        assert_eq!(lines[1..], ["\"1\" null", "\"2\" null"], "{first}");
    }
}

#[test]
fn bytes_that_are_no_text_reject_their_line() {
    check(
        b"{\"a\":1}\n{\"a\":\"\xff\"}\n{\"a\":2,\"\xc3\":3}\n\xff\n{\"a\":\"\xc3\xa9\"}\n",
        expect![[r#"
            line 1 at 0+8: "1" null
            line 2 at 8+10: invalid_encoding: byte 14 of the object is no utf-8: {"a":"�"}
            line 3 at 18+14: invalid_encoding: byte 26 of the object is no utf-8: {"a":2,"�":3}
            line 4 at 32+2: invalid_encoding: byte 32 of the object is no utf-8: �
            line 5 at 34+11: "é" null
        "#]],
    );
}

#[test]
fn a_lone_return_is_white_space_and_counts_as_a_line_end() {
    check(
        "{\"a\":1}\r\n{\"a\":\r2}\n{\"a\":x}\n",
        expect![[r#"
            line 1 at 0+9: "1" null
            line 2 at 9+9: "2" null
            line 4 at 18+8: bad_json: character 6: a value is expected, not 'x': {"a":x}
        "#]],
    );
    check(
        "{\"a\":1}\r{\"a\":2}\r{\"a\":3}",
        expect![[r#"
            line 1 at 0+7: "1" null
            line 2 at 8+7: "2" null
            line 3 at 16+7: "3" null
        "#]],
    );
}

#[test]
fn arrays_are_records_where_places_name_the_columns() {
    let dataset = texts("a=[0], b=[2].x", "");
    let expected = expect![[r#"
        line 1 at 0+16: "1" "y"
        line 2 at 16+4: "2" null
        line 4 at 21+8: path_through_scalar in b: the path leads through an object, this is a number that ends at character 6: [3,4,5]
        line 5 at 29+8: not_an_object: a record is an array, this is an object: {"a":1}
    "#]];
    expected.assert_eq(&show(&dataset, "[1,2,{\"x\":\"y\"}]\n[2]\n\n[3,4,5]\n{\"a\":1}\n"));
    let expected = expect![[r#"
        line 1 at 1+15: "1" "y"
        line 2 at 18+4: "[]" null
    "#]];
    expected.assert_eq(&show(&dataset, "[[1,2,{\"x\":\"y\"}],\n[[]]]"));
    let expected = expect![[r#"
        line 2 at 2+3: "1" null
        line 2 at 6+3: "2" null
    "#]];
    expected.assert_eq(&show(&dataset, "[\n[1],[2]]"));
}

#[test]
fn a_record_may_not_be_too_long() {
    let mut dataset = texts("a, b", "");
    (dataset.limits.record_bytes, dataset.limits.field_bytes) = (30, 10);
    let expected = expect![[r#"
        line 1 at 0+19: "0123456789" null
        line 2 at 19+20: too_long in a: a field has 11 bytes, limits.field_bytes is 10: {"a":"01234567890"}
    "#]];
    expected.assert_eq(&show(&dataset, "{\"a\":\"0123456789\"}\n{\"a\":\"01234567890\"}\n"));
    let expected = expect![[r#"
        line 2: the record that starts here has more than 30 bytes (limits.record_bytes); json.records names an array inside of a document
    "#]];
    let long = "{\"a\":1,\"b\":2222222222222222222222222}\n";
    expected.assert_eq(&show(&dataset, format!("{{\"a\":1}}\n{long}")));
}

#[test]
fn messages_show_nothing_of_a_file_where_a_column_is_masked() {
    let dataset = dataset("a: {type: varchar(9), mask: redact}, b: {type: bigint, from: c.d}", "");
    let expected = expect![[r#"
        line 1 at 0+13: bad_json: character 6: a value is expected, not what stands there
        line 2 at 13+24: duplicate_key: a key stands there again at character 13
        line 3 at 37+10: bad_json: character 9: nothing more is expected, not what stands there
        line 4 at 47+15: path_through_scalar in b: the path leads through an object, this is a text that ends at character 13
        line 5 at 62+21: nul_byte in a: character 13 is an escape for NUL
        line 6 at 83+11: bad_json: character 11: a text may not hold a control character, such as a line end or a tab
    "#]];
    let input = concat!(
        "{\"a\":secret}\n{\"secret\":1,\"secret\":2}\n{\"a\":1} s\n{\"c\":\"secret\"}\n{\"a\":\"secret\\u0000\"}\n",
        "{\"a\":\"secr\n"
    );
    let shown = show(&dataset, input);
    // The texts of rejects are left out where they are written.
    expected
        .assert_eq(&shown.lines().map(|line| line.rsplit_once(": {").unwrap().0.to_owned() + "\n").collect::<String>());
    let expected = expect![[r#"
        line 1 column 11: a value is expected, not what stands there
    "#]];
    expected.assert_eq(&show(&dataset, "[{\"a\":1}, secret]"));
}
