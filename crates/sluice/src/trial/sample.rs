//! The columns of local files.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use engine::infer::{Inference, Inferred};
use model::dataset::Dataset;
use model::{Error, Kind, Result};

use super::{READ_BYTES, bytes_of};

/// Finds the columns in a sample of every file.
pub fn infer(dataset: &Dataset, files: &[PathBuf]) -> Result<Inferred> {
    let mut inference = Inference::new(dataset, files.len());
    let mut buffer = vec![0; READ_BYTES];
    for path in files {
        let name = path.display().to_string();
        let fault = |error| Error::new(Kind::Data, "read", &name).because(error);
        let mut file = File::open(path).map_err(fault)?;
        let size_bytes = file.metadata().map_err(fault)?.len();
        inference.begin_input(&name, size_bytes)?;
        while let Some(range) = inference.wants() {
            let bytes = bytes_of(&mut file, &range).map_err(fault)?;
            inference.push_range(range.start, bytes)?;
        }
        let is_all = inference.is_ranged()
            || loop {
                let length = file.read(&mut buffer).map_err(fault)?;
                if length == 0 {
                    break true;
                }
                if !inference.push(buffer.get(..length).unwrap_or_default())? {
                    break false;
                }
            };
        inference.end_input(is_all)?;
    }
    inference.finish()
}
