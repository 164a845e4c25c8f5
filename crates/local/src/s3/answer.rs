//! Parts of answers: bytes of a file as a stream, times, checksums.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::ops::Range;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures::{Stream, stream};
use http::{HeaderMap, HeaderName, HeaderValue};
use s3s::S3Result;
use s3s::dto::{StreamingBlob, Timestamp};
use tokio::io::AsyncReadExt;

use super::store::{Object, broken};

/// How much of a file is read at a time.
const READ_BYTES: u64 = 256 * 1024;

/// A time as s3s has it.
pub fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp::from(SystemTime::from(time))
}

/// A size as s3s has it. No file is longer than an `i64` says.
pub fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// The bytes of a file in a range.
pub fn bytes_of(mut file: File, range: &Range<u64>) -> S3Result<StreamingBlob> {
    file.seek(SeekFrom::Start(range.start)).map_err(broken)?;
    Ok(StreamingBlob::wrap(read(tokio::fs::File::from_std(file), range.end - range.start)))
}

fn read(file: tokio::fs::File, size_bytes: u64) -> impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static {
    stream::try_unfold((file.take(size_bytes), size_bytes), async |(mut file, left)| {
        if left == 0 {
            return Ok(None);
        }
        let mut buffer = BytesMut::with_capacity(usize::try_from(left.min(READ_BYTES)).unwrap_or(usize::MAX));
        let count = file.read_buf(&mut buffer).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some((buffer.freeze(), (file, left - count as u64))))
    })
}

/// The checksums of an object as headers. An object that was uploaded in parts has none.
pub fn checksum_headers(checksums: &BTreeMap<String, String>) -> HeaderMap {
    let header = |(algorithm, value): (&String, &String)| {
        let name = HeaderName::try_from(format!("x-amz-checksum-{algorithm}")).ok()?;
        Some((name, HeaderValue::try_from(value).ok()?))
    };
    let mut headers: HeaderMap = checksums.iter().filter_map(header).collect();
    if !headers.is_empty() {
        headers.insert("x-amz-checksum-type", HeaderValue::from_static("FULL_OBJECT"));
    }
    headers
}

/// The checksums of an object for a reader who asked for them and reads it whole.
pub fn asked_checksums(object: &Object, asked: bool) -> HeaderMap {
    if asked { checksum_headers(&object.checksums) } else { HeaderMap::new() }
}
