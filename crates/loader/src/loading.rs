//! What the SQL of a load is made of: a group of runs, and what their dataset says of columns and target.

use aws_sdk_s3::Client;
use indexmap::IndexMap;
use model::dataset::{Column, Dataset, LoadTarget, OnCopyError};
use model::flow::LoadStep;
use model::group::{Group, GroupName, QueueName};
use model::name::{Identifier, S3Url, TableName};
use model::plan::RunPlan;
use model::{Error, Kind, Result, hash, layout};

use crate::config::Config;
use crate::isolate::{self, Isolation};
use crate::sql::prepare::Prepare;
use crate::sql::{Names, explain, publish, stage, verdict};

/// A group on its way into its table.
#[derive(Debug, Clone, PartialEq)]
pub struct Loading {
    /// The runs.
    pub group: Group,
    /// What the dataset of them all says: runs of a group have one shape.
    pub dataset: Dataset,
    /// The dataset's columns that the files hold, and so staging and target.
    pub columns: IndexMap<Identifier, Column>,
    /// What the dataset says of the target.
    pub target: LoadTarget,
    /// What the statements speak of.
    pub names: Names,
    /// Files that were set apart, where the dataset says so.
    pub isolations: Vec<Isolation>,
}

impl Loading {
    /// The load of a group whose runs have this dataset.
    pub fn of(group: Group, dataset: Dataset) -> Result<Self> {
        let target = target(&dataset, &group.group)?;
        let columns = columns(&dataset);
        let names = Names::of(&group.group, &columns)?;
        Ok(Self { group, dataset, columns, target, names, isolations: Vec::new() })
    }

    /// The load of a group, read with the dataset of one of its runs, whose plan that is.
    pub async fn read(s3: &Client, bucket: &str, group: &GroupName, plan: &RunPlan) -> Result<Self> {
        let of_runs = aws::object::need_document(s3, bucket, &layout::group(group)).await?;
        let mut loading = Self::of(of_runs, aws::schema::dataset(s3, bucket, plan).await?)?;
        if loading.dataset.on_copy_error == Some(OnCopyError::Isolate) {
            loading.isolations = isolate::read(s3, bucket, group).await?;
            for member in &mut loading.group.members {
                let of_run = loading.isolations.iter().filter(|isolation| isolation.run == member.run);
                member.isolated = of_run.flat_map(|isolation| &isolation.files).map(|file| file.rows).sum();
            }
        }
        Ok(loading)
    }

    /// The statements of a step.
    pub fn sql(&self, step: LoadStep, config: &Config) -> Result<Vec<String>> {
        let name = &self.group.group;
        match step {
            LoadStep::Prepare => Ok(self.prepare()?.statements),
            LoadStep::Stage => {
                let manifest = S3Url::new(&config.control_bucket, &layout::group_manifest(name, self.isolations.len()))
                    .map_err(|error| Error::new(Kind::Config, "copy", name).because(error))?;
                let source = stage::Source { manifest, role: &config.copy_role };
                stage::statements(&self.group, &self.names, &self.columns, &source)
            }
            LoadStep::Publish => publish::statements(self),
            LoadStep::Explain => Ok(vec![explain::statement(&self.group.members)?]),
            LoadStep::Verdict => Ok(vec![verdict::statement(&self.names, &self.group.members)?]),
            LoadStep::Queue | LoadStep::Alter | LoadStep::Done => {
                Err(Error::new(Kind::Bug, "submit", name).because("it is no step with statements of its own"))
            }
        }
    }

    /// The first step's statements, and which of them answers what.
    pub fn prepare(&self) -> Result<Prepare> {
        Prepare::of(&self.names, &self.target, &self.columns, &self.group.members)
    }
}

/// The dataset's columns that the files hold, and so staging and target.
pub fn columns(dataset: &Dataset) -> IndexMap<Identifier, Column> {
    dataset.written_columns().map(|(name, column)| (name.clone(), column.clone())).collect()
}

/// Where the runs of a dataset wait: what they must have in common to be loaded together is all that their dataset says,
/// and the version of the code.
pub fn queue_of(dataset: &Dataset, table: &TableName) -> Result<QueueName> {
    let bug =
        |error: Box<dyn std::error::Error + Send + Sync>| Error::new(Kind::Bug, "queue for", table).because(error);
    let text = serde_json::to_string(dataset).map_err(|error| bug(error.into()))?;
    let shape = hash::hash32([text.as_str(), env!("CARGO_PKG_VERSION")]);
    QueueName::new(table.clone(), &shape).map_err(|error| bug(error.into()))
}

/// The table that a dataset's rows go into; it is the group's.
fn target(dataset: &Dataset, group: &GroupName) -> Result<LoadTarget> {
    let is_ours = |target: &&LoadTarget| target.table == *group.table();
    dataset.load.as_ref().filter(is_ours).cloned().ok_or_else(|| {
        let named =
            dataset.load.as_ref().map_or_else(|| "no table".to_owned(), |load: &LoadTarget| load.table.to_string());
        Error::new(Kind::Bug, "load", group).because(format!("the dataset names {named}"))
    })
}
