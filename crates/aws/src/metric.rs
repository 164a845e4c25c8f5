//! CloudWatch metrics in the embedded metric format: one JSON line with the numbers at its root
//! (facts/lambda.md, observability). The line goes out raw: a logger that wraps it hides it from CloudWatch.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Sluice";

/// Where metric lines go.
#[derive(Debug, Clone, Default)]
pub enum Sink {
    /// Standard output, which Lambda hands to CloudWatch.
    #[default]
    Stdout,
    /// A list, for a process that hosts the handlers itself.
    Kept(Arc<Mutex<Vec<Value>>>),
}

/// A number with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// `RowsPublished`
    pub name: &'static str,
    /// CloudWatch's unit: `Count`, `Bytes`, `Seconds`.
    pub unit: &'static str,
    /// The number.
    pub value: f64,
}

impl Metric {
    /// A count of things.
    #[expect(clippy::cast_precision_loss, reason = "CloudWatch keeps doubles")]
    pub fn count(name: &'static str, value: u64) -> Self {
        Self { name, unit: "Count", value: value as f64 }
    }
}

impl Sink {
    /// Sends metrics of one dataset, each twice: under the dataset, and under no dimension, so that one alarm hears of
    /// every dataset (an alarm takes no wildcard).
    pub fn send(&self, now: DateTime<Utc>, dataset: &str, metrics: &[Metric]) {
        let line = line(now, dataset, metrics);
        match self {
            #[expect(clippy::print_stdout, reason = "the line must not be wrapped by the logger")]
            Self::Stdout => println!("{line}"),
            Self::Kept(lines) => lines.lock().unwrap_or_else(PoisonError::into_inner).push(line),
        }
    }
}

fn line(now: DateTime<Utc>, dataset: &str, metrics: &[Metric]) -> Value {
    let names: Vec<Value> = metrics.iter().map(|metric| json!({"Name": metric.name, "Unit": metric.unit})).collect();
    let mut root = Map::new();
    root.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.timestamp_millis(),
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["Dataset"], []], "Metrics": names}],
        }),
    );
    root.insert("Dataset".to_owned(), json!(dataset));
    root.extend(metrics.iter().map(|metric| (metric.name.to_owned(), json!(metric.value))));
    Value::Object(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_at_the_root() {
        let now = DateTime::from_timestamp(1, 0).unwrap();
        let line = line(now, "sales", &[Metric::count("RowsRead", 3)]);
        assert_eq!(
            line,
            json!({
                "_aws": {"Timestamp": 1000, "CloudWatchMetrics": [{"Namespace": "Sluice", "Dimensions": [["Dataset"], []],
                    "Metrics": [{"Name": "RowsRead", "Unit": "Count"}]}]},
                "Dataset": "sales", "RowsRead": 3.0,
            })
        );
    }
}
