//! Runs that are killed, interrupted, kept out or starved of disk space, and
//! taken up again.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use looker_sim::{Latency, SimConfig};

use crate::support::content::{assert_equal_where_stored, assert_holds_all, digest, instance, stored};
use crate::support::gate::Gate;
use crate::support::looker::Looker;
use crate::support::requests::{assert_not_read_again, committed, run_state};
use crate::support::seeded::{Seeded, seed};
use crate::support::{VAULT, World, finish, signal};

/// Slow enough to be killed at any stage of a run.
fn slow() -> SimConfig {
    let latency = Latency { base: Duration::from_millis(40), ..Latency::default() };
    SimConfig { seed: seed(14), latency, ..SimConfig::default() }
}

const EXTRACT: &str = "extract --json folders dashboards looks users groups roles --page-size 5 --workers 3";

/// What an undisturbed run stores.
fn undisturbed(looker: &Looker) -> String {
    let world = looker.world();
    world.run(EXTRACT).complete();
    digest(&world.path(VAULT))
}

#[test]
fn killed_again_and_again_it_reads_no_committed_page_twice() {
    let looker = Looker::start(slow());
    let wanted = undisturbed(&looker);
    let world = looker.world();
    let vault = world.path(VAULT);
    let mut chance = Seeded::new(14);
    let (mut kills, mut kills_with_progress) = (0, 0);
    while kills < 15 {
        let before = committed(&vault);
        looker.reset_stats();
        let resume = if kills == 0 { "" } else { "--resume" };
        let mut running = world.start(&format!("{EXTRACT} {resume}"));
        // By requests served, and, for what happens between them, by time.
        let asked = chance.between(1, 60);
        let delay = Duration::from_millis(chance.between(0, 12));
        while looker.served() < asked && running.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(delay);
        if running.try_wait().unwrap().is_some() {
            // Done before it could be killed: begin once more.
            std::fs::remove_file(&vault).unwrap();
            continue;
        }
        running.kill().unwrap();
        assert_eq!(running.wait().unwrap().signal(), Some(9));
        kills += 1;
        let after = committed(&vault);
        kills_with_progress += u32::from(!after.is_empty());
        assert_not_read_again(&before, &looker.requests());
        let lost: Vec<_> = before.iter().filter(|rows| !after.contains(rows)).collect();
        assert!(lost.is_empty() || run_state(&vault).is_some_and(|state| state == "complete"), "{lost:?}");
        if vault.exists() && run_state(&vault).is_some() {
            assert_ne!(world.verdict(), "damaged");
        }
    }
    assert!(kills_with_progress >= 5, "{kills_with_progress} of {kills} runs had committed pages");
    let before = committed(&vault);
    looker.reset_stats();
    world.run(&format!("{EXTRACT} --resume")).complete();
    assert_not_read_again(&before, &looker.requests());
    assert_holds_all(&vault, &looker);
    assert_eq!(digest(&vault), wanted);
    assert_eq!(world.verdict(), "sound");
}

#[test]
fn interrupted_it_ends_in_good_order_and_can_be_resumed() {
    for name in ["INT", "TERM"] {
        let looker = Looker::start(slow());
        let gate = Gate::at(looker.port(), 20);
        let world = looker.world_at(&gate.url());
        let running = world.start(EXTRACT);
        gate.wait();
        signal(&running, name);
        let ran = finish(running);
        gate.open();
        assert_eq!(ran.code, 130, "{}", ran.all());
        let report = ran.report();
        assert_eq!(report["stopped"]["reason"], "interrupted");
        assert_eq!(report["state"], "incomplete");
        assert_eq!(world.verdict(), "sound_with_gaps");
        assert_equal_where_stored(&stored(&world.path(VAULT)), &instance(&looker));

        let before = committed(&world.path(VAULT));
        assert!(!before.is_empty(), "what was read is kept");
        looker.reset_stats();
        let report = world.run(&format!("{EXTRACT} --resume")).complete();
        assert_eq!(report["resumed"], true);
        assert_not_read_again(&before, &looker.requests());
        assert_holds_all(&world.path(VAULT), &looker);
        assert_eq!(world.verdict(), "sound");
    }
}

#[test]
fn a_second_writer_is_turned_away_at_once_and_told_who_is_at_work() {
    let first = Looker::start(SimConfig { seed: seed(14), ..SimConfig::default() });
    let other = Looker::start(SimConfig::default());
    let gate = Gate::at(first.port(), 3);
    let world = first.world_at(&gate.url());
    let running = world.start(EXTRACT);
    gate.wait();
    let second = other.world();
    let vault = world.path(VAULT);
    let ran = second.extract_basics(&format!("--vault {}", vault.display()));
    assert_eq!(ran.code, 7, "{}", ran.all());
    let error = ran.failure();
    assert_eq!(error["kind"], "vault.in_use");
    let said = error.to_string();
    assert!(said.contains(&format!("pid {}", running.id())) && said.contains("command extract"), "{said}");
    assert_eq!(other.served(), 0, "it must not ask Looker for anything it cannot store");
    // Reading needs no lock.
    assert_eq!(world.run("runs").code, 0);
    gate.open();
    finish(running).complete();
    assert_holds_all(&vault, &first);
}

/// A file system of one megabyte, unmounted when dropped.
struct SmallDisk<'a> {
    path: &'a Path,
}

impl<'a> SmallDisk<'a> {
    /// `None` where we may not mount.
    fn mount(path: &'a Path) -> Option<Self> {
        std::fs::create_dir_all(path).unwrap();
        let mounted = mount(&["-t", "tmpfs", "-o", "size=1m", "tmpfs"], path);
        mounted.then_some(Self { path })
    }

    fn grow(&self) {
        assert!(mount(&["-o", "remount,size=64m"], self.path));
    }
}

fn mount(options: &[&str], path: &Path) -> bool {
    let ran = Command::new("mount").args(options).arg(path).output();
    ran.is_ok_and(|ran| ran.status.success())
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.path).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

/// Bodies that do not compress into the space there is.
fn voluminous() -> SimConfig {
    SimConfig { seed: seed(15), dashboards: 400, dashboard_bytes: 30_000, ..SimConfig::default() }
}

#[test]
fn a_full_disk_ends_the_run_and_the_next_one_with_room_completes_it() {
    let looker = Looker::start(voluminous());
    let mut world = looker.world();
    let disk = world.path("disk");
    let Some(disk) = SmallDisk::mount(&disk) else {
        println!("skipped: this user may not mount a tmpfs");
        return;
    };
    let vault = disk.path.join("vault.db");
    world.set("LOOKERVAULT_VAULT", vault.to_str().unwrap());
    let ran = world.extract_basics("");
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(ran.failure()["kind"], "vault.disk_full", "{}", ran.all());
    assert_eq!(ran.err.lines().count(), 1, "one error, told once: {}", ran.all());
    goes_on_with_room(&world, &vault, &looker, || disk.grow());
}

#[test]
fn a_file_that_may_not_grow_ends_the_run_and_the_next_one_with_room_completes_it() {
    let looker = Looker::start(voluminous());
    let world = looker.world();
    let program = world.command("extract --json");
    let mut limited = Command::new("sh");
    limited.args(["-c", r#"trap "" XFSZ; ulimit -f 3072; exec "$0" "$@""#]);
    limited.arg(program.get_program()).args(program.get_args());
    limited.current_dir(program.get_current_dir().unwrap()).env_clear();
    limited.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ran = crate::support::Ran::new(&limited.output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.all());
    let kind = ran.failure()["kind"].clone();
    assert!(kind == "vault.io" || kind == "vault.disk_full", "{}", ran.all());
    goes_on_with_room(&world, &world.path(VAULT), &looker, || {});
}

/// What is in the vault is sound, and once there is room a plain run completes.
#[track_caller]
fn goes_on_with_room(world: &World, vault: &Path, looker: &Looker, make_room: impl FnOnce()) {
    assert_eq!(world.verdict(), "sound_with_gaps");
    assert_equal_where_stored(&stored(vault), &instance(looker));
    make_room();
    world.extract_basics("").complete();
    assert_holds_all(vault, looker);
    assert_ne!(world.verdict(), "damaged");
}
