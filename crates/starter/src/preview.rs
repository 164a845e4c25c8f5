//! What a manifest would become, without its becoming it: nothing is written, nothing is started.
//!
//! The manifest lies in S3, or is a file that has not been delivered yet. Of the latter S3 knows no version, which is part
//! of a run's name: its run is named by its bytes here, and otherwise once it is delivered.

use aws::{Clients, mask_key, object};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use model::arrival::{ManifestKind, Pin};
use model::batch::BatchPlace;
use model::dataset::DatasetFile;
use model::hash::sha256_hex;
use model::index::DatasetIndex;
use model::manifest::Manifest;
use model::name::{BatchId, S3Url};
use model::plan::RunPlan;
use model::{Error, Kind, Result, layout};

use crate::config::Config;
use crate::delivery::{self, Known};
use crate::refused::{Refused, Stop};

/// What a manifest would become.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// The manifest.
    pub manifest: Manifest,
    /// Its dataset.
    pub dataset: DatasetFile,
    /// The plan.
    pub plan: RunPlan,
    /// Whether the run is there already.
    pub is_planned: bool,
}

/// Plans the manifest at an address, whose bytes are `local` where it is not delivered yet.
///
/// # Errors
/// `Config` where the starter would refuse it, with the refusal's code and what to do.
pub async fn preview(
    clients: &Clients,
    config: &Config,
    url: &S3Url,
    local: Option<Bytes>,
    now: DateTime<Utc>,
) -> Result<Preview> {
    planned(clients, config, url, local, now).await.map_err(|stop| match stop {
        Stop::Failed(error) => error,
        Stop::Refused(Refused { code, message, action }) => Error::new(Kind::Config, "plan", url)
            .because(format!("it would be refused ({code}): {message}; what to do: {action}")),
    })
}

async fn planned(
    clients: &Clients,
    config: &Config,
    url: &S3Url,
    local: Option<Bytes>,
    now: DateTime<Utc>,
) -> Result<Preview, Stop> {
    let (s3, control) = (&clients.s3, config.control_bucket.as_str());
    if ManifestKind::of(url.key()).is_none() {
        return Err(Error::new(Kind::Config, "plan", url)
            .because("a manifest's key ends in manifest, manifest.json or /_SUCCESS: no other object starts a run")
            .into());
    }
    let (pin, bytes) = match local {
        Some(bytes) => (undelivered(&bytes, now), bytes),
        None => {
            let pin = object::head(s3, url, None).await?;
            let pin = pin.ok_or_else(|| Error::new(Kind::Config, "plan", url).because("there is no such object"))?;
            let bytes = delivery::read_manifest(s3, url, &pin).await?;
            (pin, bytes)
        }
    };
    let index: Option<DatasetIndex> = object::read_document(s3, control, layout::DATASET_INDEX).await?;
    let index = index.unwrap_or_default();
    let found = delivery::found(s3, config, &index, url, &mut Known::default()).await?;
    let (as_of, entries, inputs) = found.contents(s3, config, &index, url, &bytes).await?;
    let dataset = found.dataset;
    let name = &dataset.dataset.dataset;
    let mask_key = mask_key::version(clients, &config.mask_key, &dataset.dataset).await?;
    let batch = BatchId::of(url);
    let place: Option<BatchPlace> = object::read_document(s3, control, &layout::batch_place(name, &batch)).await?;
    let at = place.map_or(as_of.unwrap_or(pin.last_modified), |place| place.at);
    if let Some(as_of) = as_of.filter(|as_of| *as_of != at) {
        return Err(Refused::moved_batch(url, as_of, at).into());
    }
    let manifest = Manifest {
        version: Manifest::VERSION,
        url: url.clone(),
        batch,
        sha256: sha256_hex(&bytes),
        sequencer: None,
        pin,
        as_of,
        batch_at: Some(at),
        entries,
    };
    let plan = RunPlan::for_manifest(&manifest, &dataset, inputs, mask_key)?;
    let stored: Option<RunPlan> = object::read_document(s3, control, &layout::plan(&plan.run)).await?;
    // What was planned is what is loaded: its manifest has the sequencer of its event.
    match stored {
        Some(plan) => {
            let manifest = object::need_document(s3, control, &layout::manifest(&plan.run)).await?;
            Ok(Preview { manifest, dataset, plan, is_planned: true })
        }
        None => Ok(Preview { manifest, dataset, plan, is_planned: false }),
    }
}

/// The pin of a manifest that S3 does not have: of its bytes, and of now.
fn undelivered(bytes: &[u8], now: DateTime<Utc>) -> Pin {
    Pin { version_id: None, etag: sha256_hex(bytes), size_bytes: bytes.len() as u64, last_modified: now }
}
