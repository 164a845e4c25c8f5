//! The documents the starter writes: a run's manifest and plan, or a refusal. All are created, none is overwritten.

use aws::Clients;
use aws::metric::Metric;
use aws::object::{self, Created};
use chrono::{DateTime, Utc};
use model::batch::BatchPlace;
use model::manifest::Manifest;
use model::name::{BatchId, DatasetName};
use model::plan::{Claim, RunPlan};
use model::refusal::Refusal;
use model::{Error, Kind, Result, layout};

use crate::answer::Outcome;

/// The dimension of metrics of manifests that belong to no dataset.
const NO_DATASET: &str = "_unknown";

/// The plan that an event's delivery has become before, if it has. Its files may have been written again or deleted
/// since: an event that comes a second time makes no second run of them.
pub async fn claimed(s3: &aws_sdk_s3::Client, control: &str, key: &str) -> Result<Option<RunPlan>> {
    match object::read_document::<Claim>(s3, control, key).await? {
        Some(claim) => object::need_document(s3, control, &layout::plan(&claim.run)).await.map(Some),
        None => Ok(None),
    }
}

/// Claims an event's delivery for the run of this plan, whose documents are written. Of two calls that do this at once
/// the first one's plan holds for both.
pub async fn claim(s3: &aws_sdk_s3::Client, control: &str, key: &str, plan: RunPlan) -> Result<RunPlan> {
    let claim = Claim { version: Claim::VERSION, run: plan.run.clone() };
    match object::create(s3, control, key, object::to_json(&claim)?).await? {
        Created::New | Created::Same => Ok(plan),
        Created::Other => {
            let first: Claim = object::need_document(s3, control, key).await?;
            object::need_document(s3, control, &layout::plan(&first.run)).await
        }
    }
}

/// The batch's place among others: the one that its first delivery recorded, or else this one.
pub async fn place(
    s3: &aws_sdk_s3::Client,
    control: &str,
    dataset: &DatasetName,
    batch: &BatchId,
    at: DateTime<Utc>,
) -> Result<BatchPlace> {
    let place = BatchPlace { version: BatchPlace::VERSION, batch: batch.clone(), at };
    let key = layout::batch_place(dataset, batch);
    match object::create(s3, control, &key, object::to_json(&place)?).await? {
        Created::New | Created::Same => Ok(place),
        Created::Other => object::need_document(s3, control, &key).await,
    }
}

/// Writes `manifest.json` and `plan.json`, and returns the plan that holds: the stored one, if there is one.
///
/// A run's name is a hash of what is delivered. Found again, the documents may differ only in what is no part of it: the
/// event's sequencer, Last-Modified of a file written again with the same bytes, or how another build of Sluice
/// split the work. Anything else is a bug.
pub async fn documents(s3: &aws_sdk_s3::Client, control: &str, manifest: &Manifest, plan: RunPlan) -> Result<RunPlan> {
    let key = layout::manifest(&plan.run);
    if object::create(s3, control, &key, object::to_json(manifest)?).await? == Created::Other {
        let stored: Manifest = object::need_document(s3, control, &key).await?;
        if !same_delivery(&stored, manifest) {
            return Err(says_something_else(control, &key));
        }
    }
    let key = layout::plan(&plan.run);
    if object::create(s3, control, &key, object::to_json(&plan)?).await? == Created::Other {
        let stored: RunPlan = object::need_document(s3, control, &key).await?;
        if !same_inputs(&stored, &plan) {
            return Err(says_something_else(control, &key));
        }
        return Ok(stored);
    }
    Ok(plan)
}

fn same_delivery(stored: &Manifest, ours: &Manifest) -> bool {
    *stored == Manifest { sequencer: stored.sequencer.clone(), ..ours.clone() }
}

fn same_inputs(stored: &RunPlan, ours: &RunPlan) -> bool {
    let same = |(a, b): (&model::plan::Input, &model::plan::Input)| {
        a.url == b.url
            && a.promise == b.promise
            && a.pin.size_bytes == b.pin.size_bytes
            && a.pin.version_id == b.pin.version_id
            && a.pin.etag == b.pin.etag
    };
    stored.run == ours.run
        && stored.batch == ours.batch
        && stored.dataset_file == ours.dataset_file
        && stored.inputs.len() == ours.inputs.len()
        && stored.inputs.iter().zip(&ours.inputs).all(same)
}

fn says_something_else(control: &str, key: &str) -> Error {
    Error::new(Kind::Bug, "create", format!("s3://{control}/{key}")).because("it is there and says something else")
}

/// Writes a refusal and counts it. The same event refused again counts again: an alarm asks whether there are any.
pub async fn refusal(clients: &Clients, control: &str, now: DateTime<Utc>, refusal: Refusal) -> Result<Outcome> {
    let key = layout::refusal(&refusal);
    // Other bytes under the key can only be another build's words for the same fault; the first stay.
    object::create(&clients.s3, control, &key, object::to_json(&refusal)?).await?;
    let dataset = refusal.dataset.as_ref().map_or(NO_DATASET, DatasetName::as_str);
    clients.metrics.send(now, dataset, &[Metric::count("ManifestsRefused", 1)]);
    tracing::error!(dataset, manifest = %refusal.manifest, code = refusal.code, message = refusal.message,
        action = refusal.action, refusal = key, "manifest refused");
    Ok(Outcome::Refused { code: refusal.code, message: refusal.message, action: refusal.action, refusal: key })
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
