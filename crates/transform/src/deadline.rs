//! The end of the time a function has. Lambda kills without a word; stopping a little earlier leaves one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws::Call;
use model::flow::TransformRequest;
use model::{Error, Kind};
use tokio::time::Instant;

/// What is left of the time for giving up uploads and saying so (facts/lambda.md, runtime).
const MARGIN: Duration = Duration::from_secs(10);

/// The most memory a function can have, in MB; processors grow with it.
const MAX_MEMORY_MB: u64 = 10_240;

/// When a call has to stop.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    began: Instant,
    allowed: Duration,
}

impl Deadline {
    /// The deadline of a call that begins now.
    pub fn of<T>(call: &Call<T>) -> Self {
        let left = (call.deadline - call.now).to_std().unwrap_or_default();
        Self { began: Instant::now(), allowed: left.saturating_sub(MARGIN) }
    }

    /// What the work comes to; `None` if it has not come to its end in time, and then it is dropped.
    pub async fn limit<F: Future>(&self, work: F) -> Option<F::Output> {
        tokio::time::timeout_at(self.began + self.allowed, work).await.ok()
    }

    /// The error of a call that is stopped: how fast it was, and what would fit.
    pub fn missed(
        &self,
        call: &Call<TransformRequest>,
        read_bytes: &AtomicU64,
        size_bytes: u64,
        memory_mb: Option<u64>,
    ) -> Error {
        let TransformRequest { run, item } = &call.request;
        let why = explain(read_bytes.load(Ordering::Relaxed), size_bytes, self.allowed, memory_mb);
        Error::new(Kind::Config, "finish", format!("item {item} of {run} before the function's deadline")).because(why)
    }
}

fn explain(read_bytes: u64, size_bytes: u64, allowed: Duration, memory_mb: Option<u64>) -> String {
    let seconds = allowed.as_secs();
    let rate = u64::try_from(u128::from(read_bytes) * 1000 / allowed.as_millis().max(1)).unwrap_or(u64::MAX);
    let reached = format!("{read_bytes} of {size_bytes} bytes in {seconds} s, {rate} bytes a second");
    if read_bytes == 0 {
        return format!("{reached}; give the function a longer timeout");
    }
    if read_bytes >= size_bytes {
        return format!("{reached}, all were read, not all written; give the function more memory");
    }
    let items = format!("at this rate an item of {read_bytes} bytes fits: deliver smaller files");
    // Processors grow with the memory, and the rate, at best, with them.
    let needed = memory_mb.map(|memory_mb| u128::from(memory_mb) * u128::from(size_bytes) / u128::from(read_bytes) + 1);
    match (memory_mb, needed) {
        (Some(memory_mb), Some(needed)) if needed <= u128::from(MAX_MEMORY_MB) => {
            format!("{reached}; {items}, or give the function {needed} MB of memory or more instead of {memory_mb} MB")
        }
        _ => format!("{reached}; {items}"),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const ALLOWED: Duration = Duration::from_secs(890);

    #[test]
    fn a_missed_deadline_names_the_rate_and_what_would_fit() {
        let slow = |memory_mb| explain(300_000_000, 512_000_000, ALLOWED, memory_mb);
        expect!["300000000 of 512000000 bytes in 890 s, 337078 bytes a second; at this rate an item of 300000000 bytes fits: deliver smaller files, or give the function 3020 MB of memory or more instead of 1769 MB"].assert_eq(&slow(Some(1769)));
        expect!["300000000 of 512000000 bytes in 890 s, 337078 bytes a second; at this rate an item of 300000000 bytes fits: deliver smaller files"].assert_eq(&slow(Some(8192)));
        expect!["0 of 512 bytes in 890 s, 0 bytes a second; give the function a longer timeout"].assert_eq(&explain(
            0,
            512,
            ALLOWED,
            Some(1769),
        ));
        expect![
            "512 of 512 bytes in 890 s, 0 bytes a second, all were read, not all written; give the function more memory"
        ]
        .assert_eq(&explain(512, 512, ALLOWED, None));
    }

    #[tokio::test]
    async fn a_call_past_its_deadline_stops_at_once() {
        let now = chrono::DateTime::from_timestamp(1_000, 0).unwrap();
        let call = |seconds| Call { request: (), now, deadline: now + chrono::TimeDelta::seconds(seconds) };
        for seconds in [-5, 0, 9] {
            assert_eq!(Deadline::of(&call(seconds)).limit(std::future::pending::<()>()).await, None);
        }
        assert_eq!(Deadline::of(&call(900)).limit(async { 1 }).await, Some(1));
    }
}
