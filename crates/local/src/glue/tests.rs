//! The service: one test a rule.

use std::path::Path;
use std::sync::Arc;

use chrono::DateTime;
use serde_json::{Value, json};

use super::DataCatalog;
use crate::names::ACCOUNT;
use crate::wire::{ApiError, Service};

const NOW: f64 = 1_767_225_600.5;

fn open(folder: &Path) -> DataCatalog {
    let clock = Arc::new(|| DateTime::from_timestamp_millis(1_767_225_600_500).unwrap());
    DataCatalog::open(folder, clock).unwrap()
}

/// A catalog with the database `lake` and the table `sales`, partitioned by `dt` and `sluice_run`.
struct Lake {
    folder: tempfile::TempDir,
    catalog: DataCatalog,
}

impl Lake {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let catalog = open(folder.path());
        let lake = Self { folder, catalog };
        lake.call("CreateDatabase", json!({"DatabaseInput": {"Name": "Lake"}})).await.unwrap();
        lake.call("CreateTable", json!({"DatabaseName": "lake", "TableInput": table("Sales")})).await.unwrap();
        lake
    }

    async fn call(&self, operation: &str, request: Value) -> Result<Value, ApiError> {
        self.catalog.call(operation, request).await
    }

    /// A call about the table, with more members.
    async fn about(&self, operation: &str, members: Value) -> Result<Value, ApiError> {
        let mut request = json!({"DatabaseName": "lake", "TableName": "sales"});
        request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        self.call(operation, request).await
    }

    async fn table(&self) -> Value {
        self.call("GetTable", json!({"DatabaseName": "LAKE", "Name": "SALES"})).await.unwrap()["Table"].clone()
    }

    async fn refused(&self, operation: &str, request: Value) -> String {
        self.call(operation, request).await.unwrap_err().code
    }

    /// The values of all partitions, as listed.
    async fn partitions(&self, members: Value) -> Vec<Value> {
        values(&self.about("GetPartitions", members).await.unwrap())
    }
}

fn values(answer: &Value) -> Vec<Value> {
    answer["Partitions"].as_array().unwrap().iter().map(|partition| partition["Values"].clone()).collect()
}

fn descriptor(location: &str) -> Value {
    json!({
        "Columns": [{"Name": "ID", "Type": "bigint"}, {"Name": "amount", "Type": "decimal(14,2)", "Comment": "net"}],
        "Location": location,
        "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "Compressed": true,
        "SerdeInfo": {
            "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
            "Parameters": {"serialization.format": "1"},
        },
    })
}

fn table(name: &str) -> Value {
    json!({
        "Name": name, "TableType": "EXTERNAL_TABLE", "Parameters": {"classification": "parquet"},
        "PartitionKeys": [{"Name": "dt", "Type": "string"}, {"Name": "sluice_run", "Type": "string"}],
        "StorageDescriptor": descriptor("s3://lake/sales/"),
    })
}

fn partition(dt: &str, run: &str) -> Value {
    let location = format!("s3://lake/sales/dt={dt}/sluice_run={run}/");
    json!({"Values": [dt, run], "StorageDescriptor": descriptor(&location)})
}

#[tokio::test]
async fn a_table_is_answered_as_it_was_written_with_what_glue_adds() {
    let lake = Lake::new().await;
    let mut columns = descriptor("s3://lake/sales/");
    columns["Columns"][0]["Name"] = json!("id");
    let added = json!({
        "NumberOfBuckets": 0, "BucketColumns": [], "SortColumns": [], "Parameters": {}, "StoredAsSubDirectories": false,
    });
    columns.as_object_mut().unwrap().extend(added.as_object().unwrap().clone());
    assert_eq!(
        lake.table().await,
        json!({
            "Name": "sales", "DatabaseName": "lake", "Retention": 0, "TableType": "EXTERNAL_TABLE",
            "Parameters": {"classification": "parquet"}, "PartitionKeys": table("sales")["PartitionKeys"],
            "StorageDescriptor": columns, "CreateTime": NOW, "UpdateTime": NOW, "VersionId": "0",
            "CreatedBy": format!("arn:aws:sts::{ACCOUNT}:assumed-role/sluice/sluice"),
            "IsRegisteredWithLakeFormation": false, "CatalogId": ACCOUNT,
        })
    );
}

#[tokio::test]
async fn databases_are_made_changed_listed_and_dropped() {
    let lake = Lake::new().await;
    let named = |name: &str| json!({"Name": name, "CatalogId": ACCOUNT});
    assert_eq!(
        lake.call("GetDatabase", named("LAKE")).await.unwrap(),
        json!({"Database": {"Name": "lake", "Parameters": {}, "CreateTime": NOW, "CatalogId": ACCOUNT}})
    );
    assert_eq!(
        lake.refused("CreateDatabase", json!({"DatabaseInput": {"Name": "lake"}})).await,
        "AlreadyExistsException"
    );
    assert_eq!(lake.refused("GetDatabase", named("none")).await, "EntityNotFoundException");
    let described = json!({"Name": "lake", "DatabaseInput": {"Name": "lake", "Description": "all of it"}});
    lake.call("UpdateDatabase", described).await.unwrap();
    assert_eq!(lake.call("GetDatabase", named("lake")).await.unwrap()["Database"]["Description"], "all of it");
    lake.call("CreateDatabase", json!({"DatabaseInput": {"Name": "raw"}})).await.unwrap();
    let page = lake.call("GetDatabases", json!({"MaxResults": 1})).await.unwrap();
    assert_eq!(page["DatabaseList"][0]["Name"], "lake");
    let page = lake.call("GetDatabases", json!({"NextToken": page["NextToken"]})).await.unwrap();
    assert_eq!((&page["DatabaseList"][0]["Name"], page.get("NextToken")), (&json!("raw"), None));
    lake.call("DeleteDatabase", named("lake")).await.unwrap();
    assert_eq!(lake.refused("GetTables", json!({"DatabaseName": "lake"})).await, "EntityNotFoundException");
}

#[tokio::test]
async fn a_table_is_made_once_and_dropped_with_its_partitions() {
    let lake = Lake::new().await;
    let create = json!({"DatabaseName": "lake", "TableInput": table("SALES")});
    assert_eq!(lake.refused("CreateTable", create.clone()).await, "AlreadyExistsException");
    let nowhere = json!({"DatabaseName": "none", "TableInput": table("sales")});
    assert_eq!(lake.refused("CreateTable", nowhere).await, "EntityNotFoundException");
    lake.about("CreatePartition", json!({"PartitionInput": partition("a", "r")})).await.unwrap();
    let named = json!({"DatabaseName": "lake", "Name": "sales"});
    lake.call("DeleteTable", named.clone()).await.unwrap();
    for operation in ["DeleteTable", "GetTable"] {
        assert_eq!(lake.refused(operation, named.clone()).await, "EntityNotFoundException");
    }
    lake.call("CreateTable", create).await.unwrap();
    assert_eq!(lake.partitions(json!({})).await, [json!(null); 0]);
}

#[tokio::test]
async fn an_update_replaces_all_of_a_table_and_keeps_the_version_before() {
    let lake = Lake::new().await;
    let mut input = table("sales");
    input["Parameters"] = json!({});
    input["Description"] = json!("second");
    lake.call("UpdateTable", json!({"DatabaseName": "lake", "TableInput": input})).await.unwrap();
    let updated = lake.table().await;
    assert_eq!((&updated["Parameters"], &updated["VersionId"]), (&json!({}), &json!("1")));
    input["Description"] = json!("third");
    lake.call("UpdateTable", json!({"DatabaseName": "lake", "TableInput": input, "SkipArchive": true})).await.unwrap();
    let versions = lake.about("GetTableVersions", json!({})).await.unwrap();
    let versions = versions["TableVersions"].as_array().unwrap().iter();
    let versions: Vec<_> = versions.map(|version| (&version["VersionId"], &version["Table"]["Description"])).collect();
    assert_eq!(versions, [(&json!("2"), &json!("third")), (&json!("0"), &json!(null))]);
    let missing = json!({"DatabaseName": "lake", "TableInput": table("none")});
    assert_eq!(lake.refused("UpdateTable", missing).await, "EntityNotFoundException");
}

#[tokio::test]
async fn an_update_of_an_older_version_is_a_concurrent_modification() {
    let lake = Lake::new().await;
    let update = |version: &str| json!({"DatabaseName": "lake", "TableInput": table("sales"), "VersionId": version});
    lake.call("UpdateTable", update("0")).await.unwrap();
    assert_eq!(lake.refused("UpdateTable", update("0")).await, "ConcurrentModificationException");
    assert_eq!(lake.table().await["VersionId"], "1");
}

#[tokio::test]
async fn tables_are_listed_by_name_in_pages_and_by_pattern() {
    let lake = Lake::new().await;
    lake.call("CreateTable", json!({"DatabaseName": "lake", "TableInput": table("raw_sales")})).await.unwrap();
    let list = async |members: Value| {
        let mut request = json!({"DatabaseName": "lake"});
        request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let answer = lake.call("GetTables", request).await?;
        let names = answer["TableList"].as_array().unwrap().iter().map(|table| table["Name"].clone());
        Ok::<_, ApiError>((names.collect::<Vec<_>>(), answer["NextToken"].clone()))
    };
    assert_eq!(list(json!({})).await.unwrap(), (vec![json!("raw_sales"), json!("sales")], Value::Null));
    let (names, token) = list(json!({"MaxResults": 1})).await.unwrap();
    assert_eq!(names, ["raw_sales"]);
    assert_eq!(list(json!({"MaxResults": 1, "NextToken": token})).await.unwrap().0, ["sales"]);
    assert_eq!(list(json!({"Expression": "raw*"})).await.unwrap().0, ["raw_sales"]);
    assert_eq!(list(json!({"Expression": "raw.*"})).await.unwrap_err().code, "UnknownOperationException");
    assert_eq!(list(json!({"NextToken": "zzz"})).await.unwrap_err().code, "InvalidInputException");
    assert_eq!(list(json!({"MaxResults": 101})).await.unwrap_err().code, "ValidationException");
}

#[tokio::test]
async fn a_table_that_no_reader_can_read_is_refused() {
    let lake = Lake::new().await;
    let mut cases: Vec<(&str, Value)> = Vec::new();
    let mut case = |pointer: &str, value: Value, why: &'static str| {
        let mut input = table("orders");
        *input.pointer_mut(pointer).unwrap() = value;
        cases.push((why, input));
    };
    let column = "/StorageDescriptor/Columns/0";
    case(&format!("{column}/Type"), json!("integer"), "column id has the type `integer`, which Hive does not know");
    case(&format!("{column}/Name"), json!("AMOUNT"), "Table descriptor contains duplicate columns: amount");
    case(&format!("{column}/Name"), json!("DT"), "Table descriptor contains duplicate columns: dt");
    case(&format!("{column}/Name"), json!(""), "column name `` must have 1 to 255 characters");
    case(
        "/PartitionKeys/0/Type",
        json!("array<int>"),
        "partition key dt has the type array<int>, which is no primitive",
    );
    case("/StorageDescriptor/Location", json!("s3://lake/sales"), "location s3://lake/sales must begin with s3://");
    case("/Name", json!("x".repeat(256)), "must have 1 to 255 characters");
    case("/Parameters/classification", json!("x".repeat(512_001)), "longer than 512000 characters");
    for (why, input) in cases {
        let error = lake.call("CreateTable", json!({"DatabaseName": "lake", "TableInput": input})).await.unwrap_err();
        assert_eq!(error.code, "InvalidInputException");
        assert!(error.message.contains(why), "{error}");
    }
    for member in ["/PartitionKeys", "/StorageDescriptor/SerdeInfo", "/StorageDescriptor/Columns"] {
        let (place, name) = member.rsplit_once('/').unwrap();
        let mut input = table("orders");
        input.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(name);
        let error = lake.call("CreateTable", json!({"DatabaseName": "lake", "TableInput": input})).await.unwrap_err();
        assert!(error.message.contains(&format!("missing field `{name}`")), "{error}");
    }
}

#[tokio::test]
async fn a_batch_of_partitions_answers_for_each_entry() {
    let lake = Lake::new().await;
    lake.about("CreatePartition", json!({"PartitionInput": partition("a", "r1")})).await.unwrap();
    let mut short = partition("c", "r1");
    short["Values"] = json!(["c"]);
    let list = json!([partition("a", "r1"), partition("b", "r1"), partition("b", "r1"), short]);
    let answer = lake.about("BatchCreatePartition", json!({"PartitionInputList": list})).await.unwrap();
    let errors = answer["Errors"].as_array().unwrap().iter();
    let errors: Vec<_> = errors.map(|error| (&error["PartitionValues"], &error["ErrorDetail"]["ErrorCode"])).collect();
    let exists = json!("AlreadyExistsException");
    let invalid = json!("InvalidInputException");
    let (a, b, c) = (json!(["a", "r1"]), json!(["b", "r1"]), json!(["c"]));
    assert_eq!(errors, [(&a, &exists), (&b, &exists), (&c, &invalid)]);
    assert_eq!(lake.partitions(json!({})).await, [a, b]);

    let one_twice = lake.about("CreatePartition", json!({"PartitionInput": partition("a", "r1")})).await;
    assert_eq!(one_twice.unwrap_err().code, "AlreadyExistsException");
    let no_table = json!({"DatabaseName": "lake", "TableName": "none", "PartitionInputList": []});
    assert_eq!(lake.refused("BatchCreatePartition", no_table).await, "EntityNotFoundException");
}

#[tokio::test]
async fn batches_have_their_largest_sizes() {
    let lake = Lake::new().await;
    let sizes = [
        ("BatchCreatePartition", "PartitionInputList", 100, partition("a", "r")),
        (
            "BatchUpdatePartition",
            "Entries",
            100,
            json!({"PartitionValueList": ["a", "r"], "PartitionInput": partition("a", "r")}),
        ),
        ("BatchDeletePartition", "PartitionsToDelete", 25, json!({"Values": ["a", "r"]})),
        ("BatchGetPartition", "PartitionsToGet", 1000, json!({"Values": ["a", "r"]})),
    ];
    for (operation, member, most, entry) in sizes {
        let batch = |size: usize| json!({member: vec![entry.clone(); size]});
        assert!(lake.about(operation, batch(most)).await.is_ok(), "{operation}");
        assert_eq!(
            lake.about(operation, batch(most + 1)).await.unwrap_err().code,
            "ValidationException",
            "{operation}"
        );
    }
}

#[tokio::test]
async fn partitions_are_got_updated_and_dropped() {
    let lake = Lake::new().await;
    let list = json!([partition("a", "r1"), partition("b", "r1")]);
    lake.about("BatchCreatePartition", json!({"PartitionInputList": list})).await.unwrap();
    let one = json!({"PartitionValues": ["a", "r1"]});
    let got = lake.about("GetPartition", one.clone()).await.unwrap()["Partition"].clone();
    assert_eq!(got["StorageDescriptor"]["Location"], "s3://lake/sales/dt=a/sluice_run=r1/");
    let added = ["DatabaseName", "TableName", "CreationTime", "CatalogId"].map(|member| got[member].clone());
    assert_eq!(added, [json!("lake"), json!("sales"), json!(NOW), json!(ACCOUNT)]);

    let entries = json!([
        {"PartitionValueList": ["a", "r1"], "PartitionInput": partition("a", "r2")},
        {"PartitionValueList": ["b", "r1"], "PartitionInput": partition("a", "r2")},
        {"PartitionValueList": ["z", "r1"], "PartitionInput": partition("z", "r1")},
    ]);
    let answer = lake.about("BatchUpdatePartition", json!({"Entries": entries})).await.unwrap();
    let codes: Vec<_> = answer["Errors"].as_array().unwrap().iter().map(|e| &e["ErrorDetail"]["ErrorCode"]).collect();
    assert_eq!(codes, ["AlreadyExistsException", "EntityNotFoundException"]);
    let batch = json!({"PartitionsToGet": [{"Values": ["a", "r2"]}, {"Values": ["a", "r1"]}]});
    assert_eq!(values(&lake.about("BatchGetPartition", batch).await.unwrap()), [json!(["a", "r2"])]);

    let batch = json!({"PartitionsToDelete": [{"Values": ["a", "r2"]}, {"Values": ["a", "r2"]}]});
    let answer = lake.about("BatchDeletePartition", batch).await.unwrap();
    assert_eq!(answer["Errors"].as_array().unwrap().len(), 1);
    assert_eq!(answer["Errors"][0]["ErrorDetail"]["ErrorCode"], "EntityNotFoundException");
    assert_eq!(lake.partitions(json!({})).await, [json!(["b", "r1"])]);
    for operation in ["GetPartition", "DeletePartition"] {
        assert_eq!(lake.about(operation, one.clone()).await.unwrap_err().code, "EntityNotFoundException");
    }
    let short = lake.about("GetPartition", json!({"PartitionValues": ["a"]})).await.unwrap_err();
    assert_eq!(short.code, "InvalidInputException");
    assert!(short.message.starts_with("The number of partition keys do not match the number of partition values"));
}

#[tokio::test]
async fn partitions_are_listed_in_pages_by_expression_and_without_columns() {
    let lake = Lake::new().await;
    let list = json!([partition("a", "r1"), partition("a", "r2"), partition("b", "r2")]);
    lake.about("BatchCreatePartition", json!({"PartitionInputList": list})).await.unwrap();
    let page = lake.about("GetPartitions", json!({"MaxResults": 2})).await.unwrap();
    assert_eq!(values(&page), [json!(["a", "r1"]), json!(["a", "r2"])]);
    let rest = lake.about("GetPartitions", json!({"NextToken": page["NextToken"]})).await.unwrap();
    assert_eq!((values(&rest), rest.get("NextToken")), (vec![json!(["b", "r2"])], None));

    let of_a_run = lake.partitions(json!({"Expression": "sluice_run = 'r2' AND dt = 'b'"})).await;
    assert_eq!(of_a_run, [json!(["b", "r2"])]);
    let refused = lake.about("GetPartitions", json!({"Expression": "dt > 'a'"})).await.unwrap_err();
    assert_eq!(refused.message, "expression \"dt > 'a'\" is not known to the double");

    let whole = json!({"SegmentNumber": 0, "TotalSegments": 1});
    let bare = lake.about("GetPartitions", json!({"ExcludeColumnSchema": true, "Segment": whole})).await.unwrap();
    assert_eq!(bare["Partitions"][0]["StorageDescriptor"]["Columns"], json!([]));
    let half = json!({"Segment": {"SegmentNumber": 0, "TotalSegments": 2}});
    assert_eq!(lake.about("GetPartitions", half).await.unwrap_err().code, "UnknownOperationException");
}

#[tokio::test]
async fn keys_of_partitions_stay_in_number() {
    let lake = Lake::new().await;
    let mut input = table("sales");
    input["PartitionKeys"] = json!([{"Name": "dt", "Type": "string"}]);
    lake.about("CreatePartition", json!({"PartitionInput": partition("a", "r1")})).await.unwrap();
    let update = json!({"DatabaseName": "lake", "TableInput": input});
    assert_eq!(lake.refused("UpdateTable", update).await, "UnknownOperationException");
}

#[tokio::test]
async fn what_is_not_known_is_refused_by_name() {
    let lake = Lake::new().await;
    let message = async |operation: &str, request: Value| lake.call(operation, request).await.unwrap_err().message;
    assert_eq!(
        message("StartCrawler", json!({})).await,
        "operation \"StartCrawler\" of AWSGlue is not known to the double"
    );
    let mut view = table("v");
    view["TableType"] = json!("VIRTUAL_VIEW");
    assert_eq!(
        message("CreateTable", json!({"DatabaseName": "lake", "TableInput": view})).await,
        "variant `VIRTUAL_VIEW` in a request for CreateTable is not known to the double"
    );
    let mut skewed = table("s");
    skewed["StorageDescriptor"]["SkewedInfo"] = json!({});
    assert_eq!(
        message("CreateTable", json!({"DatabaseName": "lake", "TableInput": skewed})).await,
        "field `SkewedInfo` in a request for CreateTable is not known to the double"
    );
    assert_eq!(
        message("GetTable", json!({"DatabaseName": "lake", "Name": "sales", "CatalogId": "210987654321"})).await,
        "catalog `210987654321` in a request for GetTable is not known to the double"
    );
}

#[tokio::test]
async fn everything_is_there_after_a_restart_and_nothing_of_a_refused_change() {
    let lake = Lake::new().await;
    lake.about("CreatePartition", json!({"PartitionInput": partition("a", "r1")})).await.unwrap();
    let kept = std::fs::read(lake.folder.path().join("glue.json")).unwrap();
    lake.about("CreatePartition", json!({"PartitionInput": partition("a", "r1")})).await.unwrap_err();
    assert_eq!(std::fs::read(lake.folder.path().join("glue.json")).unwrap(), kept);
    let before = (lake.table().await, lake.partitions(json!({})).await);
    let Lake { folder, catalog } = lake;
    drop(catalog);
    let lake = Lake { catalog: open(folder.path()), folder };
    assert_eq!((lake.table().await, lake.partitions(json!({})).await), before);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("glue.json"), "{").unwrap();
    let error = DataCatalog::open(folder.path(), crate::clock::system()).err().unwrap();
    assert!(model::error::chain(&error).contains("glue.json"));
}
