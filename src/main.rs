//! The `aupd` command: arguments to calls, and nothing else.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    aupd::cli::main()
}
