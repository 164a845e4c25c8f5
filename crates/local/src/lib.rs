//! AWS on a laptop: one process, one port on 127.0.0.1, its state in a folder that survives a restart.
//!
//! ```text
//! client ─► server ─► target (which service?) ─► faults (does it fail?) ─┬─► s3 ── Created ─► event ─┐
//!   ▲                                                                    ├─► redshift (Data API)     │ delivery
//!   │                                                                    ├─► glue, secrets           ▼
//!   │                                                                    ├─► states ─────────────► functions ─┐
//!   │                                                                    ├─► bus ── rules ─► functions, notice │
//!   │                                                                    ├─► notice (SNS)                      │
//!   │                                                                    └─► lambda (Invoke) ─► functions      │
//!   └──────────────────── handlers call AWS over the same wire ────────────────────────────────────────────────┘
//! ```
//!
//! Every service speaks its real wire shape, so that SDKs, boto3 and the AWS CLI work against it, and refuses by name
//! what is not known to it. It does not know identities (S3 checks signatures against one fixed key, the others do not
//! look), regions, versions of objects, or quotas. Nothing it keeps is meant to outlive the machine: a kill of the process
//! loses nothing that was answered, a power cut may.
//!
//! Start reading at [`Local::start`], then `open`, then `server`.

pub mod activity;
mod bus;
pub mod clock;
mod delivery;
mod event;
pub mod faults;
mod folder;
mod functions;
pub mod glue;
pub mod invoke;
mod lambda;
mod lines;
mod local;
pub mod names;
mod notice;
mod open;
mod redshift;
mod request;
mod s3;
mod secrets;
mod server;
pub mod states;
mod target;
mod upload;
pub mod wire;

pub use clock::{Clock, Latencies, Pace};
pub use faults::{Called, Fault, Faults, Rule};
pub use folder::{Running, running};
pub use invoke::{Invocation, Invoke};
pub use local::{Functions, Local, Options};
pub use notice::Notice;
