//! From bytes to Parquet: decode, clean, type, partition, encode. Every row that goes in comes out once.
//!
//! ```text
//! push(&[u8]) ─► Decoder ─► TextBatch ─► Caster ─► RecordBatch ─► Partitioner ─► Lake ─► Chunk (Parquet)
//!                (FORMATS)               (RULES, cast)   │                                  │
//!                   └──────── Reject ────────┴───────────┴─► RejectLog ─────────────────────┴─► take_output()
//! ```
//!
//! Formats that are not read from the first byte to the last say which ranges they need, and take those instead.
//!
//! [`Item`] owns the chain. It is handed bytes and hands out chunks of named objects: it owns no I/O, has no clock and
//! no randomness, so that a retry by the same build yields the same names and the same bytes, however the bytes are cut.
//! A bad row is a value, [`Reject`]; an `Err` means that the item as a whole cannot be made.
//!
//! To add an input format: a file in `format/` and a word in [`format::FORMATS`] or [`format::RANGED_FORMATS`]. To add a cleaning rule: a file in
//! `rule/` and a word in `rule::RULES`; a mask, in `mask/` and [`mask::MASKS`]. This crate does not know AWS, tokio, or where bytes come from and go to.
//! Start reading at [`item`].

mod cast;
mod chunk;
mod contract;
pub mod dedupe;
pub mod encoding;
pub mod format;
pub mod infer;
pub mod item;
mod lake;
pub mod mask;
mod partition;
pub mod recognise;
pub mod reject;
pub mod rule;
pub mod schema;
pub mod text;
mod threads;
mod typed;
pub mod unpack;

pub use chunk::{Chunk, Object};
pub use item::{InputEnded, Item, Options, Outcome};
pub use lake::File;
pub use reject::{Reason, Reject};

/// Checks what only the engine knows of a dataset: that its formats, rules and keys can be carried out. What it accepts,
/// [`Item::new`] accepts. Of a dataset whose columns are yet to be found, only the format is known.
pub fn check(dataset: &model::dataset::Dataset) -> model::Result<()> {
    format::find(dataset.format)?;
    if dataset.needs_schema() {
        return Ok(());
    }
    // Whichever key there will be, the masks are the same.
    let mask_key = mask::MaskKey::new(vec![0; 32], "check".to_owned())?;
    cast::Caster::new(dataset, Some(&mask_key))?;
    dedupe::Rule::of(dataset)?;
    partition::Partitioner::new(dataset).map(drop)
}
