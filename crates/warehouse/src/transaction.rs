//! A transaction: statements one after the other on a copy of the warehouse, which becomes the warehouse at commit.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::sql::sqlparser::tokenizer::Token;

use crate::catalog::Catalog;
use crate::copy;
use crate::error::{SqlError, SqlResult};
use crate::loads::{LoadEntry, LoadError};
use crate::locks::Holder;
use crate::name::{PUBLIC, TableName};
use crate::query::{Place, Prepared, Relation, ResultSet, Scope, Session};
use crate::statement::{Copy, Delete, Insert, Statement, tokens};
use crate::system;
use crate::table::{Definition, Table};
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

/// A running transaction. Dropping it rolls it back.
#[derive(Debug)]
pub struct Transaction {
    inner: Arc<Inner>,
    holder: Holder,
    /// The warehouse as it was, and as it is for this transaction; taken by the first statement, after its waiting.
    state: Option<(Arc<Catalog>, Catalog)>,
    changes: Changes,
    started: DateTime<Utc>,
    last_copy_rows: u64,
    failed: bool,
}

impl Transaction {
    pub(crate) fn new(inner: Arc<Inner>, holder: Holder) -> Self {
        let started = inner.now();
        Self { inner, holder, state: None, changes: Changes::default(), started, last_copy_rows: 0, failed: false }
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
        if let Statement::Lock(tables) = &statement {
            for table in tables {
                self.holder.lock(table).await?;
            }
            let work = self.work();
            tables.iter().try_for_each(|table| work.table(table).map(drop))?;
            return Ok(done(Some(0)));
        }
        for table in statement.named() {
            self.holder.pass(table).await?;
        }
        match statement {
            Statement::CreateSchema { name, if_not_exists } => self.create_schema(name, if_not_exists)?,
            Statement::CreateTable { name, if_not_exists, definition } => {
                self.create_table(name, if_not_exists, definition)?;
            }
            Statement::DropTable { names, if_exists } => self.drop_tables(&names, if_exists)?,
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
            Statement::Lock(_) => {}
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

    fn put(&mut self, name: TableName, table: Table) {
        self.work().tables.insert(name.clone(), Arc::new(table));
        self.changes.tables.insert(name);
    }

    fn create_schema(&mut self, name: String, if_not_exists: bool) -> SqlResult<()> {
        if self.work().schemas.insert(name.clone()) {
            self.changes.schemas.insert(name);
            return Ok(());
        }
        if if_not_exists { Ok(()) } else { Err(SqlError::new(format!("schema \"{name}\" already exists"))) }
    }

    fn create_table(&mut self, name: TableName, if_not_exists: bool, definition: Definition) -> SqlResult<()> {
        if !self.work().schemas.contains(&name.schema) {
            return Err(SqlError::new(format!("schema \"{}\" does not exist", name.schema)));
        }
        if self.work().tables.contains_key(&name) {
            let text = format!("Relation \"{}\" already exists", name.name);
            return if if_not_exists { Ok(()) } else { Err(SqlError::new(text)) };
        }
        if name.schema == PUBLIC && system::view(&name.name).is_some() {
            return Err(SqlError::unknown(format!("a table with the name of the system view {}", name.name)));
        }
        // A DEFAULT must fit its column before any row does.
        for column in definition.columns.iter().filter(|column| column.default.is_some()) {
            crate::assign::default(column, 1)?;
        }
        let id = self.inner.next_id();
        self.put(name, Table::new(id, definition));
        Ok(())
    }

    fn drop_tables(&mut self, names: &[TableName], if_exists: bool) -> SqlResult<()> {
        for name in names {
            let there = self.work().tables.remove(name).is_some();
            if there {
                self.changes.tables.insert(name.clone());
            } else if !if_exists {
                return Err(SqlError::new(format!("Table \"{name}\" does not exist")));
            }
        }
        Ok(())
    }

    async fn copy(&mut self, copy: &Copy, query_id: u64) -> SqlResult<()> {
        self.last_copy_rows = 0;
        let table = Arc::clone(self.work().table(&copy.table)?);
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
        let table = Arc::clone(self.work().table(&insert.table)?);
        let batches = write::inserted(insert, &table, &result, &origins)?;
        let appended = table.append(batches, &mut || self.inner.next_id())?;
        self.put(insert.table.clone(), appended);
        Ok(result.rows() as u64)
    }

    async fn delete(&mut self, delete: &Delete) -> SqlResult<u64> {
        let prepared = Prepared::of(write::doomed(delete)?, Place::Elsewhere, &self.session())?;
        let rows = self.query(prepared, Some(&delete.table)).await?;
        let table = Arc::clone(self.work().table(&delete.table)?);
        let (kept, count) = write::without(&table, &rows, &mut || self.inner.next_id())?;
        self.put(delete.table.clone(), kept);
        Ok(count as u64)
    }

    /// Runs a query over this transaction's view; the rows of `numbered` come with their numbers.
    async fn query(&mut self, prepared: Prepared, numbered: Option<&TableName>) -> SqlResult<ResultSet> {
        for relation in &prepared.relations {
            if let Relation::Table(table) = relation {
                self.holder.pass(table).await?;
            }
        }
        let mut scope = Scope::new();
        for relation in &prepared.relations {
            let rows = match relation {
                Relation::Table(name) => {
                    let table = self.work().table(name)?;
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

fn aborted() -> SqlError {
    SqlError::new("current transaction is aborted, commands ignored until end of transaction block")
}
