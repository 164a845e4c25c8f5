//! Files that COPY cannot take, set apart where the dataset says so (`on_copy_error: isolate`).
//!
//! A run that is alone in its group and whose COPY fails asks the warehouse which files it failed for. They are written down,
//! COPY gets a manifest without them, and the counts are held with their rows as a term of their own. As each turn sets at
//! least one file apart, it comes to an end.

use aws::object;
use aws_sdk_s3::Client;
use model::copy::CopyManifest;
use model::group::GroupName;
use model::load::IsolatedFile;
use model::name::RunName;
use model::part::ParquetFile;
use model::{Result, layout};
use serde::{Deserialize, Serialize};

use crate::statement::Row;

/// The document `groups/<table>/<token>/isolated/<number>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Isolation {
    /// Of this document: 1.
    pub version: u32,
    /// The group.
    pub group: GroupName,
    /// Its one run.
    pub run: RunName,
    /// The files.
    pub files: Vec<IsolatedFile>,
}

/// What a group has isolated, in the order in which it did.
pub async fn read(s3: &Client, bucket: &str, group: &GroupName) -> Result<Vec<Isolation>> {
    let mut isolations = Vec::new();
    while let Some(isolation) =
        object::read_document(s3, bucket, &layout::isolation(group, isolations.len() + 1)).await?
    {
        isolations.push(isolation);
    }
    Ok(isolations)
}

/// Writes down one more, and before that the manifest without all that is isolated by then. A call that is made twice
/// writes the same.
pub async fn add(s3: &Client, bucket: &str, before: &[Isolation], isolation: &Isolation) -> Result<()> {
    let number = before.len() + 1;
    let files = before.iter().chain([isolation]).flat_map(|isolation| &isolation.files);
    let isolated: Vec<String> = files.map(|file| file.url.to_string()).collect();
    let mut manifest: CopyManifest =
        object::need_document(s3, bucket, &layout::group_manifest(&isolation.group, 0)).await?;
    manifest.entries.retain(|entry| !isolated.contains(&entry.url));
    let key = layout::group_manifest(&isolation.group, number);
    object::create_document(s3, bucket, &key, &manifest).await?;
    object::create_document(s3, bucket, &layout::isolation(&isolation.group, number), isolation).await?;
    let (files, rows) = (isolation.files.len(), isolation.files.iter().map(|file| file.rows).sum::<u64>());
    tracing::warn!(group = %isolation.group, files, rows, "files isolated");
    Ok(())
}

/// Which of a run's files the warehouse names, by rows of the explaining query with the sentence of each; those that are
/// isolated already are not named again.
pub fn named<'a>(
    files: impl Iterator<Item = &'a ParquetFile>,
    known: &[(Row, String)],
    before: &[Isolation],
) -> Result<Vec<IsolatedFile>> {
    let mut told = Vec::new();
    for (row, sentence) in known {
        // The view's texts are chars, padded with blanks.
        told.push((row.optional_text(0)?.unwrap_or_default().trim().to_owned(), sentence));
    }
    let is_new = |file: &&ParquetFile| {
        before.iter().flat_map(|isolation| &isolation.files).all(|isolated| isolated.url != file.url)
    };
    let isolated = files.filter(is_new).filter_map(|file| {
        let (_, why) = told.iter().find(|(url, _)| *url == file.url.to_string())?;
        Some(IsolatedFile { url: file.url.clone(), rows: file.rows, why: (*why).clone() })
    });
    Ok(isolated.collect())
}

#[cfg(test)]
mod tests {
    use aws_sdk_redshiftdata::types::Field;
    use model::name::S3Url;

    use super::*;

    fn file(key: &str) -> ParquetFile {
        ParquetFile { url: S3Url::new("lake", key).unwrap(), size_bytes: 1, rows: 7, partition: Vec::new() }
    }

    fn told(url: &str) -> (Row, String) {
        (Row(vec![Field::StringValue(format!("{url}   "))]), format!("{url}: too long"))
    }

    #[test]
    fn a_file_that_the_warehouse_names_is_isolated_once() {
        let files = [file("a"), file("b"), file("c")];
        let known = [told("s3://lake/b"), told("s3://lake/elsewhere")];
        let isolated = named(files.iter(), &known, &[]).unwrap();
        let url = S3Url::new("lake", "b").unwrap();
        assert_eq!(isolated, [IsolatedFile { url, rows: 7, why: "s3://lake/b: too long".to_owned() }]);
        let before = Isolation {
            version: 1,
            group: GroupName::parse("analytics.sales/3").unwrap(),
            run: RunName::parse(&format!("sales-{}", "0".repeat(32))).unwrap(),
            files: isolated,
        };
        assert_eq!(named(files.iter(), &known, &[before]).unwrap(), []);
    }

    #[test]
    fn version_one_stays_readable() {
        let golden = r#"{"version":1,"group":"analytics.sales/3","run":"sales-00000000000000000000000000000000",
            "files":[{"url":"s3://lake/b","rows":7,"why":"too long"}]}"#;
        let isolation: Isolation = serde_json::from_str(golden).unwrap();
        assert_eq!(isolation.files[0].rows, 7);
    }
}
