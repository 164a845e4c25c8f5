//! Numbers of a column's rows: read once, in one loop, whatever the type.

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::ArrowPrimitiveType;

/// A number for each value. What stands under a null is of no meaning. `None` if the array is of another type.
pub(super) fn each<T: ArrowPrimitiveType, N>(array: &ArrayRef, number: impl Fn(T::Native) -> N) -> Option<Vec<N>> {
    let array: &PrimitiveArray<T> = array.as_primitive_opt()?;
    Some(array.values().iter().map(|value| number(*value)).collect())
}

/// The values of the good rows, in their order; all, if no list says which are good. `None` if the list names a row
/// that is not there.
pub(super) fn select<N: Copy>(values: Vec<N>, good: Option<&[u32]>) -> Option<Vec<N>> {
    let Some(good) = good else { return Some(values) };
    good.iter().map(|row| values.get(*row as usize).copied()).collect()
}

/// Whether a good row is null.
pub(super) fn has_null(array: &ArrayRef, good: Option<&[u32]>) -> bool {
    match good {
        Some(good) if array.null_count() > 0 => good.iter().any(|row| array.is_null(*row as usize)),
        _ => array.null_count() > 0,
    }
}
