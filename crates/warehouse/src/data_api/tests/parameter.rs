//! Parameters (facts/redshift-data-api.md, parameters).

use serde_json::{Value, json};

use super::{Service, id};

#[tokio::test]
async fn parameters_are_values() {
    let service = Service::new();
    service.double.run("CREATE TABLE t (a integer, v varchar(9))").await;
    let parameters = json!([{"name": "a", "value": "7"}, {"name": "v", "value": "it's"}]);
    let sqls = ["INSERT INTO t VALUES (:a, :v)", "SELECT v FROM t WHERE a = :a::integer"];
    let described = service.run(json!({"Sqls": sqls, "Parameters": parameters})).await;
    assert_eq!(described["Status"], "FINISHED", "{described}");
    assert_eq!(described["QueryParameters"], parameters);
    let result = service.result(described["SubStatements"][1]["Id"].as_str().unwrap()).await;
    assert_eq!(result["Records"], json!([[{"stringValue": "it's"}]]));
    let described = service.run(json!({"Sql": "SELECT ':v'"})).await;
    assert_eq!(service.result(id(&described)).await["Records"], json!([[{"stringValue": ":v"}]]));
}

#[tokio::test]
async fn a_parameter_must_be_used_and_have_a_value() {
    let service = Service::new();
    let execute = |parameters: Value| json!({"WorkgroupName": "wg", "Database": "dev", "Sql": "SELECT :a", "Parameters": parameters});
    for (parameters, text) in [
        (json!([{"name": "a", "value": "1"}, {"name": "b", "value": "1"}]), "[b]"),
        (json!([{"name": "a", "value": ""}]), "parameters.value"),
        (json!([{"name": "a-b", "value": "1"}]), "parameters.name"),
        (json!([{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]), "twice"),
        (json!([{"name": "a", "value": 1}]), "string"),
    ] {
        let error = service.refused("ExecuteStatement", execute(parameters)).await;
        assert!(error.message.contains(text), "{}", error.message);
    }
    assert_eq!(service.run(json!({"Sql": "SELECT :a"})).await["Status"], "FAILED");
}

#[tokio::test]
async fn a_parameter_is_a_value_of_a_query_and_nothing_else() {
    let service = Service::new();
    service.double.run("CREATE TABLE t (a varchar(9))").await;
    let copy = "COPY t FROM :p IAM_ROLE default FORMAT AS PARQUET MANIFEST";
    for sql in [copy, "DROP TABLE :p", "SELECT 1 FROM :p", "INSERT INTO :p VALUES ('x')"] {
        let described = service.run(json!({"Sql": sql, "Parameters": [{"name": "p", "value": "t"}]})).await;
        assert_eq!(described["Status"], "FAILED", "{sql}");
    }
    // There is no null: the text is a text.
    service.run(json!({"Sql": "INSERT INTO t VALUES (:p)", "Parameters": [{"name": "p", "value": "null"}]})).await;
    assert_eq!(service.double.rows("SELECT a, a IS NULL FROM t").await, ["null|false"]);
}
