//! What can never become a run: every refusal's code, message and action, in one place.
//!
//! To add one: a function here, a line in the test's list, and the check that calls it.

use chrono::{DateTime, SecondsFormat, Utc};
use model::Error;
use model::manifest::MAX_MANIFEST_BYTES;
use model::name::{DatasetName, S3Url};
use model::refusal::Refusal;

use crate::delivery::Known;

/// Why a delivery ends before it is a run.
#[derive(Debug)]
pub enum Stop {
    /// It can never succeed.
    Refused(Refused),
    /// Another try, or a mended set-up, can help.
    Failed(Error),
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A refusal before it is known where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// A code.
    pub code: &'static str,
    /// What is wrong, with every name and number.
    pub message: String,
    /// What to do about it.
    pub action: String,
}

/// How many files a message names before it only counts the rest.
const NAMED: usize = 5;

/// What mends most of them.
const AGAIN: &str = "deliver the manifest again";

impl Refused {
    fn new(code: &'static str, message: String, action: impl Into<String>) -> Self {
        Self { code, message, action: action.into() }
    }

    /// The document, with what is known of the delivery by now.
    pub fn into_refusal(self, manifest: &S3Url, known: Known) -> Refusal {
        Refusal {
            version: Refusal::VERSION,
            dataset: known.dataset,
            manifest: manifest.clone(),
            manifest_version: known.version,
            code: self.code.to_owned(),
            message: self.message,
            action: self.action,
        }
    }

    /// The manifest was deleted between its event and now.
    pub fn manifest_gone(manifest: &S3Url) -> Self {
        let message = format!("{manifest} was deleted before it was read");
        Self::new("manifest_gone", message, "put it back, if it should be loaded")
    }

    /// No dataset has a prefix of the manifest's key.
    pub fn unknown_prefix(manifest: &S3Url, nearest: Option<&str>) -> Self {
        let hint = match nearest {
            Some(prefix) => format!("the nearest prefix is {prefix}"),
            None => "none is like it".to_owned(),
        };
        Self::new(
            "unknown_prefix",
            format!("{manifest} is under no dataset's prefix; {hint}"),
            format!("put it under a dataset's prefix, or add the dataset (`sluice check --upload`) and {AGAIN}"),
        )
    }

    /// The dataset file is missing, does not read, or is another than the index says.
    pub fn bad_dataset(what: String) -> Self {
        Self::new("bad_dataset", what, format!("mend the dataset file, run `sluice check --upload`, and {AGAIN}"))
    }

    /// The manifest is larger than is read.
    pub fn manifest_too_large(manifest: &S3Url, size_bytes: u64) -> Self {
        let message = format!("{manifest} has {size_bytes} bytes, {MAX_MANIFEST_BYTES} at most");
        Self::new("manifest_too_large", message, "deliver the files in several batches, each with its manifest")
    }

    /// The manifest is not JSON; the text names line and column.
    pub fn bad_json(manifest: &S3Url, error: &serde_json::Error) -> Self {
        Self::new("bad_json", format!("{manifest} is not JSON: {error}"), format!("mend it and {AGAIN}"))
    }

    /// The manifest is JSON, and no manifest.
    pub fn bad_manifest(what: String) -> Self {
        Self::new("bad_manifest", what, format!("mend it and {AGAIN}"))
    }

    /// An entry is no address.
    pub fn bad_url(what: String) -> Self {
        Self::new("bad_url", what, format!("write it as s3://bucket/key, not encoded, and {AGAIN}"))
    }

    /// An entry lies where the dataset's files may not.
    pub fn foreign_url(url: &S3Url, dataset: &DatasetName, landing: &str, owner: Option<&DatasetName>) -> Self {
        let whose = owner.map_or_else(String::new, |owner| format!("; it belongs to dataset {owner}"));
        Self::new(
            "foreign_url",
            format!("{url} is not under {landing}, where the files of {dataset} lie{whose}"),
            format!("put the file there, name it there, and {AGAIN}"),
        )
    }

    /// A file is named more than once.
    pub fn duplicate_url(url: &S3Url) -> Self {
        Self::new("duplicate_url", format!("{url} is named twice"), format!("name every file once and {AGAIN}"))
    }

    /// The manifest is one of its own entries.
    pub fn names_itself(manifest: &S3Url) -> Self {
        Self::new("names_itself", format!("{manifest} names itself as a file"), format!("take it out and {AGAIN}"))
    }

    /// The manifest gives its batch another place among the batches than it has.
    pub fn moved_batch(manifest: &S3Url, as_of: DateTime<Utc>, place: DateTime<Utc>) -> Self {
        Self::new(
            "moved_batch",
            format!(
                "{manifest} is as_of {}, and its batch is as of {} since its first delivery",
                as_of.to_rfc3339_opts(SecondsFormat::AutoSi, true),
                place.to_rfc3339_opts(SecondsFormat::AutoSi, true)
            ),
            "deliver it without as_of or with that one, or as another batch: under another key",
        )
    }

    /// There is nothing to load.
    pub fn empty_batch(manifest: &S3Url, where_to_look: &str) -> Self {
        Self::new(
            "empty_batch",
            format!("{manifest} delivers no file: {where_to_look}"),
            format!("put the files there before the manifest and {AGAIN}"),
        )
    }

    /// Files are named that are not there.
    pub fn missing_file(urls: &[&S3Url]) -> Self {
        let names = first_of(urls.iter().map(ToString::to_string).collect());
        Self::new(
            "missing_file",
            format!("not there: {names}"),
            format!("upload every file before the manifest and {AGAIN}"),
        )
    }

    /// Files have another size than was promised: `(url, promised, found)`.
    pub fn size_differs(files: &[(&S3Url, u64, u64)]) -> Self {
        let say = |(url, promised, found): &(&S3Url, u64, u64)| format!("{url} has {found} bytes, not {promised}");
        Self::new(
            "size_differs",
            first_of(files.iter().map(say).collect()),
            format!("upload the file whole, or mend its content_length, and {AGAIN}"),
        )
    }

    /// Files have another ETag than was promised: `(url, promised, found)`.
    pub fn etag_differs(files: &[(&S3Url, &str, String)]) -> Self {
        let say =
            |(url, promised, found): &(&S3Url, &str, String)| format!("{url} has the ETag {found}, not {promised}");
        Self::new(
            "etag_differs",
            first_of(files.iter().map(say).collect()),
            format!("it was written again after the manifest was made: make the manifest anew, and {AGAIN}"),
        )
    }
}

/// The first few of them, and how many more there are.
fn first_of(mut texts: Vec<String>) -> String {
    let more = texts.len().saturating_sub(NAMED);
    texts.truncate(NAMED);
    let named = texts.join(", ");
    if more == 0 { named } else { format!("{named}, and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use std::collections::BTreeSet;

    #[test]
    fn every_refusal_has_its_own_code_message_and_action() {
        let url = S3Url::parse("s3://landing/flights/_manifest.json").unwrap();
        let dataset = DatasetName::parse("flights").unwrap();
        let json = serde_json::from_str::<serde_json::Value>("{\n").unwrap_err();
        let all = [
            Refused::manifest_gone(&url),
            Refused::unknown_prefix(&url, Some("flights/")),
            Refused::bad_dataset("the file is not there".to_owned()),
            Refused::manifest_too_large(&url, 17 << 20),
            Refused::bad_json(&url, &json),
            Refused::bad_manifest("`entries` is missing".to_owned()),
            Refused::bad_url("x is no address".to_owned()),
            Refused::foreign_url(&url, &dataset, "flights/", None),
            Refused::duplicate_url(&url),
            Refused::names_itself(&url),
            Refused::empty_batch(&url, "its entries are empty"),
            Refused::moved_batch(&url, DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + TimeDelta::days(1)),
            Refused::missing_file(&[&url]),
            Refused::size_differs(&[(&url, 1, 2)]),
            Refused::etag_differs(&[(&url, "a", "b".to_owned())]),
        ];
        assert_eq!(all.iter().map(|refused| refused.code).collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(all.iter().map(|refused| &refused.message).collect::<BTreeSet<_>>().len(), all.len());
        for refused in &all {
            assert!(refused.code.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_')), "{}", refused.code);
            assert!(!refused.action.is_empty(), "{}", refused.code);
        }
        assert!(all[4].message.contains("line 2 column 0"), "{}", all[4].message);
    }

    #[test]
    fn a_message_names_a_few_files_and_counts_the_rest() {
        let urls: Vec<S3Url> = (0..7).map(|n| S3Url::parse(&format!("s3://landing/f/{n}.csv")).unwrap()).collect();
        let message = Refused::missing_file(&urls.iter().collect::<Vec<_>>()).message;
        assert!(message.ends_with("s3://landing/f/4.csv, and 2 more"), "{message}");
    }
}
