//! The reporter: closes an execution. Its report holds every term of the count equation; metrics and one event tell it.
//!
//! ```text
//! the flow: {run, n, started_at, error?} ─┐
//! EventBridge: aborted, timed out, failed ┴─► request.rs ─► evidence.rs  plan, manifest, parts, load: what there is
//!                                                        ─► account.rs   RunReport: how it ended, what adds up
//!                                                        ─► <n>/report.json, created once
//!                                                        ─► told.rs      metrics, one event on the bus
//! ```
//!
//! A report is created once and stands. Metrics and event are told before it is written, so at least once: a call that
//! did not come back tells them again, unless its report is there. An event names run and n, by which it is known again.
//!
//! It does not know how rows are made or loaded; it only adds up. Start reading at [`handle`], then `account`.

mod account;
mod evidence;
mod request;
mod told;

use aws::object::{self, Created};
use aws::{Call, Clients, Settings};
use evidence::Evidence;
use model::count::Counts;
use model::name::RunName;
use model::report::{RunReport, Status};
use model::{Error, Kind, Result, layout};
use request::{Asked, Source};
use serde::Serialize;
use serde_json::Value;

/// Where the reporter reads, writes and tells.
#[derive(Debug, Clone)]
pub struct Config {
    /// `SLUICE_CONTROL_BUCKET`: runs.
    pub control_bucket: String,
    /// `SLUICE_BUS`: the event bus, `default` where it is not set.
    pub bus: String,
}

impl Config {
    /// Reads the settings; every fault is named at once.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut settings = Settings::new(get);
        let config = Self {
            control_bucket: settings.required("SLUICE_CONTROL_BUCKET"),
            bus: settings.optional("SLUICE_BUS").unwrap_or_else(|| "default".to_owned()),
        };
        settings.finish()?;
        Ok(config)
    }
}

/// What the reporter answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// The execution is closed.
    Closed {
        /// How it ended.
        status: Status,
        /// The run.
        run: RunName,
        /// The execution's number.
        n: u32,
        /// Where its rows went.
        counts: Counts,
        /// The report's key in the control bucket.
        report: String,
    },
    /// There was nothing to close.
    Ignored {
        /// Why not.
        ignored: String,
    },
}

/// Closes an execution, asked by the flow or told by EventBridge how it ended.
///
/// Fails with `Bug` where an execution that came to its end does not add up: the report then says `failed`, and the
/// execution fails too.
pub async fn handle(clients: &Clients, config: &Config, call: Call<Value>) -> Result<Answer> {
    let closing = match request::read(&call.request)? {
        Asked::Close(closing) => closing,
        Asked::Nothing(why) => {
            tracing::warn!(why, "nothing to close");
            return Ok(Answer::Ignored { ignored: why });
        }
    };
    let (s3, control) = (&clients.s3, config.control_bucket.as_str());
    let key = layout::report(&closing.run, closing.n);
    let report = match object::read_document::<RunReport>(s3, control, &key).await? {
        Some(report) if closing.source == Source::StatusChange => return Ok(answer(report, key)),
        Some(report) => report,
        None => {
            let evidence = Evidence::gather(s3, control, &closing.run, closing.n).await?;
            let report = account::report(&closing, &evidence, call.now);
            // Told first and written then: an execution that is closed has been told of, whatever happens in between.
            told::event(&clients.eventbridge, &config.bus, &report, &key, call.now).await?;
            told::metrics(&clients.metrics, &report, call.now);
            match object::create(s3, control, &key, object::to_json(&report)?).await? {
                Created::New | Created::Same => report,
                // Another call was faster; its report stands.
                Created::Other => object::need_document(s3, control, &key).await?,
            }
        }
    };
    log(&report, &key);
    match &report.error {
        Some(error) if closing.error.is_none() => Err(Error::new(Kind::Bug, "account for", &report.run)
            .because(format!("{}; the report is s3://{control}/{key}", error.message))),
        _ => Ok(answer(report, key)),
    }
}

fn answer(report: RunReport, key: String) -> Answer {
    let RunReport { status, run, n, counts, .. } = report;
    Answer::Closed { status, run, n, counts, report: key }
}

fn log(report: &RunReport, key: &str) {
    let (run, n, status, counts) = (report.run.to_string(), report.n, report.status.name(), &report.counts);
    match &report.error {
        None => {
            let Counts { read, accepted, rejected, .. } = *counts;
            tracing::info!(run, n, status, read, accepted, rejected, report = key, "execution closed");
        }
        Some(error) => {
            let (kind, error) = (&error.kind, &error.message);
            tracing::error!(run, n, status, kind, error, report = key, "execution closed");
        }
    }
}
