//! Bytes that arrive: written to a blob, hashed on the way, held against what the sender says of them.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures::StreamExt;
use http::HeaderMap;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::StreamingBlob;
use s3s::{S3Result, TrailingHeaders, s3_error};
use tokio::io::AsyncWriteExt;

use super::store::{Blob, Store, broken};

/// The checksum algorithms, as headers spell them behind `x-amz-checksum-`.
pub const ALGORITHMS: [&str; 5] = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"];

/// What a sender says of the bytes.
#[derive(Debug, Default)]
pub struct Claim {
    /// `Content-MD5`
    pub md5: Option<String>,
    /// The headers, which hold checksums or name the trailer that will.
    pub headers: HeaderMap,
    /// The trailer, readable once the bytes are read.
    pub trailer: Option<TrailingHeaders>,
}

/// Bytes that arrived whole.
#[derive(Debug)]
pub struct Received {
    /// Where they lie.
    pub blob: Blob,
    /// Their MD5.
    pub md5: [u8; 16],
    /// How many they are.
    pub size_bytes: u64,
    /// The checksums that were sent and hold, base64, by algorithm.
    pub checksums: BTreeMap<String, String>,
}

/// Writes bytes to a new blob. Bytes that are not what the sender says are refused with `BadDigest` and leave nothing.
pub async fn receive(store: &Store, mut body: StreamingBlob, claim: Claim) -> S3Result<Received> {
    let blob = store.blob();
    let mut file = tokio::fs::File::create(blob.path()).await.map_err(broken)?;
    let mut md5 = Md5::new();
    let mut hashers = hashers(&claim.headers);
    let mut size_bytes = 0;
    while let Some(bytes) = body.next().await {
        let bytes = bytes.map_err(|error| {
            let mut refusal = s3_error!(IncompleteBody, "the body ended early");
            refusal.set_source(error);
            refusal
        })?;
        md5.update(&bytes);
        hashers.update(&bytes);
        size_bytes += bytes.len() as u64;
        file.write_all(&bytes).await.map_err(broken)?;
    }
    file.flush().await.map_err(broken)?;
    let md5 = md5.finalize();
    if claim.md5.is_some_and(|claimed| claimed != BASE64_STANDARD.encode(md5)) {
        return Err(s3_error!(BadDigest, "The Content-MD5 you specified did not match what we received"));
    }
    let trailer = claim.trailer.and_then(|trailer| trailer.take()).unwrap_or_default();
    let checksums = checked(hashers, &claim.headers, &trailer)?;
    Ok(Received { blob, md5, size_bytes, checksums })
}

/// A hasher for every algorithm the headers name: with a value, as a trailer to come, or as the SDK's choice.
fn hashers(headers: &HeaderMap) -> ChecksumHasher {
    let named = |algorithm: &str| {
        let header = format!("x-amz-checksum-{algorithm}");
        let is = |name: &str, value: &str| {
            let there = headers.get(name).and_then(|there| there.to_str().ok()).unwrap_or_default();
            there.split(',').any(|there| there.trim().eq_ignore_ascii_case(value))
        };
        headers.contains_key(&header) || is("x-amz-trailer", &header) || is("x-amz-sdk-checksum-algorithm", algorithm)
    };
    ChecksumHasher {
        crc32: named("crc32").then(Default::default),
        crc32c: named("crc32c").then(Default::default),
        crc64nvme: named("crc64nvme").then(Default::default),
        sha1: named("sha1").then(Default::default),
        sha256: named("sha256").then(Default::default),
    }
}

/// The checksums that were sent, each of which must hold.
fn checked(hashers: ChecksumHasher, headers: &HeaderMap, trailer: &HeaderMap) -> S3Result<BTreeMap<String, String>> {
    let computed = hashers.finalize();
    let mut checksums = BTreeMap::new();
    for algorithm in ALGORITHMS {
        let header = format!("x-amz-checksum-{algorithm}");
        let Some(sent) = trailer.get(&header).or_else(|| headers.get(&header)) else { continue };
        let computed = match algorithm {
            "crc32" => &computed.checksum_crc32,
            "crc32c" => &computed.checksum_crc32c,
            "crc64nvme" => &computed.checksum_crc64nvme,
            "sha1" => &computed.checksum_sha1,
            _ => &computed.checksum_sha256,
        };
        match computed {
            Some(computed) if sent.as_bytes() == computed.as_bytes() => {
                checksums.insert(algorithm.to_owned(), computed.clone());
            }
            _ => return Err(s3_error!(BadDigest, "The {algorithm} you specified did not match what we received")),
        }
    }
    Ok(checksums)
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
