use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field};
use expect_test::expect;
use model::dataset::DatasetFile;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::data_type::Int32Type;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

use super::*;
use crate::typed::shown::show;

const YAML: &str = "
dataset: x
landing: x/
format: parquet
columns:
  id: {type: bigint}
  name: {type: varchar(100)}
  x: {type: double, from: pair.x}
  list: {type: super}
";

/// Which of the ranges that are wanted comes next.
type Next = fn(&[Range<u64>], usize) -> usize;

const IN_ORDER: Next = |_, _| 0;

/// What a file becomes: its rows and rejects, and why it cannot be read further. The most that was held comes with it.
fn read_as(yaml: &str, bytes: &[u8], sizes: Sizes, next: Next) -> (String, u64) {
    let dataset = DatasetFile::parse(yaml, "x.yaml").unwrap().dataset;
    let mut reader = ParquetReader::new(&dataset, bytes.len() as u64, sizes);
    let (mut shown, mut lines, mut most, mut turn) = (String::new(), 0, 0, 0);
    let mut result = Ok(());
    while result.is_ok() {
        let wants = reader.wants();
        let Some(range) = wants.get(next(&wants, turn)) else { break };
        let places = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        result = reader.push(range.start, Bytes::copy_from_slice(&bytes[places]));
        most = most.max(reader.held_bytes());
        turn += 1;
        while let Some(piece) = RangedReader::take(&mut reader) {
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
    }
    if let Err(Unreadable { line, what, .. }) = result {
        writeln!(shown, "row {}: {what}", lines + line + 1).unwrap();
    }
    (shown, most)
}

fn read(bytes: &[u8]) -> String {
    read_as(YAML, bytes, Sizes::BUILD, IN_ORDER).0
}

/// Sizes that a small file meets, too.
const SMALL: Sizes = Sizes {
    end_bytes: 16,
    held_bytes: 1000,
    range_bytes: 200,
    least_bytes: 20,
    gap_bytes: 10,
    piece_bytes: 300,
    piece_rows: 7,
};

fn rows(rows: i32) -> RecordBatch {
    let numbers = || 0..rows;
    let ids = Int64Array::from_iter(numbers().map(|n| (n % 11 != 3).then(|| i64::from(n) << (n % 40))));
    let names =
        StringArray::from_iter(numbers().map(|n| (n % 7 != 2).then(|| "näme".repeat(usize::try_from(n % 5).unwrap()))));
    let x = Float64Array::from_iter_values(numbers().map(|n| f64::from(n) / 3.0));
    let y = Int32Array::from_iter_values(numbers());
    let pair = StructArray::from(vec![
        (Arc::new(Field::new("y", DataType::Int32, false)), Arc::new(y) as ArrayRef),
        (Arc::new(Field::new("x", DataType::Float64, false)), Arc::new(x) as ArrayRef),
    ]);
    let lengths: Vec<usize> = numbers().map(|n| usize::try_from(n * 7 % 23 % 6).unwrap()).collect();
    let items = StringArray::from_iter((0..lengths.iter().sum::<usize>()).map(|n| (n % 5 != 1).then(|| n.to_string())));
    let item = Arc::new(Field::new_list_field(DataType::Utf8, true));
    let list = ListArray::new(item, OffsetBuffer::from_lengths(lengths), Arc::new(items), None);
    let columns: [(&str, ArrayRef); 4] =
        [("id", Arc::new(ids)), ("name", Arc::new(names)), ("pair", Arc::new(pair)), ("list", Arc::new(list))];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn small_pages() -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_data_page_row_count_limit(9)
        .set_write_batch_size(5)
        .set_data_page_size_limit(100)
        .set_statistics_enabled(EnabledStatistics::None)
}

fn file(batch: &RecordBatch, properties: WriterPropertiesBuilder) -> Vec<u8> {
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

/// A file of one column, written page by page as old writers did.
fn written(message: &str, write: impl FnOnce(&mut SerializedFileWriter<Vec<u8>>)) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(message).unwrap());
    let properties = small_pages().set_dictionary_enabled(false).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    write(&mut writer);
    writer.into_inner().unwrap()
}

fn one(bytes: &[u8], from: &str, kind: &str) -> String {
    let yaml =
        format!("{{dataset: x, landing: x/, format: parquet, columns: {{v: {{type: '{kind}', from: '{from}'}}}}}}");
    read_as(&yaml, bytes, Sizes::BUILD, IN_ORDER).0
}

#[test]
fn a_file_is_the_same_whatever_is_asked_for_at_once_and_whatever_comes_first() {
    let batch = rows(70);
    let last: Next = |wants, _| wants.len().saturating_sub(1);
    let mixed: Next = |wants, turn| turn * 7 % wants.len().max(1);
    let whole = read(&file(&batch, small_pages()));
    assert_eq!(whole.lines().count(), 70, "{whole}");
    for properties in [
        small_pages(),
        small_pages().set_writer_version(WriterVersion::PARQUET_2_0),
        small_pages().set_dictionary_enabled(false).set_compression(Compression::SNAPPY),
        small_pages().set_max_row_group_row_count(Some(30)),
        WriterProperties::builder(),
    ] {
        let bytes = file(&batch, properties);
        let tiny = Sizes {
            end_bytes: 8,
            held_bytes: 1,
            range_bytes: 7,
            least_bytes: 5,
            gap_bytes: 0,
            piece_bytes: 1,
            piece_rows: 1,
        };
        for sizes in
            [Sizes::BUILD, SMALL, Sizes { held_bytes: u64::MAX, ..SMALL }, tiny, Sizes { piece_rows: 50, ..SMALL }]
        {
            for next in [IN_ORDER, last, mixed] {
                assert_eq!(read_as(YAML, &bytes, sizes, next).0, whole, "{sizes:?}");
            }
        }
    }
}

#[test]
fn only_columns_that_are_read_are_fetched() {
    let bytes = file(&rows(2000), WriterProperties::builder());
    let yaml = "{dataset: x, landing: x/, format: parquet, columns: {x: {type: double, from: pair.x}}}";
    let dataset = DatasetFile::parse(yaml, "x.yaml").unwrap().dataset;
    let sizes = Sizes { end_bytes: 1500, gap_bytes: 0, ..Sizes::BUILD };
    let mut reader = ParquetReader::new(&dataset, bytes.len() as u64, sizes);
    let mut fetched = 0;
    while let Some(range) = reader.wants().first().cloned() {
        fetched += range.end - range.start;
        let places = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        reader.push(range.start, Bytes::copy_from_slice(&bytes[places])).unwrap();
    }
    assert!(fetched < bytes.len() as u64 / 2, "{fetched} of {} bytes", bytes.len());
}

#[test]
fn a_row_group_is_never_held_as_a_whole() {
    let names = (0..200_000).map(|n: i32| model::hash::sha256_hex(&n.to_le_bytes()));
    let names: ArrayRef = Arc::new(StringArray::from_iter_values(names));
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..200_000));
    let batch = RecordBatch::try_from_iter([("id", ids), ("name", names)]).unwrap();
    let pages = WriterProperties::builder().set_dictionary_enabled(false).set_data_page_size_limit(10_000);
    let bytes = file(&batch, pages.set_write_batch_size(100));
    let yaml = "{dataset: x, landing: x/, format: parquet, columns: {id: {type: bigint}, name: {type: varchar(100)}}}";
    let sizes =
        Sizes { held_bytes: 400_000, least_bytes: 10_000, piece_bytes: 50_000, end_bytes: 1000, ..Sizes::BUILD };
    let (shown, most) = read_as(yaml, &bytes, sizes, IN_ORDER);
    assert_eq!(shown.lines().count(), 200_000);
    assert!(bytes.len() > 10_000_000 && most < 600_000, "{most} of {} bytes were held", bytes.len());
}

#[test]
fn lists_of_old_writers_are_lists() {
    let levels =
        |writer: &mut SerializedFileWriter<Vec<u8>>, definition: &[i16], repetition: &[i16], values: &[i32]| {
            let mut group = writer.next_row_group().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<Int32Type>().write_batch(values, Some(definition), Some(repetition)).unwrap();
            column.close().unwrap();
            group.close().unwrap();
        };
    let bare =
        written("message m { repeated int32 v; }", |writer| levels(writer, &[1, 1, 0, 1], &[0, 1, 0, 0], &[1, 2, 3]));
    expect![[r#"
        1 [1,2]
        2 []
        3 [3]
    "#]]
    .assert_eq(&one(&bare, "v", "super"));
    let two = "message m { optional group v (LIST) { repeated int32 array; } }";
    let two = written(two, |writer| levels(writer, &[2, 2, 1, 0], &[0, 1, 0, 0], &[1, 2]));
    expect![[r#"
        1 [1,2]
        2 []
        3 -
    "#]]
    .assert_eq(&one(&two, "v", "super"));
    let tuple = "message m { optional group v (LIST) { repeated group v_tuple { required int32 a; } } }";
    let tuple = written(tuple, |writer| levels(writer, &[2, 2, 1, 0], &[0, 1, 0, 0], &[1, 2]));
    expect![[r#"
        1 [{"a":1},{"a":2}]
        2 []
        3 -
    "#]]
    .assert_eq(&one(&tuple, "v", "super"));
    expect![[r#"
        row 1: the file has no column `v.v_tuple.a`: there is no `v_tuple`
    "#]]
    .assert_eq(&one(&tuple, "v.v_tuple.a", "integer"));
}

#[test]
fn rows_that_take_no_bytes_are_counted_before_they_are_made() {
    let nulls: ArrayRef = Arc::new(Int32Array::new_null(3_000_000));
    let batch = RecordBatch::try_from_iter([("v", nulls)]).unwrap();
    let bytes = file(
        &batch,
        WriterProperties::builder().set_data_page_row_count_limit(3_000_000).set_write_batch_size(3_000_000),
    );
    let yaml =
        "{dataset: x, landing: x/, format: parquet, limits: {expansion_ratio: 40}, columns: {v: {type: integer}}}";
    expect![[r#"
        row 1: the file has 3000000 rows of 1 columns in 779 bytes: more than limits.expansion_ratio, 40, allows
    "#]]
    .assert_eq(&read_as(yaml, &bytes, Sizes::BUILD, IN_ORDER).0);
}

/// A file whose footer is the given bytes.
fn footed(footer: &[u8]) -> Vec<u8> {
    let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
    [b"PAR1", footer, &length, b"PAR1"].concat()
}

#[test]
fn what_a_footer_claims_is_held_against_what_is_there() {
    expect![[r#"
        row 1: the file is no Parquet: it is too short
    "#]]
    .assert_eq(&read(b""));
    expect![[r#"
        row 1: the file says that its footer has 827474256 bytes: more than it has itself; was it cut off?
    "#]]
    .assert_eq(&read(b"PAR1PAR1"));
    expect![[r#"
        row 1: the file says that its footer has 2147483647 bytes: more than it has itself; was it cut off?
    "#]]
    .assert_eq(&read(b"PAR1\xff\xff\xff\x7fPAR1"));
    expect![[r#"
        row 1: the footer is broken: its bytes end inside of a value
    "#]]
    .assert_eq(&read(&footed(b"")));
    expect![[r#"
        row 1: the footer is broken: Parquet error: Required field version is missing
    "#]]
    .assert_eq(&read(&footed(b"\0")));
    // A schema of a billion elements, one of a group with a billion children, one nested without end.
    expect![[r#"
        row 1: the footer is broken: it has too many values
    "#]]
    .assert_eq(&read(&footed(b"\x15\x02\x19\xfc\xff\xff\xff\xff\x03")));
    expect![[r#"
        row 1: the footer is broken: a group of its schema has 1073741823 children, of 1 in all
    "#]]
    .assert_eq(&read(&footed(b"\x15\x02\x19\x1c\x55\xfe\xff\xff\xff\x07\0\0")));
    let nested = [&b"\x15\x02\x19\xfc\xe8\x07"[..], &b"\x55\x02\0".repeat(1000), b"\0"].concat();
    expect![[r#"
        row 1: the footer is broken: its schema is nested more than 64 deep
    "#]]
    .assert_eq(&read(&footed(&nested)));
    // A billion row groups.
    let groups = b"\x15\x02\x19\x1c\x48\x01m\0\x16\x00\x19\xfc\xff\xff\xff\xff\x03";
    expect![[r#"
        row 1: the footer is broken: it has too many values
    "#]]
    .assert_eq(&read(&footed(groups)));
}

#[test]
fn a_page_that_claims_too_much_is_told() {
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values((0..50).map(|n| format!("text {n}"))));
    let batch = RecordBatch::try_from_iter([("v", texts)]).unwrap();
    for encoding in [Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY] {
        let properties = WriterProperties::builder().set_dictionary_enabled(false).set_encoding(encoding);
        let bytes = file(&batch, properties.set_statistics_enabled(EnabledStatistics::None));
        assert_eq!(one(&bytes, "v", "varchar(10)").lines().count(), 50);
        // The header of packed numbers: blocks of 128 in 4 parts, 50 numbers. Here they are to be many more.
        let place = bytes.windows(4).position(|bytes| bytes == [0x80, 1, 4, 50]).unwrap();
        let mut many = bytes.clone();
        many[place + 3] = 0x7f;
        let expected =
            "row 1: row group 1: the page at byte 4 of column `v`: it has 127 packed numbers, of 50 values\n";
        assert_eq!(one(&many, "v", "varchar(10)"), expected);
    }
}

#[test]
fn a_page_that_is_no_page_is_told() {
    let bytes = file(&rows(50), small_pages());
    let mut torn = bytes.clone();
    torn[4..60].fill(0xff);
    expect![[r#"
        row 1: row group 1: column `id`, at byte 4: 15 is no kind of value
    "#]]
    .assert_eq(&read(&torn));
    let mut zeros = bytes;
    zeros[4..60].fill(0);
    expect![[r#"
        row 1: row group 1: column `id`, at byte 4: the header of a page lacks its length
    "#]]
    .assert_eq(&read(&zeros));
}

/// Files that are odd in many ways: good ones, changed here and there.
fn odd() -> impl Strategy<Value = Vec<u8>> {
    let changes =
        prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![any::<u8>(), Just(0xff), Just(0)]), 1..6);
    let kinds = (any::<bool>(), any::<bool>(), any::<bool>());
    (0i32..60, changes, kinds, prop::bool::weighted(0.2)).prop_map(
        |(count, changes, (v2, dictionary, is_packed), is_cut)| {
            let mut properties = small_pages().set_dictionary_enabled(dictionary);
            if v2 {
                properties = properties.set_writer_version(WriterVersion::PARQUET_2_0);
            }
            if is_packed {
                properties = properties.set_compression(Compression::SNAPPY);
            }
            let mut bytes = file(&rows(count), properties);
            for (place, byte) in &changes {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            if is_cut {
                let start = changes[0].0.index(bytes.len());
                bytes.drain(start..start + (bytes.len() - start) / 3);
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_odd_file_is_read_or_told(bytes in odd()) {
        read(&bytes);
        read_as(YAML, &bytes, SMALL, IN_ORDER);
    }

    #[test]
    fn any_footer_is_read_or_told(footer in prop::collection::vec(prop_oneof![Just(0x15u8), Just(0x19), Just(0x1c), any::<u8>()], 0..100)) {
        read(&footed(&footer));
    }

    #[test]
    fn any_header_of_a_page_is_read_or_told(bytes in prop::collection::vec(prop_oneof![Just(0x15u8), Just(0x2c), Just(0), any::<u8>()], 0..60)) {
        if let Ok((header, length)) = page::Header::read(&bytes) {
            prop_assert!(length <= bytes.len() && header.length <= page::MAX_BYTES);
        }
    }

    #[test]
    fn levels_are_counted_as_they_were_written(levels in prop::collection::vec(0u8..4, 0..300), runs in any::<bool>()) {
        // Of two bits: runs of one level, or groups of eight.
        let mut bytes = Vec::new();
        for group in levels.chunks(8) {
            if runs {
                group.iter().for_each(|level| bytes.extend([2, *level]));
            } else {
                let packed = group.iter().enumerate().fold(0u16, |all, (n, level)| all | u16::from(*level) << (2 * n));
                bytes.push(3);
                bytes.extend(packed.to_le_bytes());
            }
        }
        let zeros = levels.iter().filter(|level| **level == 0).count() as u64;
        let is_inside = levels.first().is_some_and(|level| *level != 0);
        prop_assert_eq!(levels::count_zeros(&bytes, 2, levels.len() as u64), Ok((zeros, is_inside)));
        prop_assert!(levels::count_zeros(&bytes, 2, levels.len() as u64 + 8).is_err());
    }
}
