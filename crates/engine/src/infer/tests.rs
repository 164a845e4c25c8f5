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
fn numbers_of_more_digits_than_a_decimal_holds_stay_what_they_are() {
    check(
        "format: csv",
        &[
            "id,amount,ratio,part\n1234567890123456789012345678901234567890,123456789012345678901234567890.5,1e60,0.12345678901\n7,0.12345678901,12,3\n",
        ],
        expect![[r#"
            id: varchar(128) (2 values, 0 nulls: numbers of more digits than a decimal holds)
            amount: varchar(64) (2 values, 0 nulls: numbers of more digits than a decimal holds)
            ratio: double (2 values, 0 nulls)
            part: double (2 values, 0 nulls)
            2 rows
        "#]],
    );
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
fn json_has_columns_of_the_rows_that_an_array_is_made_into() {
    check(
        "format: json, json: {explode: order.lines}",
        &[
            "{\"id\":7,\"order\":{\"at\":\"2013-01-31\",\"lines\":[{\"sku\":\"a\",\"n\":1},{\"sku\":\"b\",\"n\":2.5}]}}\n",
            "[{\"id\":8,\"order\":{\"lines\":[]}},{\"id\":9,\"order\":{\"lines\":[{\"n\":3,\"sku.old\":\"c\"}]}}]",
        ],
        expect![[r#"
            id: bigint (4 values, 0 nulls)
            order_at: date from "order.at" (2 values, 0 nulls)
            order_lines_sku: varchar(16) from "order.lines.sku" (2 values, 0 nulls, the longest has 1 bytes)
            order_lines_n: decimal(18,1) from "order.lines.n" (3 values, 1 nulls)
            order_lines_sku_old: varchar(16) from "order.lines.\"sku.old\"" (1 values, 1 nulls, the longest has 1 bytes)
            4 rows
        "#]],
    );
}

#[test]
fn keys_of_json_that_look_like_paths_are_keys() {
    check(
        "format: json",
        &["{\"a.b\":1,\"c[0]\":true,\"d e\":\"x\",\"a\":{\"b\":2}}"],
        expect![[r#"
            a_b: bigint from "\"a.b\"" (1 values, 0 nulls)
            c_0: boolean from "\"c[0]\"" (1 values, 0 nulls)
            d_e: varchar(16) from "d e" (1 values, 0 nulls, the longest has 1 bytes)
            a: super (1 values, 0 nulls: objects or arrays)
            1 rows
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

#[test]
fn xml_has_columns_of_attributes_elements_and_what_is_nested() {
    check(
        "format: xml, xml: {row: r}",
        &[
            "<rows>\n<r id='7'><n>1</n><price cur='EUR'>1.50</price><a><b/></a></r>\n<r id='8'><n>2</n><tag>x</tag></r>\n</rows>",
            "<rows><r id='9'><tag>x</tag><tag>y</tag><x:n xmlns:x='u'>3</x:n>some text</r></rows>",
        ],
        expect![[r#"
            id: bigint from "@id" (3 values, 0 nulls)
            n: bigint (3 values, 0 nulls)
            price: decimal(18,2) (1 values, 1 nulls)
            price_cur: varchar(16) from "price/@cur" (1 values, 1 nulls, the longest has 3 bytes)
            a: super (it is several, or holds others)
            tag: super (it is several, or holds others)
            column: varchar(32) from "." (1 values, 0 nulls, the longest has 9 bytes)
            3 rows
        "#]],
    );
}

#[test]
fn where_all_columns_are_text_what_is_nested_in_xml_is_none() {
    check(
        "format: xml, xml: {row: r}, columns: text",
        &["<rows><r><a>1</a><b/><b>2</b></r></rows>"],
        expect![[r#"
        a: varchar(65535) (columns: text)
        b: super (it is several, or holds others)
        1 rows
    "#]],
    );
}
