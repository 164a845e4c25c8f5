use std::fmt::Write;

use expect_test::{Expect, expect};
use model::dataset::DatasetFile;
use proptest::prelude::*;

use super::*;
use crate::encoding::Encoding;
use crate::typed::shown::show;

mod faults;

const SCHEMA: &str = r#"{"type": "record", "name": "r", "fields": [
    {"name": "id", "type": "long"},
    {"name": "name", "type": ["null", "string"]},
    {"name": "tags", "type": {"type": "array", "items": "string"}},
    {"name": "at", "type": {"type": "record", "name": "s", "fields": [{"name": "x", "type": "double"}]}}
]}"#;

const YAML: &str = "
dataset: x
landing: x/
format: avro
columns:
  id: {type: bigint}
  name: {type: varchar(20)}
  tags: {type: super}
  x: {type: double, from: at.x}
";

fn long(value: i64) -> Vec<u8> {
    let mut value = ((value << 1) ^ (value >> 63)).cast_unsigned();
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

fn text(text: &str) -> Vec<u8> {
    [long(text.len().try_into().unwrap()), text.as_bytes().to_vec()].concat()
}

fn row(id: i64, name: Option<&str>, tags: &[&str], x: f64) -> Vec<u8> {
    let name = name.map_or_else(|| long(0), |name| [long(1), text(name)].concat());
    let tags: Vec<u8> = match tags {
        [] => Vec::new(),
        _ => [long(tags.len().try_into().unwrap()), tags.iter().flat_map(|tag| text(tag)).collect()].concat(),
    };
    [long(id), name, tags, long(0), x.to_le_bytes().to_vec()].concat()
}

const MARKER: [u8; 16] = *b"0123456789abcdef";

fn header(schema: &str, codec: &str) -> Vec<u8> {
    let entries = [text("avro.codec"), text(codec), text("avro.schema"), text(schema)].concat();
    [b"Obj\x01".to_vec(), long(2), entries, long(0), MARKER.to_vec()].concat()
}

fn block(rows: i64, data: &[u8]) -> Vec<u8> {
    [long(rows), long(data.len().try_into().unwrap()), data.to_vec(), MARKER.to_vec()].concat()
}

/// A file of so many blocks of three rows.
fn file(blocks: i64) -> Vec<u8> {
    let mut bytes = header(SCHEMA, "null");
    for number in 0..blocks {
        let rows = [
            row(number, Some("ä"), &["a", "b"], 0.5),
            row(-number, None, &[], f64::from(i32::try_from(number).unwrap())),
            row(7, Some(""), &["\""], -1e300),
        ];
        bytes.extend(block(3, &rows.concat()));
    }
    bytes
}

/// What a file becomes, cut every so many bytes: its rows, its rejects, and why it cannot be read further.
fn read_as(yaml: &str, bytes: &[u8], cut: usize, piece_bytes: usize) -> String {
    let dataset = DatasetFile::parse(yaml, "x.yaml").unwrap().dataset;
    let mut reader = AvroReader::new(&dataset, Origin { encoding: Encoding::Utf8, byte_offset: 0 }, piece_bytes);
    let mut result = bytes.chunks(cut).try_for_each(|bytes| reader.push(bytes));
    if result.is_ok() {
        result = reader.end();
    }
    let (mut shown, mut lines) = (String::new(), 0);
    while let Some(piece) = reader.take() {
        match piece.read() {
            Ok(batch) => {
                show(&batch, lines, &mut shown);
                lines += batch.lines;
            }
            Err(unreadable) => {
                result = Err(unreadable);
                break;
            }
        }
    }
    if let Err(Unreadable { line, what, .. }) = result {
        writeln!(shown, "row {}: {what}", lines + line + 1).unwrap();
    }
    shown
}

fn read(bytes: &[u8]) -> String {
    read_as(YAML, bytes, usize::MAX, PIECE_BYTES)
}

#[expect(clippy::needless_pass_by_value, reason = "as `expect!` is written")]
fn check(bytes: &[u8], expected: Expect) {
    expected.assert_eq(&read(bytes));
}

/// A file of one block, whose rows have one column.
fn one(kind: &str, rows: i64, data: &[u8]) -> String {
    let schema = format!(r#"{{"type": "record", "name": "r", "fields": [{{"name": "v", "type": {kind}}}]}}"#);
    let yaml = "{dataset: x, landing: x/, format: avro, columns: {v: {type: super}}}";
    read_as(yaml, &[header(&schema, "null"), block(rows, data)].concat(), usize::MAX, PIECE_BYTES)
}

#[test]
fn rows_are_read_by_name_and_path() {
    check(
        &file(2),
        expect![[r#"
        1 0 | ä | ["a","b"] | 0.5
        2 0 | - | [] | 0
        3 7 |  | ["\""] | -1e300
        4 1 | ä | ["a","b"] | 0.5
        5 -1 | - | [] | 1
        6 7 |  | ["\""] | -1e300
    "#]],
    );
}

#[test]
fn the_file_is_the_same_however_it_is_cut_and_however_small_its_pieces() {
    let bytes = file(50);
    let whole = read(&bytes);
    assert_eq!(whole.lines().count(), 150);
    for cut in [1, 3, 7, 100, 4096] {
        for piece_bytes in [1, 60, 1000, PIECE_BYTES] {
            assert_eq!(read_as(YAML, &bytes, cut, piece_bytes), whole, "cut every {cut}, pieces of {piece_bytes}");
        }
    }
}

#[test]
fn a_header_without_blocks_is_no_rows() {
    assert_eq!(read(&file(0)), "");
    assert_eq!(read(&[file(0), block(0, b"")].concat()), "");
}

#[test]
fn a_string_that_is_no_text_rejects_its_row_alone() {
    let mut data = row(1, Some("ab"), &[], 0.0);
    data[3] = 0xff;
    let data = [data, row(2, Some("a\0b"), &[], 0.0), row(3, Some("c"), &["d\0"], 0.0)].concat();
    check(
        &[file(1), block(3, &data)].concat(),
        expect![[r#"
        1 0 | ä | ["a","b"] | 0.5
        2 0 | - | [] | 0
        3 7 |  | ["\""] | -1e300
        4 rejected: byte 1 of the value is no UTF-8 (64 bytes from 420) {"id":"1","name":null,"tags":"[]","x":"0"}
        5 rejected: byte 2 of the value is NUL (64 bytes from 420) {"id":"2","name":null,"tags":"[]","x":"0"}
        6 3 | c | ["d\u0000"] | 0
    "#]],
    );
}

#[test]
fn unions_enums_maps_and_nested_arrays_are_json_without_their_types() {
    let union = r#"["int", "string", {"type": "map", "values": ["null", "boolean"]}]"#;
    let data = [
        long(0),
        long(5),
        long(1),
        text("[1]"),
        long(2),
        long(2),
        text("a"),
        long(0),
        text("b"),
        long(1),
        vec![1],
        long(0),
    ];
    expect![[r#"
        1 5
        2 [1]
        3 {"a":null,"b":true}
    "#]]
    .assert_eq(&one(union, 3, &data.concat()));
    let kind = r#"{"type": "enum", "name": "e", "symbols": ["A", "B"]}"#;
    expect![[r#"
        1 B
        2 A
    "#]]
    .assert_eq(&one(kind, 2, &[long(1), long(0)].concat()));
    expect![[r#"
        row 1: block 1, which starts at byte 172: an enum of 2 symbols has no symbol 2, counted from 0
    "#]]
    .assert_eq(&one(kind, 1, &long(2)));
    let part = |count: i64, data: &[u8]| [long(-count), long(data.len().try_into().unwrap()), data.to_vec()].concat();
    let array = r#"{"type": "array", "items": {"type": "int", "logicalType": "date"}}"#;
    let data = [part(2, &[long(0), long(1)].concat()), part(1, &long(-1)), long(0)].concat();
    expect![[r#"
        1 ["1970-01-01","1970-01-02","1969-12-31"]
    "#]]
    .assert_eq(&one(array, 1, &data));
    let data = [long(-2), long(3), long(0), long(1), long(0)].concat();
    expect![[r#"
        row 1: block 1, which starts at byte 186: a part of an array or a map has another length than it says
    "#]]
    .assert_eq(&one(array, 1, &data));
}

#[test]
fn a_type_may_hold_itself_but_not_without_end() {
    let list = r#"{"type": "record", "name": "n.list", "fields": [{"name": "v", "type": "int"}, {"name": "next", "type": ["null", "list"]}]}"#;
    let nested = |depth: i64| {
        (0..depth).flat_map(|v| [long(v), long(1)].concat()).chain([long(9), long(0)].concat()).collect::<Vec<u8>>()
    };
    expect![[r#"
        1 {"v":0,"next":{"v":1,"next":{"v":9,"next":null}}}
    "#]]
    .assert_eq(&one(list, 1, &nested(2)));
    expect![[r#"
        row 1: block 1, which starts at byte 242: a value is nested more than 200 deep
    "#]]
    .assert_eq(&one(list, 1, &nested(500)));
    let endless = r#"{"type": "record", "name": "a", "fields": [{"name": "a", "type": "a"}]}"#;
    expect![[r#"
        row 1: block 1, which starts at byte 191: a value is nested more than 200 deep
    "#]]
    .assert_eq(&one(endless, 1, b""));
}

#[test]
fn a_logical_type_counts_only_where_it_belongs() {
    let logical =
        |kind: &str, name: &str, more: &str| format!(r#"{{"type": "{kind}", "logicalType": "{name}"{more}}}"#);
    let of = |kind: &str, data: &[u8]| one(kind, 1, data).trim_end().to_owned();
    assert_eq!(of(&logical("int", "date", ""), &long(1)), r#"1 "1970-01-02""#);
    assert_eq!(of(&logical("long", "date", ""), &long(1)), "1 1");
    assert_eq!(of(&logical("long", "timestamp-nanos", ""), &long(1)), r#"1 "1970-01-01T00:00:00.000000001Z""#);
    assert_eq!(of(&logical("long", "local-timestamp-millis", ""), &long(1)), r#"1 "1970-01-01T00:00:00.001000""#);
    assert_eq!(of(&logical("long", "time-micros", ""), &long(1)), r#"1 "00:00:00.000001""#);
    assert_eq!(of(&logical("bytes", "decimal", r#", "precision": 4, "scale": 2"#), &[2, 0x85]), "1 -1.23");
    assert_eq!(of(&logical("string", "decimal", r#", "precision": 4, "scale": 2"#), &text("1.5")), "1 1.5");
    assert_eq!(of(&logical("string", "uuid", ""), &text("1-2")), "1 1-2");
    assert_eq!(of(&logical("long", "nonsense", ""), &long(-3)), "1 -3");
}

/// Files that are odd in many ways: parts of good ones, changed here and there.
fn odd() -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    let cut = prop_oneof![3 => Just(None), 1 => any::<prop::sample::Index>().prop_map(Some)];
    (0i64..5, changes, cut).prop_map(|(blocks, changes, cut)| {
        let mut bytes = file(blocks);
        let behind_the_schema = header(SCHEMA, "null").len() - 20;
        for (place, byte) in changes {
            let place = behind_the_schema + place.index(bytes.len() - behind_the_schema);
            bytes[place] = byte;
        }
        bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
        bytes
    })
}

proptest! {
    #[test]
    fn an_odd_file_is_the_same_however_it_is_cut(bytes in odd(), cut in 1usize..50) {
        let whole = read(&bytes);
        prop_assert_eq!(read_as(YAML, &bytes, cut, PIECE_BYTES), whole);
    }

    #[test]
    fn any_bytes_are_read_or_told(bytes in prop::collection::vec(any::<u8>(), 0..200), is_file in any::<bool>()) {
        let start = if is_file { header(SCHEMA, "null") } else { b"Obj\x01".to_vec() };
        read(&[start, bytes].concat());
    }

    #[test]
    fn any_block_of_any_type_is_read_or_told(
        kind in prop::sample::select(&[
            "\"string\"", "[\"null\", \"double\"]", "{\"type\": \"array\", \"items\": \"long\"}",
            "{\"type\": \"map\", \"values\": [\"null\", \"bytes\"]}",
            "{\"type\": \"bytes\", \"logicalType\": \"decimal\", \"scale\": 3}",
            "{\"type\": \"array\", \"items\": {\"type\": \"array\", \"items\": \"null\"}}",
        ][..]),
        rows in 0i64..10,
        data in prop::collection::vec(prop_oneof![0u8..8, any::<u8>()], 0..60),
    ) {
        one(kind, rows, &data);
    }

    #[test]
    fn rows_come_back_as_they_were_written(
        rows in prop::collection::vec((any::<i64>(), prop::option::of("[^\0|\n]{0,9}"), any::<f64>()), 0..40),
        per_block in 1usize..10,
    ) {
        let mut bytes = header(SCHEMA, "null");
        for rows in rows.chunks(per_block) {
            let data: Vec<u8> = rows.iter().flat_map(|(id, name, x)| row(*id, name.as_deref(), &[], *x)).collect();
            bytes.extend(block(rows.len().try_into().unwrap(), &data));
        }
        let shown = read(&bytes);
        prop_assert_eq!(shown.lines().count(), rows.len());
        for (line, (id, name, x)) in shown.lines().zip(&rows) {
            let values: Vec<&str> = line.split_once(' ').unwrap().1.split(" | ").collect();
            prop_assert_eq!(values[0], id.to_string());
            prop_assert_eq!(values[1], name.as_deref().unwrap_or("-"));
            prop_assert!(x.is_nan() || values[3].parse::<f64>().unwrap().to_bits() == x.to_bits());
        }
    }
}
