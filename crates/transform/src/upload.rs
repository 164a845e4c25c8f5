//! Chunks into objects: a small object by one PUT, a large one by a multipart upload, a few requests at a time.
//!
//! Parts carry a CRC32. S3 takes one only where the upload was begun with the algorithm, and then wants every part's
//! checksum again to complete it: without them it refuses (facts of the API's reference, seen by others (U)).

use std::collections::BTreeMap;

use aws::error::{is_code, sorted};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use engine::{Chunk, Object};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use model::{Error, Kind, Result};
use tokio::sync::mpsc;

/// How many uploads run at once; memory holds as many chunks.
const WINDOW: usize = 4;

/// The objects of one item on their way.
#[derive(Debug)]
pub struct Uploads {
    s3: Client,
    lake_bucket: String,
    control_bucket: String,
    /// Multipart uploads that are begun and not completed.
    open: BTreeMap<Object, Multipart>,
}

#[derive(Debug)]
struct Multipart {
    upload_id: String,
    /// The parts that are there, by number.
    parts: BTreeMap<u32, CompletedPart>,
    /// How many parts it will have, once the last has come.
    number_of_parts: Option<u32>,
}

/// Where an object goes.
#[derive(Debug, Clone)]
struct Target {
    bucket: String,
    key: String,
}

/// A part that is there; `None` for an object that was put whole.
type Sent = Option<(Object, u32, CompletedPart)>;

impl Uploads {
    pub fn new(s3: &Client, lake_bucket: &str, control_bucket: &str) -> Self {
        Self {
            s3: s3.clone(),
            lake_bucket: lake_bucket.to_owned(),
            control_bucket: control_bucket.to_owned(),
            open: BTreeMap::new(),
        }
    }

    /// Uploads chunks until there are no more. An object is there only when it is whole; one that is there already is
    /// written over: its bytes are the same.
    pub async fn all(&mut self, mut chunks: mpsc::Receiver<Chunk>) -> Result<()> {
        let mut sending = FuturesUnordered::new();
        let mut is_open = true;
        loop {
            tokio::select! {
                chunk = chunks.recv(), if is_open && sending.len() < WINDOW => match chunk {
                    Some(chunk) => {
                        let upload_id = self.begin(&chunk).await?;
                        sending.push(send(self.s3.clone(), self.target(&chunk.object), upload_id, chunk));
                    }
                    None => is_open = false,
                },
                Some(sent) = sending.next(), if !sending.is_empty() => self.end(sent?).await?,
                else => return Ok(()),
            }
        }
    }

    /// Gives up what is not complete. S3 would keep, and charge for, the parts; where this fails, too, the bucket's
    /// lifecycle rule takes them away.
    pub async fn abort(&mut self) {
        for (object, upload) in std::mem::take(&mut self.open) {
            let target = self.target(&object);
            let request = self.s3.abort_multipart_upload().bucket(&target.bucket).key(&target.key);
            if let Err(error) = request.upload_id(upload.upload_id).send().await {
                let error = sorted("abort the upload of", target.url(), error);
                tracing::warn!(error = model::error::chain(&error), "upload not aborted");
            }
        }
    }

    /// Begins a multipart upload with an object's first chunk, if there will be more; returns its id.
    async fn begin(&mut self, chunk: &Chunk) -> Result<Option<String>> {
        let target = self.target(&chunk.object);
        if chunk.number == 1 && chunk.is_last {
            return Ok(None);
        }
        if chunk.number == 1 {
            let request = self.s3.create_multipart_upload().bucket(&target.bucket).key(&target.key);
            let answer = request.checksum_algorithm(ChecksumAlgorithm::Crc32).send().await;
            let answer = answer.map_err(|error| sorted("begin the upload of", target.url(), error))?;
            let upload_id = answer.upload_id().map(str::to_owned).ok_or_else(|| bug(&target, "it has no id"))?;
            let upload = Multipart { upload_id, parts: BTreeMap::new(), number_of_parts: None };
            self.open.insert(chunk.object.clone(), upload);
        }
        let upload = self.open.get_mut(&chunk.object).ok_or_else(|| bug(&target, "it has not begun"))?;
        if chunk.is_last {
            upload.number_of_parts = Some(chunk.number);
        }
        Ok(Some(upload.upload_id.clone()))
    }

    /// Takes note of a part; completes its upload if it was the last to arrive.
    async fn end(&mut self, sent: Sent) -> Result<()> {
        let Some((object, number, part)) = sent else { return Ok(()) };
        let target = self.target(&object);
        let upload = self.open.get_mut(&object).ok_or_else(|| bug(&target, "it has not begun"))?;
        upload.parts.insert(number, part);
        let is_whole = upload.number_of_parts.is_some_and(|parts| parts as usize == upload.parts.len());
        if !is_whole {
            return Ok(());
        }
        let parts = upload.parts.values().cloned().collect();
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let request = self.s3.complete_multipart_upload().bucket(&target.bucket).key(&target.key);
        let request = request.upload_id(&upload.upload_id).multipart_upload(parts);
        match request.send().await {
            Ok(_) => {
                self.open.remove(&object);
                tracing::info!(object = target.url(), parts = number, "object written");
                Ok(())
            }
            // The call may have been tried twice and have succeeded at first; or someone aborted it. To upload anew
            // mends both.
            Err(error) if is_code(&error, "NoSuchUpload") => {
                Err(Error::new(Kind::Transient, "complete the upload of", target.url()).because("it is gone"))
            }
            Err(error) => Err(sorted("complete the upload of", target.url(), error)),
        }
    }

    fn target(&self, object: &Object) -> Target {
        let (bucket, key) = match object {
            Object::Parquet(key) => (&self.lake_bucket, key),
            Object::Rejects(key) => (&self.control_bucket, key),
        };
        Target { bucket: bucket.clone(), key: key.clone() }
    }
}

impl Target {
    fn url(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }
}

/// Sends a part, or, without an upload to be part of, a whole object.
async fn send(s3: Client, target: Target, upload_id: Option<String>, chunk: Chunk) -> Result<Sent> {
    let size_bytes = chunk.bytes.len();
    let body = ByteStream::from(chunk.bytes);
    let Some(upload_id) = upload_id else {
        let request = s3.put_object().bucket(&target.bucket).key(&target.key).body(body);
        request.send().await.map_err(|error| sorted("write", target.url(), error))?;
        tracing::info!(object = target.url(), size_bytes, "object written");
        return Ok(None);
    };
    let number = i32::try_from(chunk.number).map_err(|_| bug(&target, "it has too many parts"))?;
    let request = s3.upload_part().bucket(&target.bucket).key(&target.key).upload_id(upload_id);
    let request = request.part_number(number).checksum_algorithm(ChecksumAlgorithm::Crc32).body(body);
    let answer = request.send().await.map_err(|error| sorted("upload a part of", target.url(), error))?;
    let etag = answer.e_tag().ok_or_else(|| bug(&target, "a part has no ETag"))?;
    let part = CompletedPart::builder().part_number(number).e_tag(etag);
    let part = part.set_checksum_crc32(answer.checksum_crc32().map(str::to_owned)).build();
    Ok(Some((chunk.object, chunk.number, part)))
}

fn bug(target: &Target, what: &'static str) -> Error {
    Error::new(Kind::Bug, "upload", target.url()).because(what)
}
