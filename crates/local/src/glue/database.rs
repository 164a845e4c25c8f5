//! Databases.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::input::DatabaseInput;
use super::store::{Database, Store};
use super::{ThisCatalog, check, page_of};
use crate::names;
use crate::request::{answer, epoch_seconds};
use crate::wire::ApiError;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateDatabase {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    database_input: DatabaseInput,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdateDatabase {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    name: String,
    database_input: DatabaseInput,
}

/// `GetDatabase` and `DeleteDatabase`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct NamedDatabase {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetDatabases {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    next_token: Option<String>,
    max_results: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DatabaseAnswer<'a> {
    #[serde(flatten)]
    input: &'a DatabaseInput,
    create_time: f64,
    catalog_id: &'static str,
}

impl<'a> DatabaseAnswer<'a> {
    fn of(database: &'a Database) -> Self {
        Self { input: &database.input, create_time: epoch_seconds(database.created), catalog_id: names::ACCOUNT }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DatabaseList<'a> {
    database_list: Vec<DatabaseAnswer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// Makes a database; one of its name is `AlreadyExistsException`.
pub fn create(store: &Store, request: CreateDatabase, now: DateTime<Utc>) -> Result<(), ApiError> {
    let input = request.database_input.folded();
    check::database(&input)?;
    store.change(|contents| {
        if contents.databases.contains_key(&input.name) {
            return Err(ApiError::new("AlreadyExistsException", "Database already exists."));
        }
        let database = Database { input, created: now, tables: Default::default() };
        contents.databases.insert(database.input.name.clone(), database);
        Ok(())
    })
}

/// Replaces what a database says of itself; its name stays.
pub fn update(store: &Store, request: UpdateDatabase) -> Result<(), ApiError> {
    let input = request.database_input.folded();
    check::database(&input)?;
    store.change(|contents| {
        let database = contents.database_mut(&request.name)?;
        if input.name != database.input.name {
            return Err(ApiError::not_known(format!("a new name for database {}", database.input.name)));
        }
        database.input = input;
        Ok(())
    })
}

/// Takes a database out, with its tables.
pub fn delete(store: &Store, request: &NamedDatabase) -> Result<(), ApiError> {
    store.change(|contents| {
        let name = contents.database(&request.name)?.input.name.clone();
        contents.databases.remove(&name);
        Ok(())
    })
}

/// One database.
pub fn get(store: &Store, request: &NamedDatabase) -> Result<Value, ApiError> {
    store.look(|contents| {
        let database = contents.database(&request.name)?;
        answer(&serde_json::json!({ "Database": DatabaseAnswer::of(database) }))
    })
}

/// All databases, by name, in pages.
pub fn list(store: &Store, request: &GetDatabases) -> Result<Value, ApiError> {
    store.look(|contents| {
        let databases: Vec<_> = contents.databases.values().collect();
        let token = request.next_token.as_deref();
        let (page, next_token) = page_of(&databases, |database| &database.input.name, token, request.max_results, 100)?;
        let database_list = page.iter().map(|database| DatabaseAnswer::of(database)).collect();
        answer(&DatabaseList { database_list, next_token })
    })
}
