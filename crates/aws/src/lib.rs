//! AWS as the handlers see it: clients, settings, objects on S3, sorted errors, metrics, and the Lambda edge.
//!
//! ```text
//! Lambda ─► edge::serve ─► handle(&Clients, &Config, Call<Request>) ─► Response | model::Error
//!                              │
//!                              ├─ object   documents on S3: create-only writes, pinned reads
//!                              ├─ error    SDK errors, sorted into Transient, Data, Config, Bug
//!                              ├─ mask_key the key of `mask: sha256`, and its version
//!                              └─ metric   CloudWatch metrics as one JSON line
//! ```
//!
//! Handlers take SDK clients as they are: the wire is the port. Tests hand them clients that point at another endpoint.
//! This crate does not know what any handler does. Start reading at [`edge`].

pub mod clients;
pub mod edge;
pub mod error;
pub mod mask_key;
pub mod metric;
pub mod object;
pub mod schema;
pub mod settings;

pub use clients::Clients;
pub use edge::Call;
pub use settings::Settings;
