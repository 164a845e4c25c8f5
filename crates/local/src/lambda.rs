//! Lambda's `Invoke`: `POST /2015-03-31/functions/<name or ARN>/invocations`.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Response, StatusCode};
use s3s::Body;
use serde_json::{Value, json};

use crate::delivery::Deliveries;
use crate::invoke::{Invocation, Invoke, function_name};
use crate::names;
use crate::wire::ApiError;

/// The largest request of a synchronous call and of an asynchronous one (facts/lambda.md, limits).
const MOST_SYNC_BYTES: usize = 6 * 1024 * 1024;
const MOST_ASYNC_BYTES: usize = 1024 * 1024;

/// The path before the function.
const BEFORE: &str = "/2015-03-31/functions/";

/// The path behind the function.
const BEHIND: &str = "/invocations";

/// The function in a path of `Invoke`, decoded; `None` where it is another path.
pub fn function_in(path: &str) -> Option<String> {
    let function = path.strip_prefix(BEFORE)?.strip_suffix(BEHIND)?;
    urlencoding::decode(function).ok().map(std::borrow::Cow::into_owned)
}

/// Carries out `Invoke`.
pub async fn invoke(
    functions: &Arc<dyn Invoke>,
    deliveries: &Deliveries,
    function: &str,
    headers: &HeaderMap,
    payload: &[u8],
) -> Response<Body> {
    match answer(functions, deliveries, function, headers, payload).await {
        Ok(response) => response,
        Err(error) => error_response(&error),
    }
}

async fn answer(
    functions: &Arc<dyn Invoke>,
    deliveries: &Deliveries,
    function: &str,
    headers: &HeaderMap,
    payload: &[u8],
) -> Result<Response<Body>, ApiError> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let name = function_name(function).ok_or_else(|| not_found(function))?;
    if let Some(log @ "Tail") = header("x-amz-log-type") {
        return Err(ApiError::not_known(format!("log type {log} of Invoke")));
    }
    let is_event = match header("x-amz-invocation-type") {
        None | Some("RequestResponse") => false,
        Some("Event") => true,
        Some(other) => return Err(ApiError::not_known(format!("invocation type {other} of Invoke"))),
    };
    let most = if is_event { MOST_ASYNC_BYTES } else { MOST_SYNC_BYTES };
    if payload.len() > most {
        let message = format!("Request must be smaller than {most} bytes for the Invoke operation");
        return Err(ApiError { status: 413, ..ApiError::new("RequestTooLargeException", message) });
    }
    // A call without a payload is a call with an empty object.
    let payload: Value = serde_json::from_slice(if payload.is_empty() { b"{}" } else { payload }).map_err(|error| {
        ApiError::new("InvalidRequestContentException", format!("Could not parse request body into json: {error}"))
    })?;
    if is_event {
        deliveries.send(name, payload);
        return Ok(response(StatusCode::ACCEPTED, Body::empty()));
    }
    match functions.invoke(name, payload).await {
        Invocation::Answer(answer) => Ok(response(StatusCode::OK, answer.to_string().into())),
        failed @ Invocation::Failed { .. } => {
            let mut response = response(StatusCode::OK, failed.payload().to_string().into());
            response.headers_mut().insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
            Ok(response)
        }
        Invocation::Transport(message) => {
            Err(ApiError { code: "ServiceException".to_owned(), ..ApiError::internal(message) })
        }
    }
}

fn response(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
    response
}

fn not_found(function: &str) -> ApiError {
    let names = names::FUNCTIONS.join(", ");
    let message = format!("Function not found: {function}: not known to the double, which has {names}");
    ApiError { status: 404, ..ApiError::new("ResourceNotFoundException", message) }
}

/// An error as Lambda writes it: its name in a header.
pub fn error_response(error: &ApiError) -> Response<Body> {
    let kind = if error.status < 500 { "User" } else { "Service" };
    let body = json!({ "Type": kind, "Message": error.message, "message": error.message });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(code) = HeaderValue::try_from(&error.code) {
        headers.insert("x-amzn-errortype", code);
    }
    response
}
