use bytes::Bytes;
use expect_test::{Expect, expect};
use model::dataset::DatasetFile;

use super::*;

mod typed;

fn infer(yaml: &str, files: &[&[u8]], cut: usize) -> Result<String> {
    let dataset = DatasetFile::parse(&format!("{{dataset: x, landing: x/, {yaml}}}"), "x.yaml").unwrap().dataset;
    let mut inference = Inference::new(&dataset, files.len());
    let is_ranged = inference.is_ranged();
    for file in files {
        inference.begin_input("a", file.len() as u64)?;
        while let Some(range) = inference.wants() {
            let places = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
            inference.push_range(range.start, Bytes::copy_from_slice(&file[places]))?;
        }
        for piece in file.chunks(cut).filter(|_| !is_ranged) {
            assert!(inference.push(piece).unwrap());
        }
        inference.end_input(true)?;
    }
    let inferred = inference.finish()?;
    let lines = inferred.columns.iter().zip(&inferred.reasons).map(|((name, column), reason)| {
        let from = column.from.as_ref().map_or_else(String::new, |from| format!(" from {from:?}"));
        let formats = if column.formats.is_empty() { String::new() } else { format!(" {:?}", column.formats) };
        format!("{name}: {}{formats}{from} ({reason})\n", column.kind)
    });
    Ok(lines.chain([format!("{} rows\n", inferred.rows)]).collect())
}

fn check(yaml: &str, files: &[&str], expected: Expect) {
    check_bytes(yaml, &files.iter().map(|file| file.as_bytes()).collect::<Vec<_>>(), expected);
}

fn check_bytes(yaml: &str, files: &[&[u8]], expected: Expect) {
    let whole = infer(yaml, files, usize::MAX).unwrap();
    assert_eq!(infer(yaml, files, 1).unwrap(), whole);
    expected.assert_eq(&whole);
}

#[test]
fn the_narrowest_type_of_all_values_is_taken() {
    check(
        "format: csv",
        &[
            "Id,ZIP code,price,ratio,ok,day,when,eu,note\n1,01234,1.5,1e3,true,2013-01-31,2013-01-31 10:00:00,31.12.2013,hello\n-2,9,10,0.5,no,,2013-02-01T00:00:00Z,01.01.2013,\n",
        ],
        expect![[r#"
            id: bigint (2 values, 0 nulls)
            zip_code: varchar(16) from "ZIP code" (2 values, 0 nulls, the longest has 5 bytes)
            price: decimal(18,1) (2 values, 0 nulls)
            ratio: double (2 values, 0 nulls)
            ok: boolean (2 values, 0 nulls)
            day: date (1 values, 1 nulls)
            when: timestamp (2 values, 0 nulls)
            eu: date ["%d.%m.%Y"] (2 values, 0 nulls)
            note: varchar(16) (1 values, 1 nulls, the longest has 5 bytes)
            2 rows
        "#]],
    );
}

#[test]
fn an_ambiguous_date_is_text_and_the_reason_says_so() {
    check(
        "format: csv",
        &["d,n\n01/02/2013,\n03/04/2013,\n"],
        expect![[r#"
        d: varchar(32) (2 values, 0 nulls, the longest has 10 bytes; dates by "%d/%m/%Y" and by "%m/%d/%Y" alike: say which in `formats`)
        n: varchar(16) (0 values, 2 nulls: no value tells the type)
        2 rows
    "#]],
    );
}

#[test]
fn all_files_are_looked_at_and_their_columns_joined() {
    check(
        "format: json",
        &["{\"a\":1,\"B\":{\"c\":1}}\n{\"a\":2.25}\n", "[{\"a\":\"x\",\"d\":null}]"],
        expect![[r#"
            a: varchar(16) (3 values, 0 nulls, the longest has 4 bytes)
            b: super (1 values, 1 nulls: objects or arrays)
            d: varchar(16) (0 values, 1 nulls: no value tells the type)
            3 rows
        "#]],
    );
}

#[test]
fn text_is_text_under_its_own_names() {
    check(
        "format: csv, columns: text, csv: {header: false}",
        &["1,a\n2,b\n"],
        expect![[r#"
        c1: varchar(65535) (columns: text)
        c2: varchar(65535) (columns: text)
        2 rows
    "#]],
    );
}

#[test]
fn a_header_of_an_all_text_file_is_found() {
    check(
        "format: csv, csv: detect",
        &["name;city\nanna;berlin\nbob;rome\n"],
        expect![[r#"
        name: varchar(16) (2 values, 0 nulls, the longest has 4 bytes)
        city: varchar(16) (2 values, 0 nulls, the longest has 6 bytes)
        2 rows
    "#]],
    );
}

#[test]
fn nothing_to_look_at_is_an_error() {
    let dataset = DatasetFile::parse("{dataset: x, landing: x/, format: json}", "x.yaml").unwrap().dataset;
    let mut inference = Inference::new(&dataset, 1);
    inference.begin_input("a", 0).unwrap();
    inference.end_input(true).unwrap();
    assert_eq!(inference.finish().unwrap_err().kind(), Kind::Data);
}
