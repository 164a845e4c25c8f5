use expect_test::{Expect, expect};
use model::dataset::DatasetFile;

use super::*;
use crate::encoding::Encoding;
use crate::text::{Empty, Form, Origin, Record, Span};

/// Types one text a row as the column says; a reject is shown with its code.
fn check(column: &str, texts: &[&str], expected: Expect) {
    let yaml = format!("{{dataset: x, landing: x/, format: csv, nulls: ['NULL'], columns: {{c: {{{column}}}}}}}");
    let dataset = DatasetFile::parse(&yaml, "x.yaml").unwrap().dataset;
    let raw = texts.concat();
    let mut spans = Vec::new();
    let mut records = Vec::new();
    let mut start = 0;
    for (text, line) in texts.iter().zip(1..) {
        let end = start + text.len();
        spans.push(Span::new(start..end, Form::Raw));
        let short = |place| u32::try_from(place).unwrap();
        records.push(Record { start: short(start), end: short(end), line });
        start = end;
    }
    let batch = TextBatch {
        raw,
        made: String::new(),
        spans,
        width: 1,
        order: [0].into(),
        records,
        rejects: Vec::new(),
        read: texts.len() as u64,
        lines: 0,
        origin: Origin { encoding: Encoding::Utf8, byte_offset: 0 },
        empty: Empty::Null,
    };
    let Typed { columns, good, rejects } = Caster::new(&dataset).unwrap().cast(&batch).unwrap();
    assert_eq!(good.map_or(texts.len(), |good| good.len()) + rejects.len(), texts.len());

    let options = arrow::util::display::FormatOptions::new().with_null("null");
    let shown = arrow::util::display::ArrayFormatter::try_new(columns.column(0), &options).unwrap();
    let lines =
        texts.iter().zip(1..).map(|(text, line)| match rejects.iter().find(|reject| reject.position.line == line) {
            Some(reject) => format!("{text:?}: {}: {}\n", reject.reason.code(), reject.message),
            None => format!("{text:?} = {}\n", shown.value(line as usize - 1)),
        });
    expected.assert_eq(&lines.collect::<String>());
}

#[test]
fn whole_numbers_have_digits_only() {
    check(
        "type: smallint",
        &[
            "32767",
            "-32768",
            "+7",
            "007",
            "32768",
            "-99999999999999999999",
            "1.0",
            " 1",
            "1e3",
            "-",
            "",
            "NULL",
            "null",
        ],
        expect![[r#"
            "32767" = 32767
            "-32768" = -32768
            "+7" = 7
            "007" = 7
            "32768": out_of_range: "32768" is out of range: smallint holds -32768 to 32767
            "-99999999999999999999": out_of_range: "-99999999999999999999" is out of range: smallint holds -32768 to 32767
            "1.0": not_a_number: "1.0" is not a whole number
            " 1": not_a_number: " 1" is not a whole number
            "1e3": not_a_number: "1e3" is not a whole number
            "-": not_a_number: "-" is not a whole number
            "" = null
            "NULL" = null
            "null": not_a_number: "null" is not a whole number
        "#]],
    );
    check(
        "type: integer",
        &["2147483647", "2147483648"],
        expect![[r#"
        "2147483647" = 2147483647
        "2147483648": out_of_range: "2147483648" is out of range: integer holds -2147483648 to 2147483647
    "#]],
    );
    check(
        "type: bigint",
        &["-9223372036854775808", "9223372036854775808"],
        expect![[r#"
        "-9223372036854775808" = -9223372036854775808
        "9223372036854775808": out_of_range: "9223372036854775808" is out of range: bigint holds -9223372036854775808 to 9223372036854775807
    "#]],
    );
}

#[test]
fn decimals_are_exact_and_never_rounded() {
    check(
        "type: 'decimal(5,2)'",
        &["1", "-1.5", "+.25", "3.", "999.99", "1000", "1.234", "1.2300", "-0", ".", "-", "1e2", "1,5", "0001.10"],
        expect![[r#"
            "1" = 1.00
            "-1.5" = -1.50
            "+.25" = 0.25
            "3." = 3.00
            "999.99" = 999.99
            "1000": out_of_range: "1000" is out of range of decimal(5,2)
            "1.234": too_precise: "1.234" has more than 2 digit(s) behind the point
            "1.2300" = 1.23
            "-0" = 0.00
            ".": not_a_number: "." is not a decimal number
            "-": not_a_number: "-" is not a decimal number
            "1e2": not_a_number: "1e2" is not a decimal number
            "1,5": not_a_number: "1,5" is not a decimal number
            "0001.10" = 1.10
        "#]],
    );
    check(
        "type: 'decimal(38,0)'",
        &["99999999999999999999999999999999999999", "-100000000000000000000000000000000000000"],
        expect![[r#"
            "99999999999999999999999999999999999999" = 99999999999999999999999999999999999999
            "-100000000000000000000000000000000000000": out_of_range: "-100000000000000000000000000000000000000" is out of range of decimal(38,0)
        "#]],
    );
    check(
        "type: 'decimal(19,0)'",
        &["9223372036854775807", "9223372036854775808"],
        expect![[r#"
        "9223372036854775807" = 9223372036854775807
        "9223372036854775808": out_of_range: "9223372036854775808" is out of range of decimal(19,0)
    "#]],
    );
}

#[test]
fn doubles_are_finite() {
    check(
        "type: double",
        &["1.5", "-2e-3", ".5", "5.", "1e308", "1e309", "nan", "Infinity", "-inf", "0x1", "1.797e308x"],
        expect![[r#"
            "1.5" = 1.5
            "-2e-3" = -0.002
            ".5" = 0.5
            "5." = 5.0
            "1e308" = 1e308
            "1e309": out_of_range: "1e309" is out of range of a double
            "nan": not_a_number: "nan" is not a number
            "Infinity": not_a_number: "Infinity" is not a number
            "-inf": not_a_number: "-inf" is not a number
            "0x1": not_a_number: "0x1" is not a number
            "1.797e308x": not_a_number: "1.797e308x" is not a number
        "#]],
    );
}

#[test]
fn booleans_are_words() {
    check(
        "type: boolean",
        &["TRUE", "f", "Yes", "n", "1", "0", "2", "on"],
        expect![[r#"
        "TRUE" = true
        "f" = false
        "Yes" = true
        "n" = false
        "1" = true
        "0" = false
        "2": not_a_boolean: "2" is none of true, false, t, f, yes, no, y, n, 1 or 0
        "on": not_a_boolean: "on" is none of true, false, t, f, yes, no, y, n, 1 or 0
    "#]],
    );
}

#[test]
fn days_are_iso_without_formats() {
    check(
        "type: date",
        &["2013-01-31", "2012-02-29", "2013-02-29", "0000-01-01", "0001-01-01", "9999-12-31", "2013-1-31", "20130131"],
        expect![[r#"
            "2013-01-31" = 2013-01-31
            "2012-02-29" = 2012-02-29
            "2013-02-29": not_a_date: "2013-02-29" is not a date as ISO 8601 writes it
            "0000-01-01": out_of_range: "0000-01-01" is out of range: years are 1 to 9999
            "0001-01-01" = 0001-01-01
            "9999-12-31" = 9999-12-31
            "2013-1-31": not_a_date: "2013-1-31" is not a date as ISO 8601 writes it
            "20130131": not_a_date: "20130131" is not a date as ISO 8601 writes it
        "#]],
    );
}

#[test]
fn the_first_format_that_gives_a_day_wins() {
    check(
        "type: date, formats: ['%Y-%m-%d', '%d/%m/%Y', '%m/%d/%Y', '%d.%m.%y']",
        &[
            "2013-01-31",
            "31/01/2013",
            "02/03/2013",
            "01/31/2013",
            "31/02/2013",
            "1.2.99",
            "10000-01-01",
            "20/11/26",
            "x",
        ],
        expect![[r#"
            "2013-01-31" = 2013-01-31
            "31/01/2013" = 2013-01-31
            "02/03/2013" = 2013-03-02
            "01/31/2013" = 2013-01-31
            "31/02/2013": not_a_date: "31/02/2013" is not a date by %Y-%m-%d, %d/%m/%Y, %m/%d/%Y, %d.%m.%y
            "1.2.99" = 1999-02-01
            "10000-01-01": not_a_date: "10000-01-01" is not a date by %Y-%m-%d, %d/%m/%Y, %m/%d/%Y, %d.%m.%y
            "20/11/26": not_a_date: "20/11/26" is not a date by %Y-%m-%d, %d/%m/%Y, %m/%d/%Y, %d.%m.%y
            "x": not_a_date: "x" is not a date by %Y-%m-%d, %d/%m/%Y, %m/%d/%Y, %d.%m.%y
        "#]],
    );
}

#[test]
fn a_day_with_a_time_of_day_is_a_reject() {
    check(
        "type: date, formats: ['%Y-%m-%dT%H:%M:%S%.f', '%Y%m%d %I%p%M', '%s', '%Y-%m-%d %H:%M%z']",
        &[
            "2013-01-31T00:00:00",
            "2013-01-31T00:00:00.000",
            "2013-01-31T10:00:00",
            "2013-01-31T00:00:00.000001",
            "20130131 12AM00",
            "20130131 12PM00",
            "1357000000",
            "1356998400",
            "2013-01-31 00:00+0000",
            "2013-01-31 00:00+0100",
            "2013-01-31",
        ],
        expect![[r#"
            "2013-01-31T00:00:00" = 2013-01-31
            "2013-01-31T00:00:00.000" = 2013-01-31
            "2013-01-31T10:00:00": too_precise: "2013-01-31T10:00:00" has a time of day, which a date does not keep
            "2013-01-31T00:00:00.000001": too_precise: "2013-01-31T00:00:00.000001" has a time of day, which a date does not keep
            "20130131 12AM00" = 2013-01-31
            "20130131 12PM00": too_precise: "20130131 12PM00" has a time of day, which a date does not keep
            "1357000000": too_precise: "1357000000" has a time of day, which a date does not keep
            "1356998400" = 2013-01-01
            "2013-01-31 00:00+0000" = 2013-01-31
            "2013-01-31 00:00+0100": zone_offset: "2013-01-31 00:00+0100" is not in UTC; time zones are not supported yet
            "2013-01-31": not_a_date: "2013-01-31" is not a date by %Y-%m-%dT%H:%M:%S%.f, %Y%m%d %I%p%M, %s, %Y-%m-%d %H:%M%z
        "#]],
    );
}

#[test]
fn moments_are_iso_without_formats() {
    check(
        "type: timestamp",
        &[
            "2013-01-31",
            "2013-01-31T23:59:59",
            "2013-01-31 23:59:59.5",
            "1969-12-31T23:59:59.999999Z",
            "2013-01-31T00:00:00+00:00",
            "2013-01-31T00:00:00+01:00",
            "2013-01-31T00:00:00.1234560000",
            "2013-01-31T00:00:00.1234567",
            "2013-01-31T00:00:00.1234560000001",
            "2013-01-31T24:00:00",
            "2013-01-31T23:59:60",
            "2013-01-31T23:59",
            "2013-01-31T00:00:00.",
            "2013-01-31T00:00:00 UTC",
        ],
        expect![[r#"
            "2013-01-31" = 2013-01-31T00:00:00
            "2013-01-31T23:59:59" = 2013-01-31T23:59:59
            "2013-01-31 23:59:59.5" = 2013-01-31T23:59:59.500
            "1969-12-31T23:59:59.999999Z" = 1969-12-31T23:59:59.999999
            "2013-01-31T00:00:00+00:00" = 2013-01-31T00:00:00
            "2013-01-31T00:00:00+01:00": zone_offset: "2013-01-31T00:00:00+01:00" is not in UTC; time zones are not supported yet
            "2013-01-31T00:00:00.1234560000" = 2013-01-31T00:00:00.123456
            "2013-01-31T00:00:00.1234567": too_precise: "2013-01-31T00:00:00.1234567" has more than 6 digits of a second
            "2013-01-31T00:00:00.1234560000001": too_precise: "2013-01-31T00:00:00.1234560000001" has more than 6 digits of a second
            "2013-01-31T24:00:00": not_a_timestamp: "2013-01-31T24:00:00" is not a timestamp as ISO 8601 writes it
            "2013-01-31T23:59:60": not_a_timestamp: "2013-01-31T23:59:60" is not a timestamp as ISO 8601 writes it
            "2013-01-31T23:59": not_a_timestamp: "2013-01-31T23:59" is not a timestamp as ISO 8601 writes it
            "2013-01-31T00:00:00.": not_a_timestamp: "2013-01-31T00:00:00." is not a timestamp as ISO 8601 writes it
            "2013-01-31T00:00:00 UTC": not_a_timestamp: "2013-01-31T00:00:00 UTC" is not a timestamp as ISO 8601 writes it
        "#]],
    );
}

#[test]
fn moments_by_format_are_in_utc() {
    check(
        "type: timestamp, formats: ['%Y-%m-%dT%H:%M:%SZ', '%d.%m.%Y', '%s', '%Y%m%d %H%M%S%z', '%H:%M:%S%.f %Y-%m-%d']",
        &[
            "2013-01-01T10:00:00Z",
            "31.01.2013",
            "1357000000",
            "20130101 100000+0000",
            "20130101 100000+0100",
            "10:00:00.123456 2013-01-01",
            "10:00:00.1234567 2013-01-01",
            "2013-01-01T10:00:60Z",
            "2013-01-01T10:00:00",
        ],
        expect![[r#"
            "2013-01-01T10:00:00Z" = 2013-01-01T10:00:00
            "31.01.2013" = 2013-01-31T00:00:00
            "1357000000" = 2013-01-01T00:26:40
            "20130101 100000+0000" = 2013-01-01T10:00:00
            "20130101 100000+0100": zone_offset: "20130101 100000+0100" is not in UTC; time zones are not supported yet
            "10:00:00.123456 2013-01-01" = 2013-01-01T10:00:00.123456
            "10:00:00.1234567 2013-01-01": too_precise: "10:00:00.1234567 2013-01-01" has more than 6 digits of a second
            "2013-01-01T10:00:60Z": not_a_timestamp: "2013-01-01T10:00:60Z" is not a timestamp by %Y-%m-%dT%H:%M:%SZ, %d.%m.%Y, %s, %Y%m%d %H%M%S%z, %H:%M:%S%.f %Y-%m-%d
            "2013-01-01T10:00:00": not_a_timestamp: "2013-01-01T10:00:00" is not a timestamp by %Y-%m-%dT%H:%M:%SZ, %d.%m.%Y, %s, %Y%m%d %H%M%S%z, %H:%M:%S%.f %Y-%m-%d
        "#]],
    );
}

#[test]
fn lengths_are_bytes_after_cleaning() {
    check(
        "type: varchar(4), clean: [trim, upper], nulls: ['-']",
        &["  ab ", "éé", "ééa", "   ", "-", " - ", "straß", "NULL"],
        expect![[r#"
            "  ab " = AB
            "éé" = ÉÉ
            "ééa": too_long: "ÉÉA" has 5 bytes, varchar(4) holds 4
            "   " = null
            "-" = null
            " - " = -
            "straß": too_long: "STRASS" has 6 bytes, varchar(4) holds 4
            "NULL" = null
        "#]],
    );
}

#[test]
fn null_is_a_reject_where_a_value_is_required() {
    check(
        "type: integer, required: true",
        &["1", "", "NULL"],
        expect![[r#"
        "1" = 1
        "": missing_value: it is required, and null here
        "NULL": missing_value: it is required, and null here
    "#]],
    );
}

#[test]
fn a_format_that_gives_no_day_is_refused() {
    for (format, expected) in [
        ("%H:%M", "the format `%H:%M` gives no whole day"),
        ("%Y-%m", "the format `%Y-%m` gives no whole day"),
        ("%Y-%m-%d %S", "the format `%Y-%m-%d %S` gives no whole day"),
        ("%Y-%m-%d %p", "the format `%Y-%m-%d %p` gives no whole day"),
        ("%Q", "`%Q` is no format of a date or timestamp"),
    ] {
        assert_eq!(time::Formats::new(&[format.to_owned()]).unwrap_err(), expected);
    }
}

#[test]
fn a_format_with_a_zones_name_is_refused() {
    let yaml =
        "{dataset: x, landing: x/, format: csv, columns: {c: {type: timestamp, formats: ['%F %T', '%F %T %Z']}}}";
    let error = Caster::new(&DatasetFile::parse(yaml, "x.yaml").unwrap().dataset).unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    expect!["cannot read column `c` of dataset x: the format `%F %T %Z` is not supported: `%Z` names a zone, and names are not read: use %z for an offset, or a Z as it stands"].assert_eq(&model::error::chain(&error));
    // An offset, a Z as it stands, and a percent sign before one are what they were.
    for format in ["%F %T%z", "%F %T%:z", "%F %TZ", "%F %T %%Z"] {
        assert!(time::Formats::new(&[format.to_owned()]).is_ok(), "{format}");
    }
}
