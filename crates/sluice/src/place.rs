//! Where the pipeline is: on AWS by the environment, or on this machine.

use std::path::Path;

use aws::mask_key::MaskKeySource;
use aws::{Clients, Settings};
use loader::CopyRole;
use local::Local;
use model::{Error, Kind, Result};

/// The state folder of `sluice local` where none is named.
pub const STATE: &str = ".sluice";

/// The pipeline's addresses and the clients that reach them.
#[derive(Debug, Clone)]
pub struct Place {
    /// Clients of every service.
    pub clients: Clients,
    /// Producers write here.
    pub landing_bucket: String,
    /// Datasets, runs, rejects and refusals.
    pub control_bucket: String,
    /// The warehouse.
    pub warehouse: Warehouse,
    /// The key of masks, whose version is part of the name of a run.
    pub mask_key: MaskKeySource,
}

/// The warehouse's address.
#[derive(Debug, Clone, Default)]
pub struct Warehouse {
    /// A serverless workgroup, or
    pub workgroup: Option<String>,
    /// a provisioned cluster,
    pub cluster: Option<String>,
    /// with its user.
    pub db_user: Option<String>,
    /// The database.
    pub database: String,
    /// The role of its COPY, which only plans name.
    pub copy_role: CopyRole,
}

impl Place {
    /// By the environment if it says anything of Sluice, else the local in `.sluice/`, else an error that names both.
    pub async fn find() -> Result<Self> {
        if aws::settings::environment("SLUICE_CONTROL_BUCKET").is_some() {
            return Self::read(Clients::from_env().await, aws::settings::environment);
        }
        match local::running(Path::new(STATE))? {
            Some(running) => Self::read(running.clients().await, among(running.exports())),
            None => Err(Error::new(Kind::Config, "find", "the pipeline").because(format!(
                "set SLUICE_CONTROL_BUCKET, SLUICE_LANDING_BUCKET, SLUICE_DATABASE and SLUICE_WORKGROUP or \
                 SLUICE_CLUSTER for AWS, or start `sluice local` here (there is no {STATE}/endpoint.json of a running one)"
            ))),
        }
    }

    /// A local of this process.
    pub fn of(local: &Local) -> Result<Self> {
        Self::read(local.clients().clone(), among(local.exports()))
    }

    /// From settings.
    pub fn read(clients: Clients, get: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut settings = Settings::new(get);
        let place = Self {
            clients,
            landing_bucket: settings.required("SLUICE_LANDING_BUCKET"),
            control_bucket: settings.required("SLUICE_CONTROL_BUCKET"),
            warehouse: Warehouse {
                workgroup: settings.optional("SLUICE_WORKGROUP"),
                cluster: settings.optional("SLUICE_CLUSTER"),
                db_user: settings.optional("SLUICE_DB_USER"),
                database: settings.required("SLUICE_DATABASE"),
                copy_role: settings.optional("SLUICE_COPY_ROLE").unwrap_or_default(),
            },
            mask_key: MaskKeySource::read(&mut settings),
        };
        if place.warehouse.workgroup.is_some() == place.warehouse.cluster.is_some() {
            settings.fault("set one of SLUICE_WORKGROUP and SLUICE_CLUSTER".to_owned());
        }
        settings.finish().map(|()| place)
    }
}

fn among(exports: Vec<(String, String)>) -> impl Fn(&str) -> Option<String> {
    move |name| exports.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}
