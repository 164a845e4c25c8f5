//! A run's dataset with its columns: the one way for every stage to have it.

use aws_sdk_s3::Client;
use model::dataset::Dataset;
use model::plan::RunPlan;
use model::schema::RunSchema;
use model::{Result, layout};

use crate::object::need_document;

/// The dataset of a plan. Its columns are those of its file, or of the run's `schema.json` where the file names none.
pub async fn dataset(s3: &Client, control_bucket: &str, plan: &RunPlan) -> Result<Dataset> {
    let dataset = plan.dataset()?.dataset;
    if !dataset.needs_schema() {
        return Ok(dataset);
    }
    let schema: RunSchema = need_document(s3, control_bucket, &layout::schema(&plan.run)).await?;
    dataset.with_columns(schema.columns)
}
