//! Sessions (facts/redshift-data-api.md, sessions).

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Service, id, with};
use crate::tests::{manifest, parquet};

const COPY: &str = "COPY t FROM 's3://b/m' IAM_ROLE default FORMAT AS PARQUET MANIFEST";
const COUNT: &str = "SELECT pg_last_copy_count()";

/// A service whose COPY loads two rows.
async fn loadable() -> Service {
    let service = Service::new();
    service.double.run("CREATE TABLE t (a bigint)").await;
    let file = parquet(vec![("a", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef)]);
    service.double.put("s3://b/m", manifest(&[("s3://b/f", file.len())]));
    service.double.put("s3://b/f", file);
    service
}

impl Service {
    /// Submits in a session, without saying where it is; waits, describes.
    async fn run_in(&self, session: &Value, more: Value) -> Value {
        let answer = self.ok("ExecuteStatement", with(more, json!({"SessionId": session}))).await;
        self.api.idle().await;
        self.describe(id(&answer)).await
    }

    /// The one number that a statement answered.
    async fn number(&self, described: &Value) -> Value {
        self.result(id(described)).await["Records"][0][0]["longValue"].clone()
    }
}

#[tokio::test]
async fn the_last_copys_count_lives_in_its_session() {
    let service = loadable().await;
    let copied = service.run(json!({"Sql": COPY, "SessionKeepAliveSeconds": 60})).await;
    assert_eq!(copied["Status"], "FINISHED", "{copied}");
    let session = &copied["SessionId"];
    let counted = service.run_in(session, json!({"Sql": COUNT})).await;
    assert_eq!(
        (&counted["SessionId"], &counted["WorkgroupName"], &counted["Database"]),
        (session, &json!("wg"), &json!("dev"))
    );
    assert_eq!(service.number(&counted).await, 2);
    let elsewhere = service.run(json!({"Sql": COUNT})).await;
    assert!(elsewhere.get("SessionId").is_none(), "a call without a session is one of its own");
    assert_eq!(service.number(&elsewhere).await, 0);
    service.double.put("s3://b/m", "no manifest");
    assert_eq!(service.run_in(session, json!({"Sql": COPY})).await["Status"], "FAILED");
    let counted = service.run_in(session, json!({"Sql": COUNT})).await;
    assert_eq!(service.number(&counted).await, 0, "a COPY that fails counts nothing");
}

#[tokio::test]
async fn a_session_closes_when_no_statement_comes_in_time() {
    let service = loadable().await;
    let first = service.run(json!({"Sql": COPY, "SessionKeepAliveSeconds": 60})).await;
    let session = &first["SessionId"];
    service.double.wait(TimeDelta::seconds(59));
    let second = service.run_in(session, json!({"Sql": COUNT})).await;
    assert_eq!(service.number(&second).await, 2);
    service.double.wait(TimeDelta::seconds(59));
    service.run_in(session, json!({"Sql": COUNT, "SessionKeepAliveSeconds": 10})).await;
    service.double.wait(TimeDelta::seconds(10));
    let error = service.refused("ExecuteStatement", json!({"Sql": COUNT, "SessionId": session})).await;
    assert_eq!(error.code, "ValidationException");
    assert!(error.message.ends_with("is not available"), "{}", error.message);
}

#[tokio::test]
async fn a_session_lives_24_hours_at_most() {
    let service = loadable().await;
    let first = service.run(json!({"Sql": COUNT, "SessionKeepAliveSeconds": 86_400})).await;
    service.double.wait(TimeDelta::hours(23));
    service.run_in(&first["SessionId"], json!({"Sql": COUNT})).await;
    service.double.wait(TimeDelta::hours(1));
    service.refused("ExecuteStatement", json!({"Sql": COUNT, "SessionId": first["SessionId"]})).await;
    let request = json!({"WorkgroupName": "wg", "Database": "dev", "Sql": COUNT, "SessionKeepAliveSeconds": 86_401});
    assert!(service.refused("ExecuteStatement", request).await.message.contains("sessionKeepAliveSeconds"));
}

#[tokio::test]
async fn a_session_runs_one_statement_at_a_time() {
    let service = loadable().await;
    let first = service.run(json!({"Sql": COUNT, "SessionKeepAliveSeconds": 60})).await;
    let mut holder = service.double.warehouse.begin();
    holder.run("LOCK t").await.unwrap();
    let waiting = json!({"Sql": "SELECT * FROM t", "SessionId": first["SessionId"]});
    service.ok("ExecuteStatement", waiting.clone()).await;
    let error = service.refused("ExecuteStatement", waiting.clone()).await;
    assert!(error.message.contains("is busy"), "{}", error.message);
    drop(holder);
    service.api.idle().await;
    service.ok("ExecuteStatement", waiting).await;
    service.api.idle().await;
}

#[tokio::test]
async fn a_session_stays_in_its_warehouse_and_database() {
    let service = loadable().await;
    let first = service.run(json!({"Sql": COUNT, "SessionKeepAliveSeconds": 60})).await;
    let in_session = |more: Value| with(json!({"Sql": COUNT, "SessionId": first["SessionId"]}), more);
    service.ok("ExecuteStatement", in_session(json!({"WorkgroupName": "wg", "Database": "dev"}))).await;
    service.api.idle().await;
    for more in [json!({"Database": "other"}), json!({"ClusterIdentifier": "cluster-1"})] {
        let error = service.refused("ExecuteStatement", in_session(more)).await;
        assert!(error.message.contains("another warehouse or database"), "{}", error.message);
    }
    let batch = with(in_session(json!({})), json!({"Sqls": [COPY, COUNT]}));
    let mut batch = batch;
    batch.as_object_mut().unwrap().remove("Sql");
    let answer = service.ok("BatchExecuteStatement", batch).await;
    service.api.idle().await;
    let result = service.result(&format!("{}:2", id(&answer))).await;
    assert_eq!(result["Records"], json!([[{"longValue": 2}]]));
}
