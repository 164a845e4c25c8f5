//! What the JSON services share: reading a request strictly, answering, pages, times.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::wire::ApiError;

/// Reads a request. A member or value that its type does not have is refused as not known to the double; one that is
/// missing or has the wrong form is the caller's mistake.
pub fn read<T: DeserializeOwned>(operation: &str, request: Value) -> Result<T, ApiError> {
    serde_json::from_value(request).map_err(|error| {
        let error = error.to_string();
        match error.strip_prefix("unknown ") {
            Some(unknown) => {
                let what = unknown.split_once(", expected").map_or(unknown, |(what, _)| what);
                ApiError::not_known(format!("{what} in a request for {operation}"))
            }
            None => ApiError::validation(format!("1 validation error detected in a request for {operation}: {error}")),
        }
    })
}

/// Writes an answer.
pub fn answer<T: Serialize>(answer: &T) -> Result<Value, ApiError> {
    serde_json::to_value(answer).map_err(|error| ApiError::internal(format!("cannot write an answer: {error}")))
}

/// A time as the JSON protocols write it: seconds since 1970, with milliseconds.
pub fn epoch_seconds(time: DateTime<Utc>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds fit into 53 bits for another 285,000 years")]
    let milliseconds = time.timestamp_millis() as f64;
    milliseconds / 1000.0
}

/// One page of a list: at most `most` entries after the one that the token names, and the token of the next page.
///
/// A token names the last entry that was seen, so that entries added or removed meanwhile neither double nor hide the
/// others. A token that names no entry, because it never did or because the entry is gone, gives no page.
pub fn page<'a, T>(
    entries: &'a [T],
    name: impl Fn(&T) -> &str,
    token: Option<&str>,
    most: usize,
) -> Option<(&'a [T], Option<String>)> {
    let rest = match token {
        None => entries,
        Some(token) => {
            let seen = entries.iter().position(|entry| name(entry) == token)?;
            entries.get(seen + 1..)?
        }
    };
    match rest.split_at_checked(most) {
        Some((page, [_, ..])) => Some((page, page.last().map(|entry| name(entry).to_owned()))),
        _ => Some((rest, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        #[serde(rename = "Name")]
        _name: String,
    }

    #[test]
    fn an_unknown_member_and_a_missing_one_are_told_apart() {
        let unknown = read::<Request>("GetTable", json!({"Name": "a", "Color": 1})).unwrap_err();
        assert_eq!(unknown.code, "UnknownOperationException");
        assert_eq!(unknown.message, "field `Color` in a request for GetTable is not known to the double");
        let missing = read::<Request>("GetTable", json!({})).unwrap_err();
        assert_eq!(missing.code, "ValidationException");
        assert!(missing.message.contains("missing field `Name`"), "{missing}");
    }

    #[test]
    fn pages_follow_each_other_without_doubles() {
        let entries = ["a", "b", "c", "d", "e"];
        let page = |token: Option<&str>| page(&entries, |entry| entry, token, 2);
        assert_eq!(page(None), Some((["a", "b"].as_slice(), Some("b".to_owned()))));
        assert_eq!(page(Some("b")), Some((["c", "d"].as_slice(), Some("d".to_owned()))));
        assert_eq!(page(Some("d")), Some((["e"].as_slice(), None)));
        assert_eq!(page(Some("z")), None);
    }

    #[test]
    fn times_are_seconds() {
        let time = DateTime::from_timestamp_millis(1_767_225_600_123).unwrap();
        assert!((epoch_seconds(time) - 1_767_225_600.123).abs() < 1e-6);
    }
}
