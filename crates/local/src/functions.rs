//! The five functions: their handlers in this process, or wherever a URL leads (`cargo lambda watch`).

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use aws::edge::Failure;
use aws::{Call, Clients};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use model::{Error, Kind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::invoke::{Invocation, Invoke, function_name};

/// How long a function may run: the most that Lambda gives.
const TIMEOUT: Duration = Duration::from_secs(900);

/// The handlers with their settings. Their clients point at the double's own port, so that all they ask of AWS passes
/// by the wire. Each call has a thread of its own, as it has an environment of its own on Lambda: parsing a file keeps
/// nobody from being served, and a crash ends the call and not its caller.
#[derive(Clone)]
pub struct InProcess {
    clients: Clients,
    clock: Clock,
    latency: Duration,
    ended: watch::Receiver<()>,
    starter: starter::Config,
    transform: transform::Config,
    catalog: catalog::Config,
    loader: loader::Config,
    reporter: reporter::Config,
}

impl InProcess {
    /// Reads the settings of all handlers. Each call waits for `latency` first. Calls end where they stand once the sender
    /// of `ended` is gone.
    pub fn read(
        clients: Clients,
        clock: Clock,
        latency: Duration,
        ended: watch::Receiver<()>,
        settings: &[(String, String)],
    ) -> Result<Self> {
        let settings: BTreeMap<&str, &str> =
            settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let get = |name: &str| settings.get(name).map(|value| (*value).to_owned());
        Ok(Self {
            clients,
            clock,
            latency,
            ended,
            starter: starter::Config::read(get)?,
            transform: transform::Config::read(get)?,
            catalog: catalog::Config::read(get)?,
            loader: loader::Config::read(get)?,
            reporter: reporter::Config::read(get)?,
        })
    }

    async fn run(&self, function: &str, payload: Value) -> Result<Value> {
        let now = (self.clock)();
        let call = Call { request: payload, now, deadline: now + TIMEOUT };
        let clients = &self.clients;
        match function {
            "starter" => answer(starter::handle(clients, &self.starter, call).await?),
            "transform" => answer(transform::answer(clients, &self.transform, typed(call)?).await?),
            "catalog" => answer(catalog::handle(clients, &self.catalog, typed(call)?).await?),
            "loader" => answer(loader::handle(clients, &self.loader, typed(call)?).await?),
            "reporter" => answer(reporter::handle(clients, &self.reporter, typed(call)?).await?),
            other => Err(Error::new(Kind::Config, "call", other).because("no function of this name is known")),
        }
    }
}

/// The call with its request as the handler takes it.
fn typed<Q: DeserializeOwned>(call: Call<Value>) -> Result<Call<Q>> {
    let request = aws::edge::request(call.request.clone())?;
    Ok(call.with(request))
}

fn answer<A: Serialize>(answer: A) -> Result<Value> {
    serde_json::to_value(answer).map_err(|error| Error::new(Kind::Bug, "write", "the answer").because(error))
}

#[async_trait]
impl Invoke for InProcess {
    async fn invoke(&self, function: &str, payload: Value) -> Invocation {
        let Some(function) = function_name(function) else { return not_found(function) };
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        let (handlers, mut ended, runtime) = (self.clone(), self.ended.clone(), Handle::current());
        let call = tokio::task::spawn_blocking(move || {
            runtime.block_on(async {
                tokio::select! {
                    answer = tokio::time::timeout(TIMEOUT, handlers.run(function, payload)) => Some(answer),
                    _ = ended.changed() => None,
                }
            })
        });
        match call.await {
            Ok(Some(Ok(Ok(answer)))) => Invocation::Answer(answer),
            Ok(Some(Ok(Err(error)))) => {
                let failure = Failure::from(&error);
                tracing::warn!(function, kind = %error.kind(), error = failure.error_message, "call failed");
                Invocation::Failed { error_type: failure.error_type, error_message: failure.error_message }
            }
            Ok(Some(Err(_))) => Invocation::Failed {
                error_type: "Sandbox.Timedout".to_owned(),
                error_message: format!("Task timed out after {}.00 seconds", TIMEOUT.as_secs()),
            },
            Ok(None) => Invocation::Transport("the local AWS was killed".to_owned()),
            Err(error) => {
                tracing::error!(function, %error, "call crashed");
                Invocation::Failed { error_type: "Runtime.ExitError".to_owned(), error_message: error.to_string() }
            }
        }
    }
}

/// The functions behind a base URL, called as Lambda's `Invoke` is.
#[derive(Debug, Clone)]
pub struct AtUrl {
    /// `127.0.0.1:9000`
    authority: String,
}

impl AtUrl {
    /// The functions at `http://host:port`.
    pub fn new(url: &str) -> Result<Self> {
        let authority = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        match authority.filter(|authority| !authority.contains('/')) {
            Some(authority) if authority.contains(':') => Ok(Self { authority: authority.to_owned() }),
            _ => Err(Error::new(Kind::Config, "call functions at", url).because("the URL must be http://host:port")),
        }
    }

    async fn post(
        &self,
        function: &str,
        payload: &Value,
    ) -> Result<Invocation, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(&self.authority).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        // Ends by itself once `sender` is dropped.
        let _connection = tokio::spawn(connection);
        let request = Request::post(format!("/2015-03-31/functions/{function}/invocations"))
            .header(http::header::HOST, &self.authority)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(payload.to_string())))?;
        let response = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        let body: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? };
        // Lambda answers a function's error with 200 and a header; (U) an emulator may use an error status instead.
        let marked = head.headers.contains_key("x-amz-function-error");
        match head.status {
            status if marked || !status.is_success() && body.get("errorType").is_some() => {
                tracing::warn!(function, %status, error = %body, "call failed");
                Ok(Invocation::failed(&body))
            }
            status if status.is_success() => Ok(Invocation::Answer(body)),
            status => Ok(Invocation::Transport(format!("HTTP {status}: {body}"))),
        }
    }
}

#[async_trait]
impl Invoke for AtUrl {
    async fn invoke(&self, function: &str, payload: Value) -> Invocation {
        let Some(function) = function_name(function) else { return not_found(function) };
        let answer = tokio::time::timeout(TIMEOUT, self.post(function, &payload)).await;
        match answer {
            Ok(Ok(invocation)) => invocation,
            Ok(Err(error)) => Invocation::Transport(format!("http://{}: {error}", self.authority)),
            Err(_) => Invocation::Transport(format!("http://{}: no answer in {} s", self.authority, TIMEOUT.as_secs())),
        }
    }
}

fn not_found(function: &str) -> Invocation {
    Invocation::failed(&json!({
        "errorType": "Lambda.ResourceNotFoundException",
        "errorMessage": format!("function {function} is not known to the double"),
    }))
}
