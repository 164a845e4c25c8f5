//! Every input of `tests/cases/`, damaged at random places from fixed seeds, and bytes made of what formats are made of:
//! no panic, no lost row, no error of ours, and the same wherever the bytes are cut. `make fuzz` runs the same harness
//! for longer, guided by what is reached.

#![expect(clippy::unwrap_used, reason = "a case that cannot be read fails its test")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use model::dataset::{Dataset, Format};

use harness::Fault;

mod harness;

/// For each input file of each case; some ten seconds of one core in all.
const MUTATIONS: u64 = 16;
/// For each decoder.
const MADE: u64 = 500;

/// What readers treat in a way of its own.
const PIECES: &[&[u8]] = &[
    b"\"",
    b"\"\"",
    b"'",
    b",",
    b";",
    b"\t",
    b"||",
    b"\n",
    b"\r",
    b"\r\n",
    b"\\",
    b"#",
    b"\0",
    b" ",
    b"a",
    b"b",
    b"1",
    b"2024-02-29",
    b"-",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"null",
    b"true",
    b"1e999",
    b"\\u",
    b"\\ud800",
    b"\\n",
    b"\"a\":",
    b"\"b\":",
    b"<",
    b">",
    b"</",
    b"/>",
    b"<r>",
    b"</r>",
    b"<a>",
    b"</a>",
    b"<r a='",
    b"&amp;",
    b"&#x",
    b";",
    b"&",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"-->",
    b"<?xml version='1.0' encoding='",
    b"utf-16",
    b"?>",
    b"<!DOCTYPE r [",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xff",
    b"\xc3",
    b"\xf0\x9f\x98\x80",
    b"\xed\xa0\x80",
    b"\x1f\x8b\x08",
    b"BZh9",
    b"\x28\xb5\x2f\xfd",
];

/// Steele, Lea and Flood's SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`, which may be 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn piece(&mut self) -> &'static [u8] {
        PIECES.get(self.below(PIECES.len())).unwrap()
    }

    /// Some bytes somewhere, seldom many.
    fn range(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        let most = if self.below(4) == 0 { bytes.len() } else { 8 };
        start..(start + self.below(most + 1)).min(bytes.len())
    }

    fn damage(&mut self, bytes: &mut Vec<u8>) {
        let range = self.range(bytes);
        match self.below(7) {
            0 => drop(bytes.splice(range, [])),
            1 => bytes.truncate(range.start),
            2 => {
                let bit = 1 << self.below(8);
                bytes.iter_mut().skip(range.start).take(1).for_each(|byte| *byte ^= bit);
            }
            3 | 4 => {
                let at = range.start;
                drop(bytes.splice(at..at, self.piece().iter().copied()));
            }
            5 => drop(bytes.splice(range, self.piece().iter().copied())),
            _ => {
                let again = bytes.get(range.clone()).unwrap().to_vec();
                drop(bytes.splice(range.end..range.end, again));
            }
        }
    }
}

#[test]
fn a_damaged_case_is_read_or_refused_the_same_wherever_it_is_cut() {
    let mut faults = Vec::new();
    for case in sorted(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases")) {
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        let (dataset, inputs) = read(&case);
        for (number, seed) in (0..inputs.len()).flat_map(|number| (0..MUTATIONS).map(move |seed| (number, seed))) {
            let mut inputs = inputs.clone();
            let mut random = Random(seed);
            let input = inputs.get_mut(number).unwrap();
            for _ in 0..=random.below(3) {
                random.damage(input);
            }
            if let Some(packed) = harness::pack(random.below(16).saturating_sub(12), input).unwrap() {
                *input = packed;
            }
            // A step of half the length or more cuts once; a small one, everywhere.
            let most = if random.below(2) == 0 { 9 } else { input.len() };
            let step = 1 + random.below(most);
            let damaged = input.clone();
            let inputs: Vec<_> = inputs.iter().map(Vec::as_slice).collect();
            let checked = caught(|| {
                harness::check(&dataset, &inputs, step)?;
                // With the columns that the damaged file says it has, too.
                match dataset.format {
                    Format::Avro => harness::avro(&damaged),
                    Format::Parquet => harness::parquet(&damaged),
                    _ => Ok(()),
                }
            });
            if let Err(fault) = checked {
                faults.push(format!("{name}, input {number}, seed {seed}: {fault}\n  {}", damaged.escape_ascii()));
            }
        }
    }
    assert!(faults.is_empty(), "{} fault(s)\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn bytes_made_of_a_formats_pieces_are_read_or_refused_the_same_wherever_they_are_cut() {
    type Decoder = fn(&[u8]) -> Result<(), Fault>;
    let decoders: [(&str, Decoder); 7] = [
        ("csv", harness::csv),
        ("json", harness::json),
        ("xml", harness::xml),
        ("avro", harness::avro),
        ("parquet", harness::parquet),
        ("encoding", harness::encoding),
        ("unpack", harness::unpack),
    ];
    let mut faults = Vec::new();
    for (name, decoder) in decoders {
        for seed in 0..MADE {
            let mut random = Random(seed);
            // What chooses the dialect and the cut stands first.
            let mut data = random.next().to_le_bytes().to_vec();
            for _ in 0..random.below(60) {
                data.extend_from_slice(random.piece());
            }
            if let Err(fault) = caught(|| decoder(&data)) {
                faults.push(format!("{name}, seed {seed}: {fault}\n  {}", data.escape_ascii()));
            }
        }
    }
    assert!(faults.is_empty(), "{} fault(s)\n{}", faults.len(), faults.join("\n"));
}

/// A panic is a fault like others, so that one run shows them all.
fn caught(check: impl FnOnce() -> Result<(), Fault>) -> Result<(), Fault> {
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|_| Err("it panics".to_owned()))
}

fn read(case: &Path) -> (Dataset, Vec<Vec<u8>>) {
    let dataset = harness::dataset(&fs::read_to_string(case.join("dataset.yaml")).unwrap()).unwrap();
    let is_input = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("input");
    let inputs: Vec<_> = sorted(case).into_iter().filter(is_input).map(|path| fs::read(path).unwrap()).collect();
    assert!(!inputs.is_empty(), "{} has input files", case.display());
    (dataset, inputs)
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
