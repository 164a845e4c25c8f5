//! What is told after a restart, wherever the process ended.

use serde_json::{Value, json};

use super::{Service, id};

#[tokio::test]
async fn finished_statements_are_told_after_a_restart() {
    let service = Service::new();
    let batch = service.run(json!({"Sqls": ["CREATE TABLE t (a integer)", "SELECT 1"]})).await;
    let failed = service.run(json!({"Sql": "SELECT x"})).await;
    let service = service.reopened();
    assert_eq!(service.describe(id(&batch)).await, batch);
    assert_eq!(service.describe(id(&failed)).await, failed);
    assert_eq!(service.result(&format!("{}:2", id(&batch))).await["Records"], json!([[{"longValue": 1}]]));
}

#[tokio::test]
async fn what_ran_when_the_process_ended_is_aborted_and_left_nothing() {
    let service = Service::new();
    service.double.warehouse.batch(&["CREATE TABLE t (a integer)", "CREATE TABLE l (a integer)"]).await.unwrap();
    let mut holder = service.double.warehouse.begin();
    holder.run("LOCK l").await.unwrap();
    let id = service.submit(json!({"Sqls": ["INSERT INTO t VALUES (1)", "SELECT 1", "LOCK l"]})).await;
    while service.describe(&id).await["SubStatements"][2]["Status"] != "STARTED" {
        tokio::task::yield_now().await;
    }
    let service = service.reopened();
    let described = service.describe(&id).await;
    assert_eq!(described["Status"], "ABORTED");
    assert_eq!(described["HasResultSet"], false);
    assert_eq!(service.double.value("SELECT COUNT(*) FROM t").await, "0");
    assert_eq!(std::fs::read_dir(service.double.folder.path().join("results")).unwrap().count(), 0);
    service.api.idle().await;
}

/// Puts the record back to where it is on disk between its last writing before the commit and the first after.
fn rewind(service: &Service, id: &str) {
    let path = service.double.folder.path().join("statements").join(format!("{id}.json"));
    let mut record: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    record["awaits_commit"] = json!(true);
    std::fs::write(&path, record.to_string()).unwrap();
}

#[tokio::test]
async fn a_kill_after_the_commit_and_before_the_record_leaves_a_finished_statement() {
    let service = Service::new();
    let described = service.run(json!({"Sqls": ["CREATE TABLE t (a integer)", "SELECT 1"]})).await;
    rewind(&service, id(&described));
    let service = service.reopened();
    assert_eq!(service.describe(id(&described)).await, described);
    service.result(&format!("{}:2", id(&described))).await;
}

#[tokio::test]
async fn a_kill_between_the_record_and_the_commit_leaves_an_aborted_statement() {
    let service = Service::new();
    // A statement that changes nothing leaves no receipt, as one whose commit did not happen.
    let described = service.run(json!({"Sql": "SELECT 1"})).await;
    rewind(&service, id(&described));
    let service = service.reopened();
    let described = service.describe(id(&described)).await;
    assert_eq!(described["Status"], "ABORTED");
    let service = service.reopened();
    assert_eq!(service.describe(id(&described)).await, described);
}
