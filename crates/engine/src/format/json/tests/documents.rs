//! Arrays, objects behind one another, and arrays inside of documents.

use expect_test::{Expect, expect};

use super::{show, texts};

fn check(input: impl AsRef<[u8]>, expected: Expect) {
    expected.assert_eq(&show(&texts("a, b", ""), input));
}

fn check_records(path: &str, input: impl AsRef<[u8]>, expected: Expect) {
    expected.assert_eq(&show(&texts("a, b", &format!("records: '{path}'")), input));
}

/// An input, on one line, and why it is not read.
fn show_unreadable(path: &str, input: &str) -> String {
    let records = if path.is_empty() { String::new() } else { format!("records: '{path}'") };
    let why = show(&texts("a, b", &records), input);
    assert_eq!(why.lines().count(), 1, "{input}: {why}");
    assert!(why.starts_with("line ") && !why.contains(" at "), "{input}: {why}");
    let path = if path.is_empty() { String::new() } else { format!("{path} of ") };
    format!("{path}{}\n    {why}", input.escape_debug())
}

#[test]
fn an_array_holds_records_on_one_line_or_many() {
    check(
        "[{\"a\":1,\"b\":\"[,\"},{\"a\":2} , {\"a\":\"\\\"]\"}]",
        expect![[r#"
        line 1 at 1+16: "1" "[,"
        line 1 at 18+7: "2" null
        line 1 at 28+11: "\"]" null
    "#]],
    );
    check(
        "\n [\n  {\n    \"a\": 1\n  },\r\n  {\"b\": {\"x\": [1, 2]}}\n]\n",
        expect![[r#"
        line 3 at 6+16: "1" null
        line 6 at 27+20: null "{\"x\": [1, 2]}"
    "#]],
    );
    check("[]", expect![[""]]);
    check(" [ \n ] \n", expect![[""]]);
    check(
        "[1, null, [2], {\"a\":3}]",
        expect![[r#"
        line 1 at 1+1: not_an_object: a record is an object, this is a number: 1
        line 1 at 4+4: not_an_object: a record is an object, this is null: null
        line 1 at 10+3: not_an_object: a record is an object, this is an array: [2]
        line 1 at 15+7: "3" null
    "#]],
    );
}

#[test]
fn an_array_that_is_no_json_loads_nothing() {
    let inputs = [
        "[{\"a\":1},]",
        "[,{\"a\":1}]",
        "[{\"a\":1} {\"a\":2}]",
        "[{\"a\":1},,{\"a\":2}]",
        "[{\"a\":1}",
        "[{\"a\":1},",
        "[",
        "[{\"a\":1}}",
        "[{\"a\":1]",
        "[{\"a\":1}]]",
        "[{\"a\":1}] x",
        "[{\"a\":1}]\n,",
        "[\n{\"a\":1},\n{\"é\":\"x\" y},\n{\"a\":2}]",
        "[{\"a\":1},\n{\"a\":\"x\n\"}]",
        "[{\"a\":\"x}]",
        "[{\"a\":1}\\,{\"a\":2}]",
        "[{\"a\":1},{\"a\":2}]\r\n{\"a\":3} x",
    ];
    let shown: String = inputs.iter().map(|input| show_unreadable("", input)).collect();
    expect![[r#"
        [{\"a\":1},]
            line 1 column 10: a value is expected, not ']'
        [,{\"a\":1}]
            line 1 column 2: a value is expected, not ','
        [{\"a\":1} {\"a\":2}]
            line 1 column 10: a , or a ] is expected, not '{'
        [{\"a\":1},,{\"a\":2}]
            line 1 column 10: a value is expected, not ','
        [{\"a\":1}
            line 1 column 9: a , or a ] is expected, not the end; was its upload cut off?
        [{\"a\":1},
            line 1 column 10: a value is expected, not the end; was its upload cut off?
        [
            line 1 column 2: a value is expected, not the end; was its upload cut off?
        [{\"a\":1}}
            line 1 column 9: a , or a ] is expected, not '}'
        [{\"a\":1]
            line 1 column 8: a , or a } is expected, not ']'
        [{\"a\":1}]]
            line 1 column 10: nothing more is expected, not ']'
        [{\"a\":1}] x
            line 1 column 11: nothing more is expected, not 'x'
        [{\"a\":1}]\n,
            line 2 column 1: nothing more is expected, not ','
        [\n{\"a\":1},\n{\"é\":\"x\" y},\n{\"a\":2}]
            line 3 column 10: a , or a } is expected, not 'y'
        [{\"a\":1},\n{\"a\":\"x\n\"}]
            line 2 column 8: a text may not hold a control character, such as a line end or a tab
        [{\"a\":\"x}]
            line 1 column 11: a text is opened and never closed; was its upload cut off?
        [{\"a\":1}\\,{\"a\":2}]
            line 1 column 9: a , or a ] is expected, not '\\'
        [{\"a\":1},{\"a\":2}]\r\n{\"a\":3} x
            line 2 column 1: nothing more is expected, not '{'
    "#]]
    .assert_eq(&shown);
}

#[test]
fn objects_stand_behind_one_another_in_whatever_lines() {
    check(
        "{\n \"a\": 1\n}\n{\n \"a\": 2\n}\n",
        expect![[r#"
        line 1 at 0+11: "1" null
        line 4 at 12+11: "2" null
    "#]],
    );
    check(
        "{\"a\":1}{\"a\":2} {\"a\":3}\n{\"a\":4}",
        expect![[r#"
        line 1 at 0+7: "1" null
        line 1 at 7+7: "2" null
        line 1 at 15+7: "3" null
        line 2 at 23+7: "4" null
    "#]],
    );
    check(
        "{\"a\":\n1}",
        expect![[r#"
        line 1 at 0+8: "1" null
    "#]],
    );
    check(
        "{\n\"a\":1}\n7 [8]",
        expect![[r#"
        line 1 at 0+8: "1" null
        line 3 at 9+1: not_an_object: a record is an object, this is a number: 7
        line 3 at 11+3: not_an_object: a record is an object, this is an array: [8]
    "#]],
    );
}

#[test]
fn objects_that_are_no_json_load_nothing() {
    let inputs =
        ["{\n\"a\":1,\n}", "{\n\"a\":1}\n,{\"a\":2}", "{\n\"a\":1", "{\"a\":1}{\"a\":2}}", "{\n\"a\":\"x\ny\"}"];
    let shown: String = inputs.iter().map(|input| show_unreadable("", input)).collect();
    expect![[r#"
        {\n\"a\":1,\n}
            line 3 column 1: a key in double quotes is expected, not '}'
        {\n\"a\":1}\n,{\"a\":2}
            line 3 column 1: a value is expected, not ','
        {\n\"a\":1
            line 2 column 6: a , or a } is expected, not the end; was its upload cut off?
        {\"a\":1}{\"a\":2}}
            line 1 column 15: a value is expected, not '}'
        {\n\"a\":\"x\ny\"}
            line 2 column 7: a text may not hold a control character, such as a line end or a tab
    "#]]
    .assert_eq(&shown);
}

#[test]
fn bytes_that_are_no_text_reject_their_record_or_end_the_reading() {
    check(
        b"[{\"a\":1},\n{\"a\":\"\xff\"},\n{\"a\":2}]",
        expect![[r#"
        line 1 at 1+7: "1" null
        line 2 at 10+9: invalid_encoding: byte 16 of the object is no utf-8: {"a":"�"}
        line 3 at 21+7: "2" null
    "#]],
    );
    check(
        b"[{\"a\":1},\xff{\"a\":2}]",
        expect![[r#"
        line 1 column 10: bytes stand here that are no utf-8
    "#]],
    );
    check(
        b"{\n\"a\":1}\n{\"a\":\"\xc3\"}\n",
        expect![[r#"
        line 1 at 0+8: "1" null
        line 3 at 9+9: invalid_encoding: byte 15 of the object is no utf-8: {"a":"�"}
    "#]],
    );
}

#[test]
fn records_are_found_at_a_path() {
    check_records(
        "items",
        "{\"items\":[{\"a\":1},{\"a\":2}]}",
        expect![[r#"
        line 1 at 10+7: "1" null
        line 1 at 18+7: "2" null
    "#]],
    );
    check_records(
        "data.items",
        "{\"x\":[{\"items\":[1]}],\"\\u0064ata\":{\"y\":{\"items\":2},\n\"Items\":[\n{\"a\":1},\n{\"a\":2}\n],\"z\":1},\"w\":[]}\n",
        expect![[r#"
            line 3 at 61+7: "1" null
            line 4 at 70+7: "2" null
        "#]],
    );
    check_records(
        "[1].x[0]",
        "[[{\"x\":1}],{\"x\":[[{\"a\":1}],[{\"a\":2}]]},3]",
        expect![[r#"
        line 1 at 18+7: "1" null
    "#]],
    );
    check_records("items", "{\"items\":[]}", expect![[""]]);
}

#[test]
fn a_path_that_leads_to_no_array_is_an_error() {
    let inputs = [
        ("items", "{\"item\":[]}"),
        ("items", "{\"items\":null}"),
        ("items", "{\"items\":{\"a\":1}}"),
        ("data.items", "{\"data\":[]}"),
        ("data.items", "{\n\"data\":{\n\"item\":1}\n}"),
        ("items", "[{\"items\":[]}]"),
        ("[1]", "[[{\"a\":1}]]"),
        ("items", "{\"items\":[{\"a\":1}],\"items\":[]}"),
        ("items", "{\"items\":[{\"a\":1}],\"ITEMS\":[]}"),
        ("items", "{\"items\":[{\"a\":1}]} {}"),
        ("items", "{\"items\":[{\"a\":1}]"),
        ("items", "{\"items\":[{\"a\":1}],}"),
        ("items", "{\"x\":[1,2"),
        ("items", "{\"x\":[1,,2]}"),
        ("items", "{\"é\":tru,"),
        ("items", ""),
        ("items", "7"),
    ];
    let shown: String = inputs.iter().map(|(path, input)| show_unreadable(path, input)).collect();
    expect![[r#"
        items of {\"item\":[]}
            line 1 column 11: json.records: there is no `items`; what could hold it ends here
        items of {\"items\":null}
            line 1 column 10: json.records: `items` is null, not an array
        items of {\"items\":{\"a\":1}}
            line 1 column 10: json.records: `items` is an object, not an array
        data.items of {\"data\":[]}
            line 1 column 9: json.records: `data` is an array, not an object
        data.items of {\n\"data\":{\n\"item\":1}\n}
            line 3 column 9: json.records: there is no `data.items`; what could hold it ends here
        items of [{\"items\":[]}]
            line 1 column 1: json.records: the document is an array, not an object
        [1] of [[{\"a\":1}]]
            line 1 column 11: json.records: there is no `[1]`; what could hold it ends here
        items of {\"items\":[{\"a\":1}],\"items\":[]}
            line 1 column 26: json.records: the key `items` stands in its object a second time
        items of {\"items\":[{\"a\":1}],\"ITEMS\":[]}
            line 1 column 26: json.records: the key `items` stands in its object a second time
        items of {\"items\":[{\"a\":1}]} {}
            line 1 column 21: nothing more is expected, not '{'
        items of {\"items\":[{\"a\":1}]
            line 1 column 19: the file ends before its JSON does; was its upload cut off?
        items of {\"items\":[{\"a\":1}],}
            line 1 column 20: a key in double quotes is expected, not '}'
        items of {\"x\":[1,2
            line 1 column 10: the file ends before its JSON does; was its upload cut off?
        items of {\"x\":[1,,2]}
            line 1 column 9: a value is expected, not ','
        items of {\"é\":tru,
            line 1 column 9: true, false or null is expected, not ','
        items of 
            line 1 column 1: the file ends before its JSON does; was its upload cut off?
        items of 7
            line 1 column 1: json.records: the document is a number, not an object
    "#]]
    .assert_eq(&shown);
}

#[test]
fn a_record_that_does_not_end_is_told_by_what_is_missing_in_it() {
    let mut dataset = texts("a, b", "");
    (dataset.limits.record_bytes, dataset.limits.field_bytes) = (200, 100);
    let more = "{\"a\":1,\"b\":\"x\"},\n".repeat(100);
    let lost_quote = format!("[\n{{\"a\":1}},\n{{\"a\":\"x}},\n{more}{{}}]");
    let lost_bracket = format!("[\n{{\"a\":[1}},\n{more}{{}}]");
    let long = format!("[\n{{\"a\":1}},\n\n {{\"a\":[{}]}},\n{{}}]", "1,".repeat(150) + "1");
    let shown: String = [lost_quote, lost_bracket, long].iter().map(|input| show(&dataset, input)).collect();
    expect![[r#"
        line 3 column 10: a text may not hold a control character, such as a line end or a tab
        line 2 column 8: a , or a ] is expected, not '}'
        line 4: the record that starts here has more than 200 bytes (limits.record_bytes); json.records names an array inside of a document
    "#]]
    .assert_eq(&shown);
}
