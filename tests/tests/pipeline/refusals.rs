//! Deliveries that can never become a run: each is refused once, by name, with what to do.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{FOUR_ROWS, ORDERS, Pipeline};

/// Puts one good file and this manifest; the refusal must have this code and say this.
async fn refused(key: &str, manifest: &[u8], code: &str, says: &[&str]) {
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), ORDERS).await.unwrap();
    pipeline.put("orders/one/a.csv", FOUR_ROWS.as_bytes()).await.unwrap();
    let manifest = pipeline.put(key, manifest).await.unwrap();
    pipeline.local.idle().await;
    // The same event again writes the same refusal.
    pipeline.local.redeliver(&manifest).await.unwrap();

    let keys = pipeline.refusals().await.unwrap();
    assert_eq!(keys.len(), 1, "{keys:?}");
    let refusal = sluice::history::refusal(&pipeline.place, &keys[0]).await.unwrap();
    assert_eq!((refusal.code.as_str(), &refusal.manifest), (code, &manifest), "{}", refusal.message);
    for text in says {
        assert!(refusal.message.contains(text), "{text:?} is not in {:?}", refusal.message);
    }
    assert!(!refusal.action.is_empty());
    let counted = pipeline.local.metrics().iter().any(|line| line.get("ManifestsRefused") == Some(&json!(1.0)));
    assert!(counted, "the refusal is a metric");
}

fn listing(entries: Value) -> Vec<u8> {
    json!({"entries": entries}).to_string().into_bytes()
}

#[tokio::test]
async fn an_unknown_prefix_names_the_nearest() {
    refused("order/one/manifest", &listing(json!([])), "unknown_prefix", &["orders/"]).await;
}

#[tokio::test]
async fn a_missing_file_is_named() {
    let entries = json!([{"url": "s3://landing/orders/one/a.csv"}, {"url": "s3://landing/orders/one/gone.csv", "mandatory": false}]);
    refused("orders/one/manifest", &listing(entries), "missing_file", &["s3://landing/orders/one/gone.csv"]).await;
}

#[tokio::test]
async fn another_size_names_both() {
    let entries = json!([{"url": "s3://landing/orders/one/a.csv", "meta": {"content_length": 7}}]);
    let found = FOUR_ROWS.len().to_string();
    refused("orders/one/manifest", &listing(entries), "size_differs", &["a.csv", "7", &found]).await;
}

#[tokio::test]
async fn a_file_listed_twice_is_refused() {
    let entries = json!([{"url": "s3://landing/orders/one/a.csv"}, {"url": "s3://landing/orders/one/a.csv"}]);
    refused("orders/one/manifest", &listing(entries), "duplicate_url", &["s3://landing/orders/one/a.csv"]).await;
}

#[tokio::test]
async fn a_file_outside_the_datasets_prefix_is_refused() {
    let entries = json!([{"url": "s3://landing/other/a.csv"}]);
    refused("orders/one/manifest", &listing(entries), "foreign_url", &["s3://landing/other/a.csv", "orders/"]).await;
}

#[tokio::test]
async fn a_file_in_another_bucket_is_refused() {
    let entries = json!([{"url": "s3://control/orders/a.csv"}]);
    refused("orders/one/manifest", &listing(entries), "foreign_url", &["s3://control/orders/a.csv"]).await;
}

#[tokio::test]
async fn an_empty_batch_is_refused() {
    refused("orders/one/manifest.json", &listing(json!([])), "empty_batch", &[]).await;
}

#[tokio::test]
async fn broken_json_names_line_and_column() {
    refused("orders/one/manifest.json", b"{\"entries\": [\n  {,}\n]}", "bad_json", &["line 2 column 4"]).await;
}

#[tokio::test]
async fn a_manifest_over_sixteen_mebibytes_is_refused() {
    let manifest = vec![b' '; 16 * 1024 * 1024 + 1];
    refused("orders/one/manifest.json", &manifest, "manifest_too_large", &["16777217", "16777216"]).await;
}
