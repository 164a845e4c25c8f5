//! The files of a delivery, pinned: each is looked at once, and is then that version or nothing.

use aws::object;
use futures::stream::{self, StreamExt, TryStreamExt};
use model::Result;
use model::arrival::Pin;
use model::manifest::Entry;
use model::plan::Input;

use crate::refused::Refused;

/// How many files are looked at at once.
const LOOKS: usize = 32;

/// The pin of every file, in order; `None` where there is no such file.
pub async fn pins(s3: &aws_sdk_s3::Client, entries: &[Entry]) -> Result<Vec<Option<Pin>>> {
    let mut pins = Vec::with_capacity(entries.len());
    // By the thousand: a look that waits for its turn holds some kilobytes, and a manifest may list a hundred thousand.
    for some in entries.chunks(1000) {
        let looks: Vec<_> = some.iter().map(|entry| object::head(s3, &entry.url, None)).collect();
        pins.extend(stream::iter(looks).buffered(LOOKS).try_collect::<Vec<_>>().await?);
    }
    Ok(pins)
}

/// The plan's inputs: every file is there and has the size and the ETag that were promised.
pub fn inputs(entries: &[Entry], pins: Vec<Option<Pin>>) -> Result<Vec<Input>, Refused> {
    let mut inputs = Vec::with_capacity(entries.len());
    let (mut missing, mut differing, mut rewritten) = (Vec::new(), Vec::new(), Vec::new());
    for (entry, pin) in entries.iter().zip(pins) {
        let Some(pin) = pin else {
            missing.push(&entry.url);
            continue;
        };
        if let Some(promised) = entry.promise.content_length.filter(|promised| *promised != pin.size_bytes) {
            differing.push((&entry.url, promised, pin.size_bytes));
        }
        if let Some(promised) = entry.promise.etag.as_deref().filter(|promised| promised.trim_matches('"') != pin.etag)
        {
            rewritten.push((&entry.url, promised, pin.etag.clone()));
        }
        inputs.push(Input { url: entry.url.clone(), pin, promise: entry.promise.clone() });
    }
    if !missing.is_empty() {
        return Err(Refused::missing_file(&missing));
    }
    if !differing.is_empty() {
        return Err(Refused::size_differs(&differing));
    }
    if !rewritten.is_empty() {
        return Err(Refused::etag_differs(&rewritten));
    }
    Ok(inputs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use model::manifest::ListingMeta;
    use model::name::S3Url;

    fn entry(name: &str, content_length: Option<u64>) -> Entry {
        let promise = ListingMeta { content_length, ..ListingMeta::default() };
        Entry { url: S3Url::new("landing", &format!("flights/{name}")).unwrap(), promise }
    }

    fn pin(size_bytes: u64) -> Option<Pin> {
        let last_modified = DateTime::from_timestamp(0, 0).unwrap();
        Some(Pin { version_id: None, etag: "e".to_owned(), size_bytes, last_modified })
    }

    #[test]
    fn every_file_is_pinned_in_order() {
        let inputs = inputs(&[entry("b", Some(2)), entry("a", None)], vec![pin(2), pin(1)]).unwrap();
        let found: Vec<_> = inputs.iter().map(|input| (input.url.key(), input.pin.size_bytes)).collect();
        assert_eq!(found, [("flights/b", 2), ("flights/a", 1)]);
    }

    #[test]
    fn all_missing_files_are_named() {
        let refused = inputs(&[entry("a", None), entry("b", None), entry("c", None)], vec![None, pin(1), None]);
        let refused = refused.unwrap_err();
        assert_eq!(refused.code, "missing_file");
        assert_eq!(refused.message, "not there: s3://landing/flights/a, s3://landing/flights/c");
    }

    #[test]
    fn another_etag_than_promised_is_refused_with_both() {
        let promised = |etag: &str| {
            let promise = ListingMeta { etag: Some(etag.to_owned()), ..ListingMeta::default() };
            inputs(&[Entry { promise, ..entry("a", None) }], vec![pin(1)])
        };
        assert!(promised("e").is_ok());
        assert!(promised("\"e\"").is_ok(), "as the HTTP header writes it");
        let refused = promised("f").unwrap_err();
        assert_eq!(refused.code, "etag_differs");
        assert_eq!(refused.message, "s3://landing/flights/a has the ETag e, not f");
    }

    #[test]
    fn another_size_than_promised_is_refused_with_both_numbers() {
        let refused = inputs(&[entry("a", Some(10))], vec![pin(9)]).unwrap_err();
        assert_eq!(refused.code, "size_differs");
        assert_eq!(refused.message, "s3://landing/flights/a has 9 bytes, not 10");
    }
}
