//! The operations of S3, each as the API reference has it for a bucket without versions.

use std::sync::Arc;

use async_trait::async_trait;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, Bucket, ChecksumType, CommonPrefix,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CopyObjectResult,
    CopySource, CreateBucketInput, CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput,
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag, ETagCondition,
    EncodingType, GetBucketLocationInput, GetBucketLocationOutput, GetObjectInput, GetObjectOutput, HeadBucketInput,
    HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListBucketsInput, ListBucketsOutput, ListObjectsInput,
    ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, MetadataDirective, Object as ListedObject,
    ObjectStorageClass, PutObjectInput, PutObjectOutput, StreamingBlob, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use super::answer::{asked_checksums, bytes_of, checksum_headers, size, timestamp};
use super::condition::{ReadCondition, WriteCondition};
use super::list::{Page, Query};
use super::multipart::{PartChecksum, Uploads};
use super::receive::{Claim, hex, receive};
use super::store::{Draft, Headers, Object, Store};
use super::{Created, Creation, OnCreated};
use crate::names::REGION;

/// What S3 says of bytes whose writer said nothing.
const DEFAULT_CONTENT_TYPE: &str = "binary/octet-stream";

/// The most entries of a page, and of a delete.
const PAGE: usize = 1000;

/// What three requests say of the bytes in the same members.
macro_rules! headers_of {
    ($input:expr) => {
        Headers {
            content_type: $input.content_type,
            content_encoding: without_framing($input.content_encoding),
            content_disposition: $input.content_disposition,
            content_language: $input.content_language,
            cache_control: $input.cache_control,
            metadata: $input.metadata.unwrap_or_default().into_iter().collect(),
        }
    };
}

/// What two answers say of an object in the same members.
macro_rules! described {
    ($output:ident, $object:expr) => {{
        let object: &Object = $object;
        let headers = object.headers.clone();
        $output {
            accept_ranges: Some("bytes".to_owned()),
            content_type: Some(headers.content_type.unwrap_or_else(|| DEFAULT_CONTENT_TYPE.to_owned())),
            content_encoding: headers.content_encoding,
            content_disposition: headers.content_disposition,
            content_language: headers.content_language,
            cache_control: headers.cache_control,
            metadata: Some(headers.metadata.into_iter().collect()),
            e_tag: Some(ETag::Strong(object.etag.clone())),
            last_modified: Some(timestamp(object.last_modified)),
            ..Default::default()
        }
    }};
}

/// The operations over a store.
pub struct Operations {
    store: Arc<Store>,
    uploads: Arc<Uploads>,
    on_created: OnCreated,
}

impl Operations {
    /// The operations over a store and uploads; `on_created` is told of every object that is created.
    pub fn new(store: Arc<Store>, uploads: Arc<Uploads>, on_created: OnCreated) -> Self {
        Self { store, uploads, on_created }
    }

    fn commit(
        &self,
        (bucket, key): (&str, &str),
        draft: Draft,
        condition: &WriteCondition,
        creation: Creation,
    ) -> S3Result<Arc<Object>> {
        let object = self.store.put(bucket, key, draft, condition)?;
        (self.on_created)(Created {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            object: Arc::clone(&object),
            creation,
        });
        Ok(object)
    }

    fn page(&self, bucket: &str, query: &Query<'_>) -> S3Result<Page> {
        let objects = self.store.under(bucket, query.prefix)?;
        if query.limit == 0 {
            return Ok(Page::default());
        }
        Ok(Page::of(objects, query))
    }
}

#[async_trait]
impl S3 for Operations {
    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let buckets = self.store.buckets().into_iter().map(|(name, created)| Bucket {
            name: Some(name),
            creation_date: Some(timestamp(created)),
            bucket_region: None,
        });
        Ok(S3Response::new(ListBucketsOutput { buckets: Some(buckets.collect()), ..Default::default() }))
    }

    async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> S3Result<S3Response<CreateBucketOutput>> {
        if request.input.create_bucket_configuration.is_some() {
            return Err(s3_error!(InvalidLocationConstraint, "a bucket in {REGION} has no location constraint"));
        }
        // In us-east-1 alone, making a bucket that one has already is a success.
        self.store.create_bucket(&request.input.bucket)?;
        let location = format!("/{}", request.input.bucket);
        Ok(S3Response::new(CreateBucketOutput { location: Some(location) }))
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.store.find(&request.input.bucket, "")?;
        Ok(S3Response::new(HeadBucketOutput { bucket_region: Some(REGION.to_owned()), ..Default::default() }))
    }

    async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.store.find(&request.input.bucket, "")?;
        // A bucket in us-east-1 has no location constraint.
        Ok(S3Response::new(GetBucketLocationOutput::default()))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let S3Request { input, headers, trailing_headers, .. } = request;
        let condition = WriteCondition::of(input.if_match, input.if_none_match)?;
        let claim = Claim { md5: input.content_md5, headers, trailer: trailing_headers };
        let received = receive(&self.store, body(input.body), claim).await?;
        let draft = Draft {
            blob: received.blob,
            etag: hex(&received.md5),
            headers: headers_of!(input),
            checksums: received.checksums,
        };
        let object = self.commit((&input.bucket, &input.key), draft, &condition, Creation::Put)?;
        let output = PutObjectOutput { e_tag: Some(ETag::Strong(object.etag.clone())), ..Default::default() };
        Ok(S3Response::with_headers(output, checksum_headers(&object.checksums)))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let (object, file) = self.store.read(&input.bucket, &input.key)?;
        let condition = ReadCondition {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
            if_modified_since: input.if_modified_since,
            if_unmodified_since: input.if_unmodified_since,
        };
        condition.check(&object)?;
        let range = match input.range {
            Some(range) => Some(range.check(object.size_bytes)?).filter(|range| !range.is_empty()),
            None => None,
        };
        if input.range.is_some() && range.is_none() {
            return Err(s3_error!(InvalidRange, "The requested range is not satisfiable"));
        }
        let content_range =
            range.as_ref().map(|range| format!("bytes {}-{}/{}", range.start, range.end - 1, object.size_bytes));
        let whole = input.checksum_mode.is_some() && range.is_none();
        let range = range.unwrap_or(0..object.size_bytes);
        let output = GetObjectOutput {
            body: Some(bytes_of(file, &range)?),
            content_length: Some(size(range.end - range.start)),
            content_range,
            ..described!(GetObjectOutput, &object)
        };
        Ok(S3Response::with_headers(output, asked_checksums(&object, whole)))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        if input.range.is_some() {
            return Err(s3_error!(NotImplemented, "a range in HeadObject is not known to the double"));
        }
        let object = self.store.find(&input.bucket, &input.key)?;
        let object = object.ok_or_else(|| s3_error!(NoSuchKey, "no object {}", input.key))?;
        let condition = ReadCondition {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
            if_modified_since: input.if_modified_since,
            if_unmodified_since: input.if_unmodified_since,
        };
        condition.check(&object)?;
        let output =
            HeadObjectOutput { content_length: Some(size(object.size_bytes)), ..described!(HeadObjectOutput, &object) };
        Ok(S3Response::with_headers(output, asked_checksums(&object, input.checksum_mode.is_some())))
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let S3Request { input, headers, .. } = request;
        let CopySource::Bucket { bucket: from_bucket, key: from_key, version_id: None } = &input.copy_source else {
            return Err(s3_error!(NotImplemented, "this copy source is not known to the double"));
        };
        let (source, file) = self.store.read(from_bucket, from_key)?;
        let condition = ReadCondition {
            if_match: input.copy_source_if_match,
            if_none_match: input.copy_source_if_none_match,
            if_modified_since: input.copy_source_if_modified_since,
            if_unmodified_since: input.copy_source_if_unmodified_since,
        };
        // A copy has no 304: what a reader need not read again, a copy does not copy.
        condition.check(&source).map_err(|_| s3_error!(PreconditionFailed, "the copy source's condition failed"))?;
        let replace =
            input.metadata_directive.is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
        let same = **from_bucket == *input.bucket && **from_key == *input.key;
        if same && !replace {
            return Err(s3_error!(
                InvalidRequest,
                "This copy request is illegal: it copies an object to itself as it is"
            ));
        }
        let condition = WriteCondition::of(header(&headers, "if-match")?, header(&headers, "if-none-match")?)?;
        let bytes = bytes_of(file, &(0..source.size_bytes))?;
        let received = receive(&self.store, bytes, Claim::default()).await?;
        let draft = Draft {
            blob: received.blob,
            etag: hex(&received.md5),
            headers: if replace { headers_of!(input) } else { source.headers.clone() },
            checksums: source.checksums.clone(),
        };
        let object = self.commit((&input.bucket, &input.key), draft, &condition, Creation::Copy)?;
        let result = CopyObjectResult {
            e_tag: Some(ETag::Strong(object.etag.clone())),
            last_modified: Some(timestamp(object.last_modified)),
            ..Default::default()
        };
        Ok(S3Response::new(CopyObjectOutput { copy_object_result: Some(result), ..Default::default() }))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = request.input;
        self.store.delete(&input.bucket, &input.key, &WriteCondition::of(input.if_match, None)?)?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let input = request.input;
        if input.delete.objects.len() > PAGE {
            return Err(s3_error!(MalformedXML, "at most {PAGE} keys at a time"));
        }
        let mut deleted = Vec::with_capacity(input.delete.objects.len());
        for object in input.delete.objects {
            if object.version_id.is_some() || object.e_tag.is_some() || object.last_modified_time.is_some() {
                return Err(s3_error!(NotImplemented, "a key with a condition or version is not known to the double"));
            }
            self.store.delete(&input.bucket, &object.key, &WriteCondition::Any)?;
            deleted.push(DeletedObject { key: Some(object.key), ..Default::default() });
        }
        let deleted = Some(deleted).filter(|_| input.delete.quiet != Some(true));
        Ok(S3Response::new(DeleteObjectsOutput { deleted, ..Default::default() }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let page = self.page(
            &input.bucket,
            &Query {
                prefix: input.prefix.as_deref().unwrap_or_default(),
                delimiter: input.delimiter.as_deref(),
                after_key: input.start_after.as_deref().filter(|_| input.continuation_token.is_none()),
                after_entry: input.continuation_token.as_deref(),
                limit: limit(input.max_keys),
            },
        )?;
        let encode = Encode::of(input.encoding_type.as_ref());
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(encode.text(input.prefix.unwrap_or_default())),
            delimiter: input.delimiter.map(|delimiter| encode.text(delimiter)),
            start_after: input.start_after.map(|key| encode.text(key)),
            max_keys: Some(input.max_keys.unwrap_or(1000)),
            key_count: i32::try_from(page.len()).ok(),
            is_truncated: Some(page.next.is_some()),
            continuation_token: input.continuation_token,
            next_continuation_token: page.next.clone(),
            common_prefixes: encode.prefixes(&page),
            contents: encode.objects(&page),
            encoding_type: input.encoding_type,
            request_charged: None,
        }))
    }

    async fn list_objects(&self, request: S3Request<ListObjectsInput>) -> S3Result<S3Response<ListObjectsOutput>> {
        let input = request.input;
        // A marker that is a common prefix, as the page before gave it, stands for all the keys under it.
        let rolled = input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty());
        let rolled = rolled.is_some_and(|end| input.marker.as_deref().is_some_and(|marker| marker.ends_with(end)));
        let page = self.page(
            &input.bucket,
            &Query {
                prefix: input.prefix.as_deref().unwrap_or_default(),
                delimiter: input.delimiter.as_deref(),
                after_key: input.marker.as_deref(),
                after_entry: input.marker.as_deref().filter(|_| rolled),
                limit: limit(input.max_keys),
            },
        )?;
        let encode = Encode::of(input.encoding_type.as_ref());
        Ok(S3Response::new(ListObjectsOutput {
            name: Some(input.bucket),
            prefix: Some(encode.text(input.prefix.unwrap_or_default())),
            marker: input.marker.map(|marker| encode.text(marker)),
            max_keys: Some(input.max_keys.unwrap_or(1000)),
            is_truncated: Some(page.next.is_some()),
            // Without a delimiter S3 gives no marker: the last key is the marker.
            next_marker: page.next.clone().filter(|_| input.delimiter.is_some()).map(|marker| encode.text(marker)),
            delimiter: input.delimiter.map(|delimiter| encode.text(delimiter)),
            common_prefixes: encode.prefixes(&page),
            contents: encode.objects(&page),
            encoding_type: input.encoding_type,
            request_charged: None,
        }))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let input = request.input;
        self.store.find(&input.bucket, &input.key)?;
        let checksum = PartChecksum::of(input.checksum_algorithm.as_ref(), input.checksum_type.as_ref())?;
        let upload_id = self.uploads.begin((&input.bucket, &input.key), headers_of!(input), checksum);
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(upload_id),
            checksum_algorithm: input.checksum_algorithm,
            checksum_type: checksum.map(|checksum| ChecksumType::from_static(checksum.kind())),
            ..Default::default()
        }))
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let S3Request { input, headers, trailing_headers, .. } = request;
        if !(1..=10_000).contains(&input.part_number) {
            return Err(s3_error!(InvalidArgument, "Part number must be an integer between 1 and 10000, inclusive"));
        }
        self.uploads.check(&input.upload_id, &input.bucket, &input.key)?;
        let claim = Claim { md5: input.content_md5, headers, trailer: trailing_headers };
        let part = receive(&self.store, body(input.body), claim).await?;
        let headers = checksum_headers(&part.checksums);
        let e_tag = Some(ETag::Strong(hex(&part.md5)));
        self.uploads.add(&input.upload_id, (&input.bucket, &input.key), input.part_number, part)?;
        Ok(S3Response::with_headers(UploadPartOutput { e_tag, ..Default::default() }, headers))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let S3Request { input, headers, .. } = request;
        let mut claims = headers.keys().map(http::HeaderName::as_str);
        if claims.any(|name| name.starts_with("x-amz-checksum-") && name != "x-amz-checksum-type") {
            return Err(s3_error!(NotImplemented, "a checksum of the whole upload is not known to the double"));
        }
        let condition = WriteCondition::of(input.if_match, input.if_none_match)?;
        condition.check(self.store.find(&input.bucket, &input.key)?.as_deref())?;
        let parts = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let place = (input.bucket.as_str(), input.key.as_str());
        let (draft, size_bytes) = self.uploads.join(&self.store, &input.upload_id, place, &parts).await?;
        if input.mpu_object_size.is_some_and(|claimed| claimed != size(size_bytes)) {
            return Err(s3_error!(InvalidRequest, "x-amz-mp-object-size is not the size of the parts, {size_bytes}"));
        }
        let object = self.commit(place, draft, &condition, Creation::CompleteMultipartUpload)?;
        self.uploads.finish(&input.upload_id);
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            e_tag: Some(ETag::Strong(object.etag.clone())),
            location: Some(format!("/{}/{}", input.bucket, input.key)),
            bucket: Some(input.bucket),
            key: Some(input.key),
            ..Default::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let input = request.input;
        self.uploads.abort(&input.upload_id, &input.bucket, &input.key)?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }
}

/// How names are written in a listing: as they are, or with `encoding-type=url` percent-encoded but for slashes.
#[derive(Clone, Copy)]
enum Encode {
    Plain,
    Url,
}

impl Encode {
    fn of(asked: Option<&EncodingType>) -> Self {
        if asked.is_some_and(|asked| asked.as_str() == EncodingType::URL) { Self::Url } else { Self::Plain }
    }

    fn text(self, text: String) -> String {
        match self {
            Self::Plain => text,
            Self::Url => text.split('/').map(urlencoding::encode).collect::<Vec<_>>().join("/"),
        }
    }

    fn objects(self, page: &Page) -> Option<Vec<ListedObject>> {
        let objects = page.objects.iter().map(|(key, object)| ListedObject {
            key: Some(self.text(key.clone())),
            e_tag: Some(ETag::Strong(object.etag.clone())),
            last_modified: Some(timestamp(object.last_modified)),
            size: Some(size(object.size_bytes)),
            storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
            ..Default::default()
        });
        Some(objects.collect())
    }

    fn prefixes(self, page: &Page) -> Option<Vec<CommonPrefix>> {
        let prefixes = page.prefixes.iter().map(|prefix| CommonPrefix { prefix: Some(self.text(prefix.clone())) });
        Some(prefixes.collect())
    }
}

/// How many entries a page may have. S3 never gives more than a thousand.
fn limit(max_keys: Option<i32>) -> usize {
    max_keys.map_or(PAGE, |keys| usize::try_from(keys).unwrap_or_default().min(PAGE))
}

fn body(body: Option<StreamingBlob>) -> StreamingBlob {
    body.unwrap_or_else(|| StreamingBlob::from(s3s::Body::empty()))
}

/// `Content-Encoding` without the framing of the transfer, which S3 does not keep.
fn without_framing(encoding: Option<String>) -> Option<String> {
    let encoding = encoding?;
    let kept: Vec<&str> = encoding.split(',').map(str::trim).filter(|part| *part != "aws-chunked").collect();
    Some(kept.join(", ")).filter(|encoding| !encoding.is_empty())
}

/// A condition that s3s does not read for this operation.
fn header(headers: &http::HeaderMap, name: &str) -> S3Result<Option<ETagCondition>> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let condition = ETagCondition::parse_http_header(value.as_bytes());
    condition.map(Some).map_err(|error| s3_error!(error, InvalidArgument, "{name} does not read"))
}
