//! Asynchronous invocation: Lambda takes an event, answers at once, and tries it up to three times (facts/lambda.md).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::SecondsFormat;
use serde_json::{Value, json};

use crate::activity::Activity;
use crate::clock::{Clock, Pace};
use crate::invoke::{Invocation, Invoke};
use crate::lines::Lines;
use crate::names;

/// The pauses before the second and the third try. (U) in the exact length.
const PAUSES: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];

/// Takes events for functions. Cheap to clone.
#[derive(Clone)]
pub struct Deliveries {
    /// Runs the functions.
    pub invoke: Arc<dyn Invoke>,
    /// How long the pauses are.
    pub pace: Pace,
    /// Counts what is under way.
    pub activity: Activity,
    /// Where an event goes that failed three times: the template's queue of undelivered events.
    pub undelivered: Arc<Mutex<Lines>>,
    /// Tells the time.
    pub clock: Clock,
}

impl Deliveries {
    /// Takes an event for a function, which is under way until it succeeded or failed for good. The double loses those
    /// under way when its process ends; Lambda would not.
    pub fn send(&self, function: &str, event: Value) {
        let busy = self.activity.begin();
        let (deliveries, function) = (self.clone(), function.to_owned());
        tokio::spawn(async move {
            deliveries.deliver(&function, event).await;
            drop(busy);
        });
    }

    async fn deliver(&self, function: &str, event: Value) {
        let mut pauses = PAUSES.into_iter();
        loop {
            let outcome = self.invoke.invoke(function, event.clone()).await;
            if let Invocation::Answer(_) = outcome {
                return;
            }
            let error = outcome.payload();
            match pauses.next() {
                Some(pause) => {
                    tracing::warn!(function, %error, "delivery failed, to be tried again");
                    self.pace.pause(pause).await;
                }
                None => {
                    tracing::error!(function, %error, "delivery failed for good");
                    return self.give_up(function, event, error);
                }
            }
        }
    }

    /// Hands an event to the on-failure destination, in the shape Lambda gives it there (U).
    fn give_up(&self, function: &str, event: Value, error: Value) {
        let message = json!({
            "version": "1.0",
            "timestamp": (self.clock)().to_rfc3339_opts(SecondsFormat::Millis, true),
            "requestContext": {
                "requestId": uuid::Uuid::new_v4().to_string(),
                "functionArn": format!("{}:$LATEST", names::function_arn(function)),
                "condition": "RetriesExhausted",
                "approximateInvokeCount": PAUSES.len() + 1,
            },
            "requestPayload": event,
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "responsePayload": error,
        });
        if let Err(error) = self.undelivered.lock().unwrap_or_else(PoisonError::into_inner).append(&message) {
            tracing::error!(function, %error, "cannot keep an undelivered event");
        }
    }
}
