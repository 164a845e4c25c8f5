//! The conditions of reads and writes (facts/s3-events.md, conditional writes).

use s3s::dto::{ETag, ETagCondition, Timestamp};
use s3s::{S3Result, s3_error};

use super::store::Object;

/// What a writer wants to find under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteCondition {
    /// Whatever there is.
    Any,
    /// Nothing: `If-None-Match: *`.
    Absent,
    /// Some object: `If-Match: *`.
    Present,
    /// The object with this ETag: `If-Match: "…"`.
    Is(String),
}

impl WriteCondition {
    /// From the headers. S3 takes no ETag in `If-None-Match` of a write.
    pub fn of(if_match: Option<ETagCondition>, if_none_match: Option<ETagCondition>) -> S3Result<Self> {
        match (if_match, if_none_match) {
            (None, None) => Ok(Self::Any),
            (None, Some(ETagCondition::Any)) => Ok(Self::Absent),
            (Some(ETagCondition::Any), None) => Ok(Self::Present),
            (Some(ETagCondition::ETag(ETag::Strong(etag))), None) => Ok(Self::Is(etag)),
            _ => Err(s3_error!(NotImplemented, "this use of If-Match and If-None-Match is not known to the double")),
        }
    }

    /// Fails as S3 does where what is there is not what was wanted.
    pub fn check(&self, there: Option<&Object>) -> S3Result<()> {
        match (self, there) {
            (Self::Any, _) | (Self::Absent, None) | (Self::Present, Some(_)) => Ok(()),
            (Self::Is(etag), Some(object)) if *etag == object.etag => Ok(()),
            // (U) S3 answers 404, not 412, where a writer's If-Match finds nothing.
            (Self::Present | Self::Is(_), None) => Err(s3_error!(NoSuchKey, "there is no object to match")),
            (Self::Absent, Some(_)) | (Self::Is(_), Some(_)) => Err(failed()),
        }
    }
}

/// What a reader wants to find.
#[derive(Debug, Default)]
pub struct ReadCondition {
    /// `If-Match`
    pub if_match: Option<ETagCondition>,
    /// `If-None-Match`
    pub if_none_match: Option<ETagCondition>,
    /// `If-Modified-Since`
    pub if_modified_since: Option<Timestamp>,
    /// `If-Unmodified-Since`
    pub if_unmodified_since: Option<Timestamp>,
}

impl ReadCondition {
    /// Fails with 412 or 304 as S3 does. An ETag condition overrules the condition on the time beside it.
    pub fn check(&self, object: &Object) -> S3Result<()> {
        let modified = super::answer::timestamp(object.last_modified);
        match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) if !matches(condition, object) => return Err(failed()),
            (None, Some(time)) if modified > *time => return Err(failed()),
            _ => {}
        }
        match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) if matches(condition, object) => Err(s3_error!(NotModified)),
            (None, Some(time)) if modified <= *time => Err(s3_error!(NotModified)),
            _ => Ok(()),
        }
    }
}

fn matches(condition: &ETagCondition, object: &Object) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.value() == object.etag,
    }
}

fn failed() -> s3s::S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}
