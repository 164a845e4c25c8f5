//! Every type from the rows in memory into the warehouse: files of the engine's schema, by the loader's statements.
//!
//! What the engine writes, what the loader stages it as and what it publishes are said in three places; here they meet.
//! The statements are the loader's golden files.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int16Array,
    Int32Array, Int64Array, RecordBatch, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use async_trait::async_trait;
use bytes::Bytes;
use model::dataset::{Dataset, DatasetFile};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use warehouse::{ObjectError, Objects, Warehouse};

/// The columns of the golden files.
const DATASET: &str = r#"
dataset: sales
landing: sales/
format: csv
columns:
  order_id: {type: bigint}
  customer_name: {type: varchar(120)}
  sale_date: {type: date}
  units_sold: {type: integer}
  small: {type: smallint}
  sales_amount: {type: "decimal(14,2)"}
  rate: {type: double}
  paid: {type: boolean}
  updated_at: {type: timestamp}
  ratio: {type: real}
  opens_at: {type: time}
  seen_at: {type: timestamptz}
  code: {type: char(8)}
  attributes: {type: super}
  payload: {type: varbyte(64)}
"#;

/// The rows that the golden files count.
const ROWS: usize = 897;

/// The first and the last microsecond that Redshift's timestamps have.
const MOMENTS: [i64; 2] = [-62_135_596_800_000_000, 253_402_300_799_999_999];

/// Objects by their urls.
#[derive(Debug)]
struct Bucket(BTreeMap<String, Bytes>);

#[async_trait]
impl Objects for Bucket {
    async fn get(&self, url: &str) -> Result<Bytes, ObjectError> {
        self.0.get(url).cloned().ok_or(ObjectError::NotFound)
    }
}

fn golden(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../crates/loader/tests/golden/{name}.sql"));
    std::fs::read_to_string(path).unwrap()
}

fn statements(name: &str) -> Vec<String> {
    golden(name).split(";\n").map(str::trim).filter(|sql| !sql.is_empty()).map(str::to_owned).collect()
}

/// The text between the quotes that follow `before`.
fn quoted<'a>(sql: &'a str, before: &str) -> &'a str {
    sql.split_once(before).unwrap().1.split('\'').next().unwrap()
}

/// The least value, the greatest, and nulls.
fn column<T, A: FromIterator<Option<T>>>(least: T, greatest: T) -> A {
    [least, greatest].into_iter().map(Some).chain(std::iter::repeat_with(|| None)).take(ROWS).collect()
}

/// The longest JSON text that a super takes.
fn longest_json() -> String {
    format!("\"{}\"", "x".repeat(65_533))
}

/// Rows as the caster makes them.
fn rows(dataset: &Dataset) -> RecordBatch {
    let ids = [i64::MIN, i64::MAX].into_iter().chain(2..);
    let amounts: Decimal128Array = column(-99_999_999_999_999, 99_999_999_999_999);
    let (name, json) = ("é".repeat(60), longest_json());
    let moments: TimestampMicrosecondArray = column(MOMENTS[0], MOMENTS[1]);
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(ids.take(ROWS))),
        Arc::new(column::<_, StringArray>("", name.as_str())),
        Arc::new(column::<_, Date32Array>(-719_162, 2_932_896)),
        Arc::new(column::<_, Int32Array>(i32::MIN, i32::MAX)),
        Arc::new(column::<_, Int16Array>(i16::MIN, i16::MAX)),
        Arc::new(amounts.with_precision_and_scale(14, 2).unwrap()),
        Arc::new(column::<_, Float64Array>(f64::MIN, f64::MIN_POSITIVE)),
        Arc::new(column::<_, BooleanArray>(false, true)),
        Arc::new(moments.clone()),
        Arc::new(column::<_, Float32Array>(f32::MIN, f32::MIN_POSITIVE)),
        Arc::new(column::<_, Time64MicrosecondArray>(0, 86_399_999_999)),
        Arc::new(moments.with_timezone("UTC")),
        Arc::new(column::<_, StringArray>("", "ABCDEFGH")),
        Arc::new(column::<_, StringArray>("{\"a\": [1, 2.50, null]}", json.as_str())),
        Arc::new(column::<_, BinaryArray>(&b""[..], &[0xff; 64][..])),
    ];
    RecordBatch::try_new(engine::schema::of_rows(dataset), arrays).unwrap()
}

/// The file that holds the rows.
fn file(batch: &str, run: &str) -> Vec<u8> {
    let dataset = DatasetFile::parse(DATASET, "sales.yaml").unwrap().dataset;
    let schema = engine::schema::of_file(&dataset);
    let own = [batch, run].into_iter().zip(schema.fields()).map(|(value, field)| {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![value; ROWS]));
        cast(&texts, field.data_type()).unwrap()
    });
    let rows = rows(&dataset);
    let theirs = rows.columns().iter().map(|column| engine::schema::stored(column).unwrap());
    let rows = RecordBatch::try_new(Arc::clone(&schema), own.chain(theirs).collect()).unwrap();
    let mut file = Vec::new();
    let options = ArrowWriterOptions::new().with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(&mut file, schema, options).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    file
}

#[tokio::test]
async fn the_extremes_of_every_type_come_into_the_table_as_they_are() {
    let (stage, publish) = (golden("stage"), golden("publish_append"));
    let file = file(quoted(&publish, "\"_sluice_batch\" = '"), quoted(&publish, "WHERE \"run\" = '"));
    let entry = serde_json::json!({
        "url": "s3://lake/f.parquet", "mandatory": true, "meta": {"content_length": file.len()}
    });
    let manifest = serde_json::to_vec(&serde_json::json!({ "entries": [entry] })).unwrap();
    let objects = [(quoted(&stage, "FROM '"), manifest), ("s3://lake/f.parquet", file)];
    let objects = objects.into_iter().map(|(url, bytes)| (url.to_owned(), Bytes::from(bytes)));
    let folder = tempfile::tempdir().unwrap();
    let bucket = Arc::new(Bucket(objects.collect()));
    let clock = Arc::new(|| "2024-05-06T07:08:09Z".parse().unwrap());
    let warehouse = Warehouse::open(folder.path(), bucket, clock).unwrap();
    for step in ["prepare", "stage", "publish_append"] {
        warehouse.batch(&statements(step)).await.unwrap_or_else(|error| panic!("{step}: {error}"));
    }
    let sql = "SELECT order_id, customer_name, sale_date, units_sold, small, sales_amount, rate, paid, updated_at, ratio, \
               opens_at, seen_at, code, attributes, payload FROM analytics.sales ORDER BY order_id";
    let rows = warehouse.execute(sql).await.unwrap().result.unwrap().texts().unwrap();
    let shown = |row: &[Option<String>]| {
        row.iter().map(|value| value.clone().unwrap_or_else(|| "null".to_owned())).collect::<Vec<_>>().join("|")
    };
    assert_eq!(rows.len(), ROWS);
    assert_eq!(
        shown(&rows[0]),
        "-9223372036854775808||0001-01-01|-2147483648|-32768|-999999999999.99|-1.79769313486232e+308|false|\
         0001-01-01 00:00:00|-3.40282e+38|00:00:00|0001-01-01 00:00:00+00|        |{\"a\":[1,2.50,null]}|"
    );
    assert_eq!(shown(&rows[1]), format!("2{}", "|null".repeat(14)));
    assert_eq!(
        shown(&rows[ROWS - 1]),
        format!(
            "9223372036854775807|{}|9999-12-31|2147483647|32767|999999999999.99|2.2250738585072e-308|true|\
             9999-12-31 23:59:59.999999|1.17549e-38|23:59:59.999999|9999-12-31 23:59:59.999999+00|ABCDEFGH|{}|{}",
            "é".repeat(60),
            longest_json(),
            "ff".repeat(64)
        )
    );
}
