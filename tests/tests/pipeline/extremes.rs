//! Every type's extremes, from a file into the table and back: a case for each type of the table of types
//! (`model::types::table`), through the whole pipeline.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use model::report::Status;
use model::types::Type;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tests::Pipeline;

/// A type, and values as a JSON file has them, each with what the warehouse answers where that is written otherwise.
struct Case {
    kind: String,
    values: Vec<(Value, Option<Value>)>,
}

fn case<V: Into<Value>>(kind: &str, values: impl IntoIterator<Item = V>) -> Case {
    Case { kind: kind.to_owned(), values: values.into_iter().map(|value| (value.into(), None)).collect() }
}

fn told(kind: &str, values: impl IntoIterator<Item = (Value, Value)>) -> Case {
    Case { kind: kind.to_owned(), values: values.into_iter().map(|(value, told)| (value, Some(told))).collect() }
}

/// The greatest decimal of so many digits, its negative, and the least of each.
fn decimal(precision: usize, scale: usize) -> Case {
    let point = |digits: &str| match scale {
        0 => digits.to_owned(),
        _ => {
            let digits = format!("{digits:0>width$}", width = scale + 1);
            let (whole, behind) = digits.split_at(digits.len() - scale);
            format!("{whole}.{behind}")
        }
    };
    // Redshift keeps up to 19 digits in 8 bytes.
    let greatest = if precision == 19 { i64::MAX.to_string() } else { "9".repeat(precision) };
    let greatest = point(&greatest);
    let least = point("1");
    let signed = [greatest.clone(), format!("-{greatest}"), least.clone(), format!("-{least}"), point("0")];
    case(&format!("decimal({precision},{scale})"), signed)
}

/// The longest super: one text, a list of many values, and one within another, each of 65,535 bytes.
fn longest_super() -> Case {
    let text = json!("x".repeat(65_533));
    let list = json!(vec![1; 32_767]);
    let nested = (0..30).fold(json!("y"), |inside, _| json!({ "a": inside }));
    assert_eq!((text.to_string().len(), list.to_string().len()), (65_535, 65_535));
    let values = [text, list, nested, json!({}), json!([]), json!(true), json!(-0.5), json!("")];
    told("super", values.map(|value| (value.clone(), json!(value.to_string()))))
}

fn cases() -> Vec<Case> {
    let filled = |text: &str, length: usize| (json!(text), json!(format!("{text:<length$}")));
    let mut cases = vec![
        case("smallint", [i16::MIN, -1, 0, 1, i16::MAX]),
        case("integer", [i32::MIN, -1, 0, 1, i32::MAX]),
        case("bigint", [i64::MIN, -1, 0, 1, i64::MAX]),
        case("real", [f32::MIN, f32::MAX, f32::MIN_POSITIVE, -f32::MIN_POSITIVE, 0.0].map(f64::from)),
        case("double", [f64::MIN, f64::MAX, f64::MIN_POSITIVE, f64::EPSILON, 0.1 + 0.2]),
        case("boolean", [false, true]),
        case("date", ["0001-01-01", "1582-10-15", "1970-01-01", "2024-02-29", "9999-12-31"]),
        case("time", ["00:00:00", "00:00:00.000001", "12:00:00.5", "23:59:59.999999"]),
        told(
            "timestamp",
            [
                ("0001-01-01T00:00:00", "0001-01-01 00:00:00"),
                ("1969-12-31T23:59:59.999999", "1969-12-31 23:59:59.999999"),
                ("9999-12-31T23:59:59.999999", "9999-12-31 23:59:59.999999"),
            ]
            .map(|(text, told)| (json!(text), json!(told))),
        ),
        told(
            "timestamptz",
            [
                ("0001-01-01T00:00:00Z", "0001-01-01 00:00:00+00"),
                ("1970-01-01T01:00:00+01:00", "1970-01-01 00:00:00+00"),
                ("9999-12-31T23:59:59.999999Z", "9999-12-31 23:59:59.999999+00"),
            ]
            .map(|(text, told)| (json!(text), json!(told))),
        ),
        told("char(1)", [filled("A", 1), filled("~", 1)]),
        told("char(4096)", [filled(&"z".repeat(4_096), 4_096), filled("'\\\"", 4_096)]),
        case("varchar(1)", ["a", ""]),
        case("varchar(4)", ["\u{10FFFF}", "'\\\"", "\t\n\r", " a "]),
        case("varchar(65535)", ["é".repeat(32_767), "x".repeat(65_535), String::new()]),
        case("varbyte(1)", ["00", "ff"]),
        // Shorter than it may be: a row of a result has 64 KB at most, and bytes are shown in two digits each.
        case("varbyte(1024000)", ["00ff".repeat(16_000), "7f".to_owned()]),
        longest_super(),
    ];
    // The widths at which the bytes in a file change: 32 bits, 64 bits, and each length of their own.
    let precisions = [(1, 0), (2, 2), (9, 0), (9, 9), (10, 2), (18, 0), (18, 18), (19, 4), (21, 0), (22, 11), (38, 0)];
    cases.extend(precisions.map(|(precision, scale)| decimal(precision, scale)));
    cases.push(decimal(38, 37));
    cases
}

/// The type without its length or digits.
fn word(kind: &str) -> &str {
    kind.split('(').next().unwrap_or(kind)
}

#[test]
fn every_type_has_a_case() {
    let cases = cases();
    for word_of in Type::words() {
        assert!(cases.iter().any(|case| word(&case.kind) == word(word_of)), "{word_of}");
    }
}

#[tokio::test]
async fn the_extremes_of_every_type_are_read_back_equal() {
    let cases = cases();
    let columns: String =
        cases.iter().zip(0..).map(|(case, n)| format!("  c{n}: {{type: \"{}\"}}\n", case.kind)).collect();
    let dataset = format!(
        "dataset: extremes\nlanding: extremes/\nformat: json\ncolumns:\n  id: {{type: integer}}\n{columns}\
         rejects: {{max_rows: 0}}\nload: {{table: analytics.extremes, mode: append}}\n"
    );
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), &dataset).await.unwrap();
    // A row more than there are values: in it every column is null.
    let rows = cases.iter().map(|case| case.values.len()).max().unwrap() + 1;
    let mut lines = String::new();
    for row in 0..rows {
        let mut fields: Map<String, Value> = [("id".to_owned(), json!(row))].into_iter().collect();
        for (case, n) in cases.iter().zip(0..) {
            let value = case.values.get(row).map_or(Value::Null, |(value, _)| value.clone());
            fields.insert(format!("c{n}"), value);
        }
        lines += &format!("{}\n", Value::Object(fields));
    }
    let delivery = pipeline.deliver("one", &[("rows.json", &lines)]).await.unwrap();
    let report = pipeline.report(&delivery.run).await.unwrap().unwrap();
    assert_eq!(report.status, Status::Succeeded, "{:?} {:?}", report.error, report.rejected_by_reason);

    for (case, n) in cases.iter().zip(0..) {
        if Type::parse(&case.kind).is_ok_and(|kind| matches!(kind, Type::Real | Type::Double)) {
            floats_are_there(&pipeline, case, n).await;
            continue;
        }
        let column = if case.kind == "super" { format!("JSON_SERIALIZE(c{n})") } else { format!("c{n}") };
        let read = pipeline.query(&format!("SELECT {column} FROM analytics.extremes ORDER BY id")).await.unwrap();
        assert_eq!(read.len(), rows);
        for (row, read) in read.iter().enumerate() {
            let expected = case.values.get(row).map_or(&Value::Null, |(value, told)| told.as_ref().unwrap_or(value));
            let shown: String = read[0].to_string().chars().take(80).collect();
            assert!(read[0] == *expected, "{}, value {row}: {shown} is read back for {expected:.80}", case.kind);
        }
    }
}

/// Floating numbers are compared by the warehouse: JSON as it is read here may miss the last bit.
async fn floats_are_there(pipeline: &Pipeline, case: &Case, n: usize) {
    let kind = Type::parse(&case.kind).unwrap().row().redshift;
    for (row, (value, _)) in case.values.iter().enumerate() {
        let is_there = format!("id = {row} AND c{n} = CAST('{value}' AS {kind})");
        let count = pipeline.number(&format!("SELECT COUNT(*) FROM analytics.extremes WHERE {is_there}")).await;
        assert_eq!(count.unwrap(), 1, "{is_there}");
    }
    let nulls = format!("SELECT COUNT(*) FROM analytics.extremes WHERE id >= {} AND c{n} IS NULL", case.values.len());
    assert!(pipeline.number(&nulls).await.unwrap() > 0, "{}", case.kind);
}

/// No result has room for a million bytes: the warehouse says which are the same. One differs in its last byte alone.
#[tokio::test]
async fn the_longest_varbytes_are_loaded_whole() {
    let dataset = "dataset: extremes\nlanding: extremes/\nformat: json\ncolumns:\n  id: {type: integer}\n  \
                   bytes: {type: varbyte(1024000)}\nrejects: {max_rows: 0}\nload: {table: analytics.extremes, mode: append}\n";
    let folder = TempDir::new().unwrap();
    let pipeline = Pipeline::start(folder.path(), dataset).await.unwrap();
    let longest = "00ff".repeat(512_000);
    let other = format!("{}fe", longest.strip_suffix("ff").unwrap());
    let lines: String = [&longest, &other, &longest]
        .iter()
        .zip(0..)
        .map(|(bytes, id)| json!({"id": id, "bytes": bytes}).to_string() + "\n")
        .collect();
    let delivery = pipeline.deliver("one", &[("rows.json", &lines)]).await.unwrap();
    let report = pipeline.report(&delivery.run).await.unwrap().unwrap();
    assert_eq!(report.status, Status::Succeeded, "{:?} {:?}", report.error, report.rejected_by_reason);

    let same = "SELECT a.id, b.id FROM analytics.extremes AS a INNER JOIN analytics.extremes AS b ON a.bytes = b.bytes \
                WHERE a.id < b.id";
    assert_eq!(pipeline.query(same).await.unwrap(), [[json!(0), json!(2)]]);
}
