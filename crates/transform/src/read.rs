//! The inputs' bytes, fetched ahead: ranges of pinned objects, a few at a time. [`all`] of them, in order; or those that
//! are [`asked`] for, where a format is read by ranges and says which.

use aws::object::changed;
use aws_sdk_s3::Client;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use model::plan::Input;
use model::{Error, Kind, Result};
use tokio::sync::mpsc;

/// A range of an input that is read in order has at most this many bytes.
pub const RANGE_BYTES: u64 = 8 * 1024 * 1024;

/// How many ranges are fetched at once. One connection to S3 does some 80 MB/s (U); memory holds as many ranges.
const WINDOW: usize = 4;

/// Ranges that are asked for may be small: so many of them are fetched at once, as long as they have no more bytes together
/// than the whole window of the others.
const MOST_ASKED: usize = 32;

/// What the reader hands on.
#[derive(Debug)]
pub enum Piece {
    /// The next bytes of the input.
    Bytes(Bytes),
    /// The input has ended.
    End,
    /// A range that was asked for, by where it starts.
    Range(u64, Bytes),
}

/// A range that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The number of the input.
    pub input: usize,
    /// Its bytes.
    pub bytes: std::ops::Range<u64>,
}

/// Fetches all inputs, in order, so many times. An object that is no longer what the plan pinned is a `Data` error. If nobody listens
/// any more, another part has failed and says why.
pub async fn all(s3: &Client, inputs: &[Input], passes: usize, pieces: mpsc::Sender<Piece>) -> Result<()> {
    let mut ranges = std::iter::repeat_n(inputs, passes).flat_map(|inputs| Ranges { inputs, start: 0 });
    let mut fetching = FuturesOrdered::new();
    loop {
        while fetching.len() < WINDOW
            && let Some(range) = ranges.next()
        {
            fetching.push_back(fetch(s3, range));
        }
        let Some(fetched) = fetching.next().await else { return Ok(()) };
        let (range, bytes) = fetched?;
        let end = range.is_last.then_some(Piece::End);
        for piece in [Some(Piece::Bytes(bytes)), end].into_iter().flatten() {
            if pieces.send(piece).await.is_err() {
                return Ok(());
            }
        }
    }
}

/// Fetches what is asked for, in the order in which it is, until nobody asks any more. Fails as [`all`] does.
pub async fn asked(
    s3: &Client,
    inputs: &[Input],
    mut asks: mpsc::UnboundedReceiver<Ask>,
    pieces: mpsc::Sender<Piece>,
) -> Result<()> {
    let mut fetching = FuturesOrdered::new();
    let (mut fetching_bytes, mut is_open) = (0, true);
    loop {
        let has_room = fetching.len() < MOST_ASKED && fetching_bytes < WINDOW as u64 * RANGE_BYTES;
        tokio::select! {
            ask = asks.recv(), if is_open && has_room => match ask {
                Some(Ask { input, bytes }) => {
                    let input = inputs.get(input);
                    let input = input.ok_or_else(|| Error::new(Kind::Bug, "read", "an input that is not there"))?;
                    let (start, length) = (bytes.start, bytes.end - bytes.start);
                    fetching_bytes += length;
                    fetching.push_back(fetch(s3, Range { input, start, length, is_last: false }));
                }
                None => is_open = false,
            },
            Some(fetched) = fetching.next(), if !fetching.is_empty() => {
                let (range, bytes) = fetched?;
                fetching_bytes -= range.length;
                if pieces.send(Piece::Range(range.start, bytes)).await.is_err() {
                    return Ok(());
                }
            },
            else => return Ok(()),
        }
    }
}

/// A range of an input.
#[derive(Debug, Clone, Copy)]
struct Range<'a> {
    input: &'a Input,
    start: u64,
    length: u64,
    is_last: bool,
}

/// The ranges of all inputs, in order. An empty object has one of no bytes, so that its pin is held, too.
struct Ranges<'a> {
    inputs: &'a [Input],
    /// Where the next range of the first input starts.
    start: u64,
}

impl<'a> Iterator for Ranges<'a> {
    type Item = Range<'a>;

    fn next(&mut self) -> Option<Range<'a>> {
        let (input, later) = self.inputs.split_first()?;
        let start = self.start;
        let left = input.pin.size_bytes - start;
        let range = Range { input, start, length: left.min(RANGE_BYTES), is_last: left <= RANGE_BYTES };
        (self.inputs, self.start) = if range.is_last { (later, 0) } else { (self.inputs, start + RANGE_BYTES) };
        Some(range)
    }
}

/// Fetches some bytes of a pinned input; of an empty one, none.
pub async fn range(s3: &Client, input: &Input, start: u64, length: u64) -> Result<Bytes> {
    fetch(s3, Range { input, start, length, is_last: false }).await.map(|(_, bytes)| bytes)
}

async fn fetch<'a>(s3: &Client, range: Range<'a>) -> Result<(Range<'a>, Bytes)> {
    let Input { url, pin, .. } = range.input;
    let request = s3.get_object().bucket(url.bucket()).key(url.key());
    let request = match &pin.version_id {
        Some(version) => request.version_id(version),
        None => request.if_match(format!("\"{}\"", pin.etag)),
    };
    // No range names no bytes.
    let text = (range.length > 0).then(|| format!("bytes={}-{}", range.start, range.start + range.length - 1));
    let answer = request.set_range(text).send().await.map_err(|error| changed("read", url, error))?;
    let lost = |why: String| Error::new(Kind::Transient, "read", url).because(why);
    let body = answer.body.collect().await.map_err(|error| lost(model::error::chain(&error)))?.into_bytes();
    if body.len() as u64 != range.length {
        return Err(lost(format!("{} of {} bytes from {} arrived", body.len(), range.length, range.start)));
    }
    Ok((range, body))
}

#[cfg(test)]
mod tests {
    use model::arrival::Pin;
    use model::manifest::ListingMeta;
    use model::name::S3Url;

    use super::*;

    fn input(size_bytes: u64) -> Input {
        let last_modified = chrono::DateTime::from_timestamp(1, 0).unwrap();
        let pin = Pin { version_id: None, etag: "e".to_owned(), size_bytes, last_modified };
        Input { url: S3Url::new("landing", &format!("x/{size_bytes}")).unwrap(), pin, promise: ListingMeta::default() }
    }

    #[test]
    fn ranges_are_all_bytes_once_in_order() {
        let inputs = [0, 1, RANGE_BYTES - 1, 0, RANGE_BYTES, RANGE_BYTES + 1, 5 * RANGE_BYTES].map(input);
        let mut ranges = Ranges { inputs: &inputs, start: 0 };
        for input in &inputs {
            let mut next = 0;
            loop {
                let range = ranges.next().unwrap();
                assert_eq!((&range.input.url, range.start), (&input.url, next));
                assert!(range.length > 0 || input.pin.size_bytes == 0, "only an empty object has an empty range");
                assert!(range.length <= RANGE_BYTES);
                next += range.length;
                assert_eq!(range.is_last, next == input.pin.size_bytes);
                if range.is_last {
                    break;
                }
            }
        }
        assert!(ranges.next().is_none());
    }
}
