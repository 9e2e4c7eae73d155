#![forbid(unsafe_code)]
//! `aupd` decides, before every text, call, number order and resale, whether the Acceptable Use
//! Policy allows it.
//!
//! The path of a Check, which is also the order to read in:
//!
//! 1. [`serve`] takes a call, bounded in size, time and number, and converts it to a
//!    [`domain::Request`] that cannot be malformed any more.
//! 2. [`replay`] knows whether it was answered before; [`accounts`] has the account, from memory or
//!    from the [`store`].
//! 3. [`decide`] is pure: it takes one snapshot of the [`bundle`], asks [`signals`] for the facts that
//!    [`rules`] read, and turns what they find into a [`domain::Decision`].
//! 4. [`audit`] leaves one masked record, on every exit; [`telemetry`] counts.

pub mod domain;
pub mod numbers;
pub mod content;
pub mod lists;
pub mod traffic;
pub mod signals;
pub mod rules;
pub mod bundle;
pub mod decide;
pub mod explain;
pub mod cases;
pub mod store;
pub mod accounts;
pub mod live_lists;
pub mod replay;
pub mod mask;
pub mod audit;
pub mod telemetry;
pub mod config;
pub mod demo;
pub mod proto;
pub mod serve;
pub mod cli;
