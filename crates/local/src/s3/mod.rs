//! S3 over a folder: buckets without versions, ETags, conditional reads and writes, ranges, multipart uploads, copies.
//!
//! ```text
//! request ─► s3s (protocol, signature) ─► access (what is known) ─► operations ─► store (one journal, one lock)
//!                                                                       └─► Created, to whoever was told at the start
//! ```
//!
//! `s3s-fs` is not used: it keeps an object's ETag in a file of its own, so that a kill can leave the old ETag beside
//! the new bytes, and its conditional writes look before they write without a lock. Start reading at [`operations`].

mod access;
mod answer;
mod condition;
mod list;
pub mod multipart;
mod operations;
mod receive;
pub mod store;

use std::sync::Arc;

use s3s::S3Result;
use s3s::auth::SimpleAuth;
use s3s::dto::StreamingBlob;
use s3s::service::{S3Service, S3ServiceBuilder};

use self::condition::WriteCondition;
use self::multipart::Uploads;
use self::receive::{Claim, hex, receive};
use self::store::{Draft, Headers, Object, Store};

/// How an object came to be, as events name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creation {
    /// `PutObject`
    Put,
    /// `CopyObject`
    Copy,
    /// `CompleteMultipartUpload`
    CompleteMultipartUpload,
}

impl Creation {
    /// The name behind `ObjectCreated:` in an event.
    pub fn name(self) -> &'static str {
        match self {
            Self::Put => "Put",
            Self::Copy => "Copy",
            Self::CompleteMultipartUpload => "CompleteMultipartUpload",
        }
    }
}

/// An object was created or overwritten.
#[derive(Debug, Clone)]
pub struct Created {
    /// The bucket.
    pub bucket: String,
    /// The key, as it is.
    pub key: String,
    /// The object.
    pub object: Arc<Object>,
    /// By which call.
    pub creation: Creation,
}

/// Is told of every object that is created, before the call that created it is answered. It must not block.
pub type OnCreated = Arc<dyn Fn(Created) + Send + Sync>;

/// The service: takes requests that are signed with these credentials.
pub fn service(
    store: Arc<Store>,
    uploads: Arc<Uploads>,
    credentials: (&str, &str),
    on_created: OnCreated,
) -> S3Service {
    let mut builder = S3ServiceBuilder::new(operations::Operations::new(store, uploads, on_created));
    builder.set_auth(SimpleAuth::from_single(credentials.0, credentials.1));
    builder.set_access(access::Access);
    builder.build()
}

/// Puts an object past the protocol; nobody is told.
pub async fn put(store: &Store, bucket: &str, key: &str, bytes: Vec<u8>) -> S3Result<Arc<Object>> {
    let received = receive(store, StreamingBlob::from(s3s::Body::from(bytes)), Claim::default()).await?;
    let draft = Draft {
        blob: received.blob,
        etag: hex(&received.md5),
        headers: Headers::default(),
        checksums: received.checksums,
    };
    store.put(bucket, key, draft, &WriteCondition::Any)
}
