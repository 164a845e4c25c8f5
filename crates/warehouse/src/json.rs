//! JSON text as a super keeps it.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::error::{SqlError, SqlResult};

/// What JSON_PARSE makes of a text: the same value without blanks between its parts, as Redshift shows a super. Numbers
/// and strings stay as they are written. An object may not have an attribute twice (Developer Guide, parsing options for
/// SUPER). The failures' texts are unverified.
pub(crate) fn parsed(text: &str) -> SqlResult<String> {
    serde_json::from_str::<Valid>(text).map_err(|error| SqlError::new(format!("Error in parsing JSON: {error}")))?;
    let (mut compact, mut in_string, mut escaped) = (String::with_capacity(text.len()), false, false);
    for character in text.chars() {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if matches!(character, ' ' | '\t' | '\n' | '\r') {
            continue;
        } else {
            in_string = character == '"';
        }
        compact.push(character);
    }
    Ok(compact)
}

/// Any JSON value in which no object has an attribute twice.
struct Valid;

impl<'de> Deserialize<'de> for Valid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Valid;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Valid, E> {
        Ok(Valid)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Valid, E> {
        Ok(Valid)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Valid, E> {
        Ok(Valid)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Valid, E> {
        Ok(Valid)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Valid, E> {
        Ok(Valid)
    }

    fn visit_unit<E: Error>(self) -> Result<Valid, E> {
        Ok(Valid)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Valid, A::Error> {
        while let Some(Valid) = values.next_element()? {}
        Ok(Valid)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut attributes: A) -> Result<Valid, A::Error> {
        let mut names = BTreeSet::new();
        while let Some((name, Valid)) = attributes.next_entry::<String, Valid>()? {
            if let Some(twice) = names.replace(name) {
                return Err(A::Error::custom(format!("duplicate attribute {twice:?}")));
            }
        }
        Ok(Valid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_blanks_between_the_parts_go() {
        for (text, kept) in [
            ("{ \"a b\" : [ 1 , 2.50 ,\n\tnull, true ] }", "{\"a b\":[1,2.50,null,true]}"),
            (r#"" \" \\ ""#, r#"" \" \\ ""#),
            ("12345678901234567890.12345678901234567890", "12345678901234567890.12345678901234567890"),
            (" {} ", "{}"),
            ("\"\"", "\"\""),
        ] {
            assert_eq!(parsed(text).unwrap(), kept);
        }
    }

    #[test]
    fn what_is_no_json_fails() {
        for wrong in
            ["", " ", "{", "{'a': 1}", "{\"a\":1}}", "[1,]", "01", "NaN", "{\"a\":1,\"a\":2}", "\"\t\"", "[1] [2]"]
        {
            assert!(parsed(wrong).unwrap_err().to_string().starts_with("ERROR: Error in parsing JSON: "), "{wrong}");
        }
    }
}
