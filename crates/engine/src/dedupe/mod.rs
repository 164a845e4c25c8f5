//! Which rows of a batch stay when several have the same key.
//!
//! ```text
//! pool threads:   key columns ─► KeyColumns::keys ─► Keys      order column ─► OrderColumn::orders ─► Orders
//! one thread:     Keys ─► First::insert_all ─► keep                                (one pass)
//!                 Keys, Orders ─► Newest::insert_all ─► finish ─► Winners::keep    (a pass to find, one to write)
//! ```
//!
//! What costs computing is done where there are many threads; the one thread that sees the rows in the order of the
//! file does little but wait for memory, and for many rows at a time. Two keys are equal where Redshift finds them
//! equal: texts without their trailing blanks, minus zero as zero. Keys of up to 16 bytes are held whole; longer ones,
//! and texts, as a 128-bit hash: among a thousand million keys, one pair is taken for equal with a probability of 10⁻²¹.
//!
//! Memory is bounded by the number of distinct keys: [`First`] holds at most 14 bytes for each (26 where keys are
//! wider than 8 bytes), [`Newest`] at most 61 and a bit for each row, growth included, once there are some tens of
//! thousands. This module does not know files or partitions. Start reading at [`First`]; the table below it is in
//! `table`.

mod batch;
mod first;
mod key;
mod newest;
mod order;
mod rows;
mod table;
mod word;

pub(crate) use batch::{Dedupe, Marks, Rule};
pub use first::First;
pub use key::{KeyColumns, Keys};
pub use newest::{Newest, Winners};
pub use order::{OrderColumn, Orders};

fn bug(what: &'static str) -> model::Error {
    model::Error::new(model::Kind::Bug, "dedupe", "a batch").because(what)
}
