//! Between the wire and the domain: `aup.v1` messages in and out.
//!
//! On the way in everything that is malformed in itself is found, all of it and not just the first,
//! each with the path of its field. Whether a number or a name is any good is not asked here. Every
//! generated struct is taken apart in full, so that a field added to the proto stops the build until
//! somebody has said what becomes of it.

mod account;
mod account_out;
mod account_parts;
mod action;
mod decision;
mod enums;
mod freshness;
mod json;
mod outcome;
mod outgoing;
mod part;
mod reader;
mod request;
mod wire;

pub use account::account;
pub use account_out::account_to_proto;
pub use decision::{explanation, response};
pub use enums::Closed;
pub use freshness::freshness;
pub use json::{explanation_json, response_json};
pub use outcome::outcome;
pub use outgoing::to_proto;
pub use reader::MAX_VIOLATIONS;
pub use request::{ClockBounds, about, request};
pub use wire::{duration, timestamp};

#[cfg(test)]
mod tests;
