//! What people read of each kind: a list of its objects, and one of them.

use std::fmt::Write as _;

use looker::catalogue::KINDS;
use looker_sim::SimConfig;

use crate::support::World;
use crate::support::looker::Looker;

/// The first object of the kind that says something, as it is shown; when it was read
/// is another time each time.
fn shown(world: &World, kind: &str) -> String {
    let listed = world.run(&format!("list {kind} --all --json"));
    let objects = listed.report()["objects"].as_array().unwrap().clone();
    let shown = objects.iter().take(8).map(|object| {
        let ran = world.run_with(&["show", kind, object["id"].as_str().unwrap()]);
        assert_eq!(ran.code, 0, "{}", ran.all());
        ran.out
    });
    let shown: Vec<String> = shown.collect();
    let is_empty = |shown: &&String| shown.lines().any(|line| line.trim() == "Rows:           0");
    let chosen = shown.iter().find(|one| !is_empty(one)).or(shown.first()).unwrap();
    let lines = chosen.lines().take_while(|line| *line != "Counters");
    let is_read = |line: &&str| line.trim_start().starts_with("Read:");
    let lines: Vec<&str> = lines.filter(|line| !is_read(line)).collect();
    lines.join("\n").trim_end().to_owned() + "\n"
}

/// Whoever adds a kind reads here what becomes of it.
#[test]
fn people_can_read_a_list_and_an_object_of_every_kind() {
    let looker = Looker::start(SimConfig {
        dashboards: 16,
        looks: 4,
        folders: 3,
        users: 4,
        groups: 4,
        roles: 3,
        boards: 2,
        plans: 4,
        alerts: 3,
        favorites: 2,
        connections: 6,
        models: 2,
        trash_percent: 0,
        ..SimConfig::default()
    });
    let world = looker.world();
    world.extract("").complete();
    world.extract("explores ssh_servers support_access_allowlist").complete();
    let mut all = String::new();
    for kind in KINDS {
        let listed = world.run(&format!("list {}", kind.name));
        assert_eq!(listed.code, 0, "{}", listed.all());
        let few: Vec<&str> = listed.out.lines().take(8).collect();
        let (list, object) = (few.join("\n"), shown(&world, kind.name));
        let _ = writeln!(all, "# list {}\n{list}\n\n# show {}\n{object}", kind.name, kind.singular);
    }
    insta::assert_snapshot!(all);
}
