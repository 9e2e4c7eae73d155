//! Integration tests: the binary and the library as their users meet them. One binary, so that it
//! links once.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so")]
#![expect(clippy::panic, clippy::indexing_slicing, reason = "that is how a test fails")]

mod api_docs;
mod bundle;
mod cases;
mod failures;
mod first_look;
mod child;
mod grpc;
mod grpc_bad_input;
mod grpc_batch;
mod grpc_cores;
mod grpc_drain;
mod grpc_observed;
mod grpc_records;
mod grpc_replay;
mod grpc_startup;
mod grpc_tls;
mod grpc_wire;
mod cli_accounts;
mod cli_check;
mod cli_eval;
mod cli_lists;
mod cooldowns;
mod deploy;
mod matrix;
mod oracle;
mod outcomes;
mod properties;
mod server;
mod support;
mod tenants;
mod traffic;
mod traffic_restart;
