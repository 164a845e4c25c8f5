//! Uploads in parts. They live in memory: a restart forgets those that were not completed, and sweeps their bytes.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::CompletedPart;
use s3s::{S3Result, s3_error};

use super::receive::{Received, hex};
use super::store::{Blob, Draft, Headers, Store, broken};

/// The least size of every part but the last.
const LEAST_PART_BYTES: u64 = 5 * 1024 * 1024;

/// An upload that is not completed.
#[derive(Debug)]
struct Upload {
    bucket: String,
    key: String,
    headers: Headers,
    parts: BTreeMap<i32, Arc<Received>>,
}

/// All uploads that are not completed.
#[derive(Debug, Default)]
pub struct Uploads {
    uploads: Mutex<HashMap<String, Upload>>,
}

impl Uploads {
    /// Begins an upload; its id.
    pub fn begin(&self, bucket: &str, key: &str, headers: Headers) -> String {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let upload = Upload { bucket: bucket.to_owned(), key: key.to_owned(), headers, parts: BTreeMap::new() };
        self.uploads().insert(id.clone(), upload);
        id
    }

    /// Whether there is such an upload.
    pub fn check(&self, id: &str, bucket: &str, key: &str) -> S3Result<()> {
        upload(&mut self.uploads(), id, bucket, key).map(drop)
    }

    /// Adds a part; one with the same number is replaced.
    pub fn add(&self, id: &str, (bucket, key): (&str, &str), number: i32, part: Received) -> S3Result<()> {
        upload(&mut self.uploads(), id, bucket, key)?.parts.insert(number, Arc::new(part));
        Ok(())
    }

    /// Forgets an upload and its bytes.
    pub fn abort(&self, id: &str, bucket: &str, key: &str) -> S3Result<()> {
        let mut uploads = self.uploads();
        upload(&mut uploads, id, bucket, key)?;
        uploads.remove(id);
        Ok(())
    }

    /// Joins the parts that are named to one object, and says how many bytes it has. The upload stays until it is aborted or [`finish`]ed, so that a
    /// commit that fails leaves it as it was.
    ///
    /// [`finish`]: Self::finish
    pub async fn join(
        &self,
        store: &Store,
        id: &str,
        (bucket, key): (&str, &str),
        named: &[CompletedPart],
    ) -> S3Result<(Draft, u64)> {
        let (parts, headers) = {
            let mut uploads = self.uploads();
            let upload = upload(&mut uploads, id, bucket, key)?;
            (select(upload, named)?, upload.headers.clone())
        };
        let mut md5 = Md5::new();
        parts.iter().for_each(|part| md5.update(&part.md5));
        let etag = format!("{}-{}", hex(&md5.finalize()), parts.len());
        let size_bytes = parts.iter().map(|part| part.size_bytes).sum();
        let blob = store.blob();
        let blob = tokio::task::spawn_blocking(move || concatenate(blob, &parts))
            .await
            .map_err(|error| broken(io::Error::other(error)))?
            .map_err(broken)?;
        Ok((Draft { blob, etag, headers, checksums: BTreeMap::new() }, size_bytes))
    }

    /// Forgets an upload that was completed.
    pub fn finish(&self, id: &str) {
        self.uploads().remove(id);
    }

    fn uploads(&self) -> MutexGuard<'_, HashMap<String, Upload>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn upload<'u>(uploads: &'u mut HashMap<String, Upload>, id: &str, bucket: &str, key: &str) -> S3Result<&'u mut Upload> {
    uploads
        .get_mut(id)
        .filter(|upload| upload.bucket == bucket && upload.key == key)
        .ok_or_else(|| s3_error!(NoSuchUpload, "The specified multipart upload does not exist"))
}

/// The parts that are named, in order, each as it was uploaded.
fn select(upload: &Upload, named: &[CompletedPart]) -> S3Result<Vec<Arc<Received>>> {
    if named.is_empty() {
        return Err(s3_error!(MalformedXML, "You must specify at least one part"));
    }
    if !named.is_sorted_by(|before, after| before.part_number < after.part_number) {
        return Err(s3_error!(InvalidPartOrder, "The list of parts was not in ascending order"));
    }
    let part = |name: &CompletedPart| {
        let number = name.part_number.unwrap_or_default();
        let etag = name.e_tag.as_ref().map(|etag| etag.value());
        let part = upload.parts.get(&number).filter(|part| etag == Some(hex(&part.md5).as_str()));
        let part = part.filter(|part| has_checksums(part, name)).cloned();
        part.ok_or_else(|| s3_error!(InvalidPart, "part {number} was not uploaded, or its ETag or checksum is another"))
    };
    let parts: Vec<_> = named.iter().map(part).collect::<S3Result<_>>()?;
    if parts.iter().rev().skip(1).any(|part| part.size_bytes < LEAST_PART_BYTES) {
        return Err(s3_error!(EntityTooSmall, "a part is smaller than 5 MiB and not the last"));
    }
    Ok(parts)
}

/// Whether a part was uploaded with the checksums that it is named with.
fn has_checksums(part: &Received, name: &CompletedPart) -> bool {
    let named = [
        ("crc32", &name.checksum_crc32),
        ("crc32c", &name.checksum_crc32c),
        ("crc64nvme", &name.checksum_crc64nvme),
        ("sha1", &name.checksum_sha1),
        ("sha256", &name.checksum_sha256),
    ];
    named.into_iter().all(|(algorithm, named)| named.is_none() || part.checksums.get(algorithm) == named.as_ref())
}

fn concatenate(blob: Blob, parts: &[Arc<Received>]) -> io::Result<Blob> {
    let mut whole = File::create(blob.path())?;
    for part in parts {
        io::copy(&mut File::open(part.blob.path())?, &mut whole)?;
    }
    Ok(blob)
}
