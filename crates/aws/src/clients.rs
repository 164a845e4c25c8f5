//! The SDK clients a handler is given.

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};

use crate::metric::Sink;

/// Every client any handler uses, and where metrics go. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Objects.
    pub s3: aws_sdk_s3::Client,
    /// The Data Catalog.
    pub glue: aws_sdk_glue::Client,
    /// The warehouse.
    pub redshift_data: aws_sdk_redshiftdata::Client,
    /// The state machine.
    pub sfn: aws_sdk_sfn::Client,
    /// The bus.
    pub eventbridge: aws_sdk_eventbridge::Client,
    /// Secrets.
    pub secrets: aws_sdk_secretsmanager::Client,
    /// Where metric lines go.
    pub metrics: Sink,
}

/// An endpoint that is not AWS: one address for every service, credentials that only it knows.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// `http://127.0.0.1:4566`
    pub url: String,
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// How often the SDK tries a call, 1 for never again.
    pub max_attempts: u32,
    /// Where metric lines go.
    pub metrics: Sink,
}

impl Clients {
    /// Clients from the environment, as the AWS SDK reads it; metrics go to standard output.
    pub async fn from_env() -> Self {
        Self::new(&aws_config::load_defaults(BehaviorVersion::latest()).await, Sink::Stdout)
    }

    /// Clients for an endpoint that is not AWS.
    pub async fn at(endpoint: &Endpoint) -> Self {
        let credentials = aws_sdk_s3::config::Credentials::new(
            &endpoint.access_key_id,
            &endpoint.secret_access_key,
            None,
            None,
            "endpoint",
        );
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(credentials)
            .endpoint_url(&endpoint.url)
            .retry_config(RetryConfig::standard().with_max_attempts(endpoint.max_attempts))
            .load()
            .await;
        Self::new(&config, endpoint.metrics.clone())
    }

    fn new(config: &SdkConfig, metrics: Sink) -> Self {
        // Path style, so that one address serves every bucket; AWS takes it too where the endpoint is overridden.
        let path_style = config.endpoint_url().is_some();
        let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(path_style).build();
        Self {
            s3: aws_sdk_s3::Client::from_conf(s3),
            glue: aws_sdk_glue::Client::new(config),
            redshift_data: aws_sdk_redshiftdata::Client::new(config),
            sfn: aws_sdk_sfn::Client::new(config),
            eventbridge: aws_sdk_eventbridge::Client::new(config),
            secrets: aws_sdk_secretsmanager::Client::new(config),
            metrics,
        }
    }
}
