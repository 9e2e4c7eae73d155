//! Traffic memory: what was attempted, what became of it, and counters over both.
//!
//! `counters.yaml` declares each counter; here they are typed ([`Counter`]), events are kept by the
//! counters' keys ([`Memory`]), and a reading puts those of one key in one window together. Exact to
//! the event and the millisecond. Time is passed in.

mod aggregate;
mod attempts;
mod blocks;
mod counter;
mod digest;
mod entry;
mod event;
mod field;
mod freeze;
mod journal;
mod log;
mod memory;
pub mod outcome;
mod plan;
mod segments;
mod shard;
mod slots;
mod tally;
#[cfg(test)]
mod tests;
mod window;

pub use aggregate::{Asking, Reading};
pub use blocks::{Block, EVERY_ACCOUNT, Origin};
pub use counter::{Aggregate, Counter, Filter, Taken, Test, Which, Window};
pub use event::{Event, Fact};
pub use field::Field;
pub use memory::{Amended, Bounds, Memory, Stats, Turn, USUAL_MIB, Unreadable};
pub use plan::Uncountable;
pub use segments::{Flush, Found, SegmentError, Segments};
