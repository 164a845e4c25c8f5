//! The warehouse behind the Redshift Data API. COPY reads the objects of the same store that S3 serves, without a call at
//! the wire.

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use model::Result;
use model::name::S3Url;
use s3s::S3ErrorCode;
use serde_json::Value;
use warehouse::data_api::{DataApi, Endpoints};
use warehouse::{Latencies, ObjectError, Objects, Warehouse};

use crate::clock::Clock;
use crate::names;
use crate::s3::store::Store;
use crate::wire::{ApiError, Service};

/// The Data API at the wire.
pub struct RedshiftData(DataApi);

impl RedshiftData {
    /// Opens the warehouse in a folder, with statements that take so long. Those that ran when the process before ended are ABORTED.
    pub fn open(folder: &Path, store: Arc<Store>, clock: Clock, latencies: Latencies) -> Result<Self> {
        let warehouse = Warehouse::open_with(folder, Arc::new(StoredObjects(store)), clock, latencies)?;
        let endpoints = Endpoints {
            workgroups: vec![names::WORKGROUP.to_owned()],
            clusters: vec![names::CLUSTER.to_owned()],
            database: names::DATABASE.to_owned(),
        };
        DataApi::open(folder, warehouse, endpoints).map(Self)
    }

    /// Returns once no statement runs.
    pub async fn idle(&self) {
        self.0.idle().await;
    }
}

#[async_trait]
impl Service for RedshiftData {
    fn target_prefix(&self) -> &'static str {
        "RedshiftData"
    }

    fn content_type(&self) -> &'static str {
        "application/x-amz-json-1.1"
    }

    async fn call(&self, operation: &str, request: Value) -> std::result::Result<Value, ApiError> {
        self.call_by(names::ACCESS_KEY_ID, operation, request).await
    }

    /// Statements are their caller's. AWS goes by the role; here whoever signs with another access key is another.
    async fn call_by(&self, caller: &str, operation: &str, request: Value) -> std::result::Result<Value, ApiError> {
        self.0.call(caller, operation, request).await.map_err(|error| {
            let mut answer = ApiError { status: error.status, ..ApiError::new(error.code, error.message) };
            answer.members.extend(error.resource_id.map(|id| ("ResourceId".to_owned(), id.into())));
            answer
        })
    }
}

/// The objects of a store.
struct StoredObjects(Arc<Store>);

impl fmt::Debug for StoredObjects {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StoredObjects")
    }
}

#[async_trait]
impl Objects for StoredObjects {
    async fn get(&self, url: &str) -> std::result::Result<Bytes, ObjectError> {
        let other = |error: &dyn fmt::Display| ObjectError::Other(error.to_string());
        let url = S3Url::parse(url).map_err(|error| other(&error))?;
        let (_, mut file) = self.0.read(url.bucket(), url.key()).map_err(|error| match error.code() {
            S3ErrorCode::NoSuchKey => ObjectError::NotFound,
            code => other(&error.message().unwrap_or(code.as_str())),
        })?;
        let read = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map(|_| bytes)
        });
        let bytes = read.await.map_err(|error| other(&error))?.map_err(|error| other(&error))?;
        Ok(Bytes::from(bytes))
    }
}
