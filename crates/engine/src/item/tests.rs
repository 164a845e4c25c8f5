use expect_test::expect;
use model::dataset::DatasetFile;
use model::error::chain;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;

use model::name::S3Url;

use super::*;
use crate::chunk::Object;

const SALES: &str = "
dataset: sales
landing: sales/
format: csv
columns:
  id: {type: bigint, required: true}
  day: {type: date}
  note: {type: varchar(1000), clean: [trim]}
partition_by: {dt: day(day)}
";

/// What tests take where the lake does not matter.
const CHUNK_BYTES: usize = 4 * 1024;

const SMALL: Limits = Limits {
    held_bytes: 64 * 1024,
    open_bytes: 64 * 1024,
    kept_bytes: 256 * 1024,
    worthy_rows: 10,
    file_bytes: 20 * 1024,
    row_group_bytes: 8 * 1024,
    pending_rows: 50,
    pending_bytes: usize::MAX,
};

#[derive(Debug, PartialEq)]
struct Made {
    outcome: Outcome,
    left_out: Vec<String>,
    objects: BTreeMap<Object, Vec<u8>>,
}

/// Makes an item of one input, cut every so many bytes; chunks are held to their promises.
fn make(yaml: &str, input: &[u8], cut: usize, limits: Limits) -> Result<Made> {
    make_with(yaml, input, cut, limits, 2)
}

fn make_with(yaml: &str, input: &[u8], cut: usize, limits: Limits, threads: usize) -> Result<Made> {
    let dataset = DatasetFile::parse(yaml, "x.yaml").unwrap().dataset;
    let run = RunName::new(dataset.dataset.clone(), &"0".repeat(32)).unwrap();
    let url = S3Url::parse("s3://landing/sales/a.csv").unwrap();
    let options = Options { mask_key: None, threads, chunk_bytes: CHUNK_BYTES };
    let mut item = Item::with_limits(&dataset, &run, &BatchId::of(&url), 3, &options, limits)?;
    let mut chunks = Vec::new();
    let ended = loop {
        item.begin_input(&url.to_string(), input.len() as u64)?;
        for piece in input.chunks(cut) {
            item.push(piece)?;
            chunks.extend(item.take_output());
        }
        let ended = item.end_input()?;
        if !item.next_pass()? {
            break ended;
        }
        assert!(item.take_output().is_empty(), "a pass that seeks makes nothing");
    };
    let outcome = item.finish()?;
    chunks.extend(item.take_output());
    assert_eq!(ended.rows, outcome.counts.read);
    let mut objects = BTreeMap::<Object, Vec<u8>>::new();
    let mut last = BTreeMap::new();
    for chunk in chunks {
        let before = last.insert(chunk.object.clone(), (chunk.number, chunk.is_last));
        assert_eq!(
            before.unwrap_or((0, false)),
            (chunk.number - 1, false),
            "chunks are in order, none behind the last"
        );
        assert!(chunk.is_last || chunk.bytes.len() == CHUNK_BYTES);
        objects.entry(chunk.object).or_default().extend_from_slice(&chunk.bytes);
    }
    assert!(last.values().all(|(_, is_last)| *is_last), "every object is whole");
    for file in &outcome.files {
        let bytes = &objects[&Object::Parquet(file.key.clone())];
        assert_eq!(bytes.len() as u64, file.size_bytes);
    }
    Ok(Made { outcome, left_out: ended.left_out, objects })
}

fn rows(bytes: &[u8]) -> usize {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::copy_from_slice(bytes)).unwrap();
    reader.build().unwrap().map(|batch| batch.unwrap().num_rows()).sum()
}

/// Rows of many days in turn, with texts that do not compress well.
fn many_days(rows: usize, days: usize) -> String {
    let mut text = "id,day,note\n".to_owned();
    for row in 0..rows {
        let note = model::hash::sha256_hex(&row.to_le_bytes()).repeat(3);
        text += &format!("{row},2013-01-{:02},{note}\n", row % days + 1);
    }
    text
}

#[test]
fn columns_that_no_accepted_row_has_a_value_in_are_named() {
    let yaml = "{dataset: x, landing: x/, format: json, columns: \
                {id: {type: bigint}, amuont: {type: integer}, note: {type: varchar(1)}}}";
    let without_values = |input: &[u8]| make(yaml, input, 7, Limits::BUILD).unwrap().outcome.without_values;
    assert_eq!(without_values(b"{\"id\": 1, \"amount\": 2}\n{\"id\": 2, \"note\": \"a\"}\n"), ["amuont"]);
    assert_eq!(without_values(b"{\"id\": 1}\n{\"id\": \"x\", \"note\": \"a\"}\n"), ["amuont", "note"]);
    assert!(without_values(b"{\"id\": \"x\"}\n").is_empty(), "there is no such row");
}

#[test]
fn every_row_is_in_a_file_or_a_reject() {
    let input = "id,day,note\n1,2013-01-01, x \n,2013-01-01,y\n2,,\nz,2013-01-02,\n3,2013-01-02,a,b\n4,2013-01-01,\n";
    let made = make(SALES, input.as_bytes(), 5, Limits::BUILD).unwrap();
    expect![[r#"
        Outcome {
            counts: Counts {
                read: 6,
                accepted: 3,
                rejected: 3,
                filtered: 0,
                duplicate: 0,
            },
            rejected_by_reason: {
                "missing_value": 1,
                "not_a_number": 1,
                "too_many_fields": 1,
            },
            truncated: {},
            without_values: [],
            files: [
                File {
                    key: "sales/dt=2013-01-01/sluice_run=sales-00000000000000000000000000000000/3-0.parquet",
                    size_bytes: 981,
                    rows: 2,
                    partition: [
                        (
                            "dt",
                            "2013-01-01",
                        ),
                    ],
                },
                File {
                    key: "sales/dt=__HIVE_DEFAULT_PARTITION__/sluice_run=sales-00000000000000000000000000000000/3-0.parquet",
                    size_bytes: 947,
                    rows: 1,
                    partition: [
                        (
                            "dt",
                            "__HIVE_DEFAULT_PARTITION__",
                        ),
                    ],
                },
            ],
            rejects: Some(
                "rejects/sales/sales-00000000000000000000000000000000/3.jsonl",
            ),
        }
    "#]].assert_debug_eq(&made.outcome);
    expect![[r#"
        {"object":"s3://landing/sales/a.csv","line":3,"byte_offset":29,"byte_length":14,"column":"id","reason":"missing_value","message":"it is required, and null here","text":",2013-01-01,y"}
        {"object":"s3://landing/sales/a.csv","line":5,"byte_offset":47,"byte_length":14,"column":"id","reason":"not_a_number","message":"\"z\" is not a whole number","text":"z,2013-01-02,"}
        {"object":"s3://landing/sales/a.csv","line":6,"byte_offset":61,"byte_length":17,"reason":"too_many_fields","message":"the record has 4 field(s), the file has 3 column(s)","text":"3,2013-01-02,a,b"}
    "#]].assert_eq(std::str::from_utf8(made.objects.values().last().unwrap()).unwrap());
}

#[test]
fn files_roll_and_memory_is_bounded_without_losing_a_row() {
    let made = make(SALES, many_days(20_000, 31).as_bytes(), 100_000, SMALL).unwrap();
    assert_eq!(made.outcome.counts, Counts { read: 20_000, accepted: 20_000, ..Counts::default() });
    assert!(made.outcome.files.len() >= 62, "every day has more files than two");
    for file in &made.outcome.files {
        assert_eq!(rows(&made.objects[&Object::Parquet(file.key.clone())]) as u64, file.rows);
    }
    let keys: BTreeSet<_> = made.outcome.files.iter().map(|file| &file.key).collect();
    assert_eq!(keys.len(), made.outcome.files.len());
}

#[test]
fn a_file_of_many_row_groups_comes_in_many_chunks() {
    let limits = Limits { held_bytes: usize::MAX, open_bytes: usize::MAX, file_bytes: usize::MAX, ..SMALL };
    let made = make(SALES, many_days(20_000, 1).as_bytes(), 100_000, limits).unwrap();
    let [file] = made.outcome.files.as_slice() else { panic!("one file") };
    assert!(file.size_bytes > 20 * CHUNK_BYTES as u64);
    let bytes = Bytes::from(made.objects[&Object::Parquet(file.key.clone())].clone());
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    assert!(reader.metadata().num_row_groups() > 2);
}

#[test]
fn cut_anywhere_the_names_and_bytes_are_the_same() {
    let input = many_days(1000, 7).replace("1,2013-01-02", "x,2013-01-02");
    let whole = make(SALES, input.as_bytes(), usize::MAX, SMALL).unwrap();
    assert!(whole.outcome.counts.rejected > 0);
    for cut in [1, 3, 7, 100] {
        assert!(make(SALES, input.as_bytes(), cut, SMALL).unwrap() == whole, "cut every {cut}");
    }
}

#[test]
fn one_thread_or_many_make_the_same_bytes() {
    // Several pieces, and more than one try at a file that is closed for its size.
    let input = many_days(30_000, 7).replace("1,2013-01-02", "x,2013-01-02");
    let one = make_with(SALES, input.as_bytes(), 100_000, SMALL, 1).unwrap();
    assert!(one.outcome.files.len() > 14 && one.outcome.counts.rejected > 0);
    for threads in [2, 3, 8] {
        assert!(make_with(SALES, input.as_bytes(), 1 << 20, SMALL, threads).unwrap() == one, "{threads} threads");
    }
}

/// The rows that are kept, as text, of several pieces' worth of input.
fn kept(dedupe: &str, input: &str) -> (Counts, Vec<String>) {
    let yaml = format!(
        "{{dataset: x, landing: x/, format: csv, rejects: {{max_ratio: 1}}, dedupe: {dedupe}, columns: \
         {{id: {{type: bigint}}, name: {{type: varchar(20)}}, at: {{type: timestamp}}, n: {{type: integer}}}}}}"
    );
    let made = make(&yaml, input.as_bytes(), 7, Limits::BUILD).unwrap();
    let mut rows = Vec::new();
    for file in &made.outcome.files {
        let bytes = Bytes::from(made.objects[&Object::Parquet(file.key.clone())].clone());
        for batch in ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap() {
            let batch = batch.unwrap().project(&[2, 3, 5]).unwrap();
            for row in 0..batch.num_rows() {
                let value = |at: usize| arrow::util::display::array_value_to_string(batch.column(at), row).unwrap();
                rows.push(format!("{} {} {}", value(0), value(1), value(2)));
            }
        }
    }
    (made.outcome.counts, rows)
}

const REPEATED: &str = "id,name,at,n\n1,a,2024-01-02,0\n,x,2024-01-01,1\n2,b,,2\n1,A,2024-01-03,3\n1,a ,2024-01-03,4\n\
    2,c,2024-01-01,5\n1,late,2024-01-09,x\n";

#[test]
fn the_first_row_of_a_key_stays_and_a_key_is_required() {
    let (counts, rows) = kept("{key: [id]}", REPEATED);
    assert_eq!(counts, Counts { read: 7, accepted: 2, rejected: 2, duplicate: 3, ..Counts::default() });
    assert_eq!(rows, ["1 a 0", "2 b 2"]);
    let (counts, rows) = kept("{key: [id, name]}", REPEATED);
    assert_eq!((counts.duplicate, rows.len()), (1, 4), "trailing blanks do not tell keys apart, case does");
}

#[test]
fn the_newest_row_of_a_key_stays_null_is_oldest_and_of_equals_the_later_wins() {
    let (counts, rows) = kept("{key: [id], newest: at}", REPEATED);
    assert_eq!(counts, Counts { read: 7, accepted: 2, rejected: 2, duplicate: 3, ..Counts::default() });
    assert_eq!(rows, ["1 a  4", "2 c 5"], "a row that is rejected wins nothing");
}

#[test]
fn a_file_has_the_physical_types_that_copy_takes() {
    let yaml = "
dataset: types
landing: types/
format: csv
columns:
  a: {type: smallint, required: true}
  b: {type: integer}
  c: {type: bigint}
  d: {type: 'decimal(6,1)'}
  e: {type: 'decimal(14,2)'}
  f: {type: 'decimal(38,4)'}
  g: {type: double}
  h: {type: boolean}
  i: {type: date}
  j: {type: timestamp}
  k: {type: varchar(10)}
";
    let input = "a,b,c,d,e,f,g,h,i,j,k\n1,2,3,4.5,6.78,9,1e3,t,2013-01-01,2013-01-01T01:02:03.000004Z,x\n";
    let made = make(yaml, input.as_bytes(), 100, Limits::BUILD).unwrap();
    let bytes = Bytes::from(made.objects.into_values().next().unwrap());
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    let metadata = reader.metadata().file_metadata();
    let mut text = Vec::new();
    parquet::schema::printer::print_schema(&mut text, metadata.schema());
    expect![[r#"
        message arrow_schema {
          OPTIONAL BYTE_ARRAY _sluice_batch (STRING);
          OPTIONAL BYTE_ARRAY _sluice_run (STRING);
          OPTIONAL INT32 a (INTEGER(16,true));
          OPTIONAL INT32 b;
          OPTIONAL INT64 c;
          OPTIONAL INT32 d (DECIMAL(6,1));
          OPTIONAL INT64 e (DECIMAL(14,2));
          OPTIONAL FIXED_LEN_BYTE_ARRAY (16) f (DECIMAL(38,4));
          OPTIONAL DOUBLE g;
          OPTIONAL BOOLEAN h;
          OPTIONAL INT32 i (DATE);
          OPTIONAL INT64 j (TIMESTAMP(MICROS,false));
          OPTIONAL BYTE_ARRAY k (STRING);
        }
    "#]]
    .assert_eq(std::str::from_utf8(&text).unwrap());
    assert_eq!(metadata.created_by(), Some(concat!("sluice version ", env!("CARGO_PKG_VERSION"), " (build 1)")));
    assert_eq!(metadata.key_value_metadata(), None);
}

#[test]
fn a_partition_too_long_for_a_key_is_the_datas_fault() {
    let yaml = SALES.replace("day(day)", "note");
    let input = format!("id,day,note\n1,,{}\n", "x".repeat(1000));
    let error = make(&yaml, input.as_bytes(), 100, Limits::BUILD).unwrap_err();
    assert_eq!(error.kind(), Kind::Data);
    assert!(chain(&error).starts_with("cannot partition sales-0000"), "{}", chain(&error));
}

#[test]
fn inputs_begin_and_end_in_turn() {
    let dataset = DatasetFile::parse(SALES, "x.yaml").unwrap().dataset;
    let run = RunName::new(dataset.dataset.clone(), &"0".repeat(32)).unwrap();
    let url = S3Url::parse("s3://landing/sales/a.csv").unwrap();
    let mut item = Item::new(
        &dataset,
        &run,
        &BatchId::of(&url),
        0,
        &Options { mask_key: None, threads: 1, chunk_bytes: CHUNK_BYTES },
    )
    .unwrap();
    assert_eq!(item.push(b"x").unwrap_err().kind(), Kind::Bug);
    item.begin_input(&url.to_string(), 12).unwrap();
    assert_eq!(item.begin_input(&url.to_string(), 12).unwrap_err().kind(), Kind::Bug);
    assert_eq!(item.finish().unwrap_err().kind(), Kind::Bug);
    item.push(b"id,day,note\n").unwrap();
    assert_eq!(item.end_input().unwrap().rows, 0);
    let outcome = item.finish().unwrap();
    assert_eq!((outcome.files.len(), outcome.rejects, outcome.counts), (0, None, Counts::default()));
}

#[test]
fn a_file_is_whole_as_soon_as_it_is_closed() {
    let dataset = DatasetFile::parse(SALES, "x.yaml").unwrap().dataset;
    let run = RunName::new(dataset.dataset.clone(), &"0".repeat(32)).unwrap();
    let url = S3Url::parse("s3://landing/sales/a.csv").unwrap();
    let options = Options { mask_key: None, threads: 2, chunk_bytes: CHUNK_BYTES };
    let mut item = Item::new(&dataset, &run, &BatchId::of(&url), 0, &options).unwrap();
    item.begin_input(&url.to_string(), 60).unwrap();
    item.push(b"id,day,note\n1,2013-01-01,a\n2,2013-01-02,b\n3,2013-01-03,c\n").unwrap();
    assert_eq!(item.close_next().unwrap_err().kind(), Kind::Bug, "the input has not ended");
    item.end_input().unwrap();
    for _ in 0..3 {
        assert!(item.close_next().unwrap());
        assert_eq!(item.take_output().iter().map(|chunk| chunk.is_last).collect::<Vec<_>>(), [true]);
    }
    assert!(!item.close_next().unwrap());
    assert_eq!(item.finish().unwrap().files.len(), 3);
    assert!(item.take_output().is_empty(), "nothing is handed out twice");
}

/// What a file may be made of, well or badly. `\xff` is no UTF-8 wherever it stands.
const PIECES: &[&[u8]] = &[b"1", b"x", b",", b"\n", b"\"", b"\"\"", b"2013-01-01", "\u{ff}".as_bytes(), b"\xff", b"\0"];

#[test]
fn every_piece_that_is_no_utf8_is_a_reject() {
    let bad = PIECES.iter().filter(|piece| std::str::from_utf8(piece).is_err());
    let input: Vec<u8> = bad.flat_map(|piece| [b"1,2013-01-01,", *piece, b"\n"].concat()).collect();
    let made = make(&SALES.replace("format: csv", "format: csv\ncsv: {header: false}"), &input, 11, SMALL).unwrap();
    assert_eq!(made.outcome.rejected_by_reason, [("invalid_encoding".to_owned(), 1)].into());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn rows_read_are_rows_accepted_and_rejected(
        input in prop::collection::vec(prop::sample::select(PIECES), 0..200),
    ) {
        // The equation is held by `finish`: an input that can be read ends well.
        match make(&SALES.replace("format: csv", "format: csv\ncsv: {header: false}"), &input.concat(), 11, SMALL) {
            Ok(made) => {
                let rejects = made.objects.iter().filter(|(object, _)| matches!(object, Object::Rejects(_)));
                let lines: usize = rejects.map(|(_, bytes)| bytes.iter().filter(|byte| **byte == b'\n').count()).sum();
                prop_assert_eq!(lines as u64, made.outcome.counts.rejected);
            }
            Err(error) => prop_assert_eq!(error.kind(), Kind::Data),
        }
    }
}

#[test]
fn a_contract_names_what_no_column_reads() {
    let json = "{\"id\": 1, \"Of\": {\"n\": 2, \"m\": 3}, \"bag\": {\"x\": 1}}\n\
                {\"id\": 2, \"known\": 1, \"region\": \"north\"}\n\
                {\"id\": \"a reject\", \"b.c\": 0, \"REGION\": 1}\n";
    let xml = "<r><row id='1'><of><n>2</n></of><bag><x/></bag></row>\n<row id='2' v='1' xsi:nil='false' \
               xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><known/><p:region xmlns:p='u'>n</p:region></row></r>";
    let columns = |id: &str, n: &str| {
        format!(
            "{{id: {{type: bigint, from: '{id}'}}, n: {{type: integer, from: '{n}'}}, bag: {{type: super}}}}, \
             drop: [Known], rejects: {{max_ratio: 1}}"
        )
    };
    let json_dataset = |contract: &str| {
        format!("{{dataset: x, landing: x/, format: json, columns: {}{contract}}}", columns("id", "of.n"))
    };
    let xml_dataset = |contract: &str| {
        let columns = columns("@id", "of/n");
        format!("{{dataset: x, landing: x/, format: xml, xml: {{row: row}}, columns: {columns}{contract}}}")
    };
    for cut in [1, 3, 7, 1000] {
        let left_out =
            |yaml: &str, text: &str| make(yaml, text.as_bytes(), cut, Limits::BUILD).map(|made| made.left_out);
        assert_eq!(left_out(&json_dataset(", contract: freeze"), json).unwrap(), ["region", "\"b.c\"", "REGION"]);
        assert_eq!(left_out(&json_dataset(""), json).unwrap(), [""; 0], "nobody asked");
        assert_eq!(left_out(&xml_dataset(", contract: freeze"), xml).unwrap(), ["@v", "region"]);
        let error = left_out(&xml_dataset(", contract: reject"), xml).unwrap_err();
        expect![[r#"cannot read s3://landing/sales/a.csv: it has what the dataset has not: `@v` (first on line 2), `region` (first on line 2); `contract: reject` refuses that: make it a column (where columns are found: `contract: evolve`), `drop` what is known and not read, or write `contract: freeze` to leave it out"#]]
            .assert_eq(&chain(&error));
    }
}

/// The names that a contract leaves out of one file of a dataset, whose columns and sections these are.
fn left_out(format: &str, columns: &str, text: &str) -> Vec<String> {
    let yaml = format!("{{dataset: x, landing: x/, format: {format}, contract: freeze, columns: {columns}}}");
    make(&yaml, text.as_bytes(), 50, Limits::BUILD).unwrap().left_out
}

#[test]
fn what_is_read_in_whole_or_in_part_is_not_new() {
    let json = |columns: &str, text: &str| left_out("json", columns, text);
    let of = "{\"of\": {\"n\": 1, \"lines\": [{\"sku\": 4, \"x\": 6}]}}\n";
    let sku = "sku: {type: integer, from: of.lines.sku}";
    assert_eq!(json(&format!("{{{sku}}}, json: {{explode: of.lines}}"), of), ["of.n", "of.lines.x"]);
    let whole = format!("{{doc: {{type: varchar(100), from: of}}, {sku}}}, json: {{explode: of.lines}}");
    assert_eq!(json(&whole, of), [""; 0], "a text column takes the object's JSON");
    let rows = "{\"items\": [{\"sku\": 1}], \"a.b\": 1, \"id \": 1, \".\": 1}\n";
    let columns =
        "{sku: {type: integer, from: 'items[0].sku'}, ab: {type: integer, from: '\"a.b\"'}, id: {type: integer}}";
    assert_eq!(json(columns, rows), ["id ", "\".\""], "white space belongs to a key");

    let xml = |columns: &str, text: &str| left_out("xml", &format!("{columns}, xml: {{row: r}}"), text);
    let text = "<f><r><n unit='kg'>5</n><of k='1'/><x:m xmlns:x='u'>1</x:m></r><r>note<new/></r></f>";
    let columns = "{n: {type: integer}, d: {type: integer, from: of/n}, m: {type: integer, from: 'y:m'}}";
    assert_eq!(xml(columns, text), ["new", "."], "a prefix counts where both are told");
    assert_eq!(xml("{row: {type: super, from: .}}", text), [""; 0]);
}

#[test]
fn names_of_records_are_not_told_where_a_column_is_masked_and_stay_on_one_line() {
    let text = "{\"id\": \"1\", \"a\\nb\\u001b\": 1}\n{\"ann@example.com\": 1}\n";
    assert_eq!(left_out("json", "{id: {type: varchar(9)}}", text), ["a\\nb\\u{1b}", "\"ann@example.com\""]);
    let masked = "{id: {type: varchar(9), mask: last4}}";
    assert_eq!(left_out("json", masked, text), ["names that are not shown, since a column is masked"]);
}

#[test]
fn of_endless_names_the_first_hundred_are_told() {
    let text: String = (0..300).map(|n| format!("{{\"id\": 1, \"key {n}\": 2}}\n")).collect();
    let yaml = "{dataset: x, landing: x/, format: json, columns: {id: {type: bigint}}, contract: freeze}";
    let left_out = make(yaml, text.as_bytes(), 100, Limits::BUILD).unwrap().left_out;
    assert_eq!((left_out.len(), left_out[99].as_str()), (100, "key 99"));
}
