//! Makes wrong files of right ones, for the demo: what producers do to us, on purpose.

use std::path::{Path, PathBuf};

use model::{Error, Kind, Result};

/// Ways to spoil a flight's fields, each another reason for a reject.
const WAYS: &[(usize, &str)] = &[
    (10, "15A5"),                 // flight: no number
    (15, "99999999999"),          // distance: out of an integer's range
    (18, "2013-02-30T10:00:00Z"), // time_hour: no such day
    (9, "UAL"),                   // carrier: three bytes into varchar(2)
    (12, ""),                     // origin: required
];

/// The file without its last rows, under the same name in another folder.
pub fn without_last_rows(file: &Path, folder: &Path, rows: usize) -> Result<PathBuf> {
    let mut lines = lines(file)?;
    lines.truncate(lines.len().saturating_sub(rows));
    write(file, folder, &lines)
}

/// The file with so many rows spoilt, evenly spread, under the same name in another folder.
pub fn rows(file: &Path, folder: &Path, rows: usize) -> Result<PathBuf> {
    let mut lines = lines(file)?;
    let step = (lines.len() / (rows + 1)).max(1);
    for ((field, wrong), line) in WAYS.iter().cycle().zip(lines.iter_mut().skip(step).step_by(step)).take(rows) {
        let fields = line.split(',').enumerate().map(|(n, text)| if n == *field { *wrong } else { text });
        *line = fields.collect::<Vec<_>>().join(",");
    }
    write(file, folder, &lines)
}

fn lines(file: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|error| Error::new(Kind::Config, "read", file.display()).because(error))?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn write(file: &Path, folder: &Path, lines: &[String]) -> Result<PathBuf> {
    let path = folder.join(file.file_name().unwrap_or(file.as_os_str()));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, lines.join("\n") + "\n"));
    written.map(|()| path.clone()).map_err(|error| Error::new(Kind::Config, "write", path.display()).because(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_stays_and_so_many_rows_change() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("day.csv");
        let row = vec!["x"; 19].join(",");
        std::fs::write(&file, format!("header\n{}\n", vec![row.as_str(); 20].join("\n"))).unwrap();
        let spoilt = lines(&rows(&file, &folder.path().join("spoilt"), 5).unwrap()).unwrap();
        assert_eq!((spoilt.len(), spoilt[0].as_str()), (21, "header"));
        assert_eq!(spoilt.iter().skip(1).filter(|line| **line != row).count(), 5);
    }
}
