//! The manifest of COPY (facts/redshift-copy.md, manifest).

use serde::Deserialize;

use super::Failure;
use crate::error::SqlError;

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub url: String,
    pub mandatory: bool,
    pub content_length: u64,
}

/// Keys beyond these are ignored, as Redshift does.
#[derive(Deserialize)]
struct ManifestDocument {
    entries: Vec<EntryDocument>,
}

#[derive(Deserialize)]
struct EntryDocument {
    url: String,
    #[serde(default)]
    mandatory: bool,
    meta: Option<MetaDocument>,
}

#[derive(Deserialize)]
struct MetaDocument {
    content_length: Option<u64>,
}

/// Reads the entries, each with its length: Parquet needs it.
pub(super) fn entries(bytes: &[u8], url: &str) -> Result<Vec<Entry>, Failure> {
    let document: ManifestDocument = serde_json::from_slice(bytes).map_err(|error| {
        let text = format!("Problem reading manifest file {url} - {error}");
        Failure::new(SqlError::new(text.clone()), 8001, text)
    })?;
    document.entries.into_iter().map(|entry| complete(entry, url)).collect()
}

fn complete(entry: EntryDocument, manifest: &str) -> Result<Entry, Failure> {
    let missing = |key: &str| incomplete(format!("File entry does not have '{key}' key.")).in_file(manifest);
    let meta = entry.meta.ok_or_else(|| missing("meta"))?;
    // Only the text about 'meta' has been seen.
    let content_length = meta.content_length.ok_or_else(|| missing("content_length"))?;
    let key = entry.url.strip_prefix("s3://").and_then(|rest| rest.split_once('/')).map(|(_, key)| key);
    match key {
        Some(key) if !key.is_empty() => Ok(Entry { url: entry.url, mandatory: entry.mandatory, content_length }),
        _ => Err(SqlError::new(format!("Invalid url in manifest {manifest}: {}", entry.url)).into()),
    }
}

fn incomplete(context: String) -> Failure {
    let text = format!("{context} location: spectrum_manifest.cpp");
    Failure::new(SqlError::scan("Spectrum Scan Error", 15003, &text), 15003, context)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Entry>, String> {
        entries(text.as_bytes(), "s3://b/m").map_err(|failure| failure.error.to_string())
    }

    #[test]
    fn mandatory_is_false_unless_said() {
        let entries = read(r#"{"entries":[{"url":"s3://b/k","meta":{"content_length":7}}]}"#).unwrap();
        assert_eq!(entries, [Entry { url: "s3://b/k".into(), mandatory: false, content_length: 7 }]);
    }

    #[test]
    fn extra_keys_are_ignored() {
        let entries =
            read(r#"{"as_of":"x","entries":[{"url":"s3://b/k","meta":{"content_length":7,"record_count":1}}]}"#);
        assert_eq!(entries.unwrap().len(), 1);
    }

    #[test]
    fn an_entry_without_meta_fails_with_15003() {
        let error = read(r#"{"entries":[{"url":"s3://b/k","mandatory":true}]}"#).unwrap_err();
        assert!(error.contains("File entry does not have 'meta' key."), "{error}");
        assert!(error.contains("15003"), "{error}");
    }

    #[test]
    fn a_manifest_that_is_no_json_fails() {
        assert!(read("PAR1").unwrap_err().contains("Problem reading manifest file s3://b/m"));
    }
}
