//! A row that COPY loads has at most 4 MB (facts/redshift-copy.md, sizes and performance).

use arrow::array::{Array, ArrayRef, AsArray};

use super::{Failure, Mapping};
use crate::error::SqlError;
use crate::types::Type;

/// Whether the bytes are those in the file or in the table is unverified; here they are the values'.
const MAX_ROW_BYTES: usize = 4 * 1024 * 1024;

/// Whether a row of these columns can be too large at all: most tables have no such row, and theirs are not measured.
pub(super) fn may_be_too_large(mapping: &Mapping) -> bool {
    let widest = |at: &usize| mapping.definition.columns.get(*at).map_or(0, |column| widest(column.ty));
    mapping.targets.iter().map(widest).sum::<usize>() > MAX_ROW_BYTES
}

fn widest(ty: Type) -> usize {
    match ty {
        Type::Char(bytes) | Type::Varchar(bytes) | Type::Varbyte(bytes) => usize::try_from(bytes).unwrap_or(usize::MAX),
        _ => size_of::<i128>(),
    }
}

/// Fails at the first row that is too large.
pub(super) fn check(columns: &[ArrayRef]) -> Result<(), Failure> {
    let rows = columns.first().map_or(0, |column| column.len());
    for row in 0..rows {
        let bytes: usize = columns.iter().map(|column| size(column, row)).sum();
        if bytes > MAX_ROW_BYTES {
            // That it fails is documented, its text is not.
            let text = format!("a row has {bytes} bytes, more than the {MAX_ROW_BYTES} that COPY loads");
            return Err(SqlError::new(text).into());
        }
    }
    Ok(())
}

fn size(column: &ArrayRef, row: usize) -> usize {
    if column.is_null(row) {
        return 0;
    }
    let text = column.as_string_opt::<i32>().map(|texts| texts.value(row).len());
    let bytes = || column.as_binary_opt::<i32>().map(|bytes| bytes.value(row).len());
    text.or_else(bytes).unwrap_or(size_of::<i64>())
}
