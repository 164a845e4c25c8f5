//! The JSON Schema of the keys that are read by hand.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::column::Column;
use super::columns::Columns;
use super::csv::{Csv, Dialect, Header, ShortRows};
use crate::encoding::Encoding;

impl JsonSchema for Csv {
    fn schema_name() -> Cow<'static, str> {
        "Csv".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let detect = "Told by the first bytes of the first file.";
        json_schema!({
            "description": "How the CSV is written: found out, or said.",
            "oneOf": [
                {"description": detect, "type": "string", "const": Csv::DETECT},
                generator.subschema_for::<Dialect>(),
            ],
        })
    }
}

impl JsonSchema for Header {
    fn schema_name() -> Cow<'static, str> {
        "Header".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How many lines the header has. `true` is one, `false` is none.",
            "oneOf": [{"type": "boolean"}, {"type": "integer", "minimum": 0, "maximum": u32::MAX}],
        })
    }
}

impl JsonSchema for Columns {
    fn schema_name() -> Cow<'static, str> {
        "Columns".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (text, infer) = ("Every field is a varchar.", "The types are told by the batch's values.");
        json_schema!({
            "description": "The columns by name, in the order of the table; or where they come from.",
            "oneOf": [
                {"description": text, "type": "string", "const": Columns::TEXT},
                {"description": infer, "type": "string", "const": Columns::INFER},
                {"type": "object", "minProperties": 1, "additionalProperties": generator.subschema_for::<Column>()},
            ],
        })
    }
}

impl JsonSchema for ShortRows {
    fn schema_name() -> Cow<'static, str> {
        "ShortRows".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What becomes of a row with too few fields: it is a reject, or what is missing is null.",
            // Without quotes, null is no text to an editor.
            "enum": ["reject", "null", null],
        })
    }
}

/// A text that needs no quotes where YAML sees a number or a truth value in it: it is kept as it is written.
pub(super) struct Scalar;

impl JsonSchema for Scalar {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number", "boolean"]})
    }
}

impl JsonSchema for Encoding {
    fn schema_name() -> Cow<'static, str> {
        "Encoding".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = Self::ALL.iter().map(|encoding| encoding.name()).collect();
        json_schema!({"description": "How a file's characters are written as bytes.", "type": "string", "enum": names})
    }
}
