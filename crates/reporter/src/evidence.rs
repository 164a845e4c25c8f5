//! What an execution has left behind, for as far as it came.

use aws::object;
use model::load::Load;
use model::manifest::Manifest;
use model::name::RunName;
use model::part::Part;
use model::plan::RunPlan;
use model::schema::RunSchema;
use model::{Result, layout};

/// The documents of a run and of one of its executions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// `manifest.json`.
    pub manifest: Option<Manifest>,
    /// `plan.json`.
    pub plan: Option<RunPlan>,
    /// `schema.json`, where the dataset's columns were found.
    pub schema: Option<RunSchema>,
    /// The parts that were committed.
    pub parts: Vec<Part>,
    /// `<n>/load.json`.
    pub load: Option<Load>,
}

impl Evidence {
    /// Reads what there is. A document that is not there is no error: an execution may end anywhere.
    pub async fn gather(s3: &aws_sdk_s3::Client, control: &str, run: &RunName, n: u32) -> Result<Self> {
        let manifest = object::read_document(s3, control, &layout::manifest(run)).await?;
        let plan: Option<RunPlan> = object::read_document(s3, control, &layout::plan(run)).await?;
        let load = object::read_document(s3, control, &layout::load(run, n)).await?;
        let is_found = plan.as_ref().is_some_and(|plan| plan.dataset().is_ok_and(|file| file.dataset.needs_schema()));
        let schema = match is_found {
            true => object::read_document(s3, control, &layout::schema(run)).await?,
            false => None,
        };
        let mut parts = Vec::new();
        for item in plan.iter().flat_map(RunPlan::item_numbers) {
            parts.extend(object::read_document::<Part>(s3, control, &layout::part(run, item)).await?);
        }
        Ok(Self { manifest, plan, schema, parts, load })
    }
}
