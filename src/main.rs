//! The `aupd` command: arguments to calls, and nothing else.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use tikv_jemallocator::Jemalloc;

/// Measured with one release build and each allocator loaded before it, in turn, five rounds on two cores
/// shared with other builds (medians; `SEND_SMS` with nothing to find over h2load 8 × 32; batches of 1,000):
///
/// | allocator | CPU a `Check` | CPU an item of a batch | memory after it |
/// | --- | --- | --- | --- |
/// | glibc 2.36 | 25.2 µs | 14.2 µs | 89 MiB |
/// | jemalloc 5.3 | 23.5 µs | 13.5 µs | 102 MiB |
/// | mimalloc 2.0 | 23.5 µs | 14.0 µs | 108 MiB |
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    aupd::cli::main()
}
