//! The one place that puts names and texts between quotes.
//!
//! Redshift folds even quoted identifiers to lower case, and reads a backslash in a literal as an escape
//! (facts/redshift-copy.md, identifiers and quoting), so a literal doubles both the quote and the backslash.

use model::name::TableName;
use model::{Error, Kind, Result};

/// A name between double quotes, in lower case as Redshift would fold it.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.to_lowercase().replace('"', "\"\""))
}

/// A table with its schema, each between double quotes.
pub fn table(name: &TableName) -> String {
    format!("{}.{}", identifier(name.schema().as_str()), identifier(name.table().as_str()))
}

/// A text between single quotes, in one piece whatever it holds. The character NUL is refused: no text of Redshift's
/// can hold it, and it would end the statement's text.
pub fn literal(text: &str) -> Result<String> {
    if text.contains('\0') {
        return Err(Error::new(Kind::Config, "quote", format!("{text:?}")).because("it holds the character NUL"));
    }
    Ok(format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''")))
}

#[cfg(test)]
mod tests {
    use model::name::{DatasetName, Identifier};
    use proptest::prelude::*;

    use super::*;

    /// Reads a literal as Redshift does; `None` where it ends too early or not at all.
    fn read_literal(sql: &str) -> Option<String> {
        let inside = sql.strip_prefix('\'')?.strip_suffix('\'')?;
        let mut text = String::new();
        let mut characters = inside.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => text.push(characters.next()?),
                '\'' => (characters.next()? == '\'').then(|| text.push('\''))?,
                other => text.push(other),
            }
        }
        Some(text)
    }

    fn read_identifier(sql: &str) -> Option<String> {
        let inside = sql.strip_prefix('"')?.strip_suffix('"')?;
        let without_pairs = inside.replace("\"\"", "");
        (!without_pairs.contains('"')).then(|| inside.replace("\"\"", "\""))
    }

    #[test]
    fn quotes_and_backslashes_are_doubled() {
        assert_eq!(literal(r"s3://b/it's\").unwrap(), r"'s3://b/it''s\\'");
        assert_eq!(literal("").unwrap(), "''");
        assert!(literal("a\0b").is_err());
        assert_eq!(identifier("Select \"x\""), "\"select \"\"x\"\"\"");
    }

    proptest! {
        #[test]
        fn a_literal_reads_back_as_the_text(text in "[^\0]*") {
            prop_assert_eq!(read_literal(&literal(&text).unwrap()), Some(text));
        }

        #[test]
        fn a_literal_of_the_worst_characters_reads_back(text in "['\\\\;\\-\n]{0,12}") {
            prop_assert_eq!(read_literal(&literal(&text).unwrap()), Some(text));
        }

        #[test]
        fn what_a_dataset_may_name_is_quoted_as_it_stands_and_nothing_else_is_a_name(text in "[a-zA-Z_0-9'\"\\\\;. é]{0,8}") {
            let is_plain = |text: &str| text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
            if let Ok(name) = Identifier::parse(&text) {
                prop_assert!(is_plain(&text));
                prop_assert_eq!(identifier(name.as_str()), format!("\"{text}\""));
            }
            if let Ok(name) = TableName::parse(&text) {
                prop_assert_eq!(table(&name), format!("\"{}\"", text.replacen('.', "\".\"", 1)));
                prop_assert!(text.split('.').all(is_plain));
            }
            prop_assert!(DatasetName::parse(&text).is_err() || is_plain(&text));
        }

        #[test]
        fn an_identifier_reads_back_in_lower_case(name in "[^\0]*") {
            prop_assert_eq!(read_identifier(&identifier(&name)), Some(name.to_lowercase()));
        }
    }
}
