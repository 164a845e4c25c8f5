//! Files that cannot be read, and what is told of them.

use super::*;

/// Why a file cannot be read further.
fn fault(bytes: &[u8]) -> String {
    read(bytes).lines().last().unwrap_or_default().to_owned()
}

#[test]
fn what_is_no_avro_is_told_by_what_it_is() {
    let files: Vec<(Vec<u8>, &str)> = vec![
        (b"".to_vec(), "row 1: the file has no bytes; was its upload cut off?"),
        (
            b"id,name\n1,a\n".to_vec(),
            "row 1: the file is no Avro: Avro is read from object container files, which begin with `Obj` and a byte of 1",
        ),
        (
            b"\0\0\0\0\x05abc".to_vec(),
            "row 1: the file is no Avro: is it a message of Kafka, with a schema's number before its value?",
        ),
        (b"{\"type\": \"record\"}".to_vec(), "row 1: the file is no Avro: is it a schema, or JSON?"),
        (b"Obj\x01".to_vec(), "row 1: the file ends inside of its header; was it cut off?"),
        (
            b"Obj\x02abc".to_vec(),
            "row 1: the file is no Avro: Avro is read from object container files, which begin with `Obj` and a byte of 1",
        ),
        (file(1)[..100].to_vec(), "row 1: the file ends inside of its header; was it cut off?"),
        (header("{\"type\": \"int\"}", "null"), "row 1: the schema cannot be read: its rows are no records"),
        (header("\"int\"", "null"), "row 1: the schema cannot be read: its rows are no records"),
        (
            header("{", "null"),
            "row 1: the schema cannot be read: it is no JSON: EOF while parsing an object at line 1 column 1",
        ),
        (
            header(&SCHEMA.replace("double", "nothing"), "null"),
            "row 1: the schema cannot be read: field `at`: field `x`: the type `nothing` is not defined",
        ),
        (
            header(SCHEMA, "xz"),
            "row 1: its blocks are compressed by \"xz\", which is not read; write null, deflate, snappy, zstandard, bzip2",
        ),
        (header(&SCHEMA.replace("id", "ident"), "null"), "row 1: the file has no column `id`; the nearest is `ident`"),
        ([b"Obj\x01".to_vec(), long(0), MARKER.to_vec()].concat(), "row 1: the header has no schema (avro.schema)"),
        ([b"Obj\x01".to_vec(), long(1), long(-4)].concat(), "row 1: the header is broken: a length is -4"),
    ];
    for (bytes, expected) in files {
        assert_eq!(fault(&bytes), expected);
    }
}

#[test]
fn a_damaged_file_is_told_by_its_block_and_its_byte() {
    let good = file(2);
    let mut marker = good.clone();
    *marker.last_mut().unwrap() ^= 1;
    let data = row(1, Some("a"), &[], 0.0);
    let files: Vec<(Vec<u8>, &str)> = vec![
        (
            good[..good.len() - 1].to_vec(),
            "row 4: block 2, which starts at byte 420: the file ends 62 bytes into it; was it cut off?",
        ),
        (
            good[..good.len() - 60].to_vec(),
            "row 4: block 2, which starts at byte 420: the file ends 3 bytes into it; was it cut off?",
        ),
        (
            marker,
            "row 4: block 2, which starts at byte 420: the marker behind it is not the file's: it, or its length, is damaged",
        ),
        (
            [&good[..], &good[..]].concat(),
            "row 7: block 3, which starts at byte 483: another Avro file begins here; deliver files one by one, not joined",
        ),
        (
            [&good[..], b"\0\0\0"].concat(),
            "row 7: block 3, which starts at byte 483: the file ends 3 bytes into it; was it cut off?",
        ),
        ([&good[..], &long(-1), &long(0)].concat(), "row 7: block 3, which starts at byte 483: its rows are -1"),
        (
            [&good[..], &long(1), &long(i64::MAX)].concat(),
            "row 7: block 3, which starts at byte 483: its length is 9223372036854775807, blocks of 0 to 67108864 bytes are read",
        ),
        ([&good[..], &[0x80; 11]].concat(), "row 7: block 3, which starts at byte 483: a number has more than 64 bits"),
        (
            [header(SCHEMA, "null"), block(i64::MAX, b"")].concat(),
            "row 1: block 1, which starts at byte 357: it has 9223372036854775807 rows, and 33554432 values at most are read at once",
        ),
        (
            [header(SCHEMA, "null"), block(1_000_000, b"abc")].concat(),
            "row 1: block 1, which starts at byte 357: its 3 bytes are too few for 1000000 rows",
        ),
        (
            [header(SCHEMA, "null"), block(1, &data[..data.len() - 1])].concat(),
            "row 1: block 1, which starts at byte 357: its bytes end inside of a value",
        ),
        (
            [header(SCHEMA, "null"), block(1, &[&data[..], b"x"].concat())].concat(),
            "row 1: block 1, which starts at byte 357: 1 bytes are left behind its 1 rows",
        ),
        (
            [header(SCHEMA, "deflate"), block(1, &data)].concat(),
            "row 1: block 1, which starts at byte 360: it cannot be expanded: corrupt deflate stream",
        ),
    ];
    for (bytes, expected) in files {
        assert_eq!(fault(&bytes), expected);
    }
}

#[test]
fn what_is_read_before_a_fault_comes_first() {
    let broken = [long(1), long(5), vec![0; 20]].concat();
    let bad = block(2, &[row(1, None, &[], 0.0), broken].concat());
    let bytes = [header(SCHEMA, "null"), bad, b"\0\0no marker here.".to_vec()].concat();
    let whole = read(&bytes);
    expect![[r#"
        row 2: block 1, which starts at byte 357: a union of 2 types has no type 5, counted from 0
    "#]]
    .assert_eq(&whole);
    assert_eq!(read_as(YAML, &bytes, 1, PIECE_BYTES), whole);
}

#[test]
fn values_of_no_bytes_are_not_made_by_the_billion() {
    let array = r#"{"type": "array", "items": "null"}"#;
    let strings = r#"{"type": "array", "items": "string"}"#;
    assert_eq!(one("\"null\"", 3, b""), "1 -\n2 -\n3 -\n");
    assert_eq!(
        one("\"null\"", 10_000_000, b""),
        "row 1: block 1, which starts at byte 126: its 0 bytes are too few for 10000000 rows\n"
    );
    assert_eq!(one(array, 1, &[long(2), long(0)].concat()), "1 [null,null]\n");
    assert_eq!(
        one(array, 1, &[long(i64::MAX), long(0)].concat()),
        "row 1: block 1, which starts at byte 154: an array of nothing but nulls has more than 65536 of them\n"
    );
    assert_eq!(
        one(strings, 1, &[long(i64::MAX), long(0)].concat()),
        "row 1: block 1, which starts at byte 156: its bytes end inside of a value\n"
    );
    assert_eq!(
        one(r#"{"type": "fixed", "name": "f", "size": 9999999999}"#, 1, b"abc"),
        "row 1: block 1, which starts at byte 170: its 3 bytes are too few for 1 rows\n"
    );
}
