//! One arrival, from the manifest's address to a started execution.

use aws::{Clients, mask_key, object};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use model::arrival::{ManifestKind, Pin, Sequencer};
use model::dataset::{DatasetFile, Landing};
use model::error::chain;
use model::hash::sha256_hex;
use model::index::DatasetIndex;
use model::manifest::{Entry, MAX_MANIFEST_BYTES, Manifest};
use model::name::{BatchId, DatasetName, S3Url};
use model::plan::{Claim, Input, RunPlan};
use model::{Error, Kind, Result, layout};

use crate::answer::Outcome;
use crate::config::Config;
use crate::entries::{self, Territory};
use crate::event::Arrived;
use crate::refused::{Refused, Stop};
use crate::{execution, input, record};

/// What is known of a delivery so far, for the refusal should it come to one.
#[derive(Debug, Default)]
pub struct Known {
    /// Its dataset.
    pub dataset: Option<DatasetName>,
    /// The manifest's version.
    pub version: Option<String>,
}

/// Makes a run of an arrival and starts it.
///
/// What is delivered is the version the event names. Where it names none (the bucket keeps no versions) it is the
/// object as it is now: if that was written after the event's, its own event makes the same run, which is then a
/// duplicate. Exactly one run is made of each object that could be read, whatever the order of the events.
pub async fn deliver(
    clients: &Clients,
    config: &Config,
    arrived: &Arrived,
    known: &mut Known,
) -> Result<Outcome, Stop> {
    let (s3, control) = (&clients.s3, config.control_bucket.as_str());
    let url = &arrived.arrival.url;
    known.version.clone_from(&arrived.arrival.version_id);
    let pin = object::head(s3, url, arrived.arrival.version_id.as_deref()).await?;
    let pin = pin.ok_or_else(|| Refused::manifest_gone(url))?;
    known.version = Some(pin.version());

    let index: Option<DatasetIndex> = object::read_document(s3, control, layout::DATASET_INDEX).await?;
    let index = index.unwrap_or_default();
    let found = found(s3, config, &index, url, known).await?;
    let (name, dataset) = (&found.dataset.dataset.dataset, &found.dataset);

    let (batch, sequencer) = (BatchId::of(url), sequencer(arrived, &pin));
    let claim = layout::claim(name, &batch, &Claim::hash(&pin, sequencer.as_ref(), dataset));
    if let Some(plan) = record::claimed(s3, control, &claim).await? {
        return Ok(execution::start(clients, config, &plan).await?);
    }
    let bytes = read_manifest(s3, url, &pin).await?;
    let (as_of, entries, inputs) = found.contents(s3, config, &index, url, &bytes).await?;
    let mask_key = mask_key::version(clients, &config.mask_key, &dataset.dataset).await?;
    // Last of all: a delivery that is refused gives its batch no place.
    let place = record::place(s3, control, name, &batch, as_of.unwrap_or(pin.last_modified)).await?;
    if let Some(as_of) = as_of.filter(|as_of| *as_of != place.at) {
        return Err(Refused::moved_batch(url, as_of, place.at).into());
    }

    let manifest = Manifest {
        version: Manifest::VERSION,
        url: url.clone(),
        batch,
        sha256: sha256_hex(&bytes),
        sequencer,
        pin,
        as_of,
        batch_at: Some(place.at),
        entries,
    };
    let plan = RunPlan::for_manifest(&manifest, dataset, inputs, mask_key)?;
    let plan = record::documents(s3, control, &manifest, plan).await?;
    let plan = record::claim(s3, control, &claim, plan).await?;
    tracing::info!(run = %plan.run, batch = %plan.batch, items = plan.items.len(), reason = plan.reason, "run planned");
    Ok(execution::start(clients, config, &plan).await?)
}

/// The dataset that a manifest's address belongs to.
pub struct Found {
    /// Its file.
    pub dataset: DatasetFile,
    landing: Landing,
}

/// Finds the dataset of a manifest.
pub async fn found(
    s3: &aws_sdk_s3::Client,
    config: &Config,
    index: &DatasetIndex,
    url: &S3Url,
    known: &mut Known,
) -> Result<Found, Stop> {
    let found = index.find(url, &config.landing_bucket);
    let (name, landing) = found.ok_or_else(|| Refused::unknown_prefix(url, index.nearest(url)))?;
    known.dataset = Some(name.clone());
    let dataset = dataset_file(s3, &config.control_bucket, name, landing).await?;
    Ok(Found { dataset, landing: landing.clone() })
}

impl Found {
    /// The moment that a manifest's content describes, what it lists, and the files, pinned.
    pub async fn contents(
        &self,
        s3: &aws_sdk_s3::Client,
        config: &Config,
        index: &DatasetIndex,
        url: &S3Url,
        bytes: &[u8],
    ) -> Result<(Option<DateTime<Utc>>, Vec<Entry>, Vec<Input>), Stop> {
        let (dataset, landing) = (&self.dataset.dataset.dataset, self.landing.as_str());
        let territory = Territory { index, dataset, landing, landing_bucket: &config.landing_bucket };
        let (as_of, entries) = entries(s3, url, bytes, territory).await?;
        let inputs = input::inputs(&entries, input::pins(s3, &entries).await?)?;
        Ok((as_of, entries, inputs))
    }
}

/// The event's sequencer, if the event speaks of the object that was found. Another's would order this delivery
/// wrongly against the batch's others, and a newer one could lose; without one, Last-Modified orders them. The same
/// bytes may have been written again since: then S3 took them after the event.
fn sequencer(arrived: &Arrived, pin: &Pin) -> Option<Sequencer> {
    let arrival = &arrived.arrival;
    let same_version = arrival.version_id.is_some() && arrival.version_id == pin.version_id;
    let same_bytes = arrival.etag.as_ref() == Some(&pin.etag);
    let same_write = same_bytes && arrived.at.is_some_and(|at| pin.last_modified <= at);
    if same_version || same_write { arrival.sequencer.clone() } else { None }
}

/// The dataset file that the index points to. The index is written after the file, so that one without the other, or
/// one that says something else, is a dataset that was broken by hand.
async fn dataset_file(
    s3: &aws_sdk_s3::Client,
    control: &str,
    name: &DatasetName,
    landing: &Landing,
) -> Result<DatasetFile, Stop> {
    let key = layout::dataset(name);
    let subject = format!("s3://{control}/{key}");
    let bytes = object::read(s3, control, &key).await?;
    let bytes = bytes.ok_or_else(|| Refused::bad_dataset(format!("{subject} is not there, the index names it")))?;
    let text = std::str::from_utf8(&bytes);
    let text = text.map_err(|error| Refused::bad_dataset(format!("{subject} is not UTF-8: {error}")))?;
    let file = DatasetFile::parse(text, &subject).map_err(|error| Refused::bad_dataset(chain(&error)))?;
    if file.dataset.dataset != *name || file.dataset.landing != *landing {
        let said = format!("dataset {} at {}", file.dataset.dataset, file.dataset.landing.as_str());
        let what = format!("{subject} says {said}, the index says {name} at {}", landing.as_str());
        return Err(Refused::bad_dataset(what).into());
    }
    Ok(file)
}

/// The manifest's exact bytes. Replaced or deleted since it was looked at, it is looked at again by the next try.
pub async fn read_manifest(s3: &aws_sdk_s3::Client, url: &S3Url, pin: &Pin) -> Result<Bytes, Stop> {
    if pin.size_bytes > MAX_MANIFEST_BYTES {
        return Err(Refused::manifest_too_large(url, pin.size_bytes).into());
    }
    let bytes = object::read_pinned(s3, url, pin).await;
    Ok(bytes.map_err(|error| match error.kind() {
        Kind::Data => Error::new(Kind::Transient, "read", url).because("it was replaced or deleted meanwhile"),
        _ => error,
    })?)
}

/// The moment the manifest's content describes, and the files it delivers.
async fn entries(
    s3: &aws_sdk_s3::Client,
    url: &S3Url,
    bytes: &[u8],
    territory: Territory<'_>,
) -> Result<(Option<DateTime<Utc>>, Vec<Entry>), Stop> {
    match ManifestKind::of(url.key()) {
        Some(ManifestKind::List) => {
            let listing = entries::parse(bytes, url)?;
            Ok((listing.as_of, entries::listed(listing, url, territory)?))
        }
        // What a marker holds is its writer's own business: Spark's committers write JSON into it, Hadoop nothing.
        Some(ManifestKind::Marker) => {
            let found = object::list(s3, url.bucket(), entries::folder(url)).await?;
            Ok((None, entries::in_folder(found, url, territory)?))
        }
        None => Err(Error::new(Kind::Bug, "deliver", url).because("its key names no manifest").into()),
    }
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
