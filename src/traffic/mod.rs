//! Traffic memory: what was attempted, what became of it, and counters over both.
//!
//! `counters.yaml` declares each counter; here they are typed ([`Counter`]), events are kept by the
//! counters' keys ([`Memory`]), and a reading puts those of one key in one window together. Exact to
//! the event and the millisecond. Time is passed in.

mod aggregate;
mod counter;
mod event;
mod field;
mod memory;
#[cfg(test)]
mod tests;
mod window;

pub use aggregate::{Asking, Reading};
pub use counter::{Aggregate, Counter, Filter, Taken, Test, Which, Window};
pub use event::{Event, Fact};
pub use field::Field;
pub use memory::{Bounds, Memory, Unreadable};
