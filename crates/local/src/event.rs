//! S3's events: a manifest in the landing bucket calls the starter (facts/s3-events.md).

use chrono::SecondsFormat;
use model::arrival::ManifestKind;
use serde_json::{Value, json};

use crate::delivery::Deliveries;
use crate::names;
use crate::s3::Created;

/// Notifies the starter of an object, if the landing bucket's notifications are about it. The template has one
/// notification for each suffix; a key that two of them match is told once, as S3 does.
pub fn notify(deliveries: &Deliveries, created: &Created) {
    let is_manifest = ManifestKind::SUFFIXES.iter().any(|suffix| created.key.ends_with(suffix));
    if created.bucket == names::LANDING_BUCKET && is_manifest {
        deliveries.send("starter", event(created));
    }
}

/// The event that tells of an object.
pub fn event(created: &Created) -> Value {
    json!({ "Records": [record(created)] })
}

/// One record of an event.
fn record(created: &Created) -> Value {
    let object = &created.object;
    json!({
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": names::REGION,
        "eventTime": object.last_modified.to_rfc3339_opts(SecondsFormat::Millis, true),
        "eventName": format!("ObjectCreated:{}", created.creation.name()),
        "userIdentity": {"principalId": format!("AWS:{}", names::ACCESS_KEY_ID)},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {
            "x-amz-request-id": format!("{:016X}", object.sequence),
            "x-amz-id-2": format!("{:016x}", object.sequence),
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "sluice-manifests",
            "bucket": {
                "name": created.bucket,
                "ownerIdentity": {"principalId": names::ACCOUNT},
                "arn": format!("arn:aws:s3:::{}", created.bucket),
            },
            "object": {
                "key": form_encoded(&created.key),
                "size": object.size_bytes,
                "eTag": object.etag,
                "sequencer": format!("{:018X}", object.sequence),
            },
        },
    })
}

/// A key as events write it: a space is `+`, a slash stays, the rest is percent-encoded UTF-8.
fn form_encoded(key: &str) -> String {
    let parts = key.split('/').map(|part| urlencoding::encode(part).replace("%20", "+"));
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_form_encoded() {
        assert_eq!(form_encoded("sales/red flower+1=ü/_SUCCESS"), "sales/red+flower%2B1%3D%C3%BC/_SUCCESS");
    }
}
