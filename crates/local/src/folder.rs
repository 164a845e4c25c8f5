//! The state folder: one process at a time, and a note where it listens.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws::Clients;
use aws::clients::Endpoint;
use aws::metric::Sink;
use model::{Error, Kind, Result};
use serde::{Deserialize, Serialize};

use crate::{lines, names};

/// The file that the process which uses the folder holds a lock on, and writes its id into.
const LOCK: &str = "lock";

/// The file that says where that process listens.
const ENDPOINT: &str = "endpoint.json";

/// How often the lock is tried: [`running`] holds it for a moment too.
const TRIES: u32 = 5;

/// The folder, held by this process until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Takes a folder, made if it is missing. Fails with [`Kind::Config`] if another process has it.
    pub fn take(path: &Path) -> Result<Self> {
        let fault = |error: io::Error| Error::new(Kind::Config, "open state folder", path.display()).because(error);
        std::fs::create_dir_all(path).map_err(fault)?;
        let options = File::options().create(true).truncate(false).write(true).read(true).open(path.join(LOCK));
        let mut lock = options.map_err(fault)?;
        for rest in (0..TRIES).rev() {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if rest > 0 => std::thread::sleep(Duration::from_millis(20)),
                Err(TryLockError::WouldBlock) => {
                    let holder = std::fs::read_to_string(path.join(LOCK)).unwrap_or_default();
                    return Err(Error::new(Kind::Config, "open state folder", path.display())
                        .because(format!("process {} uses it", holder.trim())));
                }
                Err(TryLockError::Error(error)) => return Err(fault(error)),
            }
        }
        lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id())).map_err(fault)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The path of a file or folder in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Notes where this process listens. A note that a killed process left is replaced.
    pub fn note(&self, url: &str) -> io::Result<()> {
        let note = Note { url: url.to_owned(), pid: std::process::id() };
        lines::replace(&self.join(ENDPOINT), serde_json::to_string_pretty(&note)?.as_bytes())
    }

    /// Takes the note away.
    pub fn forget(&self) -> io::Result<()> {
        std::fs::remove_file(self.join(ENDPOINT))
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Note {
    url: String,
    pid: u32,
}

/// A local AWS that another process, or this one, runs.
#[derive(Debug, Clone)]
pub struct Running {
    /// Its address.
    pub url: String,
    /// Its process.
    pub pid: u32,
}

/// The local AWS that runs on a state folder, if one does. A note that a killed one left does not count.
pub fn running(path: &Path) -> Result<Option<Running>> {
    let fault = |error: io::Error| Error::new(Kind::Config, "look into state folder", path.display()).because(error);
    let lock = match File::open(path.join(LOCK)) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fault(error)),
    };
    match lock.try_lock_shared() {
        Ok(()) => return Ok(None),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(fault(error)),
    }
    match std::fs::read(path.join(ENDPOINT)) {
        Ok(note) => {
            let note: Note = serde_json::from_slice(&note).map_err(|error| fault(error.into()))?;
            Ok(Some(Running { url: note.url, pid: note.pid }))
        }
        // It is just starting, or just stopping.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault(error)),
    }
}

impl Running {
    /// The settings that lead any AWS client, and all handlers, to it.
    pub fn exports(&self) -> Vec<(String, String)> {
        names::exports(&self.url)
    }

    /// Clients that point at it.
    pub async fn clients(&self) -> Clients {
        Clients::at(&endpoint(&self.url, 3, Sink::Kept(Default::default()))).await
    }
}

/// The double at an address, for clients.
pub fn endpoint(url: &str, max_attempts: u32, metrics: Sink) -> Endpoint {
    Endpoint {
        url: url.to_owned(),
        access_key_id: names::ACCESS_KEY_ID.to_owned(),
        secret_access_key: names::SECRET_ACCESS_KEY.to_owned(),
        max_attempts,
        metrics,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_folder_has_one_owner() {
        let folder = tempfile::tempdir().unwrap();
        assert!(running(folder.path()).unwrap().is_none());
        let taken = Folder::take(folder.path()).unwrap();
        taken.note("http://127.0.0.1:1").unwrap();
        assert_eq!(running(folder.path()).unwrap().unwrap().url, "http://127.0.0.1:1");
        let refused = Folder::take(folder.path()).unwrap_err();
        assert_eq!(
            model::error::chain(&refused),
            format!("cannot open state folder {}: process {} uses it", folder.path().display(), std::process::id())
        );
        drop(taken);
        assert!(running(folder.path()).unwrap().is_none(), "the note of one that is gone does not count");
        Folder::take(folder.path()).unwrap();
    }
}
