//! The work itself, on a thread of its own: pieces in, chunks out, the manifest's promises held.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::{Chunk, InputEnded, Item, Outcome};
use model::hash::hex;
use model::part::InputRead;
use model::plan::Input;
use model::{Error, Kind, Result};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::read::Piece;

/// Makes an item of the pieces of its inputs.
pub struct Worker {
    pub item: Item,
    pub inputs: Vec<Input>,
    pub pieces: mpsc::Receiver<Piece>,
    pub chunks: mpsc::Sender<Chunk>,
    /// How far it is, for others to see.
    pub read_bytes: Arc<AtomicU64>,
}

/// Holds what the manifest promises of sizes against the pins: before a byte is read.
pub fn check_sizes(inputs: &[Input]) -> Result<()> {
    inputs
        .iter()
        .try_for_each(|input| check(input, "bytes", input.promise.content_length.as_ref(), &input.pin.size_bytes))
}

impl Worker {
    /// Blocks until all inputs are done, or a channel is closed.
    pub fn run(mut self) -> Result<(Outcome, Vec<InputRead>)> {
        let inputs = std::mem::take(&mut self.inputs);
        let mut done = Vec::new();
        loop {
            for input in &inputs {
                let InputEnded { rows, found } = self.input(input)?;
                tracing::info!(object = %input.url, size_bytes = input.pin.size_bytes, rows, "input read");
                done.push(InputRead { url: input.url.clone(), size_bytes: input.pin.size_bytes, rows, found });
            }
            if !self.item.next_pass()? {
                break;
            }
            done.clear();
        }
        let outcome = self.item.finish()?;
        self.hand_on()?;
        Ok((outcome, done))
    }

    fn input(&mut self, input: &Input) -> Result<InputEnded> {
        self.item.begin_input(&input.url.to_string(), input.pin.size_bytes)?;
        // The manifest need not promise a checksum, and hashing is dear.
        let mut digest = input.promise.sha256.as_ref().map(|_| Sha256::new());
        while let Piece::Bytes(bytes) = self.pieces.blocking_recv().ok_or_else(stopped)? {
            if let Some(digest) = &mut digest {
                digest.update(&bytes);
            }
            self.item.push(&bytes)?;
            self.read_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            self.hand_on()?;
        }
        let ended = self.item.end_input()?;
        self.hand_on()?;
        check(input, "rows", input.promise.record_count.as_ref(), &ended.rows)?;
        if let Some(digest) = digest {
            let promised = input.promise.sha256.as_ref().map(|text| text.to_lowercase());
            check(input, "sha256", promised.as_ref(), &hex(&digest.finalize()))?;
        }
        Ok(ended)
    }

    fn hand_on(&mut self) -> Result<()> {
        for chunk in self.item.take_output() {
            self.chunks.blocking_send(chunk).map_err(|_| stopped())?;
        }
        Ok(())
    }
}

fn check<T: PartialEq + std::fmt::Display>(input: &Input, what: &str, promised: Option<&T>, found: &T) -> Result<()> {
    match promised {
        Some(promised) if promised != found => Err(Error::new(Kind::Data, "accept", &input.url).because(format!(
            "the manifest promises {what} {promised}, found is {found}; deliver the file again, or mend the manifest"
        ))),
        _ => Ok(()),
    }
}

/// The channel is closed because the other side has failed; its error is the one that is reported.
fn stopped() -> Error {
    Error::new(Kind::Bug, "go on with", "an item whose reading or uploading has stopped")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use expect_test::{Expect, expect};
    use model::arrival::Pin;
    use model::dataset::DatasetFile;
    use model::error::chain;
    use model::manifest::ListingMeta;
    use model::name::{BatchId, RunName, S3Url};

    use super::*;

    const CSV: &[u8] = b"id\n1\nx\n3\n";

    fn input(promise: ListingMeta) -> Input {
        let last_modified = chrono::DateTime::from_timestamp(1, 0).unwrap();
        let pin = Pin { version_id: None, etag: "e".to_owned(), size_bytes: CSV.len() as u64, last_modified };
        Input { url: S3Url::parse("s3://landing/x/a.csv").unwrap(), pin, promise }
    }

    fn run(promise: ListingMeta) -> Result<(Outcome, Vec<InputRead>, Vec<Chunk>)> {
        let yaml = "{dataset: x, landing: x/, format: csv, columns: {id: {type: bigint}}}";
        let dataset = DatasetFile::parse(yaml, "x.yaml").unwrap().dataset;
        let run = RunName::new(dataset.dataset.clone(), &"0".repeat(32)).unwrap();
        let input = input(promise);
        check_sizes(std::slice::from_ref(&input))?;
        let item = Item::new(&dataset, &run, &BatchId::of(&input.url), 0, &crate::options(None))?;
        let (send_piece, pieces) = mpsc::channel(2);
        let (send_chunk, mut chunks) = mpsc::channel(8);
        let read_bytes = Arc::new(AtomicU64::new(0));
        let worker = Worker { item, inputs: vec![input], pieces, chunks: send_chunk, read_bytes: read_bytes.clone() };
        send_piece.blocking_send(Piece::Bytes(Bytes::from_static(CSV))).unwrap();
        send_piece.blocking_send(Piece::End).unwrap();
        let (outcome, done) = worker.run()?;
        assert_eq!(read_bytes.load(Ordering::Relaxed), CSV.len() as u64);
        Ok((outcome, done, std::iter::from_fn(|| chunks.try_recv().ok()).collect()))
    }

    fn check_fault(promise: ListingMeta, expected: Expect) {
        let error = run(promise).unwrap_err();
        assert_eq!(error.kind(), Kind::Data);
        expected.assert_eq(&chain(&error));
    }

    #[test]
    fn promises_that_hold_let_the_item_through() {
        let sha256 = Some(model::hash::sha256_hex(CSV).to_uppercase());
        let promise = ListingMeta { content_length: Some(9), record_count: Some(3), sha256, ..ListingMeta::default() };
        let (outcome, done, chunks) = run(promise).unwrap();
        assert_eq!((outcome.counts.accepted, outcome.counts.rejected), (2, 1));
        assert_eq!((done[0].rows, done[0].size_bytes), (3, 9));
        let keys: Vec<_> = chunks.iter().map(|chunk| chunk.object.key()).collect();
        let zeros = "0".repeat(32);
        assert_eq!(keys, [format!("x/sluice_run=x-{zeros}/0-0.parquet"), format!("rejects/x/x-{zeros}/0.jsonl")]);
    }

    #[test]
    fn a_broken_promise_names_object_promised_and_found() {
        check_fault(
            ListingMeta { content_length: Some(10), ..ListingMeta::default() },
            expect![
                "cannot accept s3://landing/x/a.csv: the manifest promises bytes 10, found is 9; deliver the file again, or mend the manifest"
            ],
        );
        check_fault(
            ListingMeta { record_count: Some(4), ..ListingMeta::default() },
            expect![
                "cannot accept s3://landing/x/a.csv: the manifest promises rows 4, found is 3; deliver the file again, or mend the manifest"
            ],
        );
        check_fault(
            ListingMeta { sha256: Some("0".repeat(64)), ..ListingMeta::default() },
            expect![
                "cannot accept s3://landing/x/a.csv: the manifest promises sha256 0000000000000000000000000000000000000000000000000000000000000000, found is ddc7442d539051343b30789d75061d0d0295286f74290de24143d9e4b948c40c; deliver the file again, or mend the manifest"
            ],
        );
    }

    #[test]
    fn a_closed_channel_ends_the_work() {
        let yaml = "{dataset: x, landing: x/, format: csv, columns: {id: {type: bigint}}}";
        let dataset = DatasetFile::parse(yaml, "x.yaml").unwrap().dataset;
        let run = RunName::new(dataset.dataset.clone(), &"0".repeat(32)).unwrap();
        let input = input(ListingMeta::default());
        let item = Item::new(&dataset, &run, &BatchId::of(&input.url), 0, &crate::options(None)).unwrap();
        let (_, pieces) = mpsc::channel(1);
        let (chunks, _listener) = mpsc::channel(1);
        let worker = Worker { item, inputs: vec![input], pieces, chunks, read_bytes: Arc::default() };
        assert_eq!(worker.run().unwrap_err().kind(), Kind::Bug);
    }
}
