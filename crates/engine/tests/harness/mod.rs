//! What must hold for any bytes whatever, as functions of bytes: `fuzz/` hands them what a fuzzer finds, `mutations.rs`
//! what chance makes of the cases. It says nothing of which rows are right; the cases do.

use std::collections::BTreeMap;
use std::io::Write;

use engine::infer::Inference;
use engine::mask::MaskKey;
use engine::{Item, Object, Options, Outcome};
use indexmap::IndexMap;
use model::dataset::{Column, Dataset, DatasetFile};
use model::error::chain;
use model::name::{BatchId, Identifier, RunName, S3Url};
use model::{Error, Kind, Result};

/// What does not hold.
pub type Fault = String;

/// What an item became, each object whole.
#[derive(Debug, PartialEq)]
pub struct Made {
    /// Rows of each input.
    pub rows: Vec<u64>,
    /// What the item says of itself.
    pub outcome: Outcome,
    /// The bytes of each object.
    pub objects: BTreeMap<Object, Vec<u8>>,
}

/// Makes the item whole and cut every `step` bytes: the same comes out, every row is accounted for, and an error is the
/// producer's or the operator's, never ours. Gives what the item became, if it could be made.
pub fn check(dataset: &Dataset, inputs: &[&[u8]], step: usize) -> Result<Option<Made>, Fault> {
    let whole = make(dataset, inputs, usize::MAX);
    let cut = make(dataset, inputs, step.max(1));
    match (whole, cut) {
        (Ok(whole), Ok(cut)) if whole == cut => accounts(&whole).map(|()| Some(whole)),
        (Err(whole), Err(cut)) if chain(&whole) == chain(&cut) => ours(&whole).map(|()| None),
        (whole, cut) => Err(format!("whole: {}; cut every {step}: {}", say(&whole), say(&cut))),
    }
}

/// A dataset from its YAML.
pub fn dataset(yaml: &str) -> Result<Dataset, Fault> {
    DatasetFile::parse(yaml, "dataset.yaml").map(|file| file.dataset).map_err(|error| chain(&error))
}

/// Pushes the inputs, as often as the item asks for them, in pieces of so many bytes.
fn make(dataset: &Dataset, inputs: &[&[u8]], step: usize) -> Result<Made> {
    let bug = |error| Error::new(Kind::Bug, "name", "the item").because(error);
    let run = RunName::new(dataset.dataset.clone(), &"0".repeat(32)).map_err(bug)?;
    let batch = BatchId::of(&S3Url::new("landing", "_manifest.json").map_err(bug)?);
    let mask_key = MaskKey::new(b"the key of all cases".to_vec(), "1".to_owned())?;
    let options = Options { mask_key: Some(mask_key), threads: 1, chunk_bytes: 1 << 20 };
    let mut item = Item::new(dataset, &run, &batch, 0, &options)?;
    let mut objects = BTreeMap::<_, Vec<u8>>::new();
    let mut take = |item: &mut Item| {
        for chunk in item.take_output() {
            objects.entry(chunk.object).or_default().extend_from_slice(&chunk.bytes);
        }
    };
    let mut rows = push_all(&mut item, inputs, step, &mut take)?;
    while item.next_pass()? {
        rows = push_all(&mut item, inputs, step, &mut take)?;
    }
    let outcome = item.finish()?;
    take(&mut item);
    Ok(Made { rows, outcome, objects })
}

fn push_all(item: &mut Item, inputs: &[&[u8]], step: usize, take: &mut impl FnMut(&mut Item)) -> Result<Vec<u64>> {
    let mut rows = Vec::new();
    for (number, bytes) in inputs.iter().enumerate() {
        item.begin_input(&format!("s3://landing/input{number}"), bytes.len() as u64)?;
        let streamed = if item.is_ranged() { &[] } else { *bytes };
        for piece in streamed.chunks(step) {
            item.push(piece)?;
            take(item);
        }
        while let Some(range) = item.wants().into_iter().next() {
            let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
            let wanted = bytes.get(place(range.start)..place(range.end)).unwrap_or_default();
            item.push_range(range.start, wanted.to_vec().into())?;
            take(item);
        }
        rows.push(item.end_input()?.rows);
    }
    Ok(rows)
}

/// Every row is in one place, and the places hold as many as are said.
fn accounts(made: &Made) -> Result<(), Fault> {
    let counts = made.outcome.counts;
    counts.check("the item").map_err(|error| chain(&error))?;
    let in_files: u64 = made.outcome.files.iter().map(|file| file.rows).sum();
    let lines = |bytes: &Vec<u8>| bytes.iter().filter(|byte| **byte == b'\n').count();
    let rejects = made.objects.iter().filter(|(object, _)| matches!(object, Object::Rejects(_)));
    let rejected: usize = rejects.map(|(_, bytes)| lines(bytes)).sum();
    let by_reason: u64 = made.outcome.rejected_by_reason.values().sum();
    let same = made.rows.iter().sum::<u64>() == counts.read
        && in_files == counts.accepted
        && by_reason == counts.rejected
        && u64::try_from(rejected) == Ok(counts.rejected);
    let rows = &made.rows;
    same.then_some(()).ok_or_else(|| {
        format!("{counts:?}, but {rows:?} read, {in_files} in files, {rejected} in rejects, {by_reason} by reason")
    })
}

fn ours(error: &Error) -> Result<(), Fault> {
    let known = matches!(error.kind(), Kind::Data | Kind::Config);
    known.then_some(()).ok_or_else(|| format!("{}: {}", error.kind(), chain(error)))
}

fn say(made: &Result<Made>) -> String {
    match made {
        Ok(made) => format!("{:?}, {:?}", made.outcome.counts, made.outcome.rejected_by_reason),
        Err(error) => format!("{}: {}", error.kind(), chain(error)),
    }
}

/// Parts data into what chooses, and the rest.
fn choose<const N: usize>(data: &[u8]) -> ([usize; N], &[u8]) {
    let (first, rest) = data.split_at_checked(N).unwrap_or((data, &[]));
    let mut bytes = first.iter().copied();
    (std::array::from_fn(|_| usize::from(bytes.next().unwrap_or_default())), rest)
}

fn one_of<'a>(choices: &[&'a str], choice: usize) -> &'a str {
    choices.get(choice % choices.len()).copied().unwrap_or_default()
}

/// A place in the bytes.
fn place(bytes: &[u8], choice: usize) -> usize {
    bytes.len() * choice / 256
}

const COLUMNS: &str = "columns: {a: {type: varchar(20)}, b: {type: bigint}, c: {type: date}, d: {type: super}}";

/// CSV; the first bytes choose the dialect, or that it is detected.
pub fn csv(data: &[u8]) -> Result<(), Fault> {
    let ([detect, header, delimiter, quote, escape, more, cut], bytes) = choose(data);
    let dialect = if detect.is_multiple_of(4) {
        "detect".to_owned()
    } else {
        let header = one_of(&["false", "true", "2"], header);
        let delimiter = one_of(&["','", "';'", r#""\t""#, "'||'", "'§'"], delimiter);
        let (quote, escape) = match one_of(&["'\"'", r#""'""#, "none"], quote) {
            "none" => ("none", "none"),
            quote => (quote, one_of(&[quote, r#"'\'"#, "none"], escape)),
        };
        let more = one_of(&["", ", comment: '#'", ", skip_lines: 2", ", short_rows: 'null'"], more);
        format!("{{header: {header}, delimiter: {delimiter}, quote: {quote}, escape: {escape}{more}}}")
    };
    let yaml = format!("dataset: x\nlanding: x/\nformat: csv\ncsv: {dialect}\n{COLUMNS}\n");
    check(&dataset(&yaml)?, &[bytes], place(bytes, cut)).map(drop)
}

/// JSON; the first bytes choose where the records are.
pub fn json(data: &[u8]) -> Result<(), Fault> {
    let ([records, cut], bytes) = choose(data);
    let records =
        one_of(&["", "json: {records: a}", "json: {records: a.b, explode: b}", "json: {explode: b}"], records);
    let yaml = format!("dataset: x\nlanding: x/\nformat: json\n{records}\n{COLUMNS}\n");
    check(&dataset(&yaml)?, &[bytes], place(bytes, cut)).map(drop)
}

/// XML; the first bytes choose the row and the columns.
pub fn xml(data: &[u8]) -> Result<(), Fault> {
    let ([row, columns, cut], bytes) = choose(data);
    let row = one_of(&["r", "a", "ns:r", "p/r"], row);
    let columns = one_of(
        &[
            COLUMNS,
            "columns: {a: {type: varchar(20), from: '@a'}, b: {type: varchar(20), from: 'b/@c'}, c: {type: varchar(99), from: '.'}}",
        ],
        columns,
    );
    let yaml = format!("dataset: x\nlanding: x/\nformat: xml\nxml: {{row: '{row}'}}\n{columns}\n");
    check(&dataset(&yaml)?, &[bytes], place(bytes, cut)).map(drop)
}

/// Avro, the whole of the data: a fuzzer's seeds are files.
pub fn avro(data: &[u8]) -> Result<(), Fault> {
    typed("avro", data)
}

/// Parquet, the whole of the data.
pub fn parquet(data: &[u8]) -> Result<(), Fault> {
    typed("parquet", data)
}

/// A file that says what its columns are: they are looked for, and then, where there are some, read as what they are.
fn typed(format: &str, bytes: &[u8]) -> Result<(), Fault> {
    let yaml = format!("dataset: x\nlanding: x/\nformat: {format}\n");
    let bare = dataset(&yaml)?;
    let found = infer(&bare, bytes);
    let dataset = match found {
        Ok(columns) => bare.with_columns(columns).map_err(|error| chain(&error))?,
        Err(error) => {
            ours(&error)?;
            dataset(&format!("{yaml}{COLUMNS}\n"))?
        }
    };
    check(&dataset, &[bytes], bytes.len() / 2).map(drop)
}

fn infer(dataset: &Dataset, bytes: &[u8]) -> Result<IndexMap<Identifier, Column>> {
    let mut inference = Inference::new(dataset, 1);
    inference.begin_input("s3://landing/input0", bytes.len() as u64)?;
    if !inference.is_ranged() {
        inference.push(bytes)?;
    }
    while let Some(range) = inference.wants() {
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let wanted = bytes.get(place(range.start)..place(range.end)).unwrap_or_default();
        inference.push_range(range.start, wanted.to_vec().into())?;
    }
    inference.end_input(true)?;
    Ok(inference.finish()?.columns)
}

/// CSV in an encoding that the first byte chooses, or that is told by the byte order mark.
pub fn encoding(data: &[u8]) -> Result<(), Fault> {
    let ([encoding, cut], bytes) = choose(data);
    let names = ["utf-8", "utf-16le", "utf-16be", "latin-1", "windows-1252"];
    let name = names.get(encoding % 6).map_or_else(String::new, |name| format!("encoding: {name}"));
    let yaml = format!("dataset: x\nlanding: x/\nformat: csv\ncsv: {{header: false}}\n{name}\n{COLUMNS}\n");
    check(&dataset(&yaml)?, &[bytes], place(bytes, cut)).map(drop)
}

/// The bytes as they stand, or compressed: then, undamaged, they become what they become as they stand; and damaged at
/// one place they are read or refused like all others.
pub fn unpack(data: &[u8]) -> Result<(), Fault> {
    let ([method, damage, bits, cut], bytes) = choose(data);
    let dataset = dataset(&format!("dataset: x\nlanding: x/\nformat: csv\ncsv: {{header: false}}\n{COLUMNS}\n"))?;
    let Some(mut packed) = pack(method, bytes)? else {
        return check(&dataset, &[bytes], place(bytes, cut)).map(drop);
    };
    let cut = place(&packed, cut);
    if check(&dataset, &[&packed], cut)? != make(&dataset, &[bytes], usize::MAX).ok() && !looks_packed(bytes) {
        return Err("compressed it becomes something else".to_owned());
    }
    let damage = place(&packed, damage);
    if let (Some(byte), Ok(bits)) = (packed.get_mut(damage), u8::try_from(bits)) {
        *byte ^= bits;
    }
    check(&dataset, &[&packed], cut).map(drop)
}

/// The bytes compressed by a method; by none for one choice in four.
pub fn pack(method: usize, bytes: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let fault = |error: std::io::Error| error.to_string();
    let packed = match method % 4 {
        0 => return Ok(None),
        1 => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(bytes).and_then(|()| gzip.finish()).map_err(fault)?
        }
        2 => {
            let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            bzip2.write_all(bytes).and_then(|()| bzip2.finish()).map_err(fault)?
        }
        _ => {
            let mut zstd = Vec::with_capacity(zstd_safe::compress_bound(bytes.len()));
            zstd_safe::compress(&mut zstd, bytes, 1).map_err(|code| zstd_safe::get_error_name(code).to_owned())?;
            zstd
        }
    };
    Ok(Some(packed))
}

/// Whether the bytes themselves begin as compressed ones do: compressed once more they are not unpacked twice.
pub fn looks_packed(bytes: &[u8]) -> bool {
    [&b"\x1f\x8b"[..], b"BZh", b"\x28\xb5\x2f\xfd"].iter().any(|magic| bytes.starts_with(magic))
        || bytes.get(1..4) == Some(&b"\x2a\x4d\x18"[..])
        || bytes.starts_with(b"PK")
}
