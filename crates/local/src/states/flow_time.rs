//! Time as a flow counts it.

use std::time::Duration;

use tokio::time::Instant;

use super::failure::{Failure, Stop};
use crate::clock::Pace;

/// The time of one line of an execution: of the execution itself, or of one lane of a Map.
///
/// Calls take the time that they take. Waits count in full, also where [`Pace::Fast`] shortens them: a flow that would
/// wait past its `TimeoutSeconds` times out at every pace.
#[derive(Debug, Clone)]
pub struct FlowTime {
    pace: Pace,
    began: Instant,
    /// How much more time the flow has counted than has passed.
    ahead: Duration,
    /// When the execution times out.
    limit: Option<Duration>,
}

impl FlowTime {
    /// Time begins now.
    pub fn begin(pace: Pace, limit: Option<Duration>) -> Self {
        Self { pace, began: Instant::now(), ahead: Duration::ZERO, limit }
    }

    /// How much time the flow has counted.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed() + self.ahead
    }

    /// What is left until the execution times out.
    fn left(&self) -> Option<Duration> {
        self.limit.map(|limit| limit.saturating_sub(self.elapsed()))
    }

    /// Lets a wait pass.
    pub async fn wait(&mut self, wait: Duration) -> Result<(), Stop> {
        let passing = self.left().map_or(wait, |left| left.min(wait));
        let began = Instant::now();
        self.pace.pause(passing).await;
        self.ahead += passing.saturating_sub(began.elapsed());
        if passing < wait { Err(Stop::TimedOut) } else { Ok(()) }
    }

    /// Waits for a call, at most as long as its own limit and the execution's allow.
    pub async fn call<T>(&self, limit: Option<Duration>, call: impl Future<Output = T>) -> Result<T, Stop> {
        let (limit, late) = match (limit, self.left()) {
            (Some(limit), Some(left)) if left <= limit => (left, Stop::TimedOut),
            (Some(limit), _) => (limit, Failure::new(Failure::TIMEOUT, "").into()),
            (None, Some(left)) => (left, Stop::TimedOut),
            (None, None) => return Ok(call.await),
        };
        tokio::time::timeout(limit, call).await.map_err(|_| late)
    }

    /// Goes on after lanes that ran at once: as late as the latest.
    pub fn join(&mut self, lane: &Self) {
        self.ahead = self.ahead.max(lane.ahead);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    const HOUR: Duration = Duration::from_secs(3600);
    const MOMENT: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn a_fast_wait_counts_in_full() {
        let began = Instant::now();
        let mut time = FlowTime::begin(Pace::Fast, None);
        time.wait(Duration::from_secs(20)).await.unwrap();
        assert!(time.elapsed() >= Duration::from_secs(20));
        assert!(began.elapsed() < Duration::from_secs(20));
    }

    #[tokio::test]
    async fn a_wait_past_the_limit_times_out() {
        let mut time = FlowTime::begin(Pace::Fast, Some(Duration::from_secs(10)));
        assert_eq!(time.wait(HOUR).await, Err(Stop::TimedOut));
        assert_eq!(time.wait(MOMENT).await, Err(Stop::TimedOut));
    }

    #[tokio::test]
    async fn the_nearer_limit_of_a_call_decides() {
        let timeout =
            |stop: &Stop| matches!(stop, Stop::Failed(failure) if failure.error.as_deref() == Some("States.Timeout"));
        let call = |own: Option<Duration>, whole: Option<Duration>| async move {
            FlowTime::begin(Pace::Real, whole).call(own, pending::<()>()).await.unwrap_err()
        };
        assert!(timeout(&call(Some(MOMENT), None).await));
        assert!(timeout(&call(Some(MOMENT), Some(HOUR)).await));
        assert_eq!(call(Some(HOUR), Some(MOMENT)).await, Stop::TimedOut);
        assert_eq!(call(None, Some(MOMENT)).await, Stop::TimedOut);
        assert_eq!(FlowTime::begin(Pace::Real, Some(HOUR)).call(Some(HOUR), ready(7)).await, Ok(7));
    }

    #[test]
    fn after_lanes_it_is_as_late_as_in_the_latest() {
        let mut time = FlowTime::begin(Pace::Fast, None);
        for ahead in [3, 5, 4] {
            let mut lane = time.clone();
            lane.ahead = Duration::from_secs(ahead);
            time.join(&lane);
        }
        assert_eq!(time.ahead, Duration::from_secs(5));
    }
}
