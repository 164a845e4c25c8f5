//! `sluice plan MANIFEST`
//!
//! The starter plans, the loader says its statements, and the warehouse is asked for the table's columns, which is a SELECT.
//! Nothing is written and nothing is started.

use std::path::Path;

use aws_sdk_redshiftdata::types::Field;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use loader::preview::{self, Step, Table};
use model::dataset::{Dataset, LoadTarget};
use model::manifest::Listing;
use model::name::{BatchId, DatasetName, RunName, S3Url, TableName};
use model::{Error, Kind, Result, layout};
use serde::Serialize;
use serde_json::Value;
use starter::preview::Preview;

use crate::cli::Plan;
use crate::command::Ended;
use crate::place::Place;
use crate::{screen, warehouse};

/// What a manifest would become.
#[derive(Debug, Clone, Serialize)]
pub struct PlanReport {
    /// Its dataset.
    pub dataset: DatasetName,
    /// The run.
    pub run: RunName,
    /// The manifest.
    pub manifest: S3Url,
    /// Its batch.
    pub batch: BatchId,
    /// Where the batch stands among others.
    pub batch_at: DateTime<Utc>,
    /// Where its rows are made.
    pub engine: String,
    /// Why there.
    pub reason: String,
    /// How many of the inputs, in order, make each item.
    pub items: Vec<usize>,
    /// The files.
    pub inputs: Vec<InputReport>,
    /// The table, where the dataset names one.
    pub table: Option<TableReport>,
    /// The statements of each step, in order. A step is one submission.
    pub steps: Vec<StepReport>,
    /// The objects in the lake.
    pub files: Vec<String>,
    /// What is to be known of all that.
    pub notes: Vec<String>,
}

/// A file that is read.
#[derive(Debug, Clone, Serialize)]
pub struct InputReport {
    /// Its address.
    pub url: S3Url,
    /// Its size.
    pub size_bytes: u64,
    /// The version or the ETag that it is pinned to.
    pub pin: String,
}

/// The table against the dataset.
#[derive(Debug, Clone, Serialize)]
pub struct TableReport {
    /// The table.
    pub name: TableName,
    /// How it differs: missing, alike, altered or refused; unknown where the columns are not found yet.
    pub difference: &'static str,
    /// Why it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// A step of the load.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// Its name.
    pub step: &'static str,
    /// Its statements.
    pub statements: Vec<String>,
}

/// Prints what a manifest would become; ends badly where its table would refuse it.
pub async fn run(arguments: &Plan, json: bool) -> Result<Ended> {
    let place = Place::find().await?;
    let report = plan(&place, arguments, aws::edge::now()).await?;
    if json {
        screen::json(&report);
    } else {
        screen::plan(&report);
    }
    let is_refused = report.table.is_some_and(|table| table.refused.is_some());
    Ok(if is_refused { Ended::Badly } else { Ended::Well })
}

/// Plans a manifest.
pub async fn plan(place: &Place, arguments: &Plan, now: DateTime<Utc>) -> Result<PlanReport> {
    let (url, local) = source(place, arguments)?;
    let config = starter::Config {
        landing_bucket: place.landing_bucket.clone(),
        control_bucket: place.control_bucket.clone(),
        state_machine: starter::StateMachine::default(),
        mask_key: place.mask_key.clone(),
    };
    let is_local = local.is_some();
    let preview = starter::preview::preview(&place.clients, &config, &url, local, now).await?;
    let mut report = planned(&preview);
    if is_local {
        report
            .notes
            .push("the manifest is not delivered: the run's name, here that of its bytes, is another then".into());
    } else if preview.is_planned {
        report
            .notes
            .push("the run is there already: an event of this manifest would only start it again if it failed".into());
    }
    if preview.manifest.sequencer.is_none() {
        report
            .notes
            .push("the event's sequencer, which the publish orders deliveries by, is known with the event".into());
    }
    let dataset = columns(place, &preview, &mut report.notes).await?;
    if let Some(target) = preview.dataset.dataset.load.clone() {
        load(place, &preview, dataset, target, &mut report).await?;
    }
    Ok(report)
}

/// The manifest's address, and its bytes where it is a file on this machine.
fn source(place: &Place, arguments: &Plan) -> Result<(S3Url, Option<Bytes>)> {
    let fault = |why: String| Error::new(Kind::Config, "plan", &arguments.manifest).because(why);
    let bad = |error: model::name::BadName| fault(error.to_string());
    let path = Path::new(&arguments.manifest);
    if !path.is_file() {
        if arguments.key.is_some() {
            return Err(fault("--key is for a local file".to_owned()));
        }
        let url = match arguments.manifest.starts_with("s3://") {
            true => S3Url::parse(&arguments.manifest),
            false => S3Url::new(&place.landing_bucket, &arguments.manifest),
        };
        return Ok((url.map_err(bad)?, None));
    }
    let bytes = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    let url = match &arguments.key {
        Some(key) => S3Url::new(&place.landing_bucket, key).map_err(bad)?,
        None => beside_its_files(path, &bytes).map_err(fault)?,
    };
    Ok((url, Some(bytes.into())))
}

/// Where a local manifest would lie: in the folder of the first file that it lists.
fn beside_its_files(path: &Path, bytes: &[u8]) -> Result<S3Url, String> {
    let listing: Listing = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let first = listing.entries.first().ok_or("it lists no file: --key says where it would lie")?;
    let first = S3Url::parse(&first.url).map_err(|error| error.to_string())?;
    let folder = first.key().rsplit_once('/').map_or("", |(folder, _)| folder);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    S3Url::new(first.bucket(), &format!("{folder}/{name}")).map_err(|error| error.to_string())
}

fn planned(preview: &Preview) -> PlanReport {
    let Preview { manifest, dataset, plan, .. } = preview;
    let input = |input: &model::plan::Input| InputReport {
        url: input.url.clone(),
        size_bytes: input.pin.size_bytes,
        pin: input.pin.version_id.clone().unwrap_or_else(|| input.pin.etag.clone()),
    };
    PlanReport {
        dataset: dataset.dataset.dataset.clone(),
        run: plan.run.clone(),
        manifest: manifest.url.clone(),
        batch: plan.batch.clone(),
        batch_at: manifest.place(),
        engine: plan.engine.to_string(),
        reason: plan.reason.clone(),
        items: plan.items.clone(),
        inputs: plan.inputs.iter().map(input).collect(),
        table: None,
        steps: Vec::new(),
        files: files(&dataset.dataset, &plan.run, &plan.item_numbers()),
        notes: vec![
            "files are numbered from 0 in each item; which partitions there are is known when the rows are read".into(),
        ],
    }
}

/// The first file of each item; in the place of a partition's values stands what makes them.
fn files(dataset: &Dataset, run: &RunName, items: &[u32]) -> Vec<String> {
    let partition: String = dataset.partition_by.iter().map(|(key, by)| format!("{key}=<{by}>/")).collect();
    let start = format!("{}/", dataset.dataset);
    let file = |item: &u32| layout::parquet(run, &[], *item, 0).replacen(&start, &format!("{start}{partition}"), 1);
    items.iter().map(file).collect()
}

/// The dataset with its columns; `None` where they are to be found, and no run has found any yet.
async fn columns(place: &Place, preview: &Preview, notes: &mut Vec<String>) -> Result<Option<Dataset>> {
    let dataset = preview.dataset.dataset.clone();
    if !dataset.needs_schema() {
        return Ok(Some(dataset));
    }
    match aws::schema::newest(&place.clients.s3, &place.control_bucket, &dataset.dataset).await? {
        Some(found) => {
            notes.push(format!("the columns are those of version {}: the files may have more of them", found.number));
            dataset.with_columns(found.columns).map(Some)
        }
        None => {
            notes.push("the columns are found when the run begins: what depends on them is not shown".into());
            Ok(None)
        }
    }
}

async fn load(
    place: &Place,
    preview: &Preview,
    dataset: Option<Dataset>,
    target: LoadTarget,
    report: &mut PlanReport,
) -> Result<()> {
    let name = target.table.clone();
    let Some(dataset) = dataset else {
        report.table = Some(TableReport { name, difference: "unknown", refused: None });
        return Ok(());
    };
    let rows = warehouse::query(place, &preview::columns_query(&target)?).await?.rows;
    let rows = rows.into_iter().map(|row| row.into_iter().map(field).collect()).collect();
    let steps = preview::steps(&loader_config(place), &preview.plan, &dataset, &preview.manifest)?;
    let mut steps: Vec<StepReport> =
        steps.into_iter().map(|Step { step, statements }| StepReport { step: step.name(), statements }).collect();
    let (difference, refused) = match preview::table(&dataset, &target, rows)? {
        Table::Missing => ("missing", None),
        Table::Alike => ("alike", None),
        Table::Altered(statements) => {
            // Each is a submission of its own, behind `prepare`.
            let alter = statements.into_iter().map(|sql| StepReport { step: "alter", statements: vec![sql] });
            steps.splice(1..1, alter);
            ("altered", None)
        }
        Table::Refused(why) => ("refused", Some(why)),
    };
    report.table = Some(TableReport { name, difference, refused });
    report.steps = steps;
    report.notes.push("in the statements, <…> is what is counted when the rows are read".into());
    Ok(())
}

/// The loader's settings, as far as its statements need them.
fn loader_config(place: &Place) -> loader::Config {
    let compute = match (&place.warehouse.workgroup, &place.warehouse.cluster) {
        (None, Some(identifier)) => {
            loader::Compute::Cluster { identifier: identifier.clone(), db_user: place.warehouse.db_user.clone() }
        }
        (workgroup, _) => loader::Compute::Workgroup(workgroup.clone().unwrap_or_default()),
    };
    loader::Config {
        control_bucket: place.control_bucket.clone(),
        compute,
        database: place.warehouse.database.clone(),
        copy_role: place.warehouse.copy_role.clone(),
    }
}

/// A value of the answer as the Data API has it.
fn field(value: Value) -> Field {
    match value {
        Value::String(text) => Field::StringValue(text),
        Value::Number(number) => number.as_i64().map_or(Field::IsNull(true), Field::LongValue),
        Value::Bool(word) => Field::BooleanValue(word),
        _ => Field::IsNull(true),
    }
}
