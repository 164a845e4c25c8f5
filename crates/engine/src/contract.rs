//! What a dataset's contract watches for: names in the data that no column reads and `drop` does not name.
//!
//! Here are those of records and of files' schemas; a header of CSV is held against the columns where it is read
//! (`format/csv/header.rs`). A name is one of a row's own: of a value that a column reads from, nothing is new, and names that
//! differ in case alone are one. Rows that are no records (rejects of the format itself) are not looked at, nor are places
//! in arrays.

use std::collections::HashSet;

use indexmap::IndexMap;
use model::dataset::{Column, Contract, Dataset, Format, Path, Segment, fold};
use model::name::Identifier;
use model::types::Type;
use model::{Error, Kind};

use crate::format::{self, Access};
use crate::text::TextBatch;

/// Of one object no more names are told: some files use identifiers as keys.
pub(crate) const MAX_NAMES: usize = 100;

/// Nor are more of an item, each with the first input that has it.
const MAX_ITEM_NAMES: usize = 1000;

/// Nor is more of one name.
const MAX_NAME_BYTES: usize = 200;

/// What is told of names in records where a column is masked: they may be values.
const HIDDEN: &str = "names that are not shown, since a column is masked";

/// A dataset's columns, as names are held against them.
#[derive(Debug)]
pub(crate) struct Watch {
    dataset: Dataset,
    format: Access,
    columns: Vec<Watched>,
    dropped: Vec<Vec<String>>,
    hides_values: bool,
}

/// Where a column is read from.
#[derive(Debug)]
struct Watched {
    source: String,
    /// The same as a path.
    from: Vec<String>,
    /// Whether it takes all that is below.
    takes_all: bool,
}

impl Watch {
    /// `None` where the dataset's contract does not ask for it.
    pub fn of(dataset: &Dataset) -> model::Result<Option<Self>> {
        let is_asked = matches!(dataset.contract, Some(Contract::Freeze | Contract::Reject));
        if !is_asked || dataset.format == Format::Csv {
            return Ok(None);
        }
        let steps = |text: &str| steps(dataset.format, text);
        let watched = |(name, column): (&Identifier, &Column)| {
            let source = column.from.as_deref().unwrap_or(name.as_str());
            // A text column of JSON takes an object's JSON.
            let takes_all = column.kind == Type::Super || dataset.format == Format::Json;
            Watched { source: fold(source), from: steps(source), takes_all }
        };
        Ok(Some(Self {
            dataset: dataset.clone(),
            format: format::find(dataset.format)?,
            columns: dataset.columns.iter().map(watched).collect(),
            dropped: dataset.drop.iter().map(|name| steps(name)).collect(),
            hides_values: dataset.columns.values().any(|column| column.mask.is_some()),
        }))
    }

    /// The names in a batch's records, each with the first record's line, from 0 at the start of the piece.
    pub fn in_records(&self, batch: &TextBatch) -> IndexMap<String, u64> {
        let mut found = IndexMap::new();
        let Access::Stream(format) = self.format else { return found };
        // Records mostly have the same names.
        let (mut known, mut last) = (HashSet::new(), None);
        for record in &batch.records {
            // Rows that are made of one record share it.
            if batch.blocks.is_some() || last.replace(record.start) == Some(record.start) {
                continue;
            }
            let text = batch.raw.get(record.range()).unwrap_or_default();
            for name in format.names_of(&self.dataset, text) {
                if known.contains(&name.path) {
                    continue;
                }
                if self.is_new(&name.path) {
                    let told = if self.hides_values { HIDDEN.to_owned() } else { told(&name.path) };
                    found.entry(told).or_insert(record.line.into());
                    if found.len() == if self.hides_values { 1 } else { MAX_NAMES } {
                        return found;
                    }
                }
                known.insert(name.path);
            }
        }
        found
    }

    /// Those of a file's columns: names as they are, which no path spells.
    pub fn in_schema<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<String> {
        let is_source = |name: &str| self.columns.iter().any(|column| column.source == fold(name));
        let is_dropped = |name: &str| self.dataset.drop.iter().any(|dropped| fold(dropped) == fold(name));
        let is_new = |name: &str| !is_source(name) && !is_dropped(name) && self.is_new(&Path::of_key(name).to_string());
        names.filter(|name| is_new(name)).take(MAX_NAMES).map(told).collect()
    }

    fn is_new(&self, path: &str) -> bool {
        let name = steps(self.dataset.format, path);
        match self.dataset.format {
            Format::Xml => {
                let is_dropped = |dropped: &Vec<String>| begins(dropped, &name);
                !self.dropped.iter().any(is_dropped) && !self.columns.iter().any(|column| column.reads_element(&name))
            }
            _ => {
                !self.dropped.iter().any(|dropped| name.starts_with(dropped))
                    && !self.columns.iter().any(|column| column.reads(&name))
            }
        }
    }
}

impl Watched {
    /// Whether something of a value is read, or all of it.
    fn reads(&self, name: &[String]) -> bool {
        self.from.starts_with(name) || self.takes_all && name.starts_with(&self.from)
    }

    /// Whether something of a row's element or attribute is read. One that reads the row takes all of it, as JSON.
    fn reads_element(&self, name: &[String]) -> bool {
        let is_row = self.from.iter().eq(["."]) && self.takes_all;
        is_row || begins(self.from.get(..1).unwrap_or_default(), name)
    }
}

/// Whether the names of a document begin with these of a path. A prefix counts where both have one.
fn begins(path: &[String], names: &[String]) -> bool {
    let parts = |name: &str| match name.rsplit_once(':') {
        Some((prefix, local)) => (Some(prefix.trim_start_matches('@').to_owned()), local.to_owned()),
        None => (None, name.trim_start_matches('@').to_owned()),
    };
    let is_same = |(one, other): (&String, &String)| {
        let ((prefix, local), (other_prefix, other_local)) = (parts(one), parts(other));
        let is_known = prefix.is_none() || other_prefix.is_none() || prefix == other_prefix;
        is_known && local == other_local && one.starts_with('@') == other.starts_with('@')
    };
    path.len() <= names.len() && path.iter().zip(names).all(is_same)
}

/// The names that no input before has told of an item, as far as there is room.
pub(crate) fn not_yet_told<'a>(told: &mut HashSet<String>, names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut new = Vec::new();
    for name in names {
        if told.len() < MAX_ITEM_NAMES && told.insert(name.clone()) {
            new.push(name.clone());
        }
    }
    new
}

/// Fails, as `Data`, where an object has names that the dataset has not: all of them are told. Those of records come with
/// the line of the first, from 1.
pub(crate) fn check(object: &str, of_schema: &[String], of_records: &IndexMap<String, u64>) -> model::Result<()> {
    let of_schema = of_schema.iter().map(|name| format!("`{name}`"));
    let of_records = of_records.iter().map(|(name, line)| match name.as_str() {
        HIDDEN => format!("{HIDDEN} (the first on line {line})"),
        name => format!("`{name}` (first on line {line})"),
    });
    let names: Vec<String> = of_schema.chain(of_records).collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(Error::new(Kind::Data, "read", object).because(format!(
        "it has what the dataset has not: {}; `contract: reject` refuses that: make it a column (where columns are found: \
         `contract: evolve`), `drop` what is known and not read, or write `contract: freeze` to leave it out",
        names.join(", ")
    )))
}

/// The steps of a path, as names are compared: without regard to case.
fn steps(format: Format, path: &str) -> Vec<String> {
    if format == Format::Xml {
        return path.split('/').map(str::to_lowercase).collect();
    }
    // White space belongs to a key of JSON.
    let key = |key: &str| if format == Format::Json { key.to_lowercase() } else { fold(key) };
    let segment = |segment: &Segment| match segment {
        Segment::Key(name) => key(name),
        Segment::Index(index) => format!("[{index}]"),
    };
    match Path::parse(path) {
        Ok(path) => path.segments().iter().map(segment).collect(),
        Err(_) => vec![key(path)],
    }
}

/// A name for people: one line, and not without end.
fn told(name: &str) -> String {
    let mut told = String::new();
    for character in name.chars() {
        if told.len() >= MAX_NAME_BYTES {
            break;
        }
        match character.is_control() {
            true => told.extend(character.escape_default()),
            false => told.push(character),
        }
    }
    told
}
