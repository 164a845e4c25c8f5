//! The pipeline over the wire: every service in its place but AWS, which is `local`.
//!
//! One program for all: each that links the whole pipeline costs hundreds of megabytes of disk.

mod datasets;
mod events;
mod extremes;
mod faults;
mod flow;
mod groups;
mod mask_key;
mod modes;
mod names;
mod plan;
mod redshift;
mod refusals;
mod schema;
mod simulation;
mod table;
mod transform;
mod trial;
mod types;
