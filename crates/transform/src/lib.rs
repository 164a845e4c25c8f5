//! One item of a run: its files in, Parquet and rejects out, `parts/<item>.json` last.
//!
//! ```text
//! plan.json ─► read ──── pieces ────► work ──── chunks ────► upload ─► parts/<item>.json
//!              ranged GETs,           engine::Item,          multipart, bounded
//!              pinned, in order,      on a thread of its own
//!              or as asked for
//! ```
//!
//! The three run at once, over channels that hold little: memory does not grow with the item. Names and bytes come from
//! the plan alone, so a retry writes the same objects again, over what a try that broke off has left; the part is
//! created once, and its being there ends every later call at once.
//!
//! This crate does not know formats, types or partitions: `engine` does. Start reading at [`handle`].

mod deadline;
mod read;
mod schema;
mod upload;
mod work;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use aws::mask_key::{self, MaskKeySource};
use aws::object::{create_document, need_document, read_document};
use aws::{Call, Clients, Settings};
use engine::mask::MaskKey;
use engine::{Item, Options, Outcome};
use model::count::Counts;
use model::flow::{TransformCall, TransformRequest};
use model::name::{BadName, S3Url};
use model::part::{InputRead, ParquetFile, Part};
use model::plan::{Input, RunPlan};
use model::{Error, Kind, Result, layout};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tracing::Instrument;

use self::deadline::Deadline;
pub use self::schema::SchemaMade;
use self::upload::Uploads;

/// Pieces that wait to be worked on, and chunks that wait to be uploaded, besides those on their way.
const WAITING: usize = 2;

/// Objects are uploaded in parts of this many bytes; a part has at least 5 MiB (facts/s3-events.md).
const CHUNK_BYTES: usize = 8 * 1024 * 1024;

/// Where things are.
#[derive(Debug, Clone)]
pub struct Config {
    lake_bucket: String,
    control_bucket: String,
    mask_key: MaskKeySource,
    memory_mb: Option<u64>,
}

impl Config {
    /// Reads the settings; every fault is named at once.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut settings = Settings::new(get);
        let config = Self {
            lake_bucket: settings.required("SLUICE_LAKE_BUCKET"),
            control_bucket: settings.required("SLUICE_CONTROL_BUCKET"),
            mask_key: MaskKeySource::read(&mut settings),
            memory_mb: settings.optional("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
        };
        settings.finish()?;
        Ok(config)
    }
}

/// What the state machine sees of a part; the rest is in the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transformed {
    /// The item.
    pub item: u32,
    /// Where its rows went.
    pub counts: Counts,
    /// How many Parquet files it has.
    pub files: u64,
}

/// Answers a call: an item, or the columns of a run.
pub async fn answer(clients: &Clients, config: &Config, call: Call<TransformCall>) -> Result<Answer> {
    let Call { request, now, deadline } = call;
    match request {
        TransformCall::Item(request) => {
            handle(clients, config, Call { request, now, deadline }).await.map(Answer::Item)
        }
        TransformCall::Schema(request) => {
            let span = tracing::info_span!("schema", run = %request.run, dataset = %request.run.dataset());
            let made = schema::handle(clients, config, Call { request, now, deadline });
            made.instrument(span).await.map(Answer::Schema)
        }
    }
}

/// What the state machine sees of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of an item.
    Item(Transformed),
    /// Of the columns.
    Schema(SchemaMade),
}

/// Makes one item, or finds it made. Fails as `Data` where the files are not what the manifest promises or cannot be
/// read, and as `Config` shortly before the function's deadline: another try would not be faster.
pub async fn handle(clients: &Clients, config: &Config, call: Call<TransformRequest>) -> Result<Transformed> {
    let TransformRequest { run, item } = &call.request;
    let span = tracing::info_span!("transform", %run, item, dataset = %run.dataset());
    transform(clients, config, &call).instrument(span).await
}

async fn transform(clients: &Clients, config: &Config, call: &Call<TransformRequest>) -> Result<Transformed> {
    let deadline = Deadline::of(call);
    let TransformRequest { run, item } = &call.request;
    let part_key = layout::part(run, *item);
    if let Some(part) = read_document::<Part>(&clients.s3, &config.control_bucket, &part_key).await? {
        tracing::info!(key = part_key, "part is there");
        return Ok(told(&part));
    }
    let plan: RunPlan = need_document(&clients.s3, &config.control_bucket, &layout::plan(run)).await?;
    let inputs = plan.inputs.get(plan.item(*item)?).unwrap_or_default();
    let size_bytes: u64 = inputs.iter().map(|input| input.pin.size_bytes).sum();
    tracing::info!(inputs = inputs.len(), size_bytes, "plan read");
    work::check_sizes(inputs)?;

    let dataset = aws::schema::dataset(&clients.s3, &config.control_bucket, &plan).await?;
    let mask_key = match &plan.mask_key {
        Some(version) => Some(mask_key::fetch(clients, &config.mask_key, version).await?),
        None => None,
    };
    let made = Item::new(&dataset, run, &plan.batch, *item, &options(mask_key))?;
    let size_bytes = size_bytes * made.passes() as u64;
    let read_bytes = Arc::new(AtomicU64::new(0));
    let mut uploads = Uploads::new(&clients.s3, &config.lake_bucket, &config.control_bucket);
    let done = match deadline.limit(make(clients, made, inputs, &mut uploads, &read_bytes)).await {
        Some(done) => done,
        None => Err(deadline.missed(call, &read_bytes, size_bytes, config.memory_mb)),
    };
    let (outcome, inputs) = match done {
        Ok(done) => done,
        Err(error) => {
            uploads.abort().await;
            return Err(error);
        }
    };
    let part = part(config, &call.request, outcome, inputs)?;
    create_document(&clients.s3, &config.control_bucket, &part_key, &part).await?;
    let counts = part.counts;
    tracing::info!(
        key = part_key,
        rows_read = counts.read,
        rows_accepted = counts.accepted,
        rows_rejected = counts.rejected,
        files = part.files.len(),
        "part written"
    );
    Ok(told(&part))
}

/// Threads for the processors there are; chunks that a multipart upload takes as parts.
fn options(mask_key: Option<MaskKey>) -> Options {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    Options { mask_key, threads, chunk_bytes: CHUNK_BYTES }
}

/// Reads, works and uploads at once. The first to fail ends the others: they find their channel closed.
async fn make(
    clients: &Clients,
    item: Item,
    inputs: &[Input],
    uploads: &mut Uploads,
    read_bytes: &Arc<AtomicU64>,
) -> Result<(Outcome, Vec<InputRead>)> {
    let (send_piece, pieces) = mpsc::channel(WAITING);
    let (send_chunk, chunks) = mpsc::channel(WAITING);
    let (asks, asked) = mpsc::unbounded_channel();
    let (passes, is_ranged) = (item.passes(), item.is_ranged());
    let span = tracing::Span::current();
    let read_bytes = Arc::clone(read_bytes);
    let worker = work::Worker { item, inputs: inputs.to_vec(), pieces, asks, chunks: send_chunk, read_bytes };
    let worker = tokio::task::spawn_blocking(move || span.in_scope(|| worker.run()));
    let worked =
        async { worker.await.map_err(|error| Error::new(Kind::Bug, "finish", "the worker's thread").because(error))? };
    let reading = async {
        match is_ranged {
            true => read::asked(&clients.s3, inputs, asked, send_piece).await,
            false => read::all(&clients.s3, inputs, passes, send_piece).await,
        }
    };
    let ((), worked, ()) = tokio::try_join!(reading, worked, uploads.all(chunks))?;
    Ok(worked)
}

fn part(config: &Config, request: &TransformRequest, outcome: Outcome, inputs: Vec<InputRead>) -> Result<Part> {
    let bad = |error: BadName| Error::new(Kind::Bug, "name an object of", &request.run).because(error);
    let files = outcome.files.into_iter().map(|file| {
        let url = S3Url::new(&config.lake_bucket, &file.key).map_err(bad)?;
        Ok(ParquetFile { url, size_bytes: file.size_bytes, rows: file.rows, partition: file.partition })
    });
    let rejects = outcome.rejects.map(|key| S3Url::new(&config.control_bucket, &key).map_err(bad));
    Ok(Part {
        version: Part::VERSION,
        run: request.run.clone(),
        item: request.item,
        counts: outcome.counts,
        rejected_by_reason: outcome.rejected_by_reason,
        truncated: outcome.truncated,
        files: files.collect::<Result<_>>()?,
        rejects: rejects.transpose()?,
        inputs,
    })
}

fn told(part: &Part) -> Transformed {
    Transformed { item: part.item, counts: part.counts, files: part.files.len() as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host may spawn a call: this compiles only as long as its future is `Send`.
    #[expect(dead_code, reason = "it is compiled, not run")]
    fn a_call_can_be_spawned(clients: &Clients, config: &Config, call: Call<TransformRequest>) -> impl Send {
        handle(clients, config, call)
    }

    #[test]
    fn all_missing_settings_are_named_at_once() {
        let error = Config::read(|_| None).unwrap_err();
        let message = model::error::chain(&error);
        assert!(message.contains("SLUICE_LAKE_BUCKET") && message.contains("SLUICE_CONTROL_BUCKET"), "{message}");
    }
}
