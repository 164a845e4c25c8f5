//! Chunks into objects: a small object by one PUT, a large one by a multipart upload, a few requests at a time.
//!
//! Parts carry a CRC32. S3 takes one only where the upload was begun with the algorithm, and then wants every part's
//! checksum again to complete it: without them it refuses (facts of the API's reference, seen by others (U)).

use std::collections::BTreeMap;
use std::sync::Arc;

use aws::error::{is_code, sorted};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use engine::{Chunk, Object};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use model::{Error, Kind, Result};
use tokio::sync::{OnceCell, mpsc};

/// How many chunks, or completions of their objects, are on their way at once; memory holds as many chunks.
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
    upload_id: UploadId,
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

/// The id of a multipart upload, for all of its parts: the first of them to be sent begins the upload, the others wait
/// for it.
type UploadId = Arc<OnceCell<String>>;

/// What has come to its end.
#[derive(Debug)]
enum Done {
    /// A part is there.
    Part(Object, u32, Box<CompletedPart>),
    /// An object is there.
    Object(Object),
}

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
        // All calls run in here: an arm below that waited for one would let the others stand still.
        let mut running = FuturesUnordered::new();
        let mut is_open = true;
        loop {
            tokio::select! {
                chunk = chunks.recv(), if is_open && running.len() < WINDOW => match chunk {
                    Some(chunk) => {
                        let upload_id = self.begin(&chunk)?;
                        running.push(send(self.s3.clone(), self.target(&chunk.object), upload_id, chunk).boxed());
                    }
                    None => is_open = false,
                },
                Some(done) = running.next(), if !running.is_empty() => match done? {
                    Done::Part(object, number, part) => {
                        if let Some((upload_id, parts)) = self.end(&object, number, *part)? {
                            let target = self.target(&object);
                            running.push(complete(self.s3.clone(), target, object, upload_id, parts).boxed());
                        }
                    }
                    Done::Object(object) => drop(self.open.remove(&object)),
                },
                else => return Ok(()),
            }
        }
    }

    /// Gives up what is not complete. S3 would keep, and charge for, the parts; where this fails, too, the bucket's
    /// lifecycle rule takes them away.
    pub async fn abort(&mut self) {
        for (object, upload) in std::mem::take(&mut self.open) {
            let target = self.target(&object);
            // Not begun; or S3 has begun it and the answer did not come.
            let Some(upload_id) = upload.upload_id.get() else { continue };
            let request = self.s3.abort_multipart_upload().bucket(&target.bucket).key(&target.key);
            if let Err(error) = request.upload_id(upload_id).send().await {
                let error = sorted("abort the upload of", target.url(), error);
                tracing::warn!(error = model::error::chain(&error), "upload not aborted");
            }
        }
    }

    /// Takes note of a chunk; returns its upload, unless it is the whole object.
    fn begin(&mut self, chunk: &Chunk) -> Result<Option<UploadId>> {
        if chunk.number == 1 && chunk.is_last {
            return Ok(None);
        }
        if chunk.number == 1 {
            let upload = Multipart { upload_id: UploadId::default(), parts: BTreeMap::new(), number_of_parts: None };
            self.open.insert(chunk.object.clone(), upload);
        }
        let upload = self.upload(&chunk.object)?;
        if chunk.is_last {
            upload.number_of_parts = Some(chunk.number);
        }
        Ok(Some(Arc::clone(&upload.upload_id)))
    }

    /// Takes note of a part; returns all of them if it was the last to arrive.
    fn end(
        &mut self,
        object: &Object,
        number: u32,
        part: CompletedPart,
    ) -> Result<Option<(UploadId, Vec<CompletedPart>)>> {
        let upload = self.upload(object)?;
        upload.parts.insert(number, part);
        let is_whole = upload.number_of_parts.is_some_and(|parts| parts as usize == upload.parts.len());
        Ok(is_whole.then(|| (Arc::clone(&upload.upload_id), upload.parts.values().cloned().collect())))
    }

    fn upload(&mut self, object: &Object) -> Result<&mut Multipart> {
        let target = self.target(object);
        self.open.get_mut(object).ok_or_else(|| bug(&target, "it has not begun"))
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
async fn send(s3: Client, target: Target, upload_id: Option<UploadId>, chunk: Chunk) -> Result<Done> {
    let size_bytes = chunk.bytes.len();
    let body = ByteStream::from(chunk.bytes);
    let Some(upload_id) = upload_id else {
        let request = s3.put_object().bucket(&target.bucket).key(&target.key).body(body);
        request.send().await.map_err(|error| sorted("write", target.url(), error))?;
        tracing::info!(object = target.url(), size_bytes, "object written");
        return Ok(Done::Object(chunk.object));
    };
    let upload_id = upload_id.get_or_try_init(|| create(&s3, &target)).await?;
    let number = i32::try_from(chunk.number).map_err(|_| bug(&target, "it has too many parts"))?;
    let request = s3.upload_part().bucket(&target.bucket).key(&target.key).upload_id(upload_id);
    let request = request.part_number(number).checksum_algorithm(ChecksumAlgorithm::Crc32).body(body);
    let answer = request.send().await.map_err(|error| sorted("upload a part of", target.url(), error))?;
    let etag = answer.e_tag().ok_or_else(|| bug(&target, "a part has no ETag"))?;
    let part = CompletedPart::builder().part_number(number).e_tag(etag);
    let part = part.set_checksum_crc32(answer.checksum_crc32().map(str::to_owned)).build();
    Ok(Done::Part(chunk.object, chunk.number, Box::new(part)))
}

/// Begins a multipart upload; returns its id.
async fn create(s3: &Client, target: &Target) -> Result<String> {
    let request = s3.create_multipart_upload().bucket(&target.bucket).key(&target.key);
    let answer = request.checksum_algorithm(ChecksumAlgorithm::Crc32).send().await;
    let answer = answer.map_err(|error| sorted("begin the upload of", target.url(), error))?;
    answer.upload_id().map(str::to_owned).ok_or_else(|| bug(target, "it has no id"))
}

/// Makes an object of its parts.
async fn complete(
    s3: Client,
    target: Target,
    object: Object,
    upload_id: UploadId,
    parts: Vec<CompletedPart>,
) -> Result<Done> {
    let upload_id = upload_id.get().ok_or_else(|| bug(&target, "it has not begun"))?;
    let number_of_parts = parts.len();
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let request = s3.complete_multipart_upload().bucket(&target.bucket).key(&target.key);
    match request.upload_id(upload_id).multipart_upload(parts).send().await {
        Ok(_) => {
            tracing::info!(object = target.url(), parts = number_of_parts, "object written");
            Ok(Done::Object(object))
        }
        // The call may have been tried twice and have succeeded at first; or someone aborted it. To upload anew mends
        // both.
        Err(error) if is_code(&error, "NoSuchUpload") => {
            Err(Error::new(Kind::Transient, "complete the upload of", target.url()).because("it is gone"))
        }
        Err(error) => Err(sorted("complete the upload of", target.url(), error)),
    }
}

fn bug(target: &Target, what: &'static str) -> Error {
    Error::new(Kind::Bug, "upload", target.url()).because(what)
}
