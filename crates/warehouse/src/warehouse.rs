//! The warehouse: what is committed, in memory and on disk.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::catalog::Catalog;
use crate::error::{SqlError, SqlResult};
use crate::loads::{LoadEntry, LoadLog};
use crate::locks::{Holder, Locks};
use crate::objects::Objects;
use crate::query::Engine;
use crate::store::{Opened, Store};
use crate::transaction::{Changes, Extent, Outcome, Transaction};

/// Tells the time. It is passed in, so that a test can say when it is.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Receipts are asked for at the next open; none is needed for longer than a statement's record is kept.
const RECEIPTS_KEPT: TimeDelta = TimeDelta::hours(48);

/// How long statements take besides the double's own work, for whoever wants to know how long a load takes on Redshift.
/// They pass by the clock of tokio, which a test can let run ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latencies {
    /// A COPY that succeeds.
    pub copy: Duration,
    /// The commit of a transaction that changes something; its locks are held meanwhile.
    pub commit: Duration,
}

/// A warehouse in a folder. Clones are the same warehouse; two processes must not open one folder.
#[derive(Debug, Clone)]
pub struct Warehouse {
    inner: Arc<Inner>,
}

impl Warehouse {
    /// Opens the warehouse in a folder, which is made where it is missing. `objects` is where COPY reads. Statements take no
    /// longer than they must.
    pub fn open(folder: impl AsRef<Path>, objects: Arc<dyn Objects>, clock: Clock) -> model::Result<Self> {
        Self::open_with(folder, objects, clock, Latencies::default())
    }

    /// The same with statements that take as long as this says.
    pub fn open_with(
        folder: impl AsRef<Path>,
        objects: Arc<dyn Objects>,
        clock: Clock,
        latencies: Latencies,
    ) -> model::Result<Self> {
        let folder = folder.as_ref();
        let Opened { store, catalog, next_id } = Store::open(folder)?;
        let loads = LoadLog::open(folder)?;
        let next_id = next_id.max(loads.last_query() + 1);
        let inner = Inner {
            store,
            current: Mutex::new(Arc::new(catalog)),
            committing: Mutex::new(()),
            next_id: AtomicU64::new(next_id),
            locks: Arc::new(Locks::default()),
            engine: Engine::new(),
            loads: Mutex::new(loads),
            objects,
            clock,
            latencies,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Begins a transaction block.
    pub fn begin(&self) -> Transaction {
        Transaction::new(Arc::clone(&self.inner), Extent::Block)
    }

    /// The transaction of one statement that commits by itself: what cannot run in a block runs here.
    pub fn begin_single(&self) -> Transaction {
        Transaction::new(Arc::clone(&self.inner), Extent::Statement)
    }

    /// Runs one statement as a transaction of its own.
    pub async fn execute(&self, sql: &str) -> SqlResult<Outcome> {
        let mut transaction = self.begin_single();
        let outcome = transaction.run(sql).await?;
        transaction.commit(None).await?;
        Ok(outcome)
    }

    /// Runs statements as one transaction: all of them or none.
    pub async fn batch<S: AsRef<str>>(&self, statements: &[S]) -> SqlResult<Vec<Outcome>> {
        let mut transaction = self.begin();
        let mut outcomes = Vec::with_capacity(statements.len());
        for statement in statements {
            outcomes.push(transaction.run(statement.as_ref()).await?);
        }
        transaction.commit(None).await?;
        Ok(outcomes)
    }

    /// Whether a commit with this receipt has happened (within the last 48 hours).
    pub fn has_receipt(&self, receipt: &str) -> bool {
        self.inner.current().receipts.contains_key(receipt)
    }

    /// What the clock says.
    pub fn now(&self) -> DateTime<Utc> {
        self.inner.now()
    }
}

/// What all transactions share.
pub(crate) struct Inner {
    store: Store,
    current: Mutex<Arc<Catalog>>,
    committing: Mutex<()>,
    next_id: AtomicU64,
    locks: Arc<Locks>,
    engine: Engine,
    loads: Mutex<LoadLog>,
    objects: Arc<dyn Objects>,
    clock: Clock,
    latencies: Latencies,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Warehouse").field("store", &self.store).field("objects", &self.objects).finish_non_exhaustive()
    }
}

/// What a poisoned lock guards is replaced as a whole, never left half-done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// A number that was never given before: of tables, segments, queries, transactions.
    pub fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Who will hold the locks of a transaction that begins.
    pub fn holder(&self) -> Holder {
        self.locks.holder(self.next_id())
    }

    pub fn current(&self) -> Arc<Catalog> {
        Arc::clone(&locked(&self.current))
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub fn objects(&self) -> &dyn Objects {
        self.objects.as_ref()
    }

    pub fn latencies(&self) -> Latencies {
        self.latencies
    }

    pub fn with_loads<T>(&self, work: impl FnOnce(&LoadLog) -> T) -> T {
        work(&locked(&self.loads))
    }

    pub fn log_load(&self, entry: LoadEntry) -> SqlResult<()> {
        locked(&self.loads).add(entry).map_err(|error| SqlError::internal(format!("cannot write the log: {error}")))
    }

    /// Puts a transaction's changes on top of what is committed now. A table or schema that it changed and another
    /// transaction changed since makes it fail, unless it has only added rows (then `base` holds what the other committed).
    /// SERIALIZABLE fails them, too; SNAPSHOT only where both changed the same rows.
    pub fn commit(&self, base: &Catalog, work: Catalog, changes: &Changes, receipt: Option<String>) -> SqlResult<()> {
        let _one_at_a_time = locked(&self.committing);
        let current = self.current();
        if let Some(table) = changes.tables.iter().find(|table| !current.same_version(base, table)) {
            return Err(SqlError::conflict(table));
        }
        let is_same = |schema: &&String| current.schemas.contains(*schema) == base.schemas.contains(*schema);
        if let Some(schema) = changes.schemas.iter().find(|schema| !is_same(schema)) {
            return Err(SqlError::conflict(schema));
        }
        let mut next = Catalog::clone(&current);
        for name in &changes.tables {
            match work.tables.get(name) {
                Some(table) => next.tables.insert(name.clone(), Arc::clone(table)),
                None => next.tables.remove(name),
            };
        }
        for schema in &changes.schemas {
            match work.schemas.contains(schema) {
                true => next.schemas.insert(schema.clone()),
                false => next.schemas.remove(schema),
            };
        }
        // One made a table in a schema, the other dropped the schema.
        if let Some(table) = next.tables.keys().find(|table| !next.schemas.contains(&table.schema)) {
            return Err(SqlError::conflict(table));
        }
        let now = self.now();
        next.receipts.retain(|_, at| now - *at < RECEIPTS_KEPT);
        next.receipts.extend(receipt.map(|receipt| (receipt, now)));
        let next_id = self.next_id.load(Ordering::Relaxed);
        self.store
            .replace(&current, &next, next_id)
            .map_err(|error| SqlError::internal(format!("cannot write the commit: {error}")))?;
        *locked(&self.current) = Arc::new(next);
        Ok(())
    }
}
