//! Events as AWS sends them, read as arrivals.
//!
//! ```text
//! {"Records":[{"eventSource":"aws:s3",…}]}                  S3 itself
//! {"Service":"Amazon S3","Event":"s3:TestEvent",…}          S3, when a notification is set up
//! {"source":"aws.s3","detail-type":"Object Created",…}      S3 through EventBridge
//! {"Records":[{"eventSource":"aws:sqs","body":"…"},…]}      any of these, each in a message of a queue
//! ```
//!
//! Shapes and rules are in facts/s3-events.md. To take another shape: a branch in [`parse`] or [`notices`], a sample in
//! `events/`, a test below.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::s3::{S3Event, S3EventRecord};
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use chrono::{DateTime, Utc};
use model::arrival::{Arrival, ManifestKind, Sequencer};
use model::name::S3Url;
use model::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An event.
#[derive(Debug)]
pub enum Event {
    /// It succeeds or fails as a whole.
    Notices(Vec<Notice>),
    /// From a queue: each message succeeds or fails by itself.
    Messages(Vec<Message>),
}

/// A message of a queue.
#[derive(Debug)]
pub struct Message {
    /// What the queue calls it.
    pub id: String,
    /// What it says, if that is a known shape.
    pub notices: Result<Vec<Notice>>,
}

/// One thing that an event says.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A manifest was created.
    Arrived(Arrived),
    /// Something else happened.
    Ignored {
        /// The object, or what there is instead of one.
        object: String,
        /// Why it is no arrival.
        why: String,
    },
}

/// An arrival and the time of its event.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    /// What arrived.
    pub arrival: Arrival,
    /// When S3 had finished the write, where the event says so.
    pub at: Option<DateTime<Utc>>,
}

/// Reads an event. A shape that is not known is a `Config` error: something is wired to this function that is no
/// event of S3.
pub fn parse(event: &Value) -> Result<Event> {
    if first_source(event) != Some("aws:sqs") {
        return notices(event).map(Event::Notices);
    }
    let event: SqsEvent = typed(event, "a batch of SQS messages")?;
    event.records.into_iter().map(message).collect::<Result<_>>().map(Event::Messages)
}

fn message(message: SqsMessage) -> Result<Message> {
    let id = message.message_id.filter(|id| !id.is_empty()).ok_or_else(|| fault("a message lacks its messageId"))?;
    let body = message.body.unwrap_or_default();
    let notices = serde_json::from_str(&body)
        .map_err(|error| fault(&format!("the body of an SQS message is not JSON: {error}")))
        .and_then(|body: Value| notices(&body));
    Ok(Message { id, notices })
}

/// What an event from S3 or EventBridge says.
fn notices(event: &Value) -> Result<Vec<Notice>> {
    if event.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        let bucket = event.get("Bucket").and_then(Value::as_str).unwrap_or_default();
        return Ok(vec![ignored(format!("s3://{bucket}/"), "it is S3's s3:TestEvent")]);
    }
    if event.get("source").and_then(Value::as_str) == Some("aws.s3") {
        return Ok(vec![from_eventbridge(typed(event, "an EventBridge event of S3")?)?]);
    }
    match first_source(event) {
        Some("aws:s3") => {
            let event: S3Event = typed(event, "an S3 event")?;
            event.records.into_iter().map(from_s3).collect()
        }
        Some(source) => Err(fault(&format!("events of {source:?} are not supported; S3, SQS and EventBridge are"))),
        None => {
            let keys: Vec<&str> = event.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
            Err(fault(&format!("it is no event of S3, SQS or EventBridge; its keys are {keys:?}")))
        }
    }
}

/// The service that the first record is from. SNS writes the field with a capital.
fn first_source(event: &Value) -> Option<&str> {
    let record = event.get("Records")?.get(0)?;
    record.get("eventSource").or_else(|| record.get("EventSource"))?.as_str()
}

fn from_s3(record: S3EventRecord) -> Result<Notice> {
    let version = record.event_version.unwrap_or_default();
    if version.split('.').next() != Some("2") {
        return Err(fault(&format!("version {version:?} of S3's event is not known; 2.x is")));
    }
    let lacks = |what| fault(&format!("a record lacks {what}"));
    let name = record.event_name.ok_or_else(|| lacks("eventName"))?;
    let bucket = record.s3.bucket.name.ok_or_else(|| lacks("s3.bucket.name"))?;
    let object = record.s3.object;
    let key = decode(&object.key.ok_or_else(|| lacks("s3.object.key"))?)?;
    if !name.starts_with("ObjectCreated:") {
        return Ok(ignored(format!("s3://{bucket}/{key}"), &format!("{name} creates nothing")));
    }
    notice(Created {
        bucket,
        key,
        version_id: object.version_id,
        etag: object.e_tag,
        sequencer: object.sequencer,
        at: Some(record.event_time),
    })
}

/// S3 writes the keys of its own events as forms do: `+` is a space, `%2B` a plus, the bytes are UTF-8.
fn decode(key: &str) -> Result<String> {
    let spaced = key.replace('+', " ");
    let decoded = urlencoding::decode(&spaced);
    decoded.map(Into::into).map_err(|error| fault(&format!("the key {key:?} does not decode: {error}")))
}

#[derive(Debug, Deserialize, Serialize)]
struct ObjectDetail {
    bucket: BucketDetail,
    object: KeyDetail,
}

#[derive(Debug, Deserialize, Serialize)]
struct BucketDetail {
    name: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
struct KeyDetail {
    key: String,
    etag: Option<String>,
    version_id: Option<String>,
    sequencer: Option<String>,
}

fn from_eventbridge(event: EventBridgeEvent<ObjectDetail>) -> Result<Notice> {
    let ObjectDetail { bucket, object } = event.detail;
    if event.detail_type != "Object Created" {
        let object = format!("s3://{}/{}", bucket.name, object.key);
        return Ok(ignored(object, &format!("{:?} creates nothing", event.detail_type)));
    }
    // EventBridge hands the key on as it is (U: commonly seen, not documented).
    notice(Created {
        bucket: bucket.name,
        key: object.key,
        version_id: object.version_id,
        etag: object.etag,
        sequencer: object.sequencer,
        at: event.time,
    })
}

/// A creation, however it was told.
struct Created {
    bucket: String,
    key: String,
    version_id: Option<String>,
    etag: Option<String>,
    sequencer: Option<String>,
    at: Option<DateTime<Utc>>,
}

fn notice(created: Created) -> Result<Notice> {
    if ManifestKind::of(&created.key).is_none() {
        let why = format!("its key names no manifest: it ends in none of {}", ManifestKind::SUFFIXES.join(", "));
        return Ok(ignored(format!("s3://{}/{}", created.bucket, created.key), &why));
    }
    let url = S3Url::new(&created.bucket, &created.key).map_err(|error| fault(&error.to_string()))?;
    let arrival = Arrival {
        url,
        // A bucket that stopped keeping versions says "null", which names no version for long.
        version_id: created.version_id.filter(|version| version != "null"),
        etag: created.etag.map(|etag| etag.trim_matches('"').to_owned()),
        sequencer: created.sequencer.map(|text| Sequencer::new(&text)),
    };
    Ok(Notice::Arrived(Arrived { arrival, at: created.at }))
}

fn ignored(object: String, why: &str) -> Notice {
    Notice::Ignored { object, why: why.to_owned() }
}

fn typed<T: serde::de::DeserializeOwned>(event: &Value, what: &'static str) -> Result<T> {
    T::deserialize(event).map_err(|error| fault(&format!("it does not read as {what}: {error}")))
}

fn fault(what: &str) -> Error {
    Error::new(Kind::Config, "read", "the event").because(what.to_owned())
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
