//! Loss of power at any write: a layer below SQLite (`power_loss/shim.c`) drops
//! what was not synced. Whatever the moment, the vault opens and verifies, what
//! anybody saw committed is there, and `--resume` completes the run.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use looker_sim::{Latency, SimConfig};

use crate::support::content::{assert_holds_all, digest};
use crate::support::looker::Looker;
use crate::support::requests::{PageRange, assert_not_read_again, committed, run_state};
use crate::support::seeded::{Seeded, seed};
use crate::support::{Ran, World};

const EXTRACT: &str = "extract --json folders dashboards looks users groups roles --page-size 5 --workers 4";

/// Long enough for some commits of a quarter of a second each.
fn config() -> SimConfig {
    let latency = Latency { base: Duration::from_millis(40), ..Latency::default() };
    SimConfig { seed: seed(17), dashboards: 80, looks: 30, latency, ..SimConfig::default() }
}

/// The layer, compiled once.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/extract/power_loss/shim.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("power_loss.so");
        let compiled = Command::new("cc")
            .args(["-O1", "-Wall", "-Wextra", "-shared", "-fPIC", "-o"])
            .arg(&library)
            .args([source, "-ldl"])
            .output()
            .unwrap();
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        library
    })
}

/// A computer that loses power.
struct Machine<'a> {
    looker: &'a Looker,
    world: World,
    vault: PathBuf,
}

/// What came of a run on it.
struct Outcome {
    /// Whether power was lost before the program's end.
    died: bool,
    /// Writes, truncations, syncs and unlinks there were.
    events: u64,
}

impl<'a> Machine<'a> {
    fn new(looker: &'a Looker) -> Self {
        let mut world = looker.world();
        let vault = world.path(".").canonicalize().unwrap().join("vault.db");
        world.set("LOOKERVAULT_VAULT", vault.to_str().unwrap());
        Self { looker, world, vault }
    }

    /// Runs until the event of that number, or to the end; then power is lost.
    /// What a reader saw committed must have survived.
    #[track_caller]
    fn run(&self, line: &str, at: u64, seed: u64) -> Outcome {
        let left = self.world.path("left");
        let _none_yet = fs::remove_dir_all(&left);
        fs::create_dir(&left).unwrap();
        let mut program = self.world.command(line);
        program.env("LD_PRELOAD", shim()).env("LOSE_VAULT", &self.vault).env("LOSE_DIR", &left);
        program.env("LOSE_AT", at.to_string()).env("LOSE_SEED", seed.to_string());
        let mut running = program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut seen: Vec<PageRange> = Vec::new();
        let status = loop {
            if let Some(status) = running.try_wait().unwrap() {
                break status;
            }
            let now = committed(&self.vault);
            // Whoever reads after that takes up what no disk would hold.
            let has_power = !left.join("events").exists();
            seen = if has_power && !now.is_empty() { now } else { seen };
            std::thread::sleep(Duration::from_millis(5));
        };
        let died = status.signal() == Some(9);
        assert!(died || status.code() == Some(0), "event {at}: {status}");
        self.put_back(&left);
        self.assert_sound(at, &seen);
        let events = fs::read_to_string(left.join("events")).unwrap().parse().unwrap();
        Outcome { died, events }
    }

    /// Puts what a disk would hold in the place of the files.
    fn put_back(&self, left: &Path) {
        for (name, end) in [("vault", ""), ("wal", "-wal"), ("journal", "-journal")] {
            let file = PathBuf::from(format!("{}{end}", self.vault.display()));
            let image = left.join(format!("{name}.image"));
            if image.exists() {
                fs::write(&file, fs::read(image).unwrap()).unwrap();
            } else if left.join(format!("{name}.absent")).exists() && file.exists() {
                fs::remove_file(&file).unwrap();
            }
        }
    }

    #[track_caller]
    fn assert_sound(&self, at: u64, seen: &[PageRange]) {
        let ran = self.world.run("verify --json");
        // Until the first commit there is nothing to read: no file, an empty one, or
        // one whose journal only a writer may roll back.
        let no_vault_yet = ran.code == 1 && {
            let kind = ran.failure()["kind"].clone();
            kind == "vault.absent" || kind == "vault.not_a_vault" || kind == "vault.io"
        };
        if no_vault_yet {
            assert!(seen.is_empty(), "event {at}: the vault is gone, though {seen:?} was committed");
            return;
        }
        assert_eq!(ran.code, 0, "event {at}: {}", ran.all());
        let now = committed(&self.vault);
        let lost: Vec<_> = seen.iter().filter(|rows| !now.contains(rows)).collect();
        let is_done = run_state(&self.vault).is_some_and(|state| state == "complete");
        assert!(lost.is_empty() || is_done, "event {at}: {lost:?} was committed and is lost");
    }

    /// Takes up the run on a machine that keeps its power.
    #[track_caller]
    fn resume(&self, at: u64) {
        let before = committed(&self.vault);
        self.looker.reset_stats();
        let ran: Ran = self.world.run(&format!("{EXTRACT} --resume"));
        assert_eq!(ran.code, 0, "event {at}: {}", ran.all());
        assert_not_read_again(&before, &self.looker.requests());
        assert_eq!(self.world.verdict(), "sound", "event {at}");
    }
}

/// Loses power at moments over the whole run, each on a new machine.
fn lose_power_everywhere(seeds: &mut dyn FnMut() -> u64) {
    let looker = Looker::start(config());
    let whole = Machine::new(&looker);
    let undisturbed = whole.run(EXTRACT, 0, seeds());
    assert!(!undisturbed.died && undisturbed.events > 100, "the layer sees {} events", undisturbed.events);
    // Power was lost the moment after success was reported.
    assert_eq!(run_state(&whole.vault).as_deref(), Some("complete"));
    assert_holds_all(&whole.vault, &looker);
    let wanted = digest(&whole.vault);

    let mut chance = Seeded::new(17);
    let mut lose_power = |at| {
        let machine = Machine::new(&looker);
        let outcome = machine.run(EXTRACT, at, seeds());
        machine.resume(at);
        assert_eq!(digest(&machine.vault), wanted, "event {at}");
        outcome
    };
    let mut deaths = [2, 9, 11].map(|at| lose_power(at).died).into_iter().filter(|died| *died).count();
    // How many events there are hangs on how long a run takes, for commits come by time:
    // one that came to its end tells it anew.
    let mut events = undisturbed.events;
    for part in 0..10 {
        let at = if part < 9 { events * part / 9 + chance.between(1, events / 9) } else { events - 2 };
        let outcome = lose_power(at);
        deaths += usize::from(outcome.died);
        events = if outcome.died { events } else { outcome.events };
    }
    assert!(deaths >= 8, "power was lost {deaths} times");
}

#[test]
fn all_that_was_not_synced_is_lost() {
    lose_power_everywhere(&mut || 0);
}

#[test]
fn some_of_what_was_not_synced_is_lost_in_any_order() {
    let mut kept = seed(100);
    lose_power_everywhere(&mut || {
        kept += 1;
        kept
    });
}

#[test]
fn power_fails_again_and_again() {
    let looker = Looker::start(config());
    let machine = Machine::new(&looker);
    let mut chance = Seeded::new(18);
    let mut deaths = 0;
    for attempt in 0.. {
        assert!(attempt < 40, "it never ends");
        let before = committed(&machine.vault);
        looker.reset_stats();
        let line = if attempt == 0 { EXTRACT.to_owned() } else { format!("{EXTRACT} --resume") };
        // Further each time, so that it comes to an end.
        let at = chance.between(1, 40 + 40 * attempt);
        let outcome = machine.run(&line, at, chance.between(0, 1000));
        assert_not_read_again(&before, &looker.requests());
        if !outcome.died {
            break;
        }
        deaths += 1;
    }
    assert!(deaths >= 4, "power was lost {deaths} times");
    assert_holds_all(&machine.vault, &looker);
    assert_eq!(machine.world.verdict(), "sound");
}
