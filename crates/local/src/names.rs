//! Names that never change: region, account, credentials, buckets, functions, and the settings made of them.

/// The region that every service says it is in.
pub const REGION: &str = "us-east-1";

/// The account that every ARN names.
pub const ACCOUNT: &str = "123456789012";

/// The access key id that S3 takes.
pub const ACCESS_KEY_ID: &str = "sluice";

/// The secret access key that S3 takes.
pub const SECRET_ACCESS_KEY: &str = "sluice-local";

/// Where producers write; its notifications call the starter.
pub const LANDING_BUCKET: &str = "landing";

/// Where Parquet lies.
pub const LAKE_BUCKET: &str = "lake";

/// Where datasets, runs, rejects and refusals lie.
pub const CONTROL_BUCKET: &str = "control";

/// The buckets that are there from the start.
pub const BUCKETS: [&str; 3] = [LANDING_BUCKET, LAKE_BUCKET, CONTROL_BUCKET];

/// The functions, by the names of their binaries.
pub const FUNCTIONS: [&str; 5] = ["starter", "transform", "catalog", "loader", "reporter"];

/// The warehouse's workgroup.
pub const WORKGROUP: &str = "sluice";

/// The warehouse, as a provisioned cluster: the same one under another name.
pub const CLUSTER: &str = "sluice";

/// The warehouse's database.
pub const DATABASE: &str = "dev";

/// The secret whose value is the key of `mask: sha256`. It is not there until someone makes it.
pub const MASK_SECRET: &str = "sluice/mask-key";

/// The bus.
pub const BUS: &str = "default";

/// The ARN of a function.
pub fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

/// The ARN of the state machine.
pub fn state_machine_arn() -> String {
    format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:sluice")
}

/// The ARN of the topic for deliveries that failed or were refused.
pub fn topic_arn() -> String {
    format!("arn:aws:sns:{REGION}:{ACCOUNT}:sluice-alerts")
}

/// The ARN of the bus.
pub fn bus_arn() -> String {
    format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{BUS}")
}

/// The settings of all handlers but for the address of AWS.
pub fn settings() -> Vec<(String, String)> {
    let settings = [
        ("SLUICE_LANDING_BUCKET", LANDING_BUCKET),
        ("SLUICE_LAKE_BUCKET", LAKE_BUCKET),
        ("SLUICE_CONTROL_BUCKET", CONTROL_BUCKET),
        ("SLUICE_STATE_MACHINE", &state_machine_arn()),
        ("SLUICE_WORKGROUP", WORKGROUP),
        ("SLUICE_DATABASE", DATABASE),
        ("SLUICE_COPY_ROLE", "default"),
        ("SLUICE_BUS", BUS),
        ("SLUICE_MASK_SECRET", MASK_SECRET),
    ];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// The settings that lead any AWS client to an address, and those of all handlers.
pub fn exports(url: &str) -> Vec<(String, String)> {
    let aws = [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
    ];
    let aws = aws.map(|(name, value)| (name.to_owned(), value.to_owned()));
    aws.into_iter().chain(settings()).collect()
}
