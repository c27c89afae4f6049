//! Chosen folders: which content they mean, and that the strategies agree.

use std::collections::{BTreeMap, BTreeSet};

use looker_sim::{Kind, SimConfig};
use serde_json::Value;

use crate::support::content::{Key, Object, assert_same, digest, instance, stored};
use crate::support::json::Json;
use crate::support::looker::Looker;
use crate::support::requests::{is_listing, page};
use crate::support::{Ran, VAULT, World};

const STRATEGIES: [&str; 3] = ["per-folder", "scan", "auto"];

/// The first four shared folders hold so many dashboards; others lie elsewhere.
pub(crate) fn config() -> SimConfig {
    SimConfig {
        seed: 21,
        dashboards: 160,
        looks: 90,
        folders: 16,
        folder_sizes: vec![37, 12, 0, 5],
        trash_percent: 20,
        dashboard_bytes: 4_000,
        ..SimConfig::default()
    }
}

/// Dashboards and looks of folders, the trash included.
pub(crate) fn content_of(looker: &Looker, folders: &[String]) -> BTreeMap<Key, Object> {
    let lies_there = |object: &Object| matches!(object.document.member("folder_id"), Some(Json::Text(folder)) if folders.contains(folder));
    let content = |key: &Key| matches!(key.0, "dashboards" | "looks");
    instance(looker).into_iter().filter(|(key, object)| content(key) && lies_there(object)).collect()
}

/// A folder with all folders below it.
pub(crate) fn with_descendants(looker: &Looker, root: &str) -> Vec<String> {
    let mut found = vec![root.to_owned()];
    let folders: Vec<Value> =
        looker.export(Kind::Folder).iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect();
    let mut at = 0;
    while at < found.len() {
        let children = folders.iter().filter(|folder| folder["parent_id"] == *found[at]);
        let children: Vec<String> = children.map(|child| child["id"].as_str().unwrap().to_owned()).collect();
        found.extend(children);
        at += 1;
    }
    found
}

/// A shared folder with folders below it, two deep where there is one.
pub(crate) fn nested(looker: &Looker) -> Vec<String> {
    let trees = looker.shared_folder_ids().into_iter().map(|id| with_descendants(looker, &id));
    trees.max_by_key(Vec::len).filter(|tree| tree.len() > 2).unwrap()
}

/// Extracts into a new vault, which must then hold exactly the folders' content.
#[track_caller]
fn extracts(looker: &Looker, line: &str, folders: &[String]) -> (World, Ran) {
    let world = looker.world();
    let ran = world.extract(line);
    ran.complete();
    assert_same(&stored(&world.path(VAULT)), &content_of(looker, folders));
    assert_eq!(world.verdict(), "sound");
    (world, ran)
}

#[test]
fn ids_with_commas_and_repeated_flags_mean_the_same() {
    let looker = Looker::start(config());
    let ids = looker.shared_folder_ids();
    let [a, b, _, d] = &ids[..4] else { panic!("four folders") };
    let chosen = [a.clone(), b.clone(), d.clone()];
    let lines = [
        format!("--folder-ids {a},{b},{d}"),
        format!("--folder-ids {a} --folder-ids {b} --folder-ids {d}"),
        format!("--folder-ids {d},{a} --folder-ids {b} --folder-ids {a}"),
    ];
    let digests = lines.map(|line| digest(&extracts(&looker, &line, &chosen).0.path(VAULT)));
    assert!(digests.iter().all(|one| *one == digests[0]), "{digests:?}");
}

#[test]
fn one_folder_is_a_list_of_one() {
    let looker = Looker::start(config());
    let id = looker.shared_folder_ids()[0].clone();
    for strategy in STRATEGIES {
        let line = format!("--folder-ids {id} --folder-strategy {strategy} --page-size 10");
        extracts(&looker, &line, std::slice::from_ref(&id));
    }
}

#[test]
fn recursive_reads_all_below() {
    let looker = Looker::start(config());
    let tree = nested(&looker);
    for flag in ["--recursive", "-r"] {
        extracts(&looker, &format!("--folder-ids {} {flag}", tree[0]), &tree);
    }
    extracts(&looker, &format!("--folder-ids {}", tree[0]), &tree[..1]);
}

#[test]
fn a_folder_and_one_below_it_are_read_once() {
    let looker = Looker::start(config());
    let tree = nested(&looker);
    let (_, ran) = extracts(&looker, &format!("--folder-ids {},{} -r", tree[0], tree[1]), &tree);
    let report = ran.report();
    let streams: Vec<&Value> = report["streams"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    let different: BTreeSet<String> = streams.iter().map(ToString::to_string).collect();
    assert_eq!(streams.len(), different.len(), "{streams:?}");
}

#[test]
fn the_same_title_in_two_folders_is_two_dashboards() {
    let looker = Looker::start(config());
    let ids = looker.shared_folder_ids();
    let twins = [0, 1].map(|n| looker.ids_in(Kind::Dashboard, &ids[n], false)[0].clone());
    for id in &twins {
        looker.edit(Kind::Dashboard, id, &[("title", "\"Twin\"")]).unwrap();
    }
    let (world, _) = extracts(&looker, &format!("--folder-ids {},{}", ids[0], ids[1]), &ids[..2]);
    for (n, id) in twins.iter().enumerate() {
        let document = world.json(&format!("list dashboards --folder {}", ids[n]));
        let objects = document["objects"].as_array().unwrap();
        let called_twin: Vec<&Value> = objects.iter().filter(|object| object["title"] == "Twin").collect();
        assert_eq!(called_twin.len(), 1, "{document}");
        assert_eq!(
            (&called_twin[0]["id"], &called_twin[0]["folder_id"]),
            (&(*id).clone().into(), &ids[n].clone().into())
        );
    }
}

#[test]
fn a_folder_with_nothing_is_complete_and_worth_a_warning() {
    let looker = Looker::start(SimConfig { looks: 0, trash_percent: 0, ..config() });
    let ids = looker.shared_folder_ids();
    let (empty, full) = (&ids[2], &ids[3]);
    let (_, ran) = extracts(&looker, &format!("--folder-ids {empty},{full}"), &ids[2..4]);
    let warnings: Vec<&str> = ran.err.lines().filter(|line| line.contains("lookervault.warning/1")).collect();
    assert_eq!(warnings.len(), 1, "{}", ran.err);
    assert!(warnings[0].contains(&format!("folder {empty} holds nothing")), "{}", ran.err);
    let (_, ran) = extracts(&looker, &format!("--folder-ids {empty}"), &ids[2..3]);
    assert!(ran.err.contains(&format!("folder {empty} holds nothing")), "{}", ran.err);
}

#[test]
fn an_unknown_folder_is_named() {
    let looker = Looker::start(config());
    // Without the folder tree it looks like an empty folder; the tree is not paid for.
    let (_, ran) = extracts(&looker, "--folder-ids 987654", &["987654".to_owned()]);
    assert!(ran.err.contains("folder 987654 holds nothing that this account can see"), "{}", ran.err);
    for line in ["--folder-ids 987654 --recursive", "dashboards folders --folder-ids 987654"] {
        let world = looker.world();
        let ran = world.extract(line);
        let error = ran.error();
        assert_eq!((ran.code, error["kind"].as_str()), (2, Some("folder.unknown")), "{}", ran.all());
        assert!(error["message"].as_str().unwrap().contains("987654"), "{error}");
        assert_eq!(ran.out, "");
        assert_eq!(world.json("runs")["runs"], serde_json::json!([]), "no run was begun");
    }
}

#[test]
fn the_folders_own_trash_only() {
    let looker = Looker::start(SimConfig { trash_percent: 60, ..config() });
    let ids = looker.shared_folder_ids();
    let trash_of = |ids: &[String]| -> Vec<String> {
        ids.iter().flat_map(|id| looker.ids_in(Kind::Dashboard, id, true)).collect()
    };
    let wanted = trash_of(&ids[..2]);
    assert!(!wanted.is_empty() && wanted.len() < looker.ids(Kind::Dashboard, true).len());
    for strategy in STRATEGIES {
        let line = format!("--folder-ids {},{} --folder-strategy {strategy}", ids[0], ids[1]);
        let (world, _) = extracts(&looker, &line, &ids[..2]);
        assert_eq!(world.json("list dashboards --trash")["count"], wanted.len());
        let world = looker.world();
        world.extract(&format!("{line} --no-trash")).complete();
        assert_eq!(world.json("list dashboards --trash")["count"], 0);
        assert_eq!(world.json("list looks --trash")["count"], 0);
    }
}

/// Every strategy, each into a vault of its own, with one content. Ends with
/// the metered calls of each.
#[track_caller]
fn agree(config: SimConfig, chosen: &[usize], line: &str) -> [u64; 3] {
    let looker = Looker::start(config);
    let all = looker.shared_folder_ids();
    let ids: Vec<String> = chosen.iter().map(|n| all[*n].clone()).collect();
    let runs = STRATEGIES.map(|strategy| {
        let line = format!("{line} --folder-ids {} --folder-strategy {strategy}", ids.join(","));
        let (world, ran) = extracts(&looker, &line, &ids);
        (digest(&world.path(VAULT)), ran.report()["metered_calls"].as_u64().unwrap())
    });
    assert!(runs.iter().all(|(one, _)| *one == runs[0].0), "{runs:?}");
    runs.map(|(_, calls)| calls)
}

#[test]
fn strategies_agree() {
    agree(config(), &[0, 1, 2, 3], "");
}

#[test]
fn strategies_agree_on_small_pages_and_many_folders() {
    agree(config(), &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], "--page-size 3 --workers 16");
}

#[test]
fn strategies_agree_with_totals() {
    agree(SimConfig { totals: true, ..config() }, &[0, 1, 3], "--page-size 7");
}

#[test]
fn strategies_agree_when_totals_lie() {
    agree(SimConfig { wrong_totals: true, ..config() }, &[0, 1, 3], "--page-size 7");
    agree(SimConfig { wrong_totals: true, ..config() }, &[0, 1, 3], "");
}

#[test]
fn strategies_agree_when_the_server_gives_fewer_rows_than_asked_for() {
    let capped =
        SimConfig { page_cap: Some(50), dashboards: 420, folder_sizes: vec![130, 71, 0, 50], ..config() };
    agree(capped.clone(), &[0, 1, 3], "");
    agree(SimConfig { totals: true, ..capped.clone() }, &[0, 1, 3], "");
    agree(capped.clone(), &[0, 1, 3], "--page-size 40");
    agree(capped, &[0, 1, 2, 3, 4, 5], "--page-size 60");
}

#[test]
fn strategies_agree_when_a_cap_is_no_round_number_but_totals_tell() {
    let config = SimConfig { page_cap: Some(33), totals: true, ..config() };
    agree(config, &[0, 1, 3], "");
}

#[test]
fn strategies_agree_when_lists_have_an_order_only_by_request() {
    for stable_order in [false, true] {
        agree(SimConfig { stable_order, seed: 22, ..config() }, &[0, 1, 3], "--page-size 4");
    }
}

#[test]
fn per_folder_moves_no_full_dashboard_from_outside() {
    let looker = Looker::start(config());
    let ids = looker.shared_folder_ids();
    let held = |id: &String| {
        looker.ids_in(Kind::Dashboard, id, false).len() + looker.ids_in(Kind::Dashboard, id, true).len()
    };
    let wanted: BTreeMap<String, u64> = ids[..4]
        .iter()
        .map(|id| (id.clone(), held(id) as u64))
        .filter(|(_, dashboards)| *dashboards > 0)
        .collect();
    looker.reset_stats();
    let line = format!("--folder-ids {} --folder-strategy per-folder --page-size 10", ids[..4].join(","));
    extracts(&looker, &line, &ids[..4]);
    assert_eq!(looker.stats().full_dashboards_by_folder, wanted, "each dashboard of the folders, once");
    let requests = looker.requests();
    let is_filtered = |query: &[(String, String)]| query.iter().any(|(name, _)| name == "folder_id");
    for served in requests.iter().filter(|served| page(served).is_some()) {
        assert!(is_filtered(&served.query), "{served:?}");
    }
    assert!(requests.iter().any(is_listing));

    looker.reset_stats();
    let line = format!("--folder-ids {} --folder-strategy scan", ids[..4].join(","));
    extracts(&looker, &line, &ids[..4]);
    let moved: u64 = looker.stats().full_dashboards_by_folder.values().sum();
    assert_eq!(moved, looker.export(Kind::Dashboard).len() as u64, "scan moves the whole instance");
}

#[test]
fn folders_beside_content_are_the_whole_tree() {
    let looker = Looker::start(config());
    let world = looker.world();
    let id = looker.shared_folder_ids()[1].clone();
    world.extract(&format!("folders dashboards --folder-ids {id}")).complete();
    let held = stored(&world.path(VAULT));
    let of = |kind: &str| held.keys().filter(|key| key.0 == kind).count();
    assert_eq!(of("folders"), looker.export(Kind::Folder).len());
    let dashboards = content_of(&looker, &[id]).into_keys().filter(|key| key.0 == "dashboards").count();
    assert_eq!(of("dashboards"), dashboards);
}
