//! The catalog: a published run's partitions go into the Glue Data Catalog, those of the delivery it replaces come out.
//!
//! ```text
//! plan.json, load.json ─► registration.rs  this run is about to stand in the catalog; is a newer delivery there?
//!                       ─► table.rs        database and table are there, with the dataset's columns
//! parts/*.json          ─► partition.rs    this run's partitions in
//!                       ─► registration.rs asked again; then the older deliveries' partitions out
//! ```
//!
//! Readers of the lake see what the catalog names: it is the lake's commit. Between the new partitions coming in and
//! the old ones going out both can be read, for the time of a few calls; this is the overlap that the design allows.
//!
//! The handler may fail anywhere and be called again: a partition that is there is left, one that is gone is gone.
//! It does not know files (only their folders), nor the warehouse. Start reading at [`handle`].

mod partition;
mod registration;
mod table;

use std::collections::BTreeMap;

use aws::{Call, Clients, Settings, object};
use model::dataset::Dataset;
use model::flow::CatalogRequest;
use model::load::{Load, Outcome};
use model::name::{BatchId, RunName};
use model::part::Part;
use model::plan::RunPlan;
use model::{Result, layout};
use serde::Serialize;

use registration::Delivery;
use table::Shape;

/// Where the catalog finds documents and files.
#[derive(Debug, Clone)]
pub struct Config {
    /// `SLUICE_CONTROL_BUCKET`: runs.
    pub control_bucket: String,
    /// `SLUICE_LAKE_BUCKET`: Parquet files.
    pub lake_bucket: String,
}

impl Config {
    /// Reads the settings; every fault is named at once.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut settings = Settings::new(get);
        let config = Self {
            control_bucket: settings.required("SLUICE_CONTROL_BUCKET"),
            lake_bucket: settings.required("SLUICE_LAKE_BUCKET"),
        };
        settings.finish()?;
        Ok(config)
    }
}

/// What the catalog did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Answer {
    /// The run stands in the catalog.
    Registered {
        /// `database.table`
        table: String,
        /// Its partitions.
        partitions: usize,
        /// The deliveries that do not stand there any more.
        replaced: Vec<RunName>,
    },
    /// A newer delivery of the batch stands there: this one does not.
    Superseded,
    /// The dataset names no catalog.
    NoCatalog,
}

/// Registers a run whose load has ended.
///
/// Fails with `Config` where the table belongs to somebody else or has other partition keys, and where rights are
/// missing; with `Transient` where the same call can succeed later.
#[tracing::instrument(name = "catalog", skip_all, fields(run = %call.request.run, n = call.request.n))]
pub async fn handle(clients: &Clients, config: &Config, call: Call<CatalogRequest>) -> Result<Answer> {
    let CatalogRequest { run, n } = call.request;
    let (s3, control) = (&clients.s3, config.control_bucket.as_str());
    let plan: RunPlan = object::need_document(s3, control, &layout::plan(&run)).await?;
    let dataset = aws::schema::dataset(s3, control, &plan).await?;
    let Some(target) = &dataset.catalog else { return Ok(Answer::NoCatalog) };
    let load: Load = object::need_document(s3, control, &layout::load(&run, n)).await?;
    let manifest = object::need_document(s3, control, &layout::manifest(&run)).await?;
    let shape = Shape::of(&dataset, target, &config.lake_bucket)?;
    let catalog = Catalog { clients, config, shape, batch: plan.batch.clone() };
    catalog.settle(&plan, Delivery { load, manifest }).await
}

/// One batch in one table.
struct Catalog<'a> {
    clients: &'a Clients,
    config: &'a Config,
    shape: Shape,
    batch: BatchId,
}

impl Catalog<'_> {
    /// Brings this delivery in and the older ones out, or takes this one away where a newer one is there.
    ///
    /// Of two deliveries at once exactly one stays. Each says that it is coming before it looks for others, and looks
    /// again when its partitions are in: either the older one sees the newer and goes, or it had said that it was
    /// coming before the newer looked, and is then taken out by it.
    async fn settle(&self, plan: &RunPlan, ours: Delivery) -> Result<Answer> {
        if ours.load.outcome == Outcome::Superseded {
            return self.give_way(plan).await;
        }
        registration::announce(&self.clients.s3, &self.config.control_bucket, &self.batch, &ours.load).await?;
        if self.others(&plan.run).await?.iter().any(|other| ours.gives_way_to(other)) {
            return self.give_way(plan).await;
        }
        let partitions = self.partitions(plan).await?;
        let columns = table::ensure(&self.clients.glue, &self.shape).await?;
        partition::register(&self.clients.glue, &self.shape, &columns, &partitions).await?;

        let others = self.others(&plan.run).await?;
        if others.iter().any(|other| ours.gives_way_to(other)) {
            return self.give_way(plan).await;
        }
        let mut replaced = Vec::new();
        for Delivery { load: Load { run, .. }, .. } in others {
            let key = layout::plan(&run);
            let plan = object::need_document(&self.clients.s3, &self.config.control_bucket, &key).await?;
            self.withdraw(&plan).await?;
            replaced.push(run);
        }
        let (table, partitions) = (self.shape.name(), partitions.len());
        tracing::info!(table, partitions, replaced = replaced.len(), "run registered");
        Ok(Answer::Registered { table, partitions, replaced })
    }

    async fn others(&self, run: &RunName) -> Result<Vec<Delivery>> {
        registration::others(&self.clients.s3, &self.config.control_bucket, run, &self.batch).await
    }

    async fn give_way(&self, plan: &RunPlan) -> Result<Answer> {
        self.withdraw(plan).await?;
        tracing::info!(table = self.shape.name(), "a newer delivery stands in the catalog");
        Ok(Answer::Superseded)
    }

    /// Takes a run out: its partitions, from the table that its own dataset file names, and then the word that they are
    /// there.
    async fn withdraw(&self, plan: &RunPlan) -> Result<()> {
        let dataset = self.dataset(plan).await?;
        if let Some(target) = &dataset.catalog {
            let stood_in = Shape::of(&dataset, target, &self.config.lake_bucket)?;
            if !self.shape.has_taken_the_place_of(&stood_in) {
                let partitions = self.partitions(plan).await?.into_keys().collect();
                partition::withdraw(&self.clients.glue, &stood_in, partitions).await?;
            }
        }
        registration::remove(&self.clients.s3, &self.config.control_bucket, &plan.run, &self.batch).await
    }

    async fn dataset(&self, plan: &RunPlan) -> Result<Dataset> {
        aws::schema::dataset(&self.clients.s3, &self.config.control_bucket, plan).await
    }

    /// The partitions of a run: their values, and where they lie.
    async fn partitions(&self, plan: &RunPlan) -> Result<BTreeMap<Vec<String>, String>> {
        let mut parts: Vec<Part> = Vec::new();
        for item in plan.item_numbers() {
            let key = layout::part(&plan.run, item);
            parts.push(object::need_document(&self.clients.s3, &self.config.control_bucket, &key).await?);
        }
        partition::of_parts(&plan.run, &self.dataset(plan).await?, &parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flows_request_reads() {
        let request: CatalogRequest = serde_json::from_str(include_str!("../../../events/catalog.json")).unwrap();
        assert_eq!((request.run.dataset().as_str(), request.n), ("flights", 1));
    }

    #[test]
    fn the_answer_is_a_word() {
        assert_eq!(serde_json::to_string(&Answer::NoCatalog).unwrap(), r#"{"outcome":"no_catalog"}"#);
    }
}
