//! Facts about phone numbers: what a number is, where it belongs, what kind it is, and whether a dialled string is an
//! emergency number.
//!
//! Everything here is pure: the metadata is compiled in or handed over as parsed values, nothing is read at run time.
//! It says what a number *is*; whether it may be called is for the rules.
//!
//! There is no table of US states: area code → state is not in the data that the crate embeds (`data/phone/`), and time
//! zones do not determine it.

mod describe;
mod dialled;
mod e164;
pub mod emergency;
mod library;
mod plan;
mod region;
pub mod zones;

pub use describe::{Description, Kind, describe, parse_national, warm_up};
pub use e164::{E164, InvalidE164, Written};
pub use region::{InvalidRegion, Region};
