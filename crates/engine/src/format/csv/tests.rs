use expect_test::{Expect, expect};
use model::dataset::DatasetFile;
use model::error::chain;
use proptest::prelude::*;

use super::*;

fn dataset(columns: &str, csv: &str) -> Dataset {
    let columns: Vec<_> = columns.split(',').map(|name| format!("{name}: {{type: varchar(100)}}")).collect();
    let yaml = format!("{{dataset: x, landing: x/, format: csv, csv: {{{csv}}}, columns: {{{}}}}}", columns.join(", "));
    DatasetFile::parse(&yaml, "x.yaml").unwrap().dataset
}

/// All batches of an input that is cut every so many bytes.
fn decode(dataset: &Dataset, input: &[u8], cut: usize) -> Result<Vec<TextBatch>> {
    let mut decoder = Csv.decoder(dataset, "s3://landing/x/a.csv")?;
    let mut batches = Vec::new();
    for piece in input.chunks(cut) {
        let mut rest = piece;
        while !rest.is_empty() {
            rest = &rest[decoder.decode(rest)?..];
            while let Some(batch) = decoder.flush()? {
                batches.push(batch);
            }
        }
    }
    decoder.end();
    while let Some(batch) = decoder.flush()? {
        batches.push(batch);
    }
    Ok(batches)
}

/// Every record with its line, offset and length, every reject with its code; the law of cuts is held for each input.
fn show(dataset: &Dataset, input: &[u8]) -> String {
    let whole = decode(dataset, input, usize::MAX);
    for cut in [1, 3, 7, 100] {
        match (&whole, &decode(dataset, input, cut)) {
            (Ok(whole), Ok(cut)) => assert_eq!(whole, cut),
            (whole, cut) => assert_eq!(format!("{whole:?}"), format!("{cut:?}")),
        }
    }
    let batches = match whole {
        Ok(batches) => batches,
        Err(error) => return format!("{}: {}\n", error.kind(), chain(&error)),
    };
    let mut lines = Vec::new();
    for batch in &batches {
        assert_eq!(batch.rows_read(), (batch.rows() + batch.rejects.len()) as u64);
        for row in 0..batch.rows() {
            let texts: Vec<_> =
                (0..dataset.columns.len()).map(|i| batch.column(i).nth(row).unwrap().unwrap()).collect();
            lines.push((batch.record(row).unwrap().0, format!("{texts:?}")));
        }
        for reject in &batch.rejects {
            let column = reject.column.as_ref().map(|column| format!(" in {column}")).unwrap_or_default();
            let (code, message, text) = (reject.reason.code(), &reject.message, &reject.text);
            lines.push((reject.position, format!("{code}{column}: {message}: {text:?}")));
        }
    }
    lines.sort_by_key(|(position, _)| position.byte_offset);
    let show = |(at, text): &(Position, String)| {
        format!("line {} at {}+{}: {text}\n", at.line, at.byte_offset, at.byte_length)
    };
    lines.iter().map(show).collect()
}

fn check(columns: &str, input: impl AsRef<[u8]>, expected: Expect) {
    expected.assert_eq(&show(&dataset(columns, ""), input.as_ref()));
}

#[test]
fn fields_are_found_by_the_header_in_any_order_and_case() {
    check(
        "a,b",
        "B , a\n1,2\n",
        expect![[r#"
        line 2 at 6+4: ["2", "1"]
    "#]],
    );
}

#[test]
fn line_ends_may_be_mixed_and_missing_at_the_end() {
    check(
        "a,b",
        "a,b\r\n1,2\r3,4\n5,\r\n\"6\",\"7\"\r8,9",
        expect![[r#"
        line 2 at 5+4: ["1", "2"]
        line 3 at 9+4: ["3", "4"]
        line 4 at 13+4: ["5", ""]
        line 5 at 17+8: ["6", "7"]
        line 6 at 25+3: ["8", "9"]
    "#]],
    );
    check(
        "a,b",
        "a,b\n1,",
        expect![[r#"
        line 2 at 4+2: ["1", ""]
    "#]],
    );
}

#[test]
fn quoted_fields_hold_anything() {
    check(
        "a,b",
        "a,b\n\"x,\"\"y\"\"\r\nz\",\"\"\n\"\"\"\",2\n",
        expect![[r#"
        line 2 at 4+16: ["x,\"y\"\r\nz", ""]
        line 4 at 20+7: ["\"", "2"]
    "#]],
    );
}

#[test]
fn a_quote_inside_a_plain_field_is_a_character() {
    check(
        "a,b",
        "a,b\n5\" pipe,x\"\"y\n",
        expect![[r#"
        line 2 at 4+13: ["5\" pipe", "x\"\"y"]
    "#]],
    );
}

#[test]
fn text_behind_a_closing_quote_is_a_reject_of_one_line() {
    check(
        "a,b",
        "a,b\n\"say \"hi, there\" now\",1\n\"2\" ,2\n3,3\n",
        expect![[r#"
        line 2 at 4+24: bad_quote: text stands behind a closing quote: "\"say \"hi, there\" now\",1"
        line 3 at 28+7: bad_quote: text stands behind a closing quote: "\"2\" ,2"
        line 4 at 35+4: ["3", "3"]
    "#]],
    );
}

#[test]
fn ragged_records_are_rejects() {
    check(
        "a,b",
        "a,b\n1\n1,2,3\n4,5\n,\n",
        expect![[r#"
        line 2 at 4+2: too_few_fields: the record has 1 field(s), the file has 2 column(s): "1"
        line 3 at 6+6: too_many_fields: the record has 3 field(s), the file has 2 column(s): "1,2,3"
        line 4 at 12+4: ["4", "5"]
        line 5 at 16+2: ["", ""]
    "#]],
    );
}

#[test]
fn empty_lines_are_no_records_but_in_one_column() {
    check(
        "a,b",
        "\n\r\na,b\n\n1,2\n\n",
        expect![[r#"
        line 5 at 8+4: ["1", "2"]
    "#]],
    );
    check(
        "a",
        "\na\n1\n\n2\n\"\"\n",
        expect![[r#"
        line 3 at 3+2: ["1"]
        line 4 at 5+1: [""]
        line 5 at 6+2: ["2"]
        line 6 at 8+3: [""]
    "#]],
    );
}

#[test]
fn bytes_that_are_no_text_are_rejects_with_their_place() {
    check(
        "a,b",
        b"a,b\n1,\xff\n2,x\0y\n3,\"\"\"\xc3\"\n4,\xc3\xa9\n\xff\n",
        expect![[r#"
        line 2 at 4+4: invalid_utf8 in b: byte 6 of the object is no UTF-8: "1,�"
        line 3 at 8+6: nul_byte in b: byte 11 of the object is NUL: "2,x\0y"
        line 4 at 14+8: invalid_utf8 in b: byte 19 of the object is no UTF-8: "3,\"\"\"�\""
        line 5 at 22+5: ["4", "é"]
        line 6 at 27+2: too_few_fields: the record has 1 field(s), the file has 2 column(s): "�"
    "#]],
    );
}

#[test]
fn a_byte_order_mark_is_skipped_and_counted() {
    check(
        "a,b",
        b"\xEF\xBB\xBFa,b\n1,2\n",
        expect![[r#"
        line 2 at 7+4: ["1", "2"]
    "#]],
    );
    check(
        "a,b",
        b"\xEF\xBB\xBF",
        expect![[r#"
        Data: cannot read s3://landing/x/a.csv line 1: the file has no line, a header is expected; was its upload cut off?
    "#]],
    );
}

#[test]
fn a_file_without_a_line_was_cut_off_and_one_with_a_header_has_no_rows() {
    check(
        "a,b",
        "",
        expect![[r#"
        Data: cannot read s3://landing/x/a.csv line 1: the file has no line, a header is expected; was its upload cut off?
    "#]],
    );
    check("a,b", "a,b", expect![[r#""#]]);
}

#[test]
fn a_header_that_does_not_fit_is_an_error_with_all_faults() {
    check(
        "id,customer,day",
        "id,custmer,ID,extra\n1,2,3,4\n",
        expect![[r#"
        Data: cannot read s3://landing/x/a.csv line 1: the header names the column `id` 2 times; the header has no column `customer`; the nearest is `custmer`; the header has no column `day`; the dataset has no column `custmer`; the nearest is `customer`; the dataset has no column `extra`
    "#]],
    );
    check(
        "a,b",
        "a;b\n1;2\n",
        expect![[r#"
        Data: cannot read s3://landing/x/a.csv line 1: the header has no column `a`; the nearest is `a;b`; the header has no column `b`; the dataset has no column `a;b`; the nearest is `a`; the header is one field: is `csv.delimiter` the file's?
    "#]],
    );
    check(
        "a,b",
        b"a,b\xff\n",
        expect![[r#"
        Data: cannot read s3://landing/x/a.csv line 1: the header is not UTF-8
    "#]],
    );
}

#[test]
fn an_open_quote_at_the_end_names_its_line() {
    check(
        "a,b",
        "a,b\n1,2\n3,\"x\ny\"\n4,\"z\n5,6\n",
        expect![[r#"
        Data: cannot read s3://landing/x/a.csv line 5: a quote is opened here and never closed
    "#]],
    );
    check(
        "a,b",
        "a,b\n\"x\ny\",\"z",
        expect![[r#"
        Data: cannot read s3://landing/x/a.csv line 3: a quote is opened here and never closed
    "#]],
    );
}

#[test]
fn files_that_are_no_text_are_named() {
    check(
        "a,b",
        b"\x1f\x8b\x08\x00abc",
        expect![[r#"
        Data: cannot read s3://landing/x/a.csv line 1: it is gzip, not CSV in UTF-8; that is not supported yet
    "#]],
    );
    check(
        "a,b",
        b"\xff\xfea\0",
        expect![[r#"
        Data: cannot read s3://landing/x/a.csv line 1: it is UTF-16, not CSV in UTF-8; that is not supported yet
    "#]],
    );
}

#[test]
fn columns_without_a_header_are_in_the_datasets_order() {
    let dataset = dataset("a,b", "header: false, delimiter: ';', quote: \"'\"");
    expect![[r#"
        line 1 at 0+15: ["1", "it's; \"x\""]
        line 2 at 15+2: ["", ""]
    "#]]
    .assert_eq(&show(&dataset, b"1;'it''s; \"x\"'\n;\n"));
}

#[test]
fn a_record_beyond_the_limit_is_an_error() {
    let dataset = dataset("a,b", "");
    let input = format!("a,b\n1,2\n3,\"{}\",\n", "x\n".repeat(MAX_RECORD_BYTES / 2));
    for cut in [1 << 20, usize::MAX] {
        let error = decode(&dataset, input.as_bytes(), cut).unwrap_err();
        let expected = "cannot read s3://landing/x/a.csv line 3: the record that starts here has more than 16777216 \
            bytes; is a quote opened in it and never closed?";
        assert_eq!(chain(&error), expected);
    }
}

#[test]
fn batches_are_cut_by_rows_and_bytes_never_by_pieces() {
    let dataset = dataset("a,b", "");
    let short = format!("a,b\n{}", "1,2\n".repeat(20_000));
    let long = format!("a,b\n{}", format!("1,{}\n", "x".repeat(99_996)).repeat(200));
    for (input, rows) in [(short, vec![8192, 8192, 3616]), (long, vec![84, 84, 32])] {
        for cut in [1000, 100_000, usize::MAX] {
            let batches = decode(&dataset, input.as_bytes(), cut).unwrap();
            assert_eq!(batches.iter().map(TextBatch::rows).collect::<Vec<_>>(), rows);
        }
    }
}

/// What the csv crate reads.
fn oracle(input: &[u8]) -> Vec<Vec<String>> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(input);
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn field() -> impl Strategy<Value = (String, bool)> {
    let piece = prop::sample::select(vec!["a", "bc", "é", "😀", ",", "\n", "\r", "\r\n", "\"", " ", "-", "0"]);
    (prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat()), any::<bool>())
}

proptest! {
    #[test]
    fn well_formed_files_read_as_the_csv_crate_reads_them(
        records in prop::collection::vec(((field(), field(), field()), 0..3usize), 0..30),
        has_last_end in any::<bool>(),
        cut in 1..20usize,
    ) {
        let mut input = String::new();
        for (((a, b, c), end), last) in records.iter().zip((1..=records.len()).map(|n| n == records.len())) {
            let fields = [a, b, c].map(|(text, is_quoted)| match *is_quoted || text.contains([',', '\n', '\r', '"']) {
                true => format!("\"{}\"", text.replace('"', "\"\"")),
                false => text.clone(),
            });
            input += &fields.join(",");
            input += if last && !has_last_end { "" } else { ["\n", "\r\n", "\r"][*end] };
        }
        let batches = decode(&dataset("a,b,c", "header: false"), input.as_bytes(), cut).unwrap();
        let ours: Vec<Vec<String>> = batches
            .iter()
            .flat_map(|batch| (0..batch.rows()).map(move |row| (0..3).map(|i| batch.column(i).nth(row)).collect()))
            .map(|fields: Vec<_>| fields.into_iter().map(|text| text.unwrap().unwrap().to_owned()).collect())
            .collect();
        prop_assert!(batches.iter().all(|batch| batch.rejects.is_empty()));
        prop_assert_eq!(ours, oracle(input.as_bytes()));
    }

    #[test]
    fn any_bytes_are_rows_and_rejects_or_an_error_wherever_they_are_cut(
        input in prop::collection::vec(prop::sample::select(b"ab,\n\r\"\0\xff\xc3\xa9".to_vec()), 0..60),
    ) {
        show(&dataset("a,b", "header: false"), &input);
        show(&dataset("a", "header: false"), &input);
    }

    #[test]
    fn positions_cover_every_byte_of_a_file_without_empty_lines(
        records in prop::collection::vec("[ab]{1,3}(,[ab]|,\"[ab\n]*\")?", 1..20),
    ) {
        let input = records.join("\n");
        let batches = decode(&dataset("a,b", "header: false"), input.as_bytes(), 5).unwrap();
        let mut places: Vec<_> = batches
            .iter()
            .flat_map(|batch| {
                let good = (0..batch.rows()).map(|row| batch.record(row).unwrap().0);
                good.chain(batch.rejects.iter().map(|reject| reject.position))
            })
            .collect();
        places.sort_by_key(|place| place.byte_offset);
        let mut next = 0;
        for place in places {
            prop_assert_eq!(place.byte_offset, next);
            let before = &input[..usize::try_from(next).unwrap()];
            prop_assert_eq!(place.line, before.matches('\n').count() as u64 + 1);
            next += place.byte_length;
        }
        prop_assert_eq!(next, input.len() as u64);
    }
}
