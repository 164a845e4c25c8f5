//! The work itself, on a thread of its own: pieces in, chunks out, the manifest's promises held.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use engine::{Chunk, InputEnded, Item, Outcome};
use model::hash::hex;
use model::part::InputRead;
use model::plan::Input;
use model::{Error, Kind, Result};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::read::{Ask, Piece, RANGE_BYTES};

/// Makes an item of the pieces of its inputs.
pub struct Worker {
    pub item: Item,
    pub inputs: Vec<Input>,
    pub pieces: mpsc::Receiver<Piece>,
    /// Where to ask for what is not read in order.
    pub asks: mpsc::UnboundedSender<Ask>,
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
        if self.item.is_ranged() {
            self.check_hashes(&inputs)?;
        }
        let mut done = Vec::new();
        loop {
            for (number, input) in inputs.iter().enumerate() {
                let InputEnded { rows, found, left_out } = match self.item.is_ranged() {
                    true => self.ranged(number, input)?,
                    false => self.streamed(input)?,
                };
                check(input, "rows", input.promise.record_count.as_ref(), &rows)?;
                tracing::info!(object = %input.url, size_bytes = input.pin.size_bytes, rows, "input read");
                let (url, size_bytes) = (input.url.clone(), input.pin.size_bytes);
                done.push(InputRead { url, size_bytes, rows, found, left_out });
            }
            if !self.item.next_pass()? {
                break;
            }
            done.clear();
        }
        while self.item.close_next()? {
            self.hand_on()?;
        }
        let outcome = self.item.finish()?;
        if !outcome.without_values.is_empty() {
            tracing::warn!(columns = ?outcome.without_values, "no row has a value in these; are the columns' names right?");
        }
        self.hand_on()?;
        Ok((outcome, done))
    }

    /// Reads an input from its first byte to its last.
    fn streamed(&mut self, input: &Input) -> Result<InputEnded> {
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
        digest.map_or(Ok(()), |digest| check_sha256(input, digest))?;
        Ok(ended)
    }

    /// Reads those ranges of an input that the item wants. Each is asked for once, as soon as it is wanted: the answers come
    /// in the order of the asks, and meanwhile the later ones are on their way.
    fn ranged(&mut self, number: usize, input: &Input) -> Result<InputEnded> {
        let size_bytes = input.pin.size_bytes;
        self.item.begin_input(&input.url.to_string(), size_bytes)?;
        // Those without an answer, by where they start.
        let mut asked = BTreeSet::new();
        let mut read_bytes = 0;
        loop {
            let wants = self.item.wants();
            if wants.is_empty() {
                break;
            }
            for bytes in wants {
                if asked.insert(bytes.start) {
                    self.ask(number, bytes)?;
                }
            }
            let (start, bytes) = self.answer()?;
            asked.remove(&start);
            read_bytes += bytes.len() as u64;
            self.read_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            self.item.push_range(start, bytes)?;
            self.hand_on()?;
        }
        let ended = self.item.end_input()?;
        self.hand_on()?;
        // What nobody wants is done with, too, as far as the deadline goes.
        self.read_bytes.fetch_add(size_bytes.saturating_sub(read_bytes), Ordering::Relaxed);
        Ok(ended)
    }

    /// Holds inputs that are read by ranges against their checksums: before all else, and once, whatever the passes. A
    /// checksum is of all bytes, and in order, so where one is promised the object is fetched once more, as a whole.
    fn check_hashes(&mut self, inputs: &[Input]) -> Result<()> {
        for (number, input) in inputs.iter().enumerate().filter(|(_, input)| input.promise.sha256.is_some()) {
            let size_bytes = input.pin.size_bytes;
            let starts = || (0..).map(|range| range * RANGE_BYTES).take_while(|start| *start < size_bytes);
            for start in starts() {
                self.ask(number, start..size_bytes.min(start + RANGE_BYTES))?;
            }
            let mut digest = Sha256::new();
            for _ in starts() {
                digest.update(&self.answer()?.1);
            }
            check_sha256(input, digest)?;
        }
        Ok(())
    }

    fn ask(&self, input: usize, bytes: Range<u64>) -> Result<()> {
        self.asks.send(Ask { input, bytes }).map_err(|_| stopped())
    }

    fn answer(&mut self) -> Result<(u64, Bytes)> {
        match self.pieces.blocking_recv() {
            Some(Piece::Range(start, bytes)) => Ok((start, bytes)),
            _ => Err(stopped()),
        }
    }

    fn hand_on(&mut self) -> Result<()> {
        for chunk in self.item.take_output() {
            self.chunks.blocking_send(chunk).map_err(|_| stopped())?;
        }
        Ok(())
    }
}

fn check_sha256(input: &Input, digest: Sha256) -> Result<()> {
    let promised = input.promise.sha256.as_ref().map(|text| text.to_lowercase());
    check(input, "sha256", promised.as_ref(), &hex(&digest.finalize()))
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
    const CSV_YAML: &str = "{dataset: x, landing: x/, format: csv, columns: {id: {type: bigint}}}";

    /// 40 rows of an `id`, from 0.
    const PARQUET: &[u8] = include_bytes!("../../../tests/cases/parquet_rows_that_span_pages/input_1.parquet");
    const PARQUET_YAML: &str = "{dataset: x, landing: x/, format: parquet, columns: {id: {type: bigint}}}";
    const NEWEST_YAML: &str =
        "{dataset: x, landing: x/, format: parquet, columns: {id: {type: bigint}}, dedupe: {key: [id], newest: id}}";

    fn input(bytes: &[u8], promise: ListingMeta) -> Input {
        let last_modified = chrono::DateTime::from_timestamp(1, 0).unwrap();
        let pin = Pin { version_id: None, etag: "e".to_owned(), size_bytes: bytes.len() as u64, last_modified };
        Input { url: S3Url::parse("s3://landing/x/a.csv").unwrap(), pin, promise }
    }

    fn item(yaml: &str, input: &Input) -> Item {
        let dataset = DatasetFile::parse(yaml, "x.yaml").unwrap().dataset;
        let run = RunName::new(dataset.dataset.clone(), &"0".repeat(32)).unwrap();
        Item::new(&dataset, &run, &BatchId::of(&input.url), 0, &crate::options(None)).unwrap()
    }

    fn run(promise: ListingMeta) -> Result<(Outcome, Vec<InputRead>, Vec<Chunk>)> {
        let input = input(CSV, promise);
        check_sizes(std::slice::from_ref(&input))?;
        let item = item(CSV_YAML, &input);
        let (send_piece, pieces) = mpsc::channel(2);
        let (send_chunk, mut chunks) = mpsc::channel(8);
        let (asks, mut asked) = mpsc::unbounded_channel();
        let read_bytes = Arc::new(AtomicU64::new(0));
        let inputs = vec![input];
        let worker = Worker { item, inputs, pieces, asks, chunks: send_chunk, read_bytes: read_bytes.clone() };
        send_piece.blocking_send(Piece::Bytes(Bytes::from_static(CSV))).unwrap();
        send_piece.blocking_send(Piece::End).unwrap();
        let (outcome, done) = worker.run()?;
        assert_eq!(read_bytes.load(Ordering::Relaxed), CSV.len() as u64);
        assert!(asked.try_recv().is_err(), "what is read in order is not asked for");
        Ok((outcome, done, std::iter::from_fn(|| chunks.try_recv().ok()).collect()))
    }

    /// Makes an item of one input by ranges; returns what was asked for, too.
    fn ranged(yaml: &str, bytes: &'static [u8], promise: ListingMeta) -> (Result<(Outcome, Vec<InputRead>)>, Vec<Ask>) {
        let input = input(bytes, promise);
        let item = item(yaml, &input);
        let passes = item.passes() as u64;
        let (send_piece, pieces) = mpsc::channel(2);
        let (send_chunk, _chunks) = mpsc::channel(8);
        let (asks, mut asked) = mpsc::unbounded_channel::<Ask>();
        let read_bytes = Arc::new(AtomicU64::new(0));
        let inputs = vec![input];
        let worker = Worker { item, inputs, pieces, asks, chunks: send_chunk, read_bytes: read_bytes.clone() };
        let answering = std::thread::spawn(move || {
            let mut all = Vec::new();
            while let Some(ask) = asked.blocking_recv() {
                let places = usize::try_from(ask.bytes.start).unwrap()..usize::try_from(ask.bytes.end).unwrap();
                // The worker may have failed over the answer before.
                let _ = send_piece.blocking_send(Piece::Range(ask.bytes.start, Bytes::from_static(&bytes[places])));
                all.push(ask);
            }
            all
        });
        let result = worker.run();
        if result.is_ok() {
            assert_eq!(read_bytes.load(Ordering::Relaxed), passes * bytes.len() as u64);
        }
        (result, answering.join().unwrap())
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
        let input = input(CSV, ListingMeta::default());
        let item = item(CSV_YAML, &input);
        let (_, pieces) = mpsc::channel(1);
        let (chunks, _listener) = mpsc::channel(1);
        let (asks, _) = mpsc::unbounded_channel();
        let worker = Worker { item, inputs: vec![input], pieces, asks, chunks, read_bytes: Arc::default() };
        assert_eq!(worker.run().unwrap_err().kind(), Kind::Bug);
    }

    fn asks(asked: &[Ask]) -> Vec<Range<u64>> {
        assert!(asked.iter().all(|ask| ask.input == 0));
        asked.iter().map(|ask| ask.bytes.clone()).collect()
    }

    #[test]
    fn promises_of_a_ranged_input_hold_or_are_broken() {
        let sha256 = Some(model::hash::sha256_hex(PARQUET).to_uppercase());
        let all = 0..PARQUET.len() as u64;
        let promise = ListingMeta { record_count: Some(40), sha256, ..ListingMeta::default() };
        let (made, asked) = ranged(PARQUET_YAML, PARQUET, promise);
        let (outcome, done) = made.unwrap();
        assert_eq!((outcome.counts.accepted, done[0].rows), (40, 40));
        assert_eq!(asks(&asked), [all.clone(), all.clone()], "for the checksum, and for the item");

        let (made, asked) =
            ranged(PARQUET_YAML, PARQUET, ListingMeta { record_count: Some(41), ..ListingMeta::default() });
        expect!["cannot accept s3://landing/x/a.csv: the manifest promises rows 41, found is 40; deliver the file again, or mend the manifest"].assert_eq(&chain(&made.unwrap_err()));
        assert_eq!(asks(&asked), [all], "no checksum is promised");

        let sha256 = Some("0".repeat(64));
        let (made, _) = ranged(PARQUET_YAML, PARQUET, ListingMeta { sha256, ..ListingMeta::default() });
        let error = made.unwrap_err();
        assert_eq!(error.kind(), Kind::Data);
        let found = model::hash::sha256_hex(PARQUET);
        assert!(chain(&error).contains(&format!("found is {found}")), "{}", chain(&error));
    }

    #[test]
    fn a_checksum_is_of_all_bytes_in_order_and_comes_first() {
        // Two ranges and a little.
        const BYTES: &[u8] = &[7; 16 * 1024 * 1024 + 5];
        let sha256 = Some("0".repeat(64));
        let (made, asked) = ranged(PARQUET_YAML, BYTES, ListingMeta { sha256, ..ListingMeta::default() });
        let found = model::hash::sha256_hex(BYTES);
        assert!(chain(&made.unwrap_err()).contains(&format!("found is {found}")));
        let end = BYTES.len() as u64;
        assert_eq!(asks(&asked), [0..RANGE_BYTES, RANGE_BYTES..2 * RANGE_BYTES, 2 * RANGE_BYTES..end]);
    }

    #[test]
    fn a_second_pass_asks_again_but_not_for_the_checksum() {
        let sha256 = Some(model::hash::sha256_hex(PARQUET));
        let (made, asked) = ranged(NEWEST_YAML, PARQUET, ListingMeta { sha256, ..ListingMeta::default() });
        assert_eq!(made.unwrap().0.counts.accepted, 40);
        assert_eq!(asked.len(), 3);
    }

    #[test]
    fn an_empty_object_is_no_parquet() {
        let (made, asked) = ranged(PARQUET_YAML, &[], ListingMeta::default());
        let error = made.unwrap_err();
        assert_eq!(error.kind(), Kind::Data);
        expect!["cannot read s3://landing/x/a.csv row 1: the file is no Parquet: it is too short"]
            .assert_eq(&chain(&error));
        assert_eq!(asks(&asked), Vec::from_iter(std::iter::once(0..0)), "its pin is held");
    }
}
