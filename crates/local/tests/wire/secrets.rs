//! Secrets over the wire, and the way of the key of masks: from its secret to exactly the version that a plan pins.

use aws::mask_key::{self, MaskKeySource};
use local::{Local, Options};
use model::dataset::DatasetFile;
use model::error::chain;
use model::{Error, Kind};

use crate::{Laptop, answered, options};

const NAME: &str = "sluice/mask-key";

impl Laptop {
    fn secrets(&self) -> &aws_sdk_secretsmanager::Client {
        &self.local.clients().secrets
    }

    async fn version(&self) -> Result<String, Error> {
        let column = "card: {type: varchar(64), mask: sha256}";
        let text = format!("{{dataset: sales, landing: sales/, format: csv, columns: {{{column}}}}}");
        let dataset = DatasetFile::parse(&text, "sales.yaml").unwrap().dataset;
        let source = MaskKeySource::Secret(NAME.to_owned());
        mask_key::version(self.local.clients(), &source, &dataset).await.map(Option::unwrap)
    }

    /// The key of this version.
    async fn key(&self, version: &str) -> Result<Vec<u8>, Error> {
        let source = MaskKeySource::Secret(NAME.to_owned());
        let key = mask_key::fetch(self.local.clients(), &source, version).await?;
        assert_eq!(key.version(), version);
        Ok(key.bytes().to_vec())
    }
}

#[tokio::test]
async fn a_pinned_key_is_found_when_another_is_current() {
    let laptop = Laptop::start().await;
    laptop.secrets().create_secret().name(NAME).secret_string("the first key of all").send().await.unwrap();
    let first = laptop.version().await.unwrap();
    let bytes = b"\x00\x01 sixteen bytes or more".to_vec();
    laptop.secrets().put_secret_value().secret_id(NAME).secret_binary(bytes.clone().into()).send().await.unwrap();
    let second = laptop.version().await.unwrap();
    assert_ne!(first, second);
    assert_eq!(laptop.key(&first).await.unwrap(), b"the first key of all");
    assert_eq!(laptop.key(&second).await.unwrap(), bytes);
    let laptop = laptop.after_a_kill().await;
    assert_eq!(laptop.version().await.unwrap(), second);
    assert_eq!(laptop.key(&first).await.unwrap(), b"the first key of all");
}

#[tokio::test]
async fn a_key_that_is_not_there_is_the_operators_to_mend() {
    let laptop = Laptop::start().await;
    let refused = async |asked: Result<Vec<u8>, Error>, says: &str| {
        let error = asked.unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(chain(&error).contains(says), "{}", chain(&error));
    };
    let nowhere = "00000000-0000-0000-0000-000000000000";
    refused(laptop.version().await.map(String::into_bytes), "ResourceNotFoundException").await;
    refused(laptop.key(nowhere).await, "the plan pins version 00000000-").await;
    laptop.secrets().create_secret().name(NAME).send().await.unwrap();
    refused(laptop.version().await.map(String::into_bytes), "the secret has no value: put one").await;
    laptop.secrets().put_secret_value().secret_id(NAME).secret_string("too short").send().await.unwrap();
    let short = laptop.version().await.unwrap();
    refused(laptop.key(&short).await, "it has 9 bytes, and at least 16 are safe").await;
    refused(laptop.key(nowhere).await, "deliver the manifest again").await;
}

#[tokio::test]
async fn secrets_that_are_given_are_there_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let functions = std::sync::Arc::default();
    let mut options: Options = options(&folder, &functions);
    options.secrets.insert(NAME.to_owned(), "a key that was given".to_owned());
    let local = Local::start(options).await.unwrap();
    let laptop = Laptop { folder, local, functions };
    let version = laptop.version().await.unwrap();
    assert_eq!(laptop.key(&version).await.unwrap(), b"a key that was given");
    let missing = laptop.secrets().get_secret_value().secret_id("none").send().await.unwrap_err();
    assert_eq!(answered(&missing).unwrap(), (400, "ResourceNotFoundException".to_owned()));
}
