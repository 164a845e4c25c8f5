use chrono::{DateTime, Days, NaiveDate};
use model::dataset::DatasetFile;
use proptest::prelude::*;

use super::*;
use crate::text::Field;

fn text(kind: Kind, value: Scalar<'_>) -> String {
    let mut out = String::new();
    kind.write(value, &mut out);
    out
}

fn decimal(scale: u32, bytes: &[u8]) -> String {
    text(Kind::Decimal { precision: 38, scale }, Scalar::Bytes(bytes))
}

const fn timestamp(unit: Unit) -> Kind {
    Kind::Timestamp { unit, is_utc: false }
}

#[test]
fn numbers_are_written_exactly() {
    let whole = |value| text(Kind::Whole, value);
    assert_eq!(whole(Scalar::Signed(i64::MIN)), "-9223372036854775808");
    assert_eq!(whole(Scalar::Unsigned(u64::MAX)), "18446744073709551615");
    assert_eq!(text(Kind::Boolean, Scalar::Boolean(true)), "true");
    let double = |value| text(Kind::Float, Scalar::Double(value));
    assert_eq!(double(0.1), "0.1");
    assert_eq!(double(1500.0), "1500", "a whole number reads as one: pandas writes them so where one is missing");
    assert_eq!(double(-0.0), "-0");
    assert_eq!(double(1e300), "1e300");
    assert_eq!(double(4_611_686_018_427_387_904.0), "4611686018427387904", "all digits of what a decimal holds");
    assert_eq!(double(9_007_199_254_740_993.0), "9007199254740992");
    assert_eq!(double(1e-8), "1e-8");
    assert_eq!(double(f64::NAN), "NaN");
    assert_eq!(double(f64::NEG_INFINITY), "-inf");
    assert_eq!(text(Kind::Float, Scalar::Single(0.1)), "0.1");
    assert_eq!(text(Kind::Float, Scalar::Single(16_777_216.0)), "16777216");
    assert_eq!(text(Kind::Float, Scalar::Single(half([0x00, 0x3e]))), "1.5");
}

#[test]
fn a_decimal_keeps_its_digits_and_its_scale() {
    assert_eq!(decimal(2, &[0x04, 0xd2]), "12.34");
    assert_eq!(decimal(2, &[0xfb, 0x2e]), "-12.34");
    assert_eq!(decimal(0, &[0xff]), "-1");
    assert_eq!(decimal(3, &[0x05]), "0.005");
    assert_eq!(decimal(2, &[0]), "0.00");
    assert_eq!(decimal(2, &[0xff; 40]), "-0.01");
    assert_eq!(decimal(0, &[0x80; 1]), "-128");
    assert_eq!(text(Kind::Decimal { precision: 38, scale: 2 }, Scalar::Signed(-5)), "-0.05");
    assert_eq!(text(Kind::Decimal { precision: 38, scale: 0 }, Scalar::Signed(i64::MIN)), "-9223372036854775808");
    let most = [&[0x7f][..], &[0xff; 15]].concat();
    assert_eq!(decimal(0, &most), i128::MAX.to_string());
    let least = [&[0x80][..], &[0; 15]].concat();
    assert_eq!(decimal(0, &least), i128::MIN.to_string());
    assert_eq!(decimal(0, &[&[0x00, 0x80][..], &[0; 15]].concat()), (1u128 << 127).to_string());
    assert_eq!(decimal(0, &[&[0xff][..], &[0; 17]].concat()), "-87112285931760246646623899502532662132736");
    assert_eq!(decimal(20, &[&[0x01][..], &[0; 16]].concat()), "3402823669209384634.63374607431768211456");
}

#[test]
fn days_and_times_are_iso_8601() {
    assert_eq!(text(Kind::Date, Scalar::Signed(0)), "1970-01-01");
    assert_eq!(text(Kind::Date, Scalar::Signed(-719_528)), "0000-01-01");
    assert_eq!(text(Kind::Date, Scalar::Signed(-719_529)), "-0001-12-31");
    assert_eq!(text(Kind::Date, Scalar::Signed(2_932_897)), "+10000-01-01");
    assert_eq!(text(Kind::Time(Unit::Millis), Scalar::Signed(86_399_999)), "23:59:59.999000");
    assert_eq!(text(Kind::Time(Unit::Nanos), Scalar::Signed(1)), "00:00:00.000000001");
    assert_eq!(text(Kind::Time(Unit::Micros), Scalar::Signed(86_400_000_000)), "86400000000", "no time of day");
    assert_eq!(text(timestamp(Unit::Micros), Scalar::Signed(-1)), "1969-12-31T23:59:59.999999");
    assert_eq!(text(timestamp(Unit::Nanos), Scalar::Signed(-1)), "1969-12-31T23:59:59.999999999");
    let utc = Kind::Timestamp { unit: Unit::Millis, is_utc: true };
    assert_eq!(text(utc, Scalar::Signed(1_700_000_000_123)), "2023-11-14T22:13:20.123000Z");
    assert_eq!(text(utc, Scalar::Signed(i64::MAX)), "+292278994-08-17T07:12:55.807000Z");
    assert_eq!(
        text(timestamp(Unit::Nanos), Scalar::Moment(253_402_300_799, 999_999_000)),
        "9999-12-31T23:59:59.999999"
    );
    assert_eq!(text(timestamp(Unit::Nanos), Scalar::Moment(0, -1)), "0 s -1 ns", "no moment");
}

#[test]
fn ids_durations_and_what_does_not_go_with_its_kind() {
    let id: Vec<u8> = (0..16).collect();
    assert_eq!(text(Kind::Uuid, Scalar::Bytes(&id)), "00010203-0405-0607-0809-0a0b0c0d0e0f");
    assert_eq!(text(Kind::Uuid, Scalar::Bytes(&id[..2])), "0001");
    let duration = |months: u32, days: u32, millis: u32| {
        let bytes = [months, days, millis].map(u32::to_le_bytes).concat();
        text(Kind::Duration, Scalar::Bytes(&bytes))
    };
    assert_eq!(duration(14, 3, 90_000), "P14M3DT90S");
    assert_eq!(duration(0, 0, 0), "PT0S");
    assert_eq!(duration(1, 0, 0), "P1M");
    assert_eq!(duration(0, 2, 5), "P2DT0.005S");
    assert_eq!(duration(u32::MAX, u32::MAX, u32::MAX), "P4294967295M4294967295DT4294967.295S");
}

proptest! {
    #[test]
    fn every_day_is_the_one_that_chrono_knows(days in -700_000i64..2_900_000) {
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        let day = match u64::try_from(days) {
            Ok(days) => epoch.checked_add_days(Days::new(days)),
            Err(_) => epoch.checked_sub_days(Days::new(days.unsigned_abs())),
        };
        prop_assert_eq!(text(Kind::Date, Scalar::Signed(days)), day.unwrap().to_string());
    }

    #[test]
    fn every_moment_is_the_one_that_chrono_knows(nanos in any::<i64>()) {
        let moment = DateTime::from_timestamp_nanos(nanos).naive_utc();
        let shown = text(timestamp(Unit::Nanos), Scalar::Signed(nanos));
        prop_assert_eq!(shown.parse::<chrono::NaiveDateTime>().unwrap(), moment);
    }

    #[test]
    fn every_double_reads_back(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        let shown = text(Kind::Float, Scalar::Double(value));
        prop_assert!(value.is_nan() || shown.parse::<f64>().unwrap().to_bits() == bits, "{}", shown);
    }

    #[test]
    fn every_single_reads_back(bits in any::<u32>()) {
        let value = f32::from_bits(bits);
        let shown = text(Kind::Float, Scalar::Single(value));
        prop_assert!(value.is_nan() || shown.parse::<f32>().unwrap().to_bits() == bits, "{}", shown);
    }

    #[test]
    fn a_decimal_of_any_length_has_the_digits_of_its_number(value in any::<i128>(), more in 0usize..30) {
        let fill = if value < 0 { 0xff } else { 0 };
        let bytes = [vec![fill; more], value.to_be_bytes().to_vec()].concat();
        prop_assert_eq!(decimal(0, &bytes), value.to_string());
        // As the digits of a fraction they are the same.
        let shown = decimal(40, &bytes);
        prop_assert_eq!(shown.replace("0.", "").replace(['-', '0'], ""), value.to_string().replace(['-', '0'], ""));
    }
}

fn rows(yaml: &str) -> Rows {
    let dataset = DatasetFile::parse(yaml, "x.yaml").unwrap().dataset;
    Rows::new(Arc::new(Columns::of(&dataset)))
}

const YAML: &str = "
dataset: x
landing: x/
format: avro
limits: {field_bytes: 10, record_bytes: 15}
columns: {a: {type: varchar(100)}, b: {type: super}, c: {type: varbyte(100)}}
";

#[test]
fn a_value_without_a_text_rejects_its_row_alone() {
    let mut rows = rows(YAML);
    rows.add_block(100, 20, 4).unwrap();
    rows.add_rows(4);
    let mut bytes = |row, column, bytes: &[u8]| {
        rows.write(row, column, |out| {
            out.scalar(if column == 2 { Kind::Binary } else { Kind::Text }, Scalar::Bytes(bytes));
            Ok(true)
        })
        .unwrap();
    };
    bytes(0, 0, b"a\0");
    bytes(0, 1, b"\xff");
    bytes(1, 1, b"ab\xffc");
    bytes(1, 2, b"\xff\x00");
    bytes(2, 0, b"kept");
    bytes(2, 1, b"");
    bytes(2, 2, b"\xff\x00");
    bytes(3, 0, b"0123456789");
    bytes(3, 1, b"{\"a\":1}");
    let batch = rows.finish();
    let rejects: Vec<_> =
        batch.rejects.iter().map(|reject| (reject.reason.code(), &*reject.message, &*reject.text)).collect();
    assert_eq!(
        rejects,
        [
            ("nul_byte", "byte 2 of the value is NUL", r#"{"a":null,"b":null,"c":null}"#),
            ("invalid_encoding", "byte 3 of the value is no UTF-8", r#"{"a":null,"b":null,"c":"ff00"}"#),
            (
                "too_long",
                "the row has 17 bytes as text, limits.record_bytes is 15",
                r#"{"a":"0123456789","b":"{\"a\":1}","c":null}"#
            ),
        ]
    );
    let position = batch.rejects[1].position;
    assert_eq!((position.line, position.byte_offset, position.byte_length), (1, 100, 20));
    assert_eq!((batch.rows_read(), batch.rows()), (4, 1));
    let fields: Vec<_> = (0..3).map(|column| batch.column(column).next().unwrap()).collect();
    assert_eq!(fields, [Field::Text("kept"), Field::Text(""), Field::Text("ff00")]);
}

#[test]
fn json_holds_what_is_nested_exactly() {
    let mut rows = rows(&YAML.replace("{field_bytes: 10, record_bytes: 15}", "{}"));
    rows.add_block(0, 0, 1).unwrap();
    rows.add_rows(1);
    rows.write(0, 1, |out| {
        for (kind, value) in [
            (Kind::Text, Scalar::Bytes(b"a\"\0")),
            (Kind::Binary, Scalar::Bytes(b"\x01\xff")),
            (Kind::Decimal { precision: 38, scale: 1 }, Scalar::Signed(-5)),
            (Kind::Float, Scalar::Double(1e300)),
            (Kind::Date, Scalar::Signed(0)),
            (Kind::Boolean, Scalar::Boolean(false)),
        ] {
            out.push(",");
            out.json_scalar(kind, value);
        }
        Ok(true)
    })
    .unwrap();
    let batch = rows.finish();
    let expected = r#","a\"\u0000","01ff",-0.5,1e300,"1970-01-01",false"#;
    assert_eq!(batch.column(1).next(), Some(Field::Text(expected)));
}

#[test]
fn a_value_that_is_too_long_is_read_to_its_end() {
    let mut rows = rows(YAML);
    rows.add_block(0, 0, 1).unwrap();
    rows.add_rows(1);
    rows.write(0, 1, |out| {
        (0..1000).for_each(|_| out.json_text("abc"));
        Ok(true)
    })
    .unwrap();
    let batch = rows.finish();
    assert_eq!(batch.made, "", "nothing is kept of it");
    assert_eq!(batch.rejects[0].message, "the value is longer than limits.field_bytes, 10 bytes");
}

#[test]
fn a_few_bytes_do_not_expand_without_end() {
    let mut rows = rows(YAML);
    rows.most_bytes = 20;
    rows.add_rows(3);
    let mut write = |row| {
        rows.write(row, 0, |out| {
            out.scalar(Kind::Text, Scalar::Bytes(b"0123456789"));
            Ok(true)
        })
    };
    assert_eq!((write(0), write(1)), (Ok(()), Ok(())));
    assert!(write(2).unwrap_err().starts_with("its values are more than 20 bytes as text"));
}

#[test]
fn more_fields_than_a_batch_holds_are_refused_before_they_are_made() {
    let mut rows = rows(YAML);
    assert!(rows.add_block(0, 0, MAX_FIELDS as u64 / 3 + 1).is_err());
    assert!(rows.add_block(0, 0, u64::MAX).is_err());
    assert!(rows.add_block(0, 0, 10).is_ok());
}

mod columns_by_name {
    use super::names::{Tree, paths, unread};
    use super::*;

    /// Fields by the number of their record; a field with a record's number in brackets is one.
    struct Fields(&'static [&'static [&'static str]]);

    impl Tree for Fields {
        type At = usize;

        fn root(&self) -> usize {
            0
        }

        fn fields(&self, at: usize) -> Vec<(&str, usize)> {
            let fields = self.0.get(at).copied().unwrap_or_default();
            let split = |field: &'static str| {
                field.split_once('>').map_or((field, 99), |(name, at)| (name, at.parse().unwrap()))
            };
            fields.iter().map(|field| split(field)).collect()
        }
    }

    fn find(columns: &str, fields: &'static [&'static [&'static str]]) -> Result<Vec<Vec<usize>>, String> {
        let yaml = format!("{{dataset: x, landing: x/, format: parquet, columns: {{{columns}}}}}");
        paths(&DatasetFile::parse(&yaml, "x.yaml").unwrap().dataset, &Fields(fields))
    }

    #[test]
    fn a_name_is_found_as_written_then_without_case_then_as_a_path() {
        let fields: &[&[&str]] = &[&["ID", "id", "Name ", "a.b", "a>1", "extra"], &["B", "c>2"], &["d"]];
        assert_eq!(find("id: {type: bigint}, name: {type: bigint}", fields), Ok(vec![vec![1], vec![2]]));
        assert_eq!(find("x: {type: bigint, from: ID}", fields), Ok(vec![vec![0]]));
        assert_eq!(
            find("x: {type: bigint, from: a.b}", fields),
            Ok(vec![vec![3]]),
            "a column of the whole name is first"
        );
        assert_eq!(find("x: {type: bigint, from: '\"a\".b'}", fields), Ok(vec![vec![4, 0]]));
        assert_eq!(
            find("x: {type: bigint, from: a.c.d}, y: {type: super, from: A}", fields),
            Ok(vec![vec![4, 1, 0], vec![4]])
        );
    }

    #[test]
    fn a_contract_names_what_no_column_reads() {
        let fields: &[&[&str]] = &[&["id", "a.b", "a>1", "Extra", "bag>1", "known"], &["B", "c"]];
        let yaml = "dataset: x\nlanding: x/\nformat: parquet\ncontract: freeze\ndrop: [KNOWN]\ncolumns: {id: {type: bigint}, \
                    b: {type: bigint, from: '\"a\".b'}, bag: {type: super}";
        let unread = |yaml: String| unread(&DatasetFile::parse(&yaml, "x.yaml").unwrap().dataset, &Fields(fields));
        assert_eq!(unread(format!("{yaml}}}")), Ok(vec!["a.b".to_owned(), "Extra".to_owned()]));
        let whole = format!("{yaml}, ab: {{type: bigint, from: a.b}}}}");
        assert_eq!(unread(whole.clone()), Ok(vec!["Extra".to_owned()]));
        let dropped = yaml.replace("[KNOWN]", "[KNOWN, a.b]");
        assert_eq!(unread(format!("{dropped}}}")), Ok(vec!["Extra".to_owned()]));
        assert_eq!(unread(whole.replace("contract: freeze\n", "")), Ok(Vec::new()), "nobody asked");
    }

    #[test]
    fn what_is_not_found_is_told_with_what_is_nearest() {
        let fields: &[&[&str]] = &[&["Customer", "day", "DAY", "a>1"], &["x"]];
        let yaml = "costumer: {type: bigint}, q: {type: date, from: Day}, b: {type: bigint, from: a.y}, \
                    c: {type: bigint, from: 'a[0]'}, zzz: {type: bigint}, d: {type: bigint, from: day.x}";
        assert_eq!(
            find(yaml, fields).unwrap_err(),
            "the file has no column `costumer`; the nearest is `customer`; \
             the file has the column `Day` 2 times, but for case: `from` says which is meant; \
             the file has no column `a.y`: there is no `y`; \
             column `a[0]`: places in an array are not read; read the whole as a super; \
             the file has no column `zzz`; \
             the file has no column `day.x`: there is no `x`"
        );
    }
}
