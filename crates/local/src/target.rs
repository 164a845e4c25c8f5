//! Which service and operation a request is for. AWS tells them apart by host; here there is one host, so the request's
//! own shape tells.

use http::{Method, Request};

use crate::lambda;

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A service that is told by `X-Amz-Target: <prefix>.<operation>`.
    Json {
        /// The service.
        prefix: String,
        /// The operation.
        operation: String,
    },
    /// SNS: a form posted to the root.
    Form,
    /// Lambda's `Invoke` of a function, by name or ARN.
    Invoke(String),
    /// The double's own address for faults: `/_sluice/<name>`. No bucket's name begins with `_`.
    Admin(String),
    /// S3: all else. The operation as S3's reference names it.
    S3(&'static str),
}

impl Target {
    /// What this request is for.
    pub fn of<B>(request: &Request<B>) -> Self {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let path = request.uri().path();
        if let Some((prefix, operation)) = header("x-amz-target").rsplit_once('.') {
            // Glue and the others have a bare prefix; some services have a version in it, which belongs to the name.
            return Self::Json { prefix: prefix.to_owned(), operation: operation.to_owned() };
        }
        if let Some(function) = lambda::function_in(path) {
            return Self::Invoke(function);
        }
        if let Some(name) = path.strip_prefix("/_sluice/") {
            return Self::Admin(name.to_owned());
        }
        if path == "/" && header("content-type").starts_with("application/x-www-form-urlencoded") {
            return Self::Form;
        }
        Self::S3(s3_operation(request))
    }
}

/// The operation of a request to S3, for faults; s3s finds out for itself.
fn s3_operation<B>(request: &Request<B>) -> &'static str {
    let query = request.uri().query().unwrap_or_default();
    let has = |name: &str| query.split('&').any(|part| part.split('=').next() == Some(name));
    let path = request.uri().path().trim_start_matches('/');
    let has_key = path.split_once('/').is_some_and(|(_, key)| !key.is_empty());
    let is_copy = request.headers().contains_key("x-amz-copy-source");
    match (request.method(), has_key) {
        (&Method::GET, false) if path.is_empty() => "ListBuckets",
        (&Method::GET, false) if has("location") => "GetBucketLocation",
        (&Method::GET, false) if has("list-type") => "ListObjectsV2",
        (&Method::GET, false) => "ListObjects",
        (&Method::GET, true) => "GetObject",
        (&Method::HEAD, false) => "HeadBucket",
        (&Method::HEAD, true) => "HeadObject",
        (&Method::PUT, false) => "CreateBucket",
        (&Method::PUT, true) if has("uploadId") => "UploadPart",
        (&Method::PUT, true) if is_copy => "CopyObject",
        (&Method::PUT, true) => "PutObject",
        (&Method::POST, true) if has("uploads") => "CreateMultipartUpload",
        (&Method::POST, true) if has("uploadId") => "CompleteMultipartUpload",
        (&Method::POST, false) if has("delete") => "DeleteObjects",
        (&Method::DELETE, true) if has("uploadId") => "AbortMultipartUpload",
        (&Method::DELETE, true) => "DeleteObject",
        _ => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_told_by_its_shape() {
        let of = |method: &str, uri: &str, header: (&str, &str)| {
            Target::of(&Request::builder().method(method).uri(uri).header(header.0, header.1).body(()).unwrap())
        };
        let plain = ("accept", "*/*");
        let json = Target::Json { prefix: "AWSGlue".to_owned(), operation: "GetTable".to_owned() };
        assert_eq!(of("POST", "/", ("x-amz-target", "AWSGlue.GetTable")), json);
        assert_eq!(of("POST", "/", ("content-type", "application/x-www-form-urlencoded; charset=utf-8")), Target::Form);
        let arn = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Aloader/invocations";
        assert_eq!(of("POST", arn, plain), Target::Invoke("arn:aws:lambda:us-east-1:1:function:loader".to_owned()));
        assert_eq!(of("PUT", "/_sluice/faults", plain), Target::Admin("faults".to_owned()));
        assert_eq!(of("GET", "/lake?list-type=2&prefix=a", plain), Target::S3("ListObjectsV2"));
        assert_eq!(of("PUT", "/lake/a/b?partNumber=1&uploadId=x", plain), Target::S3("UploadPart"));
        assert_eq!(of("PUT", "/lake/a", ("x-amz-copy-source", "/lake/b")), Target::S3("CopyObject"));
    }
}
