//! Tables and their versions.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::input::TableInput;
use super::store::{Store, Table, Version, no_table};
use super::{ThisCatalog, check, page_of};
use crate::names;
use crate::request::{answer, epoch_seconds};
use crate::wire::ApiError;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateTable {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    database_name: String,
    table_input: TableInput,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdateTable {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    database_name: String,
    table_input: TableInput,
    #[serde(default)]
    skip_archive: bool,
    version_id: Option<String>,
}

/// `GetTable` and `DeleteTable`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct NamedTable {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    database_name: String,
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetTables {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    database_name: String,
    expression: Option<String>,
    next_token: Option<String>,
    max_results: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetTableVersions {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    database_name: String,
    table_name: String,
    next_token: Option<String>,
    max_results: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TableAnswer<'a> {
    #[serde(flatten)]
    input: &'a TableInput,
    database_name: String,
    create_time: f64,
    update_time: f64,
    created_by: String,
    is_registered_with_lake_formation: bool,
    catalog_id: &'static str,
    version_id: String,
}

impl<'a> TableAnswer<'a> {
    fn of(database: &str, table: &Table, version: &'a Version) -> Self {
        Self {
            input: &version.input,
            database_name: database.to_lowercase(),
            create_time: epoch_seconds(table.created),
            update_time: epoch_seconds(version.updated),
            created_by: format!("arn:aws:sts::{}:assumed-role/sluice/sluice", names::ACCOUNT),
            is_registered_with_lake_formation: false,
            catalog_id: names::ACCOUNT,
            version_id: version.number.to_string(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TableList<'a> {
    table_list: Vec<TableAnswer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TableVersion<'a> {
    table: TableAnswer<'a>,
    version_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TableVersionList<'a> {
    table_versions: Vec<TableVersion<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// Makes a table; one of its name is `AlreadyExistsException`.
pub fn create(store: &Store, request: CreateTable, now: DateTime<Utc>) -> Result<(), ApiError> {
    let input = request.table_input.folded();
    store.change(|contents| {
        let database = contents.database_mut(&request.database_name)?;
        check::table(&input)?;
        if database.tables.contains_key(&input.name) {
            return Err(ApiError::new("AlreadyExistsException", "Table already exists."));
        }
        let current = Version { number: 0, updated: now, input };
        let name = current.input.name.clone();
        let table = Table { created: now, current, archived: Vec::new(), partitions: Default::default() };
        database.tables.insert(name, table);
        Ok(())
    })
}

/// Replaces a whole table. With a version id, only if that is still the table's.
pub fn update(store: &Store, request: UpdateTable, now: DateTime<Utc>) -> Result<(), ApiError> {
    let input = request.table_input.folded();
    store.change(|contents| {
        let table = contents.table_mut(&request.database_name, &input.name)?;
        check::table(&input)?;
        if request.version_id.is_some_and(|expected| expected != table.current.number.to_string()) {
            let message = "Update table failed due to concurrent modifications.";
            return Err(ApiError::new("ConcurrentModificationException", message));
        }
        if input.partition_keys.len() != table.current.input.partition_keys.len() && !table.partitions.is_empty() {
            // What AWS makes of the partitions then is not verified.
            return Err(ApiError::not_known(format!("another number of partition keys for table {}", input.name)));
        }
        let next = Version { number: table.current.number + 1, updated: now, input };
        let before = std::mem::replace(&mut table.current, next);
        if !request.skip_archive {
            table.archived.push(before);
        }
        Ok(())
    })
}

/// Takes a table out, with its versions and partitions.
pub fn delete(store: &Store, request: &NamedTable) -> Result<(), ApiError> {
    store.change(|contents| {
        let tables = &mut contents.database_mut(&request.database_name)?.tables;
        tables.remove(&request.name.to_lowercase()).map(|_| ()).ok_or_else(|| no_table(&request.name))
    })
}

/// One table.
pub fn get(store: &Store, request: &NamedTable) -> Result<Value, ApiError> {
    store.look(|contents| {
        let table = contents.table(&request.database_name, &request.name)?;
        answer(&json!({ "Table": TableAnswer::of(&request.database_name, table, &table.current) }))
    })
}

/// The tables of a database, by name, in pages; those that match an expression of names and `*`.
pub fn list(store: &Store, request: &GetTables) -> Result<Value, ApiError> {
    if let Some(expression) = &request.expression
        && expression.contains(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '*')))
    {
        return Err(ApiError::not_known(format!("expression \"{expression}\" of GetTables")));
    }
    store.look(|contents| {
        let tables = contents.database(&request.database_name)?.tables.values();
        let matched = |table: &&Table| {
            request
                .expression
                .as_ref()
                .is_none_or(|pattern| matches(&pattern.to_lowercase(), &table.current.input.name))
        };
        let tables: Vec<_> = tables.filter(matched).collect();
        let token = request.next_token.as_deref();
        let (page, next_token) = page_of(&tables, |table| &table.current.input.name, token, request.max_results, 100)?;
        let table_list = page.iter().map(|table| TableAnswer::of(&request.database_name, table, &table.current));
        answer(&TableList { table_list: table_list.collect(), next_token })
    })
}

/// The versions of a table, the youngest first, in pages.
pub fn versions(store: &Store, request: &GetTableVersions) -> Result<Value, ApiError> {
    store.look(|contents| {
        let table = contents.table(&request.database_name, &request.table_name)?;
        let versions = std::iter::once(&table.current).chain(table.archived.iter().rev());
        let versions: Vec<_> = versions.map(|version| (version.number.to_string(), version)).collect();
        let token = request.next_token.as_deref();
        let (page, next_token) = page_of(&versions, |(number, _)| number, token, request.max_results, 100)?;
        let table_versions = page.iter().map(|(number, version)| TableVersion {
            table: TableAnswer::of(&request.database_name, table, version),
            version_id: number.clone(),
        });
        answer(&TableVersionList { table_versions: table_versions.collect(), next_token })
    })
}

/// Whether a name matches a pattern in which `*` stands for any characters.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.filter_map(|at| name.get(at..)).any(|name| matches(rest, name))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_characters() {
        for pattern in ["raw_sales", "raw_*", "*sales", "*_s*", "*", "raw_sales*", "r*w*s"] {
            assert!(matches(pattern, "raw_sales"), "{pattern}");
        }
        for pattern in ["", "raw", "*raw", "sales*", "raw_*_sales"] {
            assert!(!matches(pattern, "raw_sales"), "{pattern}");
        }
    }
}
