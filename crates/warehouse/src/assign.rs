//! What may go into a column by INSERT, and how (facts/redshift-sql.md, types and literals; facts/redshift-copy.md,
//! type compatibility).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::DataType;

use crate::cast::{cast, check_single_bytes, first_longer, normalized, without_blanks};
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

/// Brings values of a type into a column: decimals are rounded, integers must fit, texts and varbytes must fit in
/// bytes, nulls must be allowed.
pub(crate) fn assign(array: &ArrayRef, from: Type, column: &Column, origin: Origin) -> SqlResult<ArrayRef> {
    let array = &normalized(array)?;
    let is_text = *array.data_type() == DataType::Utf8;
    match origin {
        Origin::Expression => check_kind(from, column)?,
        Origin::Literal if array.null_count() < array.len() => check_literal(column)?,
        Origin::Literal => {}
    }
    let assigned = match column.ty {
        Type::Varchar(bytes) if is_text => fitted(array, bytes, column)?,
        Type::Char(bytes) if is_text => {
            check_single_bytes(array).map_err(SqlError::new)?;
            without_blanks(&fitted(array, bytes, column)?)
        }
        Type::Varbyte(bytes) if first_longer(array, bytes).is_some() => return Err(too_long(column)),
        // Both are the text of one; a null literal comes as a text too.
        Type::Super => Arc::clone(array),
        ty => cast(array, ty)?,
    };
    check_nulls(&assigned, column)?;
    Ok(assigned)
}

/// `rows` times the column's DEFAULT, or null.
pub(crate) fn default(column: &Column, rows: usize) -> SqlResult<ArrayRef> {
    let values: ArrayRef = Arc::new(StringArray::from(vec![column.default.as_deref(); rows]));
    assign(&values, crate::types::UNTYPED, column, Origin::Literal)
}

/// Fails where a column that allows no null has one.
pub(crate) fn check_nulls(array: &ArrayRef, column: &Column) -> SqlResult<()> {
    if column.not_null && array.null_count() > 0 {
        return Err(SqlError::null_value(&column.name));
    }
    Ok(())
}

/// What an untyped literal becomes in some types is another thing than it looks like.
fn check_literal(column: &Column) -> SqlResult<()> {
    match column.ty {
        Type::Super => {
            Err(SqlError::unknown("a text in a super, where Redshift makes it a string; JSON_PARSE reads it"))
        }
        Type::Varbyte(_) => Err(SqlError::unknown("a text in a varbyte; cast it to varbyte")),
        _ => Ok(()),
    }
}

fn check_kind(from: Type, column: &Column) -> SqlResult<()> {
    let text = |ty: Type| matches!(ty, Type::Char(_) | Type::Varchar(_));
    let moment = |ty: Type| matches!(ty, Type::Date | Type::Timestamp | Type::Timestamptz);
    let kindred = match (from, column.ty) {
        (from, to) if text(from) && text(to) => true,
        (from, to) if moment(from) && moment(to) => true,
        (Type::Varbyte(_), Type::Varbyte(_)) => true,
        (from, Type::Super) if from != Type::Super => return check_literal(column),
        (from, to) => from == to || (from.is_number() && to.is_number()),
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

fn too_long(column: &Column) -> SqlError {
    SqlError::new(format!("value too long for type {}", column.ty))
}

/// Texts of at most so many bytes; only trailing blanks may be cut.
fn fitted(array: &ArrayRef, bytes: u32, column: &Column) -> SqlResult<ArrayRef> {
    if first_longer(array, bytes).is_none() {
        return Ok(Arc::clone(array));
    }
    let limit = usize::try_from(bytes).map_err(SqlError::internal)?;
    let fit = |text: Option<&str>| match text {
        Some(text) if text.len() > limit => match text.split_at_checked(limit) {
            Some((kept, blanks)) if blanks.bytes().all(|byte| byte == b' ') => Ok(Some(kept.to_owned())),
            _ => Err(too_long(column)),
        },
        other => Ok(other.map(str::to_owned)),
    };
    Ok(Arc::new(array.as_string::<i32>().iter().map(fit).collect::<SqlResult<StringArray>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ty: Type) -> Column {
        Column { name: "c".into(), ty, not_null: true, default: None }
    }

    fn varchar(bytes: u32) -> Column {
        of(Type::Varchar(bytes))
    }

    fn into(text: Option<&str>, column: &Column) -> Result<ArrayRef, String> {
        let array: ArrayRef = Arc::new(StringArray::from(vec![text]));
        assign(&array, Type::Varchar(9), column, Origin::Expression).map_err(|error| error.to_string())
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
        assert!(assign(&literal, Type::Varchar(1), &column, Origin::Literal).is_ok());
    }

    #[test]
    fn char_takes_single_bytes_and_keeps_no_trailing_blanks() {
        assert_eq!(into(Some("ab   "), &of(Type::Char(3))).unwrap().as_string::<i32>().value(0), "ab");
        assert_eq!(into(Some("abcd"), &of(Type::Char(3))).unwrap_err(), "ERROR: value too long for type character(3)");
        assert!(into(Some("ä"), &of(Type::Char(3))).unwrap_err().contains("Invalid char: c3 a4"));
    }

    #[test]
    fn a_text_is_no_super_no_time_and_no_varbyte() {
        assert!(into(Some("{}"), &of(Type::Super)).unwrap_err().contains("JSON_PARSE reads it"));
        for (ty, name) in [
            (Type::Time, "time without time zone"),
            (Type::Timestamptz, "timestamp with time zone"),
            (Type::Varbyte(9), "binary varying"),
            (Type::Real, "real"),
        ] {
            let text = "but expression is of type character varying";
            assert_eq!(into(Some("1"), &of(ty)).unwrap_err(), format!("ERROR: column \"c\" is of type {name} {text}"));
        }
        let literal: ArrayRef = Arc::new(StringArray::from(vec!["{}"]));
        for ty in [Type::Super, Type::Varbyte(9)] {
            let error = assign(&literal, Type::Varchar(2), &of(ty), Origin::Literal).unwrap_err().to_string();
            assert!(error.contains("not known to the double: a text in a"), "{error}");
        }
    }

    #[test]
    fn varbyte_counts_bytes() {
        let bytes: ArrayRef = Arc::new(arrow::array::BinaryArray::from(vec![&b"\0\xff "[..]]));
        let into = |most| assign(&bytes, Type::Varbyte(3), &of(Type::Varbyte(most)), Origin::Expression);
        assert!(into(3).is_ok());
        assert_eq!(into(2).unwrap_err().to_string(), "ERROR: value too long for type binary varying(2)");
    }
}
