//! SNS: one topic, whose messages are kept in `notices.jsonl` instead of being sent.
//!
//! The wire is the query protocol: a form in, XML out.

use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::lines::Lines;
use crate::names;
use crate::wire::ApiError;

/// The longest message (facts/stepfunctions-eventbridge.md, SNS).
const MOST_MESSAGE_BYTES: usize = 256 * 1024;

/// A message to a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The message's id.
    pub id: String,
    /// When it was published.
    pub time: DateTime<Utc>,
    /// The topic's ARN.
    pub topic: String,
    /// The subject, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The text.
    pub message: String,
}

/// The topic.
pub struct Topic {
    clock: Clock,
    kept: Mutex<(Lines, Vec<Notice>)>,
}

impl Topic {
    /// Opens the messages in a folder.
    pub fn open(folder: &Path, clock: Clock) -> io::Result<Self> {
        Ok(Self { clock, kept: Mutex::new(Lines::open(&folder.join("notices.jsonl"))?) })
    }

    /// All messages, oldest first.
    pub fn notices(&self) -> Vec<Notice> {
        self.kept().1.clone()
    }

    /// Keeps a message; its id.
    pub fn publish(&self, subject: Option<String>, message: String) -> Result<String, ApiError> {
        if message.is_empty() || message.len() > MOST_MESSAGE_BYTES {
            return Err(ApiError::new("InvalidParameter", "Invalid parameter: Message must have 1 to 262144 bytes"));
        }
        let is_subject =
            |text: &String| (1..=100).contains(&text.len()) && text.chars().all(|c| c == ' ' || c.is_ascii_graphic());
        if subject.as_ref().is_some_and(|subject| !is_subject(subject)) {
            return Err(ApiError::new(
                "InvalidParameter",
                "Invalid parameter: Subject must be one line of ASCII, at most 100",
            ));
        }
        let id = uuid::Uuid::new_v4().to_string();
        let notice = Notice { id: id.clone(), time: (self.clock)(), topic: names::topic_arn(), subject, message };
        let mut kept = self.kept();
        kept.0.append(&notice).map_err(|error| ApiError::internal(error.to_string()))?;
        kept.1.push(notice);
        Ok(id)
    }

    /// Carries out a request in the query protocol: the body of the answer.
    pub fn call(&self, form: &str) -> Result<String, ApiError> {
        let (mut topic, mut subject, mut message) = (None, None, None);
        for (name, value) in form.split('&').filter_map(|member| member.split_once('=')) {
            let value = decoded(value)?;
            match (name, value.as_str()) {
                ("Action", "Publish") | ("Version", "2010-03-31") => {}
                ("TopicArn", _) => topic = Some(value),
                ("Subject", _) => subject = Some(value),
                ("Message", _) => message = Some(value),
                _ => {
                    return Err(ApiError {
                        code: "InvalidAction".to_owned(),
                        ..ApiError::not_known(format!("{name}={value}"))
                    });
                }
            }
        }
        if topic.as_deref() != Some(names::topic_arn().as_str()) {
            return Err(ApiError { status: 404, ..ApiError::new("NotFound", "Topic does not exist") });
        }
        let id = self.publish(subject, message.unwrap_or_default())?;
        Ok(format!(
            "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>{id}</MessageId>\
             </PublishResult><ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></PublishResponse>",
            uuid::Uuid::new_v4()
        ))
    }

    fn kept(&self) -> MutexGuard<'_, (Lines, Vec<Notice>)> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The operation that a form asks for.
pub fn operation(form: &str) -> &str {
    form.split('&').find_map(|member| member.strip_prefix("Action=")).unwrap_or_default()
}

/// An error in the query protocol.
pub fn error_body(error: &ApiError) -> String {
    let text = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let fault = if error.status < 500 { "Sender" } else { "Receiver" };
    format!(
        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>{fault}</Type><Code>{}</Code>\
         <Message>{}</Message></Error><RequestId>{}</RequestId></ErrorResponse>",
        text(&error.code),
        text(&error.message),
        uuid::Uuid::new_v4()
    )
}

fn decoded(value: &str) -> Result<String, ApiError> {
    let value = value.replace('+', " ");
    let value = urlencoding::decode(&value).map(std::borrow::Cow::into_owned);
    value.map_err(|error| ApiError::new("InvalidParameter", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_kept_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Topic::open(folder.path(), crate::clock::system()).unwrap();
        let topic = open();
        let arn = urlencoding::encode(&names::topic_arn()).into_owned();
        let form = format!("Action=Publish&Version=2010-03-31&TopicArn={arn}&Subject=a+run&Message=it%20failed%2C+%2B");
        assert!(topic.call(&form).unwrap().contains("<MessageId>"));
        let notices = topic.notices();
        assert_eq!((notices[0].subject.as_deref(), notices[0].message.as_str()), (Some("a run"), "it failed, +"));
        drop(topic);
        assert_eq!(open().notices(), notices);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let topic = Topic::open(folder.path(), crate::clock::system()).unwrap();
        let call = |form: &str| topic.call(form).unwrap_err();
        assert!(call("Action=CreateTopic&Name=a").message.contains("not known to the double"));
        assert_eq!(call("Action=Publish&TopicArn=arn%3Aother&Message=a").code, "NotFound");
        assert!(error_body(&call("Action=A%3CB")).contains("Action=A&lt;B"));
        assert_eq!(topic.notices(), []);
    }
}
