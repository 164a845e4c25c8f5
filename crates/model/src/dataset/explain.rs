//! The parser's errors in our words: line, column, what is wrong, and the nearest known word.

use super::LATER;

/// The parser's error in our words: line, column, what is wrong, and the nearest known word.
pub(super) fn explain(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error as Yaml;
    let inner = error.without_snippet();
    let place = inner.location().map_or_else(String::new, |at| format!("line {}, column {}: ", at.line(), at.column()));
    let what = match inner {
        Yaml::SerdeUnknownField { field, .. } if LATER.contains(&field.as_str()) => {
            format!("`{field}` is not supported yet")
        }
        Yaml::SerdeUnknownField { field, expected, .. } => match nearest(field, expected) {
            Some(known) => format!("there is no key `{field}`; the nearest is `{known}`"),
            None => format!("there is no key `{field}`"),
        },
        Yaml::SerdeUnknownVariant { variant, expected, .. } => {
            let near = nearest(variant, expected).filter(|_| expected.len() > 1);
            let near = near.map(|near| format!("the nearest is `{near}`; ")).unwrap_or_default();
            format!("`{variant}` is not known, or not supported yet; {near}there is {}", expected.join(", "))
        }
        Yaml::SerdeInvalidType { unexpected, expected, .. } => {
            let found = if unexpected == "unit value" { "nothing" } else { unexpected };
            format!("{expected} is expected, not {found}")
        }
        Yaml::NullIntoString { .. } => "null stands where a text is expected; in quotes it is the word".to_owned(),
        Yaml::InvalidCharNotSingleScalar { .. } => "one character is expected".to_owned(),
        Yaml::Unexpected { expected: "mapping start", .. } => {
            "keys and values are expected here, as in {type: bigint}".to_owned()
        }
        Yaml::DuplicateMappingKey { key: Some(key), .. } => format!("the key `{key}` stands there twice"),
        Yaml::SerdeMissingField { field, .. } => format!("`{field}` is missing"),
        other => {
            let text = other.to_string();
            // Custom errors come with a position of their own in front or behind; ours is enough.
            text.split(" at line ").next().unwrap_or(&text).trim_start_matches("error: ").to_owned()
        }
    };
    place + &what
}

/// A name in a file as it is compared: without regard to case and to white space around it.
pub fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The word most like this one, if any is like it at all.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), *candidate))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
