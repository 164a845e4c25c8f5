//! The service: one test a rule.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::DateTime;
use serde_json::{Value, json};

use super::Secrets;
use crate::wire::{ApiError, Service};

const NAME: &str = "sluice/mask-key";

/// A secrets manager in a folder of its own.
struct Safe {
    folder: tempfile::TempDir,
    secrets: Secrets,
}

fn open(folder: &Path, texts: &[(&str, &str)]) -> Secrets {
    let clock = Arc::new(|| DateTime::from_timestamp_millis(1_767_225_600_500).unwrap());
    let texts: BTreeMap<_, _> = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Secrets::open(&folder.join("secrets"), clock, &texts).unwrap()
}

/// The token of the n-th call, and so the id of the version it makes.
fn token(n: u32) -> String {
    format!("00000000-0000-0000-0000-{n:012}")
}

impl Safe {
    /// With one secret, whose value is `first`.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secrets = open(folder.path(), &[]);
        let safe = Self { folder, secrets };
        let create = json!({"Name": NAME, "ClientRequestToken": token(1), "SecretString": "first"});
        safe.call("CreateSecret", create).await.unwrap();
        safe
    }

    async fn call(&self, operation: &str, request: Value) -> Result<Value, ApiError> {
        self.secrets.call(operation, request).await
    }

    async fn put(&self, n: u32, text: &str) -> Result<Value, ApiError> {
        self.call("PutSecretValue", json!({"SecretId": NAME, "ClientRequestToken": token(n), "SecretString": text}))
            .await
    }

    /// The value that is found by these members, with its labels.
    async fn found(&self, members: Value) -> Result<(Value, Value), ApiError> {
        let mut request = json!({"SecretId": NAME});
        request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let answer = self.call("GetSecretValue", request).await?;
        Ok((answer["SecretString"].clone(), answer["VersionStages"].clone()))
    }

    async fn refused(&self, operation: &str, request: Value) -> String {
        self.call(operation, request).await.unwrap_err().code
    }
}

#[tokio::test]
async fn a_new_value_is_current_and_the_one_before_is_previous() {
    let safe = Safe::new().await;
    for (n, text) in [(2, "second"), (3, "third")] {
        let answer = safe.put(n, text).await.unwrap();
        assert_eq!((&answer["VersionId"], &answer["VersionStages"]), (&json!(token(n)), &json!(["AWSCURRENT"])));
    }
    let third = (json!("third"), json!(["AWSCURRENT"]));
    assert_eq!(safe.found(json!({})).await.unwrap(), third);
    assert_eq!(safe.found(json!({"VersionStage": "AWSCURRENT"})).await.unwrap(), third);
    let second = (json!("second"), json!(["AWSPREVIOUS"]));
    assert_eq!(safe.found(json!({"VersionStage": "AWSPREVIOUS"})).await.unwrap(), second);
    assert_eq!(safe.found(json!({"VersionId": token(2), "VersionStage": "AWSPREVIOUS"})).await.unwrap(), second);
    assert_eq!(
        safe.found(json!({"VersionId": token(1)})).await.unwrap(),
        (json!("first"), json!([])),
        "without a label"
    );
    let described = safe.call("DescribeSecret", json!({"SecretId": NAME})).await.unwrap();
    let expected = json!({token(2): ["AWSPREVIOUS"], token(3): ["AWSCURRENT"]});
    assert_eq!(described["VersionIdsToStages"], expected);
    assert!(!described.to_string().contains("third"), "a description shows no value: {described}");
}

#[tokio::test]
async fn a_value_under_another_label_waits() {
    let safe = Safe::new().await;
    let pending = json!({"SecretId": NAME, "ClientRequestToken": token(2), "SecretString": "second",
        "VersionStages": ["AWSPENDING"]});
    safe.call("PutSecretValue", pending).await.unwrap();
    assert_eq!(safe.found(json!({})).await.unwrap().0, "first");
    assert_eq!(safe.found(json!({"VersionStage": "AWSPENDING"})).await.unwrap().0, "second");
}

#[tokio::test]
async fn the_same_call_again_changes_nothing() {
    let safe = Safe::new().await;
    safe.put(2, "second").await.unwrap();
    safe.put(3, "third").await.unwrap();
    assert_eq!(safe.put(2, "second").await.unwrap()["VersionStages"], json!(["AWSPREVIOUS"]));
    assert_eq!(safe.put(2, "other").await.unwrap_err().code, "ResourceExistsException");
    let create = |text: &str| json!({"Name": NAME, "ClientRequestToken": token(1), "SecretString": text});
    assert_eq!(safe.call("CreateSecret", create("first")).await.unwrap()["VersionId"], token(1));
    assert_eq!(safe.refused("CreateSecret", create("other")).await, "ResourceExistsException");
    assert_eq!(safe.found(json!({})).await.unwrap().0, "third");
}

#[tokio::test]
async fn bytes_come_back_as_bytes_and_by_arn() {
    let safe = Safe::new().await;
    let created = safe.call("CreateSecret", json!({"Name": "bytes"})).await.unwrap();
    assert_eq!(created.get("VersionId"), None);
    let id = json!({"SecretId": created["ARN"]});
    assert_eq!(safe.refused("GetSecretValue", id.clone()).await, "ResourceNotFoundException", "it has no value yet");
    let put = json!({"SecretId": created["ARN"], "ClientRequestToken": token(1), "SecretBinary": "AP/+"});
    assert_eq!(safe.call("PutSecretValue", put).await.unwrap()["Name"], "bytes");
    let got = safe.call("GetSecretValue", id).await.unwrap();
    assert_eq!((&got["SecretBinary"], got.get("SecretString")), (&json!("AP/+"), None));
    assert_eq!((&got["ARN"], &got["CreatedDate"]), (&created["ARN"], &json!(1_767_225_600.5)));
}

#[tokio::test]
async fn what_is_not_there_and_what_cannot_be_are_told_apart() {
    let safe = Safe::new().await;
    let missing = [
        json!({"SecretId": "none"}),
        json!({"SecretId": NAME, "VersionId": token(9)}),
        json!({"SecretId": NAME, "VersionStage": "AWSPREVIOUS"}),
        json!({"SecretId": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:none-abcdef"}),
    ];
    for request in missing {
        assert_eq!(safe.refused("GetSecretValue", request).await, "ResourceNotFoundException");
    }
    let put = |members: Value| {
        let mut request = json!({"SecretId": NAME, "ClientRequestToken": token(2)});
        request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        request
    };
    let cases = [
        ("GetSecretValue", json!({"SecretId": NAME, "VersionId": "short"}), "InvalidParameterException"),
        (
            "GetSecretValue",
            json!({"SecretId": NAME, "VersionId": token(1), "VersionStage": "AWSPREVIOUS"}),
            "InvalidRequestException",
        ),
        ("PutSecretValue", put(json!({})), "InvalidParameterException"),
        ("PutSecretValue", put(json!({"SecretString": "a", "SecretBinary": "YQ=="})), "InvalidParameterException"),
        ("PutSecretValue", put(json!({"SecretString": "a", "ClientRequestToken": "1"})), "InvalidParameterException"),
        ("PutSecretValue", put(json!({"SecretString": "a", "VersionStages": []})), "ValidationException"),
        ("PutSecretValue", put(json!({"SecretString": "a".repeat(65_537)})), "ValidationException"),
        ("PutSecretValue", put(json!({"SecretBinary": "no base64"})), "SerializationException"),
        ("PutSecretValue", json!({"SecretId": NAME, "SecretString": "a"}), "InvalidRequestException"),
        ("CreateSecret", json!({"Name": "with space"}), "ValidationException"),
        ("CreateSecret", json!({"Name": "a", "Tags": []}), "UnknownOperationException"),
        ("DeleteSecret", json!({"SecretId": NAME}), "UnknownOperationException"),
        (
            "GetSecretValue",
            json!({"SecretId": "arn:aws:secretsmanager:us-east-1:123456789012:secret:sluice/mask-key"}),
            "UnknownOperationException",
        ),
    ];
    for (operation, request, code) in cases {
        assert_eq!(safe.refused(operation, request.clone()).await, code, "{operation} {request}");
    }
}

#[tokio::test]
async fn secrets_survive_a_restart_and_a_given_one_replaces_none() {
    let safe = Safe::new().await;
    safe.put(2, "second").await.unwrap();
    let secrets = open(safe.folder.path(), &[(NAME, "given"), ("other", "given too")]);
    let safe = Safe { secrets, ..safe };
    assert_eq!(safe.found(json!({})).await.unwrap().0, "second");
    let other = safe.call("GetSecretValue", json!({"SecretId": "other"})).await.unwrap();
    assert_eq!(other["SecretString"], "given too");
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_look_into_the_folder() {
    use std::os::unix::fs::PermissionsExt;
    let safe = Safe::new().await;
    let mode = std::fs::metadata(safe.folder.path().join("secrets")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}
