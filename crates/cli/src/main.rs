//! Version control and disaster recovery for the content of a Looker instance.

use std::process::ExitCode;

/// Pages of megabytes come and go on many threads. The C library keeps a heap for each of
/// them and gives little back: a run's memory would grow with the pages it has read.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    lookervault::run()
}
