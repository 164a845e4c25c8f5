//! Uploads in parts. They live in memory: a restart forgets those that were not completed, and sweeps their bytes.
//!
//! An upload that was begun with a checksum algorithm takes only parts that bring that checksum, and, but for
//! CRC64NVME, is completed only with the checksum of every part. One that was begun without takes what parts bring, and
//! need not hear it again: so the SDKs, which send a CRC32 with every part, upload by default. Seen by others (U).

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{ChecksumAlgorithm, ChecksumType, CompletedPart};
use s3s::{S3Result, s3_error};

use super::receive::{ALGORITHMS, Received, hex};
use super::store::{Blob, Draft, Headers, Store, broken};

/// The least size of every part but the last.
const LEAST_PART_BYTES: u64 = 5 * 1024 * 1024;

/// The checksum that an upload was begun with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartChecksum {
    /// As headers spell it behind `x-amz-checksum-`.
    algorithm: &'static str,
}

impl PartChecksum {
    /// The checksum that a request asks for. One that S3 or the double has not is refused.
    pub fn of(algorithm: Option<&ChecksumAlgorithm>, kind: Option<&ChecksumType>) -> S3Result<Option<Self>> {
        let asked = algorithm.map(ChecksumAlgorithm::as_str);
        let checksum = match asked {
            None => None,
            Some(name) => {
                let known = ALGORITHMS.into_iter().find(|known| known.eq_ignore_ascii_case(name));
                let known = known.ok_or_else(|| s3_error!(InvalidRequest, "there is no checksum algorithm {name}"))?;
                Some(Self { algorithm: known })
            }
        };
        match (kind, checksum) {
            (None, _) => Ok(checksum),
            (Some(kind), Some(checksum)) if kind.as_str() == checksum.kind() => Ok(Some(checksum)),
            (Some(kind), _) => {
                let (kind, asked) = (kind.as_str(), asked.unwrap_or("no algorithm"));
                Err(s3_error!(NotImplemented, "checksum type {kind} with {asked} is not known to the double"))
            }
        }
    }

    /// Its type, where the request names none: CRC64NVME alone is taken over the whole object.
    pub fn kind(self) -> &'static str {
        if self.algorithm == "crc64nvme" { ChecksumType::FULL_OBJECT } else { ChecksumType::COMPOSITE }
    }

    /// Refuses a part that does not bring this checksum and this alone.
    fn check(self, part: &Received) -> S3Result<()> {
        if part.checksums.keys().eq([self.algorithm]) {
            return Ok(());
        }
        let expected = self.algorithm;
        let mut actual = part.checksums.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        if actual.is_empty() {
            actual.push_str("null");
        }
        Err(s3_error!(
            InvalidRequest,
            "Checksum Type mismatch occurred, expected checksum Type: {expected}, actual checksum Type: {actual}"
        ))
    }

    /// Refuses to complete with a part that is named without this checksum.
    fn check_named(self, name: &CompletedPart) -> S3Result<()> {
        let named = named_checksums(name).into_iter();
        let mut named = named.filter(|(algorithm, value)| *algorithm == self.algorithm && value.is_some());
        if self.kind() == ChecksumType::FULL_OBJECT || named.next().is_some() {
            return Ok(());
        }
        let (algorithm, number) = (self.algorithm, name.part_number.unwrap_or_default());
        Err(s3_error!(
            InvalidRequest,
            "The upload was created using a {algorithm} checksum. The complete request must include the checksum for \
             each part. It was missing for part {number} in the request."
        ))
    }
}

/// An upload that is not completed.
#[derive(Debug)]
struct Upload {
    bucket: String,
    key: String,
    headers: Headers,
    checksum: Option<PartChecksum>,
    parts: BTreeMap<i32, Arc<Received>>,
}

/// All uploads that are not completed.
#[derive(Debug, Default)]
pub struct Uploads {
    uploads: Mutex<HashMap<String, Upload>>,
}

impl Uploads {
    /// Begins an upload; its id.
    pub fn begin(&self, (bucket, key): (&str, &str), headers: Headers, checksum: Option<PartChecksum>) -> String {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        let upload = Upload { bucket, key, headers, checksum, parts: BTreeMap::new() };
        self.uploads().insert(id.clone(), upload);
        id
    }

    /// How many uploads are neither completed nor aborted.
    pub fn count(&self) -> usize {
        self.uploads().len()
    }

    /// Whether there is such an upload.
    pub fn check(&self, id: &str, bucket: &str, key: &str) -> S3Result<()> {
        upload(&mut self.uploads(), id, bucket, key).map(drop)
    }

    /// Adds a part; one with the same number is replaced. Its checksum is the upload's, if the upload has one.
    pub fn add(&self, id: &str, (bucket, key): (&str, &str), number: i32, part: Received) -> S3Result<()> {
        let mut uploads = self.uploads();
        let upload = upload(&mut uploads, id, bucket, key)?;
        upload.checksum.map_or(Ok(()), |checksum| checksum.check(&part))?;
        upload.parts.insert(number, Arc::new(part));
        Ok(())
    }

    /// Forgets an upload and its bytes.
    pub fn abort(&self, id: &str, bucket: &str, key: &str) -> S3Result<()> {
        let mut uploads = self.uploads();
        upload(&mut uploads, id, bucket, key)?;
        uploads.remove(id);
        Ok(())
    }

    /// Joins the parts that are named to one object, and says how many bytes it has. The upload stays until it is
    /// aborted or [`finish`]ed, so that a commit that fails leaves it as it was.
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
        upload.checksum.map_or(Ok(()), |checksum| checksum.check_named(name))?;
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
    let mut named = named_checksums(name).into_iter();
    named.all(|(algorithm, named)| named.is_none() || part.checksums.get(algorithm) == named)
}

/// The checksums that a part is named with, by algorithm.
fn named_checksums(name: &CompletedPart) -> [(&'static str, Option<&String>); 5] {
    [
        ("crc32", name.checksum_crc32.as_ref()),
        ("crc32c", name.checksum_crc32c.as_ref()),
        ("crc64nvme", name.checksum_crc64nvme.as_ref()),
        ("sha1", name.checksum_sha1.as_ref()),
        ("sha256", name.checksum_sha256.as_ref()),
    ]
}

fn concatenate(blob: Blob, parts: &[Arc<Received>]) -> io::Result<Blob> {
    let mut whole = File::create(blob.path())?;
    for part in parts {
        io::copy(&mut File::open(part.blob.path())?, &mut whole)?;
    }
    Ok(blob)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_has_its_type_and_no_other() {
        let of = |algorithm: Option<&'static str>, kind: Option<&'static str>| {
            let algorithm = algorithm.map(ChecksumAlgorithm::from_static);
            let checksum = PartChecksum::of(algorithm.as_ref(), kind.map(ChecksumType::from_static).as_ref());
            checksum.map_err(|refusal| refusal.code().as_str().to_owned())
        };
        assert_eq!(of(None, None), Ok(None));
        assert_eq!(of(Some("CRC32"), None), Ok(Some(PartChecksum { algorithm: "crc32" })));
        assert_eq!(of(Some("SHA256"), Some("COMPOSITE")), Ok(Some(PartChecksum { algorithm: "sha256" })));
        assert_eq!(of(Some("CRC64NVME"), Some("FULL_OBJECT")), Ok(Some(PartChecksum { algorithm: "crc64nvme" })));
        assert_eq!(of(Some("CRC32"), Some("FULL_OBJECT")), Err("NotImplemented".to_owned()));
        assert_eq!(of(Some("CRC64NVME"), Some("COMPOSITE")), Err("NotImplemented".to_owned()));
        assert_eq!(of(None, Some("COMPOSITE")), Err("NotImplemented".to_owned()));
        assert_eq!(of(Some("MD5"), None), Err("InvalidRequest".to_owned()));
    }

    #[test]
    fn only_a_checksum_over_the_whole_object_need_not_be_repeated() {
        let name = CompletedPart { part_number: Some(1), ..CompletedPart::default() };
        assert!(PartChecksum { algorithm: "crc64nvme" }.check_named(&name).is_ok());
        assert!(PartChecksum { algorithm: "crc32" }.check_named(&name).is_err());
        let named = CompletedPart { checksum_crc32: Some("NhCmhg==".to_owned()), ..name };
        assert!(PartChecksum { algorithm: "crc32" }.check_named(&named).is_ok());
        assert!(PartChecksum { algorithm: "sha1" }.check_named(&named).is_err());
    }
}
