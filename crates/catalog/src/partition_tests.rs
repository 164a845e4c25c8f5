use super::*;
use aws_sdk_glue::types::ErrorDetail;
use model::count::Counts;
use model::dataset::DatasetFile;
use model::name::S3Url;
use model::part::ParquetFile;

const SALES: &str = "
dataset: sales
landing: sales/
format: csv
columns: {sale_date: {type: date}, region: {type: varchar(20)}}
partition_by: {dt: day(sale_date), where: region}
catalog: {database: lake}
";

fn dataset() -> Dataset {
    DatasetFile::parse(SALES, "sales.yaml").unwrap().dataset
}

fn run() -> RunName {
    RunName::parse("sales-0123456789abcdef0123456789abcdef").unwrap()
}

fn part(item: u32, partitions: &[[(&str, &str); 2]]) -> Part {
    let files = partitions.iter().zip(0..).map(|(partition, n)| {
        let partition: Vec<_> = partition.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        let url = S3Url::new("lake", &layout::parquet(&run(), &partition, item, n)).unwrap();
        ParquetFile { url, size_bytes: 1, rows: 1, partition }
    });
    Part {
        version: 1,
        run: run(),
        item,
        counts: Counts::default(),
        rejected_by_reason: BTreeMap::new(),
        truncated: BTreeMap::new(),
        files: files.collect(),
        rejects: None,
        inputs: Vec::new(),
    }
}

#[test]
fn values_are_decoded_and_folders_escaped() {
    let parts = [part(0, &[[("dt", "2013-01-01"), ("where", "a/b c")]])];
    let partitions = of_parts(&run(), &dataset(), &parts).unwrap();
    let run = run().to_string();
    let expected = format!("s3://lake/sales/dt=2013-01-01/where=a%2Fb c/sluice_run={run}/");
    assert_eq!(partitions, BTreeMap::from([(vec!["2013-01-01".to_owned(), "a/b c".to_owned(), run], expected)]));
}

#[test]
fn a_partition_of_several_files_and_parts_is_one() {
    let one = [("dt", "2013-01-01"), ("where", "x")];
    let parts = [part(0, &[one, one]), part(1, &[one, [("dt", "2013-01-02"), ("where", "x")]])];
    assert_eq!(of_parts(&run(), &dataset(), &parts).unwrap().len(), 2);
}

#[test]
fn null_and_no_characters_are_the_same_partition() {
    let parts = [part(0, &[[("dt", "2013-01-01"), ("where", "")], [("dt", "2013-01-01"), ("where", NULL_PARTITION)]])];
    let partitions = of_parts(&run(), &dataset(), &parts).unwrap();
    assert_eq!(partitions.keys().map(|values| values[1].as_str()).collect::<Vec<_>>(), [NULL_PARTITION]);
}

#[test]
fn keys_in_another_order_are_a_bug() {
    let parts = [part(0, &[[("where", "x"), ("dt", "2013-01-01")]])];
    assert_eq!(of_parts(&run(), &dataset(), &parts).unwrap_err().kind(), Kind::Bug);
}

#[test]
fn a_file_outside_its_folder_is_a_bug() {
    let mut part = part(0, &[[("dt", "2013-01-01"), ("where", "x")]]);
    part.files[0].partition[0].1 = "2013-01-02".to_owned();
    assert_eq!(of_parts(&run(), &dataset(), &[part]).unwrap_err().kind(), Kind::Bug);
}

#[test]
fn each_entrys_error_is_read() {
    let dataset = dataset();
    let shape = Shape::of(&dataset, dataset.catalog.as_ref().unwrap(), "lake").unwrap();
    let error = |code: &str| {
        let detail = ErrorDetail::builder().error_code(code).error_message("why").build();
        PartitionError::builder().partition_values("2013-01-01").error_detail(detail).build()
    };
    let of = |codes: &[&str]| {
        let errors: Vec<_> = codes.iter().map(|code| error(code)).collect();
        check("create partition", &shape, &errors, "AlreadyExistsException")
    };
    of(&[]).unwrap();
    of(&["AlreadyExistsException", "AlreadyExistsException"]).unwrap();
    let kind = |code| of(&["AlreadyExistsException", code]).unwrap_err().kind();
    assert_eq!(kind("InternalServiceException"), Kind::Transient);
    assert_eq!(kind("AccessDeniedException"), Kind::Config);
    assert_eq!(kind("InvalidInputException"), Kind::Bug);
}
