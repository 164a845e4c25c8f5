use model::types::table::{Logical, Parquet, Physical};

use super::*;
use crate::sql::tests::delivery;

/// The footer that transform writes for the dataset of the golden files.
fn footer(columns: &IndexMap<Identifier, Column>) -> Footer {
    let text = Parquet { physical: Physical::ByteArray, logical: Logical::String };
    let own = ["_sluice_batch", "_sluice_run"].map(|name| (name.to_owned(), text));
    let theirs = columns.iter().map(|(name, column)| (name.to_string(), column.kind.row().file.parquet()));
    let column = |(name, kind)| FileColumn { name, kind: Some(kind), repetition: Repetition::Optional };
    Footer { rows: 7, columns: own.into_iter().chain(theirs).map(column).collect() }
}

fn told(change: impl FnOnce(&mut Footer)) -> Vec<String> {
    let columns = crate::loading::columns(&delivery().dataset);
    let mut footer = footer(&columns);
    change(&mut footer);
    differences(&footer, 7, &columns)
}

#[test]
fn a_file_as_it_is_written_fits() {
    assert_eq!(told(|_| ()), [] as [&str; 0]);
}

#[test]
fn columns_in_another_order_are_named_by_their_places() {
    assert_eq!(
        told(|footer| footer.columns.swap(2, 3)),
        [
            "column 3 is customer_name in the file and order_id in staging",
            "column 4 is order_id in the file and customer_name in staging",
        ]
    );
}

#[test]
fn another_type_is_named_with_both() {
    let retyped = |at: usize, physical, logical| {
        told(move |footer| footer.columns[at].kind = Some(Parquet { physical, logical }))
    };
    assert_eq!(
        retyped(2, Physical::Int32, Logical::None),
        ["column 3, order_id, is OPTIONAL INT32 in the file, and staging's bigint takes OPTIONAL INT64"]
    );
    assert_eq!(
        retyped(7, Physical::Int64, Logical::Decimal { precision: 14, scale: 4 }),
        ["column 8, sales_amount, is OPTIONAL INT64 (DECIMAL(14,4)) in the file, and staging's decimal(14,2) takes \
          OPTIONAL INT64 (DECIMAL(14,2))"]
    );
    assert_eq!(
        told(|footer| footer.columns[2].kind = None),
        ["column 3, order_id, is a group in the file, and staging's bigint takes OPTIONAL INT64"]
    );
    assert_eq!(
        told(|footer| footer.columns[2].repetition = Repetition::Repeated),
        ["column 3, order_id, is REPEATED INT64 in the file, and staging's bigint takes OPTIONAL INT64"]
    );
}

#[test]
fn rows_and_columns_are_counted() {
    assert_eq!(told(|footer| footer.rows = 6), ["it has 6 rows, and its part counted 7"]);
    assert_eq!(told(|footer| drop(footer.columns.pop())), ["it has 16 columns, staging has 17"]);
}
