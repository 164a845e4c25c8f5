//! Limits (facts/redshift-data-api.md, limits).

use serde_json::{Value, json};

use super::super::Endpoints;
use super::super::registry::Registry;
use super::super::request::{Operation, Submission};
use super::super::session::Sessions;
use super::{CALLER, Service, with};
use crate::tests::Double;

/// A submission that no check stops.
fn submission(more: Value) -> Submission {
    let request = with(json!({"WorkgroupName": "wg", "Database": "dev", "Sql": "SELECT 1"}), more);
    let endpoints = Endpoints { workgroups: vec!["wg".into()], clusters: Vec::new(), database: "dev".into() };
    Submission::of(request, Operation::Execute, CALLER, &endpoints, |id| panic!("there is no session {id}")).unwrap()
}

#[tokio::test]
async fn limits_of_a_submission_are_held() {
    let service = Service::new();
    let execute = |more: Value| with(json!({"WorkgroupName": "wg", "Database": "dev"}), more);
    let long = format!("SELECT '{}'", "x".repeat(100 * 1024));
    for (operation, request) in [
        ("BatchExecuteStatement", execute(json!({"Sqls": vec!["SELECT 1"; 41]}))),
        ("BatchExecuteStatement", execute(json!({"Sqls": []}))),
        ("ExecuteStatement", execute(json!({"Sql": long}))),
        ("ExecuteStatement", execute(json!({"Sql": "SELECT 1; SELECT 2"}))),
        ("ExecuteStatement", execute(json!({"Sql": ""}))),
        ("ExecuteStatement", execute(json!({"Sql": "SELECT 1", "ClientToken": "x".repeat(65)}))),
        ("ExecuteStatement", execute(json!({"Sql": "SELECT 1", "StatementName": "x".repeat(2049)}))),
    ] {
        assert_eq!(service.refused(operation, request.clone()).await.code, "ValidationException", "{request}");
    }
    assert_eq!(service.run(json!({"Sqls": vec!["SELECT 1"; 40]})).await["Status"], "FINISHED");
}

#[tokio::test]
async fn a_row_of_more_than_64_kb_fails_its_statement() {
    let service = Service::new();
    service.double.run("CREATE TABLE t (a varchar(max), b varchar(max))").await;
    service.double.run(&format!("INSERT INTO t VALUES ('{0}', '{0}')", "x".repeat(40_000))).await;
    let described = service.run(json!({"Sql": "SELECT a, b FROM t"})).await;
    assert!(described["Error"].as_str().unwrap().starts_with("ERROR: packet for query is too large"), "{described}");
    assert_eq!(service.run(json!({"Sql": "SELECT a FROM t"})).await["Status"], "FINISHED");
}

#[test]
fn at_most_500_statements_are_active() {
    let double = Double::new();
    let registry = Registry::open(double.folder.path(), &double.warehouse).unwrap();
    let submit = || registry.submit(submission(json!({})), double.warehouse.now());
    let submitted: Vec<_> = (0..500).map(|_| submit().unwrap()).collect();
    let error = submit().err().unwrap();
    assert_eq!((error.status, error.code), (400, "ActiveStatementsExceededException"));
    assert_eq!(error.message, "Active statements exceeded the allowed quota (500).");
    if let Some(super::super::registry::Submitted::New(record, _)) = submitted.into_iter().next() {
        registry.finish(record);
    }
    assert!(submit().is_ok());
}

#[test]
fn at_most_500_sessions_are_active() {
    let (sessions, now) = (Sessions::default(), Double::new().warehouse.now());
    let kept = submission(json!({"SessionKeepAliveSeconds": 60}));
    let ids: Vec<_> = (0..500).map(|_| sessions.enter(&kept, now).unwrap()).collect();
    let error = sessions.enter(&kept, now).unwrap_err();
    assert_eq!((error.status, error.code), (400, "ActiveSessionsExceededException"));
    assert_eq!(sessions.enter(&submission(json!({})), now).unwrap(), None);
    sessions.leave(ids[0].as_deref(), now);
    assert!(sessions.enter(&kept, now + chrono::TimeDelta::seconds(60)).is_ok());
}
