//! Opening all services over a state folder.
//!
//! ```text
//! <state>/s3/  warehouse/  glue/  secrets/  executions/  events.jsonl  notices.jsonl  undelivered.jsonl
//! ```

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use aws::Clients;
use aws::metric::Sink;
use model::{Error, Kind, Result};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::activity::Activity;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::delivery::Deliveries;
use crate::faults::Faults;
use crate::folder::endpoint;
use crate::functions::{AtUrl, InProcess};
use crate::glue::DataCatalog;
use crate::invoke::Invoke;
use crate::lines::Lines;
use crate::local::{Functions, Options};
use crate::notice::Topic;
use crate::redshift::RedshiftData;
use crate::s3::multipart::Uploads;
use crate::s3::store::Store;
use crate::s3::{self, Created};
use crate::secrets::Secrets;
use crate::server::Server;
use crate::states::{self, StateMachines};
use crate::{event, names};

/// A local AWS that is ready to serve.
pub struct Opened {
    /// The port.
    pub listener: TcpListener,
    /// Its address.
    pub url: String,
    /// The services at the wire.
    pub server: Server,
    /// The services behind it.
    pub services: Services,
    /// The faults at the wire.
    pub faults: Faults,
    /// The metric lines of handlers in this process.
    pub metrics: Arc<Mutex<Vec<Value>>>,
}

/// The services that are reached past the wire too.
pub struct Services {
    /// Objects.
    pub store: Arc<Store>,
    /// Uploads in parts that are not completed.
    pub uploads: Arc<Uploads>,
    /// SNS's topic.
    pub topic: Arc<Topic>,
    /// The functions.
    pub functions: Arc<dyn Invoke>,
    /// What is under way, but for statements.
    pub activity: Activity,
    /// The warehouse.
    pub redshift: Arc<RedshiftData>,
}

impl Services {
    /// Returns once no event is being delivered, no execution runs and no statement is in flight.
    pub async fn idle(&self) {
        loop {
            self.activity.idle().await;
            self.redshift.idle().await;
            // What began while a statement was waited for is waited for too.
            if self.activity.is_idle() {
                return;
            }
        }
    }
}

/// Opens everything. Runs on the runtime that will serve; handlers in this process end once the sender of `ended` is gone.
pub async fn open(options: Options, folder: PathBuf, ended: watch::Receiver<()>) -> Result<Opened> {
    let (clock, latencies) = (Arc::clone(&options.clock), options.latencies);
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await;
    let listener = listener.map_err(|error| config("listen on", format!("127.0.0.1:{}", options.port), error))?;
    let address = listener.local_addr().map_err(|error| config("listen on", "127.0.0.1", error))?;
    let url = format!("http://{address}");
    let metrics = Arc::new(Mutex::new(Vec::new()));
    let clients = Clients::at(&endpoint(&url, options.max_attempts, Sink::Kept(Arc::clone(&metrics)))).await;
    let functions: Arc<dyn Invoke> = match &options.functions {
        Functions::InProcess => {
            Arc::new(InProcess::read(clients, clock.clone(), latencies.function, ended, &names::settings())?)
        }
        Functions::Url(url) => Arc::new(AtUrl::new(url)?),
        Functions::Given(functions) => Arc::clone(functions),
    };
    let store = store(&folder, &clock).map_err(|error| config("open objects in", folder.display(), error))?;
    let activity = Activity::default();
    let fault = |error: io::Error| config("open events in", folder.display(), error);
    let topic = Arc::new(Topic::open(&folder, clock.clone()).map_err(fault)?);
    let (undelivered, _) = Lines::open::<Value>(&folder.join("undelivered.jsonl")).map_err(fault)?;
    let deliveries = Deliveries {
        invoke: Arc::clone(&functions),
        pace: options.pace,
        activity: activity.clone(),
        undelivered: Arc::new(Mutex::new(undelivered)),
        clock: clock.clone(),
    };
    let bus = Bus::open(&folder, clock.clone(), deliveries.clone(), Arc::clone(&topic)).map_err(fault)?;
    let bus = Arc::new(bus);
    let on_created = {
        let deliveries = deliveries.clone();
        Arc::new(move |created: Created| event::notify(&deliveries, &created))
    };
    let faults = Faults::default();
    let redshift = Arc::new(RedshiftData::open(
        &folder.join("warehouse"),
        Arc::clone(&store),
        clock.clone(),
        latencies.warehouse,
    )?);
    let uploads = Arc::new(Uploads::default());
    let credentials = (names::ACCESS_KEY_ID, names::SECRET_ACCESS_KEY);
    let s3 = s3::service(Arc::clone(&store), Arc::clone(&uploads), credentials, on_created);
    let services = Services { store, uploads, topic, functions, activity, redshift: Arc::clone(&redshift) };
    let server = Server {
        s3,
        services: vec![
            Arc::clone(&bus) as _,
            redshift,
            Arc::new(DataCatalog::open(&folder.join("glue"), clock.clone())?),
            Arc::new(Secrets::open(&folder.join("secrets"), clock.clone(), &options.secrets)?),
            Arc::new(state_machines(&options, &folder, clock, &services, bus)?),
        ],
        topic: Arc::clone(&services.topic),
        functions: Arc::clone(&services.functions),
        deliveries,
        faults: faults.clone(),
    };
    Ok(Opened { listener, url, server, services, faults, metrics })
}

fn store(folder: &Path, clock: &Clock) -> Result<Arc<Store>, Box<dyn std::error::Error + Send + Sync>> {
    let store = Store::open(&folder.join("s3"), clock.clone())?;
    for bucket in names::BUCKETS {
        store.create_bucket(bucket)?;
    }
    Ok(Arc::new(store))
}

/// The state machine. Every change of an execution's status goes to the bus, as on AWS.
fn state_machines(
    options: &Options,
    folder: &Path,
    clock: Clock,
    services: &Services,
    bus: Arc<Bus>,
) -> Result<StateMachines> {
    // `infra/template.yaml` substitutes these.
    let arns = ["Transform", "Loader", "Catalog", "Reporter"]
        .map(|name| (format!("{name}FunctionArn"), names::function_arn(&name.to_lowercase())));
    StateMachines::open(states::Setup {
        folder: folder.join("executions"),
        definition: options.flow.clone(),
        substitutions: arns.to_vec(),
        invoke: Arc::clone(&services.functions),
        clock,
        pace: options.pace,
        activity: services.activity.clone(),
        listener: Arc::new(move |change| {
            if let Err(error) = bus.take(&change.event()) {
                tracing::error!(%error, "cannot keep an event");
            }
        }),
    })
}

fn config(
    operation: &'static str,
    subject: impl Display,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Error {
    Error::new(Kind::Config, operation, subject).because(error)
}
