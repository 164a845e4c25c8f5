//! The dataset files that ship, and the schema that is published for them.

use std::path::Path;

use expect_test::expect_file;
use model::dataset::DatasetFile;
use tests::ORDERS;

fn infra() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/datasets"))
}

#[test]
fn every_dataset_file_parses_and_points_at_the_schema() {
    let mut seen = 0;
    for entry in std::fs::read_dir(infra()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            let file = DatasetFile::parse(&text, &path.display().to_string()).unwrap();
            engine::check(&file.dataset).unwrap();
            assert_eq!(path.file_stem().unwrap().to_str(), Some(file.dataset.dataset.as_str()));
            assert!(text.starts_with("# yaml-language-server: $schema=dataset.schema.json\n"), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 2);
}

#[test]
fn the_benchmark_asks_the_same_of_every_format() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../bench"));
    let datasets = ["sales.yaml", "sales_json.yaml", "sales_xml.yaml"].map(|name| {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        DatasetFile::parse(&text, name).unwrap().dataset
    });
    for dataset in &datasets {
        assert_eq!(dataset.columns, datasets[0].columns, "{}", dataset.dataset);
        assert_eq!(dataset.dedupe, datasets[0].dedupe, "{}", dataset.dataset);
        assert_eq!(dataset.partition_by, datasets[0].partition_by, "{}", dataset.dataset);
    }
}

#[test]
fn the_published_schema_is_the_codes() {
    let schema = serde_json::to_string_pretty(&sluice::command::check::schema()).unwrap() + "\n";
    expect_file![infra().join("dataset.schema.json")].assert_eq(&schema);
}

#[test]
fn the_tests_dataset_is_one_a_user_could_write() {
    engine::check(&DatasetFile::parse(ORDERS, "orders.yaml").unwrap().dataset).unwrap();
}
