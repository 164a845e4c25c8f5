//! Follows a delivery to its end by the documents that appear in the control bucket.

use std::collections::BTreeSet;
use std::time::Duration;

use aws::object;
use model::arrival::Pin;
use model::layout;
use model::load::{Load, Outcome};
use model::name::{RunName, S3Url};
use model::part::Part;
use model::plan::RunPlan;
use model::refusal::Refusal;
use model::report::RunReport;
use model::{Error, Kind, Result};

use crate::history;
use crate::place::Place;
use crate::screen;

/// How often the control bucket is looked at.
const POLL: Duration = Duration::from_millis(200);

/// So often a manifest is seen replaced before it is given up: the starter may have read it just before, and still write.
const REPLACED_LOOKS: u32 = 25;

/// What was sent: the manifest, its exact version, and the run it makes.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The manifest.
    pub manifest: S3Url,
    /// Its version.
    pub pin: Pin,
    /// The run that the starter will name the same way.
    pub run: RunName,
}

/// How a delivery ended.
#[derive(Debug, Clone)]
pub enum End {
    /// It became a run, which ended so.
    Report(Box<RunReport>),
    /// It was refused.
    Refused(Box<Refusal>),
}

/// Waits for a delivery's end and tells every step of it, once each.
pub async fn to_the_end(
    place: &Place,
    delivery: &Delivery,
    timeout: Duration,
    mut tell: impl FnMut(String),
) -> Result<End> {
    let mut told = BTreeSet::new();
    let mut replaced = 0;
    let followed = tokio::time::timeout(timeout, async {
        loop {
            for step in new_steps(place, &delivery.run, &mut told).await? {
                match step {
                    Step::Told(text) => tell(text),
                    Step::Closed(n) => {
                        return Ok(End::Report(Box::new(history::report(place, &delivery.run, n).await?)));
                    }
                }
            }
            if told.is_empty() {
                if let Some(refusal) = refusal(place, delivery).await? {
                    return Ok(End::Refused(Box::new(refusal)));
                }
                replaced = if is_replaced(place, delivery).await? { replaced + 1 } else { 0 };
                if replaced > REPLACED_LOOKS {
                    return Err(Error::new(Kind::Data, "follow", &delivery.manifest)
                        .because("another upload replaced it before it was taken: that one is the delivery now"));
                }
            }
            tokio::time::sleep(POLL).await;
        }
    });
    followed.await.unwrap_or_else(|_| {
        Err(Error::new(Kind::Transient, "follow", &delivery.run).because(format!(
            "it has not ended after {} s; it goes on: see `sluice show {}`, and the starter's log if it never began",
            timeout.as_secs(),
            delivery.run
        )))
    })
}

enum Step {
    Told(String),
    Closed(u32),
}

async fn new_steps(place: &Place, run: &RunName, told: &mut BTreeSet<String>) -> Result<Vec<Step>> {
    let (s3, bucket) = (&place.clients.s3, &place.control_bucket);
    let folder = layout::run(run);
    let mut steps = Vec::new();
    let mut closed = None;
    let mut objects = object::list(s3, bucket, &folder).await?;
    objects.sort_by_key(|object| order(&object.key));
    for object in objects {
        let Some(name) = object.key.strip_prefix(&folder) else { continue };
        if let Some(n) = layout::report_number(name) {
            closed = closed.max(Some(n));
        } else if told.insert(name.to_owned()) {
            steps.extend(describe(place, &object.key, name).await?.map(Step::Told));
        }
    }
    steps.extend(closed.map(Step::Closed));
    Ok(steps)
}

/// Documents in the order in which the flow writes them, which their names are not in.
fn order(key: &str) -> usize {
    const FLOW: &[&str] = &["/manifest.json", "/plan.json", "/parts/", "/copy.manifest", "/load.json", "/report.json"];
    FLOW.iter().position(|name| key.contains(name)).unwrap_or(FLOW.len())
}

/// What a document says to somebody who waits, if it says anything to them.
async fn describe(place: &Place, key: &str, name: &str) -> Result<Option<String>> {
    let (s3, bucket) = (&place.clients.s3, &place.control_bucket);
    if name == "plan.json" {
        let plan: RunPlan = object::need_document(s3, bucket, key).await?;
        return Ok(Some(format!("planned      {}: {}", plan.engine, plan.reason)));
    }
    if name.starts_with("parts/") {
        let part: Part = object::need_document(s3, bucket, key).await?;
        let counts = part.counts;
        return Ok(Some(format!(
            "transformed  item {}: {} read, {} accepted, {} rejected, {} Parquet file(s)",
            part.item,
            counts.read,
            counts.accepted,
            counts.rejected,
            part.files.len()
        )));
    }
    if name.ends_with("/load.json") {
        let load: Load = object::need_document(s3, bucket, key).await?;
        return Ok(Some(match load.outcome {
            Outcome::Published => format!("published    {}", screen::published(&load)),
            Outcome::Superseded => "superseded   a newer delivery of the batch was there before".to_owned(),
            Outcome::LakeOnly => "in the lake  the dataset names no table".to_owned(),
        }));
    }
    Ok((name == "copy.manifest").then(|| {
        "loading      in turn with other runs of the table: COPY into staging, then one transaction".to_owned()
    }))
}

/// Whether the manifest is another one by now.
async fn is_replaced(place: &Place, delivery: &Delivery) -> Result<bool> {
    let there = object::head(&place.clients.s3, &delivery.manifest, None).await?;
    Ok(there.is_none_or(|pin| pin.version() != delivery.pin.version()))
}

/// The refusal of exactly this delivery, if it was refused.
async fn refusal(place: &Place, delivery: &Delivery) -> Result<Option<Refusal>> {
    let folder = format!("refused/{}/", delivery.run.dataset());
    for listed in object::list(&place.clients.s3, &place.control_bucket, &folder).await? {
        if listed.last_modified < delivery.pin.last_modified {
            continue;
        }
        let refusal = history::refusal(place, &listed.key).await?;
        if refusal.manifest == delivery.manifest && refusal.manifest_version.as_ref() == Some(&delivery.pin.version()) {
            return Ok(Some(refusal));
        }
    }
    Ok(None)
}
