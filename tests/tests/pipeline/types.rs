//! Every type from its text into the warehouse: an item's file, by the loader's statements.
//!
//! What the engine writes, what the loader stages it as and what it publishes are said in three places; here they meet.
//! The statements are the loader's golden files.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use engine::{Item, Options};
use model::dataset::DatasetFile;
use model::name::{BatchId, RunName};
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
  card: {type: varchar(19), mask: drop}
"#;

/// The rows that the golden files count.
const ROWS: usize = 897;

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

/// The longest JSON text that a super takes.
fn longest_json() -> String {
    format!("\"{}\"", "x".repeat(65_533))
}

/// A row of the least values, one of the greatest, and rows of nulls.
fn csv() -> String {
    let header = "order_id,customer_name,sale_date,units_sold,small,sales_amount,rate,paid,updated_at,ratio,opens_at,\
                  seen_at,code,attributes,payload,card";
    let least = "-9223372036854775808,a,0001-01-01,-2147483648,-32768,-999999999999.99,-1.7976931348623157e308,false,\
                 0001-01-01 00:00:00,-3.4028235e38,00:00:00,0001-01-01T00:00:00Z,A,\"{\"\"a\"\": [1, 2.50, null]}\",00,1";
    let greatest = format!(
        "9223372036854775807,{},9999-12-31,2147483647,32767,999999999999.99,2.2250738585072014e-308,true,\
         9999-12-31 23:59:59.999999,1.1754944e-38,23:59:59.999999,9999-12-31T23:59:59.999999Z,ABCDEFGH,{},{},2",
        "é".repeat(60),
        longest_json().replace('"', "\"\"\""),
        "fF".repeat(64)
    );
    let nulls = (2..ROWS).map(|id| format!("{id}{}\n", ",".repeat(15)));
    format!("{header}\n{least}\n{greatest}\n{}", nulls.collect::<String>())
}

/// The file that an item makes of the rows.
fn file(batch: &str, run: &str) -> Vec<u8> {
    let dataset = DatasetFile::parse(DATASET, "sales.yaml").unwrap().dataset;
    let (run, batch) = (RunName::parse(run).unwrap(), BatchId::parse(batch).unwrap());
    let options = Options { mask_key: None, threads: 1, chunk_bytes: 8 << 20 };
    let mut item = Item::new(&dataset, &run, &batch, 0, &options).unwrap();
    let text = csv();
    item.begin_input("s3://landing/sales/0.csv", text.len() as u64).unwrap();
    item.push(text.as_bytes()).unwrap();
    item.end_input().unwrap();
    let outcome = item.finish().unwrap();
    assert_eq!((outcome.counts.accepted, outcome.rejected_by_reason), (897, BTreeMap::new()));
    assert_eq!(outcome.files.len(), 1);
    item.take_output().iter().flat_map(|chunk| chunk.bytes.to_vec()).collect()
}

#[tokio::test]
async fn the_extremes_of_every_type_come_into_the_table_as_they_are() {
    let stage = golden("stage");
    let run = quoted(&stage, "VALUES\n('");
    let file = file(quoted(&stage, &format!("('{run}', '")), run);
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
        "-9223372036854775808|a|0001-01-01|-2147483648|-32768|-999999999999.99|-1.79769313486232e+308|false|\
         0001-01-01 00:00:00|-3.40282e+38|00:00:00|0001-01-01 00:00:00+00|A       |{\"a\":[1,2.50,null]}|00"
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
