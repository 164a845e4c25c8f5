//! What may go into a column by INSERT, and how (facts/redshift-sql.md, types and literals; facts/redshift-copy.md,
//! type compatibility).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{DataType, Field};

use crate::cast::{cast, normalized};
use crate::error::{SqlError, SqlResult};
use crate::table::Column;
use crate::types::Type;

/// A value's origin: an untyped literal fits every column, an expression only columns of a kindred type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `'text'` or NULL, written out.
    Literal,
    /// Anything else.
    Expression,
}

/// Brings values into a column: decimals are rounded, integers must fit, texts must fit in bytes, nulls must be allowed.
pub(crate) fn assign(array: &ArrayRef, column: &Column, origin: Origin) -> SqlResult<ArrayRef> {
    let array = &normalized(array)?;
    if origin == Origin::Expression {
        check_kind(array.data_type(), column)?;
    }
    let assigned = match column.ty {
        Type::Varchar(bytes) if *array.data_type() == DataType::Utf8 => fitted(array, bytes)?,
        ty => cast(array, ty)?,
    };
    check_nulls(&assigned, column)?;
    Ok(assigned)
}

/// `rows` times the column's DEFAULT, or null.
pub(crate) fn default(column: &Column, rows: usize) -> SqlResult<ArrayRef> {
    let values: ArrayRef = Arc::new(StringArray::from(vec![column.default.as_deref(); rows]));
    assign(&values, column, Origin::Literal)
}

/// Fails where a column that allows no null has one.
pub(crate) fn check_nulls(array: &ArrayRef, column: &Column) -> SqlResult<()> {
    if column.not_null && array.null_count() > 0 {
        return Err(SqlError::null_value(&column.name));
    }
    Ok(())
}

fn check_kind(from: &DataType, column: &Column) -> SqlResult<()> {
    let from = Type::of_field(&Field::new("", from.clone(), true))?;
    let number = |ty: Type| {
        matches!(ty, Type::SmallInt | Type::Integer | Type::BigInt | Type::Decimal(..) | Type::Real | Type::Double)
    };
    let kindred = match (from, column.ty) {
        (Type::Varchar(_), Type::Varchar(_)) => true,
        (Type::Date | Type::Timestamp, Type::Date | Type::Timestamp) => true,
        (from, to) => from == to || (number(from) && number(to)),
    };
    if kindred {
        return Ok(());
    }
    Err(SqlError::new(format!(
        "column \"{}\" is of type {} but expression is of type {}",
        column.name,
        column.ty.name(),
        from.name()
    )))
}

/// Texts of at most so many bytes; only trailing blanks may be cut.
fn fitted(array: &ArrayRef, bytes: u32) -> SqlResult<ArrayRef> {
    let limit = usize::try_from(bytes).map_err(SqlError::internal)?;
    let texts = array.as_string::<i32>();
    if texts.iter().flatten().all(|text| text.len() <= limit) {
        return Ok(Arc::clone(array));
    }
    let fit = |text: Option<&str>| match text {
        Some(text) if text.len() > limit => match text.split_at_checked(limit) {
            Some((kept, blanks)) if blanks.bytes().all(|byte| byte == b' ') => Ok(Some(kept.to_owned())),
            _ => Err(SqlError::new(format!("value too long for type character varying({bytes})"))),
        },
        other => Ok(other.map(str::to_owned)),
    };
    Ok(Arc::new(texts.iter().map(fit).collect::<SqlResult<StringArray>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varchar(bytes: u32) -> Column {
        Column { name: "c".into(), ty: Type::Varchar(bytes), not_null: true, default: None }
    }

    fn into(text: Option<&str>, column: &Column) -> Result<ArrayRef, String> {
        let array: ArrayRef = Arc::new(StringArray::from(vec![text]));
        assign(&array, column, Origin::Expression).map_err(|error| error.to_string())
    }

    #[test]
    fn varchar_counts_bytes() {
        assert!(into(Some("äö"), &varchar(4)).is_ok());
        assert_eq!(into(Some("äö"), &varchar(3)).unwrap_err(), "ERROR: value too long for type character varying(3)");
    }

    #[test]
    fn trailing_blanks_beyond_the_length_are_cut() {
        assert_eq!(into(Some("ab   "), &varchar(3)).unwrap().as_string::<i32>().value(0), "ab ");
    }

    #[test]
    fn null_into_not_null_fails() {
        assert_eq!(into(None, &varchar(3)).unwrap_err(), "ERROR: Cannot insert a NULL value into column c");
    }

    #[test]
    fn a_text_expression_is_no_integer() {
        let column = Column { name: "n".into(), ty: Type::Integer, not_null: false, default: None };
        assert_eq!(
            into(Some("7"), &column).unwrap_err(),
            "ERROR: column \"n\" is of type integer but expression is of type character varying"
        );
        let literal: ArrayRef = Arc::new(StringArray::from(vec!["7"]));
        assert!(assign(&literal, &column, Origin::Literal).is_ok());
    }
}
