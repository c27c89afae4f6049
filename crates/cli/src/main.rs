//! Version control and disaster recovery for the content of a Looker instance.

use std::process::ExitCode;

fn main() -> ExitCode {
    lookervault::memory::settle();
    lookervault::run()
}
