//! Starting and stopping.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws::Clients;
use aws::metric::Sink;
use model::name::S3Url;
use model::{Error, Kind, Result};
use serde_json::Value;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::{self, Clock, Latencies, Pace};
use crate::faults::Faults;
use crate::folder::{Folder, endpoint};
use crate::invoke::{Invocation, Invoke};
use crate::notice::Notice;
use crate::open::{Opened, Services, open};
use crate::s3::{self, Created, Creation};
use crate::{event, names};

/// How long the threads of a stopped one may take to end the write they are at.
const LAST_WRITES: Duration = Duration::from_secs(30);

/// Where functions run.
#[derive(Clone, Default)]
pub enum Functions {
    /// In this process.
    #[default]
    InProcess,
    /// At a base URL, `http://127.0.0.1:9000`, as `cargo lambda watch` serves them.
    Url(String),
    /// Wherever this leads: a test's own.
    Given(Arc<dyn Invoke>),
}

/// What a local AWS is started with.
#[derive(Clone)]
pub struct Options {
    /// The folder of its state.
    pub state: PathBuf,
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Where functions run.
    pub functions: Functions,
    /// How waits pass.
    pub pace: Pace,
    /// The time it goes by.
    pub clock: Clock,
    /// How much longer things take than they must.
    pub latencies: Latencies,
    /// How often the handlers' clients try a call, 1 for never again.
    pub max_attempts: u32,
    /// The state machine, as in `infra/flow.asl.json`.
    pub flow: String,
    /// Secrets that are there from the start, by name. One that the state folder holds already stays what it is.
    pub secrets: BTreeMap<String, String>,
}

impl Options {
    /// A free port, handlers in this process, fast waits, the repository's flow.
    pub fn at(state: impl AsRef<Path>) -> Self {
        Self {
            state: state.as_ref().to_owned(),
            port: 0,
            functions: Functions::InProcess,
            pace: Pace::Fast,
            clock: clock::system(),
            latencies: Latencies::default(),
            max_attempts: 3,
            flow: include_str!("../../../infra/flow.asl.json").to_owned(),
            secrets: BTreeMap::new(),
        }
    }
}

/// A local AWS that runs.
///
/// All of it runs on a runtime of its own, so that [`kill`](Self::kill) ends every task where it stands (but for
/// [`start_here`](Self::start_here)). Dropping it is like a kill.
pub struct Local {
    host: Option<Host>,
    url: String,
    clients: Clients,
    services: Services,
    faults: Faults,
    metrics: Arc<Mutex<Vec<Value>>>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

/// The runtime and the folder it works on. The folder is let go after the last write.
struct Host {
    /// Ours; `None` where tasks run on the caller's.
    runtime: Option<Runtime>,
    /// Calls of handlers run while this is there.
    alive: watch::Sender<()>,
    folder: Folder,
}

impl Host {
    fn end(self) {
        drop(self.alive);
        if let Some(runtime) = self.runtime {
            runtime.shutdown_timeout(LAST_WRITES);
        }
        drop(self.folder);
    }
}

impl Local {
    /// Starts on a folder: opens or makes its state, takes the port, and serves. Executions that ran when the process
    /// before ended are ABORTED, and the reporter hears of it.
    ///
    /// Fails with [`Kind::Config`] if another process uses the folder or the port, or the flow is not known to the double.
    pub async fn start(options: Options) -> Result<Self> {
        let folder = Folder::take(&options.state)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("aws").build();
        let runtime = runtime.map_err(|error| Error::new(Kind::Bug, "make", "a runtime").because(error))?;
        Self::start_on(Some(runtime), folder, options).await
    }

    /// Like [`start`](Self::start), with all tasks on the caller's runtime: a test may let its time run ahead. While a
    /// function or a write to the disk runs it stands still, so what a caller does itself of such kind belongs into
    /// `spawn_blocking` too. Tasks end when that runtime does; until then they are left alone by a kill or a drop.
    pub async fn start_here(options: Options) -> Result<Self> {
        let folder = Folder::take(&options.state)?;
        Self::start_on(None, folder, options).await
    }

    async fn start_on(runtime: Option<Runtime>, folder: Folder, options: Options) -> Result<Self> {
        let (alive, ended) = watch::channel(());
        let tasks = runtime.as_ref().map_or_else(Handle::current, |runtime| runtime.handle().clone());
        let host = Host { runtime, alive, folder };
        let path = host.folder.path().to_owned();
        let opened = tasks.spawn(open(options.clone(), path, ended)).await;
        let opened = opened.map_err(|error| Error::new(Kind::Bug, "start", "the local AWS").because(error));
        let Opened { listener, url, server, services, faults, metrics } = match opened.and_then(|opened| opened) {
            Ok(opened) => opened,
            Err(error) => {
                end(host).await;
                return Err(error);
            }
        };
        let (stop, stopped) = watch::channel(false);
        let serving = tasks.spawn(Arc::new(server).serve(listener, stopped));
        let noted = host.folder.note(&url);
        let local = Self {
            host: Some(host),
            clients: Clients::at(&endpoint(&url, options.max_attempts, Sink::Kept(Arc::clone(&metrics)))).await,
            url,
            services,
            faults,
            metrics,
            stop,
            serving,
        };
        noted.map_err(|error| Error::new(Kind::Config, "write to", options.state.display()).because(error))?;
        Ok(local)
    }

    /// Its address: `http://127.0.0.1:4566`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Clients that point at it.
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// The settings that lead any AWS client, and all handlers, to it.
    pub fn exports(&self) -> Vec<(String, String)> {
        names::exports(&self.url)
    }

    /// The faults at its wire.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// How many multipart uploads, in all buckets, are neither completed nor aborted: S3 would keep, and charge for,
    /// their parts. A restart forgets them.
    pub fn open_uploads(&self) -> usize {
        self.services.uploads.count()
    }

    /// The messages to its topic, oldest first.
    pub fn notices(&self) -> Vec<Notice> {
        self.services.topic.notices()
    }

    /// The metric lines that handlers in this process have sent.
    pub fn metrics(&self) -> Vec<Value> {
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns once no event is being delivered, no execution runs and no statement is in flight.
    pub async fn idle(&self) {
        self.services.idle().await;
    }

    /// Tells the starter of an object a second time, as S3 may at any time, and waits for its answer.
    pub async fn redeliver(&self, manifest: &S3Url) -> Result<Value> {
        let fault = |why: String| Error::new(Kind::Config, "deliver again", manifest).because(why);
        let object = self.services.store.find(manifest.bucket(), manifest.key());
        let object = object.map_err(|error| fault(error.to_string()))?;
        let created = Created {
            bucket: manifest.bucket().to_owned(),
            key: manifest.key().to_owned(),
            object: object.ok_or_else(|| fault("there is no such object".to_owned()))?,
            creation: Creation::Put,
        };
        let event = event::event(&created);
        match self.services.functions.invoke("starter", event).await {
            Invocation::Answer(answer) => Ok(answer),
            failed => Err(fault(failed.payload().to_string())),
        }
    }

    /// Puts an object without a call at the wire: no fault meets it and no event tells of it.
    pub async fn put_quietly(&self, url: &S3Url, bytes: Vec<u8>) -> Result<()> {
        let put = s3::put(&self.services.store, url.bucket(), url.key(), bytes);
        put.await.map(drop).map_err(|error| Error::new(Kind::Config, "put", url).because(error.to_string()))
    }

    /// Stops: no new calls, those under way end, the note of the address goes. Executions that still run are found
    /// ABORTED at the next start; [`idle`](Self::idle) before this lets them end.
    pub async fn stop(mut self) -> Result<()> {
        self.stop.send_replace(true);
        let served = (&mut self.serving).await;
        let Some(host) = self.host.take() else { return Ok(()) };
        let forgotten = host.folder.forget();
        end(host).await;
        served.map_err(|error| Error::new(Kind::Bug, "stop", "the local AWS").because(error))?;
        forgotten.map_err(|error| Error::new(Kind::Config, "clear", "the note of the address").because(error))
    }

    /// Ends at once, as a kill of the process would: tasks end where they stand, connections drop, nothing is written
    /// but the bytes that are on their way to a file. The state folder stays as it is, note of the address included.
    pub async fn kill(mut self) {
        if let Some(host) = self.host.take() {
            end(host).await;
        }
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        if let Some(host) = self.host.take() {
            // A runtime may not be ended where tasks run, so another thread does it.
            let _ends_alone = std::thread::spawn(move || host.end());
        }
    }
}

/// Ends a host where waiting is allowed.
async fn end(host: Host) {
    let ended = tokio::task::spawn_blocking(move || host.end()).await;
    if let Err(error) = ended {
        tracing::error!(%error, "the local AWS did not end as it should");
    }
}
