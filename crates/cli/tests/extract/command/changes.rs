//! What a second run makes of what people did meanwhile.

use std::collections::BTreeMap;
use std::path::Path;

use looker_sim::{Kind, Refused, SimConfig};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::support::content::{assert_holds_all, digest};
use crate::support::looker::Looker;
use crate::support::{VAULT, World};

fn looker() -> Looker {
    Looker::start(SimConfig {
        seed: 7,
        dashboards: 40,
        looks: 22,
        folders: 9,
        users: 9,
        groups: 4,
        roles: 3,
        trash_percent: 15,
        ..SimConfig::default()
    })
}

/// Rows of every table that holds content or what is kept to resume a run.
fn rows(path: &Path) -> BTreeMap<&'static str, i64> {
    let vault = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let count =
        |table| vault.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap();
    ["object", "version", "body", "volatile", "dictionary", "gap", "progress", "sighting", "listed", "run"]
        .into_iter()
        .map(|table| (table, count(table)))
        .collect()
}

/// New, changed and gone objects of a kind in a report.
#[track_caller]
fn counts(report: &Value, kind: &str) -> (u64, u64, u64) {
    let kinds = report["kinds"].as_array().unwrap();
    let entry = kinds.iter().find(|entry| entry["kind"] == kind).unwrap();
    let of = |name: &str| entry[name].as_u64().unwrap();
    (of("new"), of("changed"), of("gone"))
}

/// Ids that `list` shows.
fn listed(world: &World, line: &str) -> Vec<String> {
    let document = world.json(&format!("list {line}"));
    let objects = document["objects"].as_array().unwrap();
    assert_eq!(document["count"], objects.len());
    objects.iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect()
}

/// `list` shows what is live and what is in the trash, in any order.
#[track_caller]
fn assert_listed(world: &World, looker: &Looker) {
    for (name, kind) in [("dashboards", Kind::Dashboard), ("looks", Kind::Look)] {
        for (flag, trashed) in [("--live", false), ("--trash", true)] {
            let mut had = listed(world, &format!("{name} {flag}"));
            let mut wanted = looker.ids(kind, trashed);
            had.sort();
            wanted.sort();
            assert_eq!(had, wanted, "{name} {flag}");
        }
    }
}

#[test]
fn an_unchanged_instance_adds_the_run_alone() {
    let looker = looker();
    let world = looker.world();
    world.extract_basics("").complete();
    let path = world.path(VAULT);
    let (before, content) = (rows(&path), digest(&path));
    for table in ["progress", "sighting", "listed", "gap"] {
        assert_eq!(before[table], 0, "a complete run keeps no {table}");
    }
    let report = world.extract_basics("").complete();
    for kind in ["folders", "dashboards", "looks", "users", "groups", "roles"] {
        assert_eq!(counts(&report, kind), (0, 0, 0), "{kind}");
    }
    let mut wanted = before;
    *wanted.get_mut("run").unwrap() += 1;
    assert_eq!(rows(&path), wanted);
    assert_eq!(digest(&path), content);
    assert_eq!(world.json("runs")["runs"].as_array().unwrap().len(), 2);
}

#[test]
fn a_view_is_no_change_but_is_shown() {
    let looker = looker();
    let world = looker.world();
    world.extract_basics("").complete();
    let before = rows(&world.path(VAULT));
    let dashboard = looker.ids(Kind::Dashboard, false)[3].clone();
    let look = looker.ids(Kind::Look, false)[2].clone();
    looker.view(Kind::Dashboard, &dashboard).unwrap();
    looker.view(Kind::Look, &look).unwrap();
    let report = world.extract_basics("--full").complete();
    assert_eq!((counts(&report, "dashboards"), counts(&report, "looks")), ((0, 0, 0), (0, 0, 0)));
    let after = rows(&world.path(VAULT));
    for table in ["object", "version", "body", "volatile"] {
        assert_eq!(after[table], before[table], "{table}");
    }
    assert_holds_all(&world.path(VAULT), &looker);
}

/// Moves a dashboard to the first folder, other than its own, that takes it.
fn move_somewhere(looker: &Looker, id: &str) -> String {
    let folders = looker.shared_folder_ids();
    let own =
        folders.iter().find(|folder| looker.ids_in(Kind::Dashboard, folder, false).contains(&id.to_owned()));
    let other = folders.iter().filter(|folder| Some(*folder) != own);
    let found = other.into_iter().find(|folder| looker.move_to(Kind::Dashboard, id, folder).is_ok());
    found.unwrap().clone()
}

#[test]
fn edits_creations_trash_purges_moves_and_undeletes_are_told_apart() {
    let looker = looker();
    let world = looker.world();
    world.extract_basics("").complete();
    let live = looker.ids(Kind::Dashboard, false);
    let trash = looker.ids(Kind::Dashboard, true);
    let looks = looker.ids(Kind::Look, false);
    let with_tiles = |id: &&String| {
        let (_, body) = looker.export(Kind::Dashboard).into_iter().find(|(key, _)| key == *id).unwrap();
        !String::from_utf8_lossy(&body).contains(r#""dashboard_elements":[]"#)
    };

    looker.edit_dashboard(&live[0], "Another — description\n\"quoted\" 🧮").unwrap();
    let tiled = live[1..].iter().find(with_tiles).unwrap().clone();
    looker.edit_tile(&tiled).unwrap();
    let mut rest = live[1..].iter().filter(|id| **id != tiled);
    let (trashed, purged, moved) = (rest.next().unwrap(), rest.next().unwrap(), rest.next().unwrap());
    looker.trash(Kind::Dashboard, trashed).unwrap();
    looker.purge(Kind::Dashboard, purged).unwrap();
    let target = move_somewhere(&looker, moved);
    let is_restored = |id: &&String| !matches!(looker.restore(Kind::Dashboard, id), Err(Refused::TitleTaken));
    let restored = trash.iter().find(is_restored).unwrap();
    let purged_from_trash = trash.iter().find(|id| *id != restored).unwrap();
    looker.purge(Kind::Dashboard, purged_from_trash).unwrap();
    let made = looker.create(Kind::Dashboard, &looker.shared_folder_ids()[1]).unwrap();
    looker.edit(Kind::Look, &looks[0], &[("title", "\"Another title\"")]).unwrap();
    looker.trash(Kind::Look, &looks[1]).unwrap();
    let look = looker.create(Kind::Look, &looker.shared_folder_ids()[0]).unwrap();

    let report = world.extract_basics("").complete();
    // Edited, its tile edited, trashed, moved, undeleted; two purged.
    assert_eq!(counts(&report, "dashboards"), (1, 5, 2), "{report}");
    assert_eq!(counts(&report, "looks"), (1, 2, 0), "{report}");
    for kind in ["folders", "users", "groups", "roles"] {
        assert_eq!(counts(&report, kind), (0, 0, 0), "{kind}");
    }
    assert_holds_all(&world.path(VAULT), &looker);
    assert_listed(&world, &looker);
    assert!(listed(&world, "dashboards --trash").contains(trashed));
    assert!(listed(&world, "dashboards").contains(restored));
    assert!(listed(&world, &format!("dashboards --folder {target}")).contains(moved));
    assert!(listed(&world, "dashboards").contains(&made) && listed(&world, "looks").contains(&look));
    for gone in [purged, purged_from_trash] {
        let ran = world.run(&format!("show dashboard {gone} --json"));
        assert_eq!((ran.code, ran.error()["kind"].as_str()), (1, Some("vault.no_such_object")));
    }
    assert_eq!(world.verdict(), "sound");

    looker.restore(Kind::Dashboard, trashed).unwrap();
    looker.restore(Kind::Look, &looks[1]).unwrap();
    let report = world.extract_basics("").complete();
    assert_eq!((counts(&report, "dashboards"), counts(&report, "looks")), ((0, 1, 0), (0, 1, 0)));
    assert!(listed(&world, "dashboards").contains(trashed));
    assert_holds_all(&world.path(VAULT), &looker);
    assert_listed(&world, &looker);
}

#[test]
fn what_left_the_folders_is_followed_to_where_it_lies() {
    let looker = Looker::start(SimConfig {
        seed: 9,
        dashboards: 30,
        folder_sizes: vec![8, 5],
        trash_percent: 0,
        ..SimConfig::default()
    });
    let world = looker.world();
    let folders = looker.shared_folder_ids();
    let id = looker.ids_in(Kind::Dashboard, &folders[0], false)[2].clone();
    let line = format!("dashboards --folder-ids {}", folders[0]);
    world.extract(&line).complete();
    looker.move_to(Kind::Dashboard, &id, &folders[1]).unwrap();
    let report = world.extract(&line).complete();
    assert_eq!(counts(&report, "dashboards"), (0, 1, 0));
    assert!(listed(&world, "dashboards").contains(&id));
    let report = world.extract("dashboards").complete();
    assert_eq!(counts(&report, "dashboards").2, 0);
    assert_listed_dashboards(&world, &looker);
}

#[track_caller]
fn assert_listed_dashboards(world: &World, looker: &Looker) {
    let (mut had, mut wanted) = (listed(world, "dashboards"), looker.ids(Kind::Dashboard, false));
    had.sort();
    wanted.sort();
    assert_eq!(had, wanted);
}
