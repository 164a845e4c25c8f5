//! The folder of a trial: objects as files, and the report.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use engine::{Chunk, Object};
use model::partition::RUN_KEY;
use model::{Error, Kind, Result};
use serde::Serialize;

const LAKE: &str = "lake";
const REJECTS: &str = "rejects";
const REPORT: &str = "report.json";

/// A folder that holds one trial.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder, or empties it of an earlier trial. One that holds anything else is left alone.
    pub fn prepare(path: &Path) -> Result<Self> {
        let folder = Self { path: path.to_owned() };
        fs::create_dir_all(path).map_err(|error| folder.fault(path, error))?;
        for entry in fs::read_dir(path).map_err(|error| folder.fault(path, error))? {
            let entry = entry.map_err(|error| folder.fault(path, error))?;
            if ![LAKE, REJECTS, REPORT].iter().any(|ours| entry.file_name() == *ours) {
                let what = format!("it holds {:?}; name an empty folder, or one of an earlier try", entry.file_name());
                return Err(Error::new(Kind::Config, "write to", path.display()).because(what));
            }
        }
        folder.clear()?;
        Ok(folder)
    }

    /// Takes away what was written.
    pub fn clear(&self) -> Result<()> {
        for name in [LAKE, REJECTS] {
            let path = self.path.join(name);
            if path.exists() {
                fs::remove_dir_all(&path).map_err(|error| self.fault(&path, error))?;
            }
        }
        let report = self.path.join(REPORT);
        if report.exists() {
            fs::remove_file(&report).map_err(|error| self.fault(&report, error))?;
        }
        Ok(())
    }

    /// Appends chunks to their files. No file stays open: there may be thousands.
    pub fn write(&mut self, chunks: Vec<Chunk>) -> Result<()> {
        for chunk in chunks {
            let path = self.path_of(&chunk.object);
            if let Some(parent) = path.parent().filter(|_| chunk.number == 1) {
                fs::create_dir_all(parent).map_err(|error| self.fault(parent, error))?;
            }
            let file = OpenOptions::new().create(true).append(true).open(&path);
            let written = file.and_then(|mut file| file.write_all(&chunk.bytes));
            written.map_err(|error| self.fault(&path, error))?;
        }
        Ok(())
    }

    /// Writes `report.json`.
    pub fn write_report(&self, report: &impl Serialize) -> Result<()> {
        let path = self.path.join(REPORT);
        let text = serde_json::to_string_pretty(report).map_err(|error| self.fault(&path, error.into()))?;
        fs::write(&path, text + "\n").map_err(|error| self.fault(&path, error))
    }

    /// Where an object lies. The lake has one dataset and one run: their folders are left out.
    pub fn path_of(&self, object: &Object) -> PathBuf {
        let (folder, skipped) = match object {
            Object::Parquet(_) => (LAKE, 1),
            Object::Rejects(_) => (REJECTS, 3),
        };
        let of_run = format!("{RUN_KEY}=");
        let segments = object.key().split('/').skip(skipped).filter(|segment| !segment.starts_with(&of_run));
        segments.fold(self.path.join(folder), |path, segment| path.join(segment))
    }

    fn fault(&self, path: &Path, error: std::io::Error) -> Error {
        Error::new(Kind::Config, "write", path.display()).because(error)
    }
}
