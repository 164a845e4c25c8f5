//! Where COPY gets its manifest and its files.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;

/// Objects by their address. Whoever runs the double gives it one: a folder that is served as S3, or a map in a test.
#[async_trait]
pub trait Objects: Debug + Send + Sync {
    /// The whole object at `s3://bucket/key`, as it is when asked.
    async fn get(&self, url: &str) -> Result<Bytes, ObjectError>;
}

/// Why an object cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// There is none at this address.
    #[error("the specified key does not exist")]
    NotFound,
    /// It cannot be read, for a reason that is told.
    #[error("{0}")]
    Other(String),
}

#[async_trait]
impl Objects for BTreeMap<String, Bytes> {
    async fn get(&self, url: &str) -> Result<Bytes, ObjectError> {
        BTreeMap::get(self, url).cloned().ok_or(ObjectError::NotFound)
    }
}
