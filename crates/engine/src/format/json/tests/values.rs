//! What of a record becomes which column's field.

use expect_test::{Expect, expect};
use model::dataset::DatasetFile;

use super::{dataset, show, texts};

fn check(columns: &str, input: impl AsRef<[u8]>, expected: Expect) {
    expected.assert_eq(&show(&texts(columns, ""), input));
}

fn check_explode(columns: &str, path: &str, input: impl AsRef<[u8]>, expected: Expect) {
    expected.assert_eq(&show(&texts(columns, &format!("explode: '{path}'")), input));
}

#[test]
fn numbers_are_their_text() {
    check(
        "a",
        "{\"a\":12345678901234567890.10}\n{\"a\":-0}\n{\"a\":1E+400}\n{\"a\":0.1e-7}\n{\"a\":true}\n{\"a\":false}\n",
        expect![[r#"
            line 1 at 0+30: "12345678901234567890.10"
            line 2 at 30+9: "-0"
            line 3 at 39+13: "1E+400"
            line 4 at 52+13: "0.1e-7"
            line 5 at 65+11: "true"
            line 6 at 76+12: "false"
        "#]],
    );
}

#[test]
fn whole_numbers_are_digits_for_columns_of_whole_numbers_only() {
    let columns = "a: {type: bigint}, b: {type: 'decimal(9,2)', from: a}, c: {type: super, from: a}";
    let values = [
        "6.0",
        "1e1",
        "-1.20E+2",
        "120e-1",
        "-0.0",
        "0e99",
        "6",
        "1.5",
        "1e-1",
        "9223372036854775807.000",
        "1e19",
        "1e20",
        "1e400",
        "\"6.0\"",
        "[6.0]",
        "true",
    ];
    let input: String = values.map(|value| format!("{{\"a\":{value}}}\n")).concat();
    expect![[r#"
        line 1 at 0+10: "6" "6.0" "6.0"
        line 2 at 10+10: "10" "1e1" "1e1"
        line 3 at 20+15: "-120" "-1.20E+2" "-1.20E+2"
        line 4 at 35+13: "12" "120e-1" "120e-1"
        line 5 at 48+11: "0" "-0.0" "-0.0"
        line 6 at 59+11: "0" "0e99" "0e99"
        line 7 at 70+8: "6" "6" "6"
        line 8 at 78+10: "1.5" "1.5" "1.5"
        line 9 at 88+11: "1e-1" "1e-1" "1e-1"
        line 10 at 99+30: "9223372036854775807" "9223372036854775807.000" "9223372036854775807.000"
        line 11 at 129+11: "10000000000000000000" "1e19" "1e19"
        line 12 at 140+11: "1e20" "1e20" "1e20"
        line 13 at 151+12: "1e400" "1e400" "1e400"
        line 14 at 163+12: "6.0" "6.0" "\"6.0\""
        line 15 at 175+12: "[6.0]" "[6.0]" "[6.0]"
        line 16 at 187+11: "true" "true" "true"
    "#]]
    .assert_eq(&show(&dataset(columns, ""), input));
}

#[test]
fn texts_are_their_characters() {
    check(
        "a",
        r#"{"a":"\"\\\/\b\f\n\r\t\u00e9\uD83d\uDE00x"}"#,
        expect![[r#"
        line 1 at 0+43: "\"\\/\u{8}\u{c}\n\r\té😀x"
    "#]],
    );
    check(
        "a",
        r#"{"a":"C:\\Users\\b"}"#,
        expect![[r#"
        line 1 at 0+20: "C:\\Users\\b"
    "#]],
    );
    check(
        "a",
        r#"{"a":"a very long text without any escape in it 😀"}"#,
        expect![[r#"
        line 1 at 0+54: "a very long text without any escape in it 😀"
    "#]],
    );
    check(
        "a",
        "{\"a\":\"\u{7f}\u{2028}\"}",
        expect![[r#"
        line 1 at 0+12: "\u{7f}\u{2028}"
    "#]],
    );
}

#[test]
fn half_characters_and_nul_are_rejects_where_a_column_would_hold_them() {
    check(
        "a",
        concat!(
            r#"{"a":"é\ud800"}"#,
            "\n",
            r#"{"a":"\udc00\ud800"}"#,
            "\n",
            r#"{"a":"\ud800\u0041"}"#,
            "\n",
            r#"{"a":"x\u0000"}"#,
            "\n",
            r#"{"a":[{"\ud800":1}]}"#,
            "\n",
            r#"{"b":"\u0000\ud800","a":"\n"}"#,
            "\n",
            r#"{"b\ud800":1,"a":2}"#,
            "\n",
        ),
        expect![[r#"
            line 1 at 0+17: lone_surrogate in a: character 8 is an escape for half a character, the other is missing: {"a":"é\ud800"}
            line 2 at 17+21: lone_surrogate in a: character 13 is an escape for half a character, the other is missing: {"a":"\udc00\ud800"}
            line 3 at 38+21: lone_surrogate in a: character 7 is an escape for half a character, the other is missing: {"a":"\ud800\u0041"}
            line 4 at 59+16: nul_byte in a: character 8 is an escape for NUL: {"a":"x\u0000"}
            line 5 at 75+21: lone_surrogate in a: character 9 is an escape for half a character, the other is missing: {"a":[{"\ud800":1}]}
            line 6 at 96+30: "\n"
            line 7 at 126+20: "2"
        "#]],
    );
}

#[test]
fn objects_and_arrays_are_their_json_as_it_stands() {
    check(
        "a",
        "{\"a\": { \"x\" : [1.0, \"\\n\"] } }\n{\"a\":[]}\n",
        expect![[r#"
        line 1 at 0+30: "{ \"x\" : [1.0, \"\\n\"] }"
        line 2 at 30+9: "[]"
    "#]],
    );
    let dataset = dataset("a: {type: super}, b: {type: super, from: a.x}", "");
    let expected = expect![[r#"
        line 1 at 0+12: path_through_scalar in b: the path leads through an object, this is a text that ends at character 10: {"a":"t\n"}
        line 2 at 12+16: "{\"x\":\"1\"}" "\"1\""
        line 3 at 28+11: null null
        line 4 at 39+17: "{\"x\":null}" null
        line 5 at 56+27: nul_byte in b: character 17 is an escape for NUL: {"a":{"x":{"y":"\u0000"}}}
    "#]];
    expected.assert_eq(&show(
        &dataset,
        "{\"a\":\"t\\n\"}\n{\"a\":{\"x\":\"1\"}}\n{\"a\":null}\n{\"a\":{\"x\":null}}\n{\"a\":{\"x\":{\"y\":\"\\u0000\"}}}\n",
    ));
}

#[test]
fn paths_lead_into_objects_and_arrays() {
    check(
        "a=u.v.w, b=i[1].k, c=\"x.y\"",
        concat!(
            "{\"u\":{\"v\":{\"w\":1}},\"i\":[0,{\"k\":2},3],\"x.y\":3}\n",
            "{\"u\":{\"v\":null},\"i\":[0],\"x\":{\"y\":3}}\n{\"u\":null,\"i\":null}\n{}\n",
            "{\"u\":1}\n{\"u\":{\"v\":\"x\"}}\n{\"i\":{\"k\":1}}\n{\"i\":[0,[1]]}\n{\"u\":[{\"v\":1}]}\n",
        ),
        expect![[r#"
            line 1 at 0+46: "1" "2" "3"
            line 2 at 46+37: null null null
            line 3 at 83+20: null null null
            line 4 at 103+3: null null null
            line 5 at 106+8: path_through_scalar in a: the path leads through an object, this is a number that ends at character 6: {"u":1}
            line 6 at 114+16: path_through_scalar in a: the path leads through an object, this is a text that ends at character 13: {"u":{"v":"x"}}
            line 7 at 130+14: path_through_scalar in b: the path leads through an array, this is an object that ends at character 12: {"i":{"k":1}}
            line 8 at 144+14: path_through_scalar in b: the path leads through an object, this is an array that ends at character 11: {"i":[0,[1]]}
            line 9 at 158+16: path_through_scalar in a: the path leads through an object, this is an array that ends at character 14: {"u":[{"v":1}]}
        "#]],
    );
    check(
        "a=u, b=u.v, c=u.v",
        "{\"u\":{\"v\":1}}\n{\"u\":\"x\"}\n",
        expect![[r#"
            line 1 at 0+14: "{\"v\":1}" "1" "1"
            line 2 at 14+10: path_through_scalar in b: the path leads through an object, this is a text that ends at character 8: {"u":"x"}
        "#]],
    );
}

#[test]
fn a_key_twice_is_a_reject_where_a_path_leads_into_its_object() {
    check(
        "a, b=u.v",
        concat!(
            "{\"a\":1,\"a\":1}\n{\"a\":1,\"x\":1,\"x\":2}\n{\"a\":1,\"\\u0061\":2}\n{\"u\":{\"v\":1,\"v\":2}}\n",
            "{\"a\":{\"z\":1,\"z\":2}}\n{\"y\":{\"z\":1,\"z\":2}}\n{\"\":1,\"\":2}\n{\"a\":1,\"a\":}\n",
        ),
        expect![[r#"
            line 1 at 0+14: duplicate_key: the key "a" stands there again at character 8: {"a":1,"a":1}
            line 2 at 14+20: duplicate_key: the key "x" stands there again at character 14: {"a":1,"x":1,"x":2}
            line 3 at 34+19: duplicate_key: the key "a" stands there again at character 8: {"a":1,"\u0061":2}
            line 4 at 53+20: duplicate_key: the key "v" stands there again at character 13: {"u":{"v":1,"v":2}}
            line 5 at 73+20: "{\"z\":1,\"z\":2}" null
            line 6 at 93+20: null null
            line 7 at 113+12: duplicate_key: the key "" stands there again at character 7: {"":1,"":2}
            line 8 at 125+13: bad_json: character 12: a value is expected, not '}': {"a":1,"a":}
        "#]],
    );
}

#[test]
fn a_key_in_another_case_is_taken_where_none_is_exact() {
    check(
        "a, b=Größe",
        concat!(
            "{\"A\":1,\"GRÖSSE\":2,\"GRÖßE\":3}\n{\"a\":1,\"A\":2}\n{\"A\":1,\"a\":2}\n{\"größe\":1,\"GRÖßE\":2}\n",
            "{\"größe\":1,\"GRÖßE\":2,\"Größe\":3}\n{\"Größe\":4}\n",
        ),
        expect![[r#"
            line 1 at 0+32: "1" "3"
            line 2 at 32+14: "1" null
            line 3 at 46+14: "2" null
            line 4 at 60+26: ambiguous_key in b: several keys are "Größe" but for their case, and none is the same: {"größe":1,"GRÖßE":2}
            line 5 at 86+38: null "3"
            line 6 at 124+14: null "4"
        "#]],
    );
    check(
        "a=id, b=ID",
        "{\"id\":1,\"ID\":2}\n{\"Id\":3}\n",
        expect![[r#"
        line 1 at 0+16: "1" "2"
        line 2 at 16+9: null null
    "#]],
    );
    check(
        "a=u, b=u.x, c=u.y.z",
        "{\"U\":{\"x\":1,\"y\":{\"z\":2}},\"u\":{\"y\":{\"z\":3}}}\n",
        expect![[r#"
        line 1 at 0+44: "{\"y\":{\"z\":3}}" null "3"
    "#]],
    );
}

#[test]
fn an_array_makes_rows() {
    check_explode(
        "o, s=l.s, q=L.q",
        "l",
        concat!(
            "{\"l\":[{\"s\":1,\"q\":2},{\"s\":3}],\"o\":\"A\"}\n{\"o\":\"B\",\"l\":[]}\n{\"o\":\"C\"}\n{\"o\":\"D\",\"l\":null}\n",
            "{\"o\":\"E\",\"l\":[null,{\"s\":4}]}\n{\"o\":\"F\",\"l\":{\"s\":5}}\n{\"o\":\"G\",\"l\":5}\n",
        ),
        expect![[r#"
            line 1 at 0+38: "A" "1" "2"
            line 1 at 0+38: "A" "3" null
            line 2 at 38+17: "B" null null
            line 3 at 55+10: "C" null null
            line 4 at 65+19: "D" null null
            line 5 at 84+29: "E" null null
            line 5 at 84+29: "E" "4" null
            line 6 at 113+22: not_an_array: json.explode names an array, this is an object: {"o":"F","l":{"s":5}}
            line 7 at 135+16: not_an_array: json.explode names an array, this is a number: {"o":"G","l":5}
        "#]],
    );
    check_explode(
        "o, t",
        "t",
        "{\"o\":1,\"t\":[\"x\",\"y\\n\",[3],null]}\n",
        expect![[r#"
        line 1 at 0+33: "1" "x"
        line 1 at 0+33: "1" "y\n"
        line 1 at 0+33: "1" "[3]"
        line 1 at 0+33: "1" null
    "#]],
    );
    check_explode(
        "o, t=d.t[0]",
        "d.t",
        "{\"o\":1,\"d\":{\"t\":[[1,2],[3]]}}\n",
        expect![[r#"
        line 1 at 0+30: "1" "1"
        line 1 at 0+30: "1" "3"
    "#]],
    );
    check_explode(
        "t, u",
        "t",
        "[{\"u\":1,\"t\":[1,2]},{\"t\":[3]}]\n",
        expect![[r#"
        line 1 at 1+17: "1" "1"
        line 1 at 1+17: "2" "1"
        line 1 at 19+9: "3" null
    "#]],
    );
}

#[test]
fn a_fault_in_an_element_is_its_rows() {
    check_explode(
        "o, s=l.s",
        "l",
        concat!(
            "{\"l\":[{\"s\":1,\"s\":2},{\"s\":3},{\"x\":\"é\",\"s\":\"\\u0000\"},4],\"o\":\"A\"}\n",
            "{\"l\":[{\"s\":1},{\"s\":2,\"s\":2}],\"o\":1,\"o\":2}\n{\"l\":[{\"s\":1},{\"s\":}]}\n",
            "{\"L\":[{\"s\":1},{\"s\":1,\"s\":1}],\"l\":[{\"s\":2}],\"o\":\"B\"}\n",
        ),
        expect![[r#"
            line 1 at 0+64: "A" "3"
            line 1 at 0+64: duplicate_key: the key "s" stands there again at character 8: {"s":1,"s":2}
            line 1 at 0+64: nul_byte in s: character 15 is an escape for NUL: {"x":"é","s":"\u0000"}
            line 1 at 0+64: path_through_scalar in s: the path leads through an object, this is a number that ends at character 1: 4
            line 2 at 64+42: duplicate_key: the key "o" stands there again at character 36: {"l":[{"s":1},{"s":2,"s":2}],"o":1,"o":2}
            line 3 at 106+23: bad_json: character 20: a value is expected, not '}': {"l":[{"s":1},{"s":}]}
            line 4 at 129+52: "B" "2"
        "#]],
    );
}

#[test]
fn many_other_keys_are_told_apart() {
    let keys: Vec<_> = (0..3000).map(|key| format!("\"k{key}\":{key}")).collect();
    let good = format!("{{{},\"a\":1}}", keys.join(","));
    let bad = format!("{{{},\"\\u006b2999\":1,\"a\":1}}", keys.join(","));
    let whole = super::read(&texts("a", ""), format!("{good}\n{bad}\n{good}\n").as_bytes(), 1 << 20, 1 << 20).unwrap();
    let shown: Vec<_> = super::lines(&whole).into_iter().map(|(at, text)| (at.line, text)).collect();
    assert_eq!((&*shown[0].1, &*shown[2].1), ("\"1\"", "\"1\""));
    assert!(shown[1].1.starts_with("duplicate_key: the key \"k2999\" stands there twice"), "{:?}", shown[1]);
}

#[test]
fn a_piece_has_no_more_rows_than_memory_allows() {
    for input in
        ["{}\n".repeat(200_000), format!("[{}{{}}]", "{},".repeat(200_000)), "{\n}".to_owned() + &"{}".repeat(200_000)]
    {
        let batches = super::read(&texts("a", ""), input.as_bytes(), 1 << 20, 1 << 20).unwrap();
        let rows: Vec<_> = batches.iter().map(|batch| batch.rows()).collect();
        assert!(rows.len() > 3 && rows.iter().all(|rows| *rows <= super::super::MAX_PIECE_ROWS), "{rows:?}");
        assert!((200_000..=200_001).contains(&rows.iter().sum::<usize>()));
    }
}

#[test]
fn a_record_of_which_all_rows_are_at_fault_is_one_reject() {
    let input = format!("{{\"o\":1,\"l\":[{}7]}}\n{{\"o\":2}}\n", "7,".repeat(100_000));
    let batches = super::read(&texts("o, s=l.s", "explode: l"), input.as_bytes(), 1 << 20, 1 << 20).unwrap();
    let shown: Vec<_> = super::lines(&batches).into_iter().map(|(at, text)| (at.line, text)).collect();
    assert_eq!(shown.len(), 2);
    assert!(
        shown[0].1.starts_with("path_through_scalar in s: more than 65536 of its rows are at fault"),
        "{:?}",
        shown[0]
    );
    assert_eq!(shown[1], (2, "\"2\" null".to_owned()));
}

#[test]
fn before_columns_are_known_records_have_no_fields() {
    let dataset = DatasetFile::parse("{dataset: x, landing: x/, format: json}", "x.yaml").unwrap().dataset;
    let batches = super::read(&dataset, b"{\"a\":1}\n[1]\n7\n{\"a\":}\n", 100, 100).unwrap();
    let ranges: Vec<_> = batches[0].records.iter().map(|record| &batches[0].raw[record.range()]).collect();
    assert_eq!((ranges, batches[0].rejects.len()), (vec!["{\"a\":1}\n", "[1]\n"], 2));
}
