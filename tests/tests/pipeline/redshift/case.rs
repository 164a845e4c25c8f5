//! A case: files, then steps.

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;

use super::target::Submission;

/// A file of the manifest.
#[derive(Debug, Clone)]
pub struct Entry {
    pub key: &'static str,
    pub mandatory: bool,
    /// What the manifest says of its length; `None` is the truth.
    pub length: Option<u64>,
    /// Whether the manifest has a `meta` for it.
    pub meta: bool,
}

/// What is done, and what must come of it. An empty fragment of an error stands for any: the text is unverified.
#[derive(Debug, Clone)]
pub enum Step {
    Finishes(Submission),
    Fails(Submission, &'static str),
    Answers(Submission, Vec<String>),
    /// The statuses of a batch's statements; the batch itself has failed.
    Breaks(Submission, Vec<&'static str>),
    /// The rows that a batch's statements answer or change.
    Counts(Submission, Vec<i64>),
    /// A call that is refused with this exception.
    Refused(Submission, &'static str),
    /// The types of a result's columns.
    Types(Submission, Vec<&'static str>),
    /// So many rows, in more pages than one.
    Pages(Submission, i64),
    /// A statement whose result cannot be had.
    HasNoResult(Submission),
    /// The same submission twice is one statement.
    IsOne(Submission),
    /// Statements of one session, one after the other; the last answers.
    Session(Vec<Submission>, Vec<String>),
    /// A statement that is over cannot be cancelled.
    IsTooLate(Submission),
    /// A statement is found by how its name begins.
    IsListed(Submission, &'static str),
}

/// One rule at work.
#[derive(Debug, Clone, Default)]
pub struct Case {
    pub name: &'static str,
    pub files: Vec<(&'static str, Vec<u8>)>,
    pub manifest: Vec<Entry>,
    pub steps: Vec<Step>,
}

/// One statement.
pub fn statement(sql: &str) -> Submission {
    Submission { sqls: vec![sql.to_owned()], ..Submission::default() }
}

/// Statements that are one transaction.
pub fn batch(sqls: &[&str]) -> Submission {
    let sqls = sqls.iter().map(|sql| (*sql).to_owned()).collect();
    Submission { sqls, is_batch: true, ..Submission::default() }
}

pub fn case(name: &'static str) -> Case {
    Case { name, ..Case::default() }
}

impl Case {
    /// A Parquet file, in the manifest with its true length.
    pub fn file(self, key: &'static str, columns: Vec<(&str, ArrayRef)>) -> Self {
        self.object(key, parquet(columns)).entry(Entry { key, mandatory: true, length: None, meta: true })
    }

    /// An object that no manifest names.
    pub fn object(mut self, key: &'static str, bytes: Vec<u8>) -> Self {
        self.files.push((key, bytes));
        self
    }

    /// A line of the manifest.
    pub fn entry(mut self, entry: Entry) -> Self {
        self.manifest.push(entry);
        self
    }

    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    pub fn runs(self, sql: &str) -> Self {
        self.step(Step::Finishes(statement(sql)))
    }

    pub fn fails(self, sql: &str, fragment: &'static str) -> Self {
        self.step(Step::Fails(statement(sql), fragment))
    }

    pub fn answers(self, sql: &str, rows: &[&str]) -> Self {
        self.step(Step::Answers(statement(sql), rows.iter().map(|row| (*row).to_owned()).collect()))
    }
}

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}
