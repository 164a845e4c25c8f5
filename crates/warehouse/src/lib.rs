//! A strict double of Amazon Redshift: it does what Sluice and its README need of a warehouse, fails where Redshift
//! fails and in Redshift's words, and refuses what it does not know (`not known to the double: …`).
//!
//! ```text
//! JSON ─► data_api ─► Transaction ─► statement (text to what is known)
//!                          │             ├─► ddl      schemas, tables, columns, TRUNCATE
//!                          │             ├─► query    the engine's door: DataFusion is named only behind it
//!                          │             ├─► copy     Parquet by manifest, from `Objects`
//!                          │             └─► write    INSERT, DELETE
//!                          ▼ commit
//!                       Warehouse ─► store (a folder: one rename is the commit)
//! ```
//!
//! Tables are immutable versions. A transaction works on a copy of the catalog that shares them, and its commit puts
//! the changed versions into a new catalog, unless another transaction has changed the same tables since.
//!
//! The rules come from `facts/redshift-copy.md`, `redshift-sql.md` and `redshift-data-api.md`; what is unverified there
//! says so where it is used here, and RULES.md lists each rule with its tests. This crate does not know HTTP, S3 or
//! users and rights: `local` serves it, gives it objects and says who calls. Start reading at [`Warehouse`], then
//! `transaction.rs`, then [`data_api`].

mod assign;
mod cast;
mod catalog;
mod copy;
pub mod data_api;
mod error;
mod json;
mod loads;
mod locks;
mod name;
mod objects;
mod query;
mod statement;
mod store;
mod system;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod text;
mod transaction;
mod types;
mod warehouse;
mod write;

pub use data_api::{ApiError, DataApi, Endpoints};
pub use error::{SqlError, SqlResult};
pub use objects::{ObjectError, Objects};
pub use query::{ResultColumn, ResultSet};
pub use transaction::{Outcome, Transaction};
pub use types::Type;
pub use warehouse::{Clock, Latencies, Warehouse};
