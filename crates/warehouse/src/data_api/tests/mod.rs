//! The rules of facts/redshift-data-api.md, each held by a test named after it.

mod caller;
mod limit;
mod parameter;
mod restart;
mod session;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{ApiError, DataApi, Endpoints};
use crate::tests::Double;

/// Whoever calls unless a test says otherwise.
const CALLER: &str = "loader";

/// An API on a warehouse in a temporary folder.
struct Service {
    double: Double,
    api: DataApi,
}

fn open(double: &Double) -> DataApi {
    let endpoints =
        Endpoints { workgroups: vec!["wg".into()], clusters: vec!["cluster-1".into()], database: "dev".into() };
    DataApi::open(double.folder.path(), double.warehouse.clone(), endpoints).unwrap()
}

impl Service {
    fn new() -> Self {
        let double = Double::new();
        Self { api: open(&double), double }
    }

    /// As after a kill.
    fn reopened(self) -> Self {
        let Self { double, api } = self;
        drop(api);
        let double = double.reopened();
        Self { api: open(&double), double }
    }

    async fn ok(&self, operation: &str, request: Value) -> Value {
        self.ok_by(CALLER, operation, request).await
    }

    async fn refused(&self, operation: &str, request: Value) -> ApiError {
        self.refused_by(CALLER, operation, request).await
    }

    async fn ok_by(&self, caller: &str, operation: &str, request: Value) -> Value {
        self.api.call(caller, operation, request).await.unwrap()
    }

    async fn refused_by(&self, caller: &str, operation: &str, request: Value) -> ApiError {
        self.api.call(caller, operation, request).await.unwrap_err()
    }

    async fn submit(&self, more: Value) -> String {
        let operation = if more.get("Sqls").is_some() { "BatchExecuteStatement" } else { "ExecuteStatement" };
        let answer = self.ok(operation, with(json!({"WorkgroupName": "wg", "Database": "dev"}), more)).await;
        answer["Id"].as_str().unwrap().to_owned()
    }

    async fn describe(&self, id: &str) -> Value {
        self.ok("DescribeStatement", json!({"Id": id})).await
    }

    /// Submits, waits, describes.
    async fn run(&self, more: Value) -> Value {
        let id = self.submit(more).await;
        self.api.idle().await;
        self.describe(&id).await
    }

    async fn result(&self, id: &str) -> Value {
        self.ok("GetStatementResult", json!({"Id": id})).await
    }
}

fn with(mut request: Value, more: Value) -> Value {
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

fn id(described: &Value) -> &str {
    described["Id"].as_str().unwrap()
}

#[tokio::test]
async fn a_statement_is_submitted_described_and_read() {
    let service = Service::new();
    let answer = service
        .ok(
            "ExecuteStatement",
            json!({"WorkgroupName": "wg", "Database": "dev", "Sql": "SELECT 7 AS n", "StatementName": "s"}),
        )
        .await;
    assert_eq!(answer["WorkgroupName"], "wg");
    assert_eq!(answer["Database"], "dev");
    assert_eq!(answer["CreatedAt"], json!(1_714_979_289.123));
    service.api.idle().await;
    let described = service.describe(id(&answer)).await;
    assert_eq!(described["Status"], "FINISHED");
    assert_eq!(described["HasResultSet"], true);
    assert_eq!(described["ResultRows"], 1);
    assert_eq!(described["QueryString"], "SELECT 7 AS n");
    assert_eq!(described["Duration"], 0);
    assert!(described.get("Error").is_none());
    let result = service.result(id(&answer)).await;
    assert_eq!(result["Records"], json!([[{"longValue": 7}]]));
    assert_eq!(result["TotalNumRows"], 1);
    assert_eq!(result["ColumnMetadata"][0]["name"], "n");
    assert!(result.get("NextToken").is_none());
}

#[tokio::test]
async fn values_are_unions_by_type() {
    let service = Service::new();
    let sql = "SELECT CAST(1 AS smallint), CAST(2 AS integer), CAST(3 AS bigint), CAST(1.5 AS double precision), \
               CAST(1.5 AS decimal(5,2)), 'x', true, CAST('2024-01-02' AS date), CAST('2024-01-02 03:04:05' AS timestamp), \
               CAST(NULL AS integer)";
    let described = service.run(json!({"Sql": sql})).await;
    let result = service.result(id(&described)).await;
    let expected = json!([[
        {"longValue": 1}, {"longValue": 2}, {"longValue": 3}, {"doubleValue": 1.5}, {"stringValue": "1.50"},
        {"stringValue": "x"}, {"booleanValue": true}, {"stringValue": "2024-01-02"},
        {"stringValue": "2024-01-02 03:04:05"}, {"isNull": true}
    ]]);
    assert_eq!(result["Records"], expected);
    let types: Vec<_> = result["ColumnMetadata"].as_array().unwrap().iter().map(|column| &column["typeName"]).collect();
    let expected = ["int2", "int4", "int8", "float8", "numeric", "varchar", "bool", "date", "timestamp", "int4"];
    assert_eq!(types, expected);
    assert_eq!(result["ColumnMetadata"][4]["precision"], 5);
    assert_eq!(result["ColumnMetadata"][4]["scale"], 2);
}

#[tokio::test]
async fn what_json_has_no_member_for_is_a_text() {
    let service = Service::new();
    let sql = "SELECT CAST(0.25 AS real), CAST('05:17:00.5' AS time), CAST('2024-01-02 03:04:05+01' AS timestamptz), \
               CAST('ab' AS char(3)), JSON_PARSE('{\"a\": 1}'), CAST('ab' AS varbyte(2))";
    let described = service.run(json!({"Sql": sql})).await;
    let result = service.result(id(&described)).await;
    let expected = json!([[
        {"doubleValue": 0.25}, {"stringValue": "05:17:00.5"}, {"stringValue": "2024-01-02 02:04:05+00"},
        {"stringValue": "ab "}, {"stringValue": "{\"a\":1}"}, {"stringValue": "6162"}
    ]]);
    assert_eq!(result["Records"], expected);
    let columns = result["ColumnMetadata"].as_array().unwrap();
    let types: Vec<_> = columns.iter().map(|column| &column["typeName"]).collect();
    assert_eq!(types, ["float4", "time", "timestamptz", "bpchar", "super", "varbyte"]);
    let precisions: Vec<_> = columns.iter().map(|column| &column["precision"]).collect();
    assert_eq!(precisions, [8, 15, 35, 3, 0, 2]);
    let signed: Vec<_> = columns.iter().map(|column| &column["isSigned"]).collect();
    assert_eq!(signed, [true, false, false, false, false, false]);
}

#[tokio::test]
async fn a_batch_is_one_transaction_with_numbered_statements() {
    let service = Service::new();
    let sqls = ["CREATE TABLE t (a integer)", "INSERT INTO t VALUES (1), (2)", "SELECT a FROM t ORDER BY a"];
    let described = service.run(json!({"Sqls": sqls, "ExecutionMode": "TRANSACTION"})).await;
    assert_eq!(described["Status"], "FINISHED");
    assert_eq!(described["ResultRows"], -1);
    let parts = described["SubStatements"].as_array().unwrap();
    let rows: Vec<_> = parts.iter().map(|part| part["ResultRows"].as_i64().unwrap()).collect();
    assert_eq!(rows, [0, 2, 2]);
    assert_eq!(parts[2]["Id"], format!("{}:3", id(&described)));
    assert_eq!(parts[2]["HasResultSet"], true);
    assert_eq!(parts[1]["HasResultSet"], false);
    assert_eq!(parts[1]["QueryString"], sqls[1]);
    let result = service.result(parts[2]["Id"].as_str().unwrap()).await;
    assert_eq!(result["Records"], json!([[{"longValue": 1}], [{"longValue": 2}]]));
    let part = service.describe(parts[2]["Id"].as_str().unwrap()).await;
    assert_eq!((&part["Status"], &part["ResultRows"]), (&json!("FINISHED"), &json!(2)));
}

#[tokio::test]
async fn a_failing_statement_rolls_its_batch_back_and_aborts_what_follows() {
    let service = Service::new();
    let described = service.run(json!({"Sqls": ["CREATE TABLE t (a integer)", "SELECT x", "SELECT 1"]})).await;
    assert_eq!(described["Status"], "FAILED");
    assert_eq!(described["Error"], "ERROR: column \"x\" does not exist");
    let statuses: Vec<_> =
        described["SubStatements"].as_array().unwrap().iter().map(|part| part["Status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["FINISHED", "FAILED", "ABORTED"]);
    assert_eq!(described["SubStatements"][1]["Error"], "ERROR: column \"x\" does not exist");
    assert_eq!(service.double.error("SELECT * FROM t").await, "ERROR: relation \"t\" does not exist");
}

#[tokio::test]
async fn failed_sql_is_a_status_and_never_an_exception() {
    let service = Service::new();
    let described = service.run(json!({"Sql": "SELECT 'unfinished"})).await;
    assert_eq!(described["Status"], "FAILED");
    let described = service.run(json!({"Sql": "SELECT * FROM nowhere"})).await;
    assert_eq!(described["Error"], "ERROR: relation \"nowhere\" does not exist");
    assert_eq!(described["ResultRows"], -1);
}

#[tokio::test]
async fn a_conflict_fails_the_statement_with_1023() {
    let service = Service::new();
    service.double.warehouse.batch(&["CREATE TABLE t (a integer)", "CREATE TABLE l (a integer)"]).await.unwrap();
    let mut holder = service.double.warehouse.begin();
    holder.run("LOCK l").await.unwrap();
    let id = service.submit(json!({"Sqls": ["SELECT * FROM t", "SELECT * FROM l", "INSERT INTO t VALUES (1)"]})).await;
    while service.describe(&id).await["SubStatements"][1]["Status"] != "STARTED" {
        tokio::task::yield_now().await;
    }
    service.double.run("INSERT INTO t VALUES (2)").await;
    drop(holder);
    service.api.idle().await;
    let described = service.describe(&id).await;
    assert_eq!(described["Status"], "FAILED");
    assert!(described["Error"].as_str().unwrap().contains("1023"), "{described}");
    assert_eq!(service.double.rows("SELECT a FROM t").await, ["2"]);
}

#[tokio::test]
async fn there_is_no_result_before_the_end_nor_of_a_statement_without_one() {
    let service = Service::new();
    service.double.run("CREATE TABLE l (a integer)").await;
    let mut holder = service.double.warehouse.begin();
    holder.run("LOCK l").await.unwrap();
    let id = service.submit(json!({"Sql": "SELECT * FROM l"})).await;
    let error = service.refused("GetStatementResult", json!({"Id": id})).await;
    assert_eq!((error.status, error.code), (400, "ResourceNotFoundException"));
    assert_eq!(error.message, "Query does not have result. Please check query status with DescribeStatement.");
    assert_eq!(error.body()["__type"], "ResourceNotFoundException");
    assert_eq!(error.body()["Message"], error.message);
    assert_eq!(error.body()["ResourceId"], id);
    drop(holder);
    service.api.idle().await;
    assert_eq!(service.result(&id).await["TotalNumRows"], 0);
    let described = service.run(json!({"Sql": "INSERT INTO l VALUES (1)"})).await;
    assert_eq!(described["ResultRows"], 1);
    let error = service.refused("GetStatementResult", json!({"Id": described["Id"]})).await;
    assert_eq!(error.code, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_batchs_results_are_read_statement_by_statement() {
    let service = Service::new();
    let described = service.run(json!({"Sqls": ["SELECT 1", "SELECT 2"]})).await;
    let error = service.refused("GetStatementResult", json!({"Id": described["Id"]})).await;
    assert_eq!(error.code, "ResourceNotFoundException");
    for n in [1, 2] {
        let result = service.result(&format!("{}:{n}", id(&described))).await;
        assert_eq!(result["Records"], json!([[{"longValue": n}]]));
    }
}

#[tokio::test]
async fn a_duration_is_in_nanoseconds_and_a_time_in_seconds() {
    let service = Service::new();
    service.double.run("CREATE TABLE l (a integer)").await;
    let mut holder = service.double.warehouse.begin();
    holder.run("LOCK l").await.unwrap();
    let id = service.submit(json!({"Sql": "SELECT * FROM l"})).await;
    while service.describe(&id).await["Status"] != "STARTED" {
        tokio::task::yield_now().await;
    }
    service.double.wait(TimeDelta::milliseconds(1500));
    drop(holder);
    service.api.idle().await;
    let described = service.describe(&id).await;
    assert_eq!(described["Duration"], 1_500_000_000);
    assert_eq!(
        (&described["CreatedAt"], &described["UpdatedAt"]),
        (&json!(1_714_979_289.123), &json!(1_714_979_290.623))
    );
}

#[tokio::test]
async fn a_batch_is_a_transaction_block_and_a_statement_is_none() {
    let service = Service::new();
    service.double.run("CREATE TABLE t (v varchar(3))").await;
    let alter = "ALTER TABLE t ALTER COLUMN v TYPE varchar(9)";
    let described = service.run(json!({"Sqls": [alter]})).await;
    assert_eq!(described["Error"], "ERROR: ALTER TABLE ALTER COLUMN cannot run inside a transaction block");
    assert_eq!(service.run(json!({"Sql": alter})).await["Status"], "FINISHED");
    let described = service.run(json!({"Sqls": ["INSERT INTO t VALUES ('a')", "TRUNCATE t", "SELECT x"]})).await;
    assert_eq!(described["Status"], "FAILED");
    assert_eq!(service.double.value("SELECT COUNT(*) FROM t").await, "0");
}

#[tokio::test]
async fn a_long_result_comes_in_pages() {
    let service = Service::new();
    service.double.run("CREATE TABLE t (a integer)").await;
    let values: Vec<String> = (0..2500).map(|n| format!("({n})")).collect();
    service.double.run(&format!("INSERT INTO t VALUES {}", values.join(","))).await;
    let described = service.run(json!({"Sql": "SELECT a FROM t ORDER BY a"})).await;
    let (mut rows, mut request, mut pages) = (Vec::new(), json!({"Id": described["Id"]}), 0);
    loop {
        let page = service.ok("GetStatementResult", request.clone()).await;
        rows.extend(page["Records"].as_array().unwrap().iter().map(|row| row[0]["longValue"].as_i64().unwrap()));
        pages += 1;
        assert_eq!(page["TotalNumRows"], 2500);
        match page.get("NextToken") {
            Some(token) => request["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!((pages, rows), (3, (0..2500).collect()));
    request["NextToken"] = json!("x");
    assert_eq!(service.refused("GetStatementResult", request).await.code, "ValidationException");
}

#[tokio::test]
async fn a_cancelled_statement_is_aborted_and_leaves_nothing() {
    let service = Service::new();
    service.double.warehouse.batch(&["CREATE TABLE t (a integer)", "CREATE TABLE l (a integer)"]).await.unwrap();
    let mut holder = service.double.warehouse.begin();
    holder.run("LOCK l").await.unwrap();
    let id = service.submit(json!({"Sqls": ["INSERT INTO t VALUES (1)", "LOCK l"]})).await;
    while service.describe(&id).await["SubStatements"][1]["Status"] != "STARTED" {
        tokio::task::yield_now().await;
    }
    assert_eq!(service.ok("CancelStatement", json!({"Id": id})).await, json!({"Status": true}));
    service.api.idle().await;
    let described = service.describe(&id).await;
    assert_eq!(described["Status"], "ABORTED");
    assert_eq!(described["SubStatements"][0]["Status"], "FINISHED");
    assert_eq!(described["SubStatements"][1]["Status"], "ABORTED");
    drop(holder);
    assert_eq!(service.double.value("SELECT COUNT(*) FROM t").await, "0");
}

#[tokio::test]
async fn only_what_runs_can_be_cancelled() {
    let service = Service::new();
    let described = service.run(json!({"Sql": "SELECT 1"})).await;
    let error = service.refused("CancelStatement", json!({"Id": described["Id"]})).await;
    assert_eq!(error.code, "ValidationException");
    assert!(error.message.contains("FINISHED"));
    let unknown = "11111111-1111-4111-8111-111111111111";
    assert_eq!(service.refused("CancelStatement", json!({"Id": unknown})).await.code, "ResourceNotFoundException");
}

#[tokio::test]
async fn the_same_token_within_8_hours_is_the_same_statement() {
    let service = Service::new();
    service.double.run("CREATE TABLE t (a integer)").await;
    let request = json!({"Sql": "INSERT INTO t VALUES (1)", "ClientToken": "token"});
    let first = service.submit(request.clone()).await;
    assert_eq!(service.submit(request.clone()).await, first);
    service.api.idle().await;
    service.double.wait(TimeDelta::hours(8) - TimeDelta::seconds(1));
    let service = service.reopened();
    assert_eq!(service.submit(request.clone()).await, first);
    assert_eq!(service.double.value("SELECT COUNT(*) FROM t").await, "1");
    let other = json!({"WorkgroupName": "wg", "Database": "dev", "Sql": "SELECT 1", "ClientToken": "token"});
    assert_eq!(service.refused("ExecuteStatement", other).await.code, "ValidationException");
    service.double.wait(TimeDelta::seconds(1));
    assert_ne!(service.submit(request).await, first);
    service.api.idle().await;
    assert_eq!(service.double.value("SELECT COUNT(*) FROM t").await, "2");
}

#[tokio::test]
async fn a_failed_statement_does_not_run_again_with_its_token() {
    let service = Service::new();
    let request = json!({"Sql": "SELECT * FROM t", "ClientToken": "token"});
    let failed = service.run(request.clone()).await;
    service.double.run("CREATE TABLE t (a integer)").await;
    let again = service.run(request).await;
    assert_eq!((id(&again), &again["Status"]), (id(&failed), &json!("FAILED")));
}

#[tokio::test]
async fn statements_and_results_are_told_for_24_hours() {
    let service = Service::new();
    let described = service.run(json!({"Sql": "SELECT 1"})).await;
    service.double.wait(TimeDelta::hours(24));
    service.describe(id(&described)).await;
    service.result(id(&described)).await;
    service.double.wait(TimeDelta::seconds(1));
    for operation in ["DescribeStatement", "GetStatementResult"] {
        let error = service.refused(operation, json!({"Id": described["Id"]})).await;
        assert_eq!(error.code, "ValidationException", "expired");
    }
    service.double.wait(TimeDelta::hours(24));
    let error = service.refused("DescribeStatement", json!({"Id": described["Id"]})).await;
    assert_eq!(error.code, "ResourceNotFoundException", "forgotten");
    let left = |name| std::fs::read_dir(service.double.folder.path().join(name)).unwrap().count();
    assert_eq!((left("statements"), left("results")), (0, 0));
}

#[tokio::test]
async fn unknown_and_malformed_ids_are_told_apart() {
    let service = Service::new();
    let unknown = "11111111-1111-4111-8111-111111111111";
    for operation in ["DescribeStatement", "GetStatementResult"] {
        let error = service.refused(operation, json!({"Id": unknown})).await;
        assert_eq!(error.code, "ResourceNotFoundException");
        assert_eq!(service.refused(operation, json!({"Id": "x"})).await.code, "ValidationException");
    }
    let described = service.run(json!({"Sqls": ["SELECT 1"]})).await;
    for n in [0, 2] {
        let request = json!({"Id": format!("{}:{n}", id(&described))});
        service.refused("DescribeStatement", request.clone()).await;
        service.refused("GetStatementResult", request).await;
    }
}

#[tokio::test]
async fn a_member_that_is_not_known_is_refused_by_name() {
    let service = Service::new();
    let request = json!({"WorkgroupName": "wg", "Database": "dev", "Sql": "SELECT 1"});
    let batch = json!({"WorkgroupName": "wg", "Database": "dev", "Sqls": ["SELECT 1"]});
    for (operation, request, member, value) in [
        ("ExecuteStatement", &request, "Sqls", json!(["SELECT 1"])),
        ("ExecuteStatement", &request, "ExecutionMode", json!("TRANSACTION")),
        ("ExecuteStatement", &request, "Colour", json!("red")),
        ("ExecuteStatement", &request, "WithEvent", json!(true)),
        ("ExecuteStatement", &request, "WaitTimeSeconds", json!(1)),
        ("ExecuteStatement", &request, "SecretArn", json!("x")),
        ("ExecuteStatement", &request, "ResultFormat", json!("CSV")),
        ("BatchExecuteStatement", &batch, "Sql", json!("SELECT 1")),
        ("BatchExecuteStatement", &batch, "ExecutionMode", json!("AUTO_COMMIT")),
    ] {
        let error = service.refused(operation, with(request.clone(), json!({member: value}))).await;
        assert_eq!(error.code, "ValidationException");
        assert!(error.message.contains(member), "{member}: {}", error.message);
    }
    for operation in ["DescribeStatement", "GetStatementResult"] {
        let error = service.refused(operation, json!({"Id": "x", "WaitTimeSeconds": 1})).await;
        assert_eq!(error.message, "not known to the double: WaitTimeSeconds");
    }
    for operation in ["ListTables", "ListSessions", "GetStatementResultV2"] {
        let error = service.refused(operation, json!({})).await;
        assert_eq!(error.message, format!("not known to the double: the operation {operation}"));
    }
    let error = service.refused("ExecuteStatement", json!({"WorkgroupName": "wg", "Sql": "SELECT 1"})).await;
    assert!(error.message.contains("Database"));
}

#[tokio::test]
async fn a_warehouse_is_named_by_workgroup_or_by_cluster() {
    let service = Service::new();
    let execute = |more: Value| with(json!({"Database": "dev", "Sql": "SELECT 1"}), more);
    let cluster = execute(json!({"ClusterIdentifier": "cluster-1", "DbUser": "u"}));
    let answer = service.ok("ExecuteStatement", cluster).await;
    assert_eq!((&answer["ClusterIdentifier"], &answer["DbUser"]), (&json!("cluster-1"), &json!("u")));
    for request in [execute(json!({"WorkgroupName": "other"})), execute(json!({"ClusterIdentifier": "other"}))] {
        assert_eq!(service.refused("ExecuteStatement", request).await.code, "ResourceNotFoundException");
    }
    for request in [
        execute(json!({})),
        execute(json!({"WorkgroupName": "wg", "ClusterIdentifier": "cluster-1"})),
        execute(json!({"WorkgroupName": "wg", "DbUser": "u"})),
    ] {
        assert_eq!(service.refused("ExecuteStatement", request).await.code, "ValidationException");
    }
    let described = service.run(json!({"Sql": "SELECT 1", "Database": "other"})).await;
    assert_eq!(described["Error"], "FATAL: database \"other\" does not exist");
}

#[tokio::test]
async fn statements_are_listed_by_status_and_name() {
    let service = Service::new();
    for (name, sql) in [("load-1", "SELECT 1"), ("load-2", "SELECT x"), ("other", "SELECT 1")] {
        service.run(json!({"Sql": sql, "StatementName": name})).await;
        service.double.wait(TimeDelta::seconds(1));
    }
    let names = |answer: &Value| {
        let statements = answer["Statements"].as_array().unwrap().iter();
        statements.map(|statement| statement["StatementName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&service.ok("ListStatements", json!({})).await), ["other", "load-1"]);
    assert_eq!(names(&service.ok("ListStatements", json!({"Status": "ALL"})).await), ["other", "load-2", "load-1"]);
    assert_eq!(names(&service.ok("ListStatements", json!({"Status": "FAILED"})).await), ["load-2"]);
    let upper = json!({"Status": "ALL", "StatementName": "LOAD"});
    assert_eq!(names(&service.ok("ListStatements", upper).await), [""; 0], "a prefix is case-sensitive");
    let request = json!({"Status": "ALL", "StatementName": "load", "RoleLevel": true, "MaxResults": 1});
    let first = service.ok("ListStatements", request.clone()).await;
    assert_eq!(names(&first), ["load-2"]);
    let second = service.ok("ListStatements", with(request, json!({"NextToken": first["NextToken"]}))).await;
    assert_eq!(names(&second), ["load-1"]);
    assert!(second.get("NextToken").is_none());
    for request in [json!({"Status": "DONE"}), json!({"MaxResults": 101}), json!({"NextToken": "x"})] {
        assert_eq!(service.refused("ListStatements", request).await.code, "ValidationException");
    }
    assert_eq!(names(&service.ok("ListStatements", json!({"WorkgroupName": "other"})).await), [""; 0]);
}
