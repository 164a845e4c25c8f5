//! Objects in a folder.
//!
//! ```text
//! s3/journal.jsonl   one line per bucket made, object put, object deleted; the line is the commit
//! s3/blobs/<number>  the bytes of one object; written before its line, never changed after
//! ```
//!
//! The journal is read into memory when the store opens, then written anew without what was overwritten or deleted;
//! blobs that no line names are removed. So a kill at any moment leaves the old object or the new one. Every commit is
//! made under one lock: of two conditional writers one wins.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SubsecRound, Utc};
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};

use super::condition::WriteCondition;
use crate::clock::Clock;
use crate::lines::{self, Lines};

/// What is known of an object besides its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// The file that holds the bytes.
    blob: u64,
    /// The size.
    pub size_bytes: u64,
    /// Without quotes: the MD5 of the bytes, or for a multipart upload `<md5 of the parts' md5>-<parts>`.
    pub etag: String,
    /// In whole seconds, as S3 keeps it.
    pub last_modified: DateTime<Utc>,
    /// The number of the commit: strictly increasing over all objects and restarts.
    pub sequence: u64,
    /// What the writer said about the bytes.
    pub headers: Headers,
    /// The checksums the writer sent, base64, by algorithm: `crc32`.
    pub checksums: BTreeMap<String, String>,
}

/// What a writer says about an object's bytes; S3 gives it back and makes no use of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headers {
    /// `Content-Type`
    pub content_type: Option<String>,
    /// `Content-Encoding`
    pub content_encoding: Option<String>,
    /// `Content-Disposition`
    pub content_disposition: Option<String>,
    /// `Content-Language`
    pub content_language: Option<String>,
    /// `Cache-Control`
    pub cache_control: Option<String>,
    /// `x-amz-meta-…`
    pub metadata: BTreeMap<String, String>,
}

/// An object about to be committed: all but what the commit decides.
#[derive(Debug)]
pub struct Draft {
    /// The bytes.
    pub blob: Blob,
    /// The ETag, without quotes.
    pub etag: String,
    /// What the writer says.
    pub headers: Headers,
    /// The checksums the writer sent.
    pub checksums: BTreeMap<String, String>,
}

/// Bytes in a file of their own. The file goes when this is dropped before a commit has taken it.
#[derive(Debug)]
pub struct Blob {
    number: u64,
    path: PathBuf,
    taken: bool,
}

impl Blob {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        if !self.taken {
            // A file that stays is swept when the store opens the next time.
            let _swept_later = std::fs::remove_file(&self.path);
        }
    }
}

/// One line of the journal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// The number of the last commit when the journal was written anew.
    Start { sequence: u64 },
    /// A bucket was made.
    Bucket { name: String, created: DateTime<Utc> },
    /// An object was put.
    Put { bucket: String, key: String, object: Arc<Object> },
    /// An object was deleted.
    Delete { bucket: String, key: String, sequence: u64 },
}

/// A bucket.
#[derive(Debug)]
struct Bucket {
    created: DateTime<Utc>,
    objects: BTreeMap<String, Arc<Object>>,
}

#[derive(Debug)]
struct State {
    journal: Lines,
    sequence: u64,
    buckets: BTreeMap<String, Bucket>,
}

/// The objects of all buckets.
pub struct Store {
    blobs: PathBuf,
    next_blob: AtomicU64,
    clock: Clock,
    state: Mutex<State>,
}

impl Store {
    /// Opens the store in a folder, made if it is missing.
    pub fn open(folder: &Path, clock: Clock) -> io::Result<Self> {
        let blobs = folder.join("blobs");
        std::fs::create_dir_all(&blobs)?;
        let path = folder.join("journal.jsonl");
        let (journal, lines) = Lines::open::<Line>(&path)?;
        let mut state = State { journal, sequence: 0, buckets: BTreeMap::new() };
        for line in lines {
            state.apply(line);
        }
        state.rewrite(&path)?;
        let next_blob = AtomicU64::new(state.sweep(&blobs)?);
        Ok(Self { blobs, next_blob, clock, state: Mutex::new(state) })
    }

    /// Makes a bucket. Whether it is new.
    pub fn create_bucket(&self, name: &str) -> S3Result<bool> {
        let mut state = self.state();
        if state.buckets.contains_key(name) {
            return Ok(false);
        }
        let line = Line::Bucket { name: name.to_owned(), created: (self.clock)().trunc_subsecs(0) };
        state.commit(line).map(|()| true)
    }

    /// All buckets and when they were made, in the order of their names.
    pub fn buckets(&self) -> Vec<(String, DateTime<Utc>)> {
        self.state().buckets.iter().map(|(name, bucket)| (name.clone(), bucket.created)).collect()
    }

    /// An object, if there is one under the key. No such bucket is an error.
    pub fn find(&self, bucket: &str, key: &str) -> S3Result<Option<Arc<Object>>> {
        Ok(self.state().bucket(bucket)?.objects.get(key).cloned())
    }

    /// An object with its bytes, which stay readable when it is overwritten or deleted meanwhile.
    pub fn read(&self, bucket: &str, key: &str) -> S3Result<(Arc<Object>, File)> {
        let state = self.state();
        let object = state.bucket(bucket)?.objects.get(key).ok_or_else(|| s3_error!(NoSuchKey, "no object {key}"))?;
        let file = File::open(self.blob_path(object.blob)).map_err(broken)?;
        Ok((Arc::clone(object), file))
    }

    /// The objects whose keys begin with a prefix, in the order of the keys.
    pub fn under(&self, bucket: &str, prefix: &str) -> S3Result<Vec<(String, Arc<Object>)>> {
        let state = self.state();
        let from = state.bucket(bucket)?.objects.range(prefix.to_owned()..);
        let under = from.take_while(|(key, _)| key.starts_with(prefix));
        Ok(under.map(|(key, object)| (key.clone(), Arc::clone(object))).collect())
    }

    /// A new file for bytes.
    pub fn blob(&self) -> Blob {
        let number = self.next_blob.fetch_add(1, Ordering::Relaxed);
        Blob { number, path: self.blob_path(number), taken: false }
    }

    /// Puts an object, atomically, if the condition holds for what is there.
    pub fn put(&self, bucket: &str, key: &str, draft: Draft, condition: &WriteCondition) -> S3Result<Arc<Object>> {
        let Draft { mut blob, etag, headers, checksums } = draft;
        let size_bytes = std::fs::metadata(blob.path()).map_err(broken)?.len();
        let mut state = self.state();
        let there = state.bucket(bucket)?.objects.get(key).cloned();
        condition.check(there.as_deref())?;
        let object = Arc::new(Object {
            blob: blob.number,
            size_bytes,
            etag,
            last_modified: (self.clock)().trunc_subsecs(0),
            sequence: state.sequence + 1,
            headers,
            checksums,
        });
        state.commit(Line::Put { bucket: bucket.to_owned(), key: key.to_owned(), object: Arc::clone(&object) })?;
        blob.taken = true;
        self.forget(there);
        Ok(object)
    }

    /// Deletes an object, atomically, if the condition holds. Nothing there is success, as on S3.
    pub fn delete(&self, bucket: &str, key: &str, condition: &WriteCondition) -> S3Result<()> {
        let mut state = self.state();
        let there = state.bucket(bucket)?.objects.get(key).cloned();
        condition.check(there.as_deref())?;
        if there.is_some() {
            let sequence = state.sequence + 1;
            state.commit(Line::Delete { bucket: bucket.to_owned(), key: key.to_owned(), sequence })?;
        }
        self.forget(there);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn blob_path(&self, number: u64) -> PathBuf {
        self.blobs.join(number.to_string())
    }

    /// Removes the bytes of an object that is no longer there. Whoever reads them has them open.
    fn forget(&self, object: Option<Arc<Object>>) {
        if let Some(object) = object {
            let _swept_later = std::fs::remove_file(self.blob_path(object.blob));
        }
    }
}

impl State {
    fn bucket(&self, name: &str) -> S3Result<&Bucket> {
        self.buckets.get(name).ok_or_else(|| s3_error!(NoSuchBucket, "The specified bucket does not exist"))
    }

    /// Writes a line, then does what it says.
    fn commit(&mut self, line: Line) -> S3Result<()> {
        self.journal.append(&line).map_err(broken)?;
        self.apply(line);
        Ok(())
    }

    fn apply(&mut self, line: Line) {
        match line {
            Line::Start { sequence } => self.sequence = sequence,
            Line::Bucket { name, created } => {
                self.buckets.insert(name, Bucket { created, objects: BTreeMap::new() });
            }
            Line::Put { bucket, key, object } => {
                self.sequence = self.sequence.max(object.sequence);
                if let Some(bucket) = self.buckets.get_mut(&bucket) {
                    bucket.objects.insert(key, object);
                }
            }
            Line::Delete { bucket, key, sequence } => {
                self.sequence = self.sequence.max(sequence);
                if let Some(bucket) = self.buckets.get_mut(&bucket) {
                    bucket.objects.remove(&key);
                }
            }
        }
    }

    /// Writes the journal anew: what is there now, and nothing of what was.
    fn rewrite(&mut self, path: &Path) -> io::Result<()> {
        let mut text = Vec::new();
        let mut add = |line: &Line| -> io::Result<()> {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
            Ok(())
        };
        add(&Line::Start { sequence: self.sequence })?;
        for (name, bucket) in &self.buckets {
            add(&Line::Bucket { name: name.clone(), created: bucket.created })?;
            for (key, object) in &bucket.objects {
                add(&Line::Put { bucket: name.clone(), key: key.clone(), object: Arc::clone(object) })?;
            }
        }
        lines::replace(path, &text)?;
        (self.journal, _) = Lines::open::<Line>(path)?;
        Ok(())
    }

    /// Removes the blobs that no object names; the first number that is free.
    fn sweep(&self, blobs: &Path) -> io::Result<u64> {
        let objects = self.buckets.values().flat_map(|bucket| bucket.objects.values());
        let named: BTreeSet<u64> = objects.map(|object| object.blob).collect();
        for entry in std::fs::read_dir(blobs)? {
            let entry = entry?;
            let number = entry.file_name().to_str().and_then(|name| name.parse().ok());
            if number.is_none_or(|number: u64| !named.contains(&number)) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(named.last().map_or(0, |number| number + 1))
    }
}

/// A file of the store that does not read or write as it should.
pub fn broken(error: io::Error) -> s3s::S3Error {
    s3_error!(error, InternalError, "the store's folder does not read or write as it should")
}
