//! The log of COPY: what succeeded, what failed and why. It belongs to no transaction, so a failed COPY's details stay
//! when its transaction is rolled back, and an entry does not prove a commit.

use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use model::{Error, Kind};
use serde::{Deserialize, Serialize};

use crate::error::SqlResult;
use crate::query::Rows;
use crate::store::write_whole;
use crate::system::{longs, relation, texts};
use crate::types::Type;

/// System views keep a week.
const KEPT: TimeDelta = TimeDelta::days(7);

/// One COPY.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoadEntry {
    pub query_id: u64,
    pub table_id: u64,
    pub table_name: String,
    pub data_source: String,
    pub start_time: DateTime<Utc>,
    pub loaded_rows: u64,
    pub source_files: u64,
    pub source_bytes: u64,
    pub error: Option<LoadError>,
}

/// Why it failed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoadError {
    pub file_name: String,
    pub column_name: String,
    pub column_type: String,
    pub column_length: String,
    pub code: u32,
    pub message: String,
}

/// All of them, oldest first.
#[derive(Debug)]
pub(crate) struct LoadLog {
    path: PathBuf,
    entries: Vec<LoadEntry>,
}

impl LoadLog {
    /// Reads the log of a warehouse's folder.
    pub fn open(folder: &Path) -> model::Result<Self> {
        let path = folder.join("loads.json");
        let failed = || Error::new(Kind::Config, "read the log of loads", path.display());
        let entries = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| failed().because(error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed().because(error)),
        };
        Ok(Self { path, entries })
    }

    /// The highest number of a query in the log.
    pub fn last_query(&self) -> u64 {
        self.entries.iter().map(|entry| entry.query_id).max().unwrap_or_default()
    }

    /// Adds an entry, and lets go of those older than a week.
    pub fn add(&mut self, entry: LoadEntry) -> io::Result<()> {
        let oldest = entry.start_time - KEPT;
        self.entries.retain(|known| known.start_time >= oldest);
        self.entries.push(entry);
        write_whole(&self.path, &serde_json::to_vec(&self.entries).map_err(io::Error::other)?)
    }

    /// `sys_load_error_detail`.
    pub fn error_rows(&self) -> SqlResult<Rows> {
        let failed: Vec<_> = self.entries.iter().filter_map(|entry| Some((entry, entry.error.as_ref()?))).collect();
        let text = |get: fn(&LoadError) -> &str| texts(failed.iter().map(|(_, error)| Some(get(error))));
        relation(vec![
            ("user_id", Type::Integer, arrow::array::new_null_array(&Type::Integer.arrow(), failed.len())),
            ("query_id", Type::BigInt, longs(failed.iter().map(|(entry, _)| i64::try_from(entry.query_id).ok()))),
            ("table_id", Type::BigInt, longs(failed.iter().map(|(entry, _)| i64::try_from(entry.table_id).ok()))),
            ("start_time", Type::Timestamp, times(failed.iter().map(|(entry, _)| entry.start_time))),
            ("file_name", Type::Varchar(2048), text(|error| &error.file_name)),
            ("line_number", Type::BigInt, longs(failed.iter().map(|_| None))),
            ("column_name", Type::Varchar(127), text(|error| &error.column_name)),
            ("column_type", Type::Varchar(10), text(|error| &error.column_type)),
            ("column_length", Type::Varchar(10), text(|error| &error.column_length)),
            ("position", Type::BigInt, longs(failed.iter().map(|_| None))),
            ("error_code", Type::BigInt, longs(failed.iter().map(|(_, error)| Some(i64::from(error.code))))),
            ("error_message", Type::Varchar(512), text(|error| &error.message)),
        ])
    }

    /// `sys_load_history`, with the columns that are known here.
    pub fn history_rows(&self) -> SqlResult<Rows> {
        let number =
            |get: fn(&LoadEntry) -> u64| longs(self.entries.iter().map(|entry| i64::try_from(get(entry)).ok()));
        let status = |entry: &LoadEntry| Some(if entry.error.is_none() { "completed" } else { "aborted" });
        relation(vec![
            ("query_id", Type::BigInt, number(|entry| entry.query_id)),
            ("table_name", Type::Varchar(128), texts(self.entries.iter().map(|entry| Some(&entry.table_name)))),
            ("data_source", Type::Varchar(2048), texts(self.entries.iter().map(|entry| Some(&entry.data_source)))),
            ("file_format", Type::Varchar(16), texts(self.entries.iter().map(|_| Some("parquet")))),
            ("status", Type::Varchar(16), texts(self.entries.iter().map(status))),
            ("loaded_rows", Type::BigInt, number(|entry| entry.loaded_rows)),
            ("source_file_count", Type::BigInt, number(|entry| entry.source_files)),
            ("source_file_bytes", Type::BigInt, number(|entry| entry.source_bytes)),
            (
                "error_message",
                Type::Varchar(512),
                texts(self.entries.iter().map(|entry| entry.error.as_ref().map(|error| &error.message))),
            ),
            ("start_time", Type::Timestamp, times(self.entries.iter().map(|entry| entry.start_time))),
        ])
    }
}

fn times(values: impl Iterator<Item = DateTime<Utc>>) -> arrow::array::ArrayRef {
    let micros = values.map(|at| Some(at.timestamp_micros()));
    std::sync::Arc::new(micros.collect::<arrow::array::TimestampMicrosecondArray>())
}
