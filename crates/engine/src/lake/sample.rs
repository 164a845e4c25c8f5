//! Whether a column's values repeat, or come in order, told from a few of them.

use std::collections::HashSet;
use std::hash::Hash;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, StringArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimeUnit, TimestampMicrosecondType,
};

/// So many values are looked at, at most.
const SAMPLE_VALUES: usize = 2048;

/// Of more distinct values than about this, a dictionary would outgrow its page and be given up.
const DISTINCT_VALUES: usize = 16 * 1024;

/// Whether a dictionary is worth trying. Of n values drawn from d, about n² / 2d repeat one before: that tells d long
/// before it is seen.
pub fn repeats(column: &ArrayRef) -> bool {
    match column.data_type() {
        DataType::Int16 => of_numbers::<Int16Type, _>(column.as_primitive(), |value| value),
        DataType::Int32 => of_numbers::<Int32Type, _>(column.as_primitive(), |value| value),
        DataType::Int64 => of_numbers::<Int64Type, _>(column.as_primitive(), |value| value),
        DataType::Date32 => of_numbers::<Date32Type, _>(column.as_primitive(), |value| value),
        DataType::Decimal128(..) => of_numbers::<Decimal128Type, _>(column.as_primitive(), |value| value),
        DataType::Float32 => of_numbers::<Float32Type, _>(column.as_primitive(), f32::to_bits),
        DataType::Float64 => of_numbers::<Float64Type, _>(column.as_primitive(), f64::to_bits),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            of_numbers::<TimestampMicrosecondType, _>(column.as_primitive(), |value| value)
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            of_numbers::<Time64MicrosecondType, _>(column.as_primitive(), |value| value)
        }
        DataType::Utf8 => of_values(column.as_string::<i32>().iter().flatten()),
        DataType::Binary => of_values(column.as_binary::<i32>().iter().flatten()),
        _ => true,
    }
}

/// Whether texts come in order, more or less: each is followed by one that is no less. In no order, half of them are.
pub fn ascends(column: &StringArray) -> bool {
    let values = || column.iter().flatten().take(SAMPLE_VALUES);
    let falls = values().zip(values().skip(1)).filter(|(one, next)| next < one).count();
    10 * falls <= values().count()
}

fn of_numbers<T: ArrowPrimitiveType, K: Eq + Hash>(column: &PrimitiveArray<T>, key: impl Fn(T::Native) -> K) -> bool {
    of_values(column.iter().flatten().map(key))
}

fn of_values<K: Eq + Hash>(values: impl Iterator<Item = K>) -> bool {
    let mut seen = HashSet::with_capacity_and_hasher(SAMPLE_VALUES, foldhash::fast::FixedState::default());
    let looked_at = values.take(SAMPLE_VALUES).map(|value| seen.insert(value)).count();
    let repeated = looked_at - seen.len();
    2 * DISTINCT_VALUES * repeated >= looked_at * looked_at
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{BooleanArray, Int64Array};

    use super::*;

    #[test]
    fn texts_in_order_ascend_but_for_a_few() {
        let texts = |text: fn(i64) -> String| StringArray::from_iter((0..3000).map(|n| (n % 7 != 0).then(|| text(n))));
        assert!(ascends(&texts(|n| format!("{n:05}"))));
        assert!(ascends(&texts(|n| if n % 100 == 50 { "a".to_owned() } else { "b".to_owned() })), "in runs");
        assert!(!ascends(&texts(|n| format!("{}", n * 2_654_435_761 % 1_000_003))));
        assert!(!ascends(&texts(|n| ["de", "at", "ch"][usize::try_from(n * 2_654_435_761 % 3).unwrap()].to_owned())));
        assert!(ascends(&StringArray::from(vec![None::<&str>; 10])), "nothing is out of order");
    }

    #[test]
    fn numbers_in_a_row_do_not_repeat_and_few_words_do() {
        let column = |values: Vec<Option<i64>>| -> ArrayRef { Arc::new(Int64Array::from(values)) };
        assert!(!repeats(&column((0..3000).map(Some).collect())));
        assert!(repeats(&column((0..3000).map(|value| Some(value % 100)).collect())));
        // Drawn, as values in a file are, not in turn.
        let drawn =
            |distinct: i64| (0..3000i64).map(|n| Some(n.wrapping_mul(2_654_435_761) % 1_000_003 % distinct)).collect();
        assert!(repeats(&column(drawn(2_000))));
        assert!(!repeats(&column(drawn(500_000))));
        assert!(repeats(&column(vec![None; 1000])), "nulls are no values");
        let words: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "a", "b"]));
        assert!(repeats(&words));
        let booleans: ArrayRef = Arc::new(BooleanArray::from(vec![true, false]));
        assert!(repeats(&booleans));
    }
}
