//! SDK errors, sorted. This is the only place that knows which of them another try can mend.

use std::error::Error as StdError;
use std::fmt::Display;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use model::{Error, Kind};

/// Codes that another try can mend, besides every 5xx and 429 (facts/redshift-data-api.md, exceptions: the Data API
/// throttles with 400; facts/s3-events.md: a conditional write that met another answers 409).
const TRANSIENT: &[&str] = &[
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
    "RequestTimeout",
    "ActiveStatementsExceededException",
    "ActiveSessionsExceededException",
    "ActiveWaitingRequestsExceededException",
    "ConditionalRequestConflict",
    "OperationAborted",
    "ConcurrentModificationException",
    "OperationTimeoutException",
    "ResourceNotReadyException",
    "ExecutionLimitExceeded",
    "QueryTimeoutException",
    "DatabaseConnectionException",
    "InternalServiceException",
    "InternalFailure",
    "InternalException",
];

/// Codes that say the set-up is wrong.
const CONFIG: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "ExpiredTokenException",
    "NoSuchBucket",
    "StateMachineDoesNotExist",
    "StateMachineDeleting",
    "ResourceNotFoundException",
    "EntityNotFoundException",
    "ResourceNumberLimitExceededException",
    "GlueEncryptionException",
    "KMS.DisabledException",
    "DecryptionFailure",
    // Of Secrets Manager: a secret that is to be deleted.
    "InvalidRequestException",
];

/// An SDK error as ours: `cannot <operation> <subject>`, its kind, and AWS's code and message as the cause.
pub fn sorted<E>(operation: &'static str, subject: impl Display, error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let kind = kind(&error);
    let cause = match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        _ => match error.raw_response() {
            Some(response) if error.as_service_error().is_some() => format!("HTTP {}", response.status()),
            _ => model::error::chain(&error),
        },
    };
    Error::new(kind, operation, subject).because(cause)
}

/// A failure that AWS tells inside an answer that succeeded (an entry of Glue's or EventBridge's batches), as ours.
pub fn sorted_entry(
    operation: &'static str,
    subject: impl Display,
    code: Option<&str>,
    message: Option<&str>,
) -> Error {
    let (code, message) = (code.unwrap_or("no code"), message.unwrap_or("no message"));
    Error::new(kind_of(code).unwrap_or(Kind::Bug), operation, subject).because(format!("{code}: {message}"))
}

/// Whether AWS answered with this code.
pub fn is_code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>, code: &str) -> bool {
    error.code() == Some(code)
}

/// The HTTP status of the answer, where there was one. A HEAD has no body, and so no code.
pub fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn kind<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Kind {
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => Kind::Transient,
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            match context.err().code().and_then(kind_of) {
                _ if status >= 500 || status == 429 => Kind::Transient,
                Some(kind) => kind,
                None if status == 403 || status == 401 => Kind::Config,
                None => Kind::Bug,
            }
        }
        _ => Kind::Bug,
    }
}

/// What a code says by itself.
fn kind_of(code: &str) -> Option<Kind> {
    match code {
        code if TRANSIENT.contains(&code) => Some(Kind::Transient),
        code if CONFIG.contains(&code) => Some(Kind::Config),
        _ => None,
    }
}
