//! Cases of facts/redshift-copy.md.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int16Array,
    Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
};

use super::case::{Case, Entry, case};

const COPY: &str = "COPY $s.t FROM '$m' IAM_ROLE $role FORMAT AS PARQUET MANIFEST";

fn longs(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn decimals(value: i128, precision: u8, scale: i8) -> ArrayRef {
    Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(precision, scale).unwrap())
}

/// A table, a file and the manifest of it.
fn table(name: &'static str, columns: &str, file: Vec<(&str, ArrayRef)>) -> Case {
    case(name).file("f.parquet", file).runs(&format!("CREATE TABLE $s.t ({columns})"))
}

fn line(key: &'static str) -> Entry {
    Entry { key, mandatory: true, length: None, meta: true }
}

pub fn cases() -> Vec<Case> {
    let mut cases = columns();
    cases.extend(manifests());
    cases.extend(options());
    cases.extend(types());
    cases.extend(mismatches());
    cases
}

fn columns() -> Vec<Case> {
    let one = || vec![("a", longs(&[1]))];
    vec![
        table("copy_maps_by_position", "a bigint, b bigint", vec![("b", longs(&[1])), ("a", longs(&[2]))])
            .runs(COPY)
            .answers("SELECT a, b FROM $s.t", &["1|2"]),
        table("copy_appends", "a bigint", one())
            .runs(COPY)
            .runs(COPY)
            .answers("SELECT COUNT(*), SUM(a) FROM $s.t", &["2|2"]),
        table("copy_counts_columns", "a bigint, b bigint", one())
            .fails(COPY, "Unmatched number of columns between table and file. Table columns: 2, Data columns: 1"),
        table(
            "copy_takes_a_column_list",
            "a bigint, b bigint DEFAULT 7, c bigint, d bigint",
            vec![("x", longs(&[1])), ("y", longs(&[2]))],
        )
        .runs(&COPY.replace("$s.t", "$s.t (c, a)"))
        .answers("SELECT * FROM $s.t", &["2|7|1|null"])
        .fails(&COPY.replace("$s.t", "$s.t (a)"), "nmatched number of columns")
        .fails(&COPY.replace("$s.t", "$s.t (a, z)"), "column \"z\""),
        table("copy_leaves_out_no_column_that_needs_a_value", "a bigint, b bigint NOT NULL", one())
            .fails(&COPY.replace("$s.t", "$s.t (a)"), ""),
        table(
            "copy_uses_no_default_without_a_list",
            "a bigint DEFAULT 7",
            vec![("a", Arc::new(Int64Array::from(vec![None])))],
        )
        .runs(COPY)
        .answers("SELECT a FROM $s.t", &["null"]),
        table("fillrecord_fills_with_null", "a bigint, b bigint DEFAULT 7", one())
            .runs(&format!("{COPY} FILLRECORD"))
            .answers("SELECT * FROM $s.t", &["1|null"]),
        table("fillrecord_takes_no_more_columns", "a bigint", vec![("a", longs(&[1])), ("b", longs(&[1]))])
            .fails(&format!("{COPY} FILLRECORD"), "nmatched number of columns"),
        table(
            "a_null_into_not_null_fails_the_copy",
            "a bigint NOT NULL",
            vec![("a", Arc::new(Int64Array::from(vec![Some(1), None])))],
        )
        .fails(COPY, "")
        .answers("SELECT COUNT(*) FROM $s.t", &["0"]),
    ]
}

fn manifests() -> Vec<Case> {
    let one = || vec![("a", longs(&[1]))];
    let table = |name| table(name, "a bigint", one());
    let mut without_meta = table("an_entry_needs_its_meta");
    without_meta.manifest = vec![Entry { meta: false, ..line("f.parquet") }];
    let mut wrong = table("an_entry_needs_its_true_length");
    wrong.manifest = vec![Entry { length: Some(1_000_000), ..line("f.parquet") }];
    let mut none = table("a_copy_without_any_file_fails");
    none.manifest = vec![Entry { mandatory: false, ..line("gone.parquet") }];
    let mut prefix = table("an_entry_is_a_whole_key");
    prefix.manifest = vec![line("f")];
    vec![
        without_meta.fails(COPY, "File entry does not have 'meta' key."),
        wrong.fails(COPY, "416"),
        none.fails(COPY, ""),
        prefix.fails(COPY, ""),
        table("an_optional_file_may_be_missing")
            .entry(Entry { mandatory: false, ..line("gone.parquet") })
            .runs(COPY)
            .answers("SELECT a FROM $s.t", &["1"]),
        table("a_mandatory_file_may_not_be_missing").entry(line("gone.parquet")).fails(COPY, ""),
        table("a_url_twice_is_loaded_twice")
            .entry(line("f.parquet"))
            .runs(COPY)
            .answers("SELECT COUNT(*) FROM $s.t", &["2"]),
        table("a_segment_of_a_path_is_no_column")
            .file("dt=2024-01-01/g.parquet", vec![("a", longs(&[2]))])
            .runs(COPY)
            .answers("SELECT a FROM $s.t ORDER BY a", &["1", "2"]),
        case("a_manifest_must_be_there").runs("CREATE TABLE $s.t (a bigint)").fails(COPY, ""),
    ]
}

fn options() -> Vec<Case> {
    let one = || vec![("a", longs(&[1]))];
    vec![
        table("truncatecolumns_is_not_for_parquet", "a bigint", one()).fails(
            &format!("{COPY} TRUNCATECOLUMNS"),
            "TRUNCATECOLUMNS argument is not supported for PARQUET based COPY",
        ),
        table("other_options_are_not_for_parquet", "a bigint", one())
            .fails(&format!("{COPY} MAXERROR 10"), "")
            .fails(&format!("{COPY} COMPUPDATE OFF"), "")
            .fails(&format!("{COPY} NULL AS 'x'"), "")
            .fails(&format!("{COPY} GZIP"), ""),
        table("statupdate_is_for_parquet", "a bigint", one()).runs(&format!("{COPY} STATUPDATE ON")),
        table("a_copy_needs_an_authorization", "a bigint", one()).fails(&COPY.replace(" IAM_ROLE $role", ""), ""),
    ]
}

fn types() -> Vec<Case> {
    let all = vec![
        ("s", Arc::new(Int16Array::from(vec![-7])) as ArrayRef),
        ("i", Arc::new(Int32Array::from(vec![8]))),
        ("l", longs(&[9])),
        ("n", decimals(12345, 18, 2)),
        ("w", decimals(-5, 38, 4)),
        ("r", Arc::new(Float32Array::from(vec![0.25]))),
        ("f", Arc::new(Float64Array::from(vec![1.25]))),
        ("b", Arc::new(BooleanArray::from(vec![true]))),
        ("d", Arc::new(Date32Array::from(vec![19_000]))),
        ("m", Arc::new(TimestampMicrosecondArray::from(vec![1_500_000]))),
        ("v", texts(&["ä"])),
    ];
    let columns = "s smallint, i integer, l bigint, n decimal(18,2), w decimal(38,4), r real, f double precision, \
                   b boolean, d date, m timestamp, v varchar(2)";
    let nulls = vec![
        ("a", Arc::new(Int64Array::from(vec![None])) as ArrayRef),
        ("v", Arc::new(StringArray::from(vec![None::<&str>]))),
    ];
    vec![
        table("every_type_loads_from_its_physical_type", columns, all)
            .runs(COPY)
            .answers("SELECT * FROM $s.t", &["-7|8|9|123.45|-0.0005|0.25|1.25|true|2022-01-08|1970-01-01 00:00:01.5|ä"]),
        table("nulls_load", "a bigint, v varchar(9)", nulls).runs(COPY).answers("SELECT a, v FROM $s.t", &["null|null"]),
        table("a_varbyte_loads_from_bytes", "c varbyte(3)", vec![("c", Arc::new(BinaryArray::from(vec![&b"\0\xff"[..]])))])
            .runs(COPY),
        table("a_text_is_measured_in_bytes", "v varchar(3)", vec![("v", texts(&["abc", "ää"]))])
            .fails(COPY, "")
            .answers("SELECT COUNT(*) FROM $s.t", &["0"])
            .answers(
                "SELECT TRIM(error_message) FROM sys_load_error_detail WHERE error_message LIKE '%Table: 3, Data: 4%' LIMIT 1",
                &["The length of the data column v is longer than the length defined in the table. Table: 3, Data: 4"],
            ),
        table("a_char_takes_single_bytes", "c char(3)", vec![("c", texts(&["ä"]))]).fails(COPY, ""),
        table("a_super_needs_serializetojson", "c super", vec![("c", texts(&["{}"]))])
            .fails(COPY, "SUPER column in COPY query requires SERIALIZETOJSON option"),
    ]
}

/// Values that go into no column of the type; the client's text is often cut, so that only that it fails is certain.
fn mismatches() -> Vec<Case> {
    let ints = || Arc::new(Int32Array::from(vec![1])) as ArrayRef;
    let doubles = || Arc::new(Float64Array::from(vec![1.0])) as ArrayRef;
    let micros = || Arc::new(TimestampMicrosecondArray::from(vec![1])) as ArrayRef;
    let of = |name, ty: &str, values| table(name, &format!("c {ty}"), vec![("c", values)]).fails(COPY, "");
    vec![
        of("a_bigint_is_no_integer", "integer", longs(&[1])),
        of("a_bigint_is_no_smallint", "smallint", longs(&[1])),
        of("a_bigint_is_no_varchar", "varchar(9)", longs(&[1])),
        of("a_bigint_is_no_double", "double precision", longs(&[1])),
        of("a_double_is_no_decimal", "decimal(10,2)", doubles()),
        of("a_decimal_is_no_double", "double precision", decimals(1, 10, 2)),
        of("an_integer_is_no_boolean", "boolean", ints()),
        of("a_timestamp_is_no_date", "date", micros()),
        of("a_text_is_no_timestamp", "timestamp", texts(&["2024-01-01"])),
    ]
}
