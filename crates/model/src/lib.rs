//! The nouns of Sluice, in the order in which data flows.
//!
//! ```text
//! Arrival ─► Manifest ─► RunPlan ─► Part ─► CopyManifest ─► Load ─► RunReport
//!                │ the dataset file says what;              (Refusal: what can never become a run)
//!                ▼
//!             Dataset
//! ```
//!
//! A noun is made from the noun before it and never mentions the one after. Every document carries a version,
//! is written once, and holds neither time nor attempt unless it belongs to one execution (`Load`, `RunReport`).
//!
//! This crate knows serde and hashing. It does not know AWS, arrow, or any I/O: `layout` names the objects, others
//! read and write them. Start reading at [`arrival`], then [`plan`].

pub mod arrival;
pub mod batch;
pub mod copy;
pub mod count;
pub mod dataset;
pub mod encoding;
pub mod error;
pub mod flow;
pub mod group;
pub mod hash;
pub mod index;
pub mod layout;
pub mod load;
pub mod manifest;
pub mod mask_key;
pub mod name;
pub mod part;
pub mod partition;
pub mod plan;
pub mod refusal;
pub mod report;
pub mod schema;
pub mod types;

pub use error::{Error, Kind, Result};
