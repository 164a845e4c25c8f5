//! What holds for every input, and against another parser.

use std::ops::ControlFlow;

use proptest::prelude::*;
use serde_json::Value;

use super::super::cursor::{Broken, Cursor, What, plain_bytes, unescape};
use super::super::outline::{Between, Mark, Outline};
use super::super::piece::is_space;
use super::super::syntax::Syntax;
use super::{fields, lines, read, texts};

/// Whether the bytes are one value, and where they are not.
fn parse(bytes: &[u8]) -> Result<(), Broken> {
    let mut cursor = Cursor::new(bytes, 0);
    let shape = cursor.shape()?;
    cursor.skip(shape)?;
    cursor.space();
    if cursor.at == bytes.len() { Ok(()) } else { Err(Broken { at: cursor.at, what: What::Nothing }) }
}

/// The same, byte by byte.
fn step(bytes: &[u8]) -> Result<(), Broken> {
    let mut syntax = Syntax::new();
    for (at, byte) in bytes.iter().enumerate() {
        syntax.step(*byte).map_err(|what| Broken { at, what })?;
    }
    if syntax.is_done() { Ok(()) } else { Err(Broken { at: bytes.len(), what: What::Value }) }
}

/// JSON of any kind, in any spacing, with any escapes.
fn json() -> impl Strategy<Value = String> {
    let space = || prop::sample::select(vec!["", "", "", " ", "\n", "\t", "\r\n  "]);
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        number(),
        text().prop_map(|(json, _)| json),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let element = (space(), inner, space()).prop_map(|(before, value, behind)| before.to_owned() + &value + behind);
        let member = (space(), text(), space(), element.clone())
            .prop_map(|(before, (key, _), behind, value)| format!("{before}{key}{behind}:{value}"));
        prop_oneof![
            prop::collection::vec(element, 0..5).prop_map(|elements| format!("[{}]", elements.join(","))),
            prop::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

fn number() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?"
}

/// A text as JSON, and what it says.
fn text() -> impl Strategy<Value = (String, String)> {
    let plain = any::<char>().prop_map(|c| if matches!(c, '"' | '\\' | '\0'..='\x1f') { 'x' } else { c });
    let escaped = prop::sample::select(vec![
        ("\\\"", "\""),
        ("\\\\", "\\"),
        ("\\/", "/"),
        ("\\b", "\u{8}"),
        ("\\f", "\u{c}"),
        ("\\n", "\n"),
        ("\\r", "\r"),
        ("\\t", "\t"),
    ]);
    let unit = any::<char>().prop_map(|c| {
        let c = if c == '\0' { 'x' } else { c };
        let mut units = [0; 2];
        let json: String = c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04X}")).collect();
        (json, c.to_string())
    });
    let one = prop_oneof![
        6 => "[a-z ]".prop_map(|c| (c.clone(), c)),
        3 => plain.prop_map(|c| (c.to_string(), c.to_string())),
        1 => escaped.prop_map(|(json, c)| (json.to_owned(), c.to_owned())),
        1 => unit,
    ];
    prop::collection::vec(one, 0..40).prop_map(|ones| {
        let (json, says): (Vec<_>, Vec<_>) = ones.into_iter().unzip();
        (format!("\"{}\"", json.concat()), says.concat())
    })
}

/// JSON with some bytes changed, left out or put in; mostly none any more.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let byte = || prop::sample::select(b"{}[]\",:\\ \n0123456789.-+eEtrufalsn\x00\x1f\xff\xc3".to_vec());
    let change = (any::<prop::sample::Index>(), 0..3, byte());
    (json(), prop::collection::vec(change, 0..4)).prop_map(|(json, changes)| {
        let mut bytes = json.into_bytes();
        for (at, kind, byte) in changes {
            match (kind, at.index(bytes.len().max(1))) {
                (0, at) if at < bytes.len() => bytes[at] = byte,
                (1, at) if at < bytes.len() => drop(bytes.remove(at)),
                (_, at) => bytes.insert(at.min(bytes.len()), byte),
            }
        }
        bytes
    })
}

/// Records of two texts or numbers, as JSON, and what they say.
fn records() -> impl Strategy<Value = Vec<(String, [String; 2])>> {
    let value = || prop_oneof![text(), number().prop_map(|number| (number.clone(), number))];
    let record = (value(), value(), json(), any::<bool>()).prop_map(|((a, a_says), (b, b_says), other, is_turned)| {
        let (a, b) = (format!("\"a\":{a}"), format!("\"b\" :{b}"));
        let (first, second) = if is_turned { (b, a) } else { (a, b) };
        (format!("{{{first},\"other\":{other}, {second}}}"), [a_says, b_says])
    });
    prop::collection::vec(record, 0..12)
}

proptest! {
    #[test]
    fn what_is_json_is_what_serde_json_takes(bytes in nearly_json()) {
        let expected = serde_json::from_slice::<Value>(&bytes);
        // What it refuses besides: bytes that are no UTF-8, halves of characters, and numbers that no f64 holds.
        let why = expected.as_ref().map_or_else(ToString::to_string, |_| String::new());
        if ["invalid unicode", "surrogate", "hex escape", "out of range"].iter().any(|besides| why.contains(besides)) {
            return Ok(());
        }
        prop_assert_eq!(parse(&bytes).is_ok(), expected.is_ok(), "{:?} {:?}", parse(&bytes), expected);
    }

    #[test]
    fn byte_by_byte_the_same_is_json_and_fails_at_the_same_place(bytes in nearly_json()) {
        match (parse(&bytes), step(&bytes)) {
            (Ok(()), Ok(())) => {}
            (Err(whole), Err(stepped)) => {
                prop_assert_eq!(whole.at, stepped.at);
                prop_assert!(whole.at == bytes.len() || whole.what == stepped.what, "{:?} {:?}", whole, stepped);
            }
            (whole, stepped) => prop_assert!(false, "{:?} {:?}", whole, stepped),
        }
    }

    #[test]
    fn texts_say_what_serde_json_reads((json, says) in text()) {
        let mut made = String::new();
        unescape(&json[1..json.len() - 1], &mut made);
        prop_assert_eq!(&made, &says);
        prop_assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), Value::String(says));
    }

    #[test]
    fn plain_bytes_are_found_one_by_one_too(bytes in prop::collection::vec(prop::sample::select(b"ab\x1f \x20\"\\\x7f\x80\xa2\xff".to_vec()), 0..40)) {
        let one_by_one = bytes.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)).count();
        prop_assert_eq!(plain_bytes(&bytes), one_by_one);
    }

    #[test]
    fn an_outline_finds_the_ends_that_a_parser_finds(values in prop::collection::vec(json(), 0..8), cuts in prop::collection::vec(1usize..90, 1..5)) {
        let values: Vec<_> = values.into_iter().filter(|value| value.starts_with(['{', '['])).collect();
        for (between, comma) in [(Between::Nothing, " "), (Between::Commas, ",\n")] {
            let text = values.iter().map(|value| value.clone() + comma).collect::<String>() + "]";
            let mut expected: Vec<_> = values.iter().scan(0, |at, value| {
                let end = *at + value.len() + usize::from(between == Between::Commas);
                *at += value.len() + comma.len();
                Some(Mark::End(end))
            }).collect();
            expected.push(Mark::Close(text.len() - 1));
            let (mut outline, mut found, mut at) = (Outline::new(between), Vec::new(), 0);
            for cut in cuts.iter().cycle() {
                let bytes = &text.as_bytes()[at..text.len().min(at + cut)];
                at = outline.scan(bytes, at, |mark| {
                    found.push(mark);
                    if found.len() % 2 == 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                });
                if at == text.len() {
                    break;
                }
            }
            prop_assert_eq!(found, expected, "{}", text);
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn records_are_the_same_rows_however_they_stand_and_are_cut(
        records in records(),
        push in 1usize..300,
        piece in 1usize..300,
    ) {
        let expected: Vec<_> = records.iter().map(|(_, [a, b])| format!("{a:?} {b:?}")).collect();
        let all: Vec<_> = records.iter().map(|(json, _)| json.as_str()).collect();
        let on_lines: Vec<_> = all.iter().map(|json| json.replace(['\n', '\r'], " ")).collect();
        let document = format!("{{\"x\":[\"y\"],\"d\":{{\"items\":[{}]}},\"z\":1}}", all.join(" ,\n"));
        for (json, input) in [
            ("", on_lines.join("\n")),
            ("", format!("[{}]", all.join(","))),
            ("", format!("{{\n\"a\":\"\",\"b\":\"\"}}{}", all.concat())),
            ("records: d.items", document),
        ] {
            let batches = read(&texts("a, b", json), input.as_bytes(), push, piece).unwrap();
            let mut rows: Vec<_> = batches.iter().flat_map(|batch| (0..batch.rows()).map(|row| fields(batch, row))).collect();
            prop_assert!(batches.iter().all(|batch| batch.rejects.is_empty()), "{}", input);
            if input.starts_with("{\n") {
                prop_assert_eq!(rows.remove(0), "\"\" \"\"");
            }
            prop_assert_eq!(rows, expected.clone(), "{}", input);
        }
    }

    #[test]
    fn whatever_the_bytes_are_cuts_do_not_matter_and_every_line_is_accounted_for(
        chunks in prop::collection::vec(nearly_json(), 0..5),
        between in prop::sample::select(vec!["\n", "", ",", "\r\n"]),
        opened in any::<bool>(),
        push in 1usize..60,
        piece in 1usize..60,
    ) {
        let mut input = chunks.join(between.as_bytes());
        if opened {
            input.insert(0, b'[');
            input.push(b']');
        }
        for (columns, json) in [("a, b=c.d", ""), ("a=[0], b=[1].x", ""), ("a, b=c", "explode: c"), ("a", "records: a")] {
            let dataset = texts(columns, json);
            let whole = read(&dataset, &input, usize::MAX, 1 << 20).map(|batches| lines(&batches));
            let cut = read(&dataset, &input, push, piece).map(|batches| lines(&batches));
            prop_assert_eq!(&whole, &cut, "{}", String::from_utf8_lossy(&input));
            let is_blank = |line: &&[u8]| line.iter().all(|byte| is_space(*byte));
            if let Ok(rows) = whole && columns == "a, b=c.d" && !input.starts_with(b"[") {
                let first_is_line = rows.iter().any(|(_, text)| text.starts_with("bad_json"));
                let lines = input.split(|byte| *byte == b'\n').filter(|line| !is_blank(line)).count();
                prop_assert!(!first_is_line || rows.len() == lines);
            }
        }
    }
}
