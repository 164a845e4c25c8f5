//! A dataset's table in the catalog: external, Parquet, partitioned by the dataset's keys and by the run
//! (facts/glue.md, TableInput).

use aws::error::{is_code, sorted};
use aws_sdk_glue::Client;
use aws_sdk_glue::error::BuildError;
use aws_sdk_glue::types::{Column, DatabaseInput, SerDeInfo, StorageDescriptor, Table, TableInput};
use model::dataset::{CatalogTarget, Dataset};
use model::partition::RUN_KEY;
use model::{Error, Kind, Result};

/// How often a table is read within one call: it may be missing with its database, and others may change it meanwhile.
const TRIES: usize = 5;

/// What readers are told of the files, on the table and on every partition.
const PARAMETERS: [(&str, &str); 3] =
    [("classification", "parquet"), ("compressionType", "snappy"), ("typeOfData", "file")];

/// The table as the dataset file says it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    database: String,
    table: String,
    location: String,
    columns: Vec<Column>,
    keys: Vec<Column>,
}

impl Shape {
    /// The table of a dataset. The columns of the run come first, as in the files.
    pub fn of(dataset: &Dataset, target: &CatalogTarget, lake_bucket: &str) -> Result<Self> {
        let ours = ["_sluice_batch", "_sluice_run"].into_iter().map(|name| column(name, "string"));
        let theirs =
            dataset.written_columns().map(|(name, column_of)| column(name.as_str(), &column_of.kind.row().glue));
        let keys = dataset.partition_by.keys().map(|key| key.as_str()).chain([RUN_KEY]);
        Ok(Self {
            database: target.database.to_string(),
            table: dataset.dataset.to_string(),
            location: format!("s3://{lake_bucket}/{}/", dataset.dataset),
            columns: ours.chain(theirs).collect::<Result<_>>()?,
            keys: keys.map(|key| column(key, "string")).collect::<Result<_>>()?,
        })
    }

    /// The database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The table, without its database.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// `database.table`
    pub fn name(&self) -> String {
        format!("{}.{}", self.database, self.table)
    }

    /// Whether this table, which is there, was made anew under the name of the other: with other partition keys, and
    /// so without any partition of it.
    pub fn has_taken_the_place_of(&self, other: &Self) -> bool {
        self.name() == other.name() && self.keys != other.keys
    }

    /// How files are read: of the table, or of a partition, which needs all of it again.
    pub fn descriptor(&self, columns: Vec<Column>, location: &str) -> StorageDescriptor {
        let serde = SerDeInfo::builder()
            .serialization_library("org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe")
            .parameters("serialization.format", "1");
        let descriptor = StorageDescriptor::builder()
            .set_columns(Some(columns))
            .location(location)
            .input_format("org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat")
            .output_format("org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat")
            .compressed(true)
            .number_of_buckets(-1)
            .serde_info(serde.build())
            .set_bucket_columns(Some(Vec::new()))
            .set_sort_columns(Some(Vec::new()))
            .stored_as_sub_directories(false);
        PARAMETERS.iter().fold(descriptor, |descriptor, (key, value)| descriptor.parameters(*key, *value)).build()
    }

    fn new_table(&self) -> Result<TableInput> {
        let table = TableInput::builder()
            .name(&self.table)
            .table_type("EXTERNAL_TABLE")
            .set_partition_keys(Some(self.keys.clone()))
            .storage_descriptor(self.descriptor(self.columns.clone(), &self.location))
            .parameters("EXTERNAL", "TRUE");
        let table = PARAMETERS.iter().fold(table, |table, (key, value)| table.parameters(*key, *value));
        table.build().map_err(|error| self.bug(error))
    }

    /// The columns the table is to have: the dataset's, in its order, and behind them those that only the catalog
    /// knows. Older files may hold them, and what others read is not taken away by a change of a dataset file.
    fn merged(&self, there: &[Column]) -> Vec<Column> {
        let find = |ours: &Column| there.iter().find(|column| column.name == ours.name);
        let ours = self.columns.iter().map(|ours| match find(ours) {
            // Comments are the catalog's own: nothing of ours says them.
            Some(column) => {
                let mut column = column.clone();
                column.r#type.clone_from(&ours.r#type);
                column
            }
            None => ours.clone(),
        });
        let is_ours = |column: &&Column| self.columns.iter().any(|ours| ours.name == column.name);
        ours.chain(there.iter().filter(|column| !is_ours(column)).cloned()).collect()
    }

    /// Whether the table that is there is ours: what it names, where it lies, how it is partitioned.
    fn check(&self, table: &Table) -> Result<()> {
        let fault = |why: String| Err(Error::new(Kind::Config, "use table", self.name()).because(why));
        let location = table.storage_descriptor().and_then(|descriptor| descriptor.location()).unwrap_or_default();
        if location.trim_end_matches('/') != self.location.trim_end_matches('/') {
            return fault(format!(
                "it is there and lies at {location:?}, not at {}; name another database",
                self.location
            ));
        }
        let names = |keys: &[Column]| keys.iter().map(|key| key.name.clone()).collect::<Vec<_>>().join(", ");
        let (there, ours) = (names(table.partition_keys()), names(&self.keys));
        if there != ours {
            return fault(format!(
                "it is partitioned by {there}, not by {ours}; a table keeps its keys: name another dataset, or drop it"
            ));
        }
        Ok(())
    }

    /// The table with its columns changed, if they are to change. Only what a TableInput has is copied.
    fn change(&self, table: &Table) -> Result<Option<TableInput>> {
        let there = table.storage_descriptor().map(|descriptor| descriptor.columns()).unwrap_or_default();
        let columns = self.merged(there);
        if columns == there {
            return Ok(None);
        }
        let mut descriptor = table.storage_descriptor.clone();
        if let Some(descriptor) = &mut descriptor {
            descriptor.columns = Some(columns);
        }
        let input = TableInput::builder()
            .name(&self.table)
            .set_description(table.description.clone())
            .set_owner(table.owner.clone())
            .set_last_access_time(table.last_access_time)
            .set_last_analyzed_time(table.last_analyzed_time)
            .retention(table.retention)
            .set_storage_descriptor(descriptor)
            .set_partition_keys(table.partition_keys.clone())
            .set_view_original_text(table.view_original_text.clone())
            .set_view_expanded_text(table.view_expanded_text.clone())
            .set_table_type(table.table_type.clone())
            .set_parameters(table.parameters.clone())
            .set_target_table(table.target_table.clone());
        input.build().map(Some).map_err(|error| self.bug(error))
    }

    fn bug(&self, error: BuildError) -> Error {
        Error::new(Kind::Bug, "describe table", self.name()).because(error)
    }
}

fn column(name: &str, kind: &str) -> Result<Column> {
    let column = Column::builder().name(name).r#type(kind).build();
    column.map_err(|error| Error::new(Kind::Bug, "describe column", name).because(error))
}

/// Sees to it that database and table are there and the table has the dataset's columns; returns all its columns.
/// Normally this is one call that reads. After a change, and after somebody else's, the table is read again: only what
/// was read is believed.
pub async fn ensure(glue: &Client, shape: &Shape) -> Result<Vec<Column>> {
    for _ in 0..TRIES {
        let Some(table) = table(glue, shape).await? else {
            create(glue, shape).await?;
            continue;
        };
        shape.check(&table)?;
        match shape.change(&table)? {
            Some(input) => update(glue, shape, &table, input).await?,
            None => return Ok(table.storage_descriptor.and_then(|descriptor| descriptor.columns).unwrap_or_default()),
        }
    }
    Err(Error::new(Kind::Transient, "change table", shape.name()).because("others change it at the same time"))
}

async fn table(glue: &Client, shape: &Shape) -> Result<Option<Table>> {
    match glue.get_table().database_name(&shape.database).name(&shape.table).send().await {
        Ok(answer) => Ok(answer.table),
        Err(error) if is_code(&error, "EntityNotFoundException") => Ok(None),
        Err(error) => Err(sorted("look at table", shape.name(), error)),
    }
}

/// Changes the table, if it is still the version that was read. That another changed it meanwhile is no error.
async fn update(glue: &Client, shape: &Shape, table: &Table, input: TableInput) -> Result<()> {
    let request = glue.update_table().database_name(&shape.database).table_input(input);
    match request.set_version_id(table.version_id.clone()).send().await {
        Ok(_) => tracing::info!(table = shape.name(), "table changed"),
        Err(error) if is_code(&error, "ConcurrentModificationException") => {}
        Err(error) => return Err(sorted("change table", shape.name(), error)),
    }
    Ok(())
}

/// Creates the table, and the database where it is missing. That another was faster is fine: it is read next.
async fn create(glue: &Client, shape: &Shape) -> Result<()> {
    let created = glue.create_table().database_name(&shape.database).table_input(shape.new_table()?).send().await;
    match created {
        Ok(_) => tracing::info!(table = shape.name(), "table created"),
        Err(error) if is_code(&error, "AlreadyExistsException") => {}
        Err(error) if is_code(&error, "EntityNotFoundException") => return create_database(glue, shape).await,
        Err(error) => return Err(sorted("create table", shape.name(), error)),
    }
    Ok(())
}

async fn create_database(glue: &Client, shape: &Shape) -> Result<()> {
    let input = DatabaseInput::builder().name(&shape.database).build().map_err(|error| shape.bug(error))?;
    match glue.create_database().database_input(input).send().await {
        Ok(_) => tracing::info!(database = shape.database, "database created"),
        Err(error) if is_code(&error, "AlreadyExistsException") => {}
        Err(error) => return Err(sorted("create database", &shape.database, error)),
    }
    Ok(())
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
