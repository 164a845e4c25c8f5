//! Every file of a run against the staging table, before COPY is submitted: COPY takes columns by their place, and what
//! does not fit fails it as a whole, long after, with a text that is often shortened (facts/redshift-copy.md, mapping).
//!
//! The footer of each file is read, of all of them, and held against what the table of types says that the staging columns
//! take, and against what the parts say of the file. Where they differ, COPY is not tried.

use aws::object;
use aws_sdk_s3::Client;
use footer::{FileColumn, Footer, Found, Repetition};
use futures::stream::{self, StreamExt, TryStreamExt};
use indexmap::IndexMap;
use model::dataset::Column;
use model::name::Identifier;
use model::part::ParquetFile;
use model::types::Type;
use model::{Error, Kind, Result};

use crate::delivery::Delivery;
use crate::sql::OWN_COLUMNS;

/// How many files are looked at at once.
const LOOKS: usize = 64;

/// So many differences of one file are named.
const MAX_NAMED: usize = 10;

/// Holds every file of a delivery against the columns it is staged in.
///
/// # Errors
/// `Bug` that names the object, the column and both types: files and staging are both ours. `Data` where a file is not what
/// the parts say: something else has written or deleted it.
pub async fn check(s3: &Client, delivery: &Delivery, columns: &IndexMap<Identifier, Column>) -> Result<()> {
    let looks: Vec<_> = delivery.files().map(|file| check_file(s3, file, columns)).collect();
    stream::iter(looks).buffer_unordered(LOOKS).try_collect::<()>().await
}

async fn check_file(s3: &Client, file: &ParquetFile, columns: &IndexMap<Identifier, Column>) -> Result<()> {
    let footer = read(s3, file).await?;
    let differences = differences(&footer, file.rows, columns);
    if differences.is_empty() {
        return Ok(());
    }
    let more = differences.len().saturating_sub(MAX_NAMED);
    let mut cause = differences.into_iter().take(MAX_NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        cause += &format!(", and {more} more");
    }
    Err(Error::new(Kind::Bug, "copy", &file.url).because(cause))
}

/// The footer of a file, which nearly always comes with its last bytes.
async fn read(s3: &Client, file: &ParquetFile) -> Result<Footer> {
    let mut range = footer::first_range(file.size_bytes);
    for _ in 0..2 {
        let Some((bytes, size_bytes)) = object::read_range(s3, &file.url, range).await? else {
            return Err(changed(file, "it is gone: put it back, or deliver the files as a new batch".to_owned()));
        };
        if size_bytes != file.size_bytes {
            let why = format!("it has {size_bytes} bytes, and had {} when it was written", file.size_bytes);
            return Err(changed(file, why));
        }
        match footer::read(&bytes, size_bytes).map_err(|why| changed(file, why))? {
            Found::Footer(footer) => return Ok(footer),
            Found::Needs(wanted) => range = wanted,
        }
    }
    Err(changed(file, "its footer ends somewhere else each time it is read".to_owned()))
}

fn changed(file: &ParquetFile, why: String) -> Error {
    Error::new(Kind::Data, "read the footer of", &file.url).because(why)
}

/// How a file differs from the columns it is staged in, and from its rows.
fn differences(footer: &Footer, rows: u64, columns: &IndexMap<Identifier, Column>) -> Vec<String> {
    let own = OWN_COLUMNS.iter().copied();
    let staged: Vec<(&str, Type)> =
        own.chain(columns.iter().map(|(name, column)| (name.as_str(), column.kind))).collect();
    let mut differences = Vec::new();
    if footer.columns.len() != staged.len() {
        differences.push(format!("it has {} columns, staging has {}", footer.columns.len(), staged.len()));
    }
    for (place, ((name, kind), column)) in (1..).zip(staged.iter().zip(&footer.columns)) {
        differences.extend(difference(place, name, *kind, column));
    }
    if footer.rows != rows {
        differences.push(format!("it has {} rows, and its part counted {rows}", footer.rows));
    }
    differences
}

fn difference(place: usize, name: &str, kind: Type, column: &FileColumn) -> Option<String> {
    if column.name != name {
        return Some(format!("column {place} is {} in the file and {name} in staging", column.name));
    }
    // What staging takes is what a file holds of the staged type.
    let staged = kind.row().staged;
    let needed = staged.row().file.parquet();
    let there = match (column.kind, column.repetition) {
        (Some(there), Repetition::Optional) if there == needed => return None,
        (None, _) => "a group".to_owned(),
        (Some(there), Repetition::Optional) => format!("OPTIONAL {there}"),
        (Some(there), Repetition::Required) => format!("REQUIRED {there}"),
        (Some(there), Repetition::Repeated) => format!("REPEATED {there}"),
    };
    Some(format!("column {place}, {name}, is {there} in the file, and staging's {staged} takes OPTIONAL {needed}"))
}

#[cfg(test)]
#[path = "preflight_tests.rs"]
mod tests;
