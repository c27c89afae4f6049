//! A process measured from outside.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;

/// Time between two looks at the memory of the process.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Clock ticks a second in `/proc/PID/stat`: the kernel's `USER_HZ`, 100 on all
/// architectures it still supports for Linux binaries of ours.
const TICKS: f64 = 100.0;

/// A process that has ended.
pub(crate) struct Ended {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) succeeded: bool,
    /// From before its start until it was gone.
    pub(crate) wall: Duration,
    /// Processor time of all its threads, where `/proc` tells.
    pub(crate) cpu: Option<Duration>,
    /// The largest resident set, in bytes, as of at most [`LOOK_EVERY`] before its end.
    pub(crate) peak_memory: Option<u64>,
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot be started or its output is not text.
pub(crate) fn run(command: Command) -> anyhow::Result<Ended> {
    run_watched(command, &|_| ())
}

/// The same, with `look` at the process by its id now and then.
///
/// # Errors
/// When it cannot be started or its output is not text.
pub(crate) fn run_watched(mut command: Command, look: &(dyn Fn(u32) + Sync)) -> anyhow::Result<Ended> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let start = Instant::now();
    let mut child = command.spawn().context("the measured program cannot be started")?;
    let (pid, complaints) = (child.id(), child.stderr.take());
    let ended = AtomicBool::new(false);
    let (measured, peak_memory, stderr) = thread::scope(|scope| {
        let watching = scope.spawn(|| watch_memory(pid, &ended, look));
        let listening = scope.spawn(|| complaints.and_then(|pipe| std::io::read_to_string(pipe).ok()));
        let measured = until_gone(&mut child, start);
        ended.store(true, Ordering::Relaxed);
        (measured, watching.join().ok().flatten(), listening.join().ok().flatten())
    });
    let (stdout, wall, cpu) = measured?;
    let succeeded = child.wait()?.success();
    Ok(Ended { stdout, stderr: stderr.unwrap_or_default(), succeeded, wall, cpu, peak_memory })
}

/// Reads what the process says until it is a zombie: gone, but its accounts are
/// still there.
fn until_gone(child: &mut Child, start: Instant) -> anyhow::Result<(String, Duration, Option<Duration>)> {
    let mut stdout = String::new();
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_string(&mut stdout)?;
    }
    loop {
        let Some((state, cpu)) = state_and_cpu(child.id()) else {
            child.wait()?;
            return Ok((stdout, start.elapsed(), None));
        };
        if state == 'Z' {
            return Ok((stdout, start.elapsed(), Some(cpu)));
        }
        thread::sleep(Duration::from_micros(100));
    }
}

/// Field 3 of `/proc/PID/stat`, and the sum of fields 14 and 15 (proc(5)).
pub(crate) fn state_and_cpu(pid: u32) -> Option<(char, Duration)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may hold anything, parentheses too.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?.chars().next()?;
    let mut ticks = fields.skip(10).map(str::parse::<f64>);
    let (user, system) = (ticks.next()?.ok()?, ticks.next()?.ok()?);
    Some((state, Duration::from_secs_f64((user + system) / TICKS)))
}

fn watch_memory(pid: u32, ended: &AtomicBool, look: &(dyn Fn(u32) + Sync)) -> Option<u64> {
    let mut peak = None;
    while !ended.load(Ordering::Relaxed) {
        peak = peak_memory(pid).or(peak);
        look(pid);
        thread::sleep(LOOK_EVERY);
    }
    peak
}

/// The `VmHWM` of a process, in bytes.
fn peak_memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib * 1024)
}
