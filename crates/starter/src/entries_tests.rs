use super::*;
use chrono::DateTime;

fn index() -> DatasetIndex {
    let text = r#"{"version":1,"datasets":{"flights":"flights/","late":"flights/late/","sales":"sales/"}}"#;
    serde_json::from_str(text).unwrap()
}

fn manifest() -> S3Url {
    S3Url::parse("s3://landing/flights/2013-01-01/_manifest.json").unwrap()
}

fn with_territory<T>(check: impl FnOnce(Territory<'_>) -> T) -> T {
    let (index, dataset) = (index(), DatasetName::parse("flights").unwrap());
    check(Territory { index: &index, dataset: &dataset, landing: "flights/", landing_bucket: "landing" })
}

fn of_list(text: &str) -> Result<Vec<String>, Refused> {
    let entries = with_territory(|territory| listed(parse(text.as_bytes(), &manifest())?, &manifest(), territory))?;
    Ok(entries.iter().map(|entry| entry.url.to_string()).collect())
}

fn of_urls(urls: &[&str]) -> Result<Vec<String>, Refused> {
    let entries: Vec<_> = urls.iter().map(|url| serde_json::json!({"url": url})).collect();
    of_list(&serde_json::json!({"entries": entries}).to_string())
}

fn of_folder(keys: &[(&str, u64)]) -> Result<Vec<String>, Refused> {
    let marker = S3Url::parse("s3://landing/flights/2013-01-01/_SUCCESS").unwrap();
    let last_modified = DateTime::from_timestamp(0, 0).unwrap();
    let found = keys.iter().map(|(key, size_bytes)| Listed {
        key: format!("flights/2013-01-01/{key}"),
        size_bytes: *size_bytes,
        last_modified,
    });
    let entries = with_territory(|territory| in_folder(found.collect(), &marker, territory))?;
    Ok(entries.iter().map(|entry| entry.url.key().to_owned()).collect())
}

#[test]
fn files_stay_in_the_manifests_order() {
    let urls = ["s3://landing/flights/b.csv", "s3://landing/flights/2013-01-01/a.csv"];
    assert_eq!(of_urls(&urls).unwrap(), urls);
}

#[test]
fn what_is_not_json_names_line_and_column() {
    let refused = of_list("{\"entries\": [\n  {\"url\": \"s3://landing/flights/a\",}\n]}").unwrap_err();
    assert_eq!(refused.code, "bad_json");
    assert!(refused.message.ends_with("is not JSON: key must be a string at line 2 column 36"), "{}", refused.message);
    assert_eq!(of_list("").unwrap_err().code, "bad_json");
}

#[test]
fn json_that_is_no_manifest_says_what_is_wrong() {
    let refused = of_list(r#"{"files": []}"#).unwrap_err();
    assert_eq!(refused.code, "bad_manifest");
    assert!(refused.message.contains("unknown field `files`"), "{}", refused.message);
}

#[test]
fn a_manifest_that_lists_nothing_is_an_empty_batch() {
    assert_eq!(of_urls(&[]).unwrap_err().code, "empty_batch");
}

#[test]
fn a_url_twice_is_refused() {
    let refused = of_urls(&["s3://landing/flights/a.csv", "s3://landing/flights/a.csv"]).unwrap_err();
    assert_eq!(
        (refused.code, refused.message.as_str()),
        ("duplicate_url", "s3://landing/flights/a.csv is named twice")
    );
}

#[test]
fn a_url_outside_the_bucket_or_prefix_is_refused() {
    for (url, owner) in [
        ("s3://elsewhere/flights/a.csv", ""),
        ("s3://landing/flight/a.csv", ""),
        ("s3://landing/sales/a.csv", "; it belongs to dataset sales"),
        ("s3://landing/flights/late/a.csv", "; it belongs to dataset late"),
    ] {
        let refused = of_urls(&[url]).unwrap_err();
        assert_eq!(refused.code, "foreign_url", "{url}");
        assert_eq!(refused.message, format!("{url} is not under flights/, where the files of flights lie{owner}"));
    }
}

#[test]
fn a_url_that_is_no_address_is_refused() {
    assert_eq!(of_urls(&["landing/flights/a.csv"]).unwrap_err().code, "bad_url");
}

#[test]
fn the_manifest_is_no_file_of_its_own() {
    assert_eq!(of_urls(&[&manifest().to_string()]).unwrap_err().code, "names_itself");
}

#[test]
fn a_marker_takes_its_folder_without_hidden_names_and_manifests() {
    let keys = [
        ("", 0),
        ("_SUCCESS", 0),
        ("b.csv", 5),
        ("_temporary/0/c.csv", 5),
        ("hour=01/", 0),
        ("hour=01/a.csv", 0),
        ("hour=01/.a.csv.crc", 8),
        ("hour=02/manifest.json", 8),
        ("a.csv", 5),
    ];
    let expected = ["flights/2013-01-01/a.csv", "flights/2013-01-01/b.csv", "flights/2013-01-01/hour=01/a.csv"];
    assert_eq!(of_folder(&keys).unwrap(), expected);
}

#[test]
fn a_marker_takes_nothing_of_a_dataset_with_a_longer_prefix() {
    let marker = S3Url::parse("s3://landing/flights/_SUCCESS").unwrap();
    let object = |key: &str| Listed {
        key: key.to_owned(),
        size_bytes: 1,
        last_modified: DateTime::from_timestamp(0, 0).unwrap(),
    };
    let found = vec![object("flights/a.csv"), object("flights/late/b.csv")];
    let entries = with_territory(|territory| in_folder(found, &marker, territory)).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.url.key()).collect::<Vec<_>>(), ["flights/a.csv"]);
}

#[test]
fn an_empty_folder_is_an_empty_batch() {
    let refused = of_folder(&[("_SUCCESS", 0), ("_logs/x", 3)]).unwrap_err();
    assert_eq!(refused.code, "empty_batch");
    assert!(refused.message.contains("s3://landing/flights/2013-01-01/ holds none"), "{}", refused.message);
}
