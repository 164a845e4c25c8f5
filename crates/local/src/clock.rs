//! Time, as the services of the double are handed it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// Tells the time. One is made by [`system`] and handed down, so that a test can say when it is.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The clock of this machine.
pub fn system() -> Clock {
    Arc::new(aws::edge::now)
}

/// How long things take besides what they take on this machine: nothing, unless somebody wants to know how long AWS takes.
/// They pass by the clock of tokio, which a test can let run ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latencies {
    /// A call of a function in this process.
    pub function: Duration,
    /// Statements of the warehouse.
    pub warehouse: warehouse::Latencies,
}

/// How long a second of waiting takes: Wait states, pauses before a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// A second, as on AWS.
    #[default]
    Real,
    /// A millisecond, for demos and tests: the order of things stays, the waiting goes.
    Fast,
}

impl Pace {
    /// How long a wait of this length takes.
    pub fn scaled(self, wait: Duration) -> Duration {
        match self {
            Self::Real => wait,
            Self::Fast => wait / 1000,
        }
    }

    /// Waits as long as [`scaled`](Self::scaled) says.
    pub async fn pause(self, wait: Duration) {
        tokio::time::sleep(self.scaled(wait)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_second_is_a_millisecond() {
        assert_eq!(Pace::Fast.scaled(Duration::from_secs(5)), Duration::from_millis(5));
        assert_eq!(Pace::Real.scaled(Duration::from_secs(5)), Duration::from_secs(5));
    }
}
