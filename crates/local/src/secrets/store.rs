//! The secrets and the file they are kept in, and what each operation does to them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::input::{
    self, CreateSecret, DescribeSecret, GetSecretValue, PutSecretValue, SecretValue, arn, invalid, named, not_found,
};
use crate::lines;
use crate::request::epoch_seconds;
use crate::wire::ApiError;

/// The label of the version that is read where none is asked for.
const CURRENT: &str = "AWSCURRENT";
/// The label of the version that was current before.
const PREVIOUS: &str = "AWSPREVIOUS";

/// Secrets by name.
type Contents = BTreeMap<String, Secret>;

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Secret {
    description: Option<String>,
    created: DateTime<Utc>,
    changed: DateTime<Utc>,
    /// Versions by id.
    versions: BTreeMap<String, Version>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    created: DateTime<Utc>,
    value: SecretValue,
    labels: Vec<String>,
}

/// The secrets, and the file that always holds the same.
pub struct Store {
    path: PathBuf,
    contents: Mutex<Contents>,
}

impl Store {
    /// Opens the file; one that is missing holds none.
    pub fn open(path: &Path) -> io::Result<Self> {
        let contents = match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", path.display())))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Contents::default(),
            Err(error) => return Err(error),
        };
        Ok(Self { path: path.to_owned(), contents: Mutex::new(contents) })
    }

    /// Makes a secret of a text, if there is none of this name.
    pub fn give(&self, name: &str, text: &str, now: DateTime<Utc>) -> Result<(), ApiError> {
        if self.locked().contains_key(name) {
            return Ok(());
        }
        let request = CreateSecret {
            name: name.to_owned(),
            description: None,
            client_request_token: Some(model::hash::hash32([name, text])),
            secret_string: Some(text.to_owned()),
            secret_binary: None,
        };
        self.create(request, now).map(drop)
    }

    /// A new secret, with or without a value. Once more with the same token and value is the same call.
    pub fn create(&self, request: CreateSecret, now: DateTime<Utc>) -> Result<Value, ApiError> {
        input::name(&request.name)?;
        let value = SecretValue::of(request.secret_string, request.secret_binary)?;
        let id = value.as_ref().map(|_| input::version_id(request.client_request_token)).transpose()?;
        self.change(|contents| {
            if let Some(secret) = contents.get(&request.name) {
                let version = id.as_ref().and_then(|id| secret.versions.get(id));
                return match (version, &value) {
                    (Some(version), Some(value)) if version.value == *value => Ok(()),
                    _ => {
                        Err(exists(format!("The operation failed because the secret {} already exists.", request.name)))
                    }
                };
            }
            let versions = id
                .clone()
                .zip(value)
                .map(|(id, value)| (id, Version { created: now, value, labels: vec![CURRENT.to_owned()] }));
            let versions = versions.into_iter().collect();
            let secret = Secret { description: request.description, created: now, changed: now, versions };
            contents.insert(request.name.clone(), secret);
            Ok(())
        })?;
        let mut answer = json!({ "ARN": arn(&request.name), "Name": request.name });
        if let (Some(id), Value::Object(answer)) = (id, &mut answer) {
            answer.insert("VersionId".to_owned(), id.into());
        }
        Ok(answer)
    }

    /// A new version, which is current unless other labels are asked for. Once more with the same token and value is the
    /// same call.
    pub fn put(&self, request: PutSecretValue, now: DateTime<Utc>) -> Result<Value, ApiError> {
        let name = named(&request.secret_id)?;
        let value = SecretValue::of(request.secret_string, request.secret_binary)?;
        let value = value.ok_or_else(|| invalid("You must provide either SecretString or SecretBinary."))?;
        let id = input::version_id(request.client_request_token)?;
        let labels = request.version_stages.unwrap_or_else(|| vec![CURRENT.to_owned()]);
        input::labels(&labels)?;
        let labels = self.change(|contents| {
            let secret = contents.get_mut(name).ok_or_else(not_found)?;
            match secret.versions.get(&id) {
                Some(version) if version.value != value => {
                    return Err(exists(
                        "You can't modify an existing version, you can only create new ones.".to_owned(),
                    ));
                }
                Some(version) => return Ok(version.labels.clone()),
                None => {}
            }
            // The first version is current whatever is asked for.
            let labels = if secret.versions.is_empty() { with_current(labels) } else { labels };
            secret.changed = now;
            secret.versions.insert(id.clone(), Version { created: now, value, labels: Vec::new() });
            labels.iter().for_each(|label| secret.label(&id, label));
            Ok(labels)
        })?;
        Ok(json!({ "ARN": arn(name), "Name": name, "VersionId": id, "VersionStages": labels }))
    }

    /// A secret without its values.
    pub fn describe(&self, request: &DescribeSecret) -> Result<Value, ApiError> {
        let name = named(&request.secret_id)?;
        let contents = self.locked();
        let secret = contents.get(name).ok_or_else(not_found)?;
        let labelled = secret.versions.iter().filter(|(_, version)| !version.labels.is_empty());
        let labels: BTreeMap<_, _> = labelled.map(|(id, version)| (id, &version.labels)).collect();
        let mut answer = json!({
            "ARN": arn(name),
            "Name": name,
            "CreatedDate": epoch_seconds(secret.created),
            "LastChangedDate": epoch_seconds(secret.changed),
        });
        if let Value::Object(answer) = &mut answer {
            answer.extend(secret.description.clone().map(|text| ("Description".to_owned(), text.into())));
            answer.extend((!labels.is_empty()).then(|| ("VersionIdsToStages".to_owned(), json!(labels))));
        }
        Ok(answer)
    }

    /// A version's value: of the id that is asked for, or of the label, or the current one.
    pub fn get(&self, request: &GetSecretValue) -> Result<Value, ApiError> {
        let name = named(&request.secret_id)?;
        let contents = self.locked();
        let secret = contents.get(name).ok_or_else(not_found)?;
        let label = request.version_stage.as_deref();
        let found = match (&request.version_id, label.unwrap_or(CURRENT)) {
            (Some(id), _) if !(32..=64).contains(&id.len()) => {
                return Err(invalid(format!("VersionId must have 32 to 64 characters, and {id} has {}", id.len())));
            }
            (Some(id), _) => secret.versions.get_key_value(id).ok_or_else(|| no_value("VersionId", id))?,
            (None, label) => {
                let labelled = secret.versions.iter().find(|(_, version)| version.is(label));
                labelled.ok_or_else(|| no_value("staging label", label))?
            }
        };
        let (id, version) = found;
        if label.is_some_and(|label| !version.is(label)) {
            let message = "You provided a VersionStage that is not associated to the provided VersionId.";
            return Err(ApiError::new("InvalidRequestException", message));
        }
        let mut answer = json!(version.value);
        if let Value::Object(answer) = &mut answer {
            answer.insert("ARN".to_owned(), arn(name).into());
            answer.insert("Name".to_owned(), name.into());
            answer.insert("VersionId".to_owned(), id.as_str().into());
            answer.insert("VersionStages".to_owned(), json!(version.labels));
            answer.insert("CreatedDate".to_owned(), json!(epoch_seconds(version.created)));
        }
        Ok(answer)
    }

    /// Changes the contents: all of the change is made and kept, or none of it.
    fn change<T>(&self, change: impl FnOnce(&mut Contents) -> Result<T, ApiError>) -> Result<T, ApiError> {
        let mut contents = self.locked();
        let mut changed = contents.clone();
        let answer = change(&mut changed)?;
        let fault = |error: io::Error| ApiError::internal(format!("cannot keep the secrets: {error}"));
        let bytes = serde_json::to_vec_pretty(&changed).map_err(|error| fault(error.into()))?;
        lines::replace(&self.path, &bytes).map_err(fault)?;
        *contents = changed;
        Ok(answer)
    }

    fn locked(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Secret {
    /// Gives a version a label, which no other has then. The version that was current becomes the previous one.
    fn label(&mut self, id: &str, label: &str) {
        let before = self.versions.iter().find(|(other, version)| *other != id && version.is(label));
        let before = before.map(|(other, _)| other.clone());
        for version in self.versions.values_mut() {
            version.labels.retain(|other| other != label);
        }
        if let Some(version) = self.versions.get_mut(id) {
            version.labels.push(label.to_owned());
        }
        if let Some(before) = before.filter(|_| label == CURRENT) {
            self.label(&before, PREVIOUS);
        }
    }
}

impl Version {
    fn is(&self, label: &str) -> bool {
        self.labels.iter().any(|own| own == label)
    }
}

fn with_current(mut labels: Vec<String>) -> Vec<String> {
    if !labels.iter().any(|label| label == CURRENT) {
        labels.push(CURRENT.to_owned());
    }
    labels
}

fn exists(message: String) -> ApiError {
    ApiError::new("ResourceExistsException", message)
}

fn no_value(what: &str, which: &str) -> ApiError {
    let message = format!("Secrets Manager can't find the specified secret value for {what}: {which}");
    ApiError::new("ResourceNotFoundException", message)
}
