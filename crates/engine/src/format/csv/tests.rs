use expect_test::{Expect, expect};
use model::dataset::{Contract, DatasetFile};
use proptest::prelude::*;

use super::*;
use crate::reject::{Fault, Reason};
use crate::text::{Field, Position, TextBatch};
use model::encoding::Encoding;

fn dataset(columns: &str, csv: &str) -> Dataset {
    let columns: Vec<_> = columns.split(',').map(|name| format!("{name}: {{type: varchar(100)}}")).collect();
    let yaml = format!("{{dataset: x, landing: x/, format: csv, csv: {{{csv}}}, columns: {{{}}}}}", columns.join(", "));
    DatasetFile::parse(&yaml, "x.yaml").unwrap().dataset
}

/// All batches of an input that is pushed in such pieces and cut into such others.
fn read(dataset: &Dataset, input: &[u8], push: usize, piece: usize) -> Result<Vec<TextBatch>, String> {
    let origin = Origin { encoding: Encoding::Utf8, byte_offset: 0 };
    let mut reader = CsvReader::new(dataset, origin, piece);
    let mut batches = Vec::new();
    let mut lines = 0;
    let mut ended = Ok(());
    for bytes in input.chunks(push).map(Some).chain([None]) {
        if ended.is_ok() {
            ended = match bytes {
                Some(bytes) => reader.push(bytes),
                None => reader.end(),
            };
        }
    }
    while let Some(piece) = reader.take() {
        let batch = piece.read().map_err(|error| tell(error, lines))?;
        lines += batch.lines;
        batches.push(batch);
    }
    ended.map_err(|error| tell(error, lines))?;
    Ok(batches)
}

fn tell(error: Unreadable, lines_before: u64) -> String {
    format!("line {}: {}", lines_before + error.line + 1, error.what)
}

/// The rows' texts and the rejects, each with its position in the file.
fn lines(batches: &[TextBatch]) -> Vec<(Position, String)> {
    let mut lines = Vec::new();
    let mut before = 1;
    for batch in batches {
        assert_eq!(batch.rows_read(), (batch.rows() + batch.rejects.len()) as u64);
        let at = |position: Position| Position { line: before + position.line, ..position };
        for row in 0..batch.rows() {
            let place = batch.reject(row, None, Fault::new(Reason::BadQuote, "")).unwrap().position;
            lines.push((at(place), format!("{:?}", texts(batch, row))));
        }
        for reject in &batch.rejects {
            let column = reject.column.as_ref().map(|column| format!(" in {column}")).unwrap_or_default();
            let (code, message, text) = (reject.reason.code(), &reject.message, &reject.text);
            lines.push((at(reject.position), format!("{code}{column}: {message}: {text:?}")));
        }
        before += batch.lines;
    }
    lines.sort_by_key(|(position, _)| position.byte_offset);
    lines
}

fn texts(batch: &TextBatch, row: usize) -> Vec<&str> {
    let text = |column| match batch.column(column).nth(row).unwrap() {
        Field::Text(text) => text,
        Field::Null => "(null)",
        Field::Torn => panic!("a field is torn"),
    };
    (0..batch.order.len()).map(text).collect()
}

/// Every record with its line, offset and length, every reject with its code. However the input is pushed and cut, it
/// reads the same.
fn show(dataset: &Dataset, input: &[u8]) -> String {
    let whole = read(dataset, input, usize::MAX, 1 << 20).map(|batches| lines(&batches));
    for (push, piece) in [(1, 1), (3, 7), (7, 3), (100, 10), (1, 20), (usize::MAX, 1), (usize::MAX, 5)] {
        assert_eq!(read(dataset, input, push, piece).map(|batches| lines(&batches)), whole, "{push} {piece}");
    }
    let show = |(at, text): &(Position, String)| {
        format!("line {} at {}+{}: {text}\n", at.line, at.byte_offset, at.byte_length)
    };
    whole.map_or_else(|error| error + "\n", |lines| lines.iter().map(show).collect())
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
            line 2 at 4+4: invalid_encoding in b: byte 6 of the object is no utf-8: "1,�"
            line 3 at 8+6: nul_byte in b: byte 11 of the object is NUL: "2,x\0y"
            line 4 at 14+8: invalid_encoding in b: byte 19 of the object is no utf-8: "3,\"\"\"�\""
            line 5 at 22+5: ["4", "é"]
            line 6 at 27+2: too_few_fields: the record has 1 field(s), the file has 2 column(s): "�"
        "#]],
    );
}

#[test]
fn a_file_without_a_line_was_cut_off_and_one_with_a_header_has_no_rows() {
    check(
        "a,b",
        "",
        expect![[r#"
            line 1: the file has no line, a header is expected; was its upload cut off?
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
            line 1: the header names the column `id` 2 times; the header has no column `customer`; the nearest is `custmer`; the header has no column `day`; the dataset has no column `custmer`; the nearest is `customer`; the dataset has no column `extra`; `drop` names what is known and not read
        "#]],
    );
    check(
        "a,b",
        "a;b\n1;2\n",
        expect![[r#"
            line 1: the header has no column `a`; the nearest is `a;b`; the header has no column `b`; the dataset has no column `a;b`; the nearest is `a`; the header is one field: is "," (`csv.delimiter`) the file's delimiter?
        "#]],
    );
    check(
        "a,b",
        b"a,b\xff\n",
        expect![[r#"
            line 1: the header is not UTF-8; is `encoding` another?
        "#]],
    );
}

#[test]
fn a_header_shows_no_name_where_a_column_is_masked() {
    let yaml =
        "{dataset: x, landing: x/, format: csv, columns: {a: {type: varchar(9), mask: last4}, b: {type: bigint}}}";
    let dataset = DatasetFile::parse(yaml, "x.yaml").unwrap().dataset;
    expect![[r#"
        line 1: the header has names that the dataset does not know, and lacks ["a"]; names are not shown, since a column is masked; has the file a header?
    "#]].assert_eq(&show(&dataset, b"4111111111111111,b\n4222,2\n"));
}

#[test]
fn an_open_quote_at_the_end_names_its_line() {
    check(
        "a,b",
        "a,b\n1,2\n3,\"x\ny\"\n4,\"z\n5,6\n",
        expect![[r#"
            line 5: a quote is opened here and never closed
        "#]],
    );
    check(
        "a,b",
        "a,b\n\"x\ny\",\"z",
        expect![[r#"
            line 3: a quote is opened here and never closed
        "#]],
    );
}

#[test]
fn a_record_beyond_the_limit_is_an_error() {
    let limits = "header: true}, limits: {record_bytes: 100, field_bytes: 100";
    let dataset = dataset("a,b", limits);
    let fits = format!("a,b\n1,{}\n", "x".repeat(97));
    assert_eq!(read(&dataset, fits.as_bytes(), 10, 20).unwrap().len(), 1);
    for bad in [format!("a,b\n1,2\n3,\"{}\",\n", "x\n".repeat(50)), format!("a,b\n1,2\n3,{}\n", "x".repeat(98))] {
        for (push, piece) in [(1, 20), (7, 1), (usize::MAX, 200)] {
            let error = read(&dataset, bad.as_bytes(), push, piece).unwrap_err();
            assert_eq!(
                error,
                "line 3: the record that starts here has more than 100 bytes (limits.record_bytes); is a quote opened in it and never closed?"
            );
        }
    }
}

#[test]
fn a_field_beyond_the_limit_is_a_reject() {
    let dataset = dataset("a,b", "header: false}, limits: {field_bytes: 3");
    expect![[r#"
        line 1 at 0+8: ["abc", "abc"]
        line 2 at 8+6: too_long: a field has 4 bytes, limits.field_bytes is 3: "abcd,"
        line 3 at 14+8: too_long: a field has 4 bytes, limits.field_bytes is 3: "\"abcd\","
    "#]]
    .assert_eq(&show(&dataset, b"abc,abc\nabcd,\n\"abcd\",\n"));
}

#[test]
fn a_delimiter_at_every_end_is_no_column() {
    check(
        "a,b",
        "a,b,\n1,2,\n3,4\n5,6,7\n8,9,,\n",
        expect![[r#"
        line 2 at 5+5: ["1", "2"]
        line 3 at 10+4: ["3", "4"]
        line 4 at 14+6: too_many_fields: the record has 3 field(s), the file has 2 column(s): "5,6,7"
        line 5 at 20+6: too_many_fields: the record has 4 field(s), the file has 2 column(s): "8,9,,"
    "#]],
    );
    check(
        "a,b",
        "a,b\n1,2,\n3,4\n5,6,\"\"\n",
        expect![[r#"
        line 2 at 4+5: ["1", "2"]
        line 3 at 9+4: ["3", "4"]
        line 4 at 13+7: too_many_fields: the record has 3 field(s), the file has 2 column(s): "5,6,\"\""
    "#]],
    );
    check(
        "a,b",
        "a,b\n1,2\n3,4,\n",
        expect![[r#"
        line 2 at 4+4: ["1", "2"]
        line 3 at 8+5: too_many_fields: the record has 3 field(s), the file has 2 column(s): "3,4,"
    "#]],
    );
}

#[test]
fn longer_delimiters_comments_and_lines_before_the_header() {
    let dataset = dataset("a,b", "delimiter: '||', comment: '#', skip_lines: 2, header: 2");
    let input = "export\r\n\"of today\n# names\nx||y\n#\"\nb||a\n1||2\n#3||4\n\"5||\"||6|7\n\"#8\"||9\n|||\n";
    expect![[r##"
        line 7 at 39+5: ["2", "1"]
        line 9 at 50+11: ["6|7", "5||"]
        line 10 at 61+8: ["9", "#8"]
        line 11 at 69+4: ["|", ""]
    "##]]
    .assert_eq(&show(&dataset, input.as_bytes()));
}

#[test]
fn a_backslash_escapes_anything_anywhere() {
    let dataset = dataset("a,b", "header: false, escape: '\\'");
    let input = "x\\,y,\"q\\\"r\"\n\\N,\\\\N\nl\\\nm,\"n\\\\\"\n";
    expect![[r#"
        line 1 at 0+12: ["x,y", "q\"r"]
        line 2 at 12+7: ["(null)", "\\N"]
        line 3 at 19+11: ["l\nm", "n\\"]
    "#]]
    .assert_eq(&show(&dataset, input.as_bytes()));
}

#[test]
fn without_quotes_a_quote_is_a_character() {
    let dataset = dataset("a,b", "header: false, quote: none");
    expect![[r#"
        line 1 at 0+6: ["\"x", "y\""]
        line 2 at 6+3: ["\"", ""]
    "#]]
    .assert_eq(&show(&dataset, b"\"x,y\"\n\",\n"));
}

#[test]
fn short_rows_are_nulls_where_the_dataset_says_so() {
    let dataset = dataset("a,b", "short_rows: 'null'");
    expect![[r#"
        line 2 at 4+2: ["1", "(null)"]
        line 3 at 6+4: ["1", "2"]
        line 4 at 10+6: too_many_fields: the record has 3 field(s), the file has 2 column(s): "1,2,3"
    "#]]
    .assert_eq(&show(&dataset, b"a,b\n1\n1,2\n1,2,3\n"));
}

#[test]
fn names_that_are_dropped_are_known_and_not_read() {
    let dataset = dataset("a,b", "header: true}, drop: [Note], limits: {");
    expect![[r#"
        line 2 at 9+6: ["3", "2"]
    "#]]
    .assert_eq(&show(&dataset, b"note,b,a\n1,2,3\n"));
}

#[test]
fn a_frozen_contract_leaves_out_what_no_column_names_and_lacks_nothing() {
    let frozen = Dataset { contract: Some(Contract::Freeze), ..dataset("a,b", "header: true") };
    let mut reader = CsvReader::new(&frozen, Origin::START, 1 << 20);
    reader.push(b"Region,b,a,x\n0,1,2,3\n").unwrap();
    assert_eq!(reader.left_out(), ["region", "x"]);
    expect![[r#"
        line 2 at 13+8: ["2", "1"]
    "#]]
    .assert_eq(&show(&frozen, b"Region,b,a,x\n0,1,2,3\n"));
    let mut reader = CsvReader::new(&frozen, Origin::START, 1 << 20);
    let error = reader.push(b"region,a\n0,1\n").unwrap_err();
    assert!(format!("{error:?}").contains("the header has no column `b`"), "{error:?}");
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
        let batches = read(&dataset("a,b,c", "header: false"), input.as_bytes(), cut, 30).unwrap();
        let ours: Vec<Vec<String>> = batches
            .iter()
            .flat_map(|batch| (0..batch.rows()).map(|row| texts(batch, row).into_iter().map(str::to_owned).collect()))
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
        let batches = read(&dataset("a,b", "header: false"), input.as_bytes(), 5, 9).unwrap();
        let places = lines(&batches).into_iter().map(|(place, _)| place);
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
