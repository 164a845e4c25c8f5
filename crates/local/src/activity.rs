//! What is under way, so that a caller can wait until nothing is.

use tokio::sync::watch;

/// Counts what is under way. Cheap to clone: all clones count together.
#[derive(Debug, Clone)]
pub struct Activity {
    count: watch::Sender<usize>,
}

impl Default for Activity {
    fn default() -> Self {
        Self { count: watch::Sender::new(0) }
    }
}

impl Activity {
    /// Something begins; it ends when the answer is dropped.
    #[must_use]
    pub fn begin(&self) -> Busy {
        self.count.send_modify(|count| *count += 1);
        Busy { activity: self.clone() }
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        *self.count.borrow() == 0
    }

    /// Returns once nothing is under way. What begins before something ends is waited for too, so a chain of things
    /// of which each begins the next is waited for as a whole.
    pub async fn idle(&self) {
        let mut count = self.count.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _alive = count.wait_for(|count| *count == 0).await;
    }
}

/// Something that is under way until this is dropped.
#[derive(Debug)]
pub struct Busy {
    activity: Activity,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.activity.count.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn idle_waits_for_a_chain() {
        let activity = Activity::default();
        let first = activity.begin();
        let chain = {
            let activity = activity.clone();
            async move {
                let second = activity.begin();
                drop(first);
                tokio::task::yield_now().await;
                drop(second);
            }
        };
        let chain = tokio::spawn(chain);
        activity.idle().await;
        assert!(chain.is_finished() || activity.is_idle());
        chain.await.unwrap();
    }
}
