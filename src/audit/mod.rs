//! The record of every decision: one masked JSON line each, to standard output or a file.
//!
//! A handler asks the [`Recorder`] for a [`Pending`] as soon as it knows the account, and finishes
//! it with the decision or the error. One that is dropped unfinished writes its record all the same,
//! as cancelled, so no exit goes without a record. Records travel by a bounded queue to one writer
//! thread; what happens when that is full is [`Overflow`]'s to say, and always counted.
//!
//! Nothing here decides, and nothing here can hold the content of a message: a [`Record`] has only
//! the fields it lists.

mod pending;
mod queue;
mod record;
mod recorder;
mod sink;

pub use pending::Pending;
pub use queue::Overflow;
pub use record::{About, Decided, Record, Refused};
pub use recorder::{Closed, Options, Recorder, Stats};
pub use sink::{FileOptions, FileSink, OpenError, Sink, Stdout};

#[cfg(test)]
mod tests;
