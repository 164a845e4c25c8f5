//! Statements are their caller's (facts/redshift-data-api.md, identity and IAM).

use serde_json::json;

use super::{Service, id, with};

#[tokio::test]
async fn a_statement_is_there_for_its_caller_only() {
    let service = Service::new();
    let described = service.run(json!({"Sql": "SELECT 1"})).await;
    for operation in ["DescribeStatement", "GetStatementResult", "CancelStatement"] {
        let error = service.refused_by("analyst", operation, json!({"Id": id(&described)})).await;
        assert_eq!(error.code, "ResourceNotFoundException", "{operation}");
    }
    let listed = |caller| {
        let service = &service;
        async move { service.ok_by(caller, "ListStatements", json!({})).await["Statements"].as_array().unwrap().len() }
    };
    assert_eq!((listed("analyst").await, listed(super::CALLER).await), (0, 1));
    let service = service.reopened();
    service.describe(id(&described)).await;
    service.refused_by("analyst", "DescribeStatement", json!({"Id": id(&described)})).await;
}

#[tokio::test]
async fn a_token_is_one_callers() {
    let service = Service::new();
    let request = json!({"WorkgroupName": "wg", "Database": "dev", "Sql": "SELECT 1", "ClientToken": "token"});
    let first = service.ok("ExecuteStatement", request.clone()).await;
    let other = service.ok_by("analyst", "ExecuteStatement", request.clone()).await;
    assert_ne!(first["Id"], other["Id"]);
    assert_eq!(service.ok("ExecuteStatement", request).await["Id"], first["Id"]);
    service.api.idle().await;
}

#[tokio::test]
async fn a_session_is_one_callers() {
    let service = Service::new();
    let described = service.run(json!({"Sql": "SELECT 1", "SessionKeepAliveSeconds": 60})).await;
    let request = with(json!({"Sql": "SELECT 1"}), json!({"SessionId": described["SessionId"]}));
    let error = service.refused_by("analyst", "ExecuteStatement", request.clone()).await;
    assert!(error.message.contains("is not available"), "{}", error.message);
    service.ok("ExecuteStatement", request).await;
    service.api.idle().await;
}
