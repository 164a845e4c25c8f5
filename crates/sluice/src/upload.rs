//! What the command line puts into the buckets: dataset files with their index, files with their manifest.

use std::path::{Path, PathBuf};

use aws::error::sorted;
use aws::object;
use aws_sdk_s3::primitives::ByteStream;
use chrono::{DateTime, Utc};
use model::arrival::ManifestKind;
use model::dataset::DatasetFile;
use model::index::DatasetIndex;
use model::layout;
use model::manifest::{Listing, ListingEntry, ListingMeta};
use model::name::S3Url;
use model::{Error, Kind, Result};

use crate::place::Place;

/// S3 takes so much in one PUT (facts/s3-events.md, objects).
const MAX_PUT_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// Reads a dataset file and checks all that can be checked without data.
pub fn read_dataset(path: &Path) -> Result<DatasetFile> {
    let subject = path.display().to_string();
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| Error::new(Kind::Config, "read dataset", &subject).because(error))?;
    DatasetFile::parse(&text, &subject)
}

/// Puts dataset files where the starter finds them, and their prefixes into the index beside those already there.
/// The index goes last: a prefix in it always has its file. Two who do this at once both end in the index.
pub async fn datasets(place: &Place, files: &[DatasetFile]) -> Result<()> {
    let bucket = &place.control_bucket;
    let mut written = false;
    for _ in 0..INDEX_TRIES {
        let (mut index, there) = index(place).await?;
        for file in files {
            index.datasets.insert(file.dataset.dataset.clone(), file.dataset.landing.clone());
        }
        if let Some((one, other)) = index.clash(&place.landing_bucket) {
            return Err(Error::new(Kind::Config, "upload", "the datasets")
                .because(format!("{one} and {other} have the same landing prefix; give one of them another")));
        }
        if !written {
            for file in files {
                let key = layout::dataset(&file.dataset.dataset);
                put(place, bucket, &key, ByteStream::from(file.text.clone().into_bytes())).await?;
            }
            written = true;
        }
        if swap_index(place, &index, there.as_deref()).await? {
            return Ok(());
        }
    }
    Err(Error::new(Kind::Transient, "upload", layout::DATASET_INDEX)
        .because("others change it all the time; try again"))
}

/// How often the index is read again because somebody else changed it meanwhile.
const INDEX_TRIES: u32 = 20;

/// The index and its ETag; an empty one where there is none.
async fn index(place: &Place) -> Result<(DatasetIndex, Option<String>)> {
    let (bucket, key) = (&place.control_bucket, layout::DATASET_INDEX);
    let url = S3Url::new(bucket, key).map_err(|error| Error::new(Kind::Config, "read", key).because(error))?;
    match object::head(&place.clients.s3, &url, None).await? {
        None => Ok((DatasetIndex::default(), None)),
        Some(pin) => {
            // An index that is changed between the two calls fails the swap.
            let index = object::read_document(&place.clients.s3, bucket, key).await?;
            Ok((index.unwrap_or_default(), Some(pin.etag)))
        }
    }
}

/// Writes the index if it is still the one that was read.
async fn swap_index(place: &Place, index: &DatasetIndex, there: Option<&str>) -> Result<bool> {
    let (bucket, key) = (&place.control_bucket, layout::DATASET_INDEX);
    let body = ByteStream::from(object::to_json(index)?);
    let request = place.clients.s3.put_object().bucket(bucket).key(key).body(body);
    let request = match there {
        Some(etag) => request.if_match(format!("\"{etag}\"")),
        None => request.if_none_match("*"),
    };
    match request.send().await {
        Ok(_) => Ok(true),
        Err(error) if matches!(aws::error::status(&error), Some(409 | 412)) => Ok(false),
        Err(error) => Err(sorted("upload", format!("s3://{bucket}/{key}"), error)),
    }
}

/// Uploads files into a batch's folder and returns what its manifest lists, in the same order.
pub async fn files(place: &Place, folder: &S3Folder, files: &[PathBuf]) -> Result<Vec<ListingEntry>> {
    let mut entries: Vec<ListingEntry> = Vec::new();
    for path in files {
        let subject = path.display().to_string();
        let fault = |what: String| Error::new(Kind::Config, "send", &subject).because(what);
        let metadata = std::fs::metadata(path).map_err(|error| fault(error.to_string()))?;
        if metadata.is_dir() {
            return Err(fault("it is a folder; name its files".to_owned()));
        }
        let size = metadata.len();
        if size > MAX_PUT_BYTES {
            return Err(fault(format!("it has {size} bytes; one upload takes {MAX_PUT_BYTES}, so split it")));
        }
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| fault("it has no name".to_owned()))?;
        if ManifestKind::of(&format!("/{name}")).is_some() {
            return Err(fault("a file of this name is taken for a manifest: rename it".to_owned()));
        }
        let url = folder.object(name)?;
        if entries.iter().any(|entry| entry.url == url.to_string()) {
            return Err(fault(format!("another file is named {name}; files of a batch have names of their own")));
        }
        let body = ByteStream::from_path(path).await.map_err(|error| fault(error.to_string()))?;
        put(place, url.bucket(), url.key(), body).await?;
        let meta = ListingMeta { content_length: Some(size), ..ListingMeta::default() };
        entries.push(ListingEntry { url: url.to_string(), mandatory: Some(true), meta });
    }
    Ok(entries)
}

/// Uploads the manifest: from here on the run starts by itself.
pub async fn manifest(
    place: &Place,
    folder: &S3Folder,
    as_of: Option<DateTime<Utc>>,
    entries: Vec<ListingEntry>,
) -> Result<S3Url> {
    let url = folder.manifest()?;
    let listing = Listing { as_of, entries, schema: None, meta: None, author: None };
    put(place, url.bucket(), url.key(), ByteStream::from(object::to_json(&listing)?)).await?;
    Ok(url)
}

/// A folder in a bucket.
#[derive(Debug, Clone)]
pub struct S3Folder {
    bucket: String,
    prefix: String,
}

impl S3Folder {
    /// The folder of a batch of a dataset.
    pub fn of_batch(place: &Place, dataset: &DatasetFile, batch: &str) -> Result<Self> {
        if batch.is_empty() || batch.starts_with(['/', '_', '.']) || batch.ends_with('/') {
            return Err(Error::new(Kind::Config, "send", format!("batch {batch:?}"))
                .because("a batch is a folder's name: not empty, no _ or . or / in front, no / at the end"));
        }
        let (bucket, prefix) = dataset.dataset.landing.resolve(&place.landing_bucket);
        Ok(Self { bucket: bucket.to_owned(), prefix: format!("{prefix}{batch}/") })
    }

    /// The batch's manifest.
    pub fn manifest(&self) -> Result<S3Url> {
        self.object("_manifest.json")
    }

    fn object(&self, name: &str) -> Result<S3Url> {
        S3Url::new(&self.bucket, &format!("{}{name}", self.prefix))
            .map_err(|error| Error::new(Kind::Config, "send", name).because(error))
    }
}

async fn put(place: &Place, bucket: &str, key: &str, body: ByteStream) -> Result<()> {
    let sent = place.clients.s3.put_object().bucket(bucket).key(key).body(body).send().await;
    sent.map(drop).map_err(|error| sorted("upload", format!("s3://{bucket}/{key}"), error))
}
