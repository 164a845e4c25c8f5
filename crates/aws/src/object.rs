//! Objects on S3 as the flow uses them: documents are created and never overwritten, inputs are read by their pin.

use std::ops::Range;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use model::arrival::Pin;
use model::name::S3Url;
use model::{Error, Kind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{is_code, sorted, status};

/// What a create-only write found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// Nothing: the object is new.
    New,
    /// The same bytes: an earlier try of ours wrote them.
    Same,
    /// Other bytes; the object is left as it was.
    Other,
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The whole key.
    pub key: String,
    /// Its size.
    pub size_bytes: u64,
    /// When it was written.
    pub last_modified: DateTime<Utc>,
}

/// The pin of an object as it is now, or of the version asked for; `None` where there is no such object.
pub async fn head(s3: &Client, url: &S3Url, version_id: Option<&str>) -> Result<Option<Pin>> {
    let request = s3.head_object().bucket(url.bucket()).key(url.key());
    let answer = match request.set_version_id(version_id.map(str::to_owned)).send().await {
        Ok(answer) => answer,
        Err(error) if status(&error) == Some(404) => return Ok(None),
        Err(error) => return Err(sorted("look at", url, error)),
    };
    // A bucket that never kept versions answers none; one that stopped keeping them answers "null", which pins nothing.
    let version_id = answer.version_id().filter(|version| *version != "null").map(str::to_owned);
    let size = answer.content_length().and_then(|size| u64::try_from(size).ok());
    let modified = answer.last_modified().and_then(|time| DateTime::from_timestamp(time.secs(), 0));
    match (answer.e_tag(), size, modified) {
        (Some(etag), Some(size_bytes), Some(last_modified)) => {
            Ok(Some(Pin { version_id, etag: etag.trim_matches('"').to_owned(), size_bytes, last_modified }))
        }
        _ => {
            Err(Error::new(Kind::Bug, "look at", url).because("the answer lacks ETag, Content-Length or Last-Modified"))
        }
    }
}

/// The exact bytes of a pin, whole. Changed or gone since is a `Data` error.
pub async fn read_pinned(s3: &Client, url: &S3Url, pin: &Pin) -> Result<Bytes> {
    let request = s3.get_object().bucket(url.bucket()).key(url.key());
    let request = match &pin.version_id {
        Some(version) => request.version_id(version),
        None => request.if_match(format!("\"{}\"", pin.etag)),
    };
    let answer = request.send().await.map_err(|error| changed("read", url, error))?;
    let bytes = collect(url, answer.body).await?;
    if bytes.len() as u64 != pin.size_bytes {
        return Err(Error::new(Kind::Transient, "read", url).because(format!(
            "{} of {} bytes arrived",
            bytes.len(),
            pin.size_bytes
        )));
    }
    Ok(bytes)
}

/// The error of a pinned read: an object that changed or went is what the producer did, not a fault of the call.
pub fn changed<E>(
    operation: &'static str,
    url: &S3Url,
    error: aws_sdk_s3::error::SdkError<E, aws_sdk_s3::config::http::HttpResponse>,
) -> Error
where
    E: aws_sdk_s3::error::ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match status(&error) {
        Some(412) => Error::new(Kind::Data, operation, url)
            .because("it was changed after the manifest named it; deliver the manifest again"),
        Some(404) if !is_code(&error, "NoSuchBucket") => Error::new(Kind::Data, operation, url)
            .because("it was deleted after the manifest named it; put it back, or deliver the manifest again"),
        _ => sorted(operation, url, error),
    }
}

/// An object whole, as it is now; `None` where there is none.
pub async fn read(s3: &Client, bucket: &str, key: &str) -> Result<Option<Bytes>> {
    let subject = || format!("s3://{bucket}/{key}");
    let answer = match s3.get_object().bucket(bucket).key(key).send().await {
        Ok(answer) => answer,
        Err(error) if is_code(&error, "NoSuchKey") => return Ok(None),
        Err(error) => return Err(sorted("read", subject(), error)),
    };
    collect(subject(), answer.body).await.map(Some)
}

/// A range of an object as it is now, and the object's size; `None` where there is no such object. A range that reaches
/// behind its end gives what there is.
pub async fn read_range(s3: &Client, url: &S3Url, range: Range<u64>) -> Result<Option<(Bytes, u64)>> {
    let header = format!("bytes={}-{}", range.start, range.end.saturating_sub(1));
    let answer = match s3.get_object().bucket(url.bucket()).key(url.key()).range(header).send().await {
        Ok(answer) => answer,
        Err(error) if is_code(&error, "NoSuchKey") => return Ok(None),
        // The object is shorter than where the range begins: what is there of it is nothing.
        Err(error) if status(&error) == Some(416) => {
            return Ok(head(s3, url, None).await?.map(|pin| (Bytes::new(), pin.size_bytes)));
        }
        Err(error) => return Err(sorted("read", url, error)),
    };
    let size = answer.content_range().and_then(|range| range.rsplit_once('/')?.1.parse().ok());
    let size = size.ok_or_else(|| Error::new(Kind::Bug, "read", url).because("the answer lacks Content-Range"))?;
    Ok(Some((collect(url, answer.body).await?, size)))
}

/// A JSON document; `None` where there is none. One that does not read as its type is a bug of ours.
pub async fn read_document<T: DeserializeOwned>(s3: &Client, bucket: &str, key: &str) -> Result<Option<T>> {
    let Some(bytes) = read(s3, bucket, key).await? else { return Ok(None) };
    let document = serde_json::from_slice(&bytes);
    document.map(Some).map_err(|error| Error::new(Kind::Bug, "read", format!("s3://{bucket}/{key}")).because(error))
}

/// A JSON document that an earlier stage has written.
pub async fn need_document<T: DeserializeOwned>(s3: &Client, bucket: &str, key: &str) -> Result<T> {
    read_document(s3, bucket, key).await?.ok_or_else(|| {
        Error::new(Kind::Bug, "read", format!("s3://{bucket}/{key}")).because("the stage before has not written it")
    })
}

/// Creates an object if there is none under its key. Atomic: of two writers one is `New`. A retry is safe: it finds
/// its own bytes and is `Same`.
pub async fn create(s3: &Client, bucket: &str, key: &str, bytes: Vec<u8>) -> Result<Created> {
    let body = ByteStream::from(bytes.clone());
    match s3.put_object().bucket(bucket).key(key).if_none_match("*").body(body).send().await {
        Ok(_) => Ok(Created::New),
        Err(error) if status(&error) == Some(412) => match read(s3, bucket, key).await? {
            Some(there) if there == bytes => Ok(Created::Same),
            Some(_) => Ok(Created::Other),
            None => Err(Error::new(Kind::Transient, "create", format!("s3://{bucket}/{key}"))
                .because("it was there and went at once")),
        },
        Err(error) => Err(sorted("create", format!("s3://{bucket}/{key}"), error)),
    }
}

/// Creates a JSON document. Other bytes under its key are a bug: names are computed from what the document says.
pub async fn create_document<T: Serialize>(s3: &Client, bucket: &str, key: &str, document: &T) -> Result<Created> {
    match create(s3, bucket, key, to_json(document)?).await? {
        Created::Other => Err(Error::new(Kind::Bug, "create", format!("s3://{bucket}/{key}"))
            .because("it is there already and says something else")),
        created => Ok(created),
    }
}

/// A JSON document with the ETag that [`replace`] asks for; `None` where there is none.
pub async fn read_tagged<T: DeserializeOwned>(s3: &Client, bucket: &str, key: &str) -> Result<Option<(T, String)>> {
    let subject = || format!("s3://{bucket}/{key}");
    let answer = match s3.get_object().bucket(bucket).key(key).send().await {
        Ok(answer) => answer,
        Err(error) if is_code(&error, "NoSuchKey") => return Ok(None),
        Err(error) => return Err(sorted("read", subject(), error)),
    };
    let etag = answer.e_tag().map(str::to_owned);
    let etag = etag.ok_or_else(|| Error::new(Kind::Bug, "read", subject()).because("the answer lacks the ETag"))?;
    let document = serde_json::from_slice(&collect(subject(), answer.body).await?);
    document
        .map(|document| Some((document, etag)))
        .map_err(|error| Error::new(Kind::Bug, "read", subject()).because(error))
}

/// Overwrites a document that is still the one with this ETag. Atomic: of two writers that have read the same one writes.
/// Says whether it was this one. A retry after a lost answer says no: whoever asks reads again, and finds its own.
pub async fn replace<T: Serialize>(s3: &Client, bucket: &str, key: &str, etag: &str, document: &T) -> Result<bool> {
    let body = ByteStream::from(to_json(document)?);
    match s3.put_object().bucket(bucket).key(key).if_match(etag).body(body).send().await {
        Ok(_) => Ok(true),
        // Changed since, or (U) gone, or another write is under way.
        Err(error) if matches!(status(&error), Some(404 | 409 | 412)) && !is_code(&error, "NoSuchBucket") => Ok(false),
        Err(error) => Err(sorted("replace", format!("s3://{bucket}/{key}"), error)),
    }
}

/// Deletes an object. One that is not there is fine.
pub async fn remove(s3: &Client, bucket: &str, key: &str) -> Result<()> {
    let removed = s3.delete_object().bucket(bucket).key(key).send().await;
    removed.map(drop).map_err(|error| sorted("delete", format!("s3://{bucket}/{key}"), error))
}

/// The bytes of a document: indented, in the order of its fields, with a line end.
pub fn to_json<T: Serialize>(document: &T) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(document)
        .map_err(|error| Error::new(Kind::Bug, "write", "a document").because(error))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Everything under a prefix, in the order of the keys.
pub async fn list(s3: &Client, bucket: &str, prefix: &str) -> Result<Vec<Listed>> {
    let mut pages = s3.list_objects_v2().bucket(bucket).prefix(prefix).into_paginator().send();
    let mut listed = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| sorted("list", format!("s3://{bucket}/{prefix}"), error))?;
        for object in page.contents() {
            let size = object.size().and_then(|size| u64::try_from(size).ok());
            let modified = object.last_modified().and_then(|time| DateTime::from_timestamp(time.secs(), 0));
            let (Some(key), Some(size_bytes), Some(last_modified)) = (object.key(), size, modified) else {
                return Err(Error::new(Kind::Bug, "list", format!("s3://{bucket}/{prefix}"))
                    .because("an entry lacks its key, size or time"));
            };
            listed.push(Listed { key: key.to_owned(), size_bytes, last_modified });
        }
    }
    Ok(listed)
}

async fn collect(subject: impl std::fmt::Display, body: ByteStream) -> Result<Bytes> {
    let body = body.collect().await;
    let body =
        body.map_err(|error| Error::new(Kind::Transient, "read", subject).because(model::error::chain(&error)))?;
    Ok(body.into_bytes())
}
