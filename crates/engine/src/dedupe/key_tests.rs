use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int16Array, Int32Array,
    Int64Array, Time64MicrosecondArray, TimestampMicrosecondArray,
};
use model::dataset::DatasetFile;
use model::error::chain;
use proptest::prelude::*;

use super::*;

/// A dataset of columns `c0`, `c1`, … with these types, and its key columns: all of them.
fn columns(types: &[&str]) -> Result<KeyColumns> {
    let columns: String = types.iter().enumerate().map(|(n, kind)| format!("c{n}: {{type: \"{kind}\"}}, ")).collect();
    let names: Vec<_> = (0..types.len()).map(|n| format!("c{n}")).collect();
    let yaml = format!(
        "{{dataset: x, landing: x/, format: csv, columns: {{{columns}}}, dedupe: {{key: [{}]}}}}",
        names.join(", ")
    );
    let dataset = DatasetFile::parse(&yaml, "x.yaml")?.dataset;
    let dedupe = dataset.dedupe.clone().unwrap();
    KeyColumns::new(&dataset, &dedupe)
}

fn batch(arrays: Vec<ArrayRef>) -> RecordBatch {
    RecordBatch::try_from_iter(arrays.into_iter().enumerate().map(|(n, array)| (format!("c{n}"), array))).unwrap()
}

/// For each row, the first row with the same key.
fn same(types: &[&str], arrays: Vec<ArrayRef>) -> Vec<usize> {
    let keys = columns(types).unwrap().keys(&batch(arrays), None).unwrap();
    let of = |row: usize| match keys.words() {
        Words::Narrow(keys) => Wide::from(u128::from(keys[row])),
        Words::Wide(keys) => keys[row],
    };
    (0..keys.len()).map(|row| (0..=row).find(|earlier| of(*earlier) == of(row)).unwrap()).collect()
}

fn text(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[test]
fn every_type_that_can_be_compared_makes_a_key() {
    let decimal = |precision| -> ArrayRef {
        let values = Decimal128Array::from(vec![-1, 1, 0, 1]);
        Arc::new(values.with_precision_and_scale(precision, 2).unwrap())
    };
    let utc = TimestampMicrosecondArray::from(vec![-1, 1, 0, 1]).with_timezone("UTC");
    let cases: [(&str, ArrayRef); 15] = [
        ("smallint", Arc::new(Int16Array::from(vec![-1, 1, 0, 1]))),
        ("integer", Arc::new(Int32Array::from(vec![-1, 1, 0, 1]))),
        ("bigint", Arc::new(Int64Array::from(vec![-1, 1, 0, 1]))),
        ("date", Arc::new(Date32Array::from(vec![-1, 1, 0, 1]))),
        ("time", Arc::new(Time64MicrosecondArray::from(vec![2, 1, 0, 1]))),
        ("timestamp", Arc::new(TimestampMicrosecondArray::from(vec![-1, 1, 0, 1]))),
        ("timestamptz", Arc::new(utc)),
        ("real", Arc::new(Float32Array::from(vec![-1.0, 1.0, 0.0, 1.0]))),
        ("double", Arc::new(Float64Array::from(vec![-1.0, 1.0, 0.0, 1.0]))),
        ("decimal(18,2)", decimal(18)),
        ("decimal(19,2)", decimal(19)),
        ("decimal(38,2)", decimal(38)),
        ("char(9)", text(&["a", "b", "", "b"])),
        ("varchar(9)", text(&["a", "b", "", "b"])),
        ("varbyte(9)", Arc::new(BinaryArray::from(vec![&b"a"[..], b"b", b"", b"b"]))),
    ];
    for (kind, array) in cases {
        assert_eq!(same(&[kind], vec![Arc::clone(&array)]), [0, 1, 2, 1], "{kind}");
        let number: ArrayRef = Arc::new(Int16Array::from(vec![7, 7, 7, 8]));
        assert_eq!(same(&[kind, "smallint"], vec![array, number]), [0, 1, 2, 3], "{kind} and another column");
    }
    let booleans: ArrayRef = Arc::new(BooleanArray::from(vec![true, false, true]));
    assert_eq!(same(&["boolean", "boolean"], vec![Arc::clone(&booleans), booleans]), [0, 1, 0]);
}

#[test]
fn a_super_is_no_key() {
    let error = columns(&["bigint", "super"]).unwrap_err();
    assert_eq!(
        chain(&error),
        "cannot read `dedupe.key` of dataset x: column `c1` is super, whose values cannot be compared"
    );
}

#[test]
fn keys_are_as_wide_as_their_columns() {
    let form = |types: &[&str]| columns(types).unwrap().form;
    for types in [&["bigint"][..], &["integer", "date"], &["decimal(18,0)"], &["smallint", "boolean", "real"]] {
        assert_eq!(form(types), Form::Narrow, "{types:?}");
    }
    for types in [&["bigint", "boolean"][..], &["decimal(19,0)"], &["double", "timestamp"]] {
        assert_eq!(form(types), Form::Wide, "{types:?}");
    }
    for types in [&["char(1)"][..], &["decimal(19,0)", "boolean"], &["bigint", "bigint", "boolean"]] {
        assert_eq!(form(types), Form::Hash, "{types:?}");
    }
}

#[test]
fn texts_are_equal_without_their_trailing_blanks() {
    let texts = ["a", "a  ", " a", "a\t", "a\u{a0}", "", "  ", "a"];
    assert_eq!(same(&["varchar(9)"], vec![text(&texts)]), [0, 0, 2, 3, 4, 5, 5, 0]);
    let number: ArrayRef = Arc::new(Int64Array::from(vec![1; 8]));
    assert_eq!(same(&["varchar(9)", "bigint"], vec![text(&texts), number]), [0, 0, 2, 3, 4, 5, 5, 0]);
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![&b"a"[..], b"a "]));
    assert_eq!(same(&["varbyte(9)"], vec![bytes]), [0, 1]);
}

#[test]
fn where_one_text_ends_and_the_next_begins_matters() {
    let [one, two] = [["ab", "a", "", "abc"], ["c", "bc", "abc", ""]].map(|texts| text(&texts));
    assert_eq!(same(&["varchar(9)", "varchar(9)"], vec![one, two]), [0, 1, 2, 3]);
}

#[test]
fn minus_zero_is_zero() {
    let double: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0, f64::MIN_POSITIVE, -f64::MIN_POSITIVE]));
    let real: ArrayRef = Arc::new(Float32Array::from(vec![0.0, -0.0, 1.0, -1.0]));
    assert_eq!(same(&["double"], vec![Arc::clone(&double)]), [0, 0, 2, 3]);
    assert_eq!(same(&["real"], vec![real]), [0, 0, 2, 3]);
    let number: ArrayRef = Arc::new(Int64Array::from(vec![1; 4]));
    assert_eq!(same(&["double", "bigint", "bigint"], vec![double, Arc::clone(&number), number]), [0, 0, 2, 3]);
}

#[test]
fn rows_that_are_not_good_have_no_key() {
    let numbers = Arc::new(Int64Array::from(vec![Some(5), None, Some(7), None, Some(5)]));
    let texts = Arc::new(StringArray::from(vec![Some("a"), None, Some("b"), Some("b"), Some("a")]));
    for types in [&["bigint"][..], &["bigint", "varchar(9)"]] {
        let columns = columns(types).unwrap();
        let all = batch(vec![Arc::clone(&numbers) as ArrayRef, Arc::clone(&texts) as ArrayRef]);
        let keys = columns.keys(&all, Some(&[0, 2, 4])).unwrap();
        let good: Vec<ArrayRef> =
            vec![Arc::new(Int64Array::from(vec![5, 7, 5])), Arc::new(StringArray::from(vec!["a", "b", "a"]))];
        assert_eq!(keys, columns.keys(&batch(good), None).unwrap());
        assert_eq!(columns.keys(&all, Some(&[0, 1])).unwrap_err().kind(), Kind::Bug, "a null in a good row");
        assert_eq!(columns.keys(&all, None).unwrap_err().kind(), Kind::Bug);
    }
    let narrow = columns(&["bigint"]).unwrap();
    let good = batch(vec![Arc::new(Int64Array::from(vec![1]))]);
    assert_eq!(narrow.keys(&good, Some(&[1])).unwrap_err().kind(), Kind::Bug, "a row that is not there");
    assert_eq!(narrow.keys(&batch(vec![text(&["a"])]), None).unwrap_err().kind(), Kind::Bug, "another type");
    assert!(narrow.keys(&good, Some(&[])).unwrap().is_empty());
}

proptest! {
    /// Rows have one key exactly if all their columns are equal, whatever the form.
    #[test]
    fn keys_are_equal_where_rows_are(
        rows in prop::collection::vec((-2..2i64, -2..2i32, "[ab ]{0,2}", any::<bool>()), 1..60),
        take in 1..15usize,
    ) {
        let bigint: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.0 << 40)));
        let integer: ArrayRef = Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.1)));
        let varchar: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.2)));
        let boolean: ArrayRef = Arc::new(rows.iter().map(|row| Some(row.3)).collect::<BooleanArray>());
        let all = [("bigint", bigint), ("integer", integer), ("varchar(2)", varchar), ("boolean", boolean)];
        let taken = all.into_iter().enumerate().filter(|(n, _)| take >> n & 1 == 1);
        let (types, arrays): (Vec<_>, Vec<_>) = taken.map(|(_, column)| column).unzip();
        let values = |row: usize| {
            let (bigint, integer, varchar, boolean) = &rows[row];
            let all = [bigint.to_string(), integer.to_string(), varchar.trim_end().to_owned(), boolean.to_string()];
            let taken = all.into_iter().enumerate().filter(|(n, _)| take >> n & 1 == 1);
            taken.map(|(_, value)| value).collect::<Vec<_>>()
        };
        let expected: Vec<_> =
            (0..rows.len()).map(|row| (0..=row).find(|earlier| values(*earlier) == values(row)).unwrap()).collect();
        prop_assert_eq!(same(&types, arrays), expected);
    }
}

#[test]
fn hashes_of_many_short_texts_differ() {
    let texts: StringArray = (0..200_000u32).map(|number| Some(format!("{number:x}"))).collect();
    let keys = columns(&["varchar(9)"]).unwrap().keys(&batch(vec![Arc::new(texts)]), None).unwrap();
    let Words::Wide(words) = keys.words() else { panic!("{keys:?}") };
    assert_eq!(words.iter().map(|word| word.top()).collect::<HashSet<_>>().len(), 200_000);
    assert!(keys.bytes() >= 200_000 * 16);
}
