//! A file of JSON lines that is only ever appended to, and that a kill at any moment leaves readable.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// An open file of lines.
///
/// A line is there whole or not at all: it is handed to the kernel in one write, and what a kill left of a line without
/// its end is cut off when the file is opened. The lines survive the end of the process, not of the machine.
#[derive(Debug)]
pub struct Lines {
    file: File,
    size_bytes: u64,
}

impl Lines {
    /// Opens the file, made if it is missing, and reads its lines.
    pub fn open<T: DeserializeOwned>(path: &Path) -> io::Result<(Self, Vec<T>)> {
        let file = File::options().create(true).append(true).read(true).open(path)?;
        let text = std::fs::read(path)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let whole = text.get(..whole).unwrap_or_default();
        let lines = whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let lines = lines.map(serde_json::from_slice).collect::<Result<_, _>>()?;
        let size_bytes = whole.len() as u64;
        file.set_len(size_bytes)?;
        Ok((Self { file, size_bytes }, lines))
    }

    /// Appends a line. Where that fails nothing was added.
    pub fn append<T: Serialize>(&mut self, line: &T) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        if let Err(error) = self.file.write_all(&bytes) {
            self.file.set_len(self.size_bytes)?;
            return Err(error);
        }
        self.size_bytes += bytes.len() as u64;
        Ok(())
    }
}

/// Replaces a whole file: readers see the old bytes or the new, and so does the next process after a kill.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, bytes)?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.jsonl");
        std::fs::write(&path, "1\n2\n[3,").unwrap();
        let (mut lines, read) = Lines::open::<u32>(&path).unwrap();
        assert_eq!(read, [1, 2]);
        lines.append(&4).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n2\n4\n");
    }
}
