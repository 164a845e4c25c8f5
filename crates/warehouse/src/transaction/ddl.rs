//! Statements that say what there is: schemas, tables, columns (facts/redshift-sql.md, create table, alter table,
//! transactions).

use std::sync::Arc;

use super::{Transaction, pass};
use crate::assign::default;
use crate::error::{SqlError, SqlResult};
use crate::locks::Use;
use crate::name::{PUBLIC, TableName};
use crate::statement::MAX_COLUMNS;
use crate::system;
use crate::table::{Column, Definition, Table};
use crate::types::Type;

impl Transaction {
    pub(super) fn create_schema(&mut self, name: String, if_not_exists: bool) -> SqlResult<()> {
        if self.work().schemas.insert(name.clone()) {
            self.changes.schemas.insert(name);
            return Ok(());
        }
        if if_not_exists { Ok(()) } else { Err(SqlError::new(format!("schema \"{name}\" already exists"))) }
    }

    /// A schema that has tables goes with them, and only when asked so.
    pub(super) async fn drop_schema(&mut self, name: String, if_exists: bool, cascade: bool) -> SqlResult<()> {
        if name == PUBLIC {
            return Err(SqlError::unknown("DROP SCHEMA public"));
        }
        if !self.work().schemas.contains(&name) {
            let text = format!("schema \"{name}\" does not exist");
            return if if_exists { Ok(()) } else { Err(SqlError::new(text)) };
        }
        let inside = self.work().tables.keys().filter(|table| table.schema == name);
        let inside: Vec<TableName> = inside.cloned().collect();
        if !inside.is_empty() && !cascade {
            return Err(SqlError::new(format!("cannot drop schema {name} because other objects depend on it")));
        }
        for table in &inside {
            self.holder.take(table, Use::Exclusive).await?;
        }
        self.drop_tables(&inside, true)?;
        self.work().schemas.remove(&name);
        self.changes.schemas.insert(name);
        Ok(())
    }

    pub(super) fn create_table(
        &mut self,
        name: TableName,
        if_not_exists: bool,
        definition: Definition,
    ) -> SqlResult<()> {
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
            default(column, 1)?;
        }
        let id = self.inner.next_id();
        self.put(name, Table::new(id, definition));
        Ok(())
    }

    pub(super) fn drop_tables(&mut self, names: &[TableName], if_exists: bool) -> SqlResult<()> {
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

    /// The column stands last; the rows that are there get its DEFAULT or null.
    pub(super) fn add_column(&mut self, name: &TableName, column: Column) -> SqlResult<()> {
        let table = self.table(name)?;
        let known = &table.definition;
        if known.position(&column.name).is_some() {
            let (column, table) = (column.name, &name.name);
            return Err(SqlError::new(format!("column \"{column}\" of relation \"{table}\" already exists")));
        }
        if known.columns.len() == MAX_COLUMNS {
            return Err(SqlError::new(format!("tables can have at most {MAX_COLUMNS} columns")));
        }
        default(&column, 1)?;
        let widened = table.with_column(column, &mut || self.inner.next_id())?;
        self.put(name.clone(), widened);
        Ok(())
    }

    /// Only the length of a varchar can be altered, and only where nothing depends on it. That the rest is refused is
    /// documented, the texts are not.
    pub(super) fn alter_type(&mut self, name: &TableName, column: &str, ty: Type) -> SqlResult<()> {
        let table = self.table(name)?;
        let at = table.definition.position(column).ok_or_else(|| SqlError::no_column(column, &name.name))?;
        let known = table.definition.columns.get(at).ok_or_else(|| SqlError::internal("a column without a place"))?;
        let refused = |why: &str| {
            Err(SqlError::new(format!("cannot alter column \"{column}\" of relation \"{}\", {why}", name.name)))
        };
        let (Type::Varchar(_), Type::Varchar(bytes)) = (known.ty, ty) else {
            return refused(&format!("{} cannot become {ty}: only the length of a varchar can be altered", known.ty));
        };
        if known.default.is_some() {
            return refused("it has a default value");
        }
        if table.definition.primary_key.iter().any(|key| key == column) {
            return refused("it is part of the primary key");
        }
        if let Some(length) = table.first_over(at, bytes)? {
            return refused(&format!("a value has {length} bytes, more than {ty} takes"));
        }
        let altered = table.with_type(at, ty)?;
        self.put(name.clone(), altered);
        Ok(())
    }

    /// Empties a table, and commits it with all that the transaction did before: nothing of it can be rolled back. What
    /// follows is another transaction, which waits for its locks anew.
    pub(super) async fn truncate(&mut self, name: &TableName) -> SqlResult<()> {
        let table = self.table(name)?;
        self.put(name.clone(), Table { pieces: Vec::new(), ..Table::clone(&table) });
        let changes = std::mem::take(&mut self.changes);
        let Some((base, work)) = self.state.take() else { return Err(SqlError::internal("a table of no catalog")) };
        let inner = Arc::clone(&self.inner);
        pass(inner.latencies().commit).await;
        let committed = tokio::task::spawn_blocking(move || inner.commit(&base, work, &changes, None)).await;
        self.holder = self.inner.holder();
        self.started = self.inner.now();
        self.read.clear();
        self.joined.clear();
        committed.map_err(SqlError::internal)?
    }
}
