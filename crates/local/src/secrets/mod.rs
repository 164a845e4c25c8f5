//! Secrets Manager: secrets, their versions, and the labels that say which version is current.
//!
//! ```text
//! request ─► input (shapes, what must hold) ─► store ── secrets.json, replaced whole, in a folder for its owner alone
//! ```
//!
//! A secret's value is kept as it is: the folder is a laptop's, and the double has no keys to encrypt it with. It does not
//! know deletion, rotation, replication, tags, policies, partial ARNs, or KMS. Versions that have lost their last label
//! stay for good; AWS takes them away some time. Start reading at [`Secrets`].
//!
//! To add an operation: its request in `input`, its function in `store`, one arm in [`Secrets::call`].

mod input;
mod store;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io;
use std::path::Path;

use async_trait::async_trait;
use model::{Error, Kind, Result};
use serde_json::Value;

use crate::clock::Clock;
use crate::request::read;
use crate::wire::{ApiError, Service};
use store::Store;

/// The service.
pub struct Secrets {
    store: Store,
    clock: Clock,
}

impl Secrets {
    /// Opens the secrets in a folder, made if it is missing, and adds those of these texts by name that are not there yet.
    /// Fails with [`Kind::Config`] on a file that cannot be read.
    pub fn open(folder: &Path, clock: Clock, texts: &BTreeMap<String, String>) -> Result<Self> {
        let fault = |error| Error::new(Kind::Config, "open secrets in", folder.display()).because(error);
        let store = make(folder).and_then(|()| Store::open(&folder.join("secrets.json"))).map_err(fault)?;
        for (name, text) in texts {
            let given = store.give(name, text, clock());
            given.map_err(|error| Error::new(Kind::Config, "make secret", name).because(error))?;
        }
        Ok(Self { store, clock })
    }
}

#[async_trait]
impl Service for Secrets {
    fn target_prefix(&self) -> &'static str {
        "secretsmanager"
    }

    fn content_type(&self) -> &'static str {
        "application/x-amz-json-1.1"
    }

    async fn call(&self, operation: &str, request: Value) -> std::result::Result<Value, ApiError> {
        let (store, now) = (&self.store, (self.clock)());
        match operation {
            "CreateSecret" => store.create(read(operation, request)?, now),
            "PutSecretValue" => store.put(read(operation, request)?, now),
            "DescribeSecret" => store.describe(&read(operation, request)?),
            "GetSecretValue" => store.get(&read(operation, request)?),
            other => Err(ApiError::not_known(format!("operation \"{other}\" of secretsmanager"))),
        }
    }
}

/// Makes the folder, which nobody but its owner may look into.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
