//! The arguments.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tracing_subscriber::EnvFilter;

/// Drop a manifest in S3; its files arrive in Redshift, cleaned, partitioned, cataloged, counted, exactly once.
///
/// Where: by the environment (SLUICE_CONTROL_BUCKET and its kin, and the AWS SDK's own), else the `sluice local`
/// that runs with its state in .sluice/.
///
/// Exit status: 0 well, 1 the run failed or was refused, 2 usage, a bad dataset or a missing set-up.
#[derive(Debug, Parser)]
#[command(name = "sluice", version, max_term_width = 100)]
pub struct Cli {
    /// Log what AWS is asked, on standard error.
    #[arg(long, short, global = true)]
    pub verbose: bool,
    /// Print JSON for programs instead of text for people.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show the whole pipeline on real data, on this machine, in a temporary folder.
    Demo(Demo),
    /// Serve AWS on this machine until Ctrl-C, and print how to point clients at it.
    Local(LocalServer),
    /// Upload files and a manifest, follow the run, print its report.
    Send(Send),
    /// Propose a dataset file for local files: their format, columns and types, and why.
    Infer(Infer),
    /// Read, clean, deduplicate and partition local files as the pipeline would, without any AWS.
    Try(Try),
    /// Show what a manifest would become: engine, inputs, changes of the table, every statement, files. Runs nothing.
    Plan(Plan),
    /// Run one SQL statement in the warehouse and print its rows.
    Query(Query),
    /// Check dataset files; with --upload, put them where the pipeline finds them.
    Check(Check),
    /// List runs and refusals, newest first.
    Runs(Runs),
    /// Show one run, or one refusal, with its ledger row.
    Show(Show),
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Keep the state in this folder instead of a temporary one that is removed.
    #[arg(long)]
    pub state: Option<PathBuf>,
    /// What it plays with.
    #[command(flatten)]
    pub flights: Flights,
}

/// The demo's data.
#[derive(Debug, Args)]
pub struct Flights {
    /// The flights: one CSV file a day.
    #[arg(long, default_value = "tests/data/flights")]
    pub data: PathBuf,
    /// The dataset file of the flights.
    #[arg(long, default_value = "infra/datasets/flights.yaml")]
    pub dataset: PathBuf,
}

/// Arguments of `local`.
#[derive(Debug, Args)]
pub struct LocalServer {
    /// Keep objects, tables, catalog and executions in this folder.
    #[arg(long, default_value = ".sluice")]
    pub state: PathBuf,
    /// Listen on this port of 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 4566)]
    pub port: u16,
    /// How waits and retry delays pass.
    #[arg(long, value_enum, default_value_t = Pace::Fast)]
    pub pace: Pace,
    /// Call the functions here, as `cargo lambda watch` serves them (http://127.0.0.1:9000), instead of in this process.
    #[arg(long, value_name = "URL")]
    pub functions: Option<String>,
    /// Hold the datasets, files and manifests that the sample events in events/ name, without starting their runs.
    #[arg(long)]
    pub demo: bool,
    /// What --demo holds.
    #[command(flatten)]
    pub flights: Flights,
}

/// How waits pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pace {
    /// As on AWS.
    Real,
    /// A thousand times as fast.
    Fast,
}

/// Arguments of `send`.
#[derive(Debug, Args)]
pub struct Send {
    /// The dataset: its name, or a path ending in .yaml, which is uploaded first.
    pub dataset: String,
    /// The files, in the order in which they are read.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The batch: the folder in the landing prefix. Sending the same batch again replaces its rows.
    /// Default: the name of the first file, without its last ending.
    #[arg(long)]
    pub batch: Option<String>,
    /// The moment the batch's content describes (RFC 3339); orders batches against each other.
    #[arg(long)]
    pub as_of: Option<chrono::DateTime<chrono::Utc>>,
    /// Give up following after so many seconds; the run goes on.
    #[arg(long, default_value_t = 3600)]
    pub timeout: u64,
}

/// Arguments of `infer`.
#[derive(Debug, Args)]
pub struct Infer {
    /// Files of one dataset.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The dataset's name. Default: the first file's, as far as it can be one.
    #[arg(long)]
    pub dataset: Option<String>,
}

/// Arguments of `try`.
#[derive(Debug, Args)]
pub struct Try {
    /// The dataset file.
    pub dataset: PathBuf,
    /// The files, in the order in which they are read.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The folder for lake/, rejects/ and report.json: an empty one, or one of an earlier try, which is replaced.
    #[arg(long)]
    pub out: PathBuf,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// The manifest: s3://bucket/key, a key of the landing bucket, or a local file that is not delivered yet.
    pub manifest: String,
    /// The key that a local file would be delivered under. Default: its own name, in the folder of its first entry.
    #[arg(long)]
    pub key: Option<String>,
}

/// Arguments of `query`.
#[derive(Debug, Args)]
pub struct Query {
    /// The statement.
    pub sql: String,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Dataset files, or folders of them.
    #[arg(default_value = "infra/datasets")]
    pub paths: Vec<PathBuf>,
    /// Upload the files and the index of all prefixes to the control bucket.
    #[arg(long)]
    pub upload: bool,
    /// Print the JSON Schema of dataset files and stop.
    #[arg(long, conflicts_with = "upload")]
    pub schema: bool,
}

/// Arguments of `runs`.
#[derive(Debug, Args)]
pub struct Runs {
    /// Only this dataset's.
    pub dataset: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The run's name, or the key of a refusal, as `runs` prints them.
    pub run: String,
}

/// Logs to standard error: errors, or with --verbose all that the pipeline says. The demo fails runs on purpose and tells
/// of it itself.
pub fn log(arguments: &Cli) {
    let level = match (arguments.verbose, &arguments.verb) {
        (true, _) => "info",
        (false, Verb::Demo(_)) => "off",
        (false, _) => "error",
    };
    tracing_subscriber::fmt().with_env_filter(EnvFilter::new(level)).with_writer(std::io::stderr).init();
}
