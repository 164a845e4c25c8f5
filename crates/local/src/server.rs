//! One port for all services: a request is told by its shape, meets its fault if it has one, and is carried out.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use s3s::service::S3Service;
use s3s::{Body, s3_error};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use crate::delivery::Deliveries;
use crate::faults::{Fault, Faults};
use crate::invoke::Invoke;
use crate::lambda;
use crate::notice::{self, Topic};
use crate::target::Target;
use crate::upload::Upload;
use crate::wire::{ApiError, Service};

/// The largest request of any service but S3.
const MOST_BODY_BYTES: usize = 16 * 1024 * 1024;

/// How long a stop waits for calls under way.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// All services.
pub struct Server {
    /// S3.
    pub s3: S3Service,
    /// Those told by `X-Amz-Target`.
    pub services: Vec<Arc<dyn Service>>,
    /// SNS.
    pub topic: Arc<Topic>,
    /// Lambda, called synchronously.
    pub functions: Arc<dyn Invoke>,
    /// Lambda, called asynchronously.
    pub deliveries: Deliveries,
    /// The faults in force.
    pub faults: Faults,
}

/// Why a connection ends without an answer.
#[derive(Debug)]
struct Dropped(&'static str);

impl std::fmt::Display for Dropped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for Dropped {}

/// A request's body: of S3 as it comes in, of the other services whole.
enum Content {
    Stream(Incoming),
    Whole(Bytes),
}

impl Server {
    /// Serves connections until `stop` says so; then lets the calls under way end, for a while.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => drop(connections.spawn(Arc::clone(&self).connection(stream, stop.clone()))),
                    Err(error) => tracing::warn!(%error, "connection not accepted"),
                },
                // Connections that ended are forgotten.
                Some(_) = connections.join_next() => {}
                () = asked(&mut stop) => break,
            }
        }
        drop(listener);
        let rest = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_PATIENCE, rest).await.is_err() {
            tracing::warn!("calls under way are cut off");
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, mut stop: watch::Receiver<bool>) {
        // An answer goes out in two writes, head and body; held back for the first's acknowledgement, the second comes 40 ms
        // late.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "answers may come late");
        }
        let service = service_fn(move |request| {
            let server = Arc::clone(&self);
            async move { server.answer(request).await }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = asked(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended");
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, Dropped> {
        let target = Target::of(&request);
        let (head, incoming) = request.into_parts();
        let content = match &target {
            Target::S3(_) => Content::Stream(incoming),
            _ => match Limited::new(incoming, MOST_BODY_BYTES).collect().await {
                Ok(body) => Content::Whole(body.to_bytes()),
                Err(_) => return Err(Dropped("the request's body did not arrive, or is too large")),
            },
        };
        if let (Target::Admin(name), Content::Whole(body)) = (&target, &content) {
            return Ok(self.admin(&head.method, name, body));
        }
        let (service, operation) = name(&target, &content);
        let fault = self.faults.arrived(&service, &operation);
        tracing::debug!(service, operation, ?fault, "call");
        match fault {
            Some(Fault::DropBefore) => {
                content.drain().await;
                return Err(Dropped("dropped before the call, as the faults say"));
            }
            Some(fault @ (Fault::Error | Fault::Throttle)) => {
                content.drain().await;
                return Ok(failure(&target, fault));
            }
            Some(slow @ Fault::Slow { .. }) => tokio::time::sleep(slow.delay()).await,
            Some(Fault::DropAfter) | None => {}
        }
        let answer = self.carry_out(target, head, content).await;
        match fault {
            Some(Fault::DropAfter) => Err(Dropped("dropped after the call, as the faults say")),
            _ => Ok(answer),
        }
    }

    async fn carry_out(&self, target: Target, head: Parts, content: Content) -> Response<Body> {
        match (target, content) {
            (Target::Json { prefix, operation }, Content::Whole(body)) => {
                self.json(&prefix, &operation, caller(&head.headers), &body).await
            }
            (Target::Form, Content::Whole(body)) => self.form(&body),
            (Target::Invoke(function), Content::Whole(body)) => {
                lambda::invoke(&self.functions, &self.deliveries, &function, &head.headers, &body).await
            }
            (_, Content::Stream(incoming)) => self.s3(head, incoming).await,
            // Only S3's bodies are streams.
            (_, Content::Whole(_)) => s3_failure(s3_error!(InternalError)),
        }
    }

    async fn s3(&self, head: Parts, incoming: Incoming) -> Response<Body> {
        let upload = Upload::new(incoming);
        let answer = self.s3.call(Request::from_parts(head, Body::http_body(upload.clone())));
        // s3s logs every refusal as an error, a missing object included.
        let answer = answer.with_subscriber(NoSubscriber::default()).await;
        upload.drain().await;
        answer.unwrap_or_else(|error| {
            tracing::error!(?error, "S3 does not answer");
            s3_failure(s3_error!(InternalError))
        })
    }

    async fn json(&self, prefix: &str, operation: &str, caller: &str, body: &[u8]) -> Response<Body> {
        let Some(service) = self.services.iter().find(|service| service.target_prefix() == prefix) else {
            return json_error("application/x-amz-json-1.1", &ApiError::not_known(format!("service {prefix}")));
        };
        let request = match body {
            [] => Ok(json!({})),
            body => serde_json::from_slice::<Value>(body),
        };
        let answer = match request {
            Ok(request) => service.call_by(caller, operation, request).await,
            Err(error) => Err(ApiError::new("SerializationException", error.to_string())),
        };
        match answer {
            Ok(answer) => response(StatusCode::OK, service.content_type(), answer.to_string()),
            Err(error) => {
                tracing::debug!(prefix, operation, %error, "call refused");
                json_error(service.content_type(), &error)
            }
        }
    }

    fn form(&self, body: &[u8]) -> Response<Body> {
        match self.topic.call(&String::from_utf8_lossy(body)) {
            Ok(answer) => response(StatusCode::OK, "text/xml", answer),
            Err(error) => form_error(&error),
        }
    }

    /// `/_sluice/faults` and `/_sluice/calls`, as [`crate::faults`] documents them.
    fn admin(&self, method: &Method, name: &str, body: &[u8]) -> Response<Body> {
        let json = |value: Value| response(StatusCode::OK, "application/json", value.to_string());
        match (method, name) {
            (&Method::GET, "faults") => json(json!(self.faults.rules())),
            (&Method::GET, "calls") => json(json!(self.faults.calls())),
            (&Method::PUT, "faults") => match serde_json::from_slice(body) {
                Ok(rules) => {
                    self.faults.set(rules);
                    json(json!(self.faults.rules()))
                }
                Err(error) => json_error("application/json", &ApiError::validation(error.to_string())),
            },
            _ => {
                let error = ApiError::not_known(format!("{method} /_sluice/{name}"));
                json_error("application/json", &ApiError { status: 404, ..error })
            }
        }
    }
}

impl Content {
    async fn drain(self) {
        if let Self::Stream(incoming) = self {
            Upload::new(incoming).drain().await;
        }
    }
}

/// Returns once a stop is asked for.
async fn asked(stop: &mut watch::Receiver<bool>) {
    // Where the one who asks is gone, everything is.
    let _asked = stop.wait_for(|stop| *stop).await;
}

/// Who calls: the access key of the signature, `Credential=<key>/…`. Whether the signature is right nobody asks here; a
/// call without one is of a caller without a name.
fn caller(headers: &HeaderMap) -> &str {
    let header = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok()).unwrap_or_default();
    let credential = header.split_once("Credential=").map_or("", |(_, rest)| rest);
    credential.split('/').next().unwrap_or_default()
}

/// The service and operation of a call, as faults name them.
fn name(target: &Target, content: &Content) -> (String, String) {
    match (target, content) {
        (Target::Json { prefix, operation }, _) => (prefix.clone(), operation.clone()),
        (Target::Form, Content::Whole(body)) => {
            ("SNS".to_owned(), notice::operation(&String::from_utf8_lossy(body)).to_owned())
        }
        (Target::Invoke(_), _) => ("Lambda".to_owned(), "Invoke".to_owned()),
        (Target::S3(operation), _) => ("S3".to_owned(), (*operation).to_owned()),
        (Target::Form | Target::Admin(_), _) => ("Unknown".to_owned(), "Unknown".to_owned()),
    }
}

/// A fault's answer in the service's own shape.
fn failure(target: &Target, fault: Fault) -> Response<Body> {
    let throttled = fault == Fault::Throttle;
    let error = |status, code: &str| {
        let message = if throttled { "Rate exceeded" } else { "We encountered an internal error. Please try again." };
        ApiError { status, ..ApiError::new(code, message) }
    };
    match (target, throttled) {
        (Target::Json { .. } | Target::Admin(_), true) => {
            json_error("application/x-amz-json-1.1", &error(400, "ThrottlingException"))
        }
        (Target::Json { .. } | Target::Admin(_), false) => {
            json_error("application/x-amz-json-1.1", &error(500, "InternalServerException"))
        }
        // (U) SNS's own throttling.
        (Target::Form, true) => form_error(&error(429, "Throttled")),
        (Target::Form, false) => form_error(&error(500, "InternalFailure")),
        (Target::Invoke(_), true) => lambda::error_response(&error(429, "TooManyRequestsException")),
        (Target::Invoke(_), false) => lambda::error_response(&error(500, "ServiceException")),
        (Target::S3(_), true) => s3_failure(s3_error!(SlowDown, "Please reduce your request rate.")),
        (Target::S3(_), false) => s3_failure(s3_error!(InternalError, "We encountered an internal error.")),
    }
}

fn response(status: StatusCode, content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(id) = HeaderValue::try_from(uuid::Uuid::new_v4().to_string()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

fn json_error(content_type: &'static str, error: &ApiError) -> Response<Body> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = response(status, content_type, error.body().to_string());
    if let Ok(code) = HeaderValue::try_from(&error.code) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}

fn form_error(error: &ApiError) -> Response<Body> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response(status, "text/xml", notice::error_body(error))
}

fn s3_failure(error: s3s::S3Error) -> Response<Body> {
    error.to_http_response().unwrap_or_else(|_| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
