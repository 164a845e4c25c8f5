//! Texts without the blanks at their end, as Redshift compares them.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::cast::{normalized, without_blanks};

/// Not a name of the double's own functions: what these may be given is theirs to say, and this one is given texts.
const NAME: &str = "trimmed";

/// The text without its trailing blanks; a constant is trimmed at once.
pub(super) fn trimmed(expr: Expr) -> Expr {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(ScalarUDF::new_from_impl(Trimmed::new())));
    match expr {
        Expr::Literal(ScalarValue::Utf8(Some(text)), metadata) => {
            Expr::Literal(ScalarValue::Utf8(Some(text.trim_end_matches(' ').to_owned())), metadata)
        }
        other => FUNCTION.call(vec![other]),
    }
}

/// The engine's own RTRIM writes every text anew. Hardly any text ends in a blank, so here most are what they were.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Trimmed {
    signature: Signature,
}

impl Trimmed {
    fn new() -> Self {
        Self { signature: Signature::string(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Trimmed {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.as_slice() {
            [ColumnarValue::Array(texts)] => Ok(ColumnarValue::Array(without_blanks(&normalized(texts)?))),
            [ColumnarValue::Scalar(text)] => {
                let texts = without_blanks(&normalized(&text.to_array()?)?);
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&texts, 0)?))
            }
            _ => internal_err!("{} takes one text", NAME),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, StringArray};

    #[test]
    fn texts_are_copied_only_where_one_ends_in_a_blank() {
        let plain: ArrayRef = Arc::new(StringArray::from(vec![Some(" a"), None, Some(""), Some("b c")]));
        assert!(Arc::ptr_eq(&without_blanks(&plain), &plain));
        let blank: ArrayRef = Arc::new(StringArray::from(vec![Some(" a"), None, Some("  "), Some("b\t ")]));
        let expected: ArrayRef = Arc::new(StringArray::from(vec![Some(" a"), None, Some(""), Some("b\t")]));
        assert_eq!(&without_blanks(&blank), &expected);
    }
}
