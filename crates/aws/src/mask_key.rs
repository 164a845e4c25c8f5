//! The key of `mask: sha256`: where it lies, which version there is, and exactly the version that a plan pins.
//!
//! ```text
//! starter:    version ─► RunPlan.mask_key        transform:    RunPlan.mask_key ─► fetch ─► MaskKey
//! ```
//!
//! The key is read where values are masked and nowhere else: of a secret, the starter learns the current version's id and
//! has no right to more. A key is in no document, log or error; its version is in the plan.

use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use hmac::{Hmac, KeyInit, Mac};
use model::dataset::Dataset;
use model::hash::hex;
use model::mask_key::MaskKey;
use model::{Error, Kind, Result};
use sha2::Sha256;

use crate::error::{is_code, sorted};
use crate::{Clients, Settings};

/// The setting that is the key.
const KEY: &str = "SLUICE_MASK_KEY";
/// The setting that names the secret that is the key.
const SECRET: &str = "SLUICE_MASK_SECRET";

/// What is hashed with a key from the environment to tell it from others.
const VERSION_OF: &[u8] = b"sluice mask key version";
/// How many hex digits of that hash are the version. 64 bits tell keys apart and give nothing of them away.
const VERSION_DIGITS: usize = 16;

/// Where the key lies.
#[derive(Debug, Clone, Default)]
pub enum MaskKeySource {
    /// Nowhere: no dataset may need one.
    #[default]
    None,
    /// In the environment, as text.
    Environment(MaskKey),
    /// In Secrets Manager, under this name or ARN. The whole secret is the key, be it text or bytes.
    Secret(String),
}

impl MaskKeySource {
    /// Reads `SLUICE_MASK_KEY` and `SLUICE_MASK_SECRET`, of which one may be set. A fault never shows the key.
    pub fn read<G: Fn(&str) -> Option<String>>(settings: &mut Settings<G>) -> Self {
        match (settings.optional::<String>(KEY), settings.optional::<String>(SECRET)) {
            (None, None) => Self::None,
            (None, Some(secret)) => Self::Secret(secret),
            (Some(key), None) => match from_environment(key.into_bytes()) {
                Ok(key) => Self::Environment(key),
                Err(error) => {
                    settings.fault(format!("{KEY}: {}", model::error::chain(&error)));
                    Self::None
                }
            },
            (Some(_), Some(_)) => {
                settings.fault(format!("{KEY} and {SECRET} are both set: take one away"));
                Self::None
            }
        }
    }
}

/// The version of the key that a new run of a dataset is to be masked with; `None` where no mask needs a key. Fails, as
/// `Config`, where one does and there is no key.
pub async fn version(clients: &Clients, source: &MaskKeySource, dataset: &Dataset) -> Result<Option<String>> {
    if !dataset.needs_mask_key() {
        return Ok(None);
    }
    let secret = match source {
        MaskKeySource::Environment(key) => return Ok(Some(key.version().to_owned())),
        MaskKeySource::Secret(secret) => secret,
        MaskKeySource::None => return Err(none(&format!("dataset {} has `mask: sha256`", dataset.dataset))),
    };
    let described = clients.secrets.describe_secret().secret_id(secret).send().await;
    let described = described.map_err(|error| sorted("find the mask's key in", secret, error))?;
    let stages = described.version_ids_to_stages().into_iter().flatten();
    let current = stages.into_iter().find(|(_, stages)| stages.iter().any(|stage| stage == "AWSCURRENT"));
    match current {
        Some((version, _)) => Ok(Some(version.clone())),
        None => {
            Err(Error::new(Kind::Config, "find the mask's key in", secret).because("the secret has no value: put one"))
        }
    }
}

/// The key of the version that a plan pins, and no other. Fails, as `Config`, where it is gone or another is set.
pub async fn fetch(clients: &Clients, source: &MaskKeySource, pinned: &str) -> Result<MaskKey> {
    let secret = match source {
        MaskKeySource::Environment(key) if key.version() == pinned => return Ok(key.clone()),
        MaskKeySource::Environment(key) => {
            return Err(other(pinned, &format!("{KEY} is of version {}", key.version())));
        }
        MaskKeySource::None => return Err(none(&format!("the plan pins version {pinned} of it"))),
        // A version of a secret is named by 32 characters or more, one of ours by fewer.
        MaskKeySource::Secret(secret) if pinned.len() <= VERSION_DIGITS => {
            return Err(other(pinned, &format!("{secret} has no versions of that form, which {KEY} has")));
        }
        MaskKeySource::Secret(secret) => secret,
    };
    match clients.secrets.get_secret_value().secret_id(secret).version_id(pinned).send().await {
        Ok(value) => MaskKey::new(bytes(value), pinned.to_owned()),
        Err(error) if is_code(&error, "ResourceNotFoundException") => {
            Err(other(pinned, &format!("{secret} is not there, or has it no more")))
        }
        Err(error) => Err(sorted("read the mask's key from", secret, error)),
    }
}

fn bytes(value: GetSecretValueOutput) -> Vec<u8> {
    match (value.secret_string, value.secret_binary) {
        (Some(text), _) => text.into_bytes(),
        (None, Some(bytes)) => bytes.into_inner(),
        (None, None) => Vec::new(),
    }
}

fn from_environment(bytes: Vec<u8>) -> Result<MaskKey> {
    let bug = |error| Error::new(Kind::Bug, "hash", "the mask's key").because(format!("{error}"));
    let mut hmac = Hmac::<Sha256>::new_from_slice(&bytes).map_err(bug)?;
    hmac.update(VERSION_OF);
    let mut version = hex(&hmac.finalize().into_bytes());
    version.truncate(VERSION_DIGITS);
    MaskKey::new(bytes, version)
}

fn none(why: &str) -> Error {
    let what = format!("{why}, and there is no key: set {SECRET} to a secret of Secrets Manager, or {KEY}");
    Error::new(Kind::Config, "find", "the mask's key").because(what)
}

fn other(pinned: &str, found: &str) -> Error {
    let what = format!(
        "the plan pins version {pinned}, and {found}: set the key back that the run was planned with, or deliver the \
         manifest again for a run with the key there is now"
    );
    Error::new(Kind::Config, "find", "the mask's key").because(what)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::dataset::DatasetFile;
    use model::error::chain;

    use super::*;
    use crate::clients::Endpoint;
    use crate::metric::Sink;

    const TEXT: &str = "correct horse battery staple";

    fn read(settings: &[(&str, &str)]) -> Result<MaskKeySource> {
        let map: BTreeMap<_, _> = settings.iter().copied().collect();
        let mut settings = Settings::new(|name: &str| map.get(name).map(|text| (*text).to_owned()));
        let source = MaskKeySource::read(&mut settings);
        settings.finish().map(|()| source)
    }

    /// Clients that nobody answers: what these tests ask for needs no call.
    async fn clients() -> Clients {
        let endpoint = Endpoint {
            url: "http://127.0.0.1:1".to_owned(),
            access_key_id: "none".to_owned(),
            secret_access_key: "none".to_owned(),
            max_attempts: 1,
            metrics: Sink::Stdout,
        };
        Clients::at(&endpoint).await
    }

    fn dataset(mask: &str) -> Dataset {
        let columns = format!("columns: {{id: {{type: bigint}}, card: {{type: varchar(64), mask: {mask}}}}}");
        let text = format!("{{dataset: sales, landing: sales/, format: csv, {columns}}}");
        DatasetFile::parse(&text, "sales.yaml").unwrap().dataset
    }

    #[tokio::test]
    async fn the_environments_key_is_the_one_a_plan_pins() {
        let (clients, source) = (clients().await, read(&[(KEY, TEXT)]).unwrap());
        let version = version(&clients, &source, &dataset("sha256")).await.unwrap().unwrap();
        // openssl dgst -sha256 -hmac "correct horse battery staple", of the text that versions are made of.
        assert_eq!(version, "abea2d82817af6e7");
        let key = fetch(&clients, &source, &version).await.unwrap();
        assert_eq!((key.bytes(), key.version()), (TEXT.as_bytes(), version.as_str()));
    }

    #[tokio::test]
    async fn another_key_in_the_environment_is_refused_with_both_versions() {
        let (clients, source) = (clients().await, read(&[(KEY, TEXT)]).unwrap());
        let error = fetch(&clients, &source, "0123456789abcdef").await.unwrap_err();
        let message = chain(&error);
        assert_eq!(error.kind(), Kind::Config);
        let now = version(&clients, &source, &dataset("sha256")).await.unwrap().unwrap();
        assert!(message.contains("0123456789abcdef") && message.contains(&now), "{message}");
        assert!(!message.contains(TEXT), "{message}");
    }

    #[tokio::test]
    async fn a_plan_of_the_environments_key_is_not_asked_of_a_secret() {
        let (clients, source) = (clients().await, read(&[(SECRET, "sluice/mask-key")]).unwrap());
        let error = fetch(&clients, &source, "0123456789abcdef").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(chain(&error).contains("sluice/mask-key has no versions of that form"), "{}", chain(&error));
    }

    #[tokio::test]
    async fn without_a_key_it_is_said_how_to_set_one() {
        let (clients, source) = (clients().await, read(&[(KEY, ""), (SECRET, "")]).unwrap());
        assert_eq!(version(&clients, &source, &dataset("last4")).await.unwrap(), None, "last4 needs none");
        let error = version(&clients, &source, &dataset("sha256")).await.unwrap_err();
        assert_eq!(
            chain(&error),
            "cannot find the mask's key: dataset sales has `mask: sha256`, and there is no key: set SLUICE_MASK_SECRET \
             to a secret of Secrets Manager, or SLUICE_MASK_KEY"
        );
        assert_eq!(fetch(&clients, &source, "0123456789abcdef").await.unwrap_err().kind(), Kind::Config);
    }

    #[test]
    fn faults_of_the_settings_never_show_the_key() {
        let short = chain(&read(&[(KEY, "hunter2")]).unwrap_err());
        assert!(short.contains("it has 7 bytes, and at least 16 are safe") && !short.contains("hunter2"), "{short}");
        let both = chain(&read(&[(KEY, TEXT), (SECRET, "name")]).unwrap_err());
        assert!(both.contains("SLUICE_MASK_KEY and SLUICE_MASK_SECRET are both set"), "{both}");
        assert!(!both.contains(TEXT), "{both}");
        assert!(!format!("{:?}", read(&[(KEY, TEXT)])).contains("horse"));
    }
}
