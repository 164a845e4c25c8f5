//! The sample payloads in `events/`: each reads as what the function in front of its name takes. What a function makes
//! of them is tested beside it.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;

use model::flow::{CatalogRequest, LoadAction, LoadRequest, ReportRequest, TransformRequest};
use serde::de::DeserializeOwned;
use serde_json::Value;

fn read<T: DeserializeOwned>(name: &str, text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_sample_reads_as_its_functions_request() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../events"));
    let mut actions = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let function = name.trim_end_matches(".json").split('-').next().unwrap();
        match function {
            "transform" => assert_eq!(read::<TransformRequest>(&name, &text).item, 0),
            "loader" => {
                let request: LoadRequest = read(&name, &text);
                assert_eq!(request.load.is_some(), name == "loader-check.json" || name == "loader-discard.json");
                actions.push(request.action);
            }
            "catalog" => assert_eq!(read::<CatalogRequest>(&name, &text).n, 1),
            "reporter" => {
                let event: Value = read(&name, &text);
                if event.get("detail-type").is_none() {
                    assert_eq!(read::<ReportRequest>(&name, &text).error.is_some(), name == "reporter-failure.json");
                }
            }
            "starter" => assert!(read::<Value>(&name, &text).is_object(), "{name}"),
            other => panic!("{name}: there is no function {other}"),
        }
    }
    for action in [LoadAction::Submit, LoadAction::Check, LoadAction::Discard] {
        assert!(actions.contains(&action), "there is no sample of {action:?}");
    }
}
