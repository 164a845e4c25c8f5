//! Columns from data: their names, and the narrowest type that every value of a sample has.
//!
//! ```text
//! first bytes of each file ─► unpacked, transcoded ─► Format::names ─► every column as text ─► evidence ─► columns
//! ```
//!
//! Files of Avro and Parquet say their columns' types themselves; a sample of them only tells how long a text is.
//!
//! A type is tried by what types it later (`cast`): what is inferred can be read. Every value of the sample
//! has to be of the type; nothing is guessed away as noise, since a guess would make rejects of good rows. What is no
//! number though it reads as one stays text: a leading zero or plus is that of a postal code or a telephone.
//! Start reading at [`Inference`].

mod evidence;
mod name;
mod ranged;

use indexmap::{IndexMap, IndexSet};
use model::dataset::{Column, Csv, Dataset, fold};
use model::name::Identifier;
use model::types::Type;
use model::{Error, Kind, Result};

use self::evidence::Evidence;
use self::ranged::Ranged;
use crate::encoding::{NotText, Transcoder};
use crate::format::{self, Access, FileColumn, Unreadable};
use crate::text::{Origin, TextBatch};
use crate::typed::known::ANY_TEXT;
use crate::unpack::{NotUnpacked, Unpacker};

/// So much text of one file is looked at, at most; all files share [`model::dataset::Infer::sample_rows`].
const SAMPLE_BYTES: usize = 8 * 1024 * 1024;

/// What was inferred.
#[derive(Debug, Clone, PartialEq)]
pub struct Inferred {
    /// The columns, in the order in which the files name them.
    pub columns: IndexMap<Identifier, Column>,
    /// For each column, the first object that has it.
    pub objects: IndexMap<Identifier, String>,
    /// For each column, why it is what it is.
    pub reasons: Vec<String>,
    /// Rows that were looked at.
    pub rows: u64,
    /// How the files are written, where that was found out, from the first of them.
    pub found: Option<String>,
}

/// Infers the columns of a dataset from its files, one after the other.
#[derive(Debug)]
pub struct Inference {
    dataset: Dataset,
    rows_of_file: u64,
    evidence: IndexMap<String, Evidence>,
    /// The object in hand, and by their names the first one of each column.
    object: String,
    objects: IndexMap<String, String>,
    /// Names whose values are no texts.
    nested: IndexSet<String>,
    rows: u64,
    found: Option<String>,
    input: Option<Input>,
    ranged: Option<Ranged>,
}

#[derive(Debug)]
struct Input {
    object: String,
    unpacker: Unpacker,
    /// None for what is no text.
    transcoder: Option<Transcoder>,
    text: Vec<u8>,
}

impl Inference {
    /// Of a dataset that names no columns and has so many files.
    pub fn new(dataset: &Dataset, files: usize) -> Self {
        let files = u64::try_from(files.max(1)).unwrap_or(u64::MAX);
        Self {
            dataset: dataset.clone(),
            rows_of_file: dataset.infer.sample_rows.div_ceil(files),
            evidence: IndexMap::new(),
            object: String::new(),
            objects: IndexMap::new(),
            nested: IndexSet::new(),
            rows: 0,
            found: None,
            input: None,
            ranged: None,
        }
    }

    /// The bytes that follow are this object's, of this size.
    pub fn begin_input(&mut self, object: &str, size_bytes: u64) -> Result<()> {
        object.clone_into(&mut self.object);
        if let Access::Ranged(format) = format::find(self.dataset.format)? {
            return self.begin_ranged(format, object, size_bytes);
        }
        self.input = Some(Input {
            object: object.to_owned(),
            unpacker: Unpacker::new(self.dataset.limits),
            transcoder: self.dataset.format.is_text().then(|| Transcoder::new(self.dataset.encoding)),
            text: Vec::new(),
        });
        Ok(())
    }

    /// The next bytes, cut anywhere; whether more are wanted.
    pub fn push(&mut self, bytes: &[u8]) -> Result<bool> {
        let Some(Input { object, unpacker, transcoder, text }) = &mut self.input else { return Ok(false) };
        if text.len() < SAMPLE_BYTES {
            let mut keep = |piece: &[u8]| {
                let room = SAMPLE_BYTES.saturating_sub(text.len());
                text.extend_from_slice(piece.get(..room.min(piece.len())).unwrap_or_default());
                Ok(())
            };
            let pushed: std::result::Result<(), NotSampled> =
                unpacker.push(bytes, &mut |unpacked| match &mut *transcoder {
                    Some(transcoder) => transcoder.push(unpacked, &mut keep),
                    None => keep(unpacked),
                });
            pushed.map_err(|NotSampled(what)| Error::new(Kind::Data, "read", &*object).because(what))?;
        }
        Ok(text.len() < SAMPLE_BYTES)
    }

    /// The input has ended, or its sample has. `is_all` if every byte of it was pushed.
    pub fn end_input(&mut self, is_all: bool) -> Result<()> {
        self.ranged = None;
        let Some(Input { object, mut unpacker, mut transcoder, mut text }) = self.input.take() else { return Ok(()) };
        let is_whole = is_all && text.len() < SAMPLE_BYTES;
        if is_whole {
            let mut keep = |piece: &[u8]| {
                text.extend_from_slice(piece);
                Ok(())
            };
            let ended: std::result::Result<(), NotSampled> = unpacker
                .end(&mut |unpacked| match &mut transcoder {
                    Some(transcoder) => transcoder.push(unpacked, &mut keep),
                    None => keep(unpacked),
                })
                .and_then(|()| transcoder.as_mut().map_or(Ok(()), |transcoder| transcoder.end(&mut keep)));
            ended.map_err(|NotSampled(what)| Error::new(Kind::Data, "read", &object).because(what))?;
        }
        let origin = match transcoder {
            None => Origin::START,
            Some(transcoder) => match transcoder.encoding() {
                Some(encoding) => Origin { encoding, byte_offset: transcoder.mark_bytes() },
                None => return Ok(()),
            },
        };
        self.sample(&text, is_whole, origin).map_err(|trouble| self.fault(&object, trouble))
    }

    /// The columns. Fails, as `Data`, where the files have none.
    pub fn finish(self) -> Result<Inferred> {
        let dataset = &self.dataset.dataset;
        if self.evidence.is_empty() {
            let what = "its files have no row and no header; name the columns, or deliver a file that has some";
            return Err(Error::new(Kind::Data, "infer the columns of", dataset).because(what));
        }
        let mut columns = IndexMap::new();
        let mut objects = IndexMap::new();
        let mut reasons = Vec::new();
        for (source, evidence) in &self.evidence {
            let (mut column, reason) = match self.dataset.columns_from() {
                _ if self.nested.contains(source) => {
                    (Column::new(Type::Super), "it is several, or holds others".to_owned())
                }
                model::dataset::ColumnsFrom::Text => (Column::new(ANY_TEXT), "columns: text".to_owned()),
                _ => evidence.column(),
            };
            let name =
                name::free(source, &columns).map_err(|error| Error::new(Kind::Data, "name", dataset).because(error))?;
            // Names are found without regard to case, unless there are two that differ in it alone.
            let alike = self.evidence.keys().filter(|other| other.eq_ignore_ascii_case(source)).count();
            let is_found = name.as_str() == source || alike == 1 && name.as_str().eq_ignore_ascii_case(source);
            column.from = (!is_found).then(|| source.clone());
            objects.insert(name.clone(), self.objects.get(source).cloned().unwrap_or_default());
            columns.insert(name, column);
            reasons.push(reason);
        }
        Ok(Inferred { columns, objects, reasons, rows: self.rows, found: self.found })
    }

    fn sample(&mut self, text: &[u8], is_all: bool, origin: Origin) -> std::result::Result<(), Trouble> {
        let Access::Stream(format) = format::find(self.dataset.format)? else { return Ok(()) };
        let columns = match format.columns(text)? {
            Some(columns) => columns,
            None => {
                let names = format.names(&self.dataset, text, is_all, origin)?;
                self.nested.extend(names.iter().filter(|name| name.is_nested).map(|name| name.path.clone()));
                let column = |path| FileColumn { kind: self.nested.contains(&path).then_some(Type::Super), name: path };
                names.into_iter().map(|name| column(name.path)).collect()
            }
        };
        let columns = self.take_columns(columns);
        if columns.is_empty() {
            return Ok(());
        }
        let dataset = self.sampled(&columns)?;
        let names: Vec<String> = columns.into_iter().map(|column| column.name).collect();
        let mut reader = format.reader(&dataset, origin)?;
        reader.push(text)?;
        if is_all {
            reader.end()?;
        }
        if self.found.is_none() && self.dataset.csv == Csv::Detect {
            self.found = reader.found().map(str::to_owned);
        }
        let mut left = self.rows_of_file;
        while let Some(piece) = reader.take().filter(|_| left > 0) {
            let batch = piece.read()?;
            left = left.saturating_sub(self.look_at(&batch, &names, left));
        }
        Ok(())
    }

    /// Takes note of a file's columns; returns those that are read.
    fn take_columns(&mut self, mut columns: Vec<FileColumn>) -> Vec<FileColumn> {
        columns.retain(|column| !self.dataset.drop.iter().any(|dropped| fold(dropped) == fold(&column.name)));
        for FileColumn { name, kind } in &columns {
            let evidence = self.evidence.entry(name.clone()).or_insert_with(|| Evidence::new(&self.dataset));
            evidence.know(*kind);
            self.objects.entry(name.clone()).or_insert_with(|| self.object.clone());
        }
        columns
    }

    /// The dataset with a file's columns, to be read as far as evidence goes.
    fn sampled(&self, columns: &[FileColumn]) -> Result<Dataset> {
        let mut named = IndexMap::new();
        for (number, FileColumn { name, kind }) in (1..).zip(columns) {
            let place = format!("column_{number}");
            let place =
                Identifier::parse(&place).map_err(|error| Error::new(Kind::Bug, "name", place).because(error))?;
            named.insert(place, Column { from: Some(name.clone()), ..Column::new(kind.unwrap_or(ANY_TEXT)) });
        }
        let mut dataset = self.dataset.clone();
        (dataset.dedupe, dataset.load, dataset.catalog) = (None, None, None);
        dataset.partition_by.clear();
        dataset.with_columns(named)
    }

    fn fault(&self, object: &str, trouble: Trouble) -> Error {
        match trouble {
            Trouble::Unreadable(unreadable) => unreadable.into_error(object, self.dataset.format, 0),
            Trouble::Failed(error) => error,
        }
    }

    /// Looks at rows of a batch, at most so many; returns how many there were.
    fn look_at(&mut self, batch: &TextBatch, names: &[String], most: u64) -> u64 {
        let rows = batch.rows().min(usize::try_from(most).unwrap_or(usize::MAX));
        for (column, name) in names.iter().enumerate() {
            if let Some(evidence) = self.evidence.get_mut(name) {
                evidence.take(batch, column, rows);
            }
        }
        self.rows += rows as u64;
        rows as u64
    }
}

#[derive(Debug)]
enum Trouble {
    Unreadable(Unreadable),
    Failed(Error),
}

impl From<Unreadable> for Trouble {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Why an object has no text to look at.
struct NotSampled(String);

impl From<NotUnpacked> for NotSampled {
    fn from(error: NotUnpacked) -> Self {
        Self(error.what)
    }
}

impl From<NotText> for NotSampled {
    fn from(error: NotText) -> Self {
        Self(error.what)
    }
}

#[cfg(test)]
mod tests;
