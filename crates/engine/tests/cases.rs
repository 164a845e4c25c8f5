//! Every folder in `tests/cases/` is a test: a dataset file, its input files in the order of their names, and what they
//! become. `UPDATE_EXPECT=1 cargo test -p engine --test cases` writes `expected.txt` anew; read it before it is kept.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a case that cannot be read or shown fails its test")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use engine::mask::MaskKey;
use engine::{Item, Object, Options, Outcome};
use expect_test::expect_file;
use model::Result;
use model::count::Counts;
use model::dataset::{Dataset, DatasetFile};
use model::error::chain;
use model::name::{BatchId, RunName, S3Url};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// What an item became, each object whole.
#[derive(Debug, PartialEq)]
struct Made {
    rows: Vec<u64>,
    outcome: Outcome,
    objects: BTreeMap<Object, Vec<u8>>,
}

struct Case {
    dataset: Dataset,
    run: RunName,
    batch: BatchId,
    inputs: Vec<(S3Url, Vec<u8>)>,
}

#[test]
fn every_case_becomes_what_is_expected_wherever_its_bytes_are_cut() {
    let cases = sorted(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases"));
    assert!(cases.len() >= 25, "the cases are found");
    for folder in cases {
        let case = read(&folder);
        let whole = make(&case, usize::MAX);
        expect_file![folder.join("expected.txt")].assert_eq(&show(&case, &whole));
        for cut in [1, 3, 7, 100] {
            let same = match (&whole, make(&case, cut)) {
                (Ok(whole), Ok(cut)) => *whole == cut,
                (Err(whole), Err(cut)) => chain(whole) == chain(&cut),
                _ => false,
            };
            assert!(same, "{}: cut every {cut} it becomes something else", folder.display());
        }
    }
}

fn read(folder: &Path) -> Case {
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let yaml = fs::read_to_string(folder.join("dataset.yaml")).unwrap();
    let dataset = DatasetFile::parse(&yaml, &name(folder)).unwrap().dataset;
    let files = sorted(folder).into_iter().filter(|path| name(path).starts_with("input"));
    let url = |path: &Path| S3Url::new("landing", &format!("{}{}", dataset.landing.as_str(), name(path))).unwrap();
    let inputs: Vec<_> = files.map(|path| (url(&path), fs::read(&path).unwrap())).collect();
    assert!(!inputs.is_empty(), "{} has input files", folder.display());
    let manifest = S3Url::new("landing", &format!("{}_manifest.json", dataset.landing.as_str())).unwrap();
    let run = RunName::new(dataset.dataset.clone(), &"0".repeat(32)).unwrap();
    Case { dataset, run, batch: BatchId::of(&manifest), inputs }
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Every case is masked with the same key.
fn mask_key() -> MaskKey {
    MaskKey::new(b"the key of all cases".to_vec(), "1".to_owned()).unwrap()
}

fn make(case: &Case, cut: usize) -> Result<Made> {
    let options = Options { mask_key: Some(mask_key()), threads: 2, chunk_bytes: 1 << 20 };
    let mut item = Item::new(&case.dataset, &case.run, &case.batch, 0, &options)?;
    let mut chunks = Vec::new();
    let mut rows = Vec::new();
    for (url, bytes) in (0..item.passes()).flat_map(|_| &case.inputs) {
        if rows.len() == case.inputs.len() {
            assert!(item.next_pass()?);
            rows.clear();
        }
        item.begin_input(&url.to_string(), bytes.len() as u64)?;
        let streamed = if item.is_ranged() { &[] } else { bytes.as_slice() };
        for piece in streamed.chunks(cut) {
            item.push(piece)?;
            chunks.extend(item.take_output());
        }
        // Ranges are not cut; those that are wanted may come in any order.
        let next = |mut wants: Vec<_>| if cut == 1 { wants.pop() } else { wants.into_iter().next() };
        while let Some(range) = next(item.wants()) {
            let places = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
            item.push_range(range.start, Bytes::copy_from_slice(&bytes[places]))?;
            chunks.extend(item.take_output());
        }
        rows.push(item.end_input()?.rows);
    }
    let outcome = item.finish()?;
    chunks.extend(item.take_output());
    let mut objects = BTreeMap::<_, Vec<u8>>::new();
    for chunk in chunks {
        objects.entry(chunk.object).or_default().extend_from_slice(&chunk.bytes);
    }
    Ok(Made { rows, outcome, objects })
}

fn show(case: &Case, made: &Result<Made>) -> String {
    let made = match made {
        Ok(made) => made,
        Err(error) => return format!("{}: {}\n", error.kind(), chain(error)),
    };
    let mut text = String::new();
    for ((url, _), rows) in case.inputs.iter().zip(&made.rows) {
        writeln!(text, "{url}: {rows} row(s) read").unwrap();
    }
    let counts = made.outcome.counts;
    writeln!(
        text,
        "{} read = {} accepted + {} rejected{}",
        counts.read,
        counts.accepted,
        counts.rejected,
        left_out(counts)
    )
    .unwrap();
    for file in &made.outcome.files {
        let values: Vec<_> = file.partition.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
        writeln!(text, "\n{} ({} row(s); {})", file.key, file.rows, values.join(", ")).unwrap();
        let bytes = &made.objects[&Object::Parquet(file.key.clone())];
        show_file(case, bytes, &mut text);
    }
    if let Some(key) = &made.outcome.rejects {
        writeln!(text, "\n{key} {:?}", made.outcome.rejected_by_reason).unwrap();
        text += std::str::from_utf8(&made.objects[&Object::Rejects(key.clone())]).unwrap();
    }
    text
}

/// The terms that most cases do not have.
fn left_out(counts: Counts) -> String {
    let duplicate = (counts.duplicate > 0).then(|| format!(" + {} duplicate", counts.duplicate));
    duplicate.unwrap_or_default()
}

fn show_file(case: &Case, bytes: &[u8], text: &mut String) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::copy_from_slice(bytes)).unwrap().build().unwrap();
    for batch in reader {
        let batch: RecordBatch = batch.unwrap();
        let options = FormatOptions::new().with_null("null");
        let columns = batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap());
        let columns: Vec<_> = columns.collect();
        for row in 0..batch.num_rows() {
            let values: Vec<_> = columns.iter().map(|column| column.value(row).to_string()).collect();
            assert_eq!(values[..2], [case.batch.to_string(), case.run.to_string()], "every row says whence it is");
            let names = batch.schema_ref().fields().iter().map(|field| field.name());
            let pairs = names.zip(&values).skip(2).map(|(name, value)| format!("{name}={}", value.escape_debug()));
            writeln!(text, "  {}", pairs.collect::<Vec<_>>().join(" | ")).unwrap();
        }
    }
}
