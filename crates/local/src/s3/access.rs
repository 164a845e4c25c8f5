//! What of S3 the double knows. Everything else is refused by name, not ignored: an operation, a header, a parameter.

use async_trait::async_trait;
use s3s::access::{S3Access, S3AccessContext};
use s3s::{S3Result, s3_error};

/// The operations, each with its query parameters.
const OPERATIONS: &[(&str, &[&str])] = &[
    ("AbortMultipartUpload", &["uploadId"]),
    ("CompleteMultipartUpload", &["uploadId"]),
    ("CopyObject", &[]),
    ("CreateBucket", &[]),
    ("CreateMultipartUpload", &["uploads"]),
    ("DeleteObject", &[]),
    ("DeleteObjects", &["delete"]),
    ("GetBucketLocation", &["location"]),
    ("GetObject", &[]),
    ("HeadBucket", &[]),
    ("HeadObject", &[]),
    ("ListBuckets", &[]),
    ("ListObjects", &["delimiter", "encoding-type", "marker", "max-keys", "prefix"]),
    (
        "ListObjectsV2",
        &["continuation-token", "delimiter", "encoding-type", "list-type", "max-keys", "prefix", "start-after"],
    ),
    ("PutObject", &[]),
    ("UploadPart", &["partNumber", "uploadId"]),
];

/// The headers that begin with `x-amz-`; one that ends in `-` stands for all that begin with it.
const HEADERS: &[&str] = &[
    "x-amz-api-version",
    "x-amz-checksum-",
    "x-amz-content-sha256",
    "x-amz-copy-source",
    "x-amz-copy-source-if-",
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-meta-",
    "x-amz-metadata-directive",
    "x-amz-mp-object-size",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-security-token",
    "x-amz-trailer",
    "x-amz-user-agent",
];

/// The query parameters of every operation: the SDKs' name of it, and those of a presigned URL, old and new.
const PARAMETERS: &[&str] = &["AWSAccessKeyId", "Expires", "Signature", "X-Amz-", "x-id"];

/// Lets through what is signed and known.
#[derive(Debug)]
pub struct Access;

#[async_trait]
impl S3Access for Access {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if context.credentials().is_none() {
            return Err(s3_error!(AccessDenied, "the request is not signed"));
        }
        let operation = context.s3_op().name().to_owned();
        let Some((_, own_parameters)) = OPERATIONS.iter().find(|(name, _)| *name == operation) else {
            return Err(s3_error!(NotImplemented, "operation {operation} of S3 is not known to the double"));
        };
        let headers = context.headers().keys().map(http::HeaderName::as_str);
        let header = headers.filter(|name| name.starts_with("x-amz-") || *name == "expires");
        if let Some(header) = first_unknown(header, HEADERS) {
            return Err(s3_error!(NotImplemented, "header {header} of {operation} is not known to the double"));
        }
        let parameters = context.uri().query().unwrap_or_default().split('&');
        let names = parameters.filter_map(|parameter| parameter.split('=').next()).filter(|name| !name.is_empty());
        let names = names.filter(|name| !own_parameters.contains(name));
        if let Some(parameter) = first_unknown(names, PARAMETERS) {
            return Err(s3_error!(NotImplemented, "parameter {parameter} of {operation} is not known to the double"));
        }
        Ok(())
    }
}

fn first_unknown<'n>(mut names: impl Iterator<Item = &'n str>, known: &[&str]) -> Option<&'n str> {
    names.find(|name| !known.iter().any(|known| name == known || known.ends_with('-') && name.starts_with(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_whole_or_by_its_beginning() {
        assert_eq!(first_unknown(["x-amz-date", "x-amz-meta-a"].into_iter(), HEADERS), None);
        assert_eq!(first_unknown(["x-amz-date", "x-amz-acl"].into_iter(), HEADERS), Some("x-amz-acl"));
        assert_eq!(first_unknown(["versionId"].into_iter(), PARAMETERS), Some("versionId"));
    }
}
