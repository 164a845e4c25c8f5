//! The columns of a run whose dataset names none: found in a sample of its files, once, before the items.

use aws::object::{Created, create, need_document, read_document, to_json};
use aws::{Call, Clients};
use aws_sdk_s3::Client;
use engine::infer::{Inference, Inferred};
use indexmap::IndexMap;
use model::dataset::{Contract, Dataset};
use model::flow::SchemaRequest;
use model::name::{Identifier, RunName};
use model::plan::{Input, RunPlan};
use model::schema::{DatasetSchema, RunSchema, under};
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
    let inferred = sample(s3, &dataset, &plan.inputs).await?;
    let sampled_rows = inferred.rows;
    let schema = settle(s3, bucket, &plan, dataset.contract_of_data(), &inferred).await?;
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
async fn sample(s3: &Client, dataset: &Dataset, inputs: &[Input]) -> Result<Inferred> {
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
    inference.finish()
}

/// Joins the columns with the newest version of the dataset's, as far as its contract lets them, and makes the next version
/// where that changes anything.
async fn settle(
    s3: &Client,
    bucket: &str,
    plan: &RunPlan,
    contract: Contract,
    inferred: &Inferred,
) -> Result<RunSchema> {
    let dataset = plan.run.dataset();
    for _ in 0..TRIES {
        let newest = aws::schema::newest(s3, bucket, dataset).await?;
        let (joined, new) = match &newest {
            Some(newest) => under(contract, &newest.columns, &inferred.columns),
            None => (inferred.columns.clone(), Vec::new()),
        };
        let object = |name: &Identifier| inferred.objects.get(name).cloned().unwrap_or_default();
        let left_out: IndexMap<_, _> = new.into_iter().map(|name| (name.clone(), object(&name))).collect();
        if contract == Contract::Reject && !left_out.is_empty() {
            return Err(rejected(&plan.run, &left_out));
        }
        let merged = newest.as_ref().map(|newest| newest.number);
        let made = |number| RunSchema {
            version: RunSchema::VERSION,
            run: plan.run.clone(),
            number,
            merged,
            sampled_rows: inferred.rows,
            columns: joined.clone(),
            left_out: left_out.clone(),
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

fn rejected(run: &RunName, new: &IndexMap<Identifier, String>) -> Error {
    let named: Vec<String> = new.iter().map(|(name, object)| format!("{name} (first in {object})")).collect();
    Error::new(Kind::Data, "accept the columns of", run).because(format!(
        "its files have columns that the dataset has not: {}; `contract: reject` refuses them: `drop` those that are not \
         read, or write `contract: evolve` to take them, or `freeze` to leave them out",
        named.join(", ")
    ))
}
