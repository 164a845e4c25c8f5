//! The statements that the loader sends, from its golden files, in the order in which it sends them.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int16Array,
    Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
};

use super::{Double, manifest, parquet};
use crate::Outcome;

const ROWS: usize = 897;

/// The target's tables are named by this.
const TARGET: &str = "7295ea3ee92a3b849ccce16dc7a09c96";

fn golden(name: &str) -> Vec<String> {
    let path = format!("{}/../loader/tests/golden/{name}.sql", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.split(";\n").map(str::trim).filter(|sql| !sql.is_empty()).map(str::to_owned).collect()
}

/// The text between the quotes that follow `before`.
fn quoted<'a>(sql: &'a str, before: &str) -> &'a str {
    sql.split_once(before).unwrap().1.split('\'').next().unwrap()
}

/// The file that the COPY of the golden files would load.
fn file(batch: &str, run: &str) -> Vec<u8> {
    let text = |value: &str| Arc::new(StringArray::from(vec![value; ROWS])) as ArrayRef;
    let decimals = Decimal128Array::from(vec![1_i128; ROWS]).with_precision_and_scale(14, 2).unwrap();
    parquet(vec![
        ("_sluice_batch", text(batch)),
        ("_sluice_run", text(run)),
        ("order_id", Arc::new(Int64Array::from_iter_values(0..897))),
        ("customer_name", text("a")),
        ("sale_date", Arc::new(Date32Array::from(vec![1; ROWS]))),
        ("units_sold", Arc::new(Int32Array::from(vec![1; ROWS]))),
        ("small", Arc::new(Int16Array::from(vec![1; ROWS]))),
        ("sales_amount", Arc::new(decimals)),
        ("rate", Arc::new(Float64Array::from(vec![1.5; ROWS]))),
        ("paid", Arc::new(BooleanArray::from(vec![true; ROWS]))),
        ("updated_at", Arc::new(TimestampMicrosecondArray::from(vec![1; ROWS]))),
        ("ratio", Arc::new(Float32Array::from(vec![0.25; ROWS]))),
        ("opens_at", text("23:59:59.999999")),
        ("seen_at", Arc::new(TimestampMicrosecondArray::from(vec![-1; ROWS]))),
        ("code", text("ab")),
        ("attributes", text(r#"{"a": [1, 2]}"#)),
        ("payload", Arc::new(BinaryArray::from(vec![&b"\0\xff"[..]; ROWS]))),
    ])
}

async fn batch(double: &Double, name: &str) -> Vec<Outcome> {
    double.warehouse.batch(&golden(name)).await.unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A double with what the golden files copy in its bucket, and the run.
fn delivered() -> (Double, String) {
    let double = Double::new();
    let stage = golden("stage").join("\n");
    let run = quoted(&stage, "VALUES\n('");
    let batch = quoted(&stage, &format!("('{run}', '"));
    let file = file(batch, run);
    double.put(quoted(&stage, "FROM '"), manifest(&[("s3://lake/f.parquet", file.len())]));
    double.put("s3://lake/f.parquet", file);
    (double, run.to_owned())
}

/// That the snapshot of a publish is taken after its LOCK is unverified. Taken before, it must not publish under a token
/// that is no longer the greatest.
#[tokio::test]
async fn a_publish_with_an_old_snapshot_meets_the_row_of_the_token() {
    let (double, _) = delivered();
    batch(&double, "prepare").await;
    batch(&double, "stage").await;
    let mut late = double.warehouse.begin();
    late.run("SELECT COUNT(*) FROM analytics.sales").await.unwrap();
    let claims = [
        format!("DELETE FROM sluice.tokens_{TARGET} WHERE token <= 8"),
        format!("INSERT INTO sluice.tokens_{TARGET} VALUES (8, GETDATE())"),
    ];
    double.warehouse.batch(&claims).await.unwrap();
    for statement in golden("publish_append") {
        late.run(&statement).await.unwrap();
    }
    let error = late.commit(None).await.unwrap_err().to_string();
    assert!(error.contains("1023") && error.contains("tokens_"), "{error}");
    assert_eq!(double.value("SELECT COUNT(*) FROM analytics.sales").await, "0");
}

#[tokio::test]
async fn every_statement_that_the_loader_sends_is_known_and_a_second_publish_fails() {
    let (double, run) = delivered();
    batch(&double, "prepare").await;
    batch(&double, "prepare").await;
    batch(&double, "stage").await;
    let tables = batch(&double, "prepare").await.into_iter().last().unwrap().result.unwrap();
    assert_eq!(tables.rows(), 2, "staging and the members");
    batch(&double, "publish_append").await;
    let verdict = batch(&double, "verdict").await.remove(0).result.unwrap();
    assert_eq!(verdict.texts().unwrap()[0][0].as_deref(), Some(run.as_str()));
    assert_eq!(double.value("SELECT COUNT(*), SUM(sales_amount) FROM analytics.sales").await, "897|8.97");
    let sql = "SELECT ratio, opens_at, seen_at, code, attributes, payload FROM analytics.sales WHERE order_id = 896";
    let row = r#"0.25|23:59:59.999999|1969-12-31 23:59:59.999999+00|ab      |{"a":[1,2]}|00ff"#;
    assert_eq!(double.value(sql).await, row);

    for mode in ["upsert", "upsert_by_batch", "replace", "replace_partitions"] {
        batch(&double, "stage_with_role").await;
        double.run("DELETE FROM sluice.ledger").await;
        double.run(&format!("DELETE FROM sluice.runs_{TARGET}")).await;
        double.run("DELETE FROM analytics.sales").await;
        batch(&double, &format!("publish_{mode}")).await;
        let counts = "SELECT rows_staged, rows_published, rows_stale, rows_withdrawn FROM sluice.ledger";
        assert_eq!(double.value(counts).await, "897|897|0|0", "{mode}");
    }

    batch(&double, "stage_with_role").await;
    let again = double.warehouse.batch(&golden("publish_append")).await.unwrap_err().to_string();
    assert!(again.contains(&format!("sluice: {run} is in the ledger already (1 such)")), "{again}");
    batch(&double, "explain").await;
    batch(&double, "discard").await;
    let gone = double.warehouse.batch(&golden("publish_append")).await;
    assert!(gone.unwrap_err().to_string().contains("does not exist"));
    batch(&double, "stage_without_rows").await;
    double.run(&format!("INSERT INTO sluice.tokens_{TARGET} VALUES (8, GETDATE())")).await;
    let late = double.warehouse.batch(&golden("publish_append")).await.unwrap_err().to_string();
    assert!(late.contains("sluice: a later holder of the lease has token 8 (1 such)"), "{late}");
}
