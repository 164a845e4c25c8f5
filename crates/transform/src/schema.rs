//! The columns of a run whose dataset names none: found in a sample of its files, once, before the items.

use aws::object::{Created, create, list, need_document, read_document, to_json};
use aws::{Call, Clients};
use aws_sdk_s3::Client;
use engine::infer::Inference;
use model::dataset::Dataset;
use model::flow::SchemaRequest;
use model::plan::{Input, RunPlan};
use model::schema::{DatasetSchema, RunSchema, SchemaColumns, join};
use model::{Error, Kind, Result, layout};
use serde::{Deserialize, Serialize};

use crate::Config;
use crate::read::{self, RANGE_BYTES};

/// How often the newest version is read again because another run has made one meanwhile.
const TRIES: u32 = 20;

/// What the state machine sees of a schema; the rest is in the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaMade {
    /// Which version of the dataset's columns.
    pub number: u32,
    /// How many columns.
    pub columns: usize,
}

/// Finds the columns, or finds them found: the document is created once, and every later call ends with it.
pub async fn handle(clients: &Clients, config: &Config, call: Call<SchemaRequest>) -> Result<SchemaMade> {
    let (s3, bucket, run) = (&clients.s3, config.control_bucket.as_str(), &call.request.run);
    let key = layout::schema(run);
    if let Some(schema) = read_document::<RunSchema>(s3, bucket, &key).await? {
        return Ok(answer(&schema));
    }
    let plan: RunPlan = need_document(s3, bucket, &layout::plan(run)).await?;
    let dataset = plan.dataset()?.dataset;
    let (columns, sampled_rows) = sample(s3, &dataset, &plan.inputs).await?;
    let schema = settle(s3, bucket, &plan, columns, sampled_rows).await?;
    // What the dataset says of its columns must hold of those it has: told now, not by every item.
    dataset.with_columns(schema.columns.clone())?;
    // Of two who find them at once, the first says what they are.
    let schema = match create(s3, bucket, &key, to_json(&schema)?).await? {
        Created::New | Created::Same => schema,
        Created::Other => need_document(s3, bucket, &key).await?,
    };
    tracing::info!(key, number = schema.number, columns = schema.columns.len(), sampled_rows, "schema written");
    Ok(answer(&schema))
}

fn answer(schema: &RunSchema) -> SchemaMade {
    SchemaMade { number: schema.number, columns: schema.columns.len() }
}

/// Looks at the start of every input, as far as the sample wants; or at those of its ranges that say what it is.
async fn sample(s3: &Client, dataset: &Dataset, inputs: &[Input]) -> Result<(SchemaColumns, u64)> {
    let mut inference = Inference::new(dataset, inputs.len());
    for input in inputs {
        let size_bytes = input.pin.size_bytes;
        inference.begin_input(&input.url.to_string(), size_bytes)?;
        while let Some(wanted) = inference.wants() {
            let bytes = read::range(s3, input, wanted.start, wanted.end - wanted.start).await?;
            inference.push_range(wanted.start, bytes)?;
        }
        let mut start = 0;
        let mut wants_more = !inference.is_ranged();
        while wants_more && start < size_bytes {
            let bytes = read::range(s3, input, start, RANGE_BYTES.min(size_bytes - start)).await?;
            start += bytes.len() as u64;
            wants_more = inference.push(&bytes)?;
        }
        inference.end_input(start >= size_bytes)?;
    }
    let inferred = inference.finish()?;
    Ok((inferred.columns, inferred.rows))
}

/// Joins the columns with the newest version of the dataset's, and makes the next version where that changes anything.
async fn settle(
    s3: &Client,
    bucket: &str,
    plan: &RunPlan,
    columns: SchemaColumns,
    sampled_rows: u64,
) -> Result<RunSchema> {
    let dataset = plan.run.dataset();
    for _ in 0..TRIES {
        let newest = newest(s3, bucket, plan).await?;
        let joined = newest.as_ref().map_or_else(|| columns.clone(), |newest| join(&newest.columns, &columns));
        let merged = newest.as_ref().map(|newest| newest.number);
        let made = |number| RunSchema {
            version: RunSchema::VERSION,
            run: plan.run.clone(),
            number,
            merged,
            sampled_rows,
            columns: joined.clone(),
        };
        if let Some(newest) = newest.as_ref().filter(|newest| newest.columns == joined) {
            return Ok(made(newest.number));
        }
        let number = merged.unwrap_or(0) + 1;
        let next = DatasetSchema {
            version: DatasetSchema::VERSION,
            dataset: dataset.clone(),
            number,
            run: plan.run.clone(),
            columns: joined.clone(),
        };
        match create(s3, bucket, &layout::dataset_schema(dataset, number), to_json(&next)?).await? {
            Created::New | Created::Same => return Ok(made(number)),
            Created::Other => {}
        }
    }
    Err(Error::new(Kind::Transient, "settle the columns of", dataset).because("other runs change them all the time"))
}

/// The newest version; numbers have no gaps.
async fn newest(s3: &Client, bucket: &str, plan: &RunPlan) -> Result<Option<DatasetSchema>> {
    let dataset = plan.run.dataset();
    let listed = list(s3, bucket, &layout::dataset_schemas(dataset)).await?;
    let numbers = listed.iter().filter_map(|listed| layout::schema_number(&listed.key));
    match numbers.max() {
        Some(number) => need_document(s3, bucket, &layout::dataset_schema(dataset, number)).await.map(Some),
        None => Ok(None),
    }
}
