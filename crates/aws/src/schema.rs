//! A run's dataset with its columns: the one way for every stage to have it.

use aws_sdk_s3::Client;
use model::dataset::Dataset;
use model::name::DatasetName;
use model::plan::RunPlan;
use model::schema::{DatasetSchema, RunSchema};
use model::{Result, layout};

use crate::object::{list, need_document};

/// The dataset of a plan. Its columns are those of its file, or of the run's `schema.json` where the file names none.
pub async fn dataset(s3: &Client, control_bucket: &str, plan: &RunPlan) -> Result<Dataset> {
    let dataset = plan.dataset()?.dataset;
    if !dataset.needs_schema() {
        return Ok(dataset);
    }
    let schema: RunSchema = need_document(s3, control_bucket, &layout::schema(&plan.run)).await?;
    dataset.with_columns(schema.columns)
}

/// The newest version of a dataset's found columns; numbers have no gaps.
pub async fn newest(s3: &Client, control_bucket: &str, dataset: &DatasetName) -> Result<Option<DatasetSchema>> {
    let listed = list(s3, control_bucket, &layout::dataset_schemas(dataset)).await?;
    let numbers = listed.iter().filter_map(|listed| layout::schema_number(&listed.key));
    match numbers.max() {
        Some(number) => need_document(s3, control_bucket, &layout::dataset_schema(dataset, number)).await.map(Some),
        None => Ok(None),
    }
}
