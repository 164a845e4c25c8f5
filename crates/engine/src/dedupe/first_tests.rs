use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use model::Kind;
use model::dataset::{Dataset, DatasetFile};
use proptest::prelude::*;

use super::*;

fn key_columns(key: &str) -> KeyColumns {
    let columns = "id: {type: bigint}, name: {type: varchar(9)}";
    let yaml = format!("{{dataset: x, landing: x/, format: csv, columns: {{{columns}}}, dedupe: {{key: [{key}]}}}}");
    let dataset: Dataset = DatasetFile::parse(&yaml, "x.yaml").unwrap().dataset;
    KeyColumns::new(&dataset, dataset.dedupe.as_ref().unwrap()).unwrap()
}

fn batch(rows: &[(i64, String)]) -> RecordBatch {
    let ids = Int64Array::from_iter_values(rows.iter().map(|row| row.0));
    let names = StringArray::from_iter_values(rows.iter().map(|row| &row.1));
    RecordBatch::try_from_iter([("id", Arc::new(ids) as _), ("name", Arc::new(names) as _)]).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the batches are, a row stays exactly if no row before it had its key.
    #[test]
    fn the_first_row_of_each_key_stays(
        batches in prop::collection::vec(prop::collection::vec((-40..40i64, "[ab]{0,2} ?"), 0..100), 0..6),
    ) {
        for key in ["id", "name", "id, name"] {
            let columns = key_columns(key);
            let mut first = First::new(&columns);
            let mut seen = HashSet::new();
            for rows in &batches {
                let keys = columns.keys(&batch(rows), None).unwrap();
                let mut keep = vec![true; rows.len()];
                first.insert_all(&keys, &mut keep).unwrap();
                let expected = rows.iter().map(|(id, name)| {
                    let id = key.contains("id").then_some(*id);
                    let name = key.contains("name").then(|| name.trim_end_matches(' '));
                    seen.insert((id, name))
                });
                prop_assert_eq!(keep, expected.collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn memory_is_of_the_keys_and_not_of_the_rows() {
    let columns = key_columns("id");
    let mut first = First::new(&columns);
    let before = first.bytes();
    for _ in 0..20 {
        let rows: Vec<_> = (0..1_000).map(|id| (id, String::new())).collect();
        let mut keep = vec![false; rows.len()];
        first.insert_all(&columns.keys(&batch(&rows), None).unwrap(), &mut keep).unwrap();
    }
    assert_eq!((first.bytes(), first.peak_bytes()), (before, before), "a thousand keys fit into the first slots");
}

#[test]
fn keys_of_another_width_are_a_bug() {
    let [narrow, hash] = ["id", "name"].map(key_columns);
    let rows = batch(&[(1, String::new())]);
    let mut first = First::new(&narrow);
    let error = first.insert_all(&hash.keys(&rows, None).unwrap(), &mut [false]).unwrap_err();
    assert_eq!(error.kind(), Kind::Bug);
    let error = first.insert_all(&narrow.keys(&rows, None).unwrap(), &mut []).unwrap_err();
    assert_eq!(error.kind(), Kind::Bug);
}
