//! A dataset file for files that have none: what they are, their columns, and what a person is to decide.

use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use engine::infer::Inferred;
use model::dataset::{Column, DatasetFile};
use model::name::{DatasetName, Identifier};
use model::{Error, Kind, Result};

use crate::trial;

/// So many of a file's first bytes tell its format.
const FIRST_BYTES: usize = 64 * 1024;

/// Words in names of columns that speak of people.
const PERSONAL: &[&str] = &["email", "mail", "phone", "mobile", "ssn", "iban", "card", "passport", "birth", "address"];

/// The text of a dataset file that these files fit.
pub fn propose(files: &[PathBuf], name: Option<&str>) -> Result<String> {
    let first =
        files.first().ok_or_else(|| Error::new(Kind::Config, "propose", "a dataset").because("no file is named"))?;
    let name = match name {
        Some(name) => {
            DatasetName::parse(name).map_err(|error| Error::new(Kind::Config, "name", "the dataset").because(error))?
        }
        None => name_of(first)?,
    };
    let format = Format::of(first)?;
    let head = format!("dataset: {name}\nlanding: {name}/\n{}", format.keys());
    let dataset = DatasetFile::parse(&head, "the proposal")?.dataset;
    let inferred = trial::infer(&dataset, files)?;
    let mut text = format!(
        "# Proposed from {} row(s) of {} file(s). Read what is said of each column before you rely on it.\n",
        inferred.rows,
        files.len()
    );
    text += &format!("dataset: {name}\nlanding: {name}/            # the prefix in the landing bucket\n");
    text += &match &inferred.found {
        Some(found) => format!("format: csv\ncsv: {{{}}}\n", explicit(found)),
        None => format.keys(),
    };
    text += "columns:\n";
    for ((name, column), reason) in inferred.columns.iter().zip(&inferred.reasons) {
        writeln!(text, "{}", line(name, column, reason)).map_err(bug)?;
    }
    text += &decisions(&inferred, &name);
    // What is proposed is a dataset file.
    DatasetFile::parse(&text, "the proposal")?;
    Ok(text)
}

fn bug(error: std::fmt::Error) -> Error {
    Error::new(Kind::Bug, "write", "a proposal").because(error)
}

/// What a file is, by its first bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Format {
    Csv,
    Json,
    Xml { row: String },
    Parquet,
    Avro,
}

impl Format {
    fn of(path: &Path) -> Result<Self> {
        let fault = |error| Error::new(Kind::Config, "read", path.display()).because(error);
        let mut bytes = Vec::new();
        File::open(path).map_err(fault)?.take(FIRST_BYTES as u64).read_to_end(&mut bytes).map_err(fault)?;
        let refuse =
            |what: &str| Error::new(Kind::Config, "propose a dataset for", path.display()).because(what.to_owned());
        if bytes.starts_with(b"PAR1") {
            return Ok(Self::Parquet);
        }
        if bytes.starts_with(b"Obj\x01") {
            return Ok(Self::Avro);
        }
        let text: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
        let text = String::from_utf8_lossy(&text);
        let text = text.trim_start_matches(['\u{feff}', '\u{fffd}', ' ', '\t', '\r', '\n']);
        Ok(match text.chars().next() {
            Some('{' | '[') => Self::Json,
            Some('<') => Self::Xml {
                row: row_of(text).ok_or_else(|| refuse("no element in it repeats: say `xml: {row: …}` yourself"))?,
            },
            _ => Self::Csv,
        })
    }

    fn keys(&self) -> String {
        match self {
            Self::Csv => "format: csv\ncsv: detect\n".to_owned(),
            Self::Json => "format: json\n".to_owned(),
            Self::Parquet => "format: parquet\n".to_owned(),
            Self::Avro => "format: avro\n".to_owned(),
            Self::Xml { row } => format!("format: xml\nxml: {{row: {row}}}\n"),
        }
    }
}

/// The element right below the root, as the first bytes show it.
fn row_of(text: &str) -> Option<String> {
    let tags = text.split('<').skip(1).filter(|tag| !tag.starts_with(['?', '!', '/']));
    let names =
        tags.map(|tag| tag.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default());
    let name = names.filter(|name| !name.is_empty()).nth(1)?;
    Some(name.rsplit(':').next().unwrap_or(name).to_owned())
}

/// A dataset's name, from a file's.
fn name_of(path: &Path) -> Result<DatasetName> {
    let stem =
        path.file_name().and_then(|name| name.to_str()).unwrap_or_default().split('.').next().unwrap_or_default();
    let kept = stem
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .take(40)
        .collect::<String>();
    let kept = kept.trim_matches('_');
    let name =
        if kept.starts_with(|c: char| c.is_ascii_lowercase()) { kept.to_owned() } else { format!("data_{kept}") };
    DatasetName::parse(name.trim_end_matches('_')).map_err(|error| {
        Error::new(Kind::Config, "name a dataset after", path.display()).because(format!("{error}; use --dataset"))
    })
}

/// The dialect that was found, as keys.
fn explicit(found: &str) -> String {
    found
        .split(", ")
        .filter_map(|part| part.split_once(' '))
        .map(|(key, value)| match key {
            "escape" => "escape: \"\\\\\"".to_owned(),
            "quote" if value == "none" => "quote: none".to_owned(),
            "quote" => format!("quote: {:?}", value.trim_matches('\'')),
            _ => format!("{key}: {value}"),
        })
        .collect::<Vec<_>>()
        .join(", ")
}

fn line(name: &Identifier, column: &Column, reason: &str) -> String {
    let mut keys = vec![format!("type: {:?}", column.kind.to_string())];
    if let Some(from) = &column.from {
        keys.push(format!("from: {from:?}"));
    }
    if !column.formats.is_empty() {
        keys.push(format!("formats: {:?}", column.formats));
    }
    let personal = PERSONAL.iter().any(|word| name.as_str().contains(word));
    let mask = if personal { "; of a person? consider `mask: sha256`, redact or last4" } else { "" };
    format!("  {name}: {{{}}}  # {reason}{mask}", keys.join(", "))
}

fn decisions(inferred: &Inferred, name: &DatasetName) -> String {
    let first = inferred.columns.keys().next().map(ToString::to_string).unwrap_or_default();
    let day = inferred.columns.iter().find(|(_, column)| column.kind.is_temporal()).map(|(name, _)| name.to_string());
    let mut text = String::from("# To decide:\n");
    text += &format!("# dedupe: {{key: [{first}]}}      # which columns tell rows apart\n");
    if let Some(day) = day {
        text += &format!("# partition_by: {{dt: day({day})}}  # folders of the lake\n");
    }
    text += "# rejects: {max_ratio: 0.01}   # how many bad rows are too many\n";
    text += &format!("# catalog: {{database: lake}}\n# load: {{table: public.{name}, mode: append}}\n");
    text
}
