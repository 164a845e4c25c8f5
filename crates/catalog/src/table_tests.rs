use super::*;
use model::dataset::DatasetFile;
use model::error::chain;

const SALES: &str = "
dataset: sales
landing: sales/
format: csv
columns:
  order_id: {type: integer}
  sale_date: {type: date}
  amount: {type: 'decimal(14,2)'}
  email: {type: varchar(64)}
partition_by: {dt: day(sale_date)}
catalog: {database: lake}
";

fn shape_of(text: &str) -> Shape {
    let dataset = DatasetFile::parse(text, "sales.yaml").unwrap().dataset;
    Shape::of(&dataset, dataset.catalog.as_ref().unwrap(), "lake-bucket").unwrap()
}

fn said(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| format!("{} {}", column.name, column.r#type().unwrap_or_default())).collect()
}

/// The table as Glue answers it once it was created so.
fn stored(shape: &Shape) -> Table {
    let input = shape.new_table().unwrap();
    Table::builder()
        .name(input.name())
        .database_name(shape.database())
        .owner("somebody")
        .version_id("3")
        .created_by("arn:aws:sts::123456789012:assumed-role/catalog")
        .set_table_type(input.table_type.clone())
        .set_parameters(input.parameters.clone())
        .set_partition_keys(input.partition_keys.clone())
        .set_storage_descriptor(input.storage_descriptor)
        .build()
        .unwrap()
}

fn with_columns(mut table: Table, columns: Vec<Column>) -> Table {
    table.storage_descriptor.as_mut().unwrap().columns = Some(columns);
    table
}

#[test]
fn a_new_table_is_all_that_readers_need() {
    let input = shape_of(SALES).new_table().unwrap();
    assert_eq!(input.name(), "sales");
    assert_eq!(input.table_type(), Some("EXTERNAL_TABLE"));
    assert_eq!(input.parameters().unwrap()["EXTERNAL"], "TRUE");
    assert_eq!(input.parameters().unwrap()["classification"], "parquet");
    assert_eq!(said(input.partition_keys()), ["dt string", "sluice_run string"]);
    let descriptor = input.storage_descriptor().unwrap();
    assert_eq!(descriptor.location(), Some("s3://lake-bucket/sales/"));
    assert_eq!(
        said(descriptor.columns()),
        [
            "_sluice_batch string",
            "_sluice_run string",
            "order_id int",
            "sale_date date",
            "amount decimal(14,2)",
            "email string"
        ]
    );
    let serde = descriptor.serde_info().unwrap();
    assert_eq!(serde.serialization_library(), Some("org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"));
}

#[test]
fn columns_are_those_of_the_files_by_their_names_in_hive() {
    let columns = "  amount: {type: real}\n  opens: {type: time}\n  seen: {type: timestamptz}\n  code: {type: char(3)}\n  \
                   tags: {type: super}\n  raw: {type: varbyte(9)}\n  card: {type: varchar(19), mask: drop}\n";
    let shape = shape_of(&SALES.replace("  amount: {type: 'decimal(14,2)'}\n", columns));
    assert_eq!(
        said(&shape.columns)[4..],
        ["amount float", "opens string", "seen timestamp", "code string", "tags string", "raw binary", "email string"]
    );
}

#[test]
fn a_table_without_partitions_has_the_run_as_its_key() {
    let shape = shape_of(&SALES.replace("partition_by: {dt: day(sale_date)}\n", ""));
    assert_eq!(said(shape.new_table().unwrap().partition_keys()), ["sluice_run string"]);
}

#[test]
fn a_table_that_is_as_the_dataset_says_is_left_alone() {
    let shape = shape_of(SALES);
    let table = stored(&shape);
    shape.check(&table).unwrap();
    assert_eq!(shape.change(&table).unwrap(), None);
}

#[test]
fn changed_columns_keep_what_only_the_catalog_knows() {
    let old = shape_of(SALES);
    let mut columns = old.columns.clone();
    columns[5].comment = Some("of the buyer".to_owned());
    columns.push(column("seen_by_audit", "boolean").unwrap());
    let table = with_columns(stored(&old), columns);

    let new =
        shape_of(&SALES.replace("order_id: {type: integer}", "order_id: {type: bigint}\n  shop: {type: smallint}"));
    let input = new.change(&table).unwrap().unwrap();
    let descriptor = input.storage_descriptor().unwrap();
    assert_eq!(
        said(descriptor.columns()),
        [
            "_sluice_batch string",
            "_sluice_run string",
            "order_id bigint",
            "shop smallint",
            "sale_date date",
            "amount decimal(14,2)",
            "email string",
            "seen_by_audit boolean"
        ]
    );
    assert_eq!(descriptor.columns()[6].comment(), Some("of the buyer"));
    assert_eq!(input.owner(), Some("somebody"));
    assert_eq!(input.parameters(), table.parameters());

    let changed = with_columns(table, descriptor.columns().to_vec());
    assert_eq!(new.change(&changed).unwrap(), None, "the same change twice is one change");
}

#[test]
fn a_table_of_somebody_else_is_not_touched() {
    let shape = shape_of(SALES);
    let mut table = stored(&shape);
    table.storage_descriptor.as_mut().unwrap().location = Some("s3://theirs/sales".to_owned());
    let error = shape.check(&table).unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    assert!(chain(&error).contains("s3://theirs/sales"), "{}", chain(&error));
}

#[test]
fn other_partition_keys_are_an_error_that_names_both() {
    let shape = shape_of(SALES);
    let other = shape_of(&SALES.replace("dt: day", "month: month"));
    let message = chain(&other.check(&stored(&shape)).unwrap_err());
    assert!(message.contains("partitioned by dt, sluice_run, not by month, sluice_run"), "{message}");
    assert!(other.has_taken_the_place_of(&shape));
    assert!(!shape.has_taken_the_place_of(&shape_of(SALES)));
}
