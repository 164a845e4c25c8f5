//! `LOCK`: one transaction at a time holds a table, the others wait their turn, and a circle of waiters is broken.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::error::{SqlError, SqlResult};
use crate::name::TableName;

/// A transaction's number.
pub(crate) type TransactionId = u64;

#[derive(Debug, Default)]
struct Held {
    holders: BTreeMap<TableName, TransactionId>,
    waiting: BTreeMap<TransactionId, TableName>,
}

/// Who holds which table.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    held: Mutex<Held>,
    released: Notify,
}

/// What a transaction holds; dropping it releases everything.
#[derive(Debug)]
pub(crate) struct Holder {
    locks: Arc<Locks>,
    id: TransactionId,
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.locks.with(|held| {
            held.holders.retain(|_, holder| *holder != self.id);
            held.waiting.remove(&self.id);
        });
        self.locks.released.notify_waiters();
    }
}

impl Locks {
    /// A transaction that holds nothing yet.
    pub fn holder(self: &Arc<Self>, id: TransactionId) -> Holder {
        Holder { locks: Arc::clone(self), id }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Held) -> T) -> T {
        work(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Holder {
    /// Waits until no other transaction holds the table, then holds it.
    pub async fn lock(&self, table: &TableName) -> SqlResult<()> {
        self.wait(table, true).await
    }

    /// Waits until no other transaction holds the table: LOCK keeps readers and writers out
    /// (facts/redshift-sql.md, isolation and locks).
    pub async fn pass(&self, table: &TableName) -> SqlResult<()> {
        self.wait(table, false).await
    }

    async fn wait(&self, table: &TableName, take: bool) -> SqlResult<()> {
        loop {
            let mut released = std::pin::pin!(self.locks.released.notified());
            // Registered before the look, so that a release between look and wait is not missed.
            released.as_mut().enable();
            if self.locks.with(|held| held.turn(self.id, table, take))? {
                return Ok(());
            }
            released.await;
        }
    }
}

impl Held {
    /// Whether it is this transaction's turn; where not, it is noted as waiting unless that closes a circle.
    fn turn(&mut self, id: TransactionId, table: &TableName, take: bool) -> SqlResult<bool> {
        let other = self.holders.get(table).copied().filter(|holder| *holder != id);
        let Some(other) = other else {
            self.waiting.remove(&id);
            if take {
                self.holders.insert(table.clone(), id);
            }
            return Ok(true);
        };
        let mut next = Some(other);
        while let Some(holder) = next {
            if holder == id {
                self.waiting.remove(&id);
                return Err(SqlError::new(format!("deadlock detected while waiting for relation \"{table}\"")));
            }
            next = self.waiting.get(&holder).and_then(|wanted| self.holders.get(wanted)).copied();
        }
        self.waiting.insert(id, table.clone());
        Ok(false)
    }
}
