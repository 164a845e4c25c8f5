//! A transaction: statements one after the other on a copy of the warehouse, which becomes the warehouse at commit.

mod ddl;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use datafusion::sql::sqlparser::tokenizer::Token;

use crate::catalog::Catalog;
use crate::copy;
use crate::error::{SqlError, SqlResult};
use crate::loads::{LoadEntry, LoadError};
use crate::locks::{Holder, Use};
use crate::name::TableName;
use crate::query::{Place, Prepared, Relation, ResultSet, Scope, Session};
use crate::statement::{Copy, Delete, Insert, Statement, tokens};
use crate::system;
use crate::table::Table;
use crate::warehouse::Inner;
use crate::write;

/// What a statement did.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The query's number.
    pub query_id: u64,
    /// Rows answered or changed; `None` where the statement does not say.
    pub rows: Option<u64>,
    /// What a query answers.
    pub result: Option<ResultSet>,
}

/// What changed since a transaction began.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub tables: BTreeSet<TableName>,
    pub schemas: BTreeSet<String>,
}

/// How far a transaction reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// One statement that commits by itself.
    Statement,
    /// What BEGIN and END enclose, and every batch of the Data API that is one transaction: some statements cannot run
    /// in it.
    Block,
}

/// A running transaction. Dropping it rolls it back.
#[derive(Debug)]
pub struct Transaction {
    inner: Arc<Inner>,
    extent: Extent,
    holder: Holder,
    /// The warehouse as it was, and as it is for this transaction; taken by the first statement, after its waiting.
    state: Option<(Arc<Catalog>, Catalog)>,
    changes: Changes,
    /// Tables whose rows were read, or are bound to the snapshot otherwise.
    read: BTreeSet<TableName>,
    /// Tables that others have changed since the snapshot, and that this transaction has only added rows to.
    joined: BTreeSet<TableName>,
    started: DateTime<Utc>,
    last_copy_rows: u64,
    failed: bool,
}

impl Transaction {
    pub(crate) fn new(inner: Arc<Inner>, extent: Extent) -> Self {
        let (started, holder) = (inner.now(), inner.holder());
        Self {
            inner,
            extent,
            holder,
            state: None,
            changes: Changes::default(),
            read: BTreeSet::new(),
            joined: BTreeSet::new(),
            started,
            last_copy_rows: 0,
            failed: false,
        }
    }

    /// The rows of the last COPY before this transaction in its session.
    pub fn set_last_copy_rows(&mut self, rows: u64) {
        self.last_copy_rows = rows;
    }

    /// The rows of the last COPY.
    pub fn last_copy_rows(&self) -> u64 {
        self.last_copy_rows
    }

    /// Whether a commit would change anything.
    pub fn has_changes(&self) -> bool {
        !self.changes.tables.is_empty() || !self.changes.schemas.is_empty()
    }

    /// Runs one statement. After a failure all others fail too, and so does the commit.
    pub async fn run(&mut self, sql: &str) -> SqlResult<Outcome> {
        match tokens(sql) {
            Ok(tokens) => self.run_tokens(tokens).await,
            Err(error) => {
                self.failed = true;
                Err(error)
            }
        }
    }

    /// Like [`run`](Self::run), for a statement whose words are read already.
    pub(crate) async fn run_tokens(&mut self, tokens: Vec<Token>) -> SqlResult<Outcome> {
        if self.failed {
            return Err(aborted());
        }
        let outcome = self.statement(tokens).await;
        self.failed = outcome.is_err();
        outcome
    }

    /// Makes the changes those of the warehouse, all or none; a crash leaves all or none as well. The receipt is kept
    /// with them, so that [`Warehouse::has_receipt`](crate::Warehouse::has_receipt) tells after a crash which it was.
    pub async fn commit(self, receipt: Option<String>) -> SqlResult<()> {
        if self.failed {
            return Err(aborted());
        }
        let has_changes = self.has_changes();
        let Self { inner, holder, state: Some((base, work)), changes, .. } = self else { return Ok(()) };
        if !has_changes {
            return Ok(());
        }
        pass(inner.latencies().commit).await;
        let commit = move || {
            let committed = inner.commit(&base, work, &changes, receipt);
            // Locks go only after what they guard is there for the next holder to see.
            drop(holder);
            committed
        };
        tokio::task::spawn_blocking(commit).await.map_err(SqlError::internal)?
    }

    async fn statement(&mut self, tokens: Vec<Token>) -> SqlResult<Outcome> {
        let statement = Statement::parse(tokens)?;
        let query_id = self.inner.next_id();
        let done = |rows| Outcome { query_id, rows, result: None };
        if let (Extent::Block, Some(name)) = (self.extent, statement.runs_alone()) {
            return Err(SqlError::new(format!("{name} cannot run inside a transaction block")));
        }
        for table in statement.named() {
            self.holder.take(table, statement.uses()).await?;
        }
        match statement {
            Statement::CreateSchema { name, if_not_exists } => self.create_schema(name, if_not_exists)?,
            Statement::DropSchema { name, if_exists, cascade } => self.drop_schema(name, if_exists, cascade).await?,
            Statement::CreateTable { name, if_not_exists, definition } => {
                self.create_table(name, if_not_exists, definition)?;
            }
            Statement::DropTable { names, if_exists } => self.drop_tables(&names, if_exists)?,
            Statement::AddColumn { table, column } => self.add_column(&table, column)?,
            Statement::AlterType { table, column, ty } => self.alter_type(&table, &column, ty)?,
            Statement::Truncate(table) => self.truncate(&table).await?,
            Statement::Lock(tables) => tables.iter().try_for_each(|table| self.table(table).map(drop))?,
            Statement::Copy(copy) => {
                self.copy(&copy, query_id).await?;
                // Whether the Data API counts a COPY's rows is unverified, so nobody may rely on it.
                return Ok(done(None));
            }
            Statement::Insert(insert) => return self.insert(&insert).await.map(|rows| done(Some(rows))),
            Statement::Delete(delete) => return self.delete(&delete).await.map(|rows| done(Some(rows))),
            Statement::Select(query) => {
                let prepared = Prepared::of(*query, Place::Elsewhere, &self.session())?;
                let result = self.query(prepared, None).await?;
                return Ok(Outcome { query_id, rows: Some(result.rows() as u64), result: Some(result) });
            }
            Statement::Alone(name) => return Err(SqlError::unknown(format!("the statement {name}"))),
        }
        Ok(done(Some(0)))
    }

    fn session(&self) -> Session {
        let last_copy_rows = i64::try_from(self.last_copy_rows).unwrap_or(i64::MAX);
        Session { started: self.started, now: self.inner.now(), last_copy_rows }
    }

    /// This transaction's view. The first use takes it from what is committed now.
    fn work(&mut self) -> &mut Catalog {
        let inner = &self.inner;
        let (_, work) = self.state.get_or_insert_with(|| {
            let base = inner.current();
            let work = Catalog::clone(&base);
            (base, work)
        });
        work
    }

    /// A table as this transaction sees it. One that is there by now, and was not when the transaction took its snapshot,
    /// has an error of its own.
    fn table(&mut self, name: &TableName) -> SqlResult<Arc<Table>> {
        let found = self.work().table(name).map(Arc::clone);
        let is_later = !self.changes.tables.contains(name) && self.inner.current().tables.contains_key(name);
        if found.is_err() && is_later { Err(SqlError::later_relation(name)) } else { found }
    }

    /// A table that rows are added to. Whoever only adds to it goes on top of what was committed while it waited for the
    /// lock; whoever has read it is bound to its snapshot, and so is whoever finds it made anew or altered.
    fn table_to_add_to(&mut self, name: &TableName) -> SqlResult<Arc<Table>> {
        let seen = self.table(name)?;
        let is_bound = self.read.contains(name) || self.changes.tables.contains(name);
        let newest = self.inner.current().tables.get(name).map(Arc::clone);
        let newest = newest.filter(|newest| {
            !is_bound && !Arc::ptr_eq(newest, &seen) && newest.id == seen.id && newest.definition == seen.definition
        });
        let (Some(newest), Some((base, work))) = (newest, &mut self.state) else { return Ok(seen) };
        Arc::make_mut(base).tables.insert(name.clone(), Arc::clone(&newest));
        work.tables.insert(name.clone(), Arc::clone(&newest));
        self.joined.insert(name.clone());
        Ok(newest)
    }

    /// Notes that rows of a table are read, where they are those of the snapshot.
    fn reads(&mut self, name: &TableName) -> SqlResult<()> {
        if self.joined.contains(name) {
            return Err(SqlError::conflict(name));
        }
        self.read.insert(name.clone());
        Ok(())
    }

    fn put(&mut self, name: TableName, table: Table) {
        self.work().tables.insert(name.clone(), Arc::new(table));
        self.changes.tables.insert(name);
    }

    async fn copy(&mut self, copy: &Copy, query_id: u64) -> SqlResult<()> {
        self.last_copy_rows = 0;
        let table = self.table_to_add_to(&copy.table)?;
        let start_time = self.inner.now();
        let loaded = copy::load(copy, &table, self.inner.objects()).await;
        let entry = |rows, files, bytes, error: Option<LoadError>| LoadEntry {
            query_id,
            table_id: table.id,
            table_name: copy.table.name.clone(),
            data_source: copy.url.clone(),
            start_time,
            loaded_rows: rows,
            source_files: files,
            source_bytes: bytes,
            error,
        };
        match loaded {
            Ok(loaded) => {
                pass(self.inner.latencies().copy).await;
                self.inner.log_load(entry(loaded.rows, loaded.files, loaded.bytes, None))?;
                self.last_copy_rows = loaded.rows;
                let appended = table.append(loaded.batches, &mut || self.inner.next_id())?;
                self.put(copy.table.clone(), appended);
                Ok(())
            }
            Err(failure) => {
                self.inner.log_load(entry(0, 0, 0, Some(*failure.detail)))?;
                Err(failure.error)
            }
        }
    }

    async fn insert(&mut self, insert: &Insert) -> SqlResult<u64> {
        let origins = write::origins(&insert.source);
        let prepared = Prepared::of(*insert.source.clone(), Place::Insert, &self.session())?;
        let result = self.query(prepared, None).await?;
        let table = self.table_to_add_to(&insert.table)?;
        let batches = write::inserted(insert, &table, &result, &origins)?;
        let appended = table.append(batches, &mut || self.inner.next_id())?;
        self.put(insert.table.clone(), appended);
        Ok(result.rows() as u64)
    }

    async fn delete(&mut self, delete: &Delete) -> SqlResult<u64> {
        let prepared = Prepared::of(write::doomed(delete)?, Place::Elsewhere, &self.session())?;
        let rows = self.query(prepared, Some(&delete.table)).await?;
        let table = self.table(&delete.table)?;
        let (kept, count) = write::without(&table, &rows, &mut || self.inner.next_id())?;
        self.put(delete.table.clone(), kept);
        Ok(count as u64)
    }

    /// Runs a query over this transaction's view; the rows of `numbered` come with their numbers.
    async fn query(&mut self, prepared: Prepared, numbered: Option<&TableName>) -> SqlResult<ResultSet> {
        for relation in &prepared.relations {
            if let Relation::Table(table) = relation {
                self.holder.take(table, Use::Read).await?;
                self.reads(table)?;
            }
        }
        let mut scope = Scope::new();
        for relation in &prepared.relations {
            let rows = match relation {
                Relation::Table(name) => {
                    let table = self.table(name)?;
                    match numbered {
                        Some(wanted) if wanted == name => table.rows().numbered(write::ROW),
                        _ => table.rows(),
                    }
                }
                Relation::System(view) => {
                    let inner = Arc::clone(&self.inner);
                    inner.with_loads(|loads| system::rows(view, self.work(), loads))?
                }
            };
            scope.insert(relation.clone(), rows);
        }
        self.inner.engine().run(prepared, &scope).await
    }
}

/// Lets time pass, where there is any.
async fn pass(latency: Duration) {
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
}

fn aborted() -> SqlError {
    SqlError::new("current transaction is aborted, commands ignored until end of transaction block")
}
