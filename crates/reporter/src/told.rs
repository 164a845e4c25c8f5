//! What others are told of a report: CloudWatch, in numbers; the bus, in one event.

use aws::error::{sorted, sorted_entry};
use aws::metric::{Metric, Sink};
use aws_sdk_eventbridge::primitives::DateTime as Time;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use chrono::{DateTime, Utc};
use model::report::{RunReport, Status};
use model::{Error, Kind, Result};
use serde_json::{Value, json};

/// An event's `source`.
const SOURCE: &str = "sluice";

/// Longer messages are cut in the event; the report has them whole.
const MESSAGE_CHARACTERS: usize = 1_000;

/// Sends the numbers of a report.
pub fn metrics(sink: &Sink, report: &RunReport, now: DateTime<Utc>) {
    sink.send(now, report.run.dataset().as_str(), &numbers(report));
}

/// Each status is there every time, as one or none, so that an alarm always has something to add up.
fn numbers(report: &RunReport) -> Vec<Metric> {
    let ended = |name, status| Metric::count(name, u64::from(report.status == status));
    let published = report.load.as_ref().map_or(0, |load| load.published);
    let mut numbers = vec![
        ended("RunsSucceeded", Status::Succeeded),
        ended("RunsSuperseded", Status::Superseded),
        ended("RunsFailed", Status::Failed),
        Metric::count("RowsRead", report.counts.read),
        Metric::count("RowsAccepted", report.counts.accepted),
        Metric::count("RowsRejected", report.counts.rejected),
        Metric::count("RowsPublished", published),
        Metric { unit: "Bytes", ..Metric::count("BytesRead", report.input.bytes) },
    ];
    numbers.extend(report.seconds.map(|value| Metric { name: "Seconds", unit: "Seconds", value }));
    numbers
}

/// Puts one event on the bus. A retry puts it again, with the same run and n.
pub async fn event(
    eventbridge: &aws_sdk_eventbridge::Client,
    bus: &str,
    report: &RunReport,
    key: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let subject = || format!("the event of {} on bus {bus}", report.run);
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(bus)
        .source(SOURCE)
        .detail_type(detail_type(report.status))
        .detail(detail(report, key).to_string())
        .time(Time::from_secs(now.timestamp()))
        .build();
    let answer = eventbridge.put_events().entries(entry).send().await;
    let answer = answer.map_err(|error| sorted("put", subject(), error))?;
    if answer.failed_entry_count() == 0 {
        return Ok(());
    }
    match answer.entries().first() {
        Some(entry) => Err(sorted_entry("put", subject(), entry.error_code(), entry.error_message())),
        None => Err(Error::new(Kind::Bug, "put", subject()).because("it failed, and the answer does not say why")),
    }
}

fn detail_type(status: Status) -> &'static str {
    match status {
        Status::Succeeded => "Sluice Run Succeeded",
        Status::Superseded => "Sluice Run Superseded",
        Status::Failed => "Sluice Run Failed",
    }
}

fn detail(report: &RunReport, key: &str) -> Value {
    let message = report.error.as_ref().map(|error| {
        let message = error.message.chars().take(MESSAGE_CHARACTERS).collect::<String>();
        format!("{}: {message}", error.kind)
    });
    json!({
        "dataset": report.run.dataset(),
        "run": report.run,
        "n": report.n,
        "status": report.status,
        "manifest": report.manifest,
        "counts": report.counts,
        "published": report.load.as_ref().map(|load| load.published),
        "message": message,
        "report": key,
    })
}

#[cfg(test)]
#[path = "told_tests.rs"]
mod tests;
