//! Work that any thread may do, and its result, which is awaited in order.
//!
//! What is computed never depends on the number of threads or on which is first: whoever hands out work holds the
//! tickets and takes the results in an order of its own.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use model::{Error, Kind, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Threads that work on what is handed to them, first come, first served.
#[derive(Clone)]
pub(crate) struct Pool {
    pool: Arc<ThreadPool>,
}

/// The result of a piece of work that is under way.
#[derive(Debug)]
pub(crate) struct Ticket<T>(Receiver<T>);

impl Pool {
    /// A pool of so many threads, at least one.
    pub fn new(threads: usize) -> Result<Self> {
        let builder = ThreadPoolBuilder::new().num_threads(threads.max(1)).thread_name(|n| format!("engine-{n}"));
        // A panic is told by the ticket, which nobody can redeem any more.
        let pool = builder.panic_handler(|_| {}).build();
        let pool = pool.map_err(|error| Error::new(Kind::Bug, "start", "threads").because(error))?;
        Ok(Self { pool: Arc::new(pool) })
    }

    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    pub fn spawn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Ticket<T> {
        let (sender, receiver) = sync_channel(1);
        self.pool.spawn_fifo(move || {
            // Nobody waits any more where another piece of work has failed.
            let _ = sender.send(work());
        });
        Ticket(receiver)
    }
}

impl<T> Ticket<T> {
    /// Waits for the result.
    pub fn redeem(self) -> Result<T> {
        self.0.recv().map_err(|error| Error::new(Kind::Bug, "finish", "a thread's work").because(error))
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_by_ticket_whoever_is_first() {
        let pool = Pool::new(3).unwrap();
        let tickets: Vec<_> = (0..100).map(|number| pool.spawn(move || number * 2)).collect();
        let results: Vec<_> = tickets.into_iter().map(|ticket| ticket.redeem().unwrap()).collect();
        assert_eq!(results, (0..100).map(|number| number * 2).collect::<Vec<_>>());
    }

    #[test]
    fn a_panic_is_an_error_of_its_ticket_alone() {
        let pool = Pool::new(1).unwrap();
        let bad = pool.spawn(|| panic!("on purpose"));
        let good = pool.spawn(|| 1);
        assert_eq!(bad.redeem().unwrap_err().kind(), Kind::Bug);
        assert_eq!(good.redeem().unwrap(), 1);
    }
}
