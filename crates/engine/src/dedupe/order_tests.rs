use std::sync::Arc;

use arrow::array::{
    Date32Array, Decimal128Array, Float32Array, Float64Array, Int16Array, Int32Array, Int64Array, StringArray,
    Time64MicrosecondArray, TimestampMicrosecondArray,
};
use model::dataset::DatasetFile;
use model::error::chain;
use proptest::prelude::*;

use super::super::word::Word;
use super::*;

fn column(kind: &str) -> Result<OrderColumn> {
    let yaml = format!("{{dataset: x, landing: x/, format: csv, columns: {{at: {{type: \"{kind}\"}}}}}}");
    let dataset = DatasetFile::parse(&yaml, "x.yaml")?.dataset;
    OrderColumn::new(&dataset, &Identifier::parse("at").unwrap())
}

fn batch(array: ArrayRef) -> RecordBatch {
    RecordBatch::try_from_iter([("at", array)]).unwrap()
}

/// The order values, as numbers.
fn orders(kind: &str, array: ArrayRef) -> Vec<(u64, Option<Wide>)> {
    match column(kind).unwrap().orders(&batch(array), None).unwrap().words {
        Words::Narrow(words) => words.into_iter().map(|word| (word, None)).collect(),
        Words::Wide(words) => words.into_iter().map(|word| (word.top(), Some(word))).collect(),
    }
}

#[test]
fn every_type_with_an_order_keeps_it() {
    let decimal = |values: Vec<i128>, precision| -> ArrayRef {
        Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, 2).unwrap())
    };
    let utc = TimestampMicrosecondArray::from(vec![i64::MIN, -1, 0, 1, i64::MAX]).with_timezone("UTC");
    let most = 10i128.pow(38) - 1;
    let cases: [(&str, ArrayRef); 12] = [
        ("smallint", Arc::new(Int16Array::from(vec![i16::MIN, -1, 0, 1, i16::MAX]))),
        ("integer", Arc::new(Int32Array::from(vec![i32::MIN, -1, 0, 1, i32::MAX]))),
        ("bigint", Arc::new(Int64Array::from(vec![i64::MIN, -1, 0, 1, i64::MAX]))),
        ("date", Arc::new(Date32Array::from(vec![i32::MIN, -1, 0, 1, i32::MAX]))),
        ("time", Arc::new(Time64MicrosecondArray::from(vec![0, 1, 2, 3, 86_399_999_999]))),
        ("timestamp", Arc::new(TimestampMicrosecondArray::from(vec![i64::MIN, -1, 0, 1, i64::MAX]))),
        ("timestamptz", Arc::new(utc)),
        ("real", Arc::new(Float32Array::from(vec![f32::NEG_INFINITY, -1e-40, 0.0, f32::MIN_POSITIVE, f32::INFINITY]))),
        ("double", Arc::new(Float64Array::from(vec![f64::NEG_INFINITY, -1e-310, 0.0, 1e-310, f64::INFINITY]))),
        ("decimal(18,2)", decimal(vec![-(10i128.pow(18) - 1), -1, 0, 1, 10i128.pow(18) - 1], 18)),
        ("decimal(19,2)", decimal(vec![-(10i128.pow(19) - 1), -1, 0, 1, 10i128.pow(19) - 1], 19)),
        ("decimal(38,2)", decimal(vec![-most, -(1 << 70), 0, 1 << 70, most], 38)),
    ];
    for (kind, array) in cases {
        let orders = orders(kind, array);
        assert!(orders.is_sorted_by(|a, b| a < b), "{kind}: {orders:?}");
    }
    let zeros = orders("double", Arc::new(Float64Array::from(vec![0.0, -0.0])));
    assert_eq!(zeros[0], zeros[1]);
}

#[test]
fn texts_and_truths_have_no_order() {
    for kind in ["varchar(9)", "char(9)", "boolean", "super", "varbyte(9)"] {
        let expected =
            format!("cannot read `dedupe.newest` of dataset x: it is a number, a date or a time, and `at` is {kind}");
        assert_eq!(chain(&column(kind).unwrap_err()), expected);
    }
}

#[test]
fn orders_are_those_of_the_good_rows() {
    let array = Arc::new(Int64Array::from(vec![Some(3), None, Some(1), Some(2)]));
    let orders = column("bigint").unwrap().orders(&batch(array), Some(&[1, 3])).unwrap();
    assert_eq!((orders.len(), orders.is_null(0), orders.is_null(1)), (2, true, false));
    let other = column("bigint").unwrap().orders(&batch(Arc::new(StringArray::from(vec!["a"]))), None);
    assert_eq!(other.unwrap_err().kind(), Kind::Bug);
}

proptest! {
    #[test]
    fn doubles_are_ordered_as_numbers_are(a: f64, b: f64) {
        prop_assume!(!a.is_nan() && !b.is_nan());
        prop_assert_eq!(Some(of_float(a).cmp(&of_float(b))), a.partial_cmp(&b));
    }

    #[test]
    fn wide_decimals_are_ordered_as_numbers_are(a: i128, b: i128) {
        prop_assert_eq!(of_decimal(a).cmp(&of_decimal(b)), a.cmp(&b));
    }
}
