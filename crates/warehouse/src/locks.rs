//! Locks of tables: writers of one table take turns, `LOCK` and what alters a table keep readers out as well, and a circle
//! of waiters is broken (facts/redshift-sql.md, isolation and locks).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::error::{SqlError, SqlResult};
use crate::name::TableName;

/// A transaction's number.
pub(crate) type TransactionId = u64;

/// How a statement uses a table. A later one holds what an earlier one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    /// Reads a snapshot: it waits for those who keep readers out, and holds nothing.
    Read,
    /// Adds or takes rows: one transaction at a time, until its end.
    Write,
    /// Alone.
    Exclusive,
}

#[derive(Debug, Default)]
struct Held {
    holders: BTreeMap<TableName, (TransactionId, Use)>,
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
            held.holders.retain(|_, (holder, _)| *holder != self.id);
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
    /// Waits until the table may be used so, then holds it until the end of the transaction.
    pub async fn take(&self, table: &TableName, how: Use) -> SqlResult<()> {
        loop {
            let mut released = std::pin::pin!(self.locks.released.notified());
            // Registered before the look, so that a release between look and wait is not missed.
            released.as_mut().enable();
            if self.locks.with(|held| held.turn(self.id, table, how))? {
                return Ok(());
            }
            released.await;
        }
    }
}

impl Held {
    /// Whether it is this transaction's turn; where not, it is noted as waiting unless that closes a circle.
    fn turn(&mut self, id: TransactionId, table: &TableName, how: Use) -> SqlResult<bool> {
        let held = self.holders.get(table).copied();
        // A reader passes a writer: it has its snapshot.
        let in_the_way = |held: &(TransactionId, Use)| held.0 != id && (how, held.1) != (Use::Read, Use::Write);
        let Some((other, _)) = held.filter(in_the_way) else {
            self.waiting.remove(&id);
            if how > Use::Read {
                let how = held.map_or(how, |(_, held)| held.max(how));
                self.holders.insert(table.clone(), (id, how));
            }
            return Ok(true);
        };
        let mut next = Some(other);
        while let Some(holder) = next {
            if holder == id {
                self.waiting.remove(&id);
                return Err(SqlError::new(format!("deadlock detected while waiting for relation \"{table}\"")));
            }
            next = self.waiting.get(&holder).and_then(|wanted| self.holders.get(wanted)).map(|(holder, _)| *holder);
        }
        self.waiting.insert(id, table.clone());
        Ok(false)
    }
}
