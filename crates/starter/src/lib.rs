//! The starter: an event says that a manifest arrived; it becomes a run, or a refusal that says what to do.
//!
//! ```text
//! event ─► event.rs ─► delivery.rs ─────────────────────────────────────► record.rs ─► execution.rs ─► Outcome
//!          arrivals,    manifest pinned, dataset found,                     manifest.json  <run>-<n>
//!          keys decoded entries.rs (what it lists), input.rs (files pinned) plan.json
//!                            └─► refused.rs: what can never become a run ─► refused/<dataset>/<hash>.json, success
//! ```
//!
//! One event may tell of many arrivals; each is tried, whatever becomes of the others. Everything is safe to do twice:
//! the run's name is a hash of what was delivered, documents are created and never overwritten, and an execution that
//! runs or succeeded is found again. Only what another try can mend, and a broken set-up, goes back to the caller.
//!
//! [`preview`] plans a manifest by the same functions and writes nothing: `sluice plan` shows it.
//!
//! This crate does not know what a row is, nor what the state machine does. Start reading at [`handle`], then
//! `delivery`.

mod answer;
mod config;
mod delivery;
mod entries;
mod event;
mod execution;
mod input;
pub mod preview;
mod record;
mod refused;

pub use answer::{Answer, Outcome};
use aws::{Call, Clients};
pub use config::{Config, StateMachine};
use delivery::Known;
use event::{Event, Notice};
use model::error::chain;
use model::{Error, Kind, Result};
use refused::Stop;
use serde_json::{Value, json};
use tracing::Instrument;

/// Takes an event of any known shape. What a person reads back is a list of [`Answer`]s; a queue gets the messages
/// that another try can mend, and no others.
///
/// Fails with the first error after all arrivals were tried; a retry of the whole event finds what was done before.
pub async fn handle(clients: &Clients, config: &Config, call: Call<Value>) -> Result<Value> {
    let starter = Starter { clients, config, call: &call };
    match event::parse(&call.request)? {
        Event::Notices(notices) => {
            let answers = starter.take_all(notices).await?;
            serde_json::to_value(answers).map_err(|error| Error::new(Kind::Bug, "write", "the answer").because(error))
        }
        Event::Messages(messages) => {
            let mut failed = Vec::new();
            for message in messages {
                let taken = match message.notices {
                    Ok(notices) => starter.take_all(notices).await.map(drop),
                    Err(error) => Err(error),
                };
                if let Err(error) = taken {
                    let (kind, message_id) = (error.kind(), &message.id);
                    tracing::error!(%kind, message_id, error = chain(&error), "message goes back to the queue");
                    failed.push(json!({"itemIdentifier": message.id}));
                }
            }
            Ok(json!({"batchItemFailures": failed}))
        }
    }
}

/// One call of the handler.
struct Starter<'a> {
    clients: &'a Clients,
    config: &'a Config,
    call: &'a Call<Value>,
}

impl Starter<'_> {
    /// Tries every notice; then fails with the first error, if there was one.
    async fn take_all(&self, notices: Vec<Notice>) -> Result<Vec<Answer>> {
        let mut answers = Vec::new();
        let mut first_error = None;
        for notice in notices {
            match self.take(notice).await {
                Ok(answer) => answers.push(answer),
                Err(error) => {
                    tracing::error!(kind = %error.kind(), error = chain(&error), "arrival not taken");
                    first_error.get_or_insert(error);
                }
            }
        }
        first_error.map_or(Ok(answers), Err)
    }

    async fn take(&self, notice: Notice) -> Result<Answer> {
        let arrived = match notice {
            Notice::Ignored { object, why } => {
                tracing::warn!(object, why, "event ignored");
                return Ok(Answer { manifest: object, outcome: Outcome::Ignored { why } });
            }
            Notice::Arrived(arrived) => arrived,
        };
        let mut known = Known::default();
        let span = tracing::info_span!("arrival", manifest = %arrived.arrival.url);
        let delivery = delivery::deliver(self.clients, self.config, &arrived, &mut known);
        let outcome = match delivery.instrument(span).await {
            Ok(outcome) => outcome,
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::Refused(refused)) => {
                let refusal = refused.into_refusal(&arrived.arrival.url, known);
                record::refusal(self.clients, &self.config.control_bucket, self.call.now, refusal).await?
            }
        };
        Ok(Answer { manifest: arrived.arrival.url.to_string(), outcome })
    }
}
