use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Decimal128Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::record_batch::RecordBatch;
use model::Kind;
use model::dataset::DatasetFile;
use proptest::prelude::*;

use super::*;

/// The order columns: a narrow one and a wide one.
const ORDERS: [&str; 2] = ["at", "amount"];

fn columns(key: &str, newest: &str) -> (KeyColumns, OrderColumn) {
    let columns =
        "id: {type: bigint}, name: {type: varchar(9)}, at: {type: timestamp}, amount: {type: 'decimal(30,2)'}";
    let dedupe = format!("dedupe: {{key: [{key}], newest: {newest}}}");
    let yaml = format!("{{dataset: x, landing: x/, format: csv, columns: {{{columns}}}, {dedupe}}}");
    let dataset = DatasetFile::parse(&yaml, "x.yaml").unwrap().dataset;
    let dedupe = dataset.dedupe.as_ref().unwrap();
    let order = OrderColumn::new(&dataset, dedupe.newest.as_ref().unwrap()).unwrap();
    (KeyColumns::new(&dataset, dedupe).unwrap(), order)
}

/// A key and an order value.
type Row = (i64, Option<i64>);

fn batch(rows: &[Row]) -> RecordBatch {
    let ids = Int64Array::from_iter_values(rows.iter().map(|row| row.0));
    let names = StringArray::from_iter_values(rows.iter().map(|row| row.0.to_string()));
    let at: TimestampMicrosecondArray = rows.iter().map(|row| row.1).collect();
    let amount: Decimal128Array = rows.iter().map(|row| row.1.map(i128::from)).collect();
    let amount = amount.with_precision_and_scale(30, 2).unwrap();
    let arrays: [(&str, ArrayRef); 4] =
        [("id", Arc::new(ids)), ("name", Arc::new(names)), ("at", Arc::new(at)), ("amount", Arc::new(amount))];
    RecordBatch::try_from_iter(arrays).unwrap()
}

/// The winners among batches that are taken in in this order.
fn winners(key: &str, newest: &str, batches: &[(u64, &[Row])]) -> Winners {
    let (key, order) = columns(key, newest);
    let mut newest = Newest::new(&key, &order);
    for (first_row, rows) in batches {
        let batch = batch(rows);
        let (keys, orders) = (key.keys(&batch, None).unwrap(), order.orders(&batch, None).unwrap());
        newest.insert_all(&keys, &orders, *first_row).unwrap();
    }
    newest.finish().unwrap()
}

#[test]
fn the_greatest_wins_and_of_equals_the_later() {
    let rows = [(1, Some(5)), (1, Some(7)), (1, Some(7)), (1, Some(6)), (1, None), (2, None), (2, None)];
    for key in ["id", "name"] {
        for newest in ORDERS {
            let mut keep = [true; 9];
            winners(key, newest, &[(10, &rows)]).keep(10, &mut keep);
            assert_eq!(keep, [false, false, true, false, false, false, true, false, false], "{key} by {newest}");
        }
    }
}

#[test]
fn the_least_value_is_newer_than_null() {
    let rows = [(1, Some(i64::MIN)), (1, None)];
    assert!(ORDERS.iter().all(|newest| winners("id", newest, &[(0, &rows)]).wins(0)));
}

#[test]
fn what_stands_under_a_null_does_not_matter() {
    let under = Int64Array::from(vec![9, 5]).into_parts().1;
    let nulls = arrow::buffer::NullBuffer::from(vec![false, false]);
    let at: ArrayRef = Arc::new(TimestampMicrosecondArray::new(under, Some(nulls)));
    assert_eq!(at.null_count(), 2);
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 1]));
    let batch = RecordBatch::try_from_iter([("id", ids), ("at", at)]).unwrap();
    let (key, order) = columns("id", "at");
    let mut newest = Newest::new(&key, &order);
    newest.insert_all(&key.keys(&batch, None).unwrap(), &order.orders(&batch, None).unwrap(), 0).unwrap();
    let winners = newest.finish().unwrap();
    assert!(!winners.wins(0) && winners.wins(1));
}

#[test]
fn what_does_not_fit_together_is_a_bug() {
    let (narrow, order) = columns("id", "at");
    let (hash, wide) = columns("name", "amount");
    let batch = batch(&[(1, None)]);
    let keys = narrow.keys(&batch, None).unwrap();
    let orders = order.orders(&batch, None).unwrap();
    let mut newest = Newest::new(&narrow, &order);
    let refused = [
        newest.insert_all(&hash.keys(&batch, None).unwrap(), &orders, 0),
        newest.insert_all(&keys, &wide.orders(&batch, None).unwrap(), 0),
        newest.insert_all(&keys, &order.orders(&batch, Some(&[])).unwrap(), 0),
        newest.insert_all(&keys, &orders, u64::MAX),
        newest.insert_all(&keys, &orders, PRESENT - 1),
    ];
    assert!(refused.into_iter().all(|refused| refused.unwrap_err().kind() == Kind::Bug));
    assert_eq!(newest.finish().unwrap().bytes(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// One row of each key wins, the same whatever the batches and their order.
    #[test]
    fn winners_are_those_of_a_map(
        rows in prop::collection::vec((-30..30i64, prop::option::of(-3..3i64)), 0..300),
        cut in 0..300usize,
    ) {
        let (one, two) = rows.split_at(cut.min(rows.len()));
        let mut best = BTreeMap::new();
        for (number, (key, order)) in rows.iter().enumerate() {
            let best = best.entry(*key).or_insert((*order, number));
            *best = (*best).max((*order, number));
        }
        let expected: Vec<_> = (0..rows.len()).map(|row| best.values().any(|(_, number)| *number == row)).collect();
        for (key, newest) in [("id", "at"), ("id", "amount"), ("name", "at"), ("name", "amount")] {
            let (first, second) = ((0, one), (one.len() as u64, two));
            for batches in [[first, second], [second, first]] {
                let winners = winners(key, newest, &batches);
                let mut keep = vec![false; rows.len()];
                winners.keep(0, &mut keep);
                prop_assert_eq!(&keep, &expected);
                prop_assert_eq!(winners.bytes(), rows.len().div_ceil(64) * 8);
            }
        }
    }
}
