use expect_test::expect;

use super::{batch, cast, check, dataset};

#[test]
fn lengths_are_bytes_after_cleaning() {
    check(
        "type: varchar(4), clean: [trim, upper], nulls: ['-']",
        &["  ab ", "éé", "ééa", "   ", "-", " - ", "straß", "NULL"],
        expect![[r#"
            "  ab " = AB
            "éé" = ÉÉ
            "ééa": too_long: "ÉÉA" has 5 bytes, varchar(4) holds 4
            "   " = null
            "-" = null
            " - " = -
            "straß": too_long: "STRASS" has 6 bytes, varchar(4) holds 4
            "NULL" = null
        "#]],
    );
}

#[test]
fn null_is_a_reject_where_a_value_is_required() {
    check(
        "type: integer, required: true",
        &["1", "", "NULL"],
        expect![[r#"
        "1" = 1
        "": missing_value: it is required, and null here
        "NULL": missing_value: it is required, and null here
    "#]],
    );
}

#[test]
fn a_char_is_ascii_and_its_last_blanks_are_nothing() {
    check(
        "type: char(3)",
        &["abc", "ab ", "abc   ", " ab", "abcd", "ab c", "é", "   ", "NULL"],
        expect![[r#"
        "abc" = abc
        "ab " = ab
        "abc   " = abc
        " ab" =  ab
        "abcd": too_long: "abcd" has 4 bytes, char(3) holds 3
        "ab c": too_long: "ab c" has 4 bytes, char(3) holds 3
        "é": not_ascii: "é" has characters that are not ASCII, which a char does not hold
        "   " = 
        "NULL" = null
    "#]],
    );
}

#[test]
fn a_text_that_is_too_long_is_cut_at_a_character_where_that_is_asked() {
    check(
        "type: varchar(4), truncate: true, clean: [trim]",
        &["abcd ", "abcde", "abcé", "日本", "😀é"],
        expect![[r#"
        "abcd " = abcd
        "abcde" = abcd
        "abcé" = abc
        "日本" = 日
        "😀é" = 😀
    "#]],
    );
    check(
        "type: char(2), truncate: true",
        &["abc", "a c", "é"],
        expect![[r#"
        "abc" = ab
        "a c" = a
        "é": not_ascii: "é" has characters that are not ASCII, which a char does not hold
    "#]],
    );
}

#[test]
fn a_super_is_json_as_it_stands() {
    check(
        "type: super",
        &[
            r#"{"b": 1, "a": [1.50, 1e400, null]}"#,
            " [1]\n",
            "null",
            r#""é\u00e9\ud83d\ude00""#,
            "12345678901234567890123456789",
            "{\"a\":1}{",
            "{a:1}",
            "'a'",
            "[1,]",
            "NaN",
            "abc",
            r#""\ud83d""#,
            "01",
            "",
        ],
        expect![[r#"
            "{\"b\": 1, \"a\": [1.50, 1e400, null]}": out_of_range: "{\"b\": 1, \"a\": [1.50, 1e400, null]}" is no super: character 22: a number stands there that no double holds
            " [1]\n" =  [1]

            "null" = null
            "\"é\\u00e9\\ud83d\\ude00\"" = "é\u00e9\ud83d\ude00"
            "12345678901234567890123456789" = 12345678901234567890123456789
            "{\"a\":1}{": not_json: "{\"a\":1}{" is not JSON: character 8: nothing more is expected, not what stands there
            "{a:1}": not_json: "{a:1}" is not JSON: character 2: a key in double quotes or a } is expected, not what stands there
            "'a'": not_json: "'a'" is not JSON: character 1: a value is expected, not what stands there
            "[1,]": not_json: "[1,]" is not JSON: character 4: a value is expected, not what stands there
            "NaN": not_json: "NaN" is not JSON: character 1: a value is expected, not what stands there
            "abc": not_json: "abc" is not JSON: character 1: a value is expected, not what stands there
            "\"\\ud83d\"": lone_surrogate: "\"\\ud83d\"" is no super: character 2: an escape for half a character stands there, the other is missing
            "01": not_json: "01" is not JSON: character 2: a number may not begin with a zero and go on with digits
            "" = null
        "#]],
    );
}

#[test]
fn a_super_is_no_longer_than_it_is_staged() {
    let long = |bytes: usize| format!("\"{}\"", "a".repeat(bytes - 2));
    let texts = [long(65_535), long(65_536)];
    let rows: Vec<_> = texts.iter().map(|text| vec![text.as_str()]).collect();
    let typed = cast(&dataset("c: {type: super}"), &batch(&rows));
    assert_eq!(typed.is_bad, [false, true]);
    assert!(typed.rejects[0].message.ends_with("has 65536 bytes, super holds 65535"), "{}", typed.rejects[0].message);
}

#[test]
fn a_varbyte_is_pairs_of_hex_digits() {
    check(
        "type: varbyte(2)",
        &["00fF", "0a", "0", "0g", "0x0a", "000102", "é", "00 1", ""],
        expect![[r#"
        "00fF" = 00ff
        "0a" = 0a
        "0": not_hex: "0" is not made of pairs of hex digits
        "0g": not_hex: "0g" is not made of pairs of hex digits
        "0x0a": not_hex: "0x0a" is not made of pairs of hex digits
        "000102": too_long: "000102" has 3 bytes, varbyte(2) holds 2
        "é": not_hex: "é" is not made of pairs of hex digits
        "00 1": not_hex: "00 1" is not made of pairs of hex digits
        "" = null
    "#]],
    );
}

#[test]
fn a_nul_is_in_no_text() {
    check(
        "type: varchar(4)",
        &["a\0b", "ab"],
        expect![[r#"
        "a\0b": nul_byte: "a\0b" holds a NUL byte
        "ab" = ab
    "#]],
    );
    check(
        "type: char(4), truncate: true",
        &["abcd\0"],
        expect![[r#"
        "abcd\0" = abcd
    "#]],
    );
    check(
        "type: super",
        &["\"\0\""],
        expect![[r#"
            "\"\0\"": not_json: "\"\0\"" is not JSON: character 2: a text may not hold a control character, such as a line end or a tab
        "#]],
    );
}

#[test]
fn null_becomes_the_default_behind_clean() {
    check(
        "type: varchar(4), clean: [trim], nulls: ['-'], default: ' x', required: true",
        &["", "  ", "-", " - ", "NULL", "a"],
        expect![[r#"
            "" =  x
            "  " =  x
            "-" =  x
            " - " = -
            "NULL" =  x
            "a" = a
        "#]],
    );
    check(
        "type: integer, default: '0', allowed: ['0', '1']",
        &["", "1", "2"],
        expect![[r#"
        "" = 0
        "1" = 1
        "2": not_allowed: "2" is none of the allowed 0, 1
    "#]],
    );
}

#[test]
fn patterns_are_of_the_cleaned_text_and_come_behind_the_type() {
    check(
        "type: integer, clean: [trim], pattern: '^[0-9]{3}$'",
        &[" 007", "7", "x07", "", "1000"],
        expect![[r#"
            " 007" = 7
            "7": no_match: "7" does not match `^[0-9]{3}$`
            "x07": not_a_number: "x07" is not a whole number
            "" = null
            "1000": no_match: "1000" does not match `^[0-9]{3}$`
        "#]],
    );
}
