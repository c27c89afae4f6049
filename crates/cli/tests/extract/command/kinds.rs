//! Which kinds are read, however they are spelled.

use std::collections::BTreeSet;

use looker::catalogue::Cadence;
use looker_sim::{Kind, SimConfig};

use crate::support::content::{KINDS, assert_same, instance, stored};
use crate::support::looker::Looker;
use crate::support::{VAULT, World};

fn looker() -> Looker {
    Looker::start(SimConfig {
        seed: 5,
        dashboards: 21,
        looks: 13,
        folders: 6,
        users: 12,
        trash_percent: 30,
        ..SimConfig::default()
    })
}

/// Extracts into a new vault, which must then hold all of `kinds` and no more.
#[track_caller]
fn reads(looker: &Looker, line: &str, kinds: &[&str]) -> World {
    let world = looker.world();
    let report = world.extract(line).complete();
    let wanted = instance(looker).into_iter().filter(|(key, _)| kinds.contains(&key.0)).collect();
    assert_same(&stored(&world.path(VAULT)), &wanted);
    let reported: BTreeSet<&str> =
        report["kinds"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(reported, kinds.iter().copied().collect(), "{line}");
    world
}

#[test]
fn every_kind_by_itself_in_singular_and_plural() {
    let looker = looker();
    for (plural, _) in KINDS {
        reads(&looker, plural, &[plural]);
        reads(&looker, plural.trim_end_matches('s'), &[plural]);
    }
}

#[test]
fn several_kinds_by_either_spelling() {
    let looker = looker();
    for line in ["users groups", "users,groups", "-t users,groups", "--types user -t group", "-t groups user"]
    {
        reads(&looker, line, &["users", "groups"]);
    }
}

#[test]
fn all_is_what_nothing_is_and_what_is_on_request_is_only_read_by_name() {
    let looker = looker();
    let read = |line: &str| {
        let report = looker.world().extract(line).complete();
        let kinds = report["kinds"].as_array().unwrap().iter();
        kinds.map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect::<BTreeSet<String>>()
    };
    let nothing_named = read("");
    let all = looker::catalogue::KINDS.iter().filter(|kind| kind.cadence != Cadence::OnRequest);
    let due: BTreeSet<String> = all.map(|kind| kind.name.to_owned()).collect();
    assert!(!due.contains("explores"));
    assert_eq!(nothing_named, due);
    for line in ["all", "-t all", "ALL roles"] {
        assert!(read(line).is_superset(&due), "{line}");
    }
    let mut world = looker.world();
    world.set("LOOKERVAULT_KINDS", "roles,look");
    world.extract("--no-trash").complete();
    let kinds: BTreeSet<&str> = stored(&world.path(VAULT)).keys().map(|key| key.0).collect();
    assert_eq!(kinds, BTreeSet::from(["roles", "looks"]));
}

#[test]
fn no_trash_leaves_the_trash_out_and_in_peace() {
    let looker = looker();
    let world = looker.world();
    world.extract_basics("").complete();
    let trashed = looker.ids(Kind::Dashboard, true).len();
    assert!(trashed > 0);
    // A run that did not look into the trash says nothing of it.
    let report = world.extract_basics("--no-trash").complete();
    assert!(report["kinds"].as_array().unwrap().iter().all(|kind| kind["gone"] == 0), "{report}");
    assert_eq!(world.json("list dashboards --trash")["count"], trashed);
    let asked_for_trash =
        |served: &looker_sim::Served| served.query.iter().any(|(name, _)| name == "deleted");
    looker.reset_stats();
    let fresh = looker.world();
    fresh.extract_basics("--no-trash").complete();
    assert!(!looker.requests().iter().any(asked_for_trash));
    assert_eq!(fresh.json("list dashboards --trash")["count"], 0);
    assert_eq!(fresh.json("list dashboards --all")["count"], looker.ids(Kind::Dashboard, false).len());
}

#[test]
fn folders_narrow_only_what_lies_in_folders() {
    let looker = looker();
    for line in ["users", "users roles", "folders", "groups -r"] {
        let world = looker.world();
        looker.reset_stats();
        let ran = world.extract(&format!("{line} --folder-ids 5"));
        let error = ran.error();
        assert_eq!((ran.code, error["kind"].as_str()), (2, Some("folder.no_kinds")), "{}", ran.all());
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("none of the kinds lies in folders"), "{message}");
        let named = line.split_whitespace().next().unwrap();
        assert!(message.contains(named) && error["hint"].is_string(), "{error}");
        assert_eq!(looker.served(), 0, "{line}: nothing needs to be asked to know that");
    }
    // Beside what lies in folders, what does not is read whole.
    let world = looker.world();
    let folder = looker.shared_folder_ids()[0].clone();
    world.extract(&format!("looks roles --folder-ids {folder} --no-trash")).complete();
    assert_eq!(world.json("list roles")["count"], looker.export(Kind::Role).len());
    assert_eq!(world.json("list looks")["count"], looker.ids_in(Kind::Look, &folder, false).len());
}

#[test]
fn groups_mean_their_kinds() {
    let looker = looker();
    let world = looker.world();
    world.extract("people access").complete();
    for (kind, held) in [("users", true), ("groups", true), ("roles", true), ("looks", false)] {
        assert_eq!(world.json(&format!("list {kind}"))["count"] != 0, held, "{kind}");
    }
    let report = looker.world().extract("content").complete();
    let kinds: Vec<&str> =
        report["kinds"].as_array().unwrap().iter().map(|kind| kind["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"dashboards") && kinds.contains(&"folders"), "{kinds:?}");
    assert!(!kinds.contains(&"users"), "{kinds:?}");
}

#[test]
fn wrong_words_are_told_before_anything_is_asked() {
    let looker = looker();
    let world = looker.world();
    for (line, word) in [
        ("extract dashbords", "did you mean `dashboards`"),
        ("extract spaceships", "groups are content"),
        ("extract --folder-ids sales", "folder id"),
        ("extract --recursive", "name some with --folder"),
        ("extract --folder /Shared//x", "between two slashes"),
        ("extract contents", "did you mean `content`"),
        ("extract --profile nightly", "add [extract.NAME]"),
        ("extract --folder-strategy quick", "per-folder"),
        ("extract --page-size 0", "a whole number above 0"),
        ("extract --workers 65", "64"),
    ] {
        let ran = world.run(line);
        assert_eq!(ran.code, 2, "{}", ran.all());
        assert!(ran.err.contains(word), "{line}: {}", ran.err);
        let ran = world.run(&format!("{line} --json"));
        assert_eq!((ran.code, ran.error()["exit_code"].as_u64()), (2, Some(2)), "{}", ran.all());
        assert_eq!(ran.out, "");
    }
    assert_eq!(looker.served(), 0);
    assert!(!world.path(VAULT).exists());
}
